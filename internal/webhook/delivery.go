package webhook

import (
	"context"
	"fmt"
	"slices"
	"time"

	"mandate/ent"
	"mandate/ent/tenant"
	"mandate/ent/webhook"
	"mandate/ent/webhookdelivery"
	"mandate/internal/clock"
	"mandate/internal/retry"
)

const lease = time.Minute // a claimed delivery is left alone by others: longer than sending and noting take

// dispatch begins deliveries that are due, as many as there are slots for.
func (w *Worker) dispatch(ctx context.Context) error {
	for ctx.Err() == nil {
		due, err := w.due(ctx)
		if err != nil {
			return fmt.Errorf("look for deliveries: %w", err)
		}
		began := false
		for _, d := range due {
			if !w.slots.take(d) {
				continue
			}
			began = true
			if err := w.begin(ctx, d); err != nil {
				return err
			}
		}
		if !began {
			return nil
		}
	}
	return nil
}

// due reads deliveries that are due, with their webhooks, oldest first: of those that there are slots for.
func (w *Worker) due(ctx context.Context) ([]*ent.WebhookDelivery, error) {
	free, busy, noFailing := w.slots.free()
	if free == 0 {
		return nil, nil
	}
	q := w.Client.WebhookDelivery.Query().
		Where(webhookdelivery.StatusEQ(webhookdelivery.StatusPending), webhookdelivery.NextAttemptAtLTE(w.Clock())).
		Order(webhookdelivery.ByNextAttemptAt(), webhookdelivery.ByID()).Limit(free).
		WithWebhook(func(q *ent.WebhookQuery) { q.WithWebhookTenant() })
	if len(busy) > 0 {
		q.Where(webhookdelivery.TenantIDNotIn(busy...))
	}
	if noFailing {
		q.Where(webhookdelivery.HasWebhookWith(webhook.FailingSinceIsNil()))
	}
	due, err := q.All(ctx)
	return slices.DeleteFunc(due, func(d *ent.WebhookDelivery) bool { return d.Edges.Webhook == nil }), err // taken away meanwhile
}

// begin claims a delivery that has a slot, and sends it, beside others.
func (w *Worker) begin(ctx context.Context, d *ent.WebhookDelivery) error {
	ours, err := w.claim(ctx, d)
	if err != nil || !ours {
		w.slots.give(d)
		return err
	}
	ctx, cancel := retry.Outlive(ctx, stopLimit)
	w.group.Go(func() {
		defer cancel()
		a := w.sender.send(ctx, d, w.Clock())
		if err := w.note(context.WithoutCancel(ctx), d, a); err != nil {
			w.Log.ErrorContext(ctx, "webhooks", "error", err)
		}
		w.slots.give(d)
		select {
		case w.ended <- struct{}{}:
		default: // it will look anyway
		}
	})
	return nil
}

// claim makes d ours for the time of the lease, unless somebody else was faster: the moment of the next attempt is what two
// workers compete for. What nobody is to hear any more is given up instead.
func (w *Worker) claim(ctx context.Context, d *ent.WebhookDelivery) (bool, error) {
	now := w.Clock()
	ctx = clock.With(ctx, now)
	hook := d.Edges.Webhook
	update := w.ours(d)
	if why := silenced(hook); why != "" {
		if err := update.SetStatus(webhookdelivery.StatusFailed).SetLastError(why).Exec(ctx); err != nil {
			return false, fmt.Errorf("give a delivery up: %w", err)
		}
		return false, nil
	}
	until := now.Add(lease)
	n, err := update.AddAttempts(1).SetNextAttemptAt(until).SetLastAttemptAt(now).Save(ctx)
	if err != nil {
		return false, fmt.Errorf("claim a delivery: %w", err)
	}
	d.Attempts, d.NextAttemptAt = d.Attempts+1, until
	return n == 1, nil
}

// silenced says why nothing is sent to a webhook, "" if it is.
func silenced(hook *ent.Webhook) string {
	switch {
	case hook.Status != webhook.StatusActive:
		return "The webhook was switched off."
	case hook.Edges.WebhookTenant.Status != tenant.StatusActive:
		return "The tenant was suspended."
	}
	return ""
}

// ours changes d as long as it is ours: a worker that was too slow leaves it to whoever has it now.
func (w *Worker) ours(d *ent.WebhookDelivery) *ent.WebhookDeliveryUpdate {
	return w.Client.WebhookDelivery.Update().
		Where(webhookdelivery.ID(d.ID), webhookdelivery.StatusEQ(webhookdelivery.StatusPending), webhookdelivery.NextAttemptAt(d.NextAttemptAt))
}
