package endtoend

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"mandate/internal/testdb"
)

func TestStoppingFinishesTheRequestsInHand(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		s := newStage(t, "MANDATE_DATABASE_URL="+url)

		// A request that is slow to come.
		const question = `{"query": "{ customers(first: 1) { totalCount } }"}`
		slow := s.dial()
		fmt.Fprintf(slow, "POST /graphql HTTP/1.1\r\nHost: mandate.example\r\nContent-Type: application/json\r\nAuthorization: Bearer %s\r\nContent-Length: %d\r\n\r\n%s",
			s.operator, len(question), question[:10])

		// Sign-ins cost: many at once are in hand for a while. Each is accepted before the signal.
		var signIns sync.WaitGroup
		var accepted sync.WaitGroup
		const many = 12
		accepted.Add(many)
		for range many {
			c := s.dial()
			signIns.Go(func() {
				body := fmt.Sprintf(`{"query": "mutation { signIn(input: {email: \"%s\", password: \"%s\"}) { token } }"}`, operatorAddress, password)
				fmt.Fprintf(c, "POST /graphql HTTP/1.1\r\nHost: mandate.example\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
				accepted.Done()
				if status, answer := hear(c); status != 200 || !strings.Contains(answer, `"token":"`) {
					t.Errorf("signing in answered %d: %s", status, answer)
				}
			})
		}
		accepted.Wait()
		s.ask(t, "", `{ viewer { user { id } } }`, nil).OK() // comes after all of these
		stopped := time.Now()
		s.signal(syscall.SIGTERM)
		s.awaitsDraining()
		s.ask(t, s.operator, `{ customers(first: 1) { totalCount } }`, nil).OK() // who has not looked there is answered still
		s.awaitsRefusal()
		signIns.Wait()
		if s.hasExited() {
			t.Error("it did not wait for the slow request")
		}
		fmt.Fprint(slow, question[10:])
		if status, answer := hear(slow); status != 200 || !strings.Contains(answer, `"totalCount":0`) {
			t.Errorf("the slow request was answered %d: %s", status, answer)
		}
		if status := s.status(20*time.Second - time.Since(stopped)); status != 0 {
			t.Errorf("it ended with status %d:\n%s", status, s.printed())
		}
	})
}

// dial opens a connection that ends with the test.
func (s *site) dial() net.Conn {
	s.t.Helper()
	c, err := net.Dial("tcp", s.address)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { c.Close() })
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		s.t.Fatal(err)
	}
	return c
}

// awaitsDraining waits until the site says that it stops.
func (s *site) awaitsDraining() {
	s.t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if r := s.send(s.t, "GET", "/readyz", ""); r.StatusCode == 503 && text(s.t, r) == "stopping\n" {
			return
		}
	}
	s.t.Fatal("it does not say that it stops")
}

// awaitsRefusal waits until the site takes no connection any more.
func (s *site) awaitsRefusal() {
	s.t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		c, err := net.Dial("tcp", s.address)
		if err != nil {
			return
		}
		c.Close()
	}
	s.t.Fatal("it takes connections still")
}

// hear reads an answer; the status is 0 when there is none.
func hear(c net.Conn) (status int, body string) {
	r, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return 0, err.Error()
	}
	defer r.Body.Close()
	content, err := io.ReadAll(r.Body)
	if err != nil {
		return 0, err.Error()
	}
	return r.StatusCode, string(content)
}
