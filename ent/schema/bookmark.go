package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"

	"mandate/ent/rule"
	"mandate/ent/schema/api"
	"mandate/ent/schema/mixin"
)

// Bookmark is how far a reader of the audit trail has come, for all workers together.
type Bookmark struct{ ent.Schema }

// Annotations of the bookmark.
func (Bookmark) Annotations() []schema.Annotation { return []schema.Annotation{api.Hidden()} }

// Mixin of the bookmark.
func (Bookmark) Mixin() []ent.Mixin {
	return []ent.Mixin{mixin.ID{Prefix: "bmk"}, mixin.Time{Hidden: true}}
}

// Fields of the bookmark.
func (Bookmark) Fields() []ent.Field {
	return []ent.Field{
		key("reader", "Who reads, such as webhooks.", 40, fixed, unique),
		reference("event_id", "Every event before this one was dealt with."),
	}
}

// Policy of the bookmark: nobody's but the program's.
func (Bookmark) Policy() ent.Policy { return rule.Policy(rule.Nobody) }
