package database

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"entgo.io/ent/dialect"
)

func TestOpenRefusesBadURLs(t *testing.T) {
	t.Parallel()
	for rawURL, want := range map[string]string{
		"":                                        "empty",
		"postgres://app:s3cret@db/mandate":        "unknown form",
		"/var/lib/mandate.db":                     "unknown form",
		"sqlite:":                                 "names no file",
		"sqlite:" + t.TempDir() + "/no/mandate":   "create it first",
		"mysql://db/mandate":                      "names no user",
		"mysql://app:s3cret@/mandate":             "names no host",
		"mysql://app:s3cret@db":                   "names no database",
		"mysql://app:s3cret@db/":                  "names no database",
		"mysql://app:s3cret@db/one/two":           "names no database",
		"mysql://app:s3cret/@db/mandate":          "does not parse",
		"mysql://app:s3cret%@db/mandate":          "does not parse",
		"mysql://app:s3cret@db:s3cret/mandate":    "does not parse",
		"mysql://app:s3cret@db/mandate?pass=1":    `unknown parameter "pass"`,
		"mysql://app:s3cret@db/mandate?%zz":       "parameters do not parse",
		"mysql://app:s3cret@db/mandate?tls=maybe": "maybe",
	} {
		_, err := Open(context.Background(), rawURL)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Open(%q) = %v; want an error with %q", rawURL, err, want)
		} else if strings.Contains(err.Error(), "s3cret") {
			t.Errorf("Open(%q) tells the password: %v", rawURL, err)
		}
	}
}

func TestMySQLConfig(t *testing.T) {
	t.Parallel()
	for rawURL, want := range map[string]string{
		"mysql://app:p%40ss%2Fw@db.example/mandate":         "app:p@ss/w@tcp(db.example:3306)/mandate",
		"mariadb://app@[::1]:3307/mandate":                  "app@tcp([::1]:3307)/mandate",
		"mysql://app@db/mandate?tls=true":                   "app@tcp(db:3306)/mandate",
		"mysql://app@localhost/mandate?socket=%2Frun%2Fm.s": "app@unix(/run/m.s)/mandate",
	} {
		config, err := mysqlConfig(rawURL)
		if err != nil {
			t.Errorf("mysqlConfig(%q): %v", rawURL, err)
			continue
		}
		if got, _, _ := strings.Cut(config.FormatDSN(), "?"); got != want {
			t.Errorf("mysqlConfig(%q) = %s; want %s", rawURL, got, want)
		}
	}
}

func TestSettingsFollowTheServer(t *testing.T) {
	t.Parallel()
	config, err := mysqlConfig("mysql://app@db/mandate")
	if err != nil {
		t.Fatal(err)
	}
	for version, want := range map[string]map[string]string{
		"10.11.14-MariaDB-0+deb12u2": {"max_statement_time": "5", "tx_isolation": "'READ-COMMITTED'"},
		"8.4.3":                      {"max_execution_time": "5000", "transaction_isolation": "'READ-COMMITTED'"},
		"8.0.11-TiDB-v8.5.0":         {"max_execution_time": "5000", "transaction_isolation": "'READ-COMMITTED'"},
	} {
		got := serving(config, version).Params
		for name, value := range want {
			if got[name] != value {
				t.Errorf("on %s %s = %q; want %s", version, name, got[name], value)
			}
		}
	}
}

func TestMySQLSession(t *testing.T) {
	t.Parallel()
	db := openEmpty(t, emptyMariaDB(t))
	if db.Dialect != dialect.MySQL || db.Read != db.Write {
		t.Errorf("dialect %s, one pool: %t; want %s and one", db.Dialect, db.Read == db.Write, dialect.MySQL)
	}
	for variable, want := range map[string]string{
		"time_zone":                "+00:00",
		"character_set_client":     "utf8mb4",
		"character_set_connection": "utf8mb4",
		"innodb_lock_wait_timeout": "3",
	} {
		if got := value[string](t, db, "SELECT @@session."+variable); got != want {
			t.Errorf("%s = %s; want %s", variable, got, want)
		}
	}
	version := value[string](t, db, "SELECT VERSION()")
	isolation := "SELECT @@session.transaction_isolation"
	if strings.Contains(version, "MariaDB") {
		isolation = "SELECT @@session.tx_isolation"
	}
	if got := value[string](t, db, isolation); got != "READ-COMMITTED" {
		t.Errorf("transactions are %s; want READ-COMMITTED", got)
	}
	limit := "SELECT @@session.max_execution_time / 1000"
	if strings.Contains(version, "MariaDB") {
		limit = "SELECT @@session.max_statement_time"
	}
	if got := value[float64](t, db, limit); got != 5 {
		t.Errorf("a statement may take %v seconds; want 5", got)
	}
	run(t, db, "CREATE TABLE narrow (name varchar(3))")
	if _, err := db.Write.Exec("INSERT INTO narrow VALUES ('four')"); err == nil {
		t.Error("the server cut off a value that does not fit")
	}
	run(t, db, "INSERT INTO narrow VALUES ('one')")
	result, err := db.Write.Exec("UPDATE narrow SET name = 'one'")
	if err != nil {
		t.Fatal(err)
	}
	if n, err := result.RowsAffected(); n != 1 || err != nil {
		t.Errorf("an update to the same value affects %d rows, %v; want 1", n, err)
	}
}

func TestSQLiteConnections(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "odd ?name #100%20.db")
	db := openEmpty(t, "sqlite:"+path)
	if db.Dialect != dialect.SQLite {
		t.Errorf("dialect %s; want %s", db.Dialect, dialect.SQLite)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file is %v, %v; want it private", info, err)
	}
	for query, want := range map[string]string{
		"PRAGMA journal_mode": "wal",
		"PRAGMA foreign_keys": "1",
		"PRAGMA busy_timeout": "5000",
		"PRAGMA query_only":   "1",
	} {
		if got := value[string](t, db, query); got != want {
			t.Errorf("a reader's %s = %s; want %s", query, got, want)
		}
	}
	writer := &DB{Read: db.Write}
	for query, want := range map[string]string{
		"PRAGMA foreign_keys": "1",
		"PRAGMA busy_timeout": "5000",
		"PRAGMA synchronous":  "2",
		"PRAGMA query_only":   "0",
	} {
		if got := value[string](t, writer, query); got != want {
			t.Errorf("the writer's %s = %s; want %s", query, got, want)
		}
	}
	if _, err := db.Read.Exec("CREATE TABLE t (id int)"); err == nil {
		t.Error("a reader could write")
	}
	run(t, db, "CREATE TABLE t (id int)")
	if n := value[int](t, db, "SELECT COUNT(*) FROM t"); n != 0 {
		t.Errorf("%d rows; want none", n)
	}
}
