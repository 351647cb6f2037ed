package mandate

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"mandate/ent"
	"mandate/ent/webhook"
	"mandate/ent/webhookdelivery"
	"mandate/internal/access"
	"mandate/internal/retry"
)

// RedeliverWebhook sends what was delivered, or given up, once more, under the same ids, all or none. For those who may make the
// webhook, in a session of their own.
//
// Errors name the row. NOT_FOUND, CONFLICT for one that waits to be sent anyway, that is named twice, or whose webhook is
// switched off, INVALID for deliveries of several webhooks, LIMIT_EXCEEDED.
func (s *Service) RedeliverWebhook(ctx context.Context, cmd RedeliverWebhook) (again []*ent.WebhookDelivery, err error) {
	if fault := oneTo(len(cmd.IDs), mostAtOnce, "deliveries", "ids"); fault != nil {
		return nil, fault
	}
	err = s.tx(ctx, func(ctx context.Context, t *tx) error {
		again = nil
		if err := t.person(); err != nil {
			return err
		}
		rows, err := t.redeliverable(ctx, cmd.IDs)
		if err != nil {
			return err
		}
		hook, err := t.webhook(ctx, rows[0].WebhookID)
		if err != nil {
			return err
		}
		if hook == nil || hook.Status != webhook.StatusActive {
			return broken(Conflict, "The webhook is switched off: switch it on before.", "ids")
		}
		for _, row := range rows {
			row, err := t.WebhookDelivery.UpdateOne(row).SetStatus(webhookdelivery.StatusPending).SetAttempts(0).SetNextAttemptAt(t.now).
				SetGiveUpAt(t.now.Add(retry.Life)).Save(ctx)
			if err != nil {
				return fmt.Errorf("send a delivery again: %w", err)
			}
			again = append(again, row)
		}
		e := aboutWebhook("webhook.redelivered", hook)
		e.changes = change("deliveries", "", strconv.Itoa(len(rows)))
		return t.record(ctx, e)
	}, &again)
	return again, err
}

// redeliverable reads deliveries of one webhook that the viewer may send again, and locks its tenant.
func (t *tx) redeliverable(ctx context.Context, ids []string) ([]*ent.WebhookDelivery, error) {
	found, err := t.deliveries(ctx, ids)
	if err != nil {
		return nil, err
	}
	tenants := make([]string, 0, len(found))
	for _, d := range found {
		tenants = append(tenants, d.TenantID)
	}
	if err := t.lock(ctx, tenants...); err != nil {
		return nil, err
	}
	if found, err = t.deliveries(ctx, ids); err != nil {
		return nil, err
	}
	rows := make([]*ent.WebhookDelivery, len(ids))
	var faults Errors
	for i, id := range ids {
		fault, err := t.mayRedeliver(ctx, found[id], "ids", strconv.Itoa(i))
		if err != nil {
			return nil, err
		}
		switch at := []string{"ids", strconv.Itoa(i)}; {
		case slices.Contains(ids[:i], id):
			fault = broken(Conflict, "The delivery is named twice.", at...)
		case fault == nil && i > 0 && rows[0] != nil && rows[0].WebhookID != found[id].WebhookID:
			fault = broken(Invalid, "Send deliveries of one webhook at a time.", at...)
		}
		if fault != nil {
			faults = append(faults, fault)
			continue
		}
		rows[i] = found[id]
	}
	if faults != nil {
		return nil, faults
	}
	return rows, nil
}

// deliveries reads deliveries by their ids.
func (t *tx) deliveries(ctx context.Context, ids []string) (map[string]*ent.WebhookDelivery, error) {
	rows, err := t.WebhookDelivery.Query().Where(webhookdelivery.IDIn(ids...)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read deliveries: %w", err)
	}
	return keyed(rows, func(d *ent.WebhookDelivery) string { return d.ID }), nil
}

// mayRedeliver says why the viewer may not send a delivery again, nil if they may.
func (t *tx) mayRedeliver(ctx context.Context, d *ent.WebhookDelivery, at ...string) (*Error, error) {
	if d == nil {
		return notFound(at...), nil
	}
	own, err := t.owns(ctx, d.TenantID)
	switch {
	case err != nil:
		return nil, err
	case own.At(access.Tokens) < access.View || own.At(access.Audit) < access.View:
		return notFound(at...), nil
	case !managesWebhooks(own):
		return nil, ErrForbidden
	case d.Status == webhookdelivery.StatusPending:
		return broken(Conflict, "The delivery waits to be sent anyway.", at...), nil
	}
	return nil, nil
}
