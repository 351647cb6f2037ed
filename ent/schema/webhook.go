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

// Webhook is an address of a tenant's own that is told of what its audit trail tells of.
type Webhook struct{ ent.Schema }

// Mixin of the webhook.
func (Webhook) Mixin() []ent.Mixin {
	return []ent.Mixin{mixin.ID{Prefix: "whk"}, mixin.Version{}, mixin.Time{Versioned: true}}
}

// Fields of the webhook.
func (Webhook) Fields() []ent.Field {
	return []ent.Field{
		reference("tenant_id", "The tenant.", fixed),
		text("url", "Where events are sent to, by POST.", 2000),
		field.JSON("events", []string{}).Comment("The actions that it is told of, as the audit trail names them; all when empty.").Annotations(api.Hidden()),
		field.String("secret").Sensitive().MaxLen(100).Comment("What signs deliveries.").Annotations(api.Hidden()),
		field.String("previous_secret").Sensitive().MaxLen(100).Optional().Nillable().Comment("What signed them before the last rotation, and still does beside the other one for a while.").Annotations(api.Hidden()),
		moment("previous_until", "Until when it does.", hidden, nullable),
		field.Enum("status").NamedValues("Active", "ACTIVE", "Disabled", "DISABLED", "Deleted", "DELETED").Default("ACTIVE").
			Comment("Whether events are sent.").
			Annotations(api.Type("WebhookStatus"), api.Values{
				"ACTIVE":   "Events are sent.",
				"DISABLED": "Switched off, by somebody or because messages could not be delivered; nothing is sent until it is switched on again.",
			}),
		moment("active_since", "Since when it is told of events: what happened before is not sent to it.", hidden),
		moment("failing_since", "Since when no delivery has succeeded; none while deliveries succeed.", nullable),
	}
}

// Edges of the webhook.
func (Webhook) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("webhook_tenant", Tenant.Type).Field("tenant_id").Unique().Required().Immutable().Annotations(api.Hidden()),
	}
}

// Indexes of the webhook.
func (Webhook) Indexes() []ent.Index {
	return []ent.Index{index.Fields("tenant_id", "id"), index.Fields("status")}
}

// Policy of the webhook: visible with TOKENS VIEW by a membership in its tenant.
func (Webhook) Policy() ent.Policy { return rule.Policy(rule.Webhooks) }
