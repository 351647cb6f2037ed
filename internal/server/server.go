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
	"net/netip"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/trace"

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
	API       http.Handler  // answers requests at /graphql; the viewer is in their context
	Export    http.Handler  // answers requests at /audit/{tenantId}; it finds out itself who asks
	Pages     http.Handler  // answers what the pages ask
	SDL       func() string // the schema of the API; nil for one that is not shown
	Sessions  *auth.Sessions
	PublicURL *url.URL                                // where people reach the server
	Name      string                                  // of the operator, as it stands above the pages
	Proxies   []netip.Prefix                          // whose word on where a request comes from is trusted
	Origins   []string                                // whose pages may call the API from a browser, such as https://portal.example
	Ready     func(context.Context) error             // why the program cannot work, or nil
	Admit     func(context.Context) error             // why a request that needs the database cannot be answered, or nil; may take a moment
	Mailbox   func(context.Context) ([]Letter, error) // newest first; nil for a server without the page /mailbox
	GraphiQL  bool                                    // whether there is the page /graphiql
	Log       *slog.Logger
	Observer  Observer     // told of every request; nil for nobody
	Tracer    trace.Tracer // nil for none
}

// Server answers HTTP requests.
type Server struct {
	Config
	api      api
	handler  http.Handler
	draining atomic.Bool
	streams  sync.WaitGroup
	stopping context.Context // done when the program takes no more requests
	stop     context.CancelFunc

	warnOfProxy sync.Once // of one that is not trusted
}

// New returns a server. It fails when an origin is not of the form scheme://host or scheme://host:port.
func New(c Config) (*Server, error) {
	s := &Server{Config: c, api: api{c.Pages, c.Sessions}}
	s.stopping, s.stop = context.WithCancel(context.Background())
	routes, err := s.routes()
	if err != nil {
		return nil, fmt.Errorf("set the server up: %w", err)
	}
	s.handler = s.identify(s.note(s.trace(s.recover(s.harden(limit(routes))))))
	return s, nil
}

// ServeHTTP answers a request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.draining.Load() {
		w.Header().Set("Connection", "close") // or the client's next request meets a connection that is being closed
	}
	s.handler.ServeHTTP(w, r)
}

// routes maps paths to handlers.
func (s *Server) routes() (http.Handler, error) {
	graphql, err := s.graphql()
	if err != nil {
		return nil, err
	}
	export, err := s.crossOrigin(s.admit(s.lasting(s.Export)))
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.home)
	mux.Handle("/graphql", graphql)
	mux.Handle(exportPath+"{tenantId}", export)
	if s.GraphiQL {
		explorer := graphiql.Handler()
		mux.Handle(graphiql.Path, explorer)
		mux.Handle(graphiql.Path+"/", explorer)
	}
	if s.SDL != nil {
		mux.HandleFunc("GET /schema.graphql", s.schema)
	}
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
	return route(mux), nil
}

// Serve answers what comes in at l until ctx is done. Then it says so at /readyz, for whoever sends requests here to send
// them elsewhere, takes no more after a moment, and finishes those in hand; streams it breaks off then, so that their clients
// come back elsewhere.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	srv := &http.Server{
		Handler:           s,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          s.complaints(),
	}
	broken := make(chan error, 1)
	go func() { broken <- srv.Serve(l) }()
	select {
	case err := <-broken:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	s.Log.Info("stopping")
	s.draining.Store(true)
	time.Sleep(drainPause)
	s.stop()
	finish, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopLimit)
	defer cancel()
	if err := srv.Shutdown(finish); err != nil {
		return fmt.Errorf("stop serving: %w", errors.Join(err, srv.Close()))
	}
	s.awaitStreams()
	return nil
}
