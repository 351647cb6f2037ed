package floor

import (
	"context"
	"database/sql"
	"fmt"
)

// techPartners lists the tech partners of the one MSP that the viewer administers, with their counts: one walk along the
// names of those that it manages.
func (r *request) techPartners(ctx context.Context, b *body) error {
	first, err := b.window()
	if err != nil {
		return err
	}
	msp := ""
	for _, h := range r.viewer.homes {
		switch {
		case h.kind == customerKind:
		case h.partnerType != mspType || !h.administrator || msp != "":
			return errNotMeasured
		default:
			msp = h.tenantID
		}
	}
	if msp == "" {
		return errNotMeasured
	}
	n := 0
	var last place
	var sortName, id, name, status, partnerID, code, kind sql.RawBytes
	var recognized bool
	var mspAdmins, customers, administrators int
	to := []any{&sortName, &id, &name, &status, &partnerID, &code, &kind, &recognized, &mspAdmins, &customers, &administrators}
	err = r.conn.query(ctx, r.floor.sql.techPartners, []any{r.now, r.now, r.now, r.now, msp, first + 1}, func(rows *sql.Rows) error {
		if n++; n > first {
			return nil
		}
		if err := rows.Scan(to...); err != nil {
			return err
		}
		last.set(sortName, id)
		r.begin(n - 1)
		r.raw(`{"id":`)
		r.text(partnerID)
		r.raw(`,"code":`)
		r.text(code)
		r.raw(`,"type":`)
		r.text(kind)
		r.raw(`,"recognized":`)
		r.bool(recognized)
		r.raw(`,"tenant":{"id":`)
		r.text(id)
		r.raw(`,"name":`)
		r.text(name)
		r.raw(`,"status":`)
		r.text(status)
		r.raw(`},"mspAdminCount":`)
		r.int(mspAdmins)
		r.raw(`,"assignedCustomersCount":`)
		r.int(customers)
		r.raw(`,"accountAdminCount":`)
		r.int(administrators)
		r.raw("}")
		return nil
	})
	if err != nil {
		return err
	}
	r.head.raw(`{"data":{"techPartners":{`)
	r.head.pageInfo(n > first, last.of("t")...)
	r.head.raw(`,"nodes":[`)
	r.end("]}}", 1+2*first)
	return nil
}

func (w words) techPartnersOf() string {
	return fmt.Sprintf(`SELECT t.sort_name, t.id, t.name, t.status, x.id, x.code, x.type, x.recognized,
(SELECT COUNT(*) FROM assignments a LEFT JOIN members m ON m.id=a.grantee_id WHERE a.tenant_id=t.id AND a.granter_id=t.managed_by_id AND %[1]s
	AND (m.id IS NULL OR m.status='ACTIVE' AND m.administrator=0)),
(SELECT COUNT(*) FROM assignments a WHERE a.grantee_id=x.id AND a.granter_id=t.managed_by_id AND %[1]s),
(SELECT COUNT(*) FROM members m WHERE m.tenant_id=t.id AND m.administrator=1 AND m.status='ACTIVE')
FROM %[2]s %[3]s partners x ON x.tenant_id=t.id
WHERE t.managed_by_id=? AND t.status<>'DELETED' AND t.kind='PARTNER' ORDER BY t.sort_name, t.id LIMIT ?`,
		live("a"), w.along("tenants t", "tenants_managed_page"), w.then)
}
