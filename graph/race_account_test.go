package graph_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"mandate/internal/testdb"
	"mandate/internal/testworld"
)

const (
	signInOne  = `mutation($e: String!, $p: String!) { signIn(input: {email: $e, password: $p}) { token userErrors { code field } } }`
	resetOne   = `mutation($t: String!, $p: String!) { resetPassword(input: {token: $t, newPassword: $p}) { ok userErrors { code field } } }`
	verifyOne  = `mutation($t: String!, $p: String) { verifyEmail(input: {token: $t, newPassword: $p}) { ok userErrors { code field } } }`
	changeMail = `mutation($e: String!, $p: String!) { changeEmail(input: {newEmail: $e, currentPassword: $p}) { ok userErrors { code field } } }`
	changePass = `mutation($c: String!, $n: String!) { changePassword(input: {currentPassword: $c, newPassword: $n}) { ok userErrors { code field } } }`
	revokeOne  = `mutation($id: ID!) { revokeSession(input: {id: $id}) { session { id } userErrors { code field } } }`
	leaveOne   = `mutation($id: ID!) { leaveTenant(input: {tenantId: $id}) { ok userErrors { code field } } }`
)

// passwords are different ones, so that what was stored tells who won.
func passwords(n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("a staple of number %d", i)
	}
	return list
}

// expectPassword sees that the password of whoever won is the one that counts.
func expectPassword(t *testing.T, w *testworld.World, email string, outcomes, passwords []string) {
	t.Helper()
	for i, o := range outcomes {
		want := "OK"
		if o != "OK" {
			want = "CREDENTIALS_INVALID at input"
		}
		if got := outcome(w.Stranger().Do(signInOne, vars{"e": email, "p": passwords[i]})); got != want {
			t.Errorf("signing in with the password of the one whose outcome was %s: %s; want %s", o, got, want)
		}
	}
}

func TestALinkToAPasswordWorksOnceForMany(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		w := testworld.New(t, url)
		w.Customer("Contoso")
		const email = "contoso@example.com"
		w.Stranger().Do(`mutation($e: String!) { requestPasswordReset(input: {email: $e}) { ok } }`, vars{"e": email}).OK()
		token, chosen := testworld.Token(w.Mails(email)[0]), passwords(6)
		var asks []ask
		for _, p := range chosen {
			asks = append(asks, ask{w.Stranger(), resetOne, vars{"t": token, "p": p}})
		}
		before := events(t, w)
		outcomes := race(asks...)
		expectTally(t, outcomes, map[string]int{"OK": 1, "TOKEN_INVALID at input.token": 5})
		expectEvents(t, w, before, outcomes)
		expectPassword(t, w, email, outcomes, chosen)
	})
}

func TestASignUpIsProvenOnce(t *testing.T) {
	eachScene(t, func(s scene) {
		club := s.Customer("Club")
		const email = "nora@example.com"
		token, chosen := s.signsUp(s.invitesAll(club, "VALIDATE_EMAIL"), email), passwords(6)
		var asks []ask
		for _, p := range chosen {
			asks = append(asks, ask{s.Stranger(), verifyOne, vars{"t": token, "p": p}})
		}
		before := events(s.T, s.World)
		outcomes := race(asks...)
		expectTally(s.T, outcomes, map[string]int{"OK": 1, "TOKEN_INVALID at input.token": 5})
		expectEvents(s.T, s.World, before, outcomes)
		expectPassword(s.T, s.World, email, outcomes, chosen)
	})
}

// TestTwoSignUpsAtOnceSetOnePassword: both are proven, and the first password is not replaced by the second.
func TestTwoSignUpsAtOnceSetOnePassword(t *testing.T) {
	eachScene(t, func(s scene) {
		for round := range 3 {
			email := fmt.Sprintf("nora%d@example.com", round)
			chosen := passwords(2)
			var asks []ask
			for i, p := range chosen {
				code := s.invitesAll(s.Customer(fmt.Sprint("Club ", round, i)), "VALIDATE_EMAIL")
				asks = append(asks, ask{s.Stranger(), verifyOne, vars{"t": s.signsUp(code, email), "p": p}})
			}
			before := events(s.T, s.World)
			outcomes := race(asks...)
			expectTally(s.T, outcomes, map[string]int{"OK": 2})
			expectEvents(s.T, s.World, before, outcomes)
			right := 0
			for _, p := range chosen {
				if outcome(s.Stranger().Do(signInOne, vars{"e": email, "p": p})) == "OK" {
					right++
				}
			}
			s.is("passwords", right, 1)
			s.sees(s.kinds(email), "signup.verify", "signup.verify") // none tells that a password was replaced
		}
	})
}

func TestAnAddressIsChangedOnce(t *testing.T) {
	eachScene(t, func(s scene) {
		contoso := s.Customer("Contoso")
		s.does(contoso.Admin, "changeEmail", in{"newEmail": "kim@new.example", "currentPassword": testworld.Password})
		one := ask{s.Stranger(), verifyOne, vars{"t": s.lastToken("kim@new.example")}}
		before := events(s.T, s.World)
		outcomes := race(slices.Repeat([]ask{one}, 8)...)
		expectTally(s.T, outcomes, map[string]int{"OK": 1, "TOKEN_INVALID at input.token": 7})
		expectEvents(s.T, s.World, before, outcomes)
		s.sees(s.kinds("contoso@example.com"), "email.changed")
	})
}

func TestOneOfManyTakesAnAddress(t *testing.T) {
	eachScene(t, func(s scene) {
		var asks []ask
		for n := range 5 {
			c := s.Customer(fmt.Sprint("Contoso", n))
			s.does(c.Admin, "changeEmail", in{"newEmail": "kim@new.example", "currentPassword": testworld.Password})
		}
		for _, m := range s.Mails("kim@new.example") {
			asks = append(asks, ask{s.Stranger(), verifyOne, vars{"t": testworld.Token(m)}})
		}
		before := events(s.T, s.World)
		outcomes := race(asks...)
		expectTally(s.T, outcomes, map[string]int{"OK": 1, "TOKEN_INVALID at input.token": 4})
		expectEvents(s.T, s.World, before, outcomes)
		s.is("accounts", one(s.T, s.World, "SELECT COUNT(*) FROM users WHERE email_canonical='kim@new.example'"), 1)
	})
}

func TestAddressesAskedForAtOnceAreCounted(t *testing.T) {
	eachScene(t, func(s scene) {
		contoso := s.Customer("Contoso")
		var asks []ask
		for n := range 9 {
			asks = append(asks, ask{contoso.Admin, changeMail, vars{"e": fmt.Sprintf("kim%d@new.example", n), "p": testworld.Password}})
		}
		outcomes := race(asks...)
		early := func(o string) bool { return o == "RATE_LIMITED at changeEmail" } // six passwords at most are looked at at once
		given := slices.DeleteFunc(outcomes, early)
		refused := slices.DeleteFunc(slices.Clone(given), func(o string) bool { return o == "OK" })
		s.is("asked for", len(given)-len(refused), 5)
		s.is("other outcomes", slices.Compact(append(refused, "LIMIT_EXCEEDED at input.newEmail")), []string{"LIMIT_EXCEEDED at input.newEmail"})
	})
}

// TestOneOfManyChangesAPassword lets all of them compare the present password first, and then go on at once.
func TestOneOfManyChangesAPassword(t *testing.T) {
	eachScene(t, func(s scene) {
		s.Customer("Contoso")
		const email = "contoso@example.com"
		var asks []ask
		chosen := passwords(3)
		for _, p := range chosen {
			asks = append(asks, ask{s.person(email), changePass, vars{"c": testworld.Password, "n": p}})
		}
		before, waited := events(s.T, s.World), waiting(s.T, s.World)
		release := hold(s.T, s.World, "users")
		done := make(chan []string, 1)
		go func() { done <- race(asks...) }()
		for start := time.Now(); waiting(s.T, s.World)-waited < len(asks); time.Sleep(150 * time.Millisecond) {
			if time.Since(start) > 20*time.Second {
				s.Error("not all of them came to wait")
				break
			}
		}
		release()
		outcomes := <-done
		expectTally(s.T, outcomes, map[string]int{"OK": 1, "CREDENTIALS_INVALID at input.currentPassword": 2})
		if n := one(s.T, s.World, "SELECT COUNT(*) FROM sessions WHERE ended_at IS NULL"); n != 1 {
			s.Errorf("%d sessions are left; want that of the winner", n)
		}
		expectEvents(s.T, s.World, before, outcomes)
		expectPassword(s.T, s.World, email, outcomes, chosen)
	})
}

// TestASignInDuringAChangeLeavesNoSession keeps somebody who knows the old password waiting in the middle of signing in,
// while the password is changed: whichever comes first, no session of the old password is left but the one that asks.
func TestASignInDuringAChangeLeavesNoSession(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		w := testworld.New(t, url)
		contoso := w.Customer("Contoso")
		signIn := ask{w.Stranger(), signInOne, vars{"e": "contoso@example.com", "p": testworld.Password}}
		change := ask{contoso.Admin, changePass, vars{"c": testworld.Password, "n": another}}

		release := hold(t, w, "members")
		began := make(chan []string, 1)
		go func() { began <- race(signIn) }()
		awaitWaiting(t, w, 1)
		done := make(chan []string, 1)
		go func() { done <- race(change) }()
		for start := time.Now(); time.Since(start) < 4*time.Second && len(done) == 0 && waiting(t, w) < 2; time.Sleep(150 * time.Millisecond) {
			continue // until the change is through, or waits as well
		}
		release()
		if o := (<-done)[0]; o != "OK" {
			t.Errorf("the change: %s; want OK", o)
		}
		if o := (<-began)[0]; o != "OK" && o != "CREDENTIALS_INVALID at input" {
			t.Errorf("the sign-in: %s; want OK, or that it came too late", o)
		}
		if n := one(t, w, "SELECT COUNT(*) FROM sessions WHERE ended_at IS NULL"); n != 1 {
			t.Errorf("%d sessions are left; want the one that asked", n)
		}
		w.Stranger().Do(signInOne, vars{"e": "contoso@example.com", "p": another}).OK()
	})
}

func TestASessionIsEndedOnce(t *testing.T) {
	eachScene(t, func(s scene) {
		s.Customer("Contoso")
		asking, other := s.person("contoso@example.com"), s.person("contoso@example.com")
		id := other.Do(me, nil).OK().String("viewer.session.id")
		before := events(s.T, s.World)
		outcomes := race(slices.Repeat([]ask{{asking, revokeOne, vars{"id": id}}}, 6)...)
		expectTally(s.T, outcomes, map[string]int{"OK": 1, "NOT_FOUND at input.id": 5})
		expectEvents(s.T, s.World, before, outcomes)
	})
}

func TestTheLastAdministratorDoesNotLeave(t *testing.T) {
	eachScene(t, func(s scene) {
		for round := range 3 {
			c := s.Customer(fmt.Sprint("Contoso ", round))
			asks := []ask{{c.Admin, leaveOne, vars{"id": c.ID}}}
			for n := range 3 {
				asks = append(asks, ask{s.Staff(c, fmt.Sprint("other ", round, n), testworld.Administrator), leaveOne, vars{"id": c.ID}})
			}
			before := events(s.T, s.World)
			outcomes := race(asks...)
			expectTally(s.T, outcomes, map[string]int{"OK": 3, "LAST_ADMINISTRATOR at input.tenantId": 1})
			expectEvents(s.T, s.World, before, outcomes)
		}
	})
}
