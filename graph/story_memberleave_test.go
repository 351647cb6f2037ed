package graph_test

import (
	"fmt"
	"testing"

	"mandate/ent/member"
	"mandate/ent/relationship"
	"mandate/internal/testworld"
)

// TestARemovedMemberBeginsAnew: removing takes everything that a membership gave, and adding the person again gives back
// none of it.
func TestARemovedMemberBeginsAnew(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso, fabrikam := s.NewPartner("Acme"), s.Customer("Contoso"), s.Customer("Fabrikam")
		s.Manages(acme, contoso)
		s.Staff(acme, "helper", testworld.Role("READ_ONLY"))
		s.Staff(acme, "double", testworld.Nothing).Join(fabrikam.Tenant, testworld.Administrator)
		helper, double := s.memberID(acme, "helper"), s.memberID(acme, "double")
		s.does(acme.Admin, "updateMembers", in{"tenantId": acme.ID, "members": []in{{"id": helper, "roleKey": "PHONE_MANAGER", "permissions": levels("invoices", "VIEW"),
			"allSites": false, "siteIds": []string{s.site(acme, "A-1")}}}})
		for _, id := range []string{helper, double} {
			s.does(acme.Admin, "assign", in{"granteeId": id, "tenantId": contoso.ID, "roleKey": "READ_ONLY"})
		}
		tokens := make(map[string]string)
		for _, name := range []string{"helper", "double"} {
			tokens[name] = s.signsIn(name + "@example.com")
			tokens[name+" entered"] = s.enters(tokens[name], contoso.ID)
		}
		s.does(acme.Admin, "sendPasswordLinks", in{"tenantId": acme.ID, "ids": []string{helper}})
		link := s.lastToken("helper@example.com")
		remove := in{"tenantId": acme.ID, "ids": []string{helper, double}}
		assigned := func() []string {
			return contoso.Admin.Do("query($t: ID!) { tenant(id: $t) { assignments(first: 9) { nodes { status } } } }", vars{"t": contoso.ID}).OK().
				Column("tenant.assignments.nodes", "status")
		}
		gone := func(s scene) {
			s.Helper()
			for name, want := range map[string]int{"helper": 401, "helper entered": 401, "double": 200, "double entered": 401} {
				s.is(name, s.status(tokens[name]), want)
			}
			s.refused(s.Stranger(), "resetPassword", in{"token": link, "newPassword": testworld.Password}, "TOKEN_INVALID at input.token")
			s.sees(assigned(), "REVOKED", "REVOKED")
			s.is("what the other one reaches", customersOf(s.Bearer(tokens["double"])), []string(nil))
		}

		s.then("a rehearsal answers who would go, and writes nothing", func(s scene) {
			remove["dryRun"] = true
			s.is("removed", s.rehearses(acme.Admin, "removeMembers", remove).At("removeMembers.removedIds"), any([]any{helper, double}))
			delete(remove, "dryRun")
			s.sees(assigned(), "ACTIVE", "ACTIVE")
		})
		s.then("whoever is removed loses all that the membership gave with the next request", func(s scene) {
			a := s.does(acme.Admin, "removeMembers", remove)
			s.is("removed", a.At("removeMembers.removedIds"), any([]any{helper, double}))
			gone(s)
			s.refused(s.Stranger(), "signIn", in{"email": "helper@example.com", "password": testworld.Password}, "CREDENTIALS_INVALID at input")
			s.is("levels and sites left", len(s.read("SELECT id FROM member_permissions"))+len(s.read("SELECT id FROM member_sites")), 0)
		})
		s.then("the trail says what they held", func(s scene) {
			s.sees(changed(acme.Admin, acme.ID, "member.removed"), "<nil>; Helper Smith: Phone Manager, invoices VIEW > <nil>; Double Smith: nothing > <nil>")
		})
		s.then("the list shows them only to those who ask for removed ones", func(s scene) {
			const boss = "Acme Smith, acme, acme, ACTIVE, administrator, acme@example.com, Pay/Order/Manage/Manage/Full/Full/Full"
			s.sees(memberRows(acme.Admin, acme.ID, nil), "1", boss)
			s.sees(memberRows(acme.Admin, acme.ID, in{"status": []string{"REMOVED"}}), "2",
				"Double Smith, double, double, REMOVED, Hide/Hide/Hide/Hide/Off/Off/Off",
				"Helper Smith, helper, helper, REMOVED, Hide/Hide/Hide/Hide/Off/Off/Off, sites ")
		})
		s.then("to every operation they are gone", func(s scene) {
			for mutation, input := range memberOperations(acme.ID, []string{helper}) {
				switch mutation {
				case "addMembers":
				case "updateMembers":
					s.refused(acme.Admin, mutation, input, "NOT_FOUND at input.members.0.id")
				default:
					s.refused(acme.Admin, mutation, input, "NOT_FOUND at input.ids.0")
				}
			}
			s.refused(acme.Admin, "changeRole", in{"memberId": helper, "roleKey": "READ_ONLY"}, "NOT_FOUND at input.memberId")
		})
		s.then("added again, under the same User ID, they begin anew", func(s scene) {
			again := s.adds(acme.Admin, acme.ID, in{"userId": "Helper", "label": "Back", "firstName": "Helper", "lastName": "Smith", "email": "helper@example.com",
				"phone": "+494311234567", "roleKey": "READ_ONLY"})
			s.is("another membership", again != helper, true)
			s.is("mail", s.Mails("helper@example.com")[1].Kind, "member.added")
			gone(s)
			back := s.person("helper@example.com")
			s.is("invoices", level(s, back, acme.ID, "invoices"), "VIEW")
			s.is("customers", customersOf(back), []string(nil))
			s.is("sites", memberOf(back, again, "allSites version"), any(map[string]any{"allSites": true, "version": 1.}))
			s.is("rows", memberRows(acme.Admin, acme.ID, in{"search": "helper", "status": []string{"ACTIVE", "REMOVED"}})[0], "2")
		})
	})
}

// TestSuspendedMembers lose what the membership gives with their next request, and have it back when that is lifted.
func TestSuspendedMembers(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso, fabrikam := s.NewPartner("Acme"), s.Customer("Contoso"), s.Customer("Fabrikam")
		s.Connect(acme, contoso, "PRIME_ADMIN", relationship.KindPartnerOfRecord)
		s.Staff(contoso, "sue", testworld.Role("ADMINISTRATOR"))
		s.Staff(contoso, "two", testworld.Role("ADMINISTRATOR")).Join(fabrikam.Tenant, testworld.Nothing)
		agent := s.Staff(acme, "agent", testworld.Nothing)
		s.Assign(acme, contoso, agent, "READ_ONLY")
		sue, two := s.memberID(contoso, "sue"), s.memberID(contoso, "two")
		set := func(status string, ids ...string) in { return in{"tenantId": contoso.ID, "ids": ids, "status": status} }
		tokens := map[string]string{"sue": s.signsIn("sue@example.com"), "two": s.signsIn("two@example.com"), "agent": s.signsIn("agent@example.com")}
		tokens["agent entered"] = s.enters(tokens["agent"], contoso.ID)

		s.then("whoever is active nowhere else is signed out, and does not sign in", func(s scene) {
			input := set("SUSPENDED", sue, two)
			input["reason"] = "On leave"
			s.sees(s.does(contoso.Admin, "setMemberStatus", input).Column("setMemberStatus.members", "status"), "SUSPENDED", "SUSPENDED")
			s.is("sue", s.status(tokens["sue"]), 401)
			s.refused(s.Stranger(), "signIn", in{"email": "sue@example.com", "password": testworld.Password}, "CREDENTIALS_INVALID at input")
			e := s.lastEvent()
			s.is("reason", *e.Reason, "On leave")
			s.sees(changed(contoso.Admin, contoso.ID, "member.status_changed"), "<nil>; Sue Smith: ACTIVE > SUSPENDED; Two Smith: ACTIVE > SUSPENDED")
		})
		s.then("whoever is active elsewhere stays signed in there, and has lost this tenant", func(s scene) {
			p := s.Bearer(tokens["two"])
			s.is("fabrikam", level(s, p, fabrikam.ID, "TENANT"), "NONE")
			s.is("contoso", level(s, p, contoso.ID, "TENANT"), "")
			s.is("tenants", p.Do("{ viewer { tenants(first: 9) { nodes { tenant { name } } } } }", nil).OK().Column("viewer.tenants.nodes", "tenant.name"), []string{"Fabrikam"})
			for mutation, input := range memberOperations(contoso.ID, []string{sue}) {
				s.refused(p, mutation, input, "NOT_FOUND at input.tenantId")
			}
		})
		s.then("what is so already is no change", func(s scene) {
			a := s.idles(contoso.Admin, "setMemberStatus", set("SUSPENDED", sue))
			s.is("members", a.At("setMemberStatus.members"), any([]any{}))
			boss := contoso.Admin.Member(contoso.Tenant).ID
			a = s.does(contoso.Admin, "setMemberStatus", set("ACTIVE", boss, sue))
			s.sees(a.Column("setMemberStatus.members", "id"), sue)
		})
		s.then("once it is lifted they sign in again, to what they held; ended sessions stay ended", func(s scene) {
			s.is("the old session", s.status(tokens["sue"]), 401)
			s.is("users", level(s, s.person("sue@example.com"), contoso.ID, "USERS"), "MANAGE")
		})
		s.then("a reseller's people are suspended at home, and lose its customers until that is lifted", func(s scene) {
			id := in{"tenantId": acme.ID, "ids": []string{agent.Member(acme.Tenant).ID}, "status": "SUSPENDED"}
			s.is("before", customersOf(agent), []string{"Contoso"})
			s.does(acme.Admin, "setMemberStatus", id)
			s.is("agent", s.status(tokens["agent"]), 401)
			s.is("agent, entered", s.status(tokens["agent entered"]), 401)
			s.is("meanwhile", customersOf(agent), []string(nil))
			id["status"] = "ACTIVE"
			s.does(acme.Admin, "setMemberStatus", id)
			s.is("after", customersOf(agent), []string{"Contoso"})
			s.is("agent, entered", s.status(tokens["agent entered"]), 401)
		})
		s.then("nobody reactivates themselves, whatever else they hold there", func(s scene) {
			acme.Admin.Join(contoso.Tenant, testworld.Role("READ_ONLY"))
			own := s.memberID(contoso, "acme")
			s.does(acme.Admin, "setMemberStatus", set("SUSPENDED", own))
			s.refused(acme.Admin, "setMemberStatus", set("ACTIVE", two, own), "SELF_APPROVAL_FORBIDDEN at input.ids.1")
			s.does(contoso.Admin, "setMemberStatus", set("ACTIVE", own))
		})
		s.then("whoever suspends themselves is gone with the next request", func(s scene) {
			other := s.Staff(contoso, "other", testworld.Administrator)
			a := s.does(other, "setMemberStatus", set("SUSPENDED", s.memberID(contoso, "other")))
			s.is("what they see of it", a.At("setMemberStatus.members.0.status"), any("SUSPENDED"))
			s.is("contoso", level(s, other, contoso.ID, "TENANT"), "")
		})
		s.then("whoever is demoted loses what they lost with the next request", func(s scene) {
			p := s.person("sue@example.com")
			s.does(contoso.Admin, "changeRole", in{"memberId": sue, "roleKey": "READ_ONLY"})
			s.managesNobody(p, contoso, []string{two})
			s.does(contoso.Admin, "updateMembers", in{"tenantId": contoso.ID, "members": []in{{"id": sue, "permissions": catalogueLevels()}}})
			s.sees(memberRows(p, contoso.ID, nil), "<nil>", "FORBIDDEN at tenant.members")
		})
		s.then("those who wait are neither suspended nor let in by it", func(s scene) {
			for n, status := range []member.Status{member.StatusPendingEmailValidation, member.StatusPendingApproval} {
				waiting := s.Staff(contoso, fmt.Sprint("waiting", n), testworld.Nothing).Member(contoso.Tenant)
				s.must(s.Write.Member.UpdateOne(waiting).SetStatus(status).Exec(s.System()))
				for _, to := range []string{"ACTIVE", "SUSPENDED"} {
					s.refused(contoso.Admin, "setMemberStatus", set(to, two, waiting.ID), "CONFLICT at input.ids.1")
				}
			}
		})
	})
}
