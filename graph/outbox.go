package graph

import (
	"context"
	"fmt"
	"time"

	"mandate/ent"
	"mandate/ent/outboxmessage"
	"mandate/ent/rule"
	"mandate/graph/model"
	"mandate/internal/mandate"
)

// outboxMark is what cursors of mails begin with.
const outboxMark = "o"

// outbox lists mails, newest first, for administrators of the operator.
func (r *Resolver) outbox(ctx context.Context, status *model.OutboxStatus, w window) (*model.Page[*model.OutboxMessage], error) {
	runs, err := rule.From(ctx).RunsInstallation(ctx)
	if err != nil {
		return nil, err
	}
	if !runs {
		return nil, errForbidden
	}
	q := r.Client.OutboxMessage.Query()
	if status != nil {
		q.Where(outboxmessage.StatusEQ(outboxmessage.Status(*status)))
	}
	if w.cursor != nil {
		at, err := decodeCursor(outboxMark, 1, false, *w.cursor)
		if err != nil {
			return nil, err
		}
		q.Where(outboxmessage.IDLT(at[0].(string)))
	}
	rows, err := outboxMessages(ctx, q.Limit(w.limit+1))
	if err != nil {
		return nil, err
	}
	more := len(rows) > w.limit
	rows = rows[:min(len(rows), w.limit)]
	cursors := make([]model.Cursor, len(rows))
	for i, m := range rows {
		cursors[i] = model.Cursor{Kind: outboxMark, ID: m.ID}
	}
	page := newPage(rows, cursors, w, more)
	page.Count = func(ctx context.Context) (int, error) { return r.countOutbox(ctx, status) }
	return page, nil
}

// outboxMessages reads mails, newest first.
func outboxMessages(ctx context.Context, q *ent.OutboxMessageQuery) ([]*model.OutboxMessage, error) {
	rows, err := q.Order(ent.Desc(outboxmessage.FieldID)).
		Select(outboxmessage.FieldKind, outboxmessage.FieldRecipient, outboxmessage.FieldText, outboxmessage.FieldStatus, outboxmessage.FieldAttempts,
			outboxmessage.FieldCreatedAt, outboxmessage.FieldNextAttemptAt, outboxmessage.FieldSentAt, outboxmessage.FieldLastError).All(ctx)
	if err != nil {
		return nil, err
	}
	list := make([]*model.OutboxMessage, len(rows))
	for i, m := range rows {
		var next *time.Time
		if m.Status == outboxmessage.StatusPending {
			next = &m.NextAttemptAt
		}
		list[i] = &model.OutboxMessage{
			ID: m.ID, Kind: m.Kind, Recipient: mandate.Masked(m.Recipient), Status: model.OutboxStatus(m.Status), Attempts: m.Attempts,
			CreatedAt: m.CreatedAt, NextAttemptAt: next, SentAt: m.SentAt, LastError: m.LastError, Retryable: mandate.Retryable(m),
		}
	}
	return list, nil
}

// countOutbox counts mails, up to the most that is counted and one more.
func (r *Resolver) countOutbox(ctx context.Context, status *model.OutboxStatus) (n int, err error) {
	where, args := "", []any(nil)
	if status != nil {
		where, args = " WHERE status = ?", []any{string(*status)}
	}
	rows, err := r.Client.QueryContext(ctx, fmt.Sprintf("SELECT COUNT(*) FROM (SELECT id FROM outbox_messages%s LIMIT %d) c", where, model.MostCounted+1), args...)
	if err != nil {
		return 0, fmt.Errorf("count mails: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(&n); err != nil {
			return 0, fmt.Errorf("count mails: %w", err)
		}
	}
	return n, rows.Err()
}

// retried is the payload of mails that are tried again.
func (r *Resolver) retried(ctx context.Context, mails []*ent.OutboxMessage, err error) (*model.RetryOutboxMessagesPayload, error) {
	p := &model.RetryOutboxMessagesPayload{OutboxMessages: []*model.OutboxMessage{}}
	if p.UserErrors, err = userErrors(err); err != nil || len(mails) == 0 {
		return p, err
	}
	p.OutboxMessages, err = outboxMessages(ctx, r.Client.OutboxMessage.Query().Where(outboxmessage.IDIn(ids(mails, func(m *ent.OutboxMessage) string { return m.ID })...)))
	return p, err
}
