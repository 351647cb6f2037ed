package graph_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"mandate/internal/testdb"
	"mandate/internal/testworld"
)

func TestBooksThatAreRefused(t *testing.T) {
	eachScene(t, func(s scene) {
		contoso, fabrikam := s.Customer("Contoso"), s.Customer("Fabrikam")
		s.Site(contoso.Tenant, "S-0")
		s.Site(fabrikam.Tenant, "F-1")
		with := func(row, changed in) in {
			row = maps.Clone(row)
			maps.Copy(row, changed)
			return row
		}
		site := func(changed in) in {
			return in{"sites": []in{{"accountNumber": "S-1", "name": "One", "status": "UP"}, with(in{"accountNumber": "S-2", "name": "Two", "status": "UP"}, changed)}}
		}
		device := func(changed in) in {
			return in{"sites": site(nil)["sites"], "devices": []in{{"serialNumber": "D-1", "siteAccountNumber": "S-0"}, with(in{"serialNumber": "D-2", "siteAccountNumber": "S-2"}, changed)}}
		}
		subscription := func(changed in) in {
			return in{"subscriptions": []in{{"externalId": "X-1", "name": "One", "active": true}, with(in{"externalId": "X-2", "name": "Two", "active": true}, changed)}}
		}
		long := func(n int) string { return strings.Repeat("a", n) }
		for _, c := range []struct {
			outcome string
			input   in
			rule    string
		}{
			{"a site without a number", site(in{"accountNumber": " "}), "REQUIRED at input.sites.1.accountNumber"},
			{"a site with a long number", site(in{"accountNumber": long(61)}), "TOO_LONG at input.sites.1.accountNumber"},
			{"a site with a number that cannot be shown", site(in{"accountNumber": "S\u202e2"}), "INVALID at input.sites.1.accountNumber"},
			{"a site named twice", site(in{"accountNumber": "S-1 "}), "CONFLICT at input.sites.1.accountNumber"},
			{"a site without a name", site(in{"name": ""}), "REQUIRED at input.sites.1.name"},
			{"a site with a long name", site(in{"name": long(201)}), "TOO_LONG at input.sites.1.name"},
			{"a site with a name that cannot be shown", site(in{"name": "a\u0000b"}), "INVALID at input.sites.1.name"},
			{"a site in a long city", site(in{"city": long(101)}), "TOO_LONG at input.sites.1.city"},
			{"a site in a region that cannot be shown", site(in{"region": "a\nb\u200b"}), "INVALID at input.sites.1.region"},
			{"a device without a number", device(in{"serialNumber": ""}), "REQUIRED at input.devices.1.serialNumber"},
			{"a device with a long number", device(in{"serialNumber": long(101)}), "TOO_LONG at input.devices.1.serialNumber"},
			{"a device named twice", device(in{"serialNumber": "D-1"}), "CONFLICT at input.devices.1.serialNumber"},
			{"a device with a long name", device(in{"name": long(201)}), "TOO_LONG at input.devices.1.name"},
			{"a device at no site of the tenant's", device(in{"siteAccountNumber": "S-9"}), "NOT_FOUND at input.devices.1.siteAccountNumber"},
			{"a device at another tenant's site", device(in{"siteAccountNumber": "F-1"}), "NOT_FOUND at input.devices.1.siteAccountNumber"},
			{"a device at a site with a long number", device(in{"siteAccountNumber": long(61)}), "TOO_LONG at input.devices.1.siteAccountNumber"},
			{"a subscription without an id", subscription(in{"externalId": ""}), "REQUIRED at input.subscriptions.1.externalId"},
			{"a subscription with a long id", subscription(in{"externalId": long(101)}), "TOO_LONG at input.subscriptions.1.externalId"},
			{"a subscription named twice", subscription(in{"externalId": "X-1"}), "CONFLICT at input.subscriptions.1.externalId"},
			{"a subscription without a name", subscription(in{"name": ""}), "REQUIRED at input.subscriptions.1.name"},
			{"a subscription that ended long ago", subscription(in{"endsAt": "0001-01-01T00:00:00Z"}), "INVALID at input.subscriptions.1.endsAt"},
		} {
			s.then(c.outcome, func(s scene) {
				c.input["tenantId"] = contoso.ID
				s.refused(contoso.Admin, "syncInventory", c.input, c.rule)
				c.input["dryRun"] = true
				s.refused(contoso.Admin, "syncInventory", c.input, c.rule)
			})
		}
		s.then("all that is wrong is said at once", func(s scene) {
			s.refused(contoso.Admin, "syncInventory", in{"tenantId": contoso.ID,
				"sites":         []in{{"accountNumber": "", "name": "", "status": "UP"}, {"accountNumber": "S-1", "name": "One", "status": "UP"}, {"accountNumber": "S-1", "name": "x://y", "status": "UP"}},
				"devices":       []in{{"serialNumber": "D-1", "siteAccountNumber": "S-9"}, {"serialNumber": "D-1", "siteAccountNumber": "S-1"}},
				"subscriptions": []in{{"externalId": "X-1", "name": " ", "active": true}}},
				"REQUIRED at input.sites.0.accountNumber", "REQUIRED at input.sites.0.name", "CONFLICT at input.sites.2.accountNumber", "INVALID at input.sites.2.name",
				"CONFLICT at input.devices.1.serialNumber", "REQUIRED at input.subscriptions.0.name", "NOT_FOUND at input.devices.0.siteAccountNumber")
		})
		s.then("a number of one kind is none of another, nor one in other case", func(s scene) {
			s.is("counts", counted(s.asks(contoso.Admin, "syncInventory", in{"tenantId": contoso.ID, "dryRun": true,
				"sites": []in{{"accountNumber": "s-0", "name": "One", "status": "UP"}}, "devices": []in{{"serialNumber": "s-0"}, {"serialNumber": "S-0"}},
				"subscriptions": []in{{"externalId": "s-0", "name": "One", "active": true}}}).OK()), "4 0 0")
		})
		s.then("more than a hundred of any kind", func(s scene) {
			many := func(n int) in {
				input := in{"tenantId": contoso.ID}
				var sites, devices, subscriptions []in
				for i := range n {
					sites = append(sites, in{"accountNumber": fmt.Sprint(i), "name": "Site", "status": "UP"})
					devices = append(devices, in{"serialNumber": fmt.Sprint(i), "siteAccountNumber": fmt.Sprint(i)})
					subscriptions = append(subscriptions, in{"externalId": fmt.Sprint(i), "name": "Service", "active": true})
				}
				input["sites"], input["devices"], input["subscriptions"] = sites, devices, subscriptions
				return input
			}
			s.refused(contoso.Admin, "syncInventory", many(101), "LIMIT_EXCEEDED at input.sites", "LIMIT_EXCEEDED at input.devices", "LIMIT_EXCEEDED at input.subscriptions")
			s.refused(contoso.Admin, "syncInventory", in{"tenantId": contoso.ID, "devices": many(101)["devices"]}, "LIMIT_EXCEEDED at input.devices")
			s.is("counts", counted(s.does(contoso.Admin, "syncInventory", many(100))), "300 0 0")
		})
	})
}

func TestWhoKeepsTheInventory(t *testing.T) {
	eachScene(t, func(s scene) {
		operator, acme, contoso := s.Operator(), s.NewPartner("Acme"), s.Customer("Contoso")
		s.Manages(acme, contoso)
		harbour := s.Site(contoso.Tenant, "Harbour")
		with := func(name string, levels map[feature]accessLevel) *testworld.Person {
			return s.Staff(contoso, name, testworld.Custom(s.CustomRole(contoso.Tenant, name, levels)))
		}
		both := map[feature]accessLevel{"SITES": manage, "SERVICES_ADMIN": manage}
		input := books(contoso.ID)

		s.then("nobody without MANAGE on sites and on services", func(s scene) {
			s.forbidden(with("sites", map[feature]accessLevel{"SITES": manage, "SERVICES_ADMIN": view}), "syncInventory", input)
			s.forbidden(with("services", map[feature]accessLevel{"SITES": view, "SERVICES_ADMIN": manage}), "syncInventory", input)
			s.forbidden(s.Staff(contoso, "porter", testworld.Nothing), "syncInventory", input)
			s.forbidden(operator.Admin, "syncInventory", input)
		})
		s.then("nobody who manages listed sites only, though they see all by another way", func(s scene) {
			s.forbidden(with("warden", both).Listed(contoso.Tenant, harbour), "syncInventory", input)
			twofold := with("twofold", both).Listed(contoso.Tenant, harbour).Join(acme.Tenant, testworld.Nothing)
			s.Assign(acme, contoso, twofold, "READ_ONLY")
			s.is("sites", summary(twofold, contoso.ID), "1 sites: 1 up, 0 down, 0 alarm, 0 off, 0 inactive; 0 devices; 0 subscriptions")
			s.forbidden(twofold, "syncInventory", input)
		})
		s.then("nobody who does not reach the tenant, or is not there", func(s scene) {
			s.refused(s.Customer("Fabrikam").Admin, "syncInventory", input, "NOT_FOUND at input.tenantId")
			s.refused(contoso.Admin, "syncInventory", books(acme.ID), "NOT_FOUND at input.tenantId")
			s.refused(contoso.Admin, "syncInventory", books("ten_x"), "NOT_FOUND at input.tenantId")
			s.sees(s.asks(s.Stranger(), "syncInventory", input).Errors(), "UNAUTHENTICATED at syncInventory")
			fault := books(contoso.ID)
			fault["sites"] = []in{{"accountNumber": "", "name": "", "status": "UP"}}
			s.forbidden(operator.Admin, "syncInventory", fault)
		})
		s.then("a member with both, the partner's people, and who entered the tenant", func(s scene) {
			s.does(with("keeper", both), "syncInventory", input)
			input["sites"].([]in)[0]["status"] = "DOWN"
			s.does(acme.Admin, "syncInventory", input)
			input["sites"].([]in)[0]["status"] = "OFF"
			s.does(acme.Admin.Entered(contoso.ID), "syncInventory", input)
			s.is("summary", summary(contoso.Admin, contoso.ID), "3 sites: 1 up, 0 down, 1 alarm, 1 off, 0 inactive; 3 devices; 2 subscriptions")
		})
		s.then("nobody of its own while the tenant is suspended", func(s scene) {
			s.must(s.Write.Tenant.UpdateOneID(contoso.ID).SetStatus("SUSPENDED").Exec(s.System()))
			for _, p := range []*testworld.Person{contoso.Admin, acme.Admin} {
				s.refused(p, "syncInventory", input, "NOT_FOUND at input.tenantId")
			}
			s.forbidden(operator.Admin, "syncInventory", input)
		})
	})
}

// TestTheSameBooksAtOnce sees that books which many send at the same moment are written once.
func TestTheSameBooksAtOnce(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		w := testworld.New(t, url)
		acme, contoso := w.NewPartner("Acme"), w.Customer("Contoso")
		w.Manages(acme, contoso)
		const sync = `mutation($in: SyncInventoryInput!) { syncInventory(input: $in) { created updated unchanged userErrors { code field } } }`
		before := events(t, w)
		var asks []ask
		for i := range 16 {
			who := acme.Admin
			if i%2 == 0 {
				who = contoso.Admin
			}
			asks = append(asks, ask{who, sync, vars{"in": books(contoso.ID)}})
		}
		expectTally(t, race(asks...), map[string]int{"OK": 16})
		if n := events(t, w) - before; n != 1 {
			t.Errorf("%d audit events; want that of the one who wrote", n)
		}
		for table, want := range map[string]int{"sites": 2, "devices": 3, "service_subscriptions": 3} {
			if n := one(t, w, "SELECT COUNT(*) FROM "+table); n != want {
				t.Errorf("%d %s; want %d", n, table, want)
			}
		}
		asks = nil
		for i := range 8 {
			asks = append(asks, ask{contoso.Admin, sync, vars{"in": in{"tenantId": contoso.ID, "sites": []in{
				{"accountNumber": "S-1", "name": fmt.Sprint("Harbour ", i), "status": "UP"}, {"accountNumber": fmt.Sprint("N-", i), "name": "New", "status": "UP"}},
				"devices": []in{{"serialNumber": "D-3", "siteAccountNumber": fmt.Sprint("N-", i)}}}}})
		}
		before = events(t, w)
		outcomes := race(asks...)
		expectTally(t, outcomes, map[string]int{"OK": 8})
		expectEvents(t, w, before, outcomes)
		if n := one(t, w, "SELECT COUNT(*) FROM sites"); n != 10 {
			t.Errorf("%d sites; want 10", n)
		}
	})
}
