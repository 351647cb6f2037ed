package database

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// openOne opens a database, and one connection to it.
func openOne(t *testing.T, url string) (*DB, *sql.Conn) {
	t.Helper()
	db := openEmpty(t, url)
	return db, connectionOf(t, db.Write)
}

func connectionOf(t *testing.T, pool *sql.DB) *sql.Conn {
	t.Helper()
	conn, err := pool.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// kept tells what a connection knows of a text: "new", "seen" once, or "prepared".
func kept(t *testing.T, conn *sql.Conn, query string) (state string) {
	t.Helper()
	state = "new"
	look(t, conn, func(c *preparedConn) {
		for _, k := range c.kept.Keys() {
			if s, _ := c.kept.Peek(k); k.Value() == query && s != nil {
				state = "prepared"
			} else if k.Value() == query {
				state = "seen"
			}
		}
	})
	return state
}

func look(t *testing.T, conn *sql.Conn, at func(*preparedConn)) {
	t.Helper()
	if err := conn.Raw(func(c any) error { at(c.(*preparedConn)); return nil }); err != nil {
		t.Fatal(err)
	}
}

// asker is a connection or a transaction.
type asker interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// echo asks for the number that it sends.
func echo(t *testing.T, a asker, query string, n int64) {
	t.Helper()
	var got int64
	if err := a.QueryRowContext(t.Context(), query, n).Scan(&got); err != nil || got != n {
		t.Errorf("%.40s with %d: %d, %v", query, n, got, err)
	}
}

// status is one of a MariaDB server's counters.
func status(t *testing.T, conn *sql.Conn, scope, name string) (n int) {
	t.Helper()
	if err := conn.QueryRowContext(t.Context(), "SHOW "+scope+" STATUS LIKE '"+name+"'").Scan(&name, &n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestAStatementAskedForAgainIsPrepared(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, url string) {
		db := openEmpty(t, url)
		conns := []*sql.Conn{connectionOf(t, db.Read), connectionOf(t, db.Read)}
		const text = "SELECT ? + 0"
		for n, want := range []string{"seen", "prepared", "prepared", "prepared"} {
			for _, conn := range conns {
				echo(t, conn, text, int64(n))
				if got := kept(t, conn, text); got != want {
					t.Errorf("asked for %d times, it is %s; want it %s", n+1, got, want)
				}
			}
		}
		for _, conn := range conns {
			if db.isSQLite() {
				break
			}
			for name, want := range map[string]int{"Com_stmt_prepare": 1, "Com_stmt_execute": 3, "Com_stmt_close": 0} {
				if got := status(t, conn, "SESSION", name); got != want {
					t.Errorf("%s: %d; want %d", name, got, want)
				}
			}
		}
	})
}

func TestWhatIsNotPrepared(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, url string) {
		_, conn := openOne(t, url)
		const drop = "DROP TABLE IF EXISTS no_such"
		long := "SELECT ? + 0 -- "
		long += strings.Repeat("x", longestWatched-len(long))
		for range 3 {
			if _, err := conn.ExecContext(t.Context(), drop); err != nil {
				t.Error(err)
			}
			var n int
			if err := conn.QueryRowContext(t.Context(), "SELECT 7").Scan(&n); err != nil || n != 7 {
				t.Error(n, err)
			}
			echo(t, conn, long, 1)
			echo(t, conn, long+"x", 2)
		}
		for text, want := range map[string]string{drop: "new", "SELECT 7": "prepared", long: "prepared", long + "x": "new"} {
			if got := kept(t, conn, text); got != want {
				t.Errorf("a statement of %d bytes is %s; want it %s", len(text), got, want)
			}
		}
	})
}

func TestTransactionsPrepareToo(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, url string) {
		_, conn := openOne(t, url)
		const text = "INSERT INTO numbers VALUES (?)"
		if _, err := conn.ExecContext(t.Context(), "CREATE TABLE numbers (n bigint)"); err != nil {
			t.Fatal(err)
		}
		for n, undone := range []bool{true, true, false, false} {
			tx, err := conn.BeginTx(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			for range 2 {
				result, err := tx.ExecContext(t.Context(), text, n)
				if err != nil {
					t.Fatal(err)
				}
				if rows, err := result.RowsAffected(); rows != 1 || err != nil {
					t.Errorf("%d rows, %v; want 1", rows, err)
				}
				echo(t, tx, "SELECT ? + 0", int64(n))
			}
			if end := tx.Commit; undone {
				err = tx.Rollback()
			} else {
				err = end()
			}
			if got := kept(t, conn, text); err != nil || got != "prepared" {
				t.Errorf("after transaction %d it is %s, %v; want it prepared", n, got, err)
			}
		}
		var rows, sum int
		if err := conn.QueryRowContext(t.Context(), "SELECT COUNT(*), SUM(n) FROM numbers").Scan(&rows, &sum); err != nil || rows != 4 || sum != 10 {
			t.Errorf("%d rows of %d, %v; want 4 of 10", rows, sum, err)
		}
	})
}

// TestAFileIsLetGo: what prepared statements were for can be copied and removed when its database was closed.
func TestAFileIsLetGo(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "test.db")
	db, err := open(t.Context(), "sqlite:"+path, openSQLite)
	if err != nil {
		t.Fatal(err)
	}
	run(t, db, "CREATE TABLE numbers (n bigint)")
	for n := range 4 {
		run(t, db, "INSERT INTO numbers VALUES (?)", n)
		if got := value[int](t, db, "SELECT COUNT(*) FROM numbers WHERE n <= ?", n); got != n+1 {
			t.Errorf("%d rows; want %d", got, n+1)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	left, err := filepath.Glob(path + "*")
	if err != nil || !slices.Equal(left, []string{path}) {
		t.Errorf("there are %v, %v; want the file alone", left, err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "copy.db"), content, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := value[int](t, openEmpty(t, "sqlite:"+filepath.Join(dir, "copy.db")), "SELECT COUNT(*) FROM numbers"); got != 4 {
		t.Errorf("the copy has %d rows; want 4", got)
	}
}

// TestATableChangesUnderPreparedStatements: another server has migrated.
func TestATableChangesUnderPreparedStatements(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, url string) {
		db, other := openEmpty(t, url), openEmpty(t, url)
		run(t, other, "CREATE TABLE things (id bigint, name varchar(20))")
		columns := func(query string, want ...string) {
			t.Helper()
			rows, err := db.Read.Query(query, 1)
			if err != nil {
				t.Fatalf("%s: %v", query, err)
			}
			defer rows.Close()
			names, err := rows.Columns()
			if err != nil || !slices.Equal(names, want) {
				t.Errorf("%s: %v, %v; want %v", query, names, err, want)
			}
			n := 0
			for ; rows.Next(); n++ {
				got := make([]sql.NullString, len(names))
				into := make([]any, len(names))
				for i := range got {
					into[i] = &got[i]
				}
				if err := rows.Scan(into...); err != nil || got[0].String == "" || len(got) > 2 && got[2].String != "7" {
					t.Errorf("%s: %v, %v", query, got, err)
				}
			}
			if err := rows.Err(); err != nil || n == 0 {
				t.Errorf("%s: %d rows, %v", query, n, err)
			}
		}
		db.Read.SetMaxOpenConns(1)
		uses := func(want ...string) {
			t.Helper()
			for range 3 {
				run(t, db, "INSERT INTO things (id, name) VALUES (?, 'some')", 1)
				columns("SELECT id, name FROM things WHERE id = ?", "id", "name")
				columns("SELECT * FROM things WHERE id = ?", want...)
			}
		}
		uses("id", "name")
		run(t, other, "ALTER TABLE things ADD COLUMN more int NOT NULL DEFAULT 7")
		uses("id", "name", "more")
		run(t, other, "CREATE INDEX things_id ON things (id)")
		uses("id", "name", "more")
		run(t, other, "ALTER TABLE things RENAME COLUMN more TO less")
		uses("id", "name", "less")
	})
}

// TestAStatementThatIsWrong fails as often as it is asked for, and the connection goes on.
func TestAStatementThatIsWrong(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, url string) {
		_, conn := openOne(t, url)
		var first error
		for i := range 3 {
			_, err := conn.QueryContext(t.Context(), "SELECT n FROM nowhere WHERE n=?", 1) //nolint:rowserrcheck,sqlclosecheck // there are no rows
			if first == nil {
				first = err
			}
			if err == nil || err.Error() != first.Error() {
				t.Errorf("time %d: %v; want %v", i+1, err, first)
			}
		}
		echo(t, conn, "SELECT ?", 7)
	})
}
