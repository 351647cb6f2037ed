//go:build soak

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"mandate/internal/database"
	"mandate/internal/egress"
	"mandate/internal/mail"
)

// soakVariable holds what a program of the soak works with, which this test binary is then.
const soakVariable = "MANDATE_TEST_SOAK"

// part is what a program of the soak works with.
type part struct {
	Worker                  bool   // works in the background only; else it only serves
	Clock, Database, Sender string // path and URLs
}

// init lets this test binary be a program of the soak.
func init() {
	if text := os.Getenv(soakVariable); text != "" {
		var p part
		err := json.Unmarshal([]byte(text), &p)
		if err == nil {
			err = p.run()
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
}

// run does what mandate serve or mandate worker does, by the clock of the soak. It prints its addresses, and ends with its standard
// input, and so with the test.
func (p part) run() error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	db, err := database.Open(ctx, p.Database)
	if err != nil {
		return err
	}
	sender, err := mail.Open(p.Sender, "Mandate <no-reply@mandate.example>")
	if err != nil {
		return err
	}
	var listeners [2]net.Listener
	for i := range listeners {
		if listeners[i], err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			return err
		}
	}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	fmt.Println(listeners[0].Addr(), listeners[1].Addr())
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	i := install(db, &url.URL{Scheme: "https", Host: "portal.example"}, mail.Brand{}, sender,
		egress.Allowed{netip.MustParsePrefix("127.0.0.0/8")}, clockAt(p.Clock), log)
	if p.Worker {
		i.workAlone(ctx, listeners[1])
		return nil
	}
	return i.serve(ctx, exposure{listener: listeners[0], operations: listeners[1], idle: true})
}

// timed is a program of the soak, running.
type timed struct {
	cmd                 *exec.Cmd
	address, operations string
}

// begin starts a program of the soak.
func (s *soak) begin(worker bool) (*timed, error) {
	text, err := json.Marshal(part{worker, s.clockFile, s.url, "smtp://" + s.mails.address})
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p := &timed{cmd: exec.Command(self)}
	p.cmd.Env = []string{soakVariable + "=" + string(text)}
	p.cmd.Stderr = os.Stderr
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if _, err := p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	s.Cleanup(p.kill)
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return nil, fmt.Errorf("the program does not begin: %w", err)
	}
	p.address, p.operations, _ = strings.Cut(strings.TrimSpace(line), " ")
	return p, nil
}

// kill ends a program as a power cut would.
func (p *timed) kill() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait() // it has waited already when it was killed before
}

// startClock lets the programs' clocks begin with the machine's.
func (s *soak) startClock() {
	s.clockFile = filepath.Join(s.TempDir(), "clock")
	s.advance(0)
}

// clock is what the programs' clocks show.
func (s *soak) clock() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Now().Add(s.ahead)
}

// advance moves the programs' clocks on.
func (s *soak) advance(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ahead += d
	next := s.clockFile + ".next"
	if err := errors.Join(os.WriteFile(next, fmt.Append(nil, int64(s.ahead/time.Second)), 0o600), os.Rename(next, s.clockFile)); err != nil {
		s.Error(err)
	}
}
