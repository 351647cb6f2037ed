package mariadb

import (
	"bufio"
	"database/sql"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// TestServerEndsWithItsProcess kills a process that has started a server, so
// that nothing is left to it but to be dead.
func TestServerEndsWithItsProcess(t *testing.T) {
	t.Parallel()
	const child = "MANDATE_TEST_SERVER_CHILD"
	if os.Getenv(child) != "" {
		server, err := Start()
		if err != nil {
			t.Fatal(err)
		}
		fmt.Println("dir", server.dir)
		_, _ = io.Copy(io.Discard, os.Stdin)
		return
	}
	command := exec.Command(os.Args[0], "-test.run=^TestServerEndsWithItsProcess$")
	command.Env = append(os.Environ(), child+"=1")
	stdin, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	stdout, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	dir := directoryIn(stdout)
	if err := command.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = command.Wait()
	if dir == "" {
		t.Fatal("the process told no directory")
	}
	for start := time.Now(); exists(dir); time.Sleep(20 * time.Millisecond) {
		if time.Since(start) > 10*time.Second {
			t.Fatalf("%s is still there", dir)
		}
	}
}

func directoryIn(output io.Reader) string {
	lines := bufio.NewScanner(output)
	for lines.Scan() {
		if _, dir, found := strings.Cut(lines.Text(), "dir "); found {
			return dir
		}
	}
	return ""
}

func TestStop(t *testing.T) {
	t.Parallel()
	server, err := Start()
	if err != nil {
		t.Fatal(err)
	}
	server.Stop()
	if exists(server.dir) {
		t.Errorf("%s is still there", server.dir)
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func TestCrashAndResume(t *testing.T) {
	t.Parallel()
	server, err := Start("--innodb-flush-log-at-trx-commit=1")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Stop()
	do := func(statement string) error {
		pool, err := sql.Open("mysql", "root@unix("+server.socket()+")/")
		if err != nil {
			t.Fatal(err)
		}
		defer pool.Close()
		_, err = pool.Exec(statement)
		return err
	}
	if err := do("CREATE DATABASE kept"); err != nil {
		t.Fatal(err)
	}
	if err := server.Crash(); err != nil {
		t.Fatal(err)
	}
	if do("SELECT 1") == nil {
		t.Error("it answers after a crash")
	}
	if err := server.Resume(); err != nil {
		t.Fatal(err)
	}
	if err := do("USE kept"); err != nil {
		t.Error("what was acknowledged is gone")
	}
}
