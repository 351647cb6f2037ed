package endtoend

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"mandate/internal/testdb"
)

// operators is where the program tells operators how it does.
type operators struct {
	*testing.T
	address string
}

// operators waits until the program listens for them.
func (s stage) operators() operators {
	s.Helper()
	return operators{s.T, s.awaits(`"msg":"operations".*"address":"([^"]+)"`)}
}

func (o operators) get(path string) (status int, body string) {
	o.Helper()
	r, err := http.Get("http://" + o.address + path)
	if err != nil {
		o.Fatal(err)
	}
	defer r.Body.Close()
	return r.StatusCode, text(o.T, r)
}

// metrics sees that lines are among the metrics, and returns all of them.
func (o operators) metrics(lines ...string) string {
	o.Helper()
	status, body := o.get("/metrics")
	if status != 200 {
		o.Fatalf("the metrics are answered %d: %s", status, body)
	}
	for _, line := range lines {
		if !strings.Contains("\n"+body, "\n"+line) {
			o.Errorf("the metrics lack %s:\n%s", line, regexp.MustCompile(`(?m)^(#|go_|process_|mandate_http_request_duration).*\n`).ReplaceAllString(body, ""))
		}
	}
	return body
}

func TestOperatorsSeeHowItDoes(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		s := newStage(t, "MANDATE_DATABASE_URL="+url, "MANDATE_PUBLIC_URL="+publicURL, "MANDATE_OPS_LISTEN=127.0.0.1:0")
		o := s.operators()

		s.then("what was asked is counted", func(s stage) {
			s.ask(s.T, "", `mutation { signIn(input: {email: "olivia@operator.example", password: "not it"}) { userErrors { code } } }`, nil)
			s.ask(s.T, s.operator, "query Q { customers(first: 1) { totalCount } }", nil)
			s.ask(s.T, "", "query Q { customers(first: 1) { totalCount } }", nil)
			s.ask(s.T, "nonsense", "{ customers(first: 1) { totalCount } }", nil)
			s.send(s.T, "POST", "/graphql", "nonsense", "Content-Type", "application/json")
			s.open(s.public + "/invitation?token=nonsense")
			o.metrics(
				`mandate_sign_ins_total{outcome="accepted"} 1`, `mandate_sign_ins_total{outcome="refused"} 1`,
				`mandate_graphql_operations_total{code="OK",kind="mutation"} 2`, `mandate_graphql_operations_total{code="OK",kind="query"} 2`,
				`mandate_graphql_operations_total{code="UNAUTHENTICATED",kind="query"} 1`, `mandate_graphql_operations_total{code="UNAUTHENTICATED",kind="none"} 1`,
				`mandate_http_requests_total{route="/graphql",status="2xx"} 4`, `mandate_http_requests_total{route="/graphql",status="4xx"} 2`,
				`mandate_http_requests_total{route="/invitation",status="4xx"} 1`, `mandate_http_request_duration_seconds_count{route="/graphql"} 6`,
				`mandate_http_requests_in_flight 0`, `mandate_transactions_retried_total 0`, `mandate_build_info{version="`, `go_goroutines `, `process_`,
				`go_sql_open_connections{db_name="`, `mandate_outbox_messages{status="pending"} 0`, `mandate_outbox_messages{status="dead"} 0`, `mandate_outbox_oldest_pending_seconds 0`,
				`mandate_connections{kind="websocket"} 0`, `mandate_connections{kind="sse"} 0`, `mandate_subscriptions 0`)
		})
		s.then("mails that wait are counted", func(s stage) {
			s.mail.down.Store(true)
			s.newCustomer("Bakery", "bea@bakery.example")
			s.awaits("mail not sent, to be tried again")
			body := o.metrics(`mandate_outbox_messages{status="pending"} 1`)
			if strings.Contains(body, "mandate_outbox_oldest_pending_seconds 0\n") {
				s.Error("the mail that waits has no age")
			}
			s.mail.down.Store(false)
		})
		s.then("clients cannot make the metrics grow, or read them", func(s stage) {
			ask := func(n int) {
				s.ask(s.T, s.operator, fmt.Sprintf("query Name%d { a%d: customers(first: 1) { totalCount } }", n, n), nil)
				s.send(s.T, fmt.Sprintf("METHOD%d", n), fmt.Sprintf("/graphql?x=%d", n), "")
				s.send(s.T, "GET", fmt.Sprintf("/path%d", n), "", "X-Request-Id", fmt.Sprint("id", n))
				s.send(s.T, "GET", fmt.Sprintf("/graphiql/file%d", n), "")
			}
			ask(0)
			before := o.metrics()
			for n := range 20 {
				ask(n + 1)
			}
			after := o.metrics()
			series := func(body string) int { return strings.Count(body, "\nmandate_") }
			s.is("series", series(after), series(before))
			for _, path := range []string{"/metrics", "/debug/pprof/", "/debug/pprof/heap"} {
				s.is("public "+path, s.send(s.T, "GET", path, "").StatusCode, 404)
			}
			for _, secret := range []string{s.operator, operatorAddress, "Name1", "path1", "@", "bakery"} {
				if strings.Contains(after, secret) {
					s.Errorf("the metrics hold %s", secret)
				}
			}
		})
		s.then("profiles are there, and flags are not", func(s stage) {
			for path, want := range map[string]int{"/debug/pprof/": 200, "/debug/pprof/goroutine": 200, "/debug/pprof/heap": 200, "/debug/pprof/cmdline": 404,
				"/healthz": 200, "/readyz": 200, "/graphql": 404} {
				status, _ := o.get(path)
				s.is(path, status, want)
			}
		})
		s.stop()
	})
}

func TestNobodyListensForOperatorsUnlessToldSo(t *testing.T) {
	t.Parallel()
	s := newStage(t, "MANDATE_DATABASE_URL="+testdb.New(t, testdb.SQLite))
	if strings.Contains(s.printed(), `"msg":"operations"`) {
		t.Error("it listens for operators")
	}
	for _, path := range []string{"/metrics", "/debug/pprof/"} {
		s.is(path, s.send(t, "GET", path, "").StatusCode, 404)
	}
}
