package rule

import (
	"time"

	"mandate/internal/access"
)

// narrow writes the conditions of a list that look at what stands between a customer and its partners.
func (a *Access) narrow(r *route, l List) *statement {
	s := new(statement)
	if l.Assignable != nil {
		s.add(" AND ")
		if !*l.Assignable {
			s.add("NOT ")
		}
		a.assignable(s)
	}
	if l.Standing != nil {
		a.standing(s.add(" AND "), r, *l.Standing)
	}
	return s
}

// ofGrantee narrows a route to what a grantee is assigned to, now or later: it starts at the grantee's assignments, which an
// index has in the order of a page, however many tenants lie along it.
func (r route) ofGrantee(granteeID string, now time.Time) route {
	r = r.startingAt(table{name: "assignments", alias: "y", index: "assignments_page"},
		"y.grantee_id=? AND y.status='ACTIVE' AND (y.ends_at IS NULL OR y.ends_at>?)", granteeID, now)
	r.order = [2]string{"y.tenant_sort_name", "y.tenant_id"}
	return r
}

// startingAt narrows a route to the tenants that some rows of a table name, and lets it start at these rows.
func (r route) startingAt(start table, rows string, args ...any) route {
	then := r.tables[0]
	then.index, then.on = "", r.order[1]+"="+start.alias+".tenant_id"
	r.tables = append([]table{start, then}, r.tables[1:]...)
	var where statement
	where.add(rows+" AND ", args...).addAll(&r.where)
	r.where = where
	return r
}

// givers are the tenants from which the viewer may assign customers to others, by memberships of their own with MANAGE on
// ASSIGNMENTS, and those that are tech partners.
func (a *Access) givers() (partners []string, techPartners []*Membership) {
	for _, m := range a.homes {
		switch {
		case m.Kind != partnerKind || m.Levels.At(access.Assignments) < access.Manage:
		case m.managerID == "":
			partners = append(partners, m.TenantID)
		case m.managerStands:
			techPartners = append(techPartners, m)
		}
	}
	return partners, techPartners
}

// assignsNone reports whether a list is of what the viewer may assign, who assigns nothing.
func (a *Access) assignsNone(l List) bool {
	partners, techPartners := a.givers()
	return l.Assignable != nil && *l.Assignable && len(partners)+len(techPartners) == 0
}

// assignable writes the condition that the viewer may assign a customer to others: from the partner of a live relationship, or
// from a tech partner that the MSP assigned to the customer. It counts, for MySQL turns what it asks to exist into a list of
// all that does.
func (a *Access) assignable(s *statement) {
	partners, techPartners := a.givers()
	s.add("((SELECT COUNT(*) FROM relationships q WHERE q.active_customer_id=t.id AND ").in("q.partner_id", partners).
		add(" AND ").live("q", a.now).
		add(")>0 OR (SELECT COUNT(*) FROM relationships q JOIN assignments y ON y.tenant_id=q.active_customer_id AND y.granter_id=q.partner_id WHERE q.active_customer_id=t.id AND (1=0")
	for _, m := range techPartners {
		s.add(" OR y.grantee_id=? AND y.granter_id=?", m.partnerID, m.managerID)
	}
	s.add(") AND ").live("q", a.now).add(" AND ").live("y", a.now).add(")>0)")
}

// standing writes the condition that a customer has a relationship that stands in one of the ways, and that the viewer sees:
// with VIEW on PARTNERS in the customer along this route, or in the partner.
func (a *Access) standing(s *statement, r *route, w Standing) {
	s.add("EXISTS (SELECT 1 FROM relationships q WHERE q.customer_id=t.id AND (")
	status := w.Status
	if len(status) == 0 {
		status = []string{"ACTIVE", "SUSPENDED"}
	}
	for i, st := range status {
		if i > 0 {
			s.add(" OR ")
		}
		switch st {
		case "EXPIRED":
			s.add("q.status=? OR (q.active_customer_id IS NOT NULL AND q.ends_at<=?)", st, a.now)
		default:
			s.add("(q.status=? AND (q.active_customer_id IS NULL OR q.ends_at IS NULL OR q.ends_at>?))", st, a.now)
		}
	}
	s.add(")")
	if w.EndsBefore != nil {
		s.add(" AND q.ends_at<?", *w.EndsBefore)
	}
	var seen []string
	for _, m := range a.homes {
		if m.Levels.At(access.Partners) >= access.View && !a.viewer.Entered() {
			seen = append(seen, m.TenantID)
		}
	}
	s.add(" AND (").in("q.partner_id", seen).add(" OR ").in("q.customer_id", seen)
	if r.via != Own && r.levels.At(access.Partners) >= access.View {
		r.viewing(s.add(" OR "), access.Partners)
	}
	s.add("))")
}
