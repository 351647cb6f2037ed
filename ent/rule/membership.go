package rule

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"mandate/internal/access"
)

// Membership is an active membership of the viewer in an active tenant.
type Membership struct {
	ID            string
	FirstName     string
	LastName      string
	TenantID      string
	Kind          string // of the tenant
	Name          string // of the tenant
	Administrator bool
	Guest         bool
	AllSites      bool // whether all sites of the tenant are seen, and not only those listed for the member
	Levels        access.Levels
	partnerID     string // of the partner whose tenant it is
	partnerType   string
	managerID     string // the MSP's tenant that manages the tenant, of a tech partner
	managerStands bool   // whether that one is active
	RoleID        string // "" for none
	direct        map[access.Feature]access.Level
	groups        []*group // that hold it
}

// InMSP reports whether it is one in an MSP.
func (m *Membership) InMSP() bool { return m.partnerType == mspType }

// Homes returns the viewer's own memberships: none for a session that entered a tenant, for an API token the one that it
// rests on, with what the token lets through of it.
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

// loadHomes takes the memberships that were brought along, or reads the viewer's.
func (a *Access) loadHomes(ctx context.Context) error {
	homes, brought := a.brought.fresh(a.viewer.UserID, a.now)
	a.brought = nil // whoever loads a second time wants to know what holds now
	if !brought {
		found, err := readMemberships(ctx, a.db, a.presence, a.viewer.UserID)
		if err != nil {
			return err
		}
		homes = found[a.viewer.UserID]
	}
	homes = slices.DeleteFunc(homes, func(m *Membership) bool { return !a.viewer.Holds(m.ID, a.viewer.UserID) })
	if err := readBeside(ctx, a.db, homes); err != nil {
		return err
	}
	return a.settle(ctx, homes)
}

// settle takes memberships in, and finds out what they give.
func (a *Access) settle(ctx context.Context, homes []*Membership) error {
	a.homes = homes
	if err := a.loadRoles(ctx, rolesAt(homes)); err != nil {
		return err
	}
	for _, m := range a.homes {
		m.Levels = MemberLevels(m.Administrator, m.Guest, a.roles[m.RoleID], m.direct)
		if t := a.viewer.Token; t != nil {
			m.Levels = m.Levels.Min(t.Scopes)
		}
	}
	return nil
}

// rolesAt lists the roles of memberships, and of the privilege groups that hold them.
func rolesAt(homes []*Membership) (roles []string) {
	for _, m := range homes {
		roles = append(roles, m.RoleID)
		for _, g := range m.groups {
			roles = append(roles, g.roleID)
		}
	}
	return roles
}

// group is a privilege group that holds one of the viewer's memberships.
type group struct {
	id, roleID string
	all        bool // whether it reaches all customers, and not only those listed
}

// readBeside reads what few memberships have.
func readBeside(ctx context.Context, db DB, homes []*Membership) error {
	if err := readGroups(ctx, db, homes); err != nil {
		return err
	}
	return readManagers(ctx, db, homes)
}

// readGroups reads the privilege groups of the memberships that can have any: those of partners that hold relationships,
// but for administrators, who reach everything without.
func readGroups(ctx context.Context, db DB, homes []*Membership) error {
	members := make(map[string]*Membership)
	for _, m := range homes {
		if m.Kind == partnerKind && m.managerID == "" && !m.Administrator {
			members[m.ID] = m
		}
	}
	if len(members) == 0 {
		return nil
	}
	var s statement
	s.add("SELECT gm.member_id, g.id, g.role_id, g.scope='ALL_CUSTOMERS' FROM group_members gm JOIN privilege_groups g ON g.id=gm.group_id WHERE ").
		in("gm.member_id", slices.Sorted(maps.Keys(members))).add(" ORDER BY g.id")
	rows, err := s.query(ctx, db)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var member string
		var g group
		if err := rows.Scan(&member, &g.id, &g.roleID, &g.all); err != nil {
			return err
		}
		members[member].groups = append(members[member].groups, &g)
	}
	return errors.Join(rows.Err(), rows.Close())
}

// readManagers finds out which MSPs stand that manage tenants of the memberships: of tech partners.
func readManagers(ctx context.Context, db DB, homes []*Membership) error {
	managed := make(map[string][]*Membership)
	for _, m := range homes {
		if m.managerID != "" {
			managed[m.managerID] = append(managed[m.managerID], m)
		}
	}
	if len(managed) == 0 {
		return nil
	}
	var s statement
	s.add("SELECT id FROM tenants WHERE status='ACTIVE' AND ").in("id", slices.Sorted(maps.Keys(managed)))
	rows, err := s.query(ctx, db)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return err
		}
		for _, m := range managed[id] {
			m.managerStands = true
		}
	}
	return errors.Join(rows.Err(), rows.Close())
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
	rows, err := s.query(ctx, a.db)
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
