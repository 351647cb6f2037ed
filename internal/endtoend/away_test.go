package endtoend

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"mandate/internal/database"
	"mandate/internal/testdb"
	"mandate/internal/testdb/mariadb"
)

// recovery is how soon the program works again when the database does, and how soon it says that it does not.
const recovery = 5 * time.Second

// becomes waits until /readyz answers with a status, which it does in time.
func (s stage) becomes(status int) {
	s.Helper()
	for start := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		got := s.send(s.T, "GET", "/readyz", "").StatusCode
		if got == status {
			return
		}
		if time.Since(start) > recovery {
			s.Fatalf("/readyz answers %d after %v; want %d", got, recovery, status)
		}
	}
}

// unavailable sees that an operation is refused soon, and that clients can tell why.
func (s stage) unavailable() {
	s.Helper()
	start := time.Now()
	r := s.send(s.T, "POST", "/graphql", `{"query": "{ viewer { user { id } } }"}`, "Content-Type", "application/json", "Authorization", "Bearer "+s.operator)
	if body := text(s.T, r); r.StatusCode != http.StatusServiceUnavailable || !strings.Contains(body, `"code":"UNAVAILABLE"`) || r.Header.Get("Retry-After") == "" {
		s.Errorf("answered %d: %s", r.StatusCode, body)
	}
	if took := time.Since(start); took > 3*time.Second {
		s.Errorf("it took %v", took)
	}
	s.is("/healthz", s.send(s.T, "GET", "/healthz", "").StatusCode, 200)
}

func TestF03TheDatabaseGoesAndComesBack(t *testing.T) {
	t.Parallel()
	server, err := mariadb.Start("--innodb-flush-log-at-trx-commit=1")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	db, err := database.Open(t.Context(), server.URL("information_schema"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.Write.Exec("CREATE DATABASE mandate")
	db.Close()
	if err != nil {
		t.Fatal(err)
	}
	env := []string{"MANDATE_DATABASE_URL=" + server.URL("mandate")}
	runs(t, 0, env, "", "migrate", "up")
	s := newStage(t, env...)
	s.becomes(200)
	for range 2 {
		if err := server.Crash(); err != nil {
			t.Fatal(err)
		}
		s.unavailable()
		s.becomes(503)
		if err := server.Resume(); err != nil {
			t.Fatal(err)
		}
		s.becomes(200)
		s.ask(t, s.operator, `{ viewer { user { id } } }`, nil).OK()
	}
	s.newCustomer("Bakery", "bea@bakery.example")
	s.stop()
	for _, text := range []string{`"msg":"request failed"`, `"msg":"panic"`} {
		if strings.Contains(s.printed(), text) {
			t.Errorf("the program blames itself:\n%s", s.printed())
		}
	}
}

// TestF13NoConnectionIsFree lets as many requests as there are connections wait for one row.
func TestF13NoConnectionIsFree(t *testing.T) {
	t.Parallel()
	url := testdb.New(t, testdb.MariaDB)
	s := newStage(t, "MANDATE_DATABASE_URL="+url)
	s.newCustomer("Bakery", "bea@bakery.example")
	tenant := s.asks(s.operator, `{ tenants(first: 1, filter: {kind: [CUSTOMER]}) { nodes { id } } }`, "").String("tenants.nodes.0.id")
	db, err := database.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	row, err := db.Write.BeginTx(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer row.Rollback()
	if _, err := row.Exec("SELECT id FROM tenants FOR UPDATE"); err != nil {
		t.Fatal(err)
	}
	const change = `mutation($in: SuspendTenantInput!) { suspendTenant(input: $in) { userErrors { code } } }`
	var clients sync.WaitGroup
	for range db.Write.Stats().MaxOpenConnections {
		clients.Go(func() { s.ask(t, s.operator, change, in{"in": in{"id": tenant}}) })
	}
	waiting := func() (n int) {
		err := db.Read.QueryRow("SELECT COUNT(*) FROM information_schema.processlist WHERE db = DATABASE() AND info LIKE '%tenants%FOR UPDATE'").Scan(&n)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	for end := time.Now().Add(patience); waiting() < db.Write.Stats().MaxOpenConnections; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("nobody waits for the row")
		}
	}
	var outside sync.WaitGroup // before those who wait give up, for a moment, after three seconds
	outside.Go(func() { s.is("/readyz", s.send(t, "GET", "/readyz", "").StatusCode, 503) })
	s.unavailable()
	outside.Wait()
	if err := row.Rollback(); err != nil {
		t.Fatal(err)
	}
	s.becomes(200)
	clients.Wait()
	s.ask(t, s.operator, `{ viewer { user { id } } }`, nil).OK()
	s.stop()
}
