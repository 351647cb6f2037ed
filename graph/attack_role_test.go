package graph_test

import (
	"testing"

	"mandate/ent/relationship"
	"mandate/internal/testworld"
)

// levels writes the permissions of a role for a mutation: pairs of a feature and a level.
func levels(pairs ...string) []in {
	list := []in{}
	for i := 0; i < len(pairs); i += 2 {
		list = append(list, in{"feature": pairs[i], "level": pairs[i+1]})
	}
	return list
}

// TestRolePeopleActBy: raising a partner's role by which somebody works in a customer is assigning, and nobody assigns
// themselves.
func TestRolePeopleActBy(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso := s.NewPartner("Acme"), s.Customer("Contoso")
		s.connected(acme, contoso, "ADMINISTRATOR")
		field := s.CustomRole(acme.Tenant, "Field", map[feature]accessLevel{"TENANT": view})
		helper := s.Staff(acme, "helper", testworld.Role("PRIME_ADMIN"))
		assignment := s.does(acme.Admin, "assign", in{"granteeId": helper.Member(acme.Tenant).ID, "tenantId": contoso.ID, "roleId": field.ID}).
			String("assign.assignment.id")
		other := s.Staff(acme, "other", testworld.Role("PRIME_ADMIN"))
		raised := in{"id": field.ID, "permissions": levels("TENANT", "MANAGE", "PARTNERS", "MANAGE")}

		s.then("staff who are no administrator do not raise it", func(s scene) {
			s.refused(other, "updateRole", raised, "ROLE_EXCEEDS_GRANT at input.permissions")
		})
		s.then("whoever works by it does not raise it either", func(s scene) {
			s.refused(helper, "updateRole", raised, "SELF_APPROVAL_FORBIDDEN at input.permissions")
			s.is("tenant", level(s, helper, contoso.ID, "TENANT"), "VIEW")
		})
		s.then("both may rename and lower it", func(s scene) {
			s.does(other, "updateRole", in{"id": field.ID, "name": "Field work"})
			s.does(helper, "updateRole", in{"id": field.ID, "permissions": levels()})
			s.is("tenant", level(s, helper, contoso.ID, "TENANT"), "NONE")
		})
		s.then("the partner's administrator raises it, up to the ceiling", func(s scene) {
			s.does(acme.Admin, "updateRole", raised)
			s.is("tenant", level(s, helper, contoso.ID, "TENANT"), "MANAGE")
			s.is("partners", level(s, helper, contoso.ID, "PARTNERS"), "VIEW")
		})
		s.then("once nobody works by it, it is a role like any other", func(s scene) {
			s.does(acme.Admin, "revokeAssignments", in{"ids": []string{assignment}})
			s.does(other, "updateRole", in{"id": field.ID, "permissions": levels("TENANT", "MANAGE", "SITES", "MANAGE")})
		})
	})
}

// TestOnesOwnRoleIsNotRaised: whatever else somebody holds, the role of their own membership they leave or lower.
func TestOnesOwnRoleIsNotRaised(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso := s.NewPartner("Acme"), s.Customer("Contoso")
		id := s.connected(acme, contoso, "PRIME_ADMIN")
		keeping := s.CustomRole(contoso.Tenant, "Keeping", map[feature]accessLevel{"ROLES": manage, "TENANT": view})
		desk := s.CustomRole(contoso.Tenant, "Desk", map[feature]accessLevel{"TENANT": view})
		keeper := s.Staff(contoso, "keeper", testworld.Custom(keeping))
		s.must(s.Write.MemberPermission.Create().SetTenantID(contoso.ID).SetMemberID(keeper.Member(contoso.Tenant).ID).
			SetFeature("SITES").SetLevel(view).Exec(s.System()))
		both := s.Staff(acme, "both", testworld.Administrator).Join(contoso.Tenant, testworld.Custom(desk))

		s.then("not by a member, to what they hold besides it", func(s scene) {
			s.refused(keeper, "updateRole", in{"id": keeping.ID, "permissions": levels("ROLES", "MANAGE", "TENANT", "VIEW", "SITES", "VIEW")},
				"SELF_APPROVAL_FORBIDDEN at input.permissions")
		})
		s.then("not by a member who is the administrator of the designated partner", func(s scene) {
			raised := in{"id": desk.ID, "permissions": levels("TENANT", "VIEW", "SITES", "MANAGE")}
			s.refused(both, "updateRole", raised, "SELF_APPROVAL_FORBIDDEN at input.permissions")
			s.does(acme.Admin, "updateRole", raised) // who is no member
		})
		s.then("lowering works", func(s scene) {
			s.does(keeper, "updateRole", in{"id": keeping.ID, "permissions": levels("ROLES", "MANAGE")})
			s.does(both, "updateRole", in{"id": desk.ID, "permissions": levels("TENANT", "VIEW")})
			s.is("sites, by the own membership", s.read("SELECT feature FROM role_permissions WHERE role_id='"+desk.ID+"'"), []string{"TENANT"})
		})
		s.then("not by a member who is the administrator of the partner of record", func(s scene) {
			s.does(contoso.Admin, "terminateRelationship", in{"id": id})
			s.Connect(acme, contoso, "PRIME_ADMIN", relationship.KindPartnerOfRecord)
			raised := in{"id": desk.ID, "permissions": levels("TENANT", "VIEW", "USERS", "MANAGE")}
			s.refused(both, "updateRole", raised, "SELF_APPROVAL_FORBIDDEN at input.permissions")
			s.does(acme.Admin, "updateRole", raised)
		})
	})
}

// TestCeilingIsRaisedToWhatOneHolds: whoever decides about partners raises a partner's ceiling to what their own
// membership gives, and not to what they hold as the partner's staff.
func TestCeilingIsRaisedToWhatOneHolds(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso := s.NewPartner("Acme"), s.Customer("Contoso")
		ceiling := s.does(contoso.Admin, "createRole", in{"tenantId": contoso.ID, "name": "Ceiling", "permissions": levels("SITES", "MANAGE")}).
			String("createRole.role.id")
		offered := s.does(contoso.Admin, "invitePartner", in{"code": acme.Partner.Code, "roleId": ceiling}).String("invitePartner.invitation.id")
		deciding := s.CustomRole(contoso.Tenant, "Deciding", map[feature]accessLevel{"ROLES": manage, "PARTNERS": manage, "TENANT": view})
		decider := s.Staff(contoso, "decider", testworld.Custom(deciding)).Join(acme.Tenant, testworld.Administrator)
		more := in{"id": ceiling, "permissions": levels("SITES", "MANAGE", "TENANT", "VIEW")}

		s.does(acme.Admin, "acceptInvitation", in{"id": offered})
		s.is("sites", level(s, decider, contoso.ID, "SITES"), "MANAGE")
		s.refused(decider, "updateRole", more, "ROLE_EXCEEDS_GRANT at input.permissions")
		s.does(contoso.Admin, "updateRole", more)
		s.is("tenant", level(s, acme.Admin, contoso.ID, "TENANT"), "VIEW")
		s.does(decider, "updateRole", in{"id": ceiling, "permissions": levels("SITES", "VIEW")})
		s.does(decider, "updateRole", in{"id": ceiling, "permissions": levels("ROLES", "VIEW")})
		s.is("roles", level(s, acme.Admin, contoso.ID, "ROLES"), "VIEW")
	})
}

// TestPartnerOfRecordIsLimitedBySystemRoles: a role of the customer's own could be emptied under it.
func TestPartnerOfRecordIsLimitedBySystemRoles(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso, fabrikam := s.NewPartner("Acme"), s.Customer("Contoso"), s.Customer("Fabrikam")
		ofRecord := s.Connect(acme, contoso, "ADMINISTRATOR", relationship.KindPartnerOfRecord).ID
		custom := s.CustomRole(contoso.Tenant, "Custom", map[feature]accessLevel{"TENANT": view})
		for name, p := range map[string]*testworld.Person{"the customer": contoso.Admin, "the partner": acme.Admin} {
			s.then(name+" neither narrows nor widens it to a custom role", func(s scene) {
				for _, mutation := range []string{"narrowRelationship", "widenRelationship"} {
					s.refused(p, mutation, in{"id": ofRecord, "roleId": custom.ID}, "INVALID at input.roleId")
				}
			})
		}
		s.then("a designated partner can be limited by one", func(s scene) {
			designated := s.connected(acme, fabrikam, "ADMINISTRATOR")
			custom := s.CustomRole(fabrikam.Tenant, "Custom", map[feature]accessLevel{"TENANT": view})
			s.does(fabrikam.Admin, "narrowRelationship", in{"id": designated, "roleId": custom.ID})
			s.is("sites", level(s, acme.Admin, fabrikam.ID, "SITES"), "NONE")
		})
	})
}
