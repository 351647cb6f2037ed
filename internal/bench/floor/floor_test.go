package floor_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"mandate/internal/access"
	"mandate/internal/auth"
	"mandate/internal/bench/operation"
	"mandate/internal/bench/world"
	"mandate/internal/testdb"
)

// page is a page of customers.
type page struct {
	Data struct {
		Customers struct {
			PageInfo struct {
				HasNextPage bool
				EndCursor   *string
			}
			Nodes []struct {
				ID, Name string
				Members  struct {
					TotalCount int
					Nodes      []struct{ ID string }
				}
			}
		}
	}
}

// customers walks all pages of the customers that somebody reaches, and returns their ids.
func (s *stage) customers(who, token string, first int) (ids []string) {
	s.t.Helper()
	variables := map[string]any{"first": first}
	for n := 1; ; n++ {
		var p page
		if err := json.Unmarshal([]byte(s.good(fmt.Sprintf("page %d of %s", n, who), token, body("AssignedCustomers", variables))), &p); err != nil {
			s.t.Fatal(err)
		}
		for _, c := range p.Data.Customers.Nodes {
			ids = append(ids, c.ID)
		}
		if !p.Data.Customers.PageInfo.HasNextPage {
			return ids
		}
		variables["after"] = *p.Data.Customers.PageInfo.EndCursor
	}
}

func (s *stage) node(what, token, id string) string {
	s.t.Helper()
	return s.good(what, token, body("Customer", map[string]any{"id": id}))
}

func TestTheFloorAnswersAsTheAPIDoes(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		s := newStage(t, url)
		for _, o := range operation.Operations {
			if o.Mutation {
				continue
			}
			for i := range 3 {
				token, request := o.Request(s.World, i)
				if a := s.good(o.Title, token, request); len(a) < 150 {
					t.Errorf("%s: there is next to nothing to compare: %s", o.Title, a)
				}
			}
		}
	})
}

// TestNobodyGetsTheAnswerOfSomebodyElse asks for everything at once.
func TestNobodyGetsTheAnswerOfSomebodyElse(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		s := newStage(t, url)
		var all sync.WaitGroup
		for i := range 4 {
			for _, o := range operation.Operations {
				if o.Mutation {
					continue
				}
				token, request := o.Request(s.World, i)
				want := s.ask(s.api, token, request)
				all.Go(func() {
					for range 10 {
						if got := s.ask(s.floor, token, request); got != want {
							t.Errorf("%s: %+v", o.Title, got)
						}
					}
				})
			}
		}
		all.Wait()
	})
}

func TestTheFloorTurnsPagesAsTheAPIDoes(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		s := newStage(t, url)
		for part, least := range map[world.Part]int{world.PartnerAdmin: 50, world.PartnerStaff: 10, world.SmallPartner: 10} {
			all := s.customers(string(part), s.Tokens[part][0], 7)
			if len(all) < least || len(slices.Compact(slices.Sorted(slices.Values(all)))) != len(all) {
				t.Errorf("%s: %d customers", part, len(all))
			}
			if whole := s.customers(string(part), s.Tokens[part][1], 100); part != world.PartnerStaff && !slices.Equal(whole, all) {
				t.Errorf("%s: pages of 7 have %d customers, pages of 100 %d", part, len(all), len(whole))
			}
		}
		for _, first := range []int{1, 5, 100} {
			s.good("tech partners", s.Tokens[world.PartnerAdmin][0], body("TechPartners", map[string]any{"first": first}))
			s.good("members", s.Tokens[world.CustomerAdmin][0], body("Members", map[string]any{"first": first, "tenant": s.Customer}))
			s.good("audit trail", s.Tokens[world.CustomerAdmin][0], body("Audit", map[string]any{"first": first, "tenant": s.Customer}))
		}
	})
}

// TestEveryWayToCustomers follows groups, several ways at once, and roles of a tenant's own.
func TestEveryWayToCustomers(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		s := newStage(t, url)
		technician := func(scope string) string {
			return s.look("SELECT MIN(gm.member_id) FROM group_members gm JOIN privilege_groups g ON g.id=gm.group_id WHERE g.scope=?", scope)
		}
		everywhere, somewhere := s.signIn(technician("ALL_CUSTOMERS")), s.signIn(technician("SPECIFIC_CUSTOMERS"))
		admin := s.customers("an administrator", s.Tokens[world.PartnerAdmin][0], 100)
		if all := s.customers("a group of all customers", everywhere, 11); !slices.Equal(all, admin) {
			t.Errorf("a group of all customers reaches %d, an administrator %d", len(all), len(admin))
		}
		some := s.customers("a group of some customers", somewhere, 2)
		if len(some) < 2 || len(some) >= len(admin) {
			t.Errorf("a group of some customers reaches %d of %d", len(some), len(admin))
		}
		guests, _ := access.SystemRoleByKey(access.GuestManager)
		s.exec("INSERT INTO group_members (id, tenant_id, group_id, member_id) SELECT 'gme_twice00000000000000000000a', tenant_id, id, ? FROM privilege_groups WHERE scope='SPECIFIC_CUSTOMERS'", technician("ALL_CUSTOMERS"))
		s.exec("UPDATE privilege_groups SET role_id=? WHERE scope='SPECIFIC_CUSTOMERS'", guests.ID)
		if all := s.customers("two groups, one of which gives little", everywhere, 3); !slices.Equal(all, admin) {
			t.Errorf("two groups reach %d, an administrator %d", len(all), len(admin))
		}

		// Somebody who works for the large partner and administers the small one, and one of the large one's customers.
		busy := s.Tokens[world.PartnerStaff][3]
		before := s.customers("staff", busy, 100)
		s.join(s.owner(busy), s.look("SELECT tenant_id FROM members WHERE user_id=?", s.owner(s.Tokens[world.SmallPartner][0])), true, nil)
		s.join(s.owner(busy), before[0], true, nil)
		if after := s.customers("staff of two", busy, 4); len(after) != len(before)+10 {
			t.Errorf("staff of two partners reaches %d customers, of one %d", len(after), len(before))
		}
		// A ceiling of the customer's own, which lets through all that the list reads.
		limited := admin[len(admin)/2]
		s.exec("INSERT INTO roles (id, version, created_at, updated_at, tenant_id, name) VALUES ('rol_limited000000000000000000a', 1, ?, ?, ?, 'Limited')", s.now, s.now, limited)
		for i, f := range []access.Feature{access.Tenant, access.Users, access.Sites, access.ServicesAdmin} {
			s.exec("INSERT INTO role_permissions (id, role_id, tenant_id, feature, level) VALUES (?, 'rol_limited000000000000000000a', ?, ?, 1)", fmt.Sprintf("rpm_limited0000000000000000%03d", i), limited, string(f))
		}
		s.exec("UPDATE relationships SET role_id='rol_limited000000000000000000a' WHERE active_customer_id=?", limited)
		if again := s.customers("an administrator under another ceiling", s.Tokens[world.PartnerAdmin][0], 100); !slices.Equal(again, admin) {
			t.Errorf("%d customers, %d before", len(again), len(admin))
		}
		s.node("a customer under another ceiling", s.Tokens[world.PartnerAdmin][0], limited)
	})
}

// TestTheFloorShowsNobodyMoreThanTheAPI takes away, one by one, what an administrator of a partner reaches a customer by.
func TestTheFloorShowsNobodyMoreThanTheAPI(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		s := newStage(t, url)
		token, id := s.Tokens[world.PartnerAdmin][0], s.Points[1]
		staff := s.signIn(s.look("SELECT MIN(a.grantee_id) FROM assignments a JOIN members m ON m.id=a.grantee_id WHERE a.tenant_id=? AND a.granter_id=? AND a.status='ACTIVE' AND a.ends_at IS NULL", id, s.Partner))
		gone := func(what string, also ...string) {
			t.Helper()
			for who, token := range map[string]string{"administrator": token, "staff": staff} {
				if slices.Contains(also, "but "+who) {
					continue
				}
				if slices.Contains(s.customers(what+", "+who, token, 100), id) {
					t.Errorf("%s: %s still has the customer", what, who)
				}
			}
			if a := s.node(what, token, id); strings.Contains(a, id) && !slices.Contains(also, "but administrator") {
				t.Errorf("%s: the node is there: %s", what, a)
			}
		}
		if !slices.Contains(s.customers("at first", token, 100), id) || !slices.Contains(s.customers("at first", staff, 100), id) || !strings.Contains(s.node("at first", token, id), id) {
			t.Fatal("the customer is out of reach from the beginning")
		}
		const set = "UPDATE relationships SET status=?, starts_at=?, ends_at=? WHERE active_customer_id=?"
		began := s.now.Add(-time.Hour)
		s.exec(set, "SUSPENDED", began, nil, id)
		gone("a suspended relationship")
		s.exec(set, "ACTIVE", began, s.now, id)
		gone("a relationship that ends now")
		s.exec(set, "ACTIVE", s.now.Add(time.Minute), nil, id)
		gone("a relationship that has not begun")
		s.exec(set, "ACTIVE", began, nil, id)
		s.exec("UPDATE relationships SET kind='CUSTOMER_DESIGNATED' WHERE active_customer_id=? AND kind<>?", id, "x")
		s.exec("UPDATE tenants SET status='SUSPENDED' WHERE id=?", id)
		gone("a suspended customer")
		s.exec("UPDATE relationships SET kind='PARTNER_OF_RECORD' WHERE active_customer_id=?", id)
		gone("a suspended customer of a partner of record", "but administrator")
		if !slices.Contains(s.customers("a suspended customer of a partner of record", token, 100), id) {
			t.Error("whoever may reactivate the customer does not see it")
		}
		s.exec("UPDATE tenants SET status='ACTIVE' WHERE id=?", id)
		const period = "UPDATE assignments SET starts_at=?, ends_at=? WHERE tenant_id=? AND granter_id=? AND status='ACTIVE'"
		s.exec(period, began, s.now, id, s.Partner)
		gone("assignments that end now", "but administrator")
		s.exec(period, s.now.Add(time.Second), nil, id, s.Partner)
		gone("assignments that have not begun", "but administrator")
		s.exec(period, began, nil, id, s.Partner)
		if !slices.Contains(s.customers("at last", staff, 100), id) {
			t.Error("staff has lost the customer for good")
		}
		s.exec("UPDATE assignments SET status='REVOKED' WHERE tenant_id=? AND granter_id=?", id, s.Partner)
		gone("revoked assignments", "but administrator")

		small := s.Tokens[world.SmallPartner][0]
		for _, theirs := range s.customers("another partner", small, 100) {
			if slices.Contains(s.Points, theirs) {
				t.Errorf("another partner sees %s", theirs)
			}
		}
		if a := s.node("another partner", small, id); strings.Contains(a, id) {
			t.Errorf("another partner looks at %s", a)
		}
		left := "UPDATE members SET status=? WHERE user_id=?"
		s.exec(left, "SUSPENDED", s.owner(token))
		if left := s.customers("somebody who is suspended", token, 100); len(left) > 0 {
			t.Errorf("somebody who is suspended in the partner reaches %d customers", len(left))
		}
		s.exec(left, "ACTIVE", s.owner(token))
		s.exec("UPDATE tenants SET status='SUSPENDED' WHERE id=?", s.Partner)
		if left := s.customers("people of a suspended partner", token, 100); len(left) > 0 {
			t.Errorf("people of a suspended partner reach %d customers", len(left))
		}
		other := map[string]any{"tenant": s.Points[0], "first": 50}
		if s.Points[0] == s.Customer {
			other["tenant"] = id
		}
		for _, name := range []string{"Members", "Audit"} {
			if a := s.good(name+" of another customer", s.Tokens[world.CustomerAdmin][0], body(name, other)); !strings.Contains(a, `"tenant":null`) {
				t.Errorf("%s of another customer: %s", name, a)
			}
		}
	})
}

// TestTheTrailNamesWhatIsSeen makes events about what the viewer does not see, or that concern the tenant as the other one.
func TestTheTrailNamesWhatIsSeen(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		s := newStage(t, url)
		trail := func(what string, named int) {
			t.Helper()
			a := s.good(what, s.Tokens[world.CustomerAdmin][0], body("Audit", map[string]any{"first": 50, "tenant": s.Customer}))
			if n := strings.Count(a, `"targetName":"`); n != named {
				t.Errorf("%s: %d names of 50", what, n)
			}
		}
		newest := func(action string, nth int) string {
			return s.look(fmt.Sprintf("SELECT id FROM audit_events WHERE tenant_id=? AND action=? ORDER BY at DESC LIMIT 1 OFFSET %d", nth), s.Customer, action)
		}
		syncs := 0
		for _, at := range s.rows("SELECT action, at FROM (SELECT action, at FROM audit_events WHERE tenant_id='" + s.Customer + "' ORDER BY at DESC LIMIT 50) e") {
			if strings.Contains(at[0], "inventory.synced") {
				syncs++
			}
		}
		trail("as it is", 50-syncs)
		elsewhere := s.Points[0]
		if elsewhere == s.Customer {
			elsewhere = s.Points[1]
		}
		member, stranger := s.look("SELECT MIN(id) FROM members WHERE tenant_id=?", elsewhere), s.look("SELECT MIN(user_id) FROM members WHERE tenant_id=?", elsewhere)
		s.exec("UPDATE audit_events SET target_id=? WHERE id=?", member, newest("member.updated", 0))
		trail("a member of another tenant", 49-syncs)
		s.exec("UPDATE audit_events SET target_id=? WHERE id=?", elsewhere, newest("member.updated", 1))
		trail("another tenant", 48-syncs)
		s.exec("UPDATE audit_events SET target_id=?, action='invitation.accepted' WHERE id=?", s.look("SELECT MIN(id) FROM invitations WHERE customer_id=?", s.look("SELECT MIN(customer_id) FROM invitations WHERE customer_id<>?", s.Customer)), newest("member.updated", 2))
		trail("an invitation of others", 47-syncs)
		email := s.look("SELECT email_canonical FROM users WHERE id=?", s.owner(s.Tokens[world.CustomerAdmin][0]))
		const addressed = "UPDATE invitations SET email_canonical=? WHERE id=(SELECT target_id FROM audit_events WHERE id=?)"
		invited := newest("invitation.accepted", 0)
		s.exec(addressed, email, invited)
		trail("an invitation to the viewer's own address", 48-syncs)
		s.exec(addressed, nil, invited)
		s.exec("UPDATE audit_events SET target_id=NULL WHERE id=?", newest("member.updated", 3))
		trail("about several members", 47-syncs)
		s.exec("UPDATE audit_events SET tenant_id=?, other_tenant_id=?, actor_id=?, actor_name=NULL, target_id=NULL WHERE id=?", elsewhere, s.Customer, stranger, newest("member.updated", 4))
		trail("what happened elsewhere", 46-syncs)
		s.exec("UPDATE audit_events SET tenant_id=?, other_tenant_id=? WHERE id=?", elsewhere, s.Customer, newest("tenant.updated", 0))
		trail("what became of another tenant", 45-syncs)
		s.exec("UPDATE audit_events SET other_tenant_id=tenant_id WHERE id=?", newest("member.updated", 5))
		trail("what concerns the tenant twice", 45-syncs)
	})
}

// TestTechPartnersAreCountedAlike changes what is counted, and who is listed.
func TestTechPartnersAreCountedAlike(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		s := newStage(t, url)
		last := ""
		list := func(what string) {
			t.Helper()
			a := s.good(what, s.Tokens[world.PartnerAdmin][0], body("TechPartners", map[string]any{"first": 100}))
			if a == last {
				t.Errorf("%s: nothing is different", what)
			}
			last = a
		}
		list("as they are")
		tech := func(nth int) string {
			return s.look(fmt.Sprintf("SELECT id FROM tenants WHERE managed_by_id=? ORDER BY id LIMIT 1 OFFSET %d", nth), s.Partner)
		}
		s.exec("UPDATE tenants SET status='SUSPENDED' WHERE id=?", tech(0))
		list("a suspended one")
		s.exec("UPDATE tenants SET status='DELETED' WHERE id=?", tech(1))
		list("a deleted one")
		of := func(nth int) (assignment, member string) {
			assignment = s.look("SELECT MIN(a.id) FROM assignments a JOIN members m ON m.id=a.grantee_id WHERE a.tenant_id=? AND a.status='ACTIVE' AND (a.ends_at IS NULL OR a.ends_at>?)", tech(nth), s.now)
			return assignment, s.look("SELECT grantee_id FROM assignments WHERE id=?", assignment)
		}
		a, _ := of(2)
		s.exec("UPDATE assignments SET ends_at=? WHERE id=?", s.now, a)
		list("a delegation that is over")
		a, _ = of(2)
		s.exec("UPDATE assignments SET starts_at=? WHERE id=?", s.now.Add(time.Second), a)
		list("a delegation that has not begun")
		_, m := of(3)
		s.exec("UPDATE members SET status='SUSPENDED' WHERE id=?", m)
		list("a delegate who is suspended")
		s.exec("UPDATE members SET status='ACTIVE', administrator=? WHERE id=?", true, m)
		s.exec("UPDATE members SET status='SUSPENDED' WHERE tenant_id=? AND administrator=?", tech(2), true)
		list("administrators who are suspended")
		s.exec("UPDATE assignments SET status='REVOKED' WHERE id=?", s.look("SELECT MIN(a.id) FROM assignments a JOIN partners p ON p.id=a.grantee_id WHERE p.tenant_id=? AND a.status='ACTIVE' AND (a.ends_at IS NULL OR a.ends_at>?)", tech(4), s.now))
		list("a customer that was taken back")
	})
}

// TestLessThanAllIsNotMeasured: where the API answers with errors for what somebody lacks, the floor says nothing at all.
func TestLessThanAllIsNotMeasured(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		s := newStage(t, url)
		refused := func(what, token string, request []byte) {
			t.Helper()
			if a := s.ask(s.api, token, request); !strings.Contains(a.body, `"errors":`) {
				t.Errorf("%s: the API answers without errors: %.200s", what, a.body)
			}
			if a := s.ask(s.floor, token, request); a.status != 500 || strings.TrimSpace(a.body) != "not measured" {
				t.Errorf("%s: the floor answers %+v", what, a)
			}
		}
		guests, _ := access.SystemRoleByKey(access.GuestManager) // sees tenants and guests, and neither sites nor members
		staff := s.Tokens[world.PartnerStaff][0]
		s.exec("UPDATE assignments SET role_id=? WHERE grantee_id=?", guests.ID, s.look("SELECT id FROM members WHERE user_id=?", s.owner(staff)))
		refused("customers by low assignments", staff, body("AssignedCustomers", map[string]any{"first": 100}))
		technician := s.signIn(s.look("SELECT MIN(gm.member_id) FROM group_members gm JOIN privilege_groups g ON g.id=gm.group_id WHERE g.scope='ALL_CUSTOMERS'"))
		s.exec("UPDATE privilege_groups SET role_id=? WHERE scope='ALL_CUSTOMERS'", guests.ID)
		refused("customers by a low group", technician, body("AssignedCustomers", map[string]any{"first": 100}))
		s.exec("UPDATE relationships SET role_id=? WHERE active_customer_id=?", guests.ID, s.Points[0])
		admin := s.Tokens[world.PartnerAdmin][0]
		refused("customers under a low ceiling", admin, body("AssignedCustomers", map[string]any{"first": 100}))
		member := s.Members[0]
		s.exec("UPDATE members SET role_id=? WHERE id=?", guests.ID, member)
		low := s.signIn(member)
		refused("members, for somebody who sees guests", low, body("Members", map[string]any{"first": 100, "tenant": s.Customer}))
		refused("audit trail, for somebody who sees guests", low, body("Audit", map[string]any{"first": 100, "tenant": s.Customer}))
		readOnly, _ := access.SystemRoleByKey(access.ReadOnly)
		s.exec("UPDATE members SET role_id=?, guest=? WHERE id=?", readOnly.ID, true, member)
		refused("members, for a guest", low, body("Members", map[string]any{"first": 100, "tenant": s.Customer}))
		s.node("the own customer", s.Tokens[world.CustomerAdmin][0], s.Customer)
	})
}

func TestWhoseSessionEndedIsRefused(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		s := newStage(t, url)
		request := body("AssignedCustomers", map[string]any{"first": 50})
		refused := func(what, token string) {
			t.Helper()
			if s.both(what, token, request); s.ask(s.floor, token, request).status != 401 {
				t.Errorf("%s: it is answered", what)
			}
		}
		token := s.signIn(s.look("SELECT id FROM members WHERE user_id=?", s.owner(s.Tokens[world.SmallPartner][0])))
		hash, _ := auth.TokenHash(token)
		s.good("a session", token, request)
		s.exec("UPDATE sessions SET ended_at=? WHERE token_hash=?", s.now, hash)
		refused("a session that was ended", token)
		s.exec("UPDATE sessions SET ended_at=NULL, expires_at=? WHERE token_hash=?", s.now, hash)
		refused("a session that expired", token)
		s.exec("UPDATE sessions SET expires_at=?, last_seen_at=? WHERE token_hash=?", s.now.Add(time.Hour), s.now.Add(-auth.SessionIdle), hash)
		refused("a session that was idle", token)
		s.exec("UPDATE sessions SET last_seen_at=? WHERE token_hash=?", s.now.Add(-2*time.Minute), hash)
		if s.ask(s.floor, token, request).status != 200 || s.look("SELECT COUNT(*) FROM sessions WHERE token_hash=? AND last_seen_at=?", hash, s.now) != "1" {
			t.Error("the use of a session is not noted")
		}
		refused("an unknown token", strings.Repeat("A", 43))
		refused("no token", "")
	})
}
