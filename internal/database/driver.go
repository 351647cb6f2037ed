package database

import (
	"context"
	"database/sql"
	"fmt"

	"ariga.io/atlas/sql/migrate"
)

// atlasDriver is what the executor of migration files needs of a database. Atlas's
// own drivers also plan schema changes, and read descriptions of schemas:
// they would make up a tenth of the program.
type atlasDriver struct {
	migrate.Driver // nil: the executor calls nothing else
	conn           querier
	sqlite         bool
}

var _ migrate.StmtScanner = (*atlasDriver)(nil)

// ScanStmts tells the statements of a file apart.
func (d *atlasDriver) ScanStmts(file string) ([]*migrate.Stmt, error) {
	scanner := migrate.Scanner{ScannerOptions: migrate.ScannerOptions{
		MatchBegin: true, BackslashEscapes: !d.sqlite, HashComments: !d.sqlite,
	}}
	return scanner.Scan(file)
}

// ExecContext carries a statement out.
func (d *atlasDriver) ExecContext(ctx context.Context, statement string, args ...any) (sql.Result, error) {
	return d.conn.ExecContext(ctx, statement, args...)
}

// CheckClean fails when the database holds tables other than that of the
// revisions. It is asked when no revision was recorded.
func (d *atlasDriver) CheckClean(ctx context.Context, revisions *migrate.TableIdent) error {
	query := "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name <> ? LIMIT 1"
	if d.sqlite {
		query = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!' AND name <> ? LIMIT 1"
	}
	rows, err := d.conn.QueryContext(ctx, query, revisions.Name)
	if err != nil {
		return err
	}
	defer rows.Close()
	if !rows.Next() {
		return rows.Err()
	}
	var name string
	if err := rows.Scan(&name); err != nil {
		return err
	}
	return fmt.Errorf("the database is neither empty nor ours: it has the table %s", name)
}
