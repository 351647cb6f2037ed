package graph_test

import (
	"testing"
	"time"

	"entgo.io/ent/dialect"

	"mandate/internal/testworld"
)

// TestNobodyWritesAfterTheEnd keeps an operation waiting while the API token, or the session, that asks for it is ended: once
// that was answered, nothing is written.
func TestNobodyWritesAfterTheEnd(t *testing.T) {
	eachScene(t, func(s scene) {
		const update = `mutation($id: ID!, $tag: String!) { updateTenant(input: {id: $id, tags: [$tag]}) { userErrors { code field } } }`
		contoso := s.Customer("Contoso")
		made := s.makesToken(contoso.Admin, in{"scopes": levels("TENANT", "MANAGE")})
		other, secret := contoso.Admin.Token()
		s.Ticks(time.Microsecond)
		for what, c := range map[string]struct {
			late *testworld.Person
			end  string
			id   any
		}{
			"token":   {s.Bearer(made.String("createApiToken.token")), `mutation($id: ID!) { revokeApiToken(input: {id: $id}) { userErrors { code field } } }`, made.At("createApiToken.apiToken.id")},
			"session": {s.Bearer(secret), `mutation($id: ID!) { revokeSession(input: {id: $id}) { userErrors { code field } } }`, other},
		} {
			s.then("a "+what+" that was ended", func(s scene) {
				c.late.Do("{ __typename }", nil).OK() // its use is noted once a minute
				before := one(s.T, s.World, `SELECT COUNT(*) FROM audit_events WHERE action='tenant.updated'`)
				release, waited := hold(s.T, s.World, "tenants"), waiting(s.T, s.World)
				came, ended := make(chan []string, 1), make(chan []string, 1)
				writes := func() { came <- race(ask{c.late, update, vars{"id": contoso.ID, "tag": what}}) }
				ends := func() { ended <- race(ask{contoso.Admin, c.end, vars{"id": c.id}}) }
				if what == "session" && s.DB.Dialect == dialect.MySQL { // to end it takes no lock that is held
					go writes()
					awaitWaiting(s.T, s.World, waited+1)
					ends()
				} else {
					go ends()
					awaitWaiting(s.T, s.World, waited+1)
					go writes()
					awaitWaiting(s.T, s.World, waited+2)
				}
				release()
				s.is("who ended it hears", <-ended, []string{"OK"})
				heard, want := (<-came)[0], "UNAUTHENTICATED at updateTenant"
				written := one(s.T, s.World, `SELECT COUNT(*) FROM audit_events WHERE action='tenant.updated'`) - before
				if s.DB.Dialect != dialect.MySQL && written > 0 { // there, whoever waits for the one connection gets it in any order
					want, written = "OK", 0
				}
				s.is("who came late hears", heard, want)
				s.is("written", written, 0)
			})
		}
	})
}
