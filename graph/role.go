package graph

import (
	"context"
	"slices"
	"time"

	"mandate/ent"
	"mandate/ent/assignment"
	"mandate/ent/invitation"
	"mandate/ent/privilegegroup"
	"mandate/ent/relationship"
	"mandate/ent/role"
	"mandate/ent/rule"
	"mandate/graph/model"
	"mandate/internal/access"
)

// systemRoles lists the roles that every tenant has.
func systemRoles() []*ent.Role {
	list := make([]*ent.Role, len(access.SystemRoles))
	for i, s := range access.SystemRoles {
		list[i] = systemRole(s)
	}
	return list
}

// systemRolesMade is the time in the rows of the system's roles.
var systemRolesMade = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)

// systemRole is the row of a role that every tenant has: everybody sees it, and nobody changes it.
func systemRole(s access.SystemRole) *ent.Role {
	key := role.Key(s.Key)
	return &ent.Role{ID: s.ID, Version: 1, CreatedAt: systemRolesMade, UpdatedAt: systemRolesMade, Key: &key, Name: s.Name}
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

// carriers are the rows that carry roles, by the tenants that decide about them.
var carriers = []noun{
	{table: "relationships", by: "role_id", tenants: []string{"partner_id", "customer_id"}},
	{table: "invitations", by: "role_id", tenants: []string{"partner_id", "customer_id"}},
	{table: "assignments", by: "role_id", tenants: []string{"granter_id", "tenant_id"}},
	{table: "privilege_groups", by: "role_id", tenants: []string{"tenant_id"}},
}

// visibleRoles reads roles by their ids: the system's, those of tenants with ROLES VIEW, and those that a relationship,
// an invitation, an assignment or a privilege group carries which the viewer sees.
func (r *Resolver) visibleRoles(ctx context.Context, ids []string) ([]*ent.Role, error) {
	rows, err := r.roles(ctx, ids)
	if err != nil || len(rows) == len(ids) {
		return rows, err
	}
	missing := slices.DeleteFunc(slices.Clone(ids), func(id string) bool {
		return slices.ContainsFunc(rows, func(row *ent.Role) bool { return row.ID == id })
	})
	for _, n := range carriers {
		if err := r.resolveTenantsOf(ctx, n, missing); err != nil {
			return nil, err
		}
	}
	var carried []string
	for _, carrier := range []func() ([]string, error){
		func() ([]string, error) {
			return r.Client.Relationship.Query().Where(relationship.RoleIDIn(missing...)).Unique(true).Select(relationship.FieldRoleID).Strings(ctx)
		},
		func() ([]string, error) {
			return r.Client.Invitation.Query().Where(invitation.RoleIDIn(missing...)).Unique(true).Select(invitation.FieldRoleID).Strings(ctx)
		},
		func() ([]string, error) {
			return r.Client.Assignment.Query().Where(assignment.RoleIDIn(missing...)).Unique(true).Select(assignment.FieldRoleID).Strings(ctx)
		},
		func() ([]string, error) {
			return r.Client.PrivilegeGroup.Query().Where(privilegegroup.RoleIDIn(missing...)).Unique(true).Select(privilegegroup.FieldRoleID).Strings(ctx)
		},
	} {
		found, err := carrier()
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
