package oracle_test

import (
	"encoding/json"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"mandate/internal/testdb"
)

// rules are what the oracle minds. Where an oracle that does not mind one of them is told apart from the API, an API that
// does not mind it would be told apart from the oracle.
var rules = []string{
	"the status of relationships", "the beginning of relationships", "the end of relationships",
	"the status of assignments", "the beginning of assignments", "the end of assignments",
	"the ceiling", "the role of an assignment", "the role of a group", "which customers a group lists",
	"that a tenant is suspended", "that a member is suspended", "that guests hold catalogue levels only", "that administrators pass no access on",
	"that the operator reaches little", "that only administrators reach all customers", "that designated partners reactivate nobody",
	"that a tech partner's staff is assigned too", "that an entered session reaches one tenant", "that an entered session is not one's own",
	"that an entered session sees itself only", "which sites are listed", "that only guests are seen with GUESTS", "that who has left is gone",
	"whom an invitation was sent to", "who sees groups", "that history is seen by one side",
	"that who does not see a target does not read what changed", "that subscriptions end", "which devices are seen",
	"that the removed are listed on demand", "that a group counts who is active", "that sessions end", "that what nobody answers expires",
	"the scopes of a token", "which tenants a token reaches", "which membership a token rests on", "that a token sees itself only",
	"that webhooks are a tenant's own affair", "that a token is no administrator", "whose names a token's limit shows",
	"who searches by tags", "who asks about others", "that an order tells as much as its field", "a stale role", "a stale membership",
}

// TestTheOracleNoticesEveryFault plants faults: rules that the oracle does not mind, and every guard of a field. It asks until
// each of them made a difference.
func TestTheOracleNoticesEveryFault(t *testing.T) {
	t.Parallel()
	const worlds, queries = 100, 50
	left := slices.Clone(rules)
	for field := range guards {
		left = append(left, "the guard of "+field)
	}
	planted := len(left)
	b := newBench(t, testdb.SQLite)
	for seed := range worlds {
		w := worldOf(30_000+seed, b.tw.Now())
		w.write(t, b.tw.DB.Write)
		faulty := make(map[string]*world)
		for _, rule := range left {
			faulty[rule] = w.clone()
			forget(faulty[rule], rule)
		}
		for n, v := range w.principals() {
			o, others := newOracle(w, v), make(map[string]*oracle)
			for _, rule := range left {
				others[rule] = newOracle(faulty[rule], v)
			}
			a := newAsker(rand.New(rand.NewPCG(uint64(seed), uint64(n))), b.schema, w)
			for range queries {
				q := a.query()
				answer := b.ask(v, q)
				left = slices.DeleteFunc(left, func(rule string) bool {
					differs := others[rule].holds(q, answer, maps.Clone(a.past))
					if len(differs) > 0 {
						t.Logf("%s: noticed after %d requests, by %s", rule, b.asked.Load(), differs[0])
					}
					return len(differs) > 0
				})
				if faults := o.holds(q, answer, a.past); len(faults) > 0 {
					t.Fatalf("seed %d, principal %d %+v\n{%s}\n%s\n%s", 30_000+seed, n, v, q, answer.body, faults[0])
				}
			}
			if len(left) == 0 {
				t.Logf("%d faults, all noticed", planted)
				return
			}
		}
	}
	t.Errorf("not noticed in %d requests: %s", b.asked.Load(), strings.Join(left, ", "))
}

// TestTheOracleReadsWholeAnswers plants a secret into every part of an answer.
func TestTheOracleReadsWholeAnswers(t *testing.T) {
	t.Parallel()
	b := newBench(t, testdb.SQLite)
	w := worldOf(0, b.tw.Now())
	w.write(t, b.tw.DB.Write)
	v := w.principals()[1]
	q := &selection{name: "viewer", kids: []*selection{{name: "user", kids: []*selection{{name: "id"}}}, {name: "session", kids: []*selection{{name: "id"}}}}}
	body, o := b.ask(v, q).body, newOracle(w, v)
	for secret, there := range map[string]string{
		`"extensions":{"hint":"c00001q","cost":`:                                  `"extensions":{"cost":`,
		`{"errors":[{"message":"c00001q","path":["viewer"]}],"data":`:             `{"data":`,
		`{"errors":[{"message":"","extensions":{"requestId":"c00001q"}}],"data":`: `{"data":`,
		`{"data":{"other":{"name":"c00001q"},`:                                    `{"data":{`,
		`"viewer":{"name":"c00001q",`:                                             `"viewer":{`,
		`"user":{"name":"c00001q",`:                                               `"user":{`,
	} {
		planted := &answer{body: strings.Replace(body, there, secret, 1)}
		if err := json.Unmarshal([]byte(planted.body), planted); err != nil || planted.body == body {
			t.Fatalf("%s: %v", planted.body, err)
		}
		if faults := o.holds(q, planted, nil); len(faults) == 0 {
			t.Errorf("not noticed: %s", planted.body)
		}
	}
	if faults := o.holds(q, &answer{body: body, Data: b.ask(v, q).Data}, nil); len(faults) > 0 {
		t.Errorf("the answer as it is: %v", faults)
	}
}

// forget makes the oracle forget a rule, or what the database has.
func forget(w *world, rule string) {
	w.skip = rule
	switch rule {
	case "a stale role":
		for _, p := range w.tables["role_permissions"] {
			p["level"] = 2
		}
	case "a stale membership":
		for _, m := range w.tables["members"] {
			if m.s("status") == "REMOVED" {
				m["status"] = "ACTIVE"
			}
		}
	}
}
