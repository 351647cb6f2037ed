package graph_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"entgo.io/ent/dialect"

	"mandate/internal/access"
	"mandate/internal/testdb"
	"mandate/internal/testworld"
)

type vars = testworld.Vars

const (
	inviteOne = `mutation($e: String!) { inviteCustomer(input: {email: $e}) { invitation { id status } userErrors { code field } } }`
	acceptOne = `mutation($t: String!) { acceptInvitation(input: {token: $t}) { invitation { status } relationship { id } userErrors { code field } } }`
	acceptNew = `mutation($t: String!, $n: String!, $p: String!) { acceptInvitation(input: {token: $t, newAccount: {tenantName: $n, firstName: "Nora", lastName: "Newcomer", password: $p}}) { token relationship { id } userErrors { code field } } }`
	changeOne = `mutation($m: ID!, $r: SystemRoleKey!) { changeRole(input: {memberId: $m, roleKey: $r}) { member { id } userErrors { code field } } }`
	assignOne = `mutation($m: ID!, $t: ID!) { assign(input: {granteeId: $m, tenantId: $t, roleKey: READ_ONLY}) { assignment { id } userErrors { code field } } }`
	endOne    = `mutation($id: ID!) { terminateRelationship(input: {id: $id}) { relationship { status } userErrors { code field } } }`
)

// ask is one request of a race.
type ask struct {
	who   *testworld.Person
	query string
	vars  vars
}

// race sends all requests at once, and tells the outcome of each: OK, or the codes of what came in the way.
func race(asks ...ask) []string {
	outcomes := make([]string, len(asks))
	start := make(chan struct{})
	var group sync.WaitGroup
	for i, a := range asks {
		a.who.Widen()
		group.Go(func() {
			<-start
			outcomes[i] = outcome(a.who.Do(a.query, a.vars))
		})
	}
	close(start)
	group.Wait()
	return outcomes
}

func outcome(a *testworld.Answer) string {
	codes := a.Errors()
	for _, name := range a.Fields() {
		if a.At(name) != nil {
			codes = append(codes, a.UserErrors(name)...)
		}
	}
	if len(codes) == 0 {
		return "OK"
	}
	return strings.Join(codes, ", ")
}

// tally counts equal outcomes.
func tally(outcomes []string) map[string]int {
	n := make(map[string]int)
	for _, o := range outcomes {
		n[o]++
	}
	return n
}

func expectTally(t *testing.T, outcomes []string, want map[string]int) {
	t.Helper()
	if got := tally(outcomes); !maps.Equal(got, want) {
		t.Errorf("outcomes %v; want %v", got, want)
	}
}

// one returns the single number that a statement yields.
func one(t *testing.T, w *testworld.World, query string, args ...any) int {
	t.Helper()
	var n int
	if err := w.DB.Read.QueryRow(query, args...).Scan(&n); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

// expectSound holds the database against what is true after any race whatever.
func expectSound(t *testing.T, w *testworld.World) {
	t.Helper()
	for what, query := range map[string]string{
		"customers with two live relationships": `SELECT COUNT(*) FROM (SELECT customer_id FROM relationships WHERE status IN ('ACTIVE','SUSPENDED')
			GROUP BY customer_id HAVING COUNT(*)>1) x`,
		"live relationships that do not hold their customer": `SELECT COUNT(*) FROM relationships
			WHERE (status IN ('ACTIVE','SUSPENDED')) <> (active_customer_id IS NOT NULL AND active_customer_id=customer_id)`,
		"tenants whose noted partner is not that of their live relationship": `SELECT COUNT(*) FROM tenants t
			LEFT JOIN relationships r ON r.active_customer_id=t.id WHERE COALESCE(t.partner_id,'') <> COALESCE(r.partner_id,'')`,
		"tenants without an active administrator": `SELECT COUNT(*) FROM tenants t WHERE t.status<>'DELETED' AND NOT EXISTS (SELECT 1 FROM members m
			WHERE m.tenant_id=t.id AND m.administrator AND m.status='ACTIVE')`,
		"tenants that are deleted and still have something open": `SELECT COUNT(*) FROM tenants t WHERE t.status='DELETED' AND (t.sign_up_code IS NOT NULL
			OR EXISTS (SELECT 1 FROM members m WHERE m.tenant_id=t.id AND m.status<>'REMOVED')
			OR EXISTS (SELECT 1 FROM invitations i WHERE (i.partner_id=t.id OR i.customer_id=t.id) AND i.status='PENDING')
			OR EXISTS (SELECT 1 FROM relationships r WHERE (r.partner_id=t.id OR r.customer_id=t.id) AND r.status IN ('ACTIVE','SUSPENDED') AND r.ends_at IS NULL))`,
		"open assignments that rest neither on a live relationship, nor on managing a tech partner": `SELECT COUNT(*) FROM assignments a JOIN tenants g ON g.id=a.granter_id
			WHERE a.open_key IS NOT NULL AND NOT EXISTS (SELECT 1 FROM relationships r WHERE r.id=a.relationship_id AND r.active_customer_id=a.tenant_id
			AND r.partner_id IN (g.id, g.managed_by_id)) AND NOT EXISTS (SELECT 1 FROM tenants t WHERE a.relationship_id IS NULL AND t.id=a.tenant_id
			AND t.managed_by_id=g.id AND t.status<>'DELETED')`,
		"places in groups of removed members":            `SELECT COUNT(*) FROM group_members g JOIN members m ON m.id=g.member_id WHERE m.status='REMOVED'`,
		"assignments that are open and over, or neither": `SELECT COUNT(*) FROM assignments WHERE (status IN ('REVOKED','EXPIRED')) <> (open_key IS NULL)`,
		"invitations that are over and still hold a place": `SELECT COUNT(*) FROM invitations WHERE status<>'PENDING' AND
			(pending_email_key IS NOT NULL OR pending_customer_key IS NOT NULL)`,
		"requests that wait for nobody": `SELECT COUNT(*) FROM access_requests r JOIN members m ON m.id=r.member_id WHERE r.status='PENDING' AND
			m.status<>CASE WHEN r.email_validated THEN 'PENDING_APPROVAL' ELSE 'PENDING_EMAIL_VALIDATION' END`,
		"members who wait for no request": `SELECT COUNT(*) FROM members m WHERE m.status IN ('PENDING_APPROVAL','PENDING_EMAIL_VALIDATION') AND NOT EXISTS
			(SELECT 1 FROM access_requests r WHERE r.member_id=m.id AND (r.status='PENDING' OR r.status='APPROVED' AND NOT r.email_validated))`,
		"accepted invitations without a relationship": `SELECT COUNT(*) FROM invitations WHERE status='ACCEPTED' AND relationship_id IS NULL`,
	} {
		if n := one(t, w, query); n != 0 {
			t.Errorf("%d %s", n, what)
		}
	}
}

// expectEvents sees that every mutation that was carried out left one audit event, and no other did.
func expectEvents(t *testing.T, w *testworld.World, before int, outcomes []string) {
	t.Helper()
	if got, want := one(t, w, "SELECT COUNT(*) FROM audit_events")-before, tally(outcomes)["OK"]; got != want {
		t.Errorf("%d audit events after outcomes %v; want %d", got, tally(outcomes), want)
	}
	expectSound(t, w)
}

func events(t *testing.T, w *testworld.World) int {
	return one(t, w, "SELECT COUNT(*) FROM audit_events")
}

func TestOneOfSixteenPartnersWinsACustomer(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		w := testworld.New(t, url)
		c := w.Customer("Contoso")
		for i := range 16 {
			w.NewPartner(fmt.Sprintf("Partner %d", i)).Admin.Do(inviteOne, vars{"e": c.Admin.Email}).OK()
		}
		before := events(t, w)
		var asks []ask
		for _, m := range w.Mails(c.Admin.Email) {
			asks = append(asks, ask{c.Admin, acceptOne, vars{"t": testworld.Token(m)}})
		}
		outcomes := race(asks...)
		expectTally(t, outcomes, map[string]int{"OK": 1, "CUSTOMER_ALREADY_LINKED at input": 15})
		expectEvents(t, w, before, outcomes)
		if n := one(t, w, "SELECT COUNT(*) FROM invitations WHERE status='PENDING'"); n != 15 {
			t.Errorf("%d invitations are pending; want the 15 of those who lost", n)
		}
		if n := one(t, w, "SELECT COUNT(*) FROM invitations i JOIN relationships r ON r.id=i.relationship_id AND r.partner_id=i.partner_id WHERE i.status='ACCEPTED'"); n != 1 {
			t.Errorf("%d invitations are accepted with their partner's relationship; want 1", n)
		}
	})
}

func TestT10OneOfSixtyFourAcceptancesWins(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		w := testworld.New(t, url)
		p, c := w.NewPartner("Acme"), w.Customer("Contoso")
		p.Admin.Do(inviteOne, vars{"e": c.Admin.Email}).OK()
		before := events(t, w)
		accept := ask{c.Admin, acceptOne, vars{"t": testworld.Token(w.Mails(c.Admin.Email)[0])}}
		outcomes := race(slices.Repeat([]ask{accept}, 64)...)
		expectTally(t, outcomes, map[string]int{"OK": 1, "INVITATION_NOT_PENDING at input.id": 63})
		expectEvents(t, w, before, outcomes)
		if n := one(t, w, "SELECT COUNT(*) FROM relationships"); n != 1 {
			t.Errorf("%d relationships; want 1", n)
		}
	})
}

func TestTheLastAdministratorStays(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		w := testworld.New(t, url)
		for round := range 4 {
			c := w.Customer(fmt.Sprintf("Contoso %d", round))
			other := w.Staff(c, fmt.Sprintf("other %d", round), testworld.Administrator)
			asks := []ask{ // who is demoted to DECISION_MAKER holds everything still, but the flag
				{c.Admin, changeOne, vars{"m": other.Member(c.Tenant).ID, "r": "DECISION_MAKER"}},
				{other, changeOne, vars{"m": c.Admin.Member(c.Tenant).ID, "r": "DECISION_MAKER"}},
			}
			want := "ROLE_EXCEEDS_GRANT at input.memberId" // who was demoted first changes no administrator any more
			if round%2 == 1 {                              // each steps down
				asks[0].who, asks[1].who = asks[1].who, asks[0].who
				want = "LAST_ADMINISTRATOR at input.memberId"
			}
			before := events(t, w)
			outcomes := race(asks...)
			expectTally(t, outcomes, map[string]int{"OK": 1, want: 1})
			expectEvents(t, w, before, outcomes)
			if n := one(t, w, "SELECT COUNT(*) FROM members WHERE administrator AND tenant_id=?", c.ID); n != 1 {
				t.Errorf("%d administrators are left; want 1", n)
			}
		}
	})
}

func TestTheDemotedCannotDemoteBack(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		w := testworld.New(t, url)
		c := w.Customer("Contoso")
		other := w.Staff(c, "other", testworld.Administrator)
		w.Staff(c, "third", testworld.Administrator)
		before := events(t, w)
		outcomes := race(
			ask{c.Admin, changeOne, vars{"m": other.Member(c.Tenant).ID, "r": "READ_ONLY"}},
			ask{other, changeOne, vars{"m": c.Admin.Member(c.Tenant).ID, "r": "READ_ONLY"}})
		expectTally(t, outcomes, map[string]int{"OK": 1, "FORBIDDEN at changeRole": 1})
		expectEvents(t, w, before, outcomes)
	})
}

func TestWideningAgainstTheEnd(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		w := testworld.New(t, url)
		for round := range 4 {
			p, c := w.NewPartner(fmt.Sprintf("Acme %d", round)), w.Customer(fmt.Sprintf("Contoso %d", round))
			rel := w.Manages(p, c)
			offer := p.Admin.Do(`mutation($id: ID!) { widenRelationship(input: {id: $id, roleKey: PRIME_ADMIN}) { invitation { id } userErrors { code } } }`,
				vars{"id": rel.ID}).OK().String("widenRelationship.invitation.id")
			before := events(t, w)
			outcomes := race(
				ask{p.Admin, endOne, vars{"id": rel.ID}},
				ask{c.Admin, `mutation($id: ID!) { acceptInvitation(input: {id: $id}) { relationship { role { key } } userErrors { code field } } }`, vars{"id": offer}})
			if outcomes[0] != "OK" {
				t.Errorf("the end: %s; want OK", outcomes[0])
			}
			status := map[string]string{"OK": "ACCEPTED", "INVITATION_NOT_PENDING at input.id": "REVOKED", "RELATIONSHIP_NOT_ACTIVE at input.id": "REVOKED"}[outcomes[1]]
			if status == "" {
				t.Errorf("the acceptance: %s; want OK, or that it came too late", outcomes[1])
			}
			expectEvents(t, w, before, outcomes)
			if n := one(t, w, "SELECT COUNT(*) FROM invitations WHERE id=? AND status=?", offer, status); n != 1 {
				t.Errorf("after %q the offer is not %s", outcomes[1], status)
			}
			if n := one(t, w, "SELECT COUNT(*) FROM relationships WHERE id=? AND status='TERMINATED'", rel.ID); n != 1 {
				t.Error("the relationship did not end")
			}
		}
	})
}

func TestNoAssignmentOutlivesItsRelationship(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		w := testworld.New(t, url)
		for round := range 4 {
			p, c := w.NewPartner(fmt.Sprintf("Acme %d", round)), w.Customer(fmt.Sprintf("Contoso %d", round))
			rel := w.Manages(p, c)
			var asks []ask
			for i := range 6 {
				staff := w.Staff(p, fmt.Sprintf("staff %d %d", round, i), testworld.Nothing)
				asks = append(asks, ask{p.Admin, assignOne, vars{"m": staff.Member(p.Tenant).ID, "t": c.ID}})
			}
			asks = slices.Insert(asks, 3, ask{c.Admin, endOne, vars{"id": rel.ID}})
			before := events(t, w)
			outcomes := race(asks...)
			expectEvents(t, w, before, outcomes)
			if outcomes[3] != "OK" {
				t.Errorf("the end: %s; want OK", outcomes[3])
			}
			if n := tally(outcomes); n["OK"]+n["NOT_FOUND at input.tenantId"] != len(asks) {
				t.Errorf("outcomes %v; want OK or, after the end, NOT_FOUND", n)
			}
			if n := one(t, w, "SELECT COUNT(*) FROM assignments WHERE tenant_id=? AND status<>'REVOKED'", c.ID); n != 0 {
				t.Errorf("%d assignments outlived their relationship", n)
			}
		}
	})
}

func TestANewcomerComesOnce(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		w := testworld.New(t, url)
		w.NewPartner("Acme").Admin.Do(inviteOne, vars{"e": "nora@example.com"}).OK()
		token := testworld.Token(w.Mails("nora@example.com")[0])
		before := events(t, w)
		outcomes := race(
			ask{w.Stranger(), acceptNew, vars{"t": token, "n": "Northwind", "p": "a password of hers"}},
			ask{w.Stranger(), acceptNew, vars{"t": token, "n": "Northwind", "p": "a password of hers"}})
		n := tally(outcomes)
		if n["OK"] != 1 || n["INVITATION_INVALID at input"]+n["SIGN_IN_REQUIRED at input"] != 1 {
			t.Errorf("outcomes %v; want one of two", n)
		}
		expectEvents(t, w, before, outcomes)
		for table, where := range map[string]string{"users": "email_canonical='nora@example.com'", "tenants": "name='Northwind'"} {
			if n := one(t, w, "SELECT COUNT(*) FROM "+table+" WHERE "+where); n != 1 {
				t.Errorf("%d %s; want 1", n, table)
			}
		}
	})
}

// TestANewcomersPasswordIsSetOnce has two partners invite somebody who is known, and never had a password.
func TestANewcomersPasswordIsSetOnce(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		w := testworld.New(t, url)
		for round := range 4 {
			address := fmt.Sprintf("nora%d@example.com", round)
			w.Write.User.Create().SetEmail(address).SetEmailCanonical(address).ExecX(w.System())
			for i := range 2 {
				w.NewPartner(fmt.Sprintf("Acme %d %d", round, i)).Admin.Do(inviteOne, vars{"e": address}).OK()
			}
			var asks []ask
			passwords := []string{"a first password", "a second password"}
			for i, m := range w.Mails(address) {
				asks = append(asks, ask{w.Stranger(), acceptNew, vars{"t": testworld.Token(m), "n": "Northwind", "p": passwords[i]}})
			}
			before := events(t, w)
			outcomes := race(asks...)
			expectTally(t, outcomes, map[string]int{"OK": 1, "SIGN_IN_REQUIRED at input": 1})
			expectEvents(t, w, before, outcomes)
			if won := slices.Index(outcomes, "OK"); won >= 0 {
				w.Stranger().Do(`mutation($e: String!, $p: String!) { signIn(input: {email: $e, password: $p}) { token userErrors { code } } }`,
					vars{"e": address, "p": passwords[won]}).OK()
			}
		}
	})
}

func TestOneAccountForOneAddress(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		w := testworld.New(t, url)
		root, p := w.Operator().Admin, w.NewPartner("Acme")
		before := events(t, w)
		var asks []ask
		for i := range 4 {
			v := vars{"n": fmt.Sprintf("Company %d", i)}
			asks = append(asks,
				ask{root, `mutation($n: String!) { registerPartner(input: {name: $n, type: RESELLER, adminEmail: "Ada@example.com", adminFirstName: "Ada", adminLastName: "Smith"}) { partner { id } userErrors { code field } } }`, v},
				ask{p.Admin, `mutation($n: String!) { createCustomer(input: {name: $n, adminEmail: "ada@Example.com", adminFirstName: "Ada", adminLastName: "Smith"}) { tenant { id } userErrors { code field } } }`, v})
		}
		outcomes := race(asks...)
		expectTally(t, outcomes, map[string]int{"OK": len(asks)})
		expectEvents(t, w, before, outcomes)
		if n := one(t, w, "SELECT COUNT(*) FROM users WHERE email_canonical='ada@example.com'"); n != 1 {
			t.Errorf("%d accounts for one address; want 1", n)
		}
		if n := one(t, w, "SELECT COUNT(*) FROM members m JOIN users u ON u.id=m.user_id WHERE u.email_canonical='ada@example.com' AND m.administrator"); n != len(asks) {
			t.Errorf("she administers %d tenants; want %d", n, len(asks))
		}
	})
}

func TestAnInvitationIsSentFiveTimes(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		w := testworld.New(t, url)
		p := w.NewPartner("Acme")
		id := p.Admin.Do(inviteOne, vars{"e": "contoso@example.com"}).OK().String("inviteCustomer.invitation.id")
		before := events(t, w)
		resend := ask{p.Admin, `mutation($id: ID!) { resendInvitation(input: {id: $id}) { invitation { sendCount } userErrors { code field } } }`, vars{"id": id}}
		outcomes := race(slices.Repeat([]ask{resend}, 16)...)
		expectTally(t, outcomes, map[string]int{"OK": 4, "INVITATION_RESEND_LIMIT at input.id": 12})
		expectEvents(t, w, before, outcomes)
		if n := len(w.Mails("contoso@example.com")); n != 5 {
			t.Errorf("%d mails; want 5", n)
		}
		if n := one(t, w, "SELECT send_count FROM invitations"); n != 5 {
			t.Errorf("sent %d times; want 5", n)
		}
	})
}

func TestAnAddressIsInvitedOnce(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		w := testworld.New(t, url)
		p := w.NewPartner("Acme")
		other := w.Staff(p, "other", testworld.Administrator)
		before := events(t, w)
		var asks []ask
		for range 4 {
			asks = append(asks, ask{p.Admin, inviteOne, vars{"e": "contoso@example.com"}}, ask{other, inviteOne, vars{"e": "Contoso@EXAMPLE.com"}})
		}
		outcomes := race(asks...)
		expectTally(t, outcomes, map[string]int{"OK": 1, "INVITATION_ALREADY_EXISTS at input.email": len(asks) - 1})
		expectEvents(t, w, before, outcomes)
		if n := len(w.Mails("contoso@example.com")); n != 1 {
			t.Errorf("%d mails; want 1", n)
		}
	})
}

// TestWhoLosesTheirRightMeanwhileIsRefused begins operations, keeps them waiting, and takes the right to them away: each
// is decided by what holds when it is its turn, and not by what held when it began.
func TestWhoLosesTheirRightMeanwhileIsRefused(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		w := testworld.New(t, url)
		p, c, free := w.NewPartner("Acme"), w.Customer("Contoso"), w.Customer("Fabrikam")
		for _, company := range []*testworld.Company{p, c, free} { // the last administrator is somebody else
			w.Staff(company, "keeper of "+company.SortName, testworld.Administrator)
		}
		rel := w.Manages(p, c)
		staff, assigned := w.Staff(p, "staff", testworld.Nothing), w.Staff(p, "assigned", testworld.Nothing)
		assignment := w.Assign(p, c, assigned, access.ReadOnly)
		mailed := p.Admin.Do(inviteOne, vars{"e": free.Admin.Email}).OK().String("inviteCustomer.invitation.id")
		asked := free.Admin.Do(`mutation($c: String!) { invitePartner(input: {code: $c, roleKey: READ_ONLY}) { invitation { id } userErrors { code } } }`,
			vars{"c": p.Partner.Code}).OK().String("invitePartner.invitation.id")
		another := w.NewPartner("Zenith")
		offer := p.Admin.Do(`mutation($id: ID!) { widenRelationship(input: {id: $id, roleKey: PRIME_ADMIN}) { invitation { id } userErrors { code } } }`,
			vars{"id": rel.ID}).OK().String("widenRelationship.invitation.id")

		by := func(who *testworld.Person, mutation, input string) ask {
			return ask{who, fmt.Sprintf("mutation { %s(input: {%s}) { userErrors { code field } } }", mutation, input), nil}
		}
		asks := []ask{
			by(p.Admin, "inviteCustomer", `email: "late@example.com"`),
			by(p.Admin, "resendInvitation", `id: "`+mailed+`"`),
			by(p.Admin, "revokeInvitation", `id: "`+mailed+`"`),
			by(p.Admin, "acceptInvitation", `id: "`+asked+`"`),
			by(p.Admin, "declineInvitation", `id: "`+asked+`"`),
			by(p.Admin, "createCustomer", `name: "Late", adminEmail: "late@example.com", adminFirstName: "La", adminLastName: "Te"`),
			by(p.Admin, "rotateInviteLink", `partnerId: "`+p.Partner.ID+`"`),
			by(p.Admin, "assign", fmt.Sprintf(`granteeId: %q, tenantId: %q, roleKey: READ_ONLY`, staff.Member(p.Tenant).ID, c.ID)),
			by(p.Admin, "narrowRelationship", `id: "`+rel.ID+`", roleKey: READ_ONLY`),
			by(c.Admin, "revokeAssignments", `ids: ["`+assignment.ID+`"]`),
			by(c.Admin, "terminateRelationship", `id: "`+rel.ID+`"`),
			by(c.Admin, "acceptInvitation", `id: "`+offer+`"`),
			by(c.Admin, "declineInvitation", `id: "`+offer+`"`),
			by(c.Admin, "createRole", fmt.Sprintf(`tenantId: %q, name: "Late", permissions: [{feature: "TENANT", level: VIEW}]`, c.ID)),
			by(free.Admin, "acceptInvitation", `id: "`+mailed+`"`),
			by(free.Admin, "invitePartner", `code: "`+another.Partner.Code+`", roleKey: READ_ONLY`),
		}
		ctx := context.Background()
		holder, err := w.DB.Write.BeginTx(ctx, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = holder.Rollback() }() // after Commit nothing is left to roll back
		if w.DB.Dialect == dialect.MySQL {
			if _, err := holder.ExecContext(ctx, "SELECT id FROM tenants ORDER BY id FOR UPDATE"); err != nil {
				t.Fatal(err)
			}
		}
		before := events(t, w)
		done := make(chan []string)
		go func() { done <- race(asks...) }()
		awaitWaiting(t, w, len(asks))
		readOnly, _ := access.SystemRoleByKey(access.ReadOnly)
		for _, company := range []*testworld.Company{p, c, free} {
			if _, err := holder.ExecContext(ctx, "UPDATE members SET administrator=?, role_id=? WHERE tenant_id=? AND user_id=?",
				false, readOnly.ID, company.ID, company.Admin.ID); err != nil {
				t.Fatal(err)
			}
		}
		if err := holder.Commit(); err != nil {
			t.Fatal(err)
		}
		for i, o := range <-done {
			if name, _, _ := strings.Cut(strings.TrimPrefix(asks[i].query, "mutation { "), "("); !strings.HasPrefix(o, "FORBIDDEN at ") {
				t.Errorf("%s: %s; want FORBIDDEN", name, o)
			}
		}
		if n := events(t, w) - before; n != 0 {
			t.Errorf("%d of them were carried out", n)
		}
		expectSound(t, w)
	})
}

// awaitWaiting returns when so many operations wait for the one that holds what they need.
func awaitWaiting(t *testing.T, w *testworld.World, n int) {
	t.Helper()
	found := 0
	for start := time.Now(); time.Since(start) < 4*time.Second; time.Sleep(10 * time.Millisecond) {
		if found = waiting(t, w); found >= n {
			return
		}
	}
	t.Fatalf("%d of %d operations wait", found, n)
}

// inTurn spaces questions out: a server tells anew who waits only once nobody has asked for 100 ms.
var inTurn sync.Mutex

// waiting tells how many operations wait, on SQLite how many ever did.
func waiting(t *testing.T, w *testworld.World) int {
	t.Helper()
	if w.DB.Dialect == dialect.MySQL {
		inTurn.Lock()
		defer inTurn.Unlock()
		time.Sleep(120 * time.Millisecond)
		return one(t, w, `SELECT COUNT(*) FROM information_schema.innodb_trx x JOIN information_schema.processlist p ON p.id=x.trx_mysql_thread_id
			WHERE x.trx_state='LOCK WAIT' AND p.db=DATABASE()`)
	}
	return int(w.DB.Write.Stats().WaitCount)
}
