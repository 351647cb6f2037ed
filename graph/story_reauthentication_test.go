package graph_test

import (
	"testing"
	"time"

	"mandate/internal/testworld"
)

// TestEnteringThePasswordAgain: what it does, and for whom it is.
func TestEnteringThePasswordAgain(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso := s.NewPartner("Acme"), s.Customer("Contoso")
		s.connected(acme, contoso, "ADMINISTRATOR")
		ada := s.person("acme@example.com")
		s.Later(6 * time.Minute)
		s.then("the session notes when", func(s scene) {
			a := s.does(ada, "reauthenticate", in{"password": testworld.Password})
			s.is("session", a.At("reauthenticate.session.current"), true)
			s.is("moment", a.At("reauthenticate.session.authenticatedAt"), s.Now().Format(time.RFC3339))
			s.is("event", s.lastEvent().Action, "session.reauthenticated")
		})
		s.then("a wrong one, or none, changes nothing", func(s scene) {
			for _, password := range []string{"", "wrong", testworld.Password + " "} {
				s.refused(ada, "reauthenticate", in{"password": password}, "CREDENTIALS_INVALID at input.password")
			}
		})
		s.then("nobody does it in a session that entered a tenant, and nobody for nobody", func(s scene) {
			entered := s.Bearer(s.does(ada, "enterTenant", in{"tenantId": contoso.ID}).String("enterTenant.token"))
			s.forbidden(entered, "reauthenticate", in{"password": testworld.Password})
			s.is("errors", s.asks(s.Stranger(), "reauthenticate", in{"password": testworld.Password}).Errors(), []string{"UNAUTHENTICATED at reauthenticate"})
		})
	})
}

// TestMakingAnAdministratorTakesThePassword: within five minutes, by whatever way, and only from those who may do it.
func TestMakingAnAdministratorTakesThePassword(t *testing.T) {
	eachScene(t, func(s scene) {
		contoso := s.Customer("Contoso")
		clerk := s.Staff(contoso, "clerk", testworld.Nothing)
		code := s.invitesAll(contoso, "VALIDATE_AND_APPROVE")
		boss := s.person("contoso@example.com")
		newcomer := func(email string) in {
			return in{"firstName": "Nora", "lastName": "New", "email": email, "phone": "+49 431 1234567", "userId": email, "label": "New", "administrator": true}
		}
		member := func() in {
			return in{"id": clerk.Member(contoso.Tenant).ID, "version": clerk.Member(contoso.Tenant).Version, "administrator": true}
		}
		waits := func(email string) string {
			s.does(s.Stranger(), "verifyEmail", in{"token": s.signsUp(code, email), "newPassword": testworld.Password})
			return s.read("SELECT r.id FROM access_requests r JOIN members m ON m.id=r.member_id JOIN users u ON u.id=m.user_id WHERE u.email_canonical='" + email + "'")[0]
		}
		request := waits("ada@example.com")
		demote := func() {
			s.Helper()
			s.does(contoso.Admin, "changeRole", in{"memberId": clerk.Member(contoso.Tenant).ID, "roleKey": "READ_ONLY"})
		}
		ways := []struct {
			mutation string
			input    func() in
			dry      string // what makes it a dry run, which does not take it
		}{
			{"changeRole", func() in { return in{"memberId": clerk.Member(contoso.Tenant).ID, "administrator": true} }, ""},
			{"updateMembers", func() in { return in{"tenantId": contoso.ID, "members": []in{member()}} }, "dryRun"},
			{"addMembers", func() in { return in{"tenantId": contoso.ID, "members": []in{newcomer("nora@example.com")}} }, "dryRun"},
			{"approveAccessRequests", func() in { return in{"ids": []string{request}, "administrator": true} }, ""},
		}
		for _, way := range ways {
			s.then(way.mutation+" at five minutes, and not a moment later", func(s scene) {
				s.Later(30 * time.Second)
				s.does(boss, "reauthenticate", in{"password": testworld.Password})
				s.Later(5*time.Minute + time.Microsecond)
				boss.Do(me, nil).OK() // notes that the session is used
				s.refused(boss, way.mutation, way.input(), "REAUTHENTICATION_REQUIRED at input")
				if way.dry != "" {
					rehearsal := way.input()
					rehearsal[way.dry] = true
					s.asks(boss, way.mutation, rehearsal).OK()
				}
				s.does(boss, "reauthenticate", in{"password": testworld.Password})
				s.Later(5 * time.Minute)
				s.does(boss, way.mutation, way.input())
				if clerk.Member(contoso.Tenant).Administrator {
					demote()
				}
			})
		}
		s.then("whoever may not do it hears that, and nothing of passwords", func(s scene) {
			reader := s.Bearer(s.signsIn(s.Staff(contoso, "reader", testworld.Role("READ_ONLY")).Email))
			prime := s.Bearer(s.signsIn(s.Staff(contoso, "prime", testworld.Role("PRIME_ADMIN")).Email))
			s.Later(6 * time.Minute)
			for _, p := range []*testworld.Person{reader, prime, boss} {
				p.Do(me, nil).OK()
			}
			s.forbidden(reader, "changeRole", ways[0].input())
			s.refused(prime, "changeRole", ways[0].input(), "ROLE_EXCEEDS_GRANT at input.administrator")
			s.refused(prime, "addMembers", in{"tenantId": contoso.ID, "members": []in{newcomer("nils@example.com")}}, "ROLE_EXCEEDS_GRANT at input.members.0.administrator")
			s.refused(boss, "changeRole", in{"memberId": "mem_00000000000000000000000000", "administrator": true}, "NOT_FOUND at input.memberId")
			s.refused(boss, "changeRole", in{"memberId": clerk.Member(contoso.Tenant).ID, "administrator": true, "version": 99}, "STALE_VERSION at input.version")
		})
		s.then("another role, and taking the flag away, take none", func(s scene) {
			id := clerk.Member(contoso.Tenant).ID
			s.does(contoso.Admin, "changeRole", in{"memberId": id, "administrator": true})
			s.does(boss, "changeRole", in{"memberId": id, "roleKey": "READ_ONLY"})
		})
		s.then("changing the address takes the password itself", func(s scene) {
			s.does(boss, "changeEmail", in{"newEmail": "kim@new.example", "currentPassword": testworld.Password})
		})
	})
}
