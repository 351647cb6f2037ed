package database

import (
	"database/sql/driver"
	"errors"
	"net"

	"github.com/go-sql-driver/mysql"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

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

// IsAway reports whether err says that the database cannot be reached, or does not take the connection.
func IsAway(err error) bool {
	var network *net.OpError
	var my *mysql.MySQLError
	switch {
	case errors.Is(err, driver.ErrBadConn), errors.Is(err, mysql.ErrInvalidConn), errors.As(err, &network):
		return true
	case errors.As(err, &my):
		return my.Number == 1040 || my.Number == 1053 || my.Number == 1077 // too many connections; it stops
	}
	return false
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
