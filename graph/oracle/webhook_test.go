package oracle_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// addWebhooks gives tenants webhooks, with deliveries.
func (w *world) addWebhooks() {
	for _, t := range w.tables["tenants"] {
		for range w.r.IntN(3) {
			h := w.add("whk", row{"tenant_id": t["id"], "url": w.word(), "secret": w.word(), "previous_secret": w.word(), "active_since": w.moment(-time.Hour),
				"status": pick(w.r, "ACTIVE", "ACTIVE", "DISABLED", "DELETED"), "events": pick(w.r, "[]", `["member.added","role.created"]`)})
			if w.chance(50) {
				h["previous_until"], h["failing_since"] = w.moment(time.Hour), w.moment(-time.Hour)
			}
			for range w.r.IntN(4) {
				d := w.add("whd", row{"tenant_id": t["id"], "webhook_id": h["id"], "event": "role.created", "payload": w.word(),
					"status": pick(w.r, "PENDING", "DELIVERED", "FAILED"), "attempts": w.r.IntN(9), "next_attempt_at": w.moment(time.Hour), "give_up_at": w.moment(time.Hour)})
				d["event_id"] = fmt.Sprintf("evt_%026d", w.serial)
				if w.chance(50) {
					d["last_attempt_at"], d["response_status"], d["last_error"] = w.moment(-time.Hour), 500, w.word()
				}
			}
		}
	}
}

// told are the actions that a webhook is told of.
func told(h row) any {
	list := []any{}
	if err := json.Unmarshal([]byte(h.s("events")), &list); err != nil {
		panic(err)
	}
	return list
}

// ownViews reports whether the principal holds VIEW on a feature of a tenant by a membership there.
func (o *oracle) ownViews(tenantID, feature string) bool {
	if !o.minds("that webhooks are a tenant's own affair") {
		return o.views(tenantID, feature)
	}
	return slices.ContainsFunc(o.ways[tenantID], func(p path) bool { return p.via == "OWN" && p.levels[feature] >= 1 })
}
