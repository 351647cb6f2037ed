package graph

import (
	"context"
	"slices"

	"mandate/ent"
	"mandate/ent/assignment"
	"mandate/ent/invitation"
	"mandate/ent/member"
	"mandate/ent/memberpermission"
	"mandate/ent/relationship"
	"mandate/ent/role"
	"mandate/ent/rule"
	"mandate/ent/user"
	"mandate/graph/model"
	"mandate/internal/access"
	"mandate/internal/viewer"
)

// memberEmails reads the addresses of members. The field is guarded where it is read.
func (r *Resolver) memberEmails(ctx context.Context, members []*ent.Member) ([]*string, error) {
	people, err := r.Client.User.Query().Where(user.IDIn(ids(members, func(m *ent.Member) string { return m.UserID })...)).All(rule.Unscoped(ctx))
	if err != nil {
		return nil, err
	}
	byID := make(map[string]*ent.User, len(people))
	for _, u := range people {
		byID[u.ID] = u
	}
	emails := make([]*string, len(members))
	for i, m := range members {
		emails[i] = &byID[m.UserID].Email
	}
	return emails, nil
}

// memberLevels computes what memberships give by themselves. The field is guarded where it is read.
func (r *Resolver) memberLevels(ctx context.Context, members []*ent.Member) ([]access.Levels, error) {
	rows, err := r.Client.MemberPermission.Query().Where(memberpermission.MemberIDIn(ids(members, memberID)...)).All(rule.Unscoped(ctx))
	if err != nil {
		return nil, err
	}
	direct := make(map[string]map[access.Feature]access.Level)
	for _, row := range rows {
		if direct[row.MemberID] == nil {
			direct[row.MemberID] = make(map[access.Feature]access.Level)
		}
		direct[row.MemberID][access.Feature(row.Feature)] = row.Level
	}
	roles, err := rule.From(ctx).RoleLevels(ctx, ids(members, func(m *ent.Member) string { return orZero(m.RoleID) })...)
	if err != nil {
		return nil, err
	}
	levels := make([]access.Levels, len(members))
	for i, m := range members {
		levels[i] = rule.MemberLevels(m.Administrator, m.Guest, roles[orZero(m.RoleID)], direct[m.ID])
	}
	return levels, nil
}

// userEmails reads the addresses of people as far as the viewer may: one's own, and those of members of tenants with
// USERS VIEW. nil stands for one that the viewer may not.
func (r *Resolver) userEmails(ctx context.Context, people []*ent.User) ([]*string, error) {
	memberships, err := r.Client.Member.Query().Where(member.UserIDIn(ids(people, userID)...)).All(ctx)
	if err != nil {
		return nil, err
	}
	may := map[string]bool{viewer.From(ctx).UserID: true}
	for _, m := range memberships {
		if reach := rule.From(ctx).Known(ctx, m.TenantID); reach != nil && reach.Levels.At(access.Users) >= access.View {
			may[m.UserID] = true
		}
	}
	emails := make([]*string, len(people))
	for i, u := range people {
		if may[u.ID] {
			emails[i] = &u.Email
		}
	}
	return emails, nil
}

// ownName is a person's own name, as their oldest membership has it.
func (r *Resolver) ownName(ctx context.Context, u *ent.User) (*string, error) {
	m, err := r.Client.Member.Query().Where(member.UserID(u.ID), member.StatusEQ(member.StatusActive)).Order(member.ByID()).First(rule.Unscoped(ctx))
	if ent.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	name := m.FirstName + " " + m.LastName
	return &name, nil
}

// grantees reads the members that assignments name, as far as the viewer sees them.
func (r *Resolver) grantees(ctx context.Context, ids []string) ([]*ent.Member, error) {
	if err := r.resolveTenantsOf(ctx, nouns["mem"], ids); err != nil {
		return nil, err
	}
	return r.members(ctx, ids)
}

// systemRoles reads the roles that every tenant has.
func (r *Resolver) systemRoles(ctx context.Context) ([]*ent.Role, error) {
	var list []string
	for _, s := range access.SystemRoles {
		list = append(list, s.ID)
	}
	return r.Client.Role.Query().Where(role.IDIn(list...)).Order(role.ByID()).All(ctx)
}

// permissionsOf writes a role's levels out.
func (r *Resolver) permissionsOf(ctx context.Context, row *ent.Role) ([]*model.FeaturePermission, error) {
	levels, err := value(ctx, row, func(ctx context.Context, roles []*ent.Role) ([]access.Levels, error) {
		byID, err := rule.From(ctx).RoleLevels(ctx, ids(roles, roleID)...)
		levels := make([]access.Levels, len(roles))
		for i, r := range roles {
			levels[i] = byID[r.ID]
		}
		return levels, err
	})
	if err != nil {
		return nil, err
	}
	return r.permissions(ctx, levels)
}

// visibleRoles reads roles by their ids: the system's, those of tenants with ROLES VIEW, and those that a relationship,
// an invitation or an assignment carries which the viewer sees.
func (r *Resolver) visibleRoles(ctx context.Context, ids []string) ([]*ent.Role, error) {
	rows, err := r.roles(ctx, ids)
	if err != nil || len(rows) == len(ids) {
		return rows, err
	}
	missing := slices.DeleteFunc(slices.Clone(ids), func(id string) bool {
		return slices.ContainsFunc(rows, func(row *ent.Role) bool { return row.ID == id })
	})
	var carried []string
	for _, carriers := range []func() ([]string, error){
		func() ([]string, error) {
			return r.Client.Relationship.Query().Where(relationship.RoleIDIn(missing...)).Select(relationship.FieldRoleID).Strings(ctx)
		},
		func() ([]string, error) {
			return r.Client.Invitation.Query().Where(invitation.RoleIDIn(missing...)).Select(invitation.FieldRoleID).Strings(ctx)
		},
		func() ([]string, error) {
			return r.Client.Assignment.Query().Where(assignment.RoleIDIn(missing...)).Select(assignment.FieldRoleID).Strings(ctx)
		},
	} {
		found, err := carriers()
		if err != nil {
			return nil, err
		}
		carried = append(carried, found...)
	}
	if len(carried) == 0 {
		return rows, nil
	}
	more, err := r.carriedRoles(ctx, carried)
	return append(rows, more...), err
}
