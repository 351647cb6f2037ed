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
	"mandate/internal/batch"
)

// listQuery is one list below many owners.
type listQuery[T batch.Row] struct {
	list[T]
	r          *Resolver
	owned      []string
	w          window
	descending bool
	cursor     *start
	where      func(*sql.Selector)

	found map[string][][]place // by owner and stretch
	whole map[string]int       // how many rows those owners have whose rows were all found
	taken []string             // the columns that are read with the places, nil for none
	read  []T                  // of the places found
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
	q := &listQuery[T]{list: l, r: r, owned: owned, w: w, descending: l.newest != w.backward,
		found: make(map[string][][]place, len(owned)), whole: make(map[string]int)}
	q.where = func(s *sql.Selector) {
		if narrow != nil {
			narrow(s)
		}
		if where != nil {
			where(s)
		}
	}
	if q.beside = nil; l.dense {
		ctx := selecting(ctx)
		q.taken = l.columns.of(ctx)
		if l.beside != nil && selected(ctx)[l.beside.field] {
			q.beside = l.beside
		}
	}
	if w.cursor != nil {
		if q.cursor, err = q.decode(*w.cursor); err != nil {
			return nil, err
		}
	}
	return q, nil
}

// places finds the rows of every owner's page, and one more each.
func (q *listQuery[T]) places(ctx context.Context) ([][]place, error) {
	scan, err := q.scanner()
	if err != nil {
		return nil, err
	}
	rest := distinct(q.owned)
	if q.dense && len(rest) > 1 && len(q.order) == 1 && q.cursor == nil {
		if rest, err = q.walk(ctx, rest, scan); err != nil {
			return nil, err
		}
	}
	err = q.each(ctx, rest, func(owners []string) *form {
		var f form
		for n, s := range q.ahead() {
			if f.sql != "" {
				f.add(" UNION ALL ")
			}
			q.stretchOf(&f, owners, n, s)
		}
		return &f
	}, func(rows *stdsql.Rows) error {
		p, row, err := scan(rows)
		if err != nil {
			return err
		}
		return q.keep(p, row)
	})
	places := make([][]place, len(q.owned))
	for i, owner := range q.owned {
		places[i] = q.pageOf(owner)
	}
	return places, err
}

// walk finds the rows of all owners in one walk along the index, owner after owner, as long as they have few: twice those of
// a page on average. It returns the owners that it did not come to the end of.
func (q *listQuery[T]) walk(ctx context.Context, owned []string, scan scanner[T]) (rest []string, err error) {
	bound := 2 * len(owned) * (q.w.limit + 1)
	rows := q.rowsOf(0, q.index(0), owned)
	owner := rows.C(q.owners[0])
	q.take(rows, sql.Expr(owner), 0).Where(oneOf(owner, owned)).Limit(bound)
	if q.descending {
		owner = sql.Desc(owner)
	}
	q.along(rows.OrderBy(owner), 0)
	query, args := rows.Query()
	var last sameText
	var ownerOnly []any
	n, own := 0, 0
	err = q.run(ctx, query, args, func(rows *stdsql.Rows) error {
		if ownerOnly == nil {
			columns, err := rows.Columns()
			if err != nil {
				return err
			}
			ownerOnly = append(ownerOnly, &last)
			for range columns[1:] {
				ownerOnly = append(ownerOnly, unread{})
			}
		}
		before := last.text
		if err := rows.Scan(ownerOnly...); err != nil {
			return err
		}
		if last.text != before && own > 0 {
			q.whole[before], own = own, 0
		}
		n++
		if own++; own > q.w.limit+1 {
			return nil
		}
		p, row, err := scan(rows)
		if err != nil {
			return err
		}
		return q.keep(p, row)
	})
	if err != nil {
		return nil, err
	}
	if own > 0 {
		q.whole[last.text] = own
	}
	for _, owner := range owned {
		if n == bound && (owner == last.text || q.descending != (owner > last.text)) {
			delete(q.whole, owner)
			delete(q.found, owner)
			rest = append(rest, owner)
		} else {
			q.whole[owner] += 0 // none is known, too
		}
	}
	return rest, nil
}

// unread takes a value and does nothing with it.
type unread struct{}

// Scan implements sql.Scanner.
func (unread) Scan(any) error { return nil }

// sameText takes a text that often is the same as that of the row before, and then is not made anew.
type sameText struct{ text string }

// Scan implements sql.Scanner.
func (s *sameText) Scan(value any) error {
	switch v := value.(type) {
	case []byte:
		if string(v) != s.text {
			s.text = string(v)
		}
	case string:
		s.text = v
	default:
		return fmt.Errorf("the owner of a row is a %T", value)
	}
	return nil
}

// ordering takes a value that orders a list, as cursors tell it: a text, or the microseconds of an instant.
type ordering struct{ value any }

// Scan implements sql.Scanner.
func (o *ordering) Scan(value any) error {
	switch v := value.(type) {
	case time.Time:
		o.value = v.UnixMicro()
	case []byte:
		o.value = string(v)
	default:
		o.value = value
	}
	return nil
}

// keep takes a place that was found, and the row that was read with it.
func (q *listQuery[T]) keep(p place, row func() (T, error)) error {
	if q.found[p.owner] == nil {
		q.found[p.owner] = make([][]place, len(q.order))
	}
	q.found[p.owner][p.stretch] = append(q.found[p.owner][p.stretch], p)
	if row == nil {
		return nil
	}
	r, err := row()
	q.read = append(q.read, r)
	return err
}

// pageOf joins what was found in the stretches of an owner's list.
func (q *listQuery[T]) pageOf(owner string) []place {
	stretches := q.found[owner]
	if len(stretches) == 0 {
		return nil
	}
	all := stretches[0]
	if len(stretches) > 1 {
		if q.descending {
			stretches = slices.Clone(stretches)
			slices.Reverse(stretches)
		}
		all = slices.Concat(stretches...)
	}
	return all[:min(len(all), q.w.limit+1)]
}

// stretchOf writes the first rows of a stretch.
func (q *listQuery[T]) stretchOf(f *form, owners []string, n int, s stretch) {
	var parts form
	for j, column := range q.owners {
		rows := q.rowsOf(j, strings.ReplaceAll(s.index, "%s", column), owners)
		q.take(rows, sql.Expr("?", ownerID{}), n).Where(sql.EQ(rows.C(column), ownerID{})).Limit(q.w.limit + 1)
		q.along(rows, n)
		query, args := rows.Query()
		if j > 0 {
			parts.add(" UNION ")
		}
		parts.add(rule.Part(q.r.Dialect, query), args...)
	}
	if len(q.owners) == 1 {
		f.add(parts.sql, parts.args...)
		return
	}
	order := "id"
	if s.column != "" {
		order = "value" + q.direction() + ", id"
	}
	f.add(rule.Part(q.r.Dialect, fmt.Sprintf("SELECT * FROM (%s) u ORDER BY %s%s LIMIT %d", parts.sql, order, q.direction(), q.w.limit+1)), parts.args...)
}

// take selects of a row in a stretch its owner, its place, and the columns that are read with it.
func (q *listQuery[T]) take(rows *sql.Selector, owner sql.Querier, n int) *sql.Selector {
	if q.beside != nil {
		other := sql.Table(q.beside.table).As("beside")
		rows.LeftJoin(other).On(rows.C(q.beside.key), other.C("id")) // an inner one would leave it open which is read first
	}
	return rows.SelectExpr(sql.ExprFunc(func(b *sql.Builder) {
		value := "NULL"
		if column := q.order[n].column; column != "" {
			value = rows.C(column)
		}
		b.Join(owner).WriteString(fmt.Sprintf(" AS owner, %d AS stretch, %s AS value, %s AS id", n, value, rows.C(q.key)))
		for i, c := range q.taken {
			b.WriteString(fmt.Sprintf(", %s AS c%d", rows.C(c), i))
		}
		if q.beside != nil {
			b.WriteString(", beside." + q.beside.column + " AS beside")
		}
	}))
}

// rowsOf begins a statement of rows that belong to some of the owners, by one of the columns by which they may.
func (q *listQuery[T]) rowsOf(column int, index string, owners []string) *sql.Selector {
	s := sql.Dialect(q.r.Dialect).Select().From(rule.Along(q.r.Dialect, q.table, index))
	rule.OfOwners(s, q.owners[column], owners)
	if q.other != nil {
		s.Where(sql.EQ(s.C(q.owners[1-column]), *q.other))
	}
	q.where(s)
	return s
}

// index names the index along which a list of one stretch is walked by one of its columns of owners; "" for any.
func (q *listQuery[T]) index(column int) string {
	if len(q.order) > 1 {
		return ""
	}
	return strings.ReplaceAll(q.order[0].index, "%s", q.owners[column])
}

// scanner reads a place, and returns what makes the row that was read with it, if there is one.
type scanner[T any] func(*stdsql.Rows) (p place, row func() (T, error), err error)

func (q *listQuery[T]) scanner() (scanner[T], error) {
	var p place
	var owner sameText
	var value ordering
	into := []any{&owner, &p.stretch, &value, &p.id}
	var row func() (T, error)
	if q.taken != nil {
		columns, made, err := q.scan(q.taken)
		if err != nil {
			return nil, err
		}
		into, row = append(into, columns...), made
	}
	if q.beside != nil {
		var other string
		into = append(into, &other)
		made := row
		row = func() (T, error) {
			r, err := made()
			q.beside.set(r, other)
			return r, err
		}
	}
	return func(rows *stdsql.Rows) (place, func() (T, error), error) {
		if err := rows.Scan(into...); err != nil {
			return p, nil, err
		}
		p.owner, p.value = owner.text, value.value
		return p, row, nil
	}, nil
}
