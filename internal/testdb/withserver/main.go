// Command withserver runs a command, such as go test ./..., with a database
// server for its tests:
//
//	go run ./internal/testdb/withserver -- go test ./...
//
// The server is private, started before and stopped after the command, which
// finds it in MANDATE_TEST_MYSQL_URL. When that variable is already set,
// the command runs as it is. The exit code is the command's.
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"

	"mandate/internal/testdb/mariadb"
)

func main() {
	args := os.Args[1:]
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	if len(args) == 0 {
		fmt.Fprintln(os.Stderr, "usage: withserver -- COMMAND [ARGUMENT]...")
		os.Exit(2)
	}
	code, err := run(args)
	if err != nil {
		fmt.Fprintln(os.Stderr, "withserver:", err)
	}
	os.Exit(code)
}

// run returns the exit code of the command, or an error and 1 when it could
// not be run.
func run(args []string) (int, error) {
	// The terminal interrupts the command too: when that has ended, so do we.
	signal.Notify(make(chan os.Signal, 1), os.Interrupt)
	if os.Getenv(mariadb.URLVariable) == "" {
		server, err := start()
		if err != nil {
			return 1, err
		}
		defer server.Stop()
		if err := os.Setenv(mariadb.URLVariable, server.URL("mandate")); err != nil {
			return 1, err
		}
	}
	command := exec.Command(args[0], args[1:]...)
	command.Stdin, command.Stdout, command.Stderr = os.Stdin, os.Stdout, os.Stderr
	err := command.Run()
	var failed *exec.ExitError
	switch {
	case err == nil:
		return 0, nil
	case errors.As(err, &failed) && failed.Exited():
		return failed.ExitCode(), nil
	default:
		return 1, err
	}
}

func start() (*mariadb.Server, error) {
	if _, err := mariadb.Find(); err != nil {
		if err := install(); err != nil {
			return nil, err
		}
	}
	return mariadb.Start()
}

// install installs the server on Debian. Should that start a service of its
// own, the tests do not touch it.
func install() error {
	apt, err := exec.LookPath("apt-get")
	if err != nil || os.Getuid() != 0 {
		return mariadb.ErrNoServer
	}
	fmt.Fprintln(os.Stderr, "withserver: installing mariadb-server with apt-get")
	env := append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
	for _, args := range [][]string{
		{"update", "-q"},
		{"install", "-q", "-y", "--no-install-recommends", "mariadb-server"},
	} {
		command := exec.Command(apt, args...)
		command.Env = env
		command.Stdout, command.Stderr = os.Stderr, os.Stderr
		if err := command.Run(); err != nil {
			return fmt.Errorf("%s: %w", command, err)
		}
	}
	return nil
}
