package graph_test

import (
	"maps"
	"strings"
	"testing"

	"mandate/internal/testworld"
)

// TestRequestsThatCannotBeDecided: what is wrong with the rows is told at once, and nothing is done then.
func TestRequestsThatCannotBeDecided(t *testing.T) {
	eachScene(t, func(s scene) {
		contoso, fabrikam, other := s.Customer("Contoso"), s.Customer("Fabrikam"), s.Customer("Other")
		clerk := s.Staff(contoso, "clerk", testworld.Administrator).Join(fabrikam.Tenant, testworld.Administrator)
		code := s.invitesAll(contoso, "VALIDATE_AND_APPROVE")
		asks := func(c *testworld.Company, code, name string) string {
			s.proves(s.signsUp(code, name+"@example.com"))
			return s.requestOf(c, name+"@example.com")
		}
		ada, bea, decided := asks(contoso, code, "ada"), asks(contoso, code, "bea"), asks(contoso, code, "cleo")
		theirs := asks(fabrikam, s.invitesAll(fabrikam, "VALIDATE_AND_APPROVE"), "dora")
		hidden := asks(other, s.invitesAll(other, "VALIDATE_AND_APPROVE"), "emma")
		s.does(clerk, "rejectAccessRequests", in{"ids": []string{decided}, "reason": "No."})
		none := "req_00000000000000000000000000"

		both := func(s scene, ids []string, rules ...string) {
			s.Helper()
			s.refused(clerk, "approveAccessRequests", in{"ids": ids}, rules...)
			s.refused(clerk, "rejectAccessRequests", in{"ids": ids, "reason": "No."}, rules...)
		}
		s.then("none, or too many", func(s scene) {
			both(s, []string{}, "LIMIT_EXCEEDED at input.ids")
			both(s, make([]string, 101), "LIMIT_EXCEEDED at input.ids")
		})
		s.then("ids of nothing, of something else, and of what is out of reach", func(s scene) {
			both(s, []string{none, "", contoso.ID, hidden, ada + " "}, "NOT_FOUND at input.ids.0", "NOT_FOUND at input.ids.1", "NOT_FOUND at input.ids.2",
				"NOT_FOUND at input.ids.3", "NOT_FOUND at input.ids.4")
			both(s, []string{hidden, ada}, "NOT_FOUND at input.ids.0")
		})
		s.then("one named twice, one decided, one of another tenant", func(s scene) {
			both(s, []string{ada, bea, ada}, "CONFLICT at input.ids.2")
			both(s, []string{ada, decided}, "REQUEST_ALREADY_DECIDED at input.ids.1")
			both(s, []string{ada, theirs}, "INVALID at input.ids.1")
			both(s, []string{theirs, ada}, "INVALID at input.ids.1")
		})
		s.then("all of it at once, and what is given besides", func(s scene) {
			ids := []string{none, ada, decided, ada, theirs, hidden}
			rules := []string{"NOT_FOUND at input.ids.0", "REQUEST_ALREADY_DECIDED at input.ids.2", "CONFLICT at input.ids.3", "INVALID at input.ids.4", "NOT_FOUND at input.ids.5"}
			both(s, ids, rules...)
			s.refused(clerk, "approveAccessRequests", in{"ids": ids, "permissions": levels("invoices", "VIEW")}, append(rules, "PERMISSION_REQUIRED_FOR_EACH_FEATURE at input.permissions")...)
		})
		s.then("without a reason, or with one that cannot be shown", func(s scene) {
			for reason, rule := range map[string]string{"": "REQUIRED", " \n": "REQUIRED", "a\u202eb": "INVALID", strings.Repeat("n", 501): "TOO_LONG"} {
				s.refused(clerk, "rejectAccessRequests", in{"ids": []string{ada}, "reason": reason}, rule+" at input.reason")
			}
		})
		s.then("two are decided in one event", func(s scene) {
			a := s.does(clerk, "rejectAccessRequests", in{"ids": []string{bea, ada}, "reason": "Ask\nyour manager."})
			s.sees(a.Column("rejectAccessRequests.accessRequests", "id"), bea, ada)
			s.sees(a.Column("rejectAccessRequests.accessRequests", "reason"), "Ask\nyour manager.", "Ask\nyour manager.")
		})
	})
}

// TestNobodyDecidesAboutThemselves: by whatever path.
func TestNobodyDecidesAboutThemselves(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso := s.NewPartner("Acme"), s.Customer("Contoso")
		relationship := s.connected(acme, contoso, "PRIME_ADMIN")
		helper := s.Staff(acme, "helper", testworld.Nothing)
		s.does(acme.Admin, "assign", in{"granteeId": helper.Member(acme.Tenant).ID, "tenantId": contoso.ID, "roleKey": "DECISION_MAKER"})
		code := s.invitesAll(contoso, "VALIDATE_AND_APPROVE")
		decide := func(p *testworld.Person, id, rule string) {
			s.Helper()
			s.refused(p, "approveAccessRequests", in{"ids": []string{id}}, rule)
			s.refused(p, "approveAccessRequests", in{"ids": []string{id}, "roleKey": "READ_ONLY"}, rule)
			s.refused(p, "rejectAccessRequests", in{"ids": []string{id}, "reason": "No."}, rule)
		}
		for path, p := range map[string]*testworld.Person{"a relationship": acme.Admin, "an assignment": helper} {
			s.then("by "+path, func(s scene) {
				token := s.signsUp(code, p.Email)
				id := s.requestOf(contoso, p.Email)
				decide(p, id, "SELF_APPROVAL_FORBIDDEN at input.ids.0")
				s.does(s.Stranger(), "verifyEmail", in{"token": token})
				decide(p, id, "SELF_APPROVAL_FORBIDDEN at input.ids.0")
				decide(p.Entered(contoso.ID), id, "SELF_APPROVAL_FORBIDDEN at input.ids.0")
				a := p.Do("query($id: ID!) { node(id: $id) { ... on AccessRequest { status viewerCanDecide } } }", vars{"id": id}).OK()
				s.is("request", a.At("node"), any(map[string]any{"status": "PENDING", "viewerCanDecide": false}))
			})
		}
		s.then("each is decided about by the other, and one among many is enough to stop all", func(s scene) {
			own, others := s.requestOf(contoso, acme.Admin.Email), s.requestOf(contoso, helper.Email)
			s.refused(acme.Admin, "approveAccessRequests", in{"ids": []string{others, own}}, "SELF_APPROVAL_FORBIDDEN at input.ids.1")
			s.does(acme.Admin, "approveAccessRequests", in{"ids": []string{others}})
		})
		s.then("without a path there is nothing to decide", func(s scene) {
			s.does(contoso.Admin, "terminateRelationship", in{"id": relationship})
			decide(acme.Admin, s.requestOf(contoso, acme.Admin.Email), "NOT_FOUND at input.ids.0")
		})
	})
}

// TestApprovalsThatGiveTooMuch: nobody lets in somebody who would hold more than they do.
func TestApprovalsThatGiveTooMuch(t *testing.T) {
	eachScene(t, func(s scene) {
		contoso := s.Customer("Contoso")
		registrar := s.Staff(contoso, "registrar", testworld.Custom(s.CustomRole(contoso.Tenant, "Registrar",
			map[feature]accessLevel{"USERS": manage, "ROLES": manage, "SITES": view, "invoices": view, "orders": view, "services": view, "tickets": view})))
		small := s.CustomRole(contoso.Tenant, "Small", map[feature]accessLevel{"invoices": view}).ID
		theirs := s.CustomRole(s.Customer("Fabrikam").Tenant, "Theirs", nil).ID
		code := s.invitesAll(contoso, "VALIDATE_AND_APPROVE")
		s.proves(s.signsUp(code, "ada@example.com"))
		ada := s.requestOf(contoso, "ada@example.com")
		every := levels("invoices", "VIEW", "orders", "VIEW", "services", "VIEW", "tickets", "NONE")

		for _, c := range []struct {
			outcome string
			given   in
			rule    string
		}{
			{"the flag", in{"administrator": true}, "ROLE_EXCEEDS_GRANT at input.administrator"},
			{"a system role", in{"roleKey": "PHONE_MANAGER"}, "ROLE_EXCEEDS_GRANT at input.roleKey"},
			{"levels", in{"permissions": append(levels("AUDIT", "VIEW"), every...)}, "ROLE_EXCEEDS_GRANT at input.permissions"},
			{"a small role and large levels", in{"roleId": small, "permissions": levels("invoices", "MANAGE")}, "ROLE_EXCEEDS_GRANT at input.roleId"},
			{"a role of another tenant", in{"roleId": theirs}, "NOT_FOUND at input.roleId"},
			{"two roles", in{"roleId": small, "roleKey": "READ_ONLY"}, "INVALID at input.roleId"},
			{"the flag and a role", in{"administrator": true, "roleId": small}, "INVALID at input.administrator"},
			{"the flag and levels", in{"administrator": true, "permissions": every}, "INVALID at input.administrator"},
			{"levels with a gap", in{"permissions": every[1:]}, "PERMISSION_REQUIRED_FOR_EACH_FEATURE at input.permissions"},
			{"single sign-on without a level", in{"permissions": append(every, in{"feature": "sso.meraki"})}, "SSO_LEVEL_REQUIRED at input.permissions.4.level"},
			{"a feature that there is not", in{"permissions": append(every, levels("coffee", "VIEW")...)}, "INVALID at input.permissions.4.feature"},
		} {
			s.then(c.outcome, func(s scene) {
				input := in{"ids": []string{ada}}
				maps.Copy(input, c.given)
				s.refused(registrar, "approveAccessRequests", input, c.rule)
			})
		}
		s.then("somebody whom an administrator has given more meanwhile", func(s scene) {
			id := s.read("SELECT member_id FROM access_requests WHERE id='" + ada + "'")[0]
			for role, rule := range map[string]string{"PRIME_ADMIN": "ROLE_EXCEEDS_GRANT at input.ids.0", "READ_ONLY": "ROLE_EXCEEDS_GRANT at input.ids.0"} {
				s.does(contoso.Admin, "changeRole", in{"memberId": id, "roleKey": role})
				s.refused(registrar, "approveAccessRequests", in{"ids": []string{ada}}, rule)
				s.refused(registrar, "approveAccessRequests", in{"ids": []string{ada}, "roleId": small}, rule)
				s.refused(registrar, "rejectAccessRequests", in{"ids": []string{ada}, "reason": "No."}, rule)
			}
			s.does(contoso.Admin, "changeRole", in{"memberId": id, "administrator": true})
			s.refused(registrar, "approveAccessRequests", in{"ids": []string{ada}}, "ROLE_EXCEEDS_GRANT at input.ids.0")
			s.does(contoso.Admin, "changeRole", in{"memberId": id, "roleId": small})
		})
		s.then("what the giver holds takes the place of what was there", func(s scene) {
			s.does(registrar, "approveAccessRequests", in{"ids": []string{ada}, "permissions": every})
			p := s.person("ada@example.com")
			for feature, want := range map[string]string{"invoices": "VIEW", "services": "VIEW", "tickets": "NONE", "USERS": "NONE"} {
				s.is(feature, level(s, p, contoso.ID, feature), want)
			}
			s.sees(s.read("SELECT COUNT(*) FROM members WHERE role_id='"+small+"'"), "0")
		})
		s.then("who sees listed sites lets in people who see those", func(s scene) {
			var sites []string
			for _, number := range []string{"S-1", "S-2"} {
				row, err := s.Write.Site.Create().SetTenantID(contoso.ID).SetAccountNumber(number).SetName(number).SetSortName(number).SetStatus("UP").Save(s.System())
				s.must(err)
				sites = append(sites, row.ID)
			}
			s.does(contoso.Admin, "updateMembers", in{"tenantId": contoso.ID, "members": []in{{"id": registrar.Member(contoso.Tenant).ID, "siteIds": sites[1:]}}})
			s.proves(s.signsUp(code, "bea@example.com"))
			s.does(registrar, "approveAccessRequests", in{"ids": []string{s.requestOf(contoso, "bea@example.com")}, "permissions": append(levels("SITES", "VIEW"), every...)})
			s.sees(s.read(`SELECT m.all_sites, i.site_id FROM members m JOIN member_sites i ON i.member_id=m.id WHERE m.handle='bea'`), "0 | "+sites[1])
			s.proves(s.signsUp(code, "cleo@example.com"))
			s.does(contoso.Admin, "approveAccessRequests", in{"ids": []string{s.requestOf(contoso, "cleo@example.com")}, "roleKey": "READ_ONLY"})
			s.sees(s.read(`SELECT all_sites FROM members WHERE handle='cleo'`), "1")
		})
	})
}
