package graph_test

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"mandate/internal/testworld"
)

// The answers to somebody who signs in.
const (
	wrongOnes = "CREDENTIALS_INVALID at input"
	tooSoon   = "RATE_LIMITED at signIn"
)

// tries signs in from an address, and tells what came of it.
func (s scene) tries(from, email, password string) *testworld.Answer {
	s.Helper()
	return s.Stranger().From(from).Do(signInOne, vars{"e": email, "p": password})
}

// fails sees that a wrong password is looked at, again and again.
func (s scene) fails(n int, from, email string) {
	s.Helper()
	for range n {
		s.is("outcome for "+email+" from "+from, outcome(s.tries(from, email, "wrong")), wrongOnes)
	}
}

// waits sees that even the right password is not looked at, and returns for how long.
func (s scene) waits(from, email string) time.Duration {
	s.Helper()
	a := s.tries(from, email, testworld.Password)
	s.is("outcome for "+email+" from "+from, outcome(a), tooSoon)
	s.is("status", a.Status, 429)
	seconds, err := strconv.Atoi(a.Header.Get("Retry-After"))
	s.must(err)
	return time.Duration(seconds) * time.Second
}

// TestWrongPasswordsSlowDown: from the sixth in a row on, for accounts that there are and for others alike.
func TestWrongPasswordsSlowDown(t *testing.T) {
	eachScene(t, func(s scene) {
		s.Customer("Contoso")
		const from = "192.0.2.7"
		for _, email := range []string{"contoso@example.com", "nobody@example.com", "no address"} {
			s.then("the delay doubles up to a quarter of an hour, for "+email, func(s scene) {
				s.fails(6, from, email)
				for delay := time.Second; delay <= 2048*time.Second; delay *= 2 {
					s.is("delay", s.waits(from, email), min(delay, 15*time.Minute))
					s.Later(min(delay, 15*time.Minute) - time.Millisecond)
					s.is("at the end of it", s.waits(from, email), time.Second)
					s.Later(time.Millisecond)
					s.fails(1, from, email)
				}
				s.is("two answers alike", s.tries(from, email, "wrong").Body, s.tries(from, email, testworld.Password).Body)
			})
		}
		s.Later(15 * time.Minute)
		s.then("the right one, once the delay is over, begins it all anew", func(s scene) {
			s.is("outcome", outcome(s.tries(from, "contoso@example.com", testworld.Password)), "OK")
			s.fails(6, from, "contoso@example.com")
			s.is("delay", s.waits(from, "contoso@example.com"), time.Second)
		})
		s.then("so does an hour without any", func(s scene) {
			s.Later(time.Hour)
			s.fails(6, from, "contoso@example.com")
			s.is("delay", s.waits(from, "contoso@example.com"), time.Second)
		})
		s.then("the delay is the account's, however it is typed, and the network's", func(s scene) {
			s.waits(from, " CONTOSO@Example.COM ")
			s.waits("::ffff:"+from, "contoso@example.com")
			s.fails(1, from, "contoso+tag@example.com")
			s.is("from elsewhere", outcome(s.tries("192.0.2.8", "contoso@example.com", testworld.Password)), "OK")
		})
		s.then("of an IPv6 address the network counts", func(s scene) {
			for n := range 6 {
				s.fails(1, fmt.Sprintf("2001:db8:0:1::%d", n), "contoso@example.com")
			}
			s.waits("2001:db8:0:1:a:b:c:d", "contoso@example.com")
			s.fails(1, "2001:db8:0:2::1", "contoso@example.com")
		})
	})
}

// TestNobodyIsKeptOut: who guesses from everywhere is slowed down, and so is the owner there, for a minute at most; where
// the owner is at home, and with a link from the mailbox, not at all.
func TestNobodyIsKeptOut(t *testing.T) {
	eachScene(t, func(s scene) {
		contoso := s.Customer("Contoso")
		const home = "2001:db8:1:1::1"
		s.is("at home", outcome(s.tries(home, "contoso@example.com", testworld.Password)), "OK")
		attacked := func(email string) {
			s.Helper()
			s.Later(time.Hour) // after which an attack before is forgotten
			for n := range 57 {
				if n > 50 {
					s.Later(s.waits(fmt.Sprintf("192.0.2.%d", n), email))
				}
				s.fails(1, fmt.Sprintf("192.0.2.%d", n), email)
			}
		}
		s.then("from elsewhere everybody waits, for a minute at most", func(s scene) {
			for _, email := range []string{"contoso@example.com", "nobody@example.com"} {
				attacked(email)
				s.is("delay", s.waits("203.0.113.1", email), time.Minute)
			}
		})
		s.then("where they are at home the owner does not", func(s scene) {
			attacked("contoso@example.com")
			s.is("from a neighbour", outcome(s.tries("2001:db8:1:2::1", "contoso@example.com", testworld.Password)), tooSoon)
			s.is("at home", outcome(s.tries("2001:db8:1:1::9", "contoso@example.com", testworld.Password)), "OK")
		})
		s.then("a link from the mailbox lets the owner in at once, anywhere", func(s scene) {
			attacked("contoso@example.com")
			const from = "203.0.113.1"
			s.waits(from, "contoso@example.com")
			s.asks(s.Stranger().From(from), "requestPasswordReset", in{"email": "contoso@example.com"}).OK()
			s.does(s.Stranger().From(from), "resetPassword", in{"token": s.lastToken("contoso@example.com"), "newPassword": "a staple that nobody has"})
			s.is("outcome", outcome(s.tries(from, "contoso@example.com", "a staple that nobody has")), "OK")
			s.does(contoso.Admin.From(from), "changePassword", in{"currentPassword": "a staple that nobody has", "newPassword": testworld.Password})
		})
		s.then("nor where somebody guesses for others, and links can be asked for and used there", func(s scene) {
			s.Later(time.Hour)
			for n := range 21 {
				s.fails(1, home, fmt.Sprintf("nobody%d@example.com", n))
			}
			s.waits(home, "nobody@example.com")
			for range 5 {
				s.is("at home", outcome(s.tries(home, "contoso@example.com", testworld.Password)), "OK")
				s.waits(home, "nobody@example.com") // the owner's right ones let nobody else try more
			}
			s.asks(s.Stranger().From(home), "requestPasswordReset", in{"email": "contoso@example.com"}).OK()
			s.does(s.Stranger().From(home), "resetPassword", in{"token": s.lastToken("contoso@example.com"), "newPassword": testworld.Password})
			s.fails(6, home, "contoso@example.com")
			s.waits(home, "contoso@example.com") // for the account itself
		})
		s.then("a network is home for 30 days", func(s scene) {
			s.Later(30 * 24 * time.Hour)
			attacked("contoso@example.com")
			s.waits(home, "contoso@example.com")
		})
	})
}

// TestANetworkFailsTwentyTimesAMinute: whatever accounts it tries. What succeeds does not count, and neither do links: nobody
// guesses their tokens, and whoever has one uses it.
func TestANetworkFailsTwentyTimesAMinute(t *testing.T) {
	eachScene(t, func(s scene) {
		s.Customer("Contoso")
		const from = "192.0.2.7"
		token := func() in {
			return in{"token": flipped(s.signsIn("contoso@example.com")), "newPassword": "a staple that nobody has"}
		}
		for range 25 {
			s.is("a right one", outcome(s.tries(from, "contoso@example.com", testworld.Password)), "OK")
		}
		for n := range 20 {
			s.fails(1, from, fmt.Sprintf("nobody%d@example.com", n))
		}
		for range 4 {
			s.refused(s.Stranger().From(from), "resetPassword", token(), "TOKEN_INVALID at input.token")
			s.refused(s.Stranger().From(from), "verifyEmail", in{"token": token()["token"]}, "TOKEN_INVALID at input.token")
		}
		s.asks(s.Stranger().From(from), "requestPasswordReset", in{"email": "nobody@example.com"}).OK()
		s.refused(s.Stranger().From(from), "acceptInvitation", in{"token": token()["token"]}, "INVITATION_INVALID at input")
		s.refused(s.Stranger().From(from), "declineInvitation", in{"token": token()["token"]}, "INVITATION_INVALID at input")
		s.is("wait", s.waits(from, "nobody@example.com"), 3*time.Second)
		ask := in{"email": "nobody@example.com"}
		s.is("a reset link", outcome(s.asks(s.Stranger().From(from), "requestPasswordReset", ask)), "RATE_LIMITED at requestPasswordReset")
		s.asks(s.Stranger().From("192.0.2.8"), "requestPasswordReset", ask).OK()
		s.Later(3 * time.Second)
		s.fails(1, from, "nobody20@example.com")
		s.is("one every three seconds", s.waits(from, "nobody@example.com"), 3*time.Second)
		s.Later(time.Minute)
		for n := range 21 {
			s.fails(1, from, fmt.Sprintf("nobody%d@example.com", 100+n))
		}
		s.is("a minute without any begins it anew", s.waits(from, "nobody@example.com"), 3*time.Second)
	})
}

// TestASessionDoesNotGuessEither: the password that a session asks for is counted as the one that a sign-in does.
func TestASessionDoesNotGuessEither(t *testing.T) {
	eachScene(t, func(s scene) {
		const from, email = "192.0.2.7", "contoso@example.com"
		s.Customer("Contoso")
		thief := s.person(email).From(from)
		for mutation, input := range map[string]in{
			"changePassword": {"currentPassword": "wrong", "newPassword": "a staple that nobody has"},
			"changeEmail":    {"currentPassword": "wrong", "newEmail": "thief@example.com"},
			"reauthenticate": {"password": "wrong"},
		} {
			s.then(mutation, func(s scene) {
				field := "currentPassword"
				if mutation == "reauthenticate" {
					field = "password"
				}
				s.fails(3, from, email)
				for range 3 {
					s.refused(thief, mutation, input, "CREDENTIALS_INVALID at input."+field)
				}
				s.is("outcome", outcome(s.asks(thief, mutation, input)), "RATE_LIMITED at "+mutation)
				s.waits(from, email)
				s.Later(time.Second)
				s.does(thief, "reauthenticate", in{"password": testworld.Password})
				s.fails(6, from, email)
				s.waits(from, email)
				s.Later(time.Second)
				s.is("outcome", outcome(s.tries(from, email, testworld.Password)), "OK")
				s.Later(time.Minute) // in which the network fails nothing
				thief.Do(me, nil).OK()
			})
		}
	})
}

// TestSignUpsFromOneNetwork: twenty an hour, whatever the code, so that nobody alone uses up a tenant's thousand.
func TestSignUpsFromOneNetwork(t *testing.T) {
	eachScene(t, func(s scene) {
		club := s.Customer("Club")
		code := s.invitesAll(club, "VALIDATE_EMAIL")
		up := func(from string, n int) string {
			input := in{"tenantCode": code, "firstName": "Nora", "lastName": "New", "email": fmt.Sprintf("n%d@example.com", n), "phone": "+49 431 1234567"}
			return outcome(s.asks(s.Stranger().From(from), "signUp", input))
		}
		for n := range 21 {
			s.is("outcome", up("192.0.2.7", n), "OK")
		}
		s.is("one more", up("192.0.2.7", 21), "RATE_LIMITED at signUp")
		s.is("from elsewhere", up("192.0.2.8", 21), "OK")
		s.Later(3 * time.Minute)
		s.is("one every three minutes", up("192.0.2.7", 22), "OK")
		s.is("one more", up("192.0.2.7", 23), "RATE_LIMITED at signUp")
		s.Later(time.Hour)
		s.is("an hour later", up("192.0.2.7", 24), "OK")
		s.is("requests", one(s.T, s.World, "SELECT COUNT(*) FROM access_requests"), 24)
	})
}
