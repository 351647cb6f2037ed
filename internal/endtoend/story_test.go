package endtoend

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestPartnerConnectsNewcomer(t *testing.T) {
	eachStage(t, func(s stage) {
		var acme partner
		var invitation, link string
		s.then("the partner's administrator sets a password and signs in", func(s stage) {
			acme = s.newPartner("Acme", "anna@acme.example")
			s.sees(acme.token)
		})
		s.then("one mail arrives, in text and HTML, with a link to the public address", func(s stage) {
			invitation, link = s.invites(acme, "ada@lovelace.example")
			if !strings.HasPrefix(link, s.public+"/invitation?token=") {
				s.Errorf("the link is %s", link)
			}
			l := s.mail.await("ada@lovelace.example", "Invitation from Acme")
			s.is("sender", l.from, `"Mandate" <no-reply@mandate.example>`)
			for part, content := range map[string]string{"text": l.text, "HTML": l.html} {
				for _, want := range []string{"Acme", "as agreed.", link} {
					if !strings.Contains(content, want) {
						s.Errorf("the %s part lacks %q:\n%s", part, want, content)
					}
				}
			}
		})
		s.then("opening the link does nothing", func(s stage) {
			for range 2 {
				s.open(link).shows("Invitation from Acme", "as agreed.", "What the role Administrator allows")
				s.is("invitation", s.invitation(acme, invitation), "PENDING")
			}
			s.sees(acme.token)
		})
		s.then("a weak password is refused with what was typed kept", func(s stage) {
			p := s.open(link).press("Accept", "Name of your organisation", "Lovelace Ltd",
				"First name", "Ada", "Last name", "Lovelace", "Password", "password")
			p.shows("Invitation from Acme")
			s.is("status", p.status, 422)
			s.is("organisation", attribute(p.labelled(p.root, "Name of your organisation"), "value"), "Lovelace Ltd")
			s.is("password", attribute(p.labelled(p.root, "Password"), "value"), "")
			s.is("invitation", s.invitation(acme, invitation), "PENDING")
		})
		s.then("the newcomer accepts, and the partner has a customer", func(s stage) {
			s.open(link).press("Accept", "Name of your organisation", "Lovelace Ltd",
				"First name", "Ada", "Last name", "Lovelace", "Password", password).
				shows("Connected", "Acme may now work in Lovelace Ltd.")
			s.is("invitation", s.invitation(acme, invitation), "ACCEPTED")
			s.sees(acme.token, "Lovelace Ltd")
			s.is("page of the used link", s.open(link).shows("This link does not work any more").status, 404)
			s.mail.await(acme.email, "Invitation accepted by Lovelace Ltd")
		})

		var ada, customer, relationship, entered string
		const name = `query($id: ID!) { tenant(id: $id) { name } }`
		s.then("the partner enters the tenant, and the customer reads who did", func(s stage) {
			a := s.asks(acme.token, `query($id: ID!) { node(id: $id) { id } customers(first: 1) { nodes { id relationship { id } } } }`, acme.tenant)
			customer, relationship = a.String("customers.nodes.0.id"), a.String("customers.nodes.0.relationship.id")
			entered = s.sends(acme.token, `enterTenant { token }`, in{"tenantId": customer, "reason": "A line is down"}).String("enterTenant.token")
			s.is("through the entered session", s.asks(entered, name, customer).At("tenant.name"), "Lovelace Ltd")

			ada = s.signIn(s.T, "ada@lovelace.example", password)
			events := s.asks(ada, `query($id: ID!) { tenant(id: $id) { auditEvents(filter: {action: ["tenant.entered"]}, first: 10) {
				nodes { reason actor { name } actorTenant { name } } } } }`, customer)
			s.is("events", events.At("tenant.auditEvents.nodes"), any([]any{in{
				"reason": "A line is down", "actor": in{"name": "Anna Archer"}, "actorTenant": in{"name": "Acme"}}}))
		})
		s.then("the customer ends it, and the partner gets nothing", func(s stage) {
			s.sends(ada, `terminateRelationship { relationship { status } }`, in{"id": relationship, "reason": "We moved on"})
			s.sees(acme.token)
			s.is("tenant", s.asks(acme.token, name, customer).At("tenant"), nil)
			s.is("node", s.asks(acme.token, `query($id: ID!) { node(id: $id) { id } }`, customer).At("node"), nil)
			a := s.ask(s.T, entered, name, in{"id": customer})
			s.is("status of the entered session", a.Status, 401)
			s.is("errors of the entered session", a.Errors(), []string{"UNAUTHENTICATED at"})
			s.is("data of the entered session", a.At("tenant"), nil)
			s.mail.await(acme.email, "Relationship with Lovelace Ltd ended")
		})
		s.then("no mail came twice", func(s stage) {
			s.is("the customer's", s.mail.subjects("ada@lovelace.example"), []string{"Invitation from Acme"})
			s.is("the partner's", slices.Sorted(slices.Values(s.mail.subjects(acme.email))), []string{
				"Invitation accepted by Lovelace Ltd", "Relationship with Lovelace Ltd ended", "You were added to Acme"})
		})
	})
}

func TestCustomerAcceptsOnThePage(t *testing.T) {
	eachStage(t, func(s stage) {
		acme, blue := s.newPartner("Acme", "anna@acme.example"), s.newPartner("Blue", "bob@blue.example")
		s.newCustomer("Bakery", "bea@bakery.example")
		s.newCustomer("Chapel", "cleo@chapel.example")
		bea, cleo := s.welcome("Bakery", "bea@bakery.example"), s.welcome("Chapel", "cleo@chapel.example")
		s.newCustomer("Cloister", "cleo@chapel.example")

		s.then("a customer signs in there, and is signed out when it is done", func(s stage) {
			_, link := s.invites(acme, "bea@bakery.example")
			p := s.open(link).press("Accept", "E-mail", "bea@bakery.example", "Password", "wrong wrong wrong").
				shows("Invitation from Acme", "The address or the password is wrong.")
			s.is("status", p.status, 422)
			p.press("Accept", "E-mail", "bea@bakery.example", "Password", password).
				shows("Connected", "Acme may now work in Bakery.", "At most with the role Administrator")
			s.sees(acme.token, "Bakery")
			s.is("sessions", len(s.ask(s.T, bea, `{ viewer { sessions(first: 10) { nodes { id } } } }`, nil).OK().List("viewer.sessions.nodes")), 1)
		})
		s.then("who has two organisations is asked for which", func(s stage) {
			_, link := s.invites(acme, "cleo@chapel.example")
			s.open(link).press("Accept", "Role", "READ_ONLY", "E-mail", "cleo@chapel.example", "Password", password).
				shows("Invitation from Acme", "For which organisation?", "Chapel", "Cloister").
				press("Accept", "Cloister", "yes").
				shows("Connected", "Acme may now work in Cloister.", "At most with the role Read-Only")
			s.sees(acme.token, "Bakery", "Cloister")
			s.is("sessions", len(s.ask(s.T, cleo, `{ viewer { sessions(first: 10) { nodes { id } } } }`, nil).OK().List("viewer.sessions.nodes")), 1)
		})
		s.then("who has a partner is told, and hands over explicitly", func(s stage) {
			invitation, link := s.invites(blue, "bea@bakery.example")
			asked := s.open(link).press("Accept", "E-mail", "bea@bakery.example", "Password", password).
				shows("Invitation from Blue", "The associated account is already linked to another tenant.", "Do you want to hand over")
			s.is("invitation", s.invitation(blue, invitation), "PENDING")
			s.sees(acme.token, "Bakery", "Cloister")
			asked.press("End the present relationship and accept").shows("Connected", "Blue may now work in Bakery.")
			s.sees(acme.token, "Cloister")
			s.sees(blue.token, "Bakery")
			s.mail.await(acme.email, "Relationship with Bakery ended")
		})
		s.then("who declines says why, and nobody gets access", func(s stage) {
			invitation, link := s.invites(blue, "cleo@chapel.example")
			s.open(link).press("Decline", "Reason, for the sender to read", "We have somebody for this.").
				shows("You declined", "Nobody got access.")
			s.is("invitation", s.invitation(blue, invitation), "DECLINED: We have somebody for this.")
			s.sees(blue.token, "Bakery")
			l := s.mail.await(blue.email, "Invitation declined by cleo@chapel.example")
			if !strings.Contains(l.text, "We have somebody for this.") {
				s.Errorf("the mail lacks the reason:\n%s", l.text)
			}
			s.open(link).shows("This link does not work any more")
		})
	})
}

func TestCustomerFollowsInviteLink(t *testing.T) {
	eachStage(t, func(s stage) {
		acme := s.newPartner("Acme", "anna@acme.example")
		s.newCustomer("Bakery", "bea@bakery.example")
		s.welcome("Bakery", "bea@bakery.example")
		var link string

		s.then("the customer sees who that is, and invites", func(s stage) {
			if !strings.HasPrefix(acme.inviteLink, s.public+"/join?") {
				s.Errorf("the invite link is %s", acme.inviteLink)
			}
			p := s.open(acme.inviteLink).shows("Invite a partner")
			if strings.Contains(p.text, "Acme") {
				s.Errorf("a stranger sees the partner's name:\n%s", p.text)
			}
			p.press("Log in", "E-mail", "bea@bakery.example", "Password", password).
				shows("Invite a partner", "You are about to ask Acme", "Managed service provider", "Bakery").
				press("Invite Acme", "Phone Manager", "yes", "Message", "Please help us.").
				shows("Invitation sent", "Acme is told about it")
			s.sees(acme.token)
		})
		s.then("the partner is mailed a link that needs signing in", func(s stage) {
			link = s.mail.await(acme.email, "Invitation from customer Bakery").link(s.T)
			if !strings.HasPrefix(link, s.public+"/invitation?id=") {
				s.Errorf("the link is %s", link)
			}
			if p := s.open(link).shows("Log in to see the invitation"); strings.Contains(p.text, "Bakery") {
				s.Errorf("a stranger sees the customer's name:\n%s", p.text)
			}
			p := s.open(link).press("Log in", "E-mail", "bea@bakery.example", "Password", password).
				shows("Invitation from Bakery", "You may see this invitation, and not answer it.")
			s.is("status", p.status, 200)
		})
		s.then("the partner accepts", func(s stage) {
			s.open(link).press("Log in", "E-mail", acme.email, "Password", password).
				shows("Invitation from Bakery", "Please help us.", "Phone Manager").
				press("Accept").shows("Connected", "Acme may now work in Bakery.", "At most with the role Phone Manager")
			s.sees(acme.token, "Bakery")
			s.mail.await("bea@bakery.example", "Invitation accepted by Acme")
			s.open(link).press("Log in", "E-mail", acme.email, "Password", password).
				shows("Invitation from Bakery", "This invitation was accepted.")
		})
		s.then("a link that shows one partner and holds the key of another one is refused", func(s stage) {
			s.newCustomer("Abbey", "abe@abbey.example")
			s.welcome("Abbey", "abe@abbey.example")
			blue := s.newPartner("Blue", "bob@blue.example")
			forged, key := acme.inviteLink, regexp.MustCompile(`link=\w+`)
			forged = key.ReplaceAllLiteralString(forged, key.FindString(blue.inviteLink))
			p := s.open(forged).press("Log in", "E-mail", "abe@abbey.example", "Password", password).
				shows("Invite a partner", "You are about to ask Acme").press("Invite Acme", "Phone Manager", "yes").
				shows("Invite a partner", "There is no partner with this Partner ID or invite link.")
			s.is("status", p.status, 422)
			s.is("mails to the other one", s.mail.subjects("bob@blue.example"), []string{"You were added to Blue"})
		})
		s.then("a rotated link is dead", func(s stage) {
			id := s.asks(acme.token, `query($id: ID!) { tenant(id: $id) { partner { id } } }`, acme.tenant).String("tenant.partner.id")
			s.sends(acme.token, `rotateInviteLink { partner { inviteLink } }`, in{"partnerId": id})
			s.newCustomer("Chapel", "cleo@chapel.example")
			s.welcome("Chapel", "cleo@chapel.example")
			p := s.open(acme.inviteLink).press("Log in", "E-mail", "cleo@chapel.example", "Password", password).
				shows("Invite a partner").press("Invite Acme", "Phone Manager", "yes").shows("Invite a partner")
			s.is("status", p.status, 422)
		})
	})
}
