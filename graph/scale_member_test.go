package graph_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"mandate/internal/testdb"
	"mandate/internal/testworld"
)

const memberIDs = `query($t: ID!, $f: MemberFilter, $o: MemberOrder, $first: Int, $after: String, $last: Int, $before: String) {
	tenant(id: $t) { members(filter: $f, orderBy: $o, first: $first, after: $after, last: $last, before: $before) { nodes { id } } } }`

func TestHundredThousandMembers(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		m := newMultitude(t, url)
		for _, o := range listedBy {
			for _, direction := range []string{"ASC", "DESC"} {
				t.Run(o.field+" "+direction, func(t *testing.T) { m.ordered(t, o, direction) })
			}
		}
		t.Run("searched", m.searched)
		t.Run("filtered", m.filtered)
		t.Run("counted", m.counted)
		t.Run("in full", m.inFull)
	})
}

// ordered looks at pages of all members in an order: none touches more than some rows for each that it shows, and a deep one
// not more than half as many again as the first.
func (m *multitude) ordered(t *testing.T, o memberOrder, direction string) {
	first := 0
	for _, p := range memberPages(o, m.list(o, direction, present)) {
		statements, touched := m.opened(t, m.tenant.Admin, "members", memberIDs, p, vars{"o": vars{"field": o.field, "direction": direction}})
		m.crowd.at(t).frugal(false, statements)
		if p.name == "first" {
			first = touched
		}
		if touched > 20*pageSize || 2*touched > 3*first {
			t.Errorf("%s page: %d rows touched, and %d for the first", p.name, touched, first)
		}
	}
}

// searched looks for members by how their names begin: a usual beginning, a name that a quarter bear, and a rare one. In an
// order that is not by name, those that are found are put in order.
func (m *multitude) searched(t *testing.T) {
	for _, search := range []string{"aa", "service a", "quincy"} {
		for _, o := range listedBy {
			t.Run(search+", "+o.field, func(t *testing.T) {
				found := m.list(o, "ASC", named(search).and(present))
				most := 20 * pageSize
				if o.field == "LAST_SIGNED_IN_AT" {
					most += 3 * len(found)
				}
				for _, p := range memberPages(o, found) {
					statements, touched := m.opened(t, m.tenant.Admin, "members", memberIDs, p, vars{"f": vars{"search": search}, "o": vars{"field": o.field}})
					if o.field != "LAST_SIGNED_IN_AT" {
						m.crowd.at(t).frugal(false, statements)
					}
					if touched > most {
						t.Errorf("%s page: %d rows touched; want at most %d", p.name, touched, most)
					}
				}
			})
		}
	}
}

// filtered asks for members of a kind. Where an index finds them, that costs no more than all members do; elsewhere the walk
// is longer, but visits nobody twice, and needs no rows.
func (m *multitude) filtered(t *testing.T) {
	const always = "NAME STATUS LAST_SIGNED_IN_AT"
	administrator, guest := func(r someMember) bool { return r.administrator }, func(r someMember) bool { return r.guest }
	manager := m.guests.Member(m.tenant.Tenant).ID
	for _, f := range []struct {
		name   string
		who    *testworld.Person
		filter vars
		of     kind
		found  string // the orders in which an index finds them
	}{
		{"active", m.tenant.Admin, vars{"status": []string{"ACTIVE"}}, standingAs("ACTIVE"), always},
		{"suspended", m.tenant.Admin, vars{"status": []string{"SUSPENDED"}}, standingAs("SUSPENDED"), "NAME STATUS"},
		{"removed", m.tenant.Admin, vars{"status": []string{"REMOVED"}}, standingAs("REMOVED"), "NAME STATUS"},
		{"pending", m.tenant.Admin, vars{"status": []string{"PENDING_APPROVAL", "PENDING_EMAIL_VALIDATION"}}, standingAs("PENDING_APPROVAL", "PENDING_EMAIL_VALIDATION"), "STATUS"},
		{"administrators", m.tenant.Admin, vars{"administrator": true}, kind(administrator).and(present), always},
		{"others", m.tenant.Admin, vars{"administrator": false}, func(r someMember) bool { return present(r) && !r.administrator }, always},
		{"guests", m.tenant.Admin, vars{"guest": true}, kind(guest).and(present), ""},
		{"no guests", m.tenant.Admin, vars{"guest": false}, func(r someMember) bool { return present(r) && !r.guest }, always},
		{"suspended guests", m.tenant.Admin, vars{"guest": true, "status": []string{"SUSPENDED"}}, kind(guest).and(standingAs("SUSPENDED")), ""},
		{"all, to a guest manager", m.guests, nil, func(r someMember) bool { return present(r) && (r.guest || r.id == manager) }, ""},
	} {
		for _, o := range listedBy {
			if f.who == m.guests && o.field == "LAST_SIGNED_IN_AT" {
				continue // takes USERS VIEW
			}
			t.Run(f.name+", "+o.field, func(t *testing.T) {
				most := manyMembers + 10*pageSize
				if strings.Contains(f.found, o.field) {
					most = 20 * pageSize
				}
				for _, p := range memberPages(o, m.list(o, "ASC", f.of))[:2] {
					statements, touched := m.opened(t, f.who, "members", memberIDs, p, vars{"f": f.filter, "o": vars{"field": o.field}})
					m.crowd.at(t).frugal(false, statements)
					if most > manyMembers {
						m.crowd.at(t).withoutRows(statements)
					}
					if touched > most {
						t.Errorf("%s page: %d rows touched; want at most %d", p.name, touched, most)
					}
				}
			})
		}
	}
}

// withoutRows expects that the members of a list are found in an index alone.
func (c *crowd) withoutRows(statements []testworld.Statement) {
	c.t.Helper()
	i := slices.IndexFunc(statements, func(s testworld.Statement) bool { return strings.Contains(s.SQL, " AS stretch") })
	if i < 0 {
		c.t.Fatalf("none of %d statements lists members", len(statements))
	}
	s := statements[i]
	for _, step := range c.plan(s) {
		text := strings.Join(step, " | ")
		if strings.Contains(text, "members") && !strings.Contains(text, "COVERING INDEX") && !strings.Contains(text, "Using index") {
			c.t.Errorf("rows are read:\n%s\n%s", s.SQL, text)
		}
	}
}

// counted counts members, up to 10,000.
func (m *multitude) counted(t *testing.T) {
	const query = `query($t: ID!, $f: MemberFilter) { tenant(id: $t) { members(first: 1, filter: $f) { totalCount totalCountCapped } } }`
	for _, f := range []struct {
		filter vars
		of     kind
	}{
		{nil, present},
		{vars{"search": "aa"}, named("aa").and(present)},
		{vars{"search": "service"}, named("service").and(present)},
		{vars{"administrator": true}, func(r someMember) bool { return present(r) && r.administrator }},
		{vars{"guest": true}, func(r someMember) bool { return present(r) && r.guest }},
	} {
		n := len(m.list(listedBy[0], "ASC", f.of))
		var a *testworld.Answer
		statements := m.Reads(func() { a = m.tenant.Admin.Do(query, vars{"t": m.tenant.ID, "f": f.filter}).OK() })
		if got, capped := a.At("tenant.members.totalCount"), a.At("tenant.members.totalCountCapped"); got != float64(min(n, 10_001)) || capped != (n > 10_000) {
			t.Errorf("%v: %v members, capped %v; there are %d", f.filter, got, capped, n)
		}
		m.crowd.at(t).frugal(false, statements)
	}
}

// inFull reads all that a grid of members shows, which takes as many statements for one row as for a hundred.
func (m *multitude) inFull(t *testing.T) {
	const want = 9
	const query = `query($t: ID!, $o: MemberOrder, $first: Int!, $after: String) { tenant(id: $t) { members(orderBy: $o, first: $first, after: $after) {
		totalCount totalCountCapped pageInfo { hasNextPage endCursor } nodes { id version userId name label email phone status guest administrator allSites lastSignedInAt
			role { key name } permissions { feature { key } level } user { id email } tenant { name } } } } }`
	for _, o := range listedBy {
		deep := memberPages(o, m.list(o, "ASC", present))[1].vars["after"]
		for _, after := range []any{nil, deep} {
			for _, n := range []int{1, 10, 100} {
				a := m.tenant.Admin.Do(query, vars{"t": m.tenant.ID, "o": vars{"field": o.field}, "first": n, "after": after}).OK()
				if got := len(a.List("tenant.members.nodes")); got != n || a.Statements != want {
					t.Errorf("by %s, after %v: %d rows in %d statements; want %d in %d", o.field, after, got, a.Statements, n, want)
				}
			}
		}
	}
}

// BenchmarkMemberList opens the first page and page 1,000 of 100,000 members by turns, and tells the median times and their
// ratio.
func BenchmarkMemberList(b *testing.B) {
	for _, engine := range []string{testdb.SQLite, testdb.MariaDB} {
		m := newMultitude(b, testdb.New(b, engine))
		for _, o := range listedBy {
			for _, direction := range []string{"ASC", "DESC"} {
				pages := memberPages(o, m.list(o, direction, present))[:2]
				b.Run(engine+"/"+o.field+" "+direction, func(b *testing.B) { m.race(b, pages, vars{"o": vars{"field": o.field, "direction": direction}}) })
			}
		}
	}
}

func (m *multitude) race(b *testing.B, pages []page, v vars) {
	took := make([][]time.Duration, len(pages))
	v["t"] = m.tenant.ID
	for b.Loop() {
		for i, p := range pages {
			asked := maps.Clone(v)
			maps.Copy(asked, p.vars)
			start := time.Now()
			m.tenant.Admin.Do(memberIDs, asked).OK()
			took[i] = append(took[i], time.Since(start))
		}
	}
	first, deep := median(took[0]), median(took[1])
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(first.Microseconds()), "first-µs")
	b.ReportMetric(float64(deep.Microseconds()), "page1000-µs")
	b.ReportMetric(float64(deep)/float64(first), "page1000/first")
}

func median(list []time.Duration) time.Duration {
	slices.Sort(list)
	return list[len(list)/2]
}
