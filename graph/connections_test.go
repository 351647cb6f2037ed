package graph

import (
	"errors"
	"fmt"
	"testing"

	"mandate/internal/mandate"
	"mandate/internal/telemetry"
	"mandate/internal/viewer"
)

// TestT21AProcessHoldsFiveThousandConnections, whoever opened them, and takes the next one when one has ended.
func TestT21AProcessHoldsFiveThousandConnections(t *testing.T) {
	t.Parallel()
	c := NewConnections()
	var slots []*slot
	for n := range 5000 {
		kind := webSocket
		if n%2 == 1 {
			kind = eventStream
		}
		s, err := c.enter(viewer.Viewer{UserID: fmt.Sprintf("usr_%d", n/20)}, kind)
		if err != nil {
			t.Fatalf("connection %d: %v", n, err)
		}
		slots = append(slots, s)
	}
	newcomer := viewer.Viewer{UserID: "usr_new"}
	if _, err := c.enter(newcomer, webSocket); !errors.Is(err, errUnavailable) {
		t.Errorf("one more: %v", err)
	}
	slots[0].leave()
	one, err := c.enter(newcomer, webSocket)
	if err != nil {
		t.Fatal(err)
	}
	one.subscribed(2)
	if got, want := c.Open(), (telemetry.Connections{WebSockets: 2500, EventStreams: 2500, Subscriptions: 2}); got != want {
		t.Errorf("%+v are open; want %+v", got, want)
	}
	one.subscribed(-2)
	for _, s := range append(slots[1:], one) {
		s.leave()
	}
	if got := c.Open(); got != (telemetry.Connections{}) || len(c.held) != 0 {
		t.Errorf("%+v are left, of %d people", got, len(c.held))
	}
}

// TestT21AConnectionBelongsToOne: to a network until somebody says who it is, and then to that person, in all sessions.
func TestT21AConnectionBelongsToOne(t *testing.T) {
	t.Parallel()
	c := NewConnections()
	var throttled *mandate.Throttled
	stranger, kim := viewer.Viewer{Address: "2001:db8::1"}, viewer.Viewer{UserID: "usr_kim", SessionID: "one"}
	neighbour, program := viewer.Viewer{Address: "2001:db8::2"}, viewer.Viewer{UserID: "usr_kim", Token: &viewer.Token{}}
	enter := func(v viewer.Viewer, times int) (last *slot) {
		t.Helper()
		for range times {
			s, err := c.enter(v, webSocket)
			if err != nil {
				t.Fatal(err)
			}
			last = s
		}
		return last
	}
	mine := enter(stranger, 100)
	if _, err := c.enter(neighbour, webSocket); !errors.As(err, &throttled) {
		t.Errorf("one more of the network: %v", err)
	}
	if err := mine.become(kim); err != nil {
		t.Fatal(err)
	}
	theirs := enter(neighbour, 1)
	enter(program, 19)
	if err := theirs.become(kim); !errors.As(err, &throttled) {
		t.Errorf("one more of the person: %v", err)
	}
	if err := mine.become(kim); err != nil {
		t.Errorf("who it is already: %v", err)
	}
	theirs.leave()
	mine.leave()
	enter(kim, 1)
	enter(viewer.Viewer{}, 1) // of no known address
}
