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

// IdempotencyRecord remembers a mutation that was carried out under a client's key, so that a retry does not repeat it.
type IdempotencyRecord struct{ ent.Schema }

// Annotations of the record.
func (IdempotencyRecord) Annotations() []schema.Annotation { return []schema.Annotation{api.Hidden()} }

// Mixin of the record.
func (IdempotencyRecord) Mixin() []ent.Mixin { return []ent.Mixin{mixin.ID{Prefix: "ide"}} }

// Fields of the record.
func (IdempotencyRecord) Fields() []ent.Field {
	return []ent.Field{
		key("principal_key", "SHA-256 of who asked, of the mutation and of their key.", 64, fixed, unique),
		key("body_hash", "HMAC-SHA-256 of the input without passwords, under the client's key.", 64),
		field.JSON("result", []string{}).Comment("What it answered: ids, numbers and names of columns, and no secrets."),
		moment("at", "When it was carried out."),
	}
}

// Indexes of the record.
func (IdempotencyRecord) Indexes() []ent.Index { return []ent.Index{index.Fields("at")} }

// Policy of the record: nobody's but the program's.
func (IdempotencyRecord) Policy() ent.Policy { return rule.Policy(rule.Nobody) }
