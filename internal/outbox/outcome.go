package outbox

import (
	"context"
	"fmt"
	"strings"
	"time"

	"mandate/ent"
	"mandate/ent/invitation"
	"mandate/ent/outboxmessage"
	"mandate/internal/clock"
	"mandate/internal/mail"
)

const (
	firstPause = time.Minute    // after the first failure; it doubles with every further one
	longPause  = 6 * time.Hour  // and grows no longer than this
	giveUp     = 24 * time.Hour // after a message was written
	noteTries  = 5              // to note an outcome; until it is noted, the message counts as not sent
	reasonSize = 300            // bytes kept of why a message was not taken
)

// note keeps what came of sending m. A database that is away for a moment must not make us send a mail twice.
func (w *Worker) note(ctx context.Context, m *ent.OutboxMessage, refusal error) error {
	now := w.Clock()
	ctx = clock.With(ctx, now)
	for i := 1; ; i++ {
		err := w.outcome(ctx, m, refusal, now)
		if err == nil {
			return nil
		}
		if i == noteTries {
			return fmt.Errorf("note what came of mail %s: %w", m.ID, err)
		}
		time.Sleep(time.Duration(i) * 100 * time.Millisecond)
	}
}

func (w *Worker) outcome(ctx context.Context, m *ent.OutboxMessage, refusal error, now time.Time) error {
	switch {
	case refusal == nil:
		return w.sent(ctx, m, now)
	case mail.IsPermanent(refusal):
		return w.refused(ctx, m, refusal)
	default:
		return w.failed(ctx, m, refusal, now)
	}
}

// sent notes that the mail server has m. It does so even if the lease is over: what was sent need not be sent again.
func (w *Worker) sent(ctx context.Context, m *ent.OutboxMessage, now time.Time) error {
	update := w.Client.OutboxMessage.Update().
		Where(outboxmessage.ID(m.ID), outboxmessage.StatusEQ(outboxmessage.StatusPending)).
		SetStatus(outboxmessage.StatusSent).SetSentAt(now).ClearLastError()
	if _, err := forget(update, m).Save(ctx); err != nil {
		return err
	}
	w.Log.InfoContext(ctx, "mail sent", "id", m.ID, "kind", m.Kind, "attempt", m.Attempts)
	return nil
}

// failed puts m off, and gives it up when it has been tried for a day.
func (w *Worker) failed(ctx context.Context, m *ent.OutboxMessage, refusal error, now time.Time) error {
	end := m.CreatedAt.Add(giveUp)
	if !now.Before(end) {
		return w.bury(ctx, w.Client, m, refusal)
	}
	next := now.Add(pause(m.Attempts))
	if next.After(end) {
		next = end // a last try
	}
	if _, err := w.ours(w.Client, m).SetNextAttemptAt(next).SetLastError(reason(refusal, m.Recipient)).Save(ctx); err != nil {
		return err
	}
	w.Log.WarnContext(ctx, "mail not sent, to be tried again", "id", m.ID, "kind", m.Kind, "attempt", m.Attempts, "next", next, "error", reason(refusal, m.Recipient))
	return nil
}

// refused gives m up at once, and tells the invitation that its mail cannot be delivered.
func (w *Worker) refused(ctx context.Context, m *ent.OutboxMessage, refusal error) error {
	tx, err := w.Client.Tx(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after a commit it does nothing
	if err := w.bury(ctx, tx.Client(), m, refusal); err != nil {
		return err
	}
	if m.InvitationID != nil {
		if err := tx.Invitation.Update().Where(invitation.ID(*m.InvitationID)).SetUndeliverable(true).AddVersion(1).Exec(ctx); err != nil {
			return err
		}
	}
	return tx.Commit()
}

func (w *Worker) bury(ctx context.Context, client *ent.Client, m *ent.OutboxMessage, refusal error) error {
	err := forget(w.ours(client, m), m).SetStatus(outboxmessage.StatusDead).SetLastError(reason(refusal, m.Recipient)).Exec(ctx)
	if err == nil {
		w.Log.WarnContext(ctx, "mail given up", "id", m.ID, "kind", m.Kind, "attempt", m.Attempts, "error", reason(refusal, m.Recipient))
	}
	return err
}

// forget blanks what m says, if that is secret: m is not sent again.
func forget(update *ent.OutboxMessageUpdate, m *ent.OutboxMessage) *ent.OutboxMessageUpdate {
	if m.Secret {
		update.SetText("").SetHTML("")
	}
	return update
}

// ours changes m as long as it is ours: a worker that was too slow leaves the message to whoever has it now.
func (w *Worker) ours(client *ent.Client, m *ent.OutboxMessage) *ent.OutboxMessageUpdate {
	return client.OutboxMessage.Update().
		Where(outboxmessage.ID(m.ID), outboxmessage.StatusEQ(outboxmessage.StatusPending), outboxmessage.NextAttemptAt(m.NextAttemptAt))
}

// pause is how long to wait after so many failures.
func pause(failures int) time.Duration {
	p := firstPause
	for ; failures > 1 && p < longPause; failures-- {
		p *= 2
	}
	return min(p, longPause)
}

// reason is one short line about why a message was not taken, without the receiver's address.
func reason(err error, recipient string) string {
	line := strings.ReplaceAll(err.Error(), recipient, "the receiver")
	line = strings.Join(strings.Fields(strings.ToValidUTF8(line, "")), " ")
	if len(line) > reasonSize {
		line = strings.ToValidUTF8(line[:reasonSize], "")
	}
	return line
}
