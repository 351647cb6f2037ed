package graph_test

import (
	"fmt"
	"slices"
	"testing"

	"mandate/internal/testworld"
)

// TestBoundsThatAreNull: a bound that is null does not hide the other one.
func TestBoundsThatAreNull(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso := s.NewPartner("Acme"), s.Customer("Contoso")
		s.connected(acme, contoso, "ADMINISTRATOR")
		const nested = "{ customers(%[1]s, %[2]s: 100) { nodes { members(%[1]s, %[2]s: 100) { nodes { id } } } } }"
		for _, bounds := range [][2]string{{"first", "last"}, {"last", "first"}} {
			null, given := bounds[0], bounds[1]
			variable := "query($n: Int) " + fmt.Sprintf(nested, null+": $n", given)
			for how, a := range map[string]*testworld.Answer{
				"literally":              acme.Admin.Do(fmt.Sprintf(nested, null+": null", given), nil),
				"by a variable":          acme.Admin.Do(variable, testworld.Vars{"n": nil}),
				"by a variable left out": acme.Admin.Do(variable, nil),
				"by a default":           acme.Admin.Do("query($n: Int = null) "+fmt.Sprintf(nested, null+": $n", given), nil),
			} {
				s.then(null+" "+how, func(s scene) {
					s.sees(a.Errors(), "QUERY_TOO_COMPLEX at")
					s.is("statements", a.Statements, 0)
				})
			}
		}
	})
}

// TestFiltersOfManyValues: naming a value a thousand times is naming it once, and what cannot be counted is bounded.
func TestFiltersOfManyValues(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso, operator := s.NewPartner("Acme"), s.Customer("Contoso"), s.Operator()
		id := s.connected(acme, contoso, "ADMINISTRATOR")
		s.does(contoso.Admin, "terminateRelationship", in{"id": id})
		for _, c := range []struct {
			what, query, at string
			values          []string
			found           int
		}{
			{"relationships", "query($v: [RelationshipStatus!], $id: ID!) { tenant(id: $id) { list: relationships(status: $v, first: 10) { nodes { id } } } }", "tenant.list.nodes",
				append(slices.Repeat([]string{"EXPIRED"}, 1000), "TERMINATED"), 1},
			{"invitations", "query($v: [InvitationStatus!], $id: ID!) { tenant(id: $id) { list: invitations(status: $v, first: 10) { nodes { id } } } }", "tenant.list.nodes",
				append(slices.Repeat([]string{"EXPIRED"}, 1000), "ACCEPTED"), 1},
			{"assignments", "query($v: [AssignmentStatus!], $id: ID!) { tenant(id: $id) { list: assignments(status: $v, first: 10) { nodes { id } } } }", "tenant.list.nodes",
				slices.Repeat([]string{"EXPIRED", "ACTIVE"}, 1000), 0},
		} {
			s.then(c.what, func(s scene) {
				a := contoso.Admin.Do(c.query, testworld.Vars{"v": c.values, "id": contoso.ID}).OK()
				s.is("found", len(a.List(c.at)), c.found)
			})
		}
		s.then("tenants", func(s scene) {
			a := operator.Admin.Do("query($k: [TenantKind!], $s: [TenantStatus!]) { tenants(filter: {kind: $k, status: $s}, first: 10) { nodes { name } } }",
				testworld.Vars{"k": slices.Repeat([]string{"CUSTOMER"}, 1000), "s": slices.Repeat([]string{"ACTIVE"}, 1000)}).OK()
			s.sees(a.Column("tenants.nodes", "name"), "Contoso")
		})
		s.then("actions of the audit trail, a hundred at most", func(s scene) {
			const query = "query($v: [String!], $id: ID!) { tenant(id: $id) { auditEvents(filter: {action: $v}, first: 10) { nodes { action } } } }"
			actions := make([]string, 101)
			for i := range actions {
				actions[i] = fmt.Sprint("action.", i)
			}
			actions[0] = "relationship.terminated"
			a := contoso.Admin.Do(query, testworld.Vars{"v": actions, "id": contoso.ID})
			s.sees(a.Errors(), "BAD_USER_INPUT at tenant.auditEvents")
			a = contoso.Admin.Do(query, testworld.Vars{"v": actions[:100], "id": contoso.ID}).OK()
			s.sees(a.Column("tenant.auditEvents.nodes", "action"), "relationship.terminated")
		})
	})
}

// TestT03FiltersTellNoMoreThanFields: whoever may not read what a filter chooses by finds nothing with it.
func TestT03FiltersTellNoMoreThanFields(t *testing.T) {
	eachScene(t, func(s scene) {
		operator := s.Operator()
		s.NewPartner("Acme")
		s.Customer("Contoso")
		clerk := func(name string, levels map[feature]accessLevel) *testworld.Person {
			return s.Staff(operator, name, testworld.Custom(s.CustomRole(operator.Tenant, name, levels)))
		}
		found := func(p *testworld.Person, filter string) []string {
			a := p.Do("{ tenants(first: 10, filter: {"+filter+"}) { totalCount nodes { name } } }", nil).OK()
			names := a.Column("tenants.nodes", "name")
			s.is("count", a.At("tenants.totalCount"), float64(len(names)))
			return names
		}
		s.then("of partners, with TENANT VIEW alone", func(s scene) {
			p := clerk("clerk", map[feature]accessLevel{"TENANT": view})
			for _, filter := range []string{"recognized: true", "recognized: false", "partnerType: [MSP]", "partnerType: [MSP], recognized: true", "kind: [PARTNER], partnerType: [MSP, RESELLER]"} {
				s.sees(found(p, filter))
			}
			s.sees(found(p, ""), "Acme", "Contoso", "Operator")
			s.sees(found(p, "kind: [PARTNER]"), "Acme")
		})
		s.then("with PARTNERS VIEW too they find them", func(s scene) {
			p := clerk("desk", map[feature]accessLevel{"TENANT": view, "PARTNERS": view})
			s.sees(found(p, "recognized: true"), "Acme")
			s.sees(found(p, "partnerType: [MSP]"), "Acme")
			s.sees(found(p, "recognized: false"))
		})
	})
}
