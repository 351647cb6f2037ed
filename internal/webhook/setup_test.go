package webhook

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"mandate/ent"
	"mandate/ent/webhookdelivery"
	"mandate/internal/egress"
	"mandate/internal/testdb"
	"mandate/internal/testworld"
	"mandate/internal/viewer"
)

// loopback lets tests send to receivers of their own.
var loopback = egress.Allowed{netip.MustParsePrefix("127.0.0.1/32")}

// receiver is what a webhook sends to: a real server that answers as it is told, and keeps what it is sent.
type receiver struct {
	*httptest.Server
	mu      sync.Mutex
	answers http.HandlerFunc
	got     []arrival
}

// arrival is what a receiver was sent.
type arrival struct {
	id, at, signature, body string
	headers                 http.Header
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{answers: status(http.StatusNoContent)}
	r.Server = httptest.NewServer(r)
	t.Cleanup(func() { r.CloseClientConnections(); r.Close() })
	return r
}

// status answers with one.
func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	body, _ := io.ReadAll(q.Body) // what was cut off has no signature
	r.mu.Lock()
	r.got = append(r.got, arrival{q.Header.Get("webhook-id"), q.Header.Get("webhook-timestamp"), q.Header.Get("webhook-signature"), string(body), q.Header})
	answers := r.answers
	r.mu.Unlock()
	answers(w, q)
}

// then makes the receiver answer otherwise from now on.
func (r *receiver) then(answers http.HandlerFunc) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answers = answers
}

// taken is what the receiver was sent so far.
func (r *receiver) taken() []arrival {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.got)
}

// types lists the types of what the receiver was sent, sorted.
func (r *receiver) types() []string {
	var list []string
	for _, m := range r.taken() {
		list = append(list, m.content().Type)
	}
	slices.Sort(list)
	return list
}

func (m arrival) content() (c content) {
	if err := json.Unmarshal([]byte(m.body), &c); err != nil {
		panic(err)
	}
	return c
}

// signed reports whether one of the signatures of a message was made with a secret.
func (m arrival) signed(secret string) bool {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil {
		return false
	}
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%s.%s", m.id, m.at, m.body)
	return slices.Contains(strings.Split(m.signature, " "), "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
}

// stage is a world with webhooks, in which a tenant writes and workers tell of it.
type stage struct {
	*testing.T
	*testworld.World
	url string
	ctx context.Context
}

// each tells a story on every engine.
func each(t *testing.T, tell func(s stage)) {
	t.Helper()
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		tell(stage{t, testworld.New(t, url), url, viewer.System(t.Context(), "webhooks")})
	})
}

// worker is one of any number that may run at once.
func (s stage) worker() *Worker {
	return New(Config{Client: s.Write, Read: s.DB.Read, Allowed: loopback, Clock: s.Now, Log: slog.New(slog.DiscardHandler), Disable: s.Service.DisableWebhook})
}

// round lets a worker look at everything, and send what is due.
func (s stage) round(w *Worker) {
	s.Helper()
	s.must(w.look(s.ctx, true))
	s.sends(w)
}

// sends lets a worker send what is due.
func (s stage) sends(w *Worker) {
	s.Helper()
	for {
		s.must(w.dispatch(s.ctx))
		w.group.Wait()
		if due, err := w.due(s.ctx); err != nil || len(due) == 0 {
			s.must(err)
			return
		}
	}
}

func (s stage) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// writes lets an administrator write something, of which one event tells: role.created.
func (s stage) writes(c *testworld.Company) {
	s.Helper()
	s.asks(c.Admin, "createRole", "role { id }", map[string]any{"tenantId": c.ID, "name": "Role " + strconv.Itoa(s.events()), "permissions": []map[string]any{{"feature": "TENANT", "level": "VIEW"}}})
}

// asks sends a mutation that succeeds.
func (s stage) asks(p *testworld.Person, mutation, payload string, input map[string]any) *testworld.Answer {
	s.Helper()
	return p.Do(testworld.Call{Mutation: mutation, Input: input}.Document(payload), testworld.Vars{"in": input}).OK()
}

func (s stage) events() int { return s.Write.AuditEvent.Query().CountX(s.ctx) }

// deliveries are all that there are, oldest first.
func (s stage) deliveries() []*ent.WebhookDelivery {
	s.Helper()
	rows, err := s.Write.WebhookDelivery.Query().Order(webhookdelivery.ByID()).All(s.ctx)
	s.must(err)
	return rows
}

// delivery is the only one.
func (s stage) delivery() *ent.WebhookDelivery {
	s.Helper()
	all := s.deliveries()
	if len(all) != 1 {
		s.Fatalf("%d deliveries; want one", len(all))
	}
	return all[0]
}

// stands checks how the only delivery stands.
func (s stage) stands(status webhookdelivery.Status, attempts, answered int, why string) {
	s.Helper()
	d := s.delivery()
	var code int
	var last string
	if d.ResponseStatus != nil {
		code = *d.ResponseStatus
	}
	if d.LastError != nil {
		last = *d.LastError
	}
	if d.Status != status || d.Attempts != attempts || code != answered || last != why {
		s.Errorf("%s after %d attempts, answered %d, %q; want %s after %d, %d, %q", d.Status, d.Attempts, code, last, status, attempts, answered, why)
	}
}

// eventually waits until done says so.
func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !done(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: not within twenty seconds", what)
		}
	}
}
