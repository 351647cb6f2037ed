// Package schema declares what is stored, and with it the nouns of the API: a column, the sentence that describes it,
// whether clients see it, and the permission that guards it stand together in one place.
package schema

import (
	"fmt"

	"entgo.io/ent"
	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema/field"

	"mandate/ent/schema/api"
	"mandate/internal/access"
)

// option changes how a column is kept.
type option func(*field.Descriptor)

// nullable lets a column be empty.
func nullable(d *field.Descriptor) { d.Optional, d.Nillable = true, true }

// fixed keeps a column from changing after its row was made.
func fixed(d *field.Descriptor) { d.Immutable = true }

// hidden keeps a column out of the API.
func hidden(d *field.Descriptor) { d.Annotations = append(d.Annotations, api.Hidden()) }

// as gives a column another name in the API.
func as(name string) option {
	return func(d *field.Descriptor) { d.Annotations = append(d.Annotations, api.As(name)) }
}

// guarded lets only viewers with level on feature read the column.
func guarded(feature access.Feature, level access.Level) option {
	return func(d *field.Descriptor) { d.Annotations = append(d.Annotations, api.Guard(feature, level)) }
}

func column(f ent.Field, options []option) ent.Field {
	for _, o := range options {
		o(f.Descriptor())
	}
	return f
}

// reference is a column that holds the id of another row; clients see an edge instead.
func reference(name, sentence string, options ...option) ent.Field {
	return column(field.String(name).Comment(sentence).SchemaType(map[string]string{dialect.MySQL: "char(30)"}).
		Annotations(entsql.Annotation{Collation: "ascii_bin"}, api.Hidden()), options)
}

// moment is a column that holds an instant in UTC, to the microsecond.
func moment(name, sentence string, options ...option) ent.Field {
	return column(field.Time(name).Comment(sentence).SchemaType(map[string]string{dialect.MySQL: "datetime(6)"}), options)
}

// text is a column that holds words that people typed.
func text(name, sentence string, size int, options ...option) ent.Field {
	return column(field.String(name).Comment(sentence).MaxRuneLen(size), options)
}

// key is a hidden column of ASCII that is compared byte by byte: a hash, a code, a canonical address.
func key(name, sentence string, size int, options ...option) ent.Field {
	return column(field.String(name).Comment(sentence).MaxLen(size).
		SchemaType(map[string]string{dialect.MySQL: fmt.Sprintf("varchar(%d)", size)}).
		Annotations(entsql.Annotation{Collation: "ascii_bin"}, api.Hidden()), options)
}

// unique lets no two rows have the same value; rows without one do not count.
func unique(d *field.Descriptor) { d.Unique = true }
