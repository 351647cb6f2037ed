package graph

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"mandate/graph/exec"
	"mandate/internal/graphqlhttp"
	"mandate/internal/mandate"
)

// handler speaks GraphQL over HTTP, and has subscriptions spoken over WebSockets and streams of events.
type handler struct {
	exec   *engine
	config Config
}

// ServeHTTP answers one request.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Method == http.MethodOptions:
		graphqlhttp.Options(w)
		return
	case h.config.Connections == nil: // for the program's own pages
	case graphqlhttp.Upgrades(r):
		h.serveSocket(w, r)
		return
	case graphqlhttp.Streams(r):
		h.serveEvents(w, r)
		return
	}
	ctx, limited := h.config.Budgets.enter(graphql.StartOperationTrace(r.Context()), w.Header())
	defer leave(ctx)
	if limited != nil {
		h.refuse(ctx, w, r, http.StatusTooManyRequests, limited)
		return
	}
	params, status, fault := h.read(w, r)
	if fault != nil {
		h.refuse(ctx, w, r, status, fault)
		return
	}
	op, faults := h.exec.CreateOperationContext(ctx, params)
	switch {
	case faults == nil && op.Operation.Operation == ast.Subscription:
		h.refuse(graphql.WithOperationContext(ctx, op), w, r, refusedStatus(r), errNoStream)
	case r.Method != http.MethodPost && op.Operation != nil && op.Operation.Operation != ast.Query:
		w.Header().Set("Allow", http.MethodPost)
		h.refuse(ctx, w, r, http.StatusMethodNotAllowed, badInput("Send mutations by POST."))
	case faults != nil:
		h.refuse(graphql.WithOperationContext(ctx, op), w, r, refusedStatus(r), faults)
	default:
		h.execute(ctx, w, r, op)
	}
}

// read reads what a client asks; without that, the status and the error to refuse it with.
func (h *handler) read(w http.ResponseWriter, r *http.Request) (*graphql.RawParams, int, error) {
	request, refusal := graphqlhttp.Read(w, r)
	if refusal != nil {
		return nil, refusal.Status, &fault{refusal.Code, refusal.Message}
	}
	params, err := h.params(request)
	if err != nil {
		return nil, http.StatusBadRequest, err
	}
	params.Headers = r.Header
	return params, 0, nil
}

// params chooses the document that a request names.
func (h *handler) params(request *graphqlhttp.Request) (*graphql.RawParams, error) {
	params := &graphql.RawParams{Query: request.Query, OperationName: request.OperationName, Variables: request.Variables, Extensions: request.Extensions}
	if err := h.config.Trusted.choose(params, request.DocumentID); err != nil {
		return nil, err
	}
	if params.Query == "" {
		return nil, badInput("The request has no query.")
	}
	return params, nil
}

// mostBeside is how many fields of one request are resolved beside another one. Each may take a connection to the database, and
// what one request takes is missing to all others.
const mostBeside = 2

// execute carries an operation out and answers with what came of it.
func (h *handler) execute(ctx context.Context, w http.ResponseWriter, r *http.Request, op *graphql.OperationContext) {
	a, err := attempt(ctx, op)
	if err != nil {
		h.refuse(graphql.WithOperationContext(ctx, op), w, r, http.StatusBadRequest, err)
		return
	}
	ctx = mandate.WithAttempt(exec.Beside(ctx, mostBeside), a)
	responses, ctx := h.exec.DispatchOperation(ctx, op)
	answer := responses(ctx)
	if answer == nil { // its time was over, or the client gone, before anything was done
		h.refuse(ctx, w, r, http.StatusServiceUnavailable, errUnavailable)
		return
	}
	slices.SortStableFunc(answer.Errors, byPath)
	tellReplayed(w.Header(), a)
	mediaType, _ := graphqlhttp.Accepts(r)
	status := http.StatusOK
	if tellThrottled(w.Header(), answer.Errors) && string(answer.Data) == "null" {
		status = http.StatusTooManyRequests
	}
	graphqlhttp.Write(w, mediaType, status, written(answer))
}

// written writes an answer. Its data, which are JSON, are taken as they are.
func written(a *graphql.Response) graphqlhttp.Written {
	b := []byte{'{'}
	part := func(name string, v any) {
		text, err := json.Marshal(v)
		if err != nil {
			panic(err) // errors and extensions are made of what can be written
		}
		b = append(append(append(append(b, '"'), name...), `":`...), text...)
	}
	if len(a.Errors) > 0 {
		part("errors", a.Errors)
		b = append(b, ',')
	}
	data := a.Data
	if data == nil {
		data = json.RawMessage("null")
	}
	b = append(append(b, `"data":`...), data...)
	if len(a.Extensions) > 0 {
		b = append(b, ',')
		part("extensions", a.Extensions)
	}
	return append(b, '}')
}

// tellThrottled writes when to come back, and reports whether an error says that it was too much.
func tellThrottled(h http.Header, faults gqlerror.List) bool {
	var throttled *mandate.Throttled
	if !errors.As(faults, &throttled) {
		return false
	}
	h.Set("Retry-After", strconv.Itoa(throttled.Seconds()))
	return true
}

// refuse answers an operation of which nothing was done: there are errors and no data. For one that was too much, the status
// is 429, whatever it would be else.
func (h *handler) refuse(ctx context.Context, w http.ResponseWriter, r *http.Request, status int, err error) {
	answer := h.exec.DispatchError(ctx, listed(err))
	if tellThrottled(w.Header(), answer.Errors) {
		status = http.StatusTooManyRequests
	}
	mediaType, _ := graphqlhttp.Accepts(r)
	graphqlhttp.Write(w, mediaType, status, withoutData(answer))
}

// withoutData is what an answer is when nothing was done.
func withoutData(a *graphql.Response) any {
	return struct {
		Errors     gqlerror.List  `json:"errors"`
		Extensions map[string]any `json:"extensions,omitempty"`
	}{a.Errors, a.Extensions}
}

// refusedStatus is the status of an answer to an operation that could be read and was refused. In JSON it is 200: with
// another status, such an answer may come from anything between client and server.
func refusedStatus(r *http.Request) int {
	if mediaType, _ := graphqlhttp.Accepts(r); mediaType == graphqlhttp.JSON {
		return http.StatusOK
	}
	return http.StatusBadRequest
}

// byPath orders errors. Fields are resolved side by side and leave theirs in any order, but equal worlds answer alike.
func byPath(a, b *gqlerror.Error) int {
	if c := slices.CompareFunc(a.Path, b.Path, byStep); c != 0 {
		return c
	}
	return strings.Compare(a.Message, b.Message)
}

func byStep(a, b ast.PathElement) int {
	i, oneIsIndex := a.(ast.PathIndex)
	j, otherIsIndex := b.(ast.PathIndex)
	if oneIsIndex && otherIsIndex {
		return int(i - j)
	}
	return strings.Compare(ast.Path{a}.String(), ast.Path{b}.String())
}
