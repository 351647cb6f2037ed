package testworld

import (
	"mandate/ent"
	"mandate/ent/webhookdelivery"
)

// SigningSecret signs what is sent to the world's webhooks: the 32 bytes 0 to 31.
const SigningSecret = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

// Webhook makes a webhook that is told of the actions, of all if there are none.
func (w *World) Webhook(t *ent.Tenant, url string, events ...string) *ent.Webhook {
	w.t.Helper()
	if events == nil {
		events = []string{}
	}
	row, err := w.Write.Webhook.Create().SetTenantID(t.ID).SetURL(url).SetEvents(events).SetSecret(SigningSecret).SetActiveSince(w.Now()).Save(w.System())
	w.must(err)
	return row
}

// Delivery makes a delivery to a webhook, of an event of its own.
func (w *World) Delivery(hook *ent.Webhook, status webhookdelivery.Status) *ent.WebhookDelivery {
	w.t.Helper()
	e, err := w.Write.AuditEvent.Create().SetAt(w.Now()).SetAction("member.added").SetTenantID(hook.TenantID).Save(w.System())
	w.must(err)
	row, err := w.Write.WebhookDelivery.Create().SetTenantID(hook.TenantID).SetWebhookID(hook.ID).SetEventID(e.ID).
		SetEvent("member.added").SetPayload("{}").SetStatus(status).SetNextAttemptAt(w.Now()).SetGiveUpAt(w.Now()).Save(w.System())
	w.must(err)
	return row
}
