package floor_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	entsql "entgo.io/ent/dialect/sql"

	"mandate/ent"
	_ "mandate/ent/runtime"
	"mandate/graph"
	"mandate/internal/auth"
	"mandate/internal/bench/floor"
	"mandate/internal/bench/operation"
	"mandate/internal/bench/world"
	"mandate/internal/database"
	"mandate/internal/mandate"
	"mandate/internal/server"
)

// stage is a world with the API and the floor side by side over its database, by one clock, which stands.
type stage struct {
	t *testing.T
	*world.World
	db         *database.DB
	now        time.Time
	readings   atomic.Int32 // of the clock by the floor, for one request: one when it comes, and one when a transaction begins
	meanwhile  func()       // happens once, after the floor found out who asks and before it takes a lock
	api, floor http.Handler
}

var noon = time.Date(2026, 11, 22, 12, 0, 0, 123456000, time.UTC)

func newStage(t *testing.T, rawURL string) *stage {
	t.Helper()
	s := &stage{t: t, now: noon}
	open := func() *database.DB {
		db, err := database.Open(context.Background(), rawURL)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = db.Close() })
		return db
	}
	s.db = open()
	var err error
	if s.World, err = world.Build(t.Context(), s.db, world.Tiny, s.now); err != nil {
		t.Fatal(err)
	}
	public := &url.URL{Scheme: "https", Host: "portal.example"}
	clock := func() time.Time { return s.now }
	f := floor.New(floor.Config{DB: open(), PublicURL: public, Clock: func() time.Time {
		if s.readings.Add(1) == 2 && s.meanwhile != nil {
			s.meanwhile()
			s.meanwhile = nil
		}
		return s.now
	}})
	t.Cleanup(func() { _ = f.Close() })
	s.floor = f

	read, write := ent.NewClient(ent.Driver(entsql.OpenDB(s.db.Dialect, s.db.Read))), ent.NewClient(ent.Driver(entsql.OpenDB(s.db.Dialect, s.db.Write)))
	service := mandate.New(mandate.Config{Client: write, Dialect: s.db.Dialect, Clock: clock, PublicURL: public, Passwords: auth.NewPasswords()})
	api := graph.New(graph.Config{Client: read, Dialect: s.db.Dialect, Service: service, Clock: clock})
	s.api, err = server.New(server.Config{API: api, Export: api, Pages: api, PublicURL: public,
		Sessions: &auth.Sessions{Read: s.db.Read, Write: s.db.Write, Clock: clock},
		Ready:    func(context.Context) error { return nil }, Admit: s.db.Admit, Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// answered is what came of a request.
type answered struct {
	status            int
	contentType, body string
}

// ask sends a request to one of both.
func (s *stage) ask(h http.Handler, token string, body []byte) answered {
	r := httptest.NewRequest(http.MethodPost, "/graphql", bytes.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/graphql-response+json, application/json;q=0.9")
	r.Header.Set("X-Request-Id", "one")
	r.Header.Set("Authorization", "Bearer "+token)
	w := httptest.NewRecorder()
	s.readings.Store(0)
	h.ServeHTTP(w, r)
	return answered{w.Code, w.Header().Get("Content-Type"), w.Body.String()}
}

// both asks the API and the floor, and fails the test when they answer differently. It returns the answer.
func (s *stage) both(what, token string, body []byte) string {
	s.t.Helper()
	want, got := s.ask(s.api, token, body), s.ask(s.floor, token, body)
	if got != want {
		at := 0
		for at < len(got.body) && at < len(want.body) && got.body[at] == want.body[at] {
			at++
		}
		s.t.Errorf("%s: the floor answers %d %s\n%.1000s\nand the API %d %s\n%.1000s", what, got.status, got.contentType, got.body[max(min(at, len(got.body))-200, 0):],
			want.status, want.contentType, want.body[max(at-200, 0):])
	}
	return want.body
}

// good is both for what is answered without errors.
func (s *stage) good(what, token string, body []byte) string {
	s.t.Helper()
	a := s.both(what, token, body)
	if !strings.HasPrefix(a, `{"data":{`) {
		s.t.Fatalf("%s: %s", what, a)
	}
	return a
}

// exec changes the world.
func (s *stage) exec(query string, args ...any) {
	s.t.Helper()
	result, err := s.db.Write.Exec(query, args...)
	if err != nil {
		s.t.Fatal(err)
	}
	if n, err := result.RowsAffected(); n == 0 || err != nil {
		s.t.Fatalf("%s: nothing was changed (%v)", query, err)
	}
}

// look reads one value.
func (s *stage) look(query string, args ...any) (value string) {
	s.t.Helper()
	if err := s.db.Read.QueryRow(query, args...).Scan(&value); err != nil {
		s.t.Fatalf("%s: %v", query, err)
	}
	return value
}

// signIn begins a session of the person with a membership.
func (s *stage) signIn(memberID string) (token string) {
	s.t.Helper()
	token, hash := auth.NewToken()
	s.exec("INSERT INTO sessions (id, created_at, updated_at, user_id, token_hash, started_at, authenticated_at, last_seen_at, expires_at) SELECT ?, ?, ?, user_id, ?, ?, ?, ?, ? FROM members WHERE id=?",
		"ses_"+strings.ToLower(hash[:26]), s.now, s.now, hash, s.now, s.now, s.now, s.now.Add(time.Hour), memberID)
	return token
}

// owner is the person who has a token.
func (s *stage) owner(token string) (userID string) {
	hash, _ := auth.TokenHash(token)
	return s.look("SELECT user_id FROM sessions WHERE token_hash=?", hash)
}

// join makes a person a member of one tenant more.
func (s *stage) join(userID, tenantID string, administrator bool, roleID any) (memberID string) {
	s.t.Helper()
	memberID = fmt.Sprintf("mem_%.13s%.13s", userID[4:], tenantID[4:])
	s.exec("INSERT INTO members (id, created_at, updated_at, first_name, last_name, sort_name, handle, label, status, guest, administrator, all_sites, role_id, tenant_id, user_id)"+
		" VALUES (?,?,?,'Nora','New','nora new','nora','Nora','ACTIVE',?,?,?,?,?,?)", memberID, s.now, s.now, false, administrator, true, roleID, tenantID, userID)
	return memberID
}

func body(name string, variables map[string]any) []byte { return operation.Body(name, variables) }
