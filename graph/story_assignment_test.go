package graph_test

import (
	"fmt"
	"testing"
	"time"

	"mandate/ent/partner"
	"mandate/internal/testworld"
)

// days is an access period.
func days(n int) in { return in{"days": n} }

// picked reads what stands in the picker of customers for a tech partner.
func picked(p *testworld.Person, grantee string, filter in) []string {
	a := p.Do(`query($g: ID!, $f: CustomerFilter) { customers(first: 100, filter: $f) { nodes { name status tags address { city }
		assignment(granteeId: $g) { status role { key } accessPeriod { limited } } } } }`, testworld.Vars{"g": grantee, "f": filter}).OK()
	var list []string
	for i, name := range a.Column("customers.nodes", "name") {
		if at := fmt.Sprintf("customers.nodes.%d.assignment", i); a.At(at) != nil {
			name += fmt.Sprintf(": %v %v", a.At(at+".status"), a.At(at+".role.key"))
		}
		list = append(list, name)
	}
	return list
}

// given assigns somebody, and returns the assignment's id.
func (s scene) given(by *testworld.Person, granteeID, tenantID, role string, period in) string {
	s.Helper()
	return s.does(by, "assign", in{"granteeId": granteeID, "tenantId": tenantID, "roleKey": role, "accessPeriod": period}).String("assign.assignment.id")
}

// standing reads where an assignment stands.
func (s scene) standing(p *testworld.Person, assignment string) any {
	s.Helper()
	return p.Do("query($id: ID!) { node(id: $id) { ... on Assignment { status } } }", vars{"id": assignment}).OK().At("node.status")
}

// TestPartnerGivesItsPeopleAccess is B5: person by person, within the customer's ceiling.
func TestPartnerGivesItsPeopleAccess(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso := s.NewPartner("Acme"), s.Customer("Contoso")
		s.connected(acme, contoso, "ADMINISTRATOR")
		helper := s.Staff(acme, "helper", testworld.Nothing)
		member := helper.Member(acme.Tenant).ID

		var first, second string
		s.then("a member of the partner's is given a role there", func(s scene) {
			s.sees(customersOf(helper))
			first = s.given(acme.Admin, member, contoso.ID, "READ_ONLY", nil)
			s.sees(customersOf(helper), "Contoso")
			s.is("level", level(s, helper, contoso.ID, "USERS"), "VIEW")
			s.refused(acme.Admin, "assign", in{"granteeId": member, "tenantId": contoso.ID, "roleKey": "PRIME_ADMIN"}, "ROLE_EXCEEDS_GRANT at input.roleKey")
		})
		s.then("another role takes the place of the first", func(s scene) {
			second = s.given(acme.Admin, member, contoso.ID, "ADMINISTRATOR", nil)
			s.is("level", level(s, helper, contoso.ID, "USERS"), "MANAGE")
			s.is("the first", s.standing(acme.Admin, first), any("REVOKED"))
			s.is("open", s.read("SELECT open_key FROM assignments WHERE open_key IS NOT NULL"), []string{member + ":" + contoso.ID + ":" + acme.ID})
		})
		s.then("the customer sends that person home, and nobody else", func(s scene) {
			other := s.Staff(acme, "other", testworld.Nothing)
			s.given(acme.Admin, other.Member(acme.Tenant).ID, contoso.ID, "READ_ONLY", nil)
			s.does(contoso.Admin, "revokeAssignments", in{"ids": []string{second}, "reason": "Enough."})
			s.sees(customersOf(helper))
			s.sees(customersOf(other), "Contoso")
			s.sees(changed(contoso.Admin, contoso.ID, "assignment.revoked"), "Helper Smith; assignment: Helper Smith – Contoso > <nil>")
		})
	})
}

// TestTechPartnerIsAssigned is E3: every customer with what stands there now, found by name or tags, assigned and taken back
// in one save.
func TestTechPartnerIsAssigned(t *testing.T) {
	eachScene(t, func(s scene) {
		acme := s.NewPartner("Acme")
		nordic := s.TechPartner(acme, "Nordic", partner.TypeIntegrator)
		ids := make(map[string]string)
		for name, tags := range map[string][]string{"Alpha": {"north"}, "Alpine": {"north", "snow"}, "Beta": {"south"}} {
			c := s.Customer(name)
			s.connected(acme, c, "ADMINISTRATOR")
			s.does(acme.Admin, "updateTenant", in{"id": c.ID, "tags": tags})
			ids[name] = c.ID
		}
		grantee := nordic.Partner.ID
		pick := func(filter in) []string { return picked(acme.Admin, grantee, filter) }

		s.then("the picker finds customers by name and by tags", func(s scene) {
			s.sees(pick(in{"assignable": true}), "Alpha", "Alpine", "Beta")
			s.sees(pick(in{"assignable": true, "search": "al"}), "Alpha", "Alpine")
			s.sees(pick(in{"assignable": true, "tags": []string{"north", "snow"}}), "Alpine")
			s.sees(pick(in{"assignable": false}))
			s.sees(customersOf(nordic.Admin))
		})
		s.then("two are assigned in one save", func(s scene) {
			a := s.does(acme.Admin, "setAssignedCustomers", in{"partnerId": grantee, "assign": []string{ids["Alpha"], ids["Beta"]}, "unassign": []string{ids["Alpine"]}})
			s.is("answer", a.At("setAssignedCustomers"), any(map[string]any{"partner": map[string]any{"id": grantee, "assignedCustomersCount": 2.},
				"assigned": 2., "unassigned": 0., "userErrors": []any{}}))
			s.sees(pick(in{"assignable": true}), "Alpha: ACTIVE ADMINISTRATOR", "Alpine", "Beta: ACTIVE ADMINISTRATOR")
			s.sees(pick(in{"assignedTo": grantee}), "Alpha: ACTIVE ADMINISTRATOR", "Beta: ACTIVE ADMINISTRATOR")
			s.sees(customersOf(nordic.Admin), "Alpha", "Beta")
			s.sees(changed(acme.Admin, acme.ID, "assigned_customers.saved"), "Nordic; role: <nil> > Administrator; assigned: <nil> > Alpha; assigned: <nil> > Beta")
			s.sees(changed(nordic.Admin, nordic.ID, "assigned_customers.saved"), "Nordic; role: <nil> > Administrator; assigned: <nil> > Alpha; assigned: <nil> > Beta")
		})
		s.then("one is taken back while another is assigned and a third is given another role", func(s scene) {
			a := s.does(acme.Admin, "setAssignedCustomers", in{"partnerId": grantee, "roleKey": "READ_ONLY", "assign": []string{ids["Alpine"], ids["Beta"]}, "unassign": []string{ids["Alpha"]}})
			s.is("assigned", a.At("setAssignedCustomers.assigned"), any(2.))
			s.is("unassigned", a.At("setAssignedCustomers.unassigned"), any(1.))
			s.sees(pick(nil), "Alpha", "Alpine: ACTIVE READ_ONLY", "Beta: ACTIVE READ_ONLY")
			s.sees(customersOf(nordic.Admin), "Alpine", "Beta")
			s.is("level", level(s, nordic.Admin, ids["Beta"], "USERS"), "VIEW")
		})
		s.then("what is taken back twice stays as it is", func(s scene) {
			a := s.does(acme.Admin, "setAssignedCustomers", in{"partnerId": grantee, "unassign": []string{ids["Alpha"]}})
			s.is("unassigned", a.At("setAssignedCustomers.unassigned"), any(0.))
		})
		s.then("all that can be assigned are", func(s scene) {
			narrow, paused := s.Customer("Narrow"), s.Customer("Paused")
			s.connected(acme, narrow, "READ_ONLY")
			s.does(paused.Admin, "suspendRelationship", in{"id": s.connected(acme, paused, "ADMINISTRATOR")})
			a := s.does(acme.Admin, "setAssignedCustomers", in{"partnerId": grantee, "allCustomers": true})
			s.is("assigned", a.At("setAssignedCustomers.assigned"), any(3.))
			s.sees(customersOf(nordic.Admin), "Alpha", "Alpine", "Beta")
			s.refused(acme.Admin, "setAssignedCustomers", in{"partnerId": grantee, "allCustomers": true, "unassign": []string{narrow.ID, ids["Beta"]}}, "CONFLICT at input.unassign.1")
		})
	})
}

// TestInstallerComesForDays is E4: afterwards access is gone without anyone doing anything, and before it is not there.
func TestInstallerComesForDays(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso, fabrikam := s.NewPartner("Acme"), s.Customer("Contoso"), s.Customer("Fabrikam")
		s.connected(acme, contoso, "ADMINISTRATOR")
		s.connected(acme, fabrikam, "ADMINISTRATOR")
		fitter, nordic := s.TechPartner(acme, "Fitter", partner.TypeInstaller), s.TechPartner(acme, "Nordic", partner.TypeIntegrator)
		day := 24 * time.Hour

		s.then("an installer comes for seven days, an integrator stays", func(s scene) {
			s.does(acme.Admin, "setAssignedCustomers", in{"partnerId": fitter.Partner.ID, "assign": []string{contoso.ID}})
			s.given(acme.Admin, nordic.Partner.ID, contoso.ID, "READ_ONLY", nil)
			s.Later(7*day - time.Second)
			s.sees(customersOf(fitter.Admin), "Contoso")
		})
		s.then("on the eighth day the installer is gone", func(s scene) {
			s.Later(time.Second)
			s.sees(customersOf(fitter.Admin))
			s.is("it is reached", reaches(fitter.Admin, contoso.ID), false)
			s.sees(customersOf(nordic.Admin), "Contoso")
			s.sees(picked(acme.Admin, fitter.Partner.ID, nil), "Contoso", "Fabrikam")
			s.sees(picked(acme.Admin, fitter.Partner.ID, in{"assignedTo": fitter.Partner.ID}))
		})
		s.then("a later start is not before its moment", func(s scene) {
			s.does(acme.Admin, "setAssignedCustomers", in{"partnerId": fitter.Partner.ID, "assign": []string{fabrikam.ID}, "accessPeriod": in{"startsAt": s.Now().Add(3 * day), "days": 60}})
			s.sees(picked(acme.Admin, fitter.Partner.ID, in{"assignedTo": fitter.Partner.ID}), "Fabrikam: SCHEDULED ADMINISTRATOR")
			s.Later(3*day - time.Second)
			s.sees(customersOf(fitter.Admin))
			s.Later(time.Second)
			s.sees(customersOf(fitter.Admin), "Fabrikam")
			s.Later(60*day - time.Second)
			s.sees(customersOf(fitter.Admin), "Fabrikam")
			s.Later(time.Second)
			s.sees(customersOf(fitter.Admin))
		})
		s.then("what ran out stays what it is, once another takes its place", func(s scene) {
			s.given(acme.Admin, fitter.Partner.ID, contoso.ID, "READ_ONLY", days(1))
			s.sees(s.read("SELECT status FROM assignments WHERE grantee_id='"+fitter.Partner.ID+"' AND tenant_id='"+contoso.ID+"'"), "ACTIVE", "EXPIRED")
		})
	})
}

// TestTechPartnersOwnPeople: a tech partner gives its people what it was given itself, and they leave with it.
func TestTechPartnersOwnPeople(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso := s.NewPartner("Acme"), s.Customer("Contoso")
		bond := s.connected(acme, contoso, "ADMINISTRATOR")
		nordic := s.TechPartner(acme, "Nordic", partner.TypeIntegrator)
		fitter := s.Staff(nordic, "fitter", testworld.Nothing)
		member := fitter.Member(nordic.Tenant).ID
		whole := s.given(acme.Admin, nordic.Partner.ID, contoso.ID, "ADMINISTRATOR", nil)

		var own string
		s.then("a tech partner's member works in a customer", func(s scene) {
			s.sees(customersOf(fitter))
			s.sees(picked(nordic.Admin, member, in{"assignable": true}), "Contoso")
			own = s.given(nordic.Admin, member, contoso.ID, "ADMINISTRATOR", nil)
			s.sees(customersOf(fitter), "Contoso")
			a := contoso.Admin.Do("query($id: ID!) { node(id: $id) { ... on Assignment { grantedBy { name type } } } }", vars{"id": own}).OK()
			s.is("granted by", a.At("node.grantedBy"), any(map[string]any{"name": "Nordic", "type": "INTEGRATOR"}))
			a = acme.Admin.Do("query($id: ID!) { node(id: $id) { ... on Relationship { staffCount } } }", vars{"id": bond}).OK()
			s.is("staff of the partner's", a.At("node.staffCount"), any(0.))
		})
		s.then("when the MSP gives the tech partner less, its people hold less", func(s scene) {
			whole = s.given(acme.Admin, nordic.Partner.ID, contoso.ID, "READ_ONLY", nil)
			s.is("level", level(s, fitter, contoso.ID, "SITES"), "VIEW")
			s.refused(nordic.Admin, "assign", in{"granteeId": member, "tenantId": contoso.ID, "roleKey": "ADMINISTRATOR"}, "ROLE_EXCEEDS_GRANT at input.roleKey")
			s.is("their assignment", s.standing(contoso.Admin, own), any("ACTIVE"))
		})
		s.then("the customer sends the tech partner home, and its people with it", func(s scene) {
			s.does(contoso.Admin, "revokeAssignments", in{"ids": []string{whole}})
			s.sees(customersOf(fitter))
			s.sees(customersOf(nordic.Admin))
			s.is("their assignment", s.standing(contoso.Admin, own), any("REVOKED"))
			s.sees(changed(contoso.Admin, contoso.ID, "assignment.revoked"), "Nordic; assignment: Nordic – Contoso > <nil>; Nordic, its own people: 1 > 0")
			s.given(acme.Admin, nordic.Partner.ID, contoso.ID, "ADMINISTRATOR", nil)
			s.sees(customersOf(nordic.Admin), "Contoso")
			s.sees(customersOf(fitter))
		})
		s.then("so does the MSP, with one save", func(s scene) {
			own = s.given(nordic.Admin, member, contoso.ID, "READ_ONLY", nil)
			s.does(acme.Admin, "setAssignedCustomers", in{"partnerId": nordic.Partner.ID, "unassign": []string{contoso.ID}})
			s.is("their assignment", s.standing(contoso.Admin, own), any("REVOKED"))
		})
		s.then("what rested on an assignment that ran out is not revived", func(s scene) {
			s.given(acme.Admin, nordic.Partner.ID, contoso.ID, "ADMINISTRATOR", days(1))
			own = s.given(nordic.Admin, member, contoso.ID, "READ_ONLY", nil)
			s.Later(25 * time.Hour)
			s.sees(customersOf(fitter))
			s.given(acme.Admin, nordic.Partner.ID, contoso.ID, "ADMINISTRATOR", nil)
			s.sees(customersOf(fitter))
			s.is("their assignment", s.standing(contoso.Admin, own), any("REVOKED"))
		})
		s.then("all of it ends with the relationship", func(s scene) {
			own = s.given(nordic.Admin, member, contoso.ID, "READ_ONLY", nil)
			s.does(contoso.Admin, "terminateRelationship", in{"id": bond})
			s.is("their assignment", s.standing(contoso.Admin, own), any("REVOKED"))
			s.sees(customersOf(fitter))
			s.is("open", len(s.read("SELECT id FROM assignments WHERE open_key IS NOT NULL")), 0)
		})
	})
}

// TestMspPeopleInTechPartner: members and groups of an MSP work in a tech partner's tenant by an assignment without a
// relationship.
func TestMspPeopleInTechPartner(t *testing.T) {
	eachScene(t, func(s scene) {
		acme := s.NewPartner("Acme")
		nordic := s.TechPartner(acme, "Nordic", partner.TypeIntegrator)
		helper := s.Staff(acme, "helper", testworld.Nothing)
		s.is("before", reaches(helper, nordic.ID), false)
		id := s.given(acme.Admin, helper.Member(acme.Tenant).ID, nordic.ID, "READ_ONLY", days(3))
		s.is("then", level(s, helper, nordic.ID, "USERS"), "VIEW")
		a := acme.Admin.Do("query($id: ID!) { node(id: $id) { ... on Assignment { tenant { name } tenantProfile { kind } } } }", vars{"id": id}).OK()
		s.is("where", a.At("node"), any(map[string]any{"tenant": map[string]any{"name": "Nordic"}, "tenantProfile": map[string]any{"kind": "PARTNER"}}))
		s.sees(customersOf(helper))
		s.does(nordic.Admin, "revokeAssignments", in{"ids": []string{id}})
		s.is("sent home", reaches(helper, nordic.ID), false)
	})
}

// TestExtension: an assignment gets another period from now on, on the terms of a new one.
func TestExtension(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso := s.NewPartner("Acme"), s.Customer("Contoso")
		bond := s.connected(acme, contoso, "ADMINISTRATOR")
		fitter := s.TechPartner(acme, "Fitter", partner.TypeInstaller)
		id := s.given(acme.Admin, fitter.Partner.ID, contoso.ID, "ADMINISTRATOR", nil)
		s.Later(6 * 24 * time.Hour)

		s.then("it counts from now on", func(s scene) {
			now := s.Now()
			a := s.does(acme.Admin, "extendAssignment", in{"id": id, "accessPeriod": days(60), "version": 1})
			s.is("answer", a.At("extendAssignment.assignment"), any(map[string]any{"id": id, "status": "ACTIVE", "version": 2.,
				"accessPeriod": map[string]any{"limited": true, "startsAt": now.Format(time.RFC3339), "endsAt": now.AddDate(0, 0, 60).Format(time.RFC3339)}}))
			s.Later(59 * 24 * time.Hour)
			s.sees(customersOf(fitter.Admin), "Contoso")
			s.sees(changed(contoso.Admin, contoso.ID, "assignment.extended"), fmt.Sprintf("Fitter; endsAt: %s > %s",
				now.AddDate(0, 0, 1).Format(time.RFC3339), now.AddDate(0, 0, 60).Format(time.RFC3339)))
		})
		s.then("an installer gets no more than 60 days at a time", func(s scene) {
			for _, period := range []in{days(61), days(0), days(-1), {"endsAt": s.Now().AddDate(0, 0, 60).Add(time.Second)}, {"endsAt": s.Now()}} {
				s.refused(acme.Admin, "extendAssignment", in{"id": id, "accessPeriod": period}, "ACCESS_PERIOD_OUT_OF_RANGE at input.accessPeriod")
			}
			s.refused(acme.Admin, "extendAssignment", in{"id": id, "accessPeriod": days(1), "version": 1}, "STALE_VERSION at input.version")
			s.refused(acme.Admin, "extendAssignment", in{"id": id, "accessPeriod": in{"startsAt": s.Now().Add(time.Hour)}}, "INVALID at input.accessPeriod.startsAt")
		})
		s.then("not for more than the viewer holds now", func(s scene) {
			s.does(contoso.Admin, "narrowRelationship", in{"id": bond, "roleKey": "READ_ONLY"})
			s.refused(acme.Admin, "extendAssignment", in{"id": id, "accessPeriod": days(1)}, "ROLE_EXCEEDS_GRANT at input.id")
			s.does(contoso.Admin, "widenRelationship", in{"id": bond, "roleKey": "ADMINISTRATOR"})
		})
		s.then("by those alone who granted it", func(s scene) {
			for _, p := range []*testworld.Person{contoso.Admin, s.Staff(acme, "reader", testworld.Role("ADMINISTRATOR"))} {
				s.forbidden(p, "extendAssignment", in{"id": id, "accessPeriod": days(1)})
			}
			s.refused(s.NewPartner("Blue").Admin, "extendAssignment", in{"id": id, "accessPeriod": days(1)}, "NOT_FOUND at input.id")
		})
		s.then("and never one's own, or one that is over", func(s scene) {
			prime := s.Staff(acme, "prime", testworld.Role("PRIME_ADMIN"))
			own := s.given(acme.Admin, prime.Member(acme.Tenant).ID, contoso.ID, "READ_ONLY", nil)
			s.refused(prime, "extendAssignment", in{"id": own, "accessPeriod": days(1)}, "SELF_APPROVAL_FORBIDDEN at input.id")
			s.Later(2 * 24 * time.Hour)
			s.refused(acme.Admin, "extendAssignment", in{"id": id, "accessPeriod": days(1)}, "CONFLICT at input.id")
		})
	})
}

// TestWhatEndsWithARelationship: a dry run counts everybody who reaches the customer through it, each once.
func TestWhatEndsWithARelationship(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso, fabrikam := s.NewPartner("Acme"), s.Customer("Contoso"), s.Customer("Fabrikam")
		bond := s.connected(acme, contoso, "ADMINISTRATOR")
		s.connected(acme, fabrikam, "ADMINISTRATOR")
		ends := func(what string, people, groups, techPartners float64) {
			s.Helper()
			a := s.rehearses(contoso.Admin, "terminateRelationship", in{"id": bond, "dryRun": true})
			s.is(what, a.At("terminateRelationship.ended"), any(map[string]any{"people": people, "groups": groups, "techPartners": techPartners, "sessions": 0.}))
		}
		ends("its administrator", 1, 0, 0)
		helper, night := s.Staff(acme, "helper", testworld.Nothing), s.Staff(acme, "night", testworld.Nothing)
		s.given(acme.Admin, helper.Member(acme.Tenant).ID, contoso.ID, "READ_ONLY", days(2))
		s.given(acme.Admin, night.Member(acme.Tenant).ID, fabrikam.ID, "READ_ONLY", nil)
		ends("and somebody who is assigned", 2, 0, 0)
		role := s.CustomRole(acme.Tenant, "Night", map[feature]accessLevel{"SITES": view})
		s.Group(acme, "Night shift", role.ID, helper, night)
		ends("and a group, which holds one of them already", 3, 1, 0)
		nordic, fitter := s.TechPartner(acme, "Nordic", partner.TypeIntegrator), s.TechPartner(acme, "Fitter", partner.TypeInstaller)
		s.given(acme.Admin, nordic.Partner.ID, contoso.ID, "READ_ONLY", nil)
		s.given(acme.Admin, fitter.Partner.ID, contoso.ID, "READ_ONLY", in{"startsAt": s.Now().Add(72 * time.Hour)})
		ends("and a tech partner's administrator, while another comes later", 4, 1, 1)
		s.given(nordic.Admin, s.Staff(nordic, "worker", testworld.Nothing).Member(nordic.Tenant).ID, contoso.ID, "READ_ONLY", days(1))
		ends("and one of its people", 5, 1, 1)
		s.Later(25 * time.Hour)
		ends("whose time is over", 4, 1, 1)
	})
}
