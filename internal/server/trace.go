package server

import (
	"net/http"
	"strconv"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"mandate/internal/telemetry"
	"mandate/internal/viewer"
)

// trace gives each request a span, below that of whoever sent it. Without a tracer it is not there at all. The span says
// what the log says: no address, no path, no query, nothing that a client calls itself.
func (s *Server) trace(next http.Handler) http.Handler {
	if s.Tracer == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/healthz" || r.URL.Path == "/readyz" { // asked every few seconds
			next.ServeHTTP(w, r)
			return
		}
		ctx := propagation.TraceContext{}.Extract(r.Context(), propagation.HeaderCarrier(r.Header))
		ctx, span := s.Tracer.Start(ctx, method(r), trace.WithSpanKind(trace.SpanKindServer))
		defer func() {
			noted := telemetry.From(ctx)
			span.SetName(noted.Method + " " + noted.Route)
			span.SetAttributes(attribute.String("http.request.method", noted.Method), attribute.String("http.route", noted.Route),
				attribute.String("mandate.request.id", viewer.From(ctx).RequestID))
			if watched, ok := w.(*response); ok {
				span.SetAttributes(attribute.Int("http.response.status_code", watched.code()))
				if watched.code() >= http.StatusInternalServerError {
					span.SetAttributes(attribute.String("error.type", strconv.Itoa(watched.code())))
				}
			}
			span.End()
		}()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}
