package graph_test

import (
	"fmt"
	"testing"
	"time"

	"mandate/ent/relationship"
	"mandate/internal/testworld"
)

// memberOf reads what is shown of a membership: the fields given.
func memberOf(p *testworld.Person, id, fields string) any {
	return p.Do("query($id: ID!) { node(id: $id) { ... on Member { "+fields+" } } }", vars{"id": id}).OK().At("node")
}

// TestAGridIsEdited is the story of somebody who edits a hundred members in one table.
func TestAGridIsEdited(t *testing.T) {
	eachScene(t, func(s scene) {
		contoso := s.Customer("Contoso")
		newcomers, rows := make([]in, 100), make([]in, 100)
		for n := range newcomers {
			newcomers[n] = newMember(n, in{"sendPasswordEmail": n == 0})
		}
		ids := s.does(contoso.Admin, "addMembers", in{"tenantId": contoso.ID, "members": newcomers}).Column("addMembers.members", "id")
		for n, id := range ids {
			rows[n] = in{"id": id, "version": 1, "userId": fmt.Sprint("user", n), "label": fmt.Sprint("Desk ", n), "firstName": "New", "lastName": fmt.Sprint("Person ", n),
				"phone": "+49 431 1234567", "roleKey": "READ_ONLY", "allSites": true}
		}
		rows[40]["label"] = "User 40" // as it is
		rows[63]["lastName"], rows[63]["roleKey"], rows[63]["permissions"] = "Married", nil, catalogueLevels("tickets", "MANAGE")
		grid := in{"tenantId": contoso.ID, "members": rows}
		rehearsal := in{"tenantId": contoso.ID, "members": rows, "dryRun": true}
		want := append(append([]string{}, ids[:40]...), ids[41:]...)

		s.then("two bad rows of a hundred: both are told, and nothing is written", func(s scene) {
			rows[17]["phone"], rows[63]["version"] = "0431 1234567", 2
			for _, input := range []in{grid, rehearsal} {
				s.refused(contoso.Admin, "updateMembers", input, "PHONE_COUNTRY_CODE_REQUIRED at input.members.17.phone", "STALE_VERSION at input.members.63.version")
			}
			rows[17]["phone"], rows[63]["version"] = "+49 431 1234567", 1
		})
		s.then("a rehearsal answers those that would change, as they are, and writes nothing", func(s scene) {
			a := s.rehearses(contoso.Admin, "updateMembers", rehearsal)
			s.sees(a.Column("updateMembers.members", "id"), want...)
			s.is("label", a.At("updateMembers.members.0.label"), "User 0")
			s.is("version", a.At("updateMembers.members.98.version"), 1.)
		})
		s.then("corrected, those that change are written at once, and answered in the order of the table", func(s scene) {
			s.Later(time.Second)
			a := s.does(contoso.Admin, "updateMembers", grid)
			s.sees(a.Column("updateMembers.members", "id"), want...)
			for n, id := range want {
				at := fmt.Sprintf("updateMembers.members.%d.", n)
				if a.At(at+"version") != any(2.) || a.At(at+"label") == "User 40" {
					s.Errorf("%s is answered with version %v and label %v", id, a.At(at+"version"), a.At(at+"label"))
				}
			}
			s.is("moments at which members were changed", len(s.read("SELECT DISTINCT updated_at FROM members WHERE version=2")), 1)
			s.is("the one that stays", memberOf(contoso.Admin, ids[40], "version label createdAt updatedAt"), any(map[string]any{
				"version": 1., "label": "User 40", "createdAt": "2026-11-21T12:00:00Z", "updatedAt": "2026-11-21T12:00:00Z"}))
			s.is("levels", s.read("SELECT feature, level FROM member_permissions WHERE member_id='"+ids[63]+"'"), []string{"tickets | 2"})
		})
		s.then("one event lists every row", func(s scene) {
			e := s.lastEvent()
			s.is("action", e.Action, "member.updated")
			var told []string
			for _, c := range e.Changes {
				told = append(told, c.Field+": "+*c.Before+" > "+*c.After)
			}
			var expected []string
			for n := range ids {
				if n == 40 {
					continue
				}
				expected = append(expected, fmt.Sprintf("user%d: label: User %d > Desk %d", n, n, n))
				if n == 63 {
					expected = append(expected, "user63: lastName: Person 63 > Married", "user63: access: Read-Only > tickets MANAGE")
				}
			}
			s.sees(told, expected...)
		})
		s.then("the same table again is out of date, and without versions changes nothing", func(s scene) {
			var stale []string
			for n := range rows {
				if n != 40 {
					stale = append(stale, fmt.Sprintf("STALE_VERSION at input.members.%d.version", n))
				}
			}
			s.refused(contoso.Admin, "updateMembers", grid, stale...)
			for n := range rows {
				delete(rows[n], "version")
			}
			a := s.idles(contoso.Admin, "updateMembers", grid)
			s.is("members", a.At("updateMembers.members"), any([]any{}))
		})
	})
}

// TestWhatAMemberMayDo is replaced as a whole when any of it is named, and comes to the maximum of what is named.
func TestWhatAMemberMayDo(t *testing.T) {
	eachScene(t, func(s scene) {
		contoso, acme := s.Customer("Contoso"), s.NewPartner("Acme")
		bob := s.Staff(contoso, "bob", testworld.Role("READ_ONLY"))
		id := bob.Member(contoso.Tenant).ID
		update := func(changed in) in {
			changed["id"] = id
			return in{"tenantId": contoso.ID, "members": []in{changed}}
		}
		holds := func(s scene, want map[string]string) {
			s.Helper()
			got := make(map[string]string)
			for f := range want {
				got[f] = level(s, bob, contoso.ID, f)
			}
			s.is("levels", got, want)
		}

		s.then("a role and levels together", func(s scene) {
			s.does(contoso.Admin, "updateMembers", update(in{"roleKey": "PHONE_MANAGER", "permissions": levels("invoices", "VIEW", "tickets", "VIEW", "USERS", "MANAGE")}))
			holds(s, map[string]string{"invoices": "VIEW", "tickets": "MANAGE", "orders": "MANAGE", "USERS": "MANAGE", "GUESTS": "MANAGE", "TENANT": "VIEW", "AUDIT": "NONE"})
		})
		s.then("a role alone takes the levels away", func(s scene) {
			s.does(contoso.Admin, "updateMembers", update(in{"roleKey": "PHONE_MANAGER"}))
			holds(s, map[string]string{"invoices": "NONE", "tickets": "MANAGE", "USERS": "NONE"})
		})
		s.then("levels alone take the role away, and name every catalogue feature but single sign-on", func(s scene) {
			s.refused(contoso.Admin, "updateMembers", update(in{"permissions": levels("invoices", "MANAGE")}), "PERMISSION_REQUIRED_FOR_EACH_FEATURE at input.members.0.permissions")
			s.does(contoso.Admin, "updateMembers", update(in{"permissions": catalogueLevels("invoices", "MANAGE", "sso.velo", "MANAGE")}))
			holds(s, map[string]string{"invoices": "MANAGE", "tickets": "NONE", "orders": "NONE", "sso.velo": "MANAGE", "sso.meraki": "NONE", "TENANT": "NONE"})
		})
		s.then("a role of the tenant's own", func(s scene) {
			role := s.CustomRole(contoso.Tenant, "Clerk", map[feature]accessLevel{"orders": manage})
			s.does(contoso.Admin, "updateMembers", update(in{"roleId": role.ID}))
			holds(s, map[string]string{"invoices": "NONE", "orders": "MANAGE"})
		})
		s.then("the administrator flag replaces all that, and listed sites", func(s scene) {
			site := s.site(contoso, "K-1")
			s.does(contoso.Admin, "updateMembers", update(in{"roleKey": "PHONE_MANAGER", "permissions": levels("invoices", "VIEW"), "allSites": false, "siteIds": []string{site}}))
			s.does(contoso.Admin, "updateMembers", update(in{"administrator": true}))
			s.is("flag", memberOf(bob, id, "administrator allSites role { key } sites(first: 9) { totalCount }"),
				any(map[string]any{"administrator": true, "allSites": true, "role": nil, "sites": map[string]any{"totalCount": 0.}}))
			s.is("levels written", len(s.read("SELECT id FROM member_permissions")), 0)
		})
		s.then("and goes only for something that is named instead", func(s scene) {
			s.refused(contoso.Admin, "updateMembers", update(in{"administrator": false}), "PERMISSION_REQUIRED_FOR_EACH_FEATURE at input.members.0.permissions")
			s.does(contoso.Admin, "updateMembers", update(in{"administrator": false, "permissions": catalogueLevels()}))
			holds(s, map[string]string{"invoices": "NONE", "TENANT": "NONE", "USERS": "NONE"})
		})
		s.then("a guest holds catalogue levels only, whatever is named, and is never administrator", func(s scene) {
			guest := s.Staff(contoso, "guest", testworld.Guest)
			gid := guest.Member(contoso.Tenant).ID
			s.does(contoso.Admin, "updateMembers", in{"tenantId": contoso.ID, "members": []in{{"id": gid, "roleKey": "ADMINISTRATOR"}}})
			s.is("invoices", level(s, guest, contoso.ID, "invoices"), "MANAGE")
			s.is("users", level(s, guest, contoso.ID, "USERS"), "NONE")
			s.refused(contoso.Admin, "updateMembers", in{"tenantId": contoso.ID, "members": []in{{"id": gid, "administrator": true}}}, "INVALID at input.members.0.administrator")
			s.refused(contoso.Admin, "changeRole", in{"memberId": gid, "administrator": true}, "INVALID at input.administrator")
		})
		s.then("who changes only a person's data names what the member holds without holding ROLES", func(s scene) {
			s.does(contoso.Admin, "updateMembers", update(in{"permissions": catalogueLevels("tickets", "MANAGE")}))
			desk := s.Staff(contoso, "desk", testworld.Custom(s.CustomRole(contoso.Tenant, "Desk", map[feature]accessLevel{"USERS": manage, "tickets": manage})))
			s.does(desk, "updateMembers", update(in{"phone": "+1 541 754 3010", "permissions": catalogueLevels("tickets", "MANAGE")}))
			s.is("phone", memberOf(desk, id, "phone"), any(map[string]any{"phone": "+15417543010"}))
			s.forbidden(desk, "updateMembers", update(in{"phone": "+1 541 754 3011", "permissions": catalogueLevels("tickets", "VIEW")}))
			s.forbidden(desk, "updateMembers", update(in{"roleKey": "READ_ONLY"}))
		})
		s.then("a partner that the customer chose leaves as it is what it may not give", func(s scene) {
			s.Connect(acme, contoso, "PRIME_ADMIN", relationship.KindCustomerDesignated)
			s.does(contoso.Admin, "updateMembers", update(in{"roleKey": "ADMINISTRATOR"}))
			s.does(acme.Admin, "updateMembers", update(in{"roleKey": "ADMINISTRATOR", "label": "Robert"}))
			s.refused(acme.Admin, "updateMembers", update(in{"roleKey": "PRIME_ADMIN"}), "ROLE_EXCEEDS_GRANT at input.members.0.roleKey")
		})
		s.then("a new name is a new name wherever it is shown", func(s scene) {
			helper := s.Staff(acme, "helper", testworld.Nothing)
			s.Assign(acme, contoso, helper, "READ_ONLY")
			hid := helper.Member(acme.Tenant).ID
			s.does(acme.Admin, "updateMembers", in{"tenantId": acme.ID, "members": []in{{"id": hid, "firstName": "Hedda", "lastName": "Gabler", "userId": "Hedda"}}})
			s.is("member", memberOf(acme.Admin, hid, "name userId label"), any(map[string]any{"name": "Hedda Gabler", "userId": "Hedda", "label": "helper"}))
			s.sees(memberRows(acme.Admin, acme.ID, in{"search": "hedda"})[:1], "1")
			a := contoso.Admin.Do("query($t: ID!) { tenant(id: $t) { assignments(first: 1) { nodes { granteeName } } } }", vars{"t": contoso.ID}).OK()
			s.sees(a.Column("tenant.assignments.nodes", "granteeName"), "Hedda Gabler")
		})
	})
}
