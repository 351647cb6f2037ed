// Package clock is where time comes from. A root field, and a transaction, takes one reading and keeps it, so that
// every decision in it is made at the same moment.
package clock

import (
	"context"
	"time"
)

// Clock tells the time.
type Clock func() time.Time

// System is the machine's clock in UTC, cut to the microseconds that the databases keep.
func System() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

type key struct{}

// With returns a context whose moment is t.
func With(ctx context.Context, t time.Time) context.Context {
	return context.WithValue(ctx, key{}, t.UTC().Truncate(time.Microsecond))
}

// Now returns the moment of ctx, and the machine's time when it has none.
func Now(ctx context.Context) time.Time {
	if t, ok := ctx.Value(key{}).(time.Time); ok {
		return t
	}
	return System()
}
