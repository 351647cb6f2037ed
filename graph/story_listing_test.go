package graph_test

import (
	"fmt"
	"slices"
	"testing"

	"mandate/ent"
	"mandate/internal/testworld"
)

// TestListedSites is the story of members who see some sites of their tenant only: everywhere, counts included.
func TestListedSites(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso := s.NewPartner("Acme"), s.Customer("Contoso")
		s.Manages(acme, contoso)
		airport, harbour, quay, yard := s.Site(contoso.Tenant, "Airport"), s.Site(contoso.Tenant, "Harbour"), s.Site(contoso.Tenant, "Quay"), s.Site(contoso.Tenant, "Yard")
		s.must(s.Write.Site.UpdateOne(quay).SetStatus("DOWN").Exec(s.System()))
		s.must(s.Write.Site.UpdateOne(yard).SetStatus("OFF").Exec(s.System()))
		for i, at := range []*ent.Site{airport, harbour, quay, yard, quay, nil} {
			s.Device(contoso.Tenant, fmt.Sprint("D-", i), at)
		}
		levels := map[feature]accessLevel{"SITES": view, "USERS": view, "AUDIT": view, "SERVICES_ADMIN": view}
		looks := s.CustomRole(contoso.Tenant, "Looks", levels)
		member := func(name string, sites ...*ent.Site) *testworld.Person {
			return s.Staff(contoso, name, testworld.Custom(looks)).Listed(contoso.Tenant, sites...)
		}
		guard, other, nobody := member("guard", harbour, quay), member("other", quay, yard), member("nobody")
		clerk := s.Staff(contoso, "clerk", testworld.Custom(looks))
		all := []string{"Airport", "Harbour", "Quay", "Yard"}
		const whole = "4 sites: 2 up, 1 down, 0 alarm, 1 off, 0 inactive; 6 devices; 0 subscriptions"

		s.then("a member with listed sites sees those, and counts say the same", func(s scene) {
			s.sees(visibleSites(guard, contoso.ID), "Harbour", "Quay")
			s.is("summary", summary(guard, contoso.ID), "2 sites: 1 up, 1 down, 0 alarm, 0 off, 0 inactive; 3 devices; 0 subscriptions")
			s.sees(visibleSites(other, contoso.ID), "Quay", "Yard")
			s.sees(visibleSites(nobody, contoso.ID))
			s.is("summary", summary(nobody, contoso.ID), "0 sites: 0 up, 0 down, 0 alarm, 0 off, 0 inactive; 0 devices; 0 subscriptions")
			s.sees(visibleSites(clerk, contoso.ID), all...)
			s.is("summary", summary(clerk, contoso.ID), whole)
		})
		s.then("pages, cursors, totals and searches tell of no other", func(s scene) {
			page := func(p *testworld.Person, after any) *testworld.Answer {
				return p.Do(`query($id: ID!, $after: String) { tenant(id: $id) { sites(first: 1, after: $after) { totalCount nodes { name } pageInfo { hasNextPage hasPreviousPage endCursor } } } }`,
					vars{"id": contoso.ID, "after": after}).OK()
			}
			a := page(guard, nil)
			s.is("first page", a.At("tenant.sites.pageInfo.hasNextPage"), true)
			a = page(guard, a.At("tenant.sites.pageInfo.endCursor"))
			s.sees(a.Column("tenant.sites.nodes", "name"), "Quay")
			s.is("last page", a.At("tenant.sites.pageInfo.hasNextPage"), false)
			s.is("total", a.At("tenant.sites.totalCount"), 2.)
			foreign := page(clerk, nil).At("tenant.sites.pageInfo.endCursor") // stands at a site out of sight
			s.sees(page(guard, foreign).Column("tenant.sites.nodes", "name"), "Harbour")
			search := func(p *testworld.Person, prefix string) any {
				return p.Do(`query($id: ID!, $s: String) { tenant(id: $id) { sites(first: 9, search: $s) { totalCount } } }`, vars{"id": contoso.ID, "s": prefix}).OK().At("tenant.sites.totalCount")
			}
			s.is("a site in sight", search(guard, "ha"), 1.)
			s.is("a site out of sight", search(guard, "ai"), 0.)
			s.is("the same, for who sees it", search(clerk, "ai"), 1.)
		})
		s.then("a site that is not listed is like one that never was", func(s scene) {
			never := "sit_00000000000000000000000000"
			for id, there := range map[string]bool{airport.ID: false, harbour.ID: true, quay.ID: true, yard.ID: false, never: false} {
				s.is(id, reaches(guard, id), there)
				s.is(id, reaches(clerk, id), id != never)
			}
			a := guard.Do(`query($ids: [ID!]!) { nodes(ids: $ids) { ... on Site { name } } }`, vars{"ids": []string{airport.ID, quay.ID, never}}).OK()
			s.is("nodes", a.At("nodes"), any([]any{nil, in{"name": "Quay"}, nil}))
		})
		s.then("what is listed for others is shown as far as one sees it oneself", func(s scene) {
			listed := func(p, of *testworld.Person) string {
				a := p.Do(`query($id: ID!) { node(id: $id) { ... on Member { allSites sites(first: 9) { totalCount nodes { name } } } } }`, vars{"id": of.Member(contoso.Tenant).ID}).OK()
				return fmt.Sprint(a.At("node.allSites"), a.Column("node.sites.nodes", "name"), a.At("node.sites.totalCount"))
			}
			s.is("one's own", listed(guard, guard), "false [Harbour Quay] 2")
			s.is("another's", listed(guard, other), "false [Quay] 1")
			s.is("the same, by the administrator", listed(contoso.Admin, other), "false [Quay Yard] 2")
			s.is("the administrator's", listed(guard, contoso.Admin), "true [] 0")
			s.is("of who has none", listed(clerk, nobody), "false [] 0")
			a := clerk.Do(`query($id: ID!) { tenant(id: $id) { members(first: 9, filter: {search: "gu"}) { nodes { sites(first: 1) { totalCount nodes { name } pageInfo { hasNextPage endCursor } } } } } }`, vars{"id": contoso.ID}).OK()
			s.is("page", a.At("tenant.members.nodes.0.sites.nodes"), any([]any{in{"name": "Harbour"}}))
			s.is("more", a.At("tenant.members.nodes.0.sites.pageInfo.hasNextPage"), true)
			next := clerk.Do(`query($id: ID!, $after: String) { node(id: $id) { ... on Member { sites(first: 1, after: $after) { nodes { name } pageInfo { hasNextPage } } } } }`,
				vars{"id": guard.Member(contoso.Tenant).ID, "after": a.At("tenant.members.nodes.0.sites.pageInfo.endCursor")}).OK()
			s.is("next page", next.At("node.sites"), any(in{"nodes": []any{in{"name": "Quay"}}, "pageInfo": in{"hasNextPage": false}}))
		})
		s.then("administrators see all, whatever is listed for them", func(s scene) {
			contoso.Admin.Listed(contoso.Tenant, quay)
			s.sees(visibleSites(contoso.Admin, contoso.ID), all...)
			s.is("summary", summary(contoso.Admin, contoso.ID), whole)
			a := clerk.Do(`query($id: ID!) { node(id: $id) { ... on Member { sites(first: 9) { totalCount } } } }`, vars{"id": contoso.Admin.Member(contoso.Tenant).ID}).OK()
			s.is("listed", a.At("node.sites.totalCount"), 0.)
		})
		s.then("a customer's listing binds no other way to it", func(s scene) {
			s.sees(visibleSites(acme.Admin, contoso.ID), all...)
			helper := s.Staff(acme, "helper", testworld.Nothing).Listed(acme.Tenant)
			s.Assign(acme, contoso, helper, "READ_ONLY")
			s.sees(visibleSites(helper, contoso.ID), all...)
			s.is("summary", summary(helper, contoso.ID), whole)
			guard.Join(acme.Tenant, testworld.Nothing)
			s.sees(visibleSites(guard, contoso.ID), "Harbour", "Quay")
			s.Assign(acme, contoso, guard, "READ_ONLY")
			s.sees(visibleSites(guard, contoso.ID), all...)
			s.is("summary", summary(guard, contoso.ID), whole)
			s.is("node", reaches(guard, airport.ID), true)
			s.sees(visibleSites(guard.Entered(contoso.ID), contoso.ID), all...)
			s.sees(visibleSites(other, contoso.ID), "Quay", "Yard")
		})
		s.then("the trail of the inventory is for who sees all of it", func(s scene) {
			s.does(contoso.Admin, "syncInventory", in{"tenantId": contoso.ID, "sites": []in{{"accountNumber": "Z", "name": "Zoo", "status": "UP"}}})
			changes := func(p *testworld.Person) any {
				a := p.Do(`query($id: ID!) { tenant(id: $id) { auditEvents(first: 1) { nodes { action changes { field } } } } }`, vars{"id": contoso.ID}).OK()
				s.is("action", a.At("tenant.auditEvents.nodes.0.action"), "inventory.synced")
				return a.At("tenant.auditEvents.nodes.0.changes")
			}
			told := any([]any{in{"field": "site Z"}})
			s.is("a member with all sites", changes(clerk), told)
			s.is("the partner", changes(acme.Admin), told)
			s.is("a member with listed sites", changes(other), nil)
			trail := s.CustomRole(contoso.Tenant, "Trail", map[feature]accessLevel{"AUDIT": view, "SITES": view})
			s.is("a member without subscriptions", changes(s.Staff(contoso, "auditor", testworld.Custom(trail))), nil)
		})
		s.then("nobody without SITES, and the operator is one", func(s scene) {
			for _, p := range []*testworld.Person{s.Staff(contoso, "porter", testworld.Nothing), s.Operator().Admin} {
				a := p.Do(`query($id: ID!) { tenant(id: $id) { deviceCount siteSummary { total } sites(first: 9) { totalCount } } }`, vars{"id": contoso.ID})
				s.sees(slices.Sorted(slices.Values(a.Errors())), "FORBIDDEN at tenant.deviceCount", "FORBIDDEN at tenant.siteSummary", "FORBIDDEN at tenant.sites")
				s.is("node", reaches(p, quay.ID), false)
			}
		})
	})
}
