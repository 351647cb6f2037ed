package rule

import (
	"context"
	"slices"
)

// findings are the paths to the tenants of a page that were come across when these were listed.
type findings struct {
	paths map[string][]found // by tenant of the page
	whole []bool             // by route: whether there are no others along it
}

// keep takes the paths along that were come across to the tenants of a page. A tenant on it is among the first ones of every
// branch that leads there, for all branches are in one order. Where a branch has an old copy of the tenant's name it may be
// missed, and the path with it; none is ever made up.
func (a *Access) keep(page []Cursor, paths []found, branches []branch, l List) {
	a.found = findings{make(map[string][]found, len(page)), make([]bool, len(a.routes)+1)}
	for i, r := range a.routes {
		a.found.whole[i] = !slices.ContainsFunc(r.vias(), func(v Via) bool { return v.leadsTo(l.Kinds) })
	}
	same := make(map[int][]int)
	for _, b := range branches {
		same[b.of[0]] = b.of
		for _, of := range b.of {
			a.found.whole[of] = a.found.whole[of] || b.whole
		}
	}
	for _, c := range page {
		a.found.paths[c.ID] = nil
	}
	for _, f := range paths {
		along, listed := a.found.paths[f.tenant]
		if !listed {
			continue
		}
		for _, f.route = range same[f.route] {
			along = append(along, f)
		}
		a.found.paths[f.tenant] = along
	}
}

// wholly reports whether a list that goes along the route comes across every path along it to a tenant of the list: unless it
// asks for something of the path and not of the tenant.
func (r *route) wholly(l List) bool {
	if l.Standing != nil || len(l.Needs) > 0 && len(r.links) > 0 {
		return false
	}
	return !slices.ContainsFunc(r.vias(), func(v Via) bool {
		return len(l.Via) > 0 && !slices.Contains(l.Via, v) && v.leadsTo(l.Kinds)
	})
}

// along returns the paths along a route to given tenants; false when they are not known.
func (f *findings) along(route int, tenantIDs []string) (paths []found, known bool) {
	for _, id := range tenantIDs {
		met := len(paths)
		to, listed := f.paths[id]
		for _, p := range to {
			if p.route == route {
				paths = append(paths, p)
			}
		}
		if !listed || len(paths) == met && !f.whole[route] {
			return nil, false
		}
	}
	return paths, true
}

// resolve reads the live paths to the given tenants along all routes, and keeps them. Those that a page came across need
// not be found again: along the routes of which it knows all that there are, or one to each of the tenants, for no route
// has a second one.
func (a *Access) resolve(ctx context.Context, tenantIDs []string) error {
	var paths []found
	var rest []route
	var places []int // of these among the viewer's routes
	for i, r := range a.routes {
		if met, known := a.found.along(i, tenantIDs); known {
			paths = append(paths, met...)
			continue
		}
		rest, places = append(rest, r), append(places, i)
	}
	more, err := follow(ctx, a.db, a.dialect, rest, tenantIDs)
	if err != nil {
		return err
	}
	for _, f := range more {
		f.route = places[f.route]
		paths = append(paths, f)
	}
	if err := a.loadRoles(ctx, rolesOf(paths)); err != nil {
		return err
	}
	slices.SortStableFunc(paths, func(f, g found) int { return f.route - g.route })
	for _, f := range paths {
		a.addPath(f)
	}
	return nil
}
