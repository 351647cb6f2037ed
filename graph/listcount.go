package graph

import (
	"context"
	stdsql "database/sql"
	"fmt"
	"maps"

	"entgo.io/ent/dialect/sql"

	"mandate/ent/rule"
	"mandate/graph/model"
)

// counts counts the rows of every owner, each up to the most that is counted and one more.
func (q *listQuery[T]) counts(ctx context.Context) ([]int, error) {
	counted := q.whole
	var rest []string
	for _, owner := range distinct(q.owned) {
		if _, known := counted[owner]; !known {
			rest = append(rest, owner)
		}
	}
	if len(rest) > 0 {
		found, err := q.countsOf(ctx, rest)
		if err != nil {
			return nil, err
		}
		maps.Copy(found, counted)
		counted = found
	}
	counts := make([]int, len(q.owned))
	for i, owner := range q.owned {
		counts[i] = min(counted[owner], model.MostCounted+1)
	}
	return counts, nil
}

// countsOf counts the rows of owners: together, which is quicker, unless together they have more than is counted of one.
func (q *listQuery[T]) countsOf(ctx context.Context, owned []string) (map[string]int, error) {
	counts, all := make(map[string]int, len(owned)), 0
	take := func(rows *stdsql.Rows) error {
		var owner string
		var n int
		err := rows.Scan(&owner, &n)
		counts[owner] = n
		all += n
		return err
	}
	if len(q.owners) == 1 && len(owned) > 1 {
		rows := q.rowsOf(0, q.index(0), owned)
		query, args := rows.Where(oneOf(rows.C(q.owners[0]), owned)).Select(sql.As(rows.C(q.owners[0]), "owner")).Limit(model.MostCounted + 1).Query()
		if err := q.run(ctx, "SELECT owner, COUNT(*) FROM ("+query+") c GROUP BY owner", args, take); err != nil || all <= model.MostCounted {
			return counts, err
		}
	}
	return counts, q.each(ctx, owned, func(owners []string) *form {
		var f form
		f.add("SELECT ? AS owner, COUNT(*) FROM (", ownerID{})
		for j, column := range q.owners {
			rows := q.rowsOf(j, "", owners)
			query, args := rows.Where(sql.EQ(rows.C(column), ownerID{})).Select(rows.C(q.key)).Limit(model.MostCounted + 1).Query()
			if j > 0 {
				f.add(" UNION ")
			}
			f.add(rule.Part(q.r.Dialect, query), args...)
		}
		f.add(fmt.Sprintf(" LIMIT %d) c", model.MostCounted+1))
		return &f
	}, take)
}
