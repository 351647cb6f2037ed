package graph_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/go-cmp/cmp"

	"mandate/ent/member"
	"mandate/graph"
	"mandate/internal/testdb"
	"mandate/internal/testworld"
)

// hearer is somebody who listens to a subscription.
type hearer struct {
	scene
	by      *testworld.Person
	kind    string // of rows, as their ids begin
	field   string // as it is called in messages
	tenant  string
	stop    context.CancelFunc
	mu      sync.Mutex
	heard   []*graphql.Response
	at      []time.Time // when it was
	ended   chan struct{}
	because error // why it ended
	end     time.Time
}

// selections are what is read of the rows that subscriptions tell of.
var selections = map[string]string{
	"inv": "id status version email partner { name } customerProfile { name } role { key }",
	"rel": "id status version kind endsAt partner { name } customerProfile { name } role { key } suspendedBy",
	"req": "id status emailValidated reason decidedBy { name } member { id status }",
	"mem": "id status version label firstName lastName guest administrator email phone role { key }",
}

// fieldOf are the root fields of subscriptions, by the kinds of rows.
var fieldOf = func() map[string]string {
	fields := make(map[string]string)
	for field, kind := range graph.Changes() {
		fields[kind] = field
	}
	return fields
}()

// subscription is the document of a subscription.
func subscription(field, selection string) string {
	return fmt.Sprintf("subscription($t: ID!) { %s(tenantId: $t) { %s } }", field, selection)
}

// refusedTo asks for a subscription and returns why it is refused, as "CODE at path"; nil when it is not.
func (s scene) refusedTo(p *testworld.Person, document string, vars testworld.Vars) []string {
	s.Helper()
	stream, refusal := graph.Subscribe(p.Seated(), p.Server().API, document, vars)
	if stream != nil {
		stream.Stop()
		return nil
	}
	return codesOf(refusal)
}

// codesOf lists the errors of a response as "CODE at path".
func codesOf(r *graphql.Response) []string {
	var list []string
	for _, e := range r.Errors {
		list = append(list, strings.TrimSpace(fmt.Sprintf("%v at %s", e.Extensions["code"], strings.TrimPrefix(e.Path.String(), "."))))
	}
	slices.Sort(list)
	return list
}

// listens begins to listen to the changes of one kind of rows in a tenant.
func (s scene) listens(p *testworld.Person, kind, tenantID string) *hearer {
	s.Helper()
	stream, refusal := graph.Subscribe(p.Seated(), p.Server().API, subscription(fieldOf[kind], selections[kind]), testworld.Vars{"t": tenantID})
	if stream == nil {
		s.Fatalf("the subscription is refused: %v", codesOf(refusal))
	}
	ctx, cancel := context.WithCancel(context.Background())
	h := &hearer{scene: s, by: p, kind: kind, field: fieldOf[kind], tenant: tenantID, stop: cancel, ended: make(chan struct{})}
	go func() {
		defer close(h.ended)
		defer stream.Stop()
		for {
			r, err := stream.Next(ctx)
			if err != nil {
				h.because, h.end = err, time.Now()
				return
			}
			h.mu.Lock()
			h.heard, h.at = append(h.heard, r), append(h.at, time.Now())
			h.mu.Unlock()
		}
	}()
	s.Cleanup(func() { cancel(); <-h.ended })
	return h
}

// take returns what was heard and forgets it: the responses, and the ids of their rows, each once.
func (h *hearer) take() (responses []*graphql.Response, ids []string) {
	h.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	responses, h.heard, h.at = h.heard, nil, nil
	for _, r := range responses {
		ids = append(ids, h.rowOf(r)["id"].(string))
	}
	slices.Sort(ids)
	return responses, slices.Compact(ids)
}

// rowOf is the row that a response shows.
func (h *hearer) rowOf(r *graphql.Response) map[string]any {
	h.Helper()
	var data map[string]map[string]any
	h.must(json.Unmarshal(r.Data, &data))
	if data[fieldOf[h.kind]] == nil {
		h.Errorf("a response without a row: %s %v", r.Data, codesOf(r))
		return map[string]any{"id": ""}
	}
	return data[fieldOf[h.kind]]
}

// now is what a query shows of a row; nil when it is not seen.
func (h *hearer) now(id string) map[string]any {
	h.Helper()
	types := map[string]string{"inv": "Invitation", "rel": "Relationship", "req": "AccessRequest", "mem": "Member"}
	a := h.by.Do(fmt.Sprintf("query($id: ID!) { node(id: $id) { ... on %s { %s } } }", types[h.kind], selections[h.kind]), testworld.Vars{"id": id})
	row, _ := a.At("node").(map[string]any)
	return row
}

// hears waits until exactly some rows were heard of, and checks that the last that was heard of each is what a query shows.
func (h *hearer) hears(ids ...string) {
	h.Helper()
	last := make(map[string]map[string]any)
	for _, r := range h.hearsOf(ids...) {
		row := h.rowOf(r)
		last[row["id"].(string)] = row
	}
	for id, row := range last {
		if diff := cmp.Diff(h.now(id), row); diff != "" {
			h.Errorf("%s of %s (- as a query shows it, + as it was heard):\n%s", h.field, id, diff)
		}
	}
}

// hearsOf waits until exactly some rows were heard of, and returns what was heard.
func (h *hearer) hearsOf(ids ...string) []*graphql.Response {
	h.Helper()
	slices.Sort(ids)
	var all []*graphql.Response
	var heard []string
	for end := time.Now().Add(10 * time.Second); !slices.Equal(heard, ids) && time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		more, of := h.take()
		all, heard = append(all, more...), append(heard, of...)
		slices.Sort(heard)
		heard = slices.Compact(heard)
	}
	if diff := cmp.Diff(ids, heard); diff != "" {
		h.Errorf("%s in %s (- want, + heard):\n%s", h.field, h.tenant, diff)
	}
	return all
}

// ends waits until the subscription ends, and checks why, and that it did so within five seconds of a moment.
func (h *hearer) ends(want error, since time.Time) {
	h.Helper()
	select {
	case <-h.ended:
		if !errors.Is(h.because, want) {
			h.Errorf("%s ended because %v; want %v", h.field, h.because, want)
		}
		if took := h.end.Sub(since); took > 5*time.Second {
			h.Errorf("%s ended after %v", h.field, took)
		}
	case <-time.After(15 * time.Second):
		h.Errorf("%s goes on; want %v", h.field, want)
	}
}

// goesOn checks that the subscription has not ended.
func (h *hearer) goesOn() {
	h.Helper()
	select {
	case <-h.ended:
		h.Errorf("%s ended because %v", h.field, h.because)
	default:
	}
}

// eachPair tells a story on every engine, with another server on the same database.
func eachPair(t *testing.T, tell func(s scene, other *testworld.World)) {
	t.Helper()
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		s := scene{t, testworld.New(t, url)}
		tell(s, s.Another(url))
	})
}

// homes lists the tenants that somebody is a member of.
func (s scene) homes(p *testworld.Person) []string {
	s.Helper()
	ids, err := s.Write.Member.Query().Where(member.PresentUserID(p.ID)).Select(member.FieldTenantID).Strings(s.System())
	s.must(err)
	return ids
}

func TestEveryMutationIsHeardByThoseWhoSeeWhatItChanged(t *testing.T) {
	eachPair(t, func(s scene, other *testworld.World) {
		type made struct {
			testworld.Call
			hearers []*hearer
			changed []string
		}
		var all []*made
		calls := s.Calls()
		for _, mutation := range calls.Mutations() {
			m := &made{Call: calls.Make(mutation)}
			all = append(all, m)
			for _, tenantID := range s.homes(m.By) {
				for kind, field := range fieldOf {
					if s.refusedTo(m.By, subscription(field, "id"), testworld.Vars{"t": tenantID}) == nil {
						m.hearers = append(m.hearers, s.listens(m.By.At(other), kind, tenantID))
					}
				}
			}
		}
		time.Sleep(time.Second) // what was made before is nobody's news
		for _, m := range all {
			for _, h := range m.hearers {
				h.take()
			}
		}
		for _, m := range all {
			before := s.hearable()
			m.By.Do(m.Document("__typename"), testworld.Vars{"in": m.Input}).OK()
			m.changed = altered(before, s.hearable())
		}
		time.Sleep(time.Second)
		rows, told := s.hearable(), make(map[string]int)
		for _, m := range all {
			for _, h := range m.hearers {
				var want []string
				for _, id := range m.changed {
					if strings.HasPrefix(id, h.kind) && slices.Contains(rows[id].tenants, h.tenant) && h.now(id) != nil {
						want = append(want, id)
					}
				}
				if named, _ := m.Input["ids"].([]string); m.Mutation == "sendPasswordLinks" && h.kind == "mem" {
					want = named // nothing of them changed, but something was done to them
				}
				if s.refusedTo(m.By, subscription(fieldOf[h.kind], "id"), testworld.Vars{"t": h.tenant}) != nil {
					want = nil // that was given up
				}
				told[h.kind] += len(want)
				h.field = m.Mutation + " " + h.field
				h.hears(want...)
			}
		}
		s.is("kinds that were told of", slices.Sorted(maps.Keys(told)), []string{"inv", "mem", "rel", "req"})
		for kind, n := range told {
			if n < 2 {
				s.Errorf("%d rows of kind %s were told of", n, kind)
			}
		}
	})
}
