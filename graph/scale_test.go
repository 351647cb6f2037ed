package graph_test

import (
	"context"
	"database/sql"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"entgo.io/ent/dialect"

	"mandate/internal/access"
	"mandate/internal/mandate"
	"mandate/internal/testdb"
	"mandate/internal/testworld"
)

// crowd is a world with many rows: 20,000 customers of one partner, and enough of everything else that whoever reads a
// table in full is found out.
type crowd struct {
	*testworld.World
	t         *testing.T
	acme      *testworld.Company // the partner with the customers
	zenith    *testworld.Company // a partner with 30
	operator  *testworld.Company
	few, many *testworld.Person // staff of acme with 10 and 1,500 assignments
	large     *testworld.Company
}

const pageSize = 50

// rareBearers is how many customers bear the tag violet; thousands bear any other.
const rareBearers = 100

// tagCounted is how many rows are touched to find that thousands bear a tag: 2,001 are counted.
const tagCounted = 2 * 2001

func newCrowd(t *testing.T, url string) *crowd {
	w := testworld.New(t, url)
	c := &crowd{World: w, t: t, acme: w.NewPartner("Acme"), zenith: w.NewPartner("Zenith"), operator: w.Operator(), large: w.Customer("Large")}
	c.few, c.many = w.Staff(c.acme, "few", testworld.Nothing), w.Staff(c.acme, "many", testworld.Nothing)
	w.Manages(c.acme, c.large)
	few, many := c.few.Member(c.acme.Tenant).ID, c.many.Member(c.acme.Tenant).ID

	tx, err := w.DB.Write.Begin()
	if err != nil {
		t.Fatal(err)
	}
	now := w.Now()
	role := func(key access.RoleKey) string { r, _ := access.SystemRoleByKey(key); return r.ID }
	// Of 23,030 customers every 661st is zenith's, those from 20,030 on are nobody's, and all others are acme's.
	const all, linked = 23_030, 20_030
	partner := func(i int) *testworld.Company {
		switch {
		case i >= linked:
			return nil
		case i%661 == 0:
			return c.zenith
		}
		return c.acme
	}
	words := []string{"Alder", "Birch", "Cedar", "Fir", "Hazel", "Larch", "Maple", "Marble", "Oak", "Pine", "Rowan", "Willow"}
	name := func(i int) string { return fmt.Sprintf("%s %05d", words[i%len(words)], i*7919%all) }
	fill(t, tx, "tenants", "id,created_at,updated_at,kind,name,sort_name,partner_id", all, func(i int) []any {
		var by any
		if p := partner(i); p != nil {
			by = p.ID
		}
		return []any{rowID("ten", i), now, now, "CUSTOMER", name(i), mandate.SortName(name(i)), by}
	})
	fill(t, tx, "relationships", "id,created_at,updated_at,partner_name,partner_type,partner_code,customer_name,kind,status,active_customer_id,starts_at,partner_id,customer_id,role_id", linked, func(i int) []any {
		status, ceiling := "ACTIVE", role(access.Administrator)
		if i%19 == 0 {
			status = "SUSPENDED"
		}
		if i%5 == 0 {
			ceiling = role(access.ReadOnly)
		}
		p := partner(i)
		return []any{rowID("rel", i), now, now, p.Name, "MSP", p.Partner.Code, name(i), "CUSTOMER_DESIGNATED", status, rowID("ten", i), now, p.ID, rowID("ten", i), ceiling}
	})
	fill(t, tx, "tenant_tags", "id,tenant_id,tag", linked, func(i int) []any {
		return []any{rowID("tag", i), rowID("ten", i), []string{"blue", "green", "red"}[i/len(words)%3]}
	})
	fill(t, tx, "tenant_tags", "id,tenant_id,tag", rareBearers, func(i int) []any {
		return []any{rowID("tag", linked+i), rowID("ten", i*199+111), "violet"}
	})
	assigned := 0
	for _, s := range []struct {
		member, name string
		n, by        int
	}{{few, "few", 10, 1901}, {many, "many", 1500, 13}} {
		fill(t, tx, "assignments", "id,created_at,updated_at,partner_name,partner_type,partner_code,tenant_sort_name,grantee_name,starts_at,open_key,granter_id,tenant_id,grantee_id,role_id", s.n, func(i int) []any {
			assigned++
			to := i*s.by + 1
			return []any{rowID("asg", assigned), now, now, "Acme", "MSP", c.acme.Partner.Code, mandate.SortName(name(to)), s.name, now,
				s.member + ":" + rowID("ten", to), c.acme.ID, rowID("ten", to), s.member, role(access.ReadOnly)}
		})
	}
	fill(t, tx, "users", "id,created_at,updated_at,email,email_canonical", 3000, func(i int) []any {
		address := fmt.Sprintf("user%05d@example.com", i)
		return []any{rowID("usr", i), now, now, address, address}
	})
	fill(t, tx, "members", "id,created_at,updated_at,first_name,last_name,sort_name,handle,label,tenant_id,user_id", 15_000, func(i int) []any {
		in := c.large.ID
		if i >= 3000 {
			in = rowID("ten", i)
		}
		first := fmt.Sprintf("Robin %05d", i*7919%15_000)
		return []any{rowID("mem", i), now, now, first, "Smith", mandate.SortName(first + " Smith"), fmt.Sprint("robin", i), first, in, rowID("usr", i%3000)}
	})
	fill(t, tx, "invitations", "id,created_at,updated_at,partner_name,partner_type,partner_code,direction,channel,status,email,email_canonical,expires_at,valid_hours,partner_id,role_id", 6000, func(i int) []any {
		p, address, status := c.zenith, fmt.Sprintf("user%05d@example.com", i), "REVOKED"
		if i%6 == 0 {
			p = c.acme
		}
		if i%10 == 0 {
			address = c.large.Admin.Email
		}
		return []any{rowID("inv", i), now, now, p.Name, "MSP", p.Partner.Code, "PARTNER_TO_CUSTOMER", "EMAIL", status, address, address, now, 1, p.ID, role(access.ReadOnly)}
	})
	fill(t, tx, "audit_events", "id,at,action,tenant_id,other_tenant_id", 20_000, func(i int) []any {
		in, other := any(c.large.ID), any(c.acme.ID)
		if i%2 == 0 {
			in, other = rowID("ten", i), nil
		}
		return []any{rowID("evt", i), now.AddDate(0, 0, -i), "tenant.entered", in, other}
	})
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	c.analyze(t, "tenants", "relationships", "tenant_tags", "assignments", "users", "members", "invitations", "audit_events")
	return c
}

// analyze lets the server look at tables now, as it does now and then by itself. SQLite keeps no statistics.
func (c *crowd) analyze(t testing.TB, tables ...string) {
	t.Helper()
	if c.DB.Dialect == dialect.SQLite {
		return
	}
	if _, err := c.DB.Write.Exec("ANALYZE TABLE " + strings.Join(tables, ", ")); err != nil {
		t.Fatal(err)
	}
}

func rowID(prefix string, i int) string { return fmt.Sprintf("%s_%026d", prefix, i) }

// fill writes rows, many in one statement.
func fill(t testing.TB, tx *sql.Tx, table, columns string, n int, row func(i int) []any) {
	t.Helper()
	one := "(?" + strings.Repeat(",?", strings.Count(columns, ",")) + ")"
	for start := 0; start < n; start += 500 {
		end := min(start+500, n)
		var args []any
		for i := start; i < end; i++ {
			args = append(args, row(i)...)
		}
		if _, err := tx.Exec("INSERT INTO "+table+" ("+columns+") VALUES "+one+strings.Repeat(","+one, end-start-1), args...); err != nil {
			t.Fatalf("fill %s: %v", table, err)
		}
	}
}

// large lists the tables that are large, by their names and by the aliases that statements give them.
var largeTables = []string{"t", "r", "a", "g", "m", "tenants", "relationships", "assignments", "tenant_tags", "members", "users", "invitations", "audit_events", "sites", "access_requests"}

// plan returns how the engine runs a statement, a line a step.
func (c *crowd) plan(s testworld.Statement) [][]string {
	c.t.Helper()
	explain := "EXPLAIN "
	if c.DB.Dialect == dialect.SQLite {
		explain = "EXPLAIN QUERY PLAN "
	}
	rows, err := c.DB.Read.Query(explain+s.SQL, s.Args...)
	if err != nil {
		c.t.Fatalf("%s: %v", s.SQL, err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		c.t.Fatal(err)
	}
	var steps [][]string
	for rows.Next() {
		step, to := make([]sql.NullString, len(columns)), make([]any, len(columns))
		for i := range step {
			to[i] = &step[i]
		}
		if err := rows.Scan(to...); err != nil {
			c.t.Fatal(err)
		}
		texts := make([]string, len(columns))
		for i := range step {
			texts[i] = step[i].String
		}
		steps = append(steps, texts)
	}
	if err := rows.Err(); err != nil {
		c.t.Fatal(err)
	}
	return steps
}

// expectFrugal looks at how the engine runs what the reads of ask take: nothing reads a large table in full, nothing sorts
// more of one than a page, nothing finds rows by who may see them, and but for the operator, who sees all tenants, nothing
// walks the index of all names.
func (c *crowd) expectFrugal(everything bool, ask func()) {
	c.t.Helper()
	c.frugal(everything, c.Reads(ask))
}

func (c *crowd) frugal(everything bool, statements []testworld.Statement) {
	c.t.Helper()
	if len(statements) == 0 {
		c.t.Fatal("nothing was read")
	}
	for _, s := range statements {
		faults := mariaDBFaults
		if c.DB.Dialect == dialect.SQLite {
			faults = sqliteFaults
		}
		steps := c.plan(s)
		for _, fault := range faults(s.SQL, steps, everything) {
			c.t.Errorf("%s:\n%s\n%v\n%s", fault, s.SQL, s.Args, table(steps))
		}
	}
}

func table(steps [][]string) string {
	var b strings.Builder
	for _, s := range steps {
		fmt.Fprintln(&b, strings.Join(s, " | "))
	}
	return b.String()
}

func mariaDBFaults(query string, steps [][]string, everything bool) (faults []string) {
	for _, s := range steps { // id, select_type, table, type, possible_keys, key, key_len, ref, rows, Extra
		name, kind, key, extra := s[2], s[3], s[5], s[len(s)-1]
		if !slices.Contains(largeTables, name) {
			continue
		}
		rows, _ := strconv.Atoi(s[8])
		if kind == "ALL" || kind == "index" && rows > 10*pageSize {
			faults = append(faults, name+" is read in full")
		}
		if !everything && (key == "tenants_page" || key == "tenants_kind_page") {
			faults = append(faults, "all names are walked")
		}
		if strings.Contains(query, "ORDER BY") && strings.Contains(extra, "Using filesort") && rows > pageSize {
			faults = append(faults, name+" is sorted")
		}
	}
	return faults
}

var (
	visit = regexp.MustCompile(`^(SCAN|SEARCH) (\S+)`)
	few   = regexp.MustCompile(`\(id=\?\)|\(user_id=\?|administrator=\?`) // one row, a person's, and administrators
)

func sqliteFaults(_ string, steps [][]string, everything bool) (faults []string) {
	outermost := make(map[string]string) // the first table visited, by the step that it belongs to
	for _, s := range steps {            // id, parent, notused, detail
		parent, detail := s[1], s[3]
		if strings.HasPrefix(detail, "MULTI-INDEX OR") {
			faults = append(faults, "rows are found by who may see them")
		}
		if v := visit.FindStringSubmatch(detail); v != nil {
			if outermost[parent] == "" {
				outermost[parent] = detail
			}
			named := strings.Contains(detail, "INDEX tenants_page") || strings.Contains(detail, "INDEX tenants_kind_page")
			if named && !everything {
				faults = append(faults, "all names are walked")
			}
			if v[1] == "SCAN" && slices.Contains(largeTables, v[2]) && (!named || !everything) {
				faults = append(faults, v[2]+" is read in full")
			}
		}
		if strings.HasPrefix(detail, "USE TEMP B-TREE FOR") && strings.Contains(detail, "ORDER BY") {
			v := visit.FindStringSubmatch(outermost[parent])
			if v != nil && slices.Contains(largeTables, v[2]) && !few.MatchString(outermost[parent]) {
				faults = append(faults, v[2]+" is sorted")
			}
		}
	}
	return faults
}

// rowsRead runs what the reads of ask take once more, and tells how many rows the server touched.
func (c *crowd) rowsRead(ask func()) int {
	c.t.Helper()
	return c.rowsOf(c.Reads(ask))
}

// rowsOf runs statements, and tells how many rows the server touched: those that it read, and entries of indexes that it
// dropped without reading their rows.
func (c *crowd) rowsOf(statements []testworld.Statement) int {
	c.t.Helper()
	ctx := context.Background()
	conn, err := c.DB.Read.Conn(ctx)
	if err != nil {
		c.t.Fatal(err)
	}
	defer conn.Close()
	touched := func() (n int) {
		rows, err := conn.QueryContext(ctx, "SHOW SESSION STATUS WHERE Variable_name LIKE 'Handler_read%' OR Variable_name LIKE 'Handler_icp%'")
		if err != nil {
			c.t.Fatal(err)
		}
		defer rows.Close()
		for rows.Next() {
			var name string
			var value int
			if err := rows.Scan(&name, &value); err != nil {
				c.t.Fatal(err)
			}
			if name == "Handler_icp_match" {
				value = -value // read as well
			}
			n += value
		}
		return n
	}
	itself := -touched() + touched() // what asking costs
	before := touched()
	for _, s := range statements {
		rows, err := conn.QueryContext(ctx, s.SQL, s.Args...)
		if err != nil {
			c.t.Fatal(err)
		}
		for rows.Next() {
			continue // the server reads as far as it is asked to
		}
		if err := rows.Close(); err != nil {
			c.t.Fatal(err)
		}
	}
	return touched() - before - itself
}

// names are all that a page of customers consists of.
const names = `query($f: CustomerFilter, $o: TenantOrder, $first: Int, $after: String, $last: Int, $before: String) {
	customers(filter: $f, orderBy: $o, first: $first, after: $after, last: $last, before: $before) { nodes { id name } pageInfo { endCursor hasNextPage } } }`

func TestTwentyThousandCustomers(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		c := newCrowd(t, url)
		partner := "t.id IN (SELECT r.customer_id FROM relationships r WHERE r.status='ACTIVE' AND r.partner_id=?)"
		staff := partner + " AND t.id IN (SELECT a.tenant_id FROM assignments a WHERE a.grantee_name=?)"
		for _, o := range []onlooker{
			{"partner administrator", c.acme.Admin, partner, []any{c.acme.ID}},
			{"small partner's administrator", c.zenith.Admin, partner, []any{c.zenith.ID}},
			{"staff with 10", c.few, staff, []any{c.acme.ID, "few"}},
			{"staff with 1,500", c.many, staff, []any{c.acme.ID, "many"}},
			{"operator", c.operator.Admin, "1=1", nil},
		} {
			t.Run(o.name, func(t *testing.T) {
				c := c.at(t)
				c.pages(o)
				t.Run("rare tag", func(t *testing.T) { c.at(t).rareTag(o) })
			})
		}
		t.Run("below a row", func(t *testing.T) { c.at(t).below() })
	})
}

// at makes the crowd that of a subtest.
func (c *crowd) at(t *testing.T) *crowd {
	inner := *c
	inner.t = t
	return &inner
}

// onlooker is somebody who lists customers, and which tenants t these are.
type onlooker struct {
	name string
	*testworld.Person
	reach string
	args  []any
}

// everything tells whether it is somebody who sees all tenants.
func (o onlooker) everything() bool { return o.reach == "1=1" }

// pages looks at every kind of page of customers.
func (c *crowd) pages(who onlooker) {
	t := c.t
	reach, everything := one(t, c.World, "SELECT COUNT(*) FROM tenants t WHERE t.kind='CUSTOMER' AND "+who.reach, who.args...), who.everything()
	deep := who.Do(names, vars{"f": vars{"search": "willow"}, "first": 1}).OK()
	deepest, _ := deep.At("customers.pageInfo.endCursor").(string)
	first := 0
	for _, page := range []struct {
		name  string
		vars  vars
		empty bool
		most  int // rows touched, in pages
	}{
		{name: "first", vars: vars{"first": pageSize}, most: 15},
		{name: "last", vars: vars{"last": pageSize}, most: 15},
		{name: "deep", vars: vars{"first": pageSize, "after": deepest}, most: 15},
		{name: "before deep", vars: vars{"last": pageSize, "before": deepest}, most: 15},
		{name: "descending", vars: vars{"first": pageSize, "o": vars{"field": "NAME", "direction": "DESC"}}, most: 15},
		{name: "descending, deep", vars: vars{"first": pageSize, "after": deepest, "o": vars{"field": "NAME", "direction": "DESC"}}, most: 15},
		{name: "prefix", vars: vars{"first": pageSize, "f": vars{"search": "MAR"}}, most: 15},
		{name: "status", vars: vars{"first": pageSize, "f": vars{"status": []string{"ACTIVE"}}}, most: 15},
		{name: "tag", vars: vars{"first": pageSize, "f": vars{"tags": []string{"blue"}}}, most: 30},
		{name: "prefix and tag", vars: vars{"first": pageSize, "f": vars{"search": "mar", "tags": []string{"blue"}}}, most: 30},
	} {
		if strings.Contains(page.name, "deep") && deepest == "" {
			t.Fatal("there is no deep page")
		}
		n := 0
		ask := func() { n = len(who.Do(names, page.vars).OK().List("customers.nodes")) }
		t.Run(page.name, func(t *testing.T) {
			c := c.at(t)
			c.expectFrugal(everything, ask)
			if n == 0 && reach >= pageSize {
				t.Error("the page is empty")
			}
			if c.DB.Dialect != dialect.MySQL {
				return
			}
			touched := c.rowsRead(ask)
			t.Logf("%d rows touched for %d customers", touched, n)
			most := page.most * pageSize
			if strings.Contains(page.name, "tag") {
				most += tagCounted
			}
			if touched > most {
				t.Errorf("%d rows touched; want at most %d", touched, most)
			}
			if page.name == "first" {
				first = touched
			}
			if page.name == "deep" && touched > 3*first {
				t.Errorf("%d rows touched; the first page took %d", touched, first)
			}
		})
	}
	c.counted(who, everything, min(reach, 10_001), nil, 12*min(reach, 10_001))
}

// counted looks at how customers are counted: most rows are touched for it, beside those of a page.
func (c *crowd) counted(who onlooker, everything bool, want int, tags []string, most int) {
	c.t.Helper()
	n := any(nil)
	ask := func() {
		n = who.Do(`query($tags: [String!]) { customers(first: 1, filter: {tags: $tags}) { totalCount totalCountCapped } }`, vars{"tags": tags}).OK().At("customers.totalCount")
	}
	c.expectFrugal(everything, ask)
	if n != float64(want) {
		c.t.Errorf("%v customers; want %d", n, want)
	}
	if c.DB.Dialect != dialect.MySQL {
		return
	}
	touched := c.rowsRead(ask)
	c.t.Logf("%d rows touched to count %d customers", touched, want)
	if touched > most+15*pageSize {
		c.t.Errorf("%d rows touched to count %d customers; want at most %d", touched, want, most+15*pageSize)
	}
}

// below looks at the lists that hang below a row, and at what is read by id.
func (c *crowd) below() {
	ids := make([]string, 100)
	for i := range ids {
		ids[i] = rowID([]string{"ten", "rel", "mem", "inv", "evt", "asg"}[i%6], i+1)
	}
	list := func(field, arguments, node string) string {
		return fmt.Sprintf(`query($id: ID!, $after: String) { tenant(id: $id) { %s(first: 50, after: $after%s) { totalCount nodes { %s } pageInfo { endCursor } } } }`, field, arguments, node)
	}
	for _, l := range []struct {
		name  string
		who   *testworld.Person
		query string
		vars  vars
		at    string
		flat  bool // not a list
	}{
		{name: "members", who: c.large.Admin, query: list("members", "", "id name email role { key } permissions { level } user { email }"), vars: vars{"id": c.large.ID}, at: "tenant.members"},
		{name: "members, descending", who: c.acme.Admin, query: list("members", ", orderBy: {field: NAME, direction: DESC}", "id"), vars: vars{"id": c.large.ID}, at: "tenant.members"},
		{name: "members, searched", who: c.acme.Admin, query: list("members", `, filter: {search: "robin 0"}`, "id"), vars: vars{"id": c.large.ID}, at: "tenant.members"},
		{name: "relationships", who: c.acme.Admin, query: list("relationships", "", "id customer { name } role { key } staffCount viewerCanTerminate"), vars: vars{"id": c.acme.ID}, at: "tenant.relationships"},
		{name: "relationships, suspended", who: c.acme.Admin, query: list("relationships", ", status: [SUSPENDED]", "id"), vars: vars{"id": c.acme.ID}, at: "tenant.relationships"},
		{name: "invitations", who: c.acme.Admin, query: list("invitations", "", "id customer { name } relationship { id } viewerCanRevoke"), vars: vars{"id": c.acme.ID}, at: "tenant.invitations"},
		{name: "audit events", who: c.large.Admin, query: list("auditEvents", "", "id action target { id }"), vars: vars{"id": c.large.ID}, at: "tenant.auditEvents"},
		{name: "a partner's audit events", who: c.acme.Admin, query: list("auditEvents", "", "id action"), vars: vars{"id": c.acme.ID}, at: "tenant.auditEvents"},
		{name: "own invitations", who: c.large.Admin, query: `query($after: String) { viewer { invitations(first: 50, after: $after) { totalCount nodes { id } pageInfo { endCursor } } } }`, at: "viewer.invitations"},
		{name: "own tenants", who: c.many, query: `query($after: String) { viewer { tenants(first: 50, after: $after) { totalCount nodes { via permissions { level } tenant { name } } pageInfo { endCursor } } } }`, at: "viewer.tenants"},
		{name: "a partner's own tenants", who: c.acme.Admin, query: `query($after: String) { viewer { tenants(first: 50, after: $after) { nodes { via tenant { name } } pageInfo { endCursor } } } }`, at: "viewer.tenants"},
		{name: "nodes", who: c.acme.Admin, query: `query($ids: [ID!]!) { nodes(ids: $ids) { id } }`, vars: vars{"ids": ids}, at: "nodes", flat: true},
	} {
		c.t.Run(l.name, func(t *testing.T) {
			c := c.at(t)
			var a *testworld.Answer
			c.expectFrugal(false, func() { a = l.who.Do(l.query, l.vars).OK() })
			if l.flat {
				return
			}
			if n := len(a.List(l.at + ".nodes")); n != 50 {
				t.Fatalf("%d rows; want 50", n)
			}
			next := vars{"after": a.String(l.at + ".pageInfo.endCursor")}
			for k, v := range l.vars {
				next[k] = v
			}
			c.expectFrugal(false, func() { a = l.who.Do(l.query, next).OK() })
			if n := len(a.List(l.at + ".nodes")); n != 50 {
				t.Fatalf("%d further rows; want 50", n)
			}
			for range 7 {
				next["after"] = a.String(l.at + ".pageInfo.endCursor")
				a = l.who.Do(l.query, next).OK()
			}
			query := strings.ReplaceAll(l.query, "totalCount ", "")
			first, further := 0, 0
			if c.DB.Dialect == dialect.MySQL {
				first, further = c.rowsRead(func() { l.who.Do(query, l.vars).OK() }), c.rowsRead(func() { l.who.Do(query, next).OK() })
				t.Logf("%d rows touched, and for a later page %d", first, further)
			}
			if most := 30 * pageSize; first > most || 2*further > 3*first {
				t.Errorf("%d rows touched, and for a later page %d; want at most %d, and half as many again", first, further, most)
			}
		})
	}
}
