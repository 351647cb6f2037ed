package graph

import (
	"iter"
	"strconv"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
)

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

// place says where a row stands: in whose list, in which stretch of it, by position, and there by a value, nil for none, and by its id.
type place struct {
	owner   string
	stretch int
	value   any
	id      string
}

// start is where a page begins: in a stretch, behind a value, if the stretch has one, and an id.
type start struct {
	stretch int
	at      []any
}

// mark is what cursors of a stretch begin with.
func (q *listQuery[T]) mark(stretch int) string {
	if len(q.order) == 1 {
		return q.kind
	}
	return q.kind + strconv.Itoa(stretch)
}

func (q *listQuery[T]) decode(cursor string) (*start, error) {
	var at []any
	var err error
	for i, s := range q.order {
		if at, err = decodeCursor(q.mark(i), len(q.columns(s)), s.moment, cursor); err == nil {
			return &start{i, at}, nil
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

// along shapes a statement to the first rows of a stretch.
func (q *listQuery[T]) along(s *sql.Selector, n int) {
	if where := q.order[n].where; where != nil {
		where(s)
	}
	q.beyondCursor(s, n)
	for _, c := range q.columns(q.order[n]) {
		c = s.C(c)
		if q.descending {
			c = sql.Desc(c)
		}
		s.OrderBy(c)
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

func (q *listQuery[T]) direction() string {
	if q.descending {
		return " DESC"
	}
	return ""
}
