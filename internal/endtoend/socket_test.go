package endtoend

import (
	"fmt"
	"testing"
	"time"

	"mandate/internal/testdb"
)

// TestT21WhoOpensAWebSocket: clients that are no browsers, and pages of our own and of listed origins, at /graphql and by its
// subprotocol. All others are told at once that they do not.
func TestT21WhoOpensAWebSocket(t *testing.T) {
	t.Parallel()
	s := newStage(t, "MANDATE_DATABASE_URL="+testdb.New(t, testdb.SQLite), "MANDATE_PUBLIC_URL="+publicURL, "MANDATE_CORS_ORIGINS=https://portal.example")
	const protocol = "graphql-transport-ws"
	for _, c := range []struct {
		path, protocol, more string
		want                 int
	}{
		{"/graphql", protocol, "", 101},
		{"/graphql?query={__typename}", protocol, "", 101},
		{"/graphql", "graphql-ws, " + protocol, "", 101},
		{"/graphql", protocol, "Authorization: Bearer " + s.operator + "\r\n", 101},
		{"/graphql", protocol, "Origin: " + publicURL + "\r\n", 101},
		{"/graphql", protocol, "Origin: " + publicURL + "\r\nSec-Fetch-Site: same-origin\r\n", 101},
		{"/graphql", protocol, "Origin: https://portal.example\r\nSec-Fetch-Site: cross-site\r\n", 101},
		{"/graphql", protocol, "Origin: https://evil.example\r\n", 403},
		{"/graphql", protocol, "Origin: https://evil.example\r\nSec-Fetch-Site: cross-site\r\nAuthorization: Bearer " + s.operator + "\r\n", 403},
		{"/graphql", protocol, "Origin: null\r\n", 403},
		{"/graphql", protocol, "Authorization: Bearer " + s.operator[1:] + "\r\n", 401},
		{"/graphql", "graphql-ws", "", 400},
		{"/graphql", "graphql-ws", "Authorization: Bearer " + s.operator + "\r\n", 400},
		{"/subscriptions", protocol, "", 404},
		{"/graphiql", protocol, "", 200},
		{"/", protocol, "", 200},
	} {
		conn := s.dial()
		began := time.Now()
		if _, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: mandate.example:8080\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"+
			"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: %s\r\n%s\r\n", c.path, c.protocol, c.more); err != nil {
			t.Fatal(err)
		}
		if status, body := hear(conn); status != c.want || time.Since(began) > 5*time.Second {
			t.Errorf("%s by %s with %q: %d %s after %s; want %d", c.path, c.protocol, c.more, status, body, time.Since(began), c.want)
		}
		conn.Close()
	}
}
