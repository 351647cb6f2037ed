package main

import (
	"fmt"
	"net/http"
	"sync"
	"testing"

	"mandate/internal/testdb"
	"mandate/internal/testworld"
)

// Another transaction stands in the way once, at every step of some mutations: nobody hears of it.
func TestBusyOnceIsInvisible(t *testing.T) {
	t.Parallel()
	r := newRig(t, testdb.New(t, testdb.MariaDB))
	busy := []int{1213, 1205, 1020} // deadlock, lock wait, snapshot
	for _, mutation := range []string{"inviteCustomer", "acceptInvitation", "setAssignedCustomers", "deleteTenant", "changePassword"} {
		effect, steps := r.effect(mutation)
		begun := r.child.progress().Begun
		for i := range steps {
			p := plan{Step: i + 1, Fault: busy[i%len(busy)]}
			r.at = fmt.Sprintf("%s, %d at step %d of %d", mutation, p.Fault, p.Step, len(steps))
			q := r.attempt(mutation)
			before := r.count()
			r.child.plans(p)
			a := r.child.answers(q)
			r.is("errors", a.Errors(), []string(nil))
			r.is("replayed", a.Header.Get("Idempotency-Replayed"), "")
			r.is("transactions", r.child.progress().Begun, begun+1)
			r.is("effect", r.count().since(before), effect)
		}
	}
	r.examine()
}

// A transaction is begun six times. Whoever hears then that it was in vain tries again under the same key.
func TestBusyForLongIsUnavailable(t *testing.T) {
	t.Parallel()
	r := newRig(t, testdb.New(t, testdb.MariaDB))
	effect, _ := r.effect("createRole")
	for times, want := range map[int]string{5: "", 6: "UNAVAILABLE at createRole"} {
		r.at = fmt.Sprintf("busy %d times", times)
		q := r.attempt("createRole")
		before := r.count()
		r.child.plans(plan{Step: 5, Fault: 1213, Times: times})
		a := r.child.answers(q)
		r.is("transactions", r.child.progress().Begun, 6)
		if want == "" {
			a.OK()
		} else {
			r.is("errors", a.Errors(), []string{want})
			r.is("written", r.count().since(before), tally{})
			r.retries(q, false, before, effect)
		}
		r.is("effect", r.count().since(before), effect)
	}
}

// When the connection is lost in COMMIT, nobody knows whether it was carried out, until it is sent again under its key.
func TestAnUnknownOutcomeIsResolvedByTheKey(t *testing.T) {
	t.Parallel()
	random := seed(t)
	r := newRig(t, testdb.New(t, testdb.MariaDB))
	for _, mutation := range r.Mutations() {
		effect, steps := r.effect(mutation)
		n := len(steps)
		for _, p := range []plan{{Step: n}, {Step: n, After: true}, {Step: 1 + random.IntN(n-1)}} {
			r.at = fmt.Sprintf("%s, connection lost at step %d of %d, after it: %v", mutation, p.Step, n, p.After)
			q := r.attempt(mutation)
			before := r.count()
			p.Fault = lose
			r.child.plans(p)
			r.is("errors", r.child.answers(q).Errors(), []string{"UNAVAILABLE at " + mutation})
			r.retries(q, p.After, before, effect)
		}
	}
	r.examine()
}

func TestFiftyWritersOnOneCustomer(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		r := newRig(t, url)
		const writers = 50
		cu := r.Customer("contoso")
		_, token := cu.Admin.Token()
		before := r.count()
		answers := make([]*testworld.Answer, writers)
		var all sync.WaitGroup
		for i := range writers {
			all.Go(func() {
				call := testworld.Call{Mutation: "createRole", Input: map[string]any{"tenantId": cu.ID, "name": fmt.Sprint("Role ", i),
					"permissions": []any{map[string]any{"feature": "TENANT", "level": "VIEW"}}}}
				answers[i], _ = r.child.sends(request{token, fmt.Sprint("key-", i), call.Document("role { id }"), call.Input})
			})
		}
		all.Wait()
		for i, a := range answers {
			if a == nil || a.Status != http.StatusOK {
				t.Fatalf("writer %d is not answered well: %+v", i, a)
			}
			a.OK()
		}
		written := r.count().since(before)
		r.is("roles", written["roles"], writers)
		r.is("events", written["audit_events"], writers)
	})
}
