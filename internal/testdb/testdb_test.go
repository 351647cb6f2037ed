package testdb

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mandate/internal/database"
)

func TestEachIsMigratedAndAlone(t *testing.T) {
	t.Parallel()
	Each(t, func(t *testing.T, url string) {
		one, two := open(t, url), open(t, New(t, engineOf(url)))
		for _, db := range []*database.DB{one, two} {
			status, err := db.Status(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			if len(status.Applied) == 0 || len(status.Pending) != 0 {
				t.Errorf("status %v; want all migrations applied", status)
			}
		}
		if _, err := one.Write.Exec("CREATE TABLE only_here (id int)"); err != nil {
			t.Fatal(err)
		}
		if _, err := two.Read.Exec("SELECT * FROM only_here"); err == nil {
			t.Error("two tests got the same database")
		}
	})
}

func TestCloneEqualsMigratedMariaDB(t *testing.T) {
	t.Parallel()
	clone := open(t, New(t, MariaDB))
	c, err := sharedCloner()
	if err != nil {
		t.Fatal(err)
	}
	template, err := templateName()
	if err != nil {
		t.Fatal(err)
	}
	original := open(t, c.url(template))
	if diff := cmp.Diff(describe(t, original.Read), describe(t, clone.Read)); diff != "" {
		t.Errorf("the clone differs (- template, + clone):\n%s", diff)
	}
	others := rowsOf(t, clone.Read, `SELECT trigger_name FROM information_schema.triggers WHERE trigger_schema = DATABASE()
		UNION SELECT table_name FROM information_schema.views WHERE table_schema = DATABASE()`)
	if len(others) != 0 {
		t.Errorf("the schema has %v, which clones would lack", others)
	}
}

// describe returns everything in a MariaDB database as text: the definition
// and the number of rows of each table.
func describe(t *testing.T, db *sql.DB) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, table := range rowsOf(t, db, "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()") {
		var create string
		var rows int
		if err := db.QueryRow("SHOW CREATE TABLE `"+table+"`").Scan(&table, &create); err != nil {
			t.Fatal(err)
		}
		if err := db.QueryRow("SELECT COUNT(*) FROM `" + table + "`").Scan(&rows); err != nil {
			t.Fatal(err)
		}
		found[table] = fmt.Sprintf("%s\n%d rows", create, rows)
	}
	return found
}

// TestSameColumns sees that both kinds of databases have the same tables and
// columns, and that SQLite's times are declared so that they come back as
// times.
func TestSameColumns(t *testing.T) {
	t.Parallel()
	mariadb := rowsOf(t, open(t, New(t, MariaDB)).Read, `SELECT CONCAT(table_name, '.', column_name,
		CASE WHEN data_type IN ('datetime', 'timestamp', 'date', 'time') THEN ' datetime' ELSE '' END)
		FROM information_schema.columns WHERE table_schema = DATABASE()`)
	sqlite := rowsOf(t, open(t, New(t, SQLite)).Read, `SELECT t.name || '.' || c.name ||
		CASE WHEN c.type = 'datetime' THEN ' datetime' ELSE '' END
		FROM sqlite_master t, pragma_table_info(t.name) c WHERE t.type = 'table'`)
	slices.Sort(mariadb)
	slices.Sort(sqlite)
	if diff := cmp.Diff(mariadb, sqlite); diff != "" {
		t.Errorf("the schemas differ (- MariaDB, + SQLite):\n%s", diff)
	}
}

func TestCleanup(t *testing.T) {
	t.Parallel()
	var file, name string
	t.Run("test", func(t *testing.T) {
		file = strings.TrimPrefix(New(t, SQLite), "sqlite:")
		if err := open(t, New(t, MariaDB)).Read.QueryRow("SELECT DATABASE()").Scan(&name); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(file); err != nil {
			t.Error(err)
		}
	})
	if _, err := os.Stat(file); !os.IsNotExist(err) {
		t.Errorf("%s is still there: %v", file, err)
	}
	c, err := sharedCloner()
	if err != nil {
		t.Fatal(err)
	}
	if left := rowsOf(t, c.admin.Read, "SHOW DATABASES LIKE '"+name+"'"); len(left) != 0 {
		t.Errorf("database %s is still there", name)
	}
}

func BenchmarkNew(b *testing.B) {
	for _, engine := range []string{SQLite, MariaDB} {
		b.Run(engine, func(b *testing.B) {
			New(b, engine)
			for b.Loop() {
				New(b, engine)
			}
		})
	}
}

func engineOf(url string) string {
	if strings.HasPrefix(url, "sqlite:") {
		return SQLite
	}
	return MariaDB
}

func open(t testing.TB, url string) *database.DB {
	t.Helper()
	db, err := database.Open(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func rowsOf(t *testing.T, db *sql.DB, query string) []string {
	t.Helper()
	found, err := texts(context.Background(), db, query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return found
}
