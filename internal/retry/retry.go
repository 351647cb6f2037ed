// Package retry is what mails and messages to webhooks have in common on their way out: how long they are tried, and how what came
// of a try is kept.
package retry

import (
	"context"
	"time"
)

// Life is for how long something is tried that is not taken.
const Life = 24 * time.Hour

const (
	firstPause = time.Minute   // after the first failure; it doubles with every further one
	longPause  = 6 * time.Hour // and grows no longer than this
	notes      = 5             // tries to note an outcome
)

// Pause is how long to wait after so many failures.
func Pause(failures int) time.Duration {
	p := firstPause
	for ; failures > 1 && p < longPause; failures-- {
		p *= 2
	}
	return min(p, longPause)
}

// Note notes what came of a try by f, and some times again when that fails: a database that is away for a moment must not have
// sent twice what was taken. It returns the last failure.
func Note(f func() error) (err error) {
	for i := range notes {
		time.Sleep(time.Duration(i) * 100 * time.Millisecond)
		if err = f(); err == nil {
			break
		}
	}
	return err
}

// Outlive returns a context that is done a while after ctx is: what was begun then has that time to come to its end.
func Outlive(ctx context.Context, while time.Duration) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(while, cancel) })
	return longer, func() { stop(); cancel() }
}
