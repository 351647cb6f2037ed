package graph_test

import (
	"fmt"
	"testing"
	"time"

	"entgo.io/ent/dialect"

	"mandate/internal/testdb"
	"mandate/internal/testworld"
)

const eventsWith = `query($id: ID!, $f: AuditFilter, $after: String) { tenant(id: $id) { auditEvents(filter: $f, first: 2, after: $after) {
	totalCount nodes { id action } pageInfo { hasNextPage endCursor } } } }`

// trailOf reads all events of a tenant that a filter lets through, a page at a time.
func trailOf(s scene, p *testworld.Person, tenantID string, filter in) (ids, actions []string) {
	s.Helper()
	v := vars{"id": tenantID, "f": filter}
	for {
		a := p.Do(eventsWith, v).OK()
		ids, actions = append(ids, a.Column("tenant.auditEvents.nodes", "id")...), append(actions, a.Column("tenant.auditEvents.nodes", "action")...)
		if a.At("tenant.auditEvents.pageInfo.hasNextPage") == false {
			s.is("count", a.At("tenant.auditEvents.totalCount"), any(float64(len(ids))))
			return ids, actions
		}
		v["after"] = a.String("tenant.auditEvents.pageInfo.endCursor")
	}
}

// TestEventsBetweenTwoTenants: a side of a pair finds what concerns both, and both find the same.
func TestEventsBetweenTwoTenants(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso, fabrikam := s.NewPartner("Acme"), s.Customer("Contoso"), s.Customer("Fabrikam")
		bond := s.connected(acme, contoso, "ADMINISTRATOR")
		s.connected(acme, fabrikam, "ADMINISTRATOR")
		s.does(acme.Admin, "updateTenant", in{"id": contoso.ID, "accountNumber": "C-1"})
		s.does(acme.Admin, "updateTenant", in{"id": fabrikam.ID, "accountNumber": "F-1"})
		s.does(acme.Admin, "updateTenant", in{"id": acme.ID, "accountNumber": "A-1"})
		s.does(contoso.Admin, "updateTenant", in{"id": contoso.ID, "accountNumber": "C-2"})
		s.does(contoso.Admin, "suspendRelationship", in{"id": bond})

		partners, _ := trailOf(s, acme.Admin, acme.ID, in{"otherTenantId": contoso.ID})
		customers, actions := trailOf(s, contoso.Admin, contoso.ID, in{"otherTenantId": acme.ID})
		s.sees(actions, "relationship.suspended", "tenant.updated", "invitation.accepted", "invitation.sent")
		s.sees(partners, customers...)

		_, actions = trailOf(s, acme.Admin, acme.ID, in{"otherTenantId": fabrikam.ID, "action": []string{"tenant.updated"}, "delegatedOnly": true, "actorId": acme.Admin.ID})
		s.sees(actions, "tenant.updated")
		for name, id := range map[string]string{"itself": acme.ID, "somebody whom nothing concerns": s.Customer("Other").ID, "nobody": "ten_00000000000000000000000000", "no id": "x' OR 1=1"} {
			ids, _ := trailOf(s, acme.Admin, acme.ID, in{"otherTenantId": id})
			s.is(name, len(ids), 0)
		}
		for _, p := range []*testworld.Person{fabrikam.Admin, s.Staff(contoso, "clerk", testworld.Nothing)} {
			a := p.Do(eventsWith, vars{"id": contoso.ID, "f": in{"otherTenantId": acme.ID}})
			s.is("events", a.At("tenant.auditEvents"), nil)
		}
	})
}

// TestLongTrails: of a long trail a page is found by an index, whatever it is filtered by, and not by reading the trail.
func TestLongTrails(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		w := testworld.New(t, url)
		c := &crowd{World: w, t: t, acme: w.NewPartner("Acme"), large: w.Customer("Large")}
		w.Manages(c.acme, c.large)
		tx, err := w.DB.Write.Begin()
		if err != nil {
			t.Fatal(err)
		}
		const all, every = 60_000, 400 // events of Acme and of Large in turn; every 400th concerns both, by the people of either
		fill(t, tx, "audit_events", "id,at,action,tenant_id,other_tenant_id,actor_id", all, func(i int) []any {
			in, other := []string{c.acme.ID, c.large.ID}[i%2], rowID("ten", i%100)
			if i%every == 0 {
				other = c.large.ID
			}
			if i%4 == 0 {
				in, other = other, in
			}
			return []any{rowID("evt", i), w.Now().Add(-time.Duration(i) * time.Hour), "tenant.entered", in, other, rowID("usr", i%50)}
		})
		if err := tx.Commit(); err != nil {
			t.Fatal(err)
		}
		c.analyze(t, "audit_events")
		const query = `query($id: ID!, $f: AuditFilter, $after: String) { tenant(id: $id) { auditEvents(filter: $f, first: 50, after: $after) { nodes { id } pageInfo { endCursor } } } }`
		for name, with := range map[string]in{
			"all":                          {},
			"of a time":                    {"from": w.Now().Add(-all / 2 * time.Hour), "to": w.Now().Add(-all / 4 * time.Hour)},
			"with one customer":            {"otherTenantId": c.large.ID},
			"with one customer, of a time": {"otherTenantId": c.large.ID, "to": w.Now().Add(-all / 4 * time.Hour)},
		} {
			c := c.at(t)
			v := vars{"id": c.acme.ID, "f": with}
			ask := func() *testworld.Answer { return c.acme.Admin.Do(query, v).OK() }
			for page := range 2 {
				what := fmt.Sprintf("%s, page %d", name, page+1)
				var a *testworld.Answer
				c.expectFrugal(false, func() { a = ask() })
				if n := len(a.List("tenant.auditEvents.nodes")); n != 50 {
					t.Errorf("%s: %d events; want 50", what, n)
				}
				if c.DB.Dialect == dialect.MySQL {
					if touched := c.rowsRead(func() { ask() }); touched > 15*pageSize {
						t.Errorf("%s: %d rows touched", what, touched)
					}
				}
				v["after"] = a.String("tenant.auditEvents.pageInfo.endCursor")
			}
		}
	})
}
