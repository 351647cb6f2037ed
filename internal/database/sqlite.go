package database

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"entgo.io/ent/dialect"
	"modernc.org/sqlite"
)

// openSQLite opens the database file at path, creating it when it does not
// exist. Its directory must exist.
func openSQLite(ctx context.Context, path string) (*DB, error) {
	if err := prepareFile(path); err != nil {
		return nil, err
	}
	writer, err := sqlitePool(path, url.Values{
		"_pragma": {"busy_timeout(5000)", "foreign_keys(1)", "journal_mode(WAL)", "synchronous(FULL)"},
		"_txlock": {"immediate"},
	}, 1)
	if err != nil {
		return nil, err
	}
	// The writer goes first: it turns the file to write-ahead logging.
	if err := pingPatiently(ctx, writer); err != nil {
		return nil, errors.Join(err, writer.Close())
	}
	reader, err := sqlitePool(path, url.Values{
		"_pragma":     {"busy_timeout(5000)", "foreign_keys(1)"},
		"_query_only": {"1"},
	}, max(4, runtime.GOMAXPROCS(0)))
	if err != nil {
		return nil, errors.Join(err, writer.Close())
	}
	return &DB{
		Dialect: dialect.SQLite,
		Write:   writer,
		Read:    reader,
		connect: func() (*sql.DB, error) {
			// Foreign keys are off because a change that SQLite's ALTER TABLE
			// cannot make rebuilds the table, and dropping the old one would
			// delete the rows that refer to it. migrateSQLite checks them.
			return sqlitePool(path, url.Values{
				"_pragma": {"busy_timeout(60000)", "foreign_keys(0)", "synchronous(FULL)"},
				"_txlock": {"immediate"},
			}, 1)
		},
	}, nil
}

// inspectSQLite opens the database file at path to read it. It is not opened
// read-only: SQLite would leave the files beside it that a log needs.
func inspectSQLite(ctx context.Context, path string) (*DB, error) {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no database at %s", path)
	}
	connect := func() (*sql.DB, error) {
		return sqlitePool(path, url.Values{
			"mode":        {"rw"}, // no file is made
			"_pragma":     {"busy_timeout(5000)", "foreign_keys(1)", "synchronous(FULL)"},
			"_query_only": {"1"},
		}, max(4, runtime.GOMAXPROCS(0)))
	}
	pool, err := connect()
	if err != nil {
		return nil, err
	}
	if err := pool.PingContext(ctx); err != nil {
		return nil, errors.Join(err, pool.Close())
	}
	return &DB{Dialect: dialect.SQLite, Write: pool, Read: pool, connect: connect}, nil
}

// pingPatiently connects. SQLite does not wait its turn when several
// connections change a new file to write-ahead logging at once, so we do.
func pingPatiently(ctx context.Context, pool *sql.DB) error {
	for start := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		err := pool.PingContext(ctx)
		if !IsBusy(err) || time.Since(start) > 5*time.Second {
			return err
		}
	}
}

// prepareFile makes sure that the database file exists and that only its
// owner may read it, as it holds what people entrusted to us.
func prepareFile(path string) error {
	if path == "" {
		return errors.New("the URL names no file; expected sqlite:PATH")
	}
	if strings.ContainsRune(path, 0) {
		return errors.New("the file name holds a NUL character")
	}
	dir := filepath.Dir(path)
	if info, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("the directory %s does not exist: create it first", dir)
	} else if err != nil {
		return err
	} else if !info.IsDir() {
		return fmt.Errorf("%s is not a directory", dir)
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

// sqlitePool returns a pool of at most size connections to the file at path.
//
// Times are stored as whole microseconds since 1970 (UTC). Numbers compare
// and sort in the order of time, which text with a varying number of decimals
// only does by luck, and the driver cuts off what MySQL would not store
// either. They come back as time.Time in UTC from columns declared
// "datetime", exactly so spelled; the result of an expression such as
// MAX(created_at) has no declared type and comes back as the number.
func sqlitePool(path string, params url.Values, size int) (*sql.DB, error) {
	params.Set("_time_integer_format", "unix_micro")
	params.Set("_inttotime", "1")
	params.Set("_error_rc", "1")
	escaped := strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(path)
	pool := sql.OpenDB(preparing{sqliteConnector("file:" + escaped + "?" + params.Encode())})
	pool.SetMaxOpenConns(size)
	pool.SetMaxIdleConns(size)
	return pool, nil
}

// sqliteConnector opens a file by its name, with parameters.
type sqliteConnector string

var sqliteDriver = new(sqlite.Driver)

// Connect implements driver.Connector.
func (name sqliteConnector) Connect(context.Context) (driver.Conn, error) {
	return sqliteDriver.Open(string(name))
}

// Driver implements driver.Connector.
func (name sqliteConnector) Driver() driver.Driver { return sqliteDriver }
