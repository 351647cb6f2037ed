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

// WebhookDelivery is one event on its way to one webhook: one a webhook and event, tried until it is taken or given up.
type WebhookDelivery struct{ ent.Schema }

// Mixin of the delivery.
func (WebhookDelivery) Mixin() []ent.Mixin {
	return []ent.Mixin{mixin.ID{Prefix: "whd"}, mixin.Time{}}
}

// Fields of the delivery.
func (WebhookDelivery) Fields() []ent.Field {
	return []ent.Field{
		reference("tenant_id", "The webhook's tenant.", fixed),
		reference("webhook_id", "The webhook.", fixed),
		reference("event_id", "The event of the audit trail: the message's id for the receiver, the same at every try.", fixed),
		column(field.String("event").MaxLen(60).Comment("The action that it tells of, such as invitation.accepted."), []option{fixed}),
		field.Text("payload").Immutable().Comment("The body that is sent."),
		field.Enum("status").NamedValues("Pending", "PENDING", "Delivered", "DELIVERED", "Failed", "FAILED").Default("PENDING").
			Comment("Where the delivery stands.").
			Annotations(api.Type("WebhookDeliveryStatus"), api.Values{
				"PENDING":   "Waits for its next try.",
				"DELIVERED": "The receiver took it.",
				"FAILED":    "Given up; it can be sent again by hand.",
			}),
		column(field.Int("attempts").Default(0).Comment("How often it was tried since it was to be sent; sending it again by hand counts anew."), nil),
		moment("next_attempt_at", "Not tried before this moment; also the lease of the worker that is at it.", hidden),
		moment("give_up_at", "After which moment a failure is the last one.", hidden),
		moment("last_attempt_at", "When it was tried last.", nullable),
		column(field.Int("response_status").Comment("The HTTP status of the last answer; none if there was no answer."), []option{nullable}),
		text("last_error", "Why the last try failed.", 500, nullable),
	}
}

// Edges of the delivery.
func (WebhookDelivery) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("webhook", Webhook.Type).Field("webhook_id").Unique().Required().Immutable().Annotations(api.Hidden()),
	}
}

// Indexes of the delivery.
func (WebhookDelivery) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("webhook_id", "event_id").Unique(),
		index.Fields("webhook_id", "id"),
		index.Fields("webhook_id", "status", "id"),
		index.Fields("status", "next_attempt_at", "tenant_id"),
	}
}

// Policy of the delivery: visible with TOKENS VIEW and AUDIT VIEW by a membership in the webhook's tenant, because it tells of
// what the audit trail tells of.
func (WebhookDelivery) Policy() ent.Policy {
	return rule.Policy(rule.OfOwnTenant(access.Tokens, access.Audit))
}
