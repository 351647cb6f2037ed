package rule

import (
	"context"
	"fmt"
)

// fewBearers is how many bearers of a tag are few. It is measured: along the names of 100,000 tenants a page of bearers is
// found as fast as by looking up and sorting all bearers when these are about 3,000, and among fewer tenants sooner. Tests
// lower it, for worlds that are small.
var fewBearers = 2000

// rareTag returns the one of the tags that the fewest tenants bear, if these are few; otherwise "".
func (a *Access) rareTag(ctx context.Context, tags []string) (string, error) {
	if len(tags) == 0 {
		return "", nil
	}
	var s statement
	for i, tag := range tags {
		if i > 0 {
			s.add(" UNION ALL ")
		}
		s.add(fmt.Sprintf("SELECT %d, COUNT(*) FROM (SELECT 1 FROM tenant_tags WHERE tag=? LIMIT %d) x%[1]d", i, fewBearers+1), tag)
	}
	rows, err := s.query(ctx, a.db)
	if err != nil {
		return "", fmt.Errorf("count the bearers of tags: %w", err)
	}
	defer rows.Close()
	rarest, fewest := "", fewBearers+1
	for rows.Next() {
		var i, bearers int
		if err := rows.Scan(&i, &bearers); err != nil {
			return "", fmt.Errorf("count the bearers of tags: %w", err)
		}
		if bearers < fewest {
			rarest, fewest = tags[i], bearers
		}
	}
	return rarest, rows.Err()
}

// ofBearers narrows a route to the few bearers of a tag, at which it starts: to look them up and to sort them takes less than to
// come across them in the order of names. MySQL may start elsewhere, where there are fewer still.
func (r route) ofBearers(tag string) route {
	r = r.startingAt(table{name: "tenant_tags", alias: "b"}, "b.tag=?", tag)
	r.order, r.tag = [2]string{"t.sort_name", "t.id"}, tag
	return r
}
