package graph

import (
	"context"
	"errors"
	"strings"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"
)

const (
	mostDocuments = 1000    // that are kept parsed
	mostCached    = 8 << 10 // bytes of the longest document that is kept: strangers could fill the memory with long ones
)

// documents reads documents: it parses them, holds them against the limits and validates them. It keeps those that passed.
type documents struct {
	graphql.Cache[*ast.QueryDocument]
	introspection bool
}

func newDocuments(introspection bool) *documents {
	return &documents{lru.New[*ast.QueryDocument](mostDocuments), introspection}
}

// read returns a document that can be executed, or what is wrong with it: at most mostErrors errors.
func (d *documents) read(ctx context.Context, text string) (*ast.QueryDocument, gqlerror.List) {
	if doc, ok := d.Get(ctx, text); ok {
		return doc, nil
	}
	doc, err := parse(text)
	if err == nil {
		err = withinLimits(doc, d.introspection)
	}
	if err != nil {
		return nil, gqlerror.List{gqlerror.WrapIfUnwrapped(err)}
	}
	if faults := validator.ValidateWithRules(schema(), doc, validationRules()); len(faults) > 0 {
		faults = faults[:min(len(faults), mostErrors)]
		for _, f := range faults {
			errcode.Set(f, errcode.ValidationFailed)
		}
		return nil, faults
	}
	if len(text) <= mostCached {
		d.Add(ctx, text, doc)
	}
	return doc, nil
}

func parse(text string) (*ast.QueryDocument, error) {
	if len(text) > mostDocument {
		return nil, tooComplex("The document is longer than %d KiB.", mostDocument>>10)
	}
	doc, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: text}, mostTokens)
	var fault *gqlerror.Error
	switch {
	case errors.As(err, &fault) && strings.Contains(fault.Message, "token limit"):
		return nil, tooComplex("The document has more than %d tokens.", mostTokens)
	case fault != nil:
		errcode.Set(fault, errcode.ParseFailed)
		return nil, fault
	case err != nil:
		return nil, err
	case len(doc.Operations) == 0:
		return nil, invalid("The document has no operation.")
	}
	return doc, nil
}

// validationRules are GraphQL's, without the suggestions that would spell the schema out for somebody who guesses.
var validationRules = sync.OnceValue(func() *rules.Rules {
	list := rules.NewDefaultRules()
	for loud, quiet := range map[string]validator.Rule{
		rules.FieldsOnCorrectTypeRule.Name: rules.FieldsOnCorrectTypeRuleWithoutSuggestions,
		rules.KnownArgumentNamesRule.Name:  rules.KnownArgumentNamesRuleWithoutSuggestions,
		rules.KnownTypeNamesRule.Name:      rules.KnownTypeNamesRuleWithoutSuggestions,
		rules.ScalarLeafsRule.Name:         rules.ScalarLeafsRuleWithoutSuggestions,
		rules.ValuesOfCorrectTypeRule.Name: rules.ValuesOfCorrectTypeRuleWithoutSuggestions,
	} {
		list.RemoveRule(loud)
		list.AddRule(quiet.Name, quiet.RuleFunc)
	}
	return list
})

// engine is gqlgen's executor for documents that were read here.
type engine struct {
	*executor.Executor
	documents *documents
}

func newEngine(schema graphql.ExecutableSchema, d *documents) *engine {
	x := executor.New(schema)
	x.SetQueryCache(given{})
	return &engine{x, d}
}

// CreateOperationContext reads the document of a request and finds its operation.
func (e *engine) CreateOperationContext(ctx context.Context, params *graphql.RawParams) (*graphql.OperationContext, gqlerror.List) {
	doc, faults := e.documents.read(ctx, params.Query)
	if faults != nil {
		return &graphql.OperationContext{}, faults
	}
	return e.Executor.CreateOperationContext(context.WithValue(ctx, given{}, doc), params)
}

// given is the executor's cache of documents, where it finds the one that was read for the request.
type given struct{}

// Get returns the document of ctx.
func (given) Get(ctx context.Context, _ string) (*ast.QueryDocument, bool) {
	doc, ok := ctx.Value(given{}).(*ast.QueryDocument)
	return doc, ok
}

// Add keeps nothing: documents does.
func (given) Add(context.Context, string, *ast.QueryDocument) {}
