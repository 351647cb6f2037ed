package graph_test

import (
	"testing"

	"mandate/ent/relationship"
	"mandate/ent/tenant"
	"mandate/internal/testworld"
)

// reachable lists the tenants that the switcher shows somebody.
func reachable(p *testworld.Person) []string {
	return p.Do("{ viewer { tenants(first: 100) { nodes { tenant { name } } } } }", nil).OK().Column("viewer.tenants.nodes", "tenant.name")
}

// TestASuspendedCustomer is the story of a customer that its partner of record closes for a time.
func TestASuspendedCustomer(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso, operator := s.NewPartner("Acme"), s.Customer("Contoso"), s.Operator()
		s.Connect(acme, contoso, "ADMINISTRATOR", relationship.KindPartnerOfRecord)
		clerk, helper := s.Staff(contoso, "clerk", testworld.Role("READ_ONLY")), s.Staff(acme, "helper", testworld.Nothing)
		s.Assign(acme, contoso, helper, "ADMINISTRATOR")
		admin, entered := s.person("contoso@example.com"), helper.Entered(contoso.ID)
		_, token := s.invites(s.NewPartner("Blue"), "contoso@example.com")
		all := s.rows()

		s.then("its partner of record suspends it, and nothing ends", func(s scene) {
			a := s.does(acme.Admin, "suspendTenant", in{"id": contoso.ID, "reason": "Unpaid."})
			s.is("status", a.At("suspendTenant.tenant.status"), "SUSPENDED")
			now := s.rows()
			for _, table := range []string{"members", "relationships", "assignments", "invitations", "sessions", "member_permissions", "tenant_tags"} {
				s.is(table, now[table], all[table])
			}
			s.refused(acme.Admin, "suspendTenant", in{"id": contoso.ID}, "CONFLICT at input.id")
		})
		s.then("at their next request nobody reaches it any more", func(s scene) {
			for who, p := range map[string]*testworld.Person{"administrator": contoso.Admin, "member": clerk, "signed in before": admin, "staff": helper, "entered": entered} {
				s.is(who+" reaches it", reaches(p, contoso.ID), false)
				s.sees(reachable(p), map[string][]string{"staff": {"Acme"}}[who]...)
				s.refused(p, "activateService", in{"tenantId": contoso.ID}, "NOT_FOUND at input.tenantId")
			}
			s.sees(customersOf(helper))
			s.refused(s.Stranger(), "signIn", in{"email": "clerk@example.com", "password": testworld.Password}, "CREDENTIALS_INVALID at input")
			s.refused(helper, "enterTenant", in{"tenantId": contoso.ID}, "NOT_FOUND at input.tenantId")
		})
		s.then("what waits for it cannot be accepted", func(s scene) {
			s.refused(contoso.Admin, "acceptInvitation", in{"token": token, "tenantId": contoso.ID, "replaceCurrent": true}, "TENANT_SUSPENDED at input.tenantId")
			s.refused(contoso.Admin, "invitePartner", in{"tenantId": contoso.ID, "code": acme.Partner.Code, "roleKey": "READ_ONLY"}, "TENANT_SUSPENDED at input.tenantId")
		})
		s.then("those who may reactivate it still reach it", func(s scene) {
			s.sees(customersOf(acme.Admin), "Contoso")
			a := operator.Admin.Do(`{ tenants(first: 9, filter: {status: [SUSPENDED]}) { totalCount nodes { name status } } }`, nil).OK()
			s.sees(a.Column("tenants.nodes", "name"), "Contoso")
		})
		s.then("the operator reactivates it, and everything is as before", func(s scene) {
			a := s.does(operator.Admin, "reactivateTenant", in{"id": contoso.ID})
			s.is("status", a.At("reactivateTenant.tenant.status"), "ACTIVE")
			s.refused(operator.Admin, "reactivateTenant", in{"id": contoso.ID}, "CONFLICT at input.id")
			for who, p := range map[string]*testworld.Person{"administrator": contoso.Admin, "member": clerk, "signed in before": admin, "staff": helper, "entered": entered} {
				s.is(who+" reaches it", reaches(p, contoso.ID), true)
			}
			s.sees(customersOf(helper), "Contoso")
			s.signsIn("clerk@example.com")
			s.refused(contoso.Admin, "acceptInvitation", in{"token": token}, "CUSTOMER_ALREADY_LINKED at input")
		})
		s.then("both trails tell who did it, for whom and why", func(s scene) {
			s.sees(changed(contoso.Admin, contoso.ID, "tenant.suspended"), "Contoso; status: ACTIVE > SUSPENDED")
			s.sees(changed(contoso.Admin, contoso.ID, "tenant.reactivated"), "Contoso; status: SUSPENDED > ACTIVE")
			for tenantID, reader := range map[string]*testworld.Person{contoso.ID: contoso.Admin, acme.ID: acme.Admin} {
				a := reader.Do(`query($id: ID!) { tenant(id: $id) { auditEvents(filter: {action: ["tenant.suspended"]}, first: 9) {
					nodes { reason actor { name } actorTenant { name } onBehalfOf { name } } } } }`, vars{"id": tenantID}).OK()
				s.is("event", a.At("tenant.auditEvents.nodes"), any([]any{map[string]any{"reason": "Unpaid.", "actor": map[string]any{"name": "Acme Smith"},
					"actorTenant": map[string]any{"name": "Acme"}, "onBehalfOf": map[string]any{"name": "Contoso"}}}))
			}
			s.is("the operator's", len(changed(operator.Admin, operator.ID, "tenant.reactivated")), 1)
		})
	})
}

// TestASuspendedPartner: the operator closes a partner, and with it every way through it.
func TestASuspendedPartner(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso, fabrikam, operator := s.NewPartner("Acme"), s.Customer("Contoso"), s.Customer("Fabrikam"), s.Operator()
		record := s.Connect(acme, contoso, "ADMINISTRATOR", relationship.KindPartnerOfRecord)
		helper := s.Staff(acme, "helper", testworld.Nothing)
		s.Assign(acme, contoso, helper, "READ_ONLY")
		asked := s.does(fabrikam.Admin, "invitePartner", in{"code": acme.Partner.Code, "roleKey": "READ_ONLY"}).String("invitePartner.invitation.id")
		_, token := s.invites(acme, "fabrikam@example.com")
		desk := s.Staff(operator, "desk", testworld.Custom(s.CustomRole(operator.Tenant, "Desk", map[feature]accessLevel{"TENANT": manage})))

		s.then("one of the operator's people suspends it", func(s scene) {
			s.does(desk, "suspendTenant", in{"id": acme.ID})
			for _, p := range []*testworld.Person{acme.Admin, helper} {
				s.sees(reachable(p))
				s.is("reached", reaches(p, contoso.ID), false)
			}
			s.refused(acme.Admin, "inviteCustomer", in{"email": "late@example.com"}, "PARTNER_PERMISSION_REQUIRED at input")
			s.refused(acme.Admin, "suspendTenant", in{"id": contoso.ID}, "NOT_FOUND at input.id")
			s.refused(acme.Admin, "reactivateTenant", in{"id": acme.ID}, "NOT_FOUND at input.id")
			s.refused(acme.Admin, "deleteTenant", in{"id": acme.ID}, "NOT_FOUND at input.id")
		})
		s.then("neither side of an invitation accepts it", func(s scene) {
			s.refused(fabrikam.Admin, "acceptInvitation", in{"token": token}, "TENANT_SUSPENDED at input")
			s.refused(acme.Admin, "acceptInvitation", in{"id": asked}, "NOT_FOUND at input.id")
			s.refused(fabrikam.Admin, "invitePartner", in{"code": acme.Partner.Code, "roleKey": "READ_ONLY"}, "TENANT_SUSPENDED at input")
		})
		s.then("its customers go on, and keep it", func(s scene) {
			s.is("reached by its own", reaches(contoso.Admin, contoso.ID), true)
			a := contoso.Admin.Do(`query($id: ID!) { tenant(id: $id) { relationship { id status } } }`, vars{"id": contoso.ID}).OK()
			s.is("relationship", a.At("tenant.relationship"), any(map[string]any{"id": record.ID, "status": "ACTIVE"}))
		})
		s.then("reactivated, it is where it was", func(s scene) {
			s.does(operator.Admin, "reactivateTenant", in{"id": acme.ID})
			s.sees(customersOf(acme.Admin), "Contoso")
			s.sees(customersOf(helper), "Contoso")
			s.does(fabrikam.Admin, "acceptInvitation", in{"token": token})
			s.sees(customersOf(acme.Admin), "Contoso", "Fabrikam")
		})
		s.then("suspended by whoever also is a member, the act is the operator's", func(s scene) {
			both := contoso.Admin.Join(operator.Tenant, testworld.Administrator)
			s.does(both, "suspendTenant", in{"id": contoso.ID})
			s.sees(s.read("SELECT actor_tenant_name, on_behalf_of_name FROM audit_events WHERE tenant_id='"+contoso.ID+"' AND action='tenant.suspended'"), "Operator | Contoso")
			s.is("status", s.Read.Tenant.Query().Where(tenant.ID(contoso.ID)).OnlyX(s.System()).Status, tenant.StatusSuspended)
		})
	})
}
