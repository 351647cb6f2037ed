package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"

	"mandate/ent/rule"
	"mandate/ent/schema/api"
	"mandate/ent/schema/mixin"
)

// Feature is a catalogue feature: what the products behind the portal offer, as data of the operator.
type Feature struct{ ent.Schema }

// Annotations of the feature.
func (Feature) Annotations() []schema.Annotation { return []schema.Annotation{api.Hidden()} }

// Mixin of the feature.
func (Feature) Mixin() []ent.Mixin {
	return []ent.Mixin{mixin.ID{Prefix: "fea"}, mixin.Time{Hidden: true}}
}

// Fields of the feature.
func (Feature) Fields() []ent.Field {
	return []ent.Field{
		key("key", "Key of the feature.", 64, fixed, unique),
		text("name", "Name of the feature.", 100),
		text("none_label", "What NONE is called.", 40),
		text("view_label", "What VIEW is called.", 40),
		text("manage_label", "What MANAGE is called.", 40),
		field.Int("position").Comment("Where it stands in lists."),
		field.Bool("retired").Default(false).Comment("Whether it is no longer given."),
	}
}

// Policy of the feature: readable by everybody who is signed in.
func (Feature) Policy() ent.Policy { return rule.Policy(rule.Everyone) }
