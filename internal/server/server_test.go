package server

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"mandate/internal/viewer"
)

const question = `{"query": "query Who { viewer { user { id } } }"}`

func TestViewerOfARequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.api.on("Who", `{}`)
	r := w.ask("POST", "/graphql", question, "Authorization", "Bearer "+w.session, "X-Request-Id", "a-b_c.1",
		"X-Forwarded-For", "203.0.113.9", "From-Address", "192.0.2.7:4711", "User-Agent", strings.Repeat("ü", 301))
	if r.StatusCode != 200 || r.Header.Get("X-Request-Id") != "a-b_c.1" {
		t.Fatalf("status %d, headers %v", r.StatusCode, r.Header)
	}
	v := w.api.last(t, "Who").viewer
	if v.UserID != w.user || v.RequestID != "a-b_c.1" || v.Address != "192.0.2.7" || v.UserAgent != strings.Repeat("ü", 300) {
		t.Errorf("viewer %+v", v)
	}

	r = w.ask("POST", "/graphql", question, "X-Request-Id", "a b")
	v = w.api.last(t, "Who").viewer
	if v.SignedIn() || v.RequestID == "a b" || len(v.RequestID) < 20 || r.Header.Get("X-Request-Id") != v.RequestID {
		t.Errorf("viewer %+v", v)
	}
}

func TestUnusableTokenIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, header := range []string{"Bearer nonsense", "Bearer " + w.session[1:], "Basic " + w.session, "Bearer"} {
		status, body := read(t, w.ask("POST", "/graphql", question, "Authorization", header, "X-Request-Id", "r1"))
		holds(t, status, body, 401, `{"errors":[{"message":"This token does not work: the session has ended, or the API token is revoked or expired.","extensions":{"code":"UNAUTHENTICATED","requestId":"r1"}}]}`)
	}
	if w.api.names() != "" {
		t.Error("the API was asked")
	}
}

func TestPanicIsAnsweredWithoutDetails(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	status, body := read(t, w.ask("POST", "/graphql", `{"query": "query Panic { viewer }"}`, "X-Request-Id", "r1"))
	holds(t, status, body, 500, `"code":"INTERNAL"`, `"requestId":"r1"`, "!secret")
	if !strings.Contains(w.log.String(), "the secret cause") {
		t.Error("the log does not say why")
	}
	status, body = w.get("/invitation?token=x") // the fake knows no such operation
	holds(t, status, body, 500, "Something went wrong", "!unexpected operation")
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, path := range []string{"/", "/graphql", "/graphiql", "/schema.graphql", "/healthz", "/password", "/nowhere", "/pages.css"} {
		h := w.ask("GET", path, "").Header
		for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY",
			"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin", "Strict-Transport-Security": "max-age=31536000"} {
			if h.Get(name) != want {
				t.Errorf("%s: %s is %q", path, name, h.Get(name))
			}
		}
		if policy := h.Get("Content-Security-Policy"); !strings.HasPrefix(policy, "default-src 'none';") || !strings.Contains(policy, "frame-ancestors 'none'") {
			t.Errorf("%s: policy %q", path, policy)
		}
	}
	h := w.ask("GET", "/password?token=x", "").Header
	if h.Get("Cache-Control") != "no-store" || h.Get("Content-Security-Policy") != pagePolicy || len(h.Values("Set-Cookie")) > 0 {
		t.Errorf("headers of a page: %v", h)
	}
	w.server.PublicURL.Scheme = "http"
	if h := w.ask("GET", "/", "").Header; h.Get("Strict-Transport-Security") != "" {
		t.Errorf("whoever comes by HTTP is told to come by HTTPS: %v", h)
	}
}

func TestFormsOfOtherSitesAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.api.on("SetPassword", `{"resetPassword": {"userErrors": []}}`)
	for headers, want := range map[string]int{
		"Sec-Fetch-Site cross-site":                                 403,
		"Origin https://other.example":                              403,
		"Sec-Fetch-Site cross-site Origin null":                     403,
		"Sec-Fetch-Site same-origin Origin null":                    200,
		"Origin null":                                               200, // plain HTTP to another machine
		"Origin https://mandate.example Sec-Fetch-Site same-origin": 200,
	} {
		r := w.ask("POST", "/password", "token=x&new_password=y", append(strings.Fields(headers), "Content-Type", "application/x-www-form-urlencoded")...)
		if r.StatusCode != want {
			t.Errorf("%s: %d; want %d", headers, r.StatusCode, want)
		}
	}
	if r := w.ask("POST", "/password", "token="+strings.Repeat("x", mostForm), "Content-Type", "application/x-www-form-urlencoded"); r.StatusCode != 400 {
		t.Errorf("a huge form: %d", r.StatusCode)
	}
}

func TestReadiness(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	status, body := w.get("/readyz")
	holds(t, status, body, 200, "ready")
	w.broken = errBroken
	status, body = w.get("/readyz")
	holds(t, status, body, 503, "not ready", "!secret")
	status, body = w.get("/healthz")
	holds(t, status, body, 200, "ok")
	w.broken = nil
	w.server.draining.Store(true)
	status, body = w.get("/readyz")
	holds(t, status, body, 503, "stopping")
}

func TestSchemaAndHome(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	status, body := w.get("/schema.graphql")
	holds(t, status, body, 200, "type Query\n")
	status, body = w.get("/")
	holds(t, status, body, 200, "/graphiql", "/graphql", "Contoso Cloud", "!/mailbox")
	if status, _ = w.get("/nowhere"); status != 404 {
		t.Errorf("status %d", status)
	}
	if status, _ = w.get("/mailbox"); status != 404 {
		t.Errorf("a mailbox without a demo: %d", status)
	}
}

func TestLogHoldsNoSecrets(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.api.on("Preview", `{"invitationByToken": null}`)
	w.get("/invitation?token=SECRET1")
	w.submit("/invitation", "token", "SECRET2", "email", "kim@contoso.example", "password", "SECRET3", "action", "accept")
	w.ask("POST", "/graphql", question, "Authorization", "Bearer SECRET4", "Referer", "https://x/SECRET5", "X-Request-Id", "r77")
	log := w.log.String()
	for _, text := range []string{"SECRET", "kim@"} {
		if strings.Contains(log, text) {
			t.Errorf("the log holds %s:\n%s", text, log)
		}
	}
	for _, text := range []string{"method=GET route=/invitation status=404", "status=401", "requestId=r77", "durationMs="} {
		if !strings.Contains(log, text) {
			t.Errorf("the log lacks %s:\n%s", text, log)
		}
	}
}

func TestServeFinishesRequestsInHand(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	begun, finish := make(chan struct{}), make(chan struct{})
	w.server.API = http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		close(begun)
		<-finish
		_, _ = io.WriteString(rw, viewer.From(r.Context()).Address)
	})
	routes, err := w.server.routes()
	if err != nil {
		t.Fatal(err)
	}
	w.server.handler = w.server.identify(routes)
	w.server.Log = slog.New(slog.DiscardHandler)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stopped, answered := make(chan error, 1), make(chan string, 1)
	go func() { stopped <- w.server.Serve(ctx, l) }()
	go func() {
		r, err := http.Post("http://"+l.Addr().String()+"/graphql", "application/json", strings.NewReader(question))
		if err != nil {
			answered <- err.Error()
			return
		}
		defer r.Body.Close()
		b, _ := io.ReadAll(r.Body)
		answered <- string(b)
	}()
	<-begun
	stop()
	time.Sleep(drainPause + 200*time.Millisecond)
	select {
	case err := <-stopped:
		t.Fatalf("stopped with a request in hand: %v", err)
	default:
	}
	close(finish)
	if got := <-answered; got != "127.0.0.1" {
		t.Errorf("answer %q", got)
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}
