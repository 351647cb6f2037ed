package server

import (
	"context"
	"net/http"
	"time"

	"mandate/internal/graphqlhttp"
)

// closeLimit is how long the program waits for WebSockets when it stops, after it told their clients.
const closeLimit = 2 * time.Second

// opensStream reports whether a request asks for an answer that lasts: a WebSocket, or a stream of events.
func opensStream(r *http.Request) bool {
	return r.URL.Path == "/graphql" && (graphqlhttp.Upgrades(r) || graphqlhttp.Streams(r))
}

// streaming ends the context of a stream when the program stops. Streams are counted here: net/http does not wait for WebSockets.
func (s *Server) streaming(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !opensStream(r) {
			next.ServeHTTP(w, r)
			return
		}
		s.streams.Add(1)
		defer s.streams.Done()
		ctx, cancel := context.WithCancel(r.Context())
		defer cancel()
		defer context.AfterFunc(s.stopping, cancel)()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// awaitStreams waits until all streams ended, but not for long: a client that has gone does not say that it closed a WebSocket.
func (s *Server) awaitStreams() {
	ended := make(chan struct{})
	go func() {
		s.streams.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-time.After(closeLimit):
	}
}
