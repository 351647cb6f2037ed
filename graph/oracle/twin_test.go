package oracle_test

import (
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"mandate/internal/testdb"
)

// decided are the columns that decide about rows, their order and their ends; the texts in all others only say something.
var decided = regexp.MustCompile(`(^|_)(id|key|kind|type|status|policy|direction|channel|scope|feature|table|code|by|hash|canonical|action)$`)

// twin copies a world and changes what a principal may not see: every text of rows out of sight, their places in lists, and how
// many there are. What decides about access stays.
func (o *oracle) twin() (*world, int) {
	w, changed := o.clone(), 0
	w.r = rand.New(rand.NewPCG(7, 7))
	for _, table := range []string{"sites", "devices", "service_subscriptions", "access_requests", "audit_events", "invitations", "sessions"} {
		w.tables[table] = slices.DeleteFunc(w.tables[table], func(x row) bool {
			gone := !o.sees(o.byID[x.s("id")]) && !o.isSeenElsewhere(x) && w.chance(30)
			if gone {
				changed++
			}
			return gone
		})
	}
	w.tables["member_sites"] = slices.DeleteFunc(w.tables["member_sites"], func(x row) bool {
		return !slices.ContainsFunc(w.tables["sites"], func(s row) bool { return s["id"] == x["site_id"] })
	})
	for i, d := range w.tables["devices"] {
		if !slices.ContainsFunc(w.tables["sites"], func(s row) bool { return s["id"] == d["site_id"] }) {
			delete(w.tables["devices"][i], "site_id")
		}
	}
	for _, table := range tables {
		if typeOf[table] == "" && table != "devices" {
			continue
		}
		for _, x := range w.tables[table] {
			if o.sees(o.byID[x.s("id")]) || o.isSeenElsewhere(x) {
				continue
			}
			for c, v := range x {
				if text, is := v.(string); is && len(canaries(text)) == 1 && !decided.MatchString(c) {
					x[c] = w.word()
					changed++
				}
			}
			if table == "tenants" || table == "sites" {
				x["sort_name"] = strings.ToLower(x.s("name"))
			}
		}
	}
	return w, changed
}

// isSeenElsewhere reports whether something of a row shows where the row itself does not: names in lists of who has access, the
// people behind members, what history tells of who was where.
func (o *oracle) isSeenElsewhere(x row) bool {
	switch x.table() {
	case "tenants":
		return x.s("kind") != "CUSTOMER" // companies of whoever has access, managers, what a Partner ID finds
	case "partners", "roles", "members", "relationships", "assignments", "privilege_groups", "users":
		return true
	case "audit_events":
		return x["actor_id"] != nil // when access was used last
	}
	return false
}

func TestT04TwinWorldsAnswerAlike(t *testing.T) {
	t.Parallel()
	const worlds, queries = 6, 60
	one, other := newBench(t, testdb.SQLite), newBench(t, testdb.SQLite)
	total := 0
	for seed := range worlds {
		w := worldOf(20_000+seed, one.tw.Now())
		w.write(t, one.tw.DB.Write)
		for n, v := range w.principals() {
			twin, changed := newOracle(w, v).twin()
			total += changed
			twin.write(t, other.tw.DB.Write)
			a := newAsker(rand.New(rand.NewPCG(uint64(seed), uint64(n))), one.schema, w)
			for range queries {
				q := a.query()
				first, second := one.ask(v, q), other.ask(v, q)
				newOracle(w, v).holds(q, first, a.past)
				if first.bytes() != second.bytes() {
					t.Fatalf("seed %d, principal %d %+v: twin worlds answer differently\n{%s}\n%s\n%s", seed, n, v, q, first.bytes(), second.bytes())
				}
			}
		}
	}
	if total < 5_000 {
		t.Errorf("the twins differ in %d values: too few to tell anything", total)
	}
	t.Logf("%d requests of each, and twins that differ in %d values", one.asked.Load(), total)
}

func TestBothDatabasesAnswerAlike(t *testing.T) {
	t.Parallel()
	const worlds, queries = 4, 60
	one, other := newBench(t, testdb.SQLite), newBench(t, testdb.MariaDB)
	for seed := range worlds {
		w := worldOf(seed, one.tw.Now())
		w.write(t, one.tw.DB.Write)
		w.write(t, other.tw.DB.Write)
		for n, v := range w.principals() {
			o := newOracle(w, v)
			a := newAsker(rand.New(rand.NewPCG(uint64(seed), uint64(n))), one.schema, w)
			for range queries {
				q := a.query()
				first, second := one.ask(v, q), other.ask(v, q)
				if faults := o.holds(q, second, a.past); len(faults) > 0 {
					t.Fatalf("seed %d, principal %d %+v\n{%s}\n%s\n%s", seed, n, v, q, second.body, faults[0])
				}
				if first.bytes() != second.bytes() {
					t.Fatalf("seed %d, principal %d %+v: SQLite and MariaDB answer differently\n{%s}\n%s\n%s", seed, n, v, q, first.bytes(), second.bytes())
				}
			}
		}
	}
	t.Logf("%d requests", other.asked.Load())
}
