package graph_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"entgo.io/ent/dialect"

	"mandate/internal/testworld"
)

// rareTag looks at pages of customers with a tag that few bear: whoever asks, they take as many rows as there are bearers,
// however many customers there are.
func (c *crowd) rareTag(who onlooker) {
	want := c.texts("SELECT t.id FROM tenants t JOIN tenant_tags v ON v.tenant_id=t.id AND v.tag='violet' WHERE t.kind='CUSTOMER' AND "+who.reach+" ORDER BY t.sort_name, t.id", who.args...)
	backward := slices.Clone(want)
	slices.Reverse(backward)
	for _, list := range []struct {
		name string
		vars vars
		want []string
	}{
		{"ascending", vars{}, want},
		{"descending", vars{"o": vars{"field": "NAME", "direction": "DESC"}}, backward},
	} {
		c.t.Run(list.name, func(t *testing.T) { c.at(t).rarePages(who, list.vars, list.want) })
	}
	both := c.texts("SELECT t.id FROM tenants t JOIN tenant_tags v ON v.tenant_id=t.id AND v.tag='violet' JOIN tenant_tags g ON g.tenant_id=t.id AND g.tag='green' WHERE t.kind='CUSTOMER' AND t.sort_name>='ma' AND t.sort_name<'mb' AND "+
		who.reach+" ORDER BY t.sort_name, t.id", who.args...)
	c.t.Run("with another tag and a prefix", func(t *testing.T) {
		c.at(t).rarePages(who, vars{"f": vars{"search": "ma", "tags": []string{"green", "violet"}}}, both)
	})
	c.t.Run("counted", func(t *testing.T) { c.at(t).counted(who, false, len(want), []string{"violet"}, 12*rareBearers) })
}

// rarePages reads a list of bearers of a rare tag page by page.
func (c *crowd) rarePages(who onlooker, v vars, want []string) {
	bound := 5*rareBearers + 15*pageSize
	if v["f"] != nil {
		bound += tagCounted
	}
	asked := vars{"f": vars{"tags": []string{"violet"}}}
	for k, x := range v {
		asked[k] = x
	}
	asked["first"] = 30
	got := []string{}
	for {
		var a *testworld.Answer
		ask := func() { a = who.Do(names, asked).OK() }
		c.expectFrugal(false, ask)
		c.expectFewSorted(ask)
		if c.DB.Dialect == dialect.MySQL {
			if touched := c.rowsRead(ask); touched > bound {
				c.t.Errorf("%d rows touched; want at most %d", touched, bound)
			}
		}
		got = append(got, a.Column("customers.nodes", "id")...)
		if a.At("customers.pageInfo.hasNextPage") != true || len(got) > len(want) {
			break
		}
		asked["after"] = a.String("customers.pageInfo.endCursor")
	}
	if !slices.Equal(got, want) {
		c.t.Errorf("%d customers with the tag:\n%v\nwant %d:\n%v", len(got), got, len(want), want)
	}
}

// expectFewSorted looks at how the engine sorts the bearers of a tag: no more rows than there are. SQLite, which does not tell,
// starts at them, and looks each up among the viewer's assignments.
func (c *crowd) expectFewSorted(ask func()) {
	c.t.Helper()
	found := false
	for _, s := range c.Reads(ask) {
		if !strings.Contains(s.SQL, "tenant_tags b ") {
			continue
		}
		found = true
		steps := c.plan(s)
		few := strings.Contains(table(steps), "SEARCH b USING COVERING INDEX tenanttag_tag_tenant_id (tag=?)") && !strings.Contains(table(steps), "INDEX assignments_page")
		if c.DB.Dialect == dialect.MySQL {
			few = !slices.ContainsFunc(steps, func(step []string) bool {
				rows, _ := strconv.Atoi(step[8])
				return strings.Contains(step[9], "Using filesort") && rows > rareBearers+pageSize // as it estimates
			})
		}
		if !few {
			c.t.Errorf("more than the bearers are sorted:\n%s\n%s", s.SQL, table(steps))
		}
	}
	if !found {
		c.t.Error("the list does not start at the bearers of a tag")
	}
}

// texts returns the only column of a query.
func (c *crowd) texts(query string, args ...any) []string {
	c.t.Helper()
	rows, err := c.DB.Read.Query(query, args...)
	if err != nil {
		c.t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	list := []string{}
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			c.t.Fatal(err)
		}
		list = append(list, text)
	}
	if err := rows.Err(); err != nil {
		c.t.Fatal(err)
	}
	return list
}
