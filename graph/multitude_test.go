package graph_test

import (
	"cmp"
	"database/sql"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	gocmp "github.com/google/go-cmp/cmp"

	"mandate/internal/access"
	"mandate/internal/mandate"
	"mandate/internal/testworld"
)

// multitude is a world with a tenant of 100,000 members, besides others.
type multitude struct {
	crowd
	tenant  *testworld.Company
	guests  *testworld.Person       // who sees guests only, and themselves
	members map[string][]someMember // of the tenant, by the order in which they stand
}

// someMember is what lists of members are ordered and filtered by.
type someMember struct {
	id, sortName, status string
	guest, administrator bool
	signedIn             int64 // in microseconds; 0 for never
}

const manyMembers = 100_000

func newMultitude(t testing.TB, url string) *multitude {
	t.Helper()
	w := testworld.New(t, url)
	m := &multitude{crowd: crowd{World: w}, tenant: w.Customer("Large"), members: make(map[string][]someMember)}
	m.guests = w.Staff(m.tenant, "guest manager", testworld.Role(access.GuestManager))
	var members []someMember
	for _, p := range []*testworld.Person{m.tenant.Admin, m.guests} {
		row := p.Member(m.tenant.Tenant)
		members = append(members, someMember{id: row.ID, sortName: row.SortName, status: "ACTIVE", administrator: row.Administrator})
	}
	tx, err := w.DB.Write.Begin()
	if err != nil {
		t.Fatal(err)
	}
	members = append(members, m.fill(t, tx)...)
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	m.analyze(t, "tenants", "users", "members")
	for _, o := range listedBy {
		slices.SortFunc(members, func(a, b someMember) int { return cmp.Or(o.compare(a, b), strings.Compare(a.id, b.id)) })
		m.members[o.field] = slices.Clone(members)
	}
	return m
}

// fill writes the members of the tenant, which it returns, and those of the others. Nine of ten are active, one of a hundred
// is removed, half have never signed in, and a quarter bear one name.
func (m *multitude) fill(t testing.TB, tx *sql.Tx) (members []someMember) {
	t.Helper()
	const others, inEach = 20, 500
	now, random := m.Now(), rand.New(rand.NewPCG(1, 2))
	fill(t, tx, "users", "id,created_at,updated_at,email,email_canonical", manyMembers, func(i int) []any {
		address := fmt.Sprintf("user%06d@example.com", i)
		return []any{rowID("usr", i), now, now, address, address}
	})
	fill(t, tx, "tenants", "id,created_at,updated_at,kind,name,sort_name", others, func(i int) []any {
		name := fmt.Sprintf("Other %02d", i)
		return []any{rowID("ten", i), now, now, "CUSTOMER", name, mandate.SortName(name)}
	})
	columns := "id,created_at,updated_at,first_name,last_name,sort_name,handle,label,tenant_id,user_id,present_user_id,status,guest,administrator,last_signed_in_at"
	fill(t, tx, "members", columns, manyMembers+others*inEach, func(i int) []any {
		row, first, last := anyMember(random, now, i)
		user, tenant := rowID("usr", i%manyMembers), m.tenant.ID
		if i < manyMembers {
			members = append(members, row)
		} else {
			tenant = rowID("ten", i%others)
		}
		var present, signedIn any
		if row.status != "REMOVED" {
			present = user
		}
		if row.signedIn > 0 {
			signedIn = time.UnixMicro(row.signedIn).UTC()
		}
		return []any{row.id, now, now, first, last, row.sortName, fmt.Sprint("user", i), first, tenant, user, present, row.status, row.guest, row.administrator, signedIn}
	})
	return members
}

func anyMember(random *rand.Rand, now time.Time, i int) (row someMember, first, last string) {
	first, last = "A"+variation(random, 40), "Smi"+variation(random, 50)
	switch {
	case i%4 == 1:
		first, last = "Service", "Account"
	case i%33_333 == 0:
		first = "Quincy"
	}
	row = someMember{id: rowID("mem", i), sortName: mandate.SortName(first + " " + last), guest: random.IntN(50) == 0}
	switch n := random.IntN(100); {
	case n < 3:
		row.status = "PENDING_EMAIL_VALIDATION"
	case n < 6:
		row.status = "PENDING_APPROVAL"
	case n < 9:
		row.status = "SUSPENDED"
	case n < 10:
		row.status = "REMOVED"
	default:
		row.status = "ACTIVE"
	}
	row.administrator = !row.guest && row.status == "ACTIVE" && random.IntN(3000) == 0
	if random.IntN(2) == 0 {
		row.signedIn = now.Add(-time.Duration(random.IntN(1e7)) * time.Second).UnixMicro()
	}
	return row, first, last
}

// variation makes one of n syllables.
func variation(random *rand.Rand, n int) string {
	i := random.IntN(n)
	return strings.Repeat(string(rune('a'+i%26)), 1+i/26) + "o"
}

// memberOrder is one in which members are listed.
type memberOrder struct {
	field   string
	compare func(a, b someMember) int // up to the id
	cursor  func(someMember) string
}

var listedBy = []memberOrder{
	{"NAME", byMemberName, func(r someMember) string { return forged("m", r.sortName, r.id) }},
	{"STATUS", func(a, b someMember) int { return cmp.Or(a.standing()-b.standing(), byMemberName(a, b)) },
		func(r someMember) string { return forged(fmt.Sprint("ms", r.standing()), r.sortName, r.id) }},
	{"LAST_SIGNED_IN_AT", func(a, b someMember) int { return cmp.Compare(a.signedIn, b.signedIn) }, func(r someMember) string {
		if r.signedIn == 0 {
			return forged("ml0", r.id)
		}
		return forged("ml1", r.signedIn, r.id)
	}},
}

func byMemberName(a, b someMember) int { return strings.Compare(a.sortName, b.sortName) }

// standing is the place of the member's status in the order of statuses.
func (r someMember) standing() int {
	return slices.Index([]string{"PENDING_EMAIL_VALIDATION", "PENDING_APPROVAL", "ACTIVE", "SUSPENDED", "REMOVED"}, r.status)
}

// kind is some of the members.
type kind func(someMember) bool

func present(r someMember) bool { return r.status != "REMOVED" }

func (k kind) and(other kind) kind { return func(r someMember) bool { return k(r) && other(r) } }

func standingAs(status ...string) kind {
	return func(r someMember) bool { return slices.Contains(status, r.status) }
}

func named(prefix string) kind {
	return func(r someMember) bool { return strings.HasPrefix(r.sortName, prefix) }
}

// list lists members in an order, as the program has it.
func (m *multitude) list(o memberOrder, direction string, of kind) []someMember {
	var rows []someMember
	for _, r := range m.members[o.field] {
		if of(r) {
			rows = append(rows, r)
		}
	}
	if direction == "DESC" {
		slices.Reverse(rows)
	}
	return rows
}

// page is a part of a list: how it is asked for, and what is on it.
type page struct {
	name string
	vars vars
	want []string
}

// pagesOf are pages of a list: the first, page 1,000 or the middle of a shorter list, the one before that, and the last.
func pagesOf[T any](rows []T, id, cursor func(T) string) []page {
	at := min(999*pageSize, len(rows)/2)
	var ids []string
	for _, r := range rows {
		ids = append(ids, id(r))
	}
	deep := cursor(rows[at-1])
	return []page{
		{"first", vars{"first": pageSize}, ids[:min(pageSize, len(ids))]},
		{"deep", vars{"first": pageSize, "after": deep}, ids[at:min(at+pageSize, len(ids))]},
		{"before the deep one", vars{"last": pageSize, "before": deep}, ids[max(0, at-1-pageSize) : at-1]},
		{"last", vars{"last": pageSize}, ids[max(0, len(ids)-pageSize):]},
	}
}

func memberPages(o memberOrder, rows []someMember) []page {
	return pagesOf(rows, func(r someMember) string { return r.id }, o.cursor)
}

// opened is what it took to open a page of a list of the tenant: the statements, and how many rows the server touched; 0 on
// SQLite, which does not tell.
func (m *multitude) opened(t *testing.T, who *testworld.Person, list, query string, p page, v vars) (statements []testworld.Statement, touched int) {
	t.Helper()
	asked := vars{"t": m.tenant.ID}
	maps.Copy(asked, v)
	maps.Copy(asked, p.vars)
	var got []string
	statements = m.Reads(func() { got = who.Do(query, asked).OK().Column("tenant."+list+".nodes", "id") })
	if diff := gocmp.Diff(p.want, got, gocmp.Transformer("", func(ids []string) string { return strings.Join(ids, "\n") })); diff != "" {
		t.Errorf("%s page: other rows (- want, + got):\n%s", p.name, diff)
	}
	most := 3
	if filter, _ := v["f"].(vars); list == "members" && filter == nil || len(p.want) == 0 {
		most = 2 // the rows are read with their places, or there are none
	}
	if len(statements) != most {
		t.Errorf("%s page: %d statements; want %d", p.name, len(statements), most)
	}
	if c := m.at(t); m.DB.Dialect == dialect.MySQL {
		touched = c.rowsOf(statements)
		t.Logf("%s page: %d rows touched for %d", p.name, touched, len(got))
	}
	return statements, touched
}
