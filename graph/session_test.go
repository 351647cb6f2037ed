package graph_test

import (
	"strings"
	"testing"
	"time"

	"mandate/ent/member"
	"mandate/ent/tenant"
	"mandate/internal/testworld"
)

const me = "{ viewer { user { email } session { id } } }"

func TestSigningIn(t *testing.T) {
	eachScene(t, func(s scene) {
		contoso := s.Customer("Contoso")
		signIn := func(email, password string) in { return in{"email": email, "password": password} }

		s.then("an unknown address and a wrong password are answered byte for byte alike", func(s scene) {
			answers := make(map[string]bool)
			for email, password := range map[string]string{
				"contoso@example.com":  "wrong horse battery",
				"nobody@example.com":   testworld.Password,
				"not an address":       testworld.Password,
				"":                     "",
				"contoso@example.com ": strings.ToUpper(testworld.Password),
			} {
				answers[s.refused(s.Stranger(), "signIn", signIn(email, password), "CREDENTIALS_INVALID at input").Body] = true
			}
			s.is("different answers", len(answers), 1)
		})
		s.then("the right ones begin a session, however the address is typed", func(s scene) {
			for _, email := range []string{"contoso@example.com", " Contoso@EXAMPLE.com "} {
				a := s.does(s.Stranger(), "signIn", signIn(email, testworld.Password))
				s.is("viewer", a.At("signIn.viewer.user.id"), contoso.Admin.ID)
				got := s.Bearer(a.String("signIn.token")).Do(me, nil).OK()
				s.is("session", got.At("viewer.session.id"), a.At("signIn.session.id"))
			}
		})
		s.then("tokens are kept as hashes only", func(s scene) {
			token := s.signsIn("contoso@example.com")
			for table, rows := range s.rows() {
				for _, row := range rows {
					if strings.Contains(row, token) {
						t.Errorf("the token is in %s", table)
					}
				}
			}
		})
		s.then("a token that is none begins nothing", func(s scene) {
			token := s.signsIn("contoso@example.com")
			for _, dead := range []string{flipped(token), token[1:], token + "A", "x"} {
				s.is("status", s.Bearer(dead).Do(me, nil).Status, 401)
			}
		})
		s.then("nobody is nobody's viewer", func(s scene) {
			s.is("viewer", s.Stranger().Do(me, nil).OK().At("viewer"), nil)
		})
		s.then("a session ends after half an hour unused, and after eight hours in any case", func(s scene) {
			token := s.signsIn("contoso@example.com")
			for range 16 {
				s.Later(29 * time.Minute)
				s.is("used", s.Bearer(token).Do(me, nil).Status, 200)
			}
			s.Later(16 * time.Minute) // 8 hours
			s.is("over", s.Bearer(token).Do(me, nil).Status, 401)
			token = s.signsIn("contoso@example.com")
			s.Later(30 * time.Minute)
			s.is("unused", s.Bearer(token).Do(me, nil).Status, 401)
		})
	})
}

// TestSuspendedDoNotSignIn: without an active membership in an active tenant the right password is as good as a wrong one.
func TestSuspendedDoNotSignIn(t *testing.T) {
	eachScene(t, func(s scene) {
		contoso := s.Customer("Contoso")
		right := in{"email": "contoso@example.com", "password": testworld.Password}
		wrong := s.refused(s.Stranger(), "signIn", in{"email": "contoso@example.com", "password": "wrong"}, "CREDENTIALS_INVALID at input").Body
		signed := s.Bearer(s.signsIn("contoso@example.com"))
		for _, status := range []member.Status{member.StatusSuspended, member.StatusRemoved, member.StatusPendingApproval, member.StatusPendingEmailValidation} {
			s.then("a member who is "+string(status), func(s scene) {
				s.must(s.Write.Member.Update().Where(member.TenantID(contoso.ID)).SetStatus(status).Exec(s.System()))
				s.is("answer", s.refused(s.Stranger(), "signIn", right, "CREDENTIALS_INVALID at input").Body, wrong)
				s.is("an open session reaches", reaches(signed, contoso.ID), false)
			})
		}
		s.must(s.Write.Member.Update().Where(member.TenantID(contoso.ID)).SetStatus(member.StatusActive).Exec(s.System()))
		for _, status := range []tenant.Status{tenant.StatusSuspended, tenant.StatusDeleted} {
			s.then("a member of a tenant that is "+string(status), func(s scene) {
				s.must(s.Write.Tenant.UpdateOneID(contoso.ID).SetStatus(status).Exec(s.System()))
				s.is("answer", s.refused(s.Stranger(), "signIn", right, "CREDENTIALS_INVALID at input").Body, wrong)
				s.is("an open session reaches", reaches(signed, contoso.ID), false)
			})
		}
		s.then("somebody without a tenant", func(s scene) {
			s.Person("nobody")
			a := s.refused(s.Stranger(), "signIn", in{"email": "nobody@example.com", "password": testworld.Password}, "CREDENTIALS_INVALID at input")
			s.is("answer", a.Body, wrong)
		})
		s.then("one active membership is enough", func(s scene) {
			contoso.Admin.Join(s.Customer("Fabrikam").Tenant, testworld.Nothing)
			s.Later(time.Second) // which the tries before cost
			s.does(s.Stranger(), "signIn", right)
		})
	})
}

func TestSuspendedTenantIsOutOfReach(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso := s.NewPartner("Acme"), s.Customer("Contoso")
		s.connected(acme, contoso, "ADMINISTRATOR")
		blue, other := s.NewPartner("Blue"), s.Customer("Other")
		_, token := s.invites(blue, "other@example.com")
		entered := s.Bearer(s.does(acme.Admin, "enterTenant", in{"tenantId": contoso.ID}).String("enterTenant.token"))
		suspend := func(id string, status tenant.Status) {
			s.must(s.Write.Tenant.UpdateOneID(id).SetStatus(status).Exec(s.System()))
		}
		s.then("a suspended partner reaches nothing and connects nothing", func(s scene) {
			suspend(acme.ID, tenant.StatusSuspended)
			s.is("reached", reaches(acme.Admin, contoso.ID), false)
			s.is("reached by the entered session", reaches(entered, contoso.ID), false)
			suspend(blue.ID, tenant.StatusSuspended)
			s.refused(other.Admin, "acceptInvitation", in{"token": token}, "TENANT_SUSPENDED at input")
			s.refused(other.Admin, "invitePartner", in{"code": acme.Partner.Code, "roleKey": "READ_ONLY"}, "TENANT_SUSPENDED at input")
		})
		s.then("active again, nothing is lost", func(s scene) {
			suspend(acme.ID, tenant.StatusActive)
			suspend(blue.ID, tenant.StatusActive)
			s.is("reached", reaches(acme.Admin, contoso.ID), true)
			s.is("reached by the entered session", reaches(entered, contoso.ID), true)
		})
		s.then("a suspended customer is reached by nobody, and accepts nothing", func(s scene) {
			suspend(contoso.ID, tenant.StatusSuspended)
			s.sees(customersOf(acme.Admin))
			s.is("reached", reaches(acme.Admin, contoso.ID), false)
			suspend(other.ID, tenant.StatusSuspended)
			s.refused(other.Admin, "acceptInvitation", in{"token": token, "tenantId": other.ID}, "TENANT_SUSPENDED at input.tenantId")
		})
	})
}

func TestSigningOut(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso := s.NewPartner("Acme"), s.Customer("Contoso")
		s.connected(acme, contoso, "ADMINISTRATOR")
		signOut := func(p *testworld.Person) {
			s.Helper()
			before := s.events()
			p.Do("mutation { signOut { ok userErrors { code } } }", nil).OK()
			s.is("events", s.events()-before, 1)
		}
		status := func(token string) int { return s.Bearer(token).Do(me, nil).Status }
		own, elsewhere := s.signsIn("acme@example.com"), s.signsIn("acme@example.com")
		enter := func() string {
			return s.does(s.Bearer(own), "enterTenant", in{"tenantId": contoso.ID}).String("enterTenant.token")
		}

		s.then("leaving an entered session leaves the own one", func(s scene) {
			entered := enter()
			signOut(s.Bearer(entered))
			s.is("entered", status(entered), 401)
			s.is("own", status(own), 200)
		})
		s.then("an entered session lasts an hour at most", func(s scene) {
			entered := enter()
			for range 3 {
				s.Later(15 * time.Minute)
				s.is("within", status(entered)+status(own)+status(elsewhere), 600)
			}
			s.Later(15 * time.Minute)
			s.is("over", status(entered), 401)
			s.is("own", status(own)+status(elsewhere), 400)
		})
		s.then("signing out ends what was entered, and no other session", func(s scene) {
			entered := enter()
			signOut(s.Bearer(own))
			s.is("own", status(own), 401)
			s.is("entered", status(entered), 401)
			s.is("elsewhere", status(elsewhere), 200)
		})
		s.then("nobody signs out who is not signed in", func(s scene) {
			before := s.rows()
			s.sees(s.Stranger().Do("mutation { signOut { ok } }", nil).Errors(), "UNAUTHENTICATED at signOut")
			s.unchanged(before, "a stranger")
		})
	})
}

func TestResettingAPassword(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso := s.NewPartner("Acme"), s.Customer("Contoso")
		s.connected(acme, contoso, "ADMINISTRATOR")
		const email, fresh = "acme@example.com", "a staple that nobody has"
		ask := func(email string) *testworld.Answer {
			s.Helper()
			return s.asks(s.Stranger(), "requestPasswordReset", in{"email": email}).OK()
		}
		reset := func(token, password string) in { return in{"token": token, "newPassword": password} }

		s.then("asking is answered alike, and only an account gets a mail", func(s scene) {
			before, events := s.rows(), s.events()
			unknown := ask("nobody@example.com").Body
			s.is("no address", ask("not an address").Body, unknown)
			s.unchanged(before, "asking for nobody")
			s.is("known", ask(email).Body, unknown)
			s.is("events", s.events()-events, 1)
			mails := s.Mails(email)
			last := mails[len(mails)-1]
			if last.Kind != "password.reset" || !last.Secret || !strings.Contains(last.Text, testworld.PublicURL+"/password?token=") {
				t.Errorf("mail: %v", last)
			}
		})
		token := s.lastToken(email)
		s.then("weak passwords are refused, and do not use the link up", func(s scene) {
			for _, weak := range []string{"", "short", "elevenchars", "aaaaaaaaaaaaaaaa", "passwordpassword", strings.Repeat("long", 33)} {
				s.refused(s.Stranger(), "resetPassword", reset(token, weak), "PASSWORD_TOO_WEAK at input.newPassword")
			}
		})
		s.then("links that are none", func(s scene) {
			for _, dead := range []string{flipped(token), token[1:], token + "A", "", "%"} {
				s.refused(s.Stranger(), "resetPassword", reset(dead, fresh), "TOKEN_INVALID at input.token")
			}
		})
		s.then("an expired link", func(s scene) {
			s.Later(30 * time.Minute)
			s.refused(s.Stranger(), "resetPassword", reset(token, fresh), "TOKEN_INVALID at input.token")
		})
		ask(email)
		s.then("the link works once, and ends all sessions", func(s scene) {
			own, token := s.signsIn(email), s.lastToken(email)
			entered := s.does(s.Bearer(own), "enterTenant", in{"tenantId": contoso.ID}).String("enterTenant.token")
			others := s.signsIn("contoso@example.com")
			s.does(s.Stranger(), "resetPassword", reset(token, fresh))
			s.is("own", s.Bearer(own).Do(me, nil).Status, 401)
			s.is("entered", s.Bearer(entered).Do(me, nil).Status, 401)
			s.is("another person's", s.Bearer(others).Do(me, nil).Status, 200)
			s.refused(s.Stranger(), "resetPassword", reset(token, "another staple that nobody has"), "TOKEN_INVALID at input.token")
			s.refused(s.Stranger(), "signIn", in{"email": email, "password": testworld.Password}, "CREDENTIALS_INVALID at input")
			s.signsInWith(email, fresh)
			mails := s.Mails(email)
			s.is("notice", mails[len(mails)-1].Kind, "password.changed")
		})
	})
}

func TestLinksThatAreAskedForSomebodyElse(t *testing.T) {
	eachScene(t, func(s scene) {
		s.Customer("Contoso")
		const email = "contoso@example.com"
		ask := func() { s.asks(s.Stranger(), "requestPasswordReset", in{"email": email}).OK() }
		reset := func(token string) in {
			return in{"token": token, "newPassword": "a staple that nobody has"}
		}
		s.then("five a day at most, so that nobody's mailbox is filled for them", func(s scene) {
			for range 8 {
				ask()
			}
			s.is("mails", len(s.Mails(email)), 5)
			s.Later(25 * time.Hour)
			ask()
			s.is("mails a day later", len(s.Mails(email)), 6)
		})
		s.then("one works though another one was asked for, and the first that is used kills all", func(s scene) {
			first := s.lastToken(email)
			ask()
			second := s.lastToken(email)
			s.does(s.Stranger(), "resetPassword", reset(first))
			s.refused(s.Stranger(), "resetPassword", reset(second), "TOKEN_INVALID at input.token")
		})
	})
}
