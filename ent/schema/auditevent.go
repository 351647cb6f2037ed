package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"mandate/ent/rule"
	"mandate/ent/schema/api"
	"mandate/ent/schema/mixin"
	"mandate/internal/access"
)

// AuditEvent is the record of one write: who, from where, on whose behalf, what.
type AuditEvent struct{ ent.Schema }

// Mixin of the event.
func (AuditEvent) Mixin() []ent.Mixin { return []ent.Mixin{mixin.ID{Prefix: "evt"}} }

// Fields of the event.
func (AuditEvent) Fields() []ent.Field {
	return []ent.Field{
		moment("at", "When it happened.", fixed),
		column(field.String("action").MaxLen(60).Comment("What was done, such as invitation.accepted."), []option{fixed}),
		reference("tenant_id", "The tenant in whose affairs it happened; none for what concerns a person only.", fixed, nullable),
		reference("other_tenant_id", "The other tenant concerned: the actor's own, or the other side of a pair.", fixed, nullable),
		reference("actor_id", "The person who did it.", fixed, nullable),
		text("actor_name", "Name of that person, as the actor's tenant has it.", 210, fixed, hidden, nullable),
		reference("actor_tenant_id", "The tenant the person acted from.", fixed, nullable),
		text("actor_tenant_name", "Its name.", 200, fixed, hidden, nullable),
		key("actor_tenant_kind", "Its kind.", 20, fixed, hidden, nullable),
		text("on_behalf_of_name", "Name of the tenant acted for, if it is not the actor's own.", 200, fixed, hidden, nullable),
		key("on_behalf_of_kind", "Its kind.", 20, fixed, hidden, nullable),
		column(field.String("api_token").MaxLen(16).Comment("How the API token begins by which it was done; none for a session."), []option{fixed, nullable}),
		reference("relationship_id", "The relationship concerned.", fixed, nullable),
		reference("target_id", "What was acted on.", fixed, nullable),
		field.JSON("target_ids", []string{}).Optional().Immutable().Comment("All that was acted on, where that is more than one.").Annotations(api.Hidden()),
		text("target_name", "Name of what was acted on, while the viewer may see it.", 400, fixed, nullable),
		field.JSON("changes", []access.Change{}).Optional().Immutable().Comment("What changed, without secrets.").Annotations(api.Hidden()),
		text("reason", "Why, in the words of whoever did it.", 500, fixed, nullable),
		key("request_id", "The request.", 64, fixed, nullable),
		text("address", "The client's address.", 64, fixed, nullable, hidden),
	}
}

// Indexes of the event.
func (AuditEvent) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("tenant_id", "at", "id"), index.Fields("other_tenant_id", "at", "id"),
		index.Fields("tenant_id", "other_tenant_id", "at", "id"), index.Fields("actor_id", "tenant_id", "at"),
	}
}

// Hooks of the event: it is written once.
func (AuditEvent) Hooks() []ent.Hook { return []ent.Hook{rule.AppendOnly} }

// Policy of the event: visible with AUDIT VIEW in either tenant concerned.
func (AuditEvent) Policy() ent.Policy {
	return rule.Policy(rule.OfPair(access.Audit, "tenant_id", "other_tenant_id"))
}
