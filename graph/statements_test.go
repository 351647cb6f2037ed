package graph_test

import (
	"fmt"
	"testing"

	"mandate/internal/access"
	"mandate/internal/mandate"
	"mandate/internal/testdb"
	"mandate/internal/testworld"
)

// newRow makes a world in which all rows are alike: 110 customers of one partner, each with six members, tags, an
// assignment, invitations and events.
func newRow(t *testing.T, url string) (p *testworld.Company, staff *testworld.Person) {
	w := testworld.New(t, url)
	p = w.NewPartner("Acme")
	staff = w.Staff(p, "staff", testworld.Role(access.ReadOnly))
	m, now := staff.Member(p.Tenant).ID, w.Now()
	readOnly, _ := access.SystemRoleByKey(access.ReadOnly)
	prime, _ := access.SystemRoleByKey(access.PrimeAdmin)
	const n = 110
	name := func(i int) string { return fmt.Sprintf("Customer %03d", i) }

	tx, err := w.DB.Write.Begin()
	if err != nil {
		t.Fatal(err)
	}
	fill(t, tx, "tenants", "id,created_at,updated_at,kind,name,sort_name,partner_id,city", n, func(i int) []any {
		return []any{rowID("ten", i), now, now, "CUSTOMER", name(i), mandate.SortName(name(i)), p.ID, "Berlin"}
	})
	fill(t, tx, "relationships", "id,created_at,updated_at,partner_name,partner_type,partner_code,customer_name,kind,active_customer_id,starts_at,partner_id,customer_id,role_id", n, func(i int) []any {
		return []any{rowID("rel", i), now, now, p.Name, "MSP", p.Partner.Code, name(i), "CUSTOMER_DESIGNATED", rowID("ten", i), now, p.ID, rowID("ten", i), prime.ID}
	})
	fill(t, tx, "tenant_tags", "id,tenant_id,tag", 2*n, func(i int) []any { return []any{rowID("tag", i), rowID("ten", i/2), fmt.Sprint("tag", i%2)} })
	fill(t, tx, "assignments", "id,created_at,updated_at,partner_name,partner_type,partner_code,tenant_sort_name,grantee_name,starts_at,open_key,granter_id,tenant_id,grantee_id,role_id", n, func(i int) []any {
		return []any{rowID("asg", i), now, now, p.Name, "MSP", p.Partner.Code, mandate.SortName(name(i)), "Staff", now, m + ":" + rowID("ten", i), p.ID, rowID("ten", i), m, readOnly.ID}
	})
	fill(t, tx, "users", "id,created_at,updated_at,email,email_canonical", 6*n, func(i int) []any {
		address := fmt.Sprintf("user%d@example.com", i)
		return []any{rowID("usr", i), now, now, address, address}
	})
	fill(t, tx, "members", "id,created_at,updated_at,first_name,last_name,sort_name,handle,label,tenant_id,user_id,role_id", 6*n, func(i int) []any {
		return []any{rowID("mem", i), now, now, "Robin", "Smith", "robin smith", fmt.Sprint("robin", i), "Robin", rowID("ten", i/6), rowID("usr", i), readOnly.ID}
	})
	fill(t, tx, "member_permissions", "id,tenant_id,member_id,feature,level", 6*n, func(i int) []any {
		return []any{rowID("mpm", i), rowID("ten", i/6), rowID("mem", i), "invoices", 2}
	})
	fill(t, tx, "invitations", "id,created_at,updated_at,partner_name,partner_type,partner_code,customer_name,direction,channel,status,email,email_canonical,expires_at,valid_hours,partner_id,customer_id,role_id,relationship_id", n, func(i int) []any {
		address := fmt.Sprintf("user%d@example.com", 6*i)
		return []any{rowID("inv", i), now, now, p.Name, "MSP", p.Partner.Code, name(i), "PARTNER_TO_CUSTOMER", "EMAIL", "ACCEPTED", address, address, now, 1, p.ID, rowID("ten", i), readOnly.ID, rowID("rel", i)}
	})
	fill(t, tx, "audit_events", "id,at,action,tenant_id,other_tenant_id,actor_id,target_id", n, func(i int) []any {
		return []any{rowID("evt", i), now, "tenant.entered", rowID("ten", i), p.ID, p.Admin.ID, rowID("rel", i)}
	})
	fill(t, tx, "api_tokens", "id,created_at,updated_at,tenant_id,member_id,user_id,name,prefix,token_hash,scopes,all_tenants,expires_at", n, func(i int) []any {
		return []any{rowID("tok", i), now, now, p.ID, m, staff.ID, "Report", "mnd_", rowID("hash", i), `{"TENANT":1}`, i%2 == 0, now}
	})
	fill(t, tx, "api_token_tenants", "id,token_id,tenant_id", n, func(i int) []any { return []any{rowID("tte", i), rowID("tok", i), rowID("ten", i)} })
	fill(t, tx, "sites", "id,created_at,updated_at,account_number,name,sort_name,status,tenant_id", 6*n, func(i int) []any {
		return []any{rowID("sit", i), now, now, fmt.Sprint("S-", i), "Site", "site", []string{"UP", "DOWN", "ALARM"}[i%3], rowID("ten", i/6)}
	})
	fill(t, tx, "devices", "id,created_at,updated_at,serial_number,tenant_id,site_id", 6*n, func(i int) []any {
		return []any{rowID("dev", i), now, now, fmt.Sprint("D-", i), rowID("ten", i/6), rowID("sit", i)}
	})
	fill(t, tx, "service_subscriptions", "id,created_at,updated_at,external_id,name,active,tenant_id", 6*n, func(i int) []any {
		return []any{rowID("sub", i), now, now, fmt.Sprint("X-", i), "Service", i%2 == 0, rowID("ten", i/6)}
	})
	if _, err := tx.Exec("UPDATE members SET all_sites=false WHERE administrator=false AND tenant_id<>?", p.ID); err != nil {
		t.Fatal(err)
	}
	fill(t, tx, "member_sites", "id,tenant_id,member_id,site_id", 6*n, func(i int) []any {
		return []any{rowID("mst", i), rowID("ten", i/6), rowID("mem", i), rowID("sit", i)}
	})
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	return p, staff
}

const assignedCustomers = `query($n: Int!) { customers(first: $n) { totalCount pageInfo { endCursor hasNextPage } nodes {
	id kind name status tags address { city } viewerPermissions { level feature { key } }
	relationship { id status role { key name permissions { level } } partner { name } staffCount viewerCanTerminate viewerCanSuspend }
	members(first: 5) { totalCount nodes { name email role { key } permissions { level feature { key } } user { email } } }
	auditEvents(first: 5) { nodes { action actor { name } target { id } } } } } }`

const sitesAndCounts = `query($n: Int!) { customers(first: $n) { nodes { siteSummary { total up down alarm off inactive } deviceCount subscriptionCount
	sites(first: 5) { totalCount nodes { name status } } serviceSubscriptions(first: 5) { totalCount nodes { name active } } } } }`

// TestStatements sees that a query takes as many statements for a hundred rows as for ten. For one row that differs by the
// lists below it: below many, a walk over them all also counts them, which saves a statement for each list that is counted;
// where they are longer than the walk goes, the rest takes one more for each list.
func TestStatements(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		p, staff := newRow(t, url)
		for _, q := range []struct {
			name      string
			who       *testworld.Person
			query     string
			at        string
			one, many int // statements, for one row and for more
		}{
			{"the assigned customers, by an administrator", p.Admin, assignedCustomers, "customers.nodes", 19, 18},
			{"the assigned customers, by staff", staff, assignedCustomers, "customers.nodes", 20, 19},
			{"sites and counts, by an administrator", p.Admin, sitesAndCounts, "customers.nodes", 11, 10},
			{"sites and counts, by staff", staff, sitesAndCounts, "customers.nodes", 12, 11},
			{"sites of members", p.Admin, `query($n: Int!) { customers(first: $n) { nodes { members(first: 2) { nodes { allSites sites(first: 3) { totalCount nodes { name } } } } } } }`, "customers.nodes", 7, 8},
			{"names", p.Admin, `query($n: Int!) { customers(first: $n) { nodes { id name } } }`, "customers.nodes", 3, 3},
			{"two lists deep", p.Admin, `query($n: Int!) { customers(first: $n) { nodes { members(first: 2) { nodes { tenant { relationships(first: 2) { totalCount nodes { customer { members(first: 2) { nodes { email } } } } } } } } } } }`, "customers.nodes", 10, 12},
			{"the switcher", staff, `query($n: Int!) { viewer { tenants(first: $n) { totalCount nodes { via endsAt permissions { level } tenant { name tags } } } } }`, "viewer.tenants.nodes", 8, 8},
			{"relationships", p.Admin, `query($n: Int!, $p: ID!) { tenant(id: $p) { relationships(first: $n) { totalCount nodes { customer { id name } role { name } staffCount viewerCanTerminate viewerCanSuspend viewerCanResume viewerCanNarrow } } } }`, "tenant.relationships.nodes", 8, 8},
			{"invitations", p.Admin, `query($n: Int!, $p: ID!) { tenant(id: $p) { invitations(first: $n) { totalCount nodes { email customer { id } relationship { id } role { name } viewerCanAccept viewerCanRevoke viewerCanResend } } } }`, "tenant.invitations.nodes", 9, 9},
			{"API tokens", p.Admin, `query($n: Int!, $p: ID!) { tenant(id: $p) { apiTokens(first: $n) { totalCount nodes { name owner { name } tenant { name } scopes { level } } } } }`, "tenant.apiTokens.nodes", 7, 7},
			{"what API tokens are limited to", p.Admin, `query($n: Int!, $few: Int!, $p: ID!) { tenant(id: $p) { apiTokens(first: $n) { nodes { name } } limited: apiTokens(first: $few) { nodes { tenants { name } } } } }`, "tenant.apiTokens.nodes", 8, 8},
			{"audit events", p.Admin, `query($n: Int!, $p: ID!) { tenant(id: $p) { auditEvents(first: $n) { nodes { action target { id } changes { field } address } } } }`, "tenant.auditEvents.nodes", 7, 7},
			{"nodes", p.Admin, `query($ids: [ID!]!) { nodes(ids: $ids) { id ... on Tenant { tags relationship { id } } } }`, "nodes", 5, 5},
		} {
			t.Run(q.name, func(t *testing.T) {
				for _, n := range []int{1, 10, 50, 100} {
					ids := make([]string, n)
					for i := range ids {
						ids[i] = rowID("ten", i)
					}
					a := q.who.Do(q.query, vars{"n": n, "few": min(n, 40), "p": p.ID, "ids": ids})
					if faults := a.Errors(); len(faults) > 0 {
						t.Fatalf("%d rows: %d errors, such as %s", n, len(faults), faults[0])
					}
					if got := len(a.List(q.at)); got != n {
						t.Errorf("%d rows; want %d", got, n)
					}
					want := q.many
					if n == 1 {
						want = q.one
					}
					if a.Statements != want {
						t.Errorf("%d statements for %d rows; want %d", a.Statements, n, want)
					}
				}
			})
		}
	})
}
