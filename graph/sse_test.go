package graph_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"mandate/graph"
	"mandate/internal/telemetry"
	"mandate/internal/testdb"
	"mandate/internal/testworld"
)

// TestAStreamTellsWhatChanges: by POST and by GET, until the client goes.
func TestAStreamTellsWhatChanges(t *testing.T) {
	eachScene(t, func(s scene) {
		l := s.live()
		acme := s.NewPartner("Acme")
		posted := l.listens(token(acme.Admin), invitationsOf(acme.ID))
		r, err := http.NewRequestWithContext(t.Context(), "GET", l.url+target(invitationsOf(acme.ID), nil), nil)
		s.must(err)
		r.Header.Set("Authorization", "Bearer "+token(acme.Admin))
		got := l.stream(r)
		l.awaits(telemetry.Connections{EventStreams: 2, Subscriptions: 2})
		s.is("status", posted.StatusCode, 200)
		for name, want := range map[string]string{"Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-store", "X-Accel-Buffering": "no"} {
			s.is(name, posted.Header.Get(name), want)
		}
		id := s.does(acme.Admin, "inviteCustomer", in{"email": "ada@contoso.example"}).String("inviteCustomer.invitation.id")
		for _, e := range []*stream{posted, got} {
			want := fmt.Sprintf("event: next\ndata: {\"data\":{\"invitationChanged\":{\"id\":%q,\"status\":\"PENDING\"}}", id)
			if next := e.next(); !strings.HasPrefix(next, want) || strings.Count(next, "\n") != 2 {
				t.Errorf("the stream tells %q; want %q", next, want)
			}
			s.must(e.Body.Close())
		}
		l.awaits(telemetry.Connections{})
	})
}

// TestWhatAStreamRefuses: what is wrong with an operation stands in the stream, as graphql-sse has it, what is wrong with the request in
// an answer that is none.
func TestWhatAStreamRefuses(t *testing.T) {
	t.Parallel()
	s := scene{t, testworld.New(t, testdb.New(t, testdb.SQLite))}
	l := s.live()
	acme, other := s.NewPartner("Acme"), s.NewPartner("Other")
	valid := token(acme.Admin)
	for _, c := range []struct{ token, query, code string }{
		{valid, "{", "GRAPHQL_PARSE_FAILED"}, {valid, "subscription { nothing }", "GRAPHQL_VALIDATION_FAILED"}, {valid, "", "BAD_USER_INPUT"},
		{valid, "{ viewer { user { id } } }", "BAD_USER_INPUT"}, {valid, "mutation { signOut { ok } }", "BAD_USER_INPUT"},
		{valid, "{ customers(first: 1) { nodes @stream { id } } }", "GRAPHQL_VALIDATION_FAILED"}, {valid, "{ ... @defer { features { key } } }", "GRAPHQL_VALIDATION_FAILED"},
		{valid, invitationsOf(other.ID), "NOT_FOUND"}, {"", invitationsOf(acme.ID), "UNAUTHENTICATED"},
	} {
		e := l.listens(c.token, c.query)
		got := e.next()
		if e.StatusCode != 200 || !strings.HasPrefix(got, "event: next\ndata: {\"errors\":[{") || !strings.Contains(got, `"code":"`+c.code+`"`) {
			t.Errorf("%s: %s %q; want %s", c.query, e.Status, got, c.code)
		}
		e.hears("event: complete\ndata:\n")
		e.hears("")
	}
	if reaches := s.Bearer(valid).Do("{ viewer { user { id } } }", nil).OK().At("viewer"); reaches == nil {
		t.Error("a mutation was carried out")
	}
	for _, c := range []struct {
		method, body, contentType string
		status                    int
	}{
		{"POST", operation(invitationsOf(acme.ID)), "text/plain", 415}, {"POST", "{", "application/json", 400}, {"PUT", "", "", 405},
	} {
		r, err := http.NewRequestWithContext(t.Context(), c.method, l.url+"/graphql", strings.NewReader(c.body))
		s.must(err)
		r.Header.Set("Content-Type", c.contentType)
		if e := l.stream(r); e.StatusCode != c.status || !strings.HasPrefix(e.Header.Get("Content-Type"), "application/json") {
			t.Errorf("%s of %s: %s, %s; want %d", c.method, c.contentType, e.Status, e.Header.Get("Content-Type"), c.status)
		}
	}
	l.awaits(telemetry.Connections{})
}

// TestSubscribingIsLimited as every request is.
func TestSubscribingIsLimited(t *testing.T) {
	t.Parallel()
	s := scene{t, testworld.New(t, testdb.New(t, testdb.SQLite))}
	l := s.live(func(c *graph.Config) { c.Budgets = graph.NewBudgets(3, s.Now) })
	acme := s.NewPartner("Acme")
	c := l.connect(token(acme.Admin))
	c.subscribes("a", invitationsOf(acme.ID))
	e := l.listens(token(acme.Admin), invitationsOf(acme.ID))
	s.is("status", e.StatusCode, 200)
	l.awaits(telemetry.Connections{WebSockets: 1, EventStreams: 1, Subscriptions: 2})
	if e := l.listens(token(acme.Admin), invitationsOf(acme.ID)); e.StatusCode != 429 || e.Header.Get("Retry-After") != "20" {
		t.Errorf("%s, to be tried again after %s", e.Status, e.Header.Get("Retry-After"))
	}
	c.subscribes("b", invitationsOf(acme.ID))
	c.refused("b", "RATE_LIMITED")
	late := l.dial()
	late.sends(`{"type":"connection_init","payload":{"authorization":"Bearer ` + token(acme.Admin) + `"}}`)
	late.closed(1013)
}

// TestAStreamSaysThatItGoesOn, so that nothing on the way takes it for dead.
func TestAStreamSaysThatItGoesOn(t *testing.T) {
	t.Parallel()
	s := scene{t, testworld.New(t, testdb.New(t, testdb.SQLite))}
	l := s.live()
	acme := s.NewPartner("Acme")
	e := l.listens(token(acme.Admin), invitationsOf(acme.ID))
	began := time.Now()
	for _, want := range []string{": subscribed\n", "\n", ":\n", "\n"} {
		if line, err := e.lines.ReadString('\n'); line != want {
			t.Errorf("%q, %v; want %q", line, err, want)
		}
	}
	if took := time.Since(began); took < 10*time.Second || took > 20*time.Second {
		t.Errorf("it said so after %v", took)
	}
}
