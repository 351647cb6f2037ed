package graph

import (
	"context"
	stdsql "database/sql"
	"fmt"
	"reflect"
	"strings"
)

// mostParts is of how many parts one statement is joined: SQLite takes 500.
const mostParts = 400

// ownerID stands in a form where the owner's id is to be.
type ownerID struct{}

// form is SQL about one owner, whichever it is.
type form struct {
	sql  string
	args []any
}

func (f *form) add(text string, args ...any) {
	f.sql += text
	f.args = append(f.args, args...)
}

// fill appends the arguments for an owner.
func (f *form) fill(args []any, owner string) []any {
	for _, a := range f.args {
		if a == (ownerID{}) {
			a = owner
		}
		args = append(args, a)
	}
	return args
}

func (f *form) same(o *form) bool { return f.sql == o.sql && reflect.DeepEqual(f.args, o.args) }

// forms writes the form of every owner. What holds for all of them together as for one alone holds for each: most often it is
// the same.
func forms(owned []string, write func(owners []string) *form) func(i int) *form {
	each := func(i int) *form { return write(owned[i : i+1]) }
	if len(owned) < 2 {
		return each
	}
	if one, all := each(0), write(owned); one.same(all) {
		return func(int) *form { return one }
	}
	return each
}

// each runs a statement with a part for each of the owners, and hands its rows to scan.
func (q *listQuery[T]) each(ctx context.Context, owned []string, write func(owners []string) *form, scan func(*stdsql.Rows) error) error {
	atOnce := max(1, mostParts/(len(q.owners)*len(q.order)))
	formOf := forms(owned, write)
	for start := 0; start < len(owned); start += atOnce {
		var b strings.Builder
		var args []any
		for i := start; i < min(start+atOnce, len(owned)); i++ {
			if i > start {
				b.WriteString(" UNION ALL ")
			}
			f := formOf(i)
			b.WriteString(f.sql)
			args = f.fill(args, owned[i])
		}
		if err := q.run(ctx, b.String(), args, scan); err != nil {
			return err
		}
	}
	return nil
}

func (q *listQuery[T]) run(ctx context.Context, query string, args []any, scan func(*stdsql.Rows) error) error {
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
