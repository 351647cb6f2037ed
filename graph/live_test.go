package graph_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"mandate/graph"
	"mandate/internal/auth"
	"mandate/internal/feed"
	"mandate/internal/graphqlhttp"
	"mandate/internal/telemetry"
	"mandate/internal/testworld"
	"mandate/internal/viewer"
)

// patience is how long tests wait for what must come.
const patience = 20 * time.Second

// live is a server of a world on the network, with subscriptions.
type live struct {
	scene
	url         string
	connections *graph.Connections
}

// live serves the scene's world.
func (s scene) live(change ...func(*graph.Config)) *live {
	s.Helper()
	sessions := &auth.Sessions{Read: s.DB.Read, Write: s.DB.Write, Clock: s.Now}
	c := graph.Config{Client: s.Read, Dialect: s.DB.Dialect, Service: s.Service, Clock: s.Now, Sessions: sessions,
		Feed: feed.NewFollower(s.DB.Read, slog.New(slog.DiscardHandler)), Connections: graph.NewConnections()}
	for _, f := range change {
		f(&c)
	}
	api := sessions.Bearer(graph.New(c), func(w http.ResponseWriter, r *http.Request, _ error) { graphqlhttp.Refuse(w, r, graphqlhttp.NoSession) })
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		api.ServeHTTP(w, r.WithContext(viewer.With(r.Context(), viewer.Viewer{RequestID: "req", Address: "192.0.2.1"})))
	}))
	s.Cleanup(server.Close)
	return &live{s, server.URL, c.Connections}
}

// token is that of a new session.
func token(p *testworld.Person) string {
	_, token := p.Token()
	return token
}

// awaits waits until so many connections are open.
func (l *live) awaits(want telemetry.Connections) {
	l.Helper()
	for end := time.Now().Add(patience); l.connections.Open() != want; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			l.Fatalf("%+v are open; want %+v", l.connections.Open(), want)
		}
	}
}

// socket is a client with a WebSocket.
type socket struct {
	*testing.T
	conn *websocket.Conn
}

// upgrade asks for a WebSocket; headers are pairs of name and value. When it is refused, there is none, and the answer is.
func (l *live) upgrade(subprotocol string, headers ...string) (*websocket.Conn, *http.Response) {
	l.Helper()
	o := &websocket.DialOptions{HTTPHeader: http.Header{}, Subprotocols: []string{subprotocol}}
	for pair := range slices.Chunk(headers, 2) {
		o.HTTPHeader.Set(pair[0], pair[1])
	}
	conn, answer, err := websocket.Dial(l.Context(), l.url+"/graphql", o)
	if answer == nil {
		l.Fatal(err)
	}
	if conn != nil {
		l.Cleanup(func() { _ = conn.CloseNow() })
	}
	return conn, answer
}

func (l *live) dial(headers ...string) *socket {
	l.Helper()
	conn, answer := l.upgrade("graphql-transport-ws", headers...)
	if conn == nil {
		l.Fatalf("no WebSocket: %s", answer.Status)
	}
	return &socket{l.T, conn}
}

// connect opens a WebSocket as the bearer of a token.
func (l *live) connect(token string) *socket {
	l.Helper()
	c := l.dial()
	c.sends(`{"type":"connection_init","payload":{"authorization":"Bearer ` + token + `"}}`)
	c.hears(`{"type":"connection_ack"}`)
	return c
}

func (c *socket) sends(messages ...string) {
	c.Helper()
	for _, m := range messages {
		if err := c.conn.Write(c.Context(), websocket.MessageText, []byte(m)); err != nil {
			c.Fatalf("send %.80s: %v", m, err)
		}
	}
}

// subscribes sends an operation under an id.
func (c *socket) subscribes(id, query string) {
	c.Helper()
	payload, _ := json.Marshal(map[string]string{"query": query}) // strings
	c.sends(`{"type":"subscribe","id":"` + id + `","payload":` + string(payload) + `}`)
}

// next returns the next message, or why there is none.
func (c *socket) next() (string, error) {
	ctx, cancel := context.WithTimeout(c.Context(), patience)
	defer cancel()
	_, text, err := c.conn.Read(ctx)
	return string(text), err
}

// hears checks the next message.
func (c *socket) hears(want string) {
	c.Helper()
	if got, err := c.next(); err != nil || got != want {
		c.Fatalf("the next message is %s, %v; want %s", got, err, want)
	}
}

// refused checks that the next message refuses a subscription with a code.
func (c *socket) refused(id, code string) {
	c.Helper()
	if got, err := c.next(); err != nil || !strings.HasPrefix(got, `{"type":"error","id":"`+id+`","payload":[{`) || !strings.Contains(got, `"code":"`+code+`"`) {
		c.Errorf("the next message is %s, %v; want an error %s of %s", got, err, code, id)
	}
}

// closed checks that no message comes any more, and the code that the server closes with.
func (c *socket) closed(want int) {
	c.Helper()
	got, err := c.next()
	if code := websocket.CloseStatus(err); code != websocket.StatusCode(want) {
		c.Errorf("the server sends %.200s and closes with %d, %v; want %d", got, code, err, want)
	}
}

// stream is a client of server-sent events.
type stream struct {
	*testing.T
	*http.Response
	lines *bufio.Reader
}

// listens asks for a stream by POST.
func (l *live) listens(token, query string) *stream {
	l.Helper()
	r, err := http.NewRequestWithContext(l.Context(), "POST", l.url+"/graphql", strings.NewReader(operation(query)))
	if err != nil {
		l.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	return l.stream(r)
}

func (l *live) stream(r *http.Request) *stream {
	l.Helper()
	r.Header.Set("Accept", "text/event-stream")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		l.Fatal(err)
	}
	l.Cleanup(func() { answer.Body.Close() })
	return &stream{l.T, answer, bufio.NewReader(answer.Body)}
}

// next returns the next block of lines that is no comment; "" at the end.
func (s *stream) next() string {
	s.Helper()
	deadline := time.AfterFunc(patience, func() { s.Body.Close() })
	defer deadline.Stop()
	var block strings.Builder
	for {
		line, err := s.lines.ReadString('\n')
		switch {
		case err == io.EOF && line == "" && block.Len() == 0:
			return ""
		case err != nil:
			s.Fatalf("after %q %q: %v", &block, line, err)
		case line == "\n" && block.Len() > 0:
			return block.String()
		case line != "\n" && !strings.HasPrefix(line, ":"):
			block.WriteString(line)
		}
	}
}

// hears checks the next block of lines.
func (s *stream) hears(want string) {
	s.Helper()
	if got := s.next(); got != want {
		s.Fatalf("the stream tells %q; want %q", got, want)
	}
}
