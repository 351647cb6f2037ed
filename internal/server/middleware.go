package server

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"regexp"
	"runtime/debug"
	"strings"
	"time"

	"mandate/internal/telemetry"
	"mandate/internal/viewer"
)

// requestIDHeader carries the id by which a request is found in the log.
const requestIDHeader = "X-Request-Id"

// mostUserAgent is how much is kept of what a client calls itself, in characters.
const mostUserAgent = 300

var validRequestID = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// identify seats nobody as the viewer, with the facts of the request.
func (s *Server) identify(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := r.Header.Get(requestIDHeader)
		if !validRequestID.MatchString(id) {
			id = rand.Text()
		}
		w.Header().Set(requestIDHeader, id)
		v := viewer.Viewer{RequestID: id, UserAgent: userAgent(r)}
		if address := s.client(r); address.IsValid() {
			v.Address = address.String()
		}
		next.ServeHTTP(w, r.WithContext(viewer.With(r.Context(), v)))
	})
}

func userAgent(r *http.Request) string {
	runes := []rune(strings.ToValidUTF8(r.UserAgent(), ""))
	return string(runes[:min(len(runes), mostUserAgent)])
}

// Observer is told of every request.
type Observer interface {
	Begun()
	Answered(*telemetry.Request)
}

// note gathers what is noted about a request, and when it was answered writes a line of the log and tells the observer.
// The line holds no secret and nothing about people: neither their names nor addresses, no path, no query, no body; of what a
// client chooses only the operation's name and the request id.
func (s *Server) note(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		watched := &response{ResponseWriter: w}
		noted := &telemetry.Request{Method: method(r)}
		if s.Observer != nil {
			s.Observer.Begun()
		}
		defer func() {
			noted.Status, noted.Duration = watched.code(), time.Since(start)
			if s.Observer != nil {
				s.Observer.Answered(noted)
			}
			s.log(r, noted)
		}()
		next.ServeHTTP(watched, r.WithContext(telemetry.With(r.Context(), noted)))
	})
}

// log writes the line of a request. What asks whether the program lives is not worth one.
func (s *Server) log(r *http.Request, noted *telemetry.Request) {
	level := slog.LevelInfo
	if noted.Route == "/healthz" || noted.Route == "/readyz" {
		level = slog.LevelDebug
	}
	attrs := []slog.Attr{slog.String("method", noted.Method), slog.String("route", noted.Route), slog.Int("status", noted.Status),
		slog.Float64("durationMs", float64(noted.Duration.Microseconds())/1000), slog.String("requestId", viewer.From(r.Context()).RequestID)}
	if kind, closed := noted.Stream(); kind != "" {
		attrs = append(attrs, slog.String("stream", kind))
		if closed != 0 {
			attrs = append(attrs, slog.Int("closed", closed))
		}
	}
	if name := noted.Name(); name != "" {
		attrs = append(attrs, slog.String("operation", name))
	}
	if code := noted.Code(); code != "" {
		attrs = append(attrs, slog.String("code", code))
	}
	s.Log.LogAttrs(r.Context(), level, "request", attrs...)
}

// method is the method of a request if it is one of those that servers know, and else OTHER: a client may send any word.
func method(r *http.Request) string {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodOptions, http.MethodPut, http.MethodPatch, http.MethodDelete:
		return r.Method
	}
	return "OTHER"
}

// route notes which route a request takes.
func route(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() { telemetry.From(r.Context()).Routed(r.Pattern) }() // set by the mux
		mux.ServeHTTP(w, r)
	})
}

// response notes how a request was answered.
type response struct {
	http.ResponseWriter
	status int
}

// WriteHeader notes the status.
func (w *response) WriteHeader(status int) {
	if w.status == 0 && (status >= http.StatusOK || status == http.StatusSwitchingProtocols) {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write notes that the status is 200 when nobody said otherwise.
func (w *response) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *response) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *response) code() int {
	if w.status == 0 {
		return http.StatusOK
	}
	return w.status
}

// recover answers 500 when a handler panics; why is in the log only.
func (s *Server) recover(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			cause := recover()
			if cause == nil {
				return
			}
			if err, ok := cause.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(cause)
			}
			s.Log.ErrorContext(r.Context(), "panic", "cause", cause, "stack", string(debug.Stack()), "requestId", viewer.From(r.Context()).RequestID)
			if watched, ok := w.(*response); ok && watched.status != 0 {
				panic(http.ErrAbortHandler) // half an answer went out: break the connection, so that nobody takes it for a whole one
			}
			s.fail(w, r)
		}()
		next.ServeHTTP(w, r)
	})
}

// harden sets what browsers are told about every answer; the pages and GraphiQL loosen the policy to what they need. Where
// people reach the server by HTTPS, their browsers keep to that for a year.
func (s *Server) harden(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		if s.PublicURL.Scheme == "https" {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		next.ServeHTTP(w, r)
	})
}

// limit ends the work of a request that takes too long. An export, which lasts as long as it is long, limits its pages, and what
// opens a stream each piece of work that it leads to.
func limit(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, exportPath) || opensStream(r) {
			next.ServeHTTP(w, r)
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), requestLimit)
		defer cancel()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// form stands before a page's form: only our own pages submit it, and it is small. Over plain HTTP to another machine a
// browser does not say whose page a form is on, and our referrer policy makes its Origin null: that is let through. The
// pages have no cookies; who submits a form without knowing a secret achieves nothing.
func (s *Server) form(next http.Handler) http.Handler {
	protection := http.NewCrossOriginProtection()
	protection.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.message(w, r, http.StatusForbidden, "That did not work", "The form was sent from another site's page. Open the link from the e-mail and try again.")
	}))
	strict := protection.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, mostForm)
		if r.Header.Get("Sec-Fetch-Site") == "" && r.Header.Get("Origin") == "null" {
			next.ServeHTTP(w, r)
			return
		}
		strict.ServeHTTP(w, r)
	})
}

// mostForm is the size of the largest form, in bytes.
const mostForm = 64 << 10

// local answers only the machine itself, asked under a name of its own: another site cannot read the page by giving
// its name our address.
func local(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := r.Host
		if h, _, err := net.SplitHostPort(host); err == nil {
			host = h
		}
		ours := host == "localhost" || net.ParseIP(strings.Trim(host, "[]")).IsLoopback()
		if !ours || !peer(r).IsLoopback() {
			http.NotFound(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}
