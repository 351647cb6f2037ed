package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"mandate/internal/bench/load"
)

// server is a process that answers GraphQL: the product, or the floor.
type server struct {
	load.Process
	address    string // of the API
	operations string // of /metrics
	log        string // path
	command    *exec.Cmd
	ended      chan struct{}
}

// startLimit is how long a server may take until it listens.
const startLimit = 30 * time.Second

// product starts the product's server over a database, with what it does for nobody's protection left out: no budgets of
// requests, and with no background work, which is done beside requests and not for them. The caller stops it.
func (b *bench) product(url string) (*server, error) {
	return b.serve(b.binary, "serve", "MANDATE_DATABASE_URL="+url, "MANDATE_LISTEN=127.0.0.1:0", "MANDATE_OPS_LISTEN=127.0.0.1:0", "MANDATE_RATE_LIMIT=off", "MANDATE_WORKER=off")
}

// serve starts a program with one argument and variables, and waits until it tells in its log where it listens. The log goes
// to a file, as that of a service does.
func (b *bench) serve(program, argument string, env ...string) (*server, error) {
	log, err := os.CreateTemp(b.dir, filepath.Base(program)+"-*.log")
	if err != nil {
		return nil, err
	}
	defer log.Close()
	c := exec.Command(program, argument)
	c.Env = append(slices.DeleteFunc(os.Environ(), configured), env...)
	c.Dir, c.Stdout, c.Stderr, c.SysProcAttr = b.dir, log, log, bound()
	if err := c.Start(); err != nil {
		return nil, err
	}
	s := &server{Process: load.Process(c.Process.Pid), log: log.Name(), command: c, ended: make(chan struct{})}
	go func() { _ = c.Wait(); close(s.ended) }()
	if err := s.await(); err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
}

// configured reports whether a variable of the environment would change what is measured.
func configured(variable string) bool {
	return strings.HasPrefix(variable, "MANDATE_") || strings.HasPrefix(variable, "OTEL_")
}

// stop ends the process at once.
func (s *server) stop() {
	_ = s.command.Process.Kill()
	<-s.ended
}

var (
	serving   = regexp.MustCompile(`msg=serving .*address=(\S+)`)
	operating = regexp.MustCompile(`msg=operations address=(\S+)`)
)

func (s *server) await() error {
	limit := time.After(startLimit)
	look := time.NewTicker(500 * time.Microsecond)
	defer look.Stop()
	for {
		text, err := os.ReadFile(s.log)
		if err != nil {
			return err
		}
		at, beside := serving.FindSubmatch(text), operating.FindSubmatch(text)
		if at != nil && beside != nil {
			s.address, s.operations = string(at[1]), string(beside[1])
			return nil
		}
		select {
		case <-look.C:
		case <-s.ended:
			return fmt.Errorf("%s ended: %s", s.command, text)
		case <-limit:
			return fmt.Errorf("%s does not serve: %s", s.command, text)
		}
	}
}

// complaints are the last errors in the server's log.
func (s *server) complaints() string {
	text, err := os.ReadFile(s.log)
	if err != nil {
		return err.Error()
	}
	var found []string
	for line := range strings.Lines(string(text)) {
		if strings.Contains(line, "level=ERROR") || strings.Contains(line, "panic") {
			found = append(found, line)
		}
	}
	return strings.Join(found[max(0, len(found)-3):], "")
}

// allocations is how many objects the server has allocated so far.
func (s *server) allocations(ctx context.Context) (float64, error) {
	const name = "go_memstats_mallocs_total"
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.operations+"/metrics", http.NoBody)
	if err != nil {
		return 0, err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return 0, err
	}
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		if value, ok := strings.CutPrefix(lines.Text(), name+" "); ok {
			return strconv.ParseFloat(value, 64)
		}
	}
	return 0, errors.New("/metrics does not tell " + name)
}
