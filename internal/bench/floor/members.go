package floor

import (
	"context"
	"database/sql"
	"fmt"
)

// mostCounted is how far a list is counted; one more stands for "more".
const mostCounted = 10_000

// ownTenant returns the viewer's membership in a tenant, nil for a tenant that is out of reach. What is reached in another
// way, too, is measured only where the membership itself gives all that the operation reads.
func (r *request) ownTenant(id string, features ...int) (*home, error) {
	h := r.viewer.home(id)
	switch {
	case h == nil && !r.viewer.stays(), h != nil && !h.levels.sees(features...):
		return nil, errNotMeasured
	}
	return h, nil
}

// members lists the members of a tenant of the viewer's own, by name.
func (r *request) members(ctx context.Context, b *body) error {
	first, err := b.window()
	if err != nil {
		return err
	}
	home, err := r.ownTenant(b.Variables.Tenant, guestsLevel, usersLevel)
	switch {
	case err != nil:
		return err
	case home == nil:
		r.raw(`{"data":{"tenant":null}`)
		r.end("", 2+2*first)
		return nil
	}
	n, count := 0, 0
	var last place
	var sortName, id, firstName, lastName, email, status, roleID, roleName sql.RawBytes
	var administrator bool
	var signedIn sql.NullTime
	to := []any{&count, &sortName, &id, &firstName, &lastName, &email, &status, &administrator, &signedIn, &roleID, &roleName}
	err = r.conn.query(ctx, r.floor.sql.members, []any{home.tenantID, home.tenantID, first + 1}, func(rows *sql.Rows) error {
		if n++; n > first {
			return nil
		}
		if err := rows.Scan(to...); err != nil {
			return err
		}
		last.set(sortName, id)
		r.begin(n - 1)
		r.raw(`{"id":`)
		r.text(id)
		r.raw(`,"name":`)
		r.name(firstName, lastName)
		r.raw(`,"email":`)
		r.text(email)
		r.raw(`,"status":`)
		r.text(status)
		r.raw(`,"administrator":`)
		r.bool(administrator)
		r.raw(`,"lastSignedInAt":`)
		if signedIn.Valid {
			r.time(signedIn.Time)
		} else {
			r.raw("null")
		}
		r.raw(`,"role":`)
		if roleID == nil {
			r.raw("null}")
			return nil
		}
		r.raw(`{"id":`)
		r.text(roleID)
		r.raw(`,"name":`)
		r.text(roleName)
		r.raw("}}")
		return nil
	})
	if err != nil {
		return err
	}
	r.head.raw(`{"data":{"tenant":{"members":{"totalCount":`)
	r.head.int(min(count, mostCounted+1))
	r.head.raw(",")
	r.head.pageInfo(n > first, last.of("m")...)
	r.head.raw(`,"nodes":[`)
	r.end("]}}}", 2+2*first)
	return nil
}

// members walks the names of a tenant's members; beside it they are counted, once.
func (w words) membersOf() string {
	return fmt.Sprintf(`SELECT (SELECT COUNT(*) FROM %[1]s WHERE c.tenant_id=? AND c.status<>'REMOVED'),
m.sort_name, m.id, m.first_name, m.last_name, u.email, m.status, m.administrator, m.last_signed_in_at, o.id, o.name
FROM %s%s LEFT JOIN roles o ON o.id=m.role_id
WHERE m.tenant_id=? AND m.status<>'REMOVED' ORDER BY m.sort_name, m.id LIMIT ?`, w.along("members c", "member_tenant_id_administrator_status"), w.along("members m", "members_page"), w.join("users u", "u.id=m.user_id"))
}
