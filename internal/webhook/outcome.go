package webhook

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"

	"mandate/ent"
	"mandate/ent/webhook"
	"mandate/ent/webhookdelivery"
	"mandate/internal/clock"
	"mandate/internal/retry"
)

// patience is how long a webhook stays on to which nothing can be delivered.
const patience = 3 * 24 * time.Hour

// note keeps what came of sending d. Until it is noted, nothing counts as delivered.
func (w *Worker) note(ctx context.Context, d *ent.WebhookDelivery, a answer) error {
	now := w.Clock()
	ctx = clock.With(ctx, now)
	if err := retry.Note(func() error { return w.outcome(ctx, d, a, now) }); err != nil {
		return fmt.Errorf("note what came of delivery %s: %w", d.ID, err)
	}
	return nil
}

func (w *Worker) outcome(ctx context.Context, d *ent.WebhookDelivery, a answer, now time.Time) error {
	if a.refusal == "" {
		return w.delivered(ctx, d, a)
	}
	if err := w.Client.Webhook.Update().Where(webhook.ID(d.WebhookID), webhook.FailingSinceIsNil()).SetFailingSince(now).Exec(ctx); err != nil {
		return err
	}
	if a.status == http.StatusGone || !now.Before(d.GiveUpAt) {
		return w.bury(ctx, d, a, now)
	}
	next := now.Add(pause(d.Attempts))
	if next.After(d.GiveUpAt) {
		next = d.GiveUpAt // a last try
	}
	if err := a.on(w.ours(d)).SetNextAttemptAt(next).Exec(ctx); err != nil {
		return err
	}
	w.Log.InfoContext(ctx, "webhook not reached, to be tried again", "id", d.ID, "webhook", d.WebhookID, "attempt", d.Attempts, "next", next, "error", a.refusal)
	return nil
}

// delivered notes that the receiver has d. It does so even if the lease is over: what was taken need not be sent again.
func (w *Worker) delivered(ctx context.Context, d *ent.WebhookDelivery, a answer) error {
	update := w.Client.WebhookDelivery.Update().Where(webhookdelivery.ID(d.ID), webhookdelivery.StatusEQ(webhookdelivery.StatusPending))
	if err := a.on(update).SetStatus(webhookdelivery.StatusDelivered).Exec(ctx); err != nil {
		return err
	}
	return w.Client.Webhook.Update().Where(webhook.ID(d.WebhookID), webhook.FailingSinceNotNil()).ClearFailingSince().Exec(ctx)
}

// bury gives d up. A webhook that wants nothing more is switched off at once, one to which nothing was delivered for days when
// a delivery to it is given up.
func (w *Worker) bury(ctx context.Context, d *ent.WebhookDelivery, a answer, now time.Time) error {
	if err := a.on(w.ours(d)).SetStatus(webhookdelivery.StatusFailed).Exec(ctx); err != nil {
		return err
	}
	w.Log.WarnContext(ctx, "webhook not reached, given up", "id", d.ID, "webhook", d.WebhookID, "attempt", d.Attempts, "error", a.refusal)
	if a.status == http.StatusGone {
		return w.Disable(ctx, d.Edges.Webhook, nil, a.refusal)
	}
	if since, last := d.Edges.Webhook.FailingSince, now.Add(-patience); since != nil && !since.After(last) {
		return w.Disable(ctx, d.Edges.Webhook, &last, a.refusal)
	}
	return nil
}

// on writes what came of a try.
func (a answer) on(update *ent.WebhookDeliveryUpdate) *ent.WebhookDeliveryUpdate {
	update.ClearLastError().ClearResponseStatus()
	if a.refusal != "" {
		update.SetLastError(a.refusal)
	}
	if a.status != 0 {
		update.SetResponseStatus(a.status)
	}
	return update
}

// pause is how long to wait after so many failures, a little less by chance, so that what failed together does not come again
// together.
func pause(failures int) time.Duration {
	p := retry.Pause(failures)
	return p - rand.N(p/5)
}
