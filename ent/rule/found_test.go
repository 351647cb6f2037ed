package rule_test

import (
	"context"
	"database/sql"
	"testing"

	"mandate/ent/rule"
	enttenant "mandate/ent/tenant"
	"mandate/internal/access"
	"mandate/internal/clock"
	"mandate/internal/testdb"
	"mandate/internal/testworld"
	"mandate/internal/viewer"
)

// asked counts the statements that a database is asked.
type asked struct {
	rule.DB
	statements int
}

func (a *asked) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	a.statements++
	return a.DB.QueryContext(ctx, query, args...)
}

// TestWhatAPageFoundIsNotLookedForAgain: the paths to a page of customers came with it, for whoever has nothing but routes
// along which all was found or no customer lies.
func TestWhatAPageFoundIsNotLookedForAgain(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		w := testworld.New(t, url)
		acme := w.NewPartner("Acme")
		staff := w.Staff(acme, "staff", testworld.Nothing)
		for _, name := range []string{"Contoso", "Fabrikam"} {
			c := w.Customer(name)
			w.Manages(acme, c)
			w.Assign(acme, c, staff, access.ReadOnly)
		}
		customers := []rule.Via{rule.Relationship, rule.Assignment}
		kind := []string{string(enttenant.KindCustomer)}
		for _, x := range []struct {
			name string
			who  *testworld.Person
			list rule.List
			more int
		}{
			{"an administrator", acme.Admin, rule.List{Via: customers, Kinds: kind, Limit: 3}, 0},
			{"an administrator, of what the tags are read", acme.Admin, rule.List{Via: customers, Kinds: kind, Needs: []access.Feature{access.Tenant}, Limit: 1}, 0},
			{"an administrator, of tenants of any kind", acme.Admin, rule.List{Via: customers, Limit: 3}, 1},
			{"staff", staff, rule.List{Via: customers, Kinds: kind, Limit: 3}, 0},
		} {
			db := &asked{DB: w.Read}
			ctx := clock.With(viewer.With(context.Background(), viewer.Viewer{UserID: x.who.ID}), w.Now())
			ctx = rule.With(ctx, db, w.DB.Dialect)
			page, err := rule.From(ctx).Page(ctx, x.list)
			if err != nil || len(page) != min(x.list.Limit, 2) {
				t.Fatalf("%s: %v (%v)", x.name, page, err)
			}
			before := db.statements
			for _, c := range page {
				reach, err := rule.From(ctx).To(ctx, c.ID)
				if err != nil || reach == nil || len(reach.Paths) != 1 {
					t.Fatalf("%s reaches %s by %+v (%v)", x.name, c.ID, reach, err)
				}
			}
			if got := db.statements - before; got != x.more*len(page) {
				t.Errorf("%s: %d more statements; want %d for each of %d", x.name, got, x.more, len(page))
			}
		}
	})
}
