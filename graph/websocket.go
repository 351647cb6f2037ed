package graph

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/coder/websocket"
	"golang.org/x/time/rate"

	"mandate/internal/graphqlhttp"
	"mandate/internal/telemetry"
	"mandate/internal/viewer"
)

// subprotocol is how subscriptions are spoken over a WebSocket: https://github.com/enisdenjo/graphql-ws, PROTOCOL.md.
const subprotocol = "graphql-transport-ws"

// The bounds of a WebSocket.
const (
	mostMessageBytes  = 64 << 10         // of a message that a client sends
	mostSubscriptions = 20               // at once
	mostIDBytes       = 128              // of the id that a client gives a subscription
	messagesAtOnce    = 60               // that a client sends, pings among them
	messagesPerSecond = 10               // after those
	initWait          = 5 * time.Second  // for the client to say who it is
	pingEvery         = 20 * time.Second // to see whether the client is there
	pongWait          = 10 * time.Second // for its answer
	writeWait         = 10 * time.Second // for the client to take a message
)

// ending is why a WebSocket is closed: a code, and words that hold nothing of what the client sent.
type ending struct {
	code   websocket.StatusCode
	reason string
}

// The codes from 4400 on are those of graphql-transport-ws. Its clients come back by themselves after 1001, 1013, 4403 and 4408,
// and not after the others.
var (
	endOfServer        = &ending{websocket.StatusGoingAway, "The server stops"}
	endAndAgain        = &ending{websocket.StatusTryAgainLater, "Try again"}
	endBehind          = &ending{websocket.StatusTryAgainLater, "Changes may have been missed"}
	endInvalid         = &ending{4400, "Invalid message"}
	endUnauthorized    = &ending{4401, "Unauthorized"}
	endForbidden       = &ending{4403, "Forbidden"}
	endNoInit          = &ending{4408, "Connection initialisation timeout"}
	endSameID          = &ending{4409, "Subscriber already exists"}
	endInits           = &ending{4429, "Too many initialisation requests"}
	endManyMessages    = &ending{4429, "Too many messages"}
	endManyConnections = &ending{4429, "Too many connections"}
)

// socket is a WebSocket by which a client subscribes. Its messages are read by one goroutine; each subscription has one of its
// own, which waits until the client took a message before it asks for the next.
type socket struct {
	*handler
	conn   *websocket.Conn
	slot   *slot
	rate   *rate.Limiter
	noted  *telemetry.Request
	others sync.WaitGroup

	// Of the goroutine that reads.
	unheard *time.Timer     // runs until the client says who it is
	begun   bool            // the client said so
	viewer  context.Context // in which it asks, when that is known

	mu     sync.Mutex
	active map[string]context.CancelFunc // by the client's ids of subscriptions
	ended  bool
}

// serveSocket opens a WebSocket and serves it until one side closes it. Whether the page that asks for it may call the API was
// decided before.
func (h *handler) serveSocket(w http.ResponseWriter, r *http.Request) {
	ctx := graphql.StartOperationTrace(r.Context())
	if !graphqlhttp.Speaks(r, subprotocol) {
		h.refuse(ctx, w, r, http.StatusBadRequest, badInput("WebSockets are spoken by the subprotocol "+subprotocol+"."))
		return
	}
	slot, err := h.config.Connections.enter(viewer.From(ctx), webSocket)
	if err != nil {
		h.refuse(ctx, w, r, http.StatusServiceUnavailable, err)
		return
	}
	defer slot.leave()
	s := &socket{handler: h, slot: slot, rate: rate.NewLimiter(messagesPerSecond, messagesAtOnce), noted: telemetry.From(ctx), active: make(map[string]context.CancelFunc)}
	s.conn, err = websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{subprotocol}, InsecureSkipVerify: true,
		OnPingReceived: s.pinged, OnPongReceived: func(ctx context.Context, payload []byte) { s.pinged(ctx, payload) }})
	if err != nil {
		return // it was answered
	}
	s.noted.Streamed(telemetry.WebSocket)
	s.conn.SetReadLimit(mostMessageBytes)
	s.serve(ctx)
}

// serve reads messages until the connection is closed. The end of ctx is that of the server.
func (s *socket) serve(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	stopped := context.AfterFunc(ctx, func() { s.end(endOfServer) })
	s.unheard = time.AfterFunc(initWait, func() { s.end(endNoInit) })
	s.others.Go(func() { s.ping(ctx) })
	for {
		kind, text, err := s.conn.Read(context.Background())
		if err != nil {
			s.noted.Closed(int(closeCode(err)))
			break
		}
		if e := s.take(ctx, kind, text); e != nil {
			s.end(e)
		}
	}
	stopped()
	s.unheard.Stop()
	cancel()
	s.mu.Lock()
	s.ended = true
	s.mu.Unlock()
	_ = s.conn.Close(websocket.StatusProtocolError, "") // if neither side did
	s.others.Wait()
}

// closeCode is the code that a connection was closed with, by what reading from it failed with.
func closeCode(err error) websocket.StatusCode {
	if errors.Is(err, websocket.ErrMessageTooBig) {
		return websocket.StatusMessageTooBig
	}
	if code := websocket.CloseStatus(err); code > 0 {
		return code
	}
	return websocket.StatusAbnormalClosure
}

// end closes the connection, once. Until the client has closed it, too, nothing that it sends is looked at.
func (s *socket) end(e *ending) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return
	}
	s.ended = true
	s.noted.Closed(int(e.code))
	s.others.Go(func() { _ = s.conn.Close(e.code, e.reason) }) // it waits for the client, for some seconds
}

func (s *socket) isEnded() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ended
}

// pinged has the ping of a client answered, unless it sends too many, or answers more than it was asked.
func (s *socket) pinged(context.Context, []byte) bool {
	if !s.rate.Allow() {
		s.end(endManyMessages)
		return false
	}
	return true
}

// ping sees whether the client is there, now and then.
func (s *socket) ping(ctx context.Context) {
	every := time.NewTicker(pingEvery)
	defer every.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-every.C:
		}
		answered, cancel := context.WithTimeout(context.WithoutCancel(ctx), pongWait)
		err := s.conn.Ping(answered)
		cancel()
		if err != nil {
			_ = s.conn.CloseNow()
			return
		}
	}
}
