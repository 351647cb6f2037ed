package rule

import (
	"mandate/internal/access"
)

// narrow writes the conditions of a list that look at what stands between a customer and its partners.
func (a *Access) narrow(r *route, l List) *statement {
	s := new(statement)
	if l.AssignedTo != "" {
		s.add(" AND EXISTS (SELECT 1 FROM assignments y WHERE y.grantee_id=? AND y.tenant_id=t.id AND y.status='ACTIVE' AND (y.ends_at IS NULL OR y.ends_at>?))", l.AssignedTo, a.now)
	}
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

// assignable writes the condition that the viewer may assign a customer to others, by memberships of their own with MANAGE on
// ASSIGNMENTS: in the partner of a live relationship, or in a tech partner that the MSP assigned to the customer.
func (a *Access) assignable(s *statement) {
	var partners, techPartners []string
	for _, m := range a.homes {
		switch {
		case m.Kind != partnerKind || m.Levels.At(access.Assignments) < access.Manage:
		case m.managerID == "":
			partners = append(partners, m.TenantID)
		case m.managerStands:
			techPartners = append(techPartners, m.partnerID)
		}
	}
	s.add("(EXISTS (SELECT 1 FROM relationships q WHERE q.active_customer_id=t.id AND ").in("q.partner_id", partners).
		add(" AND ").live("q", a.now).
		add(") OR EXISTS (SELECT 1 FROM relationships q JOIN assignments y ON y.tenant_id=q.active_customer_id AND y.granter_id=q.partner_id WHERE q.active_customer_id=t.id AND ").
		in("y.grantee_id", techPartners).add(" AND ").live("q", a.now).add(" AND ").live("y", a.now).add("))")
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
