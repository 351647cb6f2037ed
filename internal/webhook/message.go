package webhook

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"mandate/ent"
	"mandate/ent/invitation"
	"mandate/ent/relationship"
	"mandate/ent/webhook"
	"mandate/ent/webhookdelivery"
	"mandate/internal/clock"
	"mandate/internal/database"
	"mandate/internal/feed"
	"mandate/internal/retry"
)

const (
	inStatement = 100 // rows that one statement writes
	mostTargets = 500 // ids that one message names
)

// message is what one webhook is to be told of one event.
type message struct {
	hook  *ent.Webhook
	event feed.Event
	body  string
}

// hears reports whether a webhook is to be told of an event: one that happened while it was on, and that it asks for.
func hears(h *ent.Webhook, e feed.Event) bool {
	return !e.At.Before(h.ActiveSince) && (len(h.Events) == 0 || slices.Contains(h.Events, e.Action))
}

// content is the body of a message.
type content struct {
	Type      string    `json:"type"`
	Timestamp time.Time `json:"timestamp"`
	Data      data      `json:"data"`
}

type data struct {
	EventID        string   `json:"eventId"`
	TenantID       string   `json:"tenantId"`
	OtherTenantID  string   `json:"otherTenantId,omitempty"`
	ActorTenantID  string   `json:"actorTenantId,omitempty"`
	RelationshipID string   `json:"relationshipId,omitempty"`
	TargetIDs      []string `json:"targetIds"`
}

// pairs are the two tenants of relationships and of invitations, by their ids.
type pairs map[string][]string

// body writes what a tenant is told of an event: who sees the event in the tenant's audit trail sees all that is named.
func (p pairs) body(e feed.Event, tenantID string) (string, error) {
	c := content{e.Action, e.At.UTC(), data{EventID: e.ID, TenantID: e.TenantID, OtherTenantID: e.OtherTenantID, ActorTenantID: e.ActorTenantID, TargetIDs: []string{}}}
	if p.joins(e.RelationshipID, tenantID) {
		c.Data.RelationshipID = e.RelationshipID
	}
	for _, id := range e.Targets {
		if len(c.Data.TargetIDs) < mostTargets && (p.joins(id, tenantID) || ofTenant(id, e, tenantID)) {
			c.Data.TargetIDs = append(c.Data.TargetIDs, id)
		}
	}
	body, err := json.Marshal(c)
	return string(body), err
}

func (p pairs) joins(id, tenantID string) bool { return slices.Contains(p[id], tenantID) }

// own are the kinds of rows that a tenant's own events are about and that belong to the tenant. Sessions and accounts are a
// person's own.
var own = []string{"asg", "grp", "mem", "prt", "req", "rol", "tok", "whk"}

// ofTenant reports whether what an event is about is a tenant's, or the tenant itself.
func ofTenant(id string, e feed.Event, tenantID string) bool {
	kind, _, _ := strings.Cut(id, "_")
	return e.TenantID == tenantID && (id == tenantID || slices.Contains(own, kind))
}

// pairs reads the two tenants of the relationships and invitations that events are about.
func (w *Worker) pairs(ctx context.Context, messages []message) (pairs, error) {
	var relationships, invitations []string
	for _, m := range messages {
		relationships = append(append(relationships, m.event.RelationshipID), m.event.Rows("rel")...)
		invitations = append(invitations, m.event.Rows("inv")...)
	}
	known := make(pairs)
	for ids := range slices.Chunk(distinct(relationships), page) {
		rows, err := w.Client.Relationship.Query().Where(relationship.IDIn(ids...)).
			Select(relationship.FieldID, relationship.FieldPartnerID, relationship.FieldCustomerID).All(ctx)
		if err != nil {
			return nil, fmt.Errorf("read relationships: %w", err)
		}
		for _, r := range rows {
			known[r.ID] = []string{r.PartnerID, r.CustomerID}
		}
	}
	for ids := range slices.Chunk(distinct(invitations), page) {
		rows, err := w.Client.Invitation.Query().Where(invitation.IDIn(ids...)).
			Select(invitation.FieldID, invitation.FieldPartnerID, invitation.FieldCustomerID).All(ctx)
		if err != nil {
			return nil, fmt.Errorf("read invitations: %w", err)
		}
		for _, i := range rows {
			known[i.ID] = []string{i.PartnerID}
			if i.CustomerID != nil {
				known[i.ID] = append(known[i.ID], *i.CustomerID)
			}
		}
	}
	return known, nil
}

// distinct returns the ids sorted, each once, without empty ones.
func distinct(ids []string) []string {
	slices.Sort(ids)
	return slices.DeleteFunc(slices.Compact(ids), func(id string) bool { return id == "" })
}

// delivered identifies a delivery: there is one a webhook and event.
type delivered struct{ webhookID, eventID string }

// missing leaves out what is on its way already, because the events were read before.
func (w *Worker) missing(ctx context.Context, messages []message) ([]message, error) {
	there := make(map[delivered]bool)
	for some := range slices.Chunk(messages, page) {
		hooks, events := make([]string, len(some)), make([]string, len(some))
		for i, m := range some {
			hooks[i], events[i] = m.hook.ID, m.event.ID
		}
		rows, err := w.Client.WebhookDelivery.Query().Where(webhookdelivery.WebhookIDIn(distinct(hooks)...), webhookdelivery.EventIDIn(distinct(events)...)).
			Select(webhookdelivery.FieldWebhookID, webhookdelivery.FieldEventID).All(ctx)
		if err != nil {
			return nil, fmt.Errorf("look for deliveries: %w", err)
		}
		for _, r := range rows {
			there[delivered{r.WebhookID, r.EventID}] = true
		}
	}
	return slices.DeleteFunc(messages, func(m message) bool { return there[delivered{m.hook.ID, m.event.ID}] }), nil
}

// post writes deliveries. Where another worker was faster, or a webhook was deleted meanwhile, they are written one by one.
func (w *Worker) post(ctx context.Context, messages []message) error {
	now := w.Clock()
	ctx = clock.With(ctx, now)
	create := func(m message) *ent.WebhookDeliveryCreate {
		return w.Client.WebhookDelivery.Create().SetTenantID(m.hook.TenantID).SetWebhookID(m.hook.ID).SetEventID(m.event.ID).
			SetEvent(m.event.Action).SetPayload(m.body).SetNextAttemptAt(now).SetGiveUpAt(now.Add(retry.Life))
	}
	for some := range slices.Chunk(messages, inStatement) {
		rows := make([]*ent.WebhookDeliveryCreate, len(some))
		for i, m := range some {
			rows[i] = create(m)
		}
		err := w.Client.WebhookDelivery.CreateBulk(rows...).Exec(ctx)
		if !ent.IsConstraintError(err) {
			if err != nil {
				return err
			}
			continue
		}
		for _, m := range some {
			if err := create(m).Exec(ctx); err != nil && !w.needless(ctx, m, err) {
				return err
			}
		}
	}
	return nil
}

// needless reports whether a delivery could not be written because it is there, or because its webhook is not.
func (w *Worker) needless(ctx context.Context, m message, err error) bool {
	if database.IsDuplicate(err) {
		return true
	}
	there, looked := w.Client.Webhook.Query().Where(webhook.ID(m.hook.ID)).Exist(ctx)
	return looked == nil && !there
}
