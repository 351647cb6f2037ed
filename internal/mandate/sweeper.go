package mandate

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"sync/atomic"
	"time"
)

// Sweeper sweeps now and then. Several may run at once, in one program or in many.
type Sweeper struct {
	Service *Service
	Log     *slog.Logger
	Pause   time.Duration // between sweeps, about

	done atomic.Int64
}

// SweepPause is how long a sweeper pauses in service.
const SweepPause = 15 * time.Second

// Run sweeps at once, and then after every pause, until ctx is done: what is in hand then is committed, or taken back and done by
// the next sweep.
func (w *Sweeper) Run(ctx context.Context) {
	for ctx.Err() == nil {
		switch err := w.Service.Sweep(ctx); {
		case err == nil:
			w.done.Store(w.Service.Clock().UnixNano())
		case ctx.Err() == nil:
			w.Log.ErrorContext(ctx, "sweep", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(w.Pause*3/4 + rand.N(w.Pause/2)): // programs that were started together do not stay so
		}
	}
}

// Done is when a sweep ended last in which nothing failed; zero before the first one.
func (w *Sweeper) Done() time.Time {
	if at := w.done.Load(); at != 0 {
		return time.Unix(0, at)
	}
	return time.Time{}
}
