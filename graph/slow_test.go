package graph_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"mandate/graph"
	"mandate/internal/feed"
	"mandate/internal/telemetry"
	"mandate/internal/testdb"
	"mandate/internal/testworld"
)

// tape is a source of events that tells what a test has it tell.
type tape struct {
	mu        sync.Mutex
	listeners map[chan *feed.Event]bool
}

// Subscribe lets a subscriber listen, to events of any tenant.
func (t *tape) Subscribe(context.Context, string) (<-chan *feed.Event, func(), error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := make(chan *feed.Event, 1)
	if t.listeners == nil {
		t.listeners = make(map[chan *feed.Event]bool)
	}
	t.listeners[c] = true
	return c, func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		delete(t.listeners, c)
	}, nil
}

// tells tells all of an event who took the one before.
func (t *tape) tells(e *feed.Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for c := range t.listeners {
		select {
		case c <- e:
		default:
		}
	}
}

// loses tells all that they may have missed something.
func (t *tape) loses() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for c := range t.listeners {
		close(c)
	}
	clear(t.listeners)
}

// TestF10SlowReadersDelayNobody: a client that takes nothing more is cut off, and meanwhile the others hear everything.
func TestF10SlowReadersDelayNobody(t *testing.T) {
	t.Parallel()
	s := scene{t, testworld.New(t, testdb.New(t, testdb.SQLite))}
	source := &tape{}
	l := s.live(func(c *graph.Config) { c.Feed = source })
	acme := s.NewPartner("Acme")
	id := s.does(acme.Admin, "inviteCustomer", in{"email": "ada@contoso.example", "message": strings.Repeat("long ", 199)}).String("inviteCustomer.invitation.id")
	query := `subscription { invitationChanged(tenantId: "` + acme.ID + `") {`
	for n := range 15 {
		query += fmt.Sprintf(" m%d: message", n)
	}
	query += " } }"
	slow := l.raw("Authorization: Bearer " + token(acme.Admin) + "\r\n")
	s.must(slow.Conn.(*net.TCPConn).SetReadBuffer(4 << 10))
	for _, m := range []string{`{"type":"connection_init"}`, `{"type":"subscribe","id":"a","payload":{"query":"` + strings.ReplaceAll(query, `"`, `\"`) + `"}}`} {
		_, err := fmt.Fprintf(slow, "\x81\xfe%c%c\x00\x00\x00\x00%s", len(m)>>8, len(m)&0xff, m) // masked by nothing
		s.must(err)
	}
	stalled := l.listens(token(acme.Admin), query)
	quick := l.connect(token(acme.Admin))
	quick.conn.SetReadLimit(1 << 20)
	quick.subscribes("a", query)
	l.awaits(telemetry.Connections{WebSockets: 2, EventStreams: 1, Subscriptions: 3})
	worst := time.Duration(0)
	for began := time.Now(); l.connections.Open() != (telemetry.Connections{WebSockets: 1, Subscriptions: 1}); {
		if time.Since(began) > 40*time.Second {
			t.Fatalf("%+v are open still", l.connections.Open())
		}
		told := time.Now()
		source.tells(&feed.Event{TenantID: acme.ID, Targets: []string{id}})
		if got, err := quick.next(); err != nil || !strings.Contains(got, "long long") {
			t.Fatalf("the quick one hears %.100s, %v", got, err)
		}
		worst = max(worst, time.Since(told))
	}
	if worst > 2*time.Second {
		t.Errorf("the quick one waited %v", worst)
	}
	if _, err := io.Copy(io.Discard, stalled.Body); err == nil {
		t.Error("the stream looks as if it had ended well")
	}
}

// TestWhoMayHaveMissedSomethingComesBack: clients come back by themselves after this code, and after a stream without complete.
func TestWhoMayHaveMissedSomethingComesBack(t *testing.T) {
	t.Parallel()
	s := scene{t, testworld.New(t, testdb.New(t, testdb.SQLite))}
	source := &tape{}
	l := s.live(func(c *graph.Config) { c.Feed = source })
	acme := s.NewPartner("Acme")
	c, e := l.connect(token(acme.Admin)), l.listens(token(acme.Admin), invitationsOf(acme.ID))
	c.subscribes("a", invitationsOf(acme.ID))
	l.awaits(telemetry.Connections{WebSockets: 1, EventStreams: 1, Subscriptions: 2})
	source.loses()
	c.closed(1013)
	e.hears("")
	l.awaits(telemetry.Connections{})
}
