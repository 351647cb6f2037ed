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

// AccessRequest is an item of a tenant's approval queue: somebody who signed up.
type AccessRequest struct{ ent.Schema }

// Mixin of the request.
func (AccessRequest) Mixin() []ent.Mixin {
	return []ent.Mixin{mixin.ID{Prefix: "req"}, mixin.Time{}}
}

// Fields of the request.
func (AccessRequest) Fields() []ent.Field {
	return []ent.Field{
		reference("tenant_id", "The tenant.", fixed),
		reference("member_id", "The member to be.", fixed),
		field.Enum("status").NamedValues("Pending", "PENDING", "Approved", "APPROVED", "Rejected", "REJECTED", "Expired", "EXPIRED").Default("PENDING").
			Comment("Where the request stands. One past its expiry is EXPIRED from that moment on.").
			Annotations(api.Type("AccessRequestStatus"), api.Values{
				"PENDING":  "Waits for a decision, or for the address to be proven.",
				"APPROVED": "Approved, by an administrator or by the tenant's policy.",
				"REJECTED": "Rejected, or the member was removed.",
				"EXPIRED":  "Not decided in time.",
			}),
		field.Bool("email_validated").Default(false).Comment("Whether the person has proven the address."),
		text("reason", "Why it was rejected.", 500, nullable),
		text("decided_by_name", "Name of the person who decided.", 210, nullable, hidden),
		moment("decided_at", "When it was decided.", nullable),
		moment("expires_at", "Until when it can be decided.", fixed),
	}
}

// Edges of the request.
func (AccessRequest) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("tenant", Tenant.Type).Field("tenant_id").Unique().Required().Immutable().Annotations(api.Hidden()),
		edge.To("member", Member.Type).Field("member_id").Unique().Required().Immutable().Annotations(api.Hidden()),
	}
}

// Indexes of the request.
func (AccessRequest) Indexes() []ent.Index {
	return []ent.Index{index.Fields("tenant_id", "id"), index.Fields("tenant_id", "status", "id"), index.Fields("member_id"), index.Fields("status", "expires_at")}
}

// Policy of the request: visible with USERS VIEW.
func (AccessRequest) Policy() ent.Policy { return rule.Policy(rule.OfTenant(access.Users)) }
