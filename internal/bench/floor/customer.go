package floor

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
)

// customer looks a tenant up by its id, and with it what leads an administrator of a partner there.
func (r *request) customer(ctx context.Context, b *body) error {
	id := b.Variables.ID
	if !strings.HasPrefix(id, "ten_") || len(id) != 30 {
		return errNotMeasured
	}
	var reached bool
	var over levels // all ways
	if h := r.viewer.home(id); h != nil {
		reached, over = true, h.levels
	}
	var name, status, manager, partner, kind, ceiling, tags sql.NullString
	err := r.conn.query(ctx, tenantByID, []any{r.now, r.now, id}, func(rows *sql.Rows) error {
		return rows.Scan(&name, &status, &manager, &partner, &kind, &ceiling, &tags)
	})
	if err != nil {
		return err
	}
	for _, h := range r.viewer.homes {
		switch {
		case h.kind == customerKind:
		case h.kind != partnerKind || h.managed || !h.administrator:
			return errNotMeasured
		case manager.String == h.tenantID && h.partnerType == mspType:
			reached, over = true, everything
		case partner.String == h.tenantID && (status.String == "ACTIVE" || kind.String == "PARTNER_OF_RECORD"):
			if err := r.loadRoles(ctx, ceiling.String); err != nil {
				return err
			}
			reached, over = true, over.max(r.role(ceiling.String))
		}
	}
	r.raw(`{"data":{"node":`)
	if !reached || !name.Valid {
		r.raw("null")
		r.end("}", 1)
		return nil
	}
	if !over.sees(tenantLevel) {
		return errNotMeasured
	}
	r.raw(`{"id":`)
	r.string(id)
	r.raw(`,"name":`)
	r.string(name.String)
	r.raw(`,"status":`)
	r.string(status.String)
	r.raw(`,"tags":`)
	r.tags(tags.String)
	r.end("}}", 1)
	return nil
}

// tenantByID finds a tenant that was not deleted, its live relationship, and its tags.
var tenantByID = fmt.Sprintf(`SELECT t.name, t.status, t.managed_by_id, r.partner_id, r.kind, r.role_id,
(SELECT GROUP_CONCAT(g.tag) FROM tenant_tags g WHERE g.tenant_id=t.id)
FROM tenants t LEFT JOIN relationships r ON r.active_customer_id=t.id AND %s WHERE t.id=? AND t.status<>'DELETED'`, live("r"))

// tags writes tags, in which there is no comma, by name.
func (a *answer) tags(joined string) {
	a.raw("[")
	if joined != "" {
		list := strings.Split(joined, ",")
		slices.Sort(list)
		for i, tag := range list {
			a.begin(i)
			a.string(tag)
		}
	}
	a.raw("]")
}
