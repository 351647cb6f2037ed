package graph_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"mandate/internal/telemetry"
	"mandate/internal/testdb"
	"mandate/internal/testworld"
)

// invitationsOf is a subscription to the invitations of a tenant.
func invitationsOf(tenantID string) string {
	return `subscription { invitationChanged(tenantId: "` + tenantID + `") { id status } }`
}

// TestASocketTellsWhatChanges: from the beginning of a subscription to its end, by either side.
func TestASocketTellsWhatChanges(t *testing.T) {
	eachScene(t, func(s scene) {
		l := s.live()
		acme, other := s.NewPartner("Acme"), s.NewPartner("Other")
		c := l.connect(token(acme.Admin))
		c.subscribes("a", invitationsOf(acme.ID))
		c.subscribes("b", `subscription($id: ID!) { memberChanged(tenantId: $id) { id } }`) // without its variable
		c.refused("b", "GRAPHQL_VALIDATION_FAILED")
		l.awaits(telemetry.Connections{WebSockets: 1, Subscriptions: 1})

		s.does(other.Admin, "inviteCustomer", in{"email": "else@contoso.example"}) // nobody's business here
		id := s.does(acme.Admin, "inviteCustomer", in{"email": "ada@contoso.example"}).String("inviteCustomer.invitation.id")
		next := func(id, status string) string {
			return fmt.Sprintf(`{"type":"next","id":"a","payload":{"data":{"invitationChanged":{"id":"%s","status":"%s"}}`, id, status)
		}
		hears := func(status string) {
			t.Helper()
			if got, err := c.next(); err != nil || !strings.HasPrefix(got, next(id, status)) {
				t.Fatalf("the next message is %s, %v; want %s", got, err, next(id, status))
			}
		}
		hears("PENDING")
		c.sends(`{"type":"ping"}`, `{"type":"pong","payload":{}}`)
		c.hears(`{"type":"pong"}`)
		s.does(acme.Admin, "revokeInvitation", in{"id": id})
		hears("REVOKED")

		c.sends(`{"type":"complete","id":"a"}`, `{"type":"complete","id":"never was"}`)
		l.awaits(telemetry.Connections{WebSockets: 1})
		s.does(acme.Admin, "inviteCustomer", in{"email": "bea@contoso.example"})
		c.sends(`{"type":"ping","payload":{"n":1}}`)
		c.hears(`{"type":"pong"}`)
		c.subscribes("a", invitationsOf(acme.ID)) // the id is free again
		l.awaits(telemetry.Connections{WebSockets: 1, Subscriptions: 1})
		if err := c.conn.Close(websocket.StatusNormalClosure, ""); err != nil {
			t.Errorf("the client closes: %v", err)
		}
		l.awaits(telemetry.Connections{})
	})
}

// TestWhatASocketRefuses: an operation that cannot be subscribed to is refused, and the rest goes on.
func TestWhatASocketRefuses(t *testing.T) {
	t.Parallel()
	s := scene{t, testworld.New(t, testdb.New(t, testdb.SQLite))}
	l := s.live()
	acme, contoso := s.NewPartner("Acme"), s.Customer("Contoso")
	c := l.connect(token(acme.Admin))
	for query, code := range map[string]string{
		"": "BAD_USER_INPUT", "{": "GRAPHQL_PARSE_FAILED", "{ viewer { user { id } } }": "BAD_USER_INPUT",
		"mutation { signOut { ok } }":             "BAD_USER_INPUT",
		"subscription { nothing }":                "GRAPHQL_VALIDATION_FAILED",
		invitationsOf("ten_x"):                    "NOT_FOUND",
		invitationsOf(contoso.ID):                 "NOT_FOUND",
		strings.Repeat(" ", 17<<10) + "query { a": "QUERY_TOO_COMPLEX",
	} {
		c.subscribes("a", query)
		c.refused("a", code)
	}
	clerk := l.connect(token(s.Staff(acme, "clerk", testworld.Nothing)))
	clerk.subscribes("a", invitationsOf(acme.ID))
	clerk.refused("a", "FORBIDDEN")
	c.subscribes("a", invitationsOf(acme.ID))
	l.awaits(telemetry.Connections{WebSockets: 2, Subscriptions: 1})
}

// TestHowASocketCloses: each way to break the protocol ends with the code that clients know it by.
func TestHowASocketCloses(t *testing.T) {
	t.Parallel()
	s := scene{t, testworld.New(t, testdb.New(t, testdb.SQLite))}
	l := s.live()
	acme := s.NewPartner("Acme")
	valid, ended := token(acme.Admin), token(acme.Admin)
	s.Bearer(ended).Do("mutation { signOut { ok } }", nil).OK()
	initialise := func(authorization string) string {
		return `{"type":"connection_init","payload":{"authorization":` + authorization + `}}`
	}
	good := initialise(`"Bearer ` + valid + `"`)
	subscribe := `{"type":"subscribe","id":"a","payload":{"query":"` + strings.ReplaceAll(invitationsOf(acme.ID), `"`, `\"`) + `"}}`
	for name, c := range map[string]struct {
		messages []string // those before the last are answered
		code     int
	}{
		"no JSON":                       {[]string{"hello"}, 4400},
		"no object":                     {[]string{`[{"type":"ping"}]`}, 4400},
		"not UTF-8":                     {[]string{"{\"type\":\"ping\xff\"}"}, 4400},
		"an unknown type":               {[]string{`{"type":"start"}`}, 4400},
		"a message of the server's":     {[]string{`{"type":"connection_ack"}`}, 4400},
		"no type":                       {[]string{`{}`}, 4400},
		"what is too deep":              {[]string{`{"type":"ping","payload":` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + `}`}, 4400},
		"a subscription without a word": {[]string{subscribe}, 4401},
		"nobody":                        {[]string{`{"type":"connection_init"}`}, 4401},
		"an empty token":                {[]string{initialise(`""`)}, 4401},
		"an unknown token":              {[]string{initialise(`"Bearer ` + valid[1:] + `A"`)}, 4401},
		"no bearer":                     {[]string{initialise(`"Basic ` + valid + `"`)}, 4401},
		"a session that ended":          {[]string{initialise(`"Bearer ` + ended + `"`)}, 4401},
		"a token that is no text":       {[]string{initialise(`["Bearer ` + valid + `"]`)}, 4400},
		"a payload that is no object":   {[]string{`{"type":"connection_init","payload":"` + valid + `"}`}, 4400},
		"two beginnings":                {[]string{good, good}, 4429},
		"a subscription without an id":  {[]string{good, `{"type":"subscribe","payload":{"query":"{a}"}}`}, 4400},
		"one with too long an id":       {[]string{good, `{"type":"subscribe","id":"` + strings.Repeat("a", 129) + `","payload":{"query":"{a}"}}`}, 4400},
		"one without an operation":      {[]string{good, `{"type":"subscribe","id":"a"}`}, 4400},
		"one that is text":              {[]string{good, `{"type":"subscribe","id":"a","payload":"{a}"}`}, 4400},
		"two by one id":                 {[]string{good, subscribe, subscribe}, 4409},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ws := (&live{scene{t, s.World}, l.url, l.connections}).dial()
			for i, m := range c.messages {
				ws.sends(m)
				if i == 0 && len(c.messages) > 1 {
					ws.hears(`{"type":"connection_ack"}`)
				}
			}
			ws.closed(c.code)
		})
	}
	t.Run("a binary message", func(t *testing.T) {
		t.Parallel()
		ws := (&live{scene{t, s.World}, l.url, l.connections}).dial()
		s.must(ws.conn.Write(t.Context(), websocket.MessageBinary, []byte(good)))
		ws.closed(4400)
	})
	t.Run("silence", func(t *testing.T) {
		t.Parallel()
		began := time.Now()
		(&live{scene{t, s.World}, l.url, l.connections}).dial().closed(4408)
		if took := time.Since(began); took < 4*time.Second || took > 9*time.Second {
			t.Errorf("it was closed after %v", took)
		}
	})
}

// TestNobodySubscribesWhoseSessionEnded, however long ago the connection was made.
func TestNobodySubscribesWhoseSessionEnded(t *testing.T) {
	t.Parallel()
	s := scene{t, testworld.New(t, testdb.New(t, testdb.SQLite))}
	l := s.live()
	acme := s.NewPartner("Acme")
	bearer := token(acme.Admin)
	c := l.connect(bearer)
	s.Bearer(bearer).Do("mutation { signOut { ok } }", nil).OK()
	c.subscribes("a", invitationsOf(acme.ID))
	c.closed(4401)
}

// TestWhoSpeaksOnASocket: the token stands in connection_init, or in the header of the request.
func TestWhoSpeaksOnASocket(t *testing.T) {
	t.Parallel()
	s := scene{t, testworld.New(t, testdb.New(t, testdb.SQLite))}
	l := s.live()
	acme, other := s.NewPartner("Acme"), s.NewPartner("Other")
	mine, theirs := "Bearer "+token(acme.Admin), "Bearer "+token(other.Admin)
	for name, c := range map[string]*socket{
		"lower case":          l.begins(`{"authorization":"` + mine + `"}`),
		"upper case":          l.begins(`{"Authorization":"` + mine + `"}`),
		"the header":          l.begins(`{}`, "Authorization", mine),
		"both, of two people": l.begins(`{"authorization":"`+mine+`"}`, "Authorization", theirs),
	} {
		c.subscribes("a", invitationsOf(other.ID))
		c.refused("a", "NOT_FOUND")
		c.subscribes("b", invitationsOf(acme.ID))
		c.sends(`{"type":"ping"}`)
		if got, err := c.next(); got != `{"type":"pong"}` {
			t.Errorf("by %s: %s, %v", name, got, err)
		}
	}
	l.awaits(telemetry.Connections{WebSockets: 4, Subscriptions: 4})
	if _, answer := l.upgrade("graphql-transport-ws", "Authorization", mine+"A"); answer.StatusCode != 401 {
		t.Errorf("a token that does not work is answered %s", answer.Status)
	}
	for _, subprotocol := range []string{"graphql-ws", "graphql-transport", "soap"} {
		if _, answer := l.upgrade(subprotocol, "Authorization", mine); answer.StatusCode != 400 {
			t.Errorf("%s is answered %s", subprotocol, answer.Status)
		}
	}
}

// begins opens a WebSocket and says by a payload who speaks.
func (l *live) begins(payload string, headers ...string) *socket {
	l.Helper()
	c := l.dial(headers...)
	c.sends(`{"type":"connection_init","payload":` + payload + `}`)
	c.hears(`{"type":"connection_ack"}`)
	return c
}
