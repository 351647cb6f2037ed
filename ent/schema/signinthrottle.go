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

// SignInThrottle counts wrong passwords, asked-for reset links and sign-ups, by account and by network, to slow
// down whoever guesses.
type SignInThrottle struct{ ent.Schema }

// Annotations of the throttle.
func (SignInThrottle) Annotations() []schema.Annotation { return []schema.Annotation{api.Hidden()} }

// Mixin of the throttle.
func (SignInThrottle) Mixin() []ent.Mixin { return []ent.Mixin{mixin.ID{Prefix: "thr"}} }

// Fields of the throttle.
func (SignInThrottle) Fields() []ent.Field {
	return []ent.Field{
		key("subject", "SHA-256 of what is counted: of an account, a network, or both together.", 64, fixed, unique),
		column(field.Int("failures").Comment("How many in a row."), []option{hidden}),
		moment("failed_at", "When the last one was.", hidden),
		moment("until", "Until when no further try is looked at.", hidden),
	}
}

// Indexes of the throttle.
func (SignInThrottle) Indexes() []ent.Index { return []ent.Index{index.Fields("failed_at")} }

// Policy of the throttle: nobody's but the program's.
func (SignInThrottle) Policy() ent.Policy { return rule.Policy(rule.Nobody) }
