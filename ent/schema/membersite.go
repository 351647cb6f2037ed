package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/index"

	"mandate/ent/rule"
	"mandate/ent/schema/api"
	"mandate/ent/schema/mixin"
)

// MemberSite is a site that a member sees, of those who do not see all.
type MemberSite struct{ ent.Schema }

// Annotations of the listed site.
func (MemberSite) Annotations() []schema.Annotation { return []schema.Annotation{api.Hidden()} }

// Mixin of the listed site.
func (MemberSite) Mixin() []ent.Mixin { return []ent.Mixin{mixin.ID{Prefix: "mst"}} }

// Fields of the listed site.
func (MemberSite) Fields() []ent.Field {
	return []ent.Field{
		reference("tenant_id", "The tenant.", fixed),
		reference("member_id", "The member.", fixed),
		reference("site_id", "The site.", fixed),
	}
}

// Edges of the listed site.
func (MemberSite) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("member", Member.Type).Ref("member_sites").Field("member_id").Unique().Required().Immutable().Annotations(api.Hidden()),
		edge.To("site", Site.Type).Field("site_id").Unique().Required().Immutable().Annotations(api.Hidden()),
	}
}

// Indexes of the listed site.
func (MemberSite) Indexes() []ent.Index {
	return []ent.Index{index.Fields("member_id", "site_id").Unique()}
}

// Policy of the listed site: visible to whoever sees the site.
func (MemberSite) Policy() ent.Policy { return rule.Policy(rule.Sites("site_id")) }
