package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"
	"time"
)

// operations is what those who run the program look at, on a listener of its own that only they reach: metrics,
// profiles, and whether the program lives and can work.
func (s *Server) operations(metrics http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", metrics)
	mux.HandleFunc("GET /healthz", s.healthy)
	mux.HandleFunc("GET /readyz", s.ready)
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/cmdline", http.NotFound) // flags may hold secrets
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	return mux
}

// ServeOperations answers those who run the program, at l, until ctx is done.
func (s *Server) ServeOperations(ctx context.Context, l net.Listener, metrics http.Handler) error {
	srv := &http.Server{Handler: s.operations(metrics), ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Minute, ErrorLog: s.complaints()}
	stop := context.AfterFunc(ctx, func() { _ = srv.Close() })
	defer stop()
	if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve operations: %w", err)
	}
	return nil
}
