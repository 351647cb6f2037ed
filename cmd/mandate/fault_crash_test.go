package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	tables "mandate/ent/migrate"
	"mandate/internal/clock"
	"mandate/internal/doctor"
	"mandate/internal/testdb"
	"mandate/internal/testworld"
)

// rig is a program with faults over a database that the test looks at by itself.
type rig struct {
	*testing.T
	*testworld.Calls
	url   string
	child *child
	spare chan *child // started already, for when the child dies; nil when that failed
	at    string      // what is being looked at
}

func newRig(t *testing.T, url string) *rig {
	t.Helper()
	w := testworld.New(t, url)
	w.Later(time.Since(w.Now())) // the program has the clock of the machine
	r := &rig{T: t, Calls: w.Calls(), url: url, spare: make(chan *child, 1)}
	r.prepareSpare()
	r.takeSpare()
	t.Cleanup(func() {
		r.child.end()
		if c := <-r.spare; c != nil {
			c.end()
		}
	})
	return r
}

func (r *rig) prepareSpare() {
	go func() {
		c, err := bear(r.T, r.url)
		if err != nil {
			r.Error(err)
		}
		r.spare <- c
	}()
}

func (r *rig) takeSpare() {
	r.Helper()
	c := <-r.spare
	r.prepareSpare()
	if c == nil {
		r.FailNow()
	}
	r.child = c
}

// restart lets another program take the place of one that died.
func (r *rig) restart() {
	r.Helper()
	r.child.died()
	r.takeSpare()
}

// attempt makes a call of a mutation, to be sent under a key.
func (r *rig) attempt(mutation string) request {
	r.Helper()
	call := r.Make(mutation)
	_, token := call.By.Token()
	return request{token, "key-" + token[:8], call.Document(""), call.Input}
}

// tally counts the rows of the tables. What only guards the password is no effect of a mutation.
type tally map[string]int

func (r *rig) count() tally {
	r.Helper()
	var names, counts []string
	for _, table := range tables.Tables {
		if table.Name != "sign_in_throttles" {
			names = append(names, table.Name)
			counts = append(counts, "(SELECT COUNT(*) FROM "+table.Name+")")
		}
	}
	n, to := make([]int, len(names)), make([]any, len(names))
	for i := range n {
		to[i] = &n[i]
	}
	if err := r.DB.Read.QueryRow("SELECT " + strings.Join(counts, ", ")).Scan(to...); err != nil {
		r.Fatal(err)
	}
	t := make(tally)
	for i, table := range names {
		t[table] = n[i]
	}
	return t
}

// since is what came since an earlier count.
func (t tally) since(before tally) tally {
	more := make(tally)
	for table, n := range t {
		if n != before[table] {
			more[table] = n - before[table]
		}
	}
	return more
}

// is checks one thing.
func (r *rig) is(what string, got, want any) {
	r.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		r.Errorf("%s: %s (- want, + got):\n%s", r.at, what, diff)
	}
}

// effect carries a mutation out undisturbed, and returns the rows that come of it and the steps that it takes.
func (r *rig) effect(mutation string) (tally, []string) {
	r.Helper()
	r.at = mutation
	q := r.attempt(mutation)
	r.child.plans(plan{})
	before := r.count()
	r.child.answers(q).OK()
	effect := r.count().since(before)
	r.is("events", effect["audit_events"], 1)
	r.is("records", effect["idempotency_records"], 1)
	steps := r.child.progress().Steps
	r.is("last step", steps[len(steps)-1], "COMMIT")
	return effect, steps
}

// retries sends a request again, which had no answer: it is answered, and the effect is there once.
func (r *rig) retries(q request, committed bool, before, effect tally) {
	r.Helper()
	a := r.child.answers(q)
	if committed && strings.Contains(q.document, "signOut") {
		r.is("status", a.Status, 401) // nobody is there any more who could be told
	} else {
		a.OK()
		r.is("replayed", a.Header.Get("Idempotency-Replayed") == "true", committed)
	}
	r.is("effect", r.count().since(before), effect)
}

// survives has the program killed at a step of a mutation, and sees that the mutation is carried out once nevertheless.
func (r *rig) survives(mutation string, p plan, last bool, effect tally) {
	r.Helper()
	committed := last && p.After
	q := r.attempt(mutation)
	before := r.count()
	p.Fault = kill
	r.child.plans(p)
	if a, err := r.child.sends(q); !errors.Is(err, errNoAnswer) {
		r.Fatalf("%s: it answers: %v\n%v", r.at, err, a)
	}
	r.restart()
	found := r.count().since(before)
	if committed {
		r.is("after the crash", found, effect)
	} else {
		r.is("after the crash", found, tally{})
	}
	r.retries(q, committed, before, effect)
}

// wholeVariable asks for a crash at every step of every mutation, and seedVariable for the choice of another run.
const (
	wholeVariable = "MANDATE_TEST_EVERY_CRASH"
	seedVariable  = "MANDATE_TEST_SEED"
)

func seed(t *testing.T) *rand.Rand {
	t.Helper()
	n := uint64(time.Now().UnixNano())
	if text := os.Getenv(seedVariable); text != "" {
		var err error
		if n, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%s=%d", seedVariable, n)
	return rand.New(rand.NewPCG(n, 0))
}

// crashes chooses where to kill the program: after the first step, after one in the middle, and around the last COMMIT.
func crashes(random *rand.Rand, steps []string) (list []plan) {
	if os.Getenv(wholeVariable) != "" {
		for i := range steps {
			list = append(list, plan{Step: i + 1}, plan{Step: i + 1, After: true})
		}
		return list
	}
	n := len(steps)
	return []plan{{Step: 1, After: true}, {Step: 2 + random.IntN(n-2), After: true}, {Step: n}, {Step: n, After: true}}
}

// lanes is how many programs are killed at a time on each engine.
const lanes = 2

func TestAKilledProgramLeavesAllOrNothing(t *testing.T) {
	t.Parallel()
	random := seed(t)
	for _, engine := range []string{testdb.SQLite, testdb.MariaDB} {
		for lane := range lanes {
			random := rand.New(rand.NewPCG(random.Uint64(), 0))
			t.Run(fmt.Sprint(engine, lane), func(t *testing.T) {
				t.Parallel()
				r := newRig(t, testdb.New(t, engine))
				for i, mutation := range r.Mutations() {
					if i%lanes != lane {
						continue
					}
					effect, steps := r.effect(mutation)
					for _, p := range crashes(random, steps) {
						r.at = fmt.Sprintf("%s, killed at step %d of %d, after it: %v", mutation, p.Step, len(steps), p.After)
						r.survives(mutation, p, p.Step == len(steps), effect)
					}
				}
				r.examine()
			})
		}
	}
}

// open makes a call by a stranger, of whom nothing was counted.
func (r *rig) open(mutation string) request {
	r.Helper()
	call := r.MakeOpen(mutation)
	if _, err := r.DB.Write.Exec("DELETE FROM sign_in_throttles"); err != nil {
		r.Fatal(err)
	}
	return request{document: call.Document(""), input: call.Input}
}

// What strangers send has no key: they look whether it was done. Nothing of it is done by half.
func TestAKilledProgramLeavesAllOrNothingOfWhatStrangersSend(t *testing.T) {
	t.Parallel()
	random := seed(t)
	for _, engine := range []string{testdb.SQLite, testdb.MariaDB} {
		random := rand.New(rand.NewPCG(random.Uint64(), 0))
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, testdb.New(t, engine))
			for _, mutation := range r.OpenMutations() {
				r.at = mutation
				q := r.open(mutation)
				before := r.count()
				r.child.plans(plan{Open: true})
				r.child.answers(q).OK()
				effect, steps := r.count().since(before), r.child.progress().Steps
				r.is("events", effect["audit_events"], 1)
				for _, p := range crashes(random, steps) {
					r.at = fmt.Sprintf("%s, killed at step %d of %d, after it: %v", mutation, p.Step, len(steps), p.After)
					q = r.open(mutation)
					before = r.count()
					p.Open, p.Fault = true, kill
					r.child.plans(p)
					if a, err := r.child.sends(q); !errors.Is(err, errNoAnswer) {
						r.Fatalf("%s: it answers: %v\n%v", r.at, err, a)
					}
					r.restart()
					if p.Step == len(steps) && p.After {
						r.is("after the crash", r.count().since(before), effect)
						continue
					}
					r.is("after the crash", r.count().since(before), tally{})
					r.child.answers(q).OK()
					r.is("effect", r.count().since(before), effect)
				}
			}
			r.examine()
		})
	}
}

func TestAPanicLeavesNothingAndTheProgramLives(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		r := newRig(t, url)
		for _, mutation := range []string{"createRole", "acceptInvitation"} {
			effect, _ := r.effect(mutation)
			for row := 1; ; row++ {
				r.at = fmt.Sprintf("%s, panic before row %d", mutation, row)
				q := r.attempt(mutation)
				before := r.count()
				r.child.plans(plan{Step: row, Fault: trip})
				errs := r.child.answers(q).Errors()
				if errs == nil {
					r.is("rows to write", row > 4, true)
					break
				}
				r.is("errors", errs, []string{"INTERNAL at " + mutation})
				r.is("written", r.count().since(before), tally{})
				r.retries(q, false, before, effect)
			}
		}
		r.examine()
	})
}

// examine looks for broken promises in the rows.
func (r *rig) examine() {
	r.Helper()
	list, err := doctor.Examine(r.Context(), r.DB, clock.System)
	if err != nil {
		r.Fatal(err)
	}
	r.is("findings", len(list) > 10, true)
	for _, f := range list {
		if f.Level == doctor.Fail && !slices.Contains(ofHistory, f.Check) {
			r.Errorf("%s: %v", f.Check, f.Faults)
		}
	}
}

// ofHistory lists the checks that miss how the rows came about that a test begins with. That what is written comes with its
// event, its effect tells.
var ofHistory = []string{"relationships come from an invitation or with the customer", "writes have their audit event"}
