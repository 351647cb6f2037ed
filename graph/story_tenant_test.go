package graph_test

import (
	"fmt"
	"regexp"
	"testing"

	"mandate/internal/testworld"
)

// profileOf reads a tenant's profile, as far as somebody with TENANT VIEW does.
func profileOf(p *testworld.Person, tenantID string) any {
	return p.Do(`query($id: ID!) { tenant(id: $id) { name email accountNumber tags address { street city region postalCode country } } }`,
		vars{"id": tenantID}).OK().At("tenant")
}

// idles sends a mutation that succeeds and changes nothing, and checks that it wrote nothing.
func (s scene) idles(p *testworld.Person, mutation string, input in) *testworld.Answer {
	s.Helper()
	before := s.rows()
	a := s.asks(p, mutation, input).OK()
	s.unchanged(before, mutation)
	return a
}

// TestATenantsProfile is the story of a customer whose administrator keeps its papers in order.
func TestATenantsProfile(t *testing.T) {
	eachScene(t, func(s scene) {
		contoso := s.Customer("Contoso")
		update := func(changed in) *testworld.Answer {
			s.Helper()
			changed["id"] = contoso.ID
			return s.does(contoso.Admin, "updateTenant", changed)
		}
		latest := func() string {
			s.Helper()
			return changed(contoso.Admin, contoso.ID, "tenant.updated")[0]
		}
		whole := in{"name": "  Contoso   Ltd ", "email": "Office@Contoso.example", "accountNumber": "C-1", "tags": []string{"north", "gold", "north"},
			"address": in{"street": "Kai 1", "city": "Kiel", "region": "SH", "postalCode": "24103", "country": "de"}}
		stands := map[string]any{"name": "Contoso Ltd", "email": "office@contoso.example", "accountNumber": "C-1", "tags": []any{"gold", "north"},
			"address": map[string]any{"street": "Kai 1", "city": "Kiel", "region": "SH", "postalCode": "24103", "country": "DE"}}

		s.then("all of it is filled in, cleaned", func(s scene) {
			a := update(whole)
			s.is("name", a.At("updateTenant.tenant.name"), "Contoso Ltd")
			s.is("version", a.At("updateTenant.tenant.version"), 2.)
			s.is("profile", profileOf(contoso.Admin, contoso.ID), any(stands))
			s.is("event", latest(), "Contoso Ltd; name: Contoso > Contoso Ltd; email: <nil> > office@contoso.example; accountNumber: <nil> > C-1; "+
				"address.street: <nil> > Kai 1; address.city: <nil> > Kiel; address.region: <nil> > SH; address.postalCode: <nil> > 24103; "+
				"address.country: <nil> > DE; tags: <nil> > gold, north")
		})
		s.then("the same once more, or nothing at all, changes nothing", func(s scene) {
			for _, same := range []in{whole, {}, {"tags": []string{"gold", "north"}}, {"signUpPolicy": "CLOSED"}, {"email": "OFFICE@contoso.example"}} {
				same["id"], same["version"] = contoso.ID, 2
				a := s.idles(contoso.Admin, "updateTenant", same)
				s.is("version", a.At("updateTenant.tenant.version"), 2.)
			}
		})
		s.then("what is left out stays, and an empty text takes away", func(s scene) {
			update(in{"email": "", "accountNumber": " "})
			stands["email"], stands["accountNumber"] = nil, nil
			s.is("profile", profileOf(contoso.Admin, contoso.ID), any(stands))
			s.is("event", latest(), "Contoso Ltd; email: office@contoso.example > <nil>; accountNumber: C-1 > <nil>")
		})
		s.then("an address replaces the whole one, and tags all tags", func(s scene) {
			update(in{"address": in{"city": "Bonn"}, "tags": []string{"south", "gold"}})
			stands["address"] = map[string]any{"street": nil, "city": "Bonn", "region": nil, "postalCode": nil, "country": nil}
			stands["tags"] = []any{"gold", "south"}
			s.is("profile", profileOf(contoso.Admin, contoso.ID), any(stands))
			s.is("event", latest(), "Contoso Ltd; address.street: Kai 1 > <nil>; address.city: Kiel > Bonn; address.region: SH > <nil>; "+
				"address.postalCode: 24103 > <nil>; address.country: DE > <nil>; tags: gold, north > gold, south")
			update(in{"address": in{}, "tags": []string{}})
			stands["address"], stands["tags"] = nil, []any{}
			s.is("profile", profileOf(contoso.Admin, contoso.ID), any(stands))
			s.is("event", latest(), "Contoso Ltd; address.city: Bonn > <nil>; tags: gold, south > <nil>")
		})
		s.then("a change that rests on the present version is made, and moves it on", func(s scene) {
			a := update(in{"name": "Contoso", "version": 5})
			s.is("version", a.At("updateTenant.tenant.version"), 6.)
			s.refused(contoso.Admin, "updateTenant", in{"id": contoso.ID, "name": "Late", "version": 5}, "STALE_VERSION at input.version")
		})
	})
}

// TestWhoKeepsATenantsProfile: whoever holds TENANT MANAGE there, by whatever path.
func TestWhoKeepsATenantsProfile(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso, operator := s.NewPartner("Acme"), s.Customer("Contoso"), s.Operator()
		s.connected(acme, contoso, "PRIME_ADMIN")
		tenantOnly := func(c *testworld.Company, name string, level accessLevel) *testworld.Person {
			return s.Staff(c, name, testworld.Custom(s.CustomRole(c.Tenant, name, map[feature]accessLevel{"TENANT": level})))
		}
		helper, watcher := s.Staff(acme, "helper", testworld.Nothing), s.Staff(acme, "watcher", testworld.Nothing)
		s.Assign(acme, contoso, helper, "ADMINISTRATOR")
		s.Assign(acme, contoso, watcher, "READ_ONLY")

		s.then("the customer's own, its partner's, and the operator's people change it, each under their own name", func(s scene) {
			for i, p := range []*testworld.Person{contoso.Admin, tenantOnly(contoso, "keeper", manage), acme.Admin, acme.Admin.Entered(contoso.ID),
				helper, operator.Admin, tenantOnly(operator, "desk", manage)} {
				s.does(p, "updateTenant", in{"id": contoso.ID, "accountNumber": fmt.Sprint("C-", i)})
			}
			a := contoso.Admin.Do(`query($id: ID!) { tenant(id: $id) { auditEvents(filter: {action: ["tenant.updated"]}, first: 10) {
				nodes { actor { name } actorTenant { name } onBehalfOf { name } } } } }`, vars{"id": contoso.ID}).OK()
			s.sees(a.Column("tenant.auditEvents.nodes", "actor.name"),
				"Desk Smith", "Root Smith", "Helper Smith", "Acme Smith", "Acme Smith", "Keeper Smith", "Contoso Smith")
			s.sees(a.Column("tenant.auditEvents.nodes", "actorTenant.name"), "Operator", "Operator", "Acme", "Acme", "Acme", "Contoso", "Contoso")
			s.sees(a.Column("tenant.auditEvents.nodes", "onBehalfOf.name"), "Contoso", "Contoso", "Contoso", "Contoso", "Contoso", "<nil>", "<nil>")
		})
		s.then("who only sees it does not", func(s scene) {
			input := in{"id": contoso.ID, "name": "Theirs"}
			for _, p := range []*testworld.Person{tenantOnly(contoso, "reader", view), s.Staff(contoso, "member", testworld.Nothing), watcher,
				tenantOnly(operator, "clerk", view)} {
				s.forbidden(p, "updateTenant", input)
			}
		})
		s.then("the sign-up policy takes USERS too, which the operator's people do not have", func(s scene) {
			input := in{"id": contoso.ID, "signUpPolicy": "VALIDATE_EMAIL"}
			for _, p := range []*testworld.Person{s.person("keeper@example.com"), operator.Admin} {
				s.forbidden(p, "updateTenant", input)
			}
			s.does(acme.Admin, "updateTenant", input)
			input["signUpPolicy"] = "CLOSED"
			s.forbidden(s.person("keeper@example.com"), "updateTenant", input)
			s.does(helper, "updateTenant", input)
		})
		s.then("a suspended tenant's papers are kept by those who still reach it", func(s scene) {
			s.does(operator.Admin, "suspendTenant", in{"id": contoso.ID})
			s.does(operator.Admin, "updateTenant", in{"id": contoso.ID, "accountNumber": "C-9"})
			s.refused(contoso.Admin, "updateTenant", in{"id": contoso.ID, "accountNumber": "C-0"}, "NOT_FOUND at input.id")
			s.refused(acme.Admin, "updateTenant", in{"id": contoso.ID, "accountNumber": "C-0"}, "NOT_FOUND at input.id")
		})
	})
}

var joinCode = regexp.MustCompile(`^JOIN(-[2-9A-HJKMNP-TV-Z]{4}){4}$`)

func TestSignUpOpensAndCloses(t *testing.T) {
	eachScene(t, func(s scene) {
		contoso := s.Customer("Contoso")
		policy := func(p string) (code any) {
			s.Helper()
			s.does(contoso.Admin, "updateTenant", in{"id": contoso.ID, "signUpPolicy": p})
			a := contoso.Admin.Do(`query($id: ID!) { tenant(id: $id) { signUpPolicy signUpCode } }`, vars{"id": contoso.ID}).OK()
			s.is("policy", a.At("tenant.signUpPolicy"), any(p))
			return a.At("tenant.signUpCode")
		}
		first := policy("VALIDATE_EMAIL")
		if code, _ := first.(string); !joinCode.MatchString(code) {
			s.Errorf("code %v", first)
		}
		s.is("another way of entry keeps the code", policy("VALIDATE_AND_APPROVE"), first)
		s.is("closing forgets it", policy("CLOSED"), nil)
		again, _ := policy("VALIDATE_AND_APPROVE").(string)
		if !joinCode.MatchString(again) || again == first {
			s.Errorf("opening again makes the code %q after %q", again, first)
		}
		for _, e := range changed(contoso.Admin, contoso.ID, "tenant.updated") {
			if regexp.MustCompile(`JOIN-|signUpCode`).MatchString(e) {
				s.Errorf("the trail keeps the code: %s", e)
			}
		}
		s.is("in the trail", changed(contoso.Admin, contoso.ID, "tenant.updated")[1], "Contoso; signUpPolicy: VALIDATE_AND_APPROVE > CLOSED")
	})
}
