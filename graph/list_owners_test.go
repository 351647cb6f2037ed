package graph_test

import (
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"

	"mandate/internal/access"
	"mandate/internal/mandate"
	"mandate/internal/testworld"
)

// fewAndMany are how many members customers have who are still there. Pages below many customers are found in one walk along
// all their members, which ends early: here in the middle of an owner, between two, and behind the last one.
var fewAndMany = []int{0, 1, 3, 120, 2, 5, 5, 6, 4, 120, 1, 0}

// owners is a world of customers who have few members, many, or none.
type owners struct {
	scene
	partner *testworld.Company
	ids     []string
}

// owners makes customers with so many members each.
func (s scene) owners(members []int) *owners {
	s.Helper()
	o := &owners{scene: s, partner: s.NewPartner("Acme")}
	for i := range members {
		o.ids = append(o.ids, rowID("ten", i))
	}
	now, prime := s.Now(), systemRole(access.PrimeAdmin)
	name := func(i int) string { return fmt.Sprint("Customer ", i) }
	s.filled(func(tx *sql.Tx) {
		fill(s.T, tx, "tenants", "id,created_at,updated_at,kind,name,sort_name,partner_id", len(o.ids), func(i int) []any {
			return []any{o.ids[i], now, now, "CUSTOMER", name(i), mandate.SortName(name(i)), o.partner.ID}
		})
		fill(s.T, tx, "relationships", "id,created_at,updated_at,partner_name,partner_type,partner_code,customer_name,kind,active_customer_id,starts_at,partner_id,customer_id,role_id", len(o.ids), func(i int) []any {
			return []any{rowID("rel", i), now, now, o.partner.Name, "MSP", o.partner.Partner.Code, name(i), "CUSTOMER_DESIGNATED", o.ids[i], now, o.partner.ID, o.ids[i], prime}
		})
		o.fillMembers(tx, members)
	})
	return o
}

// fillMembers writes members who bear one of three names and whose ids are in no order. Every third is a guest. Every
// fourth is suspended, and each customer has another one who was removed.
func (o *owners) fillMembers(tx *sql.Tx, members []int) {
	o.Helper()
	type person struct{ customer, n int }
	var people []person
	for customer, n := range members {
		for i := range n + 1 {
			people = append(people, person{customer, i})
		}
	}
	now := o.Now()
	fill(o.T, tx, "users", "id,created_at,updated_at,email,email_canonical", len(people), func(i int) []any {
		address := fmt.Sprintf("user%d@example.com", i)
		return []any{rowID("usr", i), now, now, address, address}
	})
	fill(o.T, tx, "members", "id,created_at,updated_at,first_name,last_name,sort_name,handle,label,tenant_id,user_id,present_user_id,status,guest", len(people), func(i int) []any {
		p := people[i]
		name := []string{"Same", "Anna", "Zoë"}[i%3]
		status, present := "ACTIVE", any(rowID("usr", i))
		switch {
		case p.n == members[p.customer]:
			status, present = "REMOVED", nil
		case p.n%4 == 3:
			status = "SUSPENDED"
		}
		return []any{rowID("mem", i*7919%100_003), now, now, name, "X", mandate.SortName(name + " X"), fmt.Sprint(i), "x", o.ids[p.customer], rowID("usr", i), present, status, p.n%3 == 1}
	})
}

// reach says in SQL which members of a customer somebody sees; unseen when not even the customer, refused when its list is.
type reach func(customer int) string

const unseen, refused = "", "refused"

// list reads by plain SQL the members of a customer whom somebody sees, in the order of the names, with their addresses.
func (o *owners) list(sees reach, customer int) (ids, emails []string) {
	o.Helper()
	rows, err := o.DB.Read.Query("SELECT m.id, u.email FROM members m, users u WHERE u.id=m.user_id AND m.status<>'REMOVED' AND ("+sees(customer)+") AND m.tenant_id=? ORDER BY m.sort_name, m.id", o.ids[customer])
	o.must(err)
	defer rows.Close()
	for rows.Next() {
		var id, email string
		o.must(rows.Scan(&id, &email))
		ids, emails = append(ids, id), append(emails, email)
	}
	o.must(rows.Err())
	return ids, emails
}

// pages asks for a page of members of each of the customers at once, and compares with the lists.
func (o *owners) pages(p *testworld.Person, sees reach, customers []int, size int, backward, descending bool, more string) {
	o.Helper()
	bound, direction := "first", "ASC"
	if backward {
		bound = "last"
	}
	if descending {
		direction = "DESC"
	}
	query := fmt.Sprintf(`query($ids: [ID!]!) { nodes(ids: $ids) { ... on Tenant { id members(%s: %d, orderBy: {field: NAME, direction: %s}) {
		nodes { id %s } totalCount totalCountCapped pageInfo { hasNextPage hasPreviousPage } } } } }`, bound, size, direction, more)
	ids := make([]string, len(customers))
	for i, c := range customers {
		ids[i] = o.ids[c]
	}
	a := p.Do(query, vars{"ids": ids})
	var refusals []string
	for i, c := range customers {
		what := fmt.Sprintf("%s %d, %s, of customers %v: customer %d's", bound, size, direction, customers, c)
		switch sees(c) {
		case unseen:
			o.is(what, a.List("nodes")[i], nil)
			continue
		case refused:
			o.is(what, a.List("nodes")[i], any(map[string]any{"id": o.ids[c], "members": nil}))
			refusals = append(refusals, fmt.Sprintf("FORBIDDEN at nodes.%d.members", i))
			continue
		}
		all, emails := o.list(sees, c)
		if descending {
			slices.Reverse(all)
			slices.Reverse(emails)
		}
		from, to := 0, min(size, len(all))
		if backward {
			from, to = max(0, len(all)-size), len(all)
		}
		shown := make([]any, 0, size)
		for j := from; j < to; j++ {
			row := map[string]any{"id": all[j]}
			if more != "" {
				row["email"] = emails[j]
			}
			shown = append(shown, row)
		}
		o.is(what, a.List("nodes")[i], any(map[string]any{"id": o.ids[c], "members": map[string]any{"nodes": shown, "totalCount": float64(len(all)), "totalCountCapped": false,
			"pageInfo": map[string]any{"hasNextPage": to < len(all), "hasPreviousPage": from > 0}}}))
	}
	o.sees(a.Errors(), refusals...)
}

// TestPagesOfManyOwners: a page below each of many customers is what it is below one alone, wherever the walk along all their
// members ends.
func TestPagesOfManyOwners(t *testing.T) {
	eachScene(t, func(s scene) {
		o := s.owners(fewAndMany)
		var all []int
		for i := range o.ids {
			all = append(all, i)
		}
		some := [][]int{
			all,
			{0, 11},             // none has members
			{7, 8, 4},           // 12, which is where the walk of pages of one ends
			{5, 6, 7, 8, 9},     // the first four have 20, which is where that of pages of one ends
			{2, 4, 5, 6, 8, 10}, // all in one walk
			{9, 3},
			{10, 9, 10, 0, 9}, // each again
			{3},
		}
		staff := s.Staff(o.partner, "staff", testworld.Nothing)
		roles := []access.RoleKey{access.ReadOnly, access.GuestManager, access.PhoneManager, ""}
		for i, id := range o.ids {
			row, err := s.Write.Tenant.Get(s.System(), id)
			s.must(err)
			role := roles[i%len(roles)]
			if i == 3 {
				role = access.GuestManager
			}
			if role != "" {
				s.Assign(o.partner, &testworld.Company{Tenant: row}, staff, role)
			}
			if i > 8 {
				staff.Join(row, testworld.Nothing)
			}
		}
		self := "m.user_id='" + staff.ID + "'"
		for _, v := range []struct {
			who  string
			p    *testworld.Person
			more string
			sees reach
		}{
			{"the partner's administrator sees all members", o.partner.Admin, "email", func(int) string { return "1=1" }},
			{"the partner's administrator, without addresses", o.partner.Admin, "", func(int) string { return "1=1" }},
			{"staff sees all members of some, the guests of others and themselves, or no list", staff, "", func(c int) string {
				switch role := roles[c%len(roles)]; {
				case c == 3 || role == access.GuestManager:
					return "m.guest=true OR " + self
				case role == access.ReadOnly:
					return "1=1"
				case role == access.PhoneManager || c == 11:
					return refused
				}
				return unseen
			}},
		} {
			s.then(v.who, func(s scene) {
				o := *o
				o.scene = s
				for _, customers := range some {
					for size := 1; size <= 5; size++ {
						for _, backward := range []bool{false, true} {
							for _, descending := range []bool{false, true} {
								o.pages(v.p, v.sees, customers, size, backward, descending, v.more)
							}
						}
					}
				}
			})
		}
		s.then("owners whom the walk comes to the end of take nothing else", func(s scene) {
			const query = `query($ids: [ID!]!) { nodes(ids: $ids) { ... on Tenant { members(first: 1) { totalCount nodes { id } } } } }`
			for _, c := range []struct {
				customers []int
				bound     int
				beyond    bool
			}{{[]int{2, 4, 8}, 12, false}, {[]int{0, 2, 11}, 12, false}, {[]int{7, 8, 4}, 12, true}, {[]int{5, 6, 7, 8, 9}, 20, true}, {[]int{0, 1, 2, 3}, 16, true}} {
				ids := make([]string, len(c.customers))
				for i, n := range c.customers {
					ids[i] = o.ids[n]
				}
				var walks, others int
				for _, st := range s.Reads(func() { o.partner.Admin.Do(query, vars{"ids": ids}).OK() }) {
					switch {
					case !strings.Contains(st.SQL, "members_page") && !strings.Contains(st.SQL, "COUNT(*)"):
					case strings.HasSuffix(st.SQL, fmt.Sprint(" LIMIT ", c.bound)):
						walks++
					default:
						others++
					}
				}
				if walks != 1 || others > 0 != c.beyond {
					s.Errorf("customers %v: %d walks to %d, and %d other statements for members; want one walk, and others: %v", c.customers, walks, c.bound, others, c.beyond)
				}
			}
		})
	})
}

// TestManyAreCountedBelowManyOwners: each owner's rows are counted up to 10,000, whatever the others have.
func TestManyAreCountedBelowManyOwners(t *testing.T) {
	eachScene(t, func(s scene) {
		members := []int{6000, 10_050, 0, 3, 4000, 10_000, 4001}
		o := s.owners(members)
		for _, customers := range [][]int{{0, 1, 2, 3, 4, 5, 6}, {0, 4}, {0, 6}, {0, 3}, {5, 2}, {1, 3}, {3, 2}, {1}, {5}} {
			ids := make([]string, len(customers))
			for i, c := range customers {
				ids[i] = o.ids[c]
			}
			for _, first := range []int{1, 100} {
				a := o.partner.Admin.Do(`query($ids: [ID!]!, $n: Int!) { nodes(ids: $ids) { ... on Tenant { members(first: $n) { totalCount totalCountCapped } } } }`, vars{"ids": ids, "n": first}).OK()
				for i, c := range customers {
					want := map[string]any{"totalCount": float64(min(members[c], 10_001)), "totalCountCapped": members[c] > 10_000}
					s.is(fmt.Sprintf("of customers %v, customer %d's", customers, c), a.List("nodes")[i], any(map[string]any{"members": want}))
				}
			}
		}
	})
}
