// Package mariadb starts private MariaDB (or MySQL) servers for tests.
package mariadb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/go-sql-driver/mysql"
)

// ErrNoServer says that the machine has no MariaDB or MySQL server program.
var ErrNoServer = errors.New("no mariadbd or mysqld on PATH or in /usr/sbin: install one " +
	"(on Debian: apt-get install mariadb-server) or set " + URLVariable +
	" to mysql://user:password@host:port/name of a server on which databases may be created")

// A Server is a running database server with its own data directory, reached
// only over its own unix socket by root without a password. It suits tests:
// it is quick and forgets everything.
type Server struct {
	dir     string
	program string
	options []string
	watched []watched
}

// watched is a run of the server, and the shell that watches it.
type watched struct {
	stdin io.Closer // closed, the shell stops the server
	shell *exec.Cmd
}

// Find returns the path of the server program, or ErrNoServer.
func Find() (string, error) {
	for _, name := range []string{"mariadbd", "mysqld", "/usr/sbin/mariadbd", "/usr/sbin/mysqld"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", ErrNoServer
}

// Start starts a server and waits until it answers. The server ends and its
// data directory goes when Stop is called, or else when this process ends in
// whatever way. Options are for the server, and win.
//
// Start fails with ErrNoServer, or with the server's own words.
func Start(options ...string) (*Server, error) { return StartIn(RoomyDirectory(), options...) }

// StartIn starts a server as Start does, with its data in a new directory in
// parent.
func StartIn(parent string, options ...string) (*Server, error) {
	program, err := Find()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(parent, "mandate-db-")
	if err != nil {
		return nil, err
	}
	s := &Server{dir: dir, program: program, options: options}
	if err := s.install(program); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	if err := s.Resume(); err != nil {
		s.Stop()
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return s, nil
}

// Crash ends the server as a power cut of its own would, and leaves its data.
func (s *Server) Crash() error {
	text, err := os.ReadFile(s.pid())
	if err != nil {
		return err
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return err
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		return err
	}
	for {
		c, err := net.Dial("unix", s.socket())
		if err != nil {
			break
		}
		c.Close()
		time.Sleep(5 * time.Millisecond)
	}
	return os.Remove(s.pid())
}

// Resume starts a server that crashed again, and waits until it answers.
func (s *Server) Resume() error {
	if err := s.launch(); err != nil {
		return err
	}
	if err := s.await(30 * time.Second); err != nil {
		log, _ := os.ReadFile(s.log())
		return fmt.Errorf("start %s: %w\n%s", s.program, err, log)
	}
	return nil
}

// URL returns the URL of the named database, in the form that the product
// takes. The database need not exist.
func (s *Server) URL(name string) string {
	u := url.URL{
		Scheme:   "mysql",
		User:     url.User("root"),
		Host:     "localhost",
		Path:     "/" + name,
		RawQuery: url.Values{"socket": {s.socket()}}.Encode(),
	}
	return u.String()
}

// Stop ends the server and removes its data.
func (s *Server) Stop() {
	for _, w := range slices.Backward(s.watched) {
		_ = w.stdin.Close()
		_ = w.shell.Wait()
	}
}

func (s *Server) data() string      { return filepath.Join(s.dir, "data") }
func (s *Server) log() string       { return filepath.Join(s.dir, "log") }
func (s *Server) pid() string       { return filepath.Join(s.dir, "pid") }
func (s *Server) socket() string    { return filepath.Join(s.dir, "sock") }
func (s *Server) temporary() string { return filepath.Join(s.dir, "tmp") }

// install creates an empty data directory.
func (s *Server) install(program string) error {
	if err := os.Mkdir(s.temporary(), 0o700); err != nil {
		return err
	}
	command := exec.Command(program, "--no-defaults", "--initialize-insecure")
	if version, _ := exec.Command(program, "--version").Output(); strings.Contains(string(version), "MariaDB") {
		command = exec.Command("mariadb-install-db", "--no-defaults",
			"--auth-root-authentication-method=normal", "--skip-test-db", "--skip-name-resolve")
	}
	command.Args = append(command.Args, s.places()...)
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", command, err, out)
	}
	return nil
}

// places returns the options that keep the server in its own directory. Two
// that shared one for temporary files would remove each other's. Without the
// last option the server refuses to run as root.
func (s *Server) places() []string {
	options := []string{"--datadir=" + s.data(), "--tmpdir=" + s.temporary()}
	if os.Getuid() == 0 {
		options = append(options, "--user=root")
	}
	return options
}

// watch starts the server, the arguments after the first, and waits for the
// end of its standard input. That end comes when this process closes it or is
// gone, be it killed; then the server has no reason to live and its
// directory, the first argument, none to stay. Signals from the terminal are
// for the tests.
const watch = `
trap '' INT HUP TERM
dir=$1; shift
"$@" </dev/null & server=$!
cat >/dev/null
kill -9 "$server"
wait "$server"
rm -rf "$dir"
`

func (s *Server) launch() error {
	log, err := os.OpenFile(s.log(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	shell := exec.Command("/bin/sh", "-c", watch, "sh", s.dir, s.program,
		"--no-defaults", "--socket="+s.socket(), "--pid-file="+s.pid(),
		"--skip-networking", "--skip-name-resolve", "--skip-log-bin", "--max-connections=1000",
		// Durability is for data that matters.
		"--innodb-flush-log-at-trx-commit=0", "--skip-innodb-doublewrite",
		"--skip-innodb-file-per-table", "--innodb-buffer-pool-size=64M")
	shell.Args = append(append(shell.Args, s.places()...), s.options...)
	shell.Stdout, shell.Stderr = log, log
	stdin, err := shell.StdinPipe()
	if err != nil {
		return err
	}
	if err := shell.Start(); err != nil {
		return err
	}
	s.watched = append(s.watched, watched{stdin, shell})
	return nil
}

// await returns when the server answers.
func (s *Server) await(limit time.Duration) error {
	config := mysql.NewConfig()
	config.User, config.Net, config.Addr = "root", "unix", s.socket()
	config.Logger = &mysql.NopLogger{}
	connector, err := mysql.NewConnector(config)
	if err != nil {
		return err
	}
	pool := sql.OpenDB(connector)
	defer pool.Close()
	for start := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		err := pool.PingContext(context.Background())
		if err == nil || time.Since(start) > limit {
			return err
		}
	}
}

// RoomyDirectory returns where to put what tests throw away, for os.MkdirTemp:
// in memory when there is enough of it, else on disk.
func RoomyDirectory() string {
	const memory, need = "/dev/shm", 1 << 30
	if free(memory) >= need {
		return memory
	}
	return "" // the system's directory for temporary files
}
