package rule

import (
	"context"
	"fmt"
	"slices"
	"time"

	"mandate/internal/access"
)

// List says which of the tenants in reach to list, and where to begin. The order is by name.
type List struct {
	Nothing      bool             // lists nothing, whatever else it says
	Via          []Via            // only along these kinds of route; empty: all of them
	Kinds        []string         // only these kinds of tenant; empty: all
	Status       []string         // only these; empty: all
	PartnerID    string           // only through this partner's tenant
	Prefix       string           // only names that begin so, folded as sort names are
	Tags         []string         // only tenants with all of these, whose tags the viewer may read
	Needs        []access.Feature // only where the viewer holds VIEW on each of these along one path
	AssignedTo   string           // only those with an assignment of this grantee, now or later
	Assignable   *bool            // only those that the viewer may assign to others, or may not
	Standing     *Standing        // only those with a relationship that stands so, and that the viewer sees
	PartnerTypes []string         // only partners of these types
	Recognized   *bool            // only partners that are recognised, or that are not
	Backward     bool             // from the end
	After        *Cursor
	Limit        int
}

// Standing says how a customer's relationship stands: without Status one that is live.
type Standing struct {
	Status     []string
	EndsBefore *time.Time
}

// Cursor is where a tenant stands in the order of names.
type Cursor struct{ SortName, ID string }

// Page lists tenants in reach: the first ones along every route, each in the order of an index of its own, merged and
// cut again.
func (a *Access) Page(ctx context.Context, l List) ([]Cursor, error) {
	s, err := a.page(ctx, l)
	if err != nil || s == nil {
		return nil, err
	}
	rows, err := s.query(ctx, a.db)
	if err != nil {
		return nil, fmt.Errorf("list tenants: %w", err)
	}
	defer rows.Close()
	var page []Cursor
	for rows.Next() {
		var c Cursor
		if err := rows.Scan(&c.SortName, &c.ID); err != nil {
			return nil, fmt.Errorf("list tenants: %w", err)
		}
		page = append(page, c)
	}
	return page, rows.Err()
}

// Count counts the tenants of the list, up to most and one more.
func (a *Access) Count(ctx context.Context, l List, most int) (int, error) {
	l.After, l.Limit = nil, most+1
	s, err := a.union(ctx, l, false)
	if err != nil || s == nil {
		return 0, err
	}
	var q statement
	q.add("SELECT COUNT(*) FROM (").addAll(s).add(fmt.Sprintf(" LIMIT %d) x", most+1))
	rows, err := q.query(ctx, a.db)
	if err != nil {
		return 0, fmt.Errorf("count tenants: %w", err)
	}
	defer rows.Close()
	var n int
	if rows.Next() {
		err = rows.Scan(&n)
	}
	if err != nil {
		return 0, fmt.Errorf("count tenants: %w", err)
	}
	return n, rows.Err()
}

func (a *Access) page(ctx context.Context, l List) (*statement, error) {
	branches, err := a.union(ctx, l, true)
	if err != nil || branches == nil {
		return nil, err
	}
	var s statement
	s.add("SELECT sort_name, id FROM (").addAll(branches).add(") x ORDER BY sort_name" + l.direction() + ", id" + l.direction() + fmt.Sprintf(" LIMIT %d", l.Limit))
	return &s, nil
}

// union writes one branch a route, in parts that a database joins to one; nil when there is none.
func (a *Access) union(ctx context.Context, l List, ordered bool) (*statement, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.load(ctx); err != nil {
		return nil, err
	}
	var s statement
	routes := a.listed(l)
	for start := 0; start < len(routes); start += mostRoutes {
		part := a.branches(routes[start:min(start+mostRoutes, len(routes))], l, ordered)
		if len(routes) <= mostRoutes {
			return part, nil
		}
		if start > 0 {
			s.add(" UNION ")
		}
		s.add("SELECT * FROM (").addAll(part).add(fmt.Sprintf(") u%d", start))
	}
	if len(s.sql) == 0 {
		return nil, nil
	}
	return &s, nil
}

func (a *Access) branches(routes []route, l List, ordered bool) *statement {
	var s statement
	for i, r := range routes {
		if i > 0 {
			s.add(" UNION ")
		}
		s.add("SELECT * FROM (")
		r.branch(&s, l, a.dialect, ordered, a.narrow(&r, l))
		s.add(fmt.Sprintf(") b%d", i))
	}
	return &s
}

// listed returns the routes that the list goes along. Whoever is confined to some tenants lists these, and no other.
func (a *Access) listed(l List) []route {
	if l.Nothing || a.assignsNone(l) {
		return nil
	}
	all := a.routes
	if own := a.ownTenants(l.Needs); own != nil && !a.viewer.Entered() {
		all = append(slices.Clone(all), *own)
	}
	var rs []route
	walked := make(map[walk]bool)
	for _, r := range all {
		r, along := r.towards(l.Via)
		if !along {
			continue
		}
		if l.PartnerID != "" && !slices.Contains(r.partners, l.PartnerID) {
			continue
		}
		if lacks(r.levels, l.Needs) {
			continue
		}
		if w := r.walk(); w.all {
			if walked[w] {
				continue
			}
			walked[w] = true
		}
		if !a.viewer.InPerson() && l.Assignable != nil {
			continue // it takes a session of one's own
		}
		if only := a.viewer.Tenants(); only != nil {
			r = r.to(only)
		}
		if l.AssignedTo != "" {
			rs = append(rs, r.ofGrantee(l.AssignedTo, a.now))
			continue
		}
		if r.via == Operator {
			rs = append(rs, r.byKind(l.Kinds)...)
			continue
		}
		rs = append(rs, r)
	}
	return rs
}

// to narrows a route to some tenants. They are few, and found by their ids rather than along the names of all.
func (r route) to(tenantIDs []string) route {
	var where statement
	r.where = *where.in(r.tenant, tenantIDs).add(" AND ").addAll(&r.where)
	r.tables = slices.Clone(r.tables)
	for i := range r.tables {
		r.tables[i].index = ""
	}
	return r
}

// walk tells the routes through groups of all customers apart, as far as a list differs along them: the rows are the same.
type walk struct {
	home     *Membership
	all      bool
	partners bool // whether relationships are seen along it
}

func (r *route) walk() walk {
	return walk{r.home, r.via == PrivilegeGroup && r.group.all, r.levels.At(access.Partners) >= access.View}
}

// byKind splits a route over all tenants into one for every kind that is listed, each of which walks its own names.
func (r *route) byKind(kinds []string) []route {
	if len(kinds) == 0 {
		whole := *r
		whole.tables = []table{{name: "tenants", alias: "t", index: "tenants_page"}}
		return []route{whole}
	}
	rs := make([]route, len(kinds))
	for i, kind := range kinds {
		rs[i] = *r
		rs[i].tables = []table{{name: "tenants", alias: "t", index: "tenants_kind_page"}}
		rs[i].where = statement{}
		rs[i].where.add("t.kind=? AND ", kind).addAll(&r.where)
	}
	return rs
}

// ownTenants is the route to the tenants of the viewer's own memberships, as a list sees it: those with VIEW on what it
// needs.
func (a *Access) ownTenants(needs []access.Feature) *route {
	var ids []string
	for _, m := range a.homes {
		if !lacks(m.Levels, needs) {
			ids = append(ids, m.TenantID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	r := route{
		via: Own, home: a.homes[0], levels: access.Everything,
		tables: []table{{name: "tenants", alias: "t"}},
		tenant: "t.id", order: [2]string{"t.sort_name", "t.id"},
	}
	r.where.in("t.id", ids)
	return &r
}

// branch writes the first tenants of the list along the route.
func (r *route) branch(s *statement, l List, d string, ordered bool, narrow *statement) {
	s.add("SELECT t.sort_name, t.id")
	r.from(s, d, true)
	r.conditions(s)
	if len(l.Kinds) > 0 {
		s.add(" AND ").in("t.kind", l.Kinds)
	}
	if len(l.Status) > 0 {
		s.add(" AND ").in("t.status", l.Status)
	}
	if l.Prefix != "" {
		s.add(" AND "+r.order[0]+">=? AND "+r.order[0]+"<?", l.Prefix, l.Prefix+"\U0010FFFF")
	}
	if c := l.After; c != nil {
		than := ">"
		if l.Backward {
			than = "<"
		}
		s.add(fmt.Sprintf(" AND %[1]s%[3]s=? AND (%[1]s%[3]s? OR %[2]s%[3]s?)", r.order[0], r.order[1], than), c.SortName, c.SortName, c.ID)
	}
	for _, f := range l.Needs {
		r.viewing(s.add(" AND "), f)
	}
	s.addAll(narrow)
	for _, tag := range l.Tags {
		s.add(" AND EXISTS (SELECT 1 FROM tenant_tags g WHERE g.tenant_id=t.id AND g.tag=?)", tag)
	}
	if len(l.PartnerTypes) > 0 || l.Recognized != nil {
		s.add(" AND EXISTS (SELECT 1 FROM partners p WHERE p.tenant_id=t.id")
		if len(l.PartnerTypes) > 0 {
			s.add(" AND ").in("p.type", l.PartnerTypes)
		}
		if l.Recognized != nil {
			s.add(" AND p.recognized=?", *l.Recognized)
		}
		s.add(")")
	}
	if ordered {
		s.add(" ORDER BY " + r.order[0] + l.direction() + ", " + r.order[1] + l.direction())
	}
	s.add(fmt.Sprintf(" LIMIT %d", l.Limit))
}

// viewing writes the condition that every link of the route gives VIEW on feature. What its beginning gives is known.
func (r *route) viewing(s *statement, feature access.Feature) {
	s.add("(1=1")
	for _, link := range r.links {
		s.add(" AND ")
		if link.kind == RelationshipLink && r.orManaged {
			s.add("(r.id IS NULL OR ")
			reaching(s, link.role, feature, access.View)
			s.add(")")
			continue
		}
		reaching(s, link.role, feature, access.View)
	}
	s.add(")")
}

func lacks(levels access.Levels, needs []access.Feature) bool {
	return slices.ContainsFunc(needs, func(f access.Feature) bool { return levels.At(f) < access.View })
}

// reaching writes the condition that a role gives level on feature.
func reaching(s *statement, column string, feature access.Feature, level access.Level) {
	var system []string
	for _, r := range access.SystemRoles {
		if r.Levels.At(feature) >= level {
			system = append(system, r.ID)
		}
	}
	s.add("(").in(column, system)
	s.add(" OR "+column+" IN (SELECT p.role_id FROM role_permissions p WHERE p.feature=? AND p.level>=?))", string(feature), int8(level))
}

func (l List) direction() string {
	if l.Backward {
		return " DESC"
	}
	return ""
}
