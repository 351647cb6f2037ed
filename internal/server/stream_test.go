package server

import (
	"context"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"mandate/internal/telemetry"
)

// upgrading are the headers of a request for a WebSocket.
var upgrading = []string{"Connection", "Upgrade", "Upgrade", "websocket", "Sec-WebSocket-Version", "13", "Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="}

// TestT21PagesOfOtherOriginsOpenNoWebSocket: a browser opens one for our own pages and for those of the listed origins.
func TestT21PagesOfOtherOriginsOpenNoWebSocket(t *testing.T) {
	t.Parallel()
	asked := 0
	w := newWorld(t, func(c *Config) {
		c.Origins = []string{portal}
		c.API = http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked++ })
	})
	for from, c := range map[string]struct {
		headers []string
		want    int
	}{
		"a client that is no browser":                 {nil, 200},
		"an own page":                                 {[]string{"Origin", "https://mandate.example", "Sec-Fetch-Site", "same-origin"}, 200},
		"an own page in an old browser":               {[]string{"Origin", "https://mandate.example"}, 200},
		"an own page, behind a proxy":                 {[]string{"Origin", "https://mandate.example", "Host", "10.0.0.7:8080"}, 200},
		"a listed page":                               {[]string{"Origin", portal, "Sec-Fetch-Site", "cross-site"}, 200},
		"a listed page in an old browser":             {[]string{"Origin", portal}, 200},
		"a page of another origin":                    {[]string{"Origin", other, "Sec-Fetch-Site", "cross-site"}, 403},
		"a page of another origin in an old browser":  {[]string{"Origin", other}, 403},
		"a page of another origin, signed in":         {[]string{"Origin", other, "Authorization", "Bearer " + w.session}, 403},
		"a listed host by another scheme":             {[]string{"Origin", "http://portal.example"}, 403},
		"a host that begins as a listed one":          {[]string{"Origin", portal + ".evil.example"}, 403},
		"a page of a neighbour":                       {[]string{"Origin", "https://blog.mandate.example", "Sec-Fetch-Site", "same-site"}, 403},
		"a page of no origin":                         {[]string{"Origin", "null"}, 403},
		"a page that says nothing, on another origin": {[]string{"Sec-Fetch-Site", "cross-site"}, 403},
		"somebody whose session has ended":            {[]string{"Authorization", "Bearer " + w.session[1:] + "A"}, 401},
	} {
		asked = 0
		status, body := read(t, w.ask("GET", "/graphql", "", append(c.headers, upgrading...)...))
		if status != c.want || (asked == 1) != (c.want == 200) {
			t.Errorf("%s: %d %s, and the API was asked %d times", from, status, body, asked)
		}
	}
}

// TestStreamsHaveNoTimeLimit, at the API and nowhere else.
func TestStreamsHaveNoTimeLimit(t *testing.T) {
	t.Parallel()
	limited := false
	w := newWorld(t, func(c *Config) {
		c.API = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, limited = r.Context().Deadline() })
		c.Pages = c.API
	})
	for _, c := range []struct {
		method, target string
		headers        []string
		limited        bool
	}{
		{"GET", "/graphql", upgrading, false},
		{"GET", "/graphql?query={a}", []string{"Accept", "text/event-stream"}, false},
		{"POST", "/graphql", []string{"Accept", "text/event-stream"}, false},
		{"POST", "/graphql", []string{"Accept", "application/json, text/event-stream"}, true},
		{"GET", "/invitation?token=x", append([]string{"Accept", "text/event-stream"}, upgrading...), true},
	} {
		w.ask(c.method, c.target, "", c.headers...)
		if limited != c.limited {
			t.Errorf("%s %s with %v has a time limit: %v", c.method, c.target, c.headers, limited)
		}
	}
}

// TestF17StreamsDoNotDelayTheStop: clients that listen are told when the program stops, and those that do not answer are not
// waited for.
func TestF17StreamsDoNotDelayTheStop(t *testing.T) {
	t.Parallel()
	listening := make(chan struct{})
	w := newWorld(t, func(c *Config) {
		c.API = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Upgrade") == "" {
				_, _ = io.WriteString(w, ":\n\n")
				_ = http.NewResponseController(w).Flush()
				listening <- struct{}{}
				<-r.Context().Done()
				return
			}
			conn, err := websocket.Accept(w, r, nil)
			if err != nil {
				t.Error(err)
				return
			}
			telemetry.From(r.Context()).Streamed(telemetry.WebSocket)
			telemetry.From(r.Context()).Closed(1001)
			listening <- struct{}{}
			<-r.Context().Done()
			_ = conn.Close(websocket.StatusGoingAway, "")
		})
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stopped := make(chan error, 1)
	go func() { stopped <- w.server.Serve(ctx, l) }()
	url := "http://" + l.Addr().String() + "/graphql"
	answers, _, err := websocket.Dial(t.Context(), url, nil)
	if err != nil {
		t.Fatal(err)
	}
	silent, _, err := websocket.Dial(t.Context(), url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), "GET", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", "text/event-stream")
	events, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer events.Body.Close()
	for range 3 {
		<-listening
	}
	began := time.Now()
	stop()
	if _, _, err := answers.Read(t.Context()); websocket.CloseStatus(err) != websocket.StatusGoingAway {
		t.Errorf("a WebSocket ended with %v", err)
	}
	if rest, err := io.ReadAll(events.Body); err != nil || string(rest) != ":\n\n" {
		t.Errorf("a stream of events ended with %q, %v", rest, err)
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took < drainPause || took > drainPause+closeLimit+time.Second {
		t.Errorf("the program stopped after %v", took)
	}
	_ = silent.CloseNow()
	w.server.streams.Wait()
	if log := w.log.String(); !regexp.MustCompile(`msg=request method=GET route=/graphql status=101 .*stream=websocket closed=1001`).MatchString(log) {
		t.Errorf("the log lacks the WebSocket:\n%s", log)
	}
	if strings.Contains(w.log.String(), "level=ERROR") {
		t.Errorf("log:\n%s", w.log)
	}
}
