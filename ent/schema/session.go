package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/index"

	"mandate/ent/rule"
	"mandate/ent/schema/api"
	"mandate/ent/schema/mixin"
)

// Session is one sign-in of a person, or one entry into a tenant.
type Session struct{ ent.Schema }

// Mixin of the session.
func (Session) Mixin() []ent.Mixin {
	return []ent.Mixin{mixin.ID{Prefix: "ses"}, mixin.Time{Hidden: true}}
}

// Fields of the session.
func (Session) Fields() []ent.Field {
	return []ent.Field{
		reference("user_id", "The person.", fixed),
		key("token_hash", "SHA-256 of the token.", 64, fixed, unique),
		moment("started_at", "When it began.", fixed),
		moment("authenticated_at", "When the password was entered last."),
		moment("last_seen_at", "When it was used last, to the minute."),
		moment("expires_at", "When it ends at the latest.", fixed),
		moment("ended_at", "When it was ended.", hidden, nullable),
		text("address", "The client's address.", 64, fixed, nullable),
		text("user_agent", "What the client called itself.", 300, fixed, nullable),
		reference("entered_tenant_id", "The one tenant that the session reaches; none for a person's own session.", fixed, nullable),
		reference("home_tenant_id", "The own tenant from which that one was entered.", fixed, nullable),
		reference("relationship_id", "The relationship through which that one was entered, if any; the session ends with it.", fixed, nullable),
		reference("parent_id", "The session from which that tenant was entered.", fixed, nullable),
	}
}

// Edges of the session.
func (Session) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("user", User.Type).Field("user_id").Unique().Required().Immutable().Annotations(api.Hidden()),
		edge.To("entered_into", Tenant.Type).Field("entered_tenant_id").Unique().Immutable().Annotations(api.Hidden()),
	}
}

// Indexes of the session.
func (Session) Indexes() []ent.Index {
	return []ent.Index{index.Fields("user_id", "ended_at"), index.Fields("relationship_id"), index.Fields("parent_id"), index.Fields("entered_tenant_id"), index.Fields("expires_at")}
}

// Policy of the session: one's own.
func (Session) Policy() ent.Policy { return rule.Policy(rule.OfPerson("user_id")) }
