package graph_test

import (
	"testing"

	"mandate/internal/testworld"
)

// TestRolesThatStayAreNotWritten: who is given what they have, and what is called and holds what it did, is left alone.
func TestRolesThatStayAreNotWritten(t *testing.T) {
	eachScene(t, func(s scene) {
		contoso := s.Customer("Contoso")
		desk := s.CustomRole(contoso.Tenant, "Desk", map[feature]accessLevel{"TENANT": view, "SITES": manage})
		clerk := s.Staff(contoso, "clerk", testworld.Custom(desk)).Member(contoso.Tenant).ID
		second := s.Staff(contoso, "second", testworld.Administrator).Member(contoso.Tenant).ID

		s.then("a role", func(s scene) {
			a := s.repeats(contoso.Admin, "updateRole", in{"id": desk.ID, "name": " Desk", "permissions": levels("SITES", "MANAGE", "TENANT", "VIEW", "USERS", "NONE")})
			s.is("name", a.At("updateRole.role.name"), any("Desk"))
			s.repeats(contoso.Admin, "updateRole", in{"id": desk.ID})
			s.does(contoso.Admin, "updateRole", in{"id": desk.ID, "permissions": levels("SITES", "MANAGE")})
			s.is("levels", s.read("SELECT feature, level FROM role_permissions WHERE role_id='"+desk.ID+"'"), []string{"SITES | 2"})
			s.does(contoso.Admin, "updateRole", in{"id": desk.ID, "name": "Counter"})
			s.is("levels", s.read("SELECT feature, level FROM role_permissions WHERE role_id='"+desk.ID+"'"), []string{"SITES | 2"})
		})
		s.then("a member's role, and being an administrator", func(s scene) {
			a := s.repeats(contoso.Admin, "changeRole", in{"memberId": clerk, "roleId": desk.ID})
			s.is("member", a.At("changeRole.member.id"), any(clerk))
			s.repeats(contoso.Admin, "changeRole", in{"memberId": second, "administrator": true})
			s.does(contoso.Admin, "changeRole", in{"memberId": clerk, "roleKey": "READ_ONLY"})
		})
	})
}
