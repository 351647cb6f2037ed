package rule

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
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

	mu     sync.Mutex
	viewer viewer.Viewer // for whom the rest was loaded
	loaded bool
	now    time.Time
	homes  []*Membership
	routes []route
	roles  map[string]access.Levels
	reach  map[string]*Reach // by tenant
	sought map[string]bool   // tenants to which the routes were followed, in vain or not
}

// Membership is an active membership of the viewer in an active tenant.
type Membership struct {
	ID            string
	TenantID      string
	Kind          string // of the tenant
	Name          string // of the tenant
	Administrator bool
	Guest         bool
	Levels        access.Levels
	roleID        string
	direct        map[access.Feature]access.Level
}

// Reach is how the viewer reaches one tenant.
type Reach struct {
	TenantID string
	Levels   access.Levels // over all paths
	Paths    []Path
}

// Path is one way in which the viewer reaches a tenant.
type Path struct {
	Via            Via
	Home           *Membership // where it begins
	Levels         access.Levels
	EndsAt         *time.Time // when its first link ends; nil if none does
	RelationshipID string     // the relationship that it rests on, if any
}

// Own returns the levels of the viewer's own membership in the tenant, whatever else leads there.
func (r *Reach) Own() access.Levels {
	for _, p := range r.Paths {
		if p.Via == Own {
			return p.Levels
		}
	}
	return access.Levels{}
}

// Administers reports whether the viewer is an administrator of the tenant by a membership of their own.
func (r *Reach) Administers() bool {
	for _, p := range r.Paths {
		if p.Via == Own && p.Home.Administrator {
			return true
		}
	}
	return false
}

// EndsAt returns when the last of the paths ends; nil if one never does.
func (r *Reach) EndsAt() *time.Time { return LastEnd(r.Paths) }

// LastEnd returns when the last of the paths ends; nil if one never does.
func LastEnd(paths []Path) *time.Time {
	var last *time.Time
	for _, p := range paths {
		if p.EndsAt == nil {
			return nil
		}
		if last == nil || p.EndsAt.After(*last) {
			last = p.EndsAt
		}
	}
	return last
}

type key struct{}

// With returns a context in which access is computed from db, anew.
func With(ctx context.Context, db DB, dialect string) context.Context {
	return context.WithValue(ctx, key{}, &Access{db: db, dialect: dialect})
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

// Homes returns the viewer's own memberships: none for a session that entered a tenant.
func (a *Access) Homes(ctx context.Context) ([]*Membership, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.load(ctx); err != nil {
		return nil, err
	}
	if a.viewer.Entered() {
		return nil, nil
	}
	return a.homes, nil
}

// Home returns the viewer's own membership in the tenant, nil without one.
func (a *Access) Home(ctx context.Context, tenantID string) (*Membership, error) {
	homes, err := a.Homes(ctx)
	if err != nil {
		return nil, err
	}
	for _, m := range homes {
		if m.TenantID == tenantID {
			return m, nil
		}
	}
	return nil, nil
}

// RunsInstallation reports whether the viewer is an administrator of the operator, in a session of their own.
func (a *Access) RunsInstallation(ctx context.Context) (bool, error) {
	homes, err := a.Homes(ctx)
	return slices.ContainsFunc(homes, func(m *Membership) bool { return m.Kind == operatorKind && m.Administrator }), err
}

// Renew forgets all that was read, so that what is asked from now on is answered by what holds now.
func (a *Access) Renew() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.loaded = false
}

// To returns how the viewer reaches the tenant, or nil.
func (a *Access) To(ctx context.Context, tenantID string) (*Reach, error) {
	if err := a.Resolve(ctx, tenantID); err != nil {
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.reach[tenantID], nil
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

// Resolve computes how the viewer reaches the given tenants, in one statement for those not resolved before.
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
		if a.viewer.Entered() && id != a.viewer.EnteredTenantID {
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

// load reads the viewer's memberships, unless that was done for this viewer already.
func (a *Access) load(ctx context.Context) error {
	v := viewer.From(ctx)
	if a.loaded && a.viewer == v {
		return nil
	}
	a.viewer, a.loaded, a.now = v, false, clock.Now(ctx)
	a.homes, a.routes = nil, nil
	a.roles, a.reach, a.sought = make(map[string]access.Levels), make(map[string]*Reach), make(map[string]bool)
	if v.SignedIn() {
		if err := a.loadHomes(ctx); err != nil {
			return fmt.Errorf("load memberships: %w", err)
		}
	}
	a.routes = routes(a.homes, a.now)
	a.loaded = true
	for _, m := range a.homes {
		if !v.Entered() {
			a.reach[m.TenantID] = &Reach{TenantID: m.TenantID, Levels: m.Levels, Paths: []Path{{Via: Own, Home: m, Levels: m.Levels}}}
		}
	}
	return nil
}

func (a *Access) loadHomes(ctx context.Context) error {
	rows, err := a.db.QueryContext(ctx, `SELECT m.id, m.tenant_id, t.kind, t.name, m.administrator, m.guest, COALESCE(m.role_id,''), p.feature, p.level
		FROM members m JOIN tenants t ON t.id=m.tenant_id LEFT JOIN member_permissions p ON p.member_id=m.id
		WHERE m.user_id=? AND m.status='ACTIVE' AND t.status='ACTIVE' ORDER BY m.id`, a.viewer.UserID)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var m Membership
		var feature sql.NullString
		var level sql.NullInt16
		if err := rows.Scan(&m.ID, &m.TenantID, &m.Kind, &m.Name, &m.Administrator, &m.Guest, &m.roleID, &feature, &level); err != nil {
			return err
		}
		if n := len(a.homes); n == 0 || a.homes[n-1].ID != m.ID {
			m.direct = make(map[access.Feature]access.Level)
			a.homes = append(a.homes, &m)
		}
		if feature.Valid {
			a.homes[len(a.homes)-1].direct[access.Feature(feature.String)] = access.Level(level.Int16)
		}
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return err
	}
	var roles []string
	for _, m := range a.homes {
		roles = append(roles, m.roleID)
	}
	if err := a.loadRoles(ctx, roles); err != nil {
		return err
	}
	for _, m := range a.homes {
		m.Levels = MemberLevels(m.Administrator, m.Guest, a.roles[m.roleID], m.direct)
	}
	return nil
}

// MemberLevels is what a membership gives by itself: everything to an administrator, to anybody else the maximum of
// role and direct levels, and to a guest only what of that belongs to the catalogue.
func MemberLevels(administrator, guest bool, role access.Levels, direct map[access.Feature]access.Level) access.Levels {
	if administrator {
		return access.Everything
	}
	levels := role.Max(access.Of(direct))
	if guest {
		return levels.CatalogueOnly()
	}
	return levels
}

// RoleLevels returns the levels of roles, by id.
func (a *Access) RoleLevels(ctx context.Context, ids ...string) (map[string]access.Levels, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.load(ctx); err != nil {
		return nil, err
	}
	if err := a.loadRoles(ctx, ids); err != nil {
		return nil, err
	}
	levels := make(map[string]access.Levels, len(ids))
	for _, id := range ids {
		levels[id] = a.roles[id]
	}
	return levels, nil
}

// loadRoles makes sure that the levels of the roles are known: those of system roles from the program, those of custom
// roles from their rows.
func (a *Access) loadRoles(ctx context.Context, ids []string) error {
	var custom []string
	maps := make(map[string]map[access.Feature]access.Level)
	for _, id := range ids {
		if _, known := a.roles[id]; known || id == "" || maps[id] != nil {
			continue
		}
		if r, ok := access.SystemRoleByID(id); ok {
			a.roles[id] = r.Levels
			continue
		}
		custom = append(custom, id)
		maps[id] = make(map[access.Feature]access.Level)
	}
	if len(custom) == 0 {
		return nil
	}
	var s statement
	s.add("SELECT role_id, feature, level FROM role_permissions WHERE ").in("role_id", custom)
	rows, err := a.db.QueryContext(ctx, s.sql, s.args...)
	if err != nil {
		return fmt.Errorf("load roles: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var id, feature string
		var level int8
		if err := rows.Scan(&id, &feature, &level); err != nil {
			return fmt.Errorf("load roles: %w", err)
		}
		maps[id][access.Feature(feature)] = access.Level(level)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("load roles: %w", err)
	}
	for id, m := range maps {
		a.roles[id] = access.Of(m)
	}
	return nil
}

// maxLinks is how many links beyond the membership the longest route has.
const maxLinks = 2

type found struct {
	route  int
	tenant string
	bond   string
	roles  [maxLinks]string
	ends   [maxLinks]moment
}

// resolve reads the live paths to the given tenants along all routes, and takes the best of them.
func (a *Access) resolve(ctx context.Context, tenantIDs []string) error {
	var s statement
	for i := range a.routes {
		if i > 0 {
			s.add(" UNION ALL ")
		}
		a.routes[i].levelsOf(&s, i, tenantIDs, a.dialect)
	}
	rows, err := a.db.QueryContext(ctx, s.sql, s.args...)
	if err != nil {
		return fmt.Errorf("resolve tenants: %w", err)
	}
	defer rows.Close()
	var paths []found
	var roles []string
	for rows.Next() {
		var f found
		if err := rows.Scan(&f.route, &f.tenant, &f.bond, &f.roles[0], &f.roles[1], &f.ends[0], &f.ends[1]); err != nil {
			return fmt.Errorf("resolve tenants: %w", err)
		}
		paths = append(paths, f)
		roles = append(roles, f.roles[:]...)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return fmt.Errorf("resolve tenants: %w", err)
	}
	if err := a.loadRoles(ctx, roles); err != nil {
		return err
	}
	for _, f := range paths {
		a.addPath(f)
	}
	return nil
}

// addPath is where a path is worth the minimum of its links, and a tenant the maximum of its paths.
func (a *Access) addPath(f found) {
	route := a.routes[f.route]
	p := Path{Via: route.via, Home: route.home, Levels: route.levels, RelationshipID: f.bond}
	for i := range route.links {
		p.Levels = p.Levels.Min(a.roles[f.roles[i]])
		if end := f.ends[i].t; end != nil && (p.EndsAt == nil || end.Before(*p.EndsAt)) {
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
	s.add("SELECT ?, t.id", index)
	if r.bond == "" {
		s.add(", ''")
	} else {
		s.add(", " + r.bond)
	}
	for i := range maxLinks {
		if i < len(r.links) {
			s.add(", " + r.links[i])
		} else {
			s.add(", ''")
		}
	}
	for i := range maxLinks {
		if i < len(r.ends) {
			s.add(", " + r.ends[i])
		} else {
			s.add(", NULL")
		}
	}
	r.from(s, d, false)
	r.conditions(s)
	s.add(" AND ").in(r.tenant, tenantIDs)
}
