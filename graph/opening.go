package graph

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"mandate/internal/graphqlhttp"
)

// beginLimit is the time that beginning a subscription has.
const beginLimit = 10 * time.Second

// open begins the subscription that a client asks for, or returns the answer to refuse it with. header takes what is left of
// the budget.
func (h *handler) open(ctx context.Context, header http.Header, request *graphqlhttp.Request) (*stream, *graphql.Response) {
	ctx, cancel := context.WithTimeout(ctx, beginLimit)
	defer cancel()
	params, err := h.params(request)
	if err != nil {
		return nil, h.fault(ctx, err)
	}
	return h.subscribe(ctx, header, params)
}

// fault is the answer that tells an error.
func (h *handler) fault(ctx context.Context, err error) *graphql.Response {
	switch {
	case errors.Is(err, errSessionEnded):
		err = errNoSession
	case errors.Is(err, errRightLost):
		err = errForbidden
	}
	return h.exec.DispatchError(ctx, listed(err))
}
