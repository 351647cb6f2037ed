package mandate

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"mandate/ent"
	"mandate/ent/memberpermission"
	"mandate/ent/role"
	"mandate/ent/rule"
	"mandate/internal/access"
)

// entitlement is what a membership gives: everything, or a role, or levels given directly, or role and levels.
type entitlement struct {
	administrator, guest bool
	role                 namedRole
	direct               map[access.Feature]access.Level
}

// levels is what the membership comes to.
func (e entitlement) levels() access.Levels {
	return rule.MemberLevels(e.administrator, e.guest, e.role.levels, e.direct)
}

// title names what is given, for the audit trail.
func (e entitlement) title() string {
	given := describe(e.direct)
	switch {
	case e.administrator:
		given = "administrator"
	case e.role.name != "" && given != "":
		given = e.role.name + ", " + given
	case e.role.name != "":
		given = e.role.name
	}
	if e.guest {
		return "guest: " + cmp.Or(given, "nothing")
	}
	return cmp.Or(given, "nothing")
}

func (e entitlement) equal(o entitlement) bool {
	return e.administrator == o.administrator && e.role.id == o.role.id && describe(e.direct) == describe(o.direct)
}

// grantInput is an entitlement as a command names it.
type grantInput struct {
	administrator *bool
	roleID        *string
	roleKey       *role.Key
	permissions   []*Permission
}

// empty reports whether the command says nothing of what the member may do.
func (in grantInput) empty() bool {
	return in.administrator == nil && !in.namesRole() && in.permissions == nil
}

func (in grantInput) namesRole() bool { return in.roleID != nil || in.roleKey != nil }

// gives reports whether it names anything above NONE: what takes ROLES.
func (in grantInput) gives() bool {
	return orZero(in.administrator) || in.namesRole() ||
		slices.ContainsFunc(in.permissions, func(p *Permission) bool { return p.Level == nil || *p.Level > access.None })
}

// field is what names the levels.
func (in grantInput) field() string {
	switch {
	case orZero(in.administrator):
		return "administrator"
	case in.roleID != nil:
		return "roleId"
	case in.roleKey != nil:
		return "roleKey"
	}
	return "permissions"
}

// giver is a tenant, under lock, and how the viewer reaches it who gives something to people there.
type giver struct {
	tn    *ent.Tenant
	reach *rule.Reach
}

// giver locks a tenant in which the viewer holds MANAGE on the features.
func (t *tx) giver(ctx context.Context, tenantID string, field []string, features ...access.Feature) (*giver, error) {
	if err := t.lock(ctx, tenantID); err != nil {
		return nil, err
	}
	reach, err := t.need(ctx, tenantID, field, features...)
	if err != nil {
		return nil, err
	}
	tn, err := t.tenant(ctx, tenantID)
	return &giver{tn, reach}, err
}

// entitle reads an entitlement that a command names, and holds it against who gives it. Fields of errors begin at the
// input.
func (t *tx) entitle(ctx context.Context, g *giver, in grantInput, guest bool) (entitlement, error) {
	e, err := t.named(ctx, g, in, guest)
	if err != nil {
		return e, err
	}
	return e, t.mayEntitle(ctx, g, e, in.field())
}

// named reads an entitlement that a command names.
func (t *tx) named(ctx context.Context, g *giver, in grantInput, guest bool) (entitlement, error) {
	e := entitlement{administrator: orZero(in.administrator), guest: guest}
	if e.administrator && (in.namesRole() || len(in.permissions) > 0 || guest) {
		return e, broken(Invalid, "An administrator holds everything: name neither a role nor levels, and no guest.", "administrator")
	}
	var err error
	if in.namesRole() {
		if e.role, err = t.role(ctx, g.tn.ID, in.roleID, in.roleKey); err != nil {
			return e, err
		}
	}
	if e.direct, err = t.permissions(ctx, in.permissions, "permissions"); err != nil {
		return e, err
	}
	if !in.namesRole() && !e.administrator {
		if err := t.everyFeature(ctx, in.permissions); err != nil {
			return e, err
		}
	}
	return e, nil
}

// mayEntitle says why the viewer may not give an entitlement, or nil.
func (t *tx) mayEntitle(ctx context.Context, g *giver, e entitlement, field ...string) error {
	if e.administrator {
		return t.mayAdminister(ctx, g.tn, g.reach, field...)
	}
	return t.mayGive(ctx, g.tn, g.reach, e.levels(), field...)
}

// mayTouch says why the viewer may not manage a member who holds an entitlement, or nil: nobody manages a member who
// holds more.
func (t *tx) mayTouch(ctx context.Context, g *giver, held entitlement, field ...string) error {
	if !held.levels().Within(g.reach.Levels) {
		return broken(RoleExceedsGrant, "You cannot change a member who holds more than you do.", field...)
	}
	if held.administrator {
		return t.mayAdminister(ctx, g.tn, g.reach, field...)
	}
	return nil
}

// raises reports whether the second entitlement has anything that the first one has not.
func raises(before, after entitlement) bool {
	return !after.levels().Within(before.levels()) || after.administrator && !before.administrator
}

// entitlementOf reads what a member has been given. The member was read with its permissions.
func (t *tx) entitlementOf(ctx context.Context, m *ent.Member) (entitlement, error) {
	e := entitlement{administrator: m.Administrator, guest: m.Guest, direct: make(map[access.Feature]access.Level)}
	for _, p := range m.Edges.Permissions {
		e.direct[access.Feature(p.Feature)] = p.Level
	}
	if m.RoleID == nil {
		return e, nil
	}
	var err error
	e.role, err = t.roleOf(ctx, *m.RoleID)
	return e, err
}

// everyFeature asks for a level for every catalogue feature but single sign-on, which is off unless named.
func (t *tx) everyFeature(ctx context.Context, list []*Permission) error {
	catalogue, err := t.catalogue(ctx)
	if err != nil {
		return err
	}
	for _, key := range catalogue {
		named := slices.ContainsFunc(list, func(p *Permission) bool { return p.Feature == key })
		if !named && !strings.HasPrefix(key, ssoPrefix) {
			return broken(PermissionRequired, "Without a role, every catalogue feature needs a level: "+key+" has none.", "permissions")
		}
	}
	return nil
}

// give writes the levels that an entitlement names directly in the place of those that a member holds, who was read with
// them. The role and the flag stand in the member's row.
func (t *tx) give(ctx context.Context, m *ent.Member, e entitlement) error {
	added, changed := maps.Clone(e.direct), make(map[access.Level][]string)
	var gone []string
	var holds []*ent.MemberPermission
	for _, held := range m.Edges.Permissions {
		f := access.Feature(held.Feature)
		level, kept := added[f]
		delete(added, f)
		if !kept {
			gone = append(gone, held.ID)
			continue
		}
		if level != held.Level {
			changed[level] = append(changed[level], held.ID)
		}
		now := *held
		now.Level = level
		holds = append(holds, &now)
	}
	if len(gone) > 0 {
		if _, err := t.MemberPermission.Delete().Where(memberpermission.IDIn(gone...)).Exec(ctx); err != nil {
			return fmt.Errorf("take levels back: %w", err)
		}
	}
	for level, ids := range changed {
		if err := t.MemberPermission.Update().Where(memberpermission.IDIn(ids...)).SetLevel(level).Exec(ctx); err != nil {
			return fmt.Errorf("change levels: %w", err)
		}
	}
	rows := make([]*ent.MemberPermissionCreate, 0, len(added))
	for f, level := range added {
		rows = append(rows, t.MemberPermission.Create().SetTenantID(m.TenantID).SetMemberID(m.ID).SetFeature(string(f)).SetLevel(level))
	}
	made, err := t.MemberPermission.CreateBulk(rows...).Save(ctx)
	if err != nil {
		return fmt.Errorf("give levels: %w", err)
	}
	m.Hold(append(holds, made...))
	return nil
}

// set puts the flag and the role into a member's row.
func (e entitlement) set(m *ent.MemberMutation) {
	m.SetAdministrator(e.administrator)
	m.ClearRole()
	if e.role.id != "" {
		m.SetRoleID(e.role.id)
	}
}
