package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
)

// mostTurns is how many fields of one request are resolved at once. Each may take a connection to the database, and what one
// request takes is missing to all others.
const mostTurns = 3

type turnsKey struct{}

// withTurns returns a context in which the fields of a request take turns.
func withTurns(ctx context.Context) context.Context {
	return context.WithValue(ctx, turnsKey{}, make(chan struct{}, mostTurns))
}

// inTurn resolves a field when its turn comes. What is only read off its row needs none. Siblings that wait for one of them
// to load the rows of all hold their turns, and so does that one: nobody waits for somebody without a turn.
func inTurn(ctx context.Context, next graphql.Resolver) (any, error) {
	turns, _ := ctx.Value(turnsKey{}).(chan struct{})
	if f := graphql.GetFieldContext(ctx); turns == nil || !f.IsResolver && !f.IsMethod {
		return next(ctx)
	}
	select {
	case turns <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-turns }()
	return next(ctx)
}
