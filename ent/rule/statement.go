package rule

import (
	"context"
	stdsql "database/sql"
	"fmt"
	"time"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
)

// statement is SQL under construction, with its arguments in the order of their placeholders. What a route holds is added
// to others and never added to: copies share what is behind it.
type statement struct {
	sql  []byte
	args []any
}

func (s *statement) add(text string, args ...any) *statement {
	s.sql, s.args = append(s.sql, text...), append(s.args, args...)
	return s
}

func (s *statement) addAll(o *statement) *statement {
	s.sql, s.args = append(s.sql, o.sql...), append(s.args, o.args...)
	return s
}

// joined writes a statement of several parts; one alone stays as it is.
func joined[T any](d, by string, parts []T, write func(*statement, T)) (s statement) {
	for i, p := range parts {
		var part statement
		write(&part, p)
		if len(parts) == 1 {
			return part
		}
		if i > 0 {
			s.add(by)
		}
		s.add(Part(d, string(part.sql)), part.args...)
	}
	return s
}

// query runs the statement.
func (s *statement) query(ctx context.Context, db DB) (*stdsql.Rows, error) {
	return db.QueryContext(ctx, string(s.sql), s.args...)
}

// in adds "column IN (…)"; no values match nothing.
func (s *statement) in(column string, values []string) *statement {
	if len(values) == 0 {
		return s.add("1=0")
	}
	s.add(column).add(" IN (?", values[0])
	for _, v := range values[1:] {
		s.add(",?", v)
	}
	return s.add(")")
}

// live adds the condition that a relationship or an assignment counts at the given moment.
func (s *statement) live(alias string, now time.Time) *statement {
	return s.add(alias).add(".status='ACTIVE' AND ").add(alias).add(".starts_at<=? AND (", now).
		add(alias).add(".ends_at IS NULL OR ").add(alias).add(".ends_at>?)", now)
}

// Moment scans an instant from any expression: SQLite gives the microseconds it keeps wherever the column's type is lost.
type Moment struct{ Time *time.Time }

// Scan implements sql.Scanner.
func (m *Moment) Scan(v any) error {
	switch v := v.(type) {
	case nil:
		m.Time = nil
	case time.Time:
		u := v.UTC()
		m.Time = &u
	case int64:
		u := time.UnixMicro(v).UTC()
		m.Time = &u
	default:
		return fmt.Errorf("%T is not an instant", v)
	}
	return nil
}

// The two engines differ in how a statement says which index a table is walked by, and in which order tables are
// visited. MySQL needs both to start from the index that holds the order; SQLite chooses another one for some viewers.

func hint(d, index string) string {
	if d == dialect.SQLite {
		return " INDEXED BY " + index
	}
	return " FORCE INDEX (" + index + ")"
}

func thenJoin(d string) string {
	if d == dialect.SQLite {
		return " CROSS JOIN "
	}
	return " STRAIGHT_JOIN "
}

// Part writes a statement as a part of a union, with an order and an end of its own.
func Part(d, query string) string {
	if d == dialect.SQLite {
		return "SELECT * FROM (" + query + ")"
	}
	return "(" + query + ")"
}

// Along returns a table to be read along one of its indexes; "" leaves the choice to the engine. Left alone, MySQL takes
// the rows of an owner for one range, and reads all those before a cursor, too.
func Along(d, table, index string) *sql.SelectTable {
	if index == "" {
		return sql.Table(table)
	}
	return sql.Table(table + hint(d, index)).As(table).Unquote()
}

// Kept names a column that rows are kept or dropped by, and are not to be found by. SQLite, which has no statistics, else
// takes all rows of a tenant for fewer than those of a page.
func Kept(s *sql.Selector, column string) string {
	if s.Dialect() == dialect.SQLite {
		return "+" + s.C(column)
	}
	return s.C(column)
}
