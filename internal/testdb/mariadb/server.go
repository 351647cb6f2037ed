// Package mariadb starts private MariaDB (or MySQL) servers for tests.
package mariadb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
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
	dir   string
	stdin io.Closer // closed, the watching shell stops the server
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
// whatever way.
//
// Start fails with ErrNoServer, or with the server's own words.
func Start() (*Server, error) {
	program, err := Find()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(RoomyDirectory(), "mandate-db-")
	if err != nil {
		return nil, err
	}
	s := &Server{dir: dir}
	if err := s.install(program); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	if err := s.launch(program); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	if err := s.await(30 * time.Second); err != nil {
		log, _ := os.ReadFile(s.log())
		s.Stop()
		return nil, fmt.Errorf("start %s: %w\n%s", program, err, log)
	}
	return s, nil
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
	_ = s.stdin.Close()
	_ = s.shell.Wait()
}

func (s *Server) data() string      { return filepath.Join(s.dir, "data") }
func (s *Server) log() string       { return filepath.Join(s.dir, "log") }
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

func (s *Server) launch(program string) error {
	log, err := os.Create(s.log())
	if err != nil {
		return err
	}
	defer log.Close()
	s.shell = exec.Command("/bin/sh", "-c", watch, "sh", s.dir, program,
		"--no-defaults", "--socket="+s.socket(), "--pid-file="+filepath.Join(s.dir, "pid"),
		"--skip-networking", "--skip-name-resolve", "--skip-log-bin", "--max-connections=1000",
		// Durability is for data that matters.
		"--innodb-flush-log-at-trx-commit=0", "--skip-innodb-doublewrite",
		"--skip-innodb-file-per-table", "--innodb-buffer-pool-size=64M")
	s.shell.Args = append(s.shell.Args, s.places()...)
	s.shell.Stdout, s.shell.Stderr = log, log
	if s.stdin, err = s.shell.StdinPipe(); err != nil {
		return err
	}
	return s.shell.Start()
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
