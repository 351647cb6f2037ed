package testworld

import (
	"context"
	stdsql "database/sql"
	"sync/atomic"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
)

// counter is a driver that counts the statements it passes on.
type counter struct {
	*sql.Driver
	n atomic.Int64
}

func (c *counter) Query(ctx context.Context, query string, args, v any) error {
	c.n.Add(1)
	return c.Driver.Query(ctx, query, args, v)
}

func (c *counter) Exec(ctx context.Context, query string, args, v any) error {
	c.n.Add(1)
	return c.Driver.Exec(ctx, query, args, v)
}

// QueryContext serves statements written by hand.
func (c *counter) QueryContext(ctx context.Context, query string, args ...any) (*stdsql.Rows, error) {
	c.n.Add(1)
	return c.Driver.DB().QueryContext(ctx, query, args...)
}

var _ dialect.Driver = (*counter)(nil)
