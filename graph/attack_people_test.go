package graph_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"testing"

	"mandate/internal/testworld"
)

// TestNobodyUsesUpTheLinksOfOthers: whoever has links sent to somebody and lets them die keeps nobody from asking for one
// of their own.
func TestNobodyUsesUpTheLinksOfOthers(t *testing.T) {
	eachScene(t, func(s scene) {
		contoso, fabrikam := s.Customer("Contoso"), s.Customer("Fabrikam")
		s.Staff(contoso, "victim", testworld.Role("READ_ONLY"))
		id := s.adds(fabrikam.Admin, fabrikam.ID, newMember(1, in{"email": "victim@example.com"}))
		for range 6 {
			s.does(fabrikam.Admin, "sendPasswordLinks", in{"tenantId": fabrikam.ID, "ids": []string{id}})
		}
		s.does(fabrikam.Admin, "removeMembers", in{"tenantId": fabrikam.ID, "ids": []string{id}})
		sent := len(s.Mails("victim@example.com"))

		s.does(s.Stranger(), "requestPasswordReset", in{"email": "victim@example.com"})
		s.is("mails since", len(s.Mails("victim@example.com"))-sent, 1)
		s.does(s.Stranger(), "resetPassword", in{"token": s.lastToken("victim@example.com"), "newPassword": "a new password of mine"})
		s.signsInWith("victim@example.com", "a new password of mine")
	})
}

// TestNobodyShowsSitesByARole that they do not see: to raise a role shows its holders their sites.
func TestNobodyShowsSitesByARole(t *testing.T) {
	eachScene(t, func(s scene) {
		contoso := s.Customer("Contoso")
		harbour := s.Site(contoso.Tenant, "Harbour")
		s.Site(contoso.Tenant, "Airport")
		warden := s.Staff(contoso, "warden", testworld.Custom(s.CustomRole(contoso.Tenant, "Warden", map[feature]accessLevel{
			"USERS": manage, "ROLES": manage, "SITES": manage, "TENANT": view}))).Listed(contoso.Tenant, harbour)
		blind, sighted := s.CustomRole(contoso.Tenant, "Blind", map[feature]accessLevel{"TENANT": view}),
			s.CustomRole(contoso.Tenant, "Sighted", map[feature]accessLevel{"SITES": view})
		twin := s.Staff(contoso, "twin", testworld.Custom(blind))

		s.refused(warden, "updateRole", in{"id": blind.ID, "permissions": []in{{"feature": "SITES", "level": "VIEW"}}}, "ROLE_EXCEEDS_GRANT at input.permissions")
		s.is("what the other sees", summary(twin, contoso.ID)[:7], "<nil> s")
		s.does(warden, "updateRole", in{"id": sighted.ID, "permissions": []in{{"feature": "SITES", "level": "VIEW"}, {"feature": "TENANT", "level": "VIEW"}}})
		s.does(warden, "updateRole", in{"id": sighted.ID, "permissions": []in{{"feature": "TENANT", "level": "VIEW"}}})
		s.does(contoso.Admin, "updateRole", in{"id": blind.ID, "permissions": []in{{"feature": "SITES", "level": "VIEW"}}})
		s.is("what the other sees", summary(twin, contoso.ID)[:7], "2 sites")
	})
}

// TestASiteOfAnyName is a site: a limit to it is one, whatever the books call it.
func TestASiteOfAnyName(t *testing.T) {
	eachScene(t, func(s scene) {
		contoso := s.Customer("Contoso")
		odd := s.Site(contoso.Tenant, "all")
		s.Site(contoso.Tenant, "Harbour")
		clerk := s.Staff(contoso, "clerk", testworld.Role("READ_ONLY"))
		s.does(contoso.Admin, "updateMembers", in{"tenantId": contoso.ID, "members": []in{
			{"id": clerk.Member(contoso.Tenant).ID, "allSites": false, "siteIds": []string{odd.ID}}}})
		s.sees(visibleSites(clerk, contoso.ID), "all")
		s.does(contoso.Admin, "updateMembers", in{"tenantId": contoso.ID, "members": []in{{"id": clerk.Member(contoso.Tenant).ID, "allSites": true}}})
		s.sees(visibleSites(clerk, contoso.ID), "all", "Harbour")
	})
}

// TestTheTrailOfATenantTellsNoMoreThanTheTenant: what its profile says is read with VIEW on it, in the trail too.
func TestTheTrailOfATenantTellsNoMoreThanTheTenant(t *testing.T) {
	eachScene(t, func(s scene) {
		contoso := s.Customer("Contoso")
		reads := func(name string, features map[feature]accessLevel) *testworld.Person {
			return s.Staff(contoso, name, testworld.Custom(s.CustomRole(contoso.Tenant, name, features)))
		}
		trail, both := reads("trail", map[feature]accessLevel{"AUDIT": view}), reads("both", map[feature]accessLevel{"AUDIT": view, "TENANT": view})
		s.does(contoso.Admin, "updateTenant", in{"id": contoso.ID, "accountNumber": "4711"})

		s.sees(changed(both, contoso.ID, "tenant.updated"), "Contoso; accountNumber: <nil> > 4711")
		s.sees(changed(trail, contoso.ID, "tenant.updated"), "<nil>")
	})
}

// TestTheTrailNamesNoSitesThatNobodySees: who sees which site is told to those who see them all.
func TestTheTrailNamesNoSitesThatNobodySees(t *testing.T) {
	eachScene(t, func(s scene) {
		contoso := s.Customer("Contoso")
		harbour, airport := s.Site(contoso.Tenant, "Harbour"), s.Site(contoso.Tenant, "Airport")
		clerk := s.Staff(contoso, "clerk", testworld.Role("READ_ONLY")).Member(contoso.Tenant).ID
		low := s.Staff(contoso, "low", testworld.Nothing).Member(contoso.Tenant).ID
		limited := s.Staff(contoso, "limited", testworld.Role("READ_ONLY")).Listed(contoso.Tenant, harbour)
		blind := s.Staff(contoso, "blind", testworld.Custom(s.CustomRole(contoso.Tenant, "Blind", map[feature]accessLevel{"AUDIT": view, "USERS": view})))
		to := func(ids ...string) in {
			var rows []in
			for _, id := range ids {
				rows = append(rows, in{"id": id, "allSites": false, "siteIds": []string{airport.ID}})
			}
			return in{"tenantId": contoso.ID, "members": rows}
		}
		s.does(contoso.Admin, "updateMembers", to(clerk))
		s.sees(changed(contoso.Admin, contoso.ID, "member.updated"), "Clerk Smith; sites: all > Airport")
		for _, p := range []*testworld.Person{limited, blind} {
			s.sees(changed(p, contoso.ID, "member.updated"), "Clerk Smith; sites: <nil> > <nil>")
		}
		s.does(contoso.Admin, "updateMembers", in{"tenantId": contoso.ID, "members": []in{{"id": clerk, "allSites": true}, {"id": low, "allSites": false, "siteIds": []string{airport.ID}}}})
		s.is("of several", changed(contoso.Admin, contoso.ID, "member.updated")[0], "<nil>; clerk: sites: Airport > all; low: sites: all > Airport")
		s.is("of several", changed(limited, contoso.ID, "member.updated")[0], "<nil>; clerk: sites: <nil> > <nil>; low: sites: <nil> > <nil>")
	})
}

// TestNobodyFromOutsideLetsInAgain those whom they could not give what they held.
func TestNobodyFromOutsideLetsInAgain(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso := s.NewPartner("Acme"), s.Customer("Contoso")
		s.connected(acme, contoso, "DECISION_MAKER")
		keeper := s.Staff(contoso, "keeper", testworld.Custom(s.CustomRole(contoso.Tenant, "Keeper", map[feature]accessLevel{"USERS": manage})))
		rogue := s.Staff(contoso, "rogue", testworld.Custom(s.CustomRole(contoso.Tenant, "Rogue", map[feature]accessLevel{"USERS": manage}))).Member(contoso.Tenant).ID
		clerk := s.Staff(contoso, "clerk", testworld.Role("PHONE_MANAGER")).Member(contoso.Tenant).ID
		set := func(status string, ids ...string) in { return in{"tenantId": contoso.ID, "ids": ids, "status": status} }
		s.does(contoso.Admin, "setMemberStatus", set("SUSPENDED", rogue, clerk))

		s.refused(acme.Admin, "setMemberStatus", set("ACTIVE", clerk, rogue), "ROLE_EXCEEDS_GRANT at input.ids.1")
		s.does(acme.Admin, "setMemberStatus", set("ACTIVE", clerk))
		s.does(keeper, "setMemberStatus", set("ACTIVE", rogue))
		s.does(acme.Admin, "setMemberStatus", set("SUSPENDED", rogue))
	})
}

// TestWhoLeftIsNotFollowed: a tenant sees the address of those who are its members, and not what becomes of it afterwards.
func TestWhoLeftIsNotFollowed(t *testing.T) {
	eachScene(t, func(s scene) {
		contoso := s.Customer("Contoso")
		nora := s.Staff(contoso, "nora", testworld.Nothing)
		member := nora.Member(contoso.Tenant).ID
		const query = `query($m: ID!, $u: ID!) { member: node(id: $m) { ... on Member { email user { id } } } user: node(id: $u) { ... on User { email } } }`
		reads := func() any {
			a := contoso.Admin.Do(query, vars{"m": member, "u": nora.ID}).OK()
			return in{"member": a.At("member"), "user": a.At("user")}
		}
		s.is("a member", reads(), any(in{"member": in{"email": "nora@example.com", "user": in{"id": nora.ID}}, "user": in{"email": "nora@example.com"}}))
		s.does(nora, "leaveTenant", in{"tenantId": contoso.ID})
		s.must(s.Write.User.UpdateOneID(nora.ID).SetEmail("new@example.com").SetEmailCanonical("new@example.com").Exec(s.System()))
		s.is("one who left", reads(), any(in{"member": in{"email": nil, "user": nil}, "user": nil}))
	})
}

// TestLettersWhereThereAreNone: columns of ASCII are asked for whatever somebody types, and have none of it.
func TestLettersWhereThereAreNone(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso := s.NewPartner("Acme"), s.Customer("Contoso")
		s.connected(acme, contoso, "ADMINISTRATOR")
		cursor := func(place ...string) string {
			b, err := json.Marshal(place)
			s.must(err)
			return base64.RawURLEncoding.EncodeToString(b)
		}
		for _, odd := range []string{"é", "\x00", "😀", "\xff", "ſ\u0130", "x' OR 1=1 -- ", "\ufeff"} {
			s.then(fmt.Sprintf("%q", odd), func(s scene) {
				a := acme.Admin.Do(`query($c: String!, $tags: [String!], $t: ID!, $name: String!, $id: String!) {
					customers(first: 1, filter: {tags: $tags}) { totalCount nodes { id } }
					partnerByCode(code: $c) { name }
					tenant(id: $t) {
						auditEvents(first: 1, filter: {action: $tags}) { totalCount nodes { id } }
						members(first: 1, after: $name) { totalCount }
						relationships(first: 1, after: $id) { totalCount }
					}
				}`, vars{"c": odd, "tags": []string{odd}, "t": acme.ID, "name": cursor("m", "a", odd), "id": cursor("l", odd)}).OK()
				s.is("customers", a.At("customers.totalCount"), 0.)
				s.is("partner", a.At("partnerByCode"), nil)
				s.is("events", a.At("tenant.auditEvents.totalCount"), 0.)
				s.is("sign-up", s.asks(s.Stranger(), "signUp", in{"tenantCode": odd, "email": "a@example.com", "firstName": "A", "lastName": "B",
					"phone": "+49 431 1234567"}).OK().At("signUp.ok"), true)
				s.refused(contoso.Admin, "invitePartner", in{"tenantId": contoso.ID, "code": odd, "roleKey": "READ_ONLY"}, "PARTNER_NOT_FOUND at input.code")
				for _, link := range []string{odd + "key", "https://x.example/join?partner=MND-AAAA-AAAA&link=" + url.QueryEscape(odd)} {
					s.refused(contoso.Admin, "invitePartner", in{"tenantId": contoso.ID, "inviteLink": link, "roleKey": "READ_ONLY"}, "PARTNER_NOT_FOUND at input.inviteLink")
				}
			})
		}
	})
}
