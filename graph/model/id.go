package model

import (
	"strings"
	"unicode"

	"github.com/99designs/gqlgen/graphql"
)

// MarshalID writes an id.
func MarshalID(id string) graphql.Marshaler { return graphql.MarshalID(id) }

// UnmarshalID reads an id.
func UnmarshalID(v any) (string, error) {
	id, err := graphql.UnmarshalID(v)
	return Comparable(id), err
}

// Comparable makes a text one to compare with an id or a tag. Not every database compares letters beyond ASCII with those
// of an id, or tells an id from the same one with blanks at its end: both become question marks, which none has.
func Comparable(s string) string {
	return strings.Map(func(r rune) rune {
		if r > unicode.MaxASCII || r == ' ' {
			return '?'
		}
		return r
	}, s)
}
