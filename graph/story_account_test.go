package graph_test

import (
	"strings"
	"testing"
	"time"

	"mandate/ent"
	"mandate/ent/auditevent"
	"mandate/ent/member"
	"mandate/ent/tenant"
	"mandate/ent/user"
	"mandate/internal/testworld"
)

// another is a password that nobody has.
const another = "a staple that nobody has"

// lastEvent is the newest in the audit trail.
func (s scene) lastEvent() *ent.AuditEvent {
	s.Helper()
	e, err := s.Write.AuditEvent.Query().Order(ent.Desc(auditevent.FieldID)).First(s.System())
	s.must(err)
	return e
}

// status is 200 for the token of a live session, and 401 for any other.
func (s scene) status(token string) int {
	s.Helper()
	return s.Bearer(token).Do(me, nil).Status
}

// enters enters a tenant from a session, and returns the token of the new one.
func (s scene) enters(token, tenantID string) string {
	s.Helper()
	return s.does(s.Bearer(token), "enterTenant", in{"tenantId": tenantID}).String("enterTenant.token")
}

// kinds lists the mails to an address by their kinds, oldest first.
func (s scene) kinds(email string) []string {
	s.Helper()
	var list []string
	for _, m := range s.Mails(email) {
		list = append(list, m.Kind)
	}
	return list
}

func TestChangingAPassword(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso := s.NewPartner("Acme"), s.Customer("Contoso")
		s.connected(acme, contoso, "ADMINISTRATOR")
		const email = "acme@example.com"
		asking, other := s.signsIn(email), s.signsIn(email)
		entered, elsewhere := s.enters(asking, contoso.ID), s.enters(other, contoso.ID)
		strangers := s.signsIn("contoso@example.com")
		s.asks(s.Stranger(), "requestPasswordReset", in{"email": email}).OK()
		reset := s.lastToken(email)
		s.does(s.Bearer(asking), "changeEmail", in{"newEmail": "anna@example.com", "currentPassword": testworld.Password})

		a := s.does(s.Bearer(asking), "changePassword", in{"currentPassword": testworld.Password, "newPassword": another})
		s.is("ok", a.At("changePassword.ok"), true)
		event := s.lastEvent()
		s.is("event", []string{event.Action, *event.ActorID, *event.TargetID, *event.ActorName},
			[]string{"password.changed", acme.Admin.ID, acme.Admin.ID, "Acme Smith"})
		s.is("tenant concerned", event.TenantID, (*string)(nil))
		s.then("the session that asks stays, and nothing else of the person's", func(s scene) {
			s.is("asking", s.status(asking), 200)
			for _, token := range []string{other, entered, elsewhere} {
				s.is("another one", s.status(token), 401)
			}
			s.is("another person's", s.status(strangers), 200)
		})
		s.then("the new password counts, the old one no more", func(s scene) {
			s.refused(s.Stranger(), "signIn", in{"email": email, "password": testworld.Password}, "CREDENTIALS_INVALID at input")
			s.signsInWith(email, another)
		})
		s.then("what was asked for with the old password is dead", func(s scene) {
			s.refused(s.Stranger(), "resetPassword", in{"token": reset, "newPassword": testworld.Password}, "TOKEN_INVALID at input.token")
			s.refused(s.Stranger(), "verifyEmail", in{"token": s.lastToken("anna@example.com")}, "TOKEN_INVALID at input.token")
		})
		s.then("the person is told, without a link", func(s scene) {
			s.sees(s.kinds(email), "invitation.received", "password.reset", "password.changed")
			if notice := s.Mails(email)[2]; notice.Secret || strings.Contains(notice.Text+notice.HTML, "://") || !strings.Contains(notice.Text, "21 November 2026, 12:00 UTC") {
				s.Errorf("the notice:\n%s", notice.Text)
			}
		})
	})
}

func TestChangingAnAddress(t *testing.T) {
	eachScene(t, func(s scene) {
		contoso := s.Customer("Contoso")
		acme := s.NewPartner("Acme")
		const before, after = "contoso@example.com", "kim@new.example"
		anna := s.person(before)
		token := ""
		address := func(p *testworld.Person) any { return p.Do(me, nil).OK().At("viewer.user.email") }
		ask := func(s scene, email string) string {
			s.Helper()
			s.does(contoso.Admin, "changeEmail", in{"newEmail": email, "currentPassword": testworld.Password})
			return s.lastToken(strings.ToLower(strings.TrimSpace(email)))
		}

		s.then("the new address gets a link that names the account, and nothing has changed yet", func(s scene) {
			token = ask(s, " Kim@NEW.example ")
			s.is("event", s.lastEvent().Action, "email.change_requested")
			s.sees(s.kinds(before))
			mails := s.Mails(after)
			if m := mails[0]; len(mails) != 1 || !m.Secret || m.Recipient != after ||
				!strings.Contains(m.Text, testworld.PublicURL+"/verify?token="+token) || !strings.Contains(m.Text, before) || !strings.Contains(m.Text, "valid for 1 day") {
				s.Errorf("%d mails, the first:\n%s", len(mails), m.Text)
			}
			s.is("address", address(anna), before)
			s.refused(s.Stranger(), "signIn", in{"email": after, "password": testworld.Password}, "CREDENTIALS_INVALID at input")
			s.signsIn(before)
			for table, rows := range s.rows() {
				if table != "outbox_messages" && strings.Contains(strings.Join(rows, "\n"), token) {
					s.Errorf("the token is in %s", table)
				}
			}
		})

		s.asks(s.Stranger(), "requestPasswordReset", in{"email": before}).OK()
		reset, second := s.lastToken(before), ask(s, "second@new.example")
		signUp := s.signsUp(s.invitesAll(s.Customer("Club"), "VALIDATE_EMAIL"), before)
		invitation, _ := s.invites(acme, before)
		s.then("the link makes it the person's, whoever opens it, and open sessions stay", func(s scene) {
			s.Later(20 * time.Minute)
			s.is("ok", s.does(s.Stranger(), "verifyEmail", in{"token": token}).At("verifyEmail.ok"), true)
			s.is("address", address(anna), after)
			s.signsIn("KIM@new.example")
			s.refused(s.Stranger(), "signIn", in{"email": before, "password": testworld.Password}, "CREDENTIALS_INVALID at input")
			a := contoso.Admin.Do("query($id: ID!) { tenant(id: $id) { members(first: 10) { nodes { email } } } }", testworld.Vars{"id": contoso.ID}).OK()
			s.sees(a.Column("tenant.members.nodes", "email"), after)
		})
		s.then("who it was is in the audit trail", func(s scene) {
			e, err := s.Write.AuditEvent.Query().Where(auditevent.Action("email.changed")).Only(s.System())
			s.must(err)
			s.is("event", []string{*e.ActorID, *e.TargetID, *e.ActorName, *e.Changes[0].Before, *e.Changes[0].After},
				[]string{contoso.Admin.ID, contoso.Admin.ID, "Contoso Smith", before, after})
		})
		s.then("the old address is told, without the new one and without a link", func(s scene) {
			s.sees(s.kinds(before), "password.reset", "signup.verify", "invitation", "email.changed")
			if m := s.Mails(before)[3]; m.Secret || strings.Contains(m.Text+m.HTML, "://") || strings.Contains(m.Text+m.HTML, after) || !strings.Contains(m.Text, "12:20 UTC") {
				s.Errorf("the notice:\n%s", m.Text)
			}
		})
		s.then("the link works once, and all others that were mailed are dead", func(s scene) {
			for _, dead := range []string{token, second, signUp} {
				s.refused(s.Stranger(), "verifyEmail", in{"token": dead, "newPassword": another}, "TOKEN_INVALID at input.token")
			}
			s.refused(s.Stranger(), "resetPassword", in{"token": reset, "newPassword": another}, "TOKEN_INVALID at input.token")
		})
		s.then("invitations are for the addresses that they were sent to", func(s scene) {
			kim := s.person(after)
			s.is("the old address's", reaches(kim, invitation), false)
			invited, _ := s.invites(acme, after)
			s.is("the new address's", reaches(kim, invited), true)
		})
		s.then("the address that was left is free", func(s scene) {
			s.does(s.Stranger(), "verifyEmail", in{"token": ask(s, before)})
			s.is("address", address(anna), before)
		})
		s.then("a link works for a day", func(s scene) {
			token := ask(s, "late@new.example")
			s.Later(24*time.Hour - time.Second)
			late := ask(s, "later@new.example")
			s.Later(time.Second)
			s.refused(s.Stranger(), "verifyEmail", in{"token": token}, "TOKEN_INVALID at input.token")
			s.Later(24*time.Hour - 2*time.Second)
			s.does(s.Stranger(), "verifyEmail", in{"token": late})
		})
	})
}

func TestProvingTheAddressOfASignUp(t *testing.T) {
	eachScene(t, func(s scene) {
		club, board := s.Customer("Club"), s.Customer("Board")
		const email = "nora@example.com"
		approved := s.invitesAll(board, "VALIDATE_AND_APPROVE")
		first, second := s.signsUp(s.invitesAll(club, "VALIDATE_EMAIL"), email), s.signsUp(approved, email)
		nora, err := s.Write.User.Query().Where(user.EmailCanonical(email)).Only(s.System())
		s.must(err)
		hash := func() *string {
			u, err := s.Write.User.Get(s.System(), nora.ID)
			s.must(err)
			return u.PasswordHash
		}

		s.then("whoever has no password names the first one, and until then the link stays good", func(s scene) {
			s.refused(s.Stranger(), "verifyEmail", in{"token": first}, "REQUIRED at input.newPassword")
			for _, weak := range []string{"", "short", "passwordpassword", strings.Repeat("long", 33)} {
				s.refused(s.Stranger(), "verifyEmail", in{"token": first, "newPassword": weak}, "PASSWORD_TOO_WEAK at input.newPassword")
			}
			s.is("password", hash(), (*string)(nil))
			s.asks(s.Stranger(), "requestPasswordReset", in{"email": email}).OK()
			reset := s.lastToken(email)
			s.does(s.Stranger(), "verifyEmail", in{"token": first, "newPassword": another})
			s.signsInWith(email, another)
			s.refused(s.Stranger(), "resetPassword", in{"token": reset, "newPassword": testworld.Password}, "TOKEN_INVALID at input.token")
		})
		s.then("the tenant reads in its audit trail who proved what", func(s scene) {
			a := club.Admin.Do(`query($id: ID!) { tenant(id: $id) { auditEvents(filter: {action: ["email.verified"]}, first: 10) {
				nodes { actor { name } actorTenant { name } targetName target { ... on Member { user { id } } } } } } }`, testworld.Vars{"id": club.ID}).OK()
			s.is("events", a.At("tenant.auditEvents.nodes"), any([]any{map[string]any{"actor": map[string]any{"name": "Nora New"},
				"actorTenant": map[string]any{"name": "Club"}, "targetName": "Nora New", "target": map[string]any{"user": map[string]any{"id": nora.ID}}}}))
		})
		s.then("whoever has a password keeps it, whatever is named, and is not told that it changed", func(s scene) {
			before := *hash()
			s.does(s.Stranger(), "verifyEmail", in{"token": second, "newPassword": "short"})
			s.is("password", *hash(), before)
			s.sees(s.kinds(email), "signup.verify", "signup.verify", "password.reset")
		})
		s.then("a link works once", func(s scene) {
			for _, used := range []string{first, second} {
				s.refused(s.Stranger(), "verifyEmail", in{"token": used, "newPassword": another}, "TOKEN_INVALID at input.token")
			}
		})
		s.then("the membership goes on by the tenant's policy", func(s scene) {
			for id, want := range map[string]member.Status{club.ID: member.StatusActive, board.ID: member.StatusPendingApproval} {
				m, err := s.Write.Member.Query().Where(member.TenantID(id), member.UserID(nora.ID)).Only(s.System())
				s.must(err)
				s.is("status", m.Status, want)
			}
		})
		s.then("nobody signs in who has yet to be approved", func(s scene) {
			s.does(s.Stranger(), "verifyEmail", in{"token": s.signsUp(approved, "late@example.com"), "newPassword": another})
			s.refused(s.Stranger(), "signIn", in{"email": "late@example.com", "password": another}, "CREDENTIALS_INVALID at input")
		})
	})
}

const mySessions = "{ viewer { sessions(first: 100) { nodes { id current enteredTenant { name } } } } }"

func TestEndingSessionsElsewhere(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso := s.NewPartner("Acme"), s.Customer("Contoso")
		s.connected(acme, contoso, "ADMINISTRATOR")
		here, lost, third := s.signsIn("acme@example.com"), s.signsIn("acme@example.com"), s.signsIn("acme@example.com")
		id := func(token string) string { return s.Bearer(token).Do(me, nil).OK().String("viewer.session.id") }
		entered, kept := s.enters(lost, contoso.ID), s.enters(third, contoso.ID)
		ended, inside, enteredID, own := id(lost), id(entered), id(kept), id(here)

		s.then("one's own other session ends, with what was entered from it", func(s scene) {
			a := s.does(s.Bearer(here), "revokeSession", in{"id": ended})
			s.is("answer", a.At("revokeSession.session.id"), ended)
			event := s.lastEvent()
			s.is("event", []string{event.Action, *event.ActorID, *event.TargetID}, []string{"session.ended", acme.Admin.ID, ended})
			s.is("statuses", []int{s.status(here), s.status(lost), s.status(entered), s.status(third), s.status(kept)}, []int{200, 401, 401, 200, 200})
		})
		s.then("an entered one ends alone, and the customer reads so", func(s scene) {
			s.does(s.Bearer(here), "revokeSession", in{"id": enteredID})
			s.is("statuses", []int{s.status(kept), s.status(third)}, []int{401, 200})
			a := contoso.Admin.Do(`query($id: ID!) { tenant(id: $id) { auditEvents(filter: {action: ["session.ended"]}, first: 10) { nodes { actor { name } } } } }`,
				testworld.Vars{"id": contoso.ID}).OK()
			s.sees(a.Column("tenant.auditEvents.nodes", "actor.name"), "Acme Smith")
		})
		s.then("the list shows what is left", func(s scene) {
			left := s.Bearer(here).Do(mySessions, nil).OK().Column("viewer.sessions.nodes", "id")
			s.has(left, own, id(third))
			for _, over := range []string{ended, inside, enteredID} {
				if strings.Contains(strings.Join(left, " "), over) {
					s.Errorf("%v holds one that has ended", left)
				}
			}
		})
		s.then("the session that asks ends too, and answers nothing more", func(s scene) {
			a := s.does(s.Bearer(here), "revokeSession", in{"id": own})
			s.is("answer", a.At("revokeSession.session"), nil)
			s.is("status", s.status(here), 401)
		})
	})
}

func TestLeavingATenant(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso, fabrikam := s.NewPartner("Acme"), s.Customer("Contoso"), s.Customer("Fabrikam")
		s.connected(acme, contoso, "ADMINISTRATOR")
		helper := s.Staff(acme, "helper", testworld.Nothing).Join(fabrikam.Tenant, testworld.Role("READ_ONLY"))
		s.does(acme.Admin, "assign", in{"granteeId": helper.Member(acme.Tenant).ID, "tenantId": contoso.ID, "roleKey": "READ_ONLY"})
		own := s.signsIn("helper@example.com")
		entered := s.enters(own, contoso.ID)
		membership := helper.Member(acme.Tenant).ID
		reached := func() []bool {
			var list []bool
			for _, id := range []string{acme.ID, contoso.ID, fabrikam.ID} {
				list = append(list, reaches(s.Bearer(own), id))
			}
			return list
		}
		s.is("reached", reached(), []bool{true, true, true})

		s.then("what hung on the membership ends, the person's other ones stay", func(s scene) {
			s.is("ok", s.does(s.Bearer(own), "leaveTenant", in{"tenantId": acme.ID}).At("leaveTenant.ok"), true)
			s.is("reached", reached(), []bool{false, false, true})
			s.is("statuses", []int{s.status(own), s.status(entered)}, []int{200, 401})
			s.sees(s.read("SELECT status FROM members WHERE id='"+membership+"'"), "REMOVED")
			s.sees(s.read("SELECT status FROM assignments WHERE grantee_id='"+membership+"'"), "REVOKED")
		})
		s.then("the tenant reads who left", func(s scene) {
			a := acme.Admin.Do(`query($id: ID!) { tenant(id: $id) { auditEvents(filter: {action: ["member.left"]}, first: 10) {
				nodes { actor { name } actorTenant { name } onBehalfOf { name } targetName } } } }`, testworld.Vars{"id": acme.ID}).OK()
			s.is("events", a.At("tenant.auditEvents.nodes"), any([]any{map[string]any{"actor": map[string]any{"name": "Helper Smith"},
				"actorTenant": map[string]any{"name": "Acme"}, "onBehalfOf": nil, "targetName": "Helper Smith"}}))
		})
		s.then("one administrator of several may leave", func(s scene) {
			second := s.Staff(acme, "second", testworld.Administrator)
			s.does(second, "leaveTenant", in{"tenantId": acme.ID})
			s.is("the tenant is reached", reaches(second, acme.ID), false)
		})
		s.then("whoever leaves the last one is signed out, and comes back by being added", func(s scene) {
			s.does(s.Bearer(own), "leaveTenant", in{"tenantId": fabrikam.ID})
			s.is("status", s.status(own), 401)
			right := in{"email": "helper@example.com", "password": testworld.Password}
			s.refused(s.Stranger(), "signIn", right, "CREDENTIALS_INVALID at input")
			s.does(acme.Admin, "addMembers", in{"tenantId": acme.ID, "members": []in{newMember(1, in{"email": "helper@example.com", "roleKey": "READ_ONLY"})}})
			s.is("the old session", s.status(own), 401)
			own = s.signsIn("helper@example.com")
			s.is("reached", reached(), []bool{true, false, false})
		})
		s.then("a suspended tenant can be left", func(s scene) {
			guest := s.Staff(fabrikam, "guest", testworld.Guest)
			s.must(s.Write.Tenant.UpdateOneID(fabrikam.ID).SetStatus(tenant.StatusSuspended).Exec(s.System()))
			s.does(guest, "leaveTenant", in{"tenantId": fabrikam.ID})
		})
	})
}
