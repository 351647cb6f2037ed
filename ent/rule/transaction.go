package rule

import "context"

// Grounds lists the tenants that the viewer's memberships are in: all that the viewer may do stands on them.
func (a *Access) Grounds(ctx context.Context) ([]string, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.load(ctx); err != nil {
		return nil, err
	}
	ids := make([]string, len(a.homes))
	for i, m := range a.homes {
		ids[i] = m.TenantID
	}
	return ids, nil
}

// Adopt takes what other, which is not used any more, found out for a viewer in the place of what a did.
func (a *Access) Adopt(other *Access) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.viewer, a.loaded, a.now, a.brought = other.viewer, other.loaded, other.now, nil
	a.homes, a.routes = other.homes, other.routes
	a.roles, a.reach, a.sought = other.roles, other.reach, other.sought
	a.found, a.catalogue = other.found, other.catalogue
}

// Once is the computation that begins with the memberships that Bring brought along, as Continue does: for the first who asks,
// because what that one does may change them.
func Once(ctx context.Context, db DB, dialect string) *Access {
	brought, _ := ctx.Value(broughtKey{}).(*Memberships)
	if brought != nil && brought.claimed.Swap(true) {
		brought = nil
	}
	return &Access{db: db, dialect: dialect, brought: brought}
}

// Presence is what must be there for as long as a transaction lasts: a query that counts it, and locks it. Access asks for it
// in the statement that reads memberships, until it is found.
type Presence struct {
	Query string
	Args  []any
	Found int
}

// Watch makes the computation ask for p, too.
func (a *Access) Watch(p *Presence) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.presence = p
}

// ask adds the query as a column, unless it was answered, and returns where the answer goes.
func (p *Presence) ask(s *statement) []any {
	if p == nil || p.Found > 0 {
		return nil
	}
	s.add("("+p.Query+"), ", p.Args...)
	return []any{&p.Found}
}
