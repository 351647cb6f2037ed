package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"mandate/ent/migrate/migrations"
)

var errKilled = errors.New("the process was killed")

// mortal is the connection of a process that is killed as soon as it carried out
// so many statements of migrations: the last of them it does not note.
type mortal struct {
	querier
	left int
}

func (m *mortal) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if m.left == 0 {
		return nil, errKilled
	}
	if !strings.Contains(query, revisionTable) {
		m.left--
	}
	return m.querier.ExecContext(ctx, query, args...)
}

// TestF15AKilledMigrationGoesOn kills the process that migrates after each
// statement of the product's migrations, before it can be noted. Whoever goes
// on, only to be killed at the next one, reaches the schema and the rows that an undisturbed one reaches.
func TestF15AKilledMigrationGoesOn(t *testing.T) {
	t.Parallel()
	killed, whole := openEmpty(t, emptyMariaDB(t)), openEmpty(t, emptyMariaDB(t))
	killed.migrations, whole.migrations = migrations.Files, migrations.Files
	migrateOK(t, whole)
	deaths := 0
	for ; ; deaths++ {
		err := killed.migrateUntil(t, min(deaths, 1)+1) // the one in doubt, and one more
		if err == nil {
			break
		}
		if !errors.Is(err, errKilled) {
			t.Fatalf("after %d deaths: %v", deaths, err)
		}
		if deaths == 1000 {
			t.Fatal("it does not get on")
		}
	}
	t.Logf("killed %d times", deaths)
	if deaths < 40 {
		t.Errorf("killed %d times; want once a statement", deaths)
	}
	if pending, err := killed.Pending(t.Context()); err != nil || len(pending) > 0 {
		t.Errorf("pending: %v, %v", pending, err)
	}
	if got, want := content(t, killed), content(t, whole); !slices.Equal(got, want) {
		t.Errorf("it holds\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// migrateUntil is Migrate in a process that is killed after so many statements.
func (db *DB) migrateUntil(t *testing.T, statements int) error {
	t.Helper()
	conn, err := db.Write.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	run, err := db.newMigration(&mortal{conn, statements})
	if err != nil {
		t.Fatal(err)
	}
	return run.apply(t.Context())
}

// content is what a database's tables are, and how many rows they have.
func content(t *testing.T, db *DB) (list []string) {
	t.Helper()
	rows, err := db.Read.Query("SHOW TABLES")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var table string
		if err := rows.Scan(&table); err != nil {
			t.Fatal(err)
		}
		var definition string
		if err := db.Read.QueryRow("SHOW CREATE TABLE "+table).Scan(&table, &definition); err != nil {
			t.Fatal(err)
		}
		var rows int
		if table != revisionTable {
			rows = value[int](t, db, "SELECT COUNT(*) FROM "+table)
		}
		list = append(list, fmt.Sprintf("%s with %d rows", definition, rows))
	}
	return list
}

// TestF15AFailureIsNoDoubt: a statement that failed is not taken for one that
// was carried out, whatever stands in its way.
func TestF15AFailureIsNoDoubt(t *testing.T) {
	t.Parallel()
	db := openWith(t, emptyMariaDB(t), map[string]string{"1_all.sql": "CREATE TABLE a (id int);\nCREATE TABLE b (id int);\nCREATE TABLE a (id int);\n"})
	for range 2 {
		expectError(t, db.Migrate(context.Background()), "already exists")
	}
	expectStatus(t, db, nil, []string{"1_all.sql"})
}
