package world_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"mandate/internal/auth"
	"mandate/internal/bench/operation"
	"mandate/internal/bench/world"
	"mandate/internal/clock"
	"mandate/internal/doctor"
	"mandate/internal/testdb"
	"mandate/internal/testworld"
)

// built is a world with the API around it.
type built struct {
	*world.World
	around *testworld.World
	api    http.Handler
}

func build(t testing.TB, url string, size world.Size) *built {
	t.Helper()
	around := testworld.New(t, url)
	w, err := world.Build(t.Context(), around.DB, size, around.Now())
	if err != nil {
		t.Fatal(err)
	}
	sessions := &auth.Sessions{Read: around.DB.Read, Write: around.DB.Write, Clock: around.Now}
	api := sessions.Bearer(around.API, func(w http.ResponseWriter, _ *http.Request, err error) {
		http.Error(w, err.Error(), http.StatusUnauthorized)
	})
	return &built{w, around, api}
}

// ask posts a request, and returns the data of its answer, which has no errors.
func (b *built) ask(t *testing.T, token string, body []byte) map[string]any {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, "/graphql", bytes.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	w := httptest.NewRecorder()
	b.api.ServeHTTP(w, r)
	var answer struct {
		Data   map[string]any
		Errors []any
	}
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || w.Code != http.StatusOK || answer.Errors != nil {
		t.Fatalf("%d %.1000s (%v)", w.Code, w.Body, err)
	}
	return answer.Data
}

// at finds what an answer has at a path.
func at(data any, path string) any {
	for _, name := range strings.Split(path, ".") {
		object, _ := data.(map[string]any)
		data = object[name]
	}
	return data
}

// count returns the number that a statement yields.
func (b *built) count(t *testing.T, query string, args ...any) (n int) {
	t.Helper()
	if err := b.around.DB.Read.QueryRow(query, args...).Scan(&n); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

func TestWorldIsSound(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		b := build(t, url, world.Tiny)
		findings, err := doctor.Examine(t.Context(), b.around.DB, clock.System)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range findings {
			if f.Level == doctor.Fail {
				t.Errorf("%s: %v", f.Check, f.Faults)
			}
		}
		for what, query := range map[string]string{
			"tenants without the copy of their partner": `SELECT COUNT(*) FROM relationships r JOIN tenants t ON t.id=r.customer_id WHERE t.partner_id IS NULL OR t.partner_id<>r.partner_id`,
			"tenants with a partner and no relationship": `SELECT COUNT(*) FROM tenants t WHERE t.partner_id IS NOT NULL
				AND NOT EXISTS (SELECT 1 FROM relationships r WHERE r.active_customer_id=t.id)`,
			"other profiles in relationships": `SELECT COUNT(*) FROM relationships r JOIN tenants c ON c.id=r.customer_id JOIN tenants t ON t.id=r.partner_id JOIN partners p ON p.tenant_id=t.id
				WHERE r.customer_name<>c.name OR r.customer_account_number<>c.account_number OR r.partner_name<>t.name OR r.partner_code<>p.code OR r.partner_type<>p.type`,
			"other names in assignments": `SELECT COUNT(*) FROM assignments a JOIN tenants t ON t.id=a.tenant_id JOIN tenants g ON g.id=a.granter_id
				WHERE a.tenant_sort_name<>t.sort_name OR a.customer_name<>t.name OR a.partner_name<>g.name`,
			"other names of grantees": `SELECT COUNT(*) FROM assignments a JOIN members m ON m.id=a.grantee_id WHERE a.grantee_name<>CONCAT(m.first_name, ' ', m.last_name)`,
			"assignments that rest on nothing": `SELECT COUNT(*) FROM assignments a JOIN tenants t ON t.id=a.tenant_id LEFT JOIN relationships r ON r.id=a.relationship_id
				WHERE t.kind='CUSTOMER' AND (r.id IS NULL OR r.customer_id<>a.tenant_id OR r.partner_id<>a.granter_id)`,
			"other names in groups":       `SELECT COUNT(*) FROM group_customers g JOIN tenants t ON t.id=g.customer_id WHERE g.customer_sort_name<>t.sort_name OR t.partner_id<>g.tenant_id`,
			"members without their place": `SELECT COUNT(*) FROM members WHERE (status='REMOVED')<>(present_user_id IS NULL) OR (status='REMOVED')<>(present_handle IS NULL)`,
		} {
			if n := b.count(t, query); n != 0 {
				t.Errorf("%d %s", n, what)
			}
		}
	})
}

func TestWorldIsAsLargeAsItsSize(t *testing.T) {
	t.Parallel()
	for _, size := range []world.Size{world.Tiny, world.Small} {
		t.Run(size.Name, func(t *testing.T) {
			t.Parallel()
			b := build(t, testdb.New(t, testdb.SQLite), size)
			of := "SELECT COUNT(*) FROM relationships WHERE partner_id=?"
			small := at(b.answered(t, "AssignedCustomers", world.SmallPartner)[0], "id")
			for what, c := range map[string]struct{ got, least, most int }{
				"customers":                       {b.count(t, "SELECT COUNT(*) FROM tenants WHERE kind='CUSTOMER'"), size.Customers, size.Customers},
				"users":                           {b.count(t, "SELECT COUNT(*) FROM users"), size.Users, size.Users},
				"members":                         {b.count(t, "SELECT COUNT(*) FROM members"), size.Users, size.Users},
				"assignments":                     {b.count(t, "SELECT COUNT(*) FROM assignments"), size.Assignments, size.Assignments},
				"customers of the large partner":  {b.count(t, of, b.Partner), size.Customers * 6 / 10, size.Customers * 6 / 10},
				"suspended ones":                  {b.count(t, of+" AND status='SUSPENDED'", b.Partner), size.Customers * 2 / 100, size.Customers * 4 / 100},
				"ones with a past end":            {b.count(t, of+" AND ends_at<?", b.Partner, b.around.Now()), size.Customers / 100, size.Customers * 2 / 100},
				"ones with an end ahead":          {b.count(t, of+" AND ends_at>?", b.Partner, b.around.Now()), size.Customers * 12 / 100, size.Customers * 16 / 100},
				"customers of the small partner":  {b.count(t, of, b.partnerOf(t, small)), 10, 10},
				"customers on their own":          {b.count(t, "SELECT COUNT(*) FROM tenants WHERE kind='CUSTOMER' AND partner_id IS NULL"), size.Customers / 10, size.Customers / 10},
				"customers with the common tag":   {b.count(t, "SELECT COUNT(*) FROM tenant_tags WHERE tag='managed'"), size.Customers * 28 / 100, size.Customers * 33 / 100},
				"customers with the rare tag":     {b.count(t, "SELECT COUNT(*) FROM tenant_tags WHERE tag='vip'"), size.Customers / 250, size.Customers / 100},
				"letters that customers begin by": {b.count(t, "SELECT COUNT(DISTINCT SUBSTR(sort_name, 1, 1)) FROM tenants WHERE partner_id=?", b.Partner), 20, 26},
				"tech partners with customers":    {b.count(t, "SELECT COUNT(DISTINCT p.id) FROM partners p JOIN assignments a ON a.grantee_id=p.id WHERE a.granter_id=?", b.Partner), size.Customers / 34, size.Customers / 24},
				"live sessions":                   {b.count(t, "SELECT COUNT(DISTINCT user_id) FROM sessions WHERE ended_at IS NULL AND expires_at>?", b.around.Now()), 4 * world.Askers, 4 * world.Askers},
				"members without a role to keep":  {b.count(t, "SELECT COUNT(*) FROM members WHERE id IN ('"+strings.Join(b.Members, "','")+"') AND (status<>'ACTIVE' OR role_id IS NULL)"), 0, 0},
				"points":                          {len(b.Points), min(512, size.Customers/2), 512},
			} {
				if c.got < c.least || c.got > c.most {
					t.Errorf("%d %s, want %d to %d", c.got, what, c.least, c.most)
				}
			}
		})
	}
}

// partnerOf finds the partner of a customer.
func (b *built) partnerOf(t *testing.T, customer any) (id string) {
	t.Helper()
	if err := b.around.DB.Read.QueryRow("SELECT partner_id FROM tenants WHERE id=?", customer).Scan(&id); err != nil {
		t.Fatal(err)
	}
	return id
}

// rows is where the answer of an operation has its list, and how many rows that has at least in the tiny and in the small world.
var rows = map[string]struct {
	path string
	want map[world.Part][2]int
}{
	"AssignedCustomers": {"customers.nodes", map[world.Part][2]int{world.PartnerAdmin: {50, 50}, world.PartnerStaff: {8, 50}, world.SmallPartner: {10, 10}}},
	"TechPartners":      {"techPartners.nodes", map[world.Part][2]int{world.PartnerAdmin: {5, 30}}},
	"Members":           {"tenant.members.nodes", map[world.Part][2]int{world.CustomerAdmin: {50, 50}}},
	"Audit":             {"tenant.auditEvents.nodes", map[world.Part][2]int{world.CustomerAdmin: {50, 50}}},
	"Customer":          {"node.tags", map[world.Part][2]int{world.PartnerAdmin: {2, 2}}},
}

// answered asks an operation as the first person of a part, and returns the rows of the answer.
func (b *built) answered(t *testing.T, name string, part world.Part) []any {
	t.Helper()
	for _, o := range operation.Operations {
		if o.Name == name && o.Part == part {
			token, body := o.Request(b.World, 0)
			list, _ := at(b.ask(t, token, body), rows[name].path).([]any)
			return list
		}
	}
	t.Fatalf("there is no operation %s of the %s", name, part)
	return nil
}

func TestEverybodyIsAnswered(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		for i, size := range []world.Size{world.Tiny, world.Small} {
			if i > 0 {
				url = testdb.New(t, map[bool]string{true: testdb.SQLite, false: testdb.MariaDB}[strings.HasPrefix(url, "sqlite")])
			}
			b := build(t, url, size)
			for _, o := range operation.Operations {
				t.Run(size.Name+"/"+o.Title, func(t *testing.T) {
					for k := 0; k < world.Askers; k += 9 {
						token, body := o.Request(b.World, k)
						data := b.ask(t, token, body)
						if o.Mutation {
							b.expectDone(t, data)
							continue
						}
						list, _ := at(data, rows[o.Name].path).([]any)
						if want := rows[o.Name].want[o.Part][i]; len(list) < want || len(list) > want && o.Part == world.SmallPartner {
							t.Fatalf("the person %d sees %d rows, want %d", k, len(list), want)
						}
					}
				})
			}
		}
	})
}

// expectDone looks at the answer of a mutation.
func (b *built) expectDone(t *testing.T, data map[string]any) {
	t.Helper()
	for name, payload := range data {
		if faults, _ := at(payload, "userErrors").([]any); faults == nil || len(faults) > 0 {
			t.Fatalf("%s: %v", name, payload)
		}
	}
}

func TestRowsAreRich(t *testing.T) {
	t.Parallel()
	b := build(t, testdb.New(t, testdb.SQLite), world.Small)
	for _, n := range b.answered(t, "AssignedCustomers", world.PartnerAdmin) {
		if members, _ := at(n, "members.nodes").([]any); len(members) != 5 || at(n, "members.totalCount") != 8.0 ||
			at(n, "deviceCount") != 3.0 || at(n, "subscriptionCount") != 1.0 {
			t.Errorf("a customer is %v", n)
		}
	}
	for _, n := range b.answered(t, "TechPartners", world.PartnerAdmin) {
		if at(n, "mspAdminCount").(float64) < 3 || at(n, "assignedCustomersCount").(float64) < 6 || at(n, "accountAdminCount") != 1.0 {
			t.Errorf("a tech partner is %v", n)
		}
	}
	for _, n := range b.answered(t, "Members", world.CustomerAdmin) {
		if at(n, "email") == nil || at(n, "administrator") == true && at(n, "role") != nil {
			t.Errorf("a member is %v", n)
		}
	}
	for _, n := range b.answered(t, "Audit", world.CustomerAdmin) {
		if at(n, "actor.name") == nil || at(n, "targetName") == nil && at(n, "action") != "inventory.synced" {
			t.Errorf("an event is %v", n)
		}
	}
}

func TestSomebodySignsIn(t *testing.T) {
	t.Parallel()
	b := build(t, testdb.New(t, testdb.SQLite), world.Tiny)
	data := b.ask(t, "", operation.Body("SignIn", map[string]any{"input": map[string]any{"email": b.Email, "password": b.Password}}))
	if token, _ := at(data, "signIn.token").(string); token == "" {
		t.Errorf("signing in is answered by %v", data)
	}
}

func TestWorldsOfOneSizeAreAlike(t *testing.T) {
	t.Parallel()
	one, other := build(t, testdb.New(t, testdb.SQLite), world.Tiny), build(t, testdb.New(t, testdb.SQLite), world.Tiny)
	if a, b := fmt.Sprint(one.Points, one.Members, one.Email), fmt.Sprint(other.Points, other.Members, other.Email); a != b {
		t.Errorf("there are %s in one, and in the other %s", a, b)
	}
	if a, b := one.Tokens[world.PartnerAdmin][0], other.Tokens[world.PartnerAdmin][0]; a == b {
		t.Error("both have the same token")
	}
}
