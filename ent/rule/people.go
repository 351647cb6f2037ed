package rule

import (
	"context"
	"fmt"

	"mandate/internal/access"
	"mandate/internal/clock"
	"mandate/internal/viewer"
)

// People computes how people, whoever they are, reach tenants: what To answers each of them in a session of their own, by
// person and tenant. What somebody does not reach is left out. It takes a fixed number of statements.
func (a *Access) People(ctx context.Context, tenantIDs, userIDs []string) (map[string]map[string]*Reach, error) {
	if len(userIDs) == 0 {
		return nil, nil
	}
	homes, groups, err := readHomes(ctx, a.db, userIDs...)
	if err != nil {
		return nil, fmt.Errorf("load memberships: %w", err)
	}
	everybody := make(map[string]*Access, len(userIDs))
	all := &Access{db: a.db, roles: make(map[string]access.Levels)}
	if err := all.loadRoles(ctx, rolesAt(homes, groups)); err != nil {
		return nil, err
	}
	var routes []route
	var whose []*Access
	for _, id := range userIDs {
		if everybody[id] != nil {
			continue
		}
		p := &Access{db: a.db, dialect: a.dialect, viewer: viewer.Viewer{UserID: id}, now: clock.Now(ctx), roles: all.roles, reach: make(map[string]*Reach)}
		if err := p.settle(ctx, homes[id], groups); err != nil {
			return nil, fmt.Errorf("load memberships: %w", err)
		}
		p.routes = p.routesOut()
		for range p.routes {
			whose = append(whose, p)
		}
		routes = append(routes, p.routes...)
		p.reachOwn()
		everybody[id] = p
	}
	paths, err := follow(ctx, a.db, a.dialect, routes, tenantIDs)
	if err != nil {
		return nil, err
	}
	if err := all.loadRoles(ctx, rolesOf(paths)); err != nil {
		return nil, err
	}
	first := make(map[*Access]int) // position of a person's first route among all
	for i := len(whose) - 1; i >= 0; i-- {
		first[whose[i]] = i
	}
	for _, f := range paths {
		p := whose[f.route]
		f.route -= first[p]
		p.addPath(f)
	}
	reached := make(map[string]map[string]*Reach, len(everybody))
	for id, p := range everybody {
		reached[id] = make(map[string]*Reach, len(tenantIDs))
		for _, tenantID := range tenantIDs {
			if r := p.reach[tenantID]; r != nil {
				reached[id][tenantID] = r
			}
		}
	}
	return reached, nil
}

func rolesAt(homes map[string][]*Membership, groups map[string][]*group) (roles []string) {
	for _, of := range homes {
		for _, m := range of {
			roles = append(roles, m.RoleID)
		}
	}
	for _, of := range groups {
		for _, g := range of {
			roles = append(roles, g.roleID)
		}
	}
	return roles
}
