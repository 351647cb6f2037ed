package rule

import (
	"context"
	"errors"
	"fmt"
)

// maxLinks is how many links beyond the membership the longest route has.
const maxLinks = 3

// found is a path as it is read.
type found struct {
	route  int
	tenant string
	name   string // by which the tenant is listed, if a page found it
	bond   string
	ids    [maxLinks]string
	roles  [maxLinks]string
	ends   [maxLinks]Moment
}

func rolesOf(paths []found) (roles []string) {
	for _, f := range paths {
		roles = append(roles, f.roles[:]...)
	}
	return roles
}

// mostRoutes is how many routes one statement follows: SQLite joins 500 parts to one.
const mostRoutes = 400

// mostArguments is how many arguments one statement has: SQLite takes 32,766. A route has at most 20 beside the tenants.
const mostArguments = 32_000

// follow reads the live paths along routes to given tenants.
func follow(ctx context.Context, db DB, dialect string, routes []route, tenantIDs []string) ([]found, error) {
	var paths []found
	atOnce := max(1, min(mostRoutes, mostArguments/(20+len(tenantIDs))))
	for start := 0; start < len(routes); start += atOnce {
		var s statement
		for i := start; i < min(start+atOnce, len(routes)); i++ {
			if i > start {
				s.add(" UNION ALL ")
			}
			routes[i].levelsOf(&s, i, tenantIDs, dialect)
		}
		some, err := scanPaths(ctx, db, s)
		if err != nil {
			return nil, fmt.Errorf("resolve tenants: %w", err)
		}
		paths = append(paths, some...)
	}
	return paths, nil
}

func scanPaths(ctx context.Context, db DB, s statement) (paths []found, err error) {
	rows, err := s.query(ctx, db)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var f found
		to := []any{&f.route, &f.tenant, &f.name, &f.bond}
		for i := range maxLinks {
			to = append(to, &f.ids[i], &f.roles[i], &f.ends[i])
		}
		if err := rows.Scan(to...); err != nil {
			return nil, err
		}
		paths = append(paths, f)
	}
	return paths, errors.Join(rows.Err(), rows.Close())
}

// addPath is where a path is worth the minimum of its links, and a tenant the maximum of its paths.
func (a *Access) addPath(f found) {
	route := a.routes[f.route]
	p := Path{Via: route.via, Home: route.home, Levels: route.levels, RelationshipID: f.bond}
	if g := route.group; g != nil {
		p.Links = append(p.Links, Link{GroupLink, g.id, g.roleID})
	}
	if f.bond == "" && route.orManaged {
		p.Via = MSP
	}
	for i, l := range route.links {
		if f.ids[i] == "" {
			continue
		}
		p.Links = append(p.Links, Link{l.kind, f.ids[i], f.roles[i]})
		p.Levels = p.Levels.Min(a.roles[f.roles[i]])
		if end := f.ends[i].Time; end != nil && (p.EndsAt == nil || end.Before(*p.EndsAt)) {
			p.EndsAt = end
		}
	}
	r := a.reach[f.tenant]
	if r == nil {
		r = &Reach{TenantID: f.tenant}
		a.reach[f.tenant] = r
	}
	r.Levels = r.Levels.Max(p.Levels)
	r.Paths = append(r.Paths, p)
}

// levelsOf writes the route's paths to given tenants.
func (r *route) levelsOf(s *statement, index int, tenantIDs []string, d string) {
	r.path(s, index, "''")
	how := freely
	if r.tables[0].name != "tenants" { // asked for 1,000 tenants, MariaDB else begins with all relationships
		how = inOrder
	}
	r.from(s, d, how)
	r.conditions(s)
	s.add(" AND ").in(r.tenant, tenantIDs)
}

// path writes what is read of a path along the route.
func (r *route) path(s *statement, index int, name string) {
	s.add("SELECT ?, t.id, "+name, index)
	if r.bond == "" {
		s.add(", ''")
	} else {
		s.add(", COALESCE(" + r.bond + ",'')")
	}
	for i := range maxLinks {
		if i < len(r.links) {
			l := r.links[i]
			s.add(", COALESCE(" + l.id + ",''), COALESCE(" + l.role + ",''), " + l.ends)
		} else {
			s.add(", '', '', NULL")
		}
	}
}
