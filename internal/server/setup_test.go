package server

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	entsql "entgo.io/ent/dialect/sql"

	"mandate/ent"
	_ "mandate/ent/runtime"
	"mandate/internal/auth"
	"mandate/internal/clock"
	"mandate/internal/database"
	"mandate/internal/testdb"
	"mandate/internal/viewer"
)

// fake answers operations by their names and keeps what it was asked.
type fake struct {
	mu      sync.Mutex
	answers map[string]string
	asked   []operation
}

// operation is what the fake was asked, and by whom.
type operation struct {
	Name   string
	Input  map[string]any
	viewer viewer.Viewer
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Query     string
		Variables map[string]any
	}
	if r.Method != http.MethodPost {
		body.Query = r.URL.Query().Get("query")
	} else if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		http.Error(w, "bad JSON", http.StatusBadRequest)
		return
	}
	name, _, _ := strings.Cut(strings.Fields(body.Query)[1], "(")
	in, _ := body.Variables["input"].(map[string]any)
	f.mu.Lock()
	f.asked = append(f.asked, operation{name, in, viewer.From(r.Context())})
	answer, ok := f.answers[name]
	f.mu.Unlock()
	if name == "Panic" {
		panic("the secret cause")
	}
	if !ok {
		answer = `{"errors": [{"message": "unexpected operation", "extensions": {"code": "INTERNAL"}}]}`
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, answer)
}

// on sets the data that an operation answers.
func (f *fake) on(name, data string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answers[name] = `{"data": ` + data + `}`
}

// refuse has an operation fail with an error that has these extensions.
func (f *fake) refuse(name, extensions string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answers[name] = `{"data": null, "errors": [{"message": "No.", "extensions": ` + extensions + `}]}`
}

// names lists what was asked since the last call.
func (f *fake) names() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var names []string
	for _, o := range f.asked {
		names = append(names, o.Name)
	}
	f.asked = nil
	return strings.Join(names, " ")
}

// last returns the newest operation with the name.
func (f *fake) last(t *testing.T, name string) operation {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := len(f.asked) - 1; i >= 0; i-- {
		if f.asked[i].Name == name {
			return f.asked[i]
		}
	}
	t.Fatalf("%s was not asked", name)
	return operation{}
}

// world is a server over a fake API, and a person with a session.
type world struct {
	t       *testing.T
	api     *fake
	server  *Server
	session string // token
	user    string
	log     *bytes.Buffer
	broken  error // why the server is not ready, and answers nothing that needs the database
}

func newWorld(t *testing.T, change ...func(*Config)) *world {
	t.Helper()
	db, err := database.Open(t.Context(), testdb.New(t, testdb.SQLite))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	w := &world{t: t, api: &fake{answers: map[string]string{}}, log: &bytes.Buffer{}}
	w.signIn(ent.NewClient(ent.Driver(entsql.OpenDB(db.Dialect, db.Write))))
	w.api.on("SignIn", `{"signIn": {"token": "`+w.session+`", "userErrors": []}}`)
	w.api.on("SignOut", `{"signOut": {"ok": true}}`)
	c := Config{
		API: w.api, Pages: w.api, SDL: func() string { return "type Query\n" }, GraphiQL: true, Name: "Contoso Cloud",
		Sessions:  &auth.Sessions{Read: db.Read, Write: db.Write, Clock: clock.System},
		PublicURL: &url.URL{Scheme: "https", Host: "mandate.example"},
		Ready:     func(context.Context) error { return w.broken },
		Admit:     func(context.Context) error { return w.broken },
		Log:       slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	for _, f := range change {
		f(&c)
	}
	if w.server, err = New(c); err != nil {
		t.Fatal(err)
	}
	return w
}

// signIn makes a person and a session.
func (w *world) signIn(client *ent.Client) {
	ctx := viewer.System(w.t.Context(), "test")
	u := client.User.Create().SetEmail("kim@contoso.example").SetEmailCanonical("kim@contoso.example").SaveX(ctx)
	token, hash := auth.NewToken()
	now := clock.System()
	client.Session.Create().SetUserID(u.ID).SetTokenHash(hash).SetStartedAt(now).SetAuthenticatedAt(now).
		SetLastSeenAt(now).SetExpiresAt(now.Add(time.Hour)).ExecX(ctx)
	w.session, w.user = token, u.ID
}

// ask sends a request to the server.
func (w *world) ask(method, target, body string, headers ...string) *http.Response {
	w.t.Helper()
	return w.answer(w.request(method, target, body, headers...))
}

func (w *world) request(method, target, body string, headers ...string) *http.Request {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Host = "mandate.example"
	for i := 0; i < len(headers); i += 2 {
		if headers[i] == "Host" {
			r.Host = headers[i+1]
		}
		r.Header.Set(headers[i], headers[i+1])
	}
	if r.Header.Get("From-Address") != "" {
		r.RemoteAddr = r.Header.Get("From-Address")
	}
	return r
}

func (w *world) answer(r *http.Request) *http.Response {
	answer := httptest.NewRecorder()
	w.server.ServeHTTP(answer, r)
	return answer.Result()
}

// get opens a page; submit sends one of its forms.
func (w *world) get(target string) (status int, body string) {
	w.t.Helper()
	return read(w.t, w.ask("GET", target, ""))
}

func (w *world) submit(path string, pairs ...string) (status int, body string) {
	w.t.Helper()
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return read(w.t, w.ask("POST", path, form.Encode(),
		"Content-Type", "application/x-www-form-urlencoded", "Sec-Fetch-Site", "same-origin"))
}

func read(t *testing.T, r *http.Response) (status int, body string) {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return r.StatusCode, string(b)
}

// holds sees that a page was answered with the status, contains every wanted text, and none that begins with "!".
func holds(t *testing.T, status int, body string, want int, texts ...string) {
	t.Helper()
	if status != want {
		t.Errorf("status %d; want %d", status, want)
	}
	for _, text := range texts {
		unwanted, no := strings.CutPrefix(text, "!")
		if no && strings.Contains(body, unwanted) {
			t.Errorf("the page holds %q:\n%s", unwanted, body)
		}
		if !no && !strings.Contains(body, text) {
			t.Errorf("the page lacks %q:\n%s", text, body)
		}
	}
}

var errBroken = errors.New("the secret cause")
