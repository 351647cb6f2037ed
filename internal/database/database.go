// Package database opens the product's database, MySQL or MariaDB in
// production and SQLite to try it, brings its schema up to date, and tells
// apart the errors that callers treat specially.
package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"entgo.io/ent/dialect"

	"mandate/ent/migrate/migrations"
)

// DB is an open database. Its pools are safe for concurrent use; the owner
// closes it with Close.
type DB struct {
	// Dialect is Ent's name of the SQL spoken here: dialect.MySQL (MariaDB
	// and TiDB included) or dialect.SQLite.
	Dialect string
	// Write is the pool for transactions that change data. On SQLite it
	// holds a single connection, so a transaction must not ask it for a
	// second one.
	Write *sql.DB
	// Read is the pool for everything else. On SQLite its connections refuse
	// to write; elsewhere it is the same pool as Write.
	Read *sql.DB

	// migrations holds the folders mysql and sqlite.
	migrations fs.FS
	// connect opens a pool fit for long schema changes: no time limits, and
	// on SQLite no foreign key enforcement. The caller closes it.
	connect func() (*sql.DB, error)
}

const expectedURL = "expected sqlite:PATH or mysql://user:password@host:port/name"

// Open connects to the database at rawURL, which is either
//
//	sqlite:PATH
//	mysql://user:password@host:port/name[?tls=VALUE][&socket=PATH]
//
// The port is 3306 unless given; special characters in the user and password
// are percent-encoded. The tls values are the Go driver's: true, skip-verify
// or preferred. With socket the server is reached over that unix socket and
// the host is ignored.
//
// Open fails when the URL is malformed or the database does not answer; the
// error never contains the password. It does not touch the schema: see
// Migrate.
func Open(ctx context.Context, rawURL string) (*DB, error) {
	return openMigrated(ctx, rawURL, openSQLite)
}

// Inspect connects as Open does, to look only: on SQLite nothing can be
// written, and it fails when the file does not exist.
func Inspect(ctx context.Context, rawURL string) (*DB, error) {
	return openMigrated(ctx, rawURL, inspectSQLite)
}

// openMigrated connects to a database that has the product's migrations.
func openMigrated(ctx context.Context, rawURL string, sqlite opener) (*DB, error) {
	db, err := open(ctx, rawURL, sqlite)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	db.migrations = migrations.Files
	return db, nil
}

// opener opens the database file at a path.
type opener func(ctx context.Context, path string) (*DB, error)

func open(ctx context.Context, rawURL string, sqlite opener) (*DB, error) {
	scheme, rest, found := strings.Cut(rawURL, ":")
	switch {
	case found && scheme == "sqlite":
		return sqlite(ctx, rest)
	case found && (scheme == "mysql" || scheme == "mariadb"):
		return openMySQL(ctx, rawURL)
	case rawURL == "":
		return nil, errors.New("the URL is empty; " + expectedURL)
	default:
		return nil, errors.New("the URL has an unknown form; " + expectedURL)
	}
}

// acquireLimit is how long a request waits for a connection while all are in
// use: less than a client waits for an answer.
const acquireLimit = 2 * time.Second

// Admit returns nil as soon as there is a connection to read with. It fails
// when the database cannot be reached, and when all connections stay in use
// for two seconds.
func (db *DB) Admit(ctx context.Context) error {
	limited, cancel := context.WithTimeout(ctx, acquireLimit)
	defer cancel()
	conn, err := db.Read.Conn(limited)
	switch {
	case errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil:
		return fmt.Errorf("all connections to the database were in use for %v", acquireLimit)
	case err != nil:
		return fmt.Errorf("connect to the database: %w", err)
	}
	return conn.Close()
}

// Patient opens a pool whose statements may take as long as they need, for
// looking at whole tables by hand. The caller closes it.
func (db *DB) Patient() (*sql.DB, error) { return db.connect() }

// MostDrift is how far apart the clocks of a program and of its database may
// be: access ends by the program's.
const MostDrift = 2 * time.Second

// Drift is how far the database's clock is off the caller's, which tells the
// time by now: at least, for the time that the question takes is not counted.
func (db *DB) Drift(ctx context.Context, now func() time.Time) (time.Duration, error) {
	before := now()
	theirs, err := db.time(ctx)
	if err != nil {
		return 0, fmt.Errorf("ask the database for the time: %w", err)
	}
	after := now()
	switch {
	case theirs.Before(before):
		return theirs.Sub(before), nil
	case theirs.After(after):
		return theirs.Sub(after), nil
	}
	return 0, nil
}

// time reads the database's clock. SQLite's is that of this machine.
func (db *DB) time(ctx context.Context) (at time.Time, err error) {
	if !db.isSQLite() {
		err = db.Read.QueryRowContext(ctx, "SELECT UTC_TIMESTAMP(6)").Scan(&at)
		return at, err
	}
	var text string
	if err := db.Read.QueryRowContext(ctx, "SELECT strftime('%Y-%m-%d %H:%M:%f', 'now')").Scan(&text); err != nil {
		return time.Time{}, err
	}
	return time.Parse("2006-01-02 15:04:05.999", text)
}

// Close closes all connections. On SQLite this also folds the write-ahead log
// into the database file.
func (db *DB) Close() error {
	if db.Read == db.Write {
		return db.Write.Close()
	}
	return errors.Join(db.Read.Close(), db.Write.Close())
}

func (db *DB) isSQLite() bool { return db.Dialect == dialect.SQLite }
