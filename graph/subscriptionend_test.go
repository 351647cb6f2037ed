package graph_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	entsql "entgo.io/ent/dialect/sql"

	"mandate/ent"
	"mandate/ent/session"
	"mandate/graph"
	"mandate/internal/access"
	"mandate/internal/auth"
	"mandate/internal/feed"
	"mandate/internal/testworld"
)

// TestT08ASubscriptionEndsWithWhatItRestsOn: each of these ends one within five seconds, though nothing happens that it would tell of.
func TestT08ASubscriptionEndsWithWhatItRestsOn(t *testing.T) {
	eachPair(t, func(s scene, other *testworld.World) {
		operator := s.Operator()
		type ending struct {
			name string
			*hearer
			deed func()
			why  error
			at   time.Time
		}
		var all []*ending
		by := func(name string, why error, begin func(s scene, name string) (h *hearer, deed func())) {
			h, deed := begin(s, name)
			all = append(all, &ending{name: name, hearer: h, deed: deed, why: why})
		}
		clerk := func(s scene, name string) (*testworld.Company, *testworld.Person) {
			c := s.Customer(name)
			return c, s.Staff(c, "clerk of "+name, testworld.Role(access.ReadOnly))
		}
		by("the session is ended elsewhere", graph.ErrSessionEnded, func(s scene, name string) (*hearer, func()) {
			_, p := clerk(s, name)
			id, token := p.Token()
			return s.listens(s.Bearer(token).At(other), "mem", s.homes(p)[0]), func() { s.does(p, "revokeSession", in{"id": id}) }
		})
		by("the person signs out", graph.ErrSessionEnded, func(s scene, name string) (*hearer, func()) {
			c, p := clerk(s, name)
			return s.listens(p.At(other), "mem", c.ID), func() { p.Do("mutation { signOut { userErrors { code } } }", nil).OK() }
		})
		by("the password is changed in another session", graph.ErrSessionEnded, func(s scene, name string) (*hearer, func()) {
			c, p := clerk(s, name)
			_, token := p.Token()
			return s.listens(s.Bearer(token).At(other), "inv", c.ID), func() {
				s.does(p, "changePassword", in{"currentPassword": testworld.Password, "newPassword": "quite another one"})
			}
		})
		by("the member is suspended", graph.ErrSessionEnded, func(s scene, name string) (*hearer, func()) {
			c, p := clerk(s, name)
			return s.listens(p.At(other), "rel", c.ID), func() {
				s.does(c.Admin, "setMemberStatus", in{"tenantId": c.ID, "ids": []string{p.Member(c.Tenant).ID}, "status": "SUSPENDED"})
			}
		})
		by("the member is suspended, who is one elsewhere", graph.ErrRightLost, func(s scene, name string) (*hearer, func()) {
			c, p := clerk(s, name)
			p.Join(s.Customer("else of "+name).Tenant, testworld.Administrator)
			return s.listens(p.At(other), "rel", c.ID), func() {
				s.does(c.Admin, "setMemberStatus", in{"tenantId": c.ID, "ids": []string{p.Member(c.Tenant).ID}, "status": "SUSPENDED"})
			}
		})
		by("the member is removed", graph.ErrSessionEnded, func(s scene, name string) (*hearer, func()) {
			c, p := clerk(s, name)
			return s.listens(p.At(other), "req", c.ID), func() {
				s.does(c.Admin, "removeMembers", in{"tenantId": c.ID, "ids": []string{p.Member(c.Tenant).ID}})
			}
		})
		by("the role is taken", graph.ErrRightLost, func(s scene, name string) (*hearer, func()) {
			c, p := clerk(s, name)
			return s.listens(p.At(other), "inv", c.ID), func() {
				s.does(c.Admin, "changeRole", in{"memberId": p.Member(c.Tenant).ID, "roleKey": "GUEST_MANAGER"})
			}
		})
		by("the tenant is suspended", graph.ErrRightLost, func(s scene, name string) (*hearer, func()) {
			c, p := clerk(s, name)
			return s.listens(p.At(other), "mem", c.ID), func() { s.does(operator.Admin, "suspendTenant", in{"id": c.ID}) }
		})
		by("the tenant is deleted", graph.ErrSessionEnded, func(s scene, name string) (*hearer, func()) {
			c, p := clerk(s, name)
			return s.listens(p.At(other), "mem", c.ID), func() { s.does(operator.Admin, "deleteTenant", in{"id": c.ID}) }
		})
		by("the relationship ends", graph.ErrRightLost, func(s scene, name string) (*hearer, func()) {
			p, c := s.NewPartner("partner of "+name), s.Customer(name)
			rel := s.Manages(p, c)
			return s.listens(p.Admin.At(other), "mem", c.ID), func() { s.does(c.Admin, "terminateRelationship", in{"id": rel.ID}) }
		})
		by("the assignment ends", graph.ErrRightLost, func(s scene, name string) (*hearer, func()) {
			p, c := s.NewPartner("partner of "+name), s.Customer(name)
			s.Manages(p, c)
			staff := s.Staff(p, "staff of "+name, testworld.Nothing)
			a := s.Assign(p, c, staff, access.ReadOnly)
			return s.listens(staff.At(other), "mem", c.ID), func() { s.does(p.Admin, "revokeAssignments", in{"ids": []string{a.ID}}) }
		})
		by("what was entered ends", graph.ErrSessionEnded, func(s scene, name string) (*hearer, func()) {
			p, c := s.NewPartner("partner of "+name), s.Customer(name)
			rel := s.Manages(p, c)
			entered := p.Admin.Entered(c.ID)
			return s.listens(entered.At(other), "mem", c.ID), func() { s.does(c.Admin, "terminateRelationship", in{"id": rel.ID}) }
		})
		by("what it was entered from ends", graph.ErrSessionEnded, func(s scene, name string) (*hearer, func()) {
			p, c := s.NewPartner("partner of "+name), s.Customer(name)
			s.Manages(p, c)
			entered := p.Admin.Entered(c.ID)
			return s.listens(entered.At(other), "mem", c.ID), func() { p.Admin.Do("mutation { signOut { userErrors { code } } }", nil).OK() }
		})
		by("the API token is revoked", graph.ErrSessionEnded, func(s scene, name string) (*hearer, func()) {
			c := s.Customer(name)
			id, program := s.program(c, "USERS")
			return s.listens(program.At(other), "mem", c.ID), func() { s.does(c.Admin, "revokeApiToken", in{"id": id}) }
		})
		by("the owner of the API token is suspended", graph.ErrSessionEnded, func(s scene, name string) (*hearer, func()) {
			c := s.Customer(name)
			second := s.Staff(c, "second of "+name, testworld.Administrator)
			_, program := s.program(c, "USERS")
			return s.listens(program.At(other), "mem", c.ID), func() {
				s.does(second, "setMemberStatus", in{"tenantId": c.ID, "ids": []string{c.Admin.Member(c.Tenant).ID}, "status": "SUSPENDED"})
			}
		})
		time.Sleep(200 * time.Millisecond)
		for _, e := range all {
			e.goesOn()
			e.deed()
			e.at = time.Now()
		}
		for _, e := range all {
			e.field = e.name + ": " + e.field
			e.ends(e.why, e.at)
		}
	})
}

// program makes an API token of a company's administrator with VIEW on one feature, and returns the program that bears it.
func (s scene) program(c *testworld.Company, feature string) (id string, program *testworld.Person) {
	s.Helper()
	a := s.does(c.Admin, "createApiToken", in{"name": "Token", "scopes": []in{{"feature": feature, "level": "VIEW"}}})
	return a.String("createApiToken.apiToken.id"), s.Bearer(a.String("createApiToken.token"))
}

// TestT08ASubscriptionEndsWithItsTime: a session that only listens becomes idle, and nothing lives longer than it may.
func TestT08ASubscriptionEndsWithItsTime(t *testing.T) {
	eachPair(t, func(s scene, other *testworld.World) {
		p, c := s.NewPartner("acme"), s.Customer("contoso")
		s.Manages(p, c)
		id, token := c.Admin.Token()
		idle := s.listens(s.Bearer(token).At(other), "mem", c.ID)
		_, program := s.program(c, "USERS")
		listening := s.listens(program.At(other), "mem", c.ID)
		staff := s.Staff(p, "staff", testworld.Nothing)
		a := s.Assign(p, c, staff, access.ReadOnly)
		s.must(s.Write.Assignment.UpdateOne(a).SetEndsAt(s.Now().Add(20 * time.Minute)).Exec(s.System()))
		assigned := s.listens(staff.At(other), "mem", c.ID)
		seen := func() string {
			return s.read(fmt.Sprintf("SELECT last_seen_at FROM sessions WHERE id='%s'", id))[0]
		}
		before := seen()
		s.Later(19 * time.Minute)
		m := s.does(c.Admin, "addMembers", in{"tenantId": c.ID, "members": []in{newMember(1, nil)}}).String("addMembers.members.0.id")
		idle.hearsOf(m) // to ask what it looks like would be a use of the session
		listening.hearsOf(m)
		assigned.hears(m)
		s.is("last seen", seen(), before)
		s.Later(2 * time.Minute)
		assigned.ends(graph.ErrRightLost, time.Now())
		idle.goesOn()
		s.Later(10 * time.Minute)
		idle.ends(graph.ErrSessionEnded, time.Now())
		listening.goesOn()
		s.Later(400 * 24 * time.Hour)
		listening.ends(graph.ErrSessionEnded, time.Now())
	})
}

// TestT08WhoeverIsRevokedHearsNothingAfterwards: of what was written after a revocation nothing is told, whatever was about to be
// told as it was committed.
func TestT08WhoeverIsRevokedHearsNothingAfterwards(t *testing.T) {
	eachPair(t, func(s scene, other *testworld.World) {
		other.DB.Read.SetMaxOpenConns(20)
		const rounds, beside = 25, 8
		label := func(c *testworld.Company, m, text string) {
			c.Admin.Do(`mutation($t: ID!, $m: ID!, $l: String!) { updateMembers(input: {tenantId: $t, members: [{id: $m, label: $l}]}) { userErrors { code } } }`,
				testworld.Vars{"t": c.ID, "m": m, "l": text}).OK()
		}
		var heard atomic.Int64
		var all sync.WaitGroup
		for n := range beside {
			all.Go(func() {
				c := s.Customer(fmt.Sprint("contoso ", n))
				about := s.Staff(c, fmt.Sprint("somebody ", n), testworld.Role(access.ReadOnly)).Member(c.Tenant).ID
				for round := range rounds {
					clerk := s.Staff(c, fmt.Sprintf("clerk %d %d", n, round), testworld.Role(access.ReadOnly))
					m := clerk.Member(c.Tenant).ID
					h := s.listens(clerk.At(other), "mem", c.ID)
					label(c, about, fmt.Sprint("before ", round))
					time.Sleep(rand.N(500 * time.Millisecond)) // it is about to be told, or was
					switch round % 3 {
					case 0:
						s.asks(c.Admin, "setMemberStatus", in{"tenantId": c.ID, "ids": []string{m}, "status": "SUSPENDED"}).OK()
					case 1:
						s.asks(c.Admin, "removeMembers", in{"tenantId": c.ID, "ids": []string{m}}).OK()
					default:
						s.must(s.Write.Session.Update().Where(session.UserID(clerk.ID)).SetEndedAt(s.Now()).Exec(s.System()))
					}
					label(c, about, fmt.Sprint("after ", round))
					h.ends(graph.ErrSessionEnded, time.Now())
					responses, _ := h.take()
					for _, r := range responses {
						if strings.Contains(string(r.Data), fmt.Sprintf(`"after %d"`, round)) {
							s.Errorf("round %d: whoever was revoked heard %s", round, r.Data)
						}
					}
					heard.Add(int64(len(responses)))
				}
			})
		}
		all.Wait()
		s.Logf("of %d that were revoked, %d had heard of what was before", rounds*beside, heard.Load())
		if n := heard.Load(); n < rounds || n > rounds*beside*2 {
			s.Errorf("%d were heard", n)
		}
	})
}

// overtaken is a driver of reads of which the first that reads members is overtaken by something.
type overtaken struct {
	*entsql.Driver
	by func()
}

// Query runs what overtakes it first.
func (o *overtaken) Query(ctx context.Context, query string, args, v any) error {
	if by := o.by; by != nil && strings.Contains(query, "FROM `members`") {
		o.by = nil
		by()
	}
	return o.Driver.Query(ctx, query, args, v)
}

// TestT08ARevocationOvertakesWhatIsBeingRead: the viewer may hear of a change as it is begun to be told, and is revoked, and something
// else is changed, before the row is read.
func TestT08ARevocationOvertakesWhatIsBeingRead(t *testing.T) {
	eachPair(t, func(s scene, other *testworld.World) {
		c := s.Customer("contoso")
		clerk := s.Staff(c, "clerk", testworld.Role(access.ReadOnly))
		about := s.Staff(c, "somebody", testworld.Role(access.ReadOnly)).Member(c.Tenant).ID
		reads, events := &overtaken{Driver: entsql.OpenDB(other.DB.Dialect, other.DB.Read)}, make(told, 1)
		api := graph.New(graph.Config{Client: ent.NewClient(ent.Driver(reads)), Dialect: s.DB.Dialect, Service: s.Service, Clock: s.Now, Feed: events,
			Sessions: &auth.Sessions{Read: other.DB.Read, Write: other.DB.Write, Clock: s.Now}})
		stream, refusal := graph.Subscribe(clerk.Context(), api, subscription("memberChanged", "id label"), testworld.Vars{"t": c.ID})
		if stream == nil {
			s.Fatal(codesOf(refusal))
		}
		defer stream.Stop()
		overtook := false
		reads.by = func() {
			overtook = true
			s.does(c.Admin, "setMemberStatus", in{"tenantId": c.ID, "ids": []string{clerk.Member(c.Tenant).ID}, "status": "SUSPENDED"})
			s.does(c.Admin, "updateMembers", in{"tenantId": c.ID, "members": []in{{"id": about, "label": "secret"}}})
		}
		events <- &feed.Event{Targets: []string{about}}
		r, err := stream.Next(context.Background())
		if r != nil {
			s.Errorf("whoever was revoked heard %s", r.Data)
		}
		s.is("ended", errors.Is(err, graph.ErrSessionEnded), true)
		s.is("overtook", overtook, true)
	})
}

// TestASubscriptionWithoutADatabase: while nobody can tell whether it may go on, it goes on for five seconds at most.
func TestASubscriptionWithoutADatabase(t *testing.T) {
	eachPair(t, func(s scene, other *testworld.World) {
		c := s.Customer("contoso")
		h := s.listens(c.Admin.At(other), "mem", c.ID)
		s.must(other.DB.Close())
		time.Sleep(2 * time.Second)
		h.goesOn()
		h.ends(graph.ErrBehind, time.Now())
	})
}
