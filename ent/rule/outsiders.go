package rule

import (
	"context"
	"fmt"
	"time"

	"mandate/internal/access"
	"mandate/internal/clock"
)

// Outsider is a membership elsewhere by which a person reaches a tenant.
type Outsider struct{ MemberID, UserID string }

// Outsiders lists by id the memberships elsewhere from which a path leads to a tenant now: the routes, walked from their
// ends. What such a path gives, People computes.
func (a *Access) Outsiders(ctx context.Context, tenantID, after string, limit int) ([]Outsider, error) {
	s := outsiders(waysIn, clock.Now(ctx), tenantID, after, limit)
	s.add(fmt.Sprintf(" ORDER BY id LIMIT %d", limit))
	rows, err := s.query(ctx, a.db)
	if err != nil {
		return nil, fmt.Errorf("list outsiders: %w", err)
	}
	defer rows.Close()
	var list []Outsider
	for rows.Next() {
		var o Outsider
		if err := rows.Scan(&o.MemberID, &o.UserID); err != nil {
			return nil, fmt.Errorf("list outsiders: %w", err)
		}
		list = append(list, o)
	}
	return list, rows.Err()
}

// CountOutsiders counts them, up to most and one more.
func (a *Access) CountOutsiders(ctx context.Context, tenantID string, most int) (int, error) {
	return a.countOutsiders(ctx, waysIn, tenantID, most)
}

// CountThrough counts those that lead to a customer through its relationship now, up to most and one more.
func (a *Access) CountThrough(ctx context.Context, customerID string, most int) (int, error) {
	return a.countOutsiders(ctx, throughRelationship, customerID, most)
}

func (a *Access) countOutsiders(ctx context.Context, ways []way, tenantID string, most int) (n int, err error) {
	var s statement
	s.add("SELECT COUNT(*) FROM (").addAll(outsiders(ways, clock.Now(ctx), tenantID, "", most+1)).add(fmt.Sprintf(" LIMIT %d) x", most+1))
	rows, err := s.query(ctx, a.db)
	if err != nil {
		return 0, fmt.Errorf("count outsiders: %w", err)
	}
	defer rows.Close()
	if rows.Next() {
		err = rows.Scan(&n)
	}
	if err != nil {
		return 0, fmt.Errorf("count outsiders: %w", err)
	}
	return n, rows.Err()
}

// way writes the memberships from which one kind of route leads to a tenant.
type way = func(s *statement, now time.Time, tenantID string)

var (
	throughRelationship = []way{partnersAdministrators, assignedStaff, groupedStaff, techPartnersPeople}
	waysIn              = append([]way{managersPeople, operatorsPeople}, throughRelationship...)
)

// outsiders writes one branch for every way in; each yields its first memberships by id.
func outsiders(ways []way, now time.Time, tenantID, after string, limit int) *statement {
	var s statement
	for i, way := range ways {
		if i > 0 {
			s.add(" UNION ")
		}
		s.add("SELECT * FROM (SELECT DISTINCT m.id, m.user_id ")
		way(&s, now, tenantID)
		s.add(" AND m.status='ACTIVE' AND m.id>?", after)
		s.add(fmt.Sprintf(" ORDER BY m.id LIMIT %d) w%d", limit, i))
	}
	return &s
}

// toCustomer begins with a customer and its live relationship, and the partner in it.
func toCustomer(s *statement, now time.Time, tenantID string, more string, args ...any) {
	s.add("FROM tenants t JOIN relationships r ON r.active_customer_id=t.id AND ").live("r", now).
		add(" JOIN tenants p ON p.id=r.partner_id AND p.status='ACTIVE' "+more+" WHERE t.id=?", append(args, tenantID)...)
}

func partnersAdministrators(s *statement, now time.Time, tenantID string) {
	toCustomer(s, now, tenantID, "JOIN members m ON m.tenant_id=p.id")
	s.add(" AND m.administrator=? AND (t.status='ACTIVE' OR t.status='SUSPENDED' AND r.kind='PARTNER_OF_RECORD')", true)
}

func assignedStaff(s *statement, now time.Time, tenantID string) {
	var a statement
	a.add("JOIN assignments a ON a.tenant_id=t.id AND a.granter_id=p.id AND ").live("a", now).
		add(" JOIN members m ON m.id=a.grantee_id AND m.tenant_id=p.id AND m.administrator=?", false)
	toCustomer(s, now, tenantID, string(a.sql), a.args...)
	s.add(" AND t.status='ACTIVE'")
}

func groupedStaff(s *statement, now time.Time, tenantID string) {
	toCustomer(s, now, tenantID, "JOIN privilege_groups g ON g.tenant_id=p.id JOIN group_members gm ON gm.group_id=g.id JOIN members m ON m.id=gm.member_id AND m.tenant_id=p.id AND m.administrator=?", false)
	s.add(" AND t.status='ACTIVE' AND (g.scope='ALL_CUSTOMERS' OR EXISTS (SELECT 1 FROM group_customers gc WHERE gc.group_id=g.id AND gc.customer_id=t.id))")
}

func techPartnersPeople(s *statement, now time.Time, tenantID string) {
	var a statement
	a.add("JOIN assignments a ON a.tenant_id=t.id AND a.granter_id=p.id AND ").live("a", now).
		add(" JOIN partners x ON x.id=a.grantee_id JOIN tenants y ON y.id=x.tenant_id AND y.managed_by_id=p.id AND y.status='ACTIVE' JOIN members m ON m.tenant_id=y.id")
	toCustomer(s, now, tenantID, string(a.sql), a.args...)
	s.add(" AND t.status='ACTIVE' AND (m.administrator=? OR EXISTS (SELECT 1 FROM assignments b WHERE b.grantee_id=m.id AND b.tenant_id=t.id AND b.granter_id=y.id AND ", true).
		live("b", now).add("))")
}

func managersPeople(s *statement, now time.Time, tenantID string) {
	s.add("FROM tenants t JOIN tenants p ON p.id=t.managed_by_id AND p.status='ACTIVE' JOIN partners x ON x.tenant_id=p.id AND x.type='"+mspType+"' JOIN members m ON m.tenant_id=p.id WHERE t.id=?", tenantID).
		add(" AND (m.administrator=? AND t.status<>'DELETED' OR m.administrator=? AND t.status='ACTIVE' AND (EXISTS (SELECT 1 FROM assignments a WHERE a.grantee_id=m.id AND a.tenant_id=t.id AND a.granter_id=p.id AND ", true, false).
		live("a", now).
		add(") OR EXISTS (SELECT 1 FROM group_members gm JOIN assignments a ON a.grantee_id=gm.group_id AND a.tenant_id=t.id AND a.granter_id=p.id AND ").
		live("a", now).add(" WHERE gm.member_id=m.id)))")
}

func operatorsPeople(s *statement, _ time.Time, tenantID string) {
	s.add("FROM tenants t JOIN tenants o ON o.kind='"+operatorKind+"' AND o.id<>t.id AND o.status='ACTIVE' JOIN members m ON m.tenant_id=o.id WHERE t.id=? AND t.status<>'DELETED' AND (m.administrator=? OR m.guest=? AND (", tenantID, true, false)
	for i, f := range officeFeatures {
		if i > 0 {
			s.add(" OR ")
		}
		reaching(s, "m.role_id", f, access.View)
		s.add(" OR EXISTS (SELECT 1 FROM member_permissions d WHERE d.member_id=m.id AND d.feature=? AND d.level>?)", string(f), int8(access.None))
	}
	s.add("))")
}
