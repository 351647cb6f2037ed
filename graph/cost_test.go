package graph_test

import (
	"fmt"
	"testing"

	"mandate/internal/testdb"
	"mandate/internal/testworld"
)

// costOf is what an answer says that its operation costs.
func costOf(a *testworld.Answer) string {
	c, _ := a.Extension("cost").(map[string]any)
	return fmt.Sprint(c["requested"])
}

// TestAnOperationTellsItsCost: values cost nothing, a list 1, rows what one costs times the bound of their list.
func TestAnOperationTellsItsCost(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		w := testworld.New(t, url)
		p, c := w.NewPartner("Acme"), w.Customer("Contoso")
		w.Manages(p, c)
		for name, q := range map[string]struct {
			query string
			vars  testworld.Vars
			cost  string
		}{
			"nothing":                  {"{ __typename }", nil, "0"},
			"a row in a value":         {"{ viewer { user { id email } } }", nil, "1"},
			"a page":                   {"{ customers(first: 10) { totalCount pageInfo { endCursor } nodes { id name address { city } } } }", nil, "11"},
			"edges and their rows":     {"{ customers(last: 10) { edges { cursor node { id } } } }", nil, "11"},
			"rows below rows":          {"{ customers(first: 10) { nodes { members(first: 5) { nodes { user { id } } } } } }", nil, "121"}, // 1 + 10 × (1 + 1 + 5 × 2)
			"cursors alone":            {"{ customers(first: 10) { edges { cursor } } }", nil, "11"},
			"a bound in a variable":    {"query($n: Int!) { customers(first: $n) { nodes { id } } }", testworld.Vars{"n": 30}, "31"},
			"a bound by default":       {"query($n: Int = 7) { customers(first: $n) { nodes { id } } }", nil, "8"},
			"a page in a fragment":     {"{ customers(first: 10) { ...p } } fragment p on TenantConnection { ...q ... { nodes { id } } } fragment q on TenantConnection { edges { node { id } } }", nil, "21"},
			"one fragment, two bounds": {"{ a: customers(first: 10) { ...p } b: customers(first: 20) { ...p } } fragment p on TenantConnection { nodes { id } }", nil, "32"},
			"rows by their ids":        {`query($ids: [ID!]!) { nodes(ids: $ids) { id ... on Tenant { address { city } } } }`, testworld.Vars{"ids": []string{c.ID, p.ID, "x"}}, "3"},
			"tenants of tokens":        {"{ viewer { apiTokens(first: 10) { nodes { tenants { name } } } } }", nil, "1021"},                                                     // 1 + 10 × (1 + 1 + 100)
			"what events changed":      {`query($id: ID!) { tenant(id: $id) { auditEvents(first: 100) { nodes { changes { field } } } } }`, testworld.Vars{"id": c.ID}, "2602"}, // 1 + 1 + 100 × (1 + 25)
			"a level for each feature": {"{ customers(first: 10) { nodes { viewerPermissions { feature { key } level } } } }", nil, "21"},
			"introspection":            {`{ __type(name: "Query") { fields { name args { name } } } }`, nil, "20"},
		} {
			t.Run(name, func(t *testing.T) {
				if got := costOf(p.Admin.Do(q.query, q.vars).OK()); got != q.cost {
					t.Errorf("cost %s, want %s", got, q.cost)
				}
			})
		}
		t.Run("mutations", func(t *testing.T) {
			in := testworld.Vars{"i": map[string]any{"tenantId": c.ID, "dryRun": true, "members": []any{
				map[string]any{"userId": "a", "label": "a", "firstName": "A", "lastName": "B", "email": "a@example.com", "phone": "+41446681800", "roleKey": "READ_ONLY"},
				map[string]any{"userId": "b", "label": "b", "firstName": "A", "lastName": "B", "email": "b@example.com", "phone": "+41446681800", "roleKey": "READ_ONLY"},
			}}}
			a := c.Admin.Do("mutation($i: AddMembersInput!) { addMembers(input: $i) { members { user { id } } userErrors { code } } }", in).OK()
			if got := costOf(a); got != "16" { // 10, and for each of two members: the member, its user and an error
				t.Errorf("adding two members costs %s", got)
			}
			a = w.Stranger().Do(`mutation { signIn(input: {email: "nobody@example.com", password: "x"}) { token userErrors { code } } }`, nil)
			if got := costOf(a); got != "111" {
				t.Errorf("signing in costs %s", got)
			}
		})
	})
}

// TestAnOperationHasACostAtMost: it is refused before anything is done, however it is written.
func TestAnOperationHasACostAtMost(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		w := testworld.New(t, url)
		p := w.NewPartner("Acme").Admin
		const nested = `{ customers(first: %d) { nodes { members(first: %d) { nodes { id } } } } }`
		for name, q := range map[string]struct {
			who     *testworld.Person
			query   string
			vars    testworld.Vars
			refused bool
		}{
			"5,000":                   {who: p, query: fmt.Sprintf(nested, 49, 100)}, // 1 + 49 × 102 = 4,999
			"more than 5,000":         {who: p, query: fmt.Sprintf(nested, 50, 100), refused: true},
			"by variables":            {who: p, query: "query($n: Int!) " + "{ customers(first: 100) { nodes { members(last: $n) { nodes { id } } } } }", vars: testworld.Vars{"n": 100}, refused: true},
			"by fragments":            {who: p, query: `{ customers(first: 100) { nodes { ...m } } } fragment m on Tenant { members(first: 100) { nodes { id } } }`, refused: true},
			"by aliases":              {who: p, query: "{ viewer { " + repeat(15, "a#: tenants(first: 100) { nodes { tenant { name tags partner { id } relationship { id role { id } } } via } } ") + "} }", refused: true},
			"what changed by aliases": {who: p, query: "{ customers(first: 1) { nodes { auditEvents(first: 15) { nodes { " + repeat(15, "a#: changes { after } ") + "} } } } }", refused: true},
			"numbers that overflow":   {who: p, query: `{ customers(first: 2147483647) { nodes { members(first: 2147483647) { nodes { tenant { members(first: 2147483647) { nodes { id } } } } } } } }`, refused: true},
			"200 for strangers":       {who: w.Stranger(), query: `{ __schema { types { fields { args { name } type { name } } inputFields { name } enumValues { name } possibleTypes { name } interfaces { name } } } }`},
			"too much for strangers":  {who: w.Stranger(), query: "{ " + repeat(5, "a#: __schema { types { name } } ") + "}", refused: true},
			"and not for people":      {who: p, query: "{ " + repeat(5, "a#: __schema { types { name } } ") + "}"},
		} {
			t.Run(name, func(t *testing.T) {
				a := q.who.Do(q.query, q.vars)
				if !q.refused {
					a.OK()
					return
				}
				expectRefusal(t, a, "QUERY_TOO_COMPLEX")
				if a.Statements > 0 {
					t.Errorf("%d statements for what is refused", a.Statements)
				}
				if costOf(a) == "<nil>" {
					t.Errorf("it does not tell the cost: %s", a.Body)
				}
			})
		}
	})
}
