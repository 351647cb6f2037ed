package exec

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// operation is one that is carried out by hand, as the generated code does it.
type operation struct {
	*testing.T
	ctx context.Context
	oc  *graphql.OperationContext
}

func begin(t *testing.T) *operation {
	oc := &graphql.OperationContext{
		RecoverFunc: func(_ context.Context, r any) error { return fmt.Errorf("recovered from %v", r) },
		RootResolverMiddleware: func(ctx context.Context, next graphql.RootResolver) graphql.Marshaler {
			return next(ctx)
		},
	}
	ctx := graphql.WithOperationContext(t.Context(), oc)
	return &operation{t, graphql.WithResponseContext(ctx, graphql.DefaultErrorPresenter, oc.RecoverFunc), oc}
}

// errors are what was reported, each with its path, in no order.
func (o *operation) errors() (list []string) {
	for _, e := range graphql.GetErrors(o.ctx) {
		list = append(list, e.Path.String()+": "+e.Message)
	}
	slices.Sort(list)
	return list
}

func (o *operation) expect(value graphql.Marshaler, want string, errors ...string) {
	o.Helper()
	if got := text(value); got != want {
		o.Errorf("the answer is %s; want %s", got, want)
	}
	if got := o.errors(); !slices.Equal(got, errors) {
		o.Errorf("the errors are %q; want %q", got, errors)
	}
}

func text(m graphql.Marshaler) string {
	var b bytes.Buffer
	m.MarshalGQL(&b)
	return b.String()
}

// fields are a selection; a name may be "alias:name".
func fields(names ...string) []graphql.CollectedField {
	list := make([]graphql.CollectedField, len(names))
	for i, name := range names {
		list[i].Field = &ast.Field{Alias: name, Name: name, Position: &ast.Position{Line: 1 + i, Column: 2}}
	}
	return list
}

// field resolves a field to a string.
func (o *operation) field(ctx context.Context, f *graphql.CollectedField, nonNull bool, resolve graphql.Resolver) graphql.Marshaler {
	return Field(ctx, o.oc, &graphql.FieldContext{Field: *f}, nonNull, nil, resolve, marshalString)
}

func marshalString(_ context.Context, _ ast.SelectionSet, s string) graphql.Marshaler {
	return graphql.MarshalString(s)
}

func is(v any) graphql.Resolver { return func(context.Context) (any, error) { return v, nil } }

func fails(message string) graphql.Resolver {
	return func(context.Context) (any, error) { return nil, errors.New(message) }
}

func panics(with any) graphql.Resolver { return func(context.Context) (any, error) { panic(with) } }

// object resolves an object of which all fields have one way to be resolved, at once or later.
func (o *operation) object(ctx context.Context, later bool, nonNull string, resolvers map[string]graphql.Resolver, names ...string) graphql.Marshaler {
	out := NewObject(ctx, fields(names...))
	for i := range out.Fields {
		f := &out.Fields[i]
		resolve := func(ctx context.Context) graphql.Marshaler {
			return o.field(ctx, f, f.Alias == nonNull, resolvers[f.Alias])
		}
		if later {
			out.Later(i, resolve, f.Alias == nonNull)
		} else {
			out.Set(i, resolve(ctx), f.Alias == nonNull)
		}
	}
	return out.Done(ctx)
}

// ways are those in which fields are resolved.
var ways = []struct {
	name  string
	later bool
	room  int
}{{"at once", false, 0}, {"later, one after the other", true, 0}, {"beside one", true, 1}, {"beside many", true, 10}}

func eachWay(t *testing.T, tell func(o *operation, later bool)) {
	t.Parallel()
	for _, w := range ways {
		t.Run(w.name, func(t *testing.T) {
			o := begin(t)
			if w.room > 0 {
				o.ctx = Beside(o.ctx, w.room)
			}
			tell(o, w.later)
		})
	}
}

func TestAnObjectIsNullWhenAFieldIsThatCannotBe(t *testing.T) {
	resolvers := map[string]graphql.Resolver{"a": is("A"), "b": is("B"), "null": is(nil), "error": fails("broken"), "other": is(7)}
	for _, c := range []struct {
		name, nonNull string
		want          string
		errors        []string
	}{
		{"null", "", `{"a":"A","null":null,"b":"B"}`, nil},
		{"null", "null", "null", []string{"null: must not be null"}},
		{"error", "", `{"a":"A","error":null,"b":"B"}`, []string{"error: broken"}},
		{"error", "error", "null", []string{"error: broken"}},
		{"error", "a", `{"a":"A","error":null,"b":"B"}`, []string{"error: broken"}},
		{"other", "", `{"a":"A","other":null,"b":"B"}`, []string{"other: resolved to a int"}},
		{"other", "other", "null", []string{"other: resolved to a int"}},
	} {
		t.Run(c.name+", non-null "+c.nonNull, func(t *testing.T) {
			eachWay(t, func(o *operation, later bool) {
				o.expect(o.object(o.ctx, later, c.nonNull, resolvers, "a", c.name, "b"), c.want, c.errors...)
			})
		})
	}
}

// TestAnErrorIsReportedOnce: a field that reported an error of its own and is null is not reported again.
func TestAnErrorIsReportedOnce(t *testing.T) {
	t.Parallel()
	o := begin(t)
	f := fields("a")
	o.expect(o.field(o.ctx, &f[0], true, func(ctx context.Context) (any, error) {
		graphql.AddErrorf(ctx, "its own")
		return nil, nil
	}), "null", "a: its own")
}

func TestAnErrorSaysWhere(t *testing.T) {
	t.Parallel()
	o := begin(t)
	o.object(o.ctx, true, "", map[string]graphql.Resolver{"a": is("A"), "b": fails("broken")}, "a", "b")
	if e := graphql.GetErrors(o.ctx); len(e) != 1 || !slices.Equal(e[0].Locations, []gqlerror.Location{{Line: 2, Column: 2}}) {
		t.Errorf("%+v; want one in line 2", e)
	}
}

func TestPanicsBecomeErrors(t *testing.T) {
	resolvers := map[string]graphql.Resolver{"a": is("A"), "b": panics("b"), "c": panics(errors.New("c")), "d": is("D")}
	for nonNull, want := range map[string]string{"": `{"a":"A","b":null,"c":null,"d":"D"}`, "c": "null"} {
		t.Run("non-null "+nonNull, func(t *testing.T) {
			eachWay(t, func(o *operation, later bool) {
				o.expect(o.object(o.ctx, later, nonNull, resolvers, "a", "b", "c", "d"), want, "b: recovered from b", "c: recovered from c")
			})
		})
	}
}

// TestAPanicWhileAValueIsMarshalled is one of the field too.
func TestAPanicWhileAValueIsMarshalled(t *testing.T) {
	t.Parallel()
	o := begin(t)
	f := fields("a")
	value := Field(o.ctx, o.oc, &graphql.FieldContext{Field: f[0]}, false, nil, is("A"),
		func(context.Context, ast.SelectionSet, string) graphql.Marshaler { panic("marshalling") })
	o.expect(value, "null", "a: recovered from marshalling")
}

// TestRootFields are resolved within the middleware; what panics in it is an error, beside others too.
func TestRootFields(t *testing.T) {
	eachWay(t, func(o *operation, later bool) {
		var around atomic.Int32
		o.oc.RootResolverMiddleware = func(ctx context.Context, next graphql.RootResolver) graphql.Marshaler {
			around.Add(1)
			if root := graphql.GetRootFieldContext(ctx); root.Field.Alias == "outside" {
				panic("outside")
			}
			return next(ctx)
		}
		resolvers := map[string]graphql.Resolver{"a": is("A"), "inside": panics("inside"), "outside": is("O"), "b": is("B")}
		out := NewObject(o.ctx, fields("a", "outside", "inside", "b"))
		ctx := graphql.WithFieldContext(o.ctx, &graphql.FieldContext{Object: "Query"})
		for i := range out.Fields {
			f := &out.Fields[i]
			resolve := func(ctx context.Context) graphql.Marshaler {
				return Root(ctx, o.oc, f, func(ctx context.Context) graphql.Marshaler { return o.field(ctx, f, false, resolvers[f.Alias]) })
			}
			if later {
				out.Later(i, resolve, false)
			} else {
				out.Set(i, resolve(ctx), false)
			}
		}
		o.expect(out.Done(ctx), `{"a":"A","outside":null,"inside":null,"b":"B"}`, ": recovered from outside", "inside: recovered from inside")
		if n := around.Load(); n != 4 {
			o.Errorf("the middleware is called %d times; want 4", n)
		}
	})
}

func TestArguments(t *testing.T) {
	t.Parallel()
	f := fields("a")
	ask := func(o *operation, arguments func(context.Context) (map[string]any, error)) graphql.Marshaler {
		return Field(o.ctx, o.oc, &graphql.FieldContext{Field: f[0]}, true, arguments, func(ctx context.Context) (any, error) {
			return graphql.GetFieldContext(ctx).Args["first"].(string), nil
		}, marshalString)
	}
	t.Run("taken", func(t *testing.T) {
		o := begin(t)
		o.expect(ask(o, func(context.Context) (map[string]any, error) { return map[string]any{"first": "F"}, nil }), `"F"`)
	})
	t.Run("refused", func(t *testing.T) {
		o := begin(t)
		o.expect(ask(o, func(ctx context.Context) (map[string]any, error) {
			return nil, graphql.ErrorOnPath(graphql.WithPathContext(ctx, graphql.NewPathWithField("first")), errors.New("too many"))
		}), "null", "a.first: too many")
	})
	t.Run("panic", func(t *testing.T) {
		o := begin(t)
		o.expect(ask(o, func(context.Context) (map[string]any, error) { panic("arguments") }), "null", "a: recovered from arguments")
	})
}

// TestLists: elements come in their order, each knows where it stands, and so do lists in lists.
func TestLists(t *testing.T) {
	t.Parallel()
	o := begin(t)
	at := graphql.WithFieldContext(o.ctx, &graphql.FieldContext{Field: fields("rows")[0]})
	var paths []string
	var first []bool
	value := List(at, 3, func(ctx context.Context, i int) graphql.Marshaler {
		return List(ctx, i, func(ctx context.Context, j int) graphql.Marshaler {
			paths = append(paths, graphql.GetPath(ctx).String())
			out := NewObject(ctx, fields("a", "b"))
			first = append(first, out.First)
			for n := range out.Fields {
				resolve := is(fmt.Sprint(i, j))
				if n == 1 && j == 1 {
					resolve = fails("broken")
				}
				out.Set(n, o.field(ctx, &out.Fields[n], false, resolve), false)
			}
			return out.Done(ctx)
		})
	})
	o.expect(value, `[[],[{"a":"1 0","b":"1 0"}],[{"a":"2 0","b":"2 0"},{"a":"2 1","b":null}]]`, "rows[2][1].b: broken")
	if want := []string{"rows[1][0]", "rows[2][0]", "rows[2][1]"}; !slices.Equal(paths, want) {
		t.Errorf("the paths are %v; want %v", paths, want)
	}
	if slices.Contains(first, true) {
		t.Errorf("something comes before each, and yet first: %v", first)
	}
	o.expect(List(at, 0, nil), "[]", o.errors()...)
}

func TestWhatIsFirst(t *testing.T) {
	t.Parallel()
	var first []bool
	ctx := begin(t).ctx
	note := func(ctx context.Context) graphql.Marshaler {
		first = append(first, NewObject(ctx, nil).First)
		return graphql.Null
	}
	note(ctx)
	List(ctx, 2, func(ctx context.Context, _ int) graphql.Marshaler {
		note(ctx)
		below := graphql.WithFieldContext(ctx, &graphql.FieldContext{Field: fields("below")[0]})
		note(below)
		return List(below, 2, func(ctx context.Context, _ int) graphql.Marshaler { return note(ctx) })
	})
	if want := []bool{true, true, true, true, false, false, false, false, false}; !slices.Equal(first, want) {
		t.Errorf("first are %v; want %v", first, want)
	}
}

// plainly hides that a writer is a buffer.
type plainly struct{ io.Writer }

// TestTheTextIsThatOfJSON: what is written is what encoding/json writes of the same.
func TestTheTextIsThatOfJSON(t *testing.T) {
	t.Parallel()
	object := func(names []string, values ...graphql.Marshaler) graphql.Marshaler {
		out := NewObject(begin(t).ctx, fields(names...))
		for i, v := range values {
			out.Set(i, v, false)
		}
		return out.Done(t.Context())
	}
	type inner struct {
		B *string `json:"b"`
		Y []int   `json:"_y2"`
	}
	type outer struct {
		Alias string   `json:"alias"`
		Inner inner    `json:"inner"`
		None  *inner   `json:"none"`
		List  []*inner `json:"list"`
		Empty struct{} `json:"empty"`
		True  bool     `json:"true"`
		Half  float64  `json:"half"`
	}
	of := func(b graphql.Marshaler, y ...int) graphql.Marshaler {
		list := make(graphql.Array, len(y))
		for i := range y {
			list[i] = graphql.MarshalInt(y[i])
		}
		return object([]string{"b", "_y2"}, b, list)
	}
	said := `a "b" \ ü 😀` + "\n\t\x01"
	value := object([]string{"alias", "inner", "none", "list", "empty", "true", "half"}, graphql.MarshalString(said), of(graphql.Null, 1, 2), graphql.Null,
		graphql.Array{of(graphql.MarshalString("b")), graphql.Null}, object(nil), graphql.MarshalBoolean(true), graphql.MarshalFloat(0.5))
	b := "b"
	want, err := json.Marshal(outer{said, inner{nil, []int{1, 2}}, nil, []*inner{{&b, []int{}}, nil}, struct{}{}, true, 0.5})
	if err != nil {
		t.Fatal(err)
	}
	if got := text(value); got != string(want) {
		t.Errorf("the text is\n%s; want\n%s", got, want)
	}
	var other bytes.Buffer
	if value.MarshalGQL(plainly{&other}); other.String() != string(want) {
		t.Errorf("to another writer it is\n%s; want\n%s", &other, want)
	}
}
