package webhook

import (
	"context"
	"fmt"
	"slices"
	"time"

	"mandate/ent"
	"mandate/ent/bookmark"
	"mandate/ent/tenant"
	"mandate/ent/webhook"
	"mandate/internal/clock"
	"mandate/internal/database"
	"mandate/internal/feed"
)

const (
	reader = "webhooks"       // whose bookmark it is
	page   = 500              // events read at once
	recent = 10 * time.Second // how far back is looked every time
	margin = time.Minute      // by which an event may be committed late, or a server's clock be off
)

// fanOut leaves deliveries of the events that happened since it last did, by whichever worker. With all it reads from a while
// before the bookmark on, which it moves; else what happened in the last seconds.
func (w *Worker) fanOut(ctx context.Context, all bool) error {
	mark, err := w.bookmark(ctx)
	if err != nil {
		return err
	}
	now := time.Now() // which the ids of events are made of
	end := feed.IDAt(now.Add(-margin))
	switch there, err := w.Client.Webhook.Query().Where(webhook.StatusEQ(webhook.StatusActive)).Exist(ctx); {
	case err != nil:
		return fmt.Errorf("look for webhooks: %w", err)
	case !there && (!all || mark.EventID > feed.IDAt(now.Add(-2*margin))):
		return nil
	case !there:
		return w.move(ctx, mark, end)
	}
	after, err := before(mark.EventID, margin)
	if err != nil {
		return err
	}
	if !all {
		after = max(after, feed.IDAt(now.Add(-recent)))
	}
	for {
		events, err := feed.After(ctx, w.Read, after, page)
		if err != nil {
			return err
		}
		if len(events) == 0 {
			return nil
		}
		if err := w.leave(ctx, events); err != nil {
			return fmt.Errorf("leave deliveries: %w", err)
		}
		after = events[len(events)-1].ID
		if all {
			if err := w.move(ctx, mark, min(after, end)); err != nil {
				return err
			}
		}
		if len(events) < page {
			return nil
		}
	}
}

// before is what comes before the ids of events that were made a while before one or later.
func before(id string, while time.Duration) (string, error) {
	at, err := feed.TimeOf(id)
	if err != nil {
		return "", err
	}
	return feed.IDAt(at.Add(-while)), nil
}

// bookmark reads how far the audit trail was read; the first time it begins with what happens now.
func (w *Worker) bookmark(ctx context.Context) (*ent.Bookmark, error) {
	mark, err := w.Client.Bookmark.Query().Where(bookmark.Reader(reader)).Only(ctx)
	if ent.IsNotFound(err) {
		mark, err = w.Client.Bookmark.Create().SetReader(reader).SetEventID(feed.IDAt(time.Now())).Save(clock.With(ctx, w.Clock()))
		if database.IsDuplicate(err) { // another worker was faster
			mark, err = w.Client.Bookmark.Query().Where(bookmark.Reader(reader)).Only(ctx)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("read the bookmark: %w", err)
	}
	return mark, nil
}

// move moves the bookmark on, unless another worker did meanwhile: it looks at the same.
func (w *Worker) move(ctx context.Context, mark *ent.Bookmark, to string) error {
	if to <= mark.EventID {
		return nil
	}
	err := w.Client.Bookmark.Update().Where(bookmark.ID(mark.ID), bookmark.EventID(mark.EventID)).SetEventID(to).Exec(clock.With(ctx, w.Clock()))
	if err != nil {
		return fmt.Errorf("move the bookmark: %w", err)
	}
	mark.EventID = to
	return nil
}

// leave leaves a delivery for every event and every webhook that is to hear of it.
func (w *Worker) leave(ctx context.Context, events []feed.Event) error {
	hooks, err := w.listening(ctx, events)
	if err != nil || len(hooks) == 0 {
		return err
	}
	var wanted []message
	for _, e := range events {
		for _, h := range slices.Concat(hooks[e.TenantID], others(hooks, e)) {
			if hears(h, e) {
				wanted = append(wanted, message{h, e, ""})
			}
		}
	}
	if wanted, err = w.missing(ctx, wanted); err != nil || len(wanted) == 0 {
		return err
	}
	known, err := w.pairs(ctx, wanted)
	if err != nil {
		return err
	}
	for i, m := range wanted {
		if wanted[i].body, err = known.body(m.event, m.hook.TenantID); err != nil {
			return err
		}
	}
	return w.post(ctx, wanted)
}

// others are the webhooks of the other tenant that an event concerns.
func others(hooks map[string][]*ent.Webhook, e feed.Event) []*ent.Webhook {
	if e.OtherTenantID == e.TenantID {
		return nil
	}
	return hooks[e.OtherTenantID]
}

// listening reads the webhooks to which events may be told, by their tenants: of those that are suspended or deleted none.
func (w *Worker) listening(ctx context.Context, events []feed.Event) (map[string][]*ent.Webhook, error) {
	concerned := make(map[string]bool)
	for _, e := range events {
		concerned[e.TenantID], concerned[e.OtherTenantID] = true, true
	}
	delete(concerned, "")
	ids := make([]string, 0, len(concerned))
	for id := range concerned {
		ids = append(ids, id)
	}
	if len(ids) == 0 {
		return nil, nil
	}
	rows, err := w.Client.Webhook.Query().
		Where(webhook.TenantIDIn(ids...), webhook.StatusEQ(webhook.StatusActive), webhook.HasWebhookTenantWith(tenant.StatusEQ(tenant.StatusActive))).
		Order(webhook.ByID()).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read webhooks: %w", err)
	}
	hooks := make(map[string][]*ent.Webhook)
	for _, row := range rows {
		hooks[row.TenantID] = append(hooks[row.TenantID], row)
	}
	return hooks, nil
}
