package graph_test

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"entgo.io/ent/dialect"

	"mandate/internal/access"
	"mandate/internal/testdb"
	"mandate/internal/testworld"
)

// TestASignInDuringAResetLeavesNoSession keeps somebody who knows the old password waiting in the middle of signing in,
// while the password is reset: whichever comes first, no session of the old password is left.
func TestASignInDuringAResetLeavesNoSession(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		w := testworld.New(t, url)
		const email = "contoso@example.com"
		w.Customer("Contoso")
		w.Stranger().Do(`mutation($e: String!) { requestPasswordReset(input: {email: $e}) { ok } }`, vars{"e": email}).OK()
		token := testworld.Token(w.Mails(email)[0])
		signIn := ask{w.Stranger(), `mutation($e: String!, $p: String!) { signIn(input: {email: $e, password: $p}) { token userErrors { code field } } }`,
			vars{"e": email, "p": testworld.Password}}
		reset := ask{w.Stranger(), `mutation($t: String!) { resetPassword(input: {token: $t, newPassword: "a staple that nobody has"}) { ok userErrors { code field } } }`,
			vars{"t": token}}

		release := hold(t, w, "members")
		began := make(chan []string, 2)
		go func() { began <- race(signIn) }()
		awaitWaiting(t, w, 1)
		done := make(chan []string, 2)
		go func() { done <- race(reset) }()
		for start := time.Now(); time.Since(start) < 4*time.Second && len(done) == 0 && waiting(t, w) < 2; time.Sleep(150 * time.Millisecond) {
			continue // until the reset is through, or waits as well
		}
		release()
		if o := (<-done)[0]; o != "OK" {
			t.Errorf("the reset: %s; want OK", o)
		}
		if o := (<-began)[0]; o != "OK" && o != "CREDENTIALS_INVALID at input" {
			t.Errorf("the sign-in: %s; want OK, or that it came too late", o)
		}
		if n := one(t, w, "SELECT COUNT(*) FROM sessions WHERE ended_at IS NULL"); n != 0 {
			t.Errorf("%d sessions outlived the password they were begun with", n)
		}
		w.Stranger().Do(signIn.query, vars{"e": email, "p": "a staple that nobody has"}).OK()
	})
}

// TestTheOperatorsRightIsHeldWhileItCounts keeps what the operator's administrator began waiting, and makes them none.
func TestTheOperatorsRightIsHeldWhileItCounts(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		w := testworld.New(t, url)
		operator, p := w.Operator(), w.NewPartner("Acme")
		w.Staff(operator, "keeper", testworld.Administrator)
		by := func(mutation, input string) ask {
			return ask{operator.Admin, fmt.Sprintf("mutation { %s(input: {%s}) { userErrors { code field } } }", mutation, input), nil}
		}
		const admin = `adminEmail: "late@example.com", adminFirstName: "La", adminLastName: "Te"`
		asks := []ask{
			by("registerPartner", `name: "Late", type: MSP, `+admin),
			by("recognizePartner", `id: "`+p.Partner.ID+`", recognized: false`),
			by("createCustomer", `name: "Late", `+admin),
		}
		want := "FORBIDDEN at registerPartner; FORBIDDEN at recognizePartner; " +
			"PARTNER_PERMISSION_REQUIRED at input" // as for everybody who belongs to no partner

		release := hold(t, w, "tenants", func(exec func(string, ...any)) {
			readOnly, _ := access.SystemRoleByKey(access.ReadOnly)
			exec("UPDATE members SET administrator=?, role_id=? WHERE tenant_id=? AND user_id=?", false, readOnly.ID, operator.ID, operator.Admin.ID)
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
		for what, query := range map[string]string{
			"tenants were made":    "SELECT COUNT(*) FROM tenants WHERE name='Late'",
			"accounts were made":   "SELECT COUNT(*) FROM users WHERE email_canonical='late@example.com'",
			"partners lost theirs": "SELECT COUNT(*) FROM partners WHERE NOT recognized",
			"mails were written":   "SELECT COUNT(*) FROM outbox_messages",
		} {
			if n := one(t, w, query); n != 0 {
				t.Errorf("%d %s", n, what)
			}
		}
		expectSound(t, w)
	})
}

// hold keeps everybody else from changing the rows of a table, on SQLite from changing anything, until it is released;
// in that moment it makes changes of its own.
func hold(t *testing.T, w *testworld.World, table string, changes ...func(exec func(string, ...any))) (release func()) {
	t.Helper()
	ctx := context.Background()
	holder, err := w.DB.Write.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead}) // which locks what leads to the rows, too
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = holder.Rollback() }) // after Commit nothing is left to roll back
	exec := func(query string, args ...any) {
		t.Helper()
		if _, err := holder.ExecContext(ctx, query, args...); err != nil {
			t.Fatal(err)
		}
	}
	if w.DB.Dialect == dialect.MySQL {
		exec("SELECT id FROM " + table + " ORDER BY id FOR UPDATE")
	}
	return func() {
		t.Helper()
		for _, change := range changes {
			change(exec)
		}
		if err := holder.Commit(); err != nil {
			t.Fatal(err)
		}
	}
}
