package endtoend

import (
	"strings"
	"testing"

	"mandate/internal/testdb"
	"mandate/internal/testworld"
)

func TestServesOverHTTP(t *testing.T) {
	t.Parallel()
	s := newStage(t, "MANDATE_DATABASE_URL="+testdb.New(t, testdb.SQLite), "MANDATE_PUBLIC_URL="+publicURL, "MANDATE_CORS_ORIGINS=https://portal.example")
	const question = `{"query": "{ viewer { user { email } } }"}`
	json := []string{"Content-Type", "application/json"}

	s.then("pages of a listed origin may call the API", func(s stage) {
		r := s.send(s.T, "OPTIONS", "/graphql", "", "Origin", "https://portal.example", "Access-Control-Request-Method", "POST",
			"Access-Control-Request-Headers", "authorization,content-type")
		s.is("status", r.StatusCode, 204)
		s.is("allowed origin", r.Header.Get("Access-Control-Allow-Origin"), "https://portal.example")
		s.is("allowed headers", r.Header.Get("Access-Control-Allow-Headers"), "authorization,content-type")
		s.is("credentials", r.Header.Get("Access-Control-Allow-Credentials"), "")
		r = s.send(s.T, "POST", "/graphql", question, append(json, "Origin", "https://portal.example", "Sec-Fetch-Site", "cross-site", "Authorization", "Bearer "+s.operator)...)
		s.is("allowed origin", r.Header.Get("Access-Control-Allow-Origin"), "https://portal.example")
		s.is("viewer", testworld.Read(s.T, r).OK().At("viewer.user.email"), operatorAddress)
	})
	s.then("pages of another origin may not", func(s stage) {
		r := s.send(s.T, "OPTIONS", "/graphql", "", "Origin", "https://evil.example", "Access-Control-Request-Method", "POST")
		s.is("allowed origin", r.Header.Get("Access-Control-Allow-Origin"), "")
		r = s.send(s.T, "POST", "/graphql", question, append(json, "Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site")...)
		s.is("status", r.StatusCode, 403)
		s.is("allowed origin", r.Header.Get("Access-Control-Allow-Origin"), "")
		s.is("errors", testworld.Read(s.T, r).Errors(), []string{"FORBIDDEN at"})
		if p := s.page(s.T, s.send(s.T, "POST", "/password", "email=x", "Content-Type", "application/x-www-form-urlencoded",
			"Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site")); p.status != 403 {
			s.Errorf("a form of another origin is answered %d: %s", p.status, p.text)
		}
	})
	s.then("every answer is hardened", func(s stage) {
		for path, status := range map[string]int{"/": 200, "/graphiql": 200, "/graphql": 400, "/invitation?token=x": 404, "/password": 200,
			"/schema.graphql": 200, "/healthz": 200, "/readyz": 200, "/nothing": 404, "/mailbox": 404} {
			r := s.send(s.T, "GET", path, "")
			s.is(path, r.StatusCode, status)
			for header, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY"} {
				s.is(header+" of "+path, r.Header.Get(header), want)
			}
			policy := r.Header.Get("Content-Security-Policy")
			for _, want := range []string{"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"} {
				if !strings.Contains(policy, want) {
					s.Errorf("the policy of %s is %q", path, policy)
				}
			}
		}
	})
	s.then("a request of 256 KiB is read, and a larger one is not", func(s stage) {
		padded := func(size int) string { return question + strings.Repeat(" ", size-len(question)) }
		r := s.send(s.T, "POST", "/graphql", padded(256<<10), json...)
		s.is("status", r.StatusCode, 200)
		testworld.Read(s.T, r).OK()
		body := `{"query": "` + strings.Repeat("x", 256<<10) + `"}`
		r = s.send(s.T, "POST", "/graphql", body, json...)
		s.is("status", r.StatusCode, 413)
		s.is("errors", testworld.Read(s.T, r).Errors(), []string{"BAD_USER_INPUT at"})
	})
	s.then("a request keeps its id, from the answer to the log", func(s stage) {
		r := s.send(s.T, "POST", "/graphql", question, append(json, "X-Request-Id", "balancer-4711")...)
		s.is("id", r.Header.Get("X-Request-Id"), "balancer-4711")
		s.awaits(`"msg":"request".*"requestId":"balancer-4711"`)
		r = s.send(s.T, "POST", "/graphql", question, append(json, "X-Request-Id", "no id\" at all")...)
		if id := r.Header.Get("X-Request-Id"); len(id) < 16 || strings.Contains(id, " ") {
			s.Errorf("a made-up id is %q", id)
		}
	})
	s.then("an unusable token gets 401", func(s stage) {
		r := s.send(s.T, "POST", "/graphql", question, append(json, "Authorization", "Bearer "+s.operator[1:])...)
		s.is("status", r.StatusCode, 401)
		s.is("challenge", r.Header.Get("WWW-Authenticate"), "Bearer")
		s.is("errors", testworld.Read(s.T, r).Errors(), []string{"UNAUTHENTICATED at"})
	})
	s.stop()
}
