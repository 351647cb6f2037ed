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

// TenantTag is one tag of a tenant.
type TenantTag struct{ ent.Schema }

// Annotations of the tag.
func (TenantTag) Annotations() []schema.Annotation { return []schema.Annotation{api.Hidden()} }

// Mixin of the tag.
func (TenantTag) Mixin() []ent.Mixin { return []ent.Mixin{mixin.ID{Prefix: "tag"}} }

// Fields of the tag.
func (TenantTag) Fields() []ent.Field {
	return []ent.Field{
		reference("tenant_id", "The tenant.", fixed),
		key("tag", "The tag, as typed.", 60, fixed),
	}
}

// Edges of the tag.
func (TenantTag) Edges() []ent.Edge {
	return []ent.Edge{edge.From("tenant", Tenant.Type).Ref("tenant_tags").Field("tenant_id").Unique().Required().Immutable().Annotations(api.Hidden())}
}

// Indexes of the tag.
func (TenantTag) Indexes() []ent.Index {
	return []ent.Index{index.Fields("tenant_id", "tag").Unique(), index.Fields("tag", "tenant_id")}
}

// Policy of the tag: visible with TENANT VIEW.
func (TenantTag) Policy() ent.Policy { return rule.Policy(rule.OfTenant(access.Tenant)) }
