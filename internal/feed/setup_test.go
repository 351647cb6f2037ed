package feed_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"

	"mandate/internal/database"
	"mandate/internal/feed"
	"mandate/internal/testdb"
)

// trail is an audit trail, and whether it can be read.
type trail struct {
	testing.TB
	db    *database.DB
	away  atomic.Bool
	looks atomic.Int64
}

func newTrail(t testing.TB, url string) *trail {
	t.Helper()
	db, err := database.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return &trail{TB: t, db: db}
}

// eachTrail runs a test on every engine.
func eachTrail(t *testing.T, test func(t *trail)) {
	t.Helper()
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) { test(newTrail(t, url)) })
}

// QueryContext reads the trail, if it is not away.
func (t *trail) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	t.looks.Add(1)
	if t.away.Load() {
		return nil, errors.New("the database is away")
	}
	return t.db.Read.QueryContext(ctx, query, args...)
}

func (t *trail) follower() *feed.Follower { return feed.NewFollower(t, slog.New(slog.DiscardHandler)) }

var ids sync.Mutex

// idAt makes the id of an event that is made at a moment.
func idAt(at time.Time) string {
	ids.Lock()
	defer ids.Unlock()
	return "evt_" + strings.ToLower(ulid.MustNew(ulid.Timestamp(at), ulid.DefaultEntropy()).String())
}

// write commits an event, a while after its id was made.
func (t *trail) write(id, tenant, other string, while time.Duration) {
	t.Helper()
	tx, err := t.db.Write.Begin()
	if err != nil {
		t.Error(err)
		return
	}
	_, err = tx.Exec("INSERT INTO audit_events (id, at, action, tenant_id, other_tenant_id) VALUES (?,?,?,?,?)", id, time.Now().UTC(), "tested", tenant, other)
	time.Sleep(while)
	if err := errors.Join(err, tx.Commit()); err != nil {
		t.Error(err)
	}
}

// happens commits an event of one tenant now.
func (t *trail) happens(tenant string) string {
	t.Helper()
	id := idAt(time.Now())
	t.write(id, tenant, "", 0)
	return id
}

// ear keeps what a subscriber hears.
type ear struct {
	*trail
	stop   func()
	events <-chan *feed.Event
	heard  []string
}

func (t *trail) listen(s feed.Source, tenant string) *ear {
	t.Helper()
	events, stop, err := s.Subscribe(t.Context(), tenant)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return &ear{trail: t, stop: stop, events: events}
}

// hears waits for so many events, and a moment longer, and fails unless they are the given ones.
func (e *ear) hears(want ...string) {
	e.Helper()
	patience := time.After(20 * time.Second)
	for quiet := time.Duration(1 << 62); ; {
		if len(e.heard) >= len(want) {
			quiet = 600 * time.Millisecond
		}
		select {
		case event, more := <-e.events:
			if !more {
				e.Fatal("the channel was closed")
			}
			e.heard = append(e.heard, event.ID)
			continue
		case <-time.After(quiet):
		case <-patience:
		}
		break
	}
	slices.Sort(e.heard)
	slices.Sort(want)
	if !slices.Equal(e.heard, want) {
		e.Errorf("%d events are heard, want %d:\n%v\n%v", len(e.heard), len(want), e.heard, want)
	}
	e.heard = nil
}

func tenant(n int) string { return fmt.Sprintf("ten_%026d", n) }
