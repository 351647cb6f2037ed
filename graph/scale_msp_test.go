package graph_test

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"entgo.io/ent/dialect"

	"mandate/ent/partner"
	"mandate/internal/access"
	"mandate/internal/mandate"
	"mandate/internal/testdb"
	"mandate/internal/testworld"
)

// msp is a world with an MSP of any number of customers. Its 200 tech partners, 500 members of staff and 50 privilege groups
// are the same whatever that number is, and so is what each of them has to do with the first 1,000 customers; only whoever
// is said to reach a share of all customers reaches more when there are more.
type msp struct {
	crowd
	customers  int
	integrator *testworld.Company           // a tech partner assigned to every fifth customer
	people     map[string]*testworld.Person // by what they are
	names      []string                     // of people, in order
	members    map[string]string            // their memberships
	picked     string                       // the customer that all reach
}

const (
	mspTechPartners = 200
	mspStaff        = 500
	mspGroups       = 50
	mspNear         = 1000 // customers that the staff and the tech partners work for
)

func newMSP(t testing.TB, url string, customers int) *msp {
	t.Helper()
	w := testworld.New(t, url)
	m := &msp{crowd: crowd{World: w, acme: w.NewPartner("Acme")}, customers: customers, members: make(map[string]string), picked: rowID("ten", 0)}
	m.integrator = w.TechPartner(m.acme, "Integra", partner.TypeIntegrator)
	m.people = map[string]*testworld.Person{
		"administrator":               m.acme.Admin,
		"staff, 30 customers":         w.Staff(m.acme, "few", testworld.Nothing),
		"staff, every fifth":          w.Staff(m.acme, "many", testworld.Nothing),
		"in a group of all":           w.Staff(m.acme, "everywhere", testworld.Nothing),
		"in a group of every tenth":   w.Staff(m.acme, "listed", testworld.Nothing),
		"in fifty groups":             w.Staff(m.acme, "several", testworld.Nothing),
		"tech partner administrator":  m.integrator.Admin,
		"tech partner staff, 30":      w.Staff(m.integrator, "crew", testworld.Nothing),
		"tech partner staff, a tenth": w.Staff(m.integrator, "corps", testworld.Nothing),
	}
	m.names = []string{"administrator", "staff, 30 customers", "staff, every fifth", "in a group of all", "in a group of every tenth", "in fifty groups",
		"tech partner administrator", "tech partner staff, 30", "tech partner staff, a tenth"}
	for who, p := range m.people {
		in := m.acme
		if strings.HasPrefix(who, "tech partner") {
			in = m.integrator
		}
		m.members[who] = p.Member(in.Tenant).ID
	}
	tx, err := w.DB.Write.Begin()
	if err != nil {
		t.Fatal(err)
	}
	m.fillCustomers(t, tx)
	m.fillTechPartners(t, tx)
	m.fillStaff(t, tx)
	m.fillGroups(t, tx)
	m.fillAssignments(t, tx)
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	m.analyze(t, "tenants", "relationships", "tenant_tags", "assignments", "users", "members", "partners", "privilege_groups", "group_members", "group_customers")
	return m
}

func systemRole(key access.RoleKey) string { r, _ := access.SystemRoleByKey(key); return r.ID }

// customer is what the i-th customer is called: every other one something with "ma".
func (m *msp) customer(i int) string {
	words := []string{"Maple", "Alder", "Marble", "Birch", "Mahogany", "Cedar", "Magnolia", "Larch", "Mangrove", "Oak", "Marigold", "Rowan"}
	return fmt.Sprintf("%s %05d", words[i%len(words)], i*7919%100_003)
}

// fillCustomers writes customers in a live relationship: half of them until in ten days, one of 33 of them suspended, and each
// with a tag.
func (m *msp) fillCustomers(t testing.TB, tx *sql.Tx) {
	t.Helper()
	now := m.Now()
	fill(t, tx, "tenants", "id,created_at,updated_at,kind,name,sort_name,status,partner_id", m.customers, func(i int) []any {
		status := "ACTIVE"
		if i%33 == 32 {
			status = "SUSPENDED"
		}
		return []any{rowID("ten", i), now, now, "CUSTOMER", m.customer(i), mandate.SortName(m.customer(i)), status, m.acme.ID}
	})
	fill(t, tx, "relationships", "id,created_at,updated_at,partner_name,partner_type,partner_code,customer_name,kind,status,active_customer_id,starts_at,ends_at,partner_id,customer_id,role_id", m.customers, func(i int) []any {
		var end any
		if i/12%2 == 0 {
			end = now.AddDate(0, 0, 10)
		}
		return []any{rowID("rel", i), now, now, m.acme.Name, "MSP", m.acme.Partner.Code, m.customer(i), "CUSTOMER_DESIGNATED", "ACTIVE", rowID("ten", i), now, end,
			m.acme.ID, rowID("ten", i), systemRole(access.PrimeAdmin)}
	})
	fill(t, tx, "tenant_tags", "id,tenant_id,tag", m.customers, func(i int) []any {
		return []any{rowID("tag", i), rowID("ten", i), []string{"blue", "green"}[i/12%2]}
	})
}

// fillTechPartners writes tech partners, each with an administrator.
func (m *msp) fillTechPartners(t testing.TB, tx *sql.Tx) {
	t.Helper()
	now, n := m.Now(), mspTechPartners-1
	name := func(i int) string { return fmt.Sprintf("Technik %03d", i*79%n) }
	fill(t, tx, "tenants", "id,created_at,updated_at,kind,name,sort_name,managed_by_id", n, func(i int) []any {
		return []any{techTenant(i), now, now, "PARTNER", name(i), mandate.SortName(name(i)), m.acme.ID}
	})
	fill(t, tx, "partners", "id,created_at,updated_at,type,code,link_key,recognized,tenant_id", n, func(i int) []any {
		return []any{rowID("prt", i), now, now, []string{"INTEGRATOR", "INSTALLER"}[i%2], fmt.Sprint("MND-T-", i), fmt.Sprint("key-t-", i), false, techTenant(i)}
	})
	m.fillPeople(t, tx, "tech", 500_000, n, true, techTenant)
}

func techTenant(i int) string { return rowID("ten", 500_000+i) }

// fillStaff writes the MSP's staff.
func (m *msp) fillStaff(t testing.TB, tx *sql.Tx) {
	t.Helper()
	m.fillPeople(t, tx, "staff", 0, mspStaff, false, func(int) string { return m.acme.ID })
}

func (m *msp) fillPeople(t testing.TB, tx *sql.Tx, word string, from, n int, administrator bool, in func(int) string) {
	t.Helper()
	now := m.Now()
	fill(t, tx, "users", "id,created_at,updated_at,email,email_canonical", n, func(i int) []any {
		address := fmt.Sprintf("%s%d@example.com", word, i)
		return []any{rowID("usr", from+i), now, now, address, address}
	})
	fill(t, tx, "members", "id,created_at,updated_at,first_name,last_name,sort_name,handle,label,tenant_id,user_id,present_user_id,status,administrator", n, func(i int) []any {
		name := fmt.Sprintf("Robin %s", word)
		return []any{rowID("mem", from+i), now, now, name, "Smith", mandate.SortName(name + " Smith"), fmt.Sprint(word, i), name, in(i), rowID("usr", from+i), rowID("usr", from+i), "ACTIVE", administrator}
	})
}

// fillGroups writes groups, every other one of all customers, and else of every tenth. Each has ten of the staff.
func (m *msp) fillGroups(t testing.TB, tx *sql.Tx) {
	t.Helper()
	now := m.Now()
	fill(t, tx, "privilege_groups", "id,version,created_at,updated_at,name,scope,tenant_id,role_id", mspGroups, func(i int) []any {
		return []any{rowID("grp", i), 1, now, now, fmt.Sprintf("Group %02d", i), []string{"ALL_CUSTOMERS", "SPECIFIC_CUSTOMERS"}[i%2], m.acme.ID, systemRole(access.Administrator)}
	})
	each := m.customers / 10
	fill(t, tx, "group_customers", "id,tenant_id,group_id,customer_id,customer_sort_name", mspGroups/2*each, func(i int) []any {
		customer := i % each * 10
		return []any{rowID("gcu", i), m.acme.ID, rowID("grp", i/each*2+1), rowID("ten", customer), mandate.SortName(m.customer(customer))}
	})
	type seat struct {
		group  int
		member string
	}
	seats := []seat{{0, m.members["in a group of all"]}, {1, m.members["in a group of every tenth"]}}
	for g := range mspGroups {
		seats = append(seats, seat{g, m.members["in fifty groups"]})
	}
	for i := range mspStaff {
		seats = append(seats, seat{i % mspGroups, rowID("mem", i)})
	}
	fill(t, tx, "group_members", "id,tenant_id,group_id,member_id", len(seats), func(i int) []any {
		return []any{rowID("gme", i), m.acme.ID, rowID("grp", seats[i].group), seats[i].member}
	})
}

// fillAssignments assigns the staff and the tech partners to 20 customers each, and all of the staff to one more; those whom
// the tests ask to what they say; and delegates every tech partner to five of the staff and two groups.
func (m *msp) fillAssignments(t testing.TB, tx *sql.Tx) {
	t.Helper()
	type grant struct{ granter, grantee, tenant, name string }
	var grants []grant
	give := func(granter, grantee string, n, step int) {
		for i := range n {
			grants = append(grants, grant{granter, grantee, rowID("ten", i*step), m.customer(i * step)})
		}
	}
	give(m.acme.ID, m.members["staff, 30 customers"], 30, 30)
	give(m.acme.ID, m.members["staff, every fifth"], m.customers/5, 5)
	give(m.acme.ID, m.integrator.Partner.ID, m.customers/5, 5)
	give(m.integrator.ID, m.members["tech partner staff, 30"], 30, 30)
	give(m.integrator.ID, m.members["tech partner staff, a tenth"], m.customers/10, 10)
	for i := range mspStaff {
		for k := range 20 {
			to := (i*20+k)%(mspNear-1) + 1
			grants = append(grants, grant{m.acme.ID, rowID("mem", i), rowID("ten", to), m.customer(to)})
		}
		grants = append(grants, grant{m.acme.ID, rowID("mem", i), m.picked, m.customer(0)})
	}
	for i := range mspTechPartners - 1 {
		for k := range 20 {
			to := (i*20+k)%(mspNear-1) + 1
			grants = append(grants, grant{m.acme.ID, rowID("prt", i), rowID("ten", to), m.customer(to)})
		}
		name := fmt.Sprintf("Technik %03d", i*79%(mspTechPartners-1))
		for k := range 5 {
			grants = append(grants, grant{m.acme.ID, rowID("mem", (i*5+k)%mspStaff), techTenant(i), name})
		}
		for k := range 2 {
			grants = append(grants, grant{m.acme.ID, rowID("grp", (i+k)%mspGroups), techTenant(i), name})
		}
		grants = append(grants, grant{m.acme.ID, m.members["staff, every fifth"], techTenant(i), name})
	}
	now := m.Now()
	fill(t, tx, "assignments", "id,created_at,updated_at,partner_name,partner_type,partner_code,tenant_sort_name,grantee_name,starts_at,open_key,granter_id,tenant_id,grantee_id,role_id", len(grants), func(i int) []any {
		g := grants[i]
		return []any{rowID("asg", i), now, now, "Acme", "MSP", m.acme.Partner.Code, mandate.SortName(g.name), "Somebody", now, g.grantee + ":" + g.tenant + ":" + g.granter,
			g.granter, g.tenant, g.grantee, systemRole(access.Administrator)}
	})
}

// mspCall is something that people ask.
type mspCall struct {
	name, query string
	vars        vars
	at          string // the list in the answer
	want        int    // statements for an administrator of the MSP; anybody else's groups take another one, and so do several ways
	but         string // what is as intended: sorting as many as there are people or bearers of a tag, or finding the operator, or no more customers than bearers, by their kind
}

const (
	customerGrid = `query($f: CustomerFilter, $o: TenantOrder, $first: Int, $last: Int) { customers(filter: $f, orderBy: $o, first: $first, last: $last) {
		nodes { id name status tags viewerPermissions { level } relationship { id status } } pageInfo { endCursor hasNextPage } } }`
	picker = `query($f: CustomerFilter, $g: ID!, $first: Int) { customers(filter: $f, first: $first) {
		nodes { id name tags assignment(granteeId: $g) { id status accessPeriod { endsAt } } } pageInfo { endCursor hasNextPage } } }`
	techPartnerGrid = `query($f: PartnerFilter, $o: PartnerOrder, $first: Int) { techPartners(filter: $f, orderBy: $o, first: $first) {
		totalCount nodes { id name type tenant { id } mspAdminCount assignedCustomersCount accountAdminCount } pageInfo { endCursor hasNextPage } } }`
	outsidersOf = `query($t: ID!, $first: Int) { tenant(id: $t) { accessList(first: $first) { totalCount nodes { person { name } company { name } lastUsedAt
		paths { via level endsAt links { kind label } } } } } }`
	pathsTo  = `query($t: ID!, $u: ID!) { checkAccess(input: {userId: $u, tenantId: $t, feature: "TENANT", level: VIEW}) { allowed level paths { via links { kind label } } } }`
	assigned = `query($p: ID!, $first: Int) { node(id: $p) { ... on Partner { assignedCustomers(first: $first) { nodes { id status tenant { name } role { name } } } } } }`
)

func (m *msp) calls() []mspCall {
	page := func(more vars) vars {
		v := vars{"first": pageSize}
		for k, x := range more {
			v[k] = x
		}
		return v
	}
	calls := []mspCall{
		{name: "customers", want: 6, query: customerGrid, vars: page(nil), at: "customers.nodes"},
		{name: "customers, last", want: 6, query: customerGrid, vars: vars{"last": pageSize}, at: "customers.nodes"},
		{name: "customers, searched", want: 6, query: customerGrid, vars: page(vars{"f": vars{"search": "ma"}}), at: "customers.nodes"},
		{name: "customers, expiring", want: 6, query: customerGrid, vars: page(vars{"f": vars{"expiringBefore": m.Now().AddDate(0, 0, 30).Format(time.RFC3339)}}), at: "customers.nodes"},
		{name: "customers of staff with 20", want: 7, query: customerGrid, vars: page(vars{"f": vars{"assignedTo": rowID("mem", 7)}}), at: "customers.nodes"},
		{name: "picker", want: 5, query: picker, vars: page(vars{"g": m.integrator.Partner.ID, "f": vars{"assignable": true}}), at: "customers.nodes"},
		{name: "picker, tagged", want: 6, query: picker, vars: page(vars{"g": rowID("prt", 3), "f": vars{"assignable": true, "tags": []string{"blue"}}}), at: "customers.nodes", but: "is sorted, names are walked"},
		{name: "picker, tagged and searched", want: 6, query: picker, vars: page(vars{"g": rowID("prt", 3), "f": vars{"assignable": true, "tags": []string{"blue"}, "search": "ma"}}), at: "customers.nodes", but: "is sorted, names are walked"},
		{name: "access list", want: 14, query: outsidersOf, vars: page(vars{"t": m.picked}), at: "tenant.accessList.nodes", but: "is sorted, names are walked"},
		{name: "check access", want: 9, query: pathsTo, vars: vars{"t": m.picked, "u": m.people["in fifty groups"].ID}},
		{name: "assigned customers", want: 9, query: assigned, vars: page(vars{"p": m.integrator.Partner.ID}), at: "node.assignedCustomers.nodes", but: "is sorted"},
		{name: "tech partners", want: 7, query: techPartnerGrid, vars: page(vars{"f": vars{"search": "te"}}), at: "techPartners.nodes"},
	}
	for _, field := range []string{"TYPE", "MSP_ADMIN_COUNT", "ASSIGNED_CUSTOMERS_COUNT", "ACCOUNT_ADMIN_COUNT"} {
		want := 8
		if field == "TYPE" {
			want = 7 // it takes no level of its own
		}
		calls = append(calls, mspCall{name: "tech partners by " + field, want: want, query: techPartnerGrid, at: "techPartners.nodes", but: "is sorted",
			vars: page(vars{"f": vars{"search": "te"}, "o": vars{"field": field, "direction": "DESC"}})})
	}
	return calls
}

// cost is what a call took: statements, rows in the answer, and rows touched.
type cost struct{ statements, rows, touched int }

// asked makes a call, and looks at how the engine answers it.
func (m *msp) asked(t *testing.T, who *testworld.Person, call mspCall, first int) (c cost) {
	t.Helper()
	v := vars{}
	for k, x := range call.vars {
		v[k] = x
	}
	if v["first"] != nil {
		v["first"] = first
	}
	var a *testworld.Answer
	statements := m.Reads(func() { a = who.Do(call.query, v).OK() })
	if call.at != "" {
		if list, _ := a.At(call.at).([]any); list != nil {
			c.rows = len(list)
		}
	}
	c.statements = a.Statements
	at := m.at(t)
	for _, s := range statements {
		faults := mariaDBFaults
		if m.DB.Dialect == dialect.SQLite {
			faults = sqliteFaults
		}
		steps := at.plan(s)
		for _, fault := range faults(s.SQL, steps, false) {
			_, what, _ := strings.Cut(fault, " ")
			if call.but == "" || !strings.Contains(call.but, what) {
				t.Errorf("%s:\n%.1500s\n%s", fault, s.SQL, table(steps))
			}
		}
	}
	if m.DB.Dialect == dialect.MySQL {
		c.touched = at.rowsOf(statements)
	}
	return c
}

// TestTenThousandCustomers sees that what an MSP's people and its tech partners' ask costs as much among 10,000 customers as
// among 1,000.
func TestTenThousandCustomers(t *testing.T) {
	t.Parallel()
	for _, engine := range []string{testdb.SQLite, testdb.MariaDB} {
		t.Run(engine, func(t *testing.T) {
			few, many := newMSP(t, testdb.New(t, engine), mspNear), newMSP(t, testdb.New(t, engine), 10*mspNear)
			for _, who := range many.names {
				for i, call := range many.calls() {
					t.Run(who+"/"+call.name, func(t *testing.T) {
						few.compare(t, many, who, few.calls()[i], call)
					})
				}
			}
		})
	}
}

// compare makes a call among few customers and among many. As many statements answer it, for ten rows as for fifty; and as many
// rows are touched for each that is shown, give or take what it takes to begin.
func (m *msp) compare(t *testing.T, many *msp, who string, here, there mspCall) {
	t.Helper()
	short := many.asked(t, many.people[who], there, 10)
	a, b := m.asked(t, m.people[who], here, pageSize), many.asked(t, many.people[who], there, pageSize)
	t.Logf("%d statements; %d rows touched for %d, and among ten times as many customers %d for %d", b.statements, a.touched, a.rows, b.touched, b.rows)
	if a.statements != b.statements || short.statements != b.statements || b.statements > there.want+3 {
		t.Errorf("%d statements, %d among ten times as many customers, %d of these for ten rows; want %d", a.statements, b.statements, short.statements, there.want)
	}
	if who == "administrator" && b.statements != there.want {
		t.Errorf("%d statements; want %d", b.statements, there.want)
	}
	most := 13 * a.touched * max(1, b.rows) / max(1, a.rows) / 10
	if there.name == "assigned customers" && who == "tech partner administrator" {
		most = 7*many.customers/5 + 20*pageSize // its own people's way to each customer is looked up
	}
	if strings.Contains(there.name, "tagged") {
		most += tagCounted
	}
	if b.touched > most+10 {
		t.Errorf("%d rows touched for %d, and among ten times as many customers %d for %d", a.touched, a.rows, b.touched, b.rows)
	}
}

// BenchmarkMSP makes each call by turns among 1,000 and among 10,000 customers, and tells the statements, the median times
// and their ratio.
func BenchmarkMSP(b *testing.B) {
	for _, engine := range []string{testdb.SQLite, testdb.MariaDB} {
		worlds := []*msp{newMSP(b, testdb.New(b, engine), mspNear), newMSP(b, testdb.New(b, engine), 10*mspNear)}
		for _, who := range worlds[0].names {
			for i, call := range worlds[0].calls() {
				b.Run(strings.Join([]string{engine, who, call.name}, "/"), func(b *testing.B) { mspRace(b, worlds, who, i) })
			}
		}
	}
}

func mspRace(b *testing.B, worlds []*msp, who string, call int) {
	took, statements := make([][]time.Duration, len(worlds)), 0
	for b.Loop() {
		for i, m := range worlds {
			c := m.calls()[call]
			start := time.Now()
			a := m.people[who].Do(c.query, c.vars).OK()
			took[i], statements = append(took[i], time.Since(start)), a.Statements
		}
	}
	few, many := median(took[0]), median(took[1])
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(statements), "statements")
	b.ReportMetric(float64(few.Microseconds()), "1000-µs")
	b.ReportMetric(float64(many.Microseconds()), "10000-µs")
	b.ReportMetric(float64(many)/float64(few), "10000/1000")
}
