package graph

import (
	"cmp"
	"context"
	"slices"
	"unsafe"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"mandate/internal/batch"
)

// Resolver answers the fields of the schema.
type Resolver struct{ Config }

// spot is a place in a document: a field, and what is selected below it. A field of a fragment may be merged with others
// where the fragment is spread, and not where it is spread again.
type spot struct {
	field *ast.Field
	below *ast.Selection
}

// position identifies the field that is being resolved: what siblings are asked for there, they are asked with the same
// arguments, for the same selection.
func position(ctx context.Context) any {
	f := graphql.GetFieldContext(ctx).Field
	return spot{f.Field, unsafe.SliceData(f.Selections)}
}

// one resolves a field that leads from a row to at most one other: idOf names it, load reads all that the row's siblings
// name. A row that load leaves out is null.
func one[P, C batch.Row](ctx context.Context, parent P, idOf func(P) string, load func(context.Context, []string) ([]C, error), idOfChild func(C) string) (C, error) {
	return batch.Load(ctx, parent, position(ctx), func(ctx context.Context, parents []P) ([]C, error) {
		var ids []string
		seen := make(map[string]bool)
		for _, p := range parents {
			if id := idOf(p); id != "" && !seen[id] {
				seen[id] = true
				ids = append(ids, id)
			}
		}
		children := make([]C, len(parents))
		if len(ids) == 0 {
			return children, nil
		}
		rows, err := load(selecting(ctx), ids)
		if err != nil {
			return nil, err
		}
		byID := keyed(batch.Siblings(rows), idOfChild)
		for i, p := range parents {
			children[i] = byID[idOf(p)]
		}
		return children, nil
	})
}

// value resolves a field that is computed for all siblings of a row at once.
func value[P batch.Row, V any](ctx context.Context, parent P, load func(context.Context, []P) ([]V, error)) (V, error) {
	return batch.Load(ctx, parent, position(ctx), load)
}

// keyed puts rows into a map by what id says of each.
func keyed[T any](rows []T, id func(T) string) map[string]T {
	byID := make(map[string]T, len(rows))
	for _, row := range rows {
		byID[id(row)] = row
	}
	return byID
}

func ids[P any](rows []P, id func(P) string) []string {
	list := make([]string, len(rows))
	for i, r := range rows {
		list[i] = id(r)
	}
	return list
}

// distinct leaves every value of a list in once.
func distinct[T cmp.Ordered](list []T) []T {
	list = slices.Clone(list)
	slices.Sort(list)
	return slices.Compact(list)
}

func orZero[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}
