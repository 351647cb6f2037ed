package outbox

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"

	"mandate/ent"
	"mandate/ent/outboxmessage"
	"mandate/internal/clock"
	"mandate/internal/mail"
	"mandate/internal/retry"
)

// reasonSize is how many bytes are kept of why a message was not taken.
const reasonSize = 300

// note keeps what came of sending m. Until it is noted, the message counts as not sent.
func (w *Worker) note(ctx context.Context, m *ent.OutboxMessage, refusal error) error {
	now := w.Clock()
	ctx = clock.With(ctx, now)
	if err := retry.Note(func() error { return w.outcome(ctx, m, refusal, now) }); err != nil {
		return fmt.Errorf("note what came of mail %s: %w", m.ID, err)
	}
	return nil
}

func (w *Worker) outcome(ctx context.Context, m *ent.OutboxMessage, refusal error, now time.Time) error {
	end := m.CreatedAt.Add(retry.Life)
	if m.RetriedAt != nil {
		end = m.RetriedAt.Add(retry.Life)
	}
	switch {
	case refusal == nil:
		return w.sent(ctx, m, now)
	case mail.IsPermanent(refusal), !now.Before(end):
		return w.bury(ctx, m, refusal)
	default:
		return w.putOff(ctx, m, refusal, earlier(now.Add(retry.Pause(m.Attempts)), end))
	}
}

// sent notes that the mail server has m, and forgets what it says if that is secret. It does so even if the lease is over:
// what was sent need not be sent again.
func (w *Worker) sent(ctx context.Context, m *ent.OutboxMessage, now time.Time) error {
	err := w.settle(ctx, m, true, func(c *ent.Client) (int, error) {
		update := c.OutboxMessage.Update().
			Where(outboxmessage.ID(m.ID), outboxmessage.StatusEQ(outboxmessage.StatusPending)).
			SetStatus(outboxmessage.StatusSent).SetSentAt(now).ClearLastError()
		if m.Secret {
			update.SetText("").SetHTML("")
		}
		return update.Save(ctx)
	})
	if err == nil {
		w.Log.InfoContext(ctx, "mail sent", "id", m.ID, "kind", m.Kind, "attempt", m.Attempts)
	}
	return err
}

// putOff has m tried again later.
func (w *Worker) putOff(ctx context.Context, m *ent.OutboxMessage, refusal error, next time.Time) error {
	why := reason(refusal, m)
	_, err := w.ours(w.Client, m).SetNextAttemptAt(next).SetLastError(why).Save(ctx)
	if err == nil {
		w.Log.WarnContext(ctx, "mail not sent, to be tried again", "id", m.ID, "kind", m.Kind, "attempt", m.Attempts, "next", next, "error", why)
	}
	return err
}

// bury gives m up, but keeps what it says: an operator may have it tried anew.
func (w *Worker) bury(ctx context.Context, m *ent.OutboxMessage, refusal error) error {
	why := reason(refusal, m)
	err := w.settle(ctx, m, false, func(c *ent.Client) (int, error) {
		return w.ours(c, m).SetStatus(outboxmessage.StatusDead).SetLastError(why).Save(ctx)
	})
	if err == nil {
		w.Log.WarnContext(ctx, "mail given up", "id", m.ID, "kind", m.Kind, "attempt", m.Attempts, "error", why)
	}
	return err
}

// settle changes m for the last time. If the change was made, the invitation that it carries hears of it, unless that was sent
// again since: the link in m is dead then.
func (w *Worker) settle(ctx context.Context, m *ent.OutboxMessage, delivered bool, change func(*ent.Client) (int, error)) error {
	if m.InvitationID == nil {
		_, err := change(w.Client)
		return err
	}
	tx, err := w.Client.Tx(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after a commit it does nothing
	n, err := change(tx.Client())
	if err != nil {
		return err
	}
	again, err := tx.OutboxMessage.Query().Where(outboxmessage.InvitationID(*m.InvitationID), outboxmessage.IDGT(m.ID)).Exist(ctx)
	if err != nil {
		return err
	}
	if n > 0 && !again {
		if err := w.Delivery(ctx, tx, *m.InvitationID, delivered); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// ours changes m as long as it is ours: a worker that was too slow leaves the message to whoever has it now.
func (w *Worker) ours(client *ent.Client, m *ent.OutboxMessage) *ent.OutboxMessageUpdate {
	return client.OutboxMessage.Update().
		Where(outboxmessage.ID(m.ID), outboxmessage.StatusEQ(outboxmessage.StatusPending), outboxmessage.NextAttemptAt(m.NextAttemptAt))
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// reason is one short line about why a message was not taken, without the receiver's address, however the mail server writes it.
func reason(err error, m *ent.OutboxMessage) string {
	address := regexp.MustCompile("(?i)" + regexp.QuoteMeta(m.Recipient) + "|" + regexp.QuoteMeta(m.RecipientCanonical))
	line := address.ReplaceAllLiteralString(err.Error(), "the receiver")
	line = strings.Join(strings.Fields(strings.ToValidUTF8(line, "")), " ")
	if len(line) > reasonSize {
		line = strings.ToValidUTF8(line[:reasonSize], "")
	}
	return line
}
