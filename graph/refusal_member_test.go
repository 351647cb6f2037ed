package graph_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"mandate/internal/testworld"
)

// newMember is the input for a member who is complete, with some fields changed.
func newMember(n int, changed in) in {
	m := in{"userId": fmt.Sprint("user", n), "label": fmt.Sprint("User ", n), "firstName": "New", "lastName": fmt.Sprint("Person ", n),
		"email": fmt.Sprint("new", n, "@example.com"), "phone": "+49 431 1234567", "roleKey": "READ_ONLY"}
	maps.Copy(m, changed)
	return m
}

func TestMembersThatCannotBeAdded(t *testing.T) {
	eachScene(t, func(s scene) {
		contoso, fabrikam := s.Customer("Contoso"), s.Customer("Fabrikam")
		here, there := s.site(contoso, "K-1"), s.site(fabrikam, "F-1")
		s.Staff(contoso, "clerk", testworld.Role("ADMINISTRATOR"))
		limited := s.Staff(contoso, "limited", testworld.Custom(s.CustomRole(contoso.Tenant, "Limited",
			map[feature]accessLevel{"USERS": manage, "ROLES": manage, "tickets": view})))
		levels := func(changed map[string]any) []in {
			var list []in
			for _, key := range s.Catalogue() {
				level, named := changed[key]
				switch {
				case named && level == "absent":
				case named:
					list = append(list, in{"feature": key, "level": level})
				case len(key) > 4 && key[:4] == "sso.":
				default:
					list = append(list, in{"feature": key, "level": "VIEW"})
				}
			}
			return list
		}
		sso := levels(map[string]any{"sso.fortinet": nil})
		ssoAt := -1
		for i, p := range sso {
			if p["feature"] == "sso.fortinet" {
				ssoAt = i
			}
		}
		for _, c := range []struct {
			outcome string
			changed in
			rule    string
		}{
			{"a phone without country code", in{"phone": "0431 1234567"}, "PHONE_COUNTRY_CODE_REQUIRED at input.members.1.phone"},
			{"no phone", in{"phone": ""}, "PHONE_COUNTRY_CODE_REQUIRED at input.members.1.phone"},
			{"a phone that is none", in{"phone": "+49 call me"}, "INVALID at input.members.1.phone"},
			{"no address", in{"email": "nowhere"}, "INVALID at input.members.1.email"},
			{"no User ID", in{"userId": " "}, "REQUIRED at input.members.1.userId"},
			{"a label that cannot be shown", in{"label": "a\u202eb"}, "INVALID at input.members.1.label"},
			{"somebody named twice", in{"email": "New0@example.com"}, "ALREADY_MEMBER at input.members.1.email"},
			{"a User ID named twice", in{"userId": "user0"}, "CONFLICT at input.members.1.userId"},
			{"somebody who is a member", in{"email": "clerk@example.com"}, "ALREADY_MEMBER at input.members.1.email"},
			{"a User ID that is taken", in{"userId": "clerk"}, "CONFLICT at input.members.1.userId"},
			{"oneself", in{"email": "contoso@example.com"}, "SELF_APPROVAL_FORBIDDEN at input.members.1.email"},
			{"an administrator with a role", in{"administrator": true}, "INVALID at input.members.1.administrator"},
			{"a guest as administrator", in{"administrator": true, "roleKey": nil, "guest": true}, "INVALID at input.members.1.administrator"},
			{"a feature without a level", in{"roleKey": nil, "permissions": levels(map[string]any{"orders": "absent"})},
				"PERMISSION_REQUIRED_FOR_EACH_FEATURE at input.members.1.permissions"},
			{"no levels at all", in{"roleKey": nil}, "PERMISSION_REQUIRED_FOR_EACH_FEATURE at input.members.1.permissions"},
			{"single sign-on without a level", in{"roleKey": nil, "permissions": sso},
				fmt.Sprintf("SSO_LEVEL_REQUIRED at input.members.1.permissions.%d.level", ssoAt)},
			{"a feature that is none", in{"permissions": []in{{"feature": "teapots", "level": "VIEW"}}}, "INVALID at input.members.1.permissions.0.feature"},
			{"a feature named twice", in{"permissions": []in{{"feature": "orders", "level": "VIEW"}, {"feature": "orders", "level": "NONE"}}},
				"INVALID at input.members.1.permissions.1.feature"},
			{"a role of nobody's", in{"roleKey": nil, "roleId": "rol_x"}, "NOT_FOUND at input.members.1.roleId"},
			{"two roles", in{"roleId": "rol_x"}, "INVALID at input.members.1.roleId"},
			{"another tenant's role", in{"roleKey": nil, "roleId": s.CustomRole(fabrikam.Tenant, "Foreign", nil).ID}, "NOT_FOUND at input.members.1.roleId"},
			{"a User ID that is taken, in other letters", in{"userId": "ＣＬＥＲＫ"}, "CONFLICT at input.members.1.userId"},
			{"an administrator with levels", in{"administrator": true, "roleKey": nil, "permissions": []in{{"feature": "orders", "level": "VIEW"}}},
				"INVALID at input.members.1.administrator"},
			{"a level that is none", in{"permissions": []in{{"feature": "orders"}}}, "REQUIRED at input.members.1.permissions.0.level"},
			{"a User ID of 101 characters", in{"userId": strings.Repeat("x", 101)}, "TOO_LONG at input.members.1.userId"},
			{"all sites and some", in{"siteIds": []string{here}}, "INVALID at input.members.1.siteIds"},
			{"not all sites, and none", in{"allSites": false}, "REQUIRED at input.members.1.siteIds"},
			{"101 sites", in{"allSites": false, "siteIds": make([]string, 101)}, "LIMIT_EXCEEDED at input.members.1.siteIds"},
			{"another tenant's site", in{"allSites": false, "siteIds": []string{here, there}}, "NOT_FOUND at input.members.1.siteIds.1"},
			{"an administrator with sites", in{"roleKey": nil, "administrator": true, "allSites": false, "siteIds": []string{here}},
				"INVALID at input.members.1.allSites"},
		} {
			s.then(c.outcome, func(s scene) {
				input := in{"tenantId": contoso.ID, "members": []in{newMember(0, nil), newMember(1, c.changed)}}
				s.refused(contoso.Admin, "addMembers", input, c.rule)
				input["dryRun"] = true
				s.refused(contoso.Admin, "addMembers", input, c.rule)
			})
		}
		s.then("the phone's rule has a sentence of its own", func(s scene) {
			a := s.refused(contoso.Admin, "addMembers", in{"tenantId": contoso.ID, "members": []in{newMember(0, in{"phone": "0431"})}},
				"PHONE_COUNTRY_CODE_REQUIRED at input.members.0.phone")
			s.is("message", a.At("addMembers.userErrors.0.message"), "Please enter contact phone with country code. E.g. +1")
		})
		s.then("what is wrong in any row is said at once, and no row is added", func(s scene) {
			s.refused(contoso.Admin, "addMembers", in{"tenantId": contoso.ID, "members": []in{
				newMember(0, in{"phone": "1", "firstName": ""}), newMember(1, nil), newMember(2, in{"email": "x"})}},
				"REQUIRED at input.members.0.firstName", "PHONE_COUNTRY_CODE_REQUIRED at input.members.0.phone", "INVALID at input.members.2.email")
		})
		s.then("none, or more than a hundred", func(s scene) {
			s.refused(contoso.Admin, "addMembers", in{"tenantId": contoso.ID, "members": []in{}}, "LIMIT_EXCEEDED at input.members")
			many := make([]in, 101)
			for i := range many {
				many[i] = newMember(i, nil)
			}
			s.refused(contoso.Admin, "addMembers", in{"tenantId": contoso.ID, "members": many}, "LIMIT_EXCEEDED at input.members")
		})
		s.then("with more than who adds them holds", func(s scene) {
			for field, changed := range map[string]in{
				"roleKey":       {"roleKey": "READ_ONLY"},
				"administrator": {"roleKey": nil, "administrator": true},
				"permissions":   {"roleKey": nil, "permissions": levels(map[string]any{"tickets": "MANAGE"})},
			} {
				s.refused(limited, "addMembers", in{"tenantId": contoso.ID, "members": []in{newMember(0, changed)}},
					"ROLE_EXCEEDS_GRANT at input.members.0."+field)
			}
		})
		s.then("by who may not, or is not there", func(s scene) {
			input := in{"tenantId": contoso.ID, "members": []in{newMember(0, nil)}}
			s.forbidden(s.Staff(contoso, "reader", testworld.Role("READ_ONLY")), "addMembers", input)
			s.refused(fabrikam.Admin, "addMembers", input, "NOT_FOUND at input.tenantId")
			s.sees(s.asks(s.Stranger(), "addMembers", input).Errors(), "UNAUTHENTICATED at addMembers")
		})
		s.then("by who has no ROLES, with anything above NONE; by a guest manager, who is no guest", func(s scene) {
			desk := s.Staff(contoso, "desk", testworld.Custom(s.CustomRole(contoso.Tenant, "Desk", map[feature]accessLevel{"USERS": manage, "orders": manage})))
			manager := s.Staff(contoso, "manager", testworld.Role("GUEST_MANAGER"))
			add := func(changed in) in { return in{"tenantId": contoso.ID, "members": []in{newMember(7, changed)}} }
			nothing := in{"roleKey": nil, "permissions": catalogueLevels()}
			for _, changed := range []in{nil, {"roleKey": nil, "administrator": true}, {"roleKey": nil, "permissions": catalogueLevels("orders", "VIEW")}} {
				s.forbidden(desk, "addMembers", add(changed))
				s.forbidden(manager, "addMembers", add(changed))
			}
			s.forbidden(manager, "addMembers", add(nothing))
			s.forbidden(manager, "addMembers", add(in{"guest": true, "roleKey": nil, "permissions": catalogueLevels("orders", "VIEW")}))
			guest := in{"guest": true, "roleKey": nil, "permissions": catalogueLevels(), "email": "guest@example.com", "userId": "guest"}
			s.forbidden(manager, "addMembers", in{"tenantId": contoso.ID, "members": []in{newMember(8, guest), newMember(7, nothing)}})
			s.does(manager, "addMembers", add(guest))
			ids := []string{s.adds(desk, contoso.ID, newMember(7, nothing)), s.memberID(contoso, "guest")}
			s.does(desk, "removeMembers", in{"tenantId": contoso.ID, "ids": ids})
		})
		s.then("the same rows, in order, are added", func(s scene) {
			input := in{"tenantId": contoso.ID, "members": []in{newMember(0, nil),
				newMember(1, in{"roleKey": nil, "administrator": true}), newMember(2, in{"roleKey": nil, "permissions": levels(map[string]any{"sso.meraki": "VIEW"})})}}
			input["dryRun"] = true
			a := s.rehearses(contoso.Admin, "addMembers", input)
			s.is("members of a dry run", a.At("addMembers.members"), any([]any{}))
			delete(input, "dryRun")
			a = s.does(contoso.Admin, "addMembers", input)
			s.sees(a.Column("addMembers.members", "administrator"), "false", "true", "false")
			for n := range 3 {
				s.is("mails", len(s.Mails(fmt.Sprint("new", n, "@example.com"))), 1)
			}
			s.does(s.Stranger(), "resetPassword", in{"token": s.lastToken("new2@example.com"), "newPassword": testworld.Password})
			new2 := s.person("new2@example.com")
			s.is("tickets", level(s, new2, contoso.ID, "tickets"), "VIEW")
			s.is("meraki", level(s, new2, contoso.ID, "sso.meraki"), "VIEW")
			s.is("fortinet", level(s, new2, contoso.ID, "sso.fortinet"), "NONE")
			s.is("users", level(s, new2, contoso.ID, "USERS"), "NONE")
		})
	})
}

func TestRolesThatCannotBeGiven(t *testing.T) {
	eachScene(t, func(s scene) {
		contoso := s.Customer("Contoso")
		staff := s.Staff(contoso, "staff", testworld.Role("ADMINISTRATOR"))
		clerk := s.Staff(contoso, "clerk", testworld.Role("PHONE_MANAGER"))
		boss, me, low := contoso.Admin.Member(contoso.Tenant).ID, staff.Member(contoso.Tenant).ID, clerk.Member(contoso.Tenant).ID

		s.then("above one's own level", func(s scene) {
			s.refused(staff, "changeRole", in{"memberId": low, "roleKey": "PRIME_ADMIN"}, "ROLE_EXCEEDS_GRANT at input.roleKey")
			s.refused(staff, "changeRole", in{"memberId": low, "administrator": true}, "ROLE_EXCEEDS_GRANT at input.administrator")
			s.refused(staff, "createRole", in{"tenantId": contoso.ID, "name": "More", "permissions": []in{{"feature": "PARTNERS", "level": "MANAGE"}}},
				"ROLE_EXCEEDS_GRANT at input.permissions")
		})
		s.then("to somebody who holds more", func(s scene) {
			s.refused(staff, "changeRole", in{"memberId": boss, "roleKey": "READ_ONLY"}, "ROLE_EXCEEDS_GRANT at input.memberId")
		})
		s.then("to oneself, upwards", func(s scene) {
			for _, up := range []in{{"memberId": me, "administrator": true}, {"memberId": me, "roleKey": "PRIME_ADMIN"}} {
				s.refused(staff, "changeRole", up, "SELF_APPROVAL_FORBIDDEN at input.memberId")
			}
			s.does(staff, "changeRole", in{"memberId": me, "roleKey": "READ_ONLY"})
			s.forbidden(staff, "changeRole", in{"memberId": me, "roleKey": "ADMINISTRATOR"})
			s.does(contoso.Admin, "changeRole", in{"memberId": me, "roleKey": "ADMINISTRATOR"})
		})
		s.then("to the last administrator, downwards", func(s scene) {
			s.refused(contoso.Admin, "changeRole", in{"memberId": boss, "roleKey": "PRIME_ADMIN"}, "LAST_ADMINISTRATOR at input.memberId")
			s.refused(contoso.Admin, "changeRole", in{"memberId": boss, "administrator": false, "roleKey": "READ_ONLY"}, "LAST_ADMINISTRATOR at input.memberId")
			s.does(contoso.Admin, "changeRole", in{"memberId": low, "administrator": true})
			s.does(contoso.Admin, "changeRole", in{"memberId": boss, "roleKey": "PRIME_ADMIN"})
			s.refused(clerk, "changeRole", in{"memberId": low, "roleKey": "READ_ONLY"}, "LAST_ADMINISTRATOR at input.memberId")
			s.does(clerk, "changeRole", in{"memberId": boss, "administrator": true})
			s.does(contoso.Admin, "changeRole", in{"memberId": low, "roleKey": "PHONE_MANAGER"})
		})
		s.then("both a role and the administrator flag, or neither", func(s scene) {
			s.refused(contoso.Admin, "changeRole", in{"memberId": low, "administrator": true, "roleKey": "READ_ONLY"}, "INVALID at input.administrator")
			s.refused(contoso.Admin, "changeRole", in{"memberId": low, "administrator": false}, "REQUIRED at input.roleKey")
			s.refused(contoso.Admin, "changeRole", in{"memberId": low, "roleKey": "READ_ONLY", "version": 99}, "STALE_VERSION at input.version")
			foreign := s.CustomRole(s.Customer("Fabrikam").Tenant, "Foreign", map[feature]accessLevel{"TENANT": view})
			s.refused(contoso.Admin, "changeRole", in{"memberId": low, "roleId": foreign.ID}, "NOT_FOUND at input.roleId")
		})
		s.then("in a tenant that is not one's own", func(s scene) {
			s.refused(s.Customer("Tailspin").Admin, "changeRole", in{"memberId": low, "roleKey": "READ_ONLY"}, "NOT_FOUND at input.memberId")
			s.refused(clerk, "changeRole", in{"memberId": boss, "roleKey": "READ_ONLY"}, "NOT_FOUND at input.memberId")
		})
		s.then("by who lacks ROLES, or does not see whom it is about", func(s scene) {
			desk := s.Staff(contoso, "desk", testworld.Custom(s.CustomRole(contoso.Tenant, "Desk", map[feature]accessLevel{"USERS": manage})))
			manager, guest := s.Staff(contoso, "manager", testworld.Role("GUEST_MANAGER")), s.Staff(contoso, "guest", testworld.Guest).Member(contoso.Tenant).ID
			s.forbidden(desk, "changeRole", in{"memberId": low, "roleKey": "READ_ONLY"})
			s.forbidden(manager, "changeRole", in{"memberId": guest, "roleKey": "READ_ONLY"})
			s.refused(manager, "changeRole", in{"memberId": low, "roleKey": "READ_ONLY"}, "NOT_FOUND at input.memberId")
			s.does(contoso.Admin, "changeRole", in{"memberId": guest, "roleKey": "PHONE_MANAGER"})
			s.forbidden(manager, "changeRole", in{"memberId": guest, "roleKey": "READ_ONLY"})
		})
		s.then("levels given directly stay beside another role", func(s scene) {
			held := s.Staff(contoso, "held", testworld.Nothing)
			id := held.Member(contoso.Tenant).ID
			s.does(contoso.Admin, "updateMembers", in{"tenantId": contoso.ID, "members": []in{{"id": id, "permissions": catalogueLevels("orders", "MANAGE", "PARTNERS", "VIEW")}}})
			s.does(contoso.Admin, "changeRole", in{"memberId": id, "roleKey": "GUEST_MANAGER"})
			s.is("orders", level(s, held, contoso.ID, "orders"), "MANAGE")
			s.is("guests", level(s, held, contoso.ID, "GUESTS"), "MANAGE")
			s.does(contoso.Admin, "updateMembers", in{"tenantId": contoso.ID, "members": []in{{"id": id, "roleKey": "GUEST_MANAGER", "permissions": levels("PARTNERS", "MANAGE")}}})
			s.refused(staff, "changeRole", in{"memberId": id, "roleKey": "READ_ONLY"}, "ROLE_EXCEEDS_GRANT at input.memberId")
		})
		s.then("by a role that grows under its holders", func(s scene) {
			small := s.does(contoso.Admin, "createRole", in{"tenantId": contoso.ID, "name": "Small",
				"permissions": []in{{"feature": "TENANT", "level": "VIEW"}}}).String("createRole.role.id")
			wide := s.does(contoso.Admin, "createRole", in{"tenantId": contoso.ID, "name": "Wide",
				"permissions": []in{{"feature": "PARTNERS", "level": "MANAGE"}}}).String("createRole.role.id")
			s.refused(staff, "updateRole", in{"id": small, "permissions": []in{{"feature": "PARTNERS", "level": "MANAGE"}}}, "ROLE_EXCEEDS_GRANT at input.permissions")
			s.refused(staff, "updateRole", in{"id": wide, "permissions": []in{}}, "ROLE_EXCEEDS_GRANT at input.id")
			s.refused(staff, "updateRole", in{"id": wide, "name": "Mine"}, "ROLE_EXCEEDS_GRANT at input.id")
			s.refused(staff, "updateRole", in{"id": small, "name": "Wide"}, "CONFLICT at input.name")
			s.refused(staff, "updateRole", in{"id": small, "name": ""}, "REQUIRED at input.name")
			s.refused(staff, "createRole", in{"tenantId": contoso.ID, "name": "Small", "permissions": []in{}}, "CONFLICT at input.name")
			s.refused(s.Customer("Adatum").Admin, "updateRole", in{"id": small, "name": "Theirs"}, "NOT_FOUND at input.id")
			s.forbidden(s.Staff(contoso, "reader", testworld.Role("READ_ONLY")), "updateRole", in{"id": small, "name": "Theirs"})
			s.refused(contoso.Admin, "updateRole", in{"id": "rol_00000000000000000000000004", "name": "Ours"}, "NOT_FOUND at input.id")

			s.does(contoso.Admin, "changeRole", in{"memberId": low, "roleId": small})
			s.is("before", level(s, clerk, contoso.ID, "SITES"), "NONE")
			s.does(staff, "updateRole", in{"id": small, "permissions": []in{{"feature": "SITES", "level": "VIEW"}}})
			s.is("at the next request", level(s, clerk, contoso.ID, "SITES"), "VIEW")
			s.is("at the next request", level(s, clerk, contoso.ID, "TENANT"), "NONE")
		})
	})
}

func TestAssignmentsThatCannotBeGiven(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso, fabrikam := s.NewPartner("Acme"), s.Customer("Contoso"), s.Customer("Fabrikam")
		blue, relationship := s.NewPartner("Blue"), s.connected(acme, contoso, "ADMINISTRATOR")
		helper := s.Staff(acme, "helper", testworld.Nothing)
		lead := s.Staff(acme, "lead", testworld.Custom(s.CustomRole(acme.Tenant, "Lead", map[feature]accessLevel{"ASSIGNMENTS": manage})))
		give := func(changed in) in {
			input := in{"granteeId": helper.Member(acme.Tenant).ID, "tenantId": contoso.ID, "roleKey": "READ_ONLY"}
			maps.Copy(input, changed)
			return input
		}
		for _, c := range []struct {
			outcome string
			by      *testworld.Person
			changed in
			rule    string
		}{
			{"above the ceiling", acme.Admin, in{"roleKey": "PRIME_ADMIN"}, "ROLE_EXCEEDS_GRANT at input.roleKey"},
			{"in a customer that the giver does not reach", lead, nil, "NOT_FOUND at input.tenantId"},
			{"in another's customer", acme.Admin, in{"tenantId": fabrikam.ID}, "NOT_FOUND at input.tenantId"},
			{"in nothing", acme.Admin, in{"tenantId": "ten_x"}, "NOT_FOUND at input.tenantId"},
			{"to oneself", acme.Admin, in{"granteeId": acme.Admin.Member(acme.Tenant).ID}, "SELF_APPROVAL_FORBIDDEN at input.granteeId"},
			{"to an administrator", lead, in{"granteeId": acme.Admin.Member(acme.Tenant).ID}, "INVALID at input.granteeId"},
			{"to a guest", acme.Admin, in{"granteeId": s.Staff(acme, "guest", testworld.Guest).Member(acme.Tenant).ID}, "INVALID at input.granteeId"},
			{"to another's member", acme.Admin, in{"granteeId": s.Staff(blue, "other", testworld.Nothing).Member(blue.Tenant).ID}, "NOT_FOUND at input.granteeId"},
			{"to a customer's member", acme.Admin, in{"granteeId": contoso.Admin.Member(contoso.Tenant).ID}, "NOT_FOUND at input.granteeId"},
			{"by the customer", contoso.Admin, nil, "NOT_FOUND at input.granteeId"},
			{"without a role", acme.Admin, in{"roleKey": nil}, "REQUIRED at input.roleKey"},
			{"with a role of the customer's", acme.Admin, in{"roleKey": nil, "roleId": s.CustomRole(contoso.Tenant, "Theirs", nil).ID}, "NOT_FOUND at input.roleId"},
			{"for no days", acme.Admin, in{"accessPeriod": in{"days": 0}}, "ACCESS_PERIOD_OUT_OF_RANGE at input.accessPeriod"},
			{"for too many days", acme.Admin, in{"accessPeriod": in{"days": 731}}, "ACCESS_PERIOD_OUT_OF_RANGE at input.accessPeriod"},
			{"until a moment that is over", acme.Admin, in{"accessPeriod": in{"endsAt": s.Now()}}, "ACCESS_PERIOD_OUT_OF_RANGE at input.accessPeriod"},
			{"with two ends", acme.Admin, in{"accessPeriod": in{"days": 1, "endsAt": s.Now().AddDate(0, 0, 1)}}, "INVALID at input.accessPeriod"},
		} {
			s.then(c.outcome, func(s scene) { s.refused(c.by, "assign", give(c.changed), c.rule) })
		}
		s.then("above what the giver holds in the customer", func(s scene) {
			s.does(acme.Admin, "assign", in{"granteeId": lead.Member(acme.Tenant).ID, "tenantId": contoso.ID, "roleKey": "PHONE_MANAGER"})
			s.refused(lead, "assign", give(nil), "ROLE_EXCEEDS_GRANT at input.roleKey")
			s.does(lead, "assign", give(in{"roleKey": "PHONE_MANAGER"}))
		})
		s.then("by who does not manage assignments", func(s scene) {
			s.forbidden(s.Staff(acme, "reader", testworld.Role("READ_ONLY")), "assign", give(nil))
		})
		s.then("while the relationship is suspended", func(s scene) {
			s.does(contoso.Admin, "suspendRelationship", in{"id": relationship})
			s.refused(acme.Admin, "assign", give(nil), "RELATIONSHIP_NOT_ACTIVE at input.tenantId")
		})
		s.then("after it has ended", func(s scene) {
			s.does(contoso.Admin, "terminateRelationship", in{"id": relationship})
			s.refused(acme.Admin, "assign", give(nil), "NOT_FOUND at input.tenantId")
		})
		s.then("none, too many or foreign ones are taken back", func(s scene) {
			s.refused(acme.Admin, "revokeAssignments", in{"ids": []string{}}, "LIMIT_EXCEEDED at input.ids")
			s.refused(acme.Admin, "revokeAssignments", in{"ids": make([]string, 101)}, "LIMIT_EXCEEDED at input.ids")
			s.connected(acme, fabrikam, "ADMINISTRATOR")
			one := s.does(acme.Admin, "assign", give(in{"tenantId": fabrikam.ID})).String("assign.assignment.id")
			s.refused(acme.Admin, "revokeAssignments", in{"ids": []string{one, "asg_x"}}, "NOT_FOUND at input.ids.1")
			s.is("all or none", reaches(helper, fabrikam.ID), true)
		})
	})
}
