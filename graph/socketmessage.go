package graph

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/99designs/gqlgen/graphql"
	"github.com/coder/websocket"

	"mandate/internal/auth"
	"mandate/internal/graphqlhttp"
	"mandate/internal/viewer"
)

// message is one of graphql-transport-ws, either way.
type message struct {
	Type    string          `json:"type"`
	ID      string          `json:"id,omitempty"`
	Payload json.RawMessage `json:"payload,omitempty"`
}

// take does what a message says. It returns why the connection is to be closed, or nil.
func (s *socket) take(ctx context.Context, kind websocket.MessageType, text []byte) *ending {
	if s.isEnded() {
		return nil
	}
	if !s.rate.Allow() {
		return endManyMessages
	}
	var m message
	if kind != websocket.MessageText || graphqlhttp.Decode(text, &m) != nil {
		return endInvalid
	}
	switch m.Type {
	case "connection_init":
		if s.begun {
			return endInits
		}
		s.begun = true
		s.unheard.Stop()
		return s.init(ctx, m.Payload)
	case "ping":
		s.send(message{Type: "pong"})
	case "pong":
	case "subscribe":
		return s.subscribes(m)
	case "complete":
		s.complete(m.ID)
	default:
		return endInvalid
	}
	return nil
}

// init finds out who the client is: by what connection_init says, or else by the header that the request bore.
func (s *socket) init(ctx context.Context, payload json.RawMessage) *ending {
	v := viewer.From(ctx)
	var named struct{ Authorization string } // in upper or lower case
	if len(payload) > 0 && graphqlhttp.Decode(payload, &named) != nil {
		return endInvalid
	}
	if named.Authorization != "" {
		limited, cancel := context.WithTimeout(ctx, beginLimit)
		defer cancel()
		found, err := s.config.Sessions.Holder(limited, named.Authorization)
		switch {
		case errors.Is(err, auth.ErrNoSession):
			return endUnauthorized
		case err != nil:
			return endAndAgain
		}
		v = viewer.From(found)
	}
	if !v.SignedIn() {
		return endUnauthorized
	}
	s.viewer = viewer.With(ctx, v)
	counted, err := s.config.Budgets.enter(s.viewer, http.Header{})
	leave(counted)
	switch {
	case err != nil:
		return endAndAgain
	case s.slot.become(v) != nil:
		return endManyConnections
	}
	s.send(message{Type: "connection_ack"})
	return nil
}

// subscribes begins what a message asks for.
func (s *socket) subscribes(m message) *ending {
	var request graphqlhttp.Request
	switch {
	case s.viewer == nil:
		return endUnauthorized
	case m.ID == "", len(m.ID) > mostIDBytes, graphqlhttp.Decode(m.Payload, &request) != nil:
		return endInvalid
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch _, same := s.active[m.ID]; {
	case same:
		return endSameID
	case len(s.active) == mostSubscriptions:
		s.others.Go(func() { s.sendErrors(m.ID, s.fault(s.viewer, errManySubscriptions)) })
	default:
		ctx, cancel := context.WithCancel(s.viewer)
		s.active[m.ID] = cancel
		s.others.Go(func() {
			defer cancel()
			s.run(ctx, m.ID, &request)
		})
	}
	return nil
}

var errManySubscriptions = badInput("A connection has 20 subscriptions at most.")

// complete ends a subscription that the client does not want any more.
func (s *socket) complete(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if cancel := s.active[id]; cancel != nil {
		cancel()
		delete(s.active, id)
	}
}

// run carries a subscription out, until it ends or ctx does.
func (s *socket) run(ctx context.Context, id string, request *graphqlhttp.Request) {
	subscription, refusal := s.open(ctx, http.Header{}, request)
	if refusal != nil {
		s.reject(ctx, id, refusal)
		return
	}
	defer subscription.stop()
	s.slot.subscribed(1)
	defer s.slot.subscribed(-1)
	for {
		response, err := subscription.next(ctx)
		switch e := endOf(err); {
		case ctx.Err() != nil:
			return
		case err == nil:
			s.send(message{"next", id, json.RawMessage(written(response))})
		case e != nil:
			s.end(e)
			return
		default:
			s.reject(ctx, id, s.fault(ctx, err))
			return
		}
	}
}

// endOf is how the connection ends with a stream that ended; nil when it goes on.
func endOf(err error) *ending {
	switch {
	case errors.Is(err, errSessionEnded):
		return endUnauthorized
	case errors.Is(err, errRightLost):
		return endForbidden
	case errors.Is(err, errBehind):
		return endBehind
	}
	return nil
}

// reject ends a subscription with errors, or the connection of a client that is nobody any more.
func (s *socket) reject(ctx context.Context, id string, refusal *graphql.Response) {
	switch {
	case signedOut(refusal):
		s.end(endUnauthorized)
	case s.forget(ctx, id):
		s.sendErrors(id, refusal)
	}
}

// signedOut reports whether an answer says that nobody asks.
func signedOut(response *graphql.Response) bool {
	for _, e := range response.Errors {
		if e.Extensions["code"] == errUnauthenticated.code {
			return true
		}
	}
	return false
}

// forget leaves the id of a subscription to others, and reports whether the client had not done so before.
func (s *socket) forget(ctx context.Context, id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if ctx.Err() != nil {
		return false
	}
	delete(s.active, id)
	return true
}

func (s *socket) sendErrors(id string, refusal *graphql.Response) {
	payload, err := json.Marshal(refusal.Errors)
	if err != nil {
		panic(err) // errors are made of what can be written
	}
	s.send(message{"error", id, payload})
}

// send sends a message. A client that does not take it in time is cut off.
func (s *socket) send(m message) {
	text, err := json.Marshal(m)
	if err != nil {
		panic(err) // messages are made of what can be written
	}
	ctx, cancel := context.WithTimeout(context.Background(), writeWait)
	defer cancel()
	if s.conn.Write(ctx, websocket.MessageText, text) != nil {
		_ = s.conn.CloseNow()
	}
}
