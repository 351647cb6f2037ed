package endtoend

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mandate/internal/testdb"
	"mandate/internal/testworld"
)

// stage is where stories play: a site with a mail server and an operator, all of them new.
type stage struct {
	*testing.T
	*site
	mail     *mailServer
	operator string // token of the operator's administrator
}

const (
	operatorAddress = "olivia@operator.example"
	password        = "quiet river stone 77" // everybody's
)

// eachStage tells a story on every engine.
func eachStage(t *testing.T, tell func(s stage)) {
	t.Helper()
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		tell(newStage(t, "MANDATE_DATABASE_URL="+url, "MANDATE_PUBLIC_URL="+publicURL))
	})
}

// newStage sets the stage with a program that has some settings.
func newStage(t *testing.T, env ...string) stage {
	t.Helper()
	m := newMailServer(t)
	runs(t, 0, env, password+"\n", "admin", "create", "--email", operatorAddress)
	s := stage{T: t, site: serve(t, append(env, m.settings()...)), mail: m}
	s.operator = s.signIn(t, operatorAddress, password)
	return s
}

// then tells one part of the story; its name is the outcome.
func (s stage) then(outcome string, tell func(s stage)) {
	s.Helper()
	if !s.Run(outcome, func(t *testing.T) { tell(stage{t, s.site, s.mail, s.operator}) }) {
		s.FailNow() // what follows rests on it
	}
}

// open opens a link.
func (s stage) open(link string) *page {
	s.Helper()
	return s.site.open(s.T, link)
}

// asks sends an operation that succeeds; the variable $id is at hand.
func (s stage) asks(token, query string, id string) *testworld.Answer {
	s.Helper()
	return s.ask(s.T, token, query, map[string]any{"id": id}).OK()
}

// sends carries a mutation out that breaks no rule.
func (s stage) sends(token, mutation string, input in) *testworld.Answer {
	s.Helper()
	return s.does(s.T, token, mutation, input)
}

// sees checks what customers somebody reaches.
func (s stage) sees(token string, customers ...string) {
	s.Helper()
	s.is("customers", s.customers(s.T, token), customers)
}

// is checks one thing.
func (s stage) is(what string, got, want any) {
	s.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		s.Errorf("%s (- want, + got):\n%s", what, diff)
	}
}

// partner is a partner with an administrator who is signed in.
type partner struct {
	tenant, token, email, name string
	inviteLink                 string
}

// newPartner registers a partner, whose administrator sets a password by the welcome mail.
func (s stage) newPartner(name, email string) partner {
	s.Helper()
	a := s.sends(s.operator, `registerPartner { partner { tenant { id } } }`, in{
		"name": name, "type": "MSP", "adminEmail": email, "adminFirstName": "Anna", "adminLastName": "Archer"})
	p := partner{tenant: a.String("registerPartner.partner.tenant.id"), name: name, email: email, token: s.welcome(name, email)}
	p.inviteLink = s.asks(p.token, `query($id: ID!) { tenant(id: $id) { partner { inviteLink } } }`, p.tenant).String("tenant.partner.inviteLink")
	return p
}

// newCustomer makes a customer without a partner, whose administrator sets a password by the welcome mail unless there
// is one already.
func (s stage) newCustomer(name, email string) {
	s.Helper()
	s.sends(s.operator, `createCustomer { relationship { id } }`, in{
		"name": name, "adminEmail": email, "adminFirstName": "Bea", "adminLastName": "Novak"})
}

// welcome sets a password by the link in the mail that a new member got, and signs in.
func (s stage) welcome(tenant, email string) (token string) {
	s.Helper()
	link := s.mail.await(email, "You were added to "+tenant).link(s.T)
	if !strings.HasPrefix(link, s.public+"/password?token=") {
		s.Errorf("the welcome mail leads to %s", link)
	}
	s.open(link).shows("Set your password").press("Set password", "New password", password).shows("Your password is set")
	return s.signIn(s.T, email, password)
}

// invites lets a partner invite an address, and returns the invitation's id and the link from the mail.
func (s stage) invites(p partner, email string) (id, link string) {
	s.Helper()
	id = s.sends(p.token, `inviteCustomer { invitation { id status } }`, in{"email": email, "message": "Hello,\nas agreed."}).
		String("inviteCustomer.invitation.id")
	return id, s.mail.await(email, "Invitation from "+p.name).link(s.T)
}

// invitation answers how an invitation stands: its status, and the reason of who declined it.
func (s stage) invitation(p partner, id string) string {
	s.Helper()
	a := s.asks(p.token, `query($id: ID!) { node(id: $id) { ... on Invitation { status declineReason } } }`, id)
	if reason := a.At("node.declineReason"); reason != nil {
		return fmt.Sprintf("%s: %s", a.String("node.status"), reason)
	}
	return a.String("node.status")
}
