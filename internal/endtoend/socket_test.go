package endtoend

import (
	"fmt"
	"testing"
	"time"

	"mandate/internal/testdb"
)

// TestT21NobodyOpensASocket: there are no subscriptions, so whoever asks for a WebSocket gets none and an answer at once, signed in or
// not, and from whatever origin. Who adds them owes tests of what they may show, of how long they last, and of who may open one.
func TestT21NobodyOpensASocket(t *testing.T) {
	t.Parallel()
	s := newStage(t, "MANDATE_DATABASE_URL="+testdb.New(t, testdb.SQLite), "MANDATE_PUBLIC_URL="+publicURL)
	for _, protocol := range []string{"graphql-transport-ws", "graphql-ws"} {
		for _, path := range []string{"/graphql", "/graphql?query={__typename}", "/subscriptions", "/graphiql", "/"} {
			for _, more := range []string{"", "Origin: https://evil.example\r\n", "Origin: " + publicURL + "\r\n", "Authorization: Bearer " + s.operator + "\r\n"} {
				c := s.dial()
				began := time.Now()
				if _, err := fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: mandate.example:8080\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"+
					"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: %s\r\n%s\r\n", path, protocol, more); err != nil {
					t.Fatal(err)
				}
				if status, body := hear(c); status < 200 || time.Since(began) > 5*time.Second {
					t.Errorf("%s by %s with %q: %d %s after %s", path, protocol, more, status, body, time.Since(began))
				}
				c.Close()
			}
		}
	}
}
