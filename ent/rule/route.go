package rule

import (
	"time"

	"mandate/internal/access"
)

// Via names a kind of route.
type Via string

// The kinds of route.
const (
	Own          Via = "OWN"
	Relationship Via = "RELATIONSHIP"
	Assignment   Via = "ASSIGNMENT"
	Operator     Via = "OPERATOR"
)

// route is one way out of a membership, to any number of tenants.
type route struct {
	via    Via
	home   *Membership
	levels access.Levels // what the membership itself lets through: the first link of every path along the route

	tables  []table   // in the order in which a page visits them; the tenants are t
	where   statement // which rows of them make a live path, without regard to the tenant's status
	tenant  string    // the column by which given tenants are found
	order   [2]string // the columns that order a page: name and id
	links   []link    // the further links
	bond    string    // column with the relationship, if the route has one
	suspend string    // when a suspended tenant is reached nevertheless: by whoever may reactivate it
}

// link is one link of a route beyond the membership: the column with its role, and the one with its end.
type link struct{ role, ends string }

type table struct {
	name, alias, index string // index: the one that a page walks; empty for those found by key
	on                 string
}

// The kinds of tenant that routes begin in.
const (
	partnerKind  = "PARTNER"
	operatorKind = "OPERATOR"
)

// routes lists the ways out of the memberships, but for the memberships themselves: those need no statement.
func routes(homes []*Membership, now time.Time) []route {
	var rs []route
	for _, m := range homes {
		switch m.Kind {
		case partnerKind:
			if m.Administrator {
				rs = append(rs, allCustomers(m, now))
			} else {
				rs = append(rs, assigned(m, now))
			}
		case operatorKind:
			if r := office(m); r.levels.At(access.Tenant) > access.None || r.levels.At(access.Partners) > access.None || r.levels.At(access.ServicesAdmin) > access.None {
				rs = append(rs, r)
			}
		}
	}
	return rs
}

// allCustomers leads a partner's administrator to every customer in a live relationship, and to a suspended one whose
// partner of record it is.
func allCustomers(m *Membership, now time.Time) route {
	r := route{
		via: Relationship, home: m, levels: access.Everything,
		tables: []table{
			{name: "tenants", alias: "t", index: "tenants_partner_page"},
			{name: "relationships", alias: "r", on: "r.active_customer_id=t.id"},
		},
		tenant: "r.active_customer_id", order: [2]string{"t.sort_name", "t.id"},
		links: []link{{"r.role_id", "r.ends_at"}}, bond: "r.id",
		suspend: "r.kind='PARTNER_OF_RECORD'",
	}
	r.where.add("t.partner_id=? AND r.partner_id=? AND ", m.TenantID, m.TenantID).live("r", now)
	return r
}

// assigned leads a partner's member to the customers that the partner assigned to the member.
func assigned(m *Membership, now time.Time) route {
	r := route{
		via: Assignment, home: m, levels: access.Everything,
		tables: []table{
			{name: "assignments", alias: "a", index: "assignments_page"},
			{name: "tenants", alias: "t", on: "t.id=a.tenant_id"},
			{name: "relationships", alias: "r", on: "r.active_customer_id=a.tenant_id"},
		},
		tenant: "a.tenant_id", order: [2]string{"a.tenant_sort_name", "a.tenant_id"},
		links: []link{{"r.role_id", "r.ends_at"}, {"a.role_id", "a.ends_at"}}, bond: "r.id",
	}
	r.where.add("a.member_id=? AND a.granter_id=? AND r.partner_id=? AND ", m.ID, m.TenantID, m.TenantID).live("a", now).add(" AND ").live("r", now)
	return r
}

// office leads the operator's people to every tenant, for its profile, its partners and its services.
func office(m *Membership) route {
	r := route{
		via: Operator, home: m,
		levels: m.Levels.Min(access.Of(map[access.Feature]access.Level{
			access.Tenant: access.Manage, access.Partners: access.Manage, access.ServicesAdmin: access.Manage,
		})),
		tables: []table{{name: "tenants", alias: "t"}},
		tenant: "t.id", order: [2]string{"t.sort_name", "t.id"},
		suspend: "1=1",
	}
	r.where.add("t.id<>?", m.TenantID)
	return r
}

// conditions writes which rows make a live path to a tenant that stands.
func (r *route) conditions(s *statement) {
	s.add(" WHERE ").addAll(&r.where)
	if r.suspend == "" {
		s.add(" AND t.status='ACTIVE'")
	} else {
		s.add(" AND (t.status='ACTIVE' OR (t.status='SUSPENDED' AND " + r.suspend + "))")
	}
}

// from writes the tables: for a page in the order and by the indexes that yield its order, else as the engine likes.
func (r *route) from(s *statement, d string, page bool) {
	for i, t := range r.tables {
		switch {
		case i == 0:
			s.add(" FROM ")
		case page:
			s.add(thenJoin(d))
		default:
			s.add(" JOIN ")
		}
		s.add(t.name + " " + t.alias)
		if page && t.index != "" {
			s.add(hint(d, t.index))
		}
		if t.on != "" {
			s.add(" ON " + t.on)
		}
	}
}
