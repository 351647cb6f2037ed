package graph_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"mandate/ent/partner"
	"mandate/internal/testworld"
)

// TestADelegationOfItsOwnIsNotRaisedThroughItsGroup: a group may be given less in a tech partner than its own role, and
// whoever is in it raises that neither by narrowing the group, nor anybody by renaming it.
func TestADelegationOfItsOwnIsNotRaisedThroughItsGroup(t *testing.T) {
	eachScene(t, func(s scene) {
		acme := s.NewPartner("Acme")
		nordic := s.TechPartner(acme, "Nordic", partner.TypeIntegrator)
		lead := s.Staff(acme, "lead", testworld.Role("PRIME_ADMIN"))
		group := func(name string, people ...*testworld.Person) string {
			id := s.does(acme.Admin, "createPrivilegeGroup", in{"tenantId": acme.ID, "name": name, "roleKey": "PRIME_ADMIN", "scope": "SPECIFIC_CUSTOMERS",
				"memberIds": placesOf(acme, people...)}).String("createPrivilegeGroup.privilegeGroup.id")
			s.given(acme.Admin, id, nordic.ID, "READ_ONLY", nil)
			return id
		}
		crew, empty := group("Crew", lead), group("Empty")
		roles := func() []string {
			return s.read("SELECT role_id FROM assignments WHERE grantee_id IN ('" + crew + "', '" + empty + "') AND open_key IS NOT NULL")
		}
		before := roles()
		s.is("users", level(s, lead, nordic.ID, "USERS"), "VIEW")

		s.then("by another role of the group", func(s scene) {
			s.does(lead, "updatePrivilegeGroup", in{"id": crew, "roleKey": "ADMINISTRATOR"})
			s.is("users", level(s, lead, nordic.ID, "USERS"), "VIEW")
		})
		s.then("by another name", func(s scene) {
			s.does(lead, "updatePrivilegeGroup", in{"id": empty, "name": "Nobody"})
			s.sees(s.read("SELECT grantee_name FROM assignments WHERE grantee_id = '"+empty+"'"), "Nobody")
		})
		s.sees(roles(), before...)
	})
}

// TestAssignmentsNamedTwice are taken back by nobody: the second time there is nothing left of it.
func TestAssignmentsNamedTwice(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso := s.NewPartner("Acme"), s.Customer("Contoso")
		s.connected(acme, contoso, "ADMINISTRATOR")
		id := s.given(acme.Admin, s.Staff(acme, "helper", testworld.Nothing).Member(acme.Tenant).ID, contoso.ID, "READ_ONLY", nil)
		s.refused(acme.Admin, "revokeAssignments", in{"ids": []string{id, id}}, "CONFLICT at input.ids.1")
		s.does(acme.Admin, "revokeAssignments", in{"ids": []string{id}})
	})
}

// TestAccessThatBeginsTooFarAhead: neither a start nor an end that follows from it is beyond what a calendar holds.
func TestAccessThatBeginsTooFarAhead(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso := s.NewPartner("Acme"), s.Customer("Contoso")
		s.connected(acme, contoso, "ADMINISTRATOR")
		fitter := s.TechPartner(acme, "Fitter", partner.TypeInstaller)
		helper := s.Staff(acme, "helper", testworld.Nothing).Member(acme.Tenant).ID
		for _, start := range []any{"9999-12-31T00:00:00Z", s.Now().AddDate(0, 0, 730).Add(time.Second)} {
			for _, id := range []string{fitter.Partner.ID, helper} {
				s.refused(acme.Admin, "assign", in{"granteeId": id, "tenantId": contoso.ID, "roleKey": "READ_ONLY", "accessPeriod": in{"startsAt": start, "days": 60}},
					"ACCESS_PERIOD_OUT_OF_RANGE at input.accessPeriod")
			}
		}
		s.given(acme.Admin, fitter.Partner.ID, contoso.ID, "READ_ONLY", in{"startsAt": s.Now().AddDate(0, 0, 730), "days": 60})
		s.refused(acme.Admin, "extendAssignment", in{"id": s.given(acme.Admin, helper, contoso.ID, "READ_ONLY", nil), "accessPeriod": in{"endsAt": "9999-12-31T23:59:59Z"}},
			"ACCESS_PERIOD_OUT_OF_RANGE at input.accessPeriod")
	})
}

// TestOffersThatAreOvertaken: an offer to widen narrows nothing, holds once, and only while its partner may offer it.
func TestOffersThatAreOvertaken(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso, operator := s.NewPartner("Acme"), s.Customer("Contoso"), s.Operator()
		id := s.connected(acme, contoso, "READ_ONLY")
		offer := func(role string) string {
			return s.does(acme.Admin, "widenRelationship", in{"id": id, "roleKey": role}).String("widenRelationship.invitation.id")
		}
		ceiling := func() any {
			return contoso.Admin.Do("query($id: ID!) { node(id: $id) { ... on Relationship { role { key } } } }", vars{"id": id}).OK().At("node.role.key")
		}

		s.then("by a role that is wider still", func(s scene) {
			late := offer("ADMINISTRATOR")
			s.does(contoso.Admin, "widenRelationship", in{"id": id, "roleKey": "PRIME_ADMIN"})
			s.refused(contoso.Admin, "acceptInvitation", in{"id": late}, "ROLE_EXCEEDS_GRANT at input.id")
			s.is("ceiling", ceiling(), any("PRIME_ADMIN"))
			s.does(contoso.Admin, "declineInvitation", in{"id": late})
			s.does(contoso.Admin, "narrowRelationship", in{"id": id, "roleKey": "READ_ONLY"})
		})
		s.then("by a partner that is recognised no more", func(s scene) {
			late := offer("ADMINISTRATOR")
			s.does(operator.Admin, "recognizePartner", in{"id": acme.Partner.ID, "recognized": false})
			s.refused(contoso.Admin, "acceptInvitation", in{"id": late}, "PARTNER_PERMISSION_REQUIRED at input")
			s.does(operator.Admin, "recognizePartner", in{"id": acme.Partner.ID, "recognized": true})
			s.does(contoso.Admin, "acceptInvitation", in{"id": late})
			s.does(contoso.Admin, "narrowRelationship", in{"id": id, "roleKey": "READ_ONLY"})
			s.refused(contoso.Admin, "acceptInvitation", in{"id": late}, "INVITATION_NOT_PENDING at input.id")
			s.is("ceiling", ceiling(), any("READ_ONLY"))
		})
	})
}

// TestTheTrailTellsNoMoreOfAssignmentsThanTheyDo: who may read that something happened, and not the assignments, does not
// read whose they are.
func TestTheTrailTellsNoMoreOfAssignmentsThanTheyDo(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso := s.NewPartner("Acme"), s.Customer("Contoso")
		s.connected(acme, contoso, "ADMINISTRATOR")
		nordic := s.TechPartner(acme, "Nordic", partner.TypeIntegrator)
		clerk := func(c *testworld.Company, name string) *testworld.Person {
			return s.Staff(c, name, testworld.Custom(s.CustomRole(c.Tenant, "Clerk", map[feature]accessLevel{"AUDIT": view, "PARTNERS": view})))
		}
		helper, second := s.Staff(acme, "helper", testworld.Nothing).Member(acme.Tenant).ID, s.Staff(acme, "second", testworld.Nothing).Member(acme.Tenant).ID
		s.does(acme.Admin, "setAssignedCustomers", in{"partnerId": nordic.Partner.ID, "assign": []string{contoso.ID}})
		s.does(acme.Admin, "setMspDelegations", in{"tenantId": nordic.ID, "members": []in{{"memberId": helper, "roleKey": "READ_ONLY"}}, "privilegeGroupIds": []string{}})
		s.does(contoso.Admin, "revokeAssignments", in{"ids": []string{s.given(acme.Admin, helper, contoso.ID, "READ_ONLY", nil), s.given(acme.Admin, second, contoso.ID, "READ_ONLY", nil)}})

		outside, inside := clerk(nordic, "outside"), clerk(contoso, "inside")
		s.sees(changed(outside, nordic.ID, "assigned_customers.saved"), "<nil>")
		s.sees(changed(outside, nordic.ID, "delegation.saved"), "<nil>")
		s.sees(changed(inside, contoso.ID, "assignment.revoked"), "<nil>")
		s.sees(changed(nordic.Admin, nordic.ID, "delegation.saved"), "Nordic; Helper Smith: <nil> > Read-Only")
		s.sees(changed(contoso.Admin, contoso.ID, "assignment.revoked"),
			"<nil>; assignment: Helper Smith – Contoso > <nil>; assignment: Second Smith – Contoso > <nil>")
	})
}

// TestNobodyIsShutOutByPlacesThatOthersMake: an MSP can name anybody administrator of its tech partners, as often as it likes.
func TestNobodyIsShutOutByPlacesThatOthersMake(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso := s.NewPartner("Acme"), s.Customer("Contoso")
		s.connected(acme, contoso, "ADMINISTRATOR")
		blue := s.NewPartner("Blue")
		for i := range 520 {
			tech := s.TechPartner(blue, fmt.Sprint("Tech ", i), partner.TypeIntegrator)
			acme.Admin.Join(tech.Tenant, testworld.Administrator)
		}
		s.does(acme.Admin, "createPrivilegeGroup", in{"tenantId": acme.ID, "name": "Crew", "roleKey": "READ_ONLY", "scope": "SPECIFIC_CUSTOMERS", "customerIds": []string{contoso.ID}})
		s.sees(customersOf(acme.Admin), "Contoso")
		s.is("reached", reaches(acme.Admin, contoso.ID), true)
		s.sees(groups(acme.Admin, acme.ID).Column("tenant.privilegeGroups.nodes.0.customers.nodes", "name"), "Contoso")
	})
}

// TestAskingWhoReachesWhatTellsNothing: what does not exist, what is out of sight and who reaches nothing are answered alike.
func TestAskingWhoReachesWhatTellsNothing(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso, fabrikam := s.NewPartner("Acme"), s.Customer("Contoso"), s.Customer("Fabrikam")
		s.connected(acme, contoso, "ADMINISTRATOR")
		s.connected(acme, fabrikam, "ADMINISTRATOR")
		nordic := s.TechPartner(acme, "Nordic", partner.TypeIntegrator)
		s.given(acme.Admin, nordic.Partner.ID, fabrikam.ID, "READ_ONLY", nil)
		helper := s.Staff(acme, "helper", testworld.Nothing)
		s.given(acme.Admin, helper.Member(acme.Tenant).ID, fabrikam.ID, "READ_ONLY", nil)
		ask := func(user, tenant, feature string) string {
			return contoso.Admin.Do("query($in: CheckAccessInput!) { checkAccess(input: $in) { allowed level paths { via } } }",
				vars{"in": in{"userId": user, "tenantId": tenant, "feature": feature, "level": "NONE"}}).OK().Body
		}
		nobody := ask("usr_00000000000000000000000000", contoso.ID, "TENANT")
		for _, q := range [][3]string{{helper.ID, contoso.ID, "TENANT"}, {helper.ID, fabrikam.ID, "TENANT"}, {acme.Admin.ID, fabrikam.ID, "TENANT"},
			{nordic.Admin.ID, nordic.ID, "TENANT"}, {acme.Admin.ID, contoso.ID, "no.such"}, {"\x00", "\x00", "\x00"}, {contoso.ID, acme.Admin.ID, "TENANT"}} {
			s.is(strings.Join(q[:], " "), ask(q[0], q[1], q[2]), nobody)
		}
		for _, grantee := range []string{helper.Member(acme.Tenant).ID, nordic.Partner.ID, "mem_00000000000000000000000000", "\x00"} {
			a := contoso.Admin.Do("query($g: ID!) { tenant(id: \""+contoso.ID+"\") { assignment(granteeId: $g) { id } } customers(first: 9, filter: {assignedTo: $g}) { totalCount nodes { id } } }", vars{"g": grantee}).OK()
			s.is("assignment", a.At("tenant.assignment"), nil)
			s.is("customers", a.At("customers.totalCount"), any(0.))
		}
	})
}

// TestOffersOfWhatIsOver: an offer to extend revives nothing: neither what the clock ended nor what begins anew.
func TestOffersOfWhatIsOver(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso := s.NewPartner("Acme"), s.Customer("Contoso")
		day := 24 * time.Hour
		offer := func(id string) string {
			return s.does(acme.Admin, "extendRelationship", in{"id": id, "endsAt": s.Now().Add(60 * day), "autoExtendDays": 30}).String("extendRelationship.invitation.id")
		}

		s.then("by the clock", func(s scene) {
			late := offer(s.endsOn(acme, contoso, "READ_ONLY", 3))
			s.Later(3 * day)
			s.refused(contoso.Admin, "acceptInvitation", in{"id": late}, "RELATIONSHIP_NOT_ACTIVE at input.id")
			s.sees(customersOf(acme.Admin))
		})
		s.then("by the customer, who comes back on other terms", func(s scene) {
			old := s.endsOn(acme, contoso, "READ_ONLY", 10)
			late := offer(old)
			s.does(contoso.Admin, "terminateRelationship", in{"id": old})
			again := s.endsOn(acme, contoso, "READ_ONLY", 10)
			s.refused(contoso.Admin, "acceptInvitation", in{"id": late}, "INVITATION_NOT_PENDING at input.id")
			end, days := s.end(contoso.Admin, again)
			s.is("end", end, s.Now().Add(10*day))
			s.is("days", days, nil)
		})
	})
}

// TestWhoComesBackHasNoneOfTheirPlaces: neither in groups nor in customers nor in tech partners, nor by naming who they were.
func TestWhoComesBackHasNoneOfTheirPlaces(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso := s.NewPartner("Acme"), s.Customer("Contoso")
		s.connected(acme, contoso, "ADMINISTRATOR")
		nordic := s.TechPartner(acme, "Nordic", partner.TypeIntegrator)
		helper := s.Staff(acme, "helper", testworld.Nothing)
		member := helper.Member(acme.Tenant).ID
		group := s.does(acme.Admin, "createPrivilegeGroup", in{"tenantId": acme.ID, "name": "Crew", "roleKey": "READ_ONLY", "scope": "ALL_CUSTOMERS",
			"memberIds": []string{member}}).String("createPrivilegeGroup.privilegeGroup.id")
		delegate := in{"tenantId": nordic.ID, "members": []in{{"memberId": member, "roleKey": "READ_ONLY"}}, "privilegeGroupIds": []string{group}}
		s.does(acme.Admin, "setMspDelegations", delegate)
		assigned := s.given(acme.Admin, member, contoso.ID, "READ_ONLY", nil)
		s.is("reached", []bool{reaches(helper, contoso.ID), reaches(helper, nordic.ID)}, []bool{true, true})

		s.does(acme.Admin, "removeMembers", in{"tenantId": acme.ID, "ids": []string{member}})
		helper.Join(acme.Tenant, testworld.Nothing)
		s.is("reached", []bool{reaches(helper, contoso.ID), reaches(helper, nordic.ID)}, []bool{false, false})
		s.refused(acme.Admin, "setMspDelegations", delegate, "NOT_FOUND at input.members.0")
		s.refused(acme.Admin, "updatePrivilegeGroup", in{"id": group, "addMemberIds": []string{member}}, "NOT_FOUND at input.addMemberIds.0")
		s.refused(acme.Admin, "assign", in{"granteeId": member, "tenantId": contoso.ID, "roleKey": "READ_ONLY"}, "NOT_FOUND at input.granteeId")
		s.refused(acme.Admin, "extendAssignment", in{"id": assigned, "accessPeriod": days(3)}, "CONFLICT at input.id")
	})
}

// TestAPauseAboveIsNoWayIn: while an MSP is suspended nobody of its tech partners works for its customers or passes that on, and
// nothing is lost.
func TestAPauseAboveIsNoWayIn(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso, operator := s.NewPartner("Acme"), s.Customer("Contoso"), s.Operator()
		s.connected(acme, contoso, "ADMINISTRATOR")
		nordic := s.TechPartner(acme, "Nordic", partner.TypeIntegrator)
		fitter := s.Staff(nordic, "fitter", testworld.Nothing)
		member := fitter.Member(nordic.Tenant).ID
		s.given(acme.Admin, nordic.Partner.ID, contoso.ID, "ADMINISTRATOR", nil)
		own := s.given(nordic.Admin, member, contoso.ID, "READ_ONLY", days(9))

		s.does(operator.Admin, "suspendTenant", in{"id": acme.ID})
		s.is("reached", []bool{reaches(nordic.Admin, contoso.ID), reaches(fitter, contoso.ID), reaches(acme.Admin, nordic.ID)}, []bool{false, false, false})
		s.sees(picked(nordic.Admin, member, in{"assignable": true}))
		s.refused(nordic.Admin, "assign", in{"granteeId": member, "tenantId": contoso.ID, "roleKey": "READ_ONLY"}, "NOT_FOUND at input.tenantId")
		s.refused(nordic.Admin, "extendAssignment", in{"id": own, "accessPeriod": days(60)}, "NOT_FOUND at input.id")
		s.refused(acme.Admin, "setAssignedCustomers", in{"partnerId": nordic.Partner.ID, "assign": []string{contoso.ID}}, "NOT_FOUND at input.partnerId")
		s.does(operator.Admin, "reactivateTenant", in{"id": acme.ID})
		s.is("reached", []bool{reaches(nordic.Admin, contoso.ID), reaches(fitter, contoso.ID), reaches(acme.Admin, nordic.ID)}, []bool{true, true, true})
	})
}
