package graph

import (
	"context"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"mandate/internal/telemetry"
	"mandate/internal/viewer"
)

// mostName is how many characters of an operation's name, which the client chooses, are noted.
const mostName = 64

// note notes what came of an operation, for the log and the metrics.
func note(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
	response := next(ctx)
	if response == nil {
		return nil
	}
	code := telemetry.OK
	if len(response.Errors) > 0 {
		code, _ = response.Errors[0].Extensions["code"].(string)
	}
	telemetry.From(ctx).Operated(operated(operation(ctx), code))
	return response
}

// operated is what is noted about an operation; nil is one that could not be read.
func operated(op *ast.OperationDefinition, code string) telemetry.Operation {
	if op == nil {
		return telemetry.Operation{Code: code}
	}
	return telemetry.Operation{Kind: string(op.Operation), Name: op.Name[:min(len(op.Name), mostName)], Code: code} // ASCII, as GraphQL has it
}

// operation returns the operation of ctx; nil when there is none that could be read.
func operation(ctx context.Context) *ast.OperationDefinition {
	if !graphql.HasOperationContext(ctx) {
		return nil
	}
	return graphql.GetOperationContext(ctx).Operation
}

// noteSignIn notes whether a root field that signs in seated somebody.
func noteSignIn(ctx context.Context, next graphql.RootResolver) graphql.Marshaler {
	if graphql.GetRootFieldContext(ctx).Field.Name != "signIn" {
		return next(ctx)
	}
	before := viewer.From(ctx).SessionID
	answer := next(ctx)
	telemetry.From(ctx).SignedIn(viewer.From(ctx).SessionID != before)
	return answer
}

// traced gives each operation a span. It is named after what the schema knows, and never after what a client chose.
func traced(tracer trace.Tracer) graphql.OperationMiddleware {
	return func(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
		op := operation(ctx)
		ctx, span := tracer.Start(ctx, string(op.Operation)+" "+rootFields(op),
			trace.WithAttributes(attribute.String("graphql.operation.type", string(op.Operation))))
		handler := next(ctx)
		return func(ctx context.Context) *graphql.Response {
			defer span.End()
			response := handler(ctx)
			if response != nil && len(response.Errors) > 0 {
				code, _ := response.Errors[0].Extensions["code"].(string)
				span.SetAttributes(attribute.String("error.type", code))
			}
			return response
		}
	}
}

// mostNamed is how many root fields a span is named after.
const mostNamed = 5

// rootFields lists the names of an operation's first root fields; those in fragments are left out.
func rootFields(op *ast.OperationDefinition) string {
	var names []string
	for _, s := range op.SelectionSet {
		f, ok := s.(*ast.Field)
		if !ok || len(names) == mostNamed {
			names = append(names, "…")
			break
		}
		names = append(names, f.Name)
	}
	return strings.Join(names, " ")
}
