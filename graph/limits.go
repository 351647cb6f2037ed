package graph

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// mostAnswered is how many rows one operation may answer: the bounds of its lists, multiplied where they nest.
const mostAnswered = 10_000

// limits refuses operations that could answer too many rows, before anything of them is done.
type limits struct{}

// ExtensionName names the extension.
func (limits) ExtensionName() string { return "Limits" }

// Validate accepts every schema.
func (limits) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationContext refuses the operation, or leaves it as it is.
func (limits) MutateOperationContext(_ context.Context, op *graphql.OperationContext) *gqlerror.Error {
	c := counter{variables: op.Variables, fragments: make(map[string]int)}
	if c.rows(op.Operation.SelectionSet) > mostAnswered {
		return gqlerror.WrapIfUnwrapped(&fault{"QUERY_TOO_COMPLEX", fmt.Sprintf("The lists of this operation could answer more than %d rows: ask for fewer at a time.", mostAnswered)})
	}
	return nil
}

// counter counts the rows that selections can answer at most. Each fragment is counted once, however often it is spread,
// and counting stops at one more than the most.
type counter struct {
	variables map[string]any
	fragments map[string]int
}

func (c counter) rows(set ast.SelectionSet) int {
	n := 0
	for _, s := range set {
		switch s := s.(type) {
		case *ast.Field:
			n += c.field(s)
		case *ast.InlineFragment:
			n += c.rows(s.SelectionSet)
		case *ast.FragmentSpread:
			if _, known := c.fragments[s.Name]; !known {
				c.fragments[s.Name] = c.rows(s.Definition.SelectionSet)
			}
			n += c.fragments[s.Name]
		}
		n = min(n, mostAnswered+1)
	}
	return n
}

func (c counter) field(f *ast.Field) int {
	below, size := c.rows(f.SelectionSet), 0
	for _, name := range []string{"first", "last", "ids"} {
		if a := f.Arguments.ForName(name); a != nil {
			size = max(size, c.bound(a.Value))
		}
	}
	if size == 0 {
		return below
	}
	return min(size, mostAnswered+1) * (1 + below)
}

// bound is the size that an argument gives a list; what is no size is refused where it is read.
func (c counter) bound(v *ast.Value) int {
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
	case []any:
		return len(x)
	case []string:
		return len(x)
	}
	return 0
}
