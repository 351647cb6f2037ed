package graph_test

import (
	"fmt"
	"slices"
	"testing"

	"mandate/internal/access"
	"mandate/internal/testworld"
)

// techPartnersOf lists the tech partners that somebody reaches, by name, each with its three counts.
func techPartnersOf(p *testworld.Person) (list []string) {
	a := p.Do(`{ techPartners(first: 100) { nodes { name type mspAdminCount assignedCustomersCount accountAdminCount } } }`, nil).OK()
	for i := range a.List("techPartners.nodes") {
		var row []any
		for _, column := range []string{"name", "type", "mspAdminCount", "assignedCustomersCount", "accountAdminCount"} {
			row = append(row, a.At(fmt.Sprintf("techPartners.nodes.%d.%s", i, column)))
		}
		list = append(list, fmt.Sprintln(row...)[:len(fmt.Sprintln(row...))-1])
	}
	return list
}

// TestTechPartners is the story of an MSP that creates tech partners, and lists them.
func TestTechPartners(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, blue, contoso := s.NewPartner("Acme"), s.NewPartner("Blue"), s.Customer("Contoso")
		s.Manages(acme, contoso)
		clerk := s.Staff(acme, "clerk", testworld.Role("DECISION_MAKER"))
		nadia := in{"name": "Nordwind", "type": "INTEGRATOR", "adminEmail": "nadia@example.com", "adminFirstName": "Nadia", "adminLastName": "North"}
		var nordwind, tenantID string
		var admin *testworld.Person

		s.then("its administrator creates one, whose first administrator gets a welcome link", func(s scene) {
			a := s.does(acme.Admin, "createTechPartner", nadia)
			nordwind, tenantID = a.String("createTechPartner.partner.id"), a.String("createTechPartner.partner.tenant.id")
			s.is("type", a.At("createTechPartner.partner.type"), "INTEGRATOR")
			s.is("managed by", a.At("createTechPartner.partner.managedBy.name"), "Acme")
			s.is("mail", s.Mails("nadia@example.com")[0].Kind, "member.welcome")
			s.does(s.Stranger(), "resetPassword", in{"token": s.lastToken("nadia@example.com"), "newPassword": testworld.Password})
			admin = s.person("nadia@example.com")
		})
		s.then("both read of it", func(s scene) {
			want := "Nordwind; type: <nil> > INTEGRATOR; administrator: <nil> > Nadia North"
			s.sees(changed(acme.Admin, acme.ID, "tech_partner.created"), want)
			s.sees(changed(admin, tenantID, "tech_partner.created"), want)
			s.sees(s.read("SELECT actor_tenant_name, on_behalf_of_name FROM audit_events WHERE action='tech_partner.created'"), "Acme | Nordwind")
		})
		s.then("whoever has PARTNERS MANAGE in the MSP creates one too, and does not reach it", func(s scene) {
			a := s.does(clerk, "createTechPartner", in{"managerId": acme.Partner.ID, "name": "Elbe", "type": "INSTALLER", "adminEmail": "elbe@example.com", "adminFirstName": "El", "adminLastName": "Be"})
			s.is("partner", a.At("createTechPartner.partner"), nil)
			s.sees(techPartnersOf(clerk))
		})
		s.then("the MSP's administrators do everything there, and list them", func(s scene) {
			s.is("level", level(s, acme.Admin, tenantID, "USERS"), "MANAGE")
			s.sees(techPartnersOf(acme.Admin), "Elbe INSTALLER 0 0 1", "Nordwind INTEGRATOR 0 0 1")
			a := acme.Admin.Do(`query($m: ID!) { techPartners(first: 9, managerId: $m, filter: {search: "no", type: [INTEGRATOR]}) { totalCount nodes { id } } }`, vars{"m": acme.Partner.ID}).OK()
			s.sees(a.Column("techPartners.nodes", "id"), nordwind)
			s.is("count", a.At("techPartners.totalCount"), 1.)
			s.sees(acme.Admin.Do(`{ techPartners(first: 9, filter: {type: [MSP]}) { nodes { id } } }`, nil).OK().Column("techPartners.nodes", "id"))
		})
		s.then("its own administrator sees who manages it, and has no invite link", func(s scene) {
			a := admin.Do(`query($id: ID!) { tenant(id: $id) { partner { id inviteLink recognized managedBy { name type code } mspAdminCount accountAdminCount } } }`, vars{"id": tenantID}).OK()
			s.is("partner", a.At("tenant.partner"), any(map[string]any{"id": nordwind, "inviteLink": nil, "recognized": false, "mspAdminCount": 0., "accountAdminCount": 1.,
				"managedBy": map[string]any{"name": "Acme", "type": "MSP", "code": acme.Partner.Code}}))
			s.is("an MSP's", acme.Admin.Do(`query($id: ID!) { tenant(id: $id) { partner { managedBy { name } } } }`, vars{"id": acme.ID}).OK().At("tenant.partner.managedBy"), nil)
			s.sees(techPartnersOf(admin))
		})
		s.then("another MSP, and a customer, know nothing of it", func(s scene) {
			for _, p := range []*testworld.Person{blue.Admin, contoso.Admin} {
				s.sees(techPartnersOf(p))
				s.is("reached", reaches(p, nordwind), false)
				a := p.Do(`query($m: ID!) { techPartners(first: 9, managerId: $m) { totalCount nodes { id } } }`, vars{"m": acme.Partner.ID}).OK()
				s.is("count", a.At("techPartners.totalCount"), 0.)
			}
			s.sees(s.Stranger().Do(`{ techPartners(first: 9) { totalCount } }`, nil).Errors(), "UNAUTHENTICATED at techPartners")
		})
		s.then("whoever works for two MSPs names one", func(s scene) {
			both := s.Staff(acme, "both", testworld.Administrator).Join(blue.Tenant, testworld.Administrator)
			s.sees(both.Do(`{ techPartners(first: 9) { totalCount } }`, nil).Errors(), "BAD_USER_INPUT at techPartners")
			a := both.Do(`query($m: ID!) { techPartners(first: 9, managerId: $m) { totalCount } }`, vars{"m": acme.Partner.ID}).OK()
			s.is("count", a.At("techPartners.totalCount"), 2.)
		})
		s.then("assigned to a customer, the count follows, and either side sees the assignment", func(s scene) {
			partner, err := s.Write.Partner.Get(s.System(), nordwind)
			s.must(err)
			tn, err := s.Write.Tenant.Get(s.System(), tenantID)
			s.must(err)
			s.AssignTo(acme, contoso, &testworld.Company{Tenant: tn, Partner: partner}, "ADMINISTRATOR")
			s.sees(techPartnersOf(acme.Admin), "Elbe INSTALLER 0 0 1", "Nordwind INTEGRATOR 0 1 1")
			query := `query($id: ID!) { node(id: $id) { ... on Partner { assignedCustomers(first: 9) { totalCount nodes { granteeName tenantProfile { name kind } grantee { ... on Partner { id } } } } } } }`
			for _, p := range []*testworld.Person{acme.Admin, admin} {
				a := p.Do(query, vars{"id": nordwind}).OK()
				s.is("assigned", a.At("node.assignedCustomers"), any(map[string]any{"totalCount": 1., "nodes": []any{map[string]any{"granteeName": "Nordwind",
					"tenantProfile": map[string]any{"name": "Contoso", "kind": "CUSTOMER"}, "grantee": map[string]any{"id": nordwind}}}}))
			}
			a := contoso.Admin.Do(`query($id: ID!) { tenant(id: $id) { assignments(first: 9) { nodes { granteeName grantee { __typename } } } } }`, vars{"id": contoso.ID}).OK()
			s.is("seen by the customer", a.At("tenant.assignments.nodes"), any([]any{map[string]any{"granteeName": "Nordwind", "grantee": nil}}))
		})
	})
}

// TestDelegations is the story of an MSP that lets its people work in a tech partner's tenant.
func TestDelegations(t *testing.T) {
	eachScene(t, func(s scene) {
		acme := s.NewPartner("Acme")
		nordwind := s.TechPartner(acme, "Nordwind", "INTEGRATOR")
		assigns := testworld.Custom(s.CustomRole(acme.Tenant, "Assigns", map[feature]accessLevel{"ASSIGNMENTS": manage, "USERS": view, "PARTNERS": view}))
		boss, helper, night := s.Staff(acme, "boss", assigns), s.Staff(acme, "helper", testworld.Nothing), s.Staff(acme, "night", testworld.Nothing)
		reads, _ := access.SystemRoleByKey("READ_ONLY")
		watch := s.Group(acme, "Watch", reads.ID, night)
		row := func(p *testworld.Person, role string) in {
			return in{"memberId": p.Member(acme.Tenant).ID, "roleKey": role}
		}
		set := func(members []any, groups ...string) in {
			return in{"tenantId": nordwind.ID, "members": members, "privilegeGroupIds": append([]string{}, groups...)}
		}
		saved := func(a *testworld.Answer) (list []string) {
			names, roles := a.Column("setMspDelegations.assignments", "granteeName"), a.Column("setMspDelegations.assignments", "role.key")
			for i, name := range names {
				list = append(list, name+" "+roles[i])
			}
			slices.Sort(list)
			return list
		}
		var kept string

		s.then("members with a role each and a group in one save, and the count follows", func(s scene) {
			a := s.does(acme.Admin, "setMspDelegations", set([]any{row(boss, "ADMINISTRATOR"), row(helper, "GUEST_MANAGER")}, watch.ID))
			s.sees(saved(a), "Boss Smith ADMINISTRATOR", "Helper Smith GUEST_MANAGER", "Watch READ_ONLY")
			s.is("count", a.At("setMspDelegations.partner.mspAdminCount"), 3.)
			kept = a.String("setMspDelegations.assignments.0.id")
			s.sees(changed(acme.Admin, nordwind.ID, "delegation.saved"),
				"Nordwind; Boss Smith: <nil> > Administrator; Helper Smith: <nil> > Guest Manager; Watch: <nil> > Read-Only")
		})
		s.then("each works there as far as that goes", func(s scene) {
			for p, want := range map[*testworld.Person]string{acme.Admin: "MANAGE MANAGE", boss: "MANAGE VIEW", helper: "NONE NONE", night: "VIEW VIEW"} {
				s.is("levels", level(s, p, nordwind.ID, "USERS")+" "+level(s, p, nordwind.ID, "ASSIGNMENTS"), want)
			}
			s.sees(techPartnersOf(boss), "Nordwind INTEGRATOR 3 0 1")
			s.sees(techPartnersOf(night), "Nordwind INTEGRATOR 3 0 1")
			s.sees(techPartnersOf(helper)) // without PARTNERS VIEW
		})
		s.then("the tech partner sees them by name, and not its MSP's people; the MSP sees both", func(s scene) {
			query := `query($id: ID!) { node(id: $id) { ... on Partner { mspDelegations(first: 9) { nodes { granteeName status grantedBy { name } tenant { name } tenantProfile { name kind }
				grantee { __typename ... on Member { id } ... on PrivilegeGroup { id } } } } } } }`
			of := func(name string, grantee any) map[string]any {
				return map[string]any{"granteeName": name, "status": "ACTIVE", "grantedBy": map[string]any{"name": "Acme"}, "tenant": map[string]any{"name": "Nordwind"},
					"tenantProfile": map[string]any{"name": "Nordwind", "kind": "PARTNER"}, "grantee": grantee}
			}
			member := func(p *testworld.Person) any {
				return map[string]any{"__typename": "Member", "id": p.Member(acme.Tenant).ID}
			}
			group := map[string]any{"__typename": "PrivilegeGroup", "id": watch.ID}
			for p, want := range map[*testworld.Person][]any{
				nordwind.Admin: {of("Watch", nil), of("Helper Smith", nil), of("Boss Smith", nil)},
				acme.Admin:     {of("Watch", group), of("Helper Smith", member(helper)), of("Boss Smith", member(boss))},
				night:          {of("Watch", nil), of("Helper Smith", nil), of("Boss Smith", nil)},
			} {
				s.is("delegations", p.Do(query, vars{"id": nordwind.Partner.ID}).OK().At("node.mspDelegations.nodes"), any(want))
			}
		})
		s.then("what is saved replaces what was there, and what is unchanged stays the same", func(s scene) {
			a := s.does(boss, "setMspDelegations", set([]any{row(helper, "READ_ONLY"), row(boss, "ADMINISTRATOR"), row(night, "ADMINISTRATOR")}))
			s.sees(saved(a), "Boss Smith ADMINISTRATOR", "Helper Smith READ_ONLY", "Night Smith ADMINISTRATOR")
			s.is("count", a.At("setMspDelegations.partner.mspAdminCount"), 3.)
			s.has(a.Column("setMspDelegations.assignments", "id"), kept)
			s.is("same row", s.read("SELECT version FROM assignments WHERE id='" + kept + "'")[0], "1")
			s.sees(changed(acme.Admin, nordwind.ID, "delegation.saved")[:1],
				"Nordwind; Helper Smith: Guest Manager > Read-Only; Night Smith: <nil> > Administrator; Watch: Read-Only > <nil>")
			s.is("helper", level(s, helper, nordwind.ID, "USERS"), "VIEW")
			s.is("night", level(s, night, nordwind.ID, "USERS"), "MANAGE")
		})
		s.then("what somebody higher gave stays too, when it is not changed", func(s scene) {
			s.does(acme.Admin, "setMspDelegations", set([]any{row(helper, "PRIME_ADMIN"), row(boss, "ADMINISTRATOR")}))
			s.does(boss, "setMspDelegations", set([]any{row(helper, "PRIME_ADMIN"), row(boss, "ADMINISTRATOR")}, watch.ID))
			s.is("helper", level(s, helper, nordwind.ID, "ASSIGNMENTS"), "MANAGE")
		})
		s.then("the same again writes nothing", func(s scene) {
			a := s.repeats(boss, "setMspDelegations", set([]any{row(boss, "ADMINISTRATOR"), row(helper, "PRIME_ADMIN")}, watch.ID))
			s.is("count", a.At("setMspDelegations.partner.mspAdminCount"), 3.)
			s.is("saved", len(saved(a)), 3)
		})
		s.then("a suspended member does not count, and nothing named takes all back", func(s scene) {
			s.does(acme.Admin, "setMemberStatus", in{"tenantId": acme.ID, "ids": []string{helper.Member(acme.Tenant).ID}, "status": "SUSPENDED"})
			s.sees(techPartnersOf(acme.Admin), "Nordwind INTEGRATOR 2 0 1")
			a := s.does(acme.Admin, "setMspDelegations", set([]any{}))
			s.is("count", a.At("setMspDelegations.partner.mspAdminCount"), 0.)
			for _, p := range []*testworld.Person{boss, helper, night} {
				s.is("reached", reaches(p, nordwind.ID), false)
			}
			s.sees(s.read("SELECT DISTINCT status FROM assignments WHERE open_key IS NULL"), "REVOKED")
			s.sees(s.read("SELECT id FROM assignments WHERE open_key IS NOT NULL"))
		})
	})
}

// TestAnMSPKeepsItsTechPartners: an MSP's administrator suspends, reactivates and deletes its tech partners.
func TestAnMSPKeepsItsTechPartners(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso := s.NewPartner("Acme"), s.Customer("Contoso")
		s.Manages(acme, contoso)
		nordwind := s.TechPartner(acme, "Nordwind", "INTEGRATOR")
		helper, fitter := s.Staff(acme, "helper", testworld.Nothing), s.Staff(nordwind, "fitter", testworld.Nothing)
		s.Delegate(acme, nordwind, helper, "PRIME_ADMIN")
		s.AssignTo(acme, contoso, nordwind, "ADMINISTRATOR")
		s.LetWork(nordwind, contoso, fitter, "READ_ONLY")

		s.then("closed, nobody comes to it or through it, but the MSP's administrators", func(s scene) {
			s.sees(customersOf(fitter), "Contoso")
			s.does(acme.Admin, "suspendTenant", in{"id": nordwind.ID})
			for p, want := range map[*testworld.Person]bool{acme.Admin: true, helper: false, nordwind.Admin: false, fitter: false} {
				s.is("reached", reaches(p, nordwind.ID), want)
			}
			s.sees(customersOf(fitter))
			s.sees(customersOf(nordwind.Admin))
			s.sees(techPartnersOf(acme.Admin), "Nordwind INTEGRATOR 1 1 1")
		})
		s.then("opened again, all is as before", func(s scene) {
			s.does(acme.Admin, "reactivateTenant", in{"id": nordwind.ID})
			s.sees(customersOf(fitter), "Contoso")
			s.is("reached", reaches(helper, nordwind.ID), true)
		})
		s.then("not by its own administrator, nor by whom it was delegated to", func(s scene) {
			s.forbidden(nordwind.Admin, "suspendTenant", in{"id": nordwind.ID})
			s.forbidden(helper, "suspendTenant", in{"id": nordwind.ID})
			s.forbidden(helper, "deleteTenant", in{"id": nordwind.ID})
		})
		s.then("the MSP is not deleted while it manages one", func(s scene) {
			free := s.NewPartner("Blue")
			s.TechPartner(free, "Elbe", "INSTALLER")
			s.refused(free.Admin, "deleteTenant", in{"id": free.ID}, "CONFLICT at input.id")
		})
		s.then("deleted, the assignments to it, by it and into it end", func(s scene) {
			s.does(acme.Admin, "deleteTenant", in{"id": nordwind.ID})
			s.sees(s.read("SELECT id FROM assignments WHERE open_key IS NOT NULL"))
			s.sees(s.read("SELECT DISTINCT status FROM assignments"), "REVOKED")
			s.sees(customersOf(fitter))
			s.sees(techPartnersOf(acme.Admin))
			s.sees(s.read("SELECT actor_tenant_name FROM audit_events WHERE action='tenant.deleted'"), "Acme")
		})
		s.then("one that deletes itself is read of by its MSP, which then can be deleted too", func(s scene) {
			oder := s.TechPartner(acme, "Oder", "INSTALLER")
			s.does(oder.Admin, "deleteTenant", in{"id": oder.ID})
			s.sees(s.read("SELECT action FROM audit_events WHERE tenant_id='"+oder.ID+"' AND other_tenant_id='"+acme.ID+"'"), "tenant.deleted")
			s.does(acme.Admin, "deleteTenant", in{"id": acme.ID})
		})
	})
}
