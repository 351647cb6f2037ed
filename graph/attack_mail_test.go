package graph_test

import (
	"fmt"
	"testing"
	"time"

	"mandate/internal/testworld"
)

// TestLinksToPasswords: nobody kills a person's links by asking for others, and all die once the password is set.
func TestLinksToPasswords(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, operator := s.NewPartner("Acme"), s.Operator()
		welcomed := func(email string) (welcome string) {
			s.does(operator.Admin, "createCustomer", in{"name": "New", "adminEmail": email, "adminFirstName": "Nora", "adminLastName": "New"})
			return s.lastToken(email)
		}
		ask := func(email string) (reset string) {
			s.asks(s.Stranger(), "requestPasswordReset", in{"email": email}).OK()
			return s.lastToken(email)
		}
		set := func(token string) in {
			return in{"token": token, "newPassword": "a staple that nobody has"}
		}
		dead := func(tokens ...string) {
			s.Helper()
			for _, token := range tokens {
				s.refused(s.Stranger(), "resetPassword", set(token), "TOKEN_INVALID at input.token")
			}
		}

		s.then("a welcome link lives through five resets that somebody asks for, and kills them", func(s scene) {
			welcome := welcomed("ada@example.com")
			var resets []string
			for range 5 {
				resets = append(resets, ask("ada@example.com"))
			}
			s.is("the sixth", ask("ada@example.com"), resets[4])
			s.does(s.Stranger(), "resetPassword", set(welcome))
			dead(append(resets, welcome)...)
		})
		s.then("the oldest of several works, and kills the welcome link and the others", func(s scene) {
			welcome := welcomed("bea@example.com")
			first, second := ask("bea@example.com"), ask("bea@example.com")
			s.does(s.Stranger(), "resetPassword", set(first))
			dead(welcome, first, second)
		})
		s.then("whoever chooses a password with an invitation leaves no link open", func(s scene) {
			const email = "nora@example.com"
			welcome := welcomed(email)
			reset := ask(email)
			_, token := s.invites(acme, email)
			s.does(s.Stranger(), "acceptInvitation", in{"token": token, "newAccount": in{
				"tenantName": "Northwind", "firstName": "Nora", "lastName": "New", "password": testworld.Password}})
			dead(welcome, reset)
			s.signsIn(email)
		})
	})
}

// TestMailsThatOthersBringAbout: nobody's mailbox is filled by whoever adds them, or invites their company, again and again.
func TestMailsThatOthersBringAbout(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, blue, contoso, operator := s.NewPartner("Acme"), s.NewPartner("Blue"), s.Customer("Contoso"), s.Operator()
		create := func(email string) {
			s.does(operator.Admin, "createCustomer", in{"name": "New", "adminEmail": email, "adminFirstName": "Nora", "adminLastName": "New"})
		}
		invite := func(p *testworld.Company) func(string) {
			return func(string) {
				id := s.does(contoso.Admin, "invitePartner", in{"tenantId": contoso.ID, "code": p.Partner.Code, "roleKey": "READ_ONLY"}).String("invitePartner.invitation.id")
				s.does(contoso.Admin, "revokeInvitation", in{"id": id})
			}
		}
		pause := func(p *testworld.Company) func(string) {
			return func(string) {
				s.does(operator.Admin, "suspendTenant", in{"id": p.ID})
				s.does(operator.Admin, "reactivateTenant", in{"id": p.ID})
			}
		}
		for _, c := range []struct {
			kind, email string
			mail        func(email string)
		}{
			{"member.welcome", "nora@example.com", create},
			{"member.added", "contoso@example.com", create},
			{"invitation.received", "acme@example.com", invite(acme)},
			{"invitation.revoked", "blue@example.com", invite(blue)},
			{"tenant.suspended", "blue@example.com", pause(blue)},
			{"tenant.reactivated", "acme@example.com", pause(acme)},
		} {
			s.then("twenty of "+c.kind+" a day, though what they tell of happens", func(s scene) {
				mails := func() int {
					return len(s.read(fmt.Sprintf("SELECT id FROM outbox_messages WHERE kind='%s' AND recipient_canonical='%s'", c.kind, c.email)))
				}
				for n := 1; n <= 22; n++ {
					c.mail(c.email)
					s.is("mails", mails(), min(n, 20))
				}
				s.Later(24 * time.Hour)
				c.mail(c.email)
				s.is("mails a day later", mails(), 21)
			})
		}
	})
}

// TestWhoHearsOfAnAnswer: an invitation belongs to the tenant. Whoever sent it hears of the answer as long as they see it.
func TestWhoHearsOfAnAnswer(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso := s.NewPartner("Acme"), s.Customer("Contoso")
		answered := func(name, answer string, before func(*testworld.Person), heard ...string) {
			s.Helper()
			sender := s.Person(name).Join(acme.Tenant, testworld.Administrator)
			s.does(sender, "inviteCustomer", in{"partnerId": acme.Partner.ID, "email": "contoso@example.com"})
			before(sender)
			s.does(contoso.Admin, answer, in{"token": s.lastToken("contoso@example.com")})
			s.is(name+" hears of "+answer, fmt.Sprint(s.kinds(name+"@example.com")), fmt.Sprint(heard))
		}
		role := func(key string) func(*testworld.Person) {
			return func(p *testworld.Person) {
				s.does(acme.Admin, "changeRole", in{"memberId": p.Member(acme.Tenant).ID, "roleKey": key})
			}
		}
		answered("lara", "acceptInvitation", role("READ_ONLY"), "invitation.accepted")
		s.does(contoso.Admin, "terminateRelationship", in{"id": s.read("SELECT id FROM relationships")[0]})
		answered("gil", "acceptInvitation", role("GUEST_MANAGER"))
		answered("ines", "declineInvitation", role("GUEST_MANAGER"))
	})
}
