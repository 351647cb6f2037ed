package graph_test

import (
	"fmt"
	"testing"
	"time"

	"mandate/internal/testworld"
)

// books are what the operator's books say of a tenant with two sites.
func books(tenantID string) in {
	return in{
		"tenantId": tenantID,
		"sites": []in{
			{"accountNumber": "S-1", "name": "Harbour", "city": "Kiel", "region": "SH", "status": "UP"},
			{"accountNumber": "S-2", "name": "airport", "status": "ALARM"},
		},
		"devices": []in{
			{"serialNumber": "D-1", "siteAccountNumber": "S-1", "name": "Router"},
			{"serialNumber": "D-2", "siteAccountNumber": "S-2"},
			{"serialNumber": "D-3"},
		},
		"subscriptions": []in{
			{"externalId": "X-1", "name": "Backup", "active": true},
			{"externalId": "X-2", "name": "Archive", "active": true, "endsAt": "2026-12-01T00:00:00Z"},
			{"externalId": "X-3", "name": "Mail", "active": false},
		},
	}
}

// counted is how many things a sync says it added, changed and found as the books say.
func counted(a *testworld.Answer) string {
	return fmt.Sprint(a.At("syncInventory.created"), " ", a.At("syncInventory.updated"), " ", a.At("syncInventory.unchanged"))
}

// summary is how many sites somebody sees of a tenant, and how many devices and running subscriptions.
func summary(p *testworld.Person, tenantID string) string {
	a := p.Do(`query($id: ID!) { tenant(id: $id) { siteSummary { total up down alarm off inactive } deviceCount subscriptionCount } }`, vars{"id": tenantID})
	s := "tenant.siteSummary."
	return fmt.Sprintf("%v sites: %v up, %v down, %v alarm, %v off, %v inactive; %v devices; %v subscriptions", a.At(s+"total"), a.At(s+"up"),
		a.At(s+"down"), a.At(s+"alarm"), a.At(s+"off"), a.At(s+"inactive"), a.At("tenant.deviceCount"), a.At("tenant.subscriptionCount"))
}

// visibleSites lists the sites that somebody sees of a tenant, by name.
func visibleSites(p *testworld.Person, tenantID string) []string {
	return p.Do(`query($id: ID!) { tenant(id: $id) { sites(first: 100) { nodes { name } } } }`, vars{"id": tenantID}).OK().Column("tenant.sites.nodes", "name")
}

const showSites = `query($id: ID!) { tenant(id: $id) { sites(first: 9) { totalCount nodes { accountNumber name city region status updatedAt } }
	serviceSubscriptions(first: 9) { totalCount nodes { externalId name active endsAt } } } }`

// TestInventory is the story of the operator's books and what a customer sees of them.
func TestInventory(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso := s.NewPartner("Acme"), s.Customer("Contoso")
		s.Manages(acme, contoso)
		input := books(contoso.ID)
		again := func(s scene, want string) {
			s.Helper()
			before := s.rows()
			s.is("counts", counted(s.asks(acme.Admin, "syncInventory", input).OK()), want)
			s.unchanged(before, "the same call again")
		}

		s.then("a rehearsal counts, and writes nothing", func(s scene) {
			input["dryRun"] = true
			a := s.rehearses(acme.Admin, "syncInventory", input)
			s.is("counts", counted(a), "8 0 0")
			s.is("tenant", a.At("syncInventory.tenant.id"), contoso.ID)
			delete(input, "dryRun")
		})
		s.then("what is not known is added", func(s scene) {
			s.is("counts", counted(s.does(acme.Admin, "syncInventory", input)), "8 0 0")
			s.is("summary", summary(contoso.Admin, contoso.ID), "2 sites: 1 up, 0 down, 1 alarm, 0 off, 0 inactive; 3 devices; 2 subscriptions")
			a := contoso.Admin.Do(showSites, vars{"id": contoso.ID}).OK()
			s.is("sites", a.At("tenant.sites"), any(in{"totalCount": 2., "nodes": []any{
				in{"accountNumber": "S-2", "name": "airport", "city": nil, "region": nil, "status": "ALARM", "updatedAt": "2026-11-21T12:00:00Z"},
				in{"accountNumber": "S-1", "name": "Harbour", "city": "Kiel", "region": "SH", "status": "UP", "updatedAt": "2026-11-21T12:00:00Z"}}}))
			s.is("subscriptions", a.At("tenant.serviceSubscriptions"), any(in{"totalCount": 3., "nodes": []any{
				in{"externalId": "X-3", "name": "Mail", "active": false, "endsAt": nil},
				in{"externalId": "X-2", "name": "Archive", "active": true, "endsAt": "2026-12-01T00:00:00Z"},
				in{"externalId": "X-1", "name": "Backup", "active": true, "endsAt": nil}}}))
		})
		s.then("the same call again changes nothing, however its blanks are typed", func(s scene) {
			again(s, "0 0 8")
			input["sites"].([]in)[0]["accountNumber"], input["sites"].([]in)[0]["name"] = "  S-1 ", "Harbour  "
			input["sites"].([]in)[1]["city"] = "  "
			again(s, "0 0 8")
		})
		s.then("what is different is changed, what is new is added, and what is not named stays", func(s scene) {
			s.Later(time.Hour)
			change := in{
				"tenantId": contoso.ID,
				"sites":    []in{{"accountNumber": "S-1", "name": "Quay", "city": "Kiel", "status": "DOWN"}, {"accountNumber": "S-3", "name": "Depot", "status": "OFF"}},
				"devices": []in{{"serialNumber": "D-1", "name": "Router"}, {"serialNumber": "D-2", "siteAccountNumber": "S-3"},
					{"serialNumber": "D-4", "siteAccountNumber": "S-2"}},
				"subscriptions": []in{{"externalId": "X-1", "name": "Backup", "active": false}, {"externalId": "X-2", "name": "Archive", "active": true},
					{"externalId": "X-3", "name": "Mail", "active": false}},
			}
			change["dryRun"] = true
			s.is("counts", counted(s.rehearses(acme.Admin, "syncInventory", change)), "2 5 1")
			delete(change, "dryRun")
			s.is("counts", counted(s.does(acme.Admin, "syncInventory", change)), "2 5 1")
			s.is("summary", summary(contoso.Admin, contoso.ID), "3 sites: 0 up, 1 down, 1 alarm, 1 off, 0 inactive; 4 devices; 1 subscriptions")
			a := contoso.Admin.Do(showSites, vars{"id": contoso.ID}).OK()
			s.is("site", a.At("tenant.sites.nodes.2"), any(in{"accountNumber": "S-1", "name": "Quay", "city": "Kiel", "region": nil, "status": "DOWN", "updatedAt": "2026-11-21T13:00:00Z"}))
			s.is("a row that did not differ", a.At("tenant.sites.nodes.0.updatedAt"), "2026-11-21T12:00:00Z")
			s.sees(s.read("SELECT d.serial_number, COALESCE(d.name, '-'), COALESCE(s.account_number, '-') FROM devices d LEFT JOIN sites s ON s.id=d.site_id"),
				"D-1 | Router | -", "D-2 | - | S-3", "D-3 | - | -", "D-4 | - | S-2")
		})
		s.then("the trail tells every change, in both tenants", func(s scene) {
			a := contoso.Admin.Do(`query($id: ID!) { tenant(id: $id) { auditEvents(first: 1) { nodes { action target { id } actorTenant { name } changes { field before after } } } } }`,
				vars{"id": contoso.ID}).OK()
			s.is("event", a.At("tenant.auditEvents.nodes.0"), any(in{"action": "inventory.synced", "target": nil, "actorTenant": in{"name": "Acme"}, "changes": []any{
				in{"field": "site S-1", "before": "Harbour; city Kiel; region SH; status UP", "after": "Quay; city Kiel; status DOWN"},
				in{"field": "site S-3", "before": nil, "after": "Depot; status OFF"},
				in{"field": "device D-1", "before": "Router; at site S-1", "after": "Router; at no site"},
				in{"field": "device D-2", "before": "at site S-2", "after": "at site S-3"},
				in{"field": "device D-4", "before": nil, "after": "at site S-2"},
				in{"field": "subscription X-1", "before": "Backup; switched on", "after": "Backup; switched off"},
				in{"field": "subscription X-2", "before": "Archive; switched on; until 2026-12-01T00:00:00Z", "after": "Archive; switched on"}}}))
			partners := acme.Admin.Do(`query($id: ID!) { tenant(id: $id) { auditEvents(first: 1) { nodes { action changes { field } } } } }`, vars{"id": acme.ID}).OK()
			s.is("changes in the partner's trail", len(partners.List("tenant.auditEvents.nodes.0.changes")), 7)
		})
		s.then("nothing named is nothing to do", func(s scene) {
			before := s.rows()
			s.is("counts", counted(s.asks(contoso.Admin, "syncInventory", in{"tenantId": contoso.ID}).OK()), "0 0 0")
			s.unchanged(before, "an empty call")
		})
	})
}

// TestSubscriptionsRunOut sees that the clock, and nobody else, ends a subscription.
func TestSubscriptionsRunOut(t *testing.T) {
	eachScene(t, func(s scene) {
		contoso := s.Customer("Contoso")
		s.does(contoso.Admin, "syncInventory", in{"tenantId": contoso.ID, "subscriptions": []in{
			{"externalId": "X-1", "name": "Open", "active": true},
			{"externalId": "X-2", "name": "Short", "active": true, "endsAt": s.Now().Add(time.Hour)},
			{"externalId": "X-3", "name": "Over", "active": true, "endsAt": s.Now()}}})
		running := func(s scene, want ...string) {
			s.Helper()
			a := contoso.Admin.Do(`query($id: ID!) { tenant(id: $id) { subscriptionCount serviceSubscriptions(first: 9) { nodes { id name active } } } }`, vars{"id": contoso.ID}).OK()
			var names []string
			for i, active := range a.Column("tenant.serviceSubscriptions.nodes", "active") {
				if active == "true" {
					names = append(names, a.String(fmt.Sprintf("tenant.serviceSubscriptions.nodes.%d.name", i)))
				}
			}
			s.sees(names, want...)
			s.is("count", a.At("tenant.subscriptionCount"), float64(len(want)))
			node := contoso.Admin.Do(`query($id: ID!) { node(id: $id) { ... on ServiceSubscription { name active } } }`,
				vars{"id": a.String("tenant.serviceSubscriptions.nodes.1.id")}).OK()
			s.is("node", node.At("node"), any(in{"name": "Short", "active": len(want) == 2}))
		}
		before := s.rows()
		running(s, "Short", "Open")
		s.Later(time.Hour - time.Microsecond)
		running(s, "Short", "Open")
		s.Later(time.Microsecond)
		running(s, "Open")
		s.unchanged(before, "the clock")
	})
}

// TestSitesInPages reads the list of sites page by page, and searches it.
func TestSitesInPages(t *testing.T) {
	eachScene(t, func(s scene) {
		contoso, fabrikam := s.Customer("Contoso"), s.Customer("Fabrikam")
		for _, name := range []string{"Zürich", "zürich west", "Ａirport", "Kiel", "Kiel Süd", "kiel nord"} {
			s.Site(contoso.Tenant, name)
		}
		s.Site(fabrikam.Tenant, "Kiel")
		pages := func(query string) (names []string, n int) {
			var after any
			for {
				a := contoso.Admin.Do(query, vars{"id": contoso.ID, "after": after}).OK()
				s.is("cursors", a.Column("tenant.sites.edges", "node.name"), a.Column("tenant.sites.nodes", "name"))
				names, n = append(names, a.Column("tenant.sites.nodes", "name")...), n+1
				s.is("more", a.At("tenant.sites.pageInfo.hasNextPage"), len(names) < int(a.At("tenant.sites.totalCount").(float64)))
				if after = a.At("tenant.sites.pageInfo.endCursor"); a.At("tenant.sites.pageInfo.hasNextPage") == false {
					return names, n
				}
			}
		}
		s.then("all of them, by name", func(s scene) {
			names, n := pages(`query($id: ID!, $after: String) { tenant(id: $id) { sites(first: 4, after: $after) {
				totalCount nodes { name } edges { cursor node { name } } pageInfo { hasNextPage endCursor } } } }`)
			s.sees(names, "Ａirport", "Kiel", "kiel nord", "Kiel Süd", "Zürich", "zürich west")
			s.is("pages", n, 2)
		})
		s.then("those whose names begin so", func(s scene) {
			names, n := pages(`query($id: ID!, $after: String) { tenant(id: $id) { sites(first: 1, after: $after, search: "KI") {
				totalCount nodes { name } edges { cursor node { name } } pageInfo { hasNextPage endCursor } } } }`)
			s.sees(names, "Kiel", "kiel nord", "Kiel Süd")
			s.is("pages", n, 3)
		})
		s.then("no list without a bound, by one letter or from another list's cursor", func(s scene) {
			cursor := contoso.Admin.Do(`query($id: ID!) { tenant(id: $id) { members(first: 1) { pageInfo { endCursor } } } }`, vars{"id": contoso.ID}).OK().
				String("tenant.members.pageInfo.endCursor")
			for rest, code := range map[string]string{
				`(search: "Ki")`: "BAD_USER_INPUT", `(first: 0)`: "BAD_USER_INPUT", `(first: 101)`: "BAD_USER_INPUT",
				`(first: 1, search: "K")`: "SEARCH_TOO_SHORT", `(first: 1, after: "` + cursor + `")`: "BAD_USER_INPUT",
			} {
				a := contoso.Admin.Do(`query($id: ID!) { tenant(id: $id) { sites`+rest+` { totalCount } } }`, vars{"id": contoso.ID})
				s.sees(a.Errors(), code+" at tenant.sites")
			}
		})
	})
}
