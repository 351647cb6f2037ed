//go:build soak

package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	netmail "net/mail"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-smtp"
)

// passing are the tables that hold what passes.
var passing = []string{"sessions", "one_time_tokens", "idempotency_records", "sign_in_throttles", "outbox_messages", "webhook_deliveries", "bookmarks"}

// only leaves out what does not pass: people of a test's world have sessions that last for weeks.
var only = map[string]string{"sessions": " WHERE TIMESTAMPDIFF(HOUR, started_at, expires_at) <= 8"}

// slack is by how much more than its share a measure may grow: small numbers jump.
var slack = map[string]float64{"goroutines": 40, "descriptors": 20, "MB": 20, "worker goroutines": 20, "worker descriptors": 10, "worker MB": 20,
	"sessions": 200, "one_time_tokens": 100, "idempotency_records": 200, "sign_in_throttles": 100, "outbox_messages": 200, "webhook_deliveries": 500}

// sample is what was measured at the end of a round.
type sample struct {
	round  int
	values map[string]float64
}

func (m sample) names() []string { return slices.Sorted(maps.Keys(m.values)) }

// sample measures.
func (s *soak) sample(round int) {
	m := sample{round, make(map[string]float64)}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, group := range [][]*timed{s.servers, s.workers} {
		prefix := []string{"", "worker "}[i]
		for _, p := range group {
			told, err := p.metrics()
			if err != nil {
				s.Error(err)
				continue
			}
			m.values[prefix+"goroutines"] = max(m.values[prefix+"goroutines"], told["go_goroutines"])
			m.values[prefix+"descriptors"] = max(m.values[prefix+"descriptors"], told["process_open_fds"])
			m.values[prefix+"MB"] = max(m.values[prefix+"MB"], told["process_resident_memory_bytes"]/1e6)
		}
	}
	for _, table := range passing {
		m.values[table] = float64(s.number("SELECT COUNT(*) FROM " + table + only[table]))
	}
	s.samples = append(s.samples, m)
	s.Logf("round %d: %v; answers: %v", round, m.values, s.tally)
}

// metrics reads what a program tells operators.
func (p *timed) metrics() (map[string]float64, error) {
	answer, err := http.Get("http://" + p.operations + "/metrics")
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	told := make(map[string]float64)
	for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
		if name, value, found := strings.Cut(lines.Text(), " "); found {
			told[name], _ = strconv.ParseFloat(value, 64)
		}
	}
	return told, nil
}

// number reads a number from the database.
func (s *soak) number(query string) (n int) {
	if err := s.DB.Read.QueryRow(query).Scan(&n); err != nil {
		s.Errorf("%s: %v", query, err)
	}
	return n
}

// column reads texts from the database.
func (s *soak) column(query string) (texts []string) {
	rows, err := s.DB.Read.Query(query)
	if err != nil {
		s.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			s.Fatal(err)
		}
		texts = append(texts, text)
	}
	if err := rows.Err(); err != nil {
		s.Fatal(err)
	}
	return texts
}

// arrivals counts what came, by its id.
type arrivals struct {
	mu   sync.Mutex
	seen map[string]int
}

func (a *arrivals) came(id string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.seen[id]++
}

func (a *arrivals) has(id string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.seen[id] > 0
}

func (a *arrivals) messages() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.seen)
}

// again is how many came more than once.
func (a *arrivals) again() (n int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, times := range a.seen {
		if times > 1 {
			n++
		}
	}
	return n
}

// postOffice is a mail server that remembers the ids of mails.
type postOffice struct {
	arrivals
	address string
}

func openPostOffice(t *testing.T) *postOffice {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	o := &postOffice{arrivals{seen: make(map[string]int)}, l.Addr().String()}
	srv := smtp.NewServer(o)
	srv.ErrorLog = silent{}
	go func() { _ = srv.Serve(l) }()
	t.Cleanup(func() { _ = srv.Close() })
	return o
}

type silent struct{}

func (silent) Printf(string, ...any) {}
func (silent) Println(...any)        {}

func (o *postOffice) NewSession(*smtp.Conn) (smtp.Session, error) { return window{o}, nil }

// window is where one sender hands mails in.
type window struct{ *postOffice }

func (window) Reset()                               {}
func (window) Logout() error                        { return nil }
func (window) Mail(string, *smtp.MailOptions) error { return nil }
func (window) Rcpt(string, *smtp.RcptOptions) error { return nil }
func (w window) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	if err != nil {
		return err // cut off: nothing was handed in
	}
	m, err := netmail.ReadMessage(bytes.NewReader(text))
	if err != nil {
		return fmt.Errorf("read the mail: %w", err)
	}
	id, _, _ := strings.Cut(strings.Trim(m.Header.Get("Message-ID"), "<>"), "@")
	w.came(id)
	return nil
}

// receiver takes what webhooks send.
type receiver struct {
	arrivals
	url string
}

func openReceiver(t *testing.T) *receiver {
	r := &receiver{arrivals: arrivals{seen: make(map[string]int)}}
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, q *http.Request) {
		_, _ = io.Copy(io.Discard, q.Body)
		r.came(q.Header.Get("webhook-id") + q.URL.Path)
	}))
	t.Cleanup(srv.Close)
	r.url = srv.URL
	return r
}
