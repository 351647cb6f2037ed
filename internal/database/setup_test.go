package database

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"net/url"
	"path/filepath"
	"slices"
	"testing"
	"testing/fstest"

	"ariga.io/atlas/sql/migrate"

	"mandate/internal/testdb/mariadb"
)

// each runs f on every engine with the URL of an empty database.
func each(t *testing.T, f func(t *testing.T, url string)) {
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		f(t, emptySQLite(t))
	})
	t.Run("mariadb", func(t *testing.T) {
		t.Parallel()
		f(t, emptyMariaDB(t))
	})
}

func emptySQLite(t *testing.T) string {
	return "sqlite:" + filepath.Join(t.TempDir(), "test.db")
}

func emptyMariaDB(t *testing.T) string {
	t.Helper()
	raw, err := mariadb.URL()
	if err != nil {
		t.Fatal(err)
	}
	server, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	server.Path = "/information_schema"
	admin := openEmpty(t, server.String())
	name := fmt.Sprintf("mandate_test_%016x", rand.Uint64())
	run(t, admin, "CREATE DATABASE "+name)
	t.Cleanup(func() { run(t, admin, "DROP DATABASE "+name) })
	server.Path = "/" + name
	return server.String()
}

// openEmpty opens a database of a product without migrations.
func openEmpty(t *testing.T, url string) *DB {
	t.Helper()
	db, err := open(context.Background(), url, openSQLite)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// openWith opens a database of a product with the given migrations, each for
// all engines.
func openWith(t *testing.T, url string, files map[string]string) *DB {
	t.Helper()
	db := openEmpty(t, url)
	db.migrations = migrationFiles(t, files)
	return db
}

func migrationFiles(t *testing.T, files map[string]string) fstest.MapFS {
	t.Helper()
	var all []migrate.File
	for _, name := range slices.Sorted(maps.Keys(files)) {
		all = append(all, migrate.NewLocalFile(name, []byte(files[name])))
	}
	dir := &migrate.MemDir{}
	if err := dir.CopyFiles(all); err != nil {
		t.Fatal(err)
	}
	sum, err := fs.ReadFile(dir, "atlas.sum")
	if err != nil {
		t.Fatal(err)
	}
	found := fstest.MapFS{}
	for _, folder := range []string{"mysql/", "sqlite/"} {
		found[folder+"atlas.sum"] = &fstest.MapFile{Data: sum}
		for name, content := range files {
			found[folder+name] = &fstest.MapFile{Data: []byte(content)}
		}
	}
	return found
}

func run(t *testing.T, db *DB, statement string, args ...any) {
	t.Helper()
	if _, err := db.Write.Exec(statement, args...); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// value returns the single value that a query yields.
func value[T any](t *testing.T, db *DB, query string, args ...any) T {
	t.Helper()
	var v T
	if err := db.Read.QueryRow(query, args...).Scan(&v); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return v
}
