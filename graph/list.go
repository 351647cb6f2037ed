package graph

import (
	"context"
	stdsql "database/sql"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"entgo.io/ent/dialect"
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
	key    string // the column that names what is listed; "" for id
	order  order
	newest bool // largest first
	scope  rule.Scope
	load   func(context.Context, []string) ([]T, error)
	id     func(T) string
}

// order is how a list runs: stretch after stretch, each of which an index yields in its order.
type order []stretch

// stretch is a part of a list.
type stretch struct {
	where  func(*sql.Selector) // which rows; nil for all
	column string              // the column before the id in the order; "" for the id alone
	moment bool                // whether that column is an instant
	index  string              // the index to walk along, with %s for the owner's column; "" leaves that to the engine
}

// by orders a list by one column that is never empty, "" for the id, along an index.
func by(column, index string) order { return order{{column: column, index: index}} }

// place is a row's owner and the stretch where it stands, by position, and its place there.
type place struct {
	owner, stretch int
	at             []any
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
	cursor     *place
	where      func(*sql.Selector)
}

func newListQuery[T batch.Row](ctx context.Context, r *Resolver, l list[T], owned []string, w window, where func(*sql.Selector)) (*listQuery[T], error) {
	narrow, err := l.scope(ctx, rule.From(ctx))
	if err != nil {
		return nil, err
	}
	if l.key == "" {
		l.key = "id"
	}
	if l.order == nil {
		l.order = by("", "")
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
		if q.cursor, err = q.decode(*w.cursor); err != nil {
			return nil, err
		}
	}
	return q, nil
}

// mark is what cursors of a stretch begin with.
func (q *listQuery[T]) mark(stretch int) string {
	if len(q.order) == 1 {
		return q.kind
	}
	return q.kind + strconv.Itoa(stretch)
}

func (q *listQuery[T]) decode(cursor string) (*place, error) {
	var at []any
	var err error
	for i, s := range q.order {
		if at, err = decodeCursor(q.mark(i), len(q.columns(s)), s.moment, cursor); err == nil {
			return &place{stretch: i, at: at}, nil
		}
	}
	return nil, err
}

func (q *listQuery[T]) columns(s stretch) []string {
	if s.column == "" {
		return []string{q.key}
	}
	return []string{s.column, q.key}
}

// mostParts is of how many parts one statement is joined: SQLite takes 500.
const mostParts = 400

// each runs a statement with a part for every owner, and hands its rows to scan.
func (q *listQuery[T]) each(ctx context.Context, part func(b *strings.Builder, i int, owner string) []any, scan func(rows *stdsql.Rows) error) error {
	atOnce := max(1, mostParts/(len(q.owners)*len(q.order)))
	for start := 0; start < len(q.owned); start += atOnce {
		var b strings.Builder
		var args []any
		for i := start; i < min(start+atOnce, len(q.owned)); i++ {
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
	found := make([][][]place, len(q.owned)) // by owner and stretch
	for i := range found {
		found[i] = make([][]place, len(q.order))
	}
	err := q.each(ctx, func(b *strings.Builder, i int, owner string) (args []any) {
		for n, s := range q.ahead() {
			if args != nil {
				b.WriteString(" UNION ALL ")
			}
			value := "NULL"
			if s.column != "" {
				value = s.column
			}
			fmt.Fprintf(b, "SELECT * FROM (SELECT %d AS owner, %d AS stretch, %s AS value, %s AS id FROM (", i, n, value, q.key)
			args = append(args, q.union(b, owner, q.w.limit+1, s.index, q.columns(s), q.along(n))...)
			fmt.Fprintf(b, ") u%d_%d ORDER BY %s LIMIT %d) p%d_%d", i, n, q.ordering(s), q.w.limit+1, i, n)
		}
		return args
	}, func(rows *stdsql.Rows) error {
		p, err := q.scan(rows)
		if err == nil {
			found[p.owner][p.stretch] = append(found[p.owner][p.stretch], p)
		}
		return err
	})
	places := make([][]place, len(q.owned))
	for i, stretches := range found {
		if q.descending {
			slices.Reverse(stretches)
		}
		all := slices.Concat(stretches...)
		places[i] = all[:min(len(all), q.w.limit+1)]
	}
	return places, err
}

// ahead yields the stretches that can hold rows of the page.
func (q *listQuery[T]) ahead() iter.Seq2[int, stretch] {
	return func(yield func(int, stretch) bool) {
		for i, s := range q.order {
			if q.cursor != nil && (!q.descending && i < q.cursor.stretch || q.descending && i > q.cursor.stretch) {
				continue
			}
			if !yield(i, s) {
				return
			}
		}
	}
}

// union writes the statement of one owner's rows; a row may belong to its owner by several columns.
func (q *listQuery[T]) union(b *strings.Builder, owner string, limit int, index string, columns []string, shape func(s *sql.Selector, columns []string)) (args []any) {
	for j, column := range q.owners {
		s := sql.Dialect(q.r.Dialect).Select().From(rule.Along(q.r.Dialect, q.table, strings.ReplaceAll(index, "%s", column)))
		qualified := make([]string, len(columns))
		for i, c := range columns {
			qualified[i] = s.C(c)
		}
		rule.OfOwner(s.Select(qualified...), column, owner).Limit(limit)
		q.where(s)
		shape(s, qualified)
		query, a := s.Query()
		if j > 0 {
			b.WriteString(" UNION ")
		}
		fmt.Fprintf(b, "SELECT * FROM (%s) o%d", query, j)
		args = append(args, a...)
	}
	return args
}

// along shapes a statement to the first rows of a stretch.
func (q *listQuery[T]) along(n int) func(*sql.Selector, []string) {
	return func(s *sql.Selector, columns []string) {
		if where := q.order[n].where; where != nil {
			where(s)
		}
		q.beyondCursor(s, n)
		for _, c := range columns {
			if q.descending {
				c = sql.Desc(c)
			}
			s.OrderBy(c)
		}
	}
}

// beyondCursor keeps the rows behind the cursor, in the form from which the engine begins its walk along the index there.
func (q *listQuery[T]) beyondCursor(s *sql.Selector, n int) {
	if q.cursor == nil || q.cursor.stretch != n {
		return
	}
	beyond, both := sql.GT, sql.CompositeGT
	if q.descending {
		beyond, both = sql.LT, sql.CompositeLT
	}
	at, key := q.cursor.at, s.C(q.key)
	if q.order[n].column == "" {
		s.Where(beyond(key, at[0]))
		return
	}
	column := s.C(q.order[n].column)
	if q.r.Dialect == dialect.SQLite {
		s.Where(both([]string{column, key}, at...))
		return
	}
	s.Where(sql.Or(beyond(column, at[0]), sql.And(sql.EQ(column, at[0]), beyond(key, at[1]))))
}

func (q *listQuery[T]) ordering(s stretch) string {
	columns := q.columns(s)
	if q.descending {
		for i := range columns {
			columns[i] += " DESC"
		}
	}
	return strings.Join(columns, ", ")
}

func (q *listQuery[T]) scan(rows interface{ Scan(...any) error }) (place, error) {
	var p place
	var value any
	var id string
	if err := rows.Scan(&p.owner, &p.stretch, &value, &id); err != nil {
		return p, err
	}
	if s := q.order[p.stretch]; s.column != "" {
		switch v := value.(type) {
		case time.Time:
			value = v.UnixMicro()
		case []byte:
			value = string(v)
		}
		p.at = append(p.at, value)
	}
	p.at = append(p.at, id)
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
			nodes, cursors = append(nodes, row), append(cursors, encodeCursor(q.mark(p.stretch), p.at))
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
		args := q.union(b, owner, model.MostCounted+1, "", []string{q.key}, func(*sql.Selector, []string) {})
		fmt.Fprintf(b, ") u%d LIMIT %d) c%d", i, model.MostCounted+1, i)
		return args
	}, func(rows *stdsql.Rows) error {
		var owner, n int
		err := rows.Scan(&owner, &n)
		counts[owner] = n
		return err
	})
}
