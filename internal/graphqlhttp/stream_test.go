package graphqlhttp

import (
	"net/http/httptest"
	"testing"
)

func TestWhoWantsAStream(t *testing.T) {
	t.Parallel()
	for accept, want := range map[string]bool{
		"text/event-stream":                         true,
		"TEXT/EVENT-STREAM; charset=utf-8":          true,
		"text/event-stream, */*":                    true,
		"text/event-stream, application/json;q=0.9": true,
		"text/event-stream, multipart/mixed":        true,
		"":                                          false,
		"*/*":                                       false,
		"text/*":                                    false,
		"text/event-stream;q=0, */*":                false,
		"text/event-stream;charset=iso-8859-1":      false,
		"application/json":                          false,
		"application/json, text/event-stream;q=0.9": false,
		"application/json, text/event-stream":       false,
		"application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed": false, // what urql sends with a query
	} {
		for _, method := range []string{"GET", "POST", "HEAD", "PUT"} {
			r := httptest.NewRequest(method, "/graphql", nil)
			if accept != "" {
				r.Header.Set("Accept", accept)
			}
			if got := Streams(r); got != (want && (method == "GET" || method == "POST")) {
				t.Errorf("%s with Accept: %s is answered by a stream: %v", method, accept, got)
			}
		}
	}
}

func TestWhoWantsAWebSocket(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		connection, upgrade string
		want                bool
	}{
		{"Upgrade", "websocket", true}, {"keep-alive, upgrade", "WebSocket", true}, {"upgrade", "h2c, websocket", true},
		{"", "", false}, {"close", "websocket", false}, {"upgrade", "h2c", false}, {"upgraded", "websocket", false}, {"upgrade", "", false},
	} {
		r := httptest.NewRequest("GET", "/graphql", nil)
		r.Header.Set("Connection", c.connection)
		r.Header.Set("Upgrade", c.upgrade)
		if got := Upgrades(r); got != c.want {
			t.Errorf("Connection: %s, Upgrade: %s asks for a WebSocket: %v", c.connection, c.upgrade, got)
		}
	}
	r := httptest.NewRequest("GET", "/graphql", nil)
	r.Header.Add("Sec-WebSocket-Protocol", "graphql-ws")
	r.Header.Add("Sec-WebSocket-Protocol", "other, graphql-transport-ws")
	if !Speaks(r, "graphql-transport-ws") || Speaks(r, "graphql") {
		t.Error("the subprotocols are not those of the header")
	}
}
