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

// Assignment gives a grantee a role in one tenant for a time. It belongs to the tenant that grants it.
type Assignment struct{ ent.Schema }

// Mixin of the assignment.
func (Assignment) Mixin() []ent.Mixin {
	return append([]ent.Mixin{mixin.ID{Prefix: "asg"}, mixin.Version{}, mixin.Time{Versioned: true}}, partnerProfile(), customerProfile())
}

// Fields of the assignment.
func (Assignment) Fields() []ent.Field {
	return []ent.Field{
		reference("granter_id", "The partner tenant that grants it.", fixed),
		reference("tenant_id", "The tenant it reaches.", fixed),
		text("tenant_sort_name", "Copy of that tenant's sort name. It only picks and orders candidates.", 400, hidden),
		reference("grantee_id", "Who it is given to: a member or a privilege group of the granting tenant, or a tech partner that it manages.", fixed),
		reference("relationship_id", "The relationship that it rests on, and ends with.", fixed, nullable),
		text("grantee_name", "Name of the grantee.", 210),
		reference("role_id", "The role in that tenant."),
		field.Enum("status").NamedValues("Scheduled", "SCHEDULED", "Active", "ACTIVE", "Expired", "EXPIRED", "Revoked", "REVOKED").Default("ACTIVE").
			Comment("Where the assignment stands; SCHEDULED and EXPIRED follow from the access period.").
			Annotations(api.Type("AssignmentStatus"), api.Values{
				"SCHEDULED": "Its access period has not begun.",
				"ACTIVE":    "It counts.",
				"EXPIRED":   "Its access period is over.",
				"REVOKED":   "It was taken back, or what it rested on ended.",
			}),
		moment("starts_at", "From when it counts.", hidden),
		moment("ends_at", "Until when it counts; open if empty.", hidden, nullable),
		moment("due_at", "When the clock has something to do with it next: to announce its end, or to record it. None while it is open or over.", hidden, nullable),
		moment("ended_at", "When it was taken back.", hidden, nullable),
		key("open_key", "Grantee, tenant and granter while it is not over: unique, so that there is one.", 100, nullable, unique),
	}
}

// Edges of the assignment.
func (Assignment) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("granter", Tenant.Type).Field("granter_id").Unique().Required().Immutable().Annotations(api.Hidden()),
		edge.To("reached_tenant", Tenant.Type).Field("tenant_id").Unique().Required().Immutable().Annotations(api.Hidden()),
		edge.To("given_role", Role.Type).Field("role_id").Unique().Required().Annotations(api.Hidden()),
	}
}

// Indexes of the assignment: the first serves a page of tenants in order of name, the second levels and probes.
func (Assignment) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("grantee_id", "tenant_sort_name", "tenant_id", "status", "granter_id", "role_id", "starts_at", "ends_at").
			StorageKey("assignments_page"),
		index.Fields("grantee_id", "tenant_id", "status", "granter_id", "role_id", "starts_at", "ends_at").
			StorageKey("assignments_levels"),
		index.Fields("tenant_id", "granter_id", "status"),
		index.Fields("tenant_id", "id"),
		index.Fields("grantee_id", "id"),
		index.Fields("granter_id", "id"),
		index.Fields("relationship_id"),
		index.Fields("role_id"),
		index.Fields("due_at"),
	}
}

// Policy of the assignment: visible with ASSIGNMENTS VIEW in the granting tenant or in the tenant it reaches.
func (Assignment) Policy() ent.Policy {
	return rule.Policy(rule.OfPair(access.Assignments, "granter_id", "tenant_id"))
}
