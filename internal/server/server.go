// Package server puts the program on the network: the API, the page to try it, the pages that mailed links open, and
// what those who run it look at.
package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"mandate/internal/auth"
	"mandate/internal/graphiql"
)

const (
	requestLimit = 10 * time.Second // for the work of one request
	drainPause   = time.Second      // from when /readyz says that the program stops until it takes no more requests
	stopLimit    = 15 * time.Second // for the requests in hand when the program stops
)

// Config is what a Server works with.
type Config struct {
	API       http.Handler // answers POST requests at /graphql; the viewer is in their context
	SDL       string       // the schema of the API
	Sessions  *auth.Sessions
	PublicURL *url.URL // where people reach the server
	Name      string   // of the operator, as it stands above the pages
	Origins   []string // whose pages may call the API from a browser, such as https://portal.example
	Ready     func(context.Context) error
	Mailbox   func(context.Context) ([]Letter, error) // newest first; nil for a server without the page /mailbox
	Log       *slog.Logger
}

// Server answers HTTP requests.
type Server struct {
	Config
	api      api
	handler  http.Handler
	draining atomic.Bool
}

// New returns a server. It fails when an origin is not of the form scheme://host or scheme://host:port.
func New(c Config) (*Server, error) {
	s := &Server{Config: c, api: api{c.API, c.Sessions}}
	routes, err := s.routes()
	if err != nil {
		return nil, fmt.Errorf("set the server up: %w", err)
	}
	s.handler = s.identify(s.log(s.recover(harden(limit(routes)))))
	return s, nil
}

// ServeHTTP answers a request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// routes maps paths to handlers.
func (s *Server) routes() (http.Handler, error) {
	graphql, err := s.graphql()
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.home)
	mux.Handle("/graphql", graphql)
	explorer := graphiql.Handler()
	mux.Handle(graphiql.Path, explorer)
	mux.Handle(graphiql.Path+"/", explorer)
	mux.HandleFunc("GET /schema.graphql", s.schema)
	mux.HandleFunc("GET /healthz", s.healthy)
	mux.HandleFunc("GET /readyz", s.ready)
	mux.HandleFunc("GET /pages.css", stylesheet)

	mux.HandleFunc("GET /invitation", s.page(showInvitation))
	mux.Handle("POST /invitation", s.form(s.page(answerInvitation)))
	mux.HandleFunc("GET /join", s.page(showJoin))
	mux.Handle("POST /join", s.form(s.page(join)))
	mux.HandleFunc("GET /password", s.page(showPassword))
	mux.Handle("POST /password", s.form(s.page(setPassword)))
	mux.HandleFunc("GET /verify", s.page(showVerification))
	mux.Handle("POST /verify", s.form(s.page(verify)))
	if s.Mailbox != nil {
		mux.Handle("GET /mailbox", local(http.HandlerFunc(s.mailbox)))
		mux.Handle("GET /mailbox/{id}", local(http.HandlerFunc(s.letter)))
	}
	return mux, nil
}

// Serve answers what comes in at l until ctx is done. Then it says so at /readyz, for whoever sends requests here to send
// them elsewhere, takes no more after a moment, and finishes those in hand.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	srv := &http.Server{
		Handler:           s,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          slog.NewLogLogger(s.Log.Handler(), slog.LevelWarn),
	}
	broken := make(chan error, 1)
	go func() { broken <- srv.Serve(l) }()
	select {
	case err := <-broken:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	s.draining.Store(true)
	time.Sleep(drainPause)
	finish, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopLimit)
	defer cancel()
	if err := srv.Shutdown(finish); err != nil {
		return fmt.Errorf("stop serving: %w", errors.Join(err, srv.Close()))
	}
	return nil
}
