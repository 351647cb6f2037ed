package server

import (
	"context"
	"net/http"
	"time"
)

// exportPath is where audit trails are exported, by the ids of their tenants.
const exportPath = "/audit/"

// lasting answers a request that has no time limit. When the program stops, it has as long as any other.
func (s *Server) lasting(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithCancel(r.Context())
		defer cancel()
		defer context.AfterFunc(s.stopping, func() { time.AfterFunc(requestLimit, cancel) })()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}
