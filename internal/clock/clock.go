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

// moment is a reading that a context keeps, and that a transaction below it can move on.
type moment struct{ t time.Time }

// With returns a context whose moment is t.
func With(ctx context.Context, t time.Time) context.Context {
	return context.WithValue(ctx, key{}, &moment{t.UTC().Truncate(time.Microsecond)})
}

// Now returns the moment of ctx, and the machine's time when it has none.
func Now(ctx context.Context) time.Time {
	if m, ok := ctx.Value(key{}).(*moment); ok {
		return m.t
	}
	return System()
}

// Move moves the moment of ctx on to that of a transaction that was committed in it, so that what is read from now on is
// not older than what was written. The goroutine that does it has the context to itself.
func Move(ctx context.Context, t time.Time) {
	if m, ok := ctx.Value(key{}).(*moment); ok {
		m.t = t
	}
}
