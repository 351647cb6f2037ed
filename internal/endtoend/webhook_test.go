package endtoend

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"mandate/internal/testdb"
)

// hooked is a message that came to a webhook.
type hooked struct {
	Secret  string            `json:"secret"` // to verify it with
	Body    string            `json:"body"`
	Headers map[string]string `json:"headers"`
}

// inbox is the receiver of a webhook.
type inbox struct {
	*httptest.Server
	mu  sync.Mutex
	got []hooked
}

func newInbox(t *testing.T) *inbox {
	t.Helper()
	i := &inbox{}
	i.Server = httptest.NewServer(i)
	t.Cleanup(i.Close)
	return i
}

func (i *inbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	m := hooked{Body: string(body), Headers: make(map[string]string)}
	for _, name := range []string{"webhook-id", "webhook-timestamp", "webhook-signature"} {
		m.Headers[name] = r.Header.Get(name)
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.got = append(i.got, m)
}

// awaits waits for the message of a type.
func (i *inbox) awaits(t *testing.T, kind string) hooked {
	t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		i.mu.Lock()
		for _, m := range i.got {
			if strings.Contains(m.Body, `"type":"`+kind+`"`) {
				i.mu.Unlock()
				return m
			}
		}
		i.mu.Unlock()
	}
	t.Fatalf("no message of %s came", kind)
	return hooked{}
}

// verified is what an independent implementation of Standard Webhooks says to messages, one after the other.
func verified(t *testing.T, messages ...hooked) string {
	t.Helper()
	dir := npm(t, "receiver")
	var lines strings.Builder
	for _, m := range messages {
		line, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		lines.Write(append(line, '\n'))
	}
	if err := os.WriteFile(filepath.Join(dir, "messages"), []byte(lines.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return command(t, dir, "node", "verify.mjs", "messages")
}

func TestAReceiverVerifiesWhatAWebhookSends(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		s := newStage(t, "MANDATE_DATABASE_URL="+url, "MANDATE_PUBLIC_URL="+publicURL, "MANDATE_WEBHOOK_ALLOW=127.0.0.1")
		home := s.asks(s.operator, "{ viewer { tenants(via: [OWN], first: 1) { nodes { tenant { id } } } } }", "").String("viewer.tenants.nodes.0.tenant.id")
		box := newInbox(t)
		a := s.sends(s.operator, "createWebhook { secret webhook { id } }", in{"tenantId": home, "url": box.URL, "events": []string{"webhook.created", "partner.registered"}})
		id, first := a.String("createWebhook.webhook.id"), a.String("createWebhook.secret")
		created := box.awaits(t, "webhook.created")
		created.Secret = first
		second := s.sends(s.operator, "rotateWebhookSecret { secret }", in{"id": id}).String("rotateWebhookSecret.secret")
		s.sends(s.operator, "registerPartner { partner { id } }", in{"name": "Acme", "type": "MSP", "adminEmail": "anna@acme.example", "adminFirstName": "Anna", "adminLastName": "Archer"})
		old := box.awaits(t, "partner.registered")
		current, forged, moved, alien := old, old, old, old
		old.Secret, current.Secret, forged.Secret, moved.Secret = first, second, second, second
		forged.Body = strings.Replace(forged.Body, "partner.registered", "partner.recognized", 1)
		moved.Headers = map[string]string{"webhook-id": "evt_other", "webhook-timestamp": old.Headers["webhook-timestamp"], "webhook-signature": old.Headers["webhook-signature"]}
		alien.Secret = "whsec_" + strings.Repeat("A", 43) + "="
		want := "webhook.created\npartner.registered\npartner.registered\n" + strings.Repeat("No matching signature found\n", 3)
		s.is("what the receiver says", verified(t, created, old, current, forged, moved, alien), want)

		log := s.asks(s.operator, `query($id: ID!) { node(id: $id) { ... on Webhook { failingSince deliveries(first: 5) { nodes { event status attempts responseStatus payload } } } } }`, id)
		s.is("deliveries", log.At("node.deliveries.nodes"), []any{
			map[string]any{"event": "partner.registered", "status": "DELIVERED", "attempts": 1., "responseStatus": 200., "payload": current.Body},
			map[string]any{"event": "webhook.created", "status": "DELIVERED", "attempts": 1., "responseStatus": 200., "payload": created.Body},
		})
		if printed := s.printed(); strings.Contains(printed, first[6:]) || strings.Contains(printed, second[6:]) {
			t.Error("the log has a secret")
		}
	})
}

// TestT26WebhooksReachPublicAddressesOnly unless the operator allows others.
func TestT26WebhooksReachPublicAddressesOnly(t *testing.T) {
	t.Parallel()
	s := newStage(t, "MANDATE_DATABASE_URL="+testdb.New(t, testdb.SQLite))
	home := s.asks(s.operator, "{ viewer { tenants(via: [OWN], first: 1) { nodes { tenant { id } } } } }", "").String("viewer.tenants.nodes.0.tenant.id")
	box := newInbox(t)
	_, port, _ := strings.Cut(strings.TrimPrefix(box.URL, "http://"), ":")
	id := s.sends(s.operator, "createWebhook { webhook { id } }", in{"tenantId": home, "url": "https://localhost:" + port}).String("createWebhook.webhook.id")
	const query = `query($id: ID!) { node(id: $id) { ... on Webhook { deliveries(first: 1) { nodes { status attempts lastError responseStatus } } } } }`
	for end := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		a := s.asks(s.operator, query, id)
		if len(a.List("node.deliveries.nodes")) == 1 && a.At("node.deliveries.nodes.0.lastError") != nil {
			s.is("the delivery", a.At("node.deliveries.nodes.0"), map[string]any{"status": "PENDING", "attempts": 1., "responseStatus": nil,
				"lastError": "The URL's host leads to no address that is allowed."})
			break
		}
		if time.Now().After(end) {
			t.Fatalf("it was not tried: %s", a.Body)
		}
	}
	for _, url := range []string{box.URL, "https://127.0.0.1:" + port} {
		a := s.ask(t, s.operator, `mutation($in: CreateWebhookInput!) { createWebhook(input: $in) { userErrors { code field } } }`, map[string]any{"in": in{"tenantId": home, "url": url}})
		s.is(url, a.UserErrors("createWebhook"), []string{"INVALID at input.url"})
	}
}
