package model_test

import (
	"bytes"
	"strings"
	"testing"
	"unicode"

	"mandate/graph/model"
)

// FuzzID: an id is compared byte by byte on every database, and is written as it was read.
func FuzzID(f *testing.F) {
	f.Fuzz(func(t *testing.T, typed string) {
		id, err := model.UnmarshalID(typed)
		if err != nil {
			t.Fatal(err)
		}
		if strings.ContainsFunc(id, func(r rune) bool { return r == ' ' || r > unicode.MaxASCII }) {
			t.Errorf("%q is read as %q", typed, id)
		}
		if again, _ := model.UnmarshalID(id); again != id {
			t.Errorf("%q is read as %q", id, again)
		}
		plain := !strings.ContainsFunc(typed, func(r rune) bool { return r == ' ' || r > unicode.MaxASCII })
		if plain != (id == typed) {
			t.Errorf("%q is read as %q", typed, id)
		}
		var b bytes.Buffer
		model.MarshalID(id).MarshalGQL(&b)
		if b.Len() < 2 {
			t.Errorf("%q is written as %s", id, &b)
		}
	})
}
