package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"mandate/ent/rule"
	"mandate/ent/schema/api"
	"mandate/ent/schema/mixin"
)

// OutboxMessage is a mail that a write promised: made in the write's transaction, sent after its commit.
type OutboxMessage struct{ ent.Schema }

// Annotations of the message.
func (OutboxMessage) Annotations() []schema.Annotation { return []schema.Annotation{api.Hidden()} }

// Mixin of the message.
func (OutboxMessage) Mixin() []ent.Mixin {
	return []ent.Mixin{mixin.ID{Prefix: "out"}, mixin.Time{Hidden: true}}
}

// Fields of the message.
func (OutboxMessage) Fields() []ent.Field {
	return []ent.Field{
		key("kind", "What the mail says, such as invitation.", 40, fixed),
		text("recipient", "The address written to.", 320, fixed),
		key("recipient_canonical", "The address as compared.", 320, fixed),
		reference("partner_id", "The partner tenant on whose behalf an invitation is sent.", fixed, nullable),
		reference("invitation_id", "The invitation that the mail carries.", fixed, nullable),
		text("subject", "Subject line.", 400),
		field.Text("text").Sensitive().Comment("Text part."),
		field.Text("html").Sensitive().Comment("HTML part."),
		field.Bool("secret").Default(false).Immutable().Comment("Whether the parts hold a secret, and are blanked once the mail was sent."),
		field.Enum("status").NamedValues("Pending", "PENDING", "Sent", "SENT", "Dead", "DEAD").Default("PENDING").Comment("Where the message stands."),
		field.Int("attempts").Default(0).Comment("How often sending was tried."),
		moment("next_attempt_at", "Not tried before this moment; also the lease of the worker that is at it."),
		moment("retried_at", "When an operator had it tried anew, after it was given up.", nullable),
		moment("sent_at", "When the mail server took it.", nullable),
		text("last_error", "Why the last try failed.", 500, nullable),
	}
}

// Indexes of the message.
func (OutboxMessage) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("status", "next_attempt_at"),
		index.Fields("status", "id"),
		index.Fields("recipient_canonical", "kind", "created_at"),
		index.Fields("invitation_id"),
	}
}

// Policy of the message: of the program, and for the administrators of the operator to look at.
func (OutboxMessage) Policy() ent.Policy { return rule.Policy(rule.Installation) }
