package endtoend

import (
	"bytes"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience is how long tests wait for what must come; on a busy machine things take their time.
const patience = 30 * time.Second

// process is the program, running in a directory of its own, or another one.
type process struct {
	t      *testing.T
	cmd    *exec.Cmd
	mu     sync.Mutex
	out    bytes.Buffer // standard output and standard error
	exited chan struct{}
}

// start runs the program in an empty directory with nothing in its environment but the given settings, and no limit on the
// rate of requests: tests are in more of a hurry than people.
func start(t *testing.T, env []string, stdin string, args ...string) *process {
	t.Helper()
	c := exec.Command(binary, args...)
	c.Dir = t.TempDir()
	c.Env = append([]string{"MANDATE_RATE_LIMIT=off", "TMPDIR=" + c.Dir}, env...)
	c.Stdin = strings.NewReader(stdin)
	return launch(t, c)
}

// launch runs a command until the test ends.
func launch(t *testing.T, c *exec.Cmd) *process {
	t.Helper()
	p := &process{t: t, cmd: c, exited: make(chan struct{})}
	c.Stdout, c.Stderr = p, p
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.exited)
		_ = p.cmd.Wait() // how it ended is in its state
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		<-p.exited
	})
	return p
}

// Write takes what the program prints.
func (p *process) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out.Write(b)
}

func (p *process) printed() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out.String()
}

// awaits waits until the program printed what matches, and returns its first group.
func (p *process) awaits(pattern string) string {
	p.t.Helper()
	re := regexp.MustCompile(pattern)
	for end := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		if found := re.FindStringSubmatch(p.printed()); found != nil {
			return found[len(found)-1]
		}
		if time.Now().After(end) || p.hasExited() {
			p.t.Fatalf("it printed nothing like %s:\n%s", pattern, p.printed())
		}
	}
}

func (p *process) hasExited() bool {
	select {
	case <-p.exited:
		return true
	default:
		return false
	}
}

func (p *process) signal(s os.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

// status waits for the end and returns the exit status.
func (p *process) status(limit time.Duration) int {
	p.t.Helper()
	select {
	case <-p.exited:
	case <-time.After(limit):
		p.t.Fatalf("it still runs after %v:\n%s", limit, p.printed())
	}
	return p.cmd.ProcessState.ExitCode()
}

// stop asks the program to stop, which it does well and in time.
func (p *process) stop() {
	p.t.Helper()
	p.signal(syscall.SIGTERM)
	if status := p.status(20 * time.Second); status != 0 {
		p.t.Errorf("it stopped with status %d:\n%s", status, p.printed())
	}
}

// kill ends the program as a power cut would.
func (p *process) kill() {
	p.t.Helper()
	p.signal(syscall.SIGKILL)
	p.status(patience)
}

// runs runs the program to its end with a status, and returns what it printed.
func runs(t *testing.T, status int, env []string, stdin string, args ...string) string {
	t.Helper()
	p := start(t, env, stdin, args...)
	if got := p.status(patience); got != status {
		t.Errorf("%v ended with status %d; want %d:\n%s", args, got, status, p.printed())
	}
	return p.printed()
}
