package graph_test

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"mandate/internal/telemetry"
	"mandate/internal/testdb"
	"mandate/internal/testworld"
)

// TestT08NothingIsHeardAfterAccessWasTaken: whoever lost the session or the right hears of nothing that happens then, on whatever
// connection, and is told within five seconds that it is over.
func TestT08NothingIsHeardAfterAccessWasTaken(t *testing.T) {
	eachScene(t, func(s scene) {
		l := s.live()
		acme, contoso := s.NewPartner("Acme"), s.Customer("Contoso")
		bond := s.connected(acme, contoso, "ADMINISTRATOR")
		member := func(p *testworld.Person) []string { return []string{p.Member(acme.Tenant).ID} }
		for name, c := range map[string]struct {
			of   string // whose invitations are listened to
			take func(p *testworld.Person, token string)
			want int
			code string
		}{
			"the session": {acme.ID, func(_ *testworld.Person, token string) { s.Bearer(token).Do("mutation { signOut { ok } }", nil).OK() }, 4401, "UNAUTHENTICATED"},
			"the level": {acme.ID, func(p *testworld.Person, _ string) {
				s.does(acme.Admin, "changeRole", in{"memberId": member(p)[0], "roleKey": "PHONE_MANAGER"})
			}, 4403, "FORBIDDEN"},
			"the membership": {acme.ID, func(p *testworld.Person, _ string) {
				s.does(acme.Admin, "removeMembers", in{"tenantId": acme.ID, "ids": member(p)})
			}, 4401, "UNAUTHENTICATED"},
			"the relationship": {contoso.ID, func(*testworld.Person, string) { s.does(contoso.Admin, "suspendRelationship", in{"id": bond}) }, 4403, "FORBIDDEN"},
		} {
			clerk := s.Staff(acme, strings.ReplaceAll(name, " ", ""), testworld.Administrator)
			bearer := token(clerk)
			ws, sse := l.connect(bearer), l.listens(bearer, invitationsOf(c.of))
			ws.subscribes("a", invitationsOf(c.of))
			l.awaits(telemetry.Connections{WebSockets: 1, EventStreams: 1, Subscriptions: 2})
			c.take(clerk, bearer)
			taken := time.Now()
			if c.of == acme.ID {
				s.does(acme.Admin, "inviteCustomer", in{"email": strings.ReplaceAll(name, " ", "") + "@contoso.example"})
			}
			ws.closed(c.want)
			if got := sse.next(); !strings.HasPrefix(got, `event: next`+"\n"+`data: {"errors":[{`) || !strings.Contains(got, `"code":"`+c.code+`"`) {
				s.Errorf("without %s, the stream tells %q", name, got)
			}
			if took := time.Since(taken); took > 5*time.Second {
				s.Errorf("without %s, it was over after %v", name, took)
			}
			sse.hears("event: complete\ndata:\n")
			sse.hears("")
			l.awaits(telemetry.Connections{})
		}
	})
}

// TestT21TooMany: what one person opens is bounded, on all kinds of connections together, and what one connection carries.
func TestT21TooMany(t *testing.T) {
	t.Parallel()
	s := scene{t, testworld.New(t, testdb.New(t, testdb.SQLite))}
	l := s.live()
	acme, other := s.NewPartner("Acme"), s.NewPartner("Other")
	first := l.connect(token(acme.Admin))
	for n := range 20 {
		first.subscribes(fmt.Sprint(n), invitationsOf(acme.ID))
	}
	first.subscribes("one more", invitationsOf(acme.ID))
	first.refused("one more", "BAD_USER_INPUT")
	l.awaits(telemetry.Connections{WebSockets: 1, Subscriptions: 20})

	l.listens(token(acme.Admin), invitationsOf(acme.ID))
	for range 18 {
		l.connect(token(acme.Admin))
	}
	l.awaits(telemetry.Connections{WebSockets: 19, EventStreams: 1, Subscriptions: 21})
	late := l.dial()
	late.sends(`{"type":"connection_init","payload":{"authorization":"Bearer ` + token(acme.Admin) + `"}}`)
	late.closed(4429)
	if e := l.listens(token(acme.Admin), invitationsOf(acme.ID)); e.StatusCode != 429 || e.Header.Get("Retry-After") == "" {
		t.Errorf("one stream more is answered %s", e.Status)
	}
	if _, answer := l.upgrade("graphql-transport-ws", "Authorization", "Bearer "+token(acme.Admin)); answer.StatusCode != 429 {
		t.Errorf("one connection more is answered %s", answer.Status)
	}
	l.connect(token(other.Admin)) // others have their own
	s.must(first.conn.CloseNow())
	l.awaits(telemetry.Connections{WebSockets: 19, EventStreams: 1, Subscriptions: 1})
	l.connect(token(acme.Admin))
}

// TestT21ManyWhoSayNothing: from one network only so many connections wait for somebody to say who it is.
func TestT21ManyWhoSayNothing(t *testing.T) {
	t.Parallel()
	s := scene{t, testworld.New(t, testdb.New(t, testdb.SQLite))}
	l := s.live()
	acme := s.NewPartner("Acme")
	for range 100 {
		l.dial()
	}
	if _, answer := l.upgrade("graphql-transport-ws"); answer.StatusCode != http.StatusTooManyRequests || answer.Header.Get("Retry-After") == "" {
		t.Errorf("the next one is answered %s", answer.Status)
	}
	if conn, answer := l.upgrade("graphql-transport-ws", "Authorization", "Bearer "+token(acme.Admin)); conn == nil {
		t.Errorf("somebody who is known is answered %s", answer.Status)
	}
	l.awaits(telemetry.Connections{}) // whoever says nothing is not there for long
}

// TestT21LargeMessages: a message has 64 KiB at most, in however many frames.
func TestT21LargeMessages(t *testing.T) {
	t.Parallel()
	s := scene{t, testworld.New(t, testdb.New(t, testdb.SQLite))}
	l := s.live()
	acme := s.NewPartner("Acme")
	ping := func(size int) string { return `{"type":"ping"` + strings.Repeat(" ", size-15) + "}" }
	c := l.connect(token(acme.Admin))
	c.sends(ping(64 << 10))
	c.hears(`{"type":"pong"}`)
	for _, size := range []int{64<<10 + 1, 2 << 20} {
		c := l.connect(token(acme.Admin))
		_ = c.conn.Write(t.Context(), websocket.MessageText, []byte(ping(size))) // it may be cut off before all is sent
		c.closed(1009)
	}
	w, err := c.conn.Writer(t.Context(), websocket.MessageText)
	s.must(err)
	for _, part := range []string{`{"ty`, ``, `pe":"pi`, `ng"}`} {
		if _, err := w.Write([]byte(part)); err != nil {
			t.Fatal(err)
		}
	}
	s.must(w.Close())
	c.hears(`{"type":"pong"}`)
	endless := l.connect(token(acme.Admin))
	w, err = endless.conn.Writer(t.Context(), websocket.MessageText)
	s.must(err)
	for n := 0; n < 4096 && err == nil; n++ {
		_, err = w.Write([]byte(strings.Repeat(" ", 1024)))
	}
	endless.closed(1009)
}

// TestT21ManyMessages: who sends without a pause is cut off, whether messages or pings.
func TestT21ManyMessages(t *testing.T) {
	t.Parallel()
	s := scene{t, testworld.New(t, testdb.New(t, testdb.SQLite))}
	l := s.live()
	acme := s.NewPartner("Acme")
	c := l.connect(token(acme.Admin))
	for range 100 {
		if c.conn.Write(t.Context(), websocket.MessageText, []byte(`{"type":"pong"}`)) != nil {
			break
		}
	}
	c.closed(4429)
	pings := l.raw("Authorization: Bearer " + token(acme.Admin) + "\r\n")
	for range 100 {
		if _, err := pings.Write([]byte{0x89, 0x80, 0, 0, 0, 0}); err != nil {
			break
		}
	}
	if code := pings.closed(); code != 4429 {
		t.Errorf("who pings is closed with %d", code)
	}
}

// TestT21Garbage: what is no WebSocket, or no good one, ends the connection and nothing else.
func TestT21Garbage(t *testing.T) {
	t.Parallel()
	s := scene{t, testworld.New(t, testdb.New(t, testdb.SQLite))}
	l := s.live()
	acme := s.NewPartner("Acme")
	good := l.connect(token(acme.Admin))
	for name, frames := range map[string]string{
		"a frame without a mask":     "\x81\x02hi",
		"reserved bits":              "\xf1\x80\x00\x00\x00\x00",
		"an unknown opcode":          "\x83\x80\x00\x00\x00\x00",
		"a continuation of nothing":  "\x80\x80\x00\x00\x00\x00",
		"a ping in parts":            "\x09\x80\x00\x00\x00\x00",
		"a long ping":                "\x89\xfe\x00\x7e\x00\x00\x00\x00" + strings.Repeat("x", 126),
		"a message in a message":     "\x01\x80\x00\x00\x00\x00\x81\x80\x00\x00\x00\x00",
		"a length beyond all bounds": "\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00",
		"a close without a code":     "\x88\x81\x00\x00\x00\x00x",
		"HTTP":                       "GET / HTTP/1.1\r\n\r\n",
	} {
		c := l.raw("")
		if _, err := c.Write([]byte(frames)); err != nil {
			t.Fatal(err)
		}
		if code := c.closed(); code != 0 && (code < 1002 || code > 1009) && code != 4400 {
			t.Errorf("%s is closed with %d", name, code)
		}
	}
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the same bytes every time
	for range 200 {
		c := l.raw("")
		b := make([]byte, random.IntN(200))
		for i := range b {
			b[i] = byte(random.Uint32())
		}
		_, _ = c.Write(b)
		s.must(c.Close())
	}
	good.sends(`{"type":"ping"}`)
	good.hears(`{"type":"pong"}`)
	l.awaits(telemetry.Connections{WebSockets: 1})
}

// rawSocket is a connection that was upgraded, on which a client writes what it likes.
type rawSocket struct {
	net.Conn
	in *bufio.Reader
}

// raw upgrades a connection; header is more of the request.
func (l *live) raw(header string) *rawSocket {
	l.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(l.url, "http://"))
	l.must(err)
	l.Cleanup(func() { conn.Close() })
	l.must(conn.SetDeadline(time.Now().Add(patience)))
	_, err = fmt.Fprintf(conn, "GET /graphql HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"+
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n%s\r\n", header)
	l.must(err)
	in := bufio.NewReader(conn)
	answer, err := http.ReadResponse(in, nil)
	if err != nil || answer.StatusCode != http.StatusSwitchingProtocols {
		l.Fatalf("no WebSocket: %v, %v", answer, err)
	}
	return &rawSocket{conn, in}
}

// closed reads frames until the connection is closed, and returns the code that the server gave; 0 for none.
func (c *rawSocket) closed() (code int) {
	for {
		opcode, err := c.in.ReadByte()
		if err != nil {
			return code
		}
		length, err := c.in.ReadByte() // what the server sends here is short
		if err != nil {
			return code
		}
		payload := make([]byte, length)
		for i := range payload {
			if payload[i], err = c.in.ReadByte(); err != nil {
				return code
			}
		}
		if opcode == 0x88 && length >= 2 {
			code = int(payload[0])<<8 | int(payload[1])
			_, _ = c.Write([]byte{0x88, 0x80, 0, 0, 0, 0})
		}
	}
}
