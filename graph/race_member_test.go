package graph_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"entgo.io/ent/dialect"

	"mandate/ent/relationship"
	"mandate/internal/testdb"
	"mandate/internal/testworld"
)

const (
	addSome    = `mutation($t: ID!, $m: [NewMemberInput!]!) { addMembers(input: {tenantId: $t, members: $m}) { members { id } userErrors { code field } } }`
	updateSome = `mutation($t: ID!, $m: [MemberChangeInput!]!) { updateMembers(input: {tenantId: $t, members: $m}) { members { id version } userErrors { code field } } }`
	removeSome = `mutation($t: ID!, $ids: [ID!]!) { removeMembers(input: {tenantId: $t, ids: $ids}) { removedIds userErrors { code field } } }`
	setSome    = `mutation($t: ID!, $ids: [ID!]!, $s: MemberStatus!) { setMemberStatus(input: {tenantId: $t, ids: $ids, status: $s}) { members { id } userErrors { code field } } }`
	sendSome   = `mutation($t: ID!, $ids: [ID!]!) { sendPasswordLinks(input: {tenantId: $t, ids: $ids}) { members { id } userErrors { code field } } }`
)

// expectSoundMembers holds memberships against what is true of them after any race whatever.
func expectSoundMembers(t *testing.T, w *testworld.World) {
	t.Helper()
	for what, query := range map[string]string{
		"removed members that hold a place": `SELECT COUNT(*) FROM members WHERE status='REMOVED' AND (present_user_id IS NOT NULL OR present_handle IS NOT NULL OR administrator OR role_id IS NOT NULL)`,
		"people who are members twice":      `SELECT COUNT(*) FROM (SELECT tenant_id, user_id FROM members WHERE status<>'REMOVED' GROUP BY tenant_id, user_id HAVING COUNT(*)>1) x`,
		"levels of removed members":         `SELECT COUNT(*) FROM member_permissions p JOIN members m ON m.id=p.member_id WHERE m.status='REMOVED'`,
		"sites of removed members":          `SELECT COUNT(*) FROM member_sites s JOIN members m ON m.id=s.member_id WHERE m.status='REMOVED'`,
		"open assignments of removed ones":  `SELECT COUNT(*) FROM assignments a JOIN members m ON m.id=a.grantee_id WHERE m.status='REMOVED' AND a.open_key IS NOT NULL`,
		"links that removed members hold": `SELECT COUNT(*) FROM one_time_tokens o WHERE o.used_at IS NULL AND o.tenant_id IS NOT NULL AND NOT EXISTS
			(SELECT 1 FROM members m WHERE m.tenant_id=o.tenant_id AND m.user_id=o.user_id AND m.status<>'REMOVED')`,
		"sessions of people who are members nowhere": `SELECT COUNT(*) FROM sessions s WHERE s.ended_at IS NULL AND NOT EXISTS (SELECT 1 FROM members m WHERE m.user_id=s.user_id AND m.status='ACTIVE')`,
	} {
		if n := one(t, w, query); n != 0 {
			t.Errorf("%d %s", n, what)
		}
	}
}

func TestOneOfSixteenEditsWins(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		w := testworld.New(t, url)
		c := w.Customer("Contoso")
		other := w.Staff(c, "other", testworld.Administrator)
		var ids []string
		for n := range 3 {
			ids = append(ids, w.Staff(c, fmt.Sprint("desk ", n), testworld.Nothing).Member(c.Tenant).ID)
		}
		for version := 1; version <= 3; version++ {
			before := events(t, w)
			var asks []ask
			for n := range 16 {
				var rows []in
				for i := range ids {
					rows = append(rows, in{"id": ids[(i+n)%len(ids)], "version": version, "label": fmt.Sprintf("%d of %d", n, version),
						"permissions": catalogueLevels("orders", []string{"VIEW", "MANAGE"}[n%2])})
				}
				asks = append(asks, ask{[]*testworld.Person{c.Admin, other}[n%2], updateSome, vars{"t": c.ID, "m": rows}})
			}
			outcomes := race(asks...)
			expectTally(t, outcomes, map[string]int{"OK": 1,
				"STALE_VERSION at input.members.0.version, STALE_VERSION at input.members.1.version, STALE_VERSION at input.members.2.version": 15})
			expectEvents(t, w, before, outcomes)
			won := slices.Index(outcomes, "OK")
			if n := one(t, w, "SELECT COUNT(*) FROM members WHERE version=? AND label=?", version+1, fmt.Sprintf("%d of %d", won, version)); n != len(ids) {
				t.Errorf("%d members are as the winner left them; want %d", n, len(ids))
			}
			if n := one(t, w, "SELECT COUNT(*) FROM member_permissions WHERE level=?", won%2+1); n != len(ids) {
				t.Errorf("%d levels are as the winner gave them; want %d", n, len(ids))
			}
			if n := one(t, w, "SELECT COUNT(*) FROM member_permissions"); n != len(ids) {
				t.Errorf("%d levels; want %d", n, len(ids))
			}
		}
	})
}

// TestEveryWayOutForTheLastAdministrator: five administrators are removed, demoted, suspended and leave, all at once.
func TestEveryWayOutForTheLastAdministrator(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		w := testworld.New(t, url)
		p := w.NewPartner("Acme")
		for round := range 4 {
			c := w.Customer(fmt.Sprintf("Contoso %d", round))
			w.Connect(p, c, "PRIME_ADMIN", relationship.KindPartnerOfRecord)
			people, ids := []*testworld.Person{c.Admin}, []string{c.Admin.Member(c.Tenant).ID}
			for n := range 4 {
				people = append(people, w.Staff(c, fmt.Sprintf("admin %d %d", round, n), testworld.Administrator))
				ids = append(ids, people[n+1].Member(c.Tenant).ID)
			}
			before := events(t, w)
			outcomes := race(
				ask{p.Admin, removeSome, vars{"t": c.ID, "ids": ids[:1]}},
				ask{p.Admin, updateSome, vars{"t": c.ID, "m": []in{{"id": ids[1], "roleKey": "READ_ONLY"}}}},
				ask{p.Admin, changeOne, vars{"m": ids[2], "r": "READ_ONLY"}},
				ask{p.Admin, setSome, vars{"t": c.ID, "ids": ids[3:4], "s": "SUSPENDED"}},
				ask{people[4], leaveOne, vars{"id": c.ID}})
			for i, at := range []string{"ids.0", "members.0.administrator", "memberId", "ids.0", "tenantId"} {
				if outcomes[i] != "OK" && outcomes[i] != "LAST_ADMINISTRATOR at input."+at {
					t.Errorf("way %d: %s", i, outcomes[i])
				}
			}
			if n := tally(outcomes)["OK"]; n != 4 {
				t.Errorf("%d of five went; want 4: %v", n, outcomes)
			}
			if n := one(t, w, "SELECT COUNT(*) FROM members WHERE tenant_id=? AND administrator AND status='ACTIVE'", c.ID); n != 1 {
				t.Errorf("%d active administrators are left; want 1", n)
			}
			expectEvents(t, w, before, outcomes)
			expectSoundMembers(t, w)
		}
	})
}

func TestOnePersonInManyTenantsAtOnce(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		w := testworld.New(t, url)
		var companies []*testworld.Company
		for n := range 6 {
			companies = append(companies, w.Customer(fmt.Sprint("Contoso ", n)))
		}
		for round := range 4 {
			address := fmt.Sprintf("ada%d@example.com", round)
			before := events(t, w)
			var asks []ask
			for n, c := range companies {
				typed := []string{address, strings.ToUpper(address), " " + address}[n%3]
				asks = append(asks, ask{c.Admin, addSome, vars{"t": c.ID, "m": []in{newMember(round, in{"email": typed})}}})
			}
			outcomes := race(asks...)
			expectTally(t, outcomes, map[string]int{"OK": len(companies)})
			expectEvents(t, w, before, outcomes)
			if n := one(t, w, "SELECT COUNT(*) FROM users WHERE email=?", address); n != 1 {
				t.Errorf("%d accounts for one address; want 1", n)
			}
			if n := one(t, w, "SELECT COUNT(*) FROM members m JOIN users u ON u.id=m.user_id WHERE u.email_canonical=?", address); n != len(companies) {
				t.Errorf("a member of %d tenants; want %d", n, len(companies))
			}
			if n := len(w.Mails(address)); n != len(companies) {
				t.Errorf("%d mails; want %d", n, len(companies))
			}
		}
	})
}

func TestOnePlaceForOnePerson(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		w := testworld.New(t, url)
		c := w.Customer("Contoso")
		other := w.Staff(c, "other", testworld.Administrator)
		for round := range 4 {
			before := events(t, w)
			var asks []ask
			for n := range 8 {
				asks = append(asks, ask{[]*testworld.Person{c.Admin, other}[n%2], addSome,
					vars{"t": c.ID, "m": []in{newMember(10*round+n, in{"email": fmt.Sprintf("ada%d@example.com", round)})}}})
			}
			outcomes := race(asks...)
			expectTally(t, outcomes, map[string]int{"OK": 1, "ALREADY_MEMBER at input.members.0.email": 7})
			expectEvents(t, w, before, outcomes)
			if n := len(w.Mails(fmt.Sprintf("ada%d@example.com", round))); n != 1 {
				t.Errorf("%d mails; want 1", n)
			}
		}
		expectSoundMembers(t, w)
	})
}

func TestAUserIDIsTakenOnce(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		w := testworld.New(t, url)
		c := w.Customer("Contoso")
		for round := range 4 {
			handle := fmt.Sprint("Desk", round)
			var asks []ask
			for n := range 4 {
				m := w.Staff(c, fmt.Sprintf("staff %d %d", round, n), testworld.Nothing).Member(c.Tenant).ID
				asks = append(asks,
					ask{c.Admin, updateSome, vars{"t": c.ID, "m": []in{{"id": m, "userId": strings.ToUpper(handle)}}}},
					ask{c.Admin, addSome, vars{"t": c.ID, "m": []in{newMember(10*round+n, in{"userId": handle})}}})
			}
			before := events(t, w)
			outcomes := race(asks...)
			expectTally(t, outcomes, map[string]int{"OK": 1, "CONFLICT at input.members.0.userId": len(asks) - 1})
			expectEvents(t, w, before, outcomes)
			if n := one(t, w, "SELECT COUNT(*) FROM members WHERE present_handle=?", strings.ToLower(handle)); n != 1 {
				t.Errorf("%d members have the User ID; want 1", n)
			}
		}
	})
}

// TestNothingIsGivenToWhoIsRemoved: while somebody is removed, others change them, suspend them, mail them, assign them, and
// add them again.
func TestNothingIsGivenToWhoIsRemoved(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		w := testworld.New(t, url)
		p, c := w.NewPartner("Acme"), w.Customer("Contoso")
		w.Manages(p, c)
		for round := range 4 {
			person := w.Staff(p, fmt.Sprint("staff ", round), testworld.Nothing)
			m := person.Member(p.Tenant).ID
			again := newMember(round, in{"email": person.Email})
			asks := []ask{
				{p.Admin, removeSome, vars{"t": p.ID, "ids": []string{m}}},
				{p.Admin, updateSome, vars{"t": p.ID, "m": []in{{"id": m, "roleKey": "PRIME_ADMIN", "permissions": levels("orders", "VIEW")}}}},
				{p.Admin, changeOne, vars{"m": m, "r": "READ_ONLY"}},
				{p.Admin, setSome, vars{"t": p.ID, "ids": []string{m}, "s": "SUSPENDED"}},
				{p.Admin, sendSome, vars{"t": p.ID, "ids": []string{m}}},
				{p.Admin, assignOne, vars{"m": m, "t": c.ID}},
				{p.Admin, addSome, vars{"t": p.ID, "m": []in{again}}},
			}
			before := events(t, w)
			outcomes := race(asks...)
			for i, late := range [][]string{nil, {"NOT_FOUND at input.members.0.id"}, {"NOT_FOUND at input.memberId"}, {"NOT_FOUND at input.ids.0"},
				{"NOT_FOUND at input.ids.0", "CONFLICT at input.ids.0"}, {"NOT_FOUND at input.granteeId", "CONFLICT at input.granteeId"}, {"ALREADY_MEMBER at input.members.0.email"}} {
				if o := outcomes[i]; o != "OK" && !slices.Contains(late, o) {
					t.Errorf("operation %d: %s", i, o)
				}
			}
			expectEvents(t, w, before, outcomes)
			expectSoundMembers(t, w)
			if n := one(t, w, "SELECT COUNT(*) FROM members WHERE id=? AND status='REMOVED'", m); n != 1 {
				t.Errorf("the member is not removed after %v", outcomes)
			}
		}
	})
}

// TestFiveLinksADay: two tenants have links sent to one person, again and again and at once.
func TestFiveLinksADay(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		w := testworld.New(t, url)
		var asks []ask
		person := w.Person("ada")
		for n := range 2 {
			c := w.Customer(fmt.Sprint("Contoso ", n))
			person.Join(c.Tenant, testworld.Nothing)
			asks = append(asks, ask{c.Admin, sendSome, vars{"t": c.ID, "ids": []string{person.Member(c.Tenant).ID}}})
		}
		before := events(t, w)
		outcomes := race(slices.Repeat(asks, 8)...)
		expectTally(t, outcomes, map[string]int{"OK": 16})
		expectEvents(t, w, before, outcomes)
		if n := len(w.Mails("ada@example.com")); n != 5 {
			t.Errorf("%d mails; want 5", n)
		}
		if n := one(t, w, "SELECT COUNT(*) FROM one_time_tokens WHERE used_at IS NULL GROUP BY tenant_id ORDER BY 1 DESC LIMIT 1"); n != 1 {
			t.Errorf("%d links of one tenant work; want the last one", n)
		}
	})
}

// TestNobodyEntersFromWhereTheyAreRemoved keeps an entry waiting while the membership that it begins at ends.
func TestNobodyEntersFromWhereTheyAreRemoved(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		w := testworld.New(t, url)
		p, c := w.NewPartner("Acme"), w.Customer("Contoso")
		w.Manages(p, c)
		w.Staff(p, "keeper", testworld.Administrator)
		m, ctx := p.Admin.Member(p.Tenant).ID, context.Background()
		holder, err := w.DB.Write.BeginTx(ctx, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = holder.Rollback() }() // after Commit nothing is left to roll back
		if w.DB.Dialect == dialect.MySQL {
			if _, err := holder.ExecContext(ctx, "SELECT id FROM tenants WHERE id=? FOR UPDATE", p.ID); err != nil {
				t.Fatal(err)
			}
		}
		done := make(chan []string)
		go func() {
			done <- race(ask{p.Admin, `mutation($t: ID!) { enterTenant(input: {tenantId: $t}) { token userErrors { code field } } }`, vars{"t": c.ID}})
		}()
		awaitWaiting(t, w, 1)
		if _, err := holder.ExecContext(ctx, "UPDATE members SET status='REMOVED', present_user_id=NULL, present_handle=NULL, administrator=? WHERE id=?", false, m); err != nil {
			t.Fatal(err)
		}
		if err := holder.Commit(); err != nil {
			t.Fatal(err)
		}
		expectTally(t, <-done, map[string]int{"NOT_FOUND at input.tenantId": 1})
		if n := one(t, w, "SELECT COUNT(*) FROM sessions WHERE entered_tenant_id IS NOT NULL"); n != 0 {
			t.Errorf("%d entered sessions; want none", n)
		}
	})
}
