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

// ApiTokenTenant is a tenant that an API token is limited to.
type ApiTokenTenant struct{ ent.Schema }

// Annotations of the limit.
func (ApiTokenTenant) Annotations() []schema.Annotation { return []schema.Annotation{api.Hidden()} }

// Mixin of the limit.
func (ApiTokenTenant) Mixin() []ent.Mixin { return []ent.Mixin{mixin.ID{Prefix: "tte"}} }

// Fields of the limit.
func (ApiTokenTenant) Fields() []ent.Field {
	return []ent.Field{
		reference("token_id", "The token.", fixed),
		reference("tenant_id", "The tenant.", fixed),
	}
}

// Edges of the limit.
func (ApiTokenTenant) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("token", ApiToken.Type).Ref("token_tenants").Field("token_id").Unique().Required().Immutable().Annotations(api.Hidden()),
		edge.To("tenant", Tenant.Type).Field("tenant_id").Unique().Required().Immutable().Annotations(api.Hidden()),
	}
}

// Indexes of the limit.
func (ApiTokenTenant) Indexes() []ent.Index {
	return []ent.Index{index.Fields("token_id", "tenant_id").Unique(), index.Fields("tenant_id")}
}

// Policy of the limit: read by the program, for whoever sees the token.
func (ApiTokenTenant) Policy() ent.Policy { return rule.Policy(rule.Nobody) }
