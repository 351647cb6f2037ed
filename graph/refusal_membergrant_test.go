package graph_test

import (
	"maps"
	"testing"

	"mandate/ent/relationship"
	"mandate/internal/testworld"
)

// TestMoreThanOneMayGive: levels, flag and sites, to others or to oneself, by every operation that gives any.
func TestMoreThanOneMayGive(t *testing.T) {
	eachScene(t, func(s scene) {
		contoso, acme, globex, fabrikam := s.Customer("Contoso"), s.NewPartner("Acme"), s.NewPartner("Globex"), s.Customer("Fabrikam")
		s.Connect(acme, contoso, "PRIME_ADMIN", relationship.KindCustomerDesignated)
		s.Connect(globex, fabrikam, "PRIME_ADMIN", relationship.KindPartnerOfRecord)
		staff, low := s.Staff(contoso, "staff", testworld.Role("ADMINISTRATOR")), s.Staff(contoso, "low", testworld.Nothing).Member(contoso.Tenant).ID
		change := func(id string, changed in) in {
			changed["id"] = id
			return in{"tenantId": contoso.ID, "members": []in{changed}}
		}
		more := map[string]in{
			"roleKey":       {"roleKey": "PRIME_ADMIN"},
			"administrator": {"administrator": true},
			"permissions":   {"permissions": catalogueLevels("PARTNERS", "MANAGE")},
		}

		s.then("to others", func(s scene) {
			for field, changed := range more {
				s.refused(staff, "updateMembers", change(low, maps.Clone(changed)), "ROLE_EXCEEDS_GRANT at input.members.0."+field)
			}
			s.refused(staff, "updateMembers", change(low, in{"roleId": s.CustomRole(contoso.Tenant, "More", map[feature]accessLevel{"ASSIGNMENTS": manage}).ID}),
				"ROLE_EXCEEDS_GRANT at input.members.0.roleId")
			s.does(staff, "updateMembers", change(low, in{"roleKey": "ADMINISTRATOR"}))
			s.does(staff, "updateMembers", change(low, in{"permissions": catalogueLevels()}))
		})
		s.then("the flag, which is more than all levels", func(s scene) {
			prime := s.Staff(contoso, "prime", testworld.Role("PRIME_ADMIN"))
			s.refused(prime, "updateMembers", change(low, in{"administrator": true}), "ROLE_EXCEEDS_GRANT at input.members.0.administrator")
			s.refused(prime, "addMembers", in{"tenantId": contoso.ID, "members": []in{newMember(1, in{"roleKey": nil, "administrator": true})}},
				"ROLE_EXCEEDS_GRANT at input.members.0.administrator")
			s.refused(prime, "changeRole", in{"memberId": low, "administrator": true}, "ROLE_EXCEEDS_GRANT at input.administrator")
			s.does(prime, "updateMembers", change(low, in{"roleKey": "PRIME_ADMIN"}))
			s.does(contoso.Admin, "updateMembers", change(low, in{"permissions": catalogueLevels()}))
		})
		s.then("to oneself, though lowering oneself is one's own affair", func(s scene) {
			own := staff.Member(contoso.Tenant).ID
			for field, changed := range more {
				s.refused(staff, "updateMembers", change(own, maps.Clone(changed)), "SELF_APPROVAL_FORBIDDEN at input.members.0."+field)
			}
			s.does(staff, "updateMembers", change(own, in{"roleKey": "ADMINISTRATOR", "label": "Same"}))
			a := s.does(staff, "updateMembers", change(own, in{"permissions": catalogueLevels("USERS", "MANAGE", "ROLES", "MANAGE")}))
			s.is("version", a.At("updateMembers.members.0.version"), 3.)
			s.refused(staff, "updateMembers", change(own, in{"permissions": catalogueLevels("USERS", "MANAGE", "ROLES", "MANAGE", "orders", "VIEW")}), "SELF_APPROVAL_FORBIDDEN at input.members.0.permissions")
			s.refused(staff, "updateMembers", change(low, in{"permissions": catalogueLevels("orders", "VIEW")}), "ROLE_EXCEEDS_GRANT at input.members.0.permissions")
		})
		s.then("to oneself by another way there", func(s scene) {
			acme.Admin.Join(contoso.Tenant, testworld.Nothing)
			own := acme.Admin.Member(contoso.Tenant).ID
			s.refused(acme.Admin, "updateMembers", change(own, in{"permissions": catalogueLevels("orders", "VIEW")}), "SELF_APPROVAL_FORBIDDEN at input.members.0.permissions")
			s.refused(acme.Admin, "changeRole", in{"memberId": own, "roleKey": "READ_ONLY"}, "SELF_APPROVAL_FORBIDDEN at input.memberId")
			s.refused(globex.Admin, "addMembers", in{"tenantId": fabrikam.ID, "members": []in{newMember(1, in{"email": "Globex@example.com"})}},
				"SELF_APPROVAL_FORBIDDEN at input.members.0.email")
		})
		s.then("access that lasts, by a partner that the customer chose; the partner of record gives it", func(s scene) {
			other := s.Staff(fabrikam, "other", testworld.Nothing).Member(fabrikam.Tenant).ID
			for _, lasting := range []in{
				{"roleKey": "ADMINISTRATOR"}, {"administrator": true}, {"permissions": catalogueLevels("USERS", "MANAGE")}, {"permissions": catalogueLevels("ROLES", "MANAGE")},
				{"permissions": catalogueLevels("PARTNERS", "MANAGE")}, {"permissions": catalogueLevels("ASSIGNMENTS", "MANAGE")}, {"permissions": catalogueLevels("TOKENS", "MANAGE")},
			} {
				field := "permissions"
				for _, name := range []string{"roleKey", "administrator"} {
					if lasting[name] != nil {
						field = name
					}
				}
				s.refused(acme.Admin, "updateMembers", change(low, maps.Clone(lasting)), "ROLE_EXCEEDS_GRANT at input.members.0."+field)
				newcomer := in{"roleKey": nil}
				maps.Copy(newcomer, lasting)
				s.refused(acme.Admin, "addMembers", in{"tenantId": contoso.ID, "members": []in{newMember(1, newcomer)}}, "ROLE_EXCEEDS_GRANT at input.members.0."+field)
				lasting["id"] = other
				s.does(globex.Admin, "updateMembers", in{"tenantId": fabrikam.ID, "members": []in{lasting}})
			}
			s.does(acme.Admin, "updateMembers", change(low, in{"permissions": catalogueLevels("USERS", "VIEW", "SITES", "MANAGE", "orders", "MANAGE")}))
			agent := s.Staff(globex, "agent", testworld.Nothing)
			s.Assign(globex, fabrikam, agent, "ADMINISTRATOR")
			another := s.Staff(fabrikam, "another", testworld.Nothing).Member(fabrikam.Tenant).ID
			theirs := func(changed in) in {
				changed["id"] = another
				return in{"tenantId": fabrikam.ID, "members": []in{changed}}
			}
			s.refused(agent, "updateMembers", theirs(in{"roleKey": "PRIME_ADMIN"}), "ROLE_EXCEEDS_GRANT at input.members.0.roleKey")
			s.refused(agent, "updateMembers", theirs(in{"administrator": true}), "ROLE_EXCEEDS_GRANT at input.members.0.administrator")
			s.does(agent, "updateMembers", theirs(in{"roleKey": "ADMINISTRATOR"}))
			s.refused(acme.Admin, "updateMembers", change(contoso.Admin.Member(contoso.Tenant).ID, in{"label": "Boss"}), "ROLE_EXCEEDS_GRANT at input.members.0.id")
		})
		s.then("sites that the giver does not see", func(s scene) {
			kiel, bonn := s.site(contoso, "K-1"), s.site(contoso, "B-2")
			limited := s.Staff(contoso, "limited", testworld.Role("DECISION_MAKER"))
			own := limited.Member(contoso.Tenant).ID
			s.does(contoso.Admin, "updateMembers", change(own, in{"siteIds": []string{kiel}}))
			add := func(changed in) in { return in{"tenantId": contoso.ID, "members": []in{newMember(1, changed)}} }
			s.refused(limited, "addMembers", add(nil), "ROLE_EXCEEDS_GRANT at input.members.0.allSites")
			s.refused(limited, "addMembers", add(in{"allSites": false, "siteIds": []string{kiel, bonn}}), "NOT_FOUND at input.members.0.siteIds.1")
			s.refused(limited, "updateMembers", change(low, in{"siteIds": []string{kiel}}), "ROLE_EXCEEDS_GRANT at input.members.0.siteIds") // who sees all of them
			s.does(contoso.Admin, "updateMembers", change(low, in{"siteIds": []string{kiel, bonn}}))
			s.refused(limited, "updateMembers", change(low, in{"siteIds": []string{kiel}}), "ROLE_EXCEEDS_GRANT at input.members.0.siteIds")
			s.does(contoso.Admin, "updateMembers", change(low, in{"siteIds": []string{kiel}}))
			s.refused(limited, "updateMembers", change(low, in{"allSites": true}), "ROLE_EXCEEDS_GRANT at input.members.0.allSites")
			s.refused(limited, "updateMembers", change(low, in{"siteIds": []string{bonn}}), "NOT_FOUND at input.members.0.siteIds.0")
			s.refused(limited, "updateMembers", change(own, in{"allSites": true}), "ROLE_EXCEEDS_GRANT at input.members.0.allSites")
			s.does(limited, "addMembers", add(in{"allSites": false, "siteIds": []string{kiel}}))
			s.is("sites", numberedSites(limited, contoso.ID), "1: K-1")
		})
		s.then("sites to oneself, by another way there", func(s scene) {
			own := acme.Admin.Member(contoso.Tenant).ID
			s.does(contoso.Admin, "updateMembers", change(own, in{"siteIds": []string{s.site(contoso, "O-1")}}))
			s.refused(acme.Admin, "updateMembers", change(own, in{"allSites": true}), "SELF_APPROVAL_FORBIDDEN at input.members.0.allSites")
			s.refused(acme.Admin, "updateMembers", change(own, in{"siteIds": []string{s.site(contoso, "O-2")}}), "SELF_APPROVAL_FORBIDDEN at input.members.0.siteIds")
		})
	})
}

// TestTheLastAdministratorOfATenant stays, whatever is asked, for one or for several at once.
func TestTheLastAdministratorOfATenant(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso := s.NewPartner("Acme"), s.Customer("Contoso")
		s.Connect(acme, contoso, "PRIME_ADMIN", relationship.KindPartnerOfRecord)
		one := contoso.Admin.Member(contoso.Tenant).ID
		two := s.Staff(contoso, "two", testworld.Administrator).Member(contoso.Tenant).ID
		low := s.Staff(contoso, "low", testworld.Nothing).Member(contoso.Tenant).ID
		ids := func(ids ...string) in { return in{"tenantId": contoso.ID, "ids": ids} }
		suspend := func(ids ...string) in { return in{"tenantId": contoso.ID, "ids": ids, "status": "SUSPENDED"} }
		change := func(rows ...in) in { return in{"tenantId": contoso.ID, "members": rows} }
		demoted := func(id string) in { return in{"id": id, "administrator": false, "roleKey": "PRIME_ADMIN"} }

		s.then("both at once do not go", func(s scene) {
			for _, p := range []*testworld.Person{contoso.Admin, acme.Admin} {
				s.refused(p, "removeMembers", ids(one, low, two), "LAST_ADMINISTRATOR at input.ids.0", "LAST_ADMINISTRATOR at input.ids.2")
				s.refused(p, "setMemberStatus", suspend(one, low, two), "LAST_ADMINISTRATOR at input.ids.0", "LAST_ADMINISTRATOR at input.ids.2")
				s.refused(p, "updateMembers", change(demoted(one), in{"id": low, "label": "Low"}, demoted(two)),
					"LAST_ADMINISTRATOR at input.members.0.administrator", "LAST_ADMINISTRATOR at input.members.2.administrator")
			}
			dry := ids(one, two)
			dry["dryRun"] = true
			s.refused(contoso.Admin, "removeMembers", dry, "LAST_ADMINISTRATOR at input.ids.0", "LAST_ADMINISTRATOR at input.ids.1")
		})
		s.then("one steps down, and the other stays", func(s scene) {
			s.does(contoso.Admin, "updateMembers", change(demoted(two)))
			s.refused(contoso.Admin, "updateMembers", change(demoted(one)), "LAST_ADMINISTRATOR at input.members.0.administrator")
			s.refused(contoso.Admin, "removeMembers", ids(one), "LAST_ADMINISTRATOR at input.ids.0")
			s.refused(contoso.Admin, "setMemberStatus", suspend(one), "LAST_ADMINISTRATOR at input.ids.0")
			s.refused(acme.Admin, "changeRole", in{"memberId": one, "roleKey": "READ_ONLY"}, "LAST_ADMINISTRATOR at input.memberId")
		})
		s.then("a suspended one does not count, and one who waits neither", func(s scene) {
			s.does(contoso.Admin, "updateMembers", change(in{"id": two, "administrator": true}))
			s.does(contoso.Admin, "setMemberStatus", suspend(two))
			s.refused(contoso.Admin, "setMemberStatus", suspend(one), "LAST_ADMINISTRATOR at input.ids.0")
			s.refused(contoso.Admin, "removeMembers", ids(two, one), "LAST_ADMINISTRATOR at input.ids.1")
			s.refused(contoso.Admin, "updateMembers", change(demoted(one)), "LAST_ADMINISTRATOR at input.members.0.administrator")
			s.does(contoso.Admin, "updateMembers", change(demoted(two))) // who leaves nobody without one
		})
		s.then("in one call two change places", func(s scene) {
			s.does(contoso.Admin, "updateMembers", change(demoted(one), in{"id": low, "administrator": true}))
			s.refused(acme.Admin, "removeMembers", ids(low), "LAST_ADMINISTRATOR at input.ids.0")
			s.does(acme.Admin, "updateMembers", change(in{"id": one, "administrator": true}, demoted(low)))
		})
	})
}

// TestNobodyShowsSitesThatTheyDoNotSee: a role that shows sites gives away which ones.
func TestNobodyShowsSitesThatTheyDoNotSee(t *testing.T) {
	eachScene(t, func(s scene) {
		contoso := s.Customer("Contoso")
		one := s.Site(contoso.Tenant, "One")
		s.Site(contoso.Tenant, "Two")
		limited := s.Staff(contoso, "limited", testworld.Role("ADMINISTRATOR")).Listed(contoso.Tenant, one)
		clerk := s.Staff(contoso, "clerk", testworld.Role("GUEST_MANAGER")).Member(contoso.Tenant)
		change := in{"id": clerk.ID, "roleKey": "READ_ONLY"}
		update := in{"tenantId": contoso.ID, "members": []in{change}}

		s.refused(limited, "changeRole", in{"memberId": clerk.ID, "roleKey": "READ_ONLY"}, "ROLE_EXCEEDS_GRANT at input.roleKey")
		s.refused(limited, "updateMembers", update, "ROLE_EXCEEDS_GRANT at input.members.0.allSites")
	})
}
