package endtoend

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"mandate/internal/testdb"
)

// collector takes traces, as an OpenTelemetry collector does.
type collector struct {
	*httptest.Server
	mu    sync.Mutex
	text  string
	keys  []string
	spans []span
}

// span is what the collector reads of a span.
type span struct {
	TraceID, SpanID, ParentSpanID, Name string
	Kind                                int
	StartTimeUnixNano, EndTimeUnixNano  string
	Attributes                          []struct {
		Key   string
		Value struct{ StringValue, IntValue string }
	}
	Status struct{ Code int }
}

// attribute is the value of an attribute; "" without it.
func (s span) attribute(key string) string {
	for _, a := range s.Attributes {
		if a.Key == key {
			return a.Value.StringValue + a.Value.IntValue
		}
	}
	return ""
}

func newCollector(t *testing.T) *collector {
	c := &collector{}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		var batch struct {
			ResourceSpans []struct{ ScopeSpans []struct{ Spans []span } }
		}
		if err := json.Unmarshal(b, &batch); err != nil || r.URL.Path != "/v1/traces" || r.Method != "POST" || r.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s %s: %v\n%s", r.Method, r.URL, err, b)
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		c.text += string(b)
		c.keys = append(c.keys, r.Header.Get("Api-Key"))
		for _, resource := range batch.ResourceSpans {
			for _, scope := range resource.ScopeSpans {
				c.spans = append(c.spans, scope.Spans...)
			}
		}
		_, _ = io.WriteString(w, "{}")
	}))
	t.Cleanup(c.Close)
	return c
}

// find returns the spans with a name.
func (c *collector) find(name string) (found []span) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.spans {
		if s.Name == name {
			found = append(found, s)
		}
	}
	return found
}

func TestTracesReachTheCollector(t *testing.T) {
	t.Parallel()
	c := newCollector(t)
	s := newStage(t, "MANDATE_DATABASE_URL="+testdb.New(t, testdb.SQLite), "MANDATE_PUBLIC_URL="+publicURL,
		"OTEL_EXPORTER_OTLP_ENDPOINT="+c.URL, "OTEL_EXPORTER_OTLP_HEADERS=api-key=k1", "OTEL_SERVICE_NAME=portal")
	acme := s.newPartner("Acme", "anna@acme.example")
	_, link := s.invites(acme, invited)
	_, token, _ := strings.Cut(link, "token=")
	s.open(link)
	const trace = "0af7651916cd43dd8448eb211c80319c"
	s.send(t, "POST", "/graphql", `{"query": "query Chosen($s: String) { mine: customers(first: 1, filter: {search: $s}) { totalCount } ...F } fragment F on Query { viewer { user { email } } }", "variables": {"s": "SECRET"}}`,
		"Content-Type", "application/json", "Authorization", "Bearer "+acme.token, "User-Agent", "Browser/9", "X-Request-Id", "r-4711",
		"Traceparent", "00-"+trace+"-b7ad6b7169203331-01")
	s.ask(t, "", "{ customers(first: 1) { totalCount } }", nil)
	s.stop() // sends what waits

	operations := c.find("query customers …")
	if len(operations) != 1 || operations[0].TraceID != trace || operations[0].attribute("graphql.operation.type") != "query" {
		t.Fatalf("spans of the operation: %+v\n%s", operations, c.text)
	}
	var above span
	for _, one := range c.find("POST /graphql") {
		if one.SpanID == operations[0].ParentSpanID {
			above = one
		}
	}
	s.is("sender of the request", above.ParentSpanID, "b7ad6b7169203331")
	s.is("kind", above.Kind, 2)
	for key, want := range map[string]string{"http.route": "/graphql", "http.request.method": "POST", "http.response.status_code": "200", "mandate.request.id": "r-4711"} {
		s.is(key, above.attribute(key), want)
	}
	if refused := c.find("query customers"); len(refused) != 1 || refused[0].attribute("error.type") != "UNAUTHENTICATED" || refused[0].Status.Code != 2 {
		t.Errorf("a refused operation: %+v", refused)
	}
	for _, name := range []string{"mutation signIn", "mutation registerPartner", "mutation inviteCustomer", "GET /invitation"} {
		if len(c.find(name)) == 0 {
			t.Errorf("there is no span %s", name)
		}
	}
	if len(c.find("GET /readyz"))+len(c.find("GET /healthz")) > 0 {
		t.Error("probes are traced")
	}
	s.is("key", c.keys[0], "k1")
	if !strings.Contains(c.text, `"portal"`) {
		t.Error("the spans do not say of which service they are")
	}
	for _, secret := range []string{s.operator, acme.token, token, password, "SECRET", "@", "Acme", "Anna", "Chosen", "mine", "Browser/9", "127.0.0.1", "k1"} {
		if strings.Contains(c.text, secret) {
			t.Errorf("the spans hold %q", secret)
		}
	}
}

func TestNoTracesUnlessAskedFor(t *testing.T) {
	t.Parallel()
	c := newCollector(t)
	s := newStage(t, "MANDATE_DATABASE_URL="+testdb.New(t, testdb.SQLite), "OTEL_EXPORTER_OTLP_ENDPOINT="+c.URL, "OTEL_TRACES_EXPORTER=none")
	s.ask(t, s.operator, "{ customers(first: 1) { totalCount } }", nil)
	s.stop()
	if len(c.keys) > 0 {
		t.Error("the collector was asked")
	}
}

func TestCollectorThatIsAwayCostsNothing(t *testing.T) {
	t.Parallel()
	s := newStage(t, "MANDATE_DATABASE_URL="+testdb.New(t, testdb.SQLite), "OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:1")
	s.ask(t, s.operator, "{ customers(first: 1) { totalCount } }", nil).OK()
	s.stop()
	if !strings.Contains(s.printed(), `"msg":"tracing"`) {
		t.Errorf("the log does not say that spans are lost:\n%s", s.printed())
	}
}
