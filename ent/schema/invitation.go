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

// Invitation is an offer from one side to the other: to connect, or to widen what they have.
type Invitation struct{ ent.Schema }

// Mixin of the invitation.
func (Invitation) Mixin() []ent.Mixin {
	return append([]ent.Mixin{mixin.ID{Prefix: "inv"}, mixin.Version{}, mixin.Time{Versioned: true}}, partnerProfile(), customerProfile())
}

// Fields of the invitation.
func (Invitation) Fields() []ent.Field {
	return []ent.Field{
		field.Enum("direction").NamedValues("PartnerToCustomer", "PARTNER_TO_CUSTOMER", "CustomerToPartner", "CUSTOMER_TO_PARTNER").Immutable().
			Comment("Who invites whom.").
			Annotations(api.Type("InvitationDirection"), api.Values{
				"PARTNER_TO_CUSTOMER": "The partner offers to work for the customer.",
				"CUSTOMER_TO_PARTNER": "The customer asks the partner to work for it.",
			}),
		field.Enum("channel").NamedValues("Email", "EMAIL", "PartnerID", "PARTNER_ID", "InviteLink", "INVITE_LINK").Immutable().
			Comment("How the other side was named.").
			Annotations(api.Type("InvitationChannel"), api.Values{
				"EMAIL":       "By an e-mail address.",
				"PARTNER_ID":  "By a Partner ID.",
				"INVITE_LINK": "By a partner's invite link.",
			}),
		field.Enum("status").NamedValues("Pending", "PENDING", "Accepted", "ACCEPTED", "Declined", "DECLINED", "Revoked", "REVOKED", "Expired", "EXPIRED").Default("PENDING").
			Comment("Where the invitation stands. One past its expiry is EXPIRED from that moment on.").
			Annotations(api.Type("InvitationStatus"), api.Values{
				"PENDING":  "Waits for an answer.",
				"ACCEPTED": "Accepted.",
				"DECLINED": "Declined.",
				"REVOKED":  "Taken back by its sender, or void because a side is gone.",
				"EXPIRED":  "Not answered in time.",
			}),
		reference("partner_id", "The partner's tenant.", fixed),
		reference("customer_id", "The customer's tenant, once it is known.", nullable),
		text("email", "The address it was sent to; none for an invitation by Partner ID or link.", 320, nullable, fixed),
		key("email_canonical", "The address as compared.", 320, nullable, fixed),
		reference("role_id", "The role offered, or asked for: the ceiling of the relationship to be."),
		text("message", "A personal message.", 1000, nullable, fixed),
		text("decline_reason", "Why it was declined, in the words of whoever did.", 500, nullable),
		moment("expires_at", "Until when it can be accepted."),
		field.Int("valid_hours").Comment("How long it is valid from each sending, in hours.").Immutable().Annotations(api.Hidden()),
		moment("access_ends_at", "When the access that it offers would end; open if empty.", nullable, fixed),
		column(field.Int("auto_extend_days").Comment("What an offer to extend makes of the end: by how many days it moves by itself."), []option{nullable, fixed}),
		field.Int("send_count").Default(0).Comment("How often it was sent."),
		moment("last_sent_at", "When it was sent last.", nullable),
		field.Bool("undeliverable").Default(false).Comment("Whether the mail could not be delivered: it was refused for good, or not taken for 24 hours."),
		reference("relationship_id", "What it led to, or the relationship that it would widen.", nullable),
		reference("sender_id", "The member who sent it.", fixed, nullable),
		key("token_hash", "SHA-256 of the token in the link.", 64, nullable, unique),
		key("pending_email_key", "Partner and address while the invitation is pending: unique, so that nobody is invited twice.", 400, nullable, unique),
		key("pending_customer_key", "Partner and customer while the invitation is pending: unique, as above.", 80, nullable, unique),
	}
}

// Edges of the invitation.
func (Invitation) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("partner_tenant", Tenant.Type).Field("partner_id").Unique().Required().Immutable().Annotations(api.Hidden()),
		edge.To("customer_tenant", Tenant.Type).Field("customer_id").Unique().Annotations(api.Hidden()),
		edge.To("offer", Role.Type).Field("role_id").Unique().Required().Annotations(api.Hidden()),
	}
}

// Indexes of the invitation.
func (Invitation) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("partner_id", "id"),
		index.Fields("customer_id", "id"),
		index.Fields("email_canonical", "id"),
		index.Fields("relationship_id"),
		index.Fields("role_id"),
		index.Fields("status", "expires_at"),
	}
}

// Policy of the invitation: visible with PARTNERS VIEW on either side, and to the person it was sent to.
func (Invitation) Policy() ent.Policy { return rule.Policy(rule.Invitations) }
