package graph_test

import (
	"testing"

	"mandate/internal/access"
	"mandate/internal/testworld"
)

// TestEntriesEndWithTheLastPath: a session that entered a tenant lives as long as some path leads there, and no longer. A path
// that is given back later revives nothing.
func TestEntriesEndWithTheLastPath(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso := s.NewPartner("Acme"), s.Customer("Contoso")
		s.Manages(acme, contoso)
		staff, second := s.Staff(acme, "staff", testworld.Nothing), s.Staff(acme, "second", testworld.Administrator)
		enter := func(p *testworld.Person) *testworld.Person {
			return s.Bearer(s.does(p, "enterTenant", in{"tenantId": contoso.ID}).String("enterTenant.token"))
		}
		lives := func(why string, p *testworld.Person, want bool) {
			s.Helper()
			if got := p.Do(`{ viewer { email } }`, nil).Status == 200; got != want {
				s.Errorf("%s: the session lives: %v", why, got)
			}
		}
		assignment := s.Assign(acme, contoso, staff, access.ReadOnly)
		group := s.does(acme.Admin, "createPrivilegeGroup", in{"tenantId": acme.ID, "name": "Shift", "scope": "ALL_CUSTOMERS", "roleKey": "READ_ONLY",
			"memberIds": placesOf(acme, staff)}).String("createPrivilegeGroup.privilegeGroup.id")

		entered, other := enter(staff), enter(second)
		s.does(acme.Admin, "revokeAssignments", in{"ids": []string{assignment.ID}})
		lives("the group leads there still", entered, true)
		s.does(acme.Admin, "deletePrivilegeGroup", in{"id": group})
		lives("nothing leads there", entered, false)
		again := in{"granteeId": staff.Member(acme.Tenant).ID, "tenantId": contoso.ID, "roleKey": "READ_ONLY"}
		s.does(acme.Admin, "assign", again)
		lives("the way there is new", entered, false)
		lives("somebody else's way was there all the time", other, true)

		entered = enter(staff)
		again["accessPeriod"] = in{"days": 7, "startsAt": s.Now().AddDate(0, 0, 1)}
		s.does(acme.Admin, "assign", again)
		lives("the way there begins tomorrow", entered, false)

		s.does(acme.Admin, "changeRole", in{"memberId": second.Member(acme.Tenant).ID, "roleKey": "READ_ONLY"})
		lives("no administrator any more", other, false)
		s.does(acme.Admin, "changeRole", in{"memberId": second.Member(acme.Tenant).ID, "administrator": true})
		lives("an administrator again", other, false)
		other = enter(second)
		s.does(acme.Admin, "updateMembers", in{"tenantId": acme.ID, "members": []in{{"id": second.Member(acme.Tenant).ID, "roleKey": "READ_ONLY"}}})
		lives("no administrator any more, by an edit", other, false)
	})
}
