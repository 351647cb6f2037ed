package endtoend

import (
	"testing"

	"mandate/internal/testdb"
)

// TestTwoServersTakeAccessAtOnce runs two servers on one database. Only MySQL's kind is shared by several; a SQLite file
// has one server.
func TestTwoServersTakeAccessAtOnce(t *testing.T) {
	t.Parallel()
	env := []string{"MANDATE_DATABASE_URL=" + testdb.New(t, testdb.MariaDB), "MANDATE_PUBLIC_URL=" + publicURL}
	s := newStage(t, env...)
	other := serve(t, append(env, s.mail.settings()...))

	acme := s.newPartner("Acme", "anna@acme.example")
	s.newCustomer("Lovelace Ltd", "ada@lovelace.example")
	ada := s.welcome("Lovelace Ltd", "ada@lovelace.example")
	invitation, _ := s.invites(acme, "ada@lovelace.example")
	a := s.sends(ada, `acceptInvitation { relationship { id customer { id } } }`, in{"id": invitation})
	bond, customer := a.String("acceptInvitation.relationship.id"), a.String("acceptInvitation.relationship.customer.id")
	helper := s.sends(acme.token, `addMembers { members { id } }`, in{"tenantId": acme.tenant, "members": []in{{"email": "hugo@acme.example",
		"firstName": "Hugo", "lastName": "Hall", "userId": "hugo", "label": "Hugo", "phone": "+49 30 901820", "roleKey": "READ_ONLY"}}}).String("addMembers.members.0.id")
	hugo := s.welcome("Acme", "hugo@acme.example")

	// reached is what somebody gets of the customer from a server.
	const question = `query($id: ID!) { node(id: $id) { id } tenant(id: $id) { name } customers(first: 10) { totalCount } }`
	const change = `mutation($id: ID!) { updateTenant(input: {id: $id}) { userErrors { code field } } }`
	sees := func(s stage, token string, name, node any, count float64, rules ...string) {
		s.Helper()
		for _, server := range []*site{other, s.site} { // first the one that did not do it
			a := server.ask(s.T, token, question, in{"id": customer}).OK()
			s.is("tenant", a.At("tenant.name"), name)
			s.is("node", a.At("node.id"), node)
			s.is("count", a.At("customers.totalCount"), any(count))
			s.is("change", server.ask(s.T, token, change, in{"id": customer}).UserErrors("updateTenant"), rules)
		}
	}
	works := func(s stage, token string) {
		s.Helper()
		sees(s, token, "Lovelace Ltd", customer, 1)
	}
	denied := func(s stage, token string) {
		s.Helper()
		sees(s, token, nil, nil, 0, "NOT_FOUND at input.id")
	}
	signedOut := func(s stage, token string) {
		s.Helper()
		for _, server := range []*site{other, s.site} {
			s.is("status", server.ask(s.T, token, question, in{"id": customer}).Status, 401)
		}
	}
	assign := func(s stage) (assignment string) {
		s.Helper()
		return s.sends(acme.token, `assign { assignment { id } }`, in{"granteeId": helper, "tenantId": customer, "roleKey": "ADMINISTRATOR"}).String("assign.assignment.id")
	}

	s.then("an assignment is taken back", func(s stage) {
		assignment := assign(s)
		works(s, hugo)
		s.sends(acme.token, `revokeAssignments { assignments { id } }`, in{"ids": []string{assignment}})
		denied(s, hugo)
	})
	s.then("a member is suspended", func(s stage) {
		assign(s)
		works(s, hugo)
		s.sends(acme.token, `setMemberStatus { members { id } }`, in{"tenantId": acme.tenant, "ids": []string{helper}, "status": "SUSPENDED"})
		signedOut(s, hugo)
	})
	s.then("the customer ends the relationship", func(s stage) {
		entered := s.sends(acme.token, `enterTenant { token }`, in{"tenantId": customer}).String("enterTenant.token")
		works(s, acme.token)
		works(s, entered)
		s.sends(ada, `terminateRelationship { relationship { status } }`, in{"id": bond})
		denied(s, acme.token)
		signedOut(s, entered)
	})
}
