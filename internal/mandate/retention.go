package mandate

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	entsql "entgo.io/ent/dialect/sql"

	"mandate/ent/idempotencyrecord"
	"mandate/ent/onetimetoken"
	"mandate/ent/outboxmessage"
	"mandate/ent/session"
	"mandate/ent/signinthrottle"
	"mandate/ent/webhookdelivery"
)

// retention is rows that are deleted when a moment of theirs is long enough ago.
type retention struct {
	table  string
	status string // only those that stand so; "" for all
	moment string // the column, by which there is an index: after the status, if there is one
	keep   time.Duration
}

const month = 30 * 24 * time.Hour

// retentions lists what is deleted. All else is kept for good, the audit trail first of all. Nothing is deleted that counts still:
// limits look back a day, and an invitation is valid no longer than its mail is kept.
var retentions = []retention{
	{session.Table, "", session.FieldExpiresAt, month},
	{onetimetoken.Table, "", onetimetoken.FieldExpiresAt, month},
	{idempotencyrecord.Table, "", idempotencyrecord.FieldAt, attemptLife},
	{signinthrottle.Table, "", signinthrottle.FieldFailedAt, longestMemory},
	{outboxmessage.Table, string(outboxmessage.StatusSent), outboxmessage.FieldNextAttemptAt, month},
	{outboxmessage.Table, string(outboxmessage.StatusDead), outboxmessage.FieldNextAttemptAt, 7 * 24 * time.Hour},
	{webhookdelivery.Table, string(webhookdelivery.StatusDelivered), webhookdelivery.FieldNextAttemptAt, month},
	{webhookdelivery.Table, string(webhookdelivery.StatusFailed), webhookdelivery.FieldNextAttemptAt, month},
}

// retention deletes what is kept no longer, in small parts, of each table in turn: none waits for another one's end.
func (w *sweep) retention() {
	for left := slices.Clone(retentions); len(left) > 0 && !w.over(); {
		left = slices.DeleteFunc(left, func(r retention) bool {
			more := false
			ok := w.try("delete from "+r.table, func(ctx context.Context, t *tx) (err error) {
				more, err = t.forget(ctx, r)
				return err
			})
			return !ok || !more
		})
	}
}

// forget deletes some rows, and reports whether there may be more. They are read first: a DELETE that looks for them by itself
// waits for rows that others are writing.
func (t *tx) forget(ctx context.Context, r retention) (more bool, err error) {
	over := func() *entsql.Predicate {
		old := entsql.LT(r.moment, t.now.Add(-r.keep))
		if r.status == "" {
			return old
		}
		return entsql.And(entsql.EQ("status", r.status), old)
	}
	build := entsql.Dialect(t.s.Dialect)
	query, args := build.Select("id").From(entsql.Table(r.table)).Where(over()).OrderBy(r.moment).Limit(mostInStatement).Query()
	var ids []any
	err = t.each(ctx, query, args, func(rows *sql.Rows) error {
		var id string
		err := rows.Scan(&id)
		ids = append(ids, id)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("look for old rows: %w", err)
	}
	if len(ids) == 0 {
		return false, nil
	}
	query, args = build.Delete(r.table).Where(entsql.And(entsql.In("id", ids...), over())).Query()
	if _, err := t.ExecContext(ctx, query, args...); err != nil {
		return false, fmt.Errorf("delete old rows: %w", err)
	}
	return len(ids) == mostInStatement, nil
}
