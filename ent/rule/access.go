package rule

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"mandate/internal/access"
	"mandate/internal/clock"
	"mandate/internal/viewer"
)

// DB answers statements: an Ent client, or the client of a transaction.
type DB interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// Access is what the viewer may do, as far as it was asked for: the memberships, and the tenants resolved so far. It is
// loaded anew for every root field, and inside every transaction.
type Access struct {
	db      DB
	dialect string

	mu      sync.Mutex
	brought *Memberships  // with which it begins, if not too late
	viewer  viewer.Viewer // for whom the rest was loaded
	loaded  bool
	now     time.Time
	homes   []*Membership
	routes  []route
	roles   map[string]access.Levels
	reach   map[string]*Reach // by tenant
	sought  map[string]bool   // tenants to which the routes were followed, in vain or not
	found   findings          // of the last page

	catalogue []Feature // nil until it was asked for
	held      bool      // whether it stays so until the transaction ends
	presence  *Presence
}

type key struct{}

// With returns a context in which access is computed from db, anew.
func With(ctx context.Context, db DB, dialect string) context.Context {
	return context.WithValue(ctx, key{}, &Access{db: db, dialect: dialect})
}

// Continue is With for what only reads: it begins with the memberships that Bring brought along, unless that was too long ago.
func Continue(ctx context.Context, db DB, dialect string) context.Context {
	brought, _ := ctx.Value(broughtKey{}).(*Memberships)
	return context.WithValue(ctx, key{}, &Access{db: db, dialect: dialect, brought: brought})
}

// From returns the access computation of ctx. Without one nothing is in reach.
func From(ctx context.Context) *Access {
	if a, ok := ctx.Value(key{}).(*Access); ok {
		return a
	}
	return &Access{db: nowhere{}}
}

type nowhere struct{}

func (nowhere) QueryContext(context.Context, string, ...any) (*sql.Rows, error) {
	return nil, errors.New("access is computed outside of a root field")
}

// Renew forgets all that was read and may have changed, so that what is asked from now on is answered by what holds now.
func (a *Access) Renew() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.loaded, a.brought = false, nil
	if !a.held {
		a.catalogue = nil
	}
}

// Stays reports whether nothing leads the viewer further than to the tenants of their own memberships: then there is nothing
// to resolve.
func (a *Access) Stays(ctx context.Context) (bool, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	err := a.load(ctx)
	return len(a.routes) == 0, err
}

// To returns how the viewer reaches the tenant, or nil.
func (a *Access) To(ctx context.Context, tenantID string) (*Reach, error) {
	if r, sought := a.followed(ctx, tenantID); sought {
		return r, nil
	}
	if err := a.Resolve(ctx, tenantID); err != nil {
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.reach[tenantID], nil
}

// followed returns how the viewer reaches a tenant, if the routes were followed to it already.
func (a *Access) followed(ctx context.Context, tenantID string) (r *Reach, sought bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.loaded || a.viewer != viewer.From(ctx) {
		return nil, false
	}
	return a.reach[tenantID], a.sought[tenantID]
}

// Known returns how the viewer reaches the tenant, as far as that was resolved already; nil otherwise.
func (a *Access) Known(ctx context.Context, tenantID string) *Reach {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.loaded || a.viewer != viewer.From(ctx) {
		return nil
	}
	return a.reach[tenantID]
}

// Resolve computes how the viewer reaches the given tenants, in as few statements as the
// engine's limits allow for those not resolved before.
func (a *Access) Resolve(ctx context.Context, tenantIDs ...string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.load(ctx); err != nil {
		return err
	}
	var unknown []string
	for _, id := range tenantIDs {
		if a.sought[id] || id == "" {
			continue
		}
		a.sought[id] = true
		if a.viewer.Confined(id) || a.offRoute(id) {
			continue
		}
		unknown = append(unknown, id)
	}
	if len(unknown) == 0 || len(a.routes) == 0 {
		return nil
	}
	return a.resolve(ctx, unknown)
}

// allowed lists the resolved tenants in which the viewer holds level on feature.
func (a *Access) allowed(ctx context.Context, feature access.Feature, level access.Level) ([]string, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.load(ctx); err != nil {
		return nil, err
	}
	var ids []string
	for id, r := range a.reach {
		if r.Levels.At(feature) >= level {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// sites lists the resolved tenants in which the viewer sees all sites, those in which only what is listed for a member, and
// these members.
func (a *Access) sites(ctx context.Context) (all, some, members []string, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.load(ctx); err != nil {
		return nil, nil, nil, err
	}
	for id, r := range a.reach {
		switch {
		case r.AllSites():
			all = append(all, id)
		case r.Levels.At(access.Sites) >= access.View:
			some, members = append(some, id), append(members, r.own().Home.ID)
		}
	}
	return all, some, members, nil
}

// load reads the viewer's memberships, unless that was done for this viewer already.
func (a *Access) load(ctx context.Context) error {
	v := viewer.From(ctx)
	if a.loaded && a.viewer == v {
		return nil
	}
	a.viewer, a.loaded, a.now = v, false, clock.Now(ctx)
	a.homes, a.routes, a.found = nil, nil, findings{}
	a.roles, a.reach, a.sought = make(map[string]access.Levels), make(map[string]*Reach), make(map[string]bool)
	if v.SignedIn() {
		if err := a.loadHomes(ctx); err != nil {
			return fmt.Errorf("load memberships: %w", err)
		}
	}
	a.routes = a.routesOut()
	if t := v.Token; t != nil {
		a.lower(t)
	}
	a.loaded = true
	if !v.Entered() {
		a.reachOwn()
	}
	return nil
}

// lower makes an API token one more link of every path. Whoever bears one is no administrator: the flag is the person's.
func (a *Access) lower(t *viewer.Token) {
	for i := range a.routes {
		a.routes[i].levels = a.routes[i].levels.Min(t.Scopes)
	}
	for _, m := range a.homes {
		m.Administrator = false
		if a.viewer.Confined(m.TenantID) {
			m.Levels = access.Levels{}
		}
	}
}

// reachOwn takes the tenants of the memberships as reached.
func (a *Access) reachOwn() {
	for _, m := range a.homes {
		if a.viewer.Confined(m.TenantID) {
			continue
		}
		a.reach[m.TenantID] = &Reach{TenantID: m.TenantID, Levels: m.Levels, Paths: []Path{{Via: Own, Home: m, Levels: m.Levels}}}
	}
}
