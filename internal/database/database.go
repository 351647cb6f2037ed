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

	"entgo.io/ent/dialect"

	schema "mandate/ent/migrate"
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

	// migrations holds migrations/mysql and migrations/sqlite.
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
	db, err := open(ctx, rawURL)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	db.migrations = schema.Migrations
	return db, nil
}

func open(ctx context.Context, rawURL string) (*DB, error) {
	scheme, rest, found := strings.Cut(rawURL, ":")
	switch {
	case found && scheme == "sqlite":
		return openSQLite(ctx, rest)
	case found && (scheme == "mysql" || scheme == "mariadb"):
		return openMySQL(ctx, rawURL)
	case rawURL == "":
		return nil, errors.New("the URL is empty; " + expectedURL)
	default:
		return nil, errors.New("the URL has an unknown form; " + expectedURL)
	}
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
