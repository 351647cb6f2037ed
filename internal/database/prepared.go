package database

import (
	"context"
	"database/sql/driver"
	"unique"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// Most of what a server asks is asked again and again, with other arguments. A connection prepares a statement when it is
// asked for the second time, and keeps it: from then on it is not parsed any more.
const (
	mostPrepared   = 100      // of a connection; the server keeps 16,382 of all its clients together, unless told otherwise
	longestWatched = 64 << 10 // bytes; a longer statement is seldom asked for twice
	// mostText is the bytes of the texts of a connection. MariaDB takes up to 70 times as much memory for statements of many
	// parts, and whoever asks for lists below ever more rows chooses how many there are.
	mostText = 256 << 10
)

// preparing is a connector whose connections keep the statements that they are asked for often.
type preparing struct{ driver.Connector }

// Connect connects.
func (p preparing) Connect(ctx context.Context) (driver.Conn, error) {
	c, err := p.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	prepared := &preparedConn{conn: c.(conn)}
	prepared.kept, err = simplelru.NewLRU(mostPrepared, func(t text, s driver.Stmt) {
		prepared.size -= len(t.Value())
		if s != nil {
			_ = s.Close() // whether it is forgotten there too changes nothing here
		}
	})
	return prepared, err
}

// conn is what the drivers' connections can do.
type conn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.Pinger
	driver.QueryerContext
	driver.SessionResetter
	driver.Validator
}

// text is the text of a statement, which all connections share.
type text = unique.Handle[string]

// preparedConn is a connection with its statements by their texts; nil stands for one that was asked for once.
type preparedConn struct {
	conn
	kept *simplelru.LRU[text, driver.Stmt]
	size int // bytes of their texts
}

// statement returns the prepared statement of a text; nil when it is to be sent as it is, arguments and all.
func (c *preparedConn) statement(ctx context.Context, query string) driver.Stmt {
	if len(query) > longestWatched {
		return nil
	}
	key := unique.Make(query)
	s, seen := c.kept.Get(key)
	if s == nil && seen {
		// The server may have too many already: sent as it is, the statement says what is wrong with it, if anything is.
		// What a driver returns beside an error need not be nil.
		if prepared, err := c.PrepareContext(ctx, query); err == nil {
			s = prepared
		}
	}
	if !seen {
		c.size += len(query)
	}
	if s != nil || !seen {
		c.kept.Add(key, s)
	}
	for c.size > mostText {
		c.kept.RemoveOldest()
	}
	return s
}

// QueryContext runs a statement that has rows.
func (c *preparedConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if s := c.statement(ctx, query); s != nil {
		return s.(driver.StmtQueryContext).QueryContext(ctx, args)
	}
	return c.conn.QueryContext(ctx, query, args)
}

// ExecContext runs a statement that has none. One without arguments is about tables or the connection, and seldom asked for twice.
func (c *preparedConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if len(args) > 0 {
		if s := c.statement(ctx, query); s != nil {
			return s.(driver.StmtExecContext).ExecContext(ctx, args)
		}
	}
	return c.conn.ExecContext(ctx, query, args)
}

// Close forgets the statements first: SQLite does not let go of a file that one of them is for.
func (c *preparedConn) Close() error {
	c.kept.Purge()
	return c.conn.Close()
}

// CheckNamedValue leaves the arguments to a driver that looks at them itself.
func (c *preparedConn) CheckNamedValue(v *driver.NamedValue) error {
	if checker, ok := c.conn.(driver.NamedValueChecker); ok {
		return checker.CheckNamedValue(v)
	}
	return driver.ErrSkip
}
