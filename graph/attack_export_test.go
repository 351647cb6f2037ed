package graph_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"mandate/graph"
	"mandate/internal/auth"
	"mandate/internal/testworld"
)

// manyEvents gives a tenant as many events more, of several kinds and with all that events can hold.
func manyEvents(s scene, acme, contoso *testworld.Company, n int) {
	s.Helper()
	member, bond := contoso.Admin.Member(contoso.Tenant).ID, s.read("SELECT id FROM relationships")[0]
	tx, err := s.DB.Write.Begin()
	s.must(err)
	fill(s.T, tx, "audit_events", "id,at,action,tenant_id,other_tenant_id,actor_id,actor_name,actor_tenant_id,actor_tenant_name,actor_tenant_kind,on_behalf_of_name,on_behalf_of_kind,relationship_id,target_id,target_name,changes,reason,request_id,address", n, func(i int) []any {
		action, target := "member.updated", any(member)
		switch i % 4 {
		case 0:
			action, target = "relationship.narrowed", bond
		case 1:
			action, target = "tenant.updated", contoso.ID
		case 2:
			action, target = "member.removed", nil
		}
		return []any{rowID("evt", i), s.Now().Add(time.Duration(i-n) * time.Second), action, contoso.ID, acme.ID, acme.Admin.ID, "Acme Smith", acme.ID, "Acme", "PARTNER",
			"Contoso", "CUSTOMER", bond, target, "Contoso Smith", `[{"field": "phone", "before": "+49 431 1234567", "after": "+49 431 7654321"}]`, "As agreed.", "req", "192.0.2.1"}
	})
	s.must(tx.Commit())
}

// TestAnExportEndsWithTheRight: who loses AUDIT VIEW or the session meanwhile gets no further event, and is told that some
// are missing.
func TestAnExportEndsWithTheRight(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso := s.NewPartner("Acme"), s.Customer("Contoso")
		bond := s.connected(acme, contoso, "PRIME_ADMIN")
		clerk := s.Staff(contoso, "clerk", testworld.Role("READ_ONLY"))
		manyEvents(s, acme, contoso, 350)
		s.Later(time.Minute)
		token := s.signsIn("contoso@example.com")
		sessions := &auth.Sessions{Read: s.DB.Read, Write: s.DB.Write, Clock: s.Now}

		for _, c := range []struct {
			name, code string
			who        *testworld.Person
			happens    func()
			seat       func(*http.Request) (context.Context, error)
		}{
			{"the session ends", "UNAUTHENTICATED", s.Stranger(), func() { s.does(s.Bearer(token), "revokeSession", in{"id": sessionOf(s, token)}) }, func(r *http.Request) (context.Context, error) {
				r.Header.Set("Authorization", "Bearer "+token)
				return sessions.Seat(r)
			}},
			{"the role is changed", "FORBIDDEN", clerk, func() {
				s.does(contoso.Admin, "changeRole", in{"memberId": clerk.Member(contoso.Tenant).ID, "roleKey": "PHONE_MANAGER"})
			}, seated},
			{"the relationship ends", "NOT_FOUND", acme.Admin, func() { s.does(contoso.Admin, "terminateRelationship", in{"id": bond}) }, seated},
			{"the database is away", "UNAVAILABLE", contoso.Admin, func() {}, nil},
		} {
			for _, format := range []string{"ndjson", "csv"} {
				s.then(c.name+", "+format, func(s scene) {
					pages := 0
					d := s.exportsBy(func(r *http.Request) (context.Context, error) {
						if pages++; pages == 3 && c.seat == nil {
							return nil, fmt.Errorf("look the session up: %w", context.DeadlineExceeded)
						}
						if pages == 3 && format == "ndjson" {
							c.happens()
						}
						if c.seat == nil {
							return seated(r)
						}
						return c.seat(r)
					}, c.who, contoso.ID, "format="+format)
					if format == "csv" && c.seat != nil { // it was over before
						s.is("status", d.Status >= 400, true)
						return
					}
					s.is("cut", d.Cut, true)
					if format == "csv" {
						rows := d.table(s)
						s.is("rows", len(rows), 201)
						s.is("last", rows[200]["id"]+" "+rows[200]["at"]+rows[200]["action"], "incomplete "+c.code)
						return
					}
					s.is("lines", len(d.lines(s)), 201)
					s.is("last", codeOf(s, d), any(c.code))
				})
			}
		}
	})
}

// sessionOf is the id of the session that a token belongs to.
func sessionOf(s scene, token string) string {
	hash, _ := auth.TokenHash(token)
	return s.read("SELECT id FROM sessions WHERE token_hash='" + hash + "'")[0]
}

// TestAPageOfAnExport takes the same number of statements, wherever it stands and whatever it tells of.
func TestAPageOfAnExport(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso := s.NewPartner("Acme"), s.Customer("Contoso")
		s.connected(acme, contoso, "PRIME_ADMIN")
		manyEvents(s, acme, contoso, 950)
		s.Later(time.Minute)
		var at []int
		d := s.exportsBy(func(r *http.Request) (context.Context, error) {
			at = append(at, s.Statements())
			return seated(r)
		}, acme.Admin, contoso.ID, "format=ndjson")
		s.is("lines", len(d.lines(s)), 952)
		s.is("pages", len(at), 10)
		for i := range at[1:] {
			if n := at[i+1] - at[i]; n != at[1]-at[0] || n > 15 {
				s.Errorf("page %d took %d statements, the first one %d", i+1, n, at[1]-at[0])
			}
		}
	})
}

// slow is a client that takes so many parts of an answer and then reads no more.
type slow struct {
	*httptest.ResponseRecorder
	takes     int
	deadlines []time.Time
	reading   []time.Time
}

func (w *slow) SetWriteDeadline(t time.Time) error {
	w.deadlines = append(w.deadlines, t)
	return nil
}

func (w *slow) SetReadDeadline(t time.Time) error {
	w.reading = append(w.reading, t)
	return nil
}

func (w *slow) FlushError() error {
	if w.takes--; w.takes < 0 {
		return os.ErrDeadlineExceeded
	}
	return nil
}

// TestAClientThatReadsNoMore is cut: it has half a minute for every page, and the server reads no further.
func TestAClientThatReadsNoMore(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso := s.NewPartner("Acme"), s.Customer("Contoso")
		s.connected(acme, contoso, "PRIME_ADMIN")
		manyEvents(s, acme, contoso, 950)
		s.Later(time.Minute)
		for takes, pages := range map[int]int{0: 1, 4: 5, 1000: 10} {
			w, asked := &slow{ResponseRecorder: httptest.NewRecorder(), takes: takes}, 0
			r := httptest.NewRequest(http.MethodGet, "/audit/x?format=csv", nil).WithContext(contoso.Admin.Context())
			r.SetPathValue("tenantId", contoso.ID)
			cut := func() (cut bool) {
				defer func() { cut = recover() != nil }()
				exporter(s.World, func(r *http.Request) (context.Context, error) {
					asked++
					return seated(r)
				}).ServeHTTP(w, r)
				return false
			}()
			s.is("cut", cut, takes < 10)
			s.is("pages read", asked, pages)
			s.is("deadlines", len(w.deadlines), pages)
			for _, d := range w.deadlines {
				if left := time.Until(d); left < 10*time.Second || left > 31*time.Second {
					s.Errorf("the client has %v for a page", left)
				}
			}
			s.is("the request's deadline is lifted", w.reading, []time.Time{{}})
		}
	})
}

// TestAnExportOverTheNetwork outlasts the time limits that a server has for its answers, and one that cannot be finished
// breaks off for the client.
func TestAnExportOverTheNetwork(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso := s.NewPartner("Acme"), s.Customer("Contoso")
		s.connected(acme, contoso, "PRIME_ADMIN")
		manyEvents(s, acme, contoso, 950)
		s.Later(time.Minute)
		pages, last := 0, 100
		mux := http.NewServeMux()
		mux.Handle("/audit/{tenantId}", exporter(s.World, func(*http.Request) (context.Context, error) {
			time.Sleep(250 * time.Millisecond)
			if pages++; pages > last {
				return nil, auth.ErrNoSession
			}
			return contoso.Admin.Context(), nil
		}))
		server := httptest.NewUnstartedServer(mux)
		server.Config.ReadTimeout, server.Config.WriteTimeout = 2*time.Second, 2*time.Second
		server.Start()
		defer server.Close()
		fetched := func() (string, error) {
			s.Helper()
			answer, err := server.Client().Get(server.URL + "/audit/" + contoso.ID + "?format=ndjson")
			s.must(err)
			defer answer.Body.Close()
			body, err := io.ReadAll(answer.Body)
			return string(body), err
		}

		body, err := fetched()
		s.is("error", err, nil)
		s.is("lines", strings.Count(body, "\n"), 952)
		pages, last = 0, 2
		body, err = fetched()
		s.is("broken off", errors.Is(err, io.ErrUnexpectedEOF), true)
		s.is("lines", strings.Count(body, "\n"), 201)
		s.is("why", strings.Contains(body[strings.LastIndex(strings.TrimSpace(body), "\n"):], `"UNAUTHENTICATED"`), true)
	})
}

// busyClient does something else while it takes an export.
type busyClient struct {
	*httptest.ResponseRecorder
	does func()
}

func (c *busyClient) FlushError() error {
	c.does()
	return nil
}

// TestAPersonHasTwoExportsAtOnce, in all sessions and by all API tokens together, and other people have theirs.
func TestAPersonHasTwoExportsAtOnce(t *testing.T) {
	eachScene(t, func(s scene) {
		contoso := s.Customer("Contoso")
		program := s.makesToken(contoso.Admin, in{"scopes": levels("AUDIT", "VIEW")}).String("createApiToken.token")
		reader := s.Staff(contoso, "reader", testworld.Role("READ_ONLY"))
		sessions := &auth.Sessions{Read: s.DB.Read, Write: s.DB.Write, Clock: s.Now}
		s.Later(time.Minute)
		h := exporter(s.World, func(r *http.Request) (context.Context, error) {
			if r.Header.Get("Authorization") != "" {
				return sessions.Seat(r)
			}
			return seated(r)
		})
		of := func(p *testworld.Person, tenantID, token string) *http.Request {
			r := httptest.NewRequest(http.MethodGet, "/audit/x?format=csv", nil).WithContext(p.Context())
			r.SetPathValue("tenantId", tenantID)
			if token != "" {
				r.Header.Set("Authorization", "Bearer "+token)
			}
			return r
		}
		again := func(want string) {
			for _, r := range []*http.Request{of(contoso.Admin, contoso.ID, ""), of(s.Stranger(), contoso.ID, program)} {
				d := fetch(h, httptest.NewRecorder(), r)
				s.is("a third", fmt.Sprint(d.Status, d.Header.Get("Retry-After")), want)
			}
			s.is("somebody else's", fetch(h, httptest.NewRecorder(), of(reader, contoso.ID, "")).Status, 200)
		}
		meanwhile := func(does func()) {
			h.ServeHTTP(&busyClient{httptest.NewRecorder(), does}, of(contoso.Admin, contoso.ID, ""))
		}
		meanwhile(func() { meanwhile(func() { again("42910") }) })
		for range 2 { // the place of one that is cut, or refused, is free
			func() {
				defer func() { s.is("cut", recover() != nil, true) }()
				h.ServeHTTP(&slow{ResponseRecorder: httptest.NewRecorder()}, of(contoso.Admin, contoso.ID, ""))
			}()
			s.is("refused", fetch(h, httptest.NewRecorder(), of(contoso.Admin, "ten_x", "")).Status, 404)
		}
		again("200")
	})
}

// TestExportsDrawOnABudget: as other requests do, and whoever has used it up is told when to come back.
func TestExportsDrawOnABudget(t *testing.T) {
	eachScene(t, func(s scene) {
		contoso := s.Customer("Contoso")
		h := graph.NewExport(graph.Config{Client: s.Read, Dialect: s.DB.Dialect, Service: s.Service, Clock: s.Now, Budgets: graph.NewBudgets(2, s.Now)}, seated)
		for _, want := range []int{200, 429} {
			r := httptest.NewRequest(http.MethodGet, "/audit/x?format=ndjson", nil).WithContext(contoso.Admin.Context())
			r.SetPathValue("tenantId", contoso.ID)
			d := fetch(h, httptest.NewRecorder(), r)
			s.is("status", d.Status, want)
			s.is("when to come back", d.Header.Get("Retry-After") != "", want == 429)
		}
	})
}
