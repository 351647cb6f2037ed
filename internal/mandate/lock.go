package mandate

import (
	"context"
	"fmt"
	"slices"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"

	"mandate/ent/member"
	"mandate/internal/viewer"
)

// lock keeps everybody else from changing the tenants, and what belongs to them, until the transaction ends: the given
// ones, and, against changes only, those that the viewer stands on. Every decision of an operation is made after it.
// On SQLite the transaction has the database for itself anyway.
func (t *tx) lock(ctx context.Context, tenantIDs ...string) error {
	if t.s.Dialect != dialect.MySQL {
		return nil
	}
	tenantIDs = distinct(tenantIDs)
	if err := t.lockRows(ctx, tenantIDs, "FOR UPDATE"); err != nil {
		return err
	}
	if !t.viewer.SignedIn() {
		return nil
	}
	homes, err := t.homes(ctx)
	if err != nil {
		return err
	}
	homes = slices.DeleteFunc(distinct(homes), func(id string) bool { return slices.Contains(tenantIDs, id) })
	return t.lockRows(ctx, homes, "LOCK IN SHARE MODE")
}

// homes reads the tenants that the viewer stands on.
func (t *tx) homes(ctx context.Context) ([]string, error) {
	homes, err := t.Member.Query().Where(member.UserID(t.viewer.UserID), member.StatusEQ(member.StatusActive)).
		Select(member.FieldTenantID).Strings(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the viewer's memberships: %w", err)
	}
	return homes, nil
}

// hold keeps others from changing the tenants, and lets them hold them too.
func (t *tx) hold(ctx context.Context, tenantIDs ...string) error {
	if t.s.Dialect != dialect.MySQL {
		return nil
	}
	return t.lockRows(ctx, distinct(tenantIDs), "LOCK IN SHARE MODE")
}

func (t *tx) lockRows(ctx context.Context, tenantIDs []string, how string) error {
	if len(tenantIDs) == 0 {
		return nil
	}
	if err := t.readIn(ctx, "tenants", "id", tenantIDs, how); err != nil {
		return err
	}
	t.access.Renew() // what was read before may have changed while the lock was awaited
	t.known = known{}
	return nil
}

// holdPerson keeps others from changing a person's account until the transaction ends.
func (t *tx) holdPerson(ctx context.Context, userID string) error {
	if t.s.Dialect != dialect.MySQL {
		return nil
	}
	return t.read(ctx, "SELECT id FROM users WHERE id=? LOCK IN SHARE MODE", userID)
}

// lockPerson keeps others from holding a person's account too.
func (t *tx) lockPerson(ctx context.Context, userID string) error {
	if t.s.Dialect != dialect.MySQL {
		return nil
	}
	return t.read(ctx, "SELECT id FROM users WHERE id=? FOR UPDATE", userID)
}

// readIn locks the rows of a table that have one of the values in a column, in the order of the column.
func (t *tx) readIn(ctx context.Context, table, column string, values []string, how string) error {
	in := make([]any, len(values))
	for i, v := range values {
		in[i] = v
	}
	query, args := sql.Dialect(t.s.Dialect).Select("id").From(sql.Table(table)).Where(sql.In(column, in...)).OrderBy(column).Query()
	return t.read(ctx, query+" "+how, args...)
}

// read reads rows for the locks that come with them.
func (t *tx) read(ctx context.Context, query string, args ...any) error {
	rows, err := t.QueryContext(ctx, query, args...)
	if err != nil {
		return fmt.Errorf("lock rows: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		continue // to be locked is all that they are read for
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("lock rows: %w", err)
	}
	return nil
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
