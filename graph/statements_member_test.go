package graph_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"

	"mandate/ent"
	"mandate/internal/access"
	"mandate/internal/mandate"
	"mandate/internal/testdb"
	"mandate/internal/testworld"
)

// counting returns a service that works on a world's database, and the number of statements that it sent so far.
func counting(w *testworld.World) (*mandate.Service, *atomic.Int64) {
	var n atomic.Int64
	c := w.Service.Config
	c.Client = ent.NewClient(ent.Driver(dialect.DebugWithContext(sql.OpenDB(w.DB.Dialect, w.DB.Write), func(_ context.Context, v ...any) {
		if strings.Contains(fmt.Sprint(v...), "query=") {
			n.Add(1)
		}
	})))
	return mandate.New(c), &n
}

// TestStatementsOfAGrid sees that a hundred rows in one call take few statements each, beside those of the call.
func TestStatementsOfAGrid(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		w := testworld.New(t, url)
		contoso := w.Customer("Contoso")
		sites := []string{w.Site(contoso.Tenant, "Kiel").ID, w.Site(contoso.Tenant, "Bonn").ID}
		service, n := counting(w)
		var ids []string
		level, no, number := access.View, false, "+49 431 7654321"
		permissions := func(levels ...access.Level) (list []*mandate.Permission) {
			for i, key := range []string{"invoices", "orders", "services", "tickets"} {
				list = append(list, &mandate.Permission{Feature: key, Level: &levels[i%len(levels)]})
			}
			return list
		}
		for _, c := range []struct {
			name  string
			most  int // statements a row
			ofAll int // and beside them
			call  func(ctx context.Context, rows int) error
		}{
			{"added, with levels, sites and a mail", 8, 30, func(ctx context.Context, rows int) error {
				cmd := mandate.AddMembers{TenantID: contoso.ID}
				for i := range rows {
					i += len(ids)
					cmd.Members = append(cmd.Members, &mandate.NewMember{UserID: fmt.Sprint("user", i), Label: "User", FirstName: "New", LastName: "Person",
						Email: fmt.Sprint("new", i, "@example.com"), Phone: "+494311234567", Permissions: permissions(level), AllSites: &no, SiteIDs: sites})
				}
				added, err := service.AddMembers(ctx, cmd)
				for _, m := range added {
					ids = append(ids, m.ID)
				}
				return err
			}},
			{"changed in everything", 7, 30, func(ctx context.Context, rows int) error {
				cmd := mandate.UpdateMembers{TenantID: contoso.ID}
				for i := range rows {
					other := fmt.Sprint("other", i, rows)
					cmd.Members = append(cmd.Members, &mandate.MemberChange{ID: ids[i], UserID: &other, Label: &other, FirstName: &other, LastName: &other,
						Phone: &number, Permissions: permissions(access.Manage, access.View, access.None), SiteIDs: sites[:1]})
				}
				_, err := service.UpdateMembers(ctx, cmd)
				return err
			}},
			{"mailed a link", 7, 30, func(ctx context.Context, rows int) error {
				_, err := service.SendPasswordLinks(ctx, mandate.SendPasswordLinks{TenantID: contoso.ID, IDs: ids[:rows]})
				return err
			}},
			{"suspended", 0, 30, func(ctx context.Context, rows int) error {
				_, err := service.SetMemberStatus(ctx, mandate.SetMemberStatus{TenantID: contoso.ID, IDs: ids[100-rows:][:rows], Status: "SUSPENDED"})
				return err
			}},
			{"removed", 0, 30, func(ctx context.Context, rows int) error {
				gone := ids[:rows]
				ids = ids[rows:]
				_, err := service.RemoveMembers(ctx, mandate.RemoveMembers{TenantID: contoso.ID, IDs: gone})
				return err
			}},
		} {
			t.Run(c.name, func(t *testing.T) {
				took := make(map[int]int)
				for _, rows := range []int{1, 100} {
					before := n.Load()
					if err := c.call(contoso.Admin.Context(), rows); err != nil {
						t.Fatal(err)
					}
					took[rows] = int(n.Load() - before)
				}
				t.Logf("%d statements for 1 row, %d for 100: %.1f a row", took[1], took[100], float64(took[100]-took[1])/99)
				if got := took[100] - took[1]; got > 99*c.most || took[1] > c.most+c.ofAll {
					t.Errorf("%d statements for 1 row, %d for 100; want at most %d a row and %d beside them", took[1], took[100], c.most, c.ofAll)
				}
			})
		}
	})
}
