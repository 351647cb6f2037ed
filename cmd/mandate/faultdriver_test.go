package main

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"strings"
	"sync"
	"syscall"

	"github.com/go-sql-driver/mysql"

	"mandate/internal/database"
)

// What goes wrong when a plan says so, besides the numbers of MySQL's errors.
const (
	kill = -1 // the process is killed, as by a power cut
	lose = -2 // the connection is lost
	trip = -3 // the program panics, before it writes a row
)

// plan says what goes wrong next, and where: at one of the steps of the transaction under a key, which are its statements,
// beginning with the one that takes the key, and its COMMIT, numbered from 1. Zero is nowhere.
type plan struct {
	Open  bool // steps are those of all transactions, as what strangers send has no key
	Step  int  // for trip the row
	After bool // else before it
	Fault int  // kill, lose, trip, or the number of an error of MySQL's
	Times int  // in as many transactions one after the other; 0 for one
}

// progress is what was done under keys, or by strangers, since the last plan was made.
type progress struct {
	Begun int      // transactions
	Steps []string // of the last one; by strangers of all
	rows  int
}

const takesKey = "INSERT INTO `idempotency_records`"

// faults makes things go wrong between the program and its database.
type faults struct {
	mu sync.Mutex
	plan
	progress
	left int // times that it still goes wrong
}

func (f *faults) prepare(p plan) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.plan, f.progress, f.left = p, progress{}, max(p.Times, 1)
}

func (f *faults) seen() progress {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.progress
}

// writes is told of every row that is about to be written.
func (f *faults) writes() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.rows++; f.Fault == trip && f.rows == f.Step {
		panic("injected")
	}
}

// step carries a step out, unless something goes wrong there.
func (f *faults) step(c *faultyConn, name string, do func() error) error {
	if strings.HasPrefix(name, takesKey) {
		c.keyed = true
	}
	f.mu.Lock()
	if !c.keyed && (!f.Open || !c.inside) {
		f.mu.Unlock()
		return do()
	}
	if strings.HasPrefix(name, takesKey) {
		f.Begun, f.Steps = f.Begun+1, nil
	}
	f.Steps = append(f.Steps, name)
	hit := f.Step == len(f.Steps) && f.left > 0 && f.Fault != trip
	if hit {
		f.left--
	}
	p := f.plan
	f.mu.Unlock()
	if !hit {
		return do()
	}
	if p.After {
		if err := do(); err != nil {
			return err
		}
	}
	switch p.Fault {
	case kill:
		_ = syscall.Kill(syscall.Getpid(), syscall.SIGKILL)
		select {}
	case lose:
		c.lost = true
		_ = c.Conn.Close()
		return mysql.ErrInvalidConn
	}
	return &mysql.MySQLError{Number: uint16(p.Fault), Message: "injected"}
}

// faulty returns the database with faults between it and its transactions.
func faulty(db *database.DB, f *faults) *database.DB {
	wrapped := *db
	wrapped.Write = sql.OpenDB(&faultyConnector{db.Write, f})
	wrapped.Write.SetMaxOpenConns(db.Write.Stats().MaxOpenConnections)
	wrapped.Write.SetMaxIdleConns(db.Write.Stats().MaxOpenConnections)
	if db.Read == db.Write {
		wrapped.Read = wrapped.Write
	}
	return &wrapped
}

// faultyConnector connects through another pool, whose connections it keeps for itself.
type faultyConnector struct {
	pool *sql.DB
	*faults
}

// Connect implements driver.Connector.
func (c *faultyConnector) Connect(ctx context.Context) (driver.Conn, error) {
	held, err := c.pool.Conn(ctx)
	if err != nil {
		return nil, err
	}
	conn := &faultyConn{held: held, faults: c.faults}
	err = held.Raw(func(raw any) error { conn.Conn = raw.(driver.Conn); return nil })
	return conn, err
}

// Driver implements driver.Connector.
func (c *faultyConnector) Driver() driver.Driver { return c.pool.Driver() }

// faultyConn is a connection on which every statement is prepared first, so that all go one way.
type faultyConn struct {
	driver.Conn
	held *sql.Conn
	*faults
	inside bool // a transaction
	keyed  bool // one under a key
	lost   bool
}

// PrepareContext implements driver.ConnPrepareContext.
func (c *faultyConn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	if c.lost {
		return nil, driver.ErrBadConn
	}
	s, err := c.Conn.(driver.ConnPrepareContext).PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	return &faultyStmt{s, c, query}, nil
}

// BeginTx implements driver.ConnBeginTx.
func (c *faultyConn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	if c.lost {
		return nil, driver.ErrBadConn
	}
	tx, err := c.Conn.(driver.ConnBeginTx).BeginTx(ctx, opts)
	if err != nil {
		return nil, err
	}
	c.inside, c.keyed = true, false
	return &faultyTx{tx, c}, nil
}

// ResetSession implements driver.SessionResetter.
func (c *faultyConn) ResetSession(ctx context.Context) error {
	if c.lost {
		return driver.ErrBadConn
	}
	return c.Conn.(driver.SessionResetter).ResetSession(ctx)
}

// IsValid implements driver.Validator.
func (c *faultyConn) IsValid() bool { return !c.lost && c.Conn.(driver.Validator).IsValid() }

// CheckNamedValue implements driver.NamedValueChecker.
func (c *faultyConn) CheckNamedValue(v *driver.NamedValue) error {
	if checker, ok := c.Conn.(driver.NamedValueChecker); ok {
		return checker.CheckNamedValue(v)
	}
	return driver.ErrSkip
}

// Close gives the connection back, unless it is lost.
func (c *faultyConn) Close() error {
	if !c.IsValid() {
		_ = c.held.Raw(func(any) error { return driver.ErrBadConn })
	}
	return c.held.Close()
}

type faultyTx struct {
	driver.Tx
	c *faultyConn
}

// Commit implements driver.Tx. A server that answers it with an error has rolled back.
func (t *faultyTx) Commit() error {
	committed := false
	err := t.c.step(t.c, "COMMIT", func() error { committed = true; return t.Tx.Commit() })
	t.c.inside, t.c.keyed = false, false
	if !committed && !t.c.lost {
		_ = t.Tx.Rollback()
	}
	return err
}

// Rollback implements driver.Tx.
func (t *faultyTx) Rollback() error {
	t.c.inside, t.c.keyed = false, false
	return t.Tx.Rollback()
}

type faultyStmt struct {
	driver.Stmt
	c     *faultyConn
	query string
}

// ExecContext implements driver.StmtExecContext.
func (s *faultyStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (r driver.Result, err error) {
	err = s.c.step(s.c, s.query, func() error { r, err = s.Stmt.(driver.StmtExecContext).ExecContext(ctx, args); return err })
	return r, err
}

// QueryContext implements driver.StmtQueryContext.
func (s *faultyStmt) QueryContext(ctx context.Context, args []driver.NamedValue) (r driver.Rows, err error) {
	err = s.c.step(s.c, s.query, func() error { r, err = s.Stmt.(driver.StmtQueryContext).QueryContext(ctx, args); return err })
	return r, err
}
