package graph

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"mandate/graph/model"
	"mandate/internal/auth"
	"mandate/internal/telemetry"
	"mandate/internal/viewer"
)

// subscribe begins a subscription for the viewer of ctx. Its document was chosen already. Without a stream there is the answer to
// refuse it with, whose errors are presented: the document is refused, or the viewer may not hear of these changes. header takes
// what is left of the budget, and may be one that nobody reads.
//
// It draws one request and the operation's cost on the viewer's budget, and refuses an operation that is no subscription. Whoever
// gets a stream stops it in the end.
func (h *handler) subscribe(ctx context.Context, header http.Header, params *graphql.RawParams) (*stream, *graphql.Response) {
	ctx, err := h.config.Budgets.enter(graphql.StartOperationTrace(ctx), header)
	defer leave(ctx)
	if err != nil {
		return nil, h.exec.DispatchError(ctx, listed(err))
	}
	op, faults := h.exec.CreateOperationContext(ctx, params)
	if faults == nil {
		s, err := h.begin(ctx, op)
		if err == nil {
			telemetry.From(ctx).Operated(operated(op.Operation, telemetry.OK))
			return s, nil
		}
		faults = listed(err)
	}
	return nil, h.exec.DispatchError(graphql.WithOperationContext(ctx, op), faults)
}

// listed returns an error as the list of errors that it is.
func listed(err error) gqlerror.List {
	var faults gqlerror.List
	if !errors.As(err, &faults) {
		faults = gqlerror.List{gqlerror.WrapIfUnwrapped(err)}
	}
	return faults
}

// begin begins the subscription that an operation is.
func (h *handler) begin(ctx context.Context, op *graphql.OperationContext) (*stream, error) {
	switch {
	case op.Operation.Operation != ast.Subscription:
		return nil, badInput("This takes a subscription: send queries and mutations by POST.")
	case h.config.Feed == nil:
		return nil, badInput("This server does not answer subscriptions.")
	}
	of, tenantID, path, err := toldBy(op)
	if err != nil {
		return nil, err
	}
	s := &stream{handler: h, viewer: viewer.From(ctx), op: op, change: of, tenantID: tenantID}
	if !s.viewer.SignedIn() {
		return nil, gqlerror.WrapPath(path, errUnauthenticated)
	}
	if err := s.check(ctx); errors.Is(err, auth.ErrNoSession) {
		return nil, gqlerror.WrapPath(path, errNoSession)
	} else if err != nil {
		return nil, gqlerror.WrapPath(path, err)
	}
	if s.events, s.stop, err = h.config.Feed.Subscribe(ctx, tenantID); err != nil {
		return nil, gqlerror.WrapPath(path, err)
	}
	return s, nil
}

// toldBy returns of which change an operation tells, in which tenant, and where in its answers. It has one root field that is
// executed, which validation does not see to: one can be left out by a variable, and be there twice under other names.
func toldBy(op *graphql.OperationContext) (of change, tenantID string, at ast.Path, err error) {
	fields := graphql.CollectFields(op, op.Operation.SelectionSet, []string{"Subscription"})
	if len(fields) != 1 {
		return change{}, "", nil, invalid("A subscription has one root field.")
	}
	of, known := changes[fields[0].Name]
	if !known {
		return change{}, "", nil, fmt.Errorf("nobody knows which changes %s tells of", fields[0].Name)
	}
	tenantID, err = model.UnmarshalID(fields[0].ArgumentMap(op.Variables)["tenantId"])
	return of, tenantID, ast.Path{ast.PathName(fields[0].Alias)}, err
}
