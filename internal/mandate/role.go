package mandate

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"mandate/ent"
	"mandate/ent/assignment"
	"mandate/ent/groupmember"
	"mandate/ent/invitation"
	"mandate/ent/member"
	"mandate/ent/privilegegroup"
	"mandate/ent/relationship"
	"mandate/ent/role"
	"mandate/ent/rolepermission"
	"mandate/ent/rule"
	"mandate/internal/access"
	"mandate/internal/database"
)

// CreateRole makes a role of a tenant's own. Nobody puts into a role what they do not hold.
//
// NOT_FOUND, CONFLICT for a name that is taken, ROLE_EXCEEDS_GRANT, INVALID, TOO_LONG.
func (s *Service) CreateRole(ctx context.Context, cmd CreateRole) (r *ent.Role, err error) {
	name, fault := oneLine(cmd.Name, mostName, "name")
	if fault != nil {
		return nil, fault
	}
	err = s.tx(ctx, func(ctx context.Context, t *tx) error {
		if err := t.holdCatalogue(ctx, cmd.Permissions...); err != nil {
			return err
		}
		if err := t.lock(ctx, cmd.TenantID); err != nil {
			return err
		}
		reach, err := t.need(ctx, cmd.TenantID, []string{"tenantId"}, access.Roles)
		if err != nil {
			return err
		}
		levels, err := t.permissions(ctx, cmd.Permissions, "permissions")
		if err != nil {
			return err
		}
		tn, err := t.tenant(ctx, cmd.TenantID)
		if err != nil {
			return err
		}
		if err := t.mayGive(ctx, tn, reach, access.Of(levels), "permissions"); err != nil {
			return err
		}
		r, err = t.Role.Create().SetTenantID(cmd.TenantID).SetName(name).Save(ctx)
		if database.IsDuplicate(err) {
			return broken(Conflict, "There is a role with this name already.", "name")
		}
		if err != nil {
			return fmt.Errorf("make the role: %w", err)
		}
		if err := t.fillRole(ctx, r, levels); err != nil {
			return err
		}
		return t.record(ctx, event{action: "role.created", tenant: cmd.TenantID, target: r.ID, targetName: r.Name,
			changes: change("permissions", "", describe(levels))})
	}, &r)
	return r, err
}

// UpdateRole changes a role of a tenant's own, for everybody who holds it, from their next request on. Nobody changes a
// role that holds what they do not, or puts into it what they do not hold.
//
// NOT_FOUND, CONFLICT, ROLE_EXCEEDS_GRANT, STALE_VERSION, REQUIRED for an empty name, INVALID, TOO_LONG.
func (s *Service) UpdateRole(ctx context.Context, cmd UpdateRole) (r *ent.Role, err error) {
	name, fault := otherLine(cmd.Name, mostName, "name")
	if fault != nil {
		return nil, fault
	}
	err = s.tx(ctx, func(ctx context.Context, t *tx) error {
		if err := t.holdCatalogue(ctx, cmd.Permissions...); err != nil {
			return err
		}
		var reach *rule.Reach
		if r, reach, err = t.ownRole(ctx, cmd.ID); err != nil {
			return err
		}
		if err := fresh(cmd.Version, r.Version); err != nil {
			return err
		}
		r, err = t.updateRole(ctx, cmd, name, r, reach)
		return err
	}, &r)
	return r, err
}

// ownRole reads and locks a role of a tenant's own, where the viewer manages roles, with its levels.
func (t *tx) ownRole(ctx context.Context, id string) (*ent.Role, *rule.Reach, error) {
	own := t.Role.Query().Where(role.ID(id), role.TenantIDNotNil()).WithPermissions()
	r, err := own.Clone().Only(ctx)
	if ent.IsNotFound(err) {
		return nil, nil, notFound("id")
	}
	if err != nil {
		return nil, nil, err
	}
	if err := t.lock(ctx, *r.TenantID); err != nil {
		return nil, nil, err
	}
	if err := t.sees(ctx, *r.TenantID, []string{"id"}, access.Roles); err != nil {
		return nil, nil, err
	}
	reach, err := t.need(ctx, *r.TenantID, []string{"id"}, access.Roles)
	if err != nil {
		return nil, nil, err
	}
	if r, err = own.Only(ctx); ent.IsNotFound(err) {
		return nil, nil, notFound("id") // deleted while the lock was awaited
	}
	return r, reach, err
}

// levelsOf is what a role gives that was read with its levels.
func levelsOf(r *ent.Role) map[access.Feature]access.Level {
	levels := make(map[access.Feature]access.Level)
	for _, p := range r.Edges.Permissions {
		levels[access.Feature(p.Feature)] = p.Level
	}
	return levels
}

func (t *tx) updateRole(ctx context.Context, cmd UpdateRole, name *string, r *ent.Role, reach *rule.Reach) (*ent.Role, error) {
	before := levelsOf(r)
	if !access.Of(before).Within(reach.Levels) {
		return nil, broken(RoleExceedsGrant, "You can change no role that holds more than you do.", "id")
	}
	after := before
	if cmd.Permissions != nil {
		var err error
		if after, err = t.refilled(ctx, cmd, r, before, reach); err != nil {
			return nil, err
		}
	}
	called := cmp.Or(orZero(name), r.Name)
	changes := append(change("name", r.Name, called), change("permissions", describe(before), describe(after))...)
	if len(changes) == 0 {
		return r, nil
	}
	if cmd.Permissions != nil {
		if err := t.refill(ctx, r, after); err != nil {
			return nil, err
		}
	}
	updated, err := t.Role.UpdateOne(r).SetName(called).AddVersion(1).Save(ctx)
	if database.IsDuplicate(err) {
		return nil, broken(Conflict, "There is a role with this name already.", "name")
	}
	if err != nil {
		return nil, fmt.Errorf("change the role: %w", err)
	}
	return updated, t.record(ctx, event{action: "role.updated", tenant: *r.TenantID, target: r.ID, targetName: updated.Name, changes: changes})
}

// refilled reads the levels that a command puts into a role, as far as the viewer may.
func (t *tx) refilled(ctx context.Context, cmd UpdateRole, r *ent.Role, before map[access.Feature]access.Level, reach *rule.Reach) (map[access.Feature]access.Level, error) {
	after, err := t.permissions(ctx, cmd.Permissions, "permissions")
	if err != nil {
		return nil, err
	}
	tn, err := t.tenant(ctx, *r.TenantID)
	if err != nil {
		return nil, err
	}
	if err := t.mayGive(ctx, tn, reach, access.Of(after), "permissions"); err != nil {
		return nil, err
	}
	if g := (&giver{tn, reach}); g.limited() && after[access.Sites] > before[access.Sites] {
		return nil, broken(RoleExceedsGrant, "You see only some of the sites. Whoever has this role would see all of them.", "permissions")
	}
	if !access.Of(after).Within(access.Of(before)) {
		if err := t.mayRaise(ctx, r, access.Of(after)); err != nil {
			return nil, err
		}
	}
	return after, nil
}

// refill puts levels into a role in the place of those that were there.
func (t *tx) refill(ctx context.Context, r *ent.Role, levels map[access.Feature]access.Level) error {
	if _, err := t.RolePermission.Delete().Where(rolepermission.RoleID(r.ID)).Exec(ctx); err != nil {
		return fmt.Errorf("empty the role: %w", err)
	}
	return t.fillRole(ctx, r, levels)
}

// mayRaise says why the viewer may not raise a role, by what it is given to. Nobody raises themselves. Where people act
// in customers by it, raising it is assigning; where it limits a partner, raising it is consent.
func (t *tx) mayRaise(ctx context.Context, r *ent.Role, after access.Levels) error {
	own, err := t.Member.Query().Where(member.RoleID(r.ID), member.UserID(t.viewer.UserID), member.StatusNEQ(member.StatusRemoved)).Exist(ctx)
	if err != nil {
		return err
	}
	open := t.Assignment.Query().Where(assignment.RoleID(r.ID), OpenAt(t.now))
	assigned, err := open.Clone().Where(grantedTo(member.UserID(t.viewer.UserID))).Exist(ctx)
	if err != nil {
		return err
	}
	groups := t.PrivilegeGroup.Query().Where(privilegegroup.RoleID(r.ID))
	grouped, err := groups.Clone().Where(privilegegroup.HasGroupMembersWith(groupmember.HasMemberWith(member.UserID(t.viewer.UserID)))).Exist(ctx)
	if err != nil {
		return err
	}
	if own || assigned || grouped {
		return broken(SelfApprovalForbidden, "Nobody raises themselves: this role is yours.", "permissions")
	}
	reach, err := t.access.To(ctx, *r.TenantID)
	if err != nil {
		return err
	}
	inUse, err := open.Exist(ctx)
	if err != nil {
		return err
	}
	if inUse && !reach.Administers() {
		return broken(RoleExceedsGrant, "People act in customers by this role: only an administrator can raise it.", "permissions")
	}
	carried, err := groups.Exist(ctx)
	if err != nil {
		return err
	}
	if carried && (!t.viewer.InPerson() || reach.Own().At(access.Assignments) < access.Manage || !after.Within(reach.Own())) {
		return broken(RoleExceedsGrant, "Privilege groups carry this role: only somebody who manages them can raise it, and no higher than they hold.", "permissions")
	}
	return t.mayRaiseCeiling(ctx, r, after, reach.Own())
}

// mayRaiseCeiling fails for a role that is, or is offered as, the ceiling of a relationship, unless the viewer decides
// about partners there and holds as much.
func (t *tx) mayRaiseCeiling(ctx context.Context, r *ent.Role, after, held access.Levels) error {
	decides, err := decidesFor(ctx, t.access, *r.TenantID)
	if err != nil || decides && after.Within(held) {
		return err
	}
	carried, err := t.Relationship.Query().Where(relationship.RoleID(r.ID), relationship.ActiveCustomerIDNotNil()).Exist(ctx)
	if err != nil {
		return err
	}
	offered, err := t.Invitation.Query().Where(invitation.RoleID(r.ID), pendingAt(t.now)).Exist(ctx)
	if err != nil {
		return err
	}
	if carried || offered {
		return broken(RoleExceedsGrant, "The role limits a partner: only somebody who decides about partners can raise it, and no higher than they hold.", "permissions")
	}
	return nil
}

func (t *tx) fillRole(ctx context.Context, r *ent.Role, levels map[access.Feature]access.Level) error {
	rows := make([]*ent.RolePermissionCreate, 0, len(levels))
	for f, level := range levels {
		rows = append(rows, t.RolePermission.Create().SetTenantID(*r.TenantID).SetRoleID(r.ID).SetFeature(string(f)).SetLevel(level))
	}
	if err := t.RolePermission.CreateBulk(rows...).Exec(ctx); err != nil {
		return fmt.Errorf("fill the role: %w", err)
	}
	return nil
}

// permissions reads levels as a command names them. NONE says nothing and is left out.
func (t *tx) permissions(ctx context.Context, list []*Permission, field ...string) (map[access.Feature]access.Level, error) {
	var catalogue []string
	if slices.ContainsFunc(list, (*Permission).ofCatalogue) {
		var err error
		if catalogue, err = t.catalogue(ctx); err != nil {
			return nil, err
		}
	}
	levels := make(map[access.Feature]access.Level)
	seen := make(map[string]bool)
	var faults Errors
	for i, p := range list {
		at := append(slices.Clone(field), strconv.Itoa(i))
		switch {
		case p.ofCatalogue() && !slices.Contains(catalogue, p.Feature):
			faults = append(faults, broken(Invalid, "There is no such feature.", append(at, "feature")...))
		case seen[p.Feature]:
			faults = append(faults, broken(Invalid, "The feature is named twice.", append(at, "feature")...))
		case p.Level == nil && strings.HasPrefix(p.Feature, ssoPrefix):
			faults = append(faults, broken(SSOLevelRequired, "An enabled single sign-on needs a level: Read only or Full.", append(at, "level")...))
		case p.Level == nil:
			faults = append(faults, broken(Required, "Name a level.", append(at, "level")...))
		case *p.Level > access.None:
			levels[access.Feature(p.Feature)] = *p.Level
		}
		seen[p.Feature] = true
	}
	if faults != nil {
		return nil, faults
	}
	return levels, nil
}

// ssoPrefix begins the keys of features that are single sign-on to a product.
const ssoPrefix = "sso."

// ofCatalogue reports whether it is on a feature of the catalogue, or on none that there is.
func (p *Permission) ofCatalogue() bool { return !access.Feature(p.Feature).Platform() }

// catalogue lists the keys of the catalogue features that can be given.
func (t *tx) catalogue(ctx context.Context) ([]string, error) {
	features, err := t.access.Catalogue(ctx)
	keys := make([]string, 0, len(features))
	for _, f := range features {
		if !f.Retired {
			keys = append(keys, f.Key)
		}
	}
	return keys, err
}

// describe writes levels for the audit trail.
func describe(levels map[access.Feature]access.Level) string {
	parts := make([]string, 0, len(levels))
	for f, level := range levels {
		parts = append(parts, string(f)+" "+level.String())
	}
	slices.Sort(parts)
	return strings.Join(parts, ", ")
}
