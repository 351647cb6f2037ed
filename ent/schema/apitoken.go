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

// ApiToken is a secret by which a program acts for a person: by one membership of theirs, within scopes, for a time.
type ApiToken struct{ ent.Schema }

// Mixin of the token.
func (ApiToken) Mixin() []ent.Mixin { return []ent.Mixin{mixin.ID{Prefix: "tok"}, mixin.Time{}} }

// Fields of the token.
func (ApiToken) Fields() []ent.Field {
	return []ent.Field{
		reference("tenant_id", "The tenant of the membership that it rests on.", fixed),
		reference("member_id", "That membership.", fixed),
		reference("user_id", "The person.", fixed),
		text("name", "What it is called.", 100, fixed),
		column(field.String("prefix").MaxLen(16).Comment("How the secret begins, to recognise it by."), []option{fixed}),
		key("token_hash", "SHA-256 of the secret.", 64, fixed, unique),
		field.JSON("scopes", map[access.Feature]access.Level{}).Immutable().Comment("The levels that it has at most; what is not named is NONE.").Annotations(api.Hidden()),
		column(field.Bool("all_tenants").Comment("Whether it reaches every tenant that the membership leads to, and not listed ones only."), []option{fixed, hidden}),
		moment("expires_at", "Until when it works.", fixed),
		moment("last_used_at", "When it was used last, to the minute.", nullable),
		moment("revoked_at", "When it was revoked.", nullable),
	}
}

// Edges of the token.
func (ApiToken) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("member", Member.Type).Field("member_id").Unique().Required().Immutable().Annotations(api.Hidden()),
		edge.To("token_tenants", ApiTokenTenant.Type).Annotations(api.Hidden()),
	}
}

// Indexes of the token.
func (ApiToken) Indexes() []ent.Index {
	return []ent.Index{index.Fields("tenant_id", "id"), index.Fields("user_id", "id"), index.Fields("member_id")}
}

// Policy of the token: visible to its owner, and with TOKENS VIEW in the tenant that it rests on.
func (ApiToken) Policy() ent.Policy { return rule.Policy(rule.TokensOf("tenant_id", "user_id")) }
