// Package webhook tells the receivers that tenants named what happened in their affairs: no more than their audit trail tells.
//
// Events are not written for receivers: a Worker reads the audit trail on, and leaves for each webhook and event that belong
// together one delivery, and there is never another one. It sends what is due, tries again for a day what was not taken, and so
// every event arrives at least once, and normally exactly once, always under the same id. Any number of workers may run at once.
package webhook

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"mandate/ent"
	"mandate/internal/clock"
	"mandate/internal/egress"
	"mandate/internal/feed"
	"mandate/internal/viewer"
)

const (
	poll      = time.Second      // between looks for events, and for deliveries that are due
	thorough  = 15 * time.Second // between looks at everything since the bookmark
	stopLimit = 10 * time.Second // for deliveries under way when the program stops
)

// Config is what a Worker works with.
type Config struct {
	Client  *ent.Client // writes
	Read    feed.Reader // the same database
	Allowed egress.Allowed
	Clock   clock.Clock
	Log     *slog.Logger

	// Disable switches a webhook off to which nothing can be delivered, as it was when that was tried; with since, only if nothing
	// was delivered since then.
	Disable func(ctx context.Context, tried *ent.Webhook, since *time.Time, reason string) error
}

// Worker delivers events to webhooks.
type Worker struct {
	Config
	sender *sender
	slots  slots
	ended  chan struct{} // a delivery came to its end
	group  sync.WaitGroup

	mostWaiting int
}

// New returns a worker, which sleeps until Run.
func New(c Config) *Worker {
	return &Worker{Config: c, sender: newSender(c.Allowed, nil), ended: make(chan struct{}, 1), mostWaiting: mostWaiting}
}

// Run delivers until ctx is done. Then it ends what is under way, within ten seconds, and returns.
func (w *Worker) Run(ctx context.Context) {
	ctx = viewer.System(ctx, "webhooks")
	tick := time.NewTicker(poll)
	defer tick.Stop()
	defer w.group.Wait()
	var looked time.Time // when everything was looked at last
	for look := true; ctx.Err() == nil; {
		if look {
			all := time.Since(looked) >= thorough
			if err := w.look(ctx, all); err != nil {
				w.report(ctx, err)
			} else if all {
				looked = time.Now()
			}
		}
		if err := w.dispatch(ctx); err != nil {
			w.report(ctx, err)
		}
		select {
		case <-ctx.Done():
		case <-w.ended:
			look = false
		case <-tick.C:
			look = true
		}
	}
}

func (w *Worker) report(ctx context.Context, err error) {
	if ctx.Err() == nil {
		w.Log.ErrorContext(ctx, "webhooks", "error", err)
	}
}

// look reads what happened, and with all what was committed late, too; switches off what too much waits for; and takes away what
// was deleted.
func (w *Worker) look(ctx context.Context, all bool) error {
	if err := w.fanOut(ctx, all); err != nil || !all {
		return err
	}
	if err := w.relieve(ctx); err != nil {
		return err
	}
	return w.sweep(ctx)
}
