package server

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/rs/cors"

	"mandate/internal/auth"
	"mandate/internal/graphqlhttp"
	"mandate/internal/telemetry"
	"mandate/internal/viewer"
)

// preflightHeader is for clients that have nothing else to send that makes a browser ask first, as the GraphQL-over-HTTP
// specification has it.
const preflightHeader = "GraphQL-Require-Preflight"

// graphql is the API for clients on the network. Who asks is said by a session's token and by nothing else: there are no
// cookies, so that no page can make its visitors ask in their own name. Browsers ask only from our own pages and from those
// of the listed origins.
func (s *Server) graphql() (http.Handler, error) {
	return s.crossOrigin(s.admit(s.Sessions.Bearer(s.streaming(s.API), s.unseated)))
}

// crossOrigin lets browsers ask from our own pages and those of the listed origins, and from no other.
func (s *Server) crossOrigin(next http.Handler) (http.Handler, error) {
	handler, err := s.guard(next)
	if err != nil || len(s.Origins) == 0 { // no origins in cors.Options would mean every origin
		return handler, err
	}
	return cors.New(cors.Options{
		AllowedOrigins: s.Origins,
		AllowedMethods: []string{http.MethodGet, http.MethodPost},
		AllowedHeaders: []string{"Accept", "Authorization", "Content-Type", "Idempotency-Key", preflightHeader, requestIDHeader},
		ExposedHeaders: []string{"Idempotency-Replayed", "RateLimit", "RateLimit-Policy", "Retry-After", requestIDHeader},
		MaxAge:         600,
	}).Handler(handler), nil
}

// guard refuses what browsers send for pages of other origins. It judges a GET as strictly as a POST: a GET changes nothing,
// but it works the server, and an image on any page can send one. From a listed origin, too, a GET bears a header that goes
// out only after a preflight; a token is one, and so a GET without any is nobody's. The JSON of a POST always takes a
// preflight. A WebSocket cannot bear a header of its page's choice, and needs none: nobody asks by it before it bore a token.
// Clients that are no browsers say nothing about origins and are let through.
func (s *Server) guard(next http.Handler) (http.Handler, error) {
	protection := http.NewCrossOriginProtection()
	own := s.PublicURL.Scheme + "://" + s.PublicURL.Host
	for _, origin := range append([]string{own}, s.Origins...) {
		if err := protection.AddTrustedOrigin(origin); err != nil {
			return nil, fmt.Errorf("trust an origin: %w", err)
		}
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		judged := *r
		if r.Method == http.MethodGet || r.Method == http.MethodHead {
			judged.Method = http.MethodPost // the protection lets every GET through
		}
		switch {
		case protection.Check(&judged) != nil:
			s.refuse(w, r, graphqlhttp.Refusal{Status: http.StatusForbidden, Code: "FORBIDDEN", Message: "Pages of this origin may not call the API."})
		case r.Method != judged.Method && fromElsewhere(r) && !preflighted(r) && !graphqlhttp.Upgrades(r):
			s.refuse(w, r, graphqlhttp.Refusal{Status: http.StatusForbidden, Code: "FORBIDDEN",
				Message: "Pages of another origin send queries by GET with the header " + preflightHeader + "."})
		default:
			next.ServeHTTP(w, r)
		}
	}), nil
}

// fromElsewhere reports whether a browser says that it sends a GET for a page of another origin.
func fromElsewhere(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "same-origin", "none":
		return false
	case "":
		return r.Header.Get("Origin") != "" // of an old browser: with a GET, it names other origins only
	}
	return true
}

// preflighted reports whether a request bears a header that a browser sends to another origin only when a preflight allowed it.
func preflighted(r *http.Request) bool {
	return r.Header.Get("Authorization") != "" || r.Header.Get(preflightHeader) != "" ||
		strings.HasPrefix(r.Header.Get("Content-Type"), graphqlhttp.JSON)
}

// unseated answers a request whose token cannot be used.
func (s *Server) unseated(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, auth.ErrNoSession) {
		w.Header().Set("WWW-Authenticate", "Bearer")
		s.refuse(w, r, graphqlhttp.NoSession)
		return
	}
	s.Log.ErrorContext(r.Context(), "find out who asks", "error", err, "requestId", viewer.From(r.Context()).RequestID)
	s.unavailable(w, r)
}

// admit refuses a request at once when the database cannot be asked, or has no connection free for too long: better
// than letting it wait for an answer that will not come.
func (s *Server) admit(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := s.Admit(r.Context()); err != nil {
			s.Log.WarnContext(r.Context(), "request refused", "error", err, "requestId", viewer.From(r.Context()).RequestID)
			s.unavailable(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// forPrograms reports whether a request is answered to a program, and not by a page.
func forPrograms(r *http.Request) bool {
	return r.URL.Path == "/graphql" || strings.HasPrefix(r.URL.Path, exportPath)
}

// unavailable answers that the program cannot work now.
func (s *Server) unavailable(w http.ResponseWriter, r *http.Request) {
	if forPrograms(r) {
		s.refuse(w, r, graphqlhttp.Unavailable)
		return
	}
	w.Header().Set("Retry-After", "1")
	s.message(w, r, http.StatusServiceUnavailable, "Please try again", "The service cannot answer now. Nothing was done.")
}

// fail answers that the program is at fault, and no more.
func (s *Server) fail(w http.ResponseWriter, r *http.Request) {
	if forPrograms(r) {
		s.refuse(w, r, graphqlhttp.Refusal{Status: http.StatusInternalServerError, Code: "INTERNAL", Message: "Something went wrong."})
		return
	}
	s.message(w, r, http.StatusInternalServerError, "Something went wrong",
		"That was our fault. Please try again. If it happens again, tell whoever runs this service the number "+viewer.From(r.Context()).RequestID+".")
}

// refuse answers a request to the API that did not get as far as the API, in its words.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, f graphqlhttp.Refusal) {
	telemetry.From(r.Context()).Operated(telemetry.Operation{Code: f.Code})
	graphqlhttp.Refuse(w, r, f)
}
