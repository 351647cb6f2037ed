package graph_test

import (
	"strings"
	"testing"
	"time"

	"mandate/internal/testworld"
)

// TestPartnerInvitesCustomer is the story of a partner that connects a customer, from the mail to the end.
func TestPartnerInvitesCustomer(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso := s.NewPartner("Acme"), s.Customer("Contoso")
		var invitation, token, relationship, entered string
		customer := s.Bearer(s.signsIn("contoso@example.com"))

		s.then("inviting leaves one mail with a link from the public URL", func(s scene) {
			a := s.does(acme.Admin, "inviteCustomer", in{"email": "contoso@example.com", "message": "Let us help."})
			invitation = a.String("inviteCustomer.invitation.id")
			s.is("status", a.At("inviteCustomer.invitation.status"), "PENDING")
			s.is("role", a.At("inviteCustomer.invitation.role.key"), "ADMINISTRATOR")
			s.is("customer", a.At("inviteCustomer.invitation.customerProfile"), nil)
			s.is("may accept", a.At("inviteCustomer.invitation.viewerCanAccept"), false)
			s.is("may revoke", a.At("inviteCustomer.invitation.viewerCanRevoke"), true)
			s.is("may resend", a.At("inviteCustomer.invitation.viewerCanResend"), true)
			s.is("mails", len(s.read("SELECT id FROM outbox_messages")), 1)
			mail := s.Mails("contoso@example.com")[0]
			token = testworld.Token(mail)
			link := testworld.PublicURL + "/invitation?token=" + token
			for _, part := range []string{mail.Text, mail.HTML} {
				if !strings.Contains(part, link) || !strings.Contains(part, "Accept and log in") || !strings.Contains(part, "Let us help.") {
					s.Errorf("the mail lacks its link, its label or its message:\n%s", part)
				}
				if n := strings.Count(part, "://"); n != strings.Count(part, testworld.PublicURL) {
					s.Errorf("the mail leads elsewhere, too:\n%s", part)
				}
			}
		})
		s.then("looking at it consumes nothing, however often", func(s scene) {
			before := s.rows()
			for range 2 {
				a := s.Stranger().Do(`query($t: String!) { invitationByToken(token: $t) { direction relationshipKind
					partner { name type code } customer { name } role { key } message accountNeeded } }`, testworld.Vars{"t": token}).OK()
				s.is("preview", a.At("invitationByToken"), any(map[string]any{
					"direction": "PARTNER_TO_CUSTOMER", "relationshipKind": "CUSTOMER_DESIGNATED", "customer": nil, "message": "Let us help.",
					"partner": map[string]any{"name": "Acme", "type": "MSP", "code": acme.Partner.Code},
					"role":    map[string]any{"key": "ADMINISTRATOR"}, "accountNeeded": false,
				}))
			}
			s.unchanged(before, "looking")
		})
		s.then("before acceptance nothing is reached, and nothing entered", func(s scene) {
			s.sees(customersOf(acme.Admin))
			s.is("reached", reaches(acme.Admin, contoso.ID), false)
			s.refused(acme.Admin, "enterTenant", in{"tenantId": contoso.ID}, "NOT_FOUND at input.tenantId")
		})
		s.then("the customer accepts, and both are connected", func(s scene) {
			a := s.does(customer, "acceptInvitation", in{"token": token})
			relationship = a.String("acceptInvitation.relationship.id")
			s.is("invitation", a.At("acceptInvitation.invitation.status"), "ACCEPTED")
			s.is("relationship", a.At("acceptInvitation.relationship.status"), "ACTIVE")
			s.is("kind", a.At("acceptInvitation.relationship.kind"), "CUSTOMER_DESIGNATED")
			s.is("partner", a.At("acceptInvitation.relationship.partner.name"), "Acme")
			s.is("session", a.At("acceptInvitation.session"), nil)
			s.sees(customersOf(acme.Admin), "Contoso")
			s.is("reached", reaches(acme.Admin, contoso.ID), true)
			s.is("told", len(s.Mails("acme@example.com")), 1)
		})
		s.then("the partner acts in it, in its own name", func(s scene) {
			a := s.does(acme.Admin, "enterTenant", in{"tenantId": contoso.ID, "reason": "Set up."})
			entered = a.String("enterTenant.token")
			s.is("entered", a.At("enterTenant.session.enteredTenant.id"), contoso.ID)
			a = s.does(s.Bearer(entered), "activateService", in{"tenantId": contoso.ID})
			s.is("activated", a.At("activateService.tenant.serviceActivatedAt"), "2026-11-21T12:00:00Z")
			s.refused(contoso.Admin, "activateService", in{"tenantId": contoso.ID}, "SERVICE_ALREADY_ACTIVE at input.tenantId")
		})
		s.then("the customer sees who did what, under the person's name", func(s scene) {
			a := customer.Do(`query($id: ID!) { tenant(id: $id) { auditEvents(filter: {delegatedOnly: true}, first: 10) { nodes {
				action reason actor { name } actorTenant { name kind } onBehalfOf { name kind } targetName changes { field after } } } } }`,
				testworld.Vars{"id": contoso.ID}).OK()
			by := func(action string, reason any, changes any) any {
				return map[string]any{
					"action": action, "reason": reason, "targetName": "Contoso", "changes": changes,
					"actor":       map[string]any{"name": "Acme Smith"},
					"actorTenant": map[string]any{"name": "Acme", "kind": "PARTNER"},
					"onBehalfOf":  map[string]any{"name": "Contoso", "kind": "CUSTOMER"},
				}
			}
			s.is("events", a.At("tenant.auditEvents.nodes"), any([]any{
				by("service.activated", nil, []any{map[string]any{"field": "serviceActivatedAt", "after": "2026-11-21T12:00:00Z"}}),
				by("tenant.entered", "Set up.", []any{}),
			}))
			s.is("the partner sees it, too", changesOf(acme.Admin, acme.ID)["service.activated"], true)
		})
		s.then("a dry run tells what would end, and ends nothing", func(s scene) {
			helper := s.Staff(acme, "helper", testworld.Nothing)
			s.Staff(acme, "idler", testworld.Nothing)
			s.Assign(acme, contoso, helper, "READ_ONLY")
			a := s.rehearses(customer, "terminateRelationship", in{"id": relationship, "dryRun": true})
			s.is("would end", a.At("terminateRelationship.ended"), any(map[string]any{"people": 2., "groups": 0., "techPartners": 0., "sessions": 1.}))
			s.is("status", a.At("terminateRelationship.relationship.status"), "ACTIVE")
			s.is("helper reaches it", reaches(helper, contoso.ID), true)
		})
		s.then("the customer ends it, and the partner's next request gets nothing", func(s scene) {
			helper := s.person("helper@example.com")
			a := s.does(customer, "terminateRelationship", in{"id": relationship, "reason": "We move on."})
			s.is("ended", a.At("terminateRelationship.ended"), any(map[string]any{"people": 2., "groups": 0., "techPartners": 0., "sessions": 1.}))
			s.is("status", a.At("terminateRelationship.relationship.status"), "TERMINATED")
			s.is("by", a.At("terminateRelationship.relationship.endedBy"), "CUSTOMER")
			for _, p := range []*testworld.Person{acme.Admin, helper} {
				s.sees(customersOf(p))
				s.is("reached", reaches(p, contoso.ID), false)
				s.refused(p, "activateService", in{"tenantId": contoso.ID}, "NOT_FOUND at input.tenantId")
			}
			gone := s.Bearer(entered).Do("{ viewer { user { id } } }", nil)
			s.is("the entered session", gone.Status, 401)
			s.is("assignments", s.read("SELECT status FROM assignments"), []string{"REVOKED"})
		})
		s.then("both keep names and history", func(s scene) {
			for _, side := range []struct {
				who    *testworld.Person
				tenant string
			}{{acme.Admin, acme.ID}, {customer, contoso.ID}} {
				a := side.who.Do(`query($id: ID!) { tenant(id: $id) { relationship { id }
					relationships(status: [TERMINATED], first: 10) { nodes { id status endedBy endReason partner { name } customerProfile { name } } }
					invitations(first: 10) { nodes { id status email partner { name } customerProfile { name } } }
					auditEvents(first: 100) { nodes { action actor { name } reason } } } }`, testworld.Vars{"id": side.tenant}).OK()
				s.is("live relationship", a.At("tenant.relationship"), nil)
				s.is("relationships", a.At("tenant.relationships.nodes"), any([]any{map[string]any{
					"id": relationship, "status": "TERMINATED", "endedBy": "CUSTOMER", "endReason": "We move on.",
					"partner": map[string]any{"name": "Acme"}, "customerProfile": map[string]any{"name": "Contoso"},
				}}))
				s.is("invitations", a.At("tenant.invitations.nodes"), any([]any{map[string]any{
					"id": invitation, "status": "ACCEPTED", "email": "contoso@example.com",
					"partner": map[string]any{"name": "Acme"}, "customerProfile": map[string]any{"name": "Contoso"},
				}}))
				s.has(a.Column("tenant.auditEvents.nodes", "action"), "tenant.entered", "service.activated", "invitation.accepted", "relationship.terminated")
				s.has(a.Column("tenant.auditEvents.nodes", "actor.name"), "Acme Smith", "Contoso Smith")
			}
		})
		s.then("what changed in the customer is shown to the customer only", func(s scene) {
			s.is("to the partner", changesOf(acme.Admin, acme.ID)["service.activated"], false)
			s.is("to the customer", changesOf(customer, contoso.ID)["service.activated"], true)
		})
		s.then("the old invitation revives nothing; a new one connects again", func(s scene) {
			s.refused(customer, "acceptInvitation", in{"token": token}, "INVITATION_NOT_PENDING at input.id")
			_, again := s.invites(acme, "contoso@example.com")
			s.does(customer, "acceptInvitation", in{"token": again})
			s.sees(customersOf(acme.Admin), "Contoso")
			s.sees(customersOf(s.person("helper@example.com")))
		})
	})
}

// changesOf tells, of the events in a tenant's audit trail, which show what changed.
func changesOf(p *testworld.Person, tenantID string) map[string]bool {
	a := p.Do(`query($id: ID!) { tenant(id: $id) { auditEvents(first: 100) { nodes { action target { id } changes { field } } } } }`,
		testworld.Vars{"id": tenantID}).OK()
	shown := make(map[string]bool)
	for _, node := range a.List("tenant.auditEvents.nodes") {
		event := node.(map[string]any)
		shown[event["action"].(string)] = event["changes"] != nil && event["target"] != nil
	}
	return shown
}

func TestNewcomerAccepts(t *testing.T) {
	eachScene(t, func(s scene) {
		acme := s.NewPartner("Acme")
		_, token := s.invites(acme, "ada@example.com")
		account := in{"tenantName": "Ada Ltd", "firstName": "Ada", "lastName": "Byron", "password": "an engine of one's own"}
		with := func(field string, value any) in {
			changed := in{}
			for k, v := range account {
				changed[k] = v
			}
			changed[field] = value
			return in{"token": token, "newAccount": changed}
		}
		var session, tenant string

		s.then("what is missing or weak is said, and nothing made", func(s scene) {
			s.is("account needed", s.Stranger().Do(`query($t: String!) { invitationByToken(token: $t) { accountNeeded } }`,
				testworld.Vars{"t": token}).At("invitationByToken.accountNeeded"), true)
			s.refused(s.Stranger(), "acceptInvitation", in{"token": token}, "REQUIRED at input.newAccount")
			s.refused(s.Stranger(), "acceptInvitation", with("password", nil), "REQUIRED at input.newAccount")
			s.refused(s.Stranger(), "acceptInvitation", with("password", "short"), "PASSWORD_TOO_WEAK at input.newAccount.password")
			s.refused(s.Stranger(), "acceptInvitation", with("tenantName", " "), "REQUIRED at input.newAccount.tenantName")
			s.refused(s.Stranger(), "acceptInvitation", with("firstName", nil), "REQUIRED at input.newAccount.firstName")
			s.refused(s.Stranger(), "acceptInvitation", with("lastName", "a\u0000b"), "INVALID at input.newAccount.lastName")
		})
		s.then("the tenant, its administrator and a session are made", func(s scene) {
			a := s.does(s.Stranger(), "acceptInvitation", in{"token": token, "newAccount": account})
			session = a.String("acceptInvitation.token")
			me := s.Bearer(session).Do(`{ viewer { user { email name } session { id }
				tenants(first: 10) { nodes { via tenant { id name kind members(first: 10) { nodes { name administrator email } } } } } } }`, nil).OK()
			tenant = me.String("viewer.tenants.nodes.0.tenant.id")
			s.is("session", me.At("viewer.session.id"), a.At("acceptInvitation.session.id"))
			s.is("viewer", me.At("viewer.user"), any(map[string]any{"email": "ada@example.com", "name": "Ada Byron"}))
			s.is("tenant", me.At("viewer.tenants.nodes.0.tenant.name"), "Ada Ltd")
			s.is("kind", me.At("viewer.tenants.nodes.0.tenant.kind"), "CUSTOMER")
			s.is("members", me.At("viewer.tenants.nodes.0.tenant.members.nodes"), any([]any{map[string]any{
				"name": "Ada Byron", "administrator": true, "email": "ada@example.com"}}))
			s.sees(customersOf(acme.Admin), "Ada Ltd")
			s.Bearer(s.signsInWith("ada@example.com", "an engine of one's own"))
		})
		s.then("the event names who accepted", func(s scene) {
			a := acme.Admin.Do(`query($id: ID!) { tenant(id: $id) { auditEvents(filter: {action: ["invitation.accepted"]}, first: 10) {
				nodes { actor { name } actorTenant { name } } } } }`, testworld.Vars{"id": acme.ID}).OK()
			s.is("event", a.At("tenant.auditEvents.nodes"), any([]any{map[string]any{
				"actor": map[string]any{"name": "Ada Byron"}, "actorTenant": map[string]any{"name": "Ada Ltd"}}}))
		})
		s.then("an address with an account has to sign in, and keeps its password", func(s scene) {
			blue := s.NewPartner("Blue")
			_, token := s.invites(blue, "ada@example.com")
			s.refused(s.Stranger(), "acceptInvitation", in{"token": token, "newAccount": account}, "SIGN_IN_REQUIRED at input")
			s.refused(s.Bearer(session), "acceptInvitation", in{"token": token, "tenantId": tenant}, "CUSTOMER_ALREADY_LINKED at input")
		})
	})
}

func TestPersonWithoutTenantAccepts(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, nobody := s.NewPartner("Acme"), s.Person("nobody")
		_, token := s.invites(acme, "nobody@example.com")
		s.refused(nobody, "acceptInvitation", in{"token": token}, "REQUIRED at input.newAccount")
		s.refused(nobody, "acceptInvitation", in{"token": token, "newAccount": in{"tenantName": "Mine"}},
			"REQUIRED at input.newAccount.firstName")
		a := s.does(nobody, "acceptInvitation", in{"token": token, "newAccount": in{"tenantName": "Mine", "firstName": "No", "lastName": "Body"}})
		s.is("session", a.At("acceptInvitation.token"), nil)
		s.is("customer", a.At("acceptInvitation.relationship.customerProfile.name"), "Mine")
		s.sees(customersOf(acme.Admin), "Mine")
		s.is("own tenant", level(s, nobody, a.String("acceptInvitation.relationship.customer.id"), "PARTNERS"), "MANAGE")
	})
}

func TestCustomerNarrowsWhileAccepting(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso := s.NewPartner("Acme"), s.Customer("Contoso")
		own := s.CustomRole(contoso.Tenant, "Services only", map[feature]accessLevel{"SERVICES_ADMIN": manage})
		wide := s.CustomRole(contoso.Tenant, "Decides", map[feature]accessLevel{"PARTNERS": manage})
		foreign := s.CustomRole(s.Customer("Fabrikam").Tenant, "Foreign", map[feature]accessLevel{"TENANT": view})
		_, token := s.invites(acme, "contoso@example.com")
		s.refused(contoso.Admin, "acceptInvitation", in{"token": token, "roleKey": "PRIME_ADMIN"}, "ROLE_EXCEEDS_GRANT at input.roleKey")
		s.refused(contoso.Admin, "acceptInvitation", in{"token": token, "roleId": wide.ID}, "ROLE_EXCEEDS_GRANT at input.roleKey")
		s.refused(contoso.Admin, "acceptInvitation", in{"token": token, "roleId": foreign.ID}, "NOT_FOUND at input.roleId")
		s.refused(contoso.Admin, "acceptInvitation", in{"token": token, "roleId": own.ID, "roleKey": "READ_ONLY"}, "INVALID at input.roleId")
		a := s.does(contoso.Admin, "acceptInvitation", in{"token": token, "roleId": own.ID})
		s.is("ceiling", a.At("acceptInvitation.relationship.role.name"), "Services only")
		s.is("services", level(s, acme.Admin, contoso.ID, "SERVICES_ADMIN"), "MANAGE")
		s.is("profile", level(s, acme.Admin, contoso.ID, "TENANT"), "NONE")
	})
}

func TestAccepterOfSeveralCustomersNamesOne(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, one, two := s.NewPartner("Acme"), s.Customer("One"), s.Customer("Two")
		one.Admin.Join(two.Tenant, testworld.Administrator)
		_, token := s.invites(acme, "one@example.com")
		s.refused(one.Admin, "acceptInvitation", in{"token": token}, "REQUIRED at input.tenantId")
		s.refused(one.Admin, "acceptInvitation", in{"token": token, "tenantId": s.Customer("Three").ID}, "NOT_FOUND at input.tenantId")
		a := s.does(one.Admin, "acceptInvitation", in{"token": token, "tenantId": two.ID})
		s.is("customer", a.At("acceptInvitation.relationship.customerProfile.name"), "Two")
		s.sees(customersOf(acme.Admin), "Two")
	})
}

func TestOfferedAccessEnds(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso := s.NewPartner("Acme"), s.Customer("Contoso")
		s.does(acme.Admin, "inviteCustomer", in{"email": "contoso@example.com", "accessEndsAt": s.Now().Add(48 * time.Hour)})
		s.does(contoso.Admin, "acceptInvitation", in{"token": s.lastToken("contoso@example.com")})
		s.Later(48*time.Hour - time.Second)
		s.sees(customersOf(acme.Admin), "Contoso")
		s.Later(time.Second)
		s.sees(customersOf(acme.Admin))
		s.is("reached", reaches(acme.Admin, contoso.ID), false)
		// Nobody has swept: the next connection finds the place free all the same.
		_, token := s.invites(s.NewPartner("Blue"), "contoso@example.com")
		s.does(contoso.Admin, "acceptInvitation", in{"token": token})
	})
}
