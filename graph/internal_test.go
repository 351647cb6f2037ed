package graph

import (
	"context"
	"net/http"

	"github.com/99designs/gqlgen/graphql"
)

// Stream is what tests see of a subscription under way.
type Stream = stream

// Why one ends.
var (
	ErrSessionEnded = errSessionEnded
	ErrRightLost    = errRightLost
	ErrBehind       = errBehind
)

// Next waits for its next answer.
func (s *stream) Next(ctx context.Context) (*graphql.Response, error) { return s.next(ctx) }

// Stop ends it.
func (s *stream) Stop() { s.stop() }

// Subscribe begins a subscription at an API, as its transports do.
func Subscribe(ctx context.Context, api http.Handler, document string, variables map[string]any) (*Stream, *graphql.Response) {
	return api.(*handler).subscribe(ctx, make(http.Header), &graphql.RawParams{Query: document, Variables: variables})
}

// Changes lists the root fields of subscriptions that the API knows changes for.
func Changes() map[string]string {
	kinds := make(map[string]string)
	for field, c := range changes {
		kinds[field] = c.kind
	}
	return kinds
}
