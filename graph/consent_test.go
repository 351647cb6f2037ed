package graph_test

import (
	"fmt"
	"testing"

	"mandate/ent/relationship"
	"mandate/internal/testworld"
)

// TestConsentIsNeverDelegated: a partner's administrator, to whom a customer gave everything that can be given, decides
// nothing for that customer.
func TestConsentIsNeverDelegated(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, blue, contoso := s.NewPartner("Acme"), s.NewPartner("Blue"), s.Customer("Contoso")
		staff, colleague := acme.Admin, s.Staff(acme, "colleague", testworld.Administrator)
		assigned := s.Staff(acme, "assigned", testworld.Nothing)
		id := s.connected(acme, contoso, "PRIME_ADMIN")
		s.does(acme.Admin, "assign", in{"granteeId": assigned.Member(acme.Tenant).ID, "tenantId": contoso.ID, "roleKey": "PRIME_ADMIN"})
		s.is("the ceiling is everything", level(s, staff, contoso.ID, "PARTNERS"), "MANAGE")
		s.is("the assignment is everything", level(s, assigned, contoso.ID, "PARTNERS"), "MANAGE")
		_, token := s.invites(blue, "contoso@example.com")
		offered := s.read("SELECT id FROM invitations WHERE status='PENDING'")[0]

		for name, p := range map[string]*testworld.Person{"a partner's administrator": staff, "a partner's assigned staff": assigned} {
			s.then(name+" does not accept or decline for the customer", func(s scene) {
				for _, mutation := range []string{"acceptInvitation", "declineInvitation"} {
					s.refused(p, mutation, in{"token": token}, "INVITATION_INVALID at input")
					s.refused(p, mutation, in{"id": offered}, "NOT_FOUND at input.id")
				}
				_, token := s.invites(blue, fmt.Sprint(p.Email))
				s.forbidden(p, "acceptInvitation", in{"token": token, "tenantId": contoso.ID})
				s.forbidden(p, "acceptInvitation", in{"token": token, "tenantId": contoso.ID, "replaceCurrent": true})
			})
			s.then(name+" does not invite for the customer", func(s scene) {
				s.forbidden(p, "invitePartner", in{"tenantId": contoso.ID, "code": blue.Partner.Code, "roleKey": "READ_ONLY"})
			})
		}
		s.then("assigned staff move nothing between the two", func(s scene) {
			s.forbidden(assigned, "widenRelationship", in{"id": id, "roleKey": "PRIME_ADMIN"})
			s.forbidden(assigned, "narrowRelationship", in{"id": id, "roleKey": "READ_ONLY"})
			s.forbidden(assigned, "suspendRelationship", in{"id": id})
			s.forbidden(assigned, "resumeRelationship", in{"id": id})
			s.forbidden(assigned, "terminateRelationship", in{"id": id})
			s.forbidden(assigned, "terminateRelationship", in{"id": id, "dryRun": true})
		})
		s.then("what a partner's administrator does to the relationship is done for the partner", func(s scene) {
			s.does(staff, "suspendRelationship", in{"id": id})
			s.is("suspended by", s.read("SELECT suspended_by_partner, suspended_by_customer FROM relationships"), []string{"1 | 0"})
			s.refused(contoso.Admin, "resumeRelationship", in{"id": id}, "CONFLICT at input.id")
			s.refused(staff, "suspendRelationship", in{"id": id}, "CONFLICT at input.id")
			s.is("still suspended by", s.read("SELECT suspended_by_partner, suspended_by_customer FROM relationships"), []string{"1 | 0"})
			s.does(staff, "resumeRelationship", in{"id": id})
		})
		s.then("a partner widens its own ceiling by nothing but an offer, and does not accept that", func(s scene) {
			s.does(contoso.Admin, "narrowRelationship", in{"id": id, "roleKey": "ADMINISTRATOR"})
			s.is("partners", level(s, staff, contoso.ID, "PARTNERS"), "VIEW")
			offer := s.does(staff, "widenRelationship", in{"id": id, "roleKey": "PRIME_ADMIN"}).String("widenRelationship.invitation.id")
			for _, p := range []*testworld.Person{staff, colleague} {
				s.forbidden(p, "acceptInvitation", in{"id": offer})
				s.forbidden(p, "declineInvitation", in{"id": offer})
			}
			s.forbidden(assigned, "acceptInvitation", in{"id": offer})
			s.is("partners", level(s, staff, contoso.ID, "PARTNERS"), "VIEW")
			s.does(contoso.Admin, "acceptInvitation", in{"id": offer})
			s.is("partners", level(s, staff, contoso.ID, "PARTNERS"), "MANAGE")
		})
		s.then("nobody of a designated partner's makes themselves or a colleague the customer's own", func(s scene) {
			for _, p := range []*testworld.Person{staff, assigned} {
				for _, who := range []string{"colleague@example.com", "friend@example.com"} {
					s.refused(p, "addMembers", in{"tenantId": contoso.ID, "members": []in{newMember(1, in{"email": who, "roleKey": nil, "administrator": true})}},
						"ROLE_EXCEEDS_GRANT at input.members.0.administrator")
					for _, role := range []string{"PRIME_ADMIN", "ADMINISTRATOR", "DECISION_MAKER"} {
						s.refused(p, "addMembers", in{"tenantId": contoso.ID, "members": []in{newMember(1, in{"email": who, "roleKey": role})}},
							"ROLE_EXCEEDS_GRANT at input.members.0.roleKey")
					}
				}
				s.refused(p, "addMembers", in{"tenantId": contoso.ID, "members": []in{newMember(1, in{"email": p.Email})}},
					"SELF_APPROVAL_FORBIDDEN at input.members.0.email")
			}
		})
		s.then("nor do they raise somebody who is there, or themselves", func(s scene) {
			clerk := s.Staff(contoso, "clerk", testworld.Role("READ_ONLY")).Member(contoso.Tenant).ID
			colleague.Join(contoso.Tenant, testworld.Role("READ_ONLY"))
			own := colleague.Member(contoso.Tenant).ID
			for _, member := range []string{clerk, own} {
				s.refused(staff, "changeRole", in{"memberId": member, "administrator": true}, "ROLE_EXCEEDS_GRANT at input.administrator")
				s.refused(staff, "changeRole", in{"memberId": member, "roleKey": "ADMINISTRATOR"}, "ROLE_EXCEEDS_GRANT at input.roleKey")
			}
			s.refused(colleague, "changeRole", in{"memberId": own, "administrator": true}, "SELF_APPROVAL_FORBIDDEN at input.memberId")
			s.refused(colleague, "changeRole", in{"memberId": own, "roleKey": "PHONE_MANAGER"}, "SELF_APPROVAL_FORBIDDEN at input.memberId")
			for _, f := range []string{"USERS", "ROLES", "PARTNERS", "ASSIGNMENTS", "TOKENS"} {
				s.refused(staff, "createRole", in{"tenantId": contoso.ID, "name": "Back door", "permissions": []in{{"feature": f, "level": "MANAGE"}}},
					"ROLE_EXCEEDS_GRANT at input.permissions")
			}
		})
		s.then("what does not last they may give", func(s scene) {
			s.does(staff, "addMembers", in{"tenantId": contoso.ID, "members": []in{newMember(7, in{"roleKey": "PHONE_MANAGER"})}})
			s.does(staff, "createRole", in{"tenantId": contoso.ID, "name": "Front door", "permissions": []in{{"feature": "SITES", "level": "MANAGE"}}})
		})
	})
}

// TestPartnerOfRecordAppointsAdministrators: what a designated partner may not, a partner of record may.
func TestPartnerOfRecordAppointsAdministrators(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso := s.NewPartner("Acme"), s.Customer("Contoso")
		s.Connect(acme, contoso, "PRIME_ADMIN", relationship.KindPartnerOfRecord)
		a := s.does(acme.Admin, "addMembers", in{"tenantId": contoso.ID, "members": []in{newMember(1, in{"roleKey": nil, "administrator": true})}})
		s.sees(a.Column("addMembers.members", "administrator"), "true")
		s.refused(acme.Admin, "addMembers", in{"tenantId": contoso.ID, "members": []in{newMember(2, in{"email": "acme@example.com"})}},
			"SELF_APPROVAL_FORBIDDEN at input.members.0.email")
		clerk := s.Staff(contoso, "clerk", testworld.Role("READ_ONLY")).Member(contoso.Tenant).ID
		s.does(acme.Admin, "changeRole", in{"memberId": clerk, "administrator": true})
		s.does(acme.Admin, "changeRole", in{"memberId": clerk, "roleKey": "READ_ONLY"})
		// Never beyond its ceiling.
		fabrikam := s.Customer("Fabrikam")
		s.Connect(acme, fabrikam, "ADMINISTRATOR", relationship.KindPartnerOfRecord)
		s.refused(acme.Admin, "addMembers", in{"tenantId": fabrikam.ID, "members": []in{newMember(3, in{"roleKey": nil, "administrator": true})}},
			"ROLE_EXCEEDS_GRANT at input.members.0.administrator")
		s.refused(acme.Admin, "changeRole", in{"memberId": fabrikam.Admin.Member(fabrikam.Tenant).ID, "roleKey": "READ_ONLY"},
			"ROLE_EXCEEDS_GRANT at input.memberId")
		s.forbidden(acme.Admin, "invitePartner", in{"tenantId": contoso.ID, "code": acme.Partner.Code, "roleKey": "READ_ONLY"})
	})
}

// TestCeilingOfOnesOwnIsNotEdited: a custom role of the customer's that is a partner's ceiling does not grow by the
// partner's hands.
func TestCeilingOfOnesOwnIsNotEdited(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso := s.NewPartner("Acme"), s.Customer("Contoso")
		held := []in{{"feature": "ROLES", "level": "MANAGE"}, {"feature": "USERS", "level": "MANAGE"}, {"feature": "TENANT", "level": "VIEW"}}
		ceiling := s.does(contoso.Admin, "createRole", in{"tenantId": contoso.ID, "name": "Ceiling", "permissions": held}).String("createRole.role.id")
		invitation := s.does(contoso.Admin, "invitePartner", in{"code": acme.Partner.Code, "roleId": ceiling}).String("invitePartner.invitation.id")
		id := s.does(acme.Admin, "acceptInvitation", in{"id": invitation}).String("acceptInvitation.relationship.id")
		s.is("roles", level(s, acme.Admin, contoso.ID, "ROLES"), "MANAGE")

		for outcome, more := range map[string]in{
			"by another feature":           {"feature": "invoices", "level": "MANAGE"},
			"by a level":                   {"feature": "TENANT", "level": "MANAGE"},
			"by the right to decide":       {"feature": "PARTNERS", "level": "MANAGE"},
			"by a feature only to be seen": {"feature": "AUDIT", "level": "VIEW"},
		} {
			s.then("not "+outcome, func(s scene) {
				permissions := append([]in{more}, held[:2]...)
				s.refused(acme.Admin, "updateRole", in{"id": ceiling, "permissions": permissions}, "ROLE_EXCEEDS_GRANT at input.permissions")
			})
		}
		s.then("not even to what it is already, for that lasts", func(s scene) {
			s.refused(acme.Admin, "updateRole", in{"id": ceiling, "permissions": held}, "ROLE_EXCEEDS_GRANT at input.permissions")
		})
		s.then("nor by making a wider role the ceiling", func(s scene) {
			wide := s.CustomRole(contoso.Tenant, "Wide", map[feature]accessLevel{"ROLES": manage, "USERS": manage, "TENANT": manage})
			a := s.does(acme.Admin, "widenRelationship", in{"id": id, "roleId": wide.ID})
			s.is("ceiling", a.At("widenRelationship.relationship.role.name"), "Ceiling")
			s.is("tenant", level(s, acme.Admin, contoso.ID, "TENANT"), "VIEW")
		})
		s.then("the customer edits it, and the ceiling moves at the next request", func(s scene) {
			s.does(contoso.Admin, "updateRole", in{"id": ceiling, "permissions": []in{{"feature": "TENANT", "level": "MANAGE"}}})
			s.is("tenant", level(s, acme.Admin, contoso.ID, "TENANT"), "MANAGE")
			s.is("roles", level(s, acme.Admin, contoso.ID, "ROLES"), "NONE")
			s.refused(acme.Admin, "updateRole", in{"id": ceiling, "name": "Mine"}, "NOT_FOUND at input.id")
		})
	})
}

// TestMemberWhoIsAlsoThePartners: whoever belongs to both sides has the best of both ways, and consents and appoints by
// the own one alone.
func TestMemberWhoIsAlsoThePartners(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso := s.NewPartner("Acme"), s.Customer("Contoso")
		id := s.connected(acme, contoso, "PRIME_ADMIN")
		both := s.Staff(acme, "both", testworld.Administrator).Join(contoso.Tenant, testworld.Role("READ_ONLY"))
		clerk := s.Staff(contoso, "clerk", testworld.Role("READ_ONLY")).Member(contoso.Tenant).ID

		s.then("the best way counts", func(s scene) {
			s.is("services", level(s, both, contoso.ID, "SERVICES_ADMIN"), "MANAGE")
			a := both.Do("{ viewer { tenants(first: 10, search: \"contoso\") { nodes { via } } } }", nil).OK()
			s.is("via", a.At("viewer.tenants.nodes"), any([]any{map[string]any{"via": []any{"OWN", "RELATIONSHIP"}}}))
		})
		s.then("what the own way does not allow is done on behalf of the customer", func(s scene) {
			s.does(both, "activateService", in{"tenantId": contoso.ID})
			s.does(both, "enterTenant", in{"tenantId": contoso.ID})
			a := contoso.Admin.Do(`query($id: ID!) { tenant(id: $id) { auditEvents(filter: {delegatedOnly: true}, first: 10) {
				nodes { action actorTenant { name } onBehalfOf { name } } } } }`, testworld.Vars{"id": contoso.ID}).OK()
			s.sees(a.Column("tenant.auditEvents.nodes", "action"), "tenant.entered", "service.activated")
			s.sees(a.Column("tenant.auditEvents.nodes", "actorTenant.name"), "Acme", "Acme")
			s.sees(a.Column("tenant.auditEvents.nodes", "onBehalfOf.name"), "Contoso", "Contoso")
		})
		s.then("it appoints nobody for good", func(s scene) {
			s.refused(both, "addMembers", in{"tenantId": contoso.ID, "members": []in{newMember(1, in{"roleKey": nil, "administrator": true})}},
				"ROLE_EXCEEDS_GRANT at input.members.0.administrator")
			s.refused(both, "changeRole", in{"memberId": clerk, "administrator": true}, "ROLE_EXCEEDS_GRANT at input.administrator")
			s.refused(both, "createRole", in{"tenantId": contoso.ID, "name": "Back door", "permissions": []in{{"feature": "ROLES", "level": "MANAGE"}}},
				"ROLE_EXCEEDS_GRANT at input.permissions")
			s.does(both, "changeRole", in{"memberId": clerk, "roleKey": "PHONE_MANAGER"})
		})
		s.then("it decides for the partner, and not for the customer", func(s scene) {
			s.forbidden(both, "invitePartner", in{"tenantId": contoso.ID, "code": acme.Partner.Code, "roleKey": "READ_ONLY"})
			a := s.does(both, "terminateRelationship", in{"id": id})
			s.is("by", a.At("terminateRelationship.relationship.endedBy"), "PARTNER")
			s.is("services", level(s, both, contoso.ID, "SERVICES_ADMIN"), "VIEW")
		})
	})
}

// TestEnteredSessionConsentsToNothing: not even for somebody who could, in a session of their own.
func TestEnteredSessionConsentsToNothing(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, blue, contoso, operator := s.NewPartner("Acme"), s.NewPartner("Blue"), s.Customer("Contoso"), s.Operator()
		helper := s.Staff(acme, "helper", testworld.Nothing)
		id := s.connected(acme, contoso, "PRIME_ADMIN")
		assignment := s.does(acme.Admin, "assign", in{"granteeId": helper.Member(acme.Tenant).ID, "tenantId": contoso.ID, "roleKey": "READ_ONLY"}).
			String("assign.assignment.id")
		// One person who is everything: the partner's, the customer's and the operator's administrator.
		all := acme.Admin.Join(contoso.Tenant, testworld.Administrator).Join(operator.Tenant, testworld.Administrator)
		sent := s.does(all, "inviteCustomer", in{"email": "someone@example.com"}).String("inviteCustomer.invitation.id")
		_, token := s.invites(blue, "acme@example.com")
		received := s.read("SELECT id FROM invitations WHERE status='PENDING' AND email='acme@example.com'")[0]
		inside := s.Bearer(s.does(all, "enterTenant", in{"tenantId": contoso.ID}).String("enterTenant.token"))

		for mutation, inputs := range map[string][]in{
			"enterTenant":           {{"tenantId": contoso.ID}},
			"inviteCustomer":        {{"email": "other@example.com"}, {"email": "other@example.com", "partnerId": acme.Partner.ID}},
			"invitePartner":         {{"code": blue.Partner.Code, "roleKey": "READ_ONLY"}, {"tenantId": contoso.ID, "code": blue.Partner.Code, "roleKey": "READ_ONLY"}},
			"resendInvitation":      {{"id": sent}},
			"revokeInvitation":      {{"id": sent}},
			"acceptInvitation":      {{"token": token}, {"token": token, "tenantId": contoso.ID, "replaceCurrent": true}, {"id": received}},
			"declineInvitation":     {{"token": token}, {"id": received}},
			"narrowRelationship":    {{"id": id, "roleKey": "READ_ONLY"}},
			"widenRelationship":     {{"id": id, "roleKey": "PRIME_ADMIN"}},
			"suspendRelationship":   {{"id": id}},
			"resumeRelationship":    {{"id": id}},
			"terminateRelationship": {{"id": id}, {"id": id, "dryRun": true}},
			"registerPartner":       {{"name": "New", "type": "MSP", "adminEmail": "n@example.com", "adminFirstName": "N", "adminLastName": "N"}},
			"recognizePartner":      {{"id": acme.Partner.ID, "recognized": false}},
			"createCustomer":        {{"name": "New", "adminEmail": "n@example.com", "adminFirstName": "N", "adminLastName": "N"}},
			"assign":                {{"granteeId": helper.Member(acme.Tenant).ID, "tenantId": contoso.ID, "roleKey": "READ_ONLY"}},
			"revokeAssignments":     {{"ids": []string{assignment}}},
		} {
			s.then("no "+mutation, func(s scene) {
				for _, input := range inputs {
					s.forbidden(inside, mutation, input)
				}
			})
		}
		s.then("nothing outside is there", func(s scene) {
			s.refused(inside, "rotateInviteLink", in{"partnerId": acme.Partner.ID}, "NOT_FOUND at input.partnerId")
			s.refused(inside, "activateService", in{"tenantId": acme.ID}, "NOT_FOUND at input.tenantId")
			s.refused(inside, "createRole", in{"tenantId": acme.ID, "name": "New", "permissions": []in{}}, "NOT_FOUND at input.tenantId")
			s.refused(inside, "changeRole", in{"memberId": helper.Member(acme.Tenant).ID, "roleKey": "READ_ONLY"}, "NOT_FOUND at input.memberId")
			s.is("the partner's tenant", reaches(inside, acme.ID), false)
			a := inside.Do(`{ viewer { invitations(first: 10) { nodes { id } } sessions(first: 10) { nodes { current } } tenants(first: 10) { nodes { tenant { name } } } } }`, nil).OK()
			s.is("viewer", a.At("viewer"), any(map[string]any{"invitations": map[string]any{"nodes": []any{}},
				"sessions": map[string]any{"nodes": []any{map[string]any{"current": true}}},
				"tenants":  map[string]any{"nodes": []any{map[string]any{"tenant": map[string]any{"name": "Contoso"}}}}}))
		})
		s.then("it gives nothing that lasts, though its person is the customer's own", func(s scene) {
			s.refused(inside, "addMembers", in{"tenantId": contoso.ID, "members": []in{newMember(1, in{"roleKey": nil, "administrator": true})}},
				"ROLE_EXCEEDS_GRANT at input.members.0.administrator")
			own := all.Member(contoso.Tenant).ID
			s.refused(inside, "changeRole", in{"memberId": own, "roleKey": "PRIME_ADMIN"}, "ROLE_EXCEEDS_GRANT at input.memberId")
		})
		s.then("the work it is for it does", func(s scene) {
			s.does(inside, "activateService", in{"tenantId": contoso.ID})
		})
		s.then("in a session of their own the person does all that", func(s scene) {
			s.does(all, "revokeInvitation", in{"id": sent})
			s.does(all, "declineInvitation", in{"token": token})
			s.does(all, "terminateRelationship", in{"id": id})
		})
	})
}
