package rule

import (
	"context"
	"slices"

	"entgo.io/ent/dialect/sql"
)

// Naming lets viewers see rows by what they name in another table: a row is there for whoever sees that one.
func Naming(column, table string, of Scope) Scope {
	return func(ctx context.Context, a *Access) (func(*sql.Selector), error) {
		narrow, err := of(ctx, a)
		if err != nil {
			return nil, err
		}
		return func(s *sql.Selector) {
			named := sql.Dialect(s.Dialect()).Select().From(sql.Table(table).As("named"))
			named.Select(named.C("id")).Where(sql.ColumnsEQ(named.C("id"), s.C(column)))
			if narrow != nil {
				narrow(named)
			}
			s.Where(sql.Exists(named))
		}, nil
	}
}

// mostProbes is how many probes stand side by side: a condition of SQLite's is not nested deeper than 1,000.
const mostProbes = 200

// Reached lets viewers see rows that name a tenant in reach, whether it was resolved already or not: each is probed along
// the viewer's routes.
func Reached(column string) Scope {
	return func(ctx context.Context, a *Access) (func(*sql.Selector), error) {
		a.mu.Lock()
		defer a.mu.Unlock()
		if err := a.load(ctx); err != nil {
			return nil, err
		}
		routes := a.listed(List{})
		return func(s *sql.Selector) {
			var probes []*sql.Predicate
			for _, r := range routes {
				var probe statement
				probe.add("EXISTS (SELECT 1")
				r.from(&probe, a.dialect, freely)
				r.conditions(&probe)
				probe.add(" AND " + r.tenant + "=" + s.C(column) + ")")
				probes = append(probes, sql.ExprP(string(probe.sql), probe.args...))
			}
			either := []*sql.Predicate{sql.False()}
			for part := range slices.Chunk(probes, mostProbes) {
				either = append(either, sql.Or(part...))
			}
			s.Where(sql.Or(either...))
		}, nil
	}
}
