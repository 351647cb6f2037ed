package graph_test

import (
	"testing"

	"mandate/internal/testdb"
	"mandate/internal/testworld"
)

// TestT09NothingIsGrantedAfterTheAcknowledgement: two hundred times access is taken on one server, and denied by the other one at
// its very next request, in every way that somebody could have kept it.
func TestT09NothingIsGrantedAfterTheAcknowledgement(t *testing.T) {
	const times = 200
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		s := openServers(t, url)
		who := []string{"acme", "staff", "member", "fitter", "staff entered"}
		for n := range times {
			p, one, other := s.people[who[n%len(who)]], s.World, s.other
			if n%2 == 1 {
				one, other = other, one
			}
			reaches := func() bool {
				a := p.At(other).Do(staleQuery, testworld.Vars{"id": s.contoso.ID})
				return a.At("node") != nil || a.At("tenant") != nil || a.At("list.totalCount") != 0.
			}
			s.asks(s.contoso.Admin.At(one), "suspendRelationship", in{"id": s.bond.ID}).OK()
			if reaches() {
				s.Errorf("round %d: %s reaches what was taken", n, who[n%len(who)])
			}
			s.asks(s.contoso.Admin.At(one), "resumeRelationship", in{"id": s.bond.ID}).OK()
			if !reaches() {
				s.Errorf("round %d: %s is not let in again", n, who[n%len(who)])
			}
		}
	})
}

const staleQuery = `query($id: ID!) { node(id: $id) { id } tenant(id: $id) { email } list: customers(first: 1) { totalCount } }`
