package graph_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"mandate/graph"
	"mandate/internal/testworld"
	"mandate/internal/viewer"
)

// limited puts the world's API under a limit: 60 requests a minute for a person, 6 for an address of strangers.
func (s scene) limited() {
	s.API = graph.New(graph.Config{Client: s.Read, Dialect: s.DB.Dialect, Service: s.Service, Clock: s.Now, Budgets: graph.NewBudgets(60, s.Now)})
}

// from asks one question as a stranger at an address.
func (s scene) from(address string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader(`{"query": "{ __typename }"}`))
	r.Header.Set("Content-Type", "application/json")
	rec := httptest.NewRecorder()
	s.API.ServeHTTP(rec, r.WithContext(viewer.With(r.Context(), viewer.Viewer{Address: address, RequestID: "req"})))
	return rec
}

// TestRequestsAreLimitedPerPerson: a person has so many a minute, in all sessions together, and other people their own.
func TestRequestsAreLimitedPerPerson(t *testing.T) {
	eachScene(t, func(s scene) {
		s.limited()
		anna, ben := s.Customer("Anna").Admin, s.Customer("Ben").Admin
		s.then("every answer says what there is and what is left", func(s scene) {
			a := anna.Do("{ viewer { user { id } } }", nil).OK()
			s.is("policy", a.Header.Get("RateLimit-Policy"), `"requests";q=60;w=60, "cost";q=5000;w=60`)
			s.is("left", a.Header.Get("RateLimit"), `"requests";r=59;t=1, "cost";r=4999;t=1`)
			s.is("cost", fmt.Sprint(a.Extension("cost")), "map[limit:5000 remaining:4999 requested:1]")
			s.is("nothing to wait for", a.Header.Get("Retry-After"), "")
		})
		s.then("the sixty-first is refused, whatever it asks", func(s scene) {
			for range 59 {
				anna.Do("{ __typename }", nil).OK()
			}
			for _, document := range []string{"{ __typename }", "nonsense", "{ customers(first: 100) { nodes { id } } }"} {
				a := anna.Do(document, nil)
				expectRefusal(s.T, a, "RATE_LIMITED")
				s.is("status", a.Status, 429)
				s.is("when to come back", a.Header.Get("Retry-After"), "1")
				s.is("left", a.Header.Get("RateLimit"), `"requests";r=0;t=60, "cost";r=4999;t=1`)
				s.is("statements", a.Statements, 0)
				if !strings.Contains(a.Body, `"retryAfter":1`) {
					s.Errorf("the answer does not say when to come back: %s", a.Body)
				}
			}
			ben.Do("{ __typename }", nil).OK()
		})
		s.then("one comes back every second", func(s scene) {
			s.Later(time.Second)
			anna.Do("{ __typename }", nil).OK()
			s.is("status", anna.Do("{ __typename }", nil).Status, 429)
			s.Later(time.Hour)
			s.is("left", anna.Do("{ __typename }", nil).OK().Header.Get("RateLimit"), `"requests";r=59;t=1, "cost";r=5000;t=0`)
		})
		s.then("API tokens draw on the budget of their owner", func(s scene) {
			s.Later(time.Hour)
			one, other := s.makes(ben, nil), s.makes(ben, nil) // two requests each
			for left, p := range []*testworld.Person{ben, other, one} {
				header := p.Do("{ __typename }", nil).OK().Header.Get("RateLimit")
				s.is("left", header[:strings.Index(header, ";t=")], fmt.Sprintf(`"requests";r=%d`, 55-left))
			}
		})
	})
}

// TestCostIsLimitedPerPerson: few requests that cost much are as many that cost little.
func TestCostIsLimitedPerPerson(t *testing.T) {
	eachScene(t, func(s scene) {
		s.limited()
		anna := s.Customer("Anna").Admin
		const question = "{ customers(first: 100) { nodes { members(first: 20) { nodes { id } } } } }" // 2,201
		anna.Do(question, nil).OK()
		anna.Do(question, nil).OK()
		a := anna.Do(question, nil)
		expectRefusal(s.T, a, "RATE_LIMITED")
		s.is("status", a.Status, 429)
		s.is("statements", a.Statements, 0)
		s.is("when to come back", a.Header.Get("Retry-After"), "20") // 1,603 at 5,000 a minute
		s.is("what is cheap goes on", anna.Do("{ viewer { user { id } } }", nil).OK().Status, 200)
		s.Later(20 * time.Second)
		anna.Do(question, nil).OK()
	})
}

// TestStrangersAreLimitedByAddress: those of one network share what there is, and nobody else is kept out.
func TestStrangersAreLimitedByAddress(t *testing.T) {
	eachScene(t, func(s scene) {
		s.limited()
		for range 6 {
			s.is("status", s.from("192.0.2.1").Code, 200)
			s.is("status", s.from("2001:db8:1:2::1").Code, 200)
		}
		for address, status := range map[string]int{
			"192.0.2.1": 429, "::ffff:192.0.2.1": 429, "192.0.2.2": 200,
			"2001:db8:1:2::1": 429, "2001:db8:1:2:ffff::9": 429, "2001:db8:1:3::1": 200,
			"": 200,
		} {
			s.is("status for "+address, s.from(address).Code, status)
		}
		s.is("people are not strangers", s.Customer("Anna").Admin.Do("{ viewer { user { id } } }", nil).OK().Status, 200)
		s.then("sign-ins cost what they take", func(s scene) {
			s.Later(time.Hour)
			var codes []string
			for range 6 {
				codes = append(codes, s.Stranger().Do(`mutation { signIn(input: {email: "x@example.com", password: "x"}) { userErrors { code } } }`, nil).Errors()...)
			}
			s.is("errors", codes, []string{"RATE_LIMITED at"}) // 111 each, of 600
		})
	})
}

// takingClient does something before it takes an answer.
type takingClient struct {
	*httptest.ResponseRecorder
	does func()
}

func (c *takingClient) Write(b []byte) (int, error) {
	c.does()
	return c.ResponseRecorder.Write(b)
}

// during asks something, n times at once, and does something before any of the answers is taken.
func (s scene) during(n int, p *testworld.Person, does func()) {
	if n == 0 {
		does()
		return
	}
	r := httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader(`{"query": "{ __typename }"}`)).WithContext(p.Context())
	r.Header.Set("Content-Type", "application/json")
	s.API.ServeHTTP(&takingClient{httptest.NewRecorder(), func() { s.during(n-1, p, does) }}, r)
}

// TestRequestsInFlightAreLimited: a person has six at once, in all sessions and by all API tokens together, and exports are
// among them; a network of strangers has twelve. A further one waits, but not for long.
func TestRequestsInFlightAreLimited(t *testing.T) {
	eachScene(t, func(s scene) {
		budgets := graph.NewBudgets(600, s.Now)
		config := graph.Config{Client: s.Read, Dialect: s.DB.Dialect, Service: s.Service, Clock: s.Now, Budgets: budgets}
		company := s.Customer("Anna")
		anna, ben := company.Admin, s.Customer("Ben").Admin
		program := s.makes(anna, nil)
		s.API = graph.New(config)
		tooMany := func(p *testworld.Person) {
			s.Helper()
			a := p.Do("{ viewer { user { id } } }", nil)
			expectRefusal(s.T, a, "RATE_LIMITED")
			s.is("answer", []any{a.Status, a.Header.Get("Retry-After")}, []any{429, "1"})
		}
		s.then("of a person", func(s scene) {
			s.during(5, anna, func() { program.Do("{ __typename }", nil).OK() })
			s.during(6, anna, func() {
				tooMany(anna)
				tooMany(program)
				ben.Do("{ __typename }", nil).OK()
				s.is("a stranger", s.from("192.0.2.1").Code, 200)
			})
			anna.Do("{ __typename }", nil).OK()
		})
		s.then("of strangers", func(s scene) {
			s.during(11, s.Stranger().From("192.0.2.1"), func() { s.is("status", s.from("192.0.2.1").Code, 200) })
			s.during(12, s.Stranger().From("192.0.2.1"), func() {
				s.is("status", s.from("192.0.2.1").Code, 429)
				s.is("from elsewhere", s.from("192.0.2.2").Code, 200)
			})
		})
		s.then("an export is one", func(s scene) {
			ask := func(w http.ResponseWriter) {
				r := httptest.NewRequest(http.MethodGet, "/audit/x?format=csv", nil).WithContext(anna.Context())
				r.SetPathValue("tenantId", company.ID)
				graph.NewExport(config, seated).ServeHTTP(w, r)
			}
			ask(&busyClient{httptest.NewRecorder(), func() { s.during(5, anna, func() { tooMany(anna) }) }})
			s.during(6, anna, func() {
				rec := httptest.NewRecorder()
				ask(rec)
				s.is("status", rec.Code, 429)
			})
			s.during(5, anna, func() { anna.Do("{ __typename }", nil).OK() })
		})
		s.then("one that waits is answered when another one was", func(s scene) {
			waiting := make(chan *httptest.ResponseRecorder)
			s.during(6, anna, func() {
				go func() {
					rec := httptest.NewRecorder()
					r := httptest.NewRequest(http.MethodGet, "/graphql?query={__typename}", nil).WithContext(anna.Context())
					s.API.ServeHTTP(rec, r)
					waiting <- rec
				}()
				select {
				case rec := <-waiting:
					s.Errorf("status %d at once", rec.Code)
				case <-time.After(100 * time.Millisecond):
				}
			})
			s.is("status", (<-waiting).Code, 200)
		})
		s.then("one that panics is none any more", func(s scene) {
			for range 6 {
				func() {
					defer func() { s.is("panic", recover(), any("gone")) }()
					s.during(1, anna, func() { panic("gone") })
				}()
			}
			anna.Do("{ __typename }", nil).OK()
		})
	})
}

// TestWithoutBudgetsNothingIsLimited: an API that is not told to limit does not.
func TestWithoutBudgetsNothingIsLimited(t *testing.T) {
	eachScene(t, func(s scene) {
		for range 1000 {
			if rec := s.from("192.0.2.1"); rec.Code != 200 || rec.Header().Get("RateLimit") != "" {
				s.Fatalf("status %d, %v", rec.Code, rec.Header())
			}
		}
	})
}
