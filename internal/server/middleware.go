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

	"mandate/internal/viewer"
)

// requestIDHeader carries the id by which a request is found in the log.
const requestIDHeader = "X-Request-Id"

// mostUserAgent is how much is kept of what a client calls itself, in characters.
const mostUserAgent = 300

var validRequestID = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// identify seats nobody as the viewer, with the facts of the request. The address is that of the connection: headers
// about forwarding prove nothing.
func (s *Server) identify(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := r.Header.Get(requestIDHeader)
		if !validRequestID.MatchString(id) {
			id = rand.Text()
		}
		w.Header().Set(requestIDHeader, id)
		v := viewer.Viewer{RequestID: id, Address: address(r), UserAgent: userAgent(r)}
		next.ServeHTTP(w, r.WithContext(viewer.With(r.Context(), v)))
	})
}

func address(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return ""
	}
	return host
}

func userAgent(r *http.Request) string {
	runes := []rune(strings.ToValidUTF8(r.UserAgent(), ""))
	return string(runes[:min(len(runes), mostUserAgent)])
}

// log writes a line about each request. It holds nothing that people typed and no secret: no query, no body.
func (s *Server) log(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		watched := &response{ResponseWriter: w}
		defer func() {
			level := slog.LevelInfo
			if r.URL.Path == "/healthz" || r.URL.Path == "/readyz" {
				level = slog.LevelDebug
			}
			s.Log.Log(r.Context(), level, "request", "method", r.Method, "path", r.URL.Path, "status", watched.code(),
				"duration", time.Since(start), "requestId", viewer.From(r.Context()).RequestID)
		}()
		next.ServeHTTP(watched, r)
	})
}

// response notes how a request was answered.
type response struct {
	http.ResponseWriter
	status int
}

// WriteHeader notes the status.
func (w *response) WriteHeader(status int) {
	if w.status == 0 && status >= 200 {
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

// harden sets what browsers are told about every answer; the pages and GraphiQL loosen the policy to what they need.
func harden(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		next.ServeHTTP(w, r)
	})
}

// limit ends the work of a request that takes too long.
func limit(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
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
		if !ours || !net.ParseIP(address(r)).IsLoopback() {
			http.NotFound(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}
