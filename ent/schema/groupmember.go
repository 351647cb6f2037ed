package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/index"

	"mandate/ent/rule"
	"mandate/ent/schema/api"
	"mandate/ent/schema/mixin"
	"mandate/internal/access"
)

// GroupMember is a member's place in a privilege group.
type GroupMember struct{ ent.Schema }

// Annotations of the place.
func (GroupMember) Annotations() []schema.Annotation { return []schema.Annotation{api.Hidden()} }

// Mixin of the place.
func (GroupMember) Mixin() []ent.Mixin { return []ent.Mixin{mixin.ID{Prefix: "gme"}} }

// Fields of the place.
func (GroupMember) Fields() []ent.Field {
	return []ent.Field{
		reference("tenant_id", "The partner's tenant.", fixed),
		reference("group_id", "The group.", fixed),
		reference("member_id", "The member.", fixed),
	}
}

// Edges of the place.
func (GroupMember) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("group", PrivilegeGroup.Type).Ref("group_members").Field("group_id").Unique().Required().Immutable().Annotations(api.Hidden()),
		edge.To("member", Member.Type).Field("member_id").Unique().Required().Immutable().Annotations(api.Hidden()),
	}
}

// Indexes of the place.
func (GroupMember) Indexes() []ent.Index {
	return []ent.Index{index.Fields("group_id", "member_id").Unique(), index.Fields("member_id", "group_id")}
}

// Policy of the place: visible with ASSIGNMENTS VIEW.
func (GroupMember) Policy() ent.Policy { return rule.Policy(rule.OfTenant(access.Assignments)) }
