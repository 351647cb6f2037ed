// Package graph is the API: its schema, thin resolvers, and the handler that serves them. Reads go from a resolver to
// Ent, within the row scope of ent/rule; writes go to internal/mandate.
package graph

import (
	"context"
	"net/http"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler/extension"
	"github.com/vektah/gqlparser/v2/ast"
	"go.opentelemetry.io/otel/trace"

	"mandate/ent"
	"mandate/ent/rule"
	"mandate/graph/generated"
	"mandate/internal/auth"
	"mandate/internal/clock"
	"mandate/internal/feed"
	"mandate/internal/mandate"
	"mandate/internal/viewer"
)

// Config is what the API works with.
type Config struct {
	Client  *ent.Client // reads
	Dialect string      // Ent's name of the engine
	Service *mandate.Service
	Clock   clock.Clock
	Budgets *Budgets         // nil for no limit on rates
	Trusted TrustedDocuments // the only documents that are executed; nil for all

	Feed        feed.Source    // of what is written, for subscriptions; nil for none
	Sessions    *auth.Sessions // by which subscriptions find out again who asks
	Connections *Connections   // for subscriptions; nil for none

	NoIntrospection bool         // refuses questions about the schema
	Tracer          trace.Tracer // nil for none
}

// New returns the API as a handler of requests by GET and POST, and of subscriptions. The viewer, the request id and the client's address are in
// the request's context.
func New(c Config) http.Handler {
	x := newEngine(generated.NewExecutableSchema(generated.Config{Schema: schema(), Resolvers: &Resolver{c}, Directives: directives}), newDocuments(!c.NoIntrospection))
	x.SetErrorPresenter(present)
	x.SetRecoverFunc(recovered)
	if !c.NoIntrospection {
		x.Use(extension.Introspection{})
	}
	x.Use(cost{})
	x.AroundRootFields(func(ctx context.Context, next graphql.RootResolver) graphql.Marshaler {
		return next(rootField(ctx, c, graphql.GetOperationContext(ctx).Operation.Operation != ast.Mutation))
	})
	x.AroundRootFields(noteSignIn)
	x.AroundResponses(note)
	if c.Tracer != nil {
		x.AroundOperations(traced(c.Tracer))
	}
	return &handler{x, c}
}

// rootField gives a root field its own moment, its own seat for the viewer and its own access computation, so that one
// mutation never sees what another one, before it in the same document, was allowed. What only reads begins with the memberships
// that were read with the session.
func rootField(ctx context.Context, c Config, reads bool) context.Context {
	begin := rule.With
	if reads {
		begin = rule.Continue
	}
	ctx = clock.With(viewer.With(ctx, viewer.From(ctx)), c.Clock())
	return withCatalogue(begin(ctx, c.Client, c.Dialect))
}
