package mandate

import (
	"context"
	"fmt"
	"strings"

	"mandate/ent/assignment"
	"mandate/ent/invitation"
	"mandate/ent/member"
	"mandate/ent/privilegegroup"
	"mandate/ent/relationship"
	"mandate/ent/rolepermission"
	"mandate/internal/access"
)

// DeleteRole deletes a role of a tenant's own that nobody has and nothing carries, not even something that is over: what
// people were given stays readable. Nobody deletes a role that holds what they do not.
//
// NOT_FOUND, ROLE_IN_USE, ROLE_EXCEEDS_GRANT.
func (s *Service) DeleteRole(ctx context.Context, cmd DeleteRole) (deleted *string, err error) {
	err = s.tx(ctx, func(ctx context.Context, t *tx) error {
		deleted = nil
		r, reach, err := t.ownRole(ctx, cmd.ID)
		if err != nil {
			return err
		}
		levels := levelsOf(r)
		if !access.Of(levels).Within(reach.Levels) {
			return broken(RoleExceedsGrant, "You can delete no role that holds more than you do.", "id")
		}
		uses, err := t.usesOf(ctx, r.ID)
		if err != nil {
			return err
		}
		if uses != "" {
			return broken(RoleInUse, "The role is in use: "+uses+".", "id")
		}
		if _, err := t.RolePermission.Delete().Where(rolepermission.RoleID(r.ID)).Exec(ctx); err != nil {
			return fmt.Errorf("empty the role: %w", err)
		}
		if err := t.Role.DeleteOne(r).Exec(ctx); err != nil {
			return fmt.Errorf("delete the role: %w", err)
		}
		deleted = &r.ID
		return t.record(ctx, event{action: "role.deleted", tenant: *r.TenantID, target: r.ID, targetName: r.Name,
			changes: change("permissions", describe(levels), "")})
	}, &deleted)
	return deleted, err
}

// usesOf says by how many a role is used; "" for none. What is over counts too: it names the role for good.
func (t *tx) usesOf(ctx context.Context, roleID string) (string, error) {
	assignments := t.Assignment.Query().Where(assignment.RoleID(roleID))
	relationships := t.Relationship.Query().Where(relationship.RoleID(roleID))
	invitations := t.Invitation.Query().Where(invitation.RoleID(roleID))
	type count func(context.Context) (int, error)
	var uses []string
	over := 0
	for _, use := range []struct {
		one, many string
		now, ever count
	}{
		{"member", "members", t.Member.Query().Where(member.RoleID(roleID)).Count, nil},
		{"privilege group", "privilege groups", t.PrivilegeGroup.Query().Where(privilegegroup.RoleID(roleID)).Count, nil},
		{"assignment", "assignments", assignments.Clone().Where(OpenAt(t.now)).Count, assignments.Count},
		{"relationship", "relationships", relationships.Clone().Where(liveAt(t.now)).Count, relationships.Count},
		{"invitation", "invitations", invitations.Clone().Where(pendingAt(t.now)).Count, invitations.Count},
	} {
		now, err := use.now(ctx)
		if err != nil {
			return "", fmt.Errorf("count what uses the role: %w", err)
		}
		uses = append(uses, counted(now, use.one, use.many)...)
		if use.ever == nil {
			continue
		}
		ever, err := use.ever(ctx)
		if err != nil {
			return "", fmt.Errorf("count what names the role: %w", err)
		}
		over += ever - now
	}
	uses = append(uses, counted(over, "record of what is over", "records of what is over")...)
	return strings.Join(uses, ", "), nil
}

// counted writes a number of things; nothing for none.
func counted(n int, one, many string) []string {
	switch n {
	case 0:
		return nil
	case 1:
		return []string{"1 " + one}
	}
	return []string{fmt.Sprintf("%d %s", n, many)}
}
