package rule

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"entgo.io/ent/dialect"

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
// cut again. It takes the paths along with them, which Resolve then need not find once more.
func (a *Access) Page(ctx context.Context, l List) ([]Cursor, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	branches, err := a.branches(ctx, l)
	if err != nil {
		return nil, err
	}
	var paths []found
	for some := range slices.Chunk(branches, mostRoutes) {
		more, err := scanPaths(ctx, a.db, joined(a.dialect, " UNION ALL ", some, func(s *statement, b branch) {
			b.path(s, b.of[0], "t.sort_name")
			a.along(s, &b, l)
			s.add(" ORDER BY " + b.order[0] + l.direction() + ", " + b.order[1] + l.direction() + fmt.Sprintf(" LIMIT %d", l.Limit))
		}))
		if err != nil {
			return nil, fmt.Errorf("list tenants: %w", err)
		}
		paths = append(paths, more...)
	}
	page := merge(paths, l)
	a.keep(page, paths, branches, l)
	return page, nil
}

// merge returns the first tenants of all branches, in the order of the list.
func merge(paths []found, l List) (page []Cursor) {
	for _, f := range paths {
		page = append(page, Cursor{f.name, f.tenant})
	}
	slices.SortFunc(page, func(x, y Cursor) int {
		if l.Backward {
			x, y = y, x
		}
		return cmp.Or(strings.Compare(x.SortName, y.SortName), strings.Compare(x.ID, y.ID))
	})
	page = slices.Compact(page)
	return page[:min(len(page), l.Limit)]
}

// Count counts the tenants of the list, up to most and one more.
func (a *Access) Count(ctx context.Context, l List, most int) (int, error) {
	l.After = nil
	s, err := a.count(ctx, l, most+1)
	if err != nil || s == nil {
		return 0, err
	}
	rows, err := s.query(ctx, a.db)
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

// count writes how many tenants any of the branches has, in parts that a database joins to one; nil when there is none.
func (a *Access) count(ctx context.Context, l List, limit int) (*statement, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	branches, err := a.branches(ctx, l)
	if err != nil || len(branches) == 0 {
		return nil, err
	}
	var parts []statement
	for some := range slices.Chunk(branches, mostRoutes) {
		parts = append(parts, joined(a.dialect, " UNION ", some, func(s *statement, b branch) {
			a.along(s.add("SELECT t.id"), &b, l) // the names are long, and not needed
			s.add(fmt.Sprintf(" LIMIT %d", limit))
		}))
	}
	all := joined(a.dialect, " UNION ", parts, func(s *statement, part statement) {
		if len(parts) == 1 {
			s.addAll(&part)
			return
		}
		s.add("SELECT * FROM (").addAll(&part).add(") u") // MySQL knows no union in parentheses before 8.0.31
	})
	if len(branches) > 1 {
		all.add(fmt.Sprintf(" LIMIT %d", limit))
	}
	var s statement
	return s.add("SELECT COUNT(*) FROM (").addAll(&all).add(") x"), nil
}

// branch is a route as a list goes along it.
type branch struct {
	route
	of    []int // the places among the viewer's routes of this one and those with the same rows; of their own tenants the place after the last
	whole bool  // whether every path along the route to a tenant of the list is one of the branch
}

// branches returns one for every route that the list goes along.
func (a *Access) branches(ctx context.Context, l List) ([]branch, error) {
	if err := a.load(ctx); err != nil {
		return nil, err
	}
	branches := a.listed(l)
	if len(branches) == 0 {
		return nil, nil
	}
	tag, err := a.rareTag(ctx, l.Tags)
	if tag != "" {
		for i, b := range branches {
			branches[i].route = b.ofBearers(tag)
		}
	}
	return branches, err
}

// listed returns the routes that the list goes along. Whoever is confined to some tenants lists these, and no other.
func (a *Access) listed(l List) (branches []branch) {
	if l.Nothing || a.assignsNone(l) || l.Assignable != nil && !a.viewer.InPerson() { // it takes a session of one's own
		return nil
	}
	all := a.routes
	if own := a.ownTenants(l.Needs); own != nil && !a.viewer.Entered() {
		all = append(slices.Clone(all), *own)
	}
	walked := make(map[walk]int)
	for i, r := range all {
		b := branch{of: []int{i}, whole: r.wholly(l)}
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
			if at, met := walked[w]; met {
				branches[at].of = append(branches[at].of, i)
				continue
			}
			walked[w] = len(branches)
		}
		if only := a.viewer.Tenants(); only != nil {
			r = r.to(only)
		}
		each := []route{r}
		if l.AssignedTo != "" {
			each[0] = r.ofGrantee(l.AssignedTo, a.now)
		} else if r.via == Operator {
			each = r.byKind(l.Kinds)
		}
		for _, b.route = range each {
			branches = append(branches, b)
		}
	}
	return branches
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

// along writes where the tenants of the list are found that lie along the branch.
func (a *Access) along(s *statement, b *branch, l List) {
	how := along
	if b.tag != "" && a.dialect != dialect.SQLite { // which has no statistics to choose by
		how = freely
	}
	b.from(s, a.dialect, how)
	b.conditions(s)
	if len(l.Kinds) > 0 {
		s.add(" AND ").in("t.kind", l.Kinds)
	}
	if len(l.Status) > 0 {
		s.add(" AND ").in("t.status", l.Status)
	}
	if l.Prefix != "" {
		s.add(" AND "+b.order[0]+">=? AND "+b.order[0]+"<?", l.Prefix, l.Prefix+"\U0010FFFF")
	}
	if c := l.After; c != nil {
		than := ">"
		if l.Backward {
			than = "<"
		}
		s.add(fmt.Sprintf(" AND %[1]s%[3]s=? AND (%[1]s%[3]s? OR %[2]s%[3]s?)", b.order[0], b.order[1], than), c.SortName, c.SortName, c.ID)
	}
	for _, f := range l.Needs {
		b.viewing(s.add(" AND "), f)
	}
	s.addAll(a.narrow(&b.route, l))
	for _, tag := range l.Tags {
		if tag != b.tag {
			s.add(" AND EXISTS (SELECT 1 FROM tenant_tags g WHERE g.tenant_id=t.id AND g.tag=?)", tag)
		}
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
