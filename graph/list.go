package graph

import (
	"context"
	"slices"

	"entgo.io/ent/dialect/sql"

	"mandate/ent/rule"
	"mandate/graph/model"
	"mandate/internal/batch"
)

// list is how rows that belong to others are listed: which table, by which columns they belong to their owner, in which
// order, within which scope, and how they are loaded.
type list[T batch.Row] struct {
	kind   string // marks the cursors
	table  string
	owners []string
	other  *string // of two owners, who is to be the other one; nil for anybody
	key    string  // the column that names what is listed; "" for id
	order  order
	newest bool // largest first
	dense  bool // whether most of an owner's rows are in the list: what is looked at is then seldom looked at in vain
	scope  rule.Scope
	load   func(context.Context, []string) ([]T, error)
	id     func(T) string

	columns columns // that are read with the places of a dense list; none where rows are loaded by their ids
	scan    func(columns []string) (into []any, row func() (T, error), err error)
	beside  *beside[T] // what is read with them of another table; nil for nothing
}

// beside is a column of a row that every row of the list names by key, for a field that is made of it.
type beside[T any] struct {
	field, key, table, column string
	set                       func(T, string)
}

// pageOf resolves a list that hangs below a row, for all siblings of the row: one statement or two find the places of the
// rows, another one loads them, unless they were read with their places.
func pageOf[P, T batch.Row](ctx context.Context, r *Resolver, l list[T], parent P, owner func(P) string, w window, where func(*sql.Selector)) (*model.Page[T], error) {
	at := position(ctx)
	return batch.Load(ctx, parent, at, func(ctx context.Context, parents []P) ([]*model.Page[T], error) {
		q, err := newListQuery(ctx, r, l, ids(parents, owner), w, where)
		if err != nil {
			return nil, err
		}
		places, err := q.places(ctx)
		if err != nil {
			return nil, err
		}
		rows, err := q.rows(ctx, places)
		if err != nil {
			return nil, err
		}
		pages := make([]*model.Page[T], len(parents))
		for i, p := range parents {
			pages[i] = q.page(places[i], rows)
			pages[i].Count = func(ctx context.Context) (int, error) {
				return batch.Load(ctx, p, counting{at}, func(ctx context.Context, _ []P) ([]int, error) { return q.counts(ctx) })
			}
		}
		return pages, nil
	})
}

// pageBelow answers a page of a list below one row.
func pageBelow[T batch.Row](ctx context.Context, r *Resolver, l list[T], owner string, w window, where func(*sql.Selector)) (*model.Page[T], error) {
	q, err := newListQuery(ctx, r, l, []string{owner}, w, where)
	if err != nil {
		return nil, err
	}
	places, err := q.places(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := q.rows(ctx, places)
	if err != nil {
		return nil, err
	}
	return q.page(places[0], rows), nil
}

// counting is the key under which the count of a list is loaded.
type counting struct{ list any }

// rows loads the rows of all pages, unless they were read with their places.
func (q *listQuery[T]) rows(ctx context.Context, places [][]place) (map[string]T, error) {
	var ids []string
	for _, ps := range places {
		for _, p := range ps[:min(len(ps), q.w.limit)] {
			ids = append(ids, p.id)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	if q.taken != nil {
		read := keyed(q.read, q.id)
		shown := make([]T, len(ids))
		for i, id := range ids {
			shown[i] = read[id]
		}
		batch.Siblings(shown)
		return read, nil
	}
	loaded, err := q.load(rule.Unscoped(selecting(ctx)), ids) // they were found within the scope
	if err != nil {
		return nil, err
	}
	rows := make(map[string]T, len(loaded))
	for _, row := range batch.Siblings(loaded) {
		rows[q.id(row)] = row
	}
	return rows, nil
}

func (q *listQuery[T]) page(places []place, rows map[string]T) *model.Page[T] {
	more := len(places) > q.w.limit
	places = places[:min(len(places), q.w.limit)]
	if q.w.backward {
		places = slices.Clone(places)
		slices.Reverse(places)
	}
	nodes, cursors := make([]T, 0, len(places)), make([]model.Cursor, 0, len(places))
	for _, p := range places {
		if row, visible := rows[p.id]; visible {
			nodes, cursors = append(nodes, row), append(cursors, model.Cursor{Kind: q.mark(p.stretch), By: [2]any{p.value}, ID: p.id})
		}
	}
	return newPage(nodes, cursors, q.w, more)
}

func newPage[T any](nodes []T, cursors []model.Cursor, w window, more bool) *model.Page[T] {
	info := &model.PageInfo{HasNextPage: more, HasPreviousPage: w.cursor != nil}
	if w.backward {
		info = &model.PageInfo{HasNextPage: w.cursor != nil, HasPreviousPage: more}
	}
	if len(cursors) > 0 {
		info.Start, info.End = &cursors[0], &cursors[len(cursors)-1]
	}
	return &model.Page[T]{Nodes: nodes, Cursors: cursors, PageInfo: info}
}
