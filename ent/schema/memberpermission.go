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

// MemberPermission is a level on one feature given to a member directly.
type MemberPermission struct{ ent.Schema }

// Annotations of the permission.
func (MemberPermission) Annotations() []schema.Annotation { return []schema.Annotation{api.Hidden()} }

// Mixin of the permission.
func (MemberPermission) Mixin() []ent.Mixin { return []ent.Mixin{mixin.ID{Prefix: "mpm"}} }

// Fields of the permission.
func (MemberPermission) Fields() []ent.Field {
	return []ent.Field{
		reference("tenant_id", "The member's tenant.", fixed),
		reference("member_id", "The member.", fixed),
		key("feature", "Key of the feature.", 64, fixed),
		field.Int8("level").GoType(access.None).Comment("The level."),
	}
}

// Edges of the permission.
func (MemberPermission) Edges() []ent.Edge {
	return []ent.Edge{edge.From("member", Member.Type).Ref("permissions").Field("member_id").Unique().Required().Immutable().Annotations(api.Hidden())}
}

// Indexes of the permission.
func (MemberPermission) Indexes() []ent.Index {
	return []ent.Index{index.Fields("member_id", "feature").Unique(), index.Fields("feature")}
}

// Policy of the permission: visible with ROLES VIEW.
func (MemberPermission) Policy() ent.Policy { return rule.Policy(rule.OfTenant(access.Roles)) }
