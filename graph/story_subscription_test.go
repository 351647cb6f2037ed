package graph_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mandate/graph"
	"mandate/internal/access"
	"mandate/internal/auth"
	"mandate/internal/feed"
	"mandate/internal/mandate"
	"mandate/internal/testworld"
)

func TestSubscriptions(t *testing.T) {
	eachPair(t, func(s scene, other *testworld.World) {
		acme, globex, contoso := s.NewPartner("Acme"), s.NewPartner("Globex"), s.Customer("Contoso")
		s.then("an invitation that is accepted at one server is heard of at another within a second, on both sides", func(s scene) {
			asked := s.listens(acme.Admin.At(other), "inv", acme.ID)
			id := s.does(acme.Admin, "inviteCustomer", in{"email": "contoso@example.com"}).String("inviteCustomer.invitation.id")
			asked.hears(id)
			bound, known := s.listens(acme.Admin.At(other), "rel", acme.ID), s.listens(contoso.Admin.At(other), "rel", contoso.ID)
			answered, elsewhere := s.listens(contoso.Admin.At(other), "inv", contoso.ID), s.listens(globex.Admin.At(other), "inv", globex.ID)
			a := s.does(contoso.Admin, "acceptInvitation", in{"id": id})
			committed := time.Now()
			rel := a.String("acceptInvitation.relationship.id")
			for _, h := range []*hearer{bound, known} {
				h.within(time.Second, committed)
				h.hears(rel)
			}
			for _, h := range []*hearer{asked, answered} {
				h.within(time.Second, committed)
				h.hears(id)
			}
			elsewhere.hears()
		})
		s.then("whoever has fewer levels than before sees less of what comes next", func(s scene) {
			clerk := s.Staff(contoso, "clerk", testworld.Role(access.ReadOnly))
			h := s.listens(clerk.At(other), "mem", contoso.ID)
			guest := s.Staff(contoso, "guest", testworld.Guest).Member(contoso.Tenant).ID
			label := func(text string) {
				s.does(contoso.Admin, "updateMembers", in{"tenantId": contoso.ID, "members": []in{{"id": guest, "label": text}}})
			}
			label("One")
			before := h.hearsOf(guest)
			s.is("errors before", codesOf(before[0]), []string(nil))
			s.does(contoso.Admin, "changeRole", in{"memberId": clerk.Member(contoso.Tenant).ID, "roleKey": "GUEST_MANAGER"})
			s.does(contoso.Admin, "updateMembers", in{"tenantId": contoso.ID, "members": []in{{"id": contoso.Admin.Member(contoso.Tenant).ID, "label": "Not for clerks"}}})
			label("Two")
			after := h.hearsOf(guest, clerk.Member(contoso.Tenant).ID)
			last := after[len(after)-1]
			s.is("errors after", codesOf(last), []string{"FORBIDDEN at memberChanged.email", "FORBIDDEN at memberChanged.phone"})
			if strings.Contains(string(last.Data), "guest@example.com") || !strings.Contains(string(last.Data), `"Two"`) {
				s.Errorf("it shows %s", last.Data)
			}
		})
		s.then("a member who is removed is told of as one that was", func(s scene) {
			h := s.listens(contoso.Admin.At(other), "mem", contoso.ID)
			guest := s.Staff(contoso, "leaving", testworld.Guest).Member(contoso.Tenant).ID
			s.does(contoso.Admin, "removeMembers", in{"tenantId": contoso.ID, "ids": []string{guest}})
			h.hears(guest)
			s.is("status", contoso.Admin.Do("query($id: ID!) { node(id: $id) { ... on Member { status } } }", testworld.Vars{"id": guest}).At("node.status"), any("REMOVED"))
		})
		s.then("a row that changes often is told of as it is in the end", func(s scene) {
			h := s.listens(contoso.Admin.At(other), "mem", contoso.ID)
			m := contoso.Admin.Member(contoso.Tenant).ID
			for n := range 10 {
				s.does(contoso.Admin, "updateMembers", in{"tenantId": contoso.ID, "members": []in{{"id": m, "label": fmt.Sprint("Label ", n)}}})
			}
			h.hears(m)
		})
	})
}

// within waits until something was heard, and checks that it was soon.
func (h *hearer) within(limit time.Duration, since time.Time) {
	h.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		h.mu.Lock()
		heard := len(h.at) > 0
		if heard && h.at[0].Sub(since) > limit {
			h.Errorf("%s was heard after %v", h.field, h.at[0].Sub(since))
		}
		h.mu.Unlock()
		if heard {
			return
		}
	}
	h.Errorf("nothing is heard of %s", h.field)
}

func TestSubscriptionsThatAreRefused(t *testing.T) {
	eachScene(t, func(s scene) {
		contoso, fabrikam := s.Customer("Contoso"), s.Customer("Fabrikam")
		admin, guard := contoso.Admin, s.Staff(contoso, "guard", testworld.Role(access.GuestManager))
		_, program := s.program(contoso, "PARTNERS")
		suspended := s.Staff(contoso, "suspended", testworld.Administrator)
		s.does(admin, "setMemberStatus", in{"tenantId": contoso.ID, "ids": []string{suspended.Member(contoso.Tenant).ID}, "status": "SUSPENDED"})
		_, dead := s.program(contoso, "PARTNERS")
		one := subscription("invitationChanged", "id")
		of := testworld.Vars{"t": contoso.ID}
		for name, c := range map[string]struct {
			by       *testworld.Person
			document string
			vars     testworld.Vars
			want     []string
		}{
			"one's own":                       {admin, one, of, nil},
			"of a program":                    {program, one, of, nil},
			"of a program without the scope":  {program, subscription("memberChanged", "id"), of, []string{"FORBIDDEN at memberChanged"}},
			"of nobody":                       {s.Stranger(), one, of, []string{"UNAUTHENTICATED at invitationChanged"}},
			"in an ended session":             {suspended, one, of, []string{"UNAUTHENTICATED at invitationChanged"}},
			"of another tenant":               {admin, one, testworld.Vars{"t": fabrikam.ID}, []string{"NOT_FOUND at invitationChanged"}},
			"of a tenant that never was":      {admin, one, testworld.Vars{"t": "ten_" + strings.Repeat("z", 26)}, []string{"NOT_FOUND at invitationChanged"}},
			"of what is no tenant":            {admin, one, testworld.Vars{"t": "x"}, []string{"NOT_FOUND at invitationChanged"}},
			"of a number":                     {admin, "subscription { invitationChanged(tenantId: 7) { id } }", nil, []string{"NOT_FOUND at invitationChanged"}},
			"under another name":              {admin, `subscription { x: invitationChanged(tenantId: "ten_x") { id } }`, nil, []string{"NOT_FOUND at x"}},
			"without PARTNERS":                {guard, one, of, []string{"FORBIDDEN at invitationChanged"}},
			"of relationships, without it":    {guard, subscription("relationshipChanged", "id"), of, []string{"FORBIDDEN at relationshipChanged"}},
			"of requests, without USERS":      {guard, subscription("accessRequestChanged", "id"), of, []string{"FORBIDDEN at accessRequestChanged"}},
			"of members, with GUESTS only":    {guard, subscription("memberChanged", "id"), of, nil},
			"a query":                         {admin, "{ viewer { user { id } } }", nil, []string{"BAD_USER_INPUT at"}},
			"a mutation":                      {admin, "mutation { signOut { ok } }", nil, []string{"BAD_USER_INPUT at"}},
			"two":                             {admin, `subscription { invitationChanged(tenantId: "x") { id } memberChanged(tenantId: "x") { id } }`, nil, []string{"GRAPHQL_VALIDATION_FAILED at"}},
			"two by another name":             {admin, `subscription { a: memberChanged(tenantId: "x") { id } b: memberChanged(tenantId: "y") { id } }`, nil, []string{"GRAPHQL_VALIDATION_FAILED at"}},
			"none, by a variable":             {admin, `subscription($no: Boolean!) { memberChanged(tenantId: "x") @include(if: $no) { id } }`, testworld.Vars{"no": false}, []string{"GRAPHQL_VALIDATION_FAILED at"}},
			"of the type":                     {admin, "subscription { __typename }", nil, []string{"GRAPHQL_VALIDATION_FAILED at"}},
			"of what there is not":            {admin, "subscription { tenantChanged { id } }", nil, []string{"GRAPHQL_VALIDATION_FAILED at"}},
			"without the tenant":              {admin, one, nil, []string{"GRAPHQL_VALIDATION_FAILED at"}},
			"that costs too much":             {admin, `subscription($t: ID!) { memberChanged(tenantId: $t) { tenant { members(first: 100) { nodes { tenant { members(first: 100) { nodes { id } } } } } } } }`, of, []string{"QUERY_TOO_COMPLEX at"}},
			"through fragments, which may be": {admin, `subscription($t: ID!) { ...F } fragment F on Subscription { memberChanged(tenantId: $t) { id } }`, of, nil},
		} {
			if diff := cmp.Diff(c.want, s.refusedTo(c.by, c.document, c.vars)); diff != "" {
				s.Errorf("%s (- want, + got):\n%s", name, diff)
			}
		}
		s.is("an API token works before it is revoked", s.refusedTo(dead, one, of), []string(nil))
		a := admin.Do(one, of)
		s.is("by POST", a.Errors(), []string{"BAD_USER_INPUT at"})
		s.is("at a server that has none", func() []string {
			_, refusal := graph.Subscribe(admin.Context(), graph.New(graph.Config{Client: s.Read, Dialect: s.DB.Dialect, Service: s.Service, Clock: s.Now}), one, of)
			return codesOf(refusal)
		}(), []string{"BAD_USER_INPUT at"})
	})
}

// told is a source of events that a test makes.
type told chan *feed.Event

func (c told) Subscribe(context.Context, string) (<-chan *feed.Event, func(), error) {
	return c, func() {}, nil
}

func (s scene) stream(p *testworld.Person, c graph.Config, document string, vars testworld.Vars) *graph.Stream {
	s.Helper()
	c.Client, c.Dialect, c.Service, c.Clock = s.Read, s.DB.Dialect, s.Service, s.Now
	c.Sessions = &auth.Sessions{Read: s.DB.Read, Write: s.DB.Write, Clock: s.Now}
	stream, refusal := graph.Subscribe(p.Context(), graph.New(c), document, vars)
	if stream == nil {
		s.Fatalf("it is refused: %v", codesOf(refusal))
	}
	s.Cleanup(stream.Stop)
	return stream
}

func TestAStreamOfASubscription(t *testing.T) {
	eachScene(t, func(s scene) {
		contoso, fabrikam := s.Customer("Contoso"), s.Customer("Fabrikam")
		m, foreign := contoso.Admin.Member(contoso.Tenant).ID, fabrikam.Admin.Member(fabrikam.Tenant).ID
		document, vars := subscription("memberChanged", "id email"), testworld.Vars{"t": contoso.ID}
		within := func(d time.Duration, stream *graph.Stream) (string, error) {
			ctx, cancel := context.WithTimeout(context.Background(), d)
			defer cancel()
			r, err := stream.Next(ctx)
			if err != nil {
				return "", err
			}
			return string(r.Data), nil
		}
		next := func(stream *graph.Stream) (string, error) { return within(10*time.Second, stream) }
		here := fmt.Sprintf(`{"memberChanged":{"id":"%s","email":"contoso@example.com"}}`, m)
		s.then("tells of every row of its kind once, and of no other's", func(s scene) {
			events := make(told, 10)
			stream := s.stream(contoso.Admin, graph.Config{Feed: events}, document, vars)
			events <- &feed.Event{Targets: []string{"inv_" + m[4:], m, foreign, "mem_" + strings.Repeat("z", 26), contoso.ID}}
			events <- &feed.Event{Targets: []string{m}}
			data, err := next(stream)
			s.is("data", data, here)
			s.must(err)
			_, err = within(time.Second, stream)
			s.is("nothing more", errors.Is(err, context.DeadlineExceeded), true)
			events <- &feed.Event{Targets: []string{m}}
			data, _ = next(stream)
			s.is("again", data, here)
		})
		s.then("ends when it missed something", func(s scene) {
			events := make(told, 1)
			stream := s.stream(contoso.Admin, graph.Config{Feed: events}, document, vars)
			close(events)
			_, err := next(stream)
			s.is("error", errors.Is(err, graph.ErrBehind), true)
		})
		s.then("ends when its answers cost more than there is", func(s scene) {
			events := make(told, 1)
			budgets := graph.NewBudgets(10, s.Now) // 833 of cost a minute
			stream := s.stream(contoso.Admin, graph.Config{Feed: events, Budgets: budgets},
				`subscription($t: ID!) { memberChanged(tenantId: $t) { id tenant { members(first: 100) { nodes { id } } } } }`, vars)
			var err error
			answers := 0
			for err == nil && answers < 100 {
				events <- &feed.Event{Targets: []string{m}}
				if _, err = next(stream); err == nil {
					answers++
				}
			}
			var throttled *mandate.Throttled
			s.is("answers", answers, 7) // and one share of the cost for the beginning
			s.is("is throttled", errors.As(err, &throttled) && throttled.Seconds() > 0, true)
		})
	})
}
