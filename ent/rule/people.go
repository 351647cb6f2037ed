package rule

import (
	"context"
	"fmt"
	"maps"
	"slices"

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
	homes, err := readMemberships(ctx, a.db, nil, userIDs...)
	if err != nil {
		return nil, fmt.Errorf("load memberships: %w", err)
	}
	everywhere := slices.Concat(slices.Collect(maps.Values(homes))...)
	if err := readBeside(ctx, a.db, everywhere); err != nil {
		return nil, fmt.Errorf("load memberships: %w", err)
	}
	all := &Access{db: a.db, dialect: a.dialect, now: clock.Now(ctx), roles: make(map[string]access.Levels)}
	if err := all.loadRoles(ctx, rolesAt(everywhere)); err != nil {
		return nil, err
	}
	everybody, err := all.settleEach(ctx, userIDs, homes)
	if err != nil {
		return nil, fmt.Errorf("load memberships: %w", err)
	}
	if err := all.followEach(ctx, userIDs, everybody, tenantIDs); err != nil {
		return nil, err
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

// settleEach makes an access of every person's, with what their memberships give, out of what was read for all of them.
func (a *Access) settleEach(ctx context.Context, userIDs []string, homes map[string][]*Membership) (map[string]*Access, error) {
	everybody := make(map[string]*Access, len(userIDs))
	for _, id := range userIDs {
		if everybody[id] != nil {
			continue
		}
		p := &Access{db: a.db, dialect: a.dialect, viewer: viewer.Viewer{UserID: id}, now: a.now, roles: a.roles, reach: make(map[string]*Reach)}
		if err := p.settle(ctx, homes[id]); err != nil {
			return nil, err
		}
		p.routes = p.routesOut()
		p.reachOwn()
		everybody[id] = p
	}
	return everybody, nil
}

// followEach follows everybody's routes to the tenants, side by side.
func (a *Access) followEach(ctx context.Context, userIDs []string, everybody map[string]*Access, tenantIDs []string) error {
	var routes []route
	var whose []*Access                            // by route
	first := make(map[*Access]int, len(everybody)) // position of a person's first route among all
	for _, id := range userIDs {
		p := everybody[id]
		if _, met := first[p]; met {
			continue
		}
		first[p] = len(routes)
		for range p.routes {
			whose = append(whose, p)
		}
		routes = append(routes, p.routes...)
	}
	paths, err := follow(ctx, a.db, a.dialect, routes, tenantIDs)
	if err != nil {
		return err
	}
	if err := a.loadRoles(ctx, rolesOf(paths)); err != nil {
		return err
	}
	for _, f := range paths {
		p := whose[f.route]
		f.route -= first[p]
		p.addPath(f)
	}
	return nil
}
