package graph

import (
	"context"
	"errors"
	"log/slog"
	"regexp"
	"runtime/debug"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"mandate/graph/model"
	"mandate/internal/database"
	"mandate/internal/graphqlhttp"
	"mandate/internal/mandate"
	"mandate/internal/viewer"
)

// fault is an error of a query: a code for machines and a sentence for people.
type fault struct{ code, message string }

// Error returns the sentence.
func (f *fault) Error() string { return f.message }

func badInput(message string) error { return &fault{"BAD_USER_INPUT", message} }

var (
	errUnauthenticated = &fault{"UNAUTHENTICATED", "Sign in first."}
	errForbidden       = &fault{"FORBIDDEN", "You do not have the permission that this takes."}
	errSearchTooShort  = &fault{"SEARCH_TOO_SHORT", "Search for at least two characters."}
	errUnavailable     = &fault{graphqlhttp.Unavailable.Code, graphqlhttp.Unavailable.Message}
	errInternal        = &fault{"INTERNAL", "Something went wrong. Quote the request id when you report it."}
)

// userErrors tells broken rules, which are part of a mutation's answer, from errors, which are not.
func userErrors(err error) ([]*model.UserError, error) {
	var one *mandate.Error
	var many mandate.Errors
	switch {
	case errors.As(err, &many):
	case errors.As(err, &one):
		many = mandate.Errors{one}
	default:
		return []*model.UserError{}, err
	}
	list := make([]*model.UserError, len(many))
	for i, e := range many {
		list[i] = &model.UserError{Message: e.Message, Field: e.Field, Code: model.UserErrorCode(e.Code)}
	}
	return list, nil
}

// present writes an error for clients. What it does not know is INTERNAL, and its cause goes to the log only.
func present(ctx context.Context, err error) *gqlerror.Error {
	id := viewer.From(ctx).RequestID
	e := graphql.DefaultErrorPresenter(ctx, err)
	if code, _ := e.Extensions["code"].(string); code == errcode.ParseFailed || code == errcode.ValidationFailed {
		return brief(&gqlerror.Error{Message: withoutValues(code, e), Locations: e.Locations, Extensions: extensions(code, id)})
	}
	var throttled *mandate.Throttled
	if errors.As(err, &throttled) {
		x := extensions("RATE_LIMITED", id)
		x["retryAfter"] = throttled.Seconds()
		return &gqlerror.Error{Err: throttled, Message: throttled.Error(), Path: e.Path, Extensions: x}
	}
	f := classify(err)
	if f == errInternal {
		slog.ErrorContext(ctx, "request failed", "requestId", id, "path", e.Path.String(), "error", err)
	}
	return &gqlerror.Error{Message: f.message, Path: e.Path, Extensions: extensions(f.code, id)}
}

// The bounds of what is told of a document's error: it repeats names, which the client chooses.
const (
	mostMessage   = 300 // bytes
	mostLocations = 10
)

func brief(e *gqlerror.Error) *gqlerror.Error {
	if len(e.Message) > mostMessage {
		e.Message = strings.ToValidUTF8(e.Message[:mostMessage], "") + "…"
	}
	e.Locations = e.Locations[:min(len(e.Locations), mostLocations)]
	return e
}

// withoutValues is the message of a document's error without what the document holds as values: that may be secret.
func withoutValues(code string, e *gqlerror.Error) string {
	switch {
	case code == errcode.ParseFailed:
		return "The document is not GraphQL."
	case strings.HasPrefix(e.Rule, rules.ValuesOfCorrectTypeRule.Name):
		return wrongValue(e.Message)
	case e.Rule == "" && len(e.Path) > 0 && e.Path[0] == ast.PathName("variable"):
		return wrongVariable(e)
	case e.Rule == "" && strings.HasSuffix(e.Message, " not found"):
		return "The document has no operation with the name in operationName, or several and none is named."
	}
	return e.Message
}

var (
	// toldByName are messages that name the schema's words only.
	toldByName = regexp.MustCompile(`^Field "[\w.]+" of required type "[\w!\[\]]+" was not provided\.$`)
	noField    = regexp.MustCompile(`^Field "\w+" is not defined by type "(\w+)"`)
	noMember   = regexp.MustCompile(`does not exist in "\W*(\w+)\W*" enum|^Enum "\W*(\w+)\W*" cannot represent`)
	noScalar   = regexp.MustCompile(`^(\w+) cannot represent`)
	badMember  = regexp.MustCompile(` is not a valid (\w+)$`)
)

// wrongValue says what is wrong with a literal, without the literal.
func wrongValue(message string) string {
	if toldByName.MatchString(message) {
		return message
	}
	if m := noField.FindStringSubmatch(message); m != nil {
		return m[1] + " has no such field."
	}
	if m := noMember.FindStringSubmatch(message); m != nil {
		return "A value of the enum " + m[1] + m[2] + " is expected."
	}
	if m := noScalar.FindStringSubmatch(message); m != nil {
		return "A value of the type " + m[1] + " is expected."
	}
	return "A value does not have the type that its place takes."
}

// wrongVariable says where in which variable something is wrong, and what, without its value.
func wrongVariable(e *gqlerror.Error) string {
	where := "The variable " + e.Path[1:].String()
	switch m := badMember.FindStringSubmatch(e.Message); {
	case m != nil:
		return where + " takes a value of the enum " + m[1] + "."
	case e.Message == "must be defined", e.Message == "cannot be null":
		return where + " is missing."
	case e.Message == "unknown field":
		return where + " is not a field of its input."
	}
	return where + " does not have its type."
}

func extensions(code, requestID string) map[string]any {
	return map[string]any{"code": code, "requestId": requestID}
}

func classify(err error) *fault {
	var f *fault
	var input *model.InputError
	switch {
	case errors.As(err, &f):
		return f
	case errors.As(err, &input):
		return &fault{"BAD_USER_INPUT", input.Message}
	case errors.Is(err, mandate.ErrOtherAttempt):
		return errOtherAttempt
	case errors.Is(err, mandate.ErrForbidden):
		return errForbidden
	case errors.Is(err, mandate.ErrUnauthenticated):
		return errUnauthenticated
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded), database.IsBusy(err), database.IsAway(err):
		return errUnavailable
	}
	return errInternal
}

// recovered turns a panic into an error; the stack goes to the log only.
func recovered(ctx context.Context, p any) error {
	slog.ErrorContext(ctx, "panic", "requestId", viewer.From(ctx).RequestID, "panic", p, "stack", string(debug.Stack()))
	return errInternal
}
