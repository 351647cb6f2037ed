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

// union writes the statement of one owner's rows; a row may belong to its owner by several columns.
func (q *listQuery[T]) union(b *strings.Builder, owner string, limit int, index string, columns []string, shape func(s *sql.Selector, columns []string)) (args []any) {
	for j, column := range q.owners {
		s := sql.Dialect(q.r.Dialect).Select().From(rule.Along(q.r.Dialect, q.table, strings.ReplaceAll(index, "%s", column)))
		qualified := make([]string, len(columns))
		for i, c := range columns {
			qualified[i] = s.C(c)
		}
		rule.OfOwner(s.Select(qualified...), column, owner).Limit(limit)
		if q.other != nil {
			s.Where(sql.EQ(s.C(q.owners[1-j]), *q.other))
		}
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
