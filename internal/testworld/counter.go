package testworld

import (
	"context"
	stdsql "database/sql"
	"sync"
	"sync/atomic"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
)

// counter is a driver that counts the statements it passes on, and keeps them while somebody wants to look at them.
type counter struct {
	*sql.Driver
	n    atomic.Int64
	mu   sync.Mutex
	kept *[]Statement
}

// Statement is one that a read took.
type Statement struct {
	SQL  string
	Args []any
}

// Reads returns the statements that reads took while f ran.
func (w *World) Reads(f func()) []Statement {
	var kept []Statement
	w.reads.keep(&kept)
	f()
	w.reads.keep(nil)
	return kept
}

func (c *counter) keep(to *[]Statement) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.kept = to
}

func (c *counter) note(query string, args any) {
	c.n.Add(1)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.kept != nil {
		list, _ := args.([]any)
		*c.kept = append(*c.kept, Statement{query, list})
	}
}

func (c *counter) Query(ctx context.Context, query string, args, v any) error {
	c.note(query, args)
	return c.Driver.Query(ctx, query, args, v)
}

func (c *counter) Exec(ctx context.Context, query string, args, v any) error {
	c.note(query, args)
	return c.Driver.Exec(ctx, query, args, v)
}

// QueryContext serves statements written by hand.
func (c *counter) QueryContext(ctx context.Context, query string, args ...any) (*stdsql.Rows, error) {
	c.note(query, args)
	return c.Driver.DB().QueryContext(ctx, query, args...)
}

var _ dialect.Driver = (*counter)(nil)
