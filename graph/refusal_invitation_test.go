package graph_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"mandate/internal/testworld"
)

func TestWhoMayNotInvite(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso, operator := s.NewPartner("Acme"), s.Customer("Contoso"), s.Operator()
		invite := in{"email": "someone@example.com"}
		s.then("an unrecognised partner", func(s scene) {
			s.does(operator.Admin, "recognizePartner", in{"id": acme.Partner.ID, "recognized": false})
			s.refused(acme.Admin, "inviteCustomer", invite, "PARTNER_PERMISSION_REQUIRED at input")
			s.does(operator.Admin, "recognizePartner", in{"id": acme.Partner.ID, "recognized": true})
		})
		s.then("a customer, the operator, somebody without a tenant", func(s scene) {
			for _, p := range []*testworld.Person{contoso.Admin, operator.Admin, s.Person("nobody")} {
				s.refused(p, "inviteCustomer", invite, "PARTNER_PERMISSION_REQUIRED at input")
			}
		})
		s.then("staff who do not manage partners", func(s scene) {
			for _, role := range []testworld.Grant{testworld.Role("READ_ONLY"), testworld.Role("ADMINISTRATOR"), testworld.Nothing} {
				s.forbidden(s.Staff(acme, fmt.Sprint("staff", len(s.read("SELECT id FROM users"))), role), "inviteCustomer", invite)
			}
			s.forbidden(s.Staff(contoso, "clerk", testworld.Role("ADMINISTRATOR")), "invitePartner", in{"code": acme.Partner.Code, "roleKey": "READ_ONLY"})
		})
		s.then("another partner's people, for it", func(s scene) {
			s.refused(s.NewPartner("Blue").Admin, "inviteCustomer", in{"email": "someone@example.com", "partnerId": acme.Partner.ID}, "NOT_FOUND at input.partnerId")
		})
		s.then("a partner, a partner", func(s scene) {
			s.refused(acme.Admin, "invitePartner", in{"code": acme.Partner.Code, "roleKey": "READ_ONLY"}, "PARTNER_CANNOT_INVITE_PARTNER at input.tenantId")
			s.refused(acme.Admin, "invitePartner", in{"tenantId": acme.ID, "code": acme.Partner.Code, "roleKey": "READ_ONLY"},
				"PARTNER_CANNOT_INVITE_PARTNER at input.tenantId")
			s.does(acme.Admin, "inviteCustomer", in{"email": "white@example.com"})
			s.refused(s.NewPartner("White").Admin, "acceptInvitation", in{"token": s.lastToken("white@example.com")},
				"PARTNER_CANNOT_INVITE_PARTNER at input.tenantId")
		})
		s.then("nobody who is not signed in", func(s scene) {
			before := s.rows()
			s.sees(s.asks(s.Stranger(), "inviteCustomer", invite).Errors(), "UNAUTHENTICATED at inviteCustomer")
			s.sees(s.asks(s.Stranger(), "invitePartner", in{"code": acme.Partner.Code, "roleKey": "READ_ONLY"}).Errors(), "UNAUTHENTICATED at invitePartner")
			s.unchanged(before, "a stranger")
		})
	})
}

func TestInvitationThatCannotBe(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso := s.NewPartner("Acme"), s.Customer("Contoso")
		s.invites(acme, "taken@example.com")
		for _, c := range []struct {
			outcome string
			input   in
			rule    string
		}{
			{"no address", in{"email": "nowhere"}, "INVALID at input.email"},
			{"one's own address", in{"email": "ACME@example.com"}, "CANNOT_INVITE_SELF at input.email"},
			{"an address with a pending invitation", in{"email": "Taken@Example.com"}, "INVITATION_ALREADY_EXISTS at input.email"},
			{"a message too long", in{"email": "a@example.com", "message": strings.Repeat("ä", 1001)}, "TOO_LONG at input.message"},
			{"no time to answer", in{"email": "a@example.com", "expiresInHours": 0}, "INVALID at input.expiresInHours"},
			{"too much time to answer", in{"email": "a@example.com", "expiresInHours": 721}, "INVALID at input.expiresInHours"},
			{"access that is over", in{"email": "a@example.com", "accessEndsAt": s.Now()}, "ACCESS_PERIOD_OUT_OF_RANGE at input.accessEndsAt"},
			{"access for too long", in{"email": "a@example.com", "accessEndsAt": s.Now().AddDate(0, 0, 731)}, "ACCESS_PERIOD_OUT_OF_RANGE at input.accessEndsAt"},
		} {
			s.then(c.outcome, func(s scene) { s.refused(acme.Admin, "inviteCustomer", c.input, c.rule) })
		}
		s.then("a customer's second one to the same partner", func(s scene) {
			ask := in{"code": acme.Partner.Code, "roleKey": "READ_ONLY"}
			s.does(contoso.Admin, "invitePartner", ask)
			s.refused(contoso.Admin, "invitePartner", ask, "INVITATION_ALREADY_EXISTS at input")
		})
		s.then("more than ten of a customer", func(s scene) {
			for i := range 9 {
				s.does(contoso.Admin, "invitePartner", in{"code": s.NewPartner(fmt.Sprint("Partner ", i)).Partner.Code, "roleKey": "READ_ONLY"})
			}
			last := s.NewPartner("Eleventh")
			s.refused(contoso.Admin, "invitePartner", in{"code": last.Partner.Code, "roleKey": "READ_ONLY"}, "INVITATION_LIMIT_REACHED at input")
			s.Later(7 * 24 * time.Hour) // they expire
			s.does(contoso.Admin, "invitePartner", in{"code": last.Partner.Code, "roleKey": "READ_ONLY"})
		})
		s.then("a ceiling above what the customer's own member holds", func(s scene) {
			decider := s.Staff(contoso, "decider", testworld.Custom(s.CustomRole(contoso.Tenant, "Decides", map[feature]accessLevel{"PARTNERS": manage})))
			s.refused(decider, "invitePartner", in{"code": s.NewPartner("Green").Partner.Code, "roleKey": "READ_ONLY"}, "ROLE_EXCEEDS_GRANT at input.roleKey")
		})
	})
}

// TestDeadTokensAreAlike: to anyone but the person who was invited, a token that does not work tells nothing.
func TestT10DeadTokensAreAlike(t *testing.T) {
	eachScene(t, func(s scene) {
		other := s.Customer("Other")
		invited := func(name string) (*testworld.Company, string, string) {
			c := s.Customer(name)
			id, token := s.invites(s.NewPartner(name+" partner"), strings.ToLower(name)+"@example.com")
			return c, id, token
		}
		spent, _, spentToken := invited("Spent")
		s.does(spent.Admin, "acceptInvitation", in{"token": spentToken})
		declined, _, declinedToken := invited("Declined")
		s.does(declined.Admin, "declineInvitation", in{"token": declinedToken})
		revoked := s.Customer("Revoked")
		revoker := s.NewPartner("Revoker")
		revokedID, revokedToken := s.invites(revoker, "revoked@example.com")
		s.does(revoker.Admin, "revokeInvitation", in{"id": revokedID})
		resent := s.Customer("Resent")
		resender := s.NewPartner("Resender")
		resentID, oldToken := s.invites(resender, "resent@example.com")
		s.Later(time.Hour)
		s.does(resender.Admin, "resendInvitation", in{"id": resentID})
		expired := s.Customer("Expired")
		s.does(s.NewPartner("Slow").Admin, "inviteCustomer", in{"email": "expired@example.com", "expiresInHours": 1})
		expiredToken := s.lastToken("expired@example.com")
		s.Later(time.Hour)
		_, _, live := invited("Live")

		dead := map[string]string{
			"spent": spentToken, "declined": declinedToken, "revoked": revokedToken, "resent": oldToken, "expired": expiredToken,
			"garbled": "%&/" + live[3:], "flipped": flipped(live), "truncated": live[:len(live)-1], "extended": live + "A", "padded": live + "=",
			"empty": "", "long": strings.Repeat("A", 5000), "never issued": strings.Repeat("A", 43),
		}
		for _, mutation := range []string{"acceptInvitation", "declineInvitation"} {
			toStrangers, toOthers := make(map[string]bool), make(map[string]bool) // strangers are told of a smaller cost that is left
			for name, token := range dead {
				s.then(mutation+" by a stranger or another person, "+name, func(s scene) {
					toStrangers[s.refused(s.Stranger(), mutation, in{"token": token}, "INVITATION_INVALID at input").Body] = true
					toOthers[s.refused(other.Admin, mutation, in{"token": token}, "INVITATION_INVALID at input").Body] = true
				})
			}
			s.then(mutation+" of a living one by another person is no different", func(s scene) {
				toOthers[s.refused(other.Admin, mutation, in{"token": live}, "INVITATION_INVALID at input").Body] = true
				s.is("different answers to strangers, to others", []int{len(toStrangers), len(toOthers)}, []int{1, 1})
			})
		}
		s.then("looking shows nothing, alike", func(s scene) {
			answers := make(map[string]bool)
			for _, token := range dead {
				a := s.Stranger().Do("query($t: String!) { invitationByToken(token: $t) { expiresAt } }", testworld.Vars{"t": token}).OK()
				s.is("shown", a.At("invitationByToken"), nil)
				answers[a.Body] = true
			}
			s.is("different answers", len(answers), 1)
		})
		s.then("the person who was invited is told that it is over", func(s scene) {
			for token, c := range map[string]*testworld.Company{spentToken: spent, declinedToken: declined, revokedToken: revoked, expiredToken: expired} {
				s.refused(c.Admin, "acceptInvitation", in{"token": token}, "INVITATION_NOT_PENDING at input.id")
				s.refused(c.Admin, "declineInvitation", in{"token": token}, "INVITATION_NOT_PENDING at input.id")
			}
		})
		s.then("a replaced token is dead even to that person, and the new one lives", func(s scene) {
			s.refused(resent.Admin, "acceptInvitation", in{"token": oldToken}, "INVITATION_INVALID at input")
			s.does(resent.Admin, "acceptInvitation", in{"token": s.lastToken("resent@example.com")})
		})
		s.then("neither or both of token and id name nothing", func(s scene) {
			s.refused(other.Admin, "acceptInvitation", in{}, "REQUIRED at input.token")
			s.refused(other.Admin, "acceptInvitation", in{"token": live, "id": resentID}, "REQUIRED at input.token")
		})
		s.then("an id is no token: it is for those who may know of it", func(s scene) {
			s.refused(other.Admin, "acceptInvitation", in{"id": resentID}, "NOT_FOUND at input.id")
			s.sees(s.asks(s.Stranger(), "acceptInvitation", in{"id": resentID}).Errors(), "UNAUTHENTICATED at acceptInvitation")
			s.sees(s.asks(s.Stranger(), "declineInvitation", in{"id": resentID}).Errors(), "UNAUTHENTICATED at declineInvitation")
		})
	})
}

// flipped changes the token's first character.
func flipped(token string) string {
	if token[0] == 'A' {
		return "B" + token[1:]
	}
	return "A" + token[1:]
}

func TestT10ExpiryIsByTheClock(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso := s.NewPartner("Acme"), s.Customer("Contoso")
		id, token := s.invites(acme, "contoso@example.com")
		status := func() any {
			return acme.Admin.Do("query($id: ID!) { node(id: $id) { ... on Invitation { status } } }", testworld.Vars{"id": id}).OK().At("node.status")
		}
		s.Later(7*24*time.Hour - time.Second)
		s.is("just before", status(), "PENDING")
		s.Later(time.Second)
		s.is("at the moment", status(), "EXPIRED")
		s.refused(contoso.Admin, "acceptInvitation", in{"token": token}, "INVITATION_NOT_PENDING at input.id")
		s.refused(acme.Admin, "resendInvitation", in{"id": id}, "INVITATION_NOT_PENDING at input.id")
		s.refused(acme.Admin, "revokeInvitation", in{"id": id}, "INVITATION_NOT_PENDING at input.id")
		// Nobody has swept: a new one finds the place free all the same.
		s.does(acme.Admin, "inviteCustomer", in{"email": "contoso@example.com"})
		a := acme.Admin.Do("query($id: ID!) { tenant(id: $id) { invitations(status: [EXPIRED], first: 10) { nodes { id } } } }", testworld.Vars{"id": acme.ID}).OK()
		s.sees(a.Column("tenant.invitations.nodes", "id"), id)
	})
}

func TestResendIsLimited(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso := s.NewPartner("Acme"), s.Customer("Contoso")
		id, first := s.invites(acme, "contoso@example.com")
		for n := 2; n <= 5; n++ {
			s.Later(6 * 24 * time.Hour) // it is valid anew each time
			a := s.does(acme.Admin, "resendInvitation", in{"id": id})
			s.is("sent", a.At("resendInvitation.invitation.sendCount"), float64(n))
			s.is("mails", len(s.Mails("contoso@example.com")), n)
		}
		s.refused(acme.Admin, "resendInvitation", in{"id": id}, "INVITATION_RESEND_LIMIT at input.id")
		a := acme.Admin.Do("query($id: ID!) { node(id: $id) { ... on Invitation { viewerCanResend viewerCanRevoke } } }", testworld.Vars{"id": id}).OK()
		s.is("abilities", a.At("node"), any(map[string]any{"viewerCanResend": false, "viewerCanRevoke": true}))
		s.forbidden(contoso.Admin, "resendInvitation", in{"id": id})
		s.refused(s.NewPartner("Blue").Admin, "resendInvitation", in{"id": id}, "NOT_FOUND at input.id")
		s.refused(contoso.Admin, "acceptInvitation", in{"token": first}, "INVITATION_INVALID at input")
		s.does(contoso.Admin, "acceptInvitation", in{"token": s.lastToken("contoso@example.com")})
	})
}

// TestMailsAreLimited: an address gets no more than it should, and who invites it cannot tell.
func TestMailsAreLimited(t *testing.T) {
	eachScene(t, func(s scene) {
		invite := func(p *testworld.Company, mails int) (id string) {
			s.Helper()
			a := s.does(p.Admin, "inviteCustomer", in{"email": "busy@example.com"})
			s.is("answer", a.At("inviteCustomer.invitation.status"), "PENDING")
			s.is("sent", a.At("inviteCustomer.invitation.sendCount"), 1.)
			s.is("mails", len(slices.DeleteFunc(s.kinds("busy@example.com"), func(kind string) bool { return kind != "invitation" })), mails)
			return a.String("inviteCustomer.invitation.id")
		}
		acme := s.NewPartner("Acme")
		s.then("five from one partner", func(s scene) {
			for n := 1; n <= 6; n++ {
				s.does(acme.Admin, "revokeInvitation", in{"id": invite(acme, min(n, 5))})
			}
		})
		s.then("twenty from all", func(s scene) {
			for n := 1; n <= 17; n++ {
				invite(s.NewPartner(fmt.Sprint("Partner ", n)), min(5+n, 20))
			}
		})
		s.then("a day later the address can be written to again", func(s scene) {
			s.Later(24*time.Hour - time.Second)
			s.does(acme.Admin, "revokeInvitation", in{"id": invite(acme, 20)})
			s.Later(time.Second)
			invite(acme, 21)
		})
		s.then("mails of other kinds do not count", func(s scene) {
			s.is("kinds", s.read("SELECT DISTINCT kind FROM outbox_messages ORDER BY kind"), []string{"invitation", "invitation.revoked"})
			s.is("mails about what was mailed", len(s.read("SELECT id FROM outbox_messages WHERE kind='invitation.revoked'")), 5)
		})
	})
}

func TestDeclineMutes(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, blue, contoso := s.NewPartner("Acme"), s.NewPartner("Blue"), s.Customer("Contoso")
		_, token := s.invites(acme, "contoso@example.com")
		a := s.does(s.Stranger(), "declineInvitation", in{"token": token, "reason": "Not now."})
		s.is("a stranger with the token sees nothing of it", a.At("declineInvitation.invitation"), nil)
		mails := func(want int) { s.Helper(); s.is("mails", len(s.Mails("contoso@example.com")), want) }
		mails(1)

		s.then("that partner is not heard for thirty days, and cannot tell", func(s scene) {
			s.Later(30*24*time.Hour - time.Second)
			a := s.does(acme.Admin, "inviteCustomer", in{"email": "contoso@example.com"})
			s.is("status", a.At("inviteCustomer.invitation.status"), "PENDING")
			mails(1)
			s.does(acme.Admin, "resendInvitation", in{"id": a.String("inviteCustomer.invitation.id")})
			mails(1)
			s.does(acme.Admin, "revokeInvitation", in{"id": a.String("inviteCustomer.invitation.id")})
		})
		s.then("another one is", func(s scene) {
			s.does(blue.Admin, "inviteCustomer", in{"email": "contoso@example.com"})
			mails(2)
		})
		s.then("and so is that partner, thereafter", func(s scene) {
			s.Later(24 * time.Hour)
			s.does(acme.Admin, "inviteCustomer", in{"email": "contoso@example.com"})
			mails(3)
			s.does(contoso.Admin, "acceptInvitation", in{"token": s.lastToken("contoso@example.com")})
		})
	})
}

// TestInvitingTellsNothing: whatever an address is or has, inviting it is answered and mailed alike.
func TestInvitingTellsNothing(t *testing.T) {
	eachScene(t, func(s scene) {
		acme := s.NewPartner("Acme")
		linked := s.Customer("Link")
		s.Manages(s.NewPartner("Rival"), linked)
		s.Customer("Free")
		s.NewPartner("Peer")
		s.Person("Lone")
		answers, mails := make(map[string]bool), make(map[string]bool)
		for _, name := range []string{"link", "free", "peer", "lone", "none"} {
			email := name + "@example.com"
			a := s.does(acme.Admin, "inviteCustomer", in{"email": email})
			mail := s.Mails(email)[0]
			blank := strings.NewReplacer(a.String("inviteCustomer.invitation.id"), "ID", email, "ADDRESS", testworld.Token(mail), "TOKEN").Replace
			answers[blank(a.Body)], mails[blank(mail.Subject+mail.Text+mail.HTML)] = true, true
		}
		s.is("different answers", len(answers), 1)
		s.is("different mails", len(mails), 1)
	})
}
