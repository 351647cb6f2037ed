package graph_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"mandate/ent/member"
	"mandate/internal/testdb"
	"mandate/internal/testworld"
)

// TestT12AddressesThatLookAlike: no way to write an address reaches the account of another one, and its links go to the
// address that is stored.
func TestT12AddressesThatLookAlike(t *testing.T) {
	eachScene(t, func(s scene) {
		club := s.Customer("Club")
		code := s.invitesAll(club, "VALIDATE_EMAIL")
		s.must(s.Write.User.Create().SetEmail("strasse@example.org").SetEmailCanonical("strasse@example.org").Exec(s.System()))
		mike := s.Staff(club, "mike", testworld.Nothing)
		s.must(s.Write.User.UpdateOneID(mike.ID).SetEmail("mike@example.org").SetEmailCanonical("mike@example.org").Exec(s.System()))
		mails := func() int { return len(s.read("SELECT id FROM outbox_messages")) }
		for name, typed := range map[string]string{
			"a dotless i": "mıke@example.org", "a Kelvin sign": "mi\u212ae@example.org", "a Cyrillic letter": "mіke@example.org", "fullwidth letters": "ｍｉｋｅ@example.org",
			"a zero-width space": "mi\u200bke@example.org", "a joiner in the domain": "mike@exam\u200dple.org", "a soft hyphen in the domain": "mike@exam\u00adple.org",
			"sharp s": "straße@example.org", "a combining accent": "mike\u0301@example.org", "a blank inside": "mike @example.org", "a line break at the end": "mike@example.org\n",
			"a NUL": "mike\x00@example.org", "text from right to left": "\u202eekim@example.org", "two at once": "mike@example.org,eve@evil.example", "a comment": "mike(x)@example.org",
			"a quoted local part": `"mike"@example.org`, "a dot at the end": "mike@example.org.",
		} {
			before := mails()
			for mutation, input := range map[string]in{
				"signUp": applicant(code, typed),
				"signIn": {"email": typed, "password": testworld.Password},
			} {
				if outcome(s.asks(s.Stranger(), mutation, input)) == "OK" {
					t.Errorf("%s: %s takes %q", name, mutation, typed)
				}
			}
			s.asks(s.Stranger(), "requestPasswordReset", in{"email": typed}).OK()
			s.is(name+": mails", mails()-before, 0)
			s.Later(time.Hour)
		}
		for name, c := range map[string][2]string{
			"an accent in the domain":      {"mike@exámple.org", "mike@xn--exmple-qta.org"},
			"that domain in ASCII":         {"mike@XN--EXMPLE-QTA.org", "mike@xn--exmple-qta.org"},
			"a tag":                        {"mike+x@example.org", "mike+x@example.org"},
			"a dot":                        {"m.ike@example.org", "m.ike@example.org"},
			"fullwidth letters in another": {"mike@ｅvil.example", "mike@evil.example"},
		} {
			s.then(name+" is another address, with an account of its own", func(s scene) {
				before := len(s.Mails("mike@example.org"))
				s.is("signing in", outcome(s.tries("192.0.2.7", c[0], testworld.Password)), wrongOnes)
				s.asks(s.Stranger(), "requestPasswordReset", in{"email": c[0]}).OK()
				s.asks(s.Stranger(), "signUp", applicant(code, c[0])).OK()
				s.is("mails to Mike", len(s.Mails("mike@example.org"))-before, 0)
				s.is("mails to the other", len(s.Mails(c[1])) > 0, true)
				s.Later(time.Hour)
			})
		}
		s.then("capitals and blanks around are Mike's, and the link goes to the stored address", func(s scene) {
			for n, typed := range []string{"MIKE@example.org", " mike@EXAMPLE.org ", "Mike@ｅｘａｍｐｌｅ.org"} {
				s.asks(s.Stranger(), "requestPasswordReset", in{"email": typed}).OK()
				list := s.Mails("mike@example.org")
				s.is("mails", len(list), n+1)
				s.is("recipient", list[n].Recipient, "mike@example.org")
			}
		})
	})
}

// TestT14TokensThatAreAlmostRight: of no kind of token does anything work but the token itself.
func TestT14TokensThatAreAlmostRight(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, club := s.NewPartner("Acme"), s.Customer("Club")
		code := s.invitesAll(club, "VALIDATE_EMAIL")
		const email = "club@example.com"
		session := s.signsIn(email)
		s.asks(s.Stranger(), "requestPasswordReset", in{"email": email}).OK()
		reset := s.lastToken(email)
		s.does(acme.Admin, "changeEmail", in{"newEmail": "kim@new.example", "currentPassword": testworld.Password})
		s.does(s.Operator().Admin, "createCustomer", in{"name": "New", "adminEmail": "nora@example.com", "adminFirstName": "Nora", "adminLastName": "New"})
		_, invitation := s.invites(acme, "invited@example.com")
		_, declined := s.invites(acme, "declined@example.com")
		secret := s.does(club.Admin, "createApiToken", in{"name": "CI", "scopes": []in{{"feature": "TENANT", "level": "VIEW"}}}).String("createApiToken.token")

		set := func(token string) *testworld.Answer {
			return s.asks(s.Stranger(), "resetPassword", in{"token": token, "newPassword": "a staple that nobody has"})
		}
		prove := func(token string) *testworld.Answer {
			return s.asks(s.Stranger(), "verifyEmail", in{"token": token, "newPassword": "a staple that nobody has"})
		}
		bear := func(token string) *testworld.Answer { return s.Bearer(token).Do("{ features { key } }", nil) }
		account := in{"tenantName": "Northwind", "firstName": "Nora", "lastName": "New", "password": testworld.Password}
		for _, kind := range []struct {
			name, token, refusal string
			use                  func(string) *testworld.Answer
		}{
			{"of a session", session, "UNAUTHENTICATED at", bear},
			{"of the API", secret, "UNAUTHENTICATED at", bear},
			{"of a change of address", s.lastToken("kim@new.example"), "TOKEN_INVALID at input.token", prove},
			{"of a reset", reset, "TOKEN_INVALID at input.token", set},
			{"of a welcome", s.lastToken("nora@example.com"), "TOKEN_INVALID at input.token", set},
			{"of a sign-up", s.signsUp(code, "nils@example.com"), "TOKEN_INVALID at input.token", prove},
			{"of an invitation", invitation, "INVITATION_INVALID at input", func(token string) *testworld.Answer {
				return s.asks(s.Stranger(), "acceptInvitation", in{"token": token, "newAccount": account})
			}},
			{"of an invitation to be declined", declined, "INVITATION_INVALID at input", func(token string) *testworld.Answer {
				return s.asks(s.Stranger(), "declineInvitation", in{"token": token})
			}},
		} {
			s.then("a token "+kind.name, func(scene) {
				for name, other := range almost(kind.token) {
					if other == "" && strings.HasPrefix(kind.refusal, "UNAUTHENTICATED") {
						continue // that is nobody, and no token
					}
					if got := outcome(kind.use(other)); got != kind.refusal {
						t.Errorf("%s: %s, want %s", name, got, kind.refusal)
					}
				}
				kind.use(kind.token).OK()
			})
		}
	})
}

// almost lists tokens that are the given one but for very little.
func almost(token string) map[string]string {
	last := len(token) - 1
	return map[string]string{
		"without its last letter": token[:last], "without its first letter": token[1:], "half of it": token[:len(token)/2], "nothing": "",
		"one letter more": token + "A", "padded": token + "=", "with other last bits": token[:last] + string(token[last]^1), "in capitals": strings.ToUpper(token),
		"with a blank inside": token[:9] + " " + token[9:], "with a line break inside": token[:9] + "\n" + token[9:], "with a NUL": token + "\x00",
		"with a fullwidth digit": token[:last] + "１", "with an Arabic digit": token[:last] + "١", "with a joiner": token[:9] + "\u200d" + token[9:],
		"with a wild card": token[:last] + "%", "twice": token + token, "with a quote": token + "' OR '1'='1",
	}
}

// TestT15ManyGuessesAtOnce: however many come at once, and to however many servers, no more are looked at than one after
// the other would be.
func TestT15ManyGuessesAtOnce(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		one := testworld.New(t, url)
		other := one.Another(url)
		one.Customer("Contoso")
		for _, email := range []string{"contoso@example.com", "nobody@example.com"} {
			var asks []ask
			for n := range 64 {
				asks = append(asks, ask{[]*testworld.World{one, other}[n%2].Stranger().From("192.0.2.7"), signInOne, vars{"e": email, "p": fmt.Sprint("wrong ", n)}})
			}
			expectTally(t, race(asks...), map[string]int{wrongOnes: 6, tooSoon: 58})
		}
		t.Run("from as many networks", func(t *testing.T) {
			var asks []ask
			for n := range 64 {
				asks = append(asks, ask{one.Stranger().From(fmt.Sprintf("192.0.2.%d", 100+n)), signInOne, vars{"e": "crowd@example.com", "p": fmt.Sprint("wrong ", n)}})
			}
			if looked := tally(race(asks...))[wrongOnes]; looked > 51 {
				t.Errorf("%d guesses were looked at, want 51 at most", looked)
			}
		})
	})
}

// TestT22NobodyLearnsWhoHasAnAccount: whoever somebody is or is not, the answers are alike. That asking for links takes alike is TestAskingForAResetTakesAlike's.
func TestT22NobodyLearnsWhoHasAnAccount(t *testing.T) {
	eachScene(t, func(s scene) {
		people := s.fourPeople()
		code := s.invitesAll(s.Customer("Another"), "VALIDATE_EMAIL")
		s.then("by the answer", func(s scene) {
			for mutation, input := range map[string]func(email string) in{
				"signIn":               func(email string) in { return in{"email": email, "password": "wrong horse battery"} },
				"requestPasswordReset": func(email string) in { return in{"email": email} },
				"signUp":               func(email string) in { return applicant(code, email) },
			} {
				bodies := map[string]bool{}
				for _, email := range people {
					bodies[s.asks(s.Stranger(), mutation, input(email)).Body] = true
				}
				s.is("answers of "+mutation, len(bodies), 1)
			}
		})
	})
}

// fourPeople are one with an account, one without, one who is suspended and one who has yet to prove the address.
func (s scene) fourPeople() []string {
	club := s.Customer("Club")
	s.Staff(club, "suspended", testworld.Nothing)
	s.must(s.Write.Member.Update().Where(member.Handle("suspended")).SetStatus(member.StatusSuspended).Exec(s.System()))
	s.signsUp(s.invitesAll(club, "VALIDATE_EMAIL"), "unverified@example.com")
	return []string{"club@example.com", "nobody@example.com", "suspended@example.com", "unverified@example.com"}
}

// TestT22NobodyLearnsItByTheTime: the medians of what signing in takes lie close together. Not parallel: it measures.
func TestT22NobodyLearnsItByTheTime(t *testing.T) {
	for _, engine := range []string{testdb.SQLite, testdb.MariaDB} {
		t.Run(engine, func(t *testing.T) {
			s := scene{t, testworld.New(t, testdb.New(t, engine))}
			people := s.fourPeople()
			var spread float64
			for range 3 { // a machine that does something else meanwhile is forgiven twice
				if spread = s.spread(people, 50); spread < 0.1 {
					return
				}
			}
			t.Errorf("the medians differ by %.0f %%", spread*100)
		})
	}
}

// spread signs each in with a wrong password, by turns, and tells how far the medians of their times lie apart.
func (s scene) spread(people []string, rounds int) float64 {
	took := make(map[string][]time.Duration)
	for n := range rounds {
		for i := range people { // a network and a turn each, so that nothing but the person differs
			email := people[(n+i)%len(people)]
			began := time.Now()
			s.fails(1, fmt.Sprintf("192.0.%d.%d", i, n), email)
			took[email] = append(took[email], time.Since(began))
		}
		s.Later(time.Hour)
	}
	var medians []time.Duration
	for _, list := range took {
		slices.Sort(list)
		medians = append(medians, list[len(list)/2])
	}
	return float64(slices.Max(medians)-slices.Min(medians)) / float64(slices.Min(medians))
}
