package graphqlhttp

import (
	"net/http"
	"strings"
)

// Upgrades reports whether a request asks for a WebSocket.
func Upgrades(r *http.Request) bool {
	return hasToken(r.Header, "Connection", "upgrade") && hasToken(r.Header, "Upgrade", "websocket")
}

// hasToken reports whether a list of tokens, which a header is, has one.
func hasToken(h http.Header, name, token string) bool {
	for one := range strings.SplitSeq(strings.Join(h.Values(name), ","), ",") {
		if strings.EqualFold(strings.TrimSpace(one), token) {
			return true
		}
	}
	return false
}

// Speaks reports whether a client that asks for a WebSocket offers a subprotocol.
func Speaks(r *http.Request, subprotocol string) bool {
	return hasToken(r.Header, "Sec-WebSocket-Protocol", subprotocol)
}

// Streams reports whether a client wants its answer as a stream of events: it names that type, and wants no other as much.
// Clients that name all types at once mean queries.
func Streams(r *http.Request) bool {
	if r.Method != http.MethodPost && r.Method != http.MethodGet {
		return false
	}
	header := strings.Join(r.Header.Values("Accept"), ",")
	events := weigh(header, Events)
	if events.weight <= 0 || events.precision != named {
		return false
	}
	for _, mediaType := range []string{JSON, Response} {
		if p := weigh(header, mediaType); p.weight > events.weight || p.weight == events.weight && p.precision == named {
			return false
		}
	}
	return true
}
