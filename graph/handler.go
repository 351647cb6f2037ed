// Package graph is the API: its schema, thin resolvers, and the handler that serves them. Reads go from a resolver to
// Ent, within the row scope of ent/rule; writes go to internal/mandate.
package graph

import (
	"context"
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/99designs/gqlgen/graphql/handler/extension"
	"github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"mandate/ent"
	"mandate/ent/rule"
	"mandate/graph/generated"
	"mandate/internal/clock"
	"mandate/internal/mandate"
	"mandate/internal/viewer"
)

// The bounds of a request.
const (
	mostBytes  = 256 << 10 // of a body
	mostTokens = 2000      // of a document
	mostErrors = 10        // of a document that is refused
)

// Config is what the API works with.
type Config struct {
	Client  *ent.Client // reads
	Dialect string      // Ent's name of the engine
	Service *mandate.Service
	Clock   clock.Clock
}

// New returns the API as a handler of POST requests. The viewer, the request id and the client's address are in the
// request's context.
func New(c Config) http.Handler {
	x := executor.New(generated.NewExecutableSchema(generated.Config{Schema: schema(), Resolvers: &Resolver{c}, Directives: directives}))
	x.SetQueryCache(documents{lru.New[*ast.QueryDocument](1000)})
	x.SetParserTokenLimit(mostTokens)
	x.SetDefaultRulesFn(validationRules)
	x.SetDisableSuggestion(true)
	x.SetErrorPresenter(present)
	x.SetRecoverFunc(recovered)
	x.Use(extension.Introspection{})
	x.Use(limits{})
	x.AroundRootFields(func(ctx context.Context, next graphql.RootResolver) graphql.Marshaler {
		return next(rootField(ctx, c))
	})
	return &handler{x}
}

// mostCached is the length of the longest document that is kept parsed.
const mostCached = 8 << 10

// documents keeps parsed documents. Long ones are parsed every time: strangers could fill the memory with them.
type documents struct {
	graphql.Cache[*ast.QueryDocument]
}

// Add keeps a document, unless it is long.
func (d documents) Add(ctx context.Context, query string, doc *ast.QueryDocument) {
	if len(query) <= mostCached {
		d.Cache.Add(ctx, query, doc)
	}
}

// rootField gives a root field its own moment, its own seat for the viewer and its own access computation, so that one
// mutation never sees what another one, before it in the same document, was allowed.
func rootField(ctx context.Context, c Config) context.Context {
	ctx = clock.With(viewer.With(ctx, viewer.From(ctx)), c.Clock())
	return withCatalogue(rule.With(ctx, c.Client, c.Dialect))
}

// validationRules are GraphQL's, without the suggestions that would spell the schema out for somebody who guesses.
func validationRules() *rules.Rules {
	list := rules.NewDefaultRules()
	for loud, quiet := range map[string]validator.Rule{
		rules.KnownArgumentNamesRule.Name:  rules.KnownArgumentNamesRuleWithoutSuggestions,
		rules.KnownTypeNamesRule.Name:      rules.KnownTypeNamesRuleWithoutSuggestions,
		rules.ValuesOfCorrectTypeRule.Name: rules.ValuesOfCorrectTypeRuleWithoutSuggestions,
	} {
		list.RemoveRule(loud)
		list.AddRule(quiet.Name, quiet.RuleFunc)
	}
	return list
}

// handler speaks GraphQL over HTTP.
type handler struct{ exec *executor.Executor }

// ServeHTTP answers one request.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	contentType := answerType(r)
	w.Header().Set("Content-Type", contentType+"; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	ctx := graphql.StartOperationTrace(r.Context())
	params, status, message := read(w, r)
	if params == nil {
		if status == http.StatusMethodNotAllowed {
			w.Header().Set("Allow", http.MethodPost)
		}
		h.write(w, status, h.exec.DispatchError(ctx, gqlerror.List{gqlerror.WrapIfUnwrapped(badInput(message))}))
		return
	}
	op, faults := h.exec.CreateOperationContext(ctx, params)
	if faults != nil {
		status := http.StatusOK
		if contentType == responseType {
			status = http.StatusBadRequest
		}
		ctx = graphql.WithOperationContext(ctx, op)
		h.write(w, status, h.exec.DispatchError(ctx, faults[:min(len(faults), mostErrors)]))
		return
	}
	responses, ctx := h.exec.DispatchOperation(ctx, op)
	if response := responses(ctx); response != nil { // nil: the client has gone
		h.write(w, http.StatusOK, response)
	}
}

func (h *handler) write(w http.ResponseWriter, status int, response *graphql.Response) {
	b, err := json.Marshal(response)
	if err != nil {
		status, b = http.StatusInternalServerError, []byte(`{"errors":[{"message":"Something went wrong.","extensions":{"code":"INTERNAL"}}]}`)
	}
	w.WriteHeader(status)
	_, _ = w.Write(b) // a client that has gone hears nothing
}

const responseType = "application/graphql-response+json"

// answerType is the media type of the answer: GraphQL's own for those who accept it, else JSON.
func answerType(r *http.Request) string {
	if strings.Contains(r.Header.Get("Accept"), responseType) {
		return responseType
	}
	return "application/json"
}

// read reads the operation of a request; without one, the status and the sentence to refuse it with. Nothing of the body
// is repeated: it may hold secrets.
func read(w http.ResponseWriter, r *http.Request) (*graphql.RawParams, int, string) {
	if r.Method != http.MethodPost {
		return nil, http.StatusMethodNotAllowed, "Send operations by POST."
	}
	if mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || mediaType != "application/json" {
		return nil, http.StatusUnsupportedMediaType, "Send operations as application/json."
	}
	var params graphql.RawParams
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, mostBytes))
	decoder.UseNumber()
	err := decoder.Decode(&params)
	if err == nil && decoder.More() {
		err = errors.New("more than one value")
	}
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, http.StatusRequestEntityTooLarge, "The request is larger than 256 KiB."
	case err != nil:
		return nil, http.StatusBadRequest, "The request is not a JSON object with query, variables and operationName."
	case params.Query == "":
		return nil, http.StatusBadRequest, "The request has no query."
	}
	params.Headers = r.Header
	return &params, 0, ""
}
