package graph_test

import (
	"fmt"
	"strings"
	"testing"

	"mandate/internal/testworld"
)

// changed tells what the newest events of an action changed, for somebody who reads the trail of a tenant: the target's
// name, then every field with what was there before and after.
func changed(p *testworld.Person, tenantID, action string) []string {
	a := p.Do(`query($id: ID!, $a: String!) { tenant(id: $id) { auditEvents(filter: {action: [$a]}, first: 10) {
		nodes { targetName target { id } changes { field before after } } } } }`, testworld.Vars{"id": tenantID, "a": action}).OK()
	var list []string
	for i := range a.List("tenant.auditEvents.nodes") {
		at := fmt.Sprintf("tenant.auditEvents.nodes.%d.", i)
		parts := []string{fmt.Sprint(a.At(at + "targetName"))}
		changes, _ := a.At(at + "changes").([]any)
		for n := range changes {
			c := fmt.Sprintf("%schanges.%d.", at, n)
			parts = append(parts, fmt.Sprintf("%v: %v > %v", a.At(c+"field"), a.At(c+"before"), a.At(c+"after")))
		}
		list = append(list, strings.Join(parts, "; "))
	}
	return list
}

// TestEventsNameWhatWasGiven: who reads the trail knows what became of the tenant, and not only that something did.
func TestEventsNameWhatWasGiven(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, blue, contoso := s.NewPartner("Acme"), s.NewPartner("Blue"), s.Customer("Contoso")

		s.then("members that were added", func(s scene) {
			s.does(contoso.Admin, "addMembers", in{"tenantId": contoso.ID, "members": []in{
				newMember(1, in{"roleKey": nil, "administrator": true}), newMember(2, in{"roleKey": "PHONE_MANAGER"}), newMember(3, in{"permissions": levels("SITES", "MANAGE")})}})
			s.sees(changed(contoso.Admin, contoso.ID, "member.added"),
				"<nil>; New Person 1: <nil> > administrator; New Person 2: <nil> > Phone Manager; New Person 3: <nil> > Read-Only, SITES MANAGE")
		})
		s.then("a customer that was created", func(s scene) {
			id := s.does(acme.Admin, "createCustomer", in{"name": "Fabrikam", "adminEmail": "ada@example.com", "adminFirstName": "Ada", "adminLastName": "Byron"}).
				String("createCustomer.tenant.id")
			s.sees(changed(acme.Admin, id, "customer.created"), "Fabrikam; administrator: <nil> > Ada Byron; role: <nil> > Administrator")
		})
		s.then("a hand-over", func(s scene) {
			s.connected(acme, contoso, "ADMINISTRATOR")
			_, token := s.invites(blue, "contoso@example.com")
			s.does(contoso.Admin, "acceptInvitation", in{"token": token, "replaceCurrent": true, "roleKey": "READ_ONLY"})
			const ended, accepted = "Contoso – Acme; status: ACTIVE > TERMINATED", "contoso@example.com; role: <nil> > Read-Only"
			s.sees(changed(contoso.Admin, contoso.ID, "relationship.terminated"), ended)
			s.is("to the customer", changed(contoso.Admin, contoso.ID, "invitation.accepted")[0], accepted)
			s.sees(changed(acme.Admin, acme.ID, "relationship.terminated"), ended)
			s.sees(changed(blue.Admin, blue.ID, "relationship.terminated"))
			s.sees(changed(blue.Admin, blue.ID, "invitation.accepted"), accepted)
			if a := blue.Admin.Do(`query($t: ID!) { tenant(id: $t) { auditEvents(first: 100) { nodes { targetName changes { before after } reason } } } }`, testworld.Vars{"t": blue.ID}).OK(); strings.Contains(a.Body, "Acme") {
				s.Errorf("the new partner reads of the old one: %s", a.Body)
			}
		})
	})
}

// TestEventsForgetWhatIsOutOfReach: a partner's trail keeps that its people acted, and names the target no longer.
func TestEventsForgetWhatIsOutOfReach(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso := s.NewPartner("Acme"), s.Customer("Contoso")
		id := s.connected(acme, contoso, "PRIME_ADMIN")
		clerk := s.Staff(contoso, "clerk", testworld.Role("READ_ONLY")).Member(contoso.Tenant).ID
		s.does(acme.Admin, "changeRole", in{"memberId": clerk, "roleKey": "PHONE_MANAGER"})
		const whole = "Clerk Smith; access: Read-Only > Phone Manager"

		s.sees(changed(acme.Admin, acme.ID, "member.role_changed"), whole)
		s.does(contoso.Admin, "terminateRelationship", in{"id": id})
		s.sees(changed(acme.Admin, acme.ID, "member.role_changed"), "<nil>")
		s.sees(changed(contoso.Admin, contoso.ID, "member.role_changed"), whole)
	})
}

// TestDispatcherWithoutAWayThere: whoever assigns others learns nothing of tenants that they do not reach themselves.
func TestDispatcherWithoutAWayThere(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, blue := s.NewPartner("Acme"), s.NewPartner("Blue")
		linked, narrow, paused, foreign, free := s.Customer("Linked"), s.Customer("Narrow"), s.Customer("Paused"), s.Customer("Foreign"), s.Customer("Free")
		s.connected(acme, linked, "ADMINISTRATOR")
		s.connected(acme, narrow, "READ_ONLY")
		s.does(paused.Admin, "suspendRelationship", in{"id": s.connected(acme, paused, "ADMINISTRATOR")})
		s.connected(blue, foreign, "ADMINISTRATOR")
		helper := s.Staff(acme, "helper", testworld.Nothing).Member(acme.Tenant).ID
		dispatcher := s.Staff(acme, "dispatcher", testworld.Custom(s.CustomRole(acme.Tenant, "Dispatch", map[feature]accessLevel{"ASSIGNMENTS": manage})))

		answers := make(map[string]bool)
		for _, id := range []string{linked.ID, narrow.ID, paused.ID, foreign.ID, free.ID, acme.ID, blue.ID, "ten_00000000000000000000000000"} {
			for _, role := range []in{{"roleKey": "READ_ONLY"}, {"roleKey": "PRIME_ADMIN"}, {"roleId": "rol_x"}, {}} {
				role["granteeId"], role["tenantId"] = helper, id
				answers[s.refused(dispatcher, "assign", role, "NOT_FOUND at input.tenantId").Body] = true
			}
		}
		s.is("different answers", len(answers), 1)
		s.refused(acme.Admin, "assign", in{"granteeId": helper, "tenantId": narrow.ID, "roleKey": "PRIME_ADMIN"}, "ROLE_EXCEEDS_GRANT at input.roleKey")
	})
}

// TestEventsOfSeveralMembers tell those who read members what became of whom, and others who read the trail only that it
// happened.
func TestEventsOfSeveralMembers(t *testing.T) {
	eachScene(t, func(s scene) {
		contoso := s.Customer("Contoso")
		reads := func(name string, features map[feature]accessLevel) *testworld.Person {
			return s.Staff(contoso, name, testworld.Custom(s.CustomRole(contoso.Tenant, name, features)))
		}
		trail, guests := reads("trail", map[feature]accessLevel{"AUDIT": view}), reads("guests", map[feature]accessLevel{"AUDIT": view, "GUESTS": view})
		members := reads("members", map[feature]accessLevel{"AUDIT": view, "USERS": view})
		var ids []string
		for n := range 2 {
			ids = append(ids, s.adds(contoso.Admin, contoso.ID, newMember(n, nil)))
		}
		s.does(contoso.Admin, "updateMembers", in{"tenantId": contoso.ID, "members": []in{{"id": ids[0], "phone": "+49 431 7654321"}, {"id": ids[1], "phone": "+49 431 7654322"}}})
		s.does(contoso.Admin, "sendPasswordLinks", in{"tenantId": contoso.ID, "ids": ids})
		s.does(contoso.Admin, "setMemberStatus", in{"tenantId": contoso.ID, "ids": ids, "status": "SUSPENDED"})
		s.does(contoso.Admin, "removeMembers", in{"tenantId": contoso.ID, "ids": ids})
		for action, whole := range map[string]string{
			"member.updated":        "<nil>; user0: phone: +494311234567 > +494317654321; user1: phone: +494311234567 > +494317654322",
			"password.links_sent":   "<nil>; New Person 0: <nil> > a link; New Person 1: <nil> > a link",
			"member.status_changed": "<nil>; New Person 0: ACTIVE > SUSPENDED; New Person 1: ACTIVE > SUSPENDED",
			"member.removed":        "<nil>; New Person 0: Read-Only > <nil>; New Person 1: Read-Only > <nil>",
		} {
			s.then(action, func(s scene) {
				s.sees(changed(contoso.Admin, contoso.ID, action), whole)
				s.sees(changed(members, contoso.ID, action), whole)
				for _, p := range []*testworld.Person{trail, guests} {
					s.sees(changed(p, contoso.ID, action), "<nil>")
				}
			})
		}
	})
}
