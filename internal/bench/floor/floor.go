// Package floor answers the operations that are measured as the API answers them, byte for byte and under the same access
// rules, by SQL that was written and tuned by hand for each of them: it is how fast the API could be at most. Whoever is not
// among those who are measured, and whatever the API would answer with errors, is refused as not measured.
//
// It keeps nothing from one request to the next but prepared statements; the system's roles are compiled in.
package floor

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	"mandate/internal/auth"
	"mandate/internal/clock"
	"mandate/internal/database"
	"mandate/internal/graphqlhttp"
	asker "mandate/internal/viewer"
)

// Config is what a Floor works with.
type Config struct {
	DB        *database.DB
	PublicURL *url.URL // where links in mails lead
	Clock     clock.Clock
}

// Handler returns a floor over a database, by the machine's clock.
func Handler(db *database.DB) http.Handler {
	return New(Config{DB: db, PublicURL: &url.URL{Scheme: "http", Host: "localhost:8080"}, Clock: clock.System})
}

// Floor answers requests at /graphql.
type Floor struct {
	Config
	read, write *pool
	sql         words
	buffers     sync.Pool
}

// New returns a floor over a database, whose connections it takes for itself.
func New(c Config) *Floor {
	f := &Floor{Config: c, sql: wordsOf(c.DB.Dialect)}
	f.buffers.New = func() any { return new(answer) }
	f.read = newPool(c.DB.Read, f.sql.setUp)
	f.write = f.read
	if c.DB.Write != c.DB.Read {
		f.write = newPool(c.DB.Write, f.sql.setUp)
	}
	return f
}

// Close gives the connections back.
func (f *Floor) Close() error {
	if f.write == f.read {
		return f.read.close()
	}
	return errors.Join(f.read.close(), f.write.close())
}

// Serve answers what comes in at l as the floor over a database, until ctx is done.
func Serve(ctx context.Context, l net.Listener, db *database.DB) error {
	mux := http.NewServeMux()
	mux.Handle("POST /graphql", Handler(db))
	srv := &http.Server{
		Handler:           mux,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    32 << 10,
	}
	broken := make(chan error, 1)
	go func() { broken <- srv.Serve(l) }()
	select {
	case err := <-broken:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	finish, cancel := context.WithTimeout(context.WithoutCancel(ctx), 15*time.Second)
	defer cancel()
	return srv.Shutdown(finish)
}

// requestLimit is for the work of one request.
const requestLimit = 10 * time.Second

// errNotMeasured says that a request is none of those that are measured.
var errNotMeasured = errors.New("not measured")

// request is a request that is being answered.
type request struct {
	floor   *Floor
	conn    *conn
	now     time.Time
	viewer  viewer
	roles   map[string]levels // of custom roles
	id      string            // by which it is found in the log
	address string            // the client's
	head    answer            // of a list: where its page stands, which is known last and answered first
	*answer                   // the rest
}

// body is what a client posts.
type body struct {
	OperationName string
	Variables     struct {
		First      int
		After      *string
		Tenant, ID string
		Input      json.RawMessage
	}
}

// operations answer by name. The extensions are left to them, for each knows what it costs.
var operations = map[string]func(*request, context.Context, *body) error{
	"AssignedCustomers": (*request).assignedCustomers,
	"TechPartners":      (*request).techPartners,
	"Members":           (*request).members,
	"Customer":          (*request).customer,
	"Audit":             (*request).audit,
	"InviteCustomer":    (*request).inviteCustomer,
	"SetPermissions":    (*request).setPermissions,
}

// ServeHTTP answers one request.
func (f *Floor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), requestLimit)
	defer cancel()
	a := f.buffers.Get().(*answer)
	defer f.buffers.Put(a)
	*a = (*a)[:0]
	q := &request{floor: f, now: f.Clock(), id: r.Header.Get("X-Request-Id"), answer: a}
	if q.id == "" {
		q.id = rand.Text()
	}
	q.address, _, _ = net.SplitHostPort(r.RemoteAddr)
	err := q.serve(ctx, w, r)
	mediaType, ok := graphqlhttp.Accepts(r)
	switch {
	case errors.Is(err, auth.ErrNoSession):
		w.Header().Set("WWW-Authenticate", "Bearer")
		graphqlhttp.Refuse(w, r.WithContext(asker.With(r.Context(), asker.Viewer{RequestID: q.id})), graphqlhttp.NoSession)
	case err != nil, !ok:
		if !errors.Is(err, errNotMeasured) {
			slog.ErrorContext(ctx, "the floor failed", "error", err)
		}
		http.Error(w, "not measured", http.StatusInternalServerError)
	default:
		h := w.Header()
		h.Set("Content-Type", mediaType+"; charset=utf-8")
		h.Set("Cache-Control", "no-store")
		h.Set("Content-Length", strconv.Itoa(len(q.head)+len(*a)))
		_, _ = w.Write(q.head) // a client that has gone hears nothing
		_, _ = w.Write(*a)
	}
}

func (r *request) serve(ctx context.Context, w http.ResponseWriter, from *http.Request) (err error) {
	text, err := io.ReadAll(http.MaxBytesReader(w, from.Body, graphqlhttp.MostBytes))
	if err != nil {
		return errNotMeasured
	}
	var b body
	if err := json.Unmarshal(text, &b); err != nil || operations[b.OperationName] == nil {
		return errNotMeasured
	}
	if r.conn, err = r.floor.read.take(ctx); err != nil {
		return err
	}
	defer func() { r.floor.read.give(r.conn, unusual(err)) }()
	if err := r.seat(ctx, from.Header); err != nil {
		return err
	}
	return operations[b.OperationName](r, ctx, &b)
}

// unusual returns nil for an error after which a connection is as good as before.
func unusual(err error) error {
	if errors.Is(err, errNotMeasured) || errors.Is(err, auth.ErrNoSession) {
		return nil
	}
	return err
}

// write runs f on a connection that can write.
func (r *request) write(ctx context.Context, f func(*conn) error) error {
	p := r.floor.write
	if p == r.floor.read {
		return f(r.conn)
	}
	c, err := p.take(ctx)
	if err != nil {
		return err
	}
	err = f(c)
	p.give(c, unusual(err))
	return err
}

// transact runs f in one transaction, at the moment that the clock shows then.
func (r *request) transact(ctx context.Context, f func(*conn) error) error {
	return r.write(ctx, func(c *conn) error {
		r.now = r.floor.Clock()
		return c.transaction(ctx, r.floor.sql.begin, func() error { return f(c) })
	})
}

// after is where a page begins; nil for the first one.
func (b *body) after() (*cursor, error) {
	if b.Variables.After == nil {
		return nil, nil
	}
	c, err := readCursor(*b.Variables.After)
	return &c, err
}

// window is how many rows a page has.
func (b *body) window() (int, error) {
	if n := b.Variables.First; n >= 1 && n <= 100 {
		return n, nil
	}
	return 0, errNotMeasured
}
