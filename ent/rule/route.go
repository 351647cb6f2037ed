package rule

import (
	"slices"
	"time"

	"mandate/internal/access"
)

// Via names a kind of route.
type Via string

// The kinds of route.
const (
	Own            Via = "OWN"
	Relationship   Via = "RELATIONSHIP"
	Assignment     Via = "ASSIGNMENT"
	PrivilegeGroup Via = "PRIVILEGE_GROUP"
	TechPartner    Via = "TECH_PARTNER"
	MSP            Via = "MSP"
	Operator       Via = "OPERATOR"
)

// route is one way out of a membership, to any number of tenants.
type route struct {
	via    Via
	home   *Membership
	levels access.Levels // what the beginning lets through, the membership or the group: the first link of every path along the route
	group  *group        // through which it leads, if through one

	tables    []table   // in the order in which a page visits them; the tenants are t
	where     statement // which rows of them make a live path, without regard to the tenant's status
	tenant    string    // the column by which given tenants are found
	order     [2]string // the columns that order a page: name and id
	links     []link    // the further links
	bond      string    // column with the relationship, if the route has one
	partners  []string  // the partners' tenants that it leads through
	orManaged bool      // whether tech partners that the home manages lie along it too, which have no relationship
	tag       string    // the rare tag at whose bearers it starts
	suspend   string    // when a suspended tenant is reached nevertheless: by whoever may reactivate it
}

// link is one link of a route beyond its beginning: what kind it is, and the columns with its row, its role and its end. A
// row without a role, which only a route with managed tenants has, is a link that is not there.
type link struct {
	kind           LinkKind
	id, role, ends string
}

type table struct {
	name, alias, index string // index: the one that a page walks; empty for those found by key
	on                 string
	args               []any // of on
	left               bool  // whether rows without a match stay
}

// The kinds of tenant, and the type of partner that manages others.
const (
	customerKind = "CUSTOMER"
	partnerKind  = "PARTNER"
	operatorKind = "OPERATOR"
	mspType      = "MSP"
)

// leadsTo reports whether routes of the kind lead to tenants of some kinds; none stand for all. Relationships are with
// customers, and whom an MSP manages are partners.
func (v Via) leadsTo(kinds []string) bool {
	switch v {
	case Own, Operator:
		return true
	case MSP:
		return len(kinds) == 0 || slices.Contains(kinds, partnerKind)
	}
	return len(kinds) == 0 || slices.Contains(kinds, customerKind)
}

// routesOut lists the ways out of the memberships, but for the memberships themselves: those need no statement.
func (a *Access) routesOut() []route {
	var rs []route
	for _, m := range a.homes {
		switch {
		case m.Kind == operatorKind:
			r := office(m)
			if slices.ContainsFunc(officeFeatures, func(f access.Feature) bool { return r.levels.At(f) > access.None }) {
				rs = append(rs, r)
			}
		case m.Kind != partnerKind:
		case m.managerID != "" && !m.managerStands:
		case m.managerID != "" && m.Administrator:
			rs = append(rs, techPartner(m, a.now))
		case m.managerID != "":
			rs = append(rs, techStaff(m, a.now))
		case m.Administrator:
			rs = append(rs, allCustomers(m, a.now))
			if m.partnerType == mspType {
				rs = append(rs, managed(m))
			}
		default:
			rs = append(rs, assigned(m, a.now))
			for _, g := range m.groups {
				rs = append(rs, a.grouped(m, g)...)
			}
		}
	}
	return rs
}

// offRoute reports whether no route leads to a tenant: one of the viewer's own that is neither a customer nor managed by another.
// Only the operator's leads there.
func (a *Access) offRoute(tenantID string) bool {
	off := false
	for _, m := range a.homes {
		switch {
		case m.TenantID == tenantID:
			off = m.Kind == operatorKind || m.Kind == partnerKind && m.managerID == ""
		case m.Kind == operatorKind:
			return false
		}
	}
	return off
}

var (
	ceiling = link{RelationshipLink, "r.id", "r.role_id", "r.ends_at"}
	given   = link{AssignmentLink, "a.id", "a.role_id", "a.ends_at"}
)

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
		links: []link{ceiling}, bond: "r.id", partners: []string{m.TenantID},
		suspend: "r.kind='PARTNER_OF_RECORD'",
	}
	r.where.add("t.partner_id=? AND r.partner_id=? AND ", m.TenantID, m.TenantID).live("r", now)
	return r
}

// managed leads an MSP's administrator to the tech partners that it manages, suspended ones too.
func managed(m *Membership) route {
	r := route{
		via: MSP, home: m, levels: access.Everything,
		tables: []table{{name: "tenants", alias: "t", index: "tenants_managed_page"}},
		tenant: "t.id", order: [2]string{"t.sort_name", "t.id"}, partners: []string{m.TenantID},
		suspend: "1=1",
	}
	r.where.add("t.managed_by_id=?", m.TenantID)
	return r
}

// assigned leads a partner's member to the customers that the partner assigned to the member; of an MSP also to the tech
// partners that it manages and delegated to the member, without a relationship. Both lie along one walk: two would visit all
// assignments twice.
func assigned(m *Membership, now time.Time) route {
	r := route{
		via: Assignment, home: m, levels: access.Everything,
		tables: []table{
			{name: "assignments", alias: "a", index: "assignments_page"},
			{name: "tenants", alias: "t", on: "t.id=a.tenant_id"},
			{name: "relationships", alias: "r"},
		},
		tenant: "a.tenant_id", order: [2]string{"a.tenant_sort_name", "a.tenant_id"},
		links: []link{ceiling, given}, bond: "r.id", partners: []string{m.TenantID},
		orManaged: m.partnerType == mspType,
	}
	var on statement
	on.add("r.active_customer_id=a.tenant_id AND r.partner_id=? AND ", m.TenantID).live("r", now)
	r.tables[2].on, r.tables[2].args, r.tables[2].left = string(on.sql), on.args, r.orManaged
	r.where.add("a.grantee_id=? AND a.granter_id=? AND ", m.ID, m.TenantID).live("a", now)
	if r.orManaged {
		r.where.add(" AND (r.id IS NOT NULL OR t.managed_by_id=?)", m.TenantID)
	}
	return r
}

// delegated leads an MSP's member to the tech partners that it manages and delegated to a privilege group.
func delegated(m *Membership, g *group, now time.Time) route {
	r := route{
		via: MSP, home: m,
		tables: []table{
			{name: "assignments", alias: "a", index: "assignments_page"},
			{name: "tenants", alias: "t", on: "t.id=a.tenant_id"},
		},
		tenant: "a.tenant_id", order: [2]string{"a.tenant_sort_name", "a.tenant_id"},
		links: []link{given}, partners: []string{m.TenantID},
	}
	r.where.add("a.grantee_id=? AND a.granter_id=? AND t.managed_by_id=? AND ", g.id, m.TenantID, m.TenantID).live("a", now)
	return r
}

// vias are the kinds of route that it is.
func (r *route) vias() []Via {
	if r.orManaged {
		return []Via{r.via, MSP}
	}
	return []Via{r.via}
}

// towards narrows a route that leads to customers and to tech partners to those of them that a list goes along; none of
// both leaves nothing of it.
func (r route) towards(via []Via) (route, bool) {
	if !r.orManaged {
		return r, len(via) == 0 || slices.Contains(via, r.via)
	}
	customers, managed := slices.Contains(via, r.via), slices.Contains(via, MSP)
	if len(via) == 0 || customers && managed {
		return r, true
	}
	var where statement
	where.addAll(&r.where)
	if customers {
		where.add(" AND r.id IS NOT NULL")
	} else {
		where.add(" AND r.id IS NULL")
	}
	r.where = where
	return r, customers || managed
}

// grouped leads a partner's member to what a privilege group reaches: all customers or those listed, and the tech partners
// delegated to the group.
func (a *Access) grouped(m *Membership, g *group) []route {
	var customers route
	if g.all {
		customers = allCustomers(m, a.now)
		customers.suspend = "" // only administrators reactivate
	} else {
		customers = route{
			home: m,
			tables: []table{
				{name: "group_customers", alias: "g", index: "group_customers_page"},
				{name: "tenants", alias: "t", on: "t.id=g.customer_id"},
				{name: "relationships", alias: "r", on: "r.active_customer_id=g.customer_id"},
			},
			tenant: "g.customer_id", order: [2]string{"g.customer_sort_name", "g.customer_id"},
			links: []link{ceiling}, bond: "r.id", partners: []string{m.TenantID},
		}
		customers.where.add("g.group_id=? AND r.partner_id=? AND ", g.id, m.TenantID).live("r", a.now)
	}
	rs := []route{customers}
	if m.partnerType == mspType {
		rs = append(rs, delegated(m, g, a.now))
	}
	for i := range rs {
		rs[i].levels, rs[i].group = a.roles[g.roleID], g
	}
	rs[0].via = PrivilegeGroup
	return rs
}

// techPartner leads a tech partner's administrator to the customers that the MSP assigned to it.
func techPartner(m *Membership, now time.Time) route {
	r := route{
		via: TechPartner, home: m, levels: access.Everything,
		tables: []table{
			{name: "assignments", alias: "a", index: "assignments_page"},
			{name: "tenants", alias: "t", on: "t.id=a.tenant_id"},
			{name: "relationships", alias: "r", on: "r.active_customer_id=a.tenant_id"},
		},
		tenant: "a.tenant_id", order: [2]string{"a.tenant_sort_name", "a.tenant_id"},
		links: []link{ceiling, given}, bond: "r.id", partners: []string{m.TenantID, m.managerID},
	}
	r.where.add("a.grantee_id=? AND a.granter_id=? AND r.partner_id=? AND ", m.partnerID, m.managerID, m.managerID).live("a", now).add(" AND ").live("r", now)
	return r
}

// techStaff leads a tech partner's member to the customers that the tech partner assigned to the member, of those that the
// MSP assigned to the tech partner.
func techStaff(m *Membership, now time.Time) route {
	r := route{
		via: TechPartner, home: m, levels: access.Everything,
		tables: []table{
			{name: "assignments", alias: "s", index: "assignments_page"},
			{name: "assignments", alias: "a", on: "a.tenant_id=s.tenant_id"},
			{name: "tenants", alias: "t", on: "t.id=s.tenant_id"},
			{name: "relationships", alias: "r", on: "r.active_customer_id=s.tenant_id"},
		},
		tenant: "s.tenant_id", order: [2]string{"s.tenant_sort_name", "s.tenant_id"},
		links: []link{ceiling, given, {AssignmentLink, "s.id", "s.role_id", "s.ends_at"}}, bond: "r.id", partners: []string{m.TenantID, m.managerID},
	}
	r.where.add("s.grantee_id=? AND s.granter_id=? AND ", m.ID, m.TenantID).live("s", now).
		add(" AND a.grantee_id=? AND a.granter_id=? AND r.partner_id=? AND ", m.partnerID, m.managerID, m.managerID).live("a", now).add(" AND ").live("r", now)
	return r
}

// officeFeatures are what the operator's people reach in every tenant: its profile, its partners and its services.
var officeFeatures = []access.Feature{access.Tenant, access.Partners, access.ServicesAdmin}

// office leads the operator's people to every tenant.
func office(m *Membership) route {
	reach := make(map[access.Feature]access.Level)
	for _, f := range officeFeatures {
		reach[f] = access.Manage
	}
	r := route{
		via: Operator, home: m, levels: m.Levels.Min(access.Of(reach)),
		tables: []table{{name: "tenants", alias: "t"}},
		tenant: "t.id", order: [2]string{"t.sort_name", "t.id"},
		suspend: "1=1",
	}
	r.where.add("t.id<>?", m.TenantID)
	return r
}
