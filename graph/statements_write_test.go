package graph_test

import (
	"testing"

	"mandate/graph"
	"mandate/internal/access"
	"mandate/internal/testdb"
	"mandate/internal/testworld"
)

// TestStatementsOfMutations sees what mutations take from the moment on when it is known who asks, without BEGIN and COMMIT.
func TestStatementsOfMutations(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		w := testworld.New(t, url)
		service, n := counting(w)
		w.API = graph.New(graph.Config{Client: w.Read, Dialect: w.DB.Dialect, Service: service, Clock: w.Now})
		acme, contoso := w.NewPartner("Acme"), w.Customer("Contoso")
		clerk := w.Staff(contoso, "clerk", testworld.Role(access.ReadOnly)).Member(contoso.Tenant).ID
		invite := func(address string) vars { return vars{"in": vars{"email": address, "roleKey": "READ_ONLY"}} }
		give := func(levels ...vars) vars {
			return vars{"in": vars{"tenantId": contoso.ID, "members": []vars{{"id": clerk, "roleKey": "READ_ONLY", "permissions": levels}}}}
		}
		const inviteCustomer = `mutation($in: InviteCustomerInput!) { inviteCustomer(input: $in) { invitation { id status email role { name } } userErrors { code } } }`
		const updateMembers = `mutation($in: UpdateMembersInput!) { updateMembers(input: $in) { members { id version permissions { level feature { key } } } userErrors { code } } }`
		invoices, orders := vars{"feature": "invoices", "level": "VIEW"}, vars{"feature": "orders", "level": "MANAGE"}
		for _, m := range []struct {
			name     string
			who      *testworld.Person
			document string
			vars     vars
			want     int
		}{
			{"an invitation", acme.Admin, inviteCustomer, invite("one@example.org"), 7},
			{"another one", acme.Admin, inviteCustomer, invite("two@example.org"), 7},
			{"a level", contoso.Admin, updateMembers, give(invoices), 7},
			{"another one beside it", contoso.Admin, updateMembers, give(invoices, orders), 7},
			{"a level that is another one", contoso.Admin, updateMembers, give(vars{"feature": "invoices", "level": "MANAGE"}, orders), 7},
			{"a level that is taken back", contoso.Admin, updateMembers, give(orders), 7},
			{"what is there already", contoso.Admin, updateMembers, give(orders), 4},
		} {
			before := n.Load()
			a := m.who.Do(m.document, m.vars).OK()
			if got := int(n.Load()-before) + a.Statements; got != m.want {
				t.Errorf("%s: %d statements; want %d", m.name, got, m.want)
			}
		}
	})
}
