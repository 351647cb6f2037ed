package graph_test

import (
	"testing"

	"mandate/ent/relationship"
	"mandate/internal/access"
	"mandate/internal/testworld"
)

// TestAdministratorsAreMadeByAdministrators: the flag is more than the levels that come with it. Whoever holds all levels
// by a role neither takes nor gives it, nor takes it away.
func TestAdministratorsAreMadeByAdministrators(t *testing.T) {
	eachScene(t, func(s scene) {
		for kind, company := range map[string]*testworld.Company{"customer": s.Customer("Contoso"), "partner": s.NewPartner("Acme"), "operator": s.Operator()} {
			member := func(who string, grant testworld.Grant) (*testworld.Person, string) {
				p := s.Staff(company, kind+" "+who, grant)
				return p, p.Member(company.Tenant).ID
			}
			_, boss := member("boss", testworld.Administrator) // beside the first one
			_, clerk := member("clerk", testworld.Role("READ_ONLY"))
			added := in{"tenantId": company.ID, "members": []in{newMember(1, in{"email": kind + ".new@example.com", "roleKey": nil, "administrator": true})}}
			for _, role := range []string{"PRIME_ADMIN", "DECISION_MAKER"} {
				s.then("in a "+kind+" tenant, not by a "+role, func(s scene) {
					p, self := member(role, testworld.Role(access.RoleKey(role)))
					s.refused(p, "changeRole", in{"memberId": self, "administrator": true}, "SELF_APPROVAL_FORBIDDEN at input.memberId")
					s.refused(p, "changeRole", in{"memberId": clerk, "administrator": true}, "ROLE_EXCEEDS_GRANT at input.administrator")
					s.refused(p, "addMembers", added, "ROLE_EXCEEDS_GRANT at input.members.0.administrator")
					s.refused(p, "changeRole", in{"memberId": boss, "roleKey": "READ_ONLY"}, "ROLE_EXCEEDS_GRANT at input.memberId")
					s.does(p, "changeRole", in{"memberId": clerk, "roleKey": role}) // the levels are theirs to give
				})
			}
			s.then("in a "+kind+" tenant, by an administrator", func(s scene) {
				s.does(company.Admin, "addMembers", added)
				s.does(company.Admin, "changeRole", in{"memberId": clerk, "administrator": true})
				s.does(company.Admin, "changeRole", in{"memberId": boss, "roleKey": "READ_ONLY"})
			})
		}
	})
}

// TestPartnersAndTheirCustomersAdministrators: a designated partner leaves them alone, however high its ceiling is; a
// partner of record with everything appoints and dismisses them.
func TestPartnersAndTheirCustomersAdministrators(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso, fabrikam := s.NewPartner("Acme"), s.Customer("Contoso"), s.Customer("Fabrikam")
		s.connected(acme, contoso, "PRIME_ADMIN")
		s.Connect(acme, fabrikam, "PRIME_ADMIN", relationship.KindPartnerOfRecord)
		assigned := s.Staff(acme, "assigned", testworld.Nothing)
		s.does(acme.Admin, "assign", in{"granteeId": assigned.Member(acme.Tenant).ID, "tenantId": contoso.ID, "roleKey": "PRIME_ADMIN"})
		second := func(c *testworld.Company) string {
			return s.Staff(c, "second of "+c.SortName, testworld.Administrator).Member(c.Tenant).ID
		}

		s.then("the designated partner's people dismiss none", func(s scene) {
			boss := second(contoso)
			for _, p := range []*testworld.Person{acme.Admin, assigned} {
				for _, role := range []string{"READ_ONLY", "DECISION_MAKER"} {
					s.refused(p, "changeRole", in{"memberId": boss, "roleKey": role}, "ROLE_EXCEEDS_GRANT at input.memberId")
				}
			}
		})
		s.then("the partner of record dismisses and appoints, and leaves the last one", func(s scene) {
			boss := second(fabrikam)
			s.does(acme.Admin, "changeRole", in{"memberId": boss, "roleKey": "READ_ONLY"})
			s.refused(acme.Admin, "changeRole", in{"memberId": fabrikam.Admin.Member(fabrikam.Tenant).ID, "roleKey": "READ_ONLY"},
				"LAST_ADMINISTRATOR at input.memberId")
			s.does(acme.Admin, "changeRole", in{"memberId": boss, "administrator": true})
		})
	})
}
