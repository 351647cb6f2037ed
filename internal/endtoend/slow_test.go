package endtoend

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"mandate/internal/testdb"
)

// stall is a client that keeps a connection and the server waiting.
type stall struct {
	sends  func(s *site, c net.Conn)
	limit  time.Duration // for which the server waits
	answer string        // how what it says then begins
}

var stalls = map[string]stall{
	"headers that do not end": {func(_ *site, c net.Conn) {
		fmt.Fprint(c, "POST /graphql HTTP/1.1\r\nHost: mandate.example\r\n")
	}, 5 * time.Second, ""},
	"a body that does not end": {func(_ *site, c net.Conn) {
		fmt.Fprint(c, "POST /graphql HTTP/1.1\r\nHost: mandate.example\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{\"query\"")
	}, 15 * time.Second, "HTTP/1.1 408 "},
	"answers that nobody reads": {func(s *site, c net.Conn) {
		if err := c.(*net.TCPConn).SetReadBuffer(4096); err != nil {
			s.t.Fatal(err)
		}
		fmt.Fprint(c, strings.Repeat("GET /schema.graphql HTTP/1.1\r\nHost: mandate.example\r\n\r\n", unread))
	}, 30 * time.Second, "HTTP/1.1 200 "},
}

// unread is how many answers nobody reads.
const unread = 200

// TestF10SlowClientsDelayNobody: two hundred clients that stall leave the others as fast as they are on a server without such
// clients, or take no more than 25 milliseconds. The two are asked by turns and compared by their best rounds, for the machine has
// other work.
func TestF10SlowClientsDelayNobody(t *testing.T) {
	var quiet, busy stage
	for _, s := range []*stage{&quiet, &busy} {
		*s = newStage(t, "MANDATE_DATABASE_URL="+testdb.New(t, testdb.SQLite), "MANDATE_RATE_LIMIT=off")
		s.slowest(100) // warms up
	}
	for range 67 {
		for _, stalled := range stalls {
			stalled.sends(busy.site, busy.dial())
		}
	}
	alone, among := time.Hour, time.Hour
	for range 8 {
		alone, among = min(alone, quiet.slowest(100)), min(among, busy.slowest(100))
	}
	t.Logf("the slowest of 100 requests takes %v alone, and %v among those that stall", alone, among)
	if among > max(2*alone, 25*time.Millisecond) {
		t.Errorf("the slowest of 100 requests takes %v alone, and %v among those that stall", alone, among)
	}
}

// slowest is how long the slowest but one of some requests took.
func (s stage) slowest(requests int) time.Duration {
	s.Helper()
	took := make([]time.Duration, requests)
	for i := range took {
		began := time.Now()
		s.ask(s.T, s.operator, `{ viewer { user { email } } }`, nil).OK()
		took[i] = time.Since(began)
	}
	slices.Sort(took)
	return took[requests-2]
}

// TestF10SlowClientsAreCutOff: whoever keeps the server waiting is waited for no longer than the server says.
func TestF10SlowClientsAreCutOff(t *testing.T) {
	t.Parallel()
	s := newStage(t, "MANDATE_DATABASE_URL="+testdb.New(t, testdb.SQLite))
	for what, stalled := range stalls {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			c := s.dial()
			if err := c.SetDeadline(time.Now().Add(stalled.limit + patience)); err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			stalled.sends(s.site, c)
			if strings.Contains(what, "reads") {
				time.Sleep(stalled.limit + time.Second)
			}
			answer, err := io.ReadAll(c)
			if errors.Is(err, os.ErrDeadlineExceeded) || time.Since(began) > stalled.limit+patience/2 {
				t.Errorf("the connection is kept for %v: %v", time.Since(began), err)
			}
			if !strings.HasPrefix(string(answer), stalled.answer) || strings.Count(string(answer), stalled.answer) == unread {
				t.Errorf("it is told %.200q and more, %d bytes", answer, len(answer))
			}
		})
	}
}
