package graph_test

import (
	"fmt"
	"testing"
	"time"

	"mandate/ent/partner"
	"mandate/internal/access"
	"mandate/internal/mandate"
	"mandate/internal/testdb"
	"mandate/internal/testworld"
)

const (
	saveSome = `mutation($p: ID!, $a: [ID!], $u: [ID!], $r: SystemRoleKey) { setAssignedCustomers(input: {partnerId: $p, assign: $a, unassign: $u, roleKey: $r}) { assigned unassigned userErrors { code field } } }`
	giveOne  = `mutation($g: ID!, $t: ID!) { assign(input: {granteeId: $g, tenantId: $t, roleKey: READ_ONLY}) { assignment { id } userErrors { code field } } }`
	backOne  = `mutation($id: ID!) { revokeAssignments(input: {ids: [$id]}) { assignments { id } userErrors { code field } } }`
)

// expectSoundAssignments holds assignments against what is true of them after any race whatever.
func expectSoundAssignments(t *testing.T, w *testworld.World) {
	t.Helper()
	for what, query := range map[string]string{
		"grantees with two open assignments": `SELECT COUNT(*) FROM (SELECT grantee_id FROM assignments WHERE open_key IS NOT NULL GROUP BY grantee_id, tenant_id, granter_id HAVING COUNT(*)>1) x`,
		"assignments that are open and over": `SELECT COUNT(*) FROM assignments WHERE (status IN ('REVOKED','EXPIRED')) <> (open_key IS NULL)`,
		"open assignments in customers without their relationship": `SELECT COUNT(*) FROM assignments a WHERE a.open_key IS NOT NULL AND a.relationship_id IS NOT NULL AND NOT EXISTS
			(SELECT 1 FROM relationships r WHERE r.id=a.relationship_id AND r.active_customer_id=a.tenant_id)`,
		"open assignments of tech partners' people that rest on nothing": `SELECT COUNT(*) FROM assignments a JOIN partners p ON p.tenant_id=a.granter_id JOIN tenants t ON t.id=p.tenant_id
			WHERE a.open_key IS NOT NULL AND t.managed_by_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM assignments b WHERE b.open_key IS NOT NULL
			AND b.grantee_id=p.id AND b.granter_id=t.managed_by_id AND b.tenant_id=a.tenant_id)`,
	} {
		if n := one(t, w, query); n != 0 {
			t.Errorf("%d %s", n, what)
		}
	}
}

// TestTwoSavesAtOnce: of saves that contradict each other, each customer has what one of them left.
func TestTwoSavesAtOnce(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		w := testworld.New(t, url)
		acme := w.NewPartner("Acme")
		nordic := w.TechPartner(acme, "Nordic", partner.TypeIntegrator)
		others := []*testworld.Person{acme.Admin, w.Staff(acme, "second", testworld.Administrator)}
		var ids, backwards []string
		for n := range 12 {
			c := w.Customer(fmt.Sprint("Customer ", n))
			w.Manages(acme, c)
			ids, backwards = append(ids, c.ID), append([]string{c.ID}, backwards...)
		}
		before := events(t, w)
		var outcomes []string
		for range 3 {
			outcomes = append(outcomes, race(
				ask{others[0], saveSome, vars{"p": nordic.Partner.ID, "a": ids, "r": "READ_ONLY"}},
				ask{others[1], saveSome, vars{"p": nordic.Partner.ID, "a": backwards, "r": "ADMINISTRATOR"}},
				ask{others[0], saveSome, vars{"p": nordic.Partner.ID, "a": backwards[:6], "u": ids[:6], "r": "READ_ONLY"}},
				ask{others[1], saveSome, vars{"p": nordic.Partner.ID, "u": ids}},
			)...)
			expectSoundAssignments(t, w)
			if n := one(t, w, "SELECT COUNT(DISTINCT role_id) FROM assignments WHERE open_key IS NOT NULL"); n > 2 {
				t.Errorf("%d roles are given; want at most 2", n)
			}
		}
		expectTally(t, outcomes, map[string]int{"OK": 12})
		expectEvents(t, w, before, outcomes)
	})
}

// TestTechPartnerLosesItsPlaceMeanwhile: while the MSP takes a customer back, nobody of the tech partner's is left there.
func TestTechPartnerLosesItsPlaceMeanwhile(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		w := testworld.New(t, url)
		acme := w.NewPartner("Acme")
		nordic := w.TechPartner(acme, "Nordic", partner.TypeIntegrator)
		fitter := w.Staff(nordic, "fitter", testworld.Nothing).Member(nordic.Tenant).ID
		for round := range 6 {
			c := w.Customer(fmt.Sprint("Customer ", round))
			bond := w.Manages(acme, c)
			place := w.AssignTo(acme, c, nordic, "ADMINISTRATOR")
			asks := []ask{
				{nordic.Admin, giveOne, vars{"g": fitter, "t": c.ID}},
				{acme.Admin, saveSome, vars{"p": nordic.Partner.ID, "u": []string{c.ID}}},
			}
			switch round % 3 {
			case 1:
				asks[1] = ask{c.Admin, backOne, vars{"id": place.ID}}
			case 2:
				asks[1] = ask{c.Admin, endOne, vars{"id": bond.ID}}
			}
			outcomes := race(asks...)
			if outcomes[1] != "OK" || outcomes[0] != "OK" && outcomes[0] != "NOT_FOUND at input.tenantId" {
				t.Errorf("round %d: %v", round, outcomes)
			}
			expectSoundAssignments(t, w)
			if n := one(t, w, "SELECT COUNT(*) FROM assignments WHERE open_key IS NOT NULL AND tenant_id=?", c.ID); n != 0 {
				t.Errorf("round %d: %d assignments are left", round, n)
			}
		}
	})
}

// manyCustomers makes customers of a partner with Administrator as the ceiling, and returns their ids.
func manyCustomers(t *testing.T, w *testworld.World, p *testworld.Company, n int) []string {
	t.Helper()
	ceiling, _ := access.SystemRoleByKey(access.Administrator)
	now := w.Now()
	tx, err := w.DB.Write.Begin()
	if err != nil {
		t.Fatal(err)
	}
	ids := make([]string, n)
	fill(t, tx, "tenants", "id,created_at,updated_at,kind,name,sort_name,partner_id", n, func(i int) []any {
		ids[i] = rowID("ten", i)
		name := fmt.Sprintf("Customer %04d", i)
		return []any{ids[i], now, now, "CUSTOMER", name, mandate.SortName(name), p.ID}
	})
	fill(t, tx, "relationships", "id,created_at,updated_at,partner_name,partner_type,partner_code,kind,active_customer_id,starts_at,partner_id,customer_id,role_id", n, func(i int) []any {
		return []any{rowID("rel", i), now, now, p.Name, "MSP", p.Partner.Code, "CUSTOMER_DESIGNATED", ids[i], now, p.ID, ids[i], ceiling.ID}
	})
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	return ids
}

// TestThousandCustomersInOneSave takes a second or two, and hardly more statements than a hundred do.
func TestThousandCustomersInOneSave(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		w := testworld.New(t, url)
		acme := w.NewPartner("Acme")
		nordic := w.TechPartner(acme, "Nordic", partner.TypeIntegrator)
		customers := manyCustomers(t, w, acme, 1001)
		save := func(input in) *testworld.Answer {
			t.Helper()
			begun := time.Now()
			a := acme.Admin.Do(`mutation($in: SetAssignedCustomersInput!) { setAssignedCustomers(input: $in) { assigned unassigned userErrors { code field } } }`, vars{"in": input})
			if took := time.Since(begun); took > 10*time.Second { // generous: other tests run at the same time
				t.Errorf("it took %s", took)
			}
			return a
		}
		check := func(a *testworld.Answer, assigned, unassigned float64) {
			t.Helper()
			if a.OK(); a.At("setAssignedCustomers.assigned") != assigned || a.At("setAssignedCustomers.unassigned") != unassigned {
				t.Errorf("want %v and %v: %s", assigned, unassigned, a.Body)
			}
		}
		all := in{"partnerId": nordic.Partner.ID, "allCustomers": true}
		if got := save(all).UserErrors("setAssignedCustomers"); len(got) != 1 || got[0] != "LIMIT_EXCEEDED at input.allCustomers" {
			t.Errorf("1,001 at once: %v", got)
		}
		check(save(in{"partnerId": nordic.Partner.ID, "assign": customers[:1000], "roleKey": "READ_ONLY"}), 1000, 0)
		check(save(in{"partnerId": nordic.Partner.ID, "assign": customers[:1000]}), 1000, 0)
		check(save(in{"partnerId": nordic.Partner.ID, "assign": customers[1000:], "unassign": customers[:1000]}), 1, 1000)
		expectSoundAssignments(t, w)
		statements := func(filter in, want int) int {
			t.Helper()
			before := w.Statements()
			if got := picked(acme.Admin, nordic.Partner.ID, filter); len(got) != want {
				t.Errorf("%v picks %d customers; want %d", filter, len(got), want)
			}
			return w.Statements() - before
		}
		if few, many := statements(in{"search": "customer 0007", "assignable": true}, 1), statements(in{"assignable": true}, 100); few != many {
			t.Errorf("the picker takes %d statements for one customer and %d for a hundred", few, many)
		}
	})
}
