package database

import (
	"database/sql"
	"fmt"
	"mandate/internal/testdb/mariadb"
	"strings"
	"testing"
)

// TestMoreStatementsThanAreKept: those that were not asked for lately make room.
func TestMoreStatementsThanAreKept(t *testing.T) {
	t.Parallel()
	text := func(n int) string { return fmt.Sprintf("SELECT ? + 0 -- %d", n) }
	many := func(t *testing.T, conn *sql.Conn) {
		for n := range mostPrepared + 50 {
			echo(t, conn, text(n), int64(n))
			echo(t, conn, text(n), int64(-n))
		}
		look(t, conn, func(c *preparedConn) {
			if got := c.kept.Len(); got != mostPrepared {
				t.Errorf("%d are kept; want %d", got, mostPrepared)
			}
		})
		for n, want := range map[int]string{0: "new", 49: "new", 50: "prepared", mostPrepared + 49: "prepared"} {
			if got := kept(t, conn, text(n)); got != want {
				t.Errorf("statement %d is %s; want it %s", n, got, want)
			}
		}
		echo(t, conn, text(0), 5)
		echo(t, conn, text(0), 6)
	}
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		_, conn := openOne(t, emptySQLite(t))
		many(t, conn)
	})
	t.Run("mariadb", func(t *testing.T) {
		t.Parallel()
		own := ownServer(t)
		db, watcher := openOne(t, own)
		conn := connectionOf(t, db.Write)
		many(t, conn)
		if got := status(t, watcher, "GLOBAL", "Prepared_stmt_count"); got != mostPrepared {
			t.Errorf("the server keeps %d; want %d", got, mostPrepared)
		}
	})
}

// ownServer starts a MariaDB server that no other test asks.
func ownServer(t *testing.T) string {
	t.Helper()
	s, err := mariadb.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Stop() })
	return s.URL("mysql")
}

// TestAServerThatPreparesNoMore is still asked, and asked to prepare again when it may.
func TestAServerThatPreparesNoMore(t *testing.T) {
	t.Parallel()
	db, conn := openOne(t, ownServer(t))
	const before, during = "SELECT ? + 0", "SELECT ? - 0"
	echo(t, conn, before, 1)
	echo(t, conn, before, 2)
	run(t, db, "SET GLOBAL max_prepared_stmt_count=0")
	for n := range int64(4) {
		echo(t, conn, before, n)
		echo(t, conn, during, n)
		if got := kept(t, conn, during); got != "seen" {
			t.Errorf("it is %s; want it seen", got)
		}
	}
	run(t, db, "SET GLOBAL max_prepared_stmt_count=100")
	echo(t, conn, during, 7)
	for _, text := range []string{before, during} {
		if got := kept(t, conn, text); got != "prepared" {
			t.Errorf("%s is %s; want it prepared", text, got)
		}
	}
	var wrong *sql.Rows
	for range 3 {
		var err error
		if wrong, err = conn.QueryContext(t.Context(), "SELECT nothing FROM nowhere WHERE n = ?", 1); err == nil || !strings.Contains(err.Error(), "nowhere") {
			t.Errorf("%v, %v; want to be told what is wrong", wrong, err)
		}
	}
}
