package graph_test

import (
	"database/sql"
	"fmt"
	"testing"

	"mandate/ent/partner"
	"mandate/internal/access"
	"mandate/internal/mandate"
)

// filled writes rows of any number in one transaction.
func (s scene) filled(write func(tx *sql.Tx)) {
	s.Helper()
	tx, err := s.DB.Write.Begin()
	s.must(err)
	write(tx)
	s.must(tx.Commit())
}

// TestAllCustomersAreLookedForAmongTenThousand: to assign all customers is refused where there are more to look through, even
// when none of them can be assigned.
func TestAllCustomersAreLookedForAmongTenThousand(t *testing.T) {
	eachScene(t, func(s scene) {
		acme := s.NewPartner("Acme")
		nordic := s.TechPartner(acme, "Nordic", partner.TypeIntegrator)
		now := s.Now()
		customers := func(from, n int) {
			s.filled(func(tx *sql.Tx) {
				fill(s, tx, "tenants", "id,created_at,updated_at,kind,name,sort_name,partner_id", n, func(i int) []any {
					name := fmt.Sprintf("Customer %05d", from+i)
					return []any{rowID("ten", from+i), now, now, "CUSTOMER", name, mandate.SortName(name), acme.ID}
				})
				fill(s, tx, "relationships", "id,created_at,updated_at,partner_name,partner_type,partner_code,kind,status,active_customer_id,starts_at,partner_id,customer_id,role_id", n, func(i int) []any {
					return []any{rowID("rel", from+i), now, now, acme.Name, "MSP", acme.Partner.Code, "CUSTOMER_DESIGNATED", "ACTIVE", rowID("ten", from+i), now, acme.ID,
						rowID("ten", from+i), systemRole(access.ReadOnly)}
				})
			})
		}
		all := in{"partnerId": nordic.Partner.ID, "allCustomers": true}
		customers(0, 10_000)
		s.is("assigned", s.does(acme.Admin, "setAssignedCustomers", all).At("setAssignedCustomers.assigned"), any(0.))
		customers(10_000, 1)
		s.is("refused", s.asks(acme.Admin, "setAssignedCustomers", all).UserErrors("setAssignedCustomers"), []string{"LIMIT_EXCEEDED at input.allCustomers"})
	})
}

// TestGroupOfAnyNumber: a group of more people than a statement can name is changed and deleted like any other.
func TestGroupOfAnyNumber(t *testing.T) {
	eachScene(t, func(s scene) {
		const people = 33_000
		acme, now := s.NewPartner("Acme"), s.Now()
		group := s.Group(acme, "Crowd", systemRole(access.Administrator))
		s.filled(func(tx *sql.Tx) {
			fill(s, tx, "users", "id,created_at,updated_at,email,email_canonical", people, func(i int) []any {
				email := fmt.Sprintf("p%d@crowd.example", i)
				return []any{rowID("usr", i), now, now, email, email}
			})
			fill(s, tx, "members", "id,created_at,updated_at,handle,present_handle,label,first_name,last_name,sort_name,status,tenant_id,user_id,present_user_id", people, func(i int) []any {
				handle := fmt.Sprint("p", i)
				return []any{rowID("mem", i), now, now, handle, handle, handle, handle, "Crowd", handle + " crowd", "ACTIVE", acme.ID, rowID("usr", i), rowID("usr", i)}
			})
			fill(s, tx, "group_members", "id,tenant_id,group_id,member_id", people, func(i int) []any {
				return []any{rowID("gme", i), acme.ID, group.ID, rowID("mem", i)}
			})
		})
		s.does(acme.Admin, "updatePrivilegeGroup", in{"id": group.ID, "roleKey": "READ_ONLY"})
		s.does(acme.Admin, "deletePrivilegeGroup", in{"id": group.ID})
		s.sees(s.read("SELECT id FROM group_members"))
	})
}

// TestRoleOfManyRows: a role is read through the one row that shows it, however many rows of other tenants carry it.
func TestRoleOfManyRows(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso, fabrikam := s.NewPartner("Acme"), s.Customer("Contoso"), s.Customer("Fabrikam")
		s.Manages(acme, contoso)
		s.Manages(acme, fabrikam)
		nordic := s.TechPartner(acme, "Nordic", partner.TypeIntegrator)
		field := s.CustomRole(acme.Tenant, "Field", map[feature]accessLevel{"TENANT": view, "ASSIGNMENTS": view})
		now := s.Now()
		s.filled(func(tx *sql.Tx) {
			fill(s, tx, "assignments", "id,created_at,updated_at,granter_id,tenant_id,tenant_sort_name,grantee_id,grantee_name,role_id,status,starts_at,partner_name,partner_type,partner_code", 10_001, func(i int) []any {
				return []any{rowID("asg", i), now, now, acme.ID, contoso.ID, "contoso", rowID("mem", i), "Somebody", field.ID, "REVOKED", now, acme.Name, "MSP", acme.Partner.Code}
			})
		})
		s.does(acme.Admin, "assign", in{"granteeId": nordic.Partner.ID, "tenantId": fabrikam.ID, "roleId": field.ID})
		a := nordic.Admin.Do("query($id: ID!) { node(id: $id) { ... on Role { name } } }", vars{"id": field.ID}).OK()
		s.is("role", a.At("node"), any(map[string]any{"name": "Field"}))
	})
}
