package graph_test

import (
	"fmt"
	"testing"
	"time"

	"mandate/internal/testworld"
)

// TestF08NothingIsAcceptedAfterItsEnd: what has an end works until the last microsecond before it, by the one reading of the
// clock that a request takes.
func TestF08NothingIsAcceptedAfterItsEnd(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso := s.NewPartner("Acme"), s.Customer("Contoso")
		s.connected(acme, contoso, "ADMINISTRATOR")
		is := func(p *testworld.Person, status int) {
			s.Helper()
			s.is("status", p.Do(me, nil).Status, status)
		}
		s.then("an idle session", func(s scene) {
			for end, status := range map[time.Duration]int{30*time.Minute - time.Microsecond: 200, 30 * time.Minute: 401} {
				p := s.person("acme@example.com")
				s.Later(end)
				is(p, status)
			}
		})
		s.then("a session in use", func(s scene) {
			p := s.person("acme@example.com")
			for range 16 {
				s.Later(30*time.Minute - time.Second)
				is(p, 200)
			}
			s.Later(16*time.Second - time.Microsecond)
			is(p, 200)
			s.Later(time.Microsecond)
			is(p, 401)
		})
		s.then("an entered session", func(s scene) {
			p := s.person("acme@example.com")
			entered := s.Bearer(s.does(p, "enterTenant", in{"tenantId": contoso.ID}).String("enterTenant.token"))
			for range 2 {
				s.Later(30*time.Minute - time.Second)
				is(entered, 200)
			}
			s.Later(2*time.Second - time.Microsecond)
			is(entered, 200)
			s.Later(time.Microsecond)
			is(entered, 401)
		})
		s.then("an API token", func(s scene) {
			program := s.makes(acme.Admin, in{"expiresInDays": 2})
			s.Later(48*time.Hour - time.Microsecond)
			is(program, 200)
			s.Later(time.Microsecond)
			is(program, 401)
		})
		s.then("an invitation", func(s scene) {
			for _, c := range []struct {
				name string
				life time.Duration
				want []string
			}{{"Early", 7*24*time.Hour - time.Microsecond, nil}, {"Late", 7 * 24 * time.Hour, []string{"INVITATION_NOT_PENDING at input.id"}}} {
				customer := s.Customer(c.name)
				_, token := s.invites(acme, customer.Admin.Email)
				s.Later(c.life)
				s.is(c.name, s.asks(customer.Admin, "acceptInvitation", in{"token": token}).UserErrors("acceptInvitation"), c.want)
			}
		})
	})
}

// TestF08AClockThatIsSetBack: what was over stays over, what was begun goes on, and nobody waits for the time that the clock
// was ahead.
func TestF08AClockThatIsSetBack(t *testing.T) {
	const ahead = 5 * time.Hour
	eachScene(t, func(s scene) {
		acme := s.NewPartner("Acme")
		s.Customer("Contoso")
		const email, from, elsewhere = "contoso@example.com", "192.0.2.7", "192.0.2.8"
		s.Later(ahead)
		s.then("a failure that delays nobody does not on a server that is behind, either", func(s scene) {
			s.fails(1, from, email)
			s.Later(-4 * time.Second)
			s.is("outcome", outcome(s.tries(from, email, testworld.Password)), "OK")
			s.Later(4 * time.Second)
		})
		for n := range 21 {
			s.fails(1, elsewhere, fmt.Sprintf("nobody%d@example.com", n))
		}
		s.fails(6, from, email)
		s.waits(from, email)
		s.then("the delay holds on a server that is as far behind as one may be", func(s scene) {
			s.Later(-4 * time.Second)
			s.waits(elsewhere, "anybody@example.com")
			s.Later(4 * time.Second)
			s.waits(elsewhere, "anybody@example.com")
		})
		p := s.person(email)
		_, token := s.invites(acme, email)
		bond := s.does(p, "acceptInvitation", in{"token": token}).String("acceptInvitation.relationship.id")
		s.does(p, "terminateRelationship", in{"id": bond})
		over := s.person(email)
		over.Do("mutation { signOut { ok } }", nil).OK()

		s.Later(-ahead)
		s.then("links are looked at", func(s scene) {
			s.is("outcome", outcome(s.asks(s.Stranger().From(elsewhere), "resetPassword", in{"token": token, "newPassword": another})), "TOKEN_INVALID at input.token")
		})
		s.Later(3 * time.Second)
		s.then("passwords are looked at", func(s scene) {
			s.is("outcome", outcome(s.tries(from, email, testworld.Password)), "OK")
			s.is("outcome", outcome(s.tries(elsewhere, email, testworld.Password)), "OK")
		})
		s.then("wrong ones slow down as before", func(s scene) {
			s.fails(6, from, email)
			s.is("delay", s.waits(from, email), time.Second)
		})
		s.then("a session goes on", func(s scene) { s.is("status", p.Do(me, nil).Status, 200) })
		s.then("what was ended is", func(s scene) {
			s.is("status", over.Do(me, nil).Status, 401)
			s.is("link", s.asks(p, "acceptInvitation", in{"token": token}).UserErrors("acceptInvitation"), []string{"INVITATION_NOT_PENDING at input.id"})
			s.sees(customersOf(acme.Admin))
		})
		s.then("so does what is begun", func(s scene) {
			_, token := s.invites(acme, email)
			s.does(p, "acceptInvitation", in{"token": token})
			s.sees(customersOf(acme.Admin), "Contoso")
		})
	})
}

// TestF08BudgetsOfAClockThatIsSetBack: they fill by what passes from then on.
func TestF08BudgetsOfAClockThatIsSetBack(t *testing.T) {
	eachScene(t, func(s scene) {
		s.limited()
		anna := s.Customer("Anna").Admin
		status := func() int { return anna.Do("{ __typename }", nil).Status }
		s.Later(5 * time.Hour)
		for range 60 {
			s.is("status", status(), 200)
		}
		s.Later(-5 * time.Hour)
		s.is("status", status(), 429)
		s.Later(time.Second)
		s.is("status", status(), 200)
		s.is("status", status(), 429)
	})
}
