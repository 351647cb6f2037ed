package graph_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"mandate/graph"
	"mandate/internal/testworld"
)

// What a mutation answers is read after what it wrote, though the clock went on while it wrote.
func TestAnAnswerIsNotOlderThanItsWrite(t *testing.T) {
	eachScene(t, func(s scene) {
		s.Ticks(time.Millisecond)
		acme, contoso := s.NewPartner("Acme"), s.Customer("Contoso")
		s.connected(acme, contoso, "ADMINISTRATOR")
		helper := s.Staff(acme, "helper", testworld.Nothing)

		a := acme.Admin.Do(`mutation($i: CreateCustomerInput!) { createCustomer(input: $i) { tenant { id name } relationship { customer { name } } userErrors { code } } }`,
			testworld.Vars{"i": in{"name": "Fabrikam", "adminEmail": "ada@fabrikam.example", "adminFirstName": "Ada", "adminLastName": "Byron"}}).OK()
		s.is("the customer created", a.At("createCustomer.tenant.name"), any("Fabrikam"))
		s.is("through its relationship", a.At("createCustomer.relationship.customer.name"), any("Fabrikam"))

		a = acme.Admin.Do(`mutation($i: AssignInput!) { assign(input: $i) { assignment { status tenant { name } } userErrors { code } } }`,
			testworld.Vars{"i": in{"granteeId": helper.Member(acme.Tenant).ID, "tenantId": contoso.ID, "roleKey": "READ_ONLY"}}).OK()
		s.is("the assignment", a.At("assign.assignment"), any(map[string]any{"status": "ACTIVE", "tenant": map[string]any{"name": "Contoso"}}))
	})
}

// The schema that is printed, the one that introspection tells and the one that requests are held against are one.
func TestTheSchemaIsOne(t *testing.T) {
	eachScene(t, func(s scene) {
		a := s.Stranger().Do(`{ __schema { directives { name } types { name } } }`, nil).OK()
		printed, err := gqlparser.LoadSchema(&ast.Source{Name: "schema.graphql", Input: graph.SDL()})
		if err != nil {
			t.Fatal(err)
		}
		var directives, types []string
		for name := range printed.Directives {
			if name != "defer" { // the parser's own, in every schema that it loads
				directives = append(directives, name)
			}
		}
		for name := range printed.Types {
			types = append(types, name)
		}
		told := func(list string) []string {
			names := a.Column("__schema."+list, "name")
			slices.Sort(names)
			return names
		}
		slices.Sort(directives)
		slices.Sort(types)
		s.is("directives", told("directives"), directives)
		s.is("types", told("types"), types)
		acme := s.NewPartner("Acme")
		s.is("@defer", acme.Admin.Do(`{ customers(first: 1) { nodes { ... @defer { name } } } }`, nil).Errors(), []string{"GRAPHQL_VALIDATION_FAILED at"})
	})
}

// What is wrong with a document is said in the schema's words, and never in the request's values.
func TestWhatIsWrongIsSaidInTheSchemasWords(t *testing.T) {
	eachScene(t, func(s scene) {
		for query, want := range map[string]string{
			`{ customers(first: 1, filter: {status: [HUNTER2]}) { nodes { id } } }`:                     `A value of the enum TenantStatus is expected.`,
			`mutation { inviteCustomer(input: {}) { userErrors { code } } }`:                            `Field "InviteCustomerInput.email" of required type "String!" was not provided.`,
			`mutation { inviteCustomer(input: {email: "hunter2", rolKey: X}) { userErrors { code } } }`: `InviteCustomerInput has no such field.`,
			`{ customers(first: "hunter2") { nodes { id } } }`:                                          `A value of the type Int is expected.`,
			`query A { features { key } } query B { features { key } }`:                                 `The document has no operation with the name in operationName, or several and none is named.`,
		} {
			s.is(query, message(s, s.Stranger().Do(query, nil)), want)
		}
		invite := `mutation($i: InviteCustomerInput!) { inviteCustomer(input: $i) { userErrors { code } } }`
		for variables, want := range map[string]string{
			`{}`:                                     `The variable i is missing.`,
			`{"i": {"message": "hunter2"}}`:          `The variable i.email is missing.`,
			`{"i": {"email": "a", "mail": "b"}}`:     `The variable i.mail is not a field of its input.`,
			`{"i": {"email": "a", "roleKey": "BO"}}`: `The variable i.roleKey takes a value of the enum SystemRoleKey.`,
			`{"i": {"email": ["hunter2"]}}`:          `The variable i.email does not have its type.`,
		} {
			var vars testworld.Vars
			s.must(json.Unmarshal([]byte(variables), &vars))
			s.is(variables, message(s, s.Stranger().Do(invite, vars)), want)
		}
	})
}

// message is the sentence of an answer's first error, in which nothing of the request stands.
func message(s scene, a *testworld.Answer) string {
	s.Helper()
	var body struct{ Errors []struct{ Message string } }
	s.must(json.Unmarshal([]byte(a.Body), &body))
	if len(body.Errors) == 0 || strings.Contains(strings.ToLower(a.Body), "hunter2") {
		s.Fatalf("answer: %s", a.Body)
	}
	return body.Errors[0].Message
}
