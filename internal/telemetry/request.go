// Package telemetry gathers what is noted about a request on its way through the program, for the log, the metrics and
// the traces that are written when it was answered. It holds no secret and nothing that tells who a person is: no
// addresses, no query strings, no variables, nothing of a body.
package telemetry

import (
	"context"
	"strings"
	"sync"
	"time"
)

// Request is what is noted about one request.
type Request struct {
	Method   string // one that HTTP defines, else OTHER
	Route    string // the pattern of the path, such as /mailbox/{id}; none for a path that there is not
	Status   int
	Duration time.Duration

	mu         sync.Mutex
	stream     string
	closed     int
	operations []Operation
	signIns    []bool
}

// Operation is one GraphQL operation. A page of the program's own carries out several in one request.
type Operation struct {
	Kind string // query or mutation; "" for what was refused before that was known
	Name string // chosen by the client; "" without one
	Code string // of the first error; OK without errors
}

// OK is the code of an operation without errors. The userErrors of a mutation are part of its answer, not errors.
const OK = "OK"

// Routed notes the pattern of the route that was taken, such as "GET /mailbox/{id}". On the request of nobody it does
// nothing.
func (r *Request) Routed(pattern string) {
	if r == nil {
		return
	}
	if pattern == "" {
		r.Route = "none"
		return
	}
	_, path, found := strings.Cut(pattern, " ")
	if !found {
		path = pattern
	}
	r.Route = strings.TrimSuffix(path, "{$}")
}

// The streams that a request may open.
const (
	WebSocket   = "websocket"
	EventStream = "sse"
)

// Streamed notes that the request opened a stream, which lasts, and of which kind.
func (r *Request) Streamed(kind string) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stream = kind
}

// Closed notes the code that a WebSocket was closed with, by whichever side was first.
func (r *Request) Closed(code int) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed == 0 {
		r.closed = code
	}
}

// Stream is the kind of stream that the request opened, or "", and the code that it was closed with, or 0.
func (r *Request) Stream() (kind string, closed int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.stream, r.closed
}

// mostOperations is how many operations are noted: a stream may last, and carry out many.
const mostOperations = 100

// Operated notes an operation. On the request of nobody it does nothing.
func (r *Request) Operated(o Operation) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.operations) < mostOperations {
		r.operations = append(r.operations, o)
	}
}

// SignedIn notes a try to sign in, and whether it succeeded. On the request of nobody it does nothing.
func (r *Request) SignedIn(ok bool) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.signIns = append(r.signIns, ok)
}

// Operations lists the operations that the request carried out.
func (r *Request) Operations() []Operation {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.operations
}

// SignIns lists the tries to sign in, each by whether it succeeded.
func (r *Request) SignIns() []bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.signIns
}

// Name is the names of the operations, separated by commas; "" without any.
func (r *Request) Name() string {
	var names []string
	for _, o := range r.Operations() {
		if o.Name != "" {
			names = append(names, o.Name)
		}
	}
	return strings.Join(names, ",")
}

// Code is that of the first operation that was not OK, else OK; "" for a request without operations.
func (r *Request) Code() string {
	code := ""
	for _, o := range r.Operations() {
		if o.Code != OK {
			return o.Code
		}
		code = OK
	}
	return code
}

type key struct{}

// With returns a context whose request is r.
func With(ctx context.Context, r *Request) context.Context { return context.WithValue(ctx, key{}, r) }

// From returns the request of ctx; without one nil, which takes notes and forgets them.
func From(ctx context.Context) *Request {
	r, _ := ctx.Value(key{}).(*Request)
	return r
}
