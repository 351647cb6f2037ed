package graph

import (
	"context"

	"entgo.io/ent/dialect/sql"

	"mandate/ent"
	"mandate/ent/rule"
	"mandate/ent/webhook"
	"mandate/ent/webhookdelivery"
	"mandate/graph/model"
	"mandate/internal/access"
	"mandate/internal/mandate"
)

func (r *Resolver) webhooks(ctx context.Context, ids []string) ([]*ent.Webhook, error) {
	return r.Client.Webhook.Query().Where(webhook.IDIn(ids...)).All(ctx)
}

func (r *Resolver) webhookDeliveries(ctx context.Context, ids []string) ([]*ent.WebhookDelivery, error) {
	return r.Client.WebhookDelivery.Query().Where(webhookdelivery.IDIn(ids...)).All(ctx)
}

func webhookID(w *ent.Webhook) string                 { return w.ID }
func webhookDeliveryID(d *ent.WebhookDelivery) string { return d.ID }

func (r *Resolver) webhookList() list[*ent.Webhook] {
	return list[*ent.Webhook]{kind: "h", table: "webhooks", owners: []string{"tenant_id"}, order: by("", "webhook_%s_id"), newest: true,
		scope: rule.Webhooks, load: r.webhooks, id: webhookID}
}

func (r *Resolver) webhookDeliveryList(status *webhookdelivery.Status) list[*ent.WebhookDelivery] {
	index := "webhookdelivery_%s_id"
	if status != nil {
		index = "webhookdelivery_%s_status_id"
	}
	return list[*ent.WebhookDelivery]{kind: "d", table: "webhook_deliveries", owners: []string{"webhook_id"}, order: by("", index), newest: true,
		scope: rule.OfOwnTenant(access.Tokens, access.Audit), load: r.webhookDeliveries, id: webhookDeliveryID}
}

func webhookDeliveryFilter(status *webhookdelivery.Status) func(*sql.Selector) {
	if status == nil {
		return nil
	}
	return func(s *sql.Selector) { s.Where(sql.EQ(s.C(webhookdelivery.FieldStatus), *status)) }
}

// madeWebhook is the payload of a webhook that was just made: the first place where its secret is shown, and the last.
func (r *Resolver) madeWebhook(ctx context.Context, made *mandate.NewWebhook, err error) (*model.CreateWebhookPayload, error) {
	secret, row, faults, err := r.signedBy(ctx, made, err)
	return &model.CreateWebhookPayload{Secret: secret, Webhook: row, UserErrors: faults}, err
}

// rotatedWebhook is the payload of a webhook that was given another secret, which is shown there only.
func (r *Resolver) rotatedWebhook(ctx context.Context, made *mandate.NewWebhook, err error) (*model.RotateWebhookSecretPayload, error) {
	secret, row, faults, err := r.signedBy(ctx, made, err)
	return &model.RotateWebhookSecretPayload{Secret: secret, Webhook: row, UserErrors: faults}, err
}

// signedBy shows a webhook with its new secret.
func (r *Resolver) signedBy(ctx context.Context, made *mandate.NewWebhook, err error) (*string, *ent.Webhook, []*model.UserError, error) {
	if err != nil {
		faults, err := userErrors(err)
		return nil, nil, faults, err
	}
	row, faults, err := answer(ctx, r, made.Webhook, webhookID, nil)
	return once(made.Secret), row, faults, err
}
