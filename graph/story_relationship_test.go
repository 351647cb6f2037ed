package graph_test

import (
	"testing"
	"time"

	"mandate/internal/testworld"
)

// connected makes a customer that designated a partner, through the API.
func (s scene) connected(p, c *testworld.Company, ceiling string) (relationship string) {
	s.Helper()
	id := s.does(c.Admin, "invitePartner", in{"tenantId": c.ID, "code": p.Partner.Code, "roleKey": ceiling}).String("invitePartner.invitation.id")
	return s.does(p.Admin, "acceptInvitation", in{"id": id}).String("acceptInvitation.relationship.id")
}

func TestHandOver(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, blue, contoso := s.NewPartner("Acme"), s.NewPartner("Blue"), s.Customer("Contoso")
		old := s.connected(acme, contoso, "ADMINISTRATOR")
		helper := s.Staff(acme, "helper", testworld.Nothing)
		s.Assign(acme, contoso, helper, "READ_ONLY")
		entered := s.does(acme.Admin, "enterTenant", in{"tenantId": contoso.ID}).String("enterTenant.token")
		id, token := s.invites(blue, "contoso@example.com")

		s.then("a second partner is refused, and its invitation stays", func(s scene) {
			a := s.refused(contoso.Admin, "acceptInvitation", in{"token": token}, "CUSTOMER_ALREADY_LINKED at input")
			s.is("message", a.At("acceptInvitation.userErrors.0.message"), "The associated account is already linked to another tenant.")
			a = blue.Admin.Do("query($id: ID!) { node(id: $id) { ... on Invitation { status customer { id } customerProfile { name } } } }", testworld.Vars{"id": id}).OK()
			s.is("the second partner learns nothing", a.At("node"), any(map[string]any{"status": "PENDING", "customer": nil, "customerProfile": nil}))
		})
		s.then("the customer itself cannot invite a second one either", func(s scene) {
			s.refused(contoso.Admin, "invitePartner", in{"code": blue.Partner.Code, "roleKey": "READ_ONLY"}, "CUSTOMER_ALREADY_LINKED at input.tenantId")
		})
		s.then("handing over ends the one and begins the other, in one moment", func(s scene) {
			a := s.does(contoso.Admin, "acceptInvitation", in{"token": token, "replaceCurrent": true})
			s.is("new", a.At("acceptInvitation.relationship.partner.name"), "Blue")
			s.sees(customersOf(acme.Admin))
			s.sees(customersOf(helper))
			s.sees(customersOf(blue.Admin), "Contoso")
			s.is("the entered session", s.Bearer(entered).Do("{ viewer { user { id } } }", nil).Status, 401)
			a = contoso.Admin.Do(`query($id: ID!) { tenant(id: $id) { relationships(first: 10) { nodes { status endedBy startsAt endedAt partner { name } } } } }`,
				testworld.Vars{"id": contoso.ID}).OK()
			now := "2026-11-21T12:00:00Z"
			s.is("history", a.At("tenant.relationships.nodes"), any([]any{
				map[string]any{"status": "ACTIVE", "endedBy": nil, "startsAt": now, "endedAt": nil, "partner": map[string]any{"name": "Blue"}},
				map[string]any{"status": "TERMINATED", "endedBy": "CUSTOMER", "startsAt": now, "endedAt": now, "partner": map[string]any{"name": "Acme"}},
			}))
			mails := s.Mails("acme@example.com")
			s.is("the old partner is told", mails[len(mails)-1].Kind, "relationship.ended")
			s.refused(acme.Admin, "terminateRelationship", in{"id": old}, "RELATIONSHIP_NOT_ACTIVE at input.id")
		})
		s.then("a partner does not replace itself", func(s scene) {
			_, token := s.invites(blue, "contoso@example.com")
			s.refused(contoso.Admin, "acceptInvitation", in{"token": token, "replaceCurrent": true}, "CUSTOMER_ALREADY_LINKED at input")
		})
	})
}

func TestEachSideLiftsItsOwnPause(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso, operator := s.NewPartner("Acme"), s.Customer("Contoso"), s.Operator()
		id := s.connected(acme, contoso, "ADMINISTRATOR")
		entered := s.Bearer(s.does(acme.Admin, "enterTenant", in{"tenantId": contoso.ID}).String("enterTenant.token"))
		standing := func(a *testworld.Answer, mutation string, status string, by ...any) {
			s.Helper()
			s.is("status", a.At(mutation+".relationship.status"), status)
			if by == nil {
				by = []any{}
			}
			s.is("suspended by", a.At(mutation+".relationship.suspendedBy"), any(by))
		}
		s.then("suspending closes every way through, the entered session's too", func(s scene) {
			standing(s.does(contoso.Admin, "suspendRelationship", in{"id": id, "reason": "Holidays."}), "suspendRelationship", "SUSPENDED", "CUSTOMER")
			s.sees(customersOf(acme.Admin))
			s.is("reached", reaches(acme.Admin, contoso.ID), false)
			s.is("reached by the entered session", reaches(entered, contoso.ID), false)
			s.refused(entered, "activateService", in{"tenantId": contoso.ID}, "NOT_FOUND at input.tenantId")
			s.refused(acme.Admin, "enterTenant", in{"tenantId": contoso.ID}, "NOT_FOUND at input.tenantId")
		})
		s.then("nobody resumes for another side", func(s scene) {
			standing(s.does(acme.Admin, "suspendRelationship", in{"id": id}), "suspendRelationship", "SUSPENDED", "PARTNER", "CUSTOMER")
			standing(s.does(operator.Admin, "suspendRelationship", in{"id": id}), "suspendRelationship", "SUSPENDED", "PARTNER", "CUSTOMER", "OPERATOR")
			standing(s.does(contoso.Admin, "resumeRelationship", in{"id": id}), "resumeRelationship", "SUSPENDED", "PARTNER", "OPERATOR")
			s.is("reached", reaches(acme.Admin, contoso.ID), false)
			standing(s.does(acme.Admin, "resumeRelationship", in{"id": id}), "resumeRelationship", "SUSPENDED", "OPERATOR")
			s.is("reached", reaches(acme.Admin, contoso.ID), false)
		})
		s.then("resumed by the last side, nothing is lost", func(s scene) {
			standing(s.does(operator.Admin, "resumeRelationship", in{"id": id}), "resumeRelationship", "ACTIVE")
			s.sees(customersOf(acme.Admin), "Contoso")
			s.is("reached by the entered session", reaches(entered, contoso.ID), true)
		})
		s.then("a suspended relationship is still the customer's one partner, and can be ended", func(s scene) {
			s.does(acme.Admin, "suspendRelationship", in{"id": id})
			s.refused(contoso.Admin, "invitePartner", in{"code": s.NewPartner("Blue").Partner.Code, "roleKey": "READ_ONLY"},
				"CUSTOMER_ALREADY_LINKED at input.tenantId")
			a := s.does(contoso.Admin, "terminateRelationship", in{"id": id})
			s.is("status", a.At("terminateRelationship.relationship.status"), "TERMINATED")
		})
	})
}

func TestCeilingMoves(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso := s.NewPartner("Acme"), s.Customer("Contoso")
		id := s.connected(acme, contoso, "ADMINISTRATOR")
		var offer string

		s.then("the customer narrows at once", func(s scene) {
			a := s.does(contoso.Admin, "narrowRelationship", in{"id": id, "roleKey": "READ_ONLY"})
			s.is("ceiling", a.At("narrowRelationship.relationship.role.key"), "READ_ONLY")
			s.is("services", level(s, acme.Admin, contoso.ID, "SERVICES_ADMIN"), "VIEW")
			s.forbidden(acme.Admin, "activateService", in{"tenantId": contoso.ID})
			s.refused(contoso.Admin, "narrowRelationship", in{"id": id, "roleKey": "ADMINISTRATOR"}, "ROLE_EXCEEDS_GRANT at input.roleKey")
			s.refused(contoso.Admin, "narrowRelationship", in{"id": id}, "REQUIRED at input.roleKey")
			s.refused(contoso.Admin, "narrowRelationship", in{"id": id, "roleKey": "READ_ONLY", "version": 0}, "STALE_VERSION at input.version")
		})
		s.then("a partner's widening is an offer, and changes nothing yet", func(s scene) {
			a := s.does(acme.Admin, "widenRelationship", in{"id": id, "roleKey": "ADMINISTRATOR", "message": "We need more."})
			offer = a.String("widenRelationship.invitation.id")
			s.is("offer", a.At("widenRelationship.invitation.status"), "PENDING")
			s.is("relationship of the offer", a.At("widenRelationship.invitation.relationship.id"), id)
			s.is("ceiling", a.At("widenRelationship.relationship.role.key"), "READ_ONLY")
			s.is("services", level(s, acme.Admin, contoso.ID, "SERVICES_ADMIN"), "VIEW")
			mails := s.Mails("contoso@example.com")
			s.is("the customer is told", mails[len(mails)-1].Kind, "relationship.offer")
			s.refused(acme.Admin, "widenRelationship", in{"id": id, "roleKey": "PRIME_ADMIN"}, "INVITATION_ALREADY_EXISTS at input")
			s.forbidden(acme.Admin, "acceptInvitation", in{"id": offer})
			s.refused(acme.Admin, "widenRelationship", in{"id": id, "roleKey": "READ_ONLY"}, "ROLE_EXCEEDS_GRANT at input.roleKey")
		})
		s.then("the customer accepts the offer, by its id", func(s scene) {
			a := s.does(contoso.Admin, "acceptInvitation", in{"id": offer})
			s.is("offer", a.At("acceptInvitation.invitation.status"), "ACCEPTED")
			s.is("same relationship", a.At("acceptInvitation.relationship.id"), id)
			s.is("services", level(s, acme.Admin, contoso.ID, "SERVICES_ADMIN"), "MANAGE")
			s.refused(contoso.Admin, "acceptInvitation", in{"id": offer}, "INVITATION_NOT_PENDING at input.id")
		})
		s.then("the customer widens at once, within what the person holds", func(s scene) {
			decider := s.Staff(contoso, "decider", testworld.Custom(s.CustomRole(contoso.Tenant, "Decides", map[feature]accessLevel{"PARTNERS": manage})))
			s.refused(decider, "widenRelationship", in{"id": id, "roleKey": "PRIME_ADMIN"}, "ROLE_EXCEEDS_GRANT at input.roleKey")
			s.does(contoso.Admin, "widenRelationship", in{"id": id, "roleKey": "PRIME_ADMIN"})
			s.is("partners", level(s, acme.Admin, contoso.ID, "PARTNERS"), "MANAGE")
		})
		s.then("an offer is accepted by nobody who holds less than it gives", func(s scene) {
			s.does(contoso.Admin, "narrowRelationship", in{"id": id, "roleKey": "READ_ONLY"})
			offer := s.does(acme.Admin, "widenRelationship", in{"id": id, "roleKey": "ADMINISTRATOR"}).String("widenRelationship.invitation.id")
			s.refused(s.person("decider@example.com"), "acceptInvitation", in{"id": offer}, "ROLE_EXCEEDS_GRANT at input.roleKey")
			s.does(s.person("decider@example.com"), "declineInvitation", in{"id": offer, "reason": "No."})
			s.is("services", level(s, acme.Admin, contoso.ID, "SERVICES_ADMIN"), "VIEW")
		})
		s.then("an end comes nearer, and never goes further by narrowing", func(s scene) {
			soon := s.Now().Add(48 * time.Hour)
			s.refused(contoso.Admin, "narrowRelationship", in{"id": id, "endsAt": s.Now()}, "ACCESS_PERIOD_OUT_OF_RANGE at input.endsAt")
			s.refused(contoso.Admin, "narrowRelationship", in{"id": id, "endsAt": s.Now().AddDate(0, 0, 731)}, "ACCESS_PERIOD_OUT_OF_RANGE at input.endsAt")
			s.does(contoso.Admin, "narrowRelationship", in{"id": id, "endsAt": soon})
			s.refused(acme.Admin, "narrowRelationship", in{"id": id, "endsAt": soon.Add(time.Hour)}, "ACCESS_PERIOD_OUT_OF_RANGE at input.endsAt")
			s.does(acme.Admin, "narrowRelationship", in{"id": id, "endsAt": soon.Add(-24 * time.Hour)})
			s.Later(24 * time.Hour)
			s.sees(customersOf(acme.Admin))
			s.refused(contoso.Admin, "widenRelationship", in{"id": id, "roleKey": "PRIME_ADMIN"}, "RELATIONSHIP_NOT_ACTIVE at input.id")
		})
	})
}

func TestOfferEndsWithItsRelationship(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso := s.NewPartner("Acme"), s.Customer("Contoso")
		id := s.connected(acme, contoso, "READ_ONLY")
		offer := s.does(acme.Admin, "widenRelationship", in{"id": id, "roleKey": "ADMINISTRATOR"}).String("widenRelationship.invitation.id")
		s.does(acme.Admin, "terminateRelationship", in{"id": id})
		s.refused(contoso.Admin, "acceptInvitation", in{"id": offer}, "INVITATION_NOT_PENDING at input.id")
		s.sees(customersOf(acme.Admin))
	})
}

// How many of the partner's people act by an assignment is told, and 0 says that nobody but administrators does.
func TestStaffIsCounted(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso, fabrikam := s.NewPartner("Acme"), s.Customer("Contoso"), s.Customer("Fabrikam")
		id := s.connected(acme, contoso, "ADMINISTRATOR")
		s.connected(acme, fabrikam, "ADMINISTRATOR")
		staff := func() any {
			s.Helper()
			a := acme.Admin.Do(`query($id: ID!) { node(id: $id) { ... on Relationship { staffCount } } }`, testworld.Vars{"id": id}).OK()
			return a.At("node.staffCount")
		}
		assigned := func(name string, c *testworld.Company, period in) (person *testworld.Person, assignment string) {
			s.Helper()
			person = s.Staff(acme, name, testworld.Nothing)
			return person, s.does(acme.Admin, "assign", in{"granteeId": person.Member(acme.Tenant).ID, "tenantId": c.ID, "roleKey": "READ_ONLY", "accessPeriod": period}).
				String("assign.assignment.id")
		}
		s.is("at first", staff(), any(0.0))
		first, assignment := assigned("first", contoso, nil)
		assigned("elsewhere", fabrikam, nil)
		assigned("later", contoso, in{"startsAt": s.Now().Add(48 * time.Hour)})
		assigned("brief", contoso, in{"days": 1})
		s.is("two act now, one later, one elsewhere", staff(), any(2.0))
		s.Later(25 * time.Hour)
		s.is("one is over", staff(), any(1.0))
		s.must(s.Write.Member.UpdateOneID(first.Member(acme.Tenant).ID).SetStatus("SUSPENDED").Exec(s.System()))
		s.is("one is suspended", staff(), any(0.0))
		s.must(s.Write.Member.UpdateOneID(first.Member(acme.Tenant).ID).SetStatus("ACTIVE").Exec(s.System()))
		s.Later(24 * time.Hour)
		s.is("the later one has begun", staff(), any(2.0))
		s.does(contoso.Admin, "revokeAssignments", in{"ids": []string{assignment}})
		s.is("one was sent home", staff(), any(1.0))
		s.does(contoso.Admin, "terminateRelationship", in{"id": id})
		s.is("at the end", staff(), any(0.0))
	})
}
