package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"mandate/ent/rule"
	"mandate/ent/schema/api"
	"mandate/ent/schema/mixin"
)

// Role is a named map from features to levels: one of the system's, or a tenant's own.
type Role struct{ ent.Schema }

// Mixin of the role.
func (Role) Mixin() []ent.Mixin {
	return []ent.Mixin{mixin.ID{Prefix: "rol"}, mixin.Version{}, mixin.Time{Versioned: true}}
}

// Fields of the role.
func (Role) Fields() []ent.Field {
	return []ent.Field{
		reference("tenant_id", "The tenant whose role it is; none for a system role.", fixed, nullable),
		field.Enum("key").Values("PRIME_ADMIN", "ADMINISTRATOR", "GUEST_MANAGER", "READ_ONLY", "DECISION_MAKER", "PHONE_MANAGER").
			Optional().Nillable().Immutable().Comment("Names a system role; none for a tenant's own role.").
			Annotations(api.Enum("SystemRoleKey", "The roles that every tenant has and nobody changes."), api.Values{
				"PRIME_ADMIN":    "Manages everything.",
				"ADMINISTRATOR":  "Manages everything but partners and assignments, which it sees: it cannot pass access on.",
				"GUEST_MANAGER":  "Manages guests and sees the tenant's profile.",
				"READ_ONLY":      "Sees everything.",
				"DECISION_MAKER": "The same levels as PRIME_ADMIN, for people of a customer who decide about partners.",
				"PHONE_MANAGER":  "Manages what the catalogue offers except invoices; sees the tenant's profile and sites.",
			}),
		text("name", "Name of the role.", 100),
	}
}

// Edges of the role.
func (Role) Edges() []ent.Edge {
	return []ent.Edge{edge.To("permissions", RolePermission.Type).Annotations(api.Hidden())}
}

// Indexes of the role.
func (Role) Indexes() []ent.Index {
	return []ent.Index{index.Fields("tenant_id", "name").Unique(), index.Fields("key").Unique()}
}

// Policy of the role: system roles for everybody, custom ones with ROLES VIEW in their tenant.
func (Role) Policy() ent.Policy { return rule.Policy(rule.RolesOf) }
