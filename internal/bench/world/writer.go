package world

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"entgo.io/ent/dialect"

	"mandate/internal/database"
)

// parameters is how many values a statement has at most. SQLite takes 32,766, and servers twice as many.
const parameters = 16_000

// writer fills tables by one connection of its own, many rows a statement. What its rows refer to is not looked up, on SQLite
// neither.
type writer struct {
	pool   *sql.DB
	server bool     // and no file
	tables []string // that were filled
}

// newWriter connects. The caller closes the pool.
func newWriter(ctx context.Context, db *database.DB) (*writer, error) {
	pool, err := db.Patient()
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	pool.SetMaxOpenConns(1)
	w := &writer{pool: pool, server: db.Dialect != dialect.SQLite}
	if !w.server {
		return w, nil
	}
	if _, err := pool.ExecContext(ctx, "SET foreign_key_checks=0"); err != nil {
		_ = pool.Close()
		return nil, err
	}
	return w, nil
}

// fill writes n rows to a table, in one transaction.
func (w *writer) fill(ctx context.Context, table, columns string, n int, row func(i int) []any) error {
	tx, err := w.pool.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("fill %s: %w", table, err)
	}
	defer tx.Rollback()
	most := parameters / (strings.Count(columns, ",") + 1)
	if err := insert(ctx, tx, table, columns, 0, n/most*most, most, row); err != nil {
		return err
	}
	if err := insert(ctx, tx, table, columns, n/most*most, n, n%most, row); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("fill %s: %w", table, err)
	}
	w.tables = append(w.tables, table)
	return nil
}

// insert writes the rows from one up to another, each statement as many.
func insert(ctx context.Context, tx *sql.Tx, table, columns string, from, to, each int, row func(i int) []any) error {
	if from == to {
		return nil
	}
	one := "(?" + strings.Repeat(",?", strings.Count(columns, ",")) + ")"
	statement, err := tx.PrepareContext(ctx, "INSERT INTO "+table+" ("+columns+") VALUES "+one+strings.Repeat(","+one, each-1))
	if err != nil {
		return fmt.Errorf("fill %s: %w", table, err)
	}
	defer statement.Close()
	args := make([]any, 0, parameters)
	for ; from < to; from += each {
		args = args[:0]
		for i := range each {
			args = append(args, row(from+i)...)
		}
		if _, err := statement.ExecContext(ctx, args...); err != nil {
			return fmt.Errorf("fill %s: %w", table, err)
		}
	}
	return nil
}

// analyze lets a server look at the tables now, as it does now and then by itself. The product keeps no statistics in SQLite.
func (w *writer) analyze(ctx context.Context) error {
	if !w.server {
		return nil
	}
	if _, err := w.pool.ExecContext(ctx, "ANALYZE TABLE "+strings.Join(w.tables, ", ")); err != nil {
		return fmt.Errorf("analyze: %w", err)
	}
	return nil
}
