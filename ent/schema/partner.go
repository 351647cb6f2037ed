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

// Partner is what makes a tenant a partner.
type Partner struct{ ent.Schema }

// Mixin of the partner.
func (Partner) Mixin() []ent.Mixin { return []ent.Mixin{mixin.ID{Prefix: "prt"}, mixin.Time{}} }

// Fields of the partner.
func (Partner) Fields() []ent.Field {
	return []ent.Field{
		reference("tenant_id", "The partner's own tenant.", fixed),
		field.Enum("type").NamedValues("MSP", "MSP", "Reseller", "RESELLER", "Support", "SUPPORT", "Integrator", "INTEGRATOR", "Installer", "INSTALLER").Immutable().
			Comment("What kind of partner it is.").
			Annotations(api.Type("PartnerType"), api.Values{
				"MSP":        "Manages services for its customers.",
				"RESELLER":   "Sells to its customers and looks after their users.",
				"SUPPORT":    "Supports customers who ask for it.",
				"INTEGRATOR": "A tech partner: works for customers of the MSP that manages it.",
				"INSTALLER":  "A tech partner: works for customers of the MSP that manages it, for days.",
			}),
		column(field.String("code").MaxLen(20).Comment("The Partner ID: public, made to be handed to customers."), []option{fixed, unique}),
		key("link_key", "The secret part of the invite link; replaced when the link is rotated.", 64, unique),
		field.Bool("recognized").Default(false).Comment("Whether the operator lets it invite customers, accept them and create them."),
	}
}

// Edges of the partner.
func (Partner) Edges() []ent.Edge {
	return []ent.Edge{edge.To("tenant", Tenant.Type).Field("tenant_id").Unique().Required().Immutable().Annotations(api.Hidden())}
}

// Indexes of the partner.
func (Partner) Indexes() []ent.Index { return []ent.Index{index.Fields("tenant_id").Unique()} }

// Policy of the partner: visible with PARTNERS VIEW in its tenant.
func (Partner) Policy() ent.Policy { return rule.Policy(rule.OfTenant(access.Partners)) }
