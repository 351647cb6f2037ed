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

// Member is a user in a tenant, as that tenant describes the person.
type Member struct{ ent.Schema }

// Mixin of the member.
func (Member) Mixin() []ent.Mixin {
	return []ent.Mixin{mixin.ID{Prefix: "mem"}, mixin.Version{}, mixin.Time{Versioned: true}}
}

// Fields of the member.
func (Member) Fields() []ent.Field {
	return []ent.Field{
		reference("tenant_id", "The tenant.", fixed),
		reference("user_id", "The person.", fixed),
		text("first_name", "First name.", 100),
		text("last_name", "Last name.", 100),
		text("sort_name", "The name as lists are ordered by it.", 420, hidden),
		text("handle", "User ID: the person's name in this tenant's systems, unique there.", 100, as("userId")),
		text("present_handle", "The User ID as compared, while the person is a member: unique in the tenant.", 200, hidden, nullable),
		reference("present_user_id", "The person, while a member: unique in the tenant, so that nobody is a member twice.", nullable),
		text("label", "How the person is shown in lists.", 200),
		text("phone", "Phone number, as E.164.", 20, nullable, guarded(access.Users, access.View)),
		field.Enum("status").NamedValues("PendingEmailValidation", "PENDING_EMAIL_VALIDATION", "PendingApproval", "PENDING_APPROVAL",
			"Active", "ACTIVE", "Suspended", "SUSPENDED", "Removed", "REMOVED").Default("ACTIVE").
			Comment("Where the membership stands.").
			Annotations(api.Type("MemberStatus"), api.Values{
				"PENDING_EMAIL_VALIDATION": "Waits for the person to prove the address.",
				"PENDING_APPROVAL":         "Waits for an administrator.",
				"ACTIVE":                   "May sign in and act.",
				"SUSPENDED":                "May not act in this tenant.",
				"REMOVED":                  "No longer a member; kept for history.",
			}),
		field.Bool("guest").Default(false).Comment("Whether the member is a guest: never administrator, and with catalogue levels only."),
		field.Bool("administrator").Default(false).Comment("Whether the member may do everything in this tenant."),
		field.Bool("all_sites").Default(true).Comment("Whether the member sees all sites of the tenant, and not only those listed."),
		reference("role_id", "The role, if any.", nullable),
		moment("last_signed_in_at", "When the person last signed in while a member here.", nullable, guarded(access.Users, access.View)),
	}
}

// Edges of the member.
func (Member) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("tenant", Tenant.Type).Ref("members").Field("tenant_id").Unique().Required().Immutable().Annotations(api.Hidden()),
		edge.From("user", User.Type).Ref("members").Field("user_id").Unique().Required().Immutable().Annotations(api.Hidden()),
		edge.To("role", Role.Type).Field("role_id").Unique().Annotations(api.Hidden()),
		edge.To("permissions", MemberPermission.Type).Annotations(api.Hidden()),
		edge.To("member_sites", MemberSite.Type).Annotations(api.Hidden()),
	}
}

// Indexes of the member.
func (Member) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("tenant_id", "present_user_id").Unique(),
		index.Fields("tenant_id", "present_handle").Unique(),
		// The orders of the list and, behind the id, all that it is filtered by, so that a long walk along the index needs no rows.
		index.Fields("tenant_id", "sort_name", "id", "status", "administrator", "guest", "user_id").StorageKey("members_page"),
		index.Fields("tenant_id", "status", "sort_name", "id", "administrator", "guest", "user_id").StorageKey("members_status_page"),
		index.Fields("tenant_id", "last_signed_in_at", "id", "status", "administrator", "guest").StorageKey("members_sign_in_page"),
		index.Fields("tenant_id", "administrator", "status"),
		index.Fields("user_id", "status", "tenant_id"),
	}
}

// Policy of the member: one's own; with USERS VIEW all of a tenant, with GUESTS VIEW its guests.
func (Member) Policy() ent.Policy { return rule.Policy(rule.Members) }
