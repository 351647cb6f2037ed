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

// Tenant is an organisation's isolated account.
type Tenant struct{ ent.Schema }

// Mixin of the tenant.
func (Tenant) Mixin() []ent.Mixin {
	return []ent.Mixin{mixin.ID{Prefix: "ten"}, mixin.Version{}, mixin.Time{Versioned: true}}
}

// Fields of the tenant.
func (Tenant) Fields() []ent.Field {
	return []ent.Field{
		field.Enum("kind").NamedValues("Operator", "OPERATOR", "Partner", "PARTNER", "Customer", "CUSTOMER").Immutable().
			Comment("What the tenant is here for.").
			Annotations(api.Type("TenantKind"), api.Values{
				"OPERATOR": "Runs this installation.", "PARTNER": "Works for customers.", "CUSTOMER": "Is worked for.",
			}),
		text("name", "Name of the organisation.", 200),
		text("sort_name", "The name as lists are ordered and searched by it: case and width folded.", 400, hidden),
		field.Enum("status").NamedValues("Active", "ACTIVE", "Suspended", "SUSPENDED", "Deleted", "DELETED").Default("ACTIVE").
			Comment("Whether the tenant can be worked in.").
			Annotations(api.Type("TenantStatus"), api.Values{
				"ACTIVE": "In use.", "SUSPENDED": "Closed until it is reactivated: nobody reaches it or anything through it.",
			}),
		reference("partner_id", "Copy of the partner tenant in the live relationship. It only picks and orders candidates; the relationship decides.", nullable),
		reference("managed_by_id", "The MSP's tenant that manages this one, of a tech partner.", fixed, nullable),
		text("account_number", "Number of the account in the operator's books.", 60, nullable, guarded(access.Tenant, access.View)),
		text("email", "Contact address of the account.", 320, nullable, guarded(access.Tenant, access.View)),
		text("street", "Street and number.", 200, hidden, nullable),
		text("city", "City.", 100, hidden, nullable),
		text("region", "State, county or region.", 100, hidden, nullable),
		text("postal_code", "Postal code.", 20, hidden, nullable),
		text("country", "Country, as ISO 3166-1 alpha-2.", 2, hidden, nullable),
		field.Enum("sign_up_policy").NamedValues("Closed", "CLOSED", "ValidateEmail", "VALIDATE_EMAIL", "ValidateAndApprove", "VALIDATE_AND_APPROVE").Default("CLOSED").
			Comment("How people become members by themselves.").
			Annotations(api.Type("SignUpPolicy"), api.Guard(access.Users, access.View), api.Values{
				"CLOSED":               "They do not.",
				"VALIDATE_EMAIL":       "By proving their address; what they may do is given to them afterwards.",
				"VALIDATE_AND_APPROVE": "By proving their address, and once an administrator approves.",
			}),
		text("sign_up_code", "Names the tenant to people who sign up; none while sign-up is closed.", 40, nullable, unique, guarded(access.Users, access.Manage)),
		moment("service_activated_at", "When the service was activated.", nullable, guarded(access.ServicesAdmin, access.View)),
	}
}

// Edges of the tenant.
func (Tenant) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("tenant_tags", TenantTag.Type).Annotations(api.Hidden()),
		edge.To("members", Member.Type).Annotations(api.Hidden()),
	}
}

// Indexes of the tenant.
func (Tenant) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("sort_name", "id").StorageKey("tenants_page"),
		index.Fields("kind", "sort_name", "id").StorageKey("tenants_kind_page"),
		index.Fields("partner_id", "sort_name", "id").StorageKey("tenants_partner_page"),
		index.Fields("managed_by_id", "sort_name", "id").StorageKey("tenants_managed_page"),
	}
}

// Policy of the tenant: visible to whoever has a live path to it.
func (Tenant) Policy() ent.Policy { return rule.Policy(rule.Tenants) }
