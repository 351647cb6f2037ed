package graph_test

import (
	"testing"

	"mandate/internal/testworld"
)

// TestT08ThereIsNothingThatStreams: what is not there cannot go on after access was taken. Who adds subscriptions owes the test that
// none shows anything after that, and the tests of their sockets.
func TestT08ThereIsNothingThatStreams(t *testing.T) {
	if api().Subscription != nil {
		t.Error("there are subscriptions: test that they end with the access")
	}
	eachScene(t, func(s scene) {
		acme := s.NewPartner("Acme")
		for who, p := range map[string]*testworld.Person{"a stranger": s.Stranger(), "somebody": acme.Admin} {
			a := p.Do("subscription { viewer { user { id } } }", nil)
			s.is(who, a.Errors(), []string{"GRAPHQL_VALIDATION_FAILED at"})
			a = p.Send("POST", "/graphql", `{"query": "{ viewer { user { id } } customers(first: 1) { nodes @stream { id } } }"}`, "Content-Type", "application/json", "Accept", "text/event-stream, multipart/mixed")
			if a.At("viewer") != nil || len(a.Errors()) == 0 {
				s.Errorf("%s is answered %s", who, a.Body)
			}
		}
	})
}
