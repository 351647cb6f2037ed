// Package mixin holds what the rows of many tables have in common.
package mixin

import (
	"context"
	"crypto/rand"
	"strings"

	"entgo.io/ent"
	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/mixin"
	"github.com/oklog/ulid/v2"

	"mandate/ent/schema/api"
	"mandate/internal/clock"
)

// entropy lets ids grow within a millisecond too, so that what one program writes is in the order in which it was written.
var entropy = &ulid.LockedMonotonicReader{MonotonicReader: ulid.Monotonic(rand.Reader, 0)}

// ID gives rows an opaque id that names its kind and grows with time: a prefix such as "ten", and a ULID.
type ID struct {
	mixin.Schema
	Prefix string
	Random bool // for rows of which nobody is to learn when they were made: all of the id is chance
}

// Fields of the mixin.
func (m ID) Fields() []ent.Field {
	return []ent.Field{
		field.String("id").Comment("Opaque identifier, unique in the whole installation.").Immutable().
			SchemaType(map[string]string{dialect.MySQL: "char(30)"}).
			Annotations(entsql.Annotation{Collation: "ascii_bin"}).
			DefaultFunc(func() string {
				return m.Prefix + "_" + strings.ToLower(m.next().String())
			}),
	}
}

func (m ID) next() (id ulid.ULID) {
	if m.Random {
		_, _ = rand.Read(id[:]) // it never fails
		return id
	}
	return ulid.MustNew(ulid.Now(), entropy)
}

// Time keeps when a row was made and changed last, by the moment of the transaction that did it.
type Time struct {
	mixin.Schema
	Hidden    bool // keeps both out of the API
	Versioned bool // only what counts as a change by its version is one; what is noted beside it is not
}

// Fields of the mixin.
func (t Time) Fields() []ent.Field {
	made := field.Time("created_at").Comment("When it was created.").Immutable().
		SchemaType(map[string]string{dialect.MySQL: "datetime(6)"})
	changed := field.Time("updated_at").Comment("When it was last changed.").
		SchemaType(map[string]string{dialect.MySQL: "datetime(6)"})
	if t.Hidden {
		made, changed = made.Annotations(api.Hidden()), changed.Annotations(api.Hidden())
	}
	return []ent.Field{made, changed}
}

// Hooks of the mixin: they set both columns.
func (t Time) Hooks() []ent.Hook {
	return []ent.Hook{func(next ent.Mutator) ent.Mutator {
		return ent.MutateFunc(func(ctx context.Context, m ent.Mutation) (ent.Value, error) {
			now := clock.Now(ctx)
			if m.Op().Is(ent.OpCreate) {
				if _, set := m.Field("created_at"); !set {
					if err := m.SetField("created_at", now); err != nil {
						return nil, err
					}
				}
			}
			_, counted := m.AddedField("version")
			if m.Op().Is(ent.OpCreate) || m.Op().Is(ent.OpUpdate|ent.OpUpdateOne) && (counted || !t.Versioned) {
				if err := m.SetField("updated_at", now); err != nil {
					return nil, err
				}
			}
			return next.Mutate(ctx, m)
		})
	}}
}

// Version counts the changes of a row, so that nobody overwrites what they have not seen.
type Version struct{ mixin.Schema }

// Fields of the mixin.
func (Version) Fields() []ent.Field {
	return []ent.Field{field.Int("version").Comment("Counts the changes; send it back to be told of changes made meanwhile.").Default(1)}
}
