package graph_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"mandate/ent/member"
	"mandate/internal/testworld"
)

func TestPasswordsThatCannotBeChanged(t *testing.T) {
	eachScene(t, func(s scene) {
		contoso := s.Customer("Contoso")
		input := func(current, fresh string) in { return in{"currentPassword": current, "newPassword": fresh} }
		s.then("by whoever does not know the present one", func(s scene) {
			for _, wrong := range []string{"", another, strings.ToUpper(testworld.Password), testworld.Password + " "} {
				s.refused(contoso.Admin, "changePassword", input(wrong, another), "CREDENTIALS_INVALID at input.currentPassword")
			}
		})
		s.then("to a weak one", func(s scene) {
			for _, weak := range []string{"", "elevenchars", "aaaaaaaaaaaaaaaa", "passwordpassword", strings.Repeat("x1", 65)} {
				s.refused(contoso.Admin, "changePassword", input(testworld.Password, weak), "PASSWORD_TOO_WEAK at input.newPassword")
			}
		})
		s.then("and all that is wrong is said at once", func(s scene) {
			s.refused(contoso.Admin, "changePassword", input("wrong", "short"),
				"CREDENTIALS_INVALID at input.currentPassword", "PASSWORD_TOO_WEAK at input.newPassword")
		})
		s.then("the bounds are 12 and 128 characters", func(s scene) {
			twelve, most := "twelve chárs", strings.Repeat("ß1", 64)
			s.does(contoso.Admin, "changePassword", input(testworld.Password, twelve))
			s.does(contoso.Admin, "changePassword", input(twelve, most))
			s.signsInWith("contoso@example.com", most)
		})
	})
}

func TestAddressesThatCannotBeTaken(t *testing.T) {
	eachScene(t, func(s scene) {
		contoso := s.Customer("Contoso")
		input := func(email string) in { return in{"newEmail": email, "currentPassword": testworld.Password} }
		s.then("by whoever does not know the password", func(s scene) {
			s.refused(contoso.Admin, "changeEmail", in{"newEmail": "kim@new.example", "currentPassword": "wrong"}, "CREDENTIALS_INVALID at input.currentPassword")
			s.refused(contoso.Admin, "changeEmail", in{"newEmail": "kim", "currentPassword": "wrong"},
				"CREDENTIALS_INVALID at input.currentPassword", "INVALID at input.newEmail")
		})
		s.then("that nobody can write to", func(s scene) {
			for _, none := range []string{"", "kim", "kim@new", "kım@new.example", "kim\u200b@new.example", "kim@new.example\r\nBcc: x@y.example", "a b@new.example"} {
				s.refused(contoso.Admin, "changeEmail", input(none), "INVALID at input.newEmail")
			}
			s.refused(contoso.Admin, "changeEmail", input(strings.Repeat("a", 64)+"@"+strings.Repeat("b.", 140)+"example"), "TOO_LONG at input.newEmail")
		})
		s.then("that is one's own already, however it is typed", func(s scene) {
			for _, own := range []string{"contoso@example.com", " Contoso@EXAMPLE.com "} {
				s.refused(contoso.Admin, "changeEmail", input(own), "CONFLICT at input.newEmail")
			}
		})
		s.then("six times a day", func(s scene) {
			for n := range 5 {
				s.does(contoso.Admin, "changeEmail", input(fmt.Sprintf("kim%d@new.example", n)))
			}
			s.refused(contoso.Admin, "changeEmail", input("kim5@new.example"), "LIMIT_EXCEEDED at input.newEmail")
			s.does(s.Customer("Fabrikam").Admin, "changeEmail", input("kim5@new.example"))
			s.Later(24 * time.Hour)
			s.does(contoso.Admin, "changeEmail", input("kim6@new.example"))
		})
	})
}

func TestLinksThatProveNothing(t *testing.T) {
	eachScene(t, func(s scene) {
		contoso, fabrikam := s.Customer("Contoso"), s.Customer("Fabrikam")
		open := s.invitesAll(fabrikam, "VALIDATE_EMAIL")
		changes := func(p *testworld.Person, email string) string {
			s.does(p, "changeEmail", in{"newEmail": email, "currentPassword": testworld.Password})
			return s.lastToken(email)
		}
		invalid := func(s scene, token string) {
			s.Helper()
			s.refused(s.Stranger(), "verifyEmail", in{"token": token, "newPassword": another}, "TOKEN_INVALID at input.token")
			s.refused(s.Stranger(), "verifyEmail", in{"token": token}, "TOKEN_INVALID at input.token")
		}
		token, signUp := changes(contoso.Admin, "kim@new.example"), s.signsUp(open, "nora@example.com")

		s.then("garbled ones", func(s scene) {
			for _, dead := range []string{flipped(token), token[1:], token + "A", token + "\n", "", "%", strings.Repeat("A", 43)} {
				invalid(s, dead)
			}
		})
		s.then("those that set a password, and they set none for those that prove an address", func(s scene) {
			s.asks(s.Stranger(), "requestPasswordReset", in{"email": "fabrikam@example.com"}).OK()
			invalid(s, s.lastToken("fabrikam@example.com"))
			s.does(contoso.Admin, "addMembers", in{"tenantId": contoso.ID, "members": []in{newMember(1, nil)}})
			invalid(s, s.lastToken("new1@example.com"))
			for _, other := range []string{token, signUp} {
				s.refused(s.Stranger(), "resetPassword", in{"token": other, "newPassword": another}, "TOKEN_INVALID at input.token")
			}
		})
		s.then("for an address that somebody else has since", func(s scene) {
			s.does(fabrikam.Admin, "addMembers", in{"tenantId": fabrikam.ID, "members": []in{newMember(2, in{"email": "kim@new.example"})}})
			invalid(s, token)
			s.is("address", contoso.Admin.Do(me, nil).OK().At("viewer.user.email"), "contoso@example.com")
		})
		s.then("of a sign-up that was ended meanwhile", func(s scene) {
			m, err := s.Write.Member.Query().Where(member.TenantID(fabrikam.ID), member.FirstName("Nora")).Only(s.System())
			s.must(err)
			s.does(fabrikam.Admin, "removeMembers", in{"tenantId": fabrikam.ID, "ids": []string{m.ID}})
			invalid(s, signUp)
		})
		s.then("of a sign-up a day ago", func(s scene) {
			late := s.signsUp(open, "late@example.com")
			s.Later(24 * time.Hour)
			invalid(s, late)
		})
	})
}

func TestSessionsThatCannotBeEnded(t *testing.T) {
	eachScene(t, func(s scene) {
		s.Customer("Contoso")
		s.Customer("Fabrikam")
		id := func(token string) string { return s.Bearer(token).Do(me, nil).OK().String("viewer.session.id") }
		mine, others, old := s.signsIn("contoso@example.com"), s.signsIn("fabrikam@example.com"), s.signsIn("contoso@example.com")
		asking, over, foreign := s.Bearer(mine), id(old), id(others)
		s.then("another person's, and what is none", func(s scene) {
			for _, no := range []string{foreign, "ses_x", "", "ses_00000000000000000000000000"} {
				s.refused(asking, "revokeSession", in{"id": no}, "NOT_FOUND at input.id")
			}
			s.is("another person's", s.status(others), 200)
		})
		s.then("one that was ended", func(s scene) {
			s.does(asking, "revokeSession", in{"id": over})
			s.refused(asking, "revokeSession", in{"id": over}, "NOT_FOUND at input.id")
		})
		s.then("one whose time is over", func(s scene) {
			expired := id(s.signsIn("contoso@example.com"))
			s.Later(8 * time.Hour)
			s.refused(s.person("contoso@example.com"), "revokeSession", in{"id": expired}, "NOT_FOUND at input.id")
		})
	})
}

func TestTenantsThatCannotBeLeft(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso := s.NewPartner("Acme"), s.Customer("Contoso")
		s.connected(acme, contoso, "ADMINISTRATOR")
		clerk := s.Staff(contoso, "clerk", testworld.Role("READ_ONLY"))
		leave := in{"tenantId": contoso.ID}
		s.then("by its last administrator", func(s scene) {
			s.refused(contoso.Admin, "leaveTenant", leave, "LAST_ADMINISTRATOR at input.tenantId")
			second := s.Staff(contoso, "second", testworld.Administrator)
			s.must(s.Write.Member.UpdateOneID(second.Member(contoso.Tenant).ID).SetStatus(member.StatusSuspended).Exec(s.System()))
			s.refused(contoso.Admin, "leaveTenant", leave, "LAST_ADMINISTRATOR at input.tenantId")
		})
		s.then("by whoever is no member of it", func(s scene) {
			s.refused(acme.Admin, "leaveTenant", leave, "NOT_FOUND at input.tenantId") // who reaches it otherwise
			s.refused(s.Customer("Fabrikam").Admin, "leaveTenant", leave, "NOT_FOUND at input.tenantId")
			for _, none := range []string{"", "ten_x"} {
				s.refused(contoso.Admin, "leaveTenant", in{"tenantId": none}, "NOT_FOUND at input.tenantId")
			}
		})
		for _, status := range []member.Status{member.StatusSuspended, member.StatusPendingApproval, member.StatusPendingEmailValidation, member.StatusRemoved} {
			s.then("by a member who is "+string(status), func(s scene) {
				s.must(s.Write.Member.Update().Where(member.UserID(clerk.ID)).SetStatus(status).Exec(s.System()))
				s.refused(clerk, "leaveTenant", leave, "NOT_FOUND at input.tenantId")
			})
		}
	})
}

// TestAccountsAreForPeopleInSessionsOfTheirOwn: an entered session and nobody at all change nothing of an account.
func TestAccountsAreForPeopleInSessionsOfTheirOwn(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso := s.NewPartner("Acme"), s.Customer("Contoso")
		s.connected(acme, contoso, "ADMINISTRATOR")
		own := acme.Admin.Do(me, nil).OK().String("viewer.session.id")
		entered := acme.Admin.Entered(contoso.ID)
		inside := entered.Do("{ viewer { session { id } } }", nil).OK().String("viewer.session.id")
		for mutation, inputs := range map[string][]in{
			"changePassword": {{"currentPassword": testworld.Password, "newPassword": another}, {"currentPassword": "wrong", "newPassword": "short"}},
			"changeEmail":    {{"currentPassword": testworld.Password, "newEmail": "kim@new.example"}, {"currentPassword": "wrong", "newEmail": "contoso@example.com"}},
			"revokeSession":  {{"id": own}, {"id": inside}, {"id": "ses_x"}},
			"leaveTenant":    {{"tenantId": acme.ID}, {"tenantId": contoso.ID}, {"tenantId": "ten_x"}},
		} {
			s.then(mutation, func(s scene) {
				before := s.rows()
				for _, input := range inputs {
					s.forbidden(entered, mutation, input)
					s.sees(s.asks(s.Stranger(), mutation, input).Errors(), "UNAUTHENTICATED at "+mutation)
				}
				s.unchanged(before, mutation)
			})
		}
	})
}
