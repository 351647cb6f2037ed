package database

import (
	"database/sql/driver"
	"errors"
	"net"
	"strings"

	"github.com/go-sql-driver/mysql"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// Wording is the text of an error without the values that a statement held,
// which MySQL repeats in its messages and which may be anybody's.
func Wording(err error) string {
	text := err.Error()
	var my *mysql.MySQLError
	if !errors.As(err, &my) {
		return text
	}
	return strings.ReplaceAll(text, my.Message, withoutValue(my.Message))
}

// withoutValue cuts the value out of a message such as "Duplicate entry 'x'
// for key 'y'". Names of the schema, in quotes too, stay.
func withoutValue(message string) string {
	before, _, quoted := strings.Cut(message, "'")
	for _, name := range []string{"column ", "Table ", "key "} {
		quoted = quoted && !strings.HasSuffix(before, name)
	}
	if !quoted {
		return message
	}
	for _, place := range []string{" for key ", " for column "} {
		if i := strings.LastIndex(message, place); i > len(before) {
			return before + "…" + message[i:]
		}
	}
	return before + "…"
}

// IsBusy reports whether err says that a transaction lost against another
// one, so that rolling it back and running the whole of it again may succeed.
// Running only the failed statement again would be wrong: after a lock
// timeout MySQL keeps the transaction open without that statement.
func IsBusy(err error) bool {
	var my *mysql.MySQLError
	if errors.As(err, &my) {
		switch my.Number {
		case 1213, // deadlock
			1205, // lock wait timeout
			1020, // MariaDB: the row changed since it was read
			3572, // NOWAIT and the row is locked
			9007, // TiDB: write conflict
			8022, // TiDB: commit failed, to be retried
			8028: // TiDB: the schema changed meanwhile
			return true
		}
	}
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		// The low byte is the kind; the rest tells SQLITE_BUSY_SNAPSHOT,
		// SQLITE_LOCKED_SHAREDCACHE and so on apart.
		kind := lite.Code() & 0xff
		return kind == sqlite3.SQLITE_BUSY || kind == sqlite3.SQLITE_LOCKED
	}
	return false
}

// IsAway reports whether err says that the database cannot be reached, does not
// take the connection, has no room for what is to be written, or ended a
// statement that took too long.
func IsAway(err error) bool {
	var network *net.OpError
	var my *mysql.MySQLError
	var lite *sqlite.Error
	switch {
	case errors.Is(err, driver.ErrBadConn), errors.Is(err, mysql.ErrInvalidConn), errors.As(err, &network):
		return true
	case errors.As(err, &my):
		switch my.Number {
		case 1040, // too many connections
			1053, 1077, // it stops
			1021, 1114, // the disk or the table is full
			1969, 3024: // the statement took longer than it may
			return true
		}
	case errors.As(err, &lite):
		kind := lite.Code() & 0xff
		return kind == sqlite3.SQLITE_FULL || kind == sqlite3.SQLITE_IOERR
	}
	return false
}

// IsDenied reports whether err says that the database user may not do that to
// a table.
func IsDenied(err error) bool {
	var my *mysql.MySQLError
	return errors.As(err, &my) && (my.Number == 1142 || my.Number == 1143) // the table, a column of it
}

// IsDuplicate reports whether err says that a row would repeat the value of a
// unique key or of the primary key.
func IsDuplicate(err error) bool {
	var my *mysql.MySQLError
	if errors.As(err, &my) {
		return my.Number == 1062
	}
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		switch lite.Code() {
		case sqlite3.SQLITE_CONSTRAINT_UNIQUE,
			sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY,
			sqlite3.SQLITE_CONSTRAINT_ROWID:
			return true
		}
	}
	return false
}
