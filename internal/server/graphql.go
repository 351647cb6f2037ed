package server

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/rs/cors"

	"mandate/internal/auth"
	"mandate/internal/viewer"
)

// graphql is the API for clients on the network: who asks is said by a session's token, and browsers ask only from our
// own pages and from those of the listed origins.
func (s *Server) graphql() (http.Handler, error) {
	protection := http.NewCrossOriginProtection()
	protection.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.refuse(w, r, http.StatusForbidden, "FORBIDDEN", "Pages of this origin may not call the API.")
	}))
	own := s.PublicURL.Scheme + "://" + s.PublicURL.Host
	for _, origin := range append([]string{own}, s.Origins...) {
		if err := protection.AddTrustedOrigin(origin); err != nil {
			return nil, fmt.Errorf("trust an origin: %w", err)
		}
	}
	handler := protection.Handler(s.Sessions.Bearer(s.API, s.unseated))
	if len(s.Origins) == 0 { // an empty list would mean every origin
		return handler, nil
	}
	return cors.New(cors.Options{
		AllowedOrigins: s.Origins,
		AllowedMethods: []string{http.MethodPost},
		AllowedHeaders: []string{"Accept", "Authorization", "Content-Type", requestIDHeader},
		ExposedHeaders: []string{requestIDHeader},
		MaxAge:         600,
	}).Handler(handler), nil
}

// unseated answers a request whose token cannot be used.
func (s *Server) unseated(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, auth.ErrNoSession) {
		w.Header().Set("WWW-Authenticate", "Bearer")
		s.refuse(w, r, http.StatusUnauthorized, "UNAUTHENTICATED", "The session has ended, or never was: sign in.")
		return
	}
	s.Log.ErrorContext(r.Context(), "find out who asks", "error", err, "requestId", viewer.From(r.Context()).RequestID)
	s.fail(w, r)
}

// fail answers that the program is at fault, and no more.
func (s *Server) fail(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/graphql" {
		s.refuse(w, r, http.StatusInternalServerError, "INTERNAL", "Something went wrong.")
		return
	}
	s.message(w, r, http.StatusInternalServerError, "Something went wrong",
		"That was our fault. Please try again. If it happens again, tell whoever runs this service the number "+viewer.From(r.Context()).RequestID+".")
}

// refuse answers a request to the API that did not get as far as the API, in its words.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, status int, code, sentence string) {
	type failure struct {
		Message    string            `json:"message"`
		Extensions map[string]string `json:"extensions"`
	}
	body, err := json.Marshal(map[string][]failure{"errors": {{
		sentence, map[string]string{"code": code, "requestId": viewer.From(r.Context()).RequestID},
	}}})
	if err != nil {
		panic(err) // two strings
	}
	const media = "application/graphql-response+json"
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	if strings.Contains(r.Header.Get("Accept"), media) {
		w.Header().Set("Content-Type", media+"; charset=utf-8")
	}
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(body)
}
