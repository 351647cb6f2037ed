package graph

import (
	"context"

	"mandate/ent"
	"mandate/ent/groupmember"
	"mandate/ent/member"
	"mandate/ent/privilegegroup"
	"mandate/ent/rule"
	"mandate/internal/access"
)

func (r *Resolver) privilegeGroupList() list[*ent.PrivilegeGroup] {
	return list[*ent.PrivilegeGroup]{kind: "grp", table: "privilege_groups", owners: []string{"tenant_id"}, order: by("", "privilegegroup_%s_id"),
		scope: rule.OfTenant(access.Assignments), load: r.privilegeGroups, id: privilegeGroupID}
}

// groupMembers lists the members of a group, as far as the viewer sees them.
func (r *Resolver) groupMembers() list[*ent.Member] {
	return list[*ent.Member]{kind: "gme", table: "group_members", owners: []string{"group_id"}, key: "member_id", order: by("", "groupmember_%s_member_id"),
		scope: rule.Naming("member_id", "members", rule.Members), load: r.members, id: memberID}
}

// groupCustomers lists the customers that a group lists, as far as the viewer reaches them, by name.
func (r *Resolver) groupCustomers() list[*ent.Tenant] {
	return list[*ent.Tenant]{kind: "gcu", table: "group_customers", owners: []string{"group_id"}, key: "customer_id", order: by("customer_sort_name", "group_customers_page"),
		scope: rule.Reached("customer_id"), load: r.tenants, id: tenantID}
}

// groupSizes counts the active members of groups.
func (r *Resolver) groupSizes(ctx context.Context, groups []*ent.PrivilegeGroup) ([]int, error) {
	var rows []struct {
		ID    string `json:"group_id"`
		Count int    `json:"count"`
	}
	err := r.Client.GroupMember.Query().
		Where(groupmember.GroupIDIn(ids(groups, privilegeGroupID)...), groupmember.HasMemberWith(member.StatusEQ(member.StatusActive))).
		GroupBy(groupmember.FieldGroupID).Aggregate(ent.Count()).Scan(rule.Unscoped(ctx), &rows)
	if err != nil {
		return nil, err
	}
	byGroup := make(map[string]int, len(rows))
	for _, row := range rows {
		byGroup[row.ID] = row.Count
	}
	sizes := make([]int, len(groups))
	for i, g := range groups {
		sizes[i] = byGroup[g.ID]
	}
	return sizes, nil
}

// privilegeGroups reads groups by their ids.
func (r *Resolver) privilegeGroups(ctx context.Context, ids []string) ([]*ent.PrivilegeGroup, error) {
	return r.Client.PrivilegeGroup.Query().Where(privilegegroup.IDIn(ids...)).All(ctx)
}

func privilegeGroupID(g *ent.PrivilegeGroup) string { return g.ID }
