package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"mandate/ent/rule"
	"mandate/ent/schema/api"
	"mandate/ent/schema/mixin"
)

// OneTimeToken is a mailed secret that proves an address once.
type OneTimeToken struct{ ent.Schema }

// Annotations of the token.
func (OneTimeToken) Annotations() []schema.Annotation { return []schema.Annotation{api.Hidden()} }

// Mixin of the token.
func (OneTimeToken) Mixin() []ent.Mixin {
	return []ent.Mixin{mixin.ID{Prefix: "ott"}, mixin.Time{Hidden: true}}
}

// Fields of the token.
func (OneTimeToken) Fields() []ent.Field {
	return []ent.Field{
		reference("user_id", "The person.", fixed),
		field.Enum("purpose").NamedValues("Welcome", "WELCOME", "Reset", "RESET", "SignUp", "SIGN_UP", "Email", "EMAIL").Immutable().Comment("What it is for."),
		reference("tenant_id", "The tenant whose administrators had it sent, if any did.", fixed, nullable),
		reference("member_id", "The membership that it was asked for with, for SIGN_UP.", fixed, nullable),
		text("email", "The address that it proves, for EMAIL.", 320, fixed, nullable, hidden),
		key("email_canonical", "That address as compared.", 320, fixed, nullable),
		key("hash", "SHA-256 of the token.", 64, fixed, unique),
		moment("expires_at", "Until when it works.", fixed),
		moment("used_at", "When it was used, or replaced.", nullable),
	}
}

// Edges of the token.
func (OneTimeToken) Edges() []ent.Edge {
	return []ent.Edge{edge.To("user", User.Type).Field("user_id").Unique().Required().Immutable().Annotations(api.Hidden())}
}

// Indexes of the token.
func (OneTimeToken) Indexes() []ent.Index {
	return []ent.Index{index.Fields("user_id", "purpose"), index.Fields("expires_at")}
}

// Policy of the token: nobody's but the program's.
func (OneTimeToken) Policy() ent.Policy { return rule.Policy(rule.Nobody) }
