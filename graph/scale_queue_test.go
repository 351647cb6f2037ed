package graph_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"

	"mandate/internal/mandate"
	"mandate/internal/testdb"
	"mandate/internal/testworld"
)

// someRow is a site or a request, as far as lists are ordered and filtered by it.
type someRow struct{ id, sortName, status string }

const manyRows = 20_000

// newQueue is a world with a tenant of 20,000 sites and as many requests.
func newQueue(t *testing.T, url string) (m *multitude, sites, requests []someRow) {
	t.Helper()
	w := testworld.New(t, url)
	m = &multitude{crowd: crowd{World: w, t: t}, tenant: w.Customer("Large")}
	other := w.Customer("Other")
	now, admin, status := w.Now(), m.tenant.Admin.Member(m.tenant.Tenant).ID, []string{"APPROVED", "REJECTED"}
	tx, err := w.DB.Write.Begin()
	if err != nil {
		t.Fatal(err)
	}
	fill(t, tx, "sites", "id,created_at,updated_at,account_number,name,sort_name,status,tenant_id", manyRows+1000, func(i int) []any {
		in, row := m.tenant.ID, someRow{id: rowID("sit", i), sortName: fmt.Sprintf("site %04d", i*7919%3000)}
		if i%4 == 1 {
			row.sortName = "warehouse"
		}
		if i < manyRows {
			sites = append(sites, row)
		} else {
			in = other.ID
		}
		return []any{row.id, now, now, fmt.Sprint(i), strings.ToUpper(row.sortName), mandate.SortName(row.sortName), "UP", in}
	})
	fill(t, tx, "access_requests", "id,created_at,updated_at,status,expires_at,tenant_id,member_id", manyRows+1000, func(i int) []any {
		in, row := m.tenant.ID, someRow{id: rowID("req", i), status: status[i%len(status)]}
		if i%200 == 0 {
			row.status = "PENDING"
		}
		if i < manyRows {
			requests = append(requests, row)
		} else {
			in = other.ID
		}
		return []any{row.id, now, now, row.status, now.AddDate(0, 0, 7), in, admin}
	})
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	m.analyze(t, "sites", "access_requests")
	slices.SortFunc(sites, func(a, b someRow) int {
		return cmp.Or(strings.Compare(a.sortName, b.sortName), strings.Compare(a.id, b.id))
	})
	slices.Reverse(requests) // newest first
	return m, sites, requests
}

func TestTwentyThousandSitesAndRequests(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		m, sites, requests := newQueue(t, url)
		narrowed := m.Person("narrowed").Join(m.tenant.Tenant, testworld.Role("READ_ONLY"))
		var listed []someRow
		for i, s := range []int{7, 11_000, 19_999} {
			listed = append(listed, sites[s])
			row, err := m.Read.Site.Get(m.System(), sites[s].id)
			if err != nil {
				t.Fatal(err)
			}
			if i == 0 {
				narrowed.Listed(m.tenant.Tenant, row)
			} else if err := m.Write.MemberSite.Create().SetTenantID(m.tenant.ID).SetMemberID(narrowed.Member(m.tenant.Tenant).ID).SetSiteID(row.ID).Exec(m.System()); err != nil {
				t.Fatal(err)
			}
		}
		only := func(rows []someRow, keep func(someRow) bool) []someRow {
			return slices.DeleteFunc(slices.Clone(rows), func(r someRow) bool { return !keep(r) })
		}
		site := func(r someRow) string { return forged("sit", r.sortName, r.id) }
		request := func(r someRow) string { return forged("q", r.id) }
		const siteIDs = `query($t: ID!, $s: String, $first: Int, $after: String) { tenant(id: $t) { sites(search: $s, first: $first, after: $after) { nodes { id } } } }`
		const requestIDs = `query($t: ID!, $s: [AccessRequestStatus!], $first: Int, $after: String) { tenant(id: $t) { accessRequests(status: $s, first: $first, after: $after) { nodes { id } } } }`
		for _, l := range []struct {
			name, list, query string
			who               *testworld.Person
			vars              vars
			rows              []someRow
			cursor            func(someRow) string
			most              int
		}{
			{"sites", "sites", siteIDs, m.tenant.Admin, nil, sites, site, 10 * pageSize},
			{"sites of one name", "sites", siteIDs, m.tenant.Admin, vars{"s": "ware"}, only(sites, func(r someRow) bool { return r.sortName == "warehouse" }), site, 10 * pageSize},
			{"sites, searched", "sites", siteIDs, m.tenant.Admin, vars{"s": "site 0"}, only(sites, func(r someRow) bool { return strings.HasPrefix(r.sortName, "site 0") }), site, 10 * pageSize},
			{"listed sites", "sites", siteIDs, narrowed, nil, listed, site, 2*manyRows + 10*pageSize},
			{"requests", "accessRequests", requestIDs, m.tenant.Admin, nil, requests, request, 10 * pageSize},
			{"pending requests", "accessRequests", requestIDs, m.tenant.Admin, vars{"s": []string{"PENDING"}}, only(requests, func(r someRow) bool { return r.status == "PENDING" }), request, 10 * pageSize},
			{"decided requests", "accessRequests", requestIDs, m.tenant.Admin, vars{"s": []string{"APPROVED", "REJECTED"}}, only(requests, func(r someRow) bool { return r.status != "PENDING" }), request, 10 * pageSize},
		} {
			t.Run(l.name, func(t *testing.T) {
				first := 0
				for _, p := range pagesOf(l.rows, func(r someRow) string { return r.id }, l.cursor)[:2] {
					statements, touched := m.opened(t, l.who, l.list, l.query, p, l.vars)
					m.crowd.at(t).frugal(false, statements)
					if p.name == "first" {
						first = touched
					}
					if touched > l.most || 2*touched > 3*first {
						t.Errorf("%s page: %d rows touched, and %d for the first; want at most %d", p.name, touched, first, l.most)
					}
				}
			})
		}
	})
}
