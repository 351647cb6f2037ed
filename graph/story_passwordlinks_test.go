package graph_test

import (
	"strings"
	"testing"
	"time"

	"mandate/internal/testworld"
)

// TestPasswordLinks is the story of administrators who mail people links to set a password.
func TestPasswordLinks(t *testing.T) {
	eachScene(t, func(s scene) {
		contoso, fabrikam := s.Customer("Contoso"), s.Customer("Fabrikam")
		s.Staff(contoso, "ada", testworld.Role("READ_ONLY")).Join(fabrikam.Tenant, testworld.Role("READ_ONLY"))
		s.adds(contoso.Admin, contoso.ID, newMember(1, in{"userId": "bob", "email": "bob@example.com"}))
		ids := func(c *testworld.Company, handles ...string) []string {
			var list []string
			for _, h := range handles {
				list = append(list, s.memberID(c, h))
			}
			return list
		}
		send := func(c *testworld.Company, handles ...string) {
			s.does(c.Admin, "sendPasswordLinks", in{"tenantId": c.ID, "ids": ids(c, handles...)})
		}
		set := func(token string) in { return in{"token": token, "newPassword": another} }
		dead := func(s scene, tokens ...string) {
			s.Helper()
			for _, token := range tokens {
				s.refused(s.Stranger(), "resetPassword", set(token), "TOKEN_INVALID at input.token")
			}
		}
		first := s.lastToken("bob@example.com")

		s.then("each gets one mail, which says who had it sent; whoever has no password is welcomed", func(s scene) {
			a := s.does(contoso.Admin, "sendPasswordLinks", in{"tenantId": contoso.ID, "ids": ids(contoso, "bob", "ada")})
			s.sees(a.Column("sendPasswordLinks.members", "id"), ids(contoso, "bob", "ada")...)
			for email, want := range map[string]string{
				"ada@example.com": "password.link: You get this link to set a new password from Contoso Smith of Contoso.",
				"bob@example.com": "member.welcome: You were added to Contoso by Contoso Smith. Set a password to log in.",
			} {
				mails := s.Mails(email)
				last := mails[len(mails)-1]
				kind, sentence, _ := strings.Cut(want, ": ")
				s.is("kind", last.Kind, kind)
				s.has(strings.Split(last.Text, "\n"), sentence)
			}
			s.is("mails to ada", len(s.Mails("ada@example.com")), 1)
			s.is("mails to bob", len(s.Mails("bob@example.com")), 2)
			s.sees(changed(contoso.Admin, contoso.ID, "password.links_sent"), "<nil>; New Person 1: <nil> > a link; Ada Smith: <nil> > a link")
		})
		s.then("the links that this tenant had sent before die, a welcome link too", func(s scene) {
			dead(s, first)
			second := s.lastToken("ada@example.com")
			send(contoso, "ada")
			dead(s, second)
		})
		s.then("those of another tenant, and those that the person asked for, do not", func(s scene) {
			ours := s.lastToken("ada@example.com")
			s.asks(s.Stranger(), "requestPasswordReset", in{"email": "ada@example.com"}).OK()
			asked := s.lastToken("ada@example.com")
			send(fabrikam, "ada")
			theirs := s.lastToken("ada@example.com")
			token := s.signsIn("ada@example.com")
			s.does(s.Stranger(), "resetPassword", set(ours))
			dead(s, ours, asked, theirs)
			s.is("the session before", s.status(token), 401)
			mails := s.Mails("ada@example.com")
			s.is("notice", mails[len(mails)-1].Kind, "password.changed")
			s.signsInWith("ada@example.com", another)
		})
		s.then("a link works 30 minutes, a welcome link 7 days", func(s scene) {
			s.Later(24 * time.Hour)
			send(contoso, "ada", "bob")
			reset, welcome := s.lastToken("ada@example.com"), s.lastToken("bob@example.com")
			s.Later(30 * time.Minute)
			dead(s, reset)
			s.Later(7*24*time.Hour - 30*time.Minute - time.Second)
			s.does(s.Stranger(), "resetPassword", set(welcome))
			s.is("mails to bob: no notice for a first password", len(s.Mails("bob@example.com")), 3)
		})
		for email, handle := range map[string]string{"ada@example.com": "ada", "nora@example.com": "nora"} {
			s.then("five a day, whoever has them sent; then none is mailed, none dies, and the answer does not tell: "+handle, func(s scene) {
				s.Later(8 * 24 * time.Hour)
				mails := len(s.Mails(email))
				if handle == "nora" { // she has no password, and her first link counts
					for _, c := range []*testworld.Company{contoso, fabrikam} {
						s.adds(c.Admin, c.ID, newMember(2, in{"userId": "nora", "email": email}))
					}
				} else {
					send(contoso, handle)
					send(fabrikam, handle)
				}
				send(contoso, handle)
				send(fabrikam, handle)
				send(contoso, handle)
				s.is("mails", len(s.Mails(email))-mails, 5)
				last := s.lastToken(email)
				for range 2 {
					send(contoso, handle)
					send(fabrikam, handle)
				}
				s.is("mails", len(s.Mails(email))-mails, 5)
				s.Later(23 * time.Hour)
				s.does(s.Stranger(), "resetPassword", set(last))
			})
		}
		s.then("whoever is not active gets none, and neither does anybody beside them", func(s scene) {
			s.does(contoso.Admin, "setMemberStatus", in{"tenantId": contoso.ID, "ids": ids(contoso, "bob"), "status": "SUSPENDED"})
			s.refused(contoso.Admin, "sendPasswordLinks", in{"tenantId": contoso.ID, "ids": ids(contoso, "ada", "bob")}, "CONFLICT at input.ids.1")
		})
	})
}
