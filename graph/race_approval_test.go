package graph_test

import (
	"fmt"
	"slices"
	"testing"

	"mandate/internal/access"
	"mandate/internal/testworld"
)

const (
	signUpOne = `mutation($c: String!, $e: String!) { signUp(input: {tenantCode: $c, firstName: "Nora", lastName: "New", email: $e, phone: "+49 431 1234567"}) { ok userErrors { code field } } }`
	letInOne  = `mutation($id: ID!) { approveAccessRequests(input: {ids: [$id], roleKey: READ_ONLY}) { accessRequests { id } userErrors { code field } } }`
	turnAway  = `mutation($id: ID!) { rejectAccessRequests(input: {ids: [$id], reason: "No."}) { accessRequests { id } userErrors { code field } } }`
	addOne    = `mutation($t: ID!, $e: String!) { addMembers(input: {tenantId: $t, members: [{userId: "nora", label: "Nora", firstName: "Nora", lastName: "New",
		email: $e, phone: "+49 431 1234567", roleKey: READ_ONLY}]}) { members { id } userErrors { code field } } }`
)

const decided = "REQUEST_ALREADY_DECIDED at input.ids.0"

// expectOnce sees that an address has one account, without a password, and is a member of so many tenants, once in each.
func (s scene) expectOnce(email string, tenants int) {
	s.Helper()
	present := " FROM members m JOIN users u ON u.id=m.user_id WHERE m.present_user_id IS NOT NULL AND u.email_canonical=?"
	s.is("accounts", one(s.T, s.World, "SELECT COUNT(*) FROM users WHERE password_hash IS NULL AND email_canonical=?", email), 1)
	s.is("memberships", one(s.T, s.World, "SELECT COUNT(*)"+present, email), tenants)
	s.is("tenants", one(s.T, s.World, "SELECT COUNT(DISTINCT m.tenant_id)"+present, email), tenants)
}

// requestStatus is how a request and its member are recorded.
func (s scene) requestStatus(id string) string {
	s.Helper()
	return s.read("SELECT r.status, m.status, COALESCE(m.role_id, '') FROM access_requests r JOIN members m ON m.id=r.member_id WHERE r.id='" + id + "'")[0]
}

func TestOneOfSixteenDecides(t *testing.T) {
	eachScene(t, func(s scene) {
		contoso := s.Customer("Contoso")
		s.proves(s.signsUp(s.invitesAll(contoso, "VALIDATE_AND_APPROVE"), "nora@example.com"))
		id := s.requestOf(contoso, "nora@example.com")
		var asks []ask
		for i := range 16 {
			asks = append(asks, ask{s.Staff(contoso, fmt.Sprint("admin", i), testworld.Administrator), []string{letInOne, turnAway}[i%2], vars{"id": id}})
		}
		before := s.events()
		outcomes := race(asks...)
		expectTally(s.T, outcomes, map[string]int{"OK": 1, decided: 15})
		expectEvents(s.T, s.World, before, outcomes)
		readOnly, _ := access.SystemRoleByKey(access.ReadOnly)
		won := slices.Index(outcomes, "OK")
		s.is("decided", s.requestStatus(id), []string{"APPROVED | ACTIVE | " + readOnly.ID, "REJECTED | REMOVED | "}[won%2])
		s.is("mails", s.kinds("nora@example.com"), []string{"signup.verify", []string{"request.approved", "request.rejected"}[won%2]})
		s.is("decided by", s.read("SELECT decided_by_name FROM access_requests"), []string{fmt.Sprintf("Admin%d Smith", won)})
	})
}

func TestAProofAgainstADecision(t *testing.T) {
	eachScene(t, func(s scene) {
		contoso := s.Customer("Contoso")
		code := s.invitesAll(contoso, "VALIDATE_AND_APPROVE")
		readOnly, _ := access.SystemRoleByKey(access.ReadOnly)
		for round := range 6 {
			email := fmt.Sprintf("nora%d@example.com", round)
			token := s.signsUp(code, email)
			id := s.requestOf(contoso, email)
			before := s.events()
			outcomes := race(
				ask{s.Stranger(), verifyOne, vars{"t": token, "p": testworld.Password}},
				ask{contoso.Admin, []string{letInOne, turnAway}[round%2], vars{"id": id}})
			expectEvents(s.T, s.World, before, outcomes)
			s.is("the decision", outcomes[1], "OK")
			s.is("recorded", s.requestStatus(id), []string{"APPROVED | ACTIVE | " + readOnly.ID, "REJECTED | REMOVED | "}[round%2])
			switch {
			case round%2 == 0:
				s.is("the proof", outcomes[0], "OK")
				s.sees(s.kinds(email), "signup.verify", "request.approved")
			case outcomes[0] == "OK":
				s.sees(s.kinds(email), "signup.verify", "request.rejected")
			default:
				s.is("the proof", outcomes[0], "TOKEN_INVALID at input.token")
				s.sees(s.kinds(email), "signup.verify")
			}
		}
	})
}

func TestTheSameSignUpAtOnce(t *testing.T) {
	eachScene(t, func(s scene) {
		contoso := s.Customer("Contoso")
		code := s.invitesAll(contoso, "VALIDATE_AND_APPROVE")
		before := s.events()
		outcomes := race(slices.Repeat([]ask{{s.Stranger(), signUpOne, vars{"c": code, "e": "nora@example.com"}}}, 5)...)
		expectTally(s.T, outcomes, map[string]int{"OK": 5})
		expectEvents(s.T, s.World, before, outcomes)
		s.expectOnce("nora@example.com", 1)
		s.is("requests", len(s.requests(contoso.Admin, contoso)), 1)
		s.is("mails", len(s.Mails("nora@example.com")), 5)
	})
}

// TestTheSameAddressEverywhereAtOnce: an address that nobody knows signs up, and is added, in several tenants at the same
// instant. It has one account, and nobody is told that there is another one.
func TestTheSameAddressEverywhereAtOnce(t *testing.T) {
	eachScene(t, func(s scene) {
		for round := range 3 {
			email := fmt.Sprintf("nora%d@example.com", round)
			var asks []ask
			for i := range 6 {
				c := s.Customer(fmt.Sprintf("Company %d %d", round, i))
				a := ask{c.Admin, addOne, vars{"t": c.ID, "e": email}}
				if i%2 == round%2 {
					a = ask{s.Stranger(), signUpOne, vars{"c": s.invitesAll(c, "VALIDATE_EMAIL"), "e": email}}
				}
				asks = append(asks, a)
			}
			before := s.events()
			outcomes := race(asks...)
			expectTally(s.T, outcomes, map[string]int{"OK": 6})
			expectEvents(s.T, s.World, before, outcomes)
			s.expectOnce(email, 6)
			s.is("mails", len(s.Mails(email)), 6)
		}
	})
}

func TestASignUpAgainstAnAddition(t *testing.T) {
	eachScene(t, func(s scene) {
		for round := range 4 {
			email := fmt.Sprintf("nora%d@example.com", round)
			c := s.Customer(fmt.Sprint("Contoso ", round))
			signUp := ask{s.Stranger(), signUpOne, vars{"c": s.invitesAll(c, "VALIDATE_AND_APPROVE"), "e": email}}
			before := s.events()
			outcomes := race(signUp, ask{c.Admin, addOne, vars{"t": c.ID, "e": email}})
			expectEvents(s.T, s.World, before, outcomes)
			s.expectOnce(email, 1)
			s.is("the sign-up", outcomes[0], "OK")
			if outcomes[1] == "OK" {
				s.sees(s.kinds(email), "member.welcome", "signup.member")
				s.is("requests", len(s.requests(c.Admin, c)), 0)
			} else {
				s.is("the addition", outcomes[1], "ALREADY_MEMBER at input.members.0.email")
				s.sees(s.kinds(email), "signup.verify")
				s.is("requests", len(s.requests(c.Admin, c)), 1)
			}
		}
	})
}

func TestTheSameUserIDAtOnce(t *testing.T) {
	eachScene(t, func(s scene) {
		code := s.invitesAll(s.Customer("Contoso"), "VALIDATE_AND_APPROVE")
		var asks []ask
		for i := range 8 {
			asks = append(asks, ask{s.Stranger(), signUpOne, vars{"c": code, "e": fmt.Sprintf("nora@company%d.example", i)}})
		}
		expectTally(s.T, race(asks...), map[string]int{"OK": 8})
		s.sees(s.read("SELECT handle FROM members WHERE first_name='Nora'"), "nora", "nora2", "nora3", "nora4", "nora5", "nora6", "nora7", "nora8")
	})
}

// TestARequestIsDecidedByWhoStillMay has administrators decide who are demoted while they wait for it.
func TestARequestIsDecidedByWhoStillMay(t *testing.T) {
	eachScene(t, func(s scene) {
		contoso := s.Customer("Contoso")
		s.Staff(contoso, "keeper", testworld.Administrator)
		s.proves(s.signsUp(s.invitesAll(contoso, "VALIDATE_AND_APPROVE"), "nora@example.com"))
		id := s.requestOf(contoso, "nora@example.com")
		release := hold(s.T, s.World, "tenants", func(exec func(string, ...any)) {
			readOnly, _ := access.SystemRoleByKey(access.ReadOnly)
			exec("UPDATE members SET administrator=?, role_id=? WHERE user_id=?", false, readOnly.ID, contoso.Admin.ID)
		})
		asks := []ask{{contoso.Admin, letInOne, vars{"id": id}}, {contoso.Admin, turnAway, vars{"id": id}}}
		done := make(chan []string, 1)
		go func() { done <- race(asks...) }()
		awaitWaiting(s.T, s.World, len(asks))
		release()
		s.sees(<-done, "FORBIDDEN at approveAccessRequests", "FORBIDDEN at rejectAccessRequests")
		s.is("request", s.requestStatus(id), "PENDING | PENDING_APPROVAL | ")
		expectSound(s.T, s.World)
	})
}
