package graph_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"mandate/ent/member"
	"mandate/ent/relationship"
	"mandate/ent/session"
	"mandate/internal/testworld"
)

// gone checks that nobody reaches a tenant in any way.
func (s scene) gone(c *testworld.Company, people map[string]*testworld.Person) {
	s.Helper()
	for who, p := range people {
		s.is(who+" reads it as a node", reaches(p, c.ID), false)
		a := p.Do(`query($id: ID!) { tenant(id: $id) { id } customers(first: 100) { totalCount nodes { name } } tenants(first: 100) { totalCount nodes { name } }
			viewer { tenants(first: 100) { totalCount nodes { tenant { name } } } } }`, vars{"id": c.ID}).OK()
		s.is(who+" reads it as a tenant", a.At("tenant"), nil)
		for list, name := range map[string]string{"customers": "name", "tenants": "name", "viewer.tenants": "tenant.name"} {
			names := a.Column(list+".nodes", name)
			if slices.Contains(names, c.Name) || a.At(list+".totalCount") != any(float64(len(names))) {
				s.Errorf("%s sees it in %s, or a count of it: %v of %v", who, list, names, a.At(list+".totalCount"))
			}
		}
		for mutation, input := range map[string]in{"updateTenant": {"name": "Late"}, "suspendTenant": {}, "reactivateTenant": {}, "deleteTenant": {}} {
			input["id"] = c.ID
			s.refused(p, mutation, input, "NOT_FOUND at input.id")
		}
	}
}

// TestADeletedCustomer is the story of a customer that goes, with all that a customer can have.
func TestADeletedCustomer(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, green, contoso, fabrikam, operator := s.NewPartner("Acme"), s.NewPartner("Green"), s.Customer("Contoso"), s.Customer("Fabrikam"), s.Operator()
		asked := s.does(contoso.Admin, "invitePartner", in{"code": green.Partner.Code, "roleKey": "READ_ONLY"}).String("invitePartner.invitation.id")
		live := s.connected(acme, contoso, "READ_ONLY")
		offer := s.does(acme.Admin, "widenRelationship", in{"id": live, "roleKey": "ADMINISTRATOR"}).String("widenRelationship.invitation.id")
		s.must(s.Write.Invitation.Create().SetDirection("CUSTOMER_TO_PARTNER").SetChannel("PARTNER_ID").SetPartnerID(green.ID).SetCustomerID(contoso.ID).
			SetPartnerName("Green").SetPartnerType("MSP").SetPartnerCode(green.Partner.Code).SetCustomerName("Contoso").SetRoleID("rol_00000000000000000000000004").
			SetValidHours(1).SetExpiresAt(s.Now()).Exec(s.System())) // expired, and not recorded so
		s.does(contoso.Admin, "updateTenant", in{"id": contoso.ID, "signUpPolicy": "VALIDATE_EMAIL", "tags": []string{"north"}, "accountNumber": "C-1"})
		helper := s.Staff(acme, "helper", testworld.Nothing)
		assignment := s.does(acme.Admin, "assign", in{"granteeId": helper.Member(acme.Tenant).ID, "tenantId": contoso.ID, "roleKey": "READ_ONLY"}).String("assign.assignment.id")
		clerk, both := s.Staff(contoso, "clerk", testworld.Role("READ_ONLY")), s.Staff(contoso, "both", testworld.Nothing).Join(fabrikam.Tenant, testworld.Administrator)
		suspended, waiting := s.Staff(contoso, "suspended", testworld.Nothing).Member(contoso.Tenant), s.Staff(contoso, "waiting", testworld.Nothing).Member(contoso.Tenant)
		s.must(s.Write.Member.UpdateOne(suspended).SetStatus(member.StatusSuspended).Exec(s.System()))
		s.must(s.Write.Member.UpdateOne(waiting).SetStatus(member.StatusPendingApproval).Exec(s.System()))
		s.must(s.Write.AccessRequest.Create().SetTenantID(contoso.ID).SetMemberID(waiting.ID).SetExpiresAt(s.Now().AddDate(0, 0, 30)).Exec(s.System()))
		s.must(s.Write.MemberPermission.Create().SetTenantID(contoso.ID).SetMemberID(clerk.Member(contoso.Tenant).ID).SetFeature("invoices").SetLevel(view).Exec(s.System()))
		for id, ends := range map[string]time.Duration{"ended": 0, "off": 24 * time.Hour} {
			s.must(s.Write.ServiceSubscription.Create().SetTenantID(contoso.ID).SetExternalID(id).SetName(id).SetActive(id == "ended").SetEndsAt(s.Now().Add(ends)).Exec(s.System()))
		}
		own := s.signsIn("clerk@example.com")
		bothOwn := s.signsIn("both@example.com")
		enteredByHelper := s.does(helper, "enterTenant", in{"tenantId": contoso.ID}).String("enterTenant.token")
		enteredByOperator := s.does(operator.Admin, "enterTenant", in{"tenantId": contoso.ID}).String("enterTenant.token")
		everybody := map[string]*testworld.Person{"administrator": contoso.Admin, "clerk": clerk, "member of two": both, "partner": acme.Admin, "staff": helper,
			"other partner": green.Admin, "other customer": fabrikam.Admin, "operator": operator.Admin}

		s.then("its administrator deletes it", func(s scene) {
			a := s.does(contoso.Admin, "deleteTenant", in{"id": contoso.ID, "reason": "We close."})
			s.is("id", a.At("deleteTenant.deletedId"), any(contoso.ID))
		})
		s.then("nobody reaches it any more", func(s scene) {
			s.gone(contoso, everybody)
			s.sees(reachable(both), "Fabrikam")
			s.sees(customersOf(acme.Admin))
		})
		s.then("its people are signed out, but for those who are somewhere else too", func(s scene) {
			for who, is := range map[string][2]any{"clerk": {own, 401}, "member of two": {bothOwn, 200}, "staff in it": {enteredByHelper, 401}, "operator in it": {enteredByOperator, 401}} {
				s.is(who, s.Bearer(is[0].(string)).Do(me, nil).Status, is[1])
			}
			s.refused(s.Stranger(), "signIn", in{"email": "clerk@example.com", "password": testworld.Password}, "CREDENTIALS_INVALID at input")
			s.signsIn("both@example.com")
			open := s.Read.Session.Query().Where(session.UserID(contoso.Admin.ID), session.EndedAtIsNil()).CountX(s.System())
			s.is("sessions of its administrator", open, 0)
		})
		s.then("nothing of it is left open", func(s scene) {
			of := func(column, table, by string) []string {
				return s.read(fmt.Sprintf("SELECT DISTINCT %s FROM %s WHERE %s='%s'", column, table, by, contoso.ID))
			}
			s.sees(of("status, sign_up_policy, sign_up_code, partner_id, version", "tenants", "id"), "DELETED | CLOSED |  |  | 3")
			s.sees(of("status, present_user_id, present_handle, administrator, role_id", "members", "tenant_id"), "REMOVED |  |  | 0 | ")
			s.sees(of("id", "member_permissions", "tenant_id"))
			s.sees(of("status, decided_by_name", "access_requests", "tenant_id"), "REJECTED | Contoso Smith")
			s.sees(of("status, active_customer_id", "relationships", "customer_id"), "TERMINATED | ")
			s.sees(of("status, open_key", "assignments", "tenant_id"), "REVOKED | ")
			s.sees(of("status, pending_customer_key", "invitations", "customer_id"), "ACCEPTED | ", "EXPIRED | ", "REVOKED | ")
			expectSound(s.T, s.World)
		})
		s.then("the partner is told, and keeps its history", func(s scene) {
			mails := s.Mails("acme@example.com")
			last := mails[len(mails)-1]
			s.is("mail", []string{last.Kind, last.Subject}, []string{"relationship.ended", "Relationship with Contoso ended"})
			a := acme.Admin.Do(`query($r: ID!, $o: ID!, $a: ID!) {
				relationship: node(id: $r) { ... on Relationship { status endedBy endReason customer { id } customerProfile { name accountNumber } role { key } } }
				offer: node(id: $o) { ... on Invitation { status customer { id } customerProfile { name } } }
				assignment: node(id: $a) { ... on Assignment { status tenant { id } role { key } } } }`, vars{"r": live, "o": offer, "a": assignment}).OK()
			s.is("relationship", a.At("relationship"), any(map[string]any{"status": "TERMINATED", "endedBy": "CUSTOMER", "endReason": "We close.", "customer": nil,
				"customerProfile": map[string]any{"name": "Contoso", "accountNumber": "C-1"}, "role": map[string]any{"key": "READ_ONLY"}}))
			s.is("offer", a.At("offer"), any(map[string]any{"status": "REVOKED", "customer": nil, "customerProfile": map[string]any{"name": "Contoso"}}))
			s.is("assignment", a.At("assignment"), any(map[string]any{"status": "REVOKED", "tenant": nil, "role": map[string]any{"key": "READ_ONLY"}}))
			s.refused(acme.Admin, "terminateRelationship", in{"id": live}, "RELATIONSHIP_NOT_ACTIVE at input.id")
			s.refused(green.Admin, "acceptInvitation", in{"id": asked}, "INVITATION_NOT_PENDING at input.id")
		})
		s.then("and its trail tells who did it and why", func(s scene) {
			a := acme.Admin.Do(`query($id: ID!) { tenant(id: $id) { auditEvents(first: 2) {
				nodes { action reason actor { name } actorTenant { name } targetName target { id } changes { field } } } } }`, vars{"id": acme.ID}).OK()
			by := func(action string, name, target, changes any) map[string]any {
				return map[string]any{"action": action, "reason": "We close.", "actor": map[string]any{"name": "Contoso Smith"},
					"actorTenant": map[string]any{"name": "Contoso"}, "targetName": name, "target": target, "changes": changes}
			}
			s.is("events", a.At("tenant.auditEvents.nodes"), any([]any{by("tenant.deleted", nil, nil, nil),
				by("relationship.terminated", "Contoso – Acme", map[string]any{"id": live}, []any{map[string]any{"field": "status"}})}))
			s.sees(changed(green.Admin, green.ID, "tenant.deleted"))
			s.sees(changed(operator.Admin, operator.ID, "tenant.deleted"))
		})
		s.then("its name, its people's addresses and their User IDs are free", func(s scene) {
			again := s.does(operator.Admin, "createCustomer", in{"name": "Contoso", "adminEmail": "clerk@example.com", "adminFirstName": "C", "adminLastName": "K"}).
				String("createCustomer.tenant.id")
			s.sees(reachable(s.person("clerk@example.com")), "Contoso")
			s.is("the same", again == contoso.ID, false)
		})
	})
}

// TestADeletedPartner: its customers stay, each is told, and each is free for another partner at once.
func TestADeletedPartner(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, blue, operator := s.NewPartner("Acme"), s.NewPartner("Blue"), s.Operator()
		contoso, fabrikam, adatum, former := s.Customer("Contoso"), s.Customer("Fabrikam"), s.Customer("Adatum"), s.Customer("Former")
		s.Connect(acme, contoso, "ADMINISTRATOR", relationship.KindPartnerOfRecord)
		s.does(fabrikam.Admin, "suspendRelationship", in{"id": s.connected(acme, fabrikam, "READ_ONLY")})
		over := s.connected(acme, former, "READ_ONLY")
		s.does(former.Admin, "narrowRelationship", in{"id": over, "endsAt": s.Now().Add(time.Hour)})
		helper := s.Staff(acme, "helper", testworld.Nothing)
		s.Assign(acme, contoso, helper, "READ_ONLY")
		asked := s.does(adatum.Admin, "invitePartner", in{"code": acme.Partner.Code, "roleKey": "READ_ONLY"}).String("invitePartner.invitation.id")
		_, token := s.invites(acme, "adatum@example.com")
		entered := s.does(helper, "enterTenant", in{"tenantId": contoso.ID}).String("enterTenant.token")
		s.Later(time.Hour - time.Minute)
		own := s.signsIn("helper@example.com")
		s.Later(time.Minute)
		s.does(operator.Admin, "suspendTenant", in{"id": acme.ID})

		s.then("the operator deletes it, though it is suspended", func(s scene) {
			s.is("pairs", s.pairs(acme.ID), 2)
			s.does(operator.Admin, "deleteTenant", in{"id": acme.ID, "reason": "Bankrupt."})
			s.gone(acme, map[string]*testworld.Person{"administrator": acme.Admin, "staff": helper, "customer": contoso.Admin, "operator": operator.Admin})
			for _, token := range []string{own, entered} {
				s.is("signed in", s.Bearer(token).Do(me, nil).Status, 401)
			}
			s.is("reached", reaches(helper, contoso.ID) || reaches(acme.Admin, contoso.ID), false)
			expectSound(s.T, s.World)
		})
		s.then("every customer is told, and reads of its own pair alone", func(s scene) {
			for _, c := range []*testworld.Company{contoso, fabrikam} {
				mails := s.Mails(c.Admin.Email)
				s.is("mail", mails[len(mails)-1].Subject, "Relationship with Acme ended")
				a := c.Admin.Do(`query($id: ID!) { tenant(id: $id) { relationship { id } relationships(first: 9) { nodes { status endedBy endReason partner { name } } }
					auditEvents(first: 9, filter: {action: ["relationship.terminated", "tenant.deleted"]}) { nodes { action reason targetName actorTenant { name } } } } }`, vars{"id": c.ID}).OK()
				s.is("history", a.At("tenant.relationships.nodes"), any([]any{map[string]any{"status": "TERMINATED", "endedBy": "OPERATOR", "endReason": "Bankrupt.",
					"partner": map[string]any{"name": "Acme"}}}))
				s.is("trail", a.At("tenant.auditEvents.nodes"), any([]any{map[string]any{"action": "relationship.terminated", "reason": "Bankrupt.",
					"targetName": c.Name + " – Acme", "actorTenant": map[string]any{"name": "Operator"}}}))
			}
			s.sees(changed(operator.Admin, operator.ID, "tenant.deleted"), "<nil>")
		})
		s.then("who was told of nothing had nothing to lose", func(s scene) {
			for _, m := range append(s.Mails("former@example.com"), append(s.Mails("acme@example.com"), s.Mails("helper@example.com")...)...) {
				if m.Kind == "relationship.ended" {
					s.Errorf("%s is told that %s", m.Recipient, m.Subject)
				}
			}
			a := former.Admin.Do(`query($id: ID!) { tenant(id: $id) { relationships(first: 9) { nodes { status endedBy partner { name } } } } }`, vars{"id": former.ID}).OK()
			s.is("past its end", a.At("tenant.relationships.nodes"), any([]any{map[string]any{"status": "EXPIRED", "endedBy": nil, "partner": map[string]any{"name": "Acme"}}}))
		})
		s.then("its invitations are void, and its Partner ID leads nowhere", func(s scene) {
			s.refused(adatum.Admin, "acceptInvitation", in{"token": token}, "INVITATION_NOT_PENDING at input.id")
			s.refused(adatum.Admin, "revokeInvitation", in{"id": asked}, "INVITATION_NOT_PENDING at input.id")
			s.is("previewed", s.Stranger().Do(`query($t: String!) { invitationByToken(token: $t) { expiresAt } }`, vars{"t": token}).OK().At("invitationByToken"), nil)
			s.is("found", adatum.Admin.Do(`query($c: String!) { partnerByCode(code: $c) { name } }`, vars{"c": acme.Partner.Code}).OK().At("partnerByCode"), nil)
			s.refused(adatum.Admin, "invitePartner", in{"code": acme.Partner.Code, "roleKey": "READ_ONLY"}, "PARTNER_NOT_FOUND at input.code")
			s.refused(operator.Admin, "createCustomer", in{"partnerId": acme.Partner.ID, "name": "L", "adminEmail": "l@example.com", "adminFirstName": "L", "adminLastName": "L"},
				"NOT_FOUND at input.partnerId")
		})
		s.then("a customer that was its own takes another partner at once", func(s scene) {
			for _, c := range []*testworld.Company{contoso, fabrikam, former} {
				s.connected(blue, c, "READ_ONLY")
			}
			s.sees(customersOf(blue.Admin), "Contoso", "Fabrikam", "Former")
			expectSound(s.T, s.World)
		})
	})
}

// TestWhoDeletesATenant: whose side an end is, and who reads of it, follows from as whom somebody acts.
func TestWhoDeletesATenant(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, operator := s.NewPartner("Acme"), s.Operator()
		ofRecord, free, partnerless := s.Customer("Contoso"), s.Customer("Fabrikam"), s.NewPartner("Blue")
		s.Connect(acme, ofRecord, "ADMINISTRATOR", relationship.KindPartnerOfRecord)
		ends := func(c *testworld.Company) []string {
			return s.read("SELECT status, ended_by FROM relationships WHERE customer_id='" + c.ID + "'")
		}
		event := func(c *testworld.Company) []string {
			return s.read("SELECT e.actor_name, e.on_behalf_of_name, t.name FROM audit_events e LEFT JOIN tenants t ON t.id=e.other_tenant_id WHERE e.action='tenant.deleted' AND e.tenant_id='" + c.ID + "'")
		}
		s.then("an administrator of the partner of record, for the partner's side", func(s scene) {
			s.does(acme.Admin, "deleteTenant", in{"id": ofRecord.ID})
			s.sees(ends(ofRecord), "TERMINATED | PARTNER")
			s.sees(event(ofRecord), "Acme Smith | Contoso | Acme")
			s.sees(s.kinds("acme@example.com"))
			s.sees(s.kinds("contoso@example.com"), "tenant.deleted")
			s.sees(changed(acme.Admin, acme.ID, "tenant.deleted"), "<nil>")
		})
		s.then("its own administrator, where nobody else is concerned, before the operator's eyes", func(s scene) {
			s.does(free.Admin, "deleteTenant", in{"id": free.ID})
			s.sees(event(free), "Fabrikam Smith |  | Operator")
			s.does(partnerless.Admin, "deleteTenant", in{"id": partnerless.ID})
			s.sees(event(partnerless), "Blue Smith |  | Operator")
			s.sees(changed(operator.Admin, operator.ID, "tenant.deleted"), "<nil>", "<nil>")
		})
		s.then("a partner's own administrator, for the partner's side", func(s scene) {
			c := s.Customer("Adatum")
			s.connected(acme, c, "READ_ONLY")
			s.does(acme.Admin, "deleteTenant", in{"id": acme.ID})
			s.sees(ends(c), "TERMINATED | PARTNER")
			mails := s.Mails("adatum@example.com")
			s.is("mail", mails[len(mails)-1].Kind, "relationship.ended")
		})
		s.then("the operator's people, who need not administer", func(s scene) {
			c := s.Customer("Tailspin")
			desk := s.Staff(operator, "desk", testworld.Custom(s.CustomRole(operator.Tenant, "Desk", map[feature]accessLevel{"TENANT": manage})))
			s.does(desk, "deleteTenant", in{"id": c.ID})
			s.sees(event(c), "Desk Smith | Tailspin | Operator")
		})
		s.then("one of them as that, though a member as well", func(s scene) {
			p, c := s.NewPartner("Zenith"), s.Customer("Litware")
			s.connected(p, c, "READ_ONLY")
			both := s.Staff(operator, "both", testworld.Administrator).Join(c.Tenant, testworld.Role("PRIME_ADMIN"))
			s.does(both, "deleteTenant", in{"id": c.ID})
			s.sees(ends(c), "TERMINATED | OPERATOR")
			s.sees(s.read("SELECT action, actor_tenant_name FROM audit_events WHERE tenant_id='"+c.ID+"' AND action IN ('tenant.deleted', 'relationship.terminated')"),
				"relationship.terminated | Operator", "tenant.deleted | Operator")
		})
		s.then("a relationship that was past its end is not ended once more", func(s scene) {
			p, c := s.NewPartner("Yonder"), s.Customer("Wingtip")
			s.does(c.Admin, "narrowRelationship", in{"id": s.connected(p, c, "READ_ONLY"), "endsAt": s.Now().Add(time.Hour)})
			s.Later(time.Hour)
			s.does(c.Admin, "deleteTenant", in{"id": c.ID})
			s.sees(s.read("SELECT status, active_customer_id, ended_by FROM relationships WHERE customer_id='"+c.ID+"'"), "EXPIRED |  | ")
			s.sees(s.read("SELECT partner_id FROM tenants WHERE id='"+c.ID+"'"), "")
		})
	})
}
