package graph

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"mandate/ent"
	"mandate/internal/access"
	"mandate/internal/auth"
	"mandate/internal/graphqlhttp"
	"mandate/internal/mandate"
	"mandate/internal/telemetry"
	"mandate/internal/viewer"
)

// How an export is sent.
const (
	mostRunning    = 2                // exports of a person at once
	placeWait      = 10 * time.Second // until whoever has as many may try again
	exportedAtOnce = 100              // events of a page: each may be as long as a request
	pageLimit      = 10 * time.Second // to read a page
	takingLimit    = 30 * time.Second // for the client to take one
)

// export serves the audit trails of tenants as files.
type export struct {
	Resolver
	seat    func(*http.Request) (context.Context, error)
	mu      sync.Mutex
	running map[string]int // by the ids of people
}

// NewExport returns the export of audit trails as a handler of GET requests; the id of the tenant is their path value
// tenantId. It asks seat for the context of whoever sends the request, before every page anew: whoever loses the session, or AUDIT VIEW in the
// tenant, gets no further event.
func NewExport(c Config, seat func(*http.Request) (context.Context, error)) http.Handler {
	return &export{Resolver: Resolver{c}, seat: seat, running: make(map[string]int)}
}

// ServeHTTP sends the events that are asked for, oldest first, a page at a time. An answer that cannot be finished ends
// with a line that says so, and then the connection is broken off: no client takes it for a whole one.
func (x *export) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	q, err := x.read(r)
	if err != nil {
		x.refuse(w, r, err)
		return
	}
	defer x.end(q)
	page, err := x.page(r, q, nil, w.Header())
	if err != nil {
		x.refuse(w, r, err)
		return
	}
	w.Header().Set("Content-Type", q.format.mediaType)
	w.Header().Set("Content-Disposition", fmt.Sprintf("attachment; filename=audit-%s.%s", page.tenantID, q.format.extension))
	conn := http.NewResponseController(w)
	_ = conn.SetReadDeadline(time.Time{}) // the server's own would end the answer
	out := q.format.to(w)
	for {
		err := send(conn, out, func() {
			for _, e := range page.events {
				out.event(e)
			}
		})
		if err != nil {
			panic(http.ErrAbortHandler) // the client has gone, or takes no more
		}
		if page.next == nil {
			return
		}
		if page, err = x.page(r, q, page.next, nil); err != nil {
			_ = send(conn, out, func() { out.incomplete(told(r, err)) })
			panic(http.ErrAbortHandler)
		}
	}
}

// send lets write write, and gives the client some time to take that.
func send(conn *http.ResponseController, out exportWriter, write func()) error {
	_ = conn.SetWriteDeadline(time.Now().Add(takingLimit)) // in place of the server's, which is for a whole answer
	write()
	return errors.Join(out.flush(), conn.Flush())
}

// refuse answers a request of which nothing can be exported.
func (x *export) refuse(w http.ResponseWriter, r *http.Request, err error) {
	e := told(r, err)
	status, known := exportStatus[e.Extensions["code"].(string)]
	if !known {
		status = http.StatusInternalServerError
	}
	if status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", "Bearer")
	}
	if errors.Is(err, errNoMethod) {
		w.Header().Set("Allow", http.MethodGet)
		status = http.StatusMethodNotAllowed
	}
	tellThrottled(w.Header(), gqlerror.List{e})
	graphqlhttp.Write(w, graphqlhttp.JSON, status, exportError{gqlerror.List{e}})
}

// told writes an error for the client, and notes it for the log and the metrics.
func told(r *http.Request, err error) *gqlerror.Error {
	e := present(r.Context(), err)
	telemetry.From(r.Context()).Operated(telemetry.Operation{Code: e.Extensions["code"].(string)})
	return e
}

// exportError tells why there is no export, or no more of it, as the API tells errors.
type exportError struct {
	Errors gqlerror.List `json:"errors"`
}

// exportStatus is the status of a refusal, by its code.
var exportStatus = map[string]int{
	errUnauthenticated.code: http.StatusUnauthorized, errForbidden.code: http.StatusForbidden, errNoTenant.code: http.StatusNotFound,
	"RATE_LIMITED": http.StatusTooManyRequests, "BAD_USER_INPUT": http.StatusBadRequest, errUnavailable.code: http.StatusServiceUnavailable,
}

var (
	errNoSession = &fault{graphqlhttp.NoSession.Code, graphqlhttp.NoSession.Message}
	errNoTenant  = &fault{"NOT_FOUND", "There is no such tenant."}
	errNoMethod  = badInput("Ask for an export by GET.")
)

// exportPage is a part of an export; next is where the following one begins, nil after the last.
type exportPage struct {
	tenantID string
	events   []*exportedEvent
	next     *string
}

// page reads the events behind a cursor, as far as whoever sends the request sees them now. The first one draws on the
// budget of whoever that is, for the whole export, and tells in header what is left of it.
func (x *export) page(r *http.Request, q *exportQuery, after *string, header http.Header) (*exportPage, error) {
	ctx, cancel := context.WithTimeout(r.Context(), pageLimit)
	defer cancel()
	ctx, err := x.seat(r.WithContext(ctx))
	switch {
	case errors.Is(err, auth.ErrNoSession):
		return nil, errNoSession
	case err != nil:
		return nil, err
	case !viewer.From(ctx).SignedIn():
		return nil, errUnauthenticated
	}
	if after == nil {
		if err := x.begin(ctx, q, header); err != nil {
			return nil, err
		}
	}
	ctx = rootField(ctx, x.Config, true)
	found, err := x.nodesByID(ctx, []string{q.tenantID})
	if err != nil {
		return nil, err
	}
	t, _ := found[q.tenantID].(*ent.Tenant)
	if t == nil {
		return nil, errNoTenant
	}
	if err := needs(ctx, t, access.Audit, access.View); err != nil {
		return nil, err
	}
	return x.trail(ctx, t, q, after)
}

// begin takes one request, and the cost of a page of events, from the budget of whoever asks, and one of the places that a
// person has. It fails with a *mandate.Throttled.
func (x *export) begin(ctx context.Context, q *exportQuery, header http.Header) error {
	ctx, err := x.Budgets.enter(ctx, header)
	q.leave = func() { leave(ctx) }
	if err == nil {
		_, err = spend(ctx, exportedAtOnce)
	}
	if err != nil {
		return err
	}
	person := viewer.From(ctx).UserID
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.running[person] == mostRunning {
		return &mandate.Throttled{RetryAfter: placeWait}
	}
	x.running[person]++
	q.runs = person
	return nil
}

// end gives the place of an export back, if it had one.
func (x *export) end(q *exportQuery) {
	if q.leave != nil {
		q.leave()
	}
	if q.runs == "" {
		return
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.running[q.runs]--; x.running[q.runs] == 0 {
		delete(x.running, q.runs)
	}
}

func (x *export) trail(ctx context.Context, t *ent.Tenant, q *exportQuery, after *string) (*exportPage, error) {
	where, err := auditFilter(&q.filter)
	if err != nil {
		return nil, err
	}
	l := x.auditList(&q.filter)
	l.newest = false
	found, err := pageBelow(ctx, &x.Resolver, l, t.ID, window{limit: exportedAtOnce, cursor: after}, where)
	if err != nil {
		return nil, err
	}
	page := &exportPage{tenantID: t.ID}
	for _, e := range found.Nodes {
		seen, err := x.seen(ctx, e)
		if err != nil {
			return nil, err
		}
		page.events = append(page.events, exported(e, seen))
	}
	if found.PageInfo.HasNextPage {
		page.next = found.PageInfo.EndCursor()
	}
	return page, nil
}
