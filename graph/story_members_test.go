package graph_test

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"mandate/ent/relationship"
	"mandate/internal/mandate"
	"mandate/internal/testworld"
)

// site makes a site of a company, and returns its id.
func (s scene) site(c *testworld.Company, number string) string {
	s.Helper()
	row, err := s.Write.Site.Create().SetTenantID(c.ID).SetAccountNumber(number).SetName("Site " + number).
		SetSortName(mandate.SortName("Site " + number)).SetStatus("UP").Save(s.System())
	s.must(err)
	return row.ID
}

// catalogueLevels names a level for every feature of the shipped catalogue but single sign-on: NONE, unless a pair says
// otherwise.
func catalogueLevels(pairs ...string) []in {
	named := map[string]string{"invoices": "NONE", "orders": "NONE", "services": "NONE", "tickets": "NONE"}
	for i := 0; i < len(pairs); i += 2 {
		named[pairs[i]] = pairs[i+1]
	}
	var list []string
	for _, feature := range slices.Sorted(maps.Keys(named)) {
		list = append(list, feature, named[feature])
	}
	return levels(list...)
}

// adds adds one member, and returns the membership's id.
func (s scene) adds(p *testworld.Person, tenantID string, member in) string {
	s.Helper()
	return s.does(p, "addMembers", in{"tenantId": tenantID, "members": []in{member}}).String("addMembers.members.0.id")
}

var inRow = regexp.MustCompile(`tenant\.members\.nodes\.\d+\.`)

// memberRows writes a list of members as somebody sees it: a line each, without what the person may not see.
func memberRows(p *testworld.Person, tenantID string, filter in) []string {
	a := p.Do(`query($t: ID!, $f: MemberFilter) { tenant(id: $t) { members(first: 100, filter: $f) { totalCount nodes {
		name userId label administrator guest status phone email allSites role { name }
		permissions { feature { kind key } label } sites(first: 10) { totalCount nodes { accountNumber } } } } } }`, vars{"t": tenantID, "f": filter})
	list := []string{fmt.Sprint(a.At("tenant.members.totalCount"))}
	nodes, _ := a.At("tenant.members.nodes").([]any)
	for i := range nodes {
		at := func(path string) string { return fmt.Sprintf("tenant.members.nodes.%d.%s", i, path) }
		line := []string{a.String(at("name")), a.String(at("userId")), a.String(at("label")), a.String(at("status"))}
		for flag, word := range map[string]string{"administrator": "administrator", "guest": "guest"} {
			if a.At(at(flag)) == true {
				line = append(line, word)
			}
		}
		for _, path := range []string{"role.name", "email", "phone"} {
			if v, ok := a.At(at(path)).(string); ok {
				line = append(line, v)
			}
		}
		if given, ok := a.At(at("permissions")).([]any); ok {
			var labels []string
			for n := range given {
				if of := at(fmt.Sprintf("permissions.%d.", n)); a.At(of+"feature.kind") == "CATALOGUE" {
					labels = append(labels, a.String(of+"label"))
				}
			}
			line = append(line, strings.Join(labels, "/"))
		}
		if a.At(at("allSites")) == false {
			numbers := a.Column(at("sites.nodes"), "accountNumber")
			slices.Sort(numbers)
			line = append(line, "sites "+strings.Join(numbers, "+"))
		}
		list = append(list, strings.Join(line, ", "))
	}
	var errs []string
	for _, e := range a.Errors() {
		errs = append(errs, inRow.ReplaceAllString(e, ""))
	}
	slices.Sort(errs)
	return append(list, slices.Compact(errs)...)
}

// TestMembersOfACustomer is the story of a portal's user administration, as everybody sees it who has to do with it.
func TestMembersOfACustomer(t *testing.T) {
	eachScene(t, func(s scene) {
		contoso, acme, fabrikam := s.Customer("Contoso"), s.NewPartner("Acme"), s.Customer("Fabrikam")
		s.Connect(acme, contoso, "ADMINISTRATOR", relationship.KindPartnerOfRecord)
		agent := s.Staff(acme, "agent", testworld.Nothing)
		s.Assign(acme, contoso, agent, "ADMINISTRATOR")
		kiel, bonn := s.site(contoso, "K-1"), s.site(contoso, "B-2")
		s.site(contoso, "U-3")
		add := func(members ...in) in { return in{"tenantId": contoso.ID, "members": members} }
		const boss = "Contoso Smith, contoso, contoso, ACTIVE, administrator, contoso@example.com, Pay/Order/Manage/Manage/Full/Full/Full"
		const ada = "Ada Byron, ada, Countess, ACTIVE, ada@example.com, +494311234567, Pay/View/Hide/Manage/Read only/Off/Off, sites B-2+K-1"
		const bob = "Bob Brown, bob, Bob, ACTIVE, Phone Manager, bob@example.com, +15417543010, Pay/Order/Manage/Manage/Full/Full/Full"
		const gus = "Gus Grey, gus, Gus, ACTIVE, guest, gus@example.com, +494311234567, View/Hide/Hide/Hide/Off/Off/Off"

		s.then("the administrator adds one, and many at once", func(s scene) {
			s.does(contoso.Admin, "addMembers", add(in{"userId": "ada", "label": "Countess", "firstName": "Ada", "lastName": "Byron", "email": "ada@example.com",
				"phone": "+49 431 1234567", "permissions": catalogueLevels("invoices", "MANAGE", "orders", "VIEW", "tickets", "MANAGE", "sso.fortinet", "VIEW"),
				"allSites": false, "siteIds": []string{kiel, bonn}}))
			s.does(contoso.Admin, "addMembers", add(
				in{"userId": "bob", "label": "Bob", "firstName": "Bob", "lastName": "Brown", "email": "bob@example.com", "phone": "+1 541 754 3010",
					"roleKey": "PHONE_MANAGER", "permissions": levels("invoices", "MANAGE")},
				in{"userId": "gus", "label": "Gus", "firstName": "Gus", "lastName": "Grey", "email": "gus@example.com", "phone": "+494311234567",
					"guest": true, "permissions": catalogueLevels("invoices", "VIEW")}))
		})
		s.then("the list shows each with levels by their labels; role and levels come to the maximum, and an administrator holds everything", func(s scene) {
			s.sees(memberRows(contoso.Admin, contoso.ID, nil), "4", ada, bob, boss, gus)
		})
		s.then("it is narrowed to names, administrators and guests, and counted", func(s scene) {
			s.sees(memberRows(contoso.Admin, contoso.ID, in{"search": "BO"}), "1", bob)
			s.sees(memberRows(contoso.Admin, contoso.ID, in{"search": "nobody"}), "0")
			s.sees(memberRows(contoso.Admin, contoso.ID, in{"administrator": true}), "1", boss)
			s.sees(memberRows(contoso.Admin, contoso.ID, in{"administrator": false, "guest": false}), "2", ada, bob)
			s.sees(memberRows(contoso.Admin, contoso.ID, in{"guest": true}), "1", gus)
			s.sees(memberRows(contoso.Admin, contoso.ID, in{"status": []string{"SUSPENDED", "REMOVED"}}), "0")
		})
		s.then("everybody got one mail, by which they set a password, once", func(s scene) {
			for _, name := range []string{"ada", "bob", "gus"} {
				mails := s.Mails(name + "@example.com")
				s.is("mails to "+name, len(mails), 1)
				s.is("kind", mails[0].Kind, "member.welcome")
				s.has(strings.Split(mails[0].Text, "\n"), "You were added to Contoso by Contoso Smith. Set a password to log in.")
				set := in{"token": s.lastToken(name + "@example.com"), "newPassword": testworld.Password}
				s.does(s.Stranger(), "resetPassword", set)
				s.refused(s.Stranger(), "resetPassword", set, "TOKEN_INVALID at input.token")
			}
		})
		s.then("a member with listed sites sees those only, and counts say the same", func(s scene) {
			member := s.person("bob@example.com")
			s.is("bob's sites", numberedSites(member, contoso.ID), "3: B-2 K-1 U-3")
			s.does(contoso.Admin, "updateMembers", in{"tenantId": contoso.ID, "members": []in{{"id": s.memberID(contoso, "bob"), "allSites": false, "siteIds": []string{bonn}}}})
			s.is("bob's sites", numberedSites(member, contoso.ID), "1: B-2")
			s.does(contoso.Admin, "updateMembers", in{"tenantId": contoso.ID, "members": []in{{"id": s.memberID(contoso, "bob"), "allSites": true}}})
			s.is("bob's sites", numberedSites(member, contoso.ID), "3: B-2 K-1 U-3")
		})
		s.then("a member with few levels sees themselves, and manages nobody", func(s scene) {
			member := s.person("ada@example.com")
			s.sees(memberRows(member, contoso.ID, nil), "<nil>", "FORBIDDEN at tenant.members")
			own := member.Do("query($id: ID!) { node(id: $id) { ... on Member { name label status role { id } } } }", vars{"id": s.memberID(contoso, "ada")}).OK()
			s.is("own", own.At("node"), any(map[string]any{"name": "Ada Byron", "label": "Countess", "status": "ACTIVE", "role": nil}))
			s.is("others", reaches(member, s.memberID(contoso, "bob")), false)
			s.managesNobody(member, contoso, []string{s.memberID(contoso, "bob")})
		})
		s.then("a member who reads sees them, but not what takes another level", func(s scene) {
			reader := s.Staff(contoso, "reader", testworld.Custom(s.CustomRole(contoso.Tenant, "Reader", map[feature]accessLevel{"USERS": view})))
			got := memberRows(reader, contoso.ID, in{"search": "ada"})
			s.sees(got, "1", "Ada Byron, ada, Countess, ACTIVE, ada@example.com, +494311234567, sites ", "FORBIDDEN at permissions")
			s.managesNobody(reader, contoso, []string{s.memberID(contoso, "bob")})
			s.does(contoso.Admin, "removeMembers", in{"tenantId": contoso.ID, "ids": []string{reader.Member(contoso.Tenant).ID}})
		})
		s.then("a guest manager sees guests, and manages those who hold nothing that a guest manager lacks", func(s scene) {
			manager := s.Staff(contoso, "keeper", testworld.Role("GUEST_MANAGER"))
			s.sees(memberRows(manager, contoso.ID, nil), "2", "Gus Grey, gus, Gus, ACTIVE, guest", "Keeper Smith, keeper, keeper, ACTIVE, Guest Manager",
				"FORBIDDEN at email", "FORBIDDEN at permissions", "FORBIDDEN at phone")
			id := s.adds(manager, contoso.ID, newMember(1, in{"roleKey": nil, "guest": true, "permissions": catalogueLevels()}))
			s.does(manager, "updateMembers", in{"tenantId": contoso.ID, "members": []in{{"id": id, "label": "Visitor", "phone": "+49 431 7654321"}}})
			s.does(manager, "sendPasswordLinks", in{"tenantId": contoso.ID, "ids": []string{id}})
			s.does(manager, "setMemberStatus", in{"tenantId": contoso.ID, "ids": []string{id}, "status": "SUSPENDED"})
			s.does(manager, "removeMembers", in{"tenantId": contoso.ID, "ids": []string{id}})
			s.does(contoso.Admin, "removeMembers", in{"tenantId": contoso.ID, "ids": []string{manager.Member(contoso.Tenant).ID}})
		})
		s.then("the reseller's people do as the administrator does, under their own names", func(s scene) {
			for _, p := range []*testworld.Person{acme.Admin, agent, agent.Entered(contoso.ID)} {
				s.sees(memberRows(p, contoso.ID, nil), "4", ada, bob, boss, gus)
			}
			id := s.adds(agent, contoso.ID, newMember(2, nil))
			s.has(strings.Split(s.Mails("new2@example.com")[0].Text, "\n"), "You were added to Contoso by Agent Smith. Set a password to log in.")
			s.does(agent, "removeMembers", in{"tenantId": contoso.ID, "ids": []string{id}})
			for _, side := range []struct {
				p  *testworld.Person
				id string
			}{{contoso.Admin, contoso.ID}, {acme.Admin, acme.ID}} {
				a := side.p.Do(`query($t: ID!) { tenant(id: $t) { auditEvents(first: 1) { nodes { action actor { name } actorTenant { name } onBehalfOf { name } changes { field before after } } } } }`,
					vars{"t": side.id}).OK()
				s.is("event", a.At("tenant.auditEvents.nodes.0"), any(map[string]any{"action": "member.removed", "actor": map[string]any{"name": "Agent Smith"},
					"actorTenant": map[string]any{"name": "Acme"}, "onBehalfOf": map[string]any{"name": "Contoso"},
					"changes": []any{map[string]any{"field": "New Person 2", "before": "Read-Only", "after": nil}}}))
			}
		})
		s.then("to a stranger there is nothing of all that", func(s scene) {
			s.sees(memberRows(fabrikam.Admin, contoso.ID, nil), "<nil>")
			for mutation, input := range memberOperations(contoso.ID, []string{s.memberID(contoso, "bob")}) {
				s.refused(fabrikam.Admin, mutation, input, "NOT_FOUND at input.tenantId")
				s.sees(s.asks(s.Stranger(), mutation, input).Errors(), "UNAUTHENTICATED at "+mutation)
			}
		})
		s.then("nothing of it stays", func(s scene) {
			s.sees(memberRows(contoso.Admin, contoso.ID, nil), "4", ada, bob, boss, gus)
		})
	})
}

// numberedSites writes the sites of a tenant as somebody sees them, with their count.
func numberedSites(p *testworld.Person, tenantID string) string {
	a := p.Do("query($t: ID!) { tenant(id: $t) { sites(first: 10) { totalCount nodes { accountNumber } } } }", vars{"t": tenantID}).OK()
	return fmt.Sprintf("%v: %s", a.At("tenant.sites.totalCount"), strings.Join(a.Column("tenant.sites.nodes", "accountNumber"), " "))
}

// memberID is the present membership with a User ID.
func (s scene) memberID(c *testworld.Company, handle string) string {
	s.Helper()
	found := s.read(fmt.Sprintf("SELECT id FROM members WHERE tenant_id='%s' AND present_handle='%s'", c.ID, handle))
	if len(found) != 1 {
		s.Fatalf("%d members are %s", len(found), handle)
	}
	return found[0]
}

// memberOperations is every operation on members, with an input that would do something.
func memberOperations(tenantID string, ids []string) map[string]in {
	return map[string]in{
		"addMembers":        {"tenantId": tenantID, "members": []in{newMember(99, nil)}},
		"updateMembers":     {"tenantId": tenantID, "members": []in{{"id": ids[0], "label": "Another"}}},
		"removeMembers":     {"tenantId": tenantID, "ids": ids},
		"setMemberStatus":   {"tenantId": tenantID, "ids": ids, "status": "SUSPENDED"},
		"sendPasswordLinks": {"tenantId": tenantID, "ids": ids},
	}
}

// managesNobody sees that somebody is refused all operations on members of a tenant whom the tenant is no secret to.
func (s scene) managesNobody(p *testworld.Person, c *testworld.Company, ids []string) {
	s.Helper()
	for mutation, input := range memberOperations(c.ID, ids) {
		s.forbidden(p, mutation, input)
	}
}
