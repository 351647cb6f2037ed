package graph_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"mandate/ent/relationship"
	"mandate/internal/access"
	"mandate/internal/testdb"
	"mandate/internal/testworld"
)

const (
	deleteOne  = `mutation($id: ID!) { deleteTenant(input: {id: $id}) { deletedId userErrors { code field } } }`
	renameOne  = `mutation($id: ID!, $n: String!) { updateTenant(input: {id: $id, name: $n}) { tenant { name } userErrors { code field } } }`
	acceptByID = `mutation($id: ID!) { acceptInvitation(input: {id: $id}) { relationship { id } userErrors { code field } } }`
	askOne     = `mutation($t: ID!, $c: String!) { invitePartner(input: {tenantId: $t, code: $c, roleKey: READ_ONLY}) { invitation { id } userErrors { code field } } }`
)

// expectNoStaleNames sees that whatever is open names its tenants as they are called.
func expectNoStaleNames(t *testing.T, w *testworld.World) {
	t.Helper()
	for _, query := range []string{
		`SELECT COUNT(*) FROM relationships r JOIN tenants p ON p.id=r.partner_id JOIN tenants c ON c.id=r.customer_id
			WHERE r.active_customer_id IS NOT NULL AND (r.partner_name<>p.name OR r.customer_name<>c.name)`,
		`SELECT COUNT(*) FROM invitations i JOIN tenants p ON p.id=i.partner_id LEFT JOIN tenants c ON c.id=i.customer_id
			WHERE i.status='PENDING' AND (i.partner_name<>p.name OR i.customer_name<>c.name)`,
		`SELECT COUNT(*) FROM assignments a JOIN tenants p ON p.id=a.granter_id JOIN tenants c ON c.id=a.tenant_id
			WHERE a.open_key IS NOT NULL AND (a.partner_name<>p.name OR a.customer_name<>c.name OR a.tenant_sort_name<>c.sort_name)`,
	} {
		if n := one(t, w, query); n != 0 {
			t.Errorf("%d rows name a tenant as it was called: %s", n, query)
		}
	}
}

// expectDeleted sees that a deletion was carried out, and that what raced against it came before it or too late: every pair
// that was begun has ended, with an event of its own.
func expectDeleted(t *testing.T, w *testworld.World, id string, before int, outcomes []string, late ...string) {
	t.Helper()
	if outcomes[0] != "OK" {
		t.Errorf("the deletion: %s; want OK", outcomes[0])
	}
	for _, o := range outcomes[1:] {
		if o != "OK" && !slices.Contains(late, o) {
			t.Errorf("meanwhile: %s; want OK or one of %v", o, late)
		}
	}
	const pairs = "SELECT COUNT(*) FROM relationships WHERE (partner_id=? OR customer_id=?) AND status"
	if n := one(t, w, pairs+"<>'TERMINATED'", id, id); n != 0 {
		t.Errorf("%d relationships outlived the tenant", n)
	}
	const offers = "SELECT COUNT(*) FROM invitations WHERE (partner_id=? OR customer_id=?) AND customer_id IS NOT NULL AND status='REVOKED'"
	if got, want := events(t, w)-before, tally(outcomes)["OK"]+one(t, w, pairs+"='TERMINATED'", id, id)+one(t, w, offers, id, id); got != want {
		t.Errorf("%d audit events after outcomes %v; want %d", got, outcomes, want)
	}
	expectSound(t, w)
}

func TestDeletingACustomerAgainstAcceptances(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		w := testworld.New(t, url)
		root := w.Operator().Admin
		for round := range 4 {
			p, other, c := w.NewPartner(fmt.Sprintf("Acme %d", round)), w.NewPartner(fmt.Sprintf("Blue %d", round)), w.Customer(fmt.Sprintf("Contoso %d", round))
			asked := c.Admin.Do(askOne, vars{"t": c.ID, "c": p.Partner.Code}).OK().String("invitePartner.invitation.id")
			other.Admin.Do(inviteOne, vars{"e": c.Admin.Email}).OK()
			before := events(t, w)
			outcomes := race(
				ask{[]*testworld.Person{root, c.Admin}[round%2], deleteOne, vars{"id": c.ID}},
				ask{p.Admin, acceptByID, vars{"id": asked}},
				ask{c.Admin, `mutation($t: String!, $c: ID!) { acceptInvitation(input: {token: $t, tenantId: $c}) { relationship { id } userErrors { code field } } }`,
					vars{"t": testworld.Token(w.Mails(c.Admin.Email)[0]), "c": c.ID}})
			expectDeleted(t, w, c.ID, before, outcomes, "INVITATION_NOT_PENDING at input.id", "TENANT_SUSPENDED at input", "NOT_FOUND at input.tenantId",
				"CUSTOMER_ALREADY_LINKED at input")
		}
	})
}

func TestDeletingAPartnerAgainstAcceptances(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		w := testworld.New(t, url)
		for round := range 4 {
			p := w.NewPartner(fmt.Sprintf("Acme %d", round))
			asks := []ask{{p.Admin, deleteOne, vars{"id": p.ID}}}
			for i := range 3 {
				c := w.Customer(fmt.Sprintf("Contoso %d %d", round, i))
				p.Admin.Do(inviteOne, vars{"e": c.Admin.Email}).OK()
				asks = append(asks, ask{c.Admin, acceptOne, vars{"t": testworld.Token(w.Mails(c.Admin.Email)[0])}})
			}
			fourth := w.Customer(fmt.Sprintf("Fabrikam %d", round))
			asks = append(asks, ask{fourth.Admin, askOne, vars{"t": fourth.ID, "c": p.Partner.Code}})
			before := events(t, w)
			expectDeleted(t, w, p.ID, before, race(asks...), "INVITATION_NOT_PENDING at input.id", "TENANT_SUSPENDED at input", "PARTNER_NOT_FOUND at input.code")
		}
	})
}

func TestNobodyJoinsWhatIsDeleted(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		w := testworld.New(t, url)
		for round := range 4 {
			c := w.Customer(fmt.Sprintf("Contoso %d", round))
			other := w.Staff(c, fmt.Sprintf("other %d", round), testworld.Administrator)
			asks := []ask{{c.Admin, deleteOne, vars{"id": c.ID}}}
			for i := range 6 {
				asks = append(asks, ask{other, `mutation($t: ID!, $m: [NewMemberInput!]!) { addMembers(input: {tenantId: $t, members: $m}) { members { id } userErrors { code field } } }`,
					vars{"t": c.ID, "m": []in{newMember(round*10+i, nil)}}})
			}
			before := events(t, w)
			outcomes := race(asks...)
			if n := tally(outcomes); outcomes[0] != "OK" || n["OK"]+n["NOT_FOUND at input.tenantId"] != len(asks) {
				t.Errorf("outcomes %v; want OK or, after the deletion, NOT_FOUND", outcomes)
			}
			expectEvents(t, w, before, outcomes)
			if n := one(t, w, "SELECT COUNT(*) FROM members WHERE tenant_id=? AND status<>'REMOVED'", c.ID); n != 0 {
				t.Errorf("%d members outlived their tenant", n)
			}
		}
	})
}

func TestATenantIsDeletedOnce(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		w := testworld.New(t, url)
		root, p, c := w.Operator().Admin, w.NewPartner("Acme"), w.Customer("Contoso")
		w.Connect(p, c, access.Administrator, relationship.KindPartnerOfRecord)
		before := events(t, w)
		var asks []ask
		for range 3 {
			for _, who := range []*testworld.Person{root, p.Admin, c.Admin} {
				asks = append(asks, ask{who, deleteOne, vars{"id": c.ID}})
			}
		}
		outcomes := race(asks...)
		expectTally(t, outcomes, map[string]int{"OK": 1, "NOT_FOUND at input.id": len(asks) - 1})
		if n := events(t, w) - before; n != 2 {
			t.Errorf("%d audit events; want one for the tenant and one for its pair", n)
		}
		expectSound(t, w)
	})
}

func TestRenamingAgainstWhatCopiesTheName(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		w := testworld.New(t, url)
		for round := range 4 {
			p, c, free := w.NewPartner(fmt.Sprintf("Acme %d", round)), w.Customer(fmt.Sprintf("Contoso %d", round)), w.Customer(fmt.Sprintf("Fabrikam %d", round))
			w.Manages(p, c)
			p.Admin.Do(inviteOne, vars{"e": free.Admin.Email}).OK()
			token := testworld.Token(w.Mails(free.Admin.Email)[0])
			asking := w.Customer(fmt.Sprintf("Adatum %d", round))
			var asks []ask
			for i := range 3 {
				m := w.Staff(p, fmt.Sprintf("staff %d %d", round, i), testworld.Nothing).Member(p.Tenant).ID
				asks = append(asks, ask{p.Admin, assignOne, vars{"m": m, "t": c.ID}})
			}
			asks = append(asks,
				ask{c.Admin, renameOne, vars{"id": c.ID, "n": fmt.Sprintf("Beta %d", round)}},
				ask{p.Admin, renameOne, vars{"id": p.ID, "n": fmt.Sprintf("Omega %d", round)}},
				ask{free.Admin, renameOne, vars{"id": free.ID, "n": fmt.Sprintf("Gamma %d", round)}},
				ask{free.Admin, acceptOne, vars{"t": token}},
				ask{asking.Admin, askOne, vars{"t": asking.ID, "c": p.Partner.Code}},
				ask{p.Admin, inviteOne, vars{"e": fmt.Sprintf("late%d@example.com", round)}})
			before := events(t, w)
			outcomes := race(asks...)
			expectTally(t, outcomes, map[string]int{"OK": len(asks)})
			expectEvents(t, w, before, outcomes)
			expectNoStaleNames(t, w)
		}
	})
}

func TestOneOfSixteenChangesOfATenantWins(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		w := testworld.New(t, url)
		c := w.Customer("Contoso")
		before := events(t, w)
		var asks []ask
		for i := range 16 {
			asks = append(asks, ask{c.Admin, `mutation($id: ID!, $n: String!) { updateTenant(input: {id: $id, name: $n, tags: [$n], version: 1}) { tenant { name } userErrors { code field } } }`,
				vars{"id": c.ID, "n": fmt.Sprintf("N%d", i)}})
		}
		outcomes := race(asks...)
		expectTally(t, outcomes, map[string]int{"OK": 1, "STALE_VERSION at input.version": 15})
		expectEvents(t, w, before, outcomes)
		won := fmt.Sprintf("N%d", slices.Index(outcomes, "OK"))
		if n := one(t, w, "SELECT COUNT(*) FROM tenants t JOIN tenant_tags g ON g.tenant_id=t.id WHERE t.name=? AND g.tag=? AND t.version=2", won, won); n != 1 {
			t.Errorf("the winner's name and tag are not what is there")
		}
	})
}

// TestWhoLosesTheirRightOverATenantMeanwhileIsRefused begins operations on tenants, keeps them waiting, and takes the right
// to them away.
func TestWhoLosesTheirRightOverATenantMeanwhileIsRefused(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		w := testworld.New(t, url)
		operator, p, c, other := w.Operator(), w.NewPartner("Acme"), w.Customer("Contoso"), w.Customer("Fabrikam")
		w.Connect(p, c, access.Administrator, relationship.KindPartnerOfRecord)
		by := func(who *testworld.Person, mutation, input string) ask {
			return ask{who, fmt.Sprintf("mutation { %s(input: {%s}) { userErrors { code field } } }", mutation, input), nil}
		}
		asks := []ask{
			by(c.Admin, "updateTenant", fmt.Sprintf(`id: %q, name: "Late"`, c.ID)),
			by(c.Admin, "deleteTenant", fmt.Sprintf(`id: %q`, c.ID)),
			by(operator.Admin, "suspendTenant", fmt.Sprintf(`id: %q`, other.ID)),
			by(operator.Admin, "deleteTenant", fmt.Sprintf(`id: %q`, other.ID)),
			by(p.Admin, "deleteTenant", fmt.Sprintf(`id: %q`, p.ID)),
			by(p.Admin, "deleteTenant", fmt.Sprintf(`id: %q`, c.ID)), // no longer an administrator, p.Admin does not reach it
		}
		want := "FORBIDDEN at updateTenant; FORBIDDEN at deleteTenant; FORBIDDEN at suspendTenant; FORBIDDEN at deleteTenant; FORBIDDEN at deleteTenant; NOT_FOUND at input.id"
		release := hold(t, w, "tenants", func(exec func(string, ...any)) {
			readOnly, _ := access.SystemRoleByKey(access.ReadOnly)
			for _, company := range []*testworld.Company{operator, p, c} {
				exec("UPDATE members SET administrator=?, role_id=? WHERE tenant_id=? AND user_id=?", false, readOnly.ID, company.ID, company.Admin.ID)
			}
		})
		before := events(t, w)
		done := make(chan []string, 1)
		go func() { done <- race(asks...) }()
		awaitWaiting(t, w, len(asks))
		release()
		if got := strings.Join(<-done, "; "); got != want {
			t.Errorf("outcomes %s; want %s", got, want)
		}
		if n := events(t, w) - before; n != 0 {
			t.Errorf("%d of them were carried out", n)
		}
	})
}

// TestNobodySignsInWhileTheirLastMembershipEnds keeps somebody waiting in the middle of signing in, and ends what they need for it.
func TestNobodySignsInWhileTheirLastMembershipEnds(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		w := testworld.New(t, url)
		c := w.Customer("Contoso")
		release := hold(t, w, "members", func(exec func(string, ...any)) {
			exec("UPDATE members SET status='REMOVED', administrator=? WHERE tenant_id=?", false, c.ID)
			exec("UPDATE sessions SET ended_at=? WHERE user_id=?", w.Now(), c.Admin.ID)
		})
		done := make(chan []string, 1)
		go func() {
			done <- race(ask{w.Stranger(), `mutation($e: String!, $p: String!) { signIn(input: {email: $e, password: $p}) { token userErrors { code field } } }`,
				vars{"e": c.Admin.Email, "p": testworld.Password}})
		}()
		awaitWaiting(t, w, 1)
		release()
		if o := (<-done)[0]; o != "CREDENTIALS_INVALID at input" {
			t.Errorf("the sign-in: %s; want CREDENTIALS_INVALID", o)
		}
		if n := one(t, w, "SELECT COUNT(*) FROM sessions WHERE ended_at IS NULL"); n != 0 {
			t.Errorf("%d sessions outlived what they rest on", n)
		}
	})
}
