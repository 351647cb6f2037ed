package floor

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// pool keeps connections, each with the statements that were prepared on it: a statement is parsed once a connection, and a
// request takes one connection for all of its statements.
type pool struct {
	db    *sql.DB
	setUp string     // the first statement on a connection; "" for none
	idle  chan *conn // nil stands for a connection that is not open yet
}

// conn is a connection with its prepared statements, by their texts.
type conn struct {
	*sql.Conn
	prepared map[string]*sql.Stmt
}

func newPool(db *sql.DB, setUp string) *pool {
	p := &pool{db, setUp, make(chan *conn, db.Stats().MaxOpenConnections)}
	for range cap(p.idle) {
		p.idle <- nil
	}
	return p
}

// take waits for a connection.
func (p *pool) take(ctx context.Context) (*conn, error) {
	select {
	case c := <-p.idle:
		if c != nil {
			return c, nil
		}
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	c, err := p.connect(ctx)
	if err != nil {
		p.idle <- nil
	}
	return c, err
}

func (p *pool) connect(ctx context.Context) (*conn, error) {
	c, err := p.db.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	if p.setUp != "" {
		if _, err := c.ExecContext(ctx, p.setUp); err != nil {
			return nil, errors.Join(err, c.Close())
		}
	}
	return &conn{c, make(map[string]*sql.Stmt)}, nil
}

// give takes a connection back. After an error it is closed: who knows in which state it is.
func (p *pool) give(c *conn, err error) {
	if err != nil {
		_ = c.Close()
		c = nil
	}
	p.idle <- c
}

// close closes the connections once they are idle.
func (p *pool) close() error {
	var err error
	for range cap(p.idle) {
		if c := <-p.idle; c != nil {
			err = errors.Join(err, c.Close())
		}
	}
	return err
}

func (c *conn) prepare(ctx context.Context, query string) (*sql.Stmt, error) {
	if s := c.prepared[query]; s != nil {
		return s, nil
	}
	s, err := c.PrepareContext(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("prepare %s: %w", query, err)
	}
	c.prepared[query] = s
	return s, nil
}

// query runs a statement and hands its rows to scan.
func (c *conn) query(ctx context.Context, query string, args []any, scan func(*sql.Rows) error) error {
	s, err := c.prepare(ctx, query) //nolint:sqlclosecheck // it is kept for as long as the connection
	if err != nil {
		return err
	}
	rows, err := s.QueryContext(ctx, args...)
	if err != nil {
		return fmt.Errorf("%s: %w", query, err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// exec runs a statement that writes.
func (c *conn) exec(ctx context.Context, query string, args ...any) error {
	s, err := c.prepare(ctx, query) //nolint:sqlclosecheck // it is kept for as long as the connection
	if err != nil {
		return err
	}
	if _, err := s.ExecContext(ctx, args...); err != nil {
		return fmt.Errorf("%s: %w", query, err)
	}
	return nil
}

// transaction runs f in one transaction.
func (c *conn) transaction(ctx context.Context, begin string, f func() error) error {
	if _, err := c.ExecContext(ctx, begin); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	if err := f(); err != nil {
		_, _ = c.ExecContext(context.WithoutCancel(ctx), "ROLLBACK") // what went wrong is what the caller hears of
		return err
	}
	if _, err := c.ExecContext(ctx, "COMMIT"); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}
