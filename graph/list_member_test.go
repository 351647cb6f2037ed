package graph_test

import (
	"cmp"
	"fmt"
	"slices"
	"testing"
	"time"

	"mandate/ent"
	"mandate/ent/member"
	"mandate/internal/mandate"
	"mandate/internal/testworld"
)

// manyMembers makes a customer with members of equal names, in every status, who signed in at equal moments or never; every
// fourth is a guest.
func (s scene) manyMembers() (c *testworld.Company, all []*ent.Member) {
	s.Helper()
	c = s.Customer("Contoso")
	names := []string{"Same", "same", "Ａnna", "Zoë", "Éva", "anna", "😀"}
	standing := []member.Status{member.StatusActive, member.StatusSuspended, member.StatusPendingApproval, member.StatusRemoved, member.StatusPendingEmailValidation}
	for n := range 29 {
		u, err := s.Write.User.Create().SetEmail(fmt.Sprint(n, "@example.com")).SetEmailCanonical(fmt.Sprint(n, "@example.com")).Save(s.System())
		s.must(err)
		create := s.Write.Member.Create().SetTenantID(c.ID).SetUserID(u.ID).SetFirstName(names[n%len(names)]).SetLastName("X").
			SetSortName(mandate.SortName(names[n%len(names)] + " X")).SetHandle(fmt.Sprint(n)).SetLabel("x").SetGuest(n%4 == 0).SetStatus(standing[n%len(standing)])
		if n%3 > 0 {
			create.SetLastSignedInAt(s.Now().Add(time.Duration(n%3-n%2) * time.Microsecond))
		}
		s.must(create.Exec(s.System()))
	}
	all, err := s.Write.Member.Query().Where(member.TenantID(c.ID)).All(s.System())
	s.must(err)
	return c, all
}

// memberOrders are the orders of a list of members: by what, then by the id.
var memberOrders = map[string]func(a, b *ent.Member) int{
	"NAME": func(a, b *ent.Member) int {
		return cmp.Or(cmp.Compare(a.SortName, b.SortName), cmp.Compare(a.ID, b.ID))
	},
	"STATUS": func(a, b *ent.Member) int {
		along := []member.Status{member.StatusPendingEmailValidation, member.StatusPendingApproval, member.StatusActive, member.StatusSuspended, member.StatusRemoved}
		return cmp.Or(cmp.Compare(slices.Index(along, a.Status), slices.Index(along, b.Status)), cmp.Compare(a.SortName, b.SortName), cmp.Compare(a.ID, b.ID))
	},
	"LAST_SIGNED_IN_AT": func(a, b *ent.Member) int {
		at := func(m *ent.Member) int64 {
			if m.LastSignedInAt == nil {
				return 0
			}
			return m.LastSignedInAt.UnixMicro()
		}
		return cmp.Or(cmp.Compare(at(a), at(b)), cmp.Compare(a.ID, b.ID))
	},
}

// pages walks through a list of members, and returns the ids in its order.
func (s scene) pages(p *testworld.Person, tenantID string, backward bool, size int, orderBy, filter in, count int) []string {
	s.Helper()
	bound, cursor, from, more := "first", "after", "endCursor", "hasNextPage"
	if backward {
		bound, cursor, from, more = "last", "before", "startCursor", "hasPreviousPage"
	}
	query := fmt.Sprintf(`query($t: ID!, $n: Int!, $c: String, $o: MemberOrder, $f: MemberFilter) { tenant(id: $t) { members(%s: $n, %s: $c, orderBy: $o, filter: $f) {
		totalCount nodes { id } edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } }`, bound, cursor)
	var ids []string
	var at any
	for range count + 1 {
		a := p.Do(query, vars{"t": tenantID, "n": size, "c": at, "o": orderBy, "f": filter}).OK()
		s.is("totalCount", a.At("tenant.members.totalCount"), any(float64(count)))
		page := a.Column("tenant.members.nodes", "id")
		s.sees(a.Column("tenant.members.edges", "node.id"), page...)
		if backward {
			ids = append(page, ids...)
		} else {
			ids = append(ids, page...)
		}
		if at = a.At("tenant.members.pageInfo." + from); a.At("tenant.members.pageInfo."+more) != true {
			return ids
		}
		if len(page) != size {
			s.Fatalf("a page of %d has %d rows, and more follow", size, len(page))
		}
	}
	s.Fatal("the list does not end")
	return nil
}

// TestMembersInEveryOrder: every row once, in order, whichever way and however small the pages.
func TestMembersInEveryOrder(t *testing.T) {
	eachScene(t, func(s scene) {
		c, all := s.manyMembers()
		manager := s.Staff(c, "zz manager", testworld.Role("GUEST_MANAGER"))
		all = append(all, manager.Member(c.Tenant))
		present := func(m *ent.Member) bool { return m.Status != member.StatusRemoved }
		everyone := in{"status": []string{"ACTIVE", "SUSPENDED", "PENDING_APPROVAL", "REMOVED", "PENDING_EMAIL_VALIDATION"}}
		for _, v := range []struct {
			who    string
			p      *testworld.Person
			filter in
			sees   func(*ent.Member) bool
			orders []string
		}{
			{"an administrator", c.Admin, nil, present, []string{"NAME", "STATUS", "LAST_SIGNED_IN_AT"}},
			{"an administrator who asks for removed ones too", c.Admin, everyone, func(*ent.Member) bool { return true }, []string{"NAME", "STATUS", "LAST_SIGNED_IN_AT"}},
			{"an administrator who asks for removed ones only", c.Admin, in{"status": []string{"REMOVED"}}, func(m *ent.Member) bool { return !present(m) }, []string{"NAME", "STATUS"}},
			{"an administrator who asks for two statuses of a name", c.Admin, in{"status": []string{"SUSPENDED", "ACTIVE", "ACTIVE"}, "search": "sa"}, func(m *ent.Member) bool {
				return (m.Status == member.StatusActive || m.Status == member.StatusSuspended) && m.SortName == "same x"
			}, []string{"NAME", "STATUS", "LAST_SIGNED_IN_AT"}},
			{"a guest manager", manager, nil, func(m *ent.Member) bool { return present(m) && (m.Guest || m.UserID == manager.ID) }, []string{"NAME", "STATUS"}},
		} {
			for _, by := range v.orders {
				s.then(v.who+", by "+by, func(s scene) {
					var want []string
					rows := slices.SortedFunc(slices.Values(all), memberOrders[by])
					for _, m := range rows {
						if v.sees(m) {
							want = append(want, m.ID)
						}
					}
					for _, direction := range []string{"ASC", "DESC"} {
						for _, backward := range []bool{false, true} {
							for _, size := range []int{1, 2, 3, 7, 100} {
								got := s.pages(v.p, c.ID, backward, size, in{"field": by, "direction": direction}, v.filter, len(want))
								if !slices.Equal(got, want) {
									s.Errorf("%s, backward %v, by %d: %v; want %v", direction, backward, size, got, want)
								}
							}
						}
						slices.Reverse(want)
					}
				})
			}
		}
	})
}

// TestAMembersCursorBelongsToItsOrder: a cursor of another order is none, and an order tells no more than its field.
func TestAMembersCursorBelongsToItsOrder(t *testing.T) {
	eachScene(t, func(s scene) {
		c, _ := s.manyMembers()
		manager := s.Staff(c, "manager", testworld.Role("GUEST_MANAGER"))
		const query = `query($t: ID!, $c: String, $o: MemberOrder) { tenant(id: $t) { members(first: 1, after: $c, orderBy: $o) { nodes { id } pageInfo { endCursor } } } }`
		cursors := make(map[string]string)
		for by := range memberOrders {
			cursors[by] = c.Admin.Do(query, vars{"t": c.ID, "o": in{"field": by}}).OK().String("tenant.members.pageInfo.endCursor")
		}
		s.then("a cursor of another order is refused", func(s scene) {
			for of, cursor := range cursors {
				for by := range memberOrders {
					a := c.Admin.Do(query, vars{"t": c.ID, "c": cursor, "o": in{"field": by}})
					if of == by {
						a.OK()
					} else {
						s.is(of+" for "+by, a.Errors(), []string{"BAD_USER_INPUT at tenant.members"})
					}
				}
			}
			c.Admin.Do(query, vars{"t": c.ID, "c": cursors["NAME"]}).OK() // the order when none is named
		})
		s.then("whoever may not read when people signed in is not told by the order either", func(s scene) {
			for _, direction := range []string{"ASC", "DESC"} {
				s.is("errors", manager.Do(query, vars{"t": c.ID, "o": in{"field": "LAST_SIGNED_IN_AT", "direction": direction}}).Errors(), []string{"FORBIDDEN at tenant.members"})
			}
			for _, by := range []string{"NAME", "STATUS"} {
				manager.Do(query, vars{"t": c.ID, "o": in{"field": by}}).OK()
			}
		})
		s.then("nor by a cursor of that order", func(s scene) {
			s.is("errors", manager.Do(query, vars{"t": c.ID, "c": cursors["LAST_SIGNED_IN_AT"]}).Errors(), []string{"BAD_USER_INPUT at tenant.members"})
		})
	})
}
