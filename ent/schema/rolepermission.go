package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"mandate/ent/rule"
	"mandate/ent/schema/api"
	"mandate/ent/schema/mixin"
	"mandate/internal/access"
)

// RolePermission is a custom role's level on one feature.
type RolePermission struct{ ent.Schema }

// Annotations of the permission.
func (RolePermission) Annotations() []schema.Annotation { return []schema.Annotation{api.Hidden()} }

// Mixin of the permission.
func (RolePermission) Mixin() []ent.Mixin { return []ent.Mixin{mixin.ID{Prefix: "rpm"}} }

// Fields of the permission.
func (RolePermission) Fields() []ent.Field {
	return []ent.Field{
		reference("tenant_id", "The role's tenant.", fixed),
		reference("role_id", "The role.", fixed),
		key("feature", "Key of the feature.", 64, fixed),
		field.Int8("level").GoType(access.None).Comment("The level."),
	}
}

// Edges of the permission.
func (RolePermission) Edges() []ent.Edge {
	return []ent.Edge{edge.From("role", Role.Type).Ref("permissions").Field("role_id").Unique().Required().Immutable().Annotations(api.Hidden())}
}

// Indexes of the permission.
func (RolePermission) Indexes() []ent.Index {
	return []ent.Index{index.Fields("role_id", "feature").Unique(), index.Fields("feature", "level", "role_id")}
}

// Policy of the permission: visible with ROLES VIEW.
func (RolePermission) Policy() ent.Policy { return rule.Policy(rule.OfTenant(access.Roles)) }
