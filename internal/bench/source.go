package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"mandate/internal/bench/load"
	"mandate/internal/bench/world"
	"mandate/internal/database"
	"mandate/internal/testdb/mariadb"
)

// engine is where databases are made.
type engine struct {
	name    string
	version string
	server  *mariadb.Server // nil for SQLite
	process load.Process    // of the server; 0 for SQLite, which is part of the programs
	admin   *database.DB    // nil for SQLite
}

// startMariaDB starts a server that writes as one in production does: what is committed is on the disk. The caller stops it.
func startMariaDB(ctx context.Context, dir string) (*engine, error) {
	server, err := mariadb.StartIn(dir,
		"--innodb-flush-log-at-trx-commit=1", "--innodb-doublewrite=1", "--innodb-file-per-table=1",
		"--innodb-buffer-pool-size=4G", "--innodb-log-file-size=1G")
	if errors.Is(err, mariadb.ErrNoServer) {
		err = errors.New("no mariadbd or mysqld on PATH or in /usr/sbin: install one (on Debian: apt-get install mariadb-server), or measure SQLite alone with -engine sqlite")
	}
	if err != nil {
		return nil, err
	}
	e := &engine{name: maria, server: server}
	if err := e.look(ctx); err != nil {
		e.stop()
		return nil, fmt.Errorf("look at MariaDB: %w", err)
	}
	return e, nil
}

func (e *engine) look(ctx context.Context) (err error) {
	if e.admin, err = database.Open(ctx, e.server.URL("information_schema")); err != nil {
		return err
	}
	var path string
	if err := e.admin.Read.QueryRowContext(ctx, "SELECT @@pid_file, VERSION()").Scan(&path, &e.version); err != nil {
		return err
	}
	e.version, _, _ = strings.Cut(e.version, "-")
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	e.process = load.Process(pid)
	return err
}

// stop ends the server.
func (e *engine) stop() {
	if e.admin != nil {
		_ = e.admin.Close()
	}
	if e.server != nil {
		e.server.Stop()
	}
}

// source is a database with a world in it.
type source struct {
	*engine
	url   string
	world *world.World
}

// source makes a database below dir, and a world of a size in it.
func (e *engine) source(ctx context.Context, dir string, size world.Size) (s *source, err error) {
	s = &source{engine: e, url: "sqlite:" + filepath.Join(dir, size.Name+".db")}
	if e.server != nil {
		if _, err := e.admin.Write.ExecContext(ctx, "CREATE DATABASE "+size.Name); err != nil {
			return nil, err
		}
		s.url = e.server.URL(size.Name)
	}
	db, err := database.Open(ctx, s.url)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := db.Migrate(ctx); err != nil {
		return nil, err
	}
	if e.server == nil {
		if err := db.Read.QueryRowContext(ctx, "SELECT sqlite_version()").Scan(&e.version); err != nil {
			return nil, err
		}
	}
	s.world, err = world.Build(ctx, db, size, time.Now())
	return s, err
}

// statements is how many the server has executed so far. What it calls questions are those: a prepared one is counted when it
// is executed, and not when it is prepared. SQLite does not tell.
func (e *engine) statements(ctx context.Context) (float64, error) {
	if e.server == nil {
		return 0, nil
	}
	var name string
	var n float64
	err := e.admin.Read.QueryRowContext(ctx, "SHOW GLOBAL STATUS LIKE 'Questions'").Scan(&name, &n)
	return n, err
}
