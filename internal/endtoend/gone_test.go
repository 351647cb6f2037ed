package endtoend

import (
	"database/sql"
	"fmt"
	"testing"
	"time"

	"mandate/internal/database"
	"mandate/internal/testdb"
)

// TestF12WorkEndsWithTheClient has a client ask what takes the database long, and go away: the program drops the work at once,
// and the database within the time that it gives a statement.
func TestF12WorkEndsWithTheClient(t *testing.T) {
	t.Parallel()
	url := testdb.New(t, testdb.MariaDB)
	s := newStage(t, "MANDATE_DATABASE_URL="+url)
	db, err := database.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	holder, err := db.Write.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { holder.Close() })
	for what, question := range map[string]string{
		"a query":    `{"query": "{ features { name } }"}`,
		"a mutation": `{"query": "mutation { upsertFeature(input: {key: \"bread\", name: \"Bread\"}) { userErrors { code } } }"}`,
	} {
		s.then(what, func(s stage) {
			s.executes(holder, "LOCK TABLES features WRITE") // whoever reads or writes them waits
			c := s.dial()
			id := "gone-" + what[2:]
			fmt.Fprintf(c, "POST /graphql HTTP/1.1\r\nHost: mandate.example\r\nX-Request-Id: %s\r\nContent-Type: application/json\r\nAuthorization: Bearer %s\r\nContent-Length: %d\r\n\r\n%s",
				id, s.operator, len(question), question)
			s.awaitsWaiting(db, 1, patience)
			c.Close()
			left := time.Now()
			s.awaits(`"msg":"request".*"requestId":"` + id + `"`)
			if took := time.Since(left); took > 2*time.Second {
				s.Errorf("the program dropped the work after %v", took)
			}
			s.awaitsWaiting(db, 0, 8*time.Second) // a statement has five
			s.Logf("the database dropped it after %v", time.Since(left))
			s.executes(holder, "UNLOCK TABLES")
			s.ask(s.T, s.operator, `{ features { name } }`, nil).OK()
		})
	}
	var written int
	if err := db.Read.QueryRow("SELECT COUNT(*) FROM features WHERE name='Bread'").Scan(&written); err != nil {
		t.Fatal(err)
	}
	s.is("features of the mutation", written, 0)
	s.stop()
}

func (s stage) executes(c *sql.Conn, statement string) {
	s.Helper()
	if _, err := c.ExecContext(s.Context(), statement); err != nil {
		s.Fatal(err)
	}
}

// awaitsWaiting waits until so many statements wait for the catalogue.
func (s stage) awaitsWaiting(db *database.DB, want int, limit time.Duration) {
	s.Helper()
	for end := time.Now().Add(limit); ; time.Sleep(20 * time.Millisecond) {
		var n int
		if err := db.Read.QueryRow("SELECT COUNT(*) FROM information_schema.processlist WHERE db=DATABASE() AND state LIKE 'Waiting for%' AND info LIKE '%features%'").Scan(&n); err != nil {
			s.Fatal(err)
		}
		if n == want {
			return
		}
		if time.Now().After(end) {
			s.Fatalf("%d statements wait; want %d", n, want)
		}
	}
}
