package mandate

import (
	"context"
	"fmt"

	"mandate/ent"
	"mandate/ent/member"
	"mandate/ent/session"
	"mandate/internal/access"
)

// ChangeRole gives a member another role, or makes a member administrator or no longer one; a role named says that the
// member is none.
//
// NOT_FOUND, STALE_VERSION; ROLE_EXCEEDS_GRANT for more than the viewer holds, before or after; LAST_ADMINISTRATOR;
// SELF_APPROVAL_FORBIDDEN for raising oneself; REAUTHENTICATION_REQUIRED to make somebody administrator.
func (s *Service) ChangeRole(ctx context.Context, cmd ChangeRole) (m *ent.Member, err error) {
	err = s.tx(ctx, func(ctx context.Context, t *tx) error {
		if !t.viewer.SignedIn() {
			return ErrUnauthenticated
		}
		row, g, err := t.changeable(ctx, cmd)
		if err != nil {
			return err
		}
		held, err := t.entitlementOf(ctx, row)
		if err != nil {
			return err
		}
		given, err := t.changedRole(ctx, row, held, cmd)
		if err != nil {
			return err
		}
		if err := t.mayChange(ctx, g, row, held, given, cmd); err != nil {
			return err
		}
		if m = row; given.equal(held) {
			return nil
		}
		if given.administrator && !held.administrator {
			if fault := t.recent(); fault != nil {
				return fault
			}
		}
		update := t.Member.UpdateOne(row).SetAllSites(given.administrator || row.AllSites).AddVersion(1)
		given.set(update.Mutation())
		if m, err = update.Save(ctx); err != nil {
			return fmt.Errorf("change the role: %w", err)
		}
		if given.administrator {
			if err := t.give(ctx, row, given); err != nil {
				return err
			}
			if err := t.listSites(ctx, m, siteLimit{all: true}); err != nil {
				return err
			}
		}
		m.Hold(row.Edges.Permissions)
		if held.administrator && !given.administrator {
			if err := t.endUnreached(ctx, session.UserID(m.UserID)); err != nil {
				return err
			}
		}
		return t.record(ctx, event{action: "member.role_changed", tenant: m.TenantID, target: m.ID, targetName: NameOf(m),
			changes: change("access", held.title(), given.title())})
	}, &m)
	return m, err
}

// changeable reads and locks a member whose role the viewer may change.
func (t *tx) changeable(ctx context.Context, cmd ChangeRole) (*ent.Member, *giver, error) {
	row, err := t.Member.Get(ctx, cmd.MemberID)
	if ent.IsNotFound(err) {
		return nil, nil, notFound("memberId")
	}
	if err != nil {
		return nil, nil, err
	}
	if err := t.lock(ctx, row.TenantID); err != nil {
		return nil, nil, err
	}
	if row, err = t.Member.Query().Where(member.ID(row.ID)).WithPermissions().Only(ctx); err != nil {
		return nil, nil, err
	}
	reach, err := t.reach(ctx, row.TenantID, []string{"memberId"})
	if err != nil {
		return nil, nil, err
	}
	sees := reach.Levels.At(access.Users) >= access.View || row.Guest && reach.Levels.At(access.Guests) >= access.View || t.viewer.Holds(row.ID, row.UserID)
	switch {
	case !sees, row.Status == member.StatusRemoved:
		return nil, nil, notFound("memberId")
	case reach.Levels.At(access.Roles) < access.Manage:
		return nil, nil, ErrForbidden
	}
	t.needed = append(t.needed, access.Roles)
	tn, err := t.tenant(ctx, row.TenantID)
	if err != nil {
		return nil, nil, err
	}
	return row, &giver{tn, reach}, fresh(cmd.Version, row.Version)
}

// changedRole reads what the command makes of what a member holds. Levels given directly stay beside a role.
func (t *tx) changedRole(ctx context.Context, row *ent.Member, held entitlement, cmd ChangeRole) (given entitlement, err error) {
	grant := grantInput{cmd.Administrator, cmd.RoleID, cmd.RoleKey, nil}
	switch {
	case orZero(cmd.Administrator) && (grant.namesRole() || row.Guest):
		return given, broken(Invalid, "An administrator has no role, and is no guest.", "administrator")
	case orZero(cmd.Administrator):
		return entitlement{administrator: true}, nil
	case !grant.namesRole():
		return given, broken(Required, "Name the role that the member is to have.", "roleKey")
	}
	given = held
	given.administrator = false
	given.role, err = t.role(ctx, row.TenantID, cmd.RoleID, cmd.RoleKey)
	return given, err
}

// mayChange holds a change of a role against who makes it.
func (t *tx) mayChange(ctx context.Context, g *giver, row *ent.Member, held, given entitlement, cmd ChangeRole) error {
	if row.UserID == t.viewer.UserID && raises(held, given) {
		return broken(SelfApprovalForbidden, "Nobody raises themselves.", "memberId")
	}
	if err := t.mayTouch(ctx, g, held, "memberId"); err != nil {
		return err
	}
	field := grantInput{cmd.Administrator, cmd.RoleID, cmd.RoleKey, nil}.field()
	if err := t.mayEntitle(ctx, g, given, field); err != nil {
		return err
	}
	if g.limited() && shows(held, given) {
		return broken(RoleExceedsGrant, "You see only some of the sites: name the sites with updateMembers.", field)
	}
	if !held.administrator || given.administrator || row.Status != member.StatusActive {
		return nil
	}
	kept, err := t.keepsAdministrator(ctx, row.TenantID, row.ID)
	if err != nil || kept {
		return err
	}
	return lastAdministrator("memberId")
}
