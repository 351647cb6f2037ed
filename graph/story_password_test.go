package graph_test

import (
	"strings"
	"testing"
	"time"

	"mandate/internal/testworld"
)

// TestHowLongLinksToPasswordsWork: to the last second, and no longer.
func TestHowLongLinksToPasswordsWork(t *testing.T) {
	eachScene(t, func(s scene) {
		contoso := s.Customer("Contoso")
		keeper := s.Staff(contoso, "keeper", testworld.Administrator) // links end the sessions of the other one
		const email = "contoso@example.com"
		ask := func() string {
			s.asks(s.Stranger(), "requestPasswordReset", in{"email": email}).OK()
			return s.lastToken(email)
		}
		added := 0
		welcome := func() (email, token string) {
			added++
			a := newMember(added, nil)
			s.does(keeper, "addMembers", in{"tenantId": contoso.ID, "members": []in{a}})
			return a["email"].(string), s.lastToken(a["email"].(string))
		}
		set := func(token string) in { return in{"token": token, "newPassword": another} }
		for _, c := range []struct {
			outcome string
			life    time.Duration
			link    func() string
		}{
			{"a reset link 30 minutes", 30 * time.Minute, ask},
			{"a welcome link 7 days", 7 * 24 * time.Hour, func() string { _, token := welcome(); return token }},
			{"the last reset link of a day for a day", 24 * time.Hour, func() string {
				for range 4 {
					ask()
				}
				return ask()
			}},
		} {
			s.then(c.outcome, func(s scene) {
				s.Later(48 * time.Hour)
				late := c.link()
				s.Later(c.life)
				s.refused(s.Stranger(), "resetPassword", set(late), "TOKEN_INVALID at input.token")
				s.Later(48 * time.Hour)
				inTime := c.link()
				s.Later(c.life - time.Microsecond)
				s.does(s.Stranger(), "resetPassword", set(inTime))
			})
		}
		s.then("the mail says how long", func(s scene) {
			mails := s.Mails(email)
			for n, want := range map[int]string{0: "valid for 30 minutes", len(mails) - 2: "valid for 1 day"} {
				if !strings.Contains(mails[n].Text, want) {
					s.Errorf("mail %d lacks %q:\n%s", n, want, mails[n].Text)
				}
			}
		})
		s.then("whoever sets a first password is not told that it changed, and signs in", func(s scene) {
			email, token := welcome()
			s.does(s.Stranger(), "resetPassword", set(token))
			s.sees(s.kinds(email), "member.welcome")
			s.signsInWith(email, another)
		})
	})
}

// TestAResetEndsEverySession: that of whoever asks for it, too, and those that have entered a tenant.
func TestAResetEndsEverySession(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso := s.NewPartner("Acme"), s.Customer("Contoso")
		s.connected(acme, contoso, "ADMINISTRATOR")
		const email = "acme@example.com"
		asking, other := s.signsIn(email), s.signsIn(email)
		entered := s.enters(other, contoso.ID)
		s.asks(s.Bearer(asking), "requestPasswordReset", in{"email": email}).OK()
		s.does(s.Bearer(asking), "changeEmail", in{"newEmail": "anna@example.com", "currentPassword": testworld.Password})
		change := s.lastToken("anna@example.com")

		s.does(s.Bearer(asking), "resetPassword", in{"token": s.lastToken(email), "newPassword": another})
		s.is("statuses", []int{s.status(asking), s.status(other), s.status(entered)}, []int{401, 401, 401})
		event := s.lastEvent()
		s.is("event", []string{event.Action, *event.ActorID, *event.TargetID, *event.ActorName}, []string{"password.reset", acme.Admin.ID, acme.Admin.ID, "Acme Smith"})
		s.refused(s.Stranger(), "verifyEmail", in{"token": change}, "TOKEN_INVALID at input.token")
		s.sees(s.kinds(email), "invitation.received", "password.reset", "password.changed")
		if notice := s.Mails(email)[2]; notice.Secret || strings.Contains(notice.Text+notice.HTML, "://") {
			s.Errorf("the notice:\n%s", notice.Text)
		}
	})
}
