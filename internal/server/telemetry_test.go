package server

import (
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"

	"mandate/internal/telemetry"
)

// observer keeps what it is told.
type observer struct {
	mu       sync.Mutex
	begun    int
	answered []*telemetry.Request
}

func (o *observer) Begun() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.begun++
}

func (o *observer) Answered(r *telemetry.Request) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.answered = append(o.answered, r)
}

// last is what was noted about the newest request.
func (o *observer) last() *telemetry.Request {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.answered[len(o.answered)-1]
}

func TestRequestIsNoted(t *testing.T) {
	t.Parallel()
	o := &observer{}
	w := newWorld(t, func(c *Config) {
		c.Observer = o
		c.API = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.Contains(r.URL.RawQuery, "panic") {
				panic("cause")
			}
			telemetry.From(r.Context()).Operated(telemetry.Operation{Kind: "query", Name: "Who", Code: "FORBIDDEN"})
			_, _ = io.WriteString(w, `{"data": {"invitationByToken": null}}`)
		})
		c.Pages = c.API
	})
	for _, c := range []struct {
		method, target, body, headers string
		noted, route                  string
		status                        int
		operation, code               string
	}{
		{"GET", "/nowhere/SECRET?q=SECRET", "", "", "GET", "none", 404, "", ""},
		{"SECRET", "/", "", "", "OTHER", "none", 405, "", ""},
		{"GET", "/", "", "", "GET", "/", 200, "", ""},
		{"GET", "/graphiql/SECRET.js", "", "", "GET", "/graphiql/", 404, "", ""},
		{"GET", "/invitation?token=SECRET", "", "", "GET", "/invitation", 404, "Who", "FORBIDDEN"},
		{"POST", "/graphql", question, "", "POST", "/graphql", 200, "Who", "FORBIDDEN"},
		{"POST", "/graphql", question, "Authorization SECRET", "POST", "/graphql", 401, "", "UNAUTHENTICATED"},
		{"POST", "/graphql?panic", question, "", "POST", "/graphql", 500, "", "INTERNAL"},
	} {
		w.ask(c.method, c.target, c.body, append(strings.Fields(c.headers), "User-Agent", "SECRET", "X-Forwarded-For", "203.0.113.9")...)
		got := o.last()
		if got.Method != c.noted || got.Route != c.route || got.Status != c.status || got.Duration <= 0 {
			t.Errorf("%s %s: %s %q %d in %v", c.method, c.target, got.Method, got.Route, got.Status, got.Duration)
		}
		if got.Name() != c.operation || got.Code() != c.code {
			t.Errorf("%s %s: operation %q, code %q", c.method, c.target, got.Name(), got.Code())
		}
	}
	if o.begun != len(o.answered) {
		t.Errorf("%d begun, %d answered", o.begun, len(o.answered))
	}
	log := w.log.String()
	for _, text := range []string{"SECRET", "203.0.113.9", "192.0.2.1"} { // the last is where httptest's requests come from
		if strings.Contains(log, text) {
			t.Errorf("the log holds %s:\n%s", text, log)
		}
	}
	if !strings.Contains(log, "operation=Who code=FORBIDDEN") {
		t.Errorf("the log lacks the operation:\n%s", log)
	}
}

func TestNothingIsAskedOfADatabaseThatCannotAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.broken = errBroken
	r := w.ask("POST", "/graphql", question, "X-Request-Id", "r1")
	status, body := read(t, r)
	holds(t, status, body, 503, `"code":"UNAVAILABLE"`, `"requestId":"r1"`, "!secret")
	if r.Header.Get("Retry-After") == "" {
		t.Error("nobody says when to come again")
	}
	status, body = w.get("/invitation?token=x")
	holds(t, status, body, 503, "Please try again", "!secret")
	status, body = w.get("/")
	holds(t, status, body, 200, "Contoso Cloud")
	if got := w.api.names(); got != "" {
		t.Errorf("the API was asked %s", got)
	}
}

func TestOperations(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	h := w.server.operations(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "the metrics") }))
	w.server.handler = h
	for path, want := range map[string]string{
		"/metrics": "the metrics", "/healthz": "ok", "/readyz": "ready", "/debug/pprof/": "goroutine", "/debug/pprof/goroutine?debug=1": "goroutine profile",
	} {
		status, body := w.get(path)
		holds(t, status, body, 200, want)
	}
	for _, path := range []string{"/debug/pprof/cmdline", "/graphql", "/"} {
		if status, _ := w.get(path); status != 404 {
			t.Errorf("%s: %d", path, status)
		}
	}
}

func TestComplaintsHoldNoAddresses(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	s := &Server{Config: Config{Log: slog.New(slog.NewTextHandler(&b, nil))}}
	for _, line := range []string{
		"http: TLS handshake error from 192.0.2.7:4711: EOF", "http: panic serving [2001:db8::7]:4711: boom", "http: Accept error: too many open files; retrying in 5ms",
	} {
		s.complaints().Print(line)
	}
	for _, text := range []string{"192.0.2.7", "2001:db8", "4711"} {
		if strings.Contains(b.String(), text) {
			t.Errorf("the log holds %s:\n%s", text, b.String())
		}
	}
	for _, text := range []string{"from a client: EOF", "serving a client: boom", "too many open files"} {
		if !strings.Contains(b.String(), text) {
			t.Errorf("the log lacks %s:\n%s", text, b.String())
		}
	}
}
