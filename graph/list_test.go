package graph_test

import (
	"encoding/base64"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mandate/internal/access"
	"mandate/internal/testdb"
	"mandate/internal/testworld"
)

// customersOfManyNames makes a partner with 25 customers: in several scripts, in upper and lower case, and two of one name.
func customersOfManyNames(t *testing.T, url string) (w *testworld.World, p *testworld.Company, inOrder []string) {
	t.Helper()
	w = testworld.New(t, url)
	p = w.NewPartner("acme")
	names := []string{"Zürich", "zürich", "Ångström", "Éclair", "eclair", "日本電気", "Ωmega", "Ａｃｍｅ", "acme ltd", "ﬁsh", "Fish & Chips", "😀 Emoji", "Same", "Same", "İstanbul"}
	for i := range 10 {
		names = append(names, fmt.Sprintf("Customer %02d", i))
	}
	for i, name := range names {
		c := &testworld.Company{Tenant: w.Tenant("CUSTOMER", name)}
		w.Manages(p, c)
		if i%5 == 0 {
			if err := w.Write.TenantTag.Create().SetTenantID(c.ID).SetTag("vip").Exec(w.System()); err != nil {
				t.Fatal(err)
			}
		}
		inOrder = append(inOrder, c.SortName+"\x00"+c.ID)
	}
	slices.Sort(inOrder)
	for i, key := range inOrder {
		inOrder[i] = key[len(key)-30:]
	}
	return w, p, inOrder
}

func TestPagingGivesEveryRowOnce(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		_, p, inOrder := customersOfManyNames(t, url)
		backwards := slices.Clone(inOrder)
		slices.Reverse(backwards)
		for _, of := range []struct{ list, extra string }{{"customers", ""}, {"viewer.tenants", "(via: [RELATIONSHIP]"}} {
			for _, size := range []int{1, 3, 7, 24, 25, 100} {
				for _, way := range []struct {
					name, bound, cursor, from, more, order string
					want                                   []string
				}{
					{"forward", "first", "after", "endCursor", "hasNextPage", "ASC", inOrder},
					{"forward, largest first", "first", "after", "endCursor", "hasNextPage", "DESC", backwards},
					{"backward", "last", "before", "startCursor", "hasPreviousPage", "ASC", inOrder},
					{"backward, largest first", "last", "before", "startCursor", "hasPreviousPage", "DESC", backwards},
				} {
					if of.list != "customers" && way.name != "forward" {
						continue // the switcher only runs forward
					}
					if got := walk(t, p.Admin, of.list, way.bound, way.cursor, way.from, way.more, way.order, size); !slices.Equal(got, way.want) {
						t.Errorf("%s, %s by %d (- want, + got):\n%s", of.list, way.name, size, cmp.Diff(way.want, got))
					}
				}
			}
		}
	})
}

// walk reads a list page by page, and returns the ids of its rows in the order of the list.
func walk(t *testing.T, p *testworld.Person, list, bound, cursor, from, more, order string, size int) []string {
	t.Helper()
	query := fmt.Sprintf(`query($n: Int!, $c: String) { customers(%s: $n, %s: $c, orderBy: {field: NAME, direction: %s}) {
		totalCount totalCountCapped nodes { id } edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`, bound, cursor, order)
	id := "id"
	if list == "viewer.tenants" {
		id = "tenant.id"
		query = `query($n: Int!, $c: String) { viewer { tenants(via: [RELATIONSHIP], first: $n, after: $c) {
			totalCount totalCountCapped nodes { tenant { id } } edges { cursor node { tenant { id } } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } }`
	}
	var ids []string
	var at any
	for range 30 {
		a := p.Do(query, testworld.Vars{"n": size, "c": at}).OK()
		if a.At(list+".totalCount") != 25.0 || a.At(list+".totalCountCapped") != false {
			t.Fatalf("the count is wrong: %s", a.Body)
		}
		page := a.Column(list+".nodes", id)
		if diff := cmp.Diff(page, a.Column(list+".edges", "node."+id)); diff != "" {
			t.Fatalf("nodes and edges differ (- nodes, + edges):\n%s", diff)
		}
		cursors := a.Column(list+".edges", "cursor")
		if a.At(list+".pageInfo.startCursor") != cursors[0] || a.At(list+".pageInfo.endCursor") != cursors[len(cursors)-1] {
			t.Fatalf("the page's cursors are not those of its ends: %s", a.Body)
		}
		if bound == "last" {
			ids = append(page, ids...)
		} else {
			ids = append(ids, page...)
		}
		if at = a.At(list + ".pageInfo." + from); a.At(list+".pageInfo."+more) != true {
			return ids
		}
	}
	t.Fatal("the list does not end")
	return nil
}

func TestSearchFoldsNames(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		_, p, _ := customersOfManyNames(t, url)
		for search, want := range map[string][]string{
			"zÜ":                        {"Zürich", "zürich"},
			"ec":                        {"eclair"},
			"éC":                        {"Éclair"},
			"acme":                      {"acme ltd", "Ａｃｍｅ"},
			"fi":                        {"Fish & Chips", "ﬁsh"},
			"日本":                        {"日本電気"},
			"  customer 0":              {"Customer 00", "Customer 01", "Customer 02", "Customer 03", "Customer 04", "Customer 05", "Customer 06", "Customer 07", "Customer 08", "Customer 09"},
			"%%":                        nil,
			"__":                        nil,
			`'; DROP TABLE tenants; --`: nil,
		} {
			a := p.Admin.Do(`query($s: String!) { customers(first: 20, filter: {search: $s}) { totalCount nodes { name } } }`, testworld.Vars{"s": search}).OK()
			got := a.Column("customers.nodes", "name")
			slices.Sort(got)
			if diff := cmp.Diff(want, got); diff != "" || a.At("customers.totalCount") != float64(len(want)) {
				t.Errorf("%q (- want, + got):\n%s", search, diff)
			}
		}
	})
}

func TestABoundIsRequired(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		w, p, _ := customersOfManyNames(t, url)
		anyone := w.Staff(p, "anyone", testworld.Nothing)
		lists := []struct{ before, list, after, at string }{
			{"{ ", "customers", " { nodes { id } } }", "customers"},
			{"{ ", "tenants", " { nodes { id } } }", "tenants"},
			{"{ viewer { ", "tenants", " { nodes { endsAt } } } }", "viewer.tenants"},
			{"{ viewer { ", "sessions", " { nodes { id } } } }", "viewer.sessions"},
			{"{ viewer { ", "invitations", " { nodes { id } } } }", "viewer.invitations"},
		}
		for _, list := range []string{"members", "roles", "relationships", "invitations", "assignments", "auditEvents"} {
			lists = append(lists, struct{ before, list, after, at string }{`{ tenant(id: "` + p.ID + `") { `, list, " { nodes { id } } } }", "tenant." + list})
		}
		for _, l := range lists {
			for _, bound := range []string{"", "(first: 0)", "(first: -1)", "(first: 101)", `(first: 1, after: "")`, `(first: 1, after: "nonsense")`, `(first: 1, after: "` + forged("zz", "x") + `")`} {
				a := p.Admin.Do(l.before+l.list+bound+l.after, nil)
				if diff := cmp.Diff([]string{"BAD_USER_INPUT at " + l.at}, a.Errors()); diff != "" {
					t.Errorf("%s%s (- want, + got):\n%s", l.at, bound, diff)
				}
			}
			p.Admin.Do(l.before+l.list+"(first: 1)"+l.after, nil).OK()
			p.Admin.Do(l.before+l.list+"(first: 100)"+l.after, nil).OK()
		}
		for _, list := range []string{"customers", "tenants"} {
			for _, bound := range []string{"(first: 1, last: 1)", "(last: 0)", "(last: 101)", `(first: 1, before: "x")`, `(last: 1, after: "x")`} {
				if diff := cmp.Diff([]string{"BAD_USER_INPUT at " + list}, anyone.Do("{ "+list+bound+" { totalCount } }", nil).Errors()); diff != "" {
					t.Errorf("%s%s (- want, + got):\n%s", list, bound, diff)
				}
			}
			for _, search := range []string{"x", "", " ", " x ", "é"} {
				a := p.Admin.Do("query($s: String) { "+list+"(first: 1, filter: {search: $s}) { totalCount } }", testworld.Vars{"s": search})
				if diff := cmp.Diff([]string{"SEARCH_TOO_SHORT at " + list}, a.Errors()); diff != "" {
					t.Errorf("%s, %q (- want, + got):\n%s", list, search, diff)
				}
			}
		}
		for _, query := range []string{`{ viewer { tenants(first: 1, search: "x") { totalCount } } }`, `{ tenant(id: "` + p.ID + `") { members(first: 1, filter: {search: "x"}) { totalCount } } }`} {
			if got := p.Admin.Do(query, nil).Errors(); len(got) != 1 || got[0][:16] != "SEARCH_TOO_SHORT" {
				t.Errorf("%s: %v", query, got)
			}
		}
	})
}

// forged makes a cursor by hand.
func forged(kind string, place ...any) string {
	text := fmt.Sprintf("[%q", kind)
	for _, v := range place {
		if s, ok := v.(string); ok {
			v = fmt.Sprintf("%q", s)
		}
		text += fmt.Sprintf(",%v", v)
	}
	return base64.RawURLEncoding.EncodeToString([]byte(text + "]"))
}

func TestT04AForgedCursorIsBadInput(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		_, p, inOrder := customersOfManyNames(t, url)
		members := p.Admin.Do(`query($t: ID!) { tenant(id: $t) { members(first: 1) { pageInfo { endCursor } } } }`, testworld.Vars{"t": p.ID}).OK().String("tenant.members.pageInfo.endCursor")
		customers := p.Admin.Do(`{ customers(first: 1) { pageInfo { endCursor } } }`, nil).OK().String("customers.pageInfo.endCursor")
		bad := func(query, at string, cursors ...string) {
			t.Helper()
			for _, c := range cursors {
				a := p.Admin.Do(query, testworld.Vars{"t": p.ID, "c": c})
				if diff := cmp.Diff([]string{"BAD_USER_INPUT at " + at}, a.Errors()); diff != "" {
					t.Errorf("%s, cursor %q (- want, + got):\n%s", at, c, diff)
				}
			}
		}
		bad(`query($c: String) { customers(first: 1, after: $c) { nodes { id } } }`, "customers",
			members, customers[1:], customers+"A", customers+"=", forged("t", "a"), forged("t", "a", 5), forged("t", 5, "a"), forged("t", "a", "b", "c"), forged("t", "a", 1.5), forged("t", "a", true))
		bad(`query($t: ID!, $c: String) { tenant(id: $t) { members(first: 1, after: $c) { nodes { id } } } }`, "tenant.members",
			customers, forged("m", "a"), forged("m", 5, "a"), forged("m", "a", 5))
		bad(`query($t: ID!, $c: String) { tenant(id: $t) { relationships(first: 1, after: $c) { nodes { id } } } }`, "tenant.relationships",
			customers, forged("l", 5), forged("l", "a", "b"))
		bad(`query($t: ID!, $c: String) { tenant(id: $t) { auditEvents(first: 1, after: $c) { nodes { id } } } }`, "tenant.auditEvents",
			customers, forged("e", "a", "b"), forged("e", 5, 5), forged("e", "9e18", "b"), forged("e", 9000000000000000000, "evt"), forged("e", -9000000000000000000, "evt"))
		a := p.Admin.Do(`query($c: String) { customers(first: 100, after: $c) { totalCount nodes { id } } }`, testworld.Vars{"c": forged("t", "", "")}).OK()
		if diff := cmp.Diff(inOrder, a.Column("customers.nodes", "id")); diff != "" {
			t.Errorf("a cursor before the first row shows others (- want, + got):\n%s", diff)
		}
	})
}

func TestT03TagsMatchOnlyWhereTheyMayBeRead(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		l := newLandscape(t, url)
		for _, c := range []*testworld.Company{l.contoso, l.fabri, l.hooli, l.initech} {
			l.must(l.Write.TenantTag.Create().SetTenantID(c.ID).SetTag("common").Exec(l.System()))
		}
		blind := l.Staff(l.acme, "acme blind", testworld.Nothing) // reaches Contoso, without TENANT VIEW
		guestsOnly := l.CustomRole(l.acme.Tenant, "guests", map[access.Feature]access.Level{access.Guests: access.View})
		a := l.Assign(l.acme, l.contoso, blind, access.ReadOnly)
		l.must(l.Write.Assignment.UpdateOne(a).SetRoleID(guestsOnly.ID).Exec(l.System()))
		for _, c := range []struct {
			who  string
			p    *testworld.Person
			tags []string
			want []string
		}{
			{"Acme's administrator", l.acme.Admin, []string{"common"}, []string{l.contoso.Name, l.fabri.Name}},
			{"Acme's administrator", l.acme.Admin, []string{"common", mark("fabri", "tag")}, []string{l.fabri.Name}},
			{"Acme's administrator", l.acme.Admin, []string{mark("hooli", "tag")}, nil},
			{"Acme's administrator", l.acme.Admin, []string{"COMMON"}, nil},
			{"somebody without TENANT VIEW", blind, []string{"common"}, nil},
			{"somebody without TENANT VIEW", blind, nil, []string{l.contoso.Name}},
			{"the operator's reader", l.people["oper reader"], []string{"common"}, []string{l.contoso.Name, l.fabri.Name, l.hooli.Name, l.initech.Name}},
			{"the operator's clerk, with PARTNERS VIEW only", l.people["oper clerk"], []string{"common"}, nil},
			{"a customer's administrator", l.contoso.Admin, []string{"common"}, nil},
		} {
			a := c.p.Do(`query($tags: [String!]) { customers(first: 100, filter: {tags: $tags}) { totalCount nodes { name } pageInfo { hasNextPage endCursor } } }`, testworld.Vars{"tags": c.tags}).OK()
			if diff := cmp.Diff(c.want, a.Column("customers.nodes", "name")); diff != "" || a.At("customers.totalCount") != float64(len(c.want)) {
				t.Errorf("%s, %v (- want, + got):\n%s", c.who, c.tags, diff)
			}
		}
		many := slices.Repeat([]string{"x"}, 21)
		if diff := cmp.Diff([]string{"BAD_USER_INPUT at customers"}, l.acme.Admin.Do(`query($tags: [String!]) { customers(first: 1, filter: {tags: $tags}) { totalCount } }`, testworld.Vars{"tags": many}).Errors()); diff != "" {
			t.Errorf("21 tags (- want, + got):\n%s", diff)
		}
	})
}

func TestEachListHoldsWhatItsPathsReach(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		l := newLandscape(t, url)
		names := func(of ...*testworld.Company) []string {
			var list []string
			for _, c := range of {
				list = append(list, c.Name)
			}
			slices.Sort(list)
			return list
		}
		customers := names(l.contoso, l.fabri, l.hooli, l.initech, l.umbra)
		everywhere := append(slices.Clone(customers), names(l.acme, l.globex, l.operator)...)
		slices.Sort(everywhere)
		for who, want := range map[string][3][]string{ // customers, tenants, viewer.tenants
			"contoso admin":        {nil, nil, names(l.contoso)},
			"contoso guest":        {nil, nil, names(l.contoso)},
			"acme admin":           {names(l.contoso, l.fabri), nil, names(l.acme, l.contoso, l.fabri)},
			"acme assigned":        {names(l.contoso), nil, names(l.acme, l.contoso)},
			"acme staff":           {nil, nil, names(l.acme)},
			"acme scheduled":       {nil, nil, names(l.acme)},
			"acme entered contoso": {names(l.contoso), nil, names(l.contoso)},
			"globex admin":         {names(l.hooli), nil, names(l.globex, l.hooli)},
			"oper reader":          {customers, everywhere, everywhere},
			"oper clerk":           {customers, nil, everywhere},
			"oper staff":           {nil, nil, names(l.operator)},
		} {
			a := l.people[who].Do(`{ customers(first: 100) { nodes { name } } tenants(first: 100) { nodes { name } } viewer { tenants(first: 100) { nodes { tenant { name } } } } }`, nil).OK()
			got := [3][]string{a.Column("customers.nodes", "name"), a.Column("tenants.nodes", "name"), a.Column("viewer.tenants.nodes", "tenant.name")}
			for i := range got {
				slices.Sort(got[i])
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s (- want, + got):\n%s", who, diff)
			}
		}
	})
}
