package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"

	"mandate/ent/rule"
	"mandate/ent/schema/api"
	"mandate/ent/schema/mixin"
)

// User is a person: one identity, one proven address, one password. All else that is known of a person belongs to a
// membership. The id says nothing of when the person became known: tenants that add somebody see it.
type User struct{ ent.Schema }

// Mixin of the user.
func (User) Mixin() []ent.Mixin {
	return []ent.Mixin{mixin.ID{Prefix: "usr", Random: true}, mixin.Time{Hidden: true}}
}

// Fields of the user.
func (User) Fields() []ent.Field {
	return []ent.Field{
		text("email", "Address as shown and written to: in lower case, its domain in the letters that it stands for.", 320, hidden),
		key("email_canonical", "Address as compared.", 320, unique),
		column(field.String("password_hash").Sensitive().MaxLen(200).Comment("Argon2id in PHC form; none until the address is proven."), []option{nullable, hidden}),
		moment("password_changed_at", "When the password was set.", nullable, hidden),
	}
}

// Edges of the user.
func (User) Edges() []ent.Edge {
	return []ent.Edge{edge.To("members", Member.Type).Annotations(api.Hidden())}
}

// Policy of the user: visible to oneself, and to whoever may list one of the person's memberships.
func (User) Policy() ent.Policy { return rule.Policy(rule.Users) }
