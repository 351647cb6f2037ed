package endtoend

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTheRateOfRequestsIsLimited(t *testing.T) {
	t.Parallel()
	s := serve(t, []string{"MANDATE_RATE_LIMIT=60"})
	const question = `{"query": "{ __typename }"}`
	for range 6 {
		r := s.send(t, "POST", "/graphql", question, "Content-Type", "application/json")
		if r.StatusCode != 200 || !strings.HasPrefix(r.Header.Get("RateLimit-Policy"), `"requests";q=6;w=60`) {
			t.Fatalf("status %d, %v", r.StatusCode, r.Header)
		}
	}
	r := s.send(t, "POST", "/graphql", question, "Content-Type", "application/json")
	if r.StatusCode != 429 || r.Header.Get("Retry-After") == "" {
		t.Errorf("status %d, %v", r.StatusCode, r.Header)
	}
	r = s.send(t, "POST", "/password", "email=nobody@example.com", "Content-Type", "application/x-www-form-urlencoded")
	if body := text(t, r); r.StatusCode != 429 || !strings.Contains(body, "<html") {
		t.Errorf("a page: status %d\n%s", r.StatusCode, body)
	}
	if r := s.send(t, "GET", "/healthz", ""); r.StatusCode != 200 {
		t.Errorf("/healthz: status %d", r.StatusCode)
	}
}

func TestOnlyTrustedDocumentsAreExecuted(t *testing.T) {
	t.Parallel()
	manifest := filepath.Join(t.TempDir(), "documents.json")
	write := func(content string) {
		if err := os.WriteFile(manifest, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	setting := "MANDATE_TRUSTED_DOCUMENTS=" + manifest
	write(`{"a1": "{ features { key } }", "b2": "{ nothing }"}`)
	if printed := runs(t, 2, []string{setting}, "", "serve"); !strings.Contains(printed, "MANDATE_TRUSTED_DOCUMENTS") || !strings.Contains(printed, `"b2"`) {
		t.Errorf("it printed:\n%s", printed)
	}
	write(`{"a1": "{ features { key } }"}`)
	s := serve(t, []string{setting, "MANDATE_INTROSPECTION=off"})
	ask := func(body string) (int, string) {
		r := s.send(t, "POST", "/graphql", body, "Content-Type", "application/json")
		return r.StatusCode, text(t, r)
	}
	if status, body := ask(`{"documentId": "a1"}`); status != 200 || !strings.Contains(body, `"UNAUTHENTICATED"`) {
		t.Errorf("status %d: %s", status, body)
	}
	if status, body := ask(`{"query": "{ features { key } }"}`); status != 400 || !strings.Contains(body, `"BAD_USER_INPUT"`) {
		t.Errorf("status %d: %s", status, body)
	}
	r := s.send(t, "POST", "/password", "email=nobody@example.com", "Content-Type", "application/x-www-form-urlencoded")
	if body := text(t, r); r.StatusCode != 200 {
		t.Errorf("the pages ask what they have to: status %d\n%s", r.StatusCode, body)
	}
	for _, path := range []string{"/schema.graphql", "/graphiql", "/graphiql/"} {
		if r := s.send(t, "GET", path, ""); r.StatusCode != 404 {
			t.Errorf("%s: status %d", path, r.StatusCode)
		}
	}
	if body := text(t, s.send(t, "GET", "/", "")); strings.Contains(body, "graphiql") {
		t.Errorf("the first page links what is not there:\n%s", body)
	}
}
