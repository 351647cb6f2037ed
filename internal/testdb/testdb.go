// Package testdb gives tests real databases: fresh, migrated, their own.
package testdb

import (
	"path/filepath"
	"testing"
)

// The engines that every test of behaviour runs on. MariaDB stands for the
// servers that speak MySQL's protocol; the server may as well be MySQL.
const (
	SQLite  = "sqlite"
	MariaDB = "mariadb"
)

// Each runs f on every engine as parallel subtests named after the engines,
// each with the URL of a database of its own. The test fails, and is never
// skipped, when there is no database server.
func Each(t *testing.T, f func(t *testing.T, url string)) {
	t.Helper()
	for _, engine := range []string{SQLite, MariaDB} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			f(t, New(t, engine))
		})
	}
}

// New returns the URL of a fresh, migrated database of an engine, for
// database.Open. It is a copy of a template that is migrated once, and is
// dropped when the test ends; the test closes its own connections.
func New(t testing.TB, engine string) string {
	t.Helper()
	switch engine {
	case SQLite:
		return newSQLite(t)
	case MariaDB:
		return newMariaDB(t)
	default:
		t.Fatalf("unknown engine %q", engine)
		return ""
	}
}

// Empty returns the URL of a database of an engine that has no tables yet, as
// newcomers have it. It goes like one that New makes.
func Empty(t testing.TB, engine string) string {
	t.Helper()
	switch engine {
	case SQLite:
		return "sqlite:" + filepath.Join(sqliteDirectory(t), "test.db")
	case MariaDB:
		_, url := emptyMariaDB(t)
		return url
	default:
		t.Fatalf("unknown engine %q", engine)
		return ""
	}
}
