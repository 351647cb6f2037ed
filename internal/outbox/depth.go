package outbox

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// Depth is how many mails wait and were given up.
type Depth struct {
	Pending, Dead int
	Oldest        time.Duration // for which the oldest that waits has done so; 0 without any
}

// Measure looks how deep the outbox is, by one statement over the index of statuses.
func Measure(ctx context.Context, read *sql.DB, now time.Time) (d Depth, err error) {
	var since any
	err = read.QueryRowContext(ctx, `SELECT COUNT(*), MIN(created_at), (SELECT COUNT(*) FROM outbox_messages WHERE status='DEAD')
		FROM outbox_messages WHERE status='PENDING'`).Scan(&d.Pending, &since, &d.Dead)
	if err != nil {
		return Depth{}, fmt.Errorf("measure the outbox: %w", err)
	}
	switch at := since.(type) {
	case time.Time:
		d.Oldest = now.Sub(at)
	case int64: // SQLite's, which does not know that the smallest of times is one
		d.Oldest = now.Sub(time.UnixMicro(at))
	}
	return d, nil
}
