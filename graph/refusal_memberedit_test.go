package graph_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"mandate/internal/testworld"
)

// TestMembersThatCannotBeChanged: whatever is wrong with a row is told at its path, and no row is changed.
func TestMembersThatCannotBeChanged(t *testing.T) {
	eachScene(t, func(s scene) {
		contoso, fabrikam := s.Customer("Contoso"), s.Customer("Fabrikam")
		one := s.Staff(contoso, "one", testworld.Role("READ_ONLY")).Member(contoso.Tenant).ID
		two := s.Staff(contoso, "two", testworld.Role("PHONE_MANAGER")).Member(contoso.Tenant).ID
		gone := s.Staff(contoso, "gone", testworld.Nothing).Member(contoso.Tenant).ID
		s.does(contoso.Admin, "removeMembers", in{"tenantId": contoso.ID, "ids": []string{gone}})
		foreign := fabrikam.Admin.Member(fabrikam.Tenant).ID
		foreignRole := s.CustomRole(fabrikam.Tenant, "Foreign", map[feature]accessLevel{"TENANT": view})
		here, there := s.site(contoso, "K-1"), s.site(fabrikam, "F-1")
		sso := append(catalogueLevels(), in{"feature": "sso.velo"})
		for _, c := range []struct {
			outcome string
			changed in
			rule    string
		}{
			{"a phone without country code", in{"phone": "0431 1234567"}, "PHONE_COUNTRY_CODE_REQUIRED at phone"},
			{"no phone", in{"phone": ""}, "PHONE_COUNTRY_CODE_REQUIRED at phone"},
			{"a phone that is none", in{"phone": "+49 call me"}, "INVALID at phone"},
			{"no User ID", in{"userId": " "}, "REQUIRED at userId"},
			{"no label", in{"label": ""}, "REQUIRED at label"},
			{"no name", in{"lastName": "\t"}, "REQUIRED at lastName"},
			{"a name of 101 characters", in{"firstName": strings.Repeat("x", 101)}, "TOO_LONG at firstName"},
			{"a name that cannot be shown", in{"lastName": "a\u202eb"}, "INVALID at lastName"},
			{"a User ID that is taken", in{"userId": "Contoso"}, "CONFLICT at userId"},
			{"the User ID of a row before", in{"userId": "FRESH"}, "CONFLICT at userId"},
			{"the User ID that a row before gives up", in{"userId": "one"}, "CONFLICT at userId"},
			{"a version that is over", in{"version": 7}, "STALE_VERSION at version"},
			{"a version that is over, before anything else", in{"version": 7, "phone": "1"}, "STALE_VERSION at version"},
			{"an administrator with a role", in{"administrator": true, "roleKey": "READ_ONLY"}, "INVALID at administrator"},
			{"an administrator with levels", in{"administrator": true, "permissions": levels("orders", "VIEW")}, "INVALID at administrator"},
			{"a feature without a level", in{"permissions": levels("orders", "VIEW")}, "PERMISSION_REQUIRED_FOR_EACH_FEATURE at permissions"},
			{"no levels at all", in{"permissions": []in{}}, "PERMISSION_REQUIRED_FOR_EACH_FEATURE at permissions"},
			{"single sign-on without a level", in{"permissions": sso}, "SSO_LEVEL_REQUIRED at permissions.4.level"},
			{"a feature without a level that is named", in{"roleKey": "READ_ONLY", "permissions": []in{{"feature": "orders"}}}, "REQUIRED at permissions.0.level"},
			{"a feature that is none", in{"roleKey": "READ_ONLY", "permissions": levels("teapots", "VIEW")}, "INVALID at permissions.0.feature"},
			{"a feature named twice", in{"roleKey": "READ_ONLY", "permissions": levels("orders", "VIEW", "orders", "NONE")}, "INVALID at permissions.1.feature"},
			{"a role of nobody's", in{"roleId": "rol_x"}, "NOT_FOUND at roleId"},
			{"another tenant's role", in{"roleId": foreignRole.ID}, "NOT_FOUND at roleId"},
			{"two roles", in{"roleId": "rol_x", "roleKey": "READ_ONLY"}, "INVALID at roleId"},
			{"all sites and some", in{"allSites": true, "siteIds": []string{here}}, "INVALID at siteIds"},
			{"not all sites, and none", in{"allSites": false}, "REQUIRED at siteIds"},
			{"no sites", in{"siteIds": []string{}}, "REQUIRED at siteIds"},
			{"101 sites", in{"siteIds": make([]string, 101)}, "LIMIT_EXCEEDED at siteIds"},
			{"another tenant's site", in{"siteIds": []string{here, there}}, "NOT_FOUND at siteIds.1"},
			{"an administrator with sites", in{"administrator": true, "siteIds": []string{here}}, "INVALID at allSites"},
			{"nobody", in{"id": "mem_x"}, "NOT_FOUND at id"},
			{"a member of another tenant", in{"id": foreign}, "NOT_FOUND at id"},
			{"a person", in{"id": contoso.Admin.ID}, "NOT_FOUND at id"},
			{"somebody who was removed", in{"id": gone}, "NOT_FOUND at id"},
			{"somebody named twice", in{"id": one}, "CONFLICT at id"},
		} {
			s.then(c.outcome, func(s scene) {
				row := in{"id": two}
				maps.Copy(row, c.changed)
				input := in{"tenantId": contoso.ID, "members": []in{{"id": one, "userId": "fresh"}, row}}
				code, field, _ := strings.Cut(c.rule, " at ")
				s.refused(contoso.Admin, "updateMembers", input, code+" at input.members.1."+field)
				input["dryRun"] = true
				s.refused(contoso.Admin, "updateMembers", input, code+" at input.members.1."+field)
			})
		}
		s.then("the phone's rule has a sentence of its own", func(s scene) {
			a := s.refused(contoso.Admin, "updateMembers", in{"tenantId": contoso.ID, "members": []in{{"id": one, "phone": "0431"}}}, "PHONE_COUNTRY_CODE_REQUIRED at input.members.0.phone")
			s.is("message", a.At("updateMembers.userErrors.0.message"), "Please enter contact phone with country code. E.g. +1")
		})
		s.then("what is wrong in any row is said at once", func(s scene) {
			s.refused(contoso.Admin, "updateMembers", in{"tenantId": contoso.ID, "members": []in{
				{"id": two, "phone": "1", "label": "", "roleId": "rol_x", "allSites": false}, {"id": one, "label": "Fine"}, {"id": "mem_x", "label": ""}}},
				"REQUIRED at input.members.0.label", "PHONE_COUNTRY_CODE_REQUIRED at input.members.0.phone", "NOT_FOUND at input.members.0.roleId",
				"REQUIRED at input.members.0.siteIds", "NOT_FOUND at input.members.2.id")
		})
		s.then("none, or more than a hundred", func(s scene) {
			for _, n := range []int{0, 101} {
				rows, ids := make([]in, n), make([]string, n)
				for i := range rows {
					rows[i], ids[i] = in{"id": fmt.Sprint("mem_", i)}, fmt.Sprint("mem_", i)
				}
				s.refused(contoso.Admin, "updateMembers", in{"tenantId": contoso.ID, "members": rows}, "LIMIT_EXCEEDED at input.members")
				s.refused(contoso.Admin, "removeMembers", in{"tenantId": contoso.ID, "ids": ids}, "LIMIT_EXCEEDED at input.ids")
				s.refused(contoso.Admin, "setMemberStatus", in{"tenantId": contoso.ID, "ids": ids, "status": "ACTIVE"}, "LIMIT_EXCEEDED at input.ids")
				s.refused(contoso.Admin, "sendPasswordLinks", in{"tenantId": contoso.ID, "ids": ids}, "LIMIT_EXCEEDED at input.ids")
			}
		})
		s.then("another status than two", func(s scene) {
			for _, status := range []string{"REMOVED", "PENDING_APPROVAL", "PENDING_EMAIL_VALIDATION"} {
				s.refused(contoso.Admin, "setMemberStatus", in{"tenantId": contoso.ID, "ids": []string{one}, "status": status}, "INVALID at input.status")
			}
			s.refused(contoso.Admin, "setMemberStatus", in{"tenantId": contoso.ID, "ids": []string{one}, "status": "SUSPENDED", "reason": strings.Repeat("x", 501)}, "TOO_LONG at input.reason")
			s.refused(contoso.Admin, "setMemberStatus", in{"tenantId": contoso.ID, "ids": []string{one}, "status": "SUSPENDED", "reason": "a\u202eb"}, "INVALID at input.reason")
		})
	})
}

// byID is every operation that names members by their ids, with its input.
func byID(tenantID string, ids ...string) map[string]in {
	return map[string]in{
		"removeMembers":     {"tenantId": tenantID, "ids": ids},
		"setMemberStatus":   {"tenantId": tenantID, "ids": ids, "status": "SUSPENDED"},
		"sendPasswordLinks": {"tenantId": tenantID, "ids": ids},
	}
}

// TestMembersOutOfReach are not removed, suspended, mailed or changed: those of others, those who hold more, and for a guest
// manager those who are no guests.
func TestMembersOutOfReach(t *testing.T) {
	eachScene(t, func(s scene) {
		contoso, fabrikam, acme := s.Customer("Contoso"), s.Customer("Fabrikam"), s.NewPartner("Acme")
		s.Manages(acme, contoso)
		id := func(name string, grant testworld.Grant) string {
			return s.Staff(contoso, name, grant).Member(contoso.Tenant).ID
		}
		low, guest, gone := id("low", testworld.Role("PHONE_MANAGER")), id("guest", testworld.Guest), id("gone", testworld.Nothing)
		plain, prime, boss := id("plain", testworld.Nothing), id("prime", testworld.Role("PRIME_ADMIN")), contoso.Admin.Member(contoso.Tenant).ID
		s.does(contoso.Admin, "removeMembers", in{"tenantId": contoso.ID, "ids": []string{gone}})
		foreign := fabrikam.Admin.Member(fabrikam.Tenant).ID
		custom := func(name string, holds map[feature]accessLevel) *testworld.Person {
			return s.Staff(contoso, name, testworld.Custom(s.CustomRole(contoso.Tenant, name, holds)))
		}
		staff, desk := s.Staff(contoso, "staff", testworld.Role("ADMINISTRATOR")), custom("desk", map[feature]accessLevel{"USERS": manage})
		manager := s.Staff(contoso, "manager", testworld.Role("GUEST_MANAGER"))
		looking := custom("looking", map[feature]accessLevel{"GUESTS": manage, "USERS": view})
		refused := func(s scene, p *testworld.Person, rule string, ids ...string) {
			s.Helper()
			for mutation, input := range byID(contoso.ID, ids...) {
				s.refused(p, mutation, input, fmt.Sprintf("%s at input.ids.%d", rule, len(ids)-1))
			}
			s.refused(p, "removeMembers", in{"tenantId": contoso.ID, "ids": ids, "dryRun": true}, fmt.Sprintf("%s at input.ids.%d", rule, len(ids)-1))
			var rows []in
			for n, id := range ids {
				rows = append(rows, in{"id": id, "label": fmt.Sprint("Label ", n)})
			}
			s.refused(p, "updateMembers", in{"tenantId": contoso.ID, "members": rows}, fmt.Sprintf("%s at input.members.%d.id", rule, len(ids)-1))
		}
		forbidden := func(s scene, p *testworld.Person, id string) {
			s.Helper()
			for mutation, input := range byID(contoso.ID, id) {
				s.forbidden(p, mutation, input)
			}
			s.forbidden(p, "updateMembers", in{"tenantId": contoso.ID, "members": []in{{"id": id, "label": "Another"}}})
		}

		s.then("nobody, members of other tenants, and those who were removed", func(s scene) {
			for _, p := range []*testworld.Person{contoso.Admin, staff, acme.Admin} {
				for _, id := range []string{"", "mem_x", foreign, gone} {
					refused(s, p, "NOT_FOUND", low, id)
				}
			}
		})
		s.then("somebody named twice", func(s scene) {
			refused(s, contoso.Admin, "CONFLICT", low, plain, low)
		})
		s.then("those who hold more than whoever asks", func(s scene) {
			refused(s, staff, "ROLE_EXCEEDS_GRANT", low, prime)
			refused(s, staff, "ROLE_EXCEEDS_GRANT", low, boss)
			refused(s, desk, "ROLE_EXCEEDS_GRANT", plain, low)
			refused(s, acme.Admin, "ROLE_EXCEEDS_GRANT", low, prime)
			refused(s, s.Staff(contoso, "nearly", testworld.Role("PRIME_ADMIN")), "ROLE_EXCEEDS_GRANT", prime, boss) // the flag is more than its levels
		})
		s.then("for a guest manager whoever is no guest is not there", func(s scene) {
			for _, id := range []string{low, plain, boss, foreign, gone} {
				refused(s, manager, "NOT_FOUND", guest, id)
			}
			forbidden(s, manager, manager.Member(contoso.Tenant).ID) // whom they see
		})
		s.then("whoever sees members and manages guests only has no right to the others", func(s scene) {
			forbidden(s, looking, plain)
			forbidden(s, looking, boss)
			s.does(looking, "updateMembers", in{"tenantId": contoso.ID, "members": []in{{"id": guest, "label": "Visitor"}}})
		})
		s.then("whoever only reads has no right to any", func(s scene) {
			s.managesNobody(s.Staff(contoso, "reader", testworld.Role("READ_ONLY")), contoso, []string{plain})
			s.managesNobody(s.Operator().Admin, contoso, []string{plain})
		})
		s.then("in a tenant that is out of reach there is nothing", func(s scene) {
			for mutation, input := range memberOperations(contoso.ID, []string{plain}) {
				s.refused(fabrikam.Admin, mutation, input, "NOT_FOUND at input.tenantId")
			}
			for mutation, input := range memberOperations("ten_x", []string{plain}) {
				s.refused(contoso.Admin, mutation, input, "NOT_FOUND at input.tenantId")
			}
		})
		s.then("nothing of it happened", func(s scene) {
			s.is("members", len(s.read("SELECT id FROM members WHERE status='ACTIVE' AND tenant_id='"+contoso.ID+"'")), 11)
			s.is("mails", len(s.read("SELECT id FROM outbox_messages")), 0)
		})
	})
}
