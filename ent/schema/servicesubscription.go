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

// ServiceSubscription is something that a tenant subscribed to, as the operator's books have it.
type ServiceSubscription struct{ ent.Schema }

// Mixin of the subscription.
func (ServiceSubscription) Mixin() []ent.Mixin {
	return []ent.Mixin{mixin.ID{Prefix: "sub"}, mixin.Time{}}
}

// Fields of the subscription.
func (ServiceSubscription) Fields() []ent.Field {
	return []ent.Field{
		reference("tenant_id", "The tenant.", fixed),
		text("external_id", "Its id in the operator's books, unique in the tenant.", 100, fixed, as("externalId")),
		text("name", "Name of the service.", 200),
		field.Bool("active").Comment("Whether it runs now: not switched off, and not past its end."),
		moment("ends_at", "When it ends; open if empty.", nullable),
	}
}

// Edges of the subscription.
func (ServiceSubscription) Edges() []ent.Edge {
	return []ent.Edge{edge.To("tenant", Tenant.Type).Field("tenant_id").Unique().Required().Immutable().Annotations(api.Hidden())}
}

// Indexes of the subscription.
func (ServiceSubscription) Indexes() []ent.Index {
	return []ent.Index{index.Fields("tenant_id", "external_id").Unique(), index.Fields("tenant_id", "active", "ends_at"), index.Fields("tenant_id", "id")}
}

// Policy of the subscription: visible with SERVICES_ADMIN VIEW.
func (ServiceSubscription) Policy() ent.Policy {
	return rule.Policy(rule.OfTenant(access.ServicesAdmin))
}
