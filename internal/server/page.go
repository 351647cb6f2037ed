package server

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"

	"mandate/internal/auth"
	"mandate/internal/viewer"
)

// The pages need nothing but their stylesheet; what little they ask is asked by forms.
const pagePolicy = "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

//go:embed pages
var files embed.FS

var functions = template.FuncMap{
	"moment": moment,
	"lines":  func(s string) []string { return strings.Split(strings.ReplaceAll(s, "\r\n", "\n"), "\n") },
}

// templates are the pages by name, each in the common layout.
var templates = func() map[string]*template.Template {
	common := template.Must(template.New("").Funcs(functions).ParseFS(files, "pages/layout.html", "pages/parts.html"))
	found := map[string]*template.Template{}
	for _, name := range []string{"connected", "gone", "home", "invitation", "join", "letter", "mailbox", "message", "password", "verify"} {
		found[name] = template.Must(template.Must(common.Clone()).ParseFS(files, path.Join("pages", name+".html")))
	}
	return found
}()

// page is what a person is shown.
type page struct {
	status int // 200 unless it says otherwise
	name   string
	title  string
	data   any
}

// layout is what the common layout shows.
type layout struct {
	Brand, Title string
	Wide         bool
	Page         any
}

// field is one thing that a form asks for.
type field struct {
	Name, Label, Type, Value string
	Autocomplete             string
	Hint, Error              string
	Most                     int // characters
	Optional                 bool
	Options                  []option // of a select
}

// option is one of the values that a field can have.
type option struct{ Value, Label string }

// moment prints a time for readers in any time zone.
func moment(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04") + " UTC" }

// page answers with what f returns. A session that f leaves behind, and that its page does not go on with, is ended.
func (s *Server) page(f func(*visit, *http.Request) (page, error)) http.HandlerFunc {
	return s.admit(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			s.message(w, r, http.StatusBadRequest, "That did not work", "What the form sent is too long or damaged.")
			return
		}
		v := &visit{Server: s, ctx: r.Context(), token: r.PostForm.Get("session")}
		p, err := f(v, r)
		v.leave()
		var late *throttled
		switch {
		case errors.Is(err, auth.ErrNoSession):
			s.message(w, r, http.StatusUnauthorized, "You were signed out", "Nothing was done. Open the link again and log in.")
		case errors.Is(err, errForbidden):
			s.message(w, r, http.StatusForbidden, "You may not do that", "Nothing was done. It takes somebody who decides about partners for the organisation: ask one of its administrators.")
		case errors.As(err, &late):
			w.Header().Set("Retry-After", strconv.Itoa(late.seconds))
			s.message(w, r, http.StatusTooManyRequests, "Too many tries", "Nothing was done. Please go back and try again "+soon(late.seconds)+".")
		case err != nil:
			s.Log.ErrorContext(r.Context(), "page", "route", r.Pattern, "error", err, "requestId", viewer.From(r.Context()).RequestID)
			s.fail(w, r)
		default:
			s.render(w, r, p)
		}
	})).ServeHTTP
}

// soon says in how long, for people.
func soon(seconds int) string {
	switch {
	case seconds <= 1:
		return "in a second"
	case seconds < 120:
		return fmt.Sprintf("in %d seconds", seconds)
	}
	return fmt.Sprintf("in %d minutes", (seconds+59)/60)
}

// message answers with a page of a few words.
func (s *Server) message(w http.ResponseWriter, r *http.Request, status int, title, text string) {
	s.render(w, r, page{status: status, name: "message", title: title, data: text})
}

// gone is the one page for every link that does not work.
func gone() page {
	return page{status: http.StatusNotFound, name: "gone", title: "This link does not work any more"}
}

func (s *Server) render(w http.ResponseWriter, r *http.Request, p page) {
	brand := s.Name
	if brand == "" {
		brand = "Mandate"
	}
	var body bytes.Buffer
	if err := templates[p.name].ExecuteTemplate(&body, "layout", layout{brand, p.title, p.name == "mailbox" || p.name == "letter", p.data}); err != nil {
		panic(fmt.Errorf("write the page %s: %w", p.name, err))
	}
	h := w.Header()
	h.Set("Content-Security-Policy", pagePolicy)
	if p.name == "letter" {
		h.Set("Content-Security-Policy", letterPolicy)
	}
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	if p.status == 0 {
		p.status = http.StatusOK
	}
	w.WriteHeader(p.status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body.Bytes())
	}
}

// home names what there is.
func (s *Server) home(w http.ResponseWriter, r *http.Request) {
	s.render(w, r, page{name: "home", title: "GraphQL API", data: struct{ GraphiQL, Schema, Mailbox bool }{s.GraphiQL, s.SDL != nil, s.Mailbox != nil}})
}

// stylesheet is the look of the pages.
var stylesheet = func() http.HandlerFunc {
	css, err := files.ReadFile("pages/pages.css")
	if err != nil {
		panic(err)
	}
	sum := sha256.Sum256(css)
	tag := `"` + hex.EncodeToString(sum[:16]) + `"`
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/css; charset=utf-8")
		w.Header().Set("Cache-Control", "no-cache")
		w.Header().Set("ETag", tag)
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(css))
	}
}()
