package graph_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mandate/graph"
	"mandate/internal/auth"
	"mandate/internal/feed"
	"mandate/internal/testdb"
	"mandate/internal/testworld"
)

// audible is a kind of rows that subscriptions tell of: how all of it is read, and under which fields of a tenant it is listed, the
// first of which is guarded as the subscription is.
type audible struct {
	fragment, guarded, listed string
}

var audibles = map[string]audible{
	"inv": {"I", "invitations", "invitations"}, "rel": {"L", "invitations", "relationships"},
	"req": {"Q", "accessRequests", "accessRequests"}, "mem": {"M", "members", "members"},
}

// TestNobodyHearsWhatTheyDoNotSee: though an event of every tenant names every row there is, everybody hears of the rows that they see
// listed in the tenant, as a query shows them, and of no others.
func TestNobodyHearsWhatTheyDoNotSee(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		l := newLandscape(t, url)
		l.DB.Read.SetMaxOpenConns(20)
		everything := &feed.Event{}
		for kind, ids := range l.everyID() {
			if _, told := audibles[kind]; told {
				everything.Targets = append(everything.Targets, ids...)
			}
		}
		tenants := l.everyID()["ten"]
		var mu sync.Mutex
		heard := make(map[string]int)
		var all sync.WaitGroup
		for who, p := range l.people {
			all.Go(func() {
				for _, tenantID := range tenants {
					for kind := range audibles {
						n := l.audition(who, p, kind, tenantID, everything)
						mu.Lock()
						heard[kind] += n
						mu.Unlock()
					}
				}
			})
		}
		all.Wait()
		for kind := range audibles {
			if heard[kind] == 0 {
				t.Errorf("nobody hears of any %s", kind)
			}
		}
		t.Logf("heard: %v", heard)
	})
}

// audition checks what somebody hears of one kind of rows in a tenant, and returns of how many.
func (l *landscape) audition(who string, p *testworld.Person, kind, tenantID string, event *feed.Event) int {
	l.Helper()
	field, a := fieldOf[kind], audibles[kind]
	events := make(told, 1)
	api := graph.New(graph.Config{Client: l.Read, Dialect: l.DB.Dialect, Service: l.Service, Clock: l.Now, Feed: events,
		Sessions: &auth.Sessions{Read: l.DB.Read, Write: l.DB.Write, Clock: l.Now}})
	document := brief(withFragments(fmt.Sprintf("subscription($t: ID!) { %s(tenantId: $t) { ...%s } }", field, a.fragment)))
	stream, refusal := graph.Subscribe(p.Seated(), api, document, testworld.Vars{"t": tenantID})
	var why []string
	if stream == nil {
		why = codesOf(refusal)
	}
	listed := p.Do(fmt.Sprintf("query($t: ID!) { tenant(id: $t) { id guard: %s(first: 1) { totalCount } %s(first: 50) { nodes { id } } } }", a.guarded, a.listed), testworld.Vars{"t": tenantID})
	var want, ids []string
	switch {
	case p.ID == "":
		want = []string{"UNAUTHENTICATED at " + field}
	case listed.At("tenant") == nil:
		want = []string{"NOT_FOUND at " + field}
	case listed.At("tenant.guard") == nil:
		want = []string{"FORBIDDEN at " + field}
	default:
		ids = listed.Column("tenant."+a.listed+".nodes", "id")
	}
	if diff := cmp.Diff(want, why); diff != "" {
		l.Errorf("%s asks for %s of %s (- want, + got):\n%s", who, field, tenantID, diff)
	}
	if stream == nil {
		return 0
	}
	defer stream.Stop()
	events <- event
	got := make(map[string]any)
	for ctx, cancel := context.WithCancel(context.Background()); ; {
		quiet := time.AfterFunc(time.Second, cancel)
		r, err := stream.Next(ctx)
		quiet.Stop()
		if err != nil {
			break
		}
		var data map[string]map[string]any
		l.must(json.Unmarshal(r.Data, &data))
		got[data[field]["id"].(string)] = data[field]
	}
	shown := make(map[string]any)
	query := "query($id: ID!) { node(id: $id) { ..." + a.fragment + " } }" + document[strings.Index(document, "\nfragment"):]
	for _, id := range ids {
		shown[id] = p.Do(query, testworld.Vars{"id": id}).At("node")
	}
	if diff := cmp.Diff(shown, got); diff != "" {
		l.Errorf("%s hears of %s in %s (- what a query shows, + what is heard):\n%s", who, field, tenantID, diff)
	}
	return len(got)
}

// brief makes the lists in a document short enough for what an operation may cost.
func brief(document string) string {
	return strings.NewReplacer("first: 20", "first: 2", "first: 8", "first: 2", " changes { field before after }", "").Replace(document)
}

// TestEverySubscriptionIsKnown: every root field says what it takes, tells of a kind of rows, and is among those that tests listen to.
func TestEverySubscriptionIsKnown(t *testing.T) {
	t.Parallel()
	s := publicSchema(t)
	takes := map[string]string{
		"invitationChanged": "Needs PARTNERS VIEW", "relationshipChanged": "Needs PARTNERS VIEW",
		"accessRequestChanged": "Needs USERS VIEW", "memberChanged": "Needs GUESTS VIEW",
	}
	types := map[string]string{"inv": "Invitation!", "rel": "Relationship!", "req": "AccessRequest!", "mem": "Member!"}
	changes := graph.Changes()
	for _, f := range ownFields(s.Subscription) {
		kind := changes[f.Name]
		if !strings.Contains(f.Description, takes[f.Name]) || takes[f.Name] == "" {
			t.Errorf("%s does not say what it takes: %s", f.Name, f.Description)
		}
		if f.Type.String() != types[kind] || audibles[kind].fragment == "" || selections[kind] == "" {
			t.Errorf("%s tells of %q, and is %s", f.Name, kind, f.Type)
		}
		if len(f.Arguments) != 1 || f.Arguments[0].Name != "tenantId" || f.Arguments[0].Type.String() != "ID!" {
			t.Errorf("%s does not take the tenant", f.Name)
		}
		if len(f.Directives.ForNames("signedIn")) != 1 {
			t.Errorf("%s does not carry @signedIn", f.Name)
		}
		delete(changes, f.Name)
	}
	if len(changes) > 0 {
		t.Errorf("there are no subscriptions %v", changes)
	}
}
