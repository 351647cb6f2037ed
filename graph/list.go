package graph

import (
	"context"
	stdsql "database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

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
	order  string // the column before the id in the order; "" for the id alone
	moment bool   // whether that column is an instant
	newest bool   // largest first
	scope  rule.Scope
	load   func(context.Context, []string) ([]T, error)
	id     func(T) string
}

// place is a row's owner, by position, and its place in the order.
type place struct {
	owner int
	at    []any
}

func (p place) id() string { return p.at[len(p.at)-1].(string) }

// pageOf resolves a list that hangs below a row, for all siblings of the row: one statement finds the places of the rows,
// another one loads them.
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

// counting is the key under which the count of a list is loaded.
type counting struct{ list any }

// listQuery is one list below many owners.
type listQuery[T batch.Row] struct {
	list[T]
	r          *Resolver
	owned      []string
	w          window
	descending bool
	cursor     []any
	where      func(*sql.Selector)
}

func newListQuery[T batch.Row](ctx context.Context, r *Resolver, l list[T], owned []string, w window, where func(*sql.Selector)) (*listQuery[T], error) {
	narrow, err := l.scope(ctx, rule.From(ctx))
	if err != nil {
		return nil, err
	}
	q := &listQuery[T]{list: l, r: r, owned: owned, w: w, descending: l.newest != w.backward}
	q.where = func(s *sql.Selector) {
		if narrow != nil {
			narrow(s)
		}
		if where != nil {
			where(s)
		}
	}
	if w.cursor != nil {
		if q.cursor, err = decodeCursor(l.kind, len(q.columns()), l.moment, *w.cursor); err != nil {
			return nil, err
		}
	}
	return q, nil
}

func (q *listQuery[T]) columns() []string {
	if q.order == "" {
		return []string{"id"}
	}
	return []string{q.order, "id"}
}

// ownersAtOnce is for how many owners one statement looks: SQLite joins 500 parts to one, and each owner takes up to two.
const ownersAtOnce = 200

// each runs a statement with a part for every owner, and hands its rows to scan.
func (q *listQuery[T]) each(ctx context.Context, part func(b *strings.Builder, i int, owner string) []any, scan func(rows *stdsql.Rows) error) error {
	for start := 0; start < len(q.owned); start += ownersAtOnce {
		var b strings.Builder
		var args []any
		for i := start; i < min(start+ownersAtOnce, len(q.owned)); i++ {
			if i > start {
				b.WriteString(" UNION ALL ")
			}
			args = append(args, part(&b, i, q.owned[i])...)
		}
		if err := q.run(ctx, b.String(), args, scan); err != nil {
			return err
		}
	}
	return nil
}

func (q *listQuery[T]) run(ctx context.Context, query string, args []any, scan func(rows *stdsql.Rows) error) error {
	rows, err := q.r.Client.QueryContext(ctx, query, args...)
	if err != nil {
		return fmt.Errorf("list %s: %w", q.table, err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return fmt.Errorf("list %s: %w", q.table, err)
		}
	}
	return rows.Err()
}

// places finds the rows of every owner's page, and one more each.
func (q *listQuery[T]) places(ctx context.Context) ([][]place, error) {
	columns := strings.Join(q.columns(), ", ")
	places := make([][]place, len(q.owned))
	return places, q.each(ctx, func(b *strings.Builder, i int, owner string) []any {
		fmt.Fprintf(b, "SELECT * FROM (SELECT %d AS owner, %s FROM (", i, columns)
		args := q.ownersRows(b, owner, true)
		fmt.Fprintf(b, ") u%d ORDER BY %s LIMIT %d) p%d", i, q.ordering(), q.w.limit+1, i)
		return args
	}, func(rows *stdsql.Rows) error {
		p, err := q.scan(rows)
		if err == nil {
			places[p.owner] = append(places[p.owner], p)
		}
		return err
	})
}

// ownersRows writes the statement of one owner's rows; a row may belong to its owner by several columns.
func (q *listQuery[T]) ownersRows(b *strings.Builder, owner string, paged bool) (args []any) {
	limit := q.w.limit + 1
	if !paged {
		limit = model.MostCounted + 1
	}
	for j, column := range q.owners {
		s := sql.Dialect(q.r.Dialect).Select().From(sql.Table(q.table))
		var columns []string
		for _, c := range q.columns() {
			columns = append(columns, s.C(c))
		}
		rule.OfOwner(s.Select(columns...), column, owner).Limit(limit)
		q.where(s)
		if paged {
			q.beyondCursor(s)
			for _, c := range columns {
				if q.descending {
					c = sql.Desc(c)
				}
				s.OrderBy(c)
			}
		}
		query, a := s.Query()
		if j > 0 {
			b.WriteString(" UNION ")
		}
		fmt.Fprintf(b, "SELECT * FROM (%s) o%d", query, j)
		args = append(args, a...)
	}
	return args
}

func (q *listQuery[T]) beyondCursor(s *sql.Selector) {
	if q.cursor == nil {
		return
	}
	beyond := sql.GT
	if q.descending {
		beyond = sql.LT
	}
	if len(q.cursor) == 1 {
		s.Where(beyond(s.C("id"), q.cursor[0]))
		return
	}
	s.Where(sql.Or(beyond(s.C(q.order), q.cursor[0]), sql.And(sql.EQ(s.C(q.order), q.cursor[0]), beyond(s.C("id"), q.cursor[1]))))
}

func (q *listQuery[T]) ordering() string {
	columns := slices.Clone(q.columns())
	if q.descending {
		for i := range columns {
			columns[i] += " DESC"
		}
	}
	return strings.Join(columns, ", ")
}

func (q *listQuery[T]) scan(rows interface{ Scan(...any) error }) (place, error) {
	p := place{at: make([]any, len(q.columns()))}
	var id string
	to := []any{&p.owner, &id}
	var by any
	if q.order != "" {
		to = []any{&p.owner, &by, &id}
	}
	if err := rows.Scan(to...); err != nil {
		return p, err
	}
	switch v := by.(type) {
	case nil:
	case time.Time:
		p.at[0] = v.UnixMicro()
	case []byte:
		p.at[0] = string(v)
	default:
		p.at[0] = v
	}
	p.at[len(p.at)-1] = id
	return p, nil
}

// rows loads the rows of all pages.
func (q *listQuery[T]) rows(ctx context.Context, places [][]place) (map[string]T, error) {
	var ids []string
	for _, ps := range places {
		for _, p := range ps[:min(len(ps), q.w.limit)] {
			ids = append(ids, p.id())
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	loaded, err := q.load(ctx, ids)
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
	nodes, cursors := make([]T, 0, len(places)), make([]string, 0, len(places))
	for _, p := range places {
		if row, visible := rows[p.id()]; visible {
			nodes, cursors = append(nodes, row), append(cursors, encodeCursor(q.kind, p.at))
		}
	}
	return newPage(nodes, cursors, q.w, more)
}

func newPage[T any](nodes []T, cursors []string, w window, more bool) *model.Page[T] {
	info := &model.PageInfo{HasNextPage: more, HasPreviousPage: w.cursor != nil}
	if w.backward {
		info = &model.PageInfo{HasNextPage: w.cursor != nil, HasPreviousPage: more}
	}
	if len(cursors) > 0 {
		info.StartCursor, info.EndCursor = &cursors[0], &cursors[len(cursors)-1]
	}
	return &model.Page[T]{Nodes: nodes, Cursors: cursors, PageInfo: info}
}

// counts counts the rows of every owner, each up to the most that is counted and one more.
func (q *listQuery[T]) counts(ctx context.Context) ([]int, error) {
	counts := make([]int, len(q.owned))
	return counts, q.each(ctx, func(b *strings.Builder, i int, owner string) []any {
		fmt.Fprintf(b, "SELECT %d AS owner, COUNT(*) FROM (SELECT * FROM (", i)
		args := q.ownersRows(b, owner, false)
		fmt.Fprintf(b, ") u%d LIMIT %d) c%d", i, model.MostCounted+1, i)
		return args
	}, func(rows *stdsql.Rows) error {
		var owner, n int
		err := rows.Scan(&owner, &n)
		counts[owner] = n
		return err
	})
}
