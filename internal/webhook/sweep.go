package webhook

import (
	"context"
	"fmt"

	"mandate/ent/webhook"
	"mandate/ent/webhookdelivery"
)

// mostSwept is how many parts of what was deleted one look takes away.
const mostSwept = 20

// sweep takes away the deliveries of webhooks that were deleted, part by part, and then the webhooks.
func (w *Worker) sweep(ctx context.Context) error {
	hooks, err := w.Client.Webhook.Query().Where(webhook.StatusEQ(webhook.StatusDeleted)).Limit(mostSwept).IDs(ctx)
	if err != nil {
		return fmt.Errorf("look for deleted webhooks: %w", err)
	}
	parts := 0
	for _, id := range hooks {
		for done := false; !done; parts++ {
			if parts == mostSwept {
				return nil
			}
			if done, err = w.clear(ctx, id); err != nil {
				return fmt.Errorf("take a deleted webhook away: %w", err)
			}
		}
	}
	return nil
}

// clear takes some deliveries of a webhook away, and when there are no more the webhook.
func (w *Worker) clear(ctx context.Context, hookID string) (done bool, err error) {
	ids, err := w.Client.WebhookDelivery.Query().Where(webhookdelivery.WebhookID(hookID)).Limit(page).IDs(ctx)
	if err != nil {
		return false, err
	}
	if len(ids) > 0 {
		if _, err := w.Client.WebhookDelivery.Delete().Where(webhookdelivery.IDIn(ids...)).Exec(ctx); err != nil {
			return false, err
		}
	}
	if len(ids) == page {
		return false, nil
	}
	_, err = w.Client.Webhook.Delete().Where(webhook.ID(hookID), webhook.StatusEQ(webhook.StatusDeleted)).Exec(ctx)
	return true, err
}
