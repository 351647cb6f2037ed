// Package feed tells what was written, as it happens. Every write leaves one event of the audit trail in its transaction,
// so the trail is where to look: what is not in it was not done.
//
// The ids of events begin with the time at which they were made, just before their transaction was committed. They are in
// the order of time but not quite in that of commits, and the clocks of servers differ: whoever reads on looks again at what
// is just behind.
package feed

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"
)

// Event says that something was written: what, in whose affairs, and which rows it is about. It does not say what the rows
// hold, which depends on who asks.
type Event struct {
	ID             string
	At             time.Time
	Action         string   // such as invitation.accepted
	TenantID       string   // in whose affairs it happened; "" for what concerns a person only
	OtherTenantID  string   // the other tenant concerned, or ""
	ActorTenantID  string   // from which the person acted, or ""
	RelationshipID string   // that it concerns, or ""
	Targets        []string // the ids of all rows acted on, each once
}

// Rows lists the ids of the rows of one kind that were acted on, by what their ids begin with, such as "inv".
func (e *Event) Rows(prefix string) []string {
	var ids []string
	for _, id := range e.Targets {
		if strings.HasPrefix(id, prefix+"_") {
			ids = append(ids, id)
		}
	}
	return ids
}

// Reader answers statements: a pool, an Ent client, or a transaction.
type Reader interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// After reads the events whose ids come after one, in the order of ids, so many at most. After "" is from the beginning.
func After(ctx context.Context, r Reader, afterID string, limit int) ([]Event, error) {
	rows, err := r.QueryContext(ctx, `SELECT id, at, action, COALESCE(tenant_id,''), COALESCE(other_tenant_id,''),
		COALESCE(actor_tenant_id,''), COALESCE(relationship_id,''), COALESCE(target_id,''), target_ids
		FROM audit_events WHERE id>? ORDER BY id LIMIT ?`, afterID, limit)
	if err != nil {
		return nil, fmt.Errorf("read events: %w", err)
	}
	defer rows.Close()
	var events []Event
	for rows.Next() {
		e, err := scan(rows)
		if err != nil {
			return nil, fmt.Errorf("read events: %w", err)
		}
		events = append(events, e)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read events: %w", err)
	}
	return events, nil
}

func scan(rows *sql.Rows) (e Event, err error) {
	var target string
	var targets []byte
	if err := rows.Scan(&e.ID, &e.At, &e.Action, &e.TenantID, &e.OtherTenantID, &e.ActorTenantID, &e.RelationshipID, &target, &targets); err != nil {
		return Event{}, err
	}
	if len(targets) > 0 {
		if err := json.Unmarshal(targets, &e.Targets); err != nil {
			return Event{}, fmt.Errorf("the targets of %s: %w", e.ID, err)
		}
	}
	if target != "" && !slices.Contains(e.Targets, target) {
		e.Targets = append(e.Targets, target)
	}
	return e, nil
}

// idPrefix is how the ids of events begin.
const idPrefix = "evt_"

// IDAt returns what comes before the ids of all events made at a moment or later, and after those of all made earlier.
func IDAt(t time.Time) string {
	var first ulid.ULID
	_ = first.SetTime(ulid.Timestamp(t)) // it fails for times from the year 10889 on
	return idPrefix + strings.ToLower(first.String())
}

// TimeOf returns when an event was made that has the id, to the millisecond; it fails on what is not an event's id.
func TimeOf(id string) (time.Time, error) {
	text, found := strings.CutPrefix(id, idPrefix)
	parsed, err := ulid.ParseStrict(strings.ToUpper(text))
	if !found || err != nil {
		return time.Time{}, fmt.Errorf("%q is not the id of an event", id)
	}
	return ulid.Time(parsed.Time()).UTC(), nil
}
