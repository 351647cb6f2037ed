package oracle_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
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

// principals are all who can ask: everybody in a session of their own and in one that entered a tenant, programs with API
// tokens that work, and a stranger.
func (w *world) principals() []who {
	list := []who{{}}
	for _, s := range w.tables["sessions"] {
		u := w.byID[s.s("user_id")]
		first := len(list) == 1 || list[len(list)-1].user != u.s("id")
		if entered := s.s("entered_tenant_id"); entered != "" || first {
			list = append(list, who{user: u.s("id"), email: u.s("email_canonical"), session: s.s("id"), entered: entered})
		}
	}
	return append(list, w.programs()...)
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
			if required(name) {
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
func required(name string) bool {
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
	const parts, worlds, queries = 2, 48, 100
	begin := time.Now()
	var asked atomic.Int64
	var mu sync.Mutex
	met := make(map[string]bool)
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
						mu.Lock()
						maps.Copy(met, o.met)
						mu.Unlock()
						if q == nil {
							continue
						}
						faults = append(b.shrink(o, q, past), faults...)
						t.Errorf("seed %d, principal %d %+v\n{%s}\n%s\n%s", seed, n, v, q, b.ask(v, q).body, faults[0])
					}
				}
			})
		}
	})
	for _, field := range fields(publicSchema(t)) {
		if !met[field] && !slices.Contains(unmet, field) {
			t.Errorf("%s was never answered with what the oracle says", field)
		}
	}
	t.Logf("%d requests in %s", asked.Load(), time.Since(begin).Round(time.Second))
}

// unmet are fields of which the oracle does not know what they answer: names of the catalogue, and what a mailed token shows.
var unmet = []string{"Feature.levels", "Feature.name", "FeaturePermission.label", "FeatureLevel.label", "FeatureLevel.level"}

// fields are those of all objects that queries answer, but for those that only page lists.
func fields(s *ast.Schema) (list []string) {
	for _, d := range s.Types {
		if d.BuiltIn || d.Kind != ast.Object || d == s.Query || d == s.Mutation || d == s.Subscription || strings.HasSuffix(d.Name, "Payload") || strings.HasSuffix(d.Name, "Connection") ||
			strings.HasSuffix(d.Name, "Edge") || slices.Contains([]string{"UserError", "InvitationPreview", "EndedAccess", "OutboxMessage", "PageInfo"}, d.Name) {
			continue
		}
		for _, f := range d.Fields {
			list = append(list, d.Name+"."+f.Name)
		}
	}
	slices.Sort(list)
	return list
}

// TestEverythingAllowedIsObtained asks for every row by its id, as everybody: what is allowed is there, and of every column
// that holds a canary somebody gets one, but for those that are nobody's.
func TestEverythingAllowedIsObtained(t *testing.T) {
	t.Parallel()
	b := newBench(t, testdb.SQLite)
	const worlds = 4
	obtained, there := make(map[string]bool), make(map[string]string)
	for seed := range worlds {
		w := worldOf(seed, b.tw.Now())
		w.write(t, b.tw.DB.Write)
		for _, table := range tables {
			for _, x := range w.tables[table] {
				for c, v := range x {
					if text, is := v.(string); is {
						for _, word := range canaries(text) {
							there[fmt.Sprint(seed, strings.ToLower(word))] = table + "." + c
						}
					}
				}
			}
		}
		for _, v := range w.principals() {
			o := newOracle(w, v)
			for table, kind := range typeOf {
				for _, x := range w.tables[table] {
					q := b.plain(kind, x.s("id"))
					a := b.ask(v, q)
					if faults := o.holds(q, a, nil); len(faults) > 0 {
						t.Fatalf("seed %d, %+v\n{%s}\n%s\n%s", seed, v, q, a.body, faults[0])
					}
					for _, word := range canaries(a.body) {
						obtained[there[fmt.Sprint(seed, strings.ToLower(word))]] = true
					}
				}
			}
		}
	}
	nobodys := []string{"api_tokens.token_hash", "webhooks.secret", "webhooks.previous_secret", "devices.name", "devices.serial_number", "members.sort_name", "sessions.token_hash", "users.email_canonical", "group_customers.customer_sort_name",
		"members.present_handle", "table_preferences.columns", "assignments.tenant_sort_name", "invitations.email_canonical", "tenants.sort_name", "sites.sort_name"}
	for _, column := range there {
		if !obtained[column] && !slices.Contains(nobodys, column) {
			t.Errorf("nobody obtains anything of %s", column)
		}
	}
	t.Logf("%d requests", b.asked.Load())
}

// plain asks for a row by its id: for all of its own fields that take no arguments, and those of the values in it.
func (b *bench) plain(kind, id string) *selection {
	all := func(d *ast.Definition) (list []*selection) {
		for _, f := range d.Fields {
			if !b.schema.Types[f.Type.Name()].IsCompositeType() && len(f.Arguments) == 0 && !strings.HasPrefix(f.Name, "__") {
				list = append(list, &selection{name: f.Name})
			}
		}
		return list
	}
	d := b.schema.Types[kind]
	s := &selection{on: kind, kids: all(d)}
	for _, f := range d.Fields {
		below := b.schema.Types[f.Type.Name()]
		if below.Kind == ast.Object && len(f.Arguments) == 0 && (below.Fields.ForName("id") == nil || f.Name == "role" || f.Name == "user") {
			s.kids = append(s.kids, &selection{name: f.Name, kids: all(below)})
		}
	}
	return &selection{name: "node", args: map[string]any{"id": id}, kids: []*selection{s, {name: "__typename"}}}
}
