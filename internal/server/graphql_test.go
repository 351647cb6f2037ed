package server

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

const portal, other = "https://portal.example", "https://other.example"

// byGET is the question as a URL.
var byGET = "/graphql?query=" + url.QueryEscape("query Who { viewer { user { id } } }")

// TestT20PagesOfOtherOrigins: a browser asks for our own pages and for those of the listed origins, and for these by GET only
// when it asked before.
func TestT20PagesOfOtherOrigins(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *Config) { c.Origins = []string{portal} })
	w.api.on("Who", `{}`)
	bearer := "Authorization=Bearer " + w.session
	for _, c := range []struct {
		from    string
		headers string // of a browser, name=value, separated by commas
		post    int
		get     int
	}{
		{"a client that is no browser", "", 200, 200},
		{"a client that is no browser, signed in", bearer, 200, 200},
		{"Node.js", "Sec-Fetch-Mode=cors,Accept-Language=*", 200, 200},
		{"the address bar", "Sec-Fetch-Site=none", 200, 200},
		{"an own page", "Origin=https://mandate.example,Sec-Fetch-Site=same-origin", 200, 200},
		{"an own page that reads", "Sec-Fetch-Site=same-origin", 200, 200},
		{"a listed page", "Origin=" + portal + ",Sec-Fetch-Site=cross-site", 200, 403},
		{"a listed page, with the header", "Origin=" + portal + ",Sec-Fetch-Site=cross-site,GraphQL-Require-Preflight=1", 200, 200},
		{"a listed page, with JSON", "Origin=" + portal + ",Sec-Fetch-Site=cross-site,Content-Type=application/json", 200, 200},
		{"a listed page, signed in", "Origin=" + portal + ",Sec-Fetch-Site=cross-site," + bearer, 200, 200},
		{"a listed page in an old browser", "Origin=" + portal + "," + bearer, 200, 200},
		{"an image on a listed page", "Sec-Fetch-Site=cross-site", 403, 403},
		{"a page of another origin", "Origin=" + other + ",Sec-Fetch-Site=cross-site", 403, 403},
		{"a page of another origin, with the header", "Origin=" + other + ",Sec-Fetch-Site=cross-site,GraphQL-Require-Preflight=1", 403, 403},
		{"a page of another origin, signed in", "Origin=" + other + ",Sec-Fetch-Site=cross-site," + bearer, 403, 403},
		{"a page of another origin in an old browser", "Origin=" + other, 403, 403},
		{"a page of a neighbour", "Origin=https://blog.mandate.example,Sec-Fetch-Site=same-site", 403, 403},
		{"a neighbour's image", "Sec-Fetch-Site=same-site", 403, 403},
		{"a page of no origin", "Origin=null,Sec-Fetch-Site=cross-site", 403, 403},
	} {
		var headers []string
		for pair := range strings.SplitSeq(c.headers, ",") {
			if name, value, ok := strings.Cut(pair, "="); ok {
				headers = append(headers, name, value)
			}
		}
		for method, want := range map[string]int{"POST": c.post, "GET": c.get, "HEAD": c.get} {
			target, body, sent := byGET, "", headers
			if method == "POST" {
				target, body, sent = "/graphql", question, append([]string{"Content-Type", "application/json"}, headers...)
			}
			status, answer := read(t, w.ask(method, target, body, sent...))
			if status != want || want == 403 && !strings.Contains(answer, `"code":"FORBIDDEN"`) {
				t.Errorf("%s by %s: %d %s; want %d", c.from, method, status, answer, want)
			}
			if asked := w.api.names(); want == 403 && asked != "" {
				t.Errorf("%s by %s: %s was carried out", c.from, method, asked)
			}
		}
	}
}

// TestCrossOrigin: a browser is told what the pages of listed origins may send and read.
func TestCrossOrigin(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *Config) { c.Origins = []string{portal} })
	w.api.on("Who", `{}`)
	preflight := func(origin, method, headers string) http.Header {
		return w.ask("OPTIONS", "/graphql", "", "Origin", origin, "Access-Control-Request-Method", method, "Access-Control-Request-Headers", headers).Header
	}
	const all = "accept,authorization,content-type,graphql-require-preflight,idempotency-key,x-request-id"
	for _, method := range []string{"GET", "POST"} {
		if h := preflight(portal, method, all); h.Get("Access-Control-Allow-Origin") != portal || h.Get("Access-Control-Allow-Headers") != all || h.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("preflight of %s: %v", method, h)
		}
	}
	for what, h := range map[string]http.Header{
		"another origin": preflight(other, "POST", all),
		"another method": preflight(portal, "PUT", all),
		"another header": preflight(portal, "POST", "cookie"),
	} {
		if h.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("preflight of %s: %v", what, h)
		}
	}
	h := w.ask("POST", "/graphql", question, "Origin", portal, "Sec-Fetch-Site", "cross-site").Header
	if h.Get("Access-Control-Allow-Origin") != portal || h.Get("Access-Control-Expose-Headers") != "Idempotency-Replayed, Ratelimit, Ratelimit-Policy, Retry-After, X-Request-Id" {
		t.Errorf("listed: %v", h)
	}
	if h := w.ask("POST", "/graphql", question, "Origin", other, "Sec-Fetch-Site", "cross-site").Header; h.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("not listed: %v", h)
	}

	w = newWorld(t)
	if h := preflight(portal, "POST", all); h.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("nobody is listed, and yet: %v", h)
	}
	if _, err := New(Config{PublicURL: w.server.PublicURL, Origins: []string{"*"}}); err == nil {
		t.Error("every origin was accepted")
	}
}
