package mandate

import (
	"context"
	"fmt"

	"mandate/ent"
	"mandate/ent/member"
	"mandate/ent/memberpermission"
	"mandate/ent/rule"
	"mandate/internal/access"
)

// levelsOf computes what a membership gives by itself. The member was read with its permissions.
func (t *tx) levelsOf(ctx context.Context, m *ent.Member) (access.Levels, error) {
	direct := make(map[access.Feature]access.Level)
	for _, p := range m.Edges.Permissions {
		direct[access.Feature(p.Feature)] = p.Level
	}
	var r namedRole
	if m.RoleID != nil {
		var err error
		if r, err = t.roleOf(ctx, *m.RoleID); err != nil {
			return access.Levels{}, err
		}
	}
	return rule.MemberLevels(m.Administrator, m.Guest, r.levels, direct), nil
}

// ChangeRole gives a member another role, or makes a member administrator or no longer one; a role named says that the
// member is none.
//
// NOT_FOUND, STALE_VERSION; ROLE_EXCEEDS_GRANT for more than the viewer holds, before or after; LAST_ADMINISTRATOR;
// SELF_APPROVAL_FORBIDDEN for raising oneself.
func (s *Service) ChangeRole(ctx context.Context, cmd ChangeRole) (m *ent.Member, err error) {
	err = s.tx(ctx, func(ctx context.Context, t *tx) error {
		if !t.viewer.SignedIn() {
			return ErrUnauthenticated
		}
		row, reach, err := t.changeable(ctx, cmd)
		if err != nil {
			return err
		}
		after := *row
		var r namedRole
		if after.Administrator, r, err = t.changedRole(ctx, row, cmd); err != nil {
			return err
		}
		if after.RoleID = some(r.id); after.Administrator {
			after.Edges.Permissions = nil
		}
		if err := t.mayChange(ctx, row, &after, reach); err != nil {
			return err
		}
		update := t.Member.UpdateOne(row).SetAdministrator(after.Administrator).AddVersion(1)
		if update.ClearRole(); after.RoleID != nil {
			update.SetRoleID(*after.RoleID)
		}
		if after.Administrator {
			if _, err := t.MemberPermission.Delete().Where(memberpermission.MemberID(row.ID)).Exec(ctx); err != nil {
				return fmt.Errorf("clear direct levels: %w", err)
			}
		}
		if m, err = update.Save(ctx); err != nil {
			return fmt.Errorf("change the role: %w", err)
		}
		before, err := t.titleOf(ctx, row)
		if err != nil {
			return err
		}
		now, err := t.titleOf(ctx, m)
		if err != nil {
			return err
		}
		return t.record(ctx, event{action: "member.role_changed", tenant: m.TenantID, target: m.ID, targetName: m.FirstName + " " + m.LastName,
			changes: change("role", before, now)})
	})
	return m, err
}

// changeable reads and locks a member whose role the viewer may change.
func (t *tx) changeable(ctx context.Context, cmd ChangeRole) (*ent.Member, *rule.Reach, error) {
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
	sees := reach.Levels.At(access.Users) >= access.View || row.Guest && reach.Levels.At(access.Guests) >= access.View || row.UserID == t.viewer.UserID
	switch {
	case !sees, row.Status == member.StatusRemoved:
		return nil, nil, notFound("memberId")
	case reach.Levels.At(access.Roles) < access.Manage:
		return nil, nil, ErrForbidden
	}
	t.needed = append(t.needed, access.Roles)
	return row, reach, fresh(cmd.Version, row.Version)
}

// changedRole reads what the command makes of the member.
func (t *tx) changedRole(ctx context.Context, row *ent.Member, cmd ChangeRole) (administrator bool, r namedRole, err error) {
	named := cmd.RoleID != nil || cmd.RoleKey != nil
	switch {
	case orZero(cmd.Administrator) && (named || row.Guest):
		return false, r, broken(Invalid, "An administrator has no role, and is no guest.", "administrator")
	case orZero(cmd.Administrator):
		return true, r, nil
	case named:
		r, err = t.role(ctx, row.TenantID, cmd.RoleID, cmd.RoleKey)
		return false, r, err
	}
	return false, r, broken(Required, "Name the role that the member is to have.", "roleKey")
}

// mayChange holds a change of levels against who makes it.
func (t *tx) mayChange(ctx context.Context, row, after *ent.Member, reach *rule.Reach) error {
	before, err := t.levelsOf(ctx, row)
	if err != nil {
		return err
	}
	now, err := t.levelsOf(ctx, after)
	if err != nil {
		return err
	}
	self := row.UserID == t.viewer.UserID
	raised := !now.Within(before) || after.Administrator && !row.Administrator
	if self && raised {
		return broken(SelfApprovalForbidden, "Nobody raises themselves.", "memberId")
	}
	if !before.Within(reach.Levels) {
		return broken(RoleExceedsGrant, "You cannot change a member who holds more than you do.", "memberId")
	}
	tn, err := t.Tenant.Get(ctx, row.TenantID)
	if err != nil {
		return err
	}
	if row.Administrator || after.Administrator {
		field := "memberId"
		if after.Administrator {
			field = "administrator"
		}
		if err := t.mayAdminister(ctx, tn, reach, field); err != nil {
			return err
		}
	}
	if err := t.mayGive(ctx, tn, reach, now, "roleKey"); err != nil {
		return err
	}
	if row.Administrator && !after.Administrator && row.Status == member.StatusActive {
		kept, err := t.keepsAdministrator(ctx, row.TenantID, row.ID)
		if err != nil || kept {
			return err
		}
		return lastAdministrator("memberId")
	}
	return nil
}

// titleOf names a member's place for the audit trail.
func (t *tx) titleOf(ctx context.Context, m *ent.Member) (string, error) {
	if m.Administrator {
		return "administrator", nil
	}
	if m.RoleID == nil {
		return "", nil
	}
	r, err := t.roleOf(ctx, *m.RoleID)
	return r.name, err
}
