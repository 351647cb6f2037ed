// Package exec executes selections: the generated code calls it where gqlgen's own would call its runtime.
//
// It differs in what runs beside what. Rows of a list are siblings, and what hangs below them is loaded for all when the
// first of them is asked (package batch). So the fields of what comes first are resolved side by side, each of them loading
// for all, and those of its siblings one after the other: they find what they need.
package exec

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"sync"
	"sync/atomic"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// List marshals the elements of a list, one after the other.
func List(ctx context.Context, length int, element func(ctx context.Context, i int) graphql.Marshaler) graphql.Array {
	list := make(graphql.Array, length)
	places := make([]struct {
		graphql.FieldContext
		index int
	}, length)
	for i := range list {
		p := &places[i]
		p.index, p.Index = i, &p.index
		list[i] = element(graphql.WithFieldContext(ctx, &p.FieldContext), i)
	}
	return list
}

// Object is a selection of an object's fields, under way.
type Object struct {
	Fields  []graphql.CollectedField
	First   bool // whether nothing comes before the object, in any of the lists around it
	values  []graphql.Marshaler
	waiting []waiting
	broken  atomic.Bool // a field that cannot be null is
}

// waiting is a field that waits to be resolved beside others.
type waiting struct {
	i       int
	resolve func(context.Context) graphql.Marshaler
	nonNull bool
}

// NewObject begins the selection of an object's fields.
func NewObject(ctx context.Context, fields []graphql.CollectedField) *Object {
	return &Object{Fields: fields, First: isFirst(graphql.GetFieldContext(ctx)), values: make([]graphql.Marshaler, len(fields))}
}

func isFirst(fc *graphql.FieldContext) bool {
	for ; fc != nil; fc = fc.Parent {
		if fc.Index != nil && *fc.Index > 0 {
			return false
		}
	}
	return true
}

// Set takes the value of the field at a position.
func (o *Object) Set(i int, value graphql.Marshaler, nonNull bool) {
	o.values[i] = value
	if nonNull && value == graphql.Null {
		o.broken.Store(true)
	}
}

// Later leaves the field at a position to be resolved beside others, when the object is done.
func (o *Object) Later(i int, resolve func(context.Context) graphql.Marshaler, nonNull bool) {
	o.waiting = append(o.waiting, waiting{i, resolve, nonNull})
}

type besideKey struct{}

// Beside returns a context in which so many fields at most are resolved beside another one.
func Beside(ctx context.Context, most int) context.Context {
	return context.WithValue(ctx, besideKey{}, make(chan struct{}, most))
}

// Done returns the object when all its fields are resolved: null when one is that cannot be.
func (o *Object) Done(ctx context.Context) graphql.Marshaler {
	if len(o.waiting) > 0 {
		o.resolve(ctx)
	}
	if o.broken.Load() {
		return graphql.Null
	}
	return o
}

// resolve resolves the fields that wait, as many beside this goroutine as there is room for.
func (o *Object) resolve(ctx context.Context) {
	room, _ := ctx.Value(besideKey{}).(chan struct{})
	var others sync.WaitGroup
	for n, w := range o.waiting {
		if n < len(o.waiting)-1 {
			select {
			case room <- struct{}{}:
				others.Go(func() {
					defer func() { <-room }()
					o.Set(w.i, w.resolve(ctx), w.nonNull)
				})
				continue
			default:
			}
		}
		o.Set(w.i, w.resolve(ctx), w.nonNull)
	}
	others.Wait()
}

// MarshalGQL writes the object as JSON. Names need no escapes.
func (o *Object) MarshalGQL(w io.Writer) {
	b, buffered := w.(*bytes.Buffer)
	if !buffered {
		b = new(bytes.Buffer)
	}
	b.WriteByte('{')
	for i := range o.Fields {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('"')
		b.WriteString(o.Fields[i].Alias)
		b.WriteString(`":`)
		o.values[i].MarshalGQL(b)
	}
	b.WriteByte('}')
	if !buffered {
		_, _ = w.Write(b.Bytes())
	}
}

// Root resolves a field of an operation, with the middleware that is around those.
func Root(ctx context.Context, oc *graphql.OperationContext, field *graphql.CollectedField, resolve graphql.RootResolver) (value graphql.Marshaler) {
	defer func() {
		if r := recover(); r != nil {
			oc.Error(ctx, oc.Recover(ctx, r))
			value = graphql.Null
		}
	}()
	ctx = graphql.WithRootFieldContext(ctx, &graphql.RootFieldContext{Object: field.Name, Field: *field})
	return oc.RootResolverMiddleware(ctx, resolve)
}

// Field resolves a field and marshals its value. A failure is reported, and the value is null then. There is no middleware
// around fields.
func Field[T any](ctx context.Context, oc *graphql.OperationContext, fc *graphql.FieldContext, nonNull bool,
	arguments func(context.Context) (map[string]any, error), resolve graphql.Resolver,
	marshal func(context.Context, ast.SelectionSet, T) graphql.Marshaler) (value graphql.Marshaler) {
	ctx = graphql.WithFieldContext(ctx, fc)
	defer func() {
		if r := recover(); r != nil {
			oc.Error(ctx, oc.Recover(ctx, r))
			value = graphql.Null
		}
	}()
	if arguments != nil {
		var err error
		if fc.Args, err = arguments(ctx); err != nil {
			oc.Error(ctx, err)
			return graphql.Null
		}
	}
	v, err := resolve(ctx)
	switch {
	case err != nil:
		oc.Error(ctx, graphql.AddFieldLocationToError(ctx, err))
		return graphql.Null
	case v == nil:
		if nonNull && !graphql.HasFieldError(ctx, fc) {
			graphql.AddErrorf(ctx, "must not be null")
		}
		return graphql.Null
	}
	typed, ok := v.(T)
	if !ok {
		oc.Error(ctx, fmt.Errorf("resolved to a %T", v))
		return graphql.Null
	}
	return marshal(ctx, fc.Field.Selections, typed)
}
