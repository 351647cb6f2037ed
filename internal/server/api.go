package server

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"mandate/internal/auth"
)

// api carries out operations of the API for the pages. It asks the same handler that clients on the network ask, and
// may no more than they: the pages have no way of their own into the product.
type api struct {
	handler  http.Handler
	sessions *auth.Sessions
}

// fault is a rule of the business that a mutation broke.
type fault struct {
	Message string
	Field   []string
	Code    string
}

// faults are the userErrors of a mutation.
type faults []fault

// has reports whether one of the faults has the code.
func (f faults) has(code string) bool {
	for _, one := range f {
		if one.Code == code {
			return true
		}
	}
	return false
}

// do carries an operation out as the owner of a session, or as nobody without a token, and reads the answer into
// answer, whose fields are named after the operation's. It returns auth.ErrNoSession when the session is over.
func (a api) do(ctx context.Context, token, operation string, variables map[string]any, answer any) error {
	ctx, err := a.sessions.Owner(ctx, token)
	if err != nil {
		return err
	}
	body, err := json.Marshal(map[string]any{"query": operation, "variables": variables})
	if err != nil {
		return fmt.Errorf("write an operation: %w", err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "/graphql", bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("write an operation: %w", err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/json")
	w := &recorder{header: http.Header{}}
	a.handler.ServeHTTP(w, r)
	return w.read(answer)
}

// recorder keeps an answer of the API.
type recorder struct {
	header http.Header
	body   bytes.Buffer
}

// Header returns the header, which nobody reads.
func (w *recorder) Header() http.Header { return w.header }

// WriteHeader ignores the status: what it says is in the body too.
func (w *recorder) WriteHeader(int) {}

// Write keeps a part of the body.
func (w *recorder) Write(b []byte) (int, error) { return w.body.Write(b) }

// errForbidden says that the person may not do what the page does.
var errForbidden = errors.New("the viewer lacks a permission")

// throttled says that a person, or somebody else from the same place, tries too much.
type throttled struct{ seconds int }

// Error says when to come back.
func (e *throttled) Error() string { return fmt.Sprintf("too many tries: again in %d s", e.seconds) }

// read reads the data. A page asks only for what its viewer may read, so that any other error is the program's.
func (w *recorder) read(answer any) error {
	var a struct {
		Data   json.RawMessage
		Errors []struct {
			Message    string
			Path       []any
			Extensions struct {
				Code       string
				RetryAfter int
			}
		}
	}
	if err := json.Unmarshal(w.body.Bytes(), &a); err != nil {
		return fmt.Errorf("read an answer of the API: %w", err)
	}
	if len(a.Errors) > 0 {
		e := a.Errors[0]
		switch e.Extensions.Code {
		case "UNAUTHENTICATED":
			return auth.ErrNoSession // it ended just now
		case "FORBIDDEN":
			return errForbidden
		case "RATE_LIMITED":
			return &throttled{e.Extensions.RetryAfter}
		}
		return fmt.Errorf("the API answered %s at %v: %s", e.Extensions.Code, e.Path, e.Message)
	}
	if err := json.Unmarshal(a.Data, answer); err != nil {
		return fmt.Errorf("read an answer of the API: %w", err)
	}
	return nil
}
