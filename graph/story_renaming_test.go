package graph_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"mandate/internal/testworld"
)

// TestARenamedCustomer: what is open follows the customer's new name and number; what is over keeps those of its time.
func TestARenamedCustomer(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, blue, green, contoso := s.NewPartner("Acme"), s.NewPartner("Blue"), s.NewPartner("Green"), s.Customer("Contoso")
		s.does(contoso.Admin, "updateTenant", in{"id": contoso.ID, "accountNumber": "C-1"})
		s.does(contoso.Admin, "terminateRelationship", in{"id": s.connected(blue, contoso, "READ_ONLY")})
		s.does(contoso.Admin, "invitePartner", in{"code": green.Partner.Code, "roleKey": "READ_ONLY"})
		live := s.connected(acme, contoso, "READ_ONLY")
		s.does(acme.Admin, "widenRelationship", in{"id": live, "roleKey": "ADMINISTRATOR"})
		staff := make(map[string]*testworld.Person)
		assign := func(name string, period in) (id string) {
			staff[name] = s.Staff(acme, name, testworld.Nothing)
			return s.does(acme.Admin, "assign", in{"granteeId": staff[name].Member(acme.Tenant).ID, "tenantId": contoso.ID, "roleKey": "READ_ONLY", "accessPeriod": period}).
				String("assign.assignment.id")
		}
		assign("helper", nil)
		assign("later", in{"startsAt": s.Now().AddDate(0, 0, 3)})
		assign("brief", in{"days": 1})
		s.does(acme.Admin, "revokeAssignments", in{"ids": []string{assign("gone", nil)}})
		for _, name := range []string{"Adatum", "Beta"} {
			c := s.Customer(name)
			s.connected(acme, c, "READ_ONLY")
			s.Assign(acme, c, staff["helper"], "READ_ONLY")
		}
		s.Later(25 * time.Hour)
		stamps := func() []string {
			return slices.Concat(s.read("SELECT id, version, updated_at FROM relationships"), s.read("SELECT id, version, updated_at FROM invitations"),
				s.read("SELECT id, version, updated_at FROM assignments"))
		}
		before := stamps()
		s.does(contoso.Admin, "updateTenant", in{"id": contoso.ID, "name": "Aardvark", "accountNumber": "A-2"})

		of := func(columns, table, by string) []string {
			s.Helper()
			return s.read(fmt.Sprintf("SELECT %s FROM %s WHERE %s='%s'", columns, table, by, contoso.ID))
		}
		s.then("between the two", func(s scene) {
			s.sees(of("status, customer_name, customer_account_number", "relationships", "customer_id"),
				"ACTIVE | Aardvark | A-2", "TERMINATED | Contoso | C-1")
			s.sees(of("status, partner_name, customer_name, customer_account_number", "invitations", "customer_id"),
				"ACCEPTED | Acme | Contoso | C-1", "ACCEPTED | Blue | Contoso | C-1", // led to what is, or was
				"PENDING | Acme | Aardvark | A-2", // the offer
				"PENDING | Green | Aardvark | ")   // who is not connected learns no number
			s.sees(of("grantee_name, status, customer_name, customer_account_number, tenant_sort_name", "assignments", "tenant_id"),
				"Brief Smith | ACTIVE | Contoso | C-1 | contoso", "Gone Smith | REVOKED | Contoso | C-1 | contoso",
				"Helper Smith | ACTIVE | Aardvark | A-2 | aardvark", "Later Smith | ACTIVE | Aardvark | A-2 | aardvark")
			s.is("versions", stamps(), before)
		})
		s.then("the partner reads both names, each in its place", func(s scene) {
			a := acme.Admin.Do(`query($id: ID!) { node(id: $id) { ... on Relationship { customerProfile { name accountNumber } } } }`, vars{"id": live}).OK()
			s.is("live", a.At("node.customerProfile"), any(map[string]any{"name": "Aardvark", "accountNumber": "A-2"}))
			a = blue.Admin.Do(`query($id: ID!) { tenant(id: $id) { relationships(first: 9) { nodes { customerProfile { name accountNumber } } } } }`, vars{"id": blue.ID}).OK()
			s.is("over", a.At("tenant.relationships.nodes.0.customerProfile"), any(map[string]any{"name": "Contoso", "accountNumber": "C-1"}))
		})
		s.then("lists of those who are assigned are in the new order, and found by the new name", func(s scene) {
			page := func(args string) []string {
				return staff["helper"].Do("{ customers("+args+") { nodes { name } } }", nil).OK().Column("customers.nodes", "name")
			}
			s.sees(page(`first: 1`), "Aardvark")
			s.sees(page(`last: 1`), "Beta")
			s.sees(page(`first: 9, filter: {search: "aard"}`), "Aardvark")
			s.sees(page(`first: 9, filter: {search: "cont"}`))
		})
		s.then("a number that is taken away goes from what is open", func(s scene) {
			s.does(contoso.Admin, "updateTenant", in{"id": contoso.ID, "accountNumber": ""})
			s.sees(of("status, customer_name, customer_account_number", "relationships", "customer_id"), "ACTIVE | Aardvark | ", "TERMINATED | Contoso | C-1")
			s.has(of("grantee_name, customer_account_number", "assignments", "tenant_id"), "Helper Smith | ", "Gone Smith | C-1")
		})
		s.then("a relationship that is past its end, and an invitation that is, keep the name of their time", func(s scene) {
			s.does(contoso.Admin, "narrowRelationship", in{"id": live, "endsAt": s.Now().AddDate(0, 0, 7)})
			s.Later(7 * 24 * time.Hour)
			s.does(contoso.Admin, "updateTenant", in{"id": contoso.ID, "name": "Zebra"})
			s.sees(of("status, customer_name", "relationships", "customer_id"), "ACTIVE | Aardvark", "TERMINATED | Contoso")
			s.sees(of("status, customer_name", "invitations", "customer_id"), "ACCEPTED | Contoso", "ACCEPTED | Contoso", "PENDING | Aardvark", "PENDING | Aardvark")
		})
	})
}

func TestARenamedPartner(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso, fabrikam, operator := s.NewPartner("Acme"), s.Customer("Contoso"), s.Customer("Fabrikam"), s.Operator()
		s.does(contoso.Admin, "terminateRelationship", in{"id": s.connected(acme, contoso, "READ_ONLY")})
		live := s.connected(acme, contoso, "READ_ONLY")
		s.does(acme.Admin, "widenRelationship", in{"id": live, "roleKey": "ADMINISTRATOR"})
		s.invites(acme, "somebody@example.com")
		_, token := s.invites(acme, "fabrikam@example.com")
		s.does(fabrikam.Admin, "declineInvitation", in{"token": token})
		helper, gone := s.Staff(acme, "helper", testworld.Nothing), s.Staff(acme, "gone", testworld.Nothing)
		assign := func(p *testworld.Person) string {
			return s.does(acme.Admin, "assign", in{"granteeId": p.Member(acme.Tenant).ID, "tenantId": contoso.ID, "roleKey": "READ_ONLY"}).String("assign.assignment.id")
		}
		s.does(acme.Admin, "revokeAssignments", in{"ids": []string{assign(helper), assign(gone)}})
		assign(helper)

		s.does(operator.Admin, "updateTenant", in{"id": acme.ID, "name": "Omega"})
		s.sees(s.read("SELECT status, partner_name FROM relationships"), "ACTIVE | Omega", "TERMINATED | Acme")
		s.sees(s.read("SELECT status, partner_name, email FROM invitations"), "ACCEPTED | Acme | ", "ACCEPTED | Acme | ",
			"DECLINED | Acme | fabrikam@example.com", "PENDING | Omega | ", "PENDING | Omega | somebody@example.com")
		s.sees(s.read("SELECT status, grantee_name, partner_name, customer_name FROM assignments"), "ACTIVE | Helper Smith | Omega | Contoso",
			"REVOKED | Gone Smith | Acme | Contoso", "REVOKED | Helper Smith | Acme | Contoso")
		a := contoso.Admin.Do(`query($id: ID!) { tenant(id: $id) { relationships(first: 9) { nodes { status partner { name code } } } } }`, vars{"id": contoso.ID}).OK()
		s.sees(a.Column("tenant.relationships.nodes", "partner.name"), "Omega", "Acme")
		a = contoso.Admin.Do(`query($c: String!) { partnerByCode(code: $c) { name } }`, vars{"c": acme.Partner.Code}).OK()
		s.is("by its Partner ID", a.At("partnerByCode.name"), "Omega")
	})
}
