// Package outbox sends the mails that writes promised. A write leaves them in the outbox within its transaction; a
// Worker takes them from there after its commit, each at least once and normally exactly once: every try of a message
// carries the same Message-ID, by which a mail system can tell that it has it already.
package outbox

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"sync"
	"time"

	"mandate/ent"
	"mandate/ent/outboxmessage"
	"mandate/internal/clock"
	"mandate/internal/mail"
	"mandate/internal/retry"
	"mandate/internal/viewer"
)

const (
	batch     = 20               // messages looked up at once
	senders   = 4                // messages that a worker sends at once: one that hangs holds up no other
	poll      = time.Second      // between looks when nobody wakes the worker
	sendLimit = time.Minute      // for handing one message over
	lease     = 2 * time.Minute  // a claimed message is left alone by others: longer than sending can take
	stopLimit = 10 * time.Second // for the messages in hand when the program stops
)

// Sender hands a message to a mail server. A refusal for good is a mail.PermanentError; after any other error the
// message is tried again.
type Sender interface {
	Send(ctx context.Context, m mail.Message) error
}

// Config is what a Worker works with.
type Config struct {
	Client    *ent.Client // writes
	Sender    Sender
	PublicURL *url.URL // its host makes Message-IDs unique in the world
	Clock     clock.Clock
	Log       *slog.Logger

	// Delivery notes, in the transaction that notes what came of the mail of an invitation, whether it was delivered, or
	// given up.
	Delivery func(ctx context.Context, tx *ent.Tx, invitationID string, delivered bool) error
}

// Worker sends what is in the outbox. Several may run at once, in one program or in many.
type Worker struct {
	Config
	wake            chan struct{}
	slots           chan struct{} // one is taken for every message that is being sent
	sending         sync.WaitGroup
	poll, sendLimit time.Duration
}

// New returns a worker, which sleeps until Run.
func New(c Config) *Worker {
	return &Worker{Config: c, wake: make(chan struct{}, 1), slots: make(chan struct{}, senders), poll: poll, sendLimit: sendLimit}
}

// Wake makes a running worker look for messages at once. It never blocks.
func (w *Worker) Wake() {
	select {
	case w.wake <- struct{}{}:
	default: // it will look anyway
	}
}

// Run sends messages until ctx is done. Then it finishes those in hand, within ten seconds, and returns.
func (w *Worker) Run(ctx context.Context) {
	defer w.sending.Wait()
	tick := time.NewTicker(w.poll)
	defer tick.Stop()
	for ctx.Err() == nil {
		more, err := w.round(viewer.System(ctx, "outbox"))
		if err != nil && ctx.Err() == nil {
			w.Log.ErrorContext(ctx, "outbox", "error", err)
		}
		if more && err == nil {
			continue
		}
		select {
		case <-ctx.Done():
		case <-w.wake:
		case <-tick.C:
		}
	}
}

// round begins to send the messages that are due, and reports whether there may be more.
func (w *Worker) round(ctx context.Context) (more bool, err error) {
	due, err := w.Client.OutboxMessage.Query().
		Where(outboxmessage.StatusEQ(outboxmessage.StatusPending), outboxmessage.NextAttemptAtLTE(w.Clock())).
		Order(outboxmessage.ByNextAttemptAt(), outboxmessage.ByID()).Limit(batch).All(ctx)
	if err != nil {
		return false, fmt.Errorf("look for mails to send: %w", err)
	}
	for _, m := range due {
		select {
		case <-ctx.Done():
			return false, nil
		case w.slots <- struct{}{}:
		}
		claimed, err := w.claim(ctx, m)
		if err != nil || !claimed {
			<-w.slots
		}
		if err != nil {
			return false, fmt.Errorf("claim a mail: %w", err)
		}
		if claimed {
			w.sending.Go(func() { w.try(ctx, m) })
		}
	}
	return len(due) == batch, nil
}

// claim makes m ours for the time of the lease, unless somebody else was faster: the moment of the next attempt is
// what two workers compete for. A worker that dies with a message in hand loses it when the lease is over.
func (w *Worker) claim(ctx context.Context, m *ent.OutboxMessage) (bool, error) {
	now := w.Clock()
	until := now.Add(lease)
	n, err := w.ours(w.Client, m).AddAttempts(1).SetNextAttemptAt(until).Save(clock.With(ctx, now))
	m.Attempts, m.NextAttemptAt = m.Attempts+1, until
	return n == 1, err
}

// try sends m, which is ours, notes what came of it, and frees its slot. Once begun, it is not given up before stopLimit.
func (w *Worker) try(ctx context.Context, m *ent.OutboxMessage) {
	defer func() { <-w.slots }()
	ctx, cancel := retry.Outlive(ctx, stopLimit)
	defer cancel()
	sending, done := context.WithTimeout(ctx, w.sendLimit)
	defer done()
	refusal := w.Sender.Send(sending, mail.Message{
		MessageID: w.messageID(m),
		To:        m.Recipient,
		Letter:    mail.Letter{Subject: m.Subject, Text: m.Text, HTML: m.HTML},
	})
	if err := w.note(context.WithoutCancel(ctx), m, refusal); err != nil {
		w.Log.ErrorContext(ctx, "outbox", "error", err)
	}
}

// messageID is the same at every try.
func (w *Worker) messageID(m *ent.OutboxMessage) string {
	host := w.PublicURL.Hostname()
	if strings.Contains(host, ":") { // an IPv6 address
		host = "[IPv6:" + host + "]"
	}
	return "<" + m.ID + "@" + host + ">"
}
