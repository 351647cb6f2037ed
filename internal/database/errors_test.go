package database

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
)

func TestIsDuplicate(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, url string) {
		db := openEmpty(t, url)
		run(t, db, "CREATE TABLE owners (id int PRIMARY KEY, email varchar(50) NOT NULL UNIQUE)")
		run(t, db, "CREATE TABLE pets (id int PRIMARY KEY, owner int NOT NULL, FOREIGN KEY (owner) REFERENCES owners (id))")
		run(t, db, "INSERT INTO owners VALUES (1, 'a@example.com')")
		for statement, want := range map[string]bool{
			"INSERT INTO owners VALUES (1, 'b@example.com')": true,
			"INSERT INTO owners VALUES (2, 'a@example.com')": true,
			"INSERT INTO owners VALUES (2, NULL)":            false,
			"INSERT INTO pets VALUES (1, 7)":                 false,
			"INSERT INTO nowhere VALUES (1)":                 false,
		} {
			_, err := db.Write.Exec(statement)
			if err == nil {
				t.Fatalf("%s succeeded", statement)
			}
			if got := IsDuplicate(fmt.Errorf("wrapped: %w", err)); got != want {
				t.Errorf("IsDuplicate(%v) = %t; want %t", err, got, want)
			}
			if IsBusy(err) {
				t.Errorf("IsBusy(%v) = true; want false", err)
			}
		}
	})
}

func TestIsBusyByNumber(t *testing.T) {
	t.Parallel()
	for number, want := range map[uint16]bool{
		1213: true, 1205: true, 1020: true, 3572: true, 9007: true, 8022: true, 8028: true,
		1062: false, 1064: false, 1452: false,
	} {
		err := fmt.Errorf("wrapped: %w", &mysql.MySQLError{Number: number})
		if got := IsBusy(err); got != want {
			t.Errorf("IsBusy(%d) = %t; want %t", number, got, want)
		}
	}
	for _, err := range []error{nil, sql.ErrNoRows, errors.New("Error 1213: Deadlock found"), context.Canceled} {
		if IsBusy(err) || IsDuplicate(err) {
			t.Errorf("%v counts as busy or duplicate", err)
		}
	}
}

func TestIsBusyOnDeadlock(t *testing.T) {
	t.Parallel()
	db := openEmpty(t, emptyMariaDB(t))
	run(t, db, "CREATE TABLE t (id int PRIMARY KEY, n int NOT NULL)")
	run(t, db, "INSERT INTO t VALUES (1, 0), (2, 0)")
	one, two := begin(t, db), begin(t, db)
	update := func(tx *sql.Tx, id int) error {
		_, err := tx.Exec("UPDATE t SET n = n + 1 WHERE id = ?", id)
		return err
	}
	if err := errors.Join(update(one, 1), update(two, 2)); err != nil {
		t.Fatal(err)
	}
	first := make(chan error, 1)
	go func() { first <- update(one, 2) }()
	err := errors.Join(update(two, 1), <-first)
	if !IsBusy(err) || !strings.Contains(err.Error(), "1213") {
		t.Errorf("IsBusy(%v) = false; want a deadlock, and true", err)
	}
}

func TestIsBusyOnLockTimeout(t *testing.T) {
	t.Parallel()
	db := openEmpty(t, emptyMariaDB(t))
	run(t, db, "CREATE TABLE t (id int PRIMARY KEY)")
	one, two := begin(t, db), begin(t, db)
	if _, err := one.Exec("INSERT INTO t VALUES (1)"); err != nil {
		t.Fatal(err)
	}
	if _, err := two.Exec("SET innodb_lock_wait_timeout = 1"); err != nil {
		t.Fatal(err)
	}
	if _, err := two.Exec("INSERT INTO t VALUES (1)"); !IsBusy(err) {
		t.Errorf("IsBusy(%v) = false; want true", err)
	}
}

func TestIsBusyOnSQLite(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "test.db")
	db := openEmpty(t, "sqlite:"+path)
	run(t, db, "CREATE TABLE t (id int)")
	begin(t, db)
	impatient, err := sqlitePool(path, url.Values{"_pragma": {"busy_timeout(1)"}, "_txlock": {"immediate"}}, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer impatient.Close()
	if _, err := impatient.Begin(); !IsBusy(err) {
		t.Errorf("a second writer: IsBusy(%v) = false; want true", err)
	}
	// A transaction that read before another one wrote cannot write any more.
	stale, err := impatient.BeginTx(context.Background(), &sql.TxOptions{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer stale.Rollback()
	if err := stale.QueryRow("SELECT COUNT(*) FROM t").Scan(new(int)); err != nil {
		t.Fatal(err)
	}
	if _, err := stale.Exec("INSERT INTO t VALUES (1)"); !IsBusy(err) {
		t.Errorf("a stale snapshot: IsBusy(%v) = false; want true", err)
	}
}

// TestStatementLimit sees the server give up on a statement before the
// client's own timeout would.
func TestStatementLimit(t *testing.T) {
	t.Parallel()
	db := openEmpty(t, emptyMariaDB(t))
	start := time.Now()
	_, err := db.Read.Exec("SELECT SLEEP(20) FROM information_schema.schemata")
	var failed *mysql.MySQLError
	if took := time.Since(start); !errors.As(err, &failed) || took > 9*time.Second {
		t.Errorf("after %v: %v; want the server's error after about 5 s", took, err)
	}
}

func begin(t *testing.T, db *DB) *sql.Tx {
	t.Helper()
	tx, err := db.Write.Begin()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tx.Rollback() })
	return tx
}

func TestADatabaseThatIsAway(t *testing.T) {
	t.Parallel()
	for err, want := range map[error]bool{
		driver.ErrBadConn:    true,
		mysql.ErrInvalidConn: true,
		&net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}: true,
		&mysql.MySQLError{Number: 1040}:                                             true,
		&mysql.MySQLError{Number: 1053}:                                             true,
		&mysql.MySQLError{Number: 1114}:                                             true,
		&mysql.MySQLError{Number: 1062}:                                             false,
		errors.New("anything else"):                                                 false,
	} {
		if got := IsAway(fmt.Errorf("wrapped: %w", err)); got != want {
			t.Errorf("IsAway(%v) = %t; want %t", err, got, want)
		}
	}
}
