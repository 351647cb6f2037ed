package database

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"strings"

	"ariga.io/atlas/sql/migrate"
	"github.com/go-sql-driver/mysql"
)

// doubt is the connection on which migration files are applied. When the
// process that applied a file was killed, nobody knows whether the statement
// it had in hand was carried out, for MySQL commits each before it can be
// noted. That statement is sent again, and what shows that it was carried out
// is no error.
type doubt struct {
	querier
	inDoubt bool // the next statement
}

// ExecContext implements querier.
func (d *doubt) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	inDoubt := d.inDoubt
	d.inDoubt = false
	result, err := d.querier.ExecContext(ctx, query, args...)
	if err != nil && inDoubt && isRepeated(query, err) {
		return driver.RowsAffected(0), nil
	}
	return result, err
}

// isRepeated reports whether err says that a statement of a migration was
// carried out before.
func isRepeated(query string, err error) bool {
	var my *mysql.MySQLError
	if !errors.As(err, &my) {
		return false
	}
	verb, _, _ := strings.Cut(strings.ToUpper(strings.TrimSpace(query)), " ")
	switch my.Number {
	case 1050: // the table is there
		return verb == "CREATE"
	case 1051: // the table is not there
		return verb == "DROP"
	case 1060, 1061, 1826, // the column, the index, the foreign key is there
		1091, 1054: // what is to go, or to be renamed, is not there
		return verb == "ALTER"
	case 1062: // the row is there
		return verb == "INSERT"
	}
	return false
}

// interrupted reports whether a process was killed while it applied a file. One
// that fails notes why.
func (m *migration) interrupted(ctx context.Context, file migrate.File) (bool, error) {
	r, err := m.revisions.ReadRevision(ctx, file.Version())
	if errors.Is(err, migrate.ErrRevisionNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return r.Applied < r.Total && r.Error == "", nil
}
