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

// Relationship is the standing bond between a partner and a customer.
type Relationship struct{ ent.Schema }

// Mixin of the relationship.
func (Relationship) Mixin() []ent.Mixin {
	return append([]ent.Mixin{mixin.ID{Prefix: "rel"}, mixin.Version{}, mixin.Time{Versioned: true}}, partnerProfile(), customerProfile())
}

// Fields of the relationship.
func (Relationship) Fields() []ent.Field {
	return []ent.Field{
		field.Enum("kind").NamedValues("CustomerDesignated", "CUSTOMER_DESIGNATED", "PartnerOfRecord", "PARTNER_OF_RECORD").Immutable().
			Comment("Who brought it about, and so who may end it.").
			Annotations(api.Type("RelationshipKind"), api.Values{
				"CUSTOMER_DESIGNATED": "The customer chose the partner and may end it alone at any time.",
				"PARTNER_OF_RECORD":   "The partner, or the operator for it, created the customer. The customer may narrow it, and not end it.",
			}),
		field.Enum("status").NamedValues("Active", "ACTIVE", "Suspended", "SUSPENDED", "Expired", "EXPIRED", "Terminated", "TERMINATED").Default("ACTIVE").
			Comment("Where the relationship stands. One past its end is EXPIRED from that moment on.").
			Annotations(api.Type("RelationshipStatus"), api.Values{
				"ACTIVE":     "Connected.",
				"SUSPENDED":  "Suspended by one side or by the operator: nothing is reachable through it, and nothing is lost.",
				"EXPIRED":    "Past its end.",
				"TERMINATED": "Ended by one side or by the operator.",
			}),
		reference("partner_id", "The partner's tenant.", fixed),
		reference("customer_id", "The customer's tenant.", fixed),
		reference("active_customer_id", "The customer while the relationship is active or suspended: unique, so that a customer has one partner.", nullable, unique),
		reference("role_id", "The ceiling."),
		moment("starts_at", "From when it counts.", fixed),
		moment("ends_at", "Until when it counts; open if empty.", nullable),
		column(field.Int("auto_extend_days").Comment("By how many days it is extended when its end comes near; not extended if empty."), []option{nullable}),
		field.Bool("suspended_by_partner").Default(false).Comment("Whether the partner suspended it.").Annotations(api.Hidden()),
		field.Bool("suspended_by_customer").Default(false).Comment("Whether the customer suspended it.").Annotations(api.Hidden()),
		field.Bool("suspended_by_operator").Default(false).Comment("Whether the operator suspended it.").Annotations(api.Hidden()),
		moment("due_at", "When the clock has something to do with it next: to announce its end, to move it, or to record it. None while it is open or over.", hidden, nullable),
		moment("ended_at", "When it ended.", nullable),
		field.Enum("ended_by").NamedValues("Partner", "PARTNER", "Customer", "CUSTOMER", "Operator", "OPERATOR").Optional().Nillable().
			Comment("Who ended it; empty when it ran out by itself.").
			Annotations(api.Enum("Side", "Who stands where in a relationship."), api.Values{"PARTNER": "The partner.", "CUSTOMER": "The customer.", "OPERATOR": "The operator of the installation."}),
		text("end_reason", "Why it was ended, in the words of whoever did.", 500, nullable),
	}
}

// Edges of the relationship.
func (Relationship) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("partner_tenant", Tenant.Type).Field("partner_id").Unique().Required().Immutable().Annotations(api.Hidden()),
		edge.To("customer_tenant", Tenant.Type).Field("customer_id").Unique().Required().Immutable().Annotations(api.Hidden()),
		edge.To("ceiling", Role.Type).Field("role_id").Unique().Required().Annotations(api.Hidden()),
	}
}

// Indexes of the relationship.
func (Relationship) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("customer_id", "id"),
		index.Fields("partner_id", "id"),
		index.Fields("partner_id", "status", "id"),
		index.Fields("role_id"),
		index.Fields("due_at"),
	}
}

// Policy of the relationship: visible with PARTNERS VIEW on either side.
func (Relationship) Policy() ent.Policy {
	return rule.Policy(rule.OfPair(access.Partners, "partner_id", "customer_id"))
}
