package graph_test

import (
	"testing"

	"mandate/ent/partner"
	"mandate/ent/privilegegroup"
	"mandate/internal/access"
	"mandate/internal/testworld"
)

func TestTechPartnersThatAreNotCreated(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, blue, contoso, operator := s.NewPartner("Acme"), s.NewPartner("Blue"), s.Customer("Contoso"), s.Operator()
		nordwind := s.TechPartner(acme, "Nordwind", "INTEGRATOR")
		reader, helper := s.Staff(acme, "reader", testworld.Role("READ_ONLY")), s.Staff(acme, "helper", testworld.Nothing)
		lead := s.Staff(acme, "lead", testworld.Role("ADMINISTRATOR"))
		both := s.Staff(acme, "both", testworld.Administrator).Join(blue.Tenant, testworld.Administrator)
		seller := s.NewPartner("Seller")
		reseller := s.partnerOfType("Shop", partner.TypeReseller)
		with := func(more in) in {
			input := in{"name": "Elbe", "type": "INSTALLER", "adminEmail": "elbe@example.com", "adminFirstName": "El", "adminLastName": "Be"}
			for k, v := range more {
				input[k] = v
			}
			return input
		}

		s.then("of another type, without a name, or with a false address", func(s scene) {
			for _, kind := range []string{"MSP", "RESELLER", "SUPPORT"} {
				s.refused(acme.Admin, "createTechPartner", with(in{"type": kind}), "INVALID at input.type")
			}
			s.refused(acme.Admin, "createTechPartner", with(in{"name": " ", "adminEmail": "elbe", "adminLastName": ""}),
				"REQUIRED at input.adminLastName", "INVALID at input.adminEmail", "REQUIRED at input.name")
		})
		s.then("by a partner that is no MSP, or that is not recognised, and by nobody's", func(s scene) {
			s.refused(reseller.Admin, "createTechPartner", with(nil), "PARTNER_PERMISSION_REQUIRED at input.managerId")
			s.refused(nordwind.Admin, "createTechPartner", with(nil), "PARTNER_PERMISSION_REQUIRED at input")
			s.refused(contoso.Admin, "createTechPartner", with(nil), "PARTNER_PERMISSION_REQUIRED at input")
			s.does(operator.Admin, "recognizePartner", in{"id": seller.Partner.ID, "recognized": false})
			s.refused(seller.Admin, "createTechPartner", with(nil), "PARTNER_PERMISSION_REQUIRED at input")
		})
		s.then("for an MSP that one does not name, belong to, or see", func(s scene) {
			s.refused(both, "createTechPartner", with(nil), "REQUIRED at input.managerId")
			for _, id := range []string{acme.Partner.ID, "prt_00000000000000000000000000", "x"} {
				s.refused(blue.Admin, "createTechPartner", with(in{"managerId": id}), "NOT_FOUND at input.managerId")
				s.refused(nordwind.Admin, "createTechPartner", with(in{"managerId": id}), "NOT_FOUND at input.managerId")
			}
		})
		s.then("without PARTNERS MANAGE of one's own, or through an entered session", func(s scene) {
			s.forbidden(reader, "createTechPartner", with(nil))
			s.forbidden(lead, "createTechPartner", with(in{"managerId": acme.Partner.ID}))
			s.refused(helper, "createTechPartner", with(in{"managerId": acme.Partner.ID}), "NOT_FOUND at input.managerId")
			s.forbidden(operator.Admin, "createTechPartner", with(in{"managerId": acme.Partner.ID}))
			s.forbidden(acme.Admin.Entered(nordwind.ID), "createTechPartner", with(nil))
			s.sees(s.asks(s.Stranger(), "createTechPartner", with(nil)).Errors(), "UNAUTHENTICATED at createTechPartner")
		})
		s.then("not by registering one, and it is never recognised", func(s scene) {
			for _, kind := range []string{"INTEGRATOR", "INSTALLER"} {
				s.refused(operator.Admin, "registerPartner", with(in{"type": kind}), "INVALID at input.type")
			}
			s.refused(operator.Admin, "recognizePartner", in{"id": nordwind.Partner.ID, "recognized": true}, "INVALID at input.id")
		})
		s.then("a tech partner neither invites nor creates, and nobody invites it", func(s scene) {
			s.must(s.Write.Partner.UpdateOne(nordwind.Partner).SetRecognized(true).Exec(s.System())) // whatever stands there
			s.refused(nordwind.Admin, "inviteCustomer", in{"email": "new@example.com"}, "PARTNER_PERMISSION_REQUIRED at input")
			s.refused(nordwind.Admin, "createCustomer", in{"name": "New", "adminEmail": "new@example.com", "adminFirstName": "N", "adminLastName": "E"}, "PARTNER_PERMISSION_REQUIRED at input")
			s.refused(nordwind.Admin, "rotateInviteLink", in{"partnerId": nordwind.Partner.ID}, "PARTNER_PERMISSION_REQUIRED at input")
			s.refused(contoso.Admin, "invitePartner", in{"code": nordwind.Partner.Code, "roleKey": "READ_ONLY"}, "PARTNER_NOT_FOUND at input.code")
			s.refused(contoso.Admin, "invitePartner", in{"inviteLink": nordwind.Partner.LinkKey, "roleKey": "READ_ONLY"}, "PARTNER_NOT_FOUND at input.inviteLink")
			s.refused(nordwind.Admin, "invitePartner", in{"tenantId": nordwind.ID, "code": acme.Partner.Code, "roleKey": "READ_ONLY"}, "PARTNER_CANNOT_INVITE_PARTNER at input.tenantId")
			_, token := s.invites(blue, "nordwind@example.com")
			s.refused(nordwind.Admin, "acceptInvitation", in{"token": token, "tenantId": nordwind.ID}, "PARTNER_CANNOT_INVITE_PARTNER at input.tenantId")
		})
	})
}

// partnerOfType makes a recognised partner of a type.
func (s scene) partnerOfType(name string, kind partner.Type) *testworld.Company {
	s.Helper()
	c := s.NewPartner(name)
	_, err := s.DB.Write.Exec("UPDATE partners SET type='" + string(kind) + "' WHERE id='" + c.Partner.ID + "'")
	s.must(err)
	return c
}

func TestDelegationsThatAreRefused(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, blue, contoso, operator := s.NewPartner("Acme"), s.NewPartner("Blue"), s.Customer("Contoso"), s.Operator()
		s.Manages(acme, contoso)
		nordwind, elbe := s.TechPartner(acme, "Nordwind", "INTEGRATOR"), s.TechPartner(blue, "Elbe", "INSTALLER")
		assigns := testworld.Custom(s.CustomRole(acme.Tenant, "Assigns", map[feature]accessLevel{"ASSIGNMENTS": manage}))
		boss, far, helper := s.Staff(acme, "boss", assigns), s.Staff(acme, "far", assigns), s.Staff(acme, "helper", testworld.Nothing)
		clerk, guest := s.Staff(acme, "clerk", testworld.Role("READ_ONLY")), s.Staff(acme, "guest", testworld.Guest)
		idle, gone := s.Staff(acme, "idle", testworld.Nothing), s.Staff(acme, "gone", testworld.Nothing)
		idler, left := idle.Member(acme.Tenant).ID, gone.Member(acme.Tenant).ID
		s.does(acme.Admin, "setMemberStatus", in{"tenantId": acme.ID, "ids": []string{idler}, "status": "SUSPENDED"})
		s.does(acme.Admin, "removeMembers", in{"tenantId": acme.ID, "ids": []string{left}})
		s.Delegate(acme, nordwind, boss, "READ_ONLY")
		s.Delegate(acme, nordwind, clerk, "PRIME_ADMIN")
		prime, _ := access.SystemRoleByKey("PRIME_ADMIN")
		reads, _ := access.SystemRoleByKey("READ_ONLY")
		all, bosses, others := s.Group(acme, "All", prime.ID), s.Group(acme, "Bosses", reads.ID, boss), s.Group(blue, "Others", reads.ID)
		id := func(p *testworld.Person) string { return p.Member(acme.Tenant).ID }
		row := func(id, role string) any { return in{"memberId": id, "roleKey": role} }
		set := func(members []any, groups ...string) in {
			return in{"tenantId": nordwind.ID, "members": members, "privilegeGroupIds": append([]string{}, groups...)}
		}
		standing := row(id(boss), "READ_ONLY")

		s.then("in a tenant that one does not reach, or that is no tech partner of one's MSP", func(s scene) {
			for _, p := range []*testworld.Person{far, blue.Admin, contoso.Admin, helper} {
				s.refused(p, "setMspDelegations", set([]any{}), "NOT_FOUND at input.tenantId")
			}
			for _, tenant := range []string{elbe.ID, "ten_00000000000000000000000000", "x"} {
				s.refused(acme.Admin, "setMspDelegations", in{"tenantId": tenant, "members": []any{}, "privilegeGroupIds": []any{}}, "NOT_FOUND at input.tenantId")
			}
			for _, tenant := range []string{contoso.ID, acme.ID} {
				s.forbidden(acme.Admin, "setMspDelegations", in{"tenantId": tenant, "members": []any{}, "privilegeGroupIds": []any{}})
			}
			for _, p := range []*testworld.Person{clerk, nordwind.Admin, operator.Admin} {
				s.forbidden(p, "setMspDelegations", set([]any{}))
			}
			s.forbidden(acme.Admin.Entered(nordwind.ID), "setMspDelegations", set([]any{}))
		})
		s.then("of people who are not there, or who are named twice", func(s scene) {
			s.refused(acme.Admin, "setMspDelegations", set([]any{row(id(helper), "READ_ONLY"), row(idler, "READ_ONLY"), row(left, "READ_ONLY"),
				row(blue.Admin.Member(blue.Tenant).ID, "READ_ONLY"), row("x", "READ_ONLY"), row(id(helper), "ADMINISTRATOR")}, all.ID, others.ID, all.ID, "x"),
				"NOT_FOUND at input.members.1", "NOT_FOUND at input.members.2", "NOT_FOUND at input.members.3", "NOT_FOUND at input.members.4", "CONFLICT at input.members.5",
				"NOT_FOUND at input.privilegeGroupIds.1", "CONFLICT at input.privilegeGroupIds.2", "NOT_FOUND at input.privilegeGroupIds.3")
		})
		s.then("of administrators and guests, and with other roles", func(s scene) {
			second := s.Staff(acme, "second", testworld.Administrator)
			s.refused(acme.Admin, "setMspDelegations", set([]any{row(id(second), "READ_ONLY"), row(id(guest), "READ_ONLY"), row(id(helper), "DECISION_MAKER"), row(id(far), "PHONE_MANAGER")}),
				"INVALID at input.members.0", "INVALID at input.members.1", "INVALID at input.members.2", "INVALID at input.members.3")
		})
		s.then("of more than one holds there, by a member or by a group", func(s scene) {
			s.refused(boss, "setMspDelegations", set([]any{standing, row(id(helper), "ADMINISTRATOR"), row(id(far), "GUEST_MANAGER"), row(id(clerk), "PRIME_ADMIN")}, all.ID),
				"ROLE_EXCEEDS_GRANT at input.members.1", "ROLE_EXCEEDS_GRANT at input.members.2", "ROLE_EXCEEDS_GRANT at input.privilegeGroupIds.0")
		})
		s.then("to oneself, or to a group that one is in, unless it stands already", func(s scene) {
			s.refused(boss, "setMspDelegations", set([]any{row(id(boss), "GUEST_MANAGER")}, bosses.ID),
				"SELF_APPROVAL_FORBIDDEN at input.members.0", "SELF_APPROVAL_FORBIDDEN at input.privilegeGroupIds.0")
			s.refused(acme.Admin, "setMspDelegations", set([]any{row(id(acme.Admin), "READ_ONLY")}), "SELF_APPROVAL_FORBIDDEN at input.members.0")
			s.does(acme.Admin, "setMspDelegations", set([]any{standing}, bosses.ID))
			s.repeats(boss, "setMspDelegations", set([]any{standing}, bosses.ID))
			s.must(s.Write.PrivilegeGroup.Update().Where(privilegegroup.ID(bosses.ID)).SetRoleID(prime.ID).Exec(s.System()))
			s.refused(boss, "setMspDelegations", set([]any{standing}, bosses.ID), "SELF_APPROVAL_FORBIDDEN at input.privilegeGroupIds.0")
		})
		s.then("of too many", func(s scene) {
			many, groups := make([]any, 101), make([]string, 101)
			for i := range many {
				many[i], groups[i] = row(id(helper), "READ_ONLY"), all.ID
			}
			s.refused(acme.Admin, "setMspDelegations", set(many), "LIMIT_EXCEEDED at input.members")
			s.refused(acme.Admin, "setMspDelegations", set([]any{}, groups...), "LIMIT_EXCEEDED at input.privilegeGroupIds")
		})
		s.then("given back oneself, one reaches it no more", func(s scene) {
			s.does(boss, "setMspDelegations", set([]any{}))
			s.is("reached", reaches(boss, nordwind.ID), false)
		})
		s.then("one that ran out is given anew", func(s scene) {
			s.does(acme.Admin, "setMspDelegations", set([]any{standing}))
			_, err := s.DB.Write.Exec("UPDATE assignments SET ends_at=starts_at WHERE open_key IS NOT NULL")
			s.must(err)
			s.is("reached", reaches(boss, nordwind.ID), false)
			s.does(acme.Admin, "setMspDelegations", set([]any{standing}))
			s.is("reached", reaches(boss, nordwind.ID), true)
		})
	})
}
