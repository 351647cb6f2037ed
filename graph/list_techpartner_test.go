package graph_test

import (
	"cmp"
	"fmt"
	"slices"
	"testing"

	"mandate/ent/partner"
	"mandate/internal/mandate"
	"mandate/internal/testdb"
	"mandate/internal/testworld"
)

// column is a tech partner as the list shows it.
type column struct {
	*testworld.Company
	ID, Name, TenantID, Type string
	msp, customers, admins   int
}

// manyTechPartners makes an MSP with tech partners of equal names, types and counts.
func (s scene) manyTechPartners(n int) (msp *testworld.Company, all []column) {
	s.Helper()
	msp = s.NewPartner("Acme")
	names := []string{"Same", "Zoë", "Ａnna", "Éva", "anna"}
	var customers []*testworld.Company
	for i := range 3 {
		c := s.Customer(fmt.Sprint("Customer", i))
		s.Manages(msp, c)
		customers = append(customers, c)
	}
	var staff []*testworld.Person
	for i := range 3 {
		staff = append(staff, s.Staff(msp, fmt.Sprint("staff", i), testworld.Nothing))
	}
	for i := range n {
		kind := []partner.Type{"INSTALLER", "INTEGRATOR"}[i%2]
		p := s.TechPartner(msp, fmt.Sprint("tp", i), kind)
		name := names[i%len(names)]
		s.rename(p, name)
		c := column{Company: p, ID: p.Partner.ID, Name: name, TenantID: p.ID, Type: string(kind), msp: i % 4, customers: (i / 2) % 3, admins: 1}
		for _, m := range staff[:c.msp] {
			s.Delegate(msp, p, m, "READ_ONLY")
		}
		for _, to := range customers[:c.customers] {
			s.AssignTo(msp, to, p, "READ_ONLY")
		}
		if i%3 == 0 {
			s.Staff(p, fmt.Sprint("second", i), testworld.Administrator)
			c.admins = 2
		}
		all = append(all, c)
	}
	return msp, all
}

// rename gives a company another name, as it is.
func (s scene) rename(c *testworld.Company, name string) {
	s.Helper()
	s.must(s.Write.Tenant.UpdateOneID(c.ID).SetName(name).SetSortName(mandate.SortName(name)).Exec(s.System()))
}

var techPartnerOrders = map[string]func(a, b column) int{
	"NAME":                     func(_, _ column) int { return 0 },
	"TYPE":                     func(a, b column) int { return -cmp.Compare(a.Type, b.Type) }, // integrators, then installers
	"TENANT_ID":                func(a, b column) int { return cmp.Compare(a.TenantID, b.TenantID) },
	"MSP_ADMIN_COUNT":          func(a, b column) int { return cmp.Compare(a.msp, b.msp) },
	"ASSIGNED_CUSTOMERS_COUNT": func(a, b column) int { return cmp.Compare(a.customers, b.customers) },
	"ACCOUNT_ADMIN_COUNT":      func(a, b column) int { return cmp.Compare(a.admins, b.admins) },
}

// TestTechPartnersAreSortedByEveryColumn both ways, and paged in both directions.
func TestTechPartnersAreSortedByEveryColumn(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, all := s.manyTechPartners(13)
		for field, order := range techPartnerOrders {
			for _, direction := range []string{"ASC", "DESC"} {
				s.then(field+" "+direction, func(s scene) {
					want := slices.Clone(all)
					slices.SortFunc(want, func(a, b column) int {
						by := cmp.Or(order(a, b), cmp.Compare(mandate.SortName(a.Name), mandate.SortName(b.Name)), cmp.Compare(a.TenantID, b.TenantID))
						if direction == "DESC" {
							return -by
						}
						return by
					})
					ids := make([]string, len(want))
					for i, c := range want {
						ids[i] = c.ID
					}
					by := in{"field": field, "direction": direction}
					for _, size := range []int{1, 4, 13} {
						s.sees(s.techPartnerPages(acme.Admin, false, size, by, len(all)), ids...)
						s.sees(s.techPartnerPages(acme.Admin, true, size, by, len(all)), ids...)
					}
				})
			}
		}
		s.then("the counts are those it is sorted by", func(s scene) {
			a := acme.Admin.Do(`{ techPartners(first: 100, orderBy: {field: TENANT_ID}) { nodes { id mspAdminCount assignedCustomersCount accountAdminCount tenant { id } } } }`, nil).OK()
			for _, count := range []string{"mspAdminCount", "assignedCustomersCount", "accountAdminCount"} {
				alone := acme.Admin.Do(`{ techPartners(first: 100, orderBy: {field: TENANT_ID}) { nodes { ... on Node { ... on Partner { n: `+count+` } } } } }`, nil).OK()
				s.is(count+" alone", alone.Column("techPartners.nodes", "n"), a.Column("techPartners.nodes", count))
			}
			for i, c := range all {
				s.is("row", a.At(fmt.Sprintf("techPartners.nodes.%d", i)), any(map[string]any{"id": c.ID, "tenant": map[string]any{"id": c.TenantID},
					"mspAdminCount": float64(c.msp), "assignedCustomersCount": float64(c.customers), "accountAdminCount": float64(c.admins)}))
			}
		})
		s.then("a cursor of another order, and a search of one character, are refused", func(s scene) {
			cursor := acme.Admin.Do(`{ techPartners(first: 1, orderBy: {field: TYPE}) { pageInfo { endCursor } } }`, nil).OK().String("techPartners.pageInfo.endCursor")
			for _, field := range []string{"NAME", "MSP_ADMIN_COUNT"} {
				a := acme.Admin.Do(`query($c: String, $f: PartnerOrderField!) { techPartners(first: 1, after: $c, orderBy: {field: $f}) { nodes { id } } }`, vars{"c": cursor, "f": field})
				s.sees(a.Errors(), "BAD_USER_INPUT at techPartners")
			}
			s.sees(acme.Admin.Do(`{ techPartners(first: 1, filter: {search: "S"}) { nodes { id } } }`, nil).Errors(), "SEARCH_TOO_SHORT at techPartners")
			s.sees(acme.Admin.Do(`{ techPartners { nodes { id } } }`, nil).Errors(), "BAD_USER_INPUT at techPartners")
		})
	})
}

// techPartnerPages walks through the list of tech partners, and returns the ids in its order.
func (s scene) techPartnerPages(p *testworld.Person, backward bool, size int, orderBy in, count int) []string {
	s.Helper()
	bound, cursor, from, more := "first", "after", "endCursor", "hasNextPage"
	if backward {
		bound, cursor, from, more = "last", "before", "startCursor", "hasPreviousPage"
	}
	query := fmt.Sprintf(`query($n: Int!, $c: String, $o: PartnerOrder) { techPartners(%s: $n, %s: $c, orderBy: $o) {
		totalCount nodes { id } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`, bound, cursor)
	var ids []string
	var at any
	for range count + 1 {
		a := p.Do(query, vars{"n": size, "c": at, "o": orderBy}).OK()
		s.is("totalCount", a.At("techPartners.totalCount"), any(float64(count)))
		page := a.Column("techPartners.nodes", "id")
		if backward {
			ids = append(page, ids...)
		} else {
			ids = append(ids, page...)
		}
		if at = a.At("techPartners.pageInfo." + from); a.At("techPartners.pageInfo."+more) != true {
			return ids
		}
	}
	s.Fatal("the list has no end")
	return nil
}

// TestACountOrdersOnlyWhatTellsIt: where the viewer lacks the level that a count takes, a tech partner is left out of an
// order by it.
func TestACountOrdersOnlyWhatTellsIt(t *testing.T) {
	eachScene(t, func(s scene) {
		acme := s.NewPartner("Acme")
		elbe, nordwind := s.TechPartner(acme, "Elbe", "INSTALLER"), s.TechPartner(acme, "Nordwind", "INTEGRATOR")
		helper := s.Staff(acme, "helper", testworld.Nothing)
		r := s.CustomRole(acme.Tenant, "Partners", map[feature]accessLevel{"PARTNERS": view, "USERS": view})
		s.Delegate(acme, nordwind, helper, "READ_ONLY")
		group := s.Group(acme, "Group", r.ID, helper)
		s.does(acme.Admin, "setMspDelegations", in{"tenantId": elbe.ID, "members": []any{}, "privilegeGroupIds": []string{group.ID}})
		for field, want := range map[string][]string{
			"NAME": {"Elbe", "Nordwind"}, "TYPE": {"Nordwind", "Elbe"}, "ACCOUNT_ADMIN_COUNT": {"Elbe", "Nordwind"},
			"MSP_ADMIN_COUNT": {"Nordwind"}, "ASSIGNED_CUSTOMERS_COUNT": {"Nordwind"},
		} {
			a := helper.Do(`query($f: PartnerOrderField!) { techPartners(first: 9, orderBy: {field: $f}) { totalCount nodes { name } } }`, vars{"f": field}).OK()
			s.sees(a.Column("techPartners.nodes", "name"), want...)
			s.is("count", a.At("techPartners.totalCount"), any(float64(len(want))))
		}
		a := helper.Do(`{ techPartners(first: 9) { nodes { mspAdminCount } } }`, nil)
		s.sees(a.Errors(), "FORBIDDEN at techPartners.nodes.0.mspAdminCount")
	})
}

// TestStatementsOfTechPartners: as many for one tech partner as for fifty.
func TestStatementsOfTechPartners(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		s := scene{t, testworld.New(t, url)}
		acme, all := s.manyTechPartners(50)
		everybody, everywhere := s.Staff(acme, "everybody", testworld.Nothing), s.Customer("Everywhere")
		s.Manages(acme, everywhere)
		for _, c := range all { // none without a row to load
			s.Delegate(acme, c.Company, everybody, "READ_ONLY")
			s.AssignTo(acme, everywhere, c.Company, "READ_ONLY")
		}
		fields := `{ nodes { name type managedBy { name } mspAdminCount assignedCustomersCount accountAdminCount tenant { id name }
			assignedCustomers(first: 5) { totalCount nodes { tenantProfile { name } grantee { ... on Partner { name } } } }
			mspDelegations(first: 5) { totalCount nodes { granteeName grantee { ... on Member { id } } } } } totalCount pageInfo { hasNextPage } }`
		for field := range techPartnerOrders {
			took := make(map[int]int)
			for _, n := range []int{1, 10, 50} {
				query := fmt.Sprintf(`{ techPartners(last: %d, orderBy: {field: %s}) %s }`, n, field, fields)
				a := acme.Admin.Do(query, nil).OK()
				if got := len(a.List("techPartners.nodes")); got != n {
					t.Errorf("%d tech partners; want %d", got, n)
				}
				took[n] = a.Statements
			}
			if took[1] != took[10] || took[10] != took[50] || took[50] > 26 {
				t.Errorf("by %s: %v statements", field, took)
			}
		}
	})
}
