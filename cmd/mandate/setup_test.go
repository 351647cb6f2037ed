package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// TestMain lets this test binary be the program: tests start it as such, with the arguments and the environment of
// their own.
func TestMain(m *testing.M) {
	if path := os.Getenv(clockVariable); path != "" {
		fmt.Fprintln(os.Stderr, programByClock(path))
		os.Exit(1)
	}
	if os.Getenv("MANDATE_TEST_IS_PROGRAM") == "1" {
		main()
		return
	}
	if url := os.Getenv(faultyVariable); url != "" {
		fmt.Fprintln(os.Stderr, faultyProgram(url))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// process is the program, running.
type process struct {
	t    *testing.T
	cmd  *exec.Cmd
	mu   sync.Mutex
	text bytes.Buffer // standard output and standard error
}

// Write takes what the program prints.
func (p *process) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.Write(b)
}

func (p *process) printed() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.String()
}

// start runs the program in an empty directory with nothing but the given environment.
func start(t *testing.T, env []string, stdin string, args ...string) *process {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{t: t, cmd: exec.CommandContext(ctx, self, args...)}
	p.cmd.Dir = t.TempDir()
	p.cmd.Env = append(env, "MANDATE_TEST_IS_PROGRAM=1", "TMPDIR="+p.cmd.Dir)
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = strings.NewReader(stdin), p, p
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.cmd.Process.Kill() })
	return p
}

// status waits for the end and returns the exit status.
func (p *process) status() int {
	p.t.Helper()
	_ = p.cmd.Wait() // the status says how it went
	return p.cmd.ProcessState.ExitCode()
}

// awaits waits until the program printed something that matches, and returns the first group of it.
func (p *process) awaits(pattern string) string {
	p.t.Helper()
	re := regexp.MustCompile(pattern)
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if found := re.FindStringSubmatch(p.printed()); found != nil {
			return found[len(found)-1]
		}
	}
	p.t.Fatalf("it did not print %s:\n%s", pattern, p.printed())
	return ""
}

// stop asks the program to stop, and wants it to do so well.
func (p *process) stop() {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatal(err)
	}
	if code := p.status(); code != 0 {
		p.t.Errorf("stopped with status %d:\n%s", code, p.printed())
	}
}

// runs runs the program to its end, and wants a status and texts in what it prints.
func runs(t *testing.T, env []string, stdin string, args []string, status int, texts ...string) string {
	t.Helper()
	p := start(t, env, stdin, args...)
	if got := p.status(); got != status {
		t.Errorf("%v: status %d; want %d", args, got, status)
	}
	for _, text := range texts {
		if !strings.Contains(p.printed(), text) {
			t.Errorf("%v: printed no %q:\n%s", args, text, p.printed())
		}
	}
	return p.printed()
}
