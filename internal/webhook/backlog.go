package webhook

import (
	"context"
	"fmt"

	"mandate/ent"
	"mandate/ent/predicate"
	"mandate/ent/webhook"
	"mandate/ent/webhookdelivery"
)

// mostWaiting is how many messages wait for one webhook before it is switched off: whoever causes more than a receiver takes is
// not to fill the database.
const mostWaiting = 10_000

// relieve switches webhooks off for which too many messages wait. It looks at tenants first, along an index that holds no more than
// what waits.
func (w *Worker) relieve(ctx context.Context) error {
	pending := webhookdelivery.StatusEQ(webhookdelivery.StatusPending)
	tenants, err := w.crowded(ctx, webhookdelivery.FieldTenantID, pending)
	if err != nil || len(tenants) == 0 {
		return err
	}
	hooks, err := w.crowded(ctx, webhookdelivery.FieldWebhookID, pending, webhookdelivery.TenantIDIn(tenants...))
	if err != nil || len(hooks) == 0 {
		return err
	}
	rows, err := w.Client.Webhook.Query().Where(webhook.IDIn(hooks...)).All(ctx)
	if err != nil {
		return fmt.Errorf("read webhooks: %w", err)
	}
	for _, hook := range rows {
		if err := w.Disable(ctx, hook, nil, fmt.Sprintf("More than %d messages waited for it.", w.mostWaiting)); err != nil {
			return fmt.Errorf("switch off a webhook for which too much waits: %w", err)
		}
	}
	return nil
}

// crowded lists what more deliveries have in a column than may wait for one webhook.
func (w *Worker) crowded(ctx context.Context, column string, which ...predicate.WebhookDelivery) (list []string, err error) {
	var counts []struct {
		TenantID  string `sql:"tenant_id"`
		WebhookID string `sql:"webhook_id"`
		Count     int
	}
	if err := w.Client.WebhookDelivery.Query().Where(which...).GroupBy(column).Aggregate(ent.Count()).Scan(ctx, &counts); err != nil {
		return nil, fmt.Errorf("count what waits: %w", err)
	}
	for _, c := range counts {
		if c.Count > w.mostWaiting {
			list = append(list, c.TenantID+c.WebhookID) // one of them was asked for
		}
	}
	return list, nil
}
