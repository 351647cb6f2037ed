package endtoend

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"mandate/internal/testdb"
)

func TestF17StoppingFinishesTheRequestsInHand(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		s := newStage(t, "MANDATE_DATABASE_URL="+url, "MANDATE_RATE_LIMIT=off")

		// A request that is slow to come.
		const question = `{"query": "{ customers(first: 1) { totalCount } }"}`
		slow := s.dial()
		fmt.Fprintf(slow, "POST /graphql HTTP/1.1\r\nHost: mandate.example\r\nContent-Type: application/json\r\nAuthorization: Bearer %s\r\nContent-Length: %d\r\n\r\n%s",
			s.operator, len(question), question[:10])

		// Sign-ins cost: many at once are in hand for a while. Each is accepted before the signal.
		var signIns sync.WaitGroup
		var accepted sync.WaitGroup
		const many = 5 // for one account from one place; more would be told to come back
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

// TestF17StoppingUnderLoadFailsNobody has many clients ask without a pause while the program is told to stop. Whatever it took
// on it answers well; the rest does not get in.
func TestF17StoppingUnderLoadFailsNobody(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		s := newStage(t, "MANDATE_DATABASE_URL="+url, "MANDATE_RATE_LIMIT=off")
		var mu sync.Mutex
		answered := map[string]string{} // by request: what came of it
		var before, after atomic.Int64  // answers to requests that were sent before and after the signal
		var signalled atomic.Bool
		var clients sync.WaitGroup
		for n := range 32 {
			clients.Go(func() {
				transport := &http.Transport{MaxIdleConnsPerHost: 1}
				defer transport.CloseIdleConnections()
				client := &http.Client{Transport: transport, Timeout: patience}
				for i := 0; ; i++ {
					id := fmt.Sprintf("c%d-%d", n, i)
					late := signalled.Load()
					outcome, refused := s.asksOnce(t, client, id)
					if refused {
						return
					}
					if late {
						after.Add(1)
					} else {
						before.Add(1)
					}
					mu.Lock()
					answered[id] = outcome
					mu.Unlock()
				}
			})
		}
		for began := time.Now(); before.Load() < 200 && time.Since(began) < patience; {
			time.Sleep(10 * time.Millisecond)
		}
		signalled.Store(true)
		s.signal(syscall.SIGTERM)
		clients.Wait()
		if status := s.status(20 * time.Second); status != 0 {
			t.Errorf("it ended with status %d:\n%s", status, s.printed())
		}
		taken := regexp.MustCompile(`"msg":"request".*"status":(\d+).*"requestId":"(c\d+-\d+)"`).FindAllStringSubmatch(s.printed(), -1)
		for _, line := range taken {
			if outcome := answered[line[2]]; line[1] != "200" || outcome != "" {
				t.Errorf("request %s, which it took, was answered %s: %s", line[2], line[1], outcome)
			}
			delete(answered, line[2])
		}
		for id, outcome := range answered {
			if outcome == "" {
				t.Errorf("request %s was answered and is not in the log", id)
			}
		}
		if len(taken) < 100 || after.Load() < 50 {
			t.Errorf("only %d requests, %d of them after the signal", len(taken), after.Load())
		}
		t.Logf("%d requests, %d of them after the signal; %d did not get in", len(taken), after.Load(), len(answered))
	})
}

// asksOnce sends an operation. It returns what went wrong, or that the program takes no connections any more. On a
// connection that the program took before nothing goes wrong: only who is new at the door may find it closed.
func (s stage) asksOnce(t *testing.T, client *http.Client, id string) (outcome string, refused bool) {
	known := false
	trace := &httptrace.ClientTrace{GotConn: func(c httptrace.GotConnInfo) { known = c.Reused }}
	r, err := http.NewRequest("POST", "http://"+s.address+"/graphql", strings.NewReader(`{"query": "{ viewer { user { id } } }"}`))
	if err != nil {
		return err.Error(), false
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+s.operator)
	r.Header.Set("X-Request-Id", id)
	answer, err := client.Do(r.WithContext(httptrace.WithClientTrace(t.Context(), trace)))
	if errors.Is(err, syscall.ECONNREFUSED) {
		return "", true
	}
	if err != nil {
		if known {
			t.Errorf("request %s on a connection from before: %v", id, err)
		}
		return err.Error(), false
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != 200 || !strings.Contains(string(body), `"data":{"viewer"`) {
		return fmt.Sprintf("%d %v: %s", answer.StatusCode, err, body), false
	}
	return "", false
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
