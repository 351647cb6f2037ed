package model

import (
	"io"
	"time"

	"github.com/99designs/gqlgen/graphql"
)

// InputError says that a value in a request cannot be read.
type InputError struct{ Message string }

// Error returns the sentence.
func (e *InputError) Error() string { return e.Message }

// MarshalDateTime writes an instant in UTC.
func MarshalDateTime(t time.Time) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) {
		_, _ = io.WriteString(w, `"`+t.UTC().Format("2006-01-02T15:04:05.999999Z07:00")+`"`)
	})
}

// UnmarshalDateTime reads an instant, to the microsecond.
func UnmarshalDateTime(v any) (time.Time, error) {
	s, ok := v.(string)
	if !ok {
		return time.Time{}, &InputError{"A DateTime is a string."}
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	t = t.UTC()
	if err != nil || t.Year() < 1 || t.Year() > 9999 {
		return time.Time{}, &InputError{"This is not a DateTime: write it like 2026-11-21T20:38:00Z."}
	}
	return t.Truncate(time.Microsecond), nil
}
