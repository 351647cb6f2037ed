package rule_test

import (
	"context"
	"testing"
	"time"

	"mandate/ent"
	entmember "mandate/ent/member"
	entrelationship "mandate/ent/relationship"
	"mandate/ent/rule"
	enttenant "mandate/ent/tenant"
	"mandate/internal/access"
	"mandate/internal/clock"
	"mandate/internal/testdb"
	"mandate/internal/testworld"
	"mandate/internal/viewer"
)

// TestWhatEndsAPath takes one link at a time out of the paths that lead a partner's administrator and an assigned person
// to a customer, and looks at what is left on INVOICES: "" for nothing, the tenant not even being seen.
func TestWhatEndsAPath(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		w := testworld.New(t, url)
		now, soon, ago := w.Now(), w.Now().Add(time.Microsecond), w.Now().Add(-time.Microsecond)
		type scene struct {
			p, c  *testworld.Company
			staff *testworld.Person
			rel   *ent.Relationship
			asg   *ent.Assignment
		}
		readOnly, _ := access.SystemRoleByKey(access.ReadOnly)
		phone, _ := access.SystemRoleByKey(access.PhoneManager)
		designated, record := entrelationship.KindCustomerDesignated, entrelationship.KindPartnerOfRecord
		for _, x := range []struct {
			name           string
			kind           entrelationship.Kind
			change         func(ctx context.Context, s scene) error
			admin, staffed string
		}{
			{"nothing is taken away", designated, nil, "MANAGE", "VIEW"},
			{"the ceiling is lower than the role", designated, func(ctx context.Context, s scene) error {
				return s.rel.Update().SetRoleID(phone.ID).Exec(ctx)
			}, "NONE", "NONE"},
			{"the ceiling is as low as the role", designated, func(ctx context.Context, s scene) error {
				return s.rel.Update().SetRoleID(readOnly.ID).Exec(ctx)
			}, "VIEW", "VIEW"},
			{"the relationship ends now", designated, func(ctx context.Context, s scene) error { return s.rel.Update().SetEndsAt(now).Exec(ctx) }, "", ""},
			{"the relationship ends in a microsecond", designated, func(ctx context.Context, s scene) error { return s.rel.Update().SetEndsAt(soon).Exec(ctx) }, "MANAGE", "VIEW"},
			{"the relationship is suspended", designated, func(ctx context.Context, s scene) error {
				return s.rel.Update().SetStatus(entrelationship.StatusSuspended).Exec(ctx)
			}, "", ""},
			{"the assignment ends now", designated, func(ctx context.Context, s scene) error { return s.asg.Update().SetEndsAt(now).Exec(ctx) }, "MANAGE", ""},
			{"the assignment ended a microsecond ago", designated, func(ctx context.Context, s scene) error { return s.asg.Update().SetEndsAt(ago).Exec(ctx) }, "MANAGE", ""},
			{"the assignment ends in a microsecond", designated, func(ctx context.Context, s scene) error { return s.asg.Update().SetEndsAt(soon).Exec(ctx) }, "MANAGE", "VIEW"},
			{"the assignment begins in a microsecond", designated, func(ctx context.Context, s scene) error { return s.asg.Update().SetStartsAt(soon).Exec(ctx) }, "MANAGE", ""},
			{"the assignment begins now", designated, func(ctx context.Context, s scene) error { return s.asg.Update().SetStartsAt(now).Exec(ctx) }, "MANAGE", "VIEW"},
			{"the customer is suspended", designated, func(ctx context.Context, s scene) error {
				return s.c.Update().SetStatus(enttenant.StatusSuspended).Exec(ctx)
			}, "", ""},
			{"the customer of a partner of record is suspended", record, func(ctx context.Context, s scene) error {
				return s.c.Update().SetStatus(enttenant.StatusSuspended).Exec(ctx)
			}, "MANAGE", ""},
			{"the customer is deleted", record, func(ctx context.Context, s scene) error {
				return s.c.Update().SetStatus(enttenant.StatusDeleted).Exec(ctx)
			}, "", ""},
			{"the partner is suspended", record, func(ctx context.Context, s scene) error {
				return s.p.Update().SetStatus(enttenant.StatusSuspended).Exec(ctx)
			}, "", ""},
			{"the administrator is suspended", designated, func(ctx context.Context, s scene) error {
				return s.p.Admin.Member(s.p.Tenant).Update().SetStatus(entmember.StatusSuspended).Exec(ctx)
			}, "", "VIEW"},
			{"the person assigned is removed", designated, func(ctx context.Context, s scene) error {
				return s.staff.Member(s.p.Tenant).Update().SetStatus(entmember.StatusRemoved).Exec(ctx)
			}, "MANAGE", ""},
			{"the relationship is another partner's", designated, func(ctx context.Context, s scene) error {
				if err := s.rel.Update().SetStatus(entrelationship.StatusTerminated).ClearActiveCustomerID().Exec(ctx); err != nil {
					return err
				}
				w.Manages(w.NewPartner("Other than "+s.p.Name), s.c)
				return nil
			}, "", ""},
		} {
			p, c := w.NewPartner("Partner when "+x.name), w.Customer("Customer when "+x.name)
			s := scene{p: p, c: c, staff: w.Staff(p, "staff when "+x.name, testworld.Nothing), rel: w.Connect(p, c, access.PrimeAdmin, x.kind)}
			s.asg = w.Assign(p, c, s.staff, access.ReadOnly)
			if x.change != nil {
				if err := x.change(w.System(), s); err != nil {
					t.Fatal(err)
				}
			}
			for who, want := range map[*testworld.Person]string{p.Admin: x.admin, s.staff: x.staffed} {
				if got := invoices(t, w, who, c.ID); got != want {
					t.Errorf("when %s, %s has %q; want %q", x.name, who.Email, got, want)
				}
			}
		}
	})
}

// invoices tells the person's level on invoices in a tenant, "" when it is out of reach.
func invoices(t *testing.T, w *testworld.World, p *testworld.Person, tenantID string) string {
	t.Helper()
	ctx := clock.With(viewer.With(context.Background(), viewer.Viewer{UserID: p.ID}), w.Now())
	ctx = rule.With(ctx, w.Read, w.DB.Dialect)
	reach, err := rule.From(ctx).To(ctx, tenantID)
	if err != nil {
		t.Fatal(err)
	}
	page, err := rule.From(ctx).Page(ctx, rule.List{Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	listed := false
	for _, c := range page {
		listed = listed || c.ID == tenantID
	}
	if listed != (reach != nil) {
		t.Errorf("%s: listed %v, reached %v", p.Email, listed, reach != nil)
	}
	if reach == nil {
		return ""
	}
	return reach.Levels.At("invoices").String()
}
