package graph

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"mandate/internal/viewer"
)

// What an operation may cost, and what in it costs what. A row, which is an object with an id, costs 1, and so does a list;
// values cost nothing. The rows of a list cost what one of them costs, times the bound of the list. A list without a bound
// has the values of one row, such as a level for every feature, and costs the same however long it is; only the tenants of an
// API token are rows, without ids, and the changes of an event can be long.
const (
	mostCost         = 5000
	mostCostStranger = 200 // for those who are not signed in
	costMutation     = 10
	costPassword     = 100 // of a mutation that hashes a password
	costTokenTenants = 101 // of the list of the tenants that an API token is limited to, 100 at most
	costChanges      = 25  // of the list of what changed in an event, 128 KiB at most
	costTypes        = 50  // of the list of all types, in an introspection
	costTypeList     = 10  // of every other list there, whatever it hangs on
)

// hashing are the mutations that hash a password, which takes a processor's core for some hundredths of a second.
var hashing = map[string]bool{
	"acceptInvitation": true, "changeEmail": true, "changePassword": true, "reauthenticate": true, "resetPassword": true, "signIn": true,
	"verifyEmail": true,
}

// cost refuses operations that could cost too much, before anything of them is done, and tells what they cost.
type cost struct{}

// costName names the extension of answers, and what the operation context keeps for it.
const costName = "cost"

// costInfo is extensions.cost of an answer.
type costInfo struct {
	Requested int  `json:"requested"`
	Limit     int  `json:"limit"`               // of one operation
	Remaining *int `json:"remaining,omitempty"` // of the budget, where there is one
}

// ExtensionName names the extension.
func (cost) ExtensionName() string { return "Cost" }

// Validate accepts every schema.
func (cost) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationContext refuses the operation, or takes its cost from the budget of whoever asks.
func (cost) MutateOperationContext(ctx context.Context, op *graphql.OperationContext) *gqlerror.Error {
	c := costing{variables: op.Variables, fragments: make(map[string]price)}
	info := costInfo{Requested: c.set(op.Operation.SelectionSet).once(1), Limit: mostCost}
	if !viewer.From(ctx).SignedIn() {
		info.Limit = mostCostStranger
	}
	var err error
	if info.Requested > info.Limit {
		err = tooComplex("This operation could cost %d, and may cost %d: ask for fewer rows at a time.", info.Requested, info.Limit)
	} else {
		info.Remaining, err = spend(ctx, info.Requested)
	}
	op.Stats.SetExtension(costName, info)
	return gqlerror.WrapIfUnwrapped(err)
}

// charge takes the cost of an operation from the budget once more, for one more answer to it.
func charge(ctx context.Context, op *graphql.OperationContext) (err error) {
	info, _ := op.Stats.GetExtension(costName).(costInfo)
	info.Remaining, err = spend(ctx, info.Requested)
	op.Stats.SetExtension(costName, info)
	return err
}

// InterceptResponse tells the cost in the answer.
func (cost) InterceptResponse(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
	if graphql.HasOperationContext(ctx) {
		if info, ok := graphql.GetOperationContext(ctx).Stats.GetExtension(costName).(costInfo); ok {
			graphql.RegisterExtension(ctx, costName, info)
		}
	}
	return next(ctx)
}

// price is what a selection set costs: what it costs once, and what every row costs of the list that it selects rows of,
// when it belongs to a page or to a payload.
type price struct{ fixed, row int }

func (p price) plus(o price) price {
	return price{min(p.fixed+o.fixed, endless), min(p.row+o.row, endless)}
}

// once is the price with a number of rows.
func (p price) once(rows int) int { return min(p.fixed+times(rows, p.row), endless) }

func times(n, cost int) int { return min(min(n, endless)*cost, endless) }

// costing prices the selections of one operation. Each fragment is priced once, however often it is spread.
type costing struct {
	variables map[string]any
	fragments map[string]price
}

func (c costing) set(set ast.SelectionSet) price {
	var p price
	for _, s := range set {
		switch s := s.(type) {
		case *ast.Field:
			p = p.plus(c.field(s))
		case *ast.InlineFragment:
			p = p.plus(c.set(s.SelectionSet))
		case *ast.FragmentSpread:
			if _, known := c.fragments[s.Name]; !known {
				c.fragments[s.Name] = c.set(s.Definition.SelectionSet)
			}
			p = p.plus(c.fragments[s.Name])
		}
	}
	return p
}

func (c costing) field(f *ast.Field) price {
	if len(f.SelectionSet) == 0 {
		return price{}
	}
	of, list, below := f.ObjectDefinition.Name, f.Definition.Type.Elem != nil, c.set(f.SelectionSet)
	n := c.bound(f)
	switch {
	case strings.HasPrefix(of, "__"):
		return price{fixed: min(introspected(f, list)+below.fixed, endless)}
	case of == "Mutation":
		return price{fixed: min(costMutation+hashed(f)+below.once(max(c.listed(f), 1)), endless)}
	case of == "ApiToken" && f.Name == "tenants":
		return price{fixed: costTokenTenants}
	case of == "AuditEvent" && f.Name == "changes":
		return price{fixed: costChanges}
	case list && n > 0:
		return price{fixed: times(n, 1+below.fixed)}
	case list && (strings.HasSuffix(of, "Connection") || strings.HasSuffix(of, "Payload")):
		return price{row: min(max(own(f)+below.fixed, 1), endless)}
	case list || strings.HasSuffix(f.Definition.Type.Name(), "Connection"):
		return price{fixed: min(1+below.once(max(n, 1)), endless)}
	}
	return price{fixed: min(own(f)+below.fixed, endless)}
}

// own is what an object of a field costs by itself: 1 if it is a row, or can be one.
func own(f *ast.Field) int {
	t := schema().Types[f.Definition.Type.Name()]
	if t.Kind == ast.Object && t.Fields.ForName("id") == nil {
		return 0
	}
	return 1
}

// introspected is what a field costs whose answer is part of the schema: it comes from memory, and is as long as it is.
func introspected(f *ast.Field, list bool) int {
	switch {
	case !list:
		return 0
	case f.Name == "types":
		return costTypes
	}
	return costTypeList
}

func hashed(f *ast.Field) int {
	if hashing[f.Name] {
		return costPassword
	}
	return 0
}

// bound is how many rows the arguments of a list ask for; 0 without such an argument. What is no number is refused where
// it is read.
func (c costing) bound(f *ast.Field) int {
	size := 0
	for _, name := range []string{"first", "last", "ids"} {
		if a := f.Arguments.ForName(name); a != nil {
			size = max(size, c.size(a.Value))
		}
	}
	return size
}

func (c costing) size(v *ast.Value) int {
	value, err := v.Value(c.variables)
	if err != nil {
		return 0
	}
	switch x := value.(type) {
	case int64:
		return int(max(x, 0))
	case int:
		return max(x, 0)
	case json.Number:
		n, _ := x.Int64()
		return int(max(n, 0))
	}
	return lengths(value)
}

// listed is how many values the lists in the arguments of a mutation have: it answers a row for each at most.
func (c costing) listed(f *ast.Field) int {
	n := 0
	for _, a := range f.Arguments {
		if value, err := a.Value.Value(c.variables); err == nil {
			n += lengths(value)
		}
	}
	return n
}

// lengths adds the lengths of all lists in a value up.
func lengths(v any) int {
	n := 0
	switch x := v.(type) {
	case []any:
		n = len(x)
		for _, e := range x {
			n += lengths(e)
		}
	case []string:
		n = len(x)
	case map[string]any:
		for _, e := range x {
			n += lengths(e)
		}
	}
	return n
}
