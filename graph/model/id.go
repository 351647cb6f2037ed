package model

import (
	"strings"
	"unicode"

	"github.com/99designs/gqlgen/graphql"
)

// MarshalID writes an id.
func MarshalID(id string) graphql.Marshaler { return graphql.MarshalID(id) }

// UnmarshalID reads an id. Not every database compares an id with letters beyond ASCII, or tells one with blanks at its
// end from one without: the blanks go, and such a letter becomes a question mark, which no id has.
func UnmarshalID(v any) (string, error) {
	id, err := graphql.UnmarshalID(v)
	return strings.TrimRight(strings.Map(inASCII, id), " "), err
}

func inASCII(r rune) rune {
	if r > unicode.MaxASCII {
		return '?'
	}
	return r
}
