package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestServersEndWithTheirParent kills a process that has started a server, so that nothing is left to it but to be dead.
func TestServersEndWithTheirParent(t *testing.T) {
	t.Parallel()
	const child = "BENCH_TEST_CHILD"
	if dir := os.Getenv(child); dir != "" {
		s, err := (&bench{dir: dir}).serve("/bin/sh", filepath.Join(dir, "server"))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Println("\npid", int(s.Process))
		time.Sleep(time.Minute)
		return
	}
	dir := t.TempDir()
	script := "echo msg=serving address=127.0.0.1:1\necho msg=operations address=127.0.0.1:2\nexec sleep 60\n"
	if err := os.WriteFile(filepath.Join(dir, "server"), []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	c := exec.Command(os.Args[0], "-test.run=^TestServersEndWithTheirParent$")
	c.Env = append(os.Environ(), child+"="+dir)
	printed, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	pid := ""
	for lines := bufio.NewScanner(printed); pid == "" && lines.Scan(); {
		pid, _ = strings.CutPrefix(lines.Text(), "pid ")
		if _, err := strconv.Atoi(pid); err != nil {
			pid = ""
		}
	}
	if !runs(pid) {
		t.Errorf("the server %q does not run", pid)
	}
	if err := c.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = c.Wait()
	for start := time.Now(); runs(pid); time.Sleep(10 * time.Millisecond) {
		if time.Since(start) > 10*time.Second {
			t.Fatal("the server still runs")
		}
	}
}

// runs reports whether there is such a process, which is not dead already.
func runs(pid string) bool {
	stat, err := os.ReadFile("/proc/" + pid + "/stat")
	return err == nil && !bytes.Contains(stat, []byte(") Z "))
}
