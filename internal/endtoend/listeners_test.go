package endtoend

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"mandate/internal/bench/load"
	"mandate/internal/testdb"
	"mandate/internal/testworld"
)

const (
	idleListeners = 1000
	idleBound     = 100 << 20 // bytes that they may cost
)

// TestAThousandIdleSubscribersCostLittle: in the memory of the server, over that of one that answered requests of all of them before.
func TestAThousandIdleSubscribersCostLittle(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := testworld.New(t, url)
		w.Later(time.Since(w.Now()))
		acme := w.NewPartner("Acme")
		const each = 20
		var tokens []string
		for n := range idleListeners / each {
			_, token := w.Staff(acme, fmt.Sprintf("clerk %d", n), testworld.Administrator).Token()
			tokens = append(tokens, token)
		}
		s := serve(t, []string{"MANDATE_DATABASE_URL=" + url})
		for range 10 {
			for _, token := range tokens {
				s.ask(t, token, `query($id: ID!) { tenant(id: $id) { members(first: 50) { nodes { id name label } } } }`, in{"id": acme.ID}).OK()
			}
		}
		server := load.Process(s.cmd.Process.Pid)
		_, before := server.Memory()
		var heard sync.WaitGroup
		for n := range idleListeners {
			c := s.listens(t, tokens[n/each], `subscription { invitationChanged(tenantId: \"`+acme.ID+`\") { id email } }`)
			heard.Go(func() {
				if _, _, err := c.Read(t.Context()); err != nil {
					t.Errorf("listener %d: %v", n, err)
				}
			})
		}
		_, opened := server.Memory()
		const while = 12 * time.Second
		worked := server.CPU()
		time.Sleep(while)
		worked = server.CPU() - worked
		_, idle := server.Memory()
		told := time.Now()
		s.does(t, tokens[0], `inviteCustomer { invitation { id } }`, in{"email": "ada@contoso.example"})
		heard.Wait()
		took := time.Since(told)
		_, after := server.Memory()
		mb := func(n int64) float64 { return float64(n) / (1 << 20) }
		t.Logf("%d subscribers: %.1f MB before, %.1f opened, %.1f idle, %.1f MB after all heard of a change, which took %v; processor when idle: %.1f %% of a core",
			idleListeners, mb(before), mb(opened), mb(idle), mb(after), took.Round(time.Millisecond), 100*worked.Seconds()/while.Seconds())
		if cost := idle - before; cost > idleBound {
			t.Errorf("they cost %.1f MB", mb(cost))
		}
	})
}

// listens opens a WebSocket on which a subscription is under way; its text stands in JSON.
func (s *site) listens(t *testing.T, token, query string) *websocket.Conn {
	t.Helper()
	c, _, err := websocket.Dial(t.Context(), "ws://"+s.address+"/graphql", &websocket.DialOptions{Subprotocols: []string{"graphql-transport-ws"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.CloseNow() })
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for _, m := range []string{`{"type":"connection_init","payload":{"authorization":"Bearer ` + token + `"}}`,
		`{"type":"subscribe","id":"a","payload":{"query":"` + query + `"}}`, `{"type":"ping"}`} {
		if err := c.Write(ctx, websocket.MessageText, []byte(m)); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{`{"type":"connection_ack"}`, `{"type":"pong"}`} {
		if _, got, err := c.Read(ctx); err != nil || string(got) != want {
			t.Fatalf("%s, %v; want %s", got, err, want)
		}
	}
	return c
}
