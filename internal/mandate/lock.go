package mandate

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"entgo.io/ent/dialect"

	"mandate/ent"
	"mandate/ent/partner"
	"mandate/ent/tenant"
	"mandate/internal/viewer"
)

// lock keeps everybody else from changing the tenants, and what belongs to them, until the transaction ends: the given
// ones, and, against changes only, those that the viewer stands on. Every decision of an operation is made after it.
// On SQLite the transaction has the database for itself anyway.
func (t *tx) lock(ctx context.Context, tenantIDs ...string) error {
	if err := t.lockRows(ctx, tenantIDs, forUpdate); err != nil || t.s.Dialect != dialect.MySQL {
		return err
	}
	locked := slices.Clone(tenantIDs)
	for t.viewer.SignedIn() {
		grounds, err := t.access.Grounds(ctx)
		if err != nil {
			return err
		}
		more := without(grounds, locked)
		if len(more) == 0 {
			break
		}
		if err := t.lockRows(ctx, more, inShareMode); err != nil {
			return err
		}
		locked = append(locked, more...)
	}
	return nil
}

// hold keeps others from changing the tenants, and lets them hold them too.
func (t *tx) hold(ctx context.Context, tenantIDs ...string) error {
	if t.s.Dialect != dialect.MySQL {
		return nil
	}
	return t.lockRows(ctx, tenantIDs, inShareMode)
}

// The ways to lock rows.
const (
	forUpdate   = "FOR UPDATE"
	inShareMode = "LOCK IN SHARE MODE"
)

// lockedColumns are those of a tenant t and of the partner x whose it is, if it is one's.
var lockedColumns = "t." + strings.Join(tenant.Columns, ",t.") + ",x." + strings.Join(partner.Columns, ",x.")

// lockRows reads tenants, with the partners whose they are, and locks them, in the order of their ids.
func (t *tx) lockRows(ctx context.Context, tenantIDs []string, how string) error {
	tenantIDs = distinct(tenantIDs)
	if len(tenantIDs) == 0 {
		return nil
	}
	intoTenant, readTenant, err := ent.ScanTenant(tenant.Columns)
	if err != nil {
		return err
	}
	intoPartner, readPartner, err := ent.ScanPartner(partner.Columns)
	if err != nil {
		return err
	}
	into, read := append(intoTenant, intoPartner...), make(map[string]partnerSide, len(tenantIDs))
	these, args := listed(tenantIDs)
	query := "SELECT " + lockedColumns + " FROM tenants t LEFT JOIN partners x ON x.tenant_id=t.id WHERE t.id IN " + these + " ORDER BY t.id"
	if t.s.Dialect == dialect.MySQL {
		query += " " + how
		defer t.access.Renew() // what was read before may have changed while the lock was awaited
	}
	err = t.each(ctx, query, args, func(rows *sql.Rows) error {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		tn, err := readTenant()
		if err != nil {
			return err
		}
		p, err := readPartner()
		if p.ID == "" {
			p = nil
		}
		read[tn.ID] = partnerSide{p, tn}
		return err
	})
	if err != nil {
		return fmt.Errorf("lock tenants: %w", err)
	}
	for id, tn := range t.known.tenants {
		if _, again := read[id]; !again {
			read[id] = tn
		}
	}
	t.known = known{tenants: read}
	return nil
}

// tenant reads a tenant, unless that came with a lock and the transaction has written none since.
func (t *tx) tenant(ctx context.Context, id string) (*ent.Tenant, error) {
	if row := t.known.tenants[id].tenant; row != nil {
		return row, nil
	}
	return t.Tenant.Get(ctx, id)
}

// holdPerson keeps others from changing a person's account until the transaction ends.
func (t *tx) holdPerson(ctx context.Context, userID string) error {
	if t.s.Dialect != dialect.MySQL {
		return nil
	}
	return t.read(ctx, "SELECT id FROM users WHERE id=? "+inShareMode, userID)
}

// lockPerson keeps others from holding a person's account too.
func (t *tx) lockPerson(ctx context.Context, userID string) error {
	if t.s.Dialect != dialect.MySQL {
		return nil
	}
	return t.read(ctx, "SELECT id FROM users WHERE id=? "+forUpdate, userID)
}

// readIn locks the rows of a table that have one of the values in a column, in the order of the column.
func (t *tx) readIn(ctx context.Context, table, column string, values []string, how string) error {
	these, args := listed(values)
	return t.read(ctx, "SELECT id FROM "+table+" WHERE "+column+" IN "+these+" ORDER BY "+column+" "+how, args...)
}

// read reads rows for the locks that come with them.
func (t *tx) read(ctx context.Context, query string, args ...any) error {
	if err := t.each(ctx, query, args, func(*sql.Rows) error { return nil }); err != nil {
		return fmt.Errorf("lock rows: %w", err)
	}
	return nil
}

// each runs a query, and scan for each of its rows.
func (t *tx) each(ctx context.Context, query string, args []any, scan func(*sql.Rows) error) error {
	rows, err := t.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// listed writes values as a list in SQL, and the arguments for it. An empty one has nothing but NULL, which nothing equals.
func listed(values []string) (list string, args []any) {
	if len(values) == 0 {
		return "(NULL)", nil
	}
	args = make([]any, len(values))
	for i, v := range values {
		args[i] = v
	}
	return "(?" + strings.Repeat(",?", len(values)-1) + ")", args
}

// person fails unless somebody is signed in with a session of their own: one that did not enter a tenant, and no API token.
func (t *tx) person() error { return inPerson(t.viewer) }

func inPerson(v viewer.Viewer) error {
	if !v.SignedIn() {
		return ErrUnauthenticated
	}
	if !v.InPerson() {
		return ErrForbidden
	}
	return nil
}
