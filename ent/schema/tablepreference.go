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

// TablePreference is which columns of a table a person wants to see.
type TablePreference struct{ ent.Schema }

// Annotations of the preference.
func (TablePreference) Annotations() []schema.Annotation { return []schema.Annotation{api.Hidden()} }

// Mixin of the preference.
func (TablePreference) Mixin() []ent.Mixin {
	return []ent.Mixin{mixin.ID{Prefix: "tpr"}, mixin.Time{Hidden: true}}
}

// Fields of the preference.
func (TablePreference) Fields() []ent.Field {
	return []ent.Field{
		reference("user_id", "The person.", fixed),
		key("table", "The table.", 40, fixed),
		field.JSON("columns", []string{}).Comment("The columns, in order."),
	}
}

// Edges of the preference.
func (TablePreference) Edges() []ent.Edge {
	return []ent.Edge{edge.To("user", User.Type).Field("user_id").Unique().Required().Immutable().Annotations(api.Hidden())}
}

// Indexes of the preference.
func (TablePreference) Indexes() []ent.Index {
	return []ent.Index{index.Fields("user_id", "table").Unique()}
}

// Policy of the preference: one's own.
func (TablePreference) Policy() ent.Policy { return rule.Policy(rule.OfPerson("user_id")) }
