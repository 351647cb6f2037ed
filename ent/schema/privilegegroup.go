package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"mandate/ent/rule"
	"mandate/ent/schema/api"
	"mandate/ent/schema/mixin"
	"mandate/internal/access"
)

// PrivilegeGroup is a partner's named group of its members, with one role, over all its customers or listed ones.
type PrivilegeGroup struct{ ent.Schema }

// Mixin of the group.
func (PrivilegeGroup) Mixin() []ent.Mixin {
	return []ent.Mixin{mixin.ID{Prefix: "grp"}, mixin.Version{}, mixin.Time{Versioned: true}}
}

// Fields of the group.
func (PrivilegeGroup) Fields() []ent.Field {
	return []ent.Field{
		reference("tenant_id", "The partner's tenant.", fixed),
		text("name", "Name of the group, unique in the partner; locked once the group has members.", 100),
		text("description", "What the group is for.", 500, nullable),
		field.Enum("scope").NamedValues("AllCustomers", "ALL_CUSTOMERS", "SpecificCustomers", "SPECIFIC_CUSTOMERS").
			Comment("Which customers the group reaches.").
			Annotations(api.Type("PrivilegeGroupScope"), api.Values{
				"ALL_CUSTOMERS":      "All customers of the partner, future ones too.",
				"SPECIFIC_CUSTOMERS": "Those listed.",
			}),
		reference("role_id", "The role in these customers, below the ceiling of each."),
	}
}

// Edges of the group.
func (PrivilegeGroup) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("tenant", Tenant.Type).Field("tenant_id").Unique().Required().Immutable().Annotations(api.Hidden()),
		edge.To("given_role", Role.Type).Field("role_id").Unique().Required().Annotations(api.Hidden()),
		edge.To("group_members", GroupMember.Type).Annotations(api.Hidden()),
		edge.To("group_customers", GroupCustomer.Type).Annotations(api.Hidden()),
	}
}

// Indexes of the group.
func (PrivilegeGroup) Indexes() []ent.Index {
	return []ent.Index{index.Fields("tenant_id", "name").Unique(), index.Fields("tenant_id", "id")}
}

// Policy of the group: visible with ASSIGNMENTS VIEW.
func (PrivilegeGroup) Policy() ent.Policy { return rule.Policy(rule.OfTenant(access.Assignments)) }
