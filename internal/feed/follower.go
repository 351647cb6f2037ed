package feed

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

const (
	poll      = 250 * time.Millisecond // between looks
	window    = 15 * time.Second       // within which events come late: longer than a commit takes, and than clocks are apart
	waiting   = 256                    // events that a subscriber leaves unread at most
	page      = 1000                   // events read by one statement
	statement = 5 * time.Second        // for one of those
)

// Follower is the Source that reads the database, whoever writes there: one for a process. While somebody subscribes it looks again
// and again at the latest events, by one statement along the primary key, and rests otherwise. While the database is away it goes
// on trying, and misses nothing.
type Follower struct {
	read   Reader
	log    *slog.Logger
	window time.Duration

	mu        sync.Mutex
	listeners map[string]map[*listener]bool // by tenant
	count     int
	reading   *reading // nil while nobody subscribes
}

// NewFollower returns a follower of the events that a reader reads.
func NewFollower(r Reader, log *slog.Logger) *Follower {
	return &Follower{read: r, log: log, window: window, listeners: make(map[string]map[*listener]bool)}
}

// listener is a subscriber.
type listener struct {
	tenantID string
	events   chan *Event
}

// Subscribe implements Source. The first subscriber waits for a look at what was before.
func (f *Follower) Subscribe(ctx context.Context, tenantID string) (<-chan *Event, func(), error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.reading == nil {
		if err := f.begin(ctx); err != nil {
			return nil, nil, fmt.Errorf("subscribe to events: %w", err)
		}
	}
	l := &listener{tenantID, make(chan *Event, waiting)}
	if f.listeners[tenantID] == nil {
		f.listeners[tenantID] = make(map[*listener]bool)
	}
	f.listeners[tenantID][l] = true
	f.count++
	return l.events, func() { f.stop(l) }, nil
}

func (f *Follower) stop(l *listener) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.remove(l)
}

// remove forgets a subscriber, and with the last one stops reading. The follower is locked.
func (f *Follower) remove(l *listener) {
	of := f.listeners[l.tenantID]
	if !of[l] {
		return
	}
	f.count--
	if delete(of, l); len(of) == 0 {
		delete(f.listeners, l.tenantID)
	}
	if f.count == 0 {
		f.reading.end()
		f.reading = nil
	}
}

// begin begins to read. What is there already is no news. The follower is locked.
func (f *Follower) begin(ctx context.Context) error {
	running, end := context.WithCancel(context.Background())
	now := time.Now()
	r := &reading{Follower: f, end: end, looked: now, latest: now, seen: make(map[string]bool)}
	if err := r.look(ctx, func(*Event) {}); err != nil {
		end()
		return err
	}
	f.reading = r
	go r.run(running)
	return nil
}

// reading is how far the events were read, from the first subscriber on to the last.
type reading struct {
	*Follower
	end    context.CancelFunc
	looked time.Time       // when the last look began that succeeded
	latest time.Time       // of the latest event that was seen
	seen   map[string]bool // ids of the events in the window
}

func (r *reading) run(ctx context.Context) {
	tick := time.NewTicker(poll)
	defer tick.Stop()
	away := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		err := r.look(ctx, r.tell)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil && !away:
			r.log.WarnContext(ctx, "events cannot be read, which is tried again", "error", err)
		case err == nil && away:
			r.log.InfoContext(ctx, "events are read again")
		}
		away = err != nil
	}
}

// look reads the events of the window and tells of those that it did not see before. The window begins a while before the
// last look, and before the latest event, for those that were committed late. So nothing depends on when looks succeed.
func (r *reading) look(ctx context.Context, tell func(*Event)) error {
	began, from := time.Now(), r.looked
	if r.latest.Before(from) {
		from = r.latest
	}
	after, seen := IDAt(from.Add(-r.window)), make(map[string]bool, len(r.seen))
	for more := true; more; {
		events, err := r.after(ctx, after)
		if err != nil {
			return err
		}
		for i := range events {
			e := &events[i]
			if !r.seen[e.ID] {
				tell(e)
			}
			after, r.seen[e.ID], seen[e.ID] = e.ID, true, true
		}
		more = len(events) == page
	}
	if at, err := TimeOf(after); err == nil && at.After(r.latest) {
		r.latest = at
	}
	r.looked, r.seen = began, seen
	return nil
}

func (r *reading) after(ctx context.Context, id string) ([]Event, error) {
	ctx, cancel := context.WithTimeout(ctx, statement)
	defer cancel()
	return After(ctx, r.read, id, page)
}

// tell hands an event to those whom it concerns. Whoever has left too many unread is told that there is more.
func (r *reading) tell(e *Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.reading != r {
		return // others have begun anew meanwhile
	}
	r.tellThose(e.TenantID, e)
	if e.OtherTenantID != e.TenantID {
		r.tellThose(e.OtherTenantID, e)
	}
}

func (r *reading) tellThose(tenantID string, e *Event) {
	for l := range r.listeners[tenantID] {
		select {
		case l.events <- e:
		default:
			close(l.events)
			r.remove(l)
		}
	}
}
