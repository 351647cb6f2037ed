package oracle_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"mandate/graph"
	"mandate/internal/testdb"
	"mandate/internal/testworld"
)

func publicSchema(t testing.TB) *ast.Schema {
	t.Helper()
	s, err := gqlparser.LoadSchema(&ast.Source{Name: "schema.graphql", Input: graph.SDL()})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// principals are all who can ask: everybody in a session of their own and in one that entered a tenant, and a stranger.
func (w *world) principals() []who {
	list := []who{{}}
	for _, s := range w.tables["sessions"] {
		u := w.byID[s.s("user_id")]
		first := len(list) == 1 || list[len(list)-1].user != u.s("id")
		if entered := s.s("entered_tenant_id"); entered != "" || first {
			list = append(list, who{u.s("id"), u.s("email_canonical"), s.s("id"), entered})
		}
	}
	return list
}

// bench is a database with the API on it.
type bench struct {
	testing.TB
	tw     *testworld.World
	schema *ast.Schema
	asked  *atomic.Int64
}

func newBench(t testing.TB, engine string) *bench {
	return &bench{TB: t, tw: testworld.New(t, testdb.New(t, engine)), schema: publicSchema(t), asked: new(atomic.Int64)}
}

func (b *bench) ask(v who, q *selection) *answer {
	b.Helper()
	b.asked.Add(1)
	a, err := ask(b.tw.API, v, "{"+q.String()+"}")
	if err != nil {
		b.Fatalf("the answer is not JSON: %v", err)
	}
	return a
}

// first asks queries by chance until an answer differs from what the oracle says; it returns the query, nil for none.
func (b *bench) first(o *oracle, r *rand.Rand, queries int) (*selection, []string, cursors) {
	b.Helper()
	a := newAsker(r, b.schema, o.world)
	for range queries {
		q := a.query()
		if faults := o.holds(q, b.ask(o.v, q), a.past); len(faults) > 0 {
			return q, faults, a.past
		}
	}
	return nil, nil, nil
}

// shrink drops selections and arguments while the answer still differs.
func (b *bench) shrink(o *oracle, q *selection, past cursors) []string {
	fails := func() []string { return o.holds(q, b.ask(o.v, q), past) }
	var drop func(s *selection)
	drop = func(s *selection) {
		ids, _ := s.args["ids"].([]any)
		for i := 0; i < len(ids) && len(ids) > 1; {
			s.args["ids"] = slices.Delete(slices.Clone(ids), i, i+1)
			if len(fails()) == 0 {
				s.args["ids"] = ids
				i++
			} else {
				ids, _ = s.args["ids"].([]any)
			}
		}
		for name, v := range s.args {
			if f := b.required(q, s, name); f {
				continue
			}
			delete(s.args, name)
			if len(fails()) == 0 {
				s.args[name] = v
			}
		}
		for i := 0; i < len(s.kids); {
			all := s.kids
			s.kids = append(append([]*selection{}, all[:i]...), all[i+1:]...)
			if len(s.kids) == 0 || len(fails()) == 0 {
				s.kids = all
				i++
			}
		}
		for _, k := range s.kids {
			drop(k)
		}
	}
	drop(q)
	return fails()
}

// required reports whether a field does not go without an argument.
func (b *bench) required(_, _ *selection, name string) bool {
	switch name {
	case "first", "last", "id", "ids", "input", "code", "granteeId", "table", "field":
		return true
	}
	return false
}

// worldOf makes the world of a seed.
func worldOf(seed int, now time.Time) *world {
	w := newWorld(rand.New(rand.NewPCG(uint64(seed), 4)), now)
	for _, s := range w.tables["sessions"] {
		if s["entered_tenant_id"] != nil {
			var outside []row
			for _, t := range w.tables["tenants"] {
				if paths := w.paths(s.s("user_id"), t.s("id")); len(paths) > 0 && paths[len(paths)-1].via != "OWN" {
					outside = append(outside, t)
				}
			}
			if len(outside) > 0 {
				s["entered_tenant_id"] = pick(w.r, outside...)["id"]
			}
		}
	}
	return w
}

func TestAnswersAgainstTheOracle(t *testing.T) {
	t.Parallel()
	const parts, worlds, queries = 2, 20, 100
	begin := time.Now()
	var asked atomic.Int64
	t.Run("all", func(t *testing.T) {
		for part := range parts {
			t.Run(fmt.Sprint(part), func(t *testing.T) {
				t.Parallel()
				b := newBench(t, testdb.SQLite)
				b.asked = &asked
				for i := range worlds {
					seed := part*worlds + i
					w := worldOf(seed, b.tw.Now())
					w.write(t, b.tw.DB.Write)
					for n, v := range w.principals() {
						o := newOracle(w, v)
						q, faults, past := b.first(o, rand.New(rand.NewPCG(uint64(seed), uint64(n))), queries)
						if q == nil {
							continue
						}
						whole := q.String()
						faults = append(b.shrink(o, q, past), faults...)
						_ = whole
						t.Errorf("seed %d, principal %d %+v\n{%s}\n%s\n%s", seed, n, v, q, b.ask(v, q).body, faults[0])
					}
				}
			})
		}
	})
	t.Logf("%d requests in %s", asked.Load(), time.Since(begin).Round(time.Second))
}
