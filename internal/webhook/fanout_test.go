package webhook

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	entsql "entgo.io/ent/dialect/sql"
	"github.com/google/go-cmp/cmp"

	"mandate/ent"
	"mandate/ent/tenant"
	"mandate/ent/webhook"
	"mandate/ent/webhookdelivery"
	"mandate/internal/feed"
	"mandate/internal/testworld"
)

func TestBothSidesHearOfWhatIsBetweenThemAndNobodyElse(t *testing.T) {
	each(t, func(s stage) {
		acme, contoso, fabri := s.NewPartner("Acme"), s.Customer("Contoso"), s.Customer("Fabri")
		receivers := make(map[string]*receiver)
		for _, c := range []*testworld.Company{acme, contoso, fabri} {
			receivers[c.ID] = newReceiver(s.T)
			s.Webhook(c.Tenant, receivers[c.ID].URL)
		}
		choosy := newReceiver(s.T)
		s.Webhook(contoso.Tenant, choosy.URL, "role.created", "relationship.suspended")
		a := s.asks(acme.Admin, "inviteCustomer", "invitation { id }", map[string]any{"email": contoso.Admin.Email})
		inv := a.String("inviteCustomer.invitation.id")
		a = s.asks(contoso.Admin, "acceptInvitation", "relationship { id }", map[string]any{"id": inv, "tenantId": contoso.ID})
		rel := a.String("acceptInvitation.relationship.id")
		s.writes(contoso)
		s.asks(contoso.Admin, "suspendRelationship", "relationship { id }", map[string]any{"id": rel})
		s.round(s.worker())

		if diff := cmp.Diff([]string{"invitation.accepted", "relationship.suspended", "role.created"}, slices.DeleteFunc(receivers[contoso.ID].types(), func(a string) bool { return a == "invitation.sent" })); diff != "" {
			s.Errorf("the customer hears (- want, + got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{"invitation.accepted", "invitation.sent", "relationship.suspended"}, receivers[acme.ID].types()); diff != "" {
			s.Errorf("the partner hears (- want, + got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{"relationship.suspended", "role.created"}, choosy.types()); diff != "" {
			s.Errorf("who asked for two actions hears (- want, + got):\n%s", diff)
		}
		if got := receivers[fabri.ID].types(); got != nil {
			s.Errorf("somebody else hears %v", got)
		}
		for _, r := range []*receiver{receivers[acme.ID], receivers[contoso.ID]} {
			for _, m := range r.taken() {
				c := m.content()
				if !m.signed(testworld.SigningSecret) || m.id != c.Data.EventID || m.headers.Get("Content-Type") != "application/json" || !c.Timestamp.Equal(s.Now()) {
					s.Errorf("%s: %+v", m.body, m.headers)
				}
				if c.Type == "invitation.accepted" {
					want := data{EventID: m.id, TenantID: contoso.ID, OtherTenantID: acme.ID, ActorTenantID: contoso.ID, RelationshipID: rel, TargetIDs: []string{inv, rel}}
					if diff := cmp.Diff(want, c.Data); diff != "" {
						s.Errorf("(- want, + got):\n%s", diff)
					}
				}
			}
		}
	})
}

// TestAMessageNamesWhatTheTrailShows: of what a tenant's own people would not see in its trail, a message does not have the id.
func TestAMessageNamesWhatTheTrailShows(t *testing.T) {
	each(t, func(s stage) {
		acme, contoso := s.NewPartner("Acme"), s.Customer("Contoso")
		rel := s.Manages(acme, contoso)
		theirs, ours := newReceiver(s.T), newReceiver(s.T)
		s.Webhook(acme.Tenant, theirs.URL)
		s.Webhook(contoso.Tenant, ours.URL)
		clerk := s.Staff(contoso, "clerk", testworld.Nothing).Member(contoso.Tenant)
		s.asks(acme.Admin, "setMemberStatus", "members { id }", map[string]any{"tenantId": contoso.ID, "ids": []string{clerk.ID}, "status": "SUSPENDED"})
		entered := acme.Admin.Entered(contoso.ID)
		entered.Do("mutation { signOut { userErrors { code } } }", nil).OK()
		stranger, home := s.NewPartner("Globex"), s.Customer("Fabri")
		away := newReceiver(s.T)
		s.Webhook(home.Tenant, away.URL)
		a := s.asks(stranger.Admin, "inviteCustomer", "invitation { id }", map[string]any{"email": home.Admin.Email})
		s.asks(home.Admin, "declineInvitation", "invitation { id }", map[string]any{"id": a.String("inviteCustomer.invitation.id")})
		s.round(s.worker())

		named := func(r *receiver) map[string]data {
			all := make(map[string]data)
			for _, m := range r.taken() {
				c := m.content()
				c.Data.EventID = ""
				all[c.Type] = c.Data
			}
			return all
		}
		member := data{TenantID: contoso.ID, OtherTenantID: acme.ID, ActorTenantID: acme.ID, TargetIDs: []string{}}
		inside := member
		inside.TargetIDs = []string{clerk.ID}
		comes := member
		comes.RelationshipID = rel.ID
		into := comes
		into.TargetIDs = []string{contoso.ID}
		for who, got := range map[string]map[string]data{"partner": named(theirs), "customer": named(ours)} {
			changed, entered := member, comes
			if who == "customer" {
				changed, entered = inside, into
			}
			for action, want := range map[string]data{"member.status_changed": changed, "tenant.entered": entered, "session.ended": member} {
				if diff := cmp.Diff(want, got[action]); diff != "" {
					s.Errorf("%s, %s (- want, + got):\n%s", who, action, diff)
				}
			}
		}
		for action, d := range named(away) { // the invitation names no customer yet: it is its receiver's, not the tenant's
			if strings.HasPrefix(action, "invitation.") && len(d.TargetIDs) > 0 {
				s.Errorf("%s names %v", action, d.TargetIDs)
			}
		}
	})
}

func TestNothingIsToldOfTheTimeBefore(t *testing.T) {
	each(t, func(s stage) {
		contoso := s.Customer("Contoso")
		w, r := s.worker(), newReceiver(s.T)
		s.writes(contoso)
		s.Later(time.Second)
		hook := s.Webhook(contoso.Tenant, r.URL)
		s.round(w)
		if got := r.types(); got != nil {
			s.Errorf("what was before the webhook is told: %v", got)
		}
		s.must(s.Write.Bookmark.Update().SetEventID(feed.IDAt(time.Now())).Exec(s.ctx))
		s.event(contoso, time.Now().Add(-2*margin))
		s.round(w)
		if got := r.types(); got != nil {
			s.Errorf("what was before the bookmark is told: %v", got)
		}
		s.must(s.Write.Webhook.UpdateOne(hook).SetStatus(webhook.StatusDisabled).Exec(s.ctx))
		s.writes(contoso)
		s.round(w)
		s.must(s.Write.Webhook.UpdateOne(hook).SetStatus(webhook.StatusActive).Exec(s.ctx))
		s.must(s.Write.Tenant.UpdateOneID(contoso.ID).SetStatus(tenant.StatusSuspended).Exec(s.ctx))
		s.event(contoso, time.Now())
		s.round(w)
		if all := s.deliveries(); len(all) > 0 {
			s.Errorf("deliveries while the webhook, or its tenant, is out of use: %v", all)
		}
	})
}

// event writes an event of a tenant whose id says that it was made at a moment: as if its commit had come late.
func (s stage) event(c *testworld.Company, made time.Time) string {
	s.Helper()
	id := feed.IDAt(made)
	s.must(s.Write.AuditEvent.Create().SetID(id).SetAt(s.Now()).SetAction("role.created").SetTenantID(c.ID).Exec(s.ctx))
	return id
}

func TestWhatIsCommittedLateIsTold(t *testing.T) {
	each(t, func(s stage) {
		contoso := s.Customer("Contoso")
		w, r := s.worker(), newReceiver(s.T)
		s.Webhook(contoso.Tenant, r.URL)
		s.writes(contoso)
		s.round(w)
		late := s.event(contoso, time.Now().Add(-30*time.Second))
		s.must(w.look(s.ctx, false)) // the quick look sees what is recent
		s.sends(w)
		if n := len(r.taken()); n != 1 {
			s.Fatalf("%d messages; want one until everything is looked at", n)
		}
		s.round(w)
		s.round(w)
		got := r.taken()
		if len(got) != 2 || got[1].id != late {
			s.Errorf("%v; want the late one too, once", got)
		}
		s.must(s.Write.Bookmark.Update().SetEventID(feed.IDAt(time.Now().Add(-time.Hour))).Exec(s.ctx))
		s.round(w)
		if mark := s.Write.Bookmark.Query().OnlyX(s.ctx).EventID; mark > feed.IDAt(time.Now().Add(-margin)) || mark < feed.IDAt(time.Now().Add(-margin-time.Minute)) {
			s.Errorf("the bookmark is at %s: what is committed late would be overlooked, or much read again", mark)
		}
	})
}

func TestAQuickLookSeesWhatJustHappened(t *testing.T) {
	each(t, func(s stage) {
		contoso := s.Customer("Contoso")
		w, r := s.worker(), newReceiver(s.T)
		s.Webhook(contoso.Tenant, r.URL)
		s.round(w)
		s.writes(contoso)
		s.must(w.look(s.ctx, false))
		s.sends(w)
		if n := len(r.taken()); n != 1 {
			s.Errorf("%d messages; want one", n)
		}
	})
}

// TestFanOutIsKilledInTheMiddle: whoever goes on loses nothing, and leaves nothing twice; nor do several at once.
func TestFanOutIsKilledInTheMiddle(t *testing.T) {
	each(t, func(s stage) {
		contoso := s.Customer("Contoso")
		for range 3 {
			s.Webhook(contoso.Tenant, "http://127.0.0.1:1/")
		}
		w := s.worker()
		_, err := w.bookmark(s.ctx)
		s.must(err)
		const writes = 12
		for range writes {
			s.writes(contoso)
		}
		killed, n := errors.New("killed"), 0
		other := ent.NewClient(ent.Driver(entsql.OpenDB(s.DB.Dialect, s.DB.Write)))
		other.WebhookDelivery.Use(func(next ent.Mutator) ent.Mutator {
			return ent.MutateFunc(func(ctx context.Context, m ent.Mutation) (ent.Value, error) {
				if n++; n > 7 {
					return nil, killed
				}
				return next.Mutate(ctx, m)
			})
		})
		dying := s.worker()
		dying.Client = other
		events, err := feed.After(s.ctx, s.DB.Read, "", page)
		s.must(err)
		hooks, err := w.listening(s.ctx, events)
		s.must(err)
		for _, e := range events[:6] { // one by one, as after a conflict
			for _, h := range hooks[contoso.ID] {
				if hears(h, e) && err == nil {
					err = dying.post(s.ctx, []message{{h, e, "{}"}})
				}
			}
		}
		if !errors.Is(err, killed) || len(s.deliveries()) != 7 {
			s.Fatalf("%d deliveries were left before the end: %v", len(s.deliveries()), err)
		}

		workers := []*Worker{w, s.worker(), s.worker()}
		var all sync.WaitGroup
		for _, w := range workers {
			all.Go(func() {
				for range 3 {
					if err := w.fanOut(s.ctx, true); err != nil {
						s.Error(err)
					}
				}
			})
		}
		all.Wait()
		there := make(map[delivered]bool)
		for _, d := range s.deliveries() {
			there[delivered{d.WebhookID, d.EventID}] = true
		}
		if len(there) != 3*writes || len(s.deliveries()) != 3*writes {
			s.Errorf("%d deliveries of %d pairs; want %d", len(s.deliveries()), len(there), 3*writes)
		}
	})
}

func TestWhatWasDeletedIsTakenAway(t *testing.T) {
	each(t, func(s stage) {
		contoso := s.Customer("Contoso")
		w, r := s.worker(), newReceiver(s.T)
		gone, stays := s.Webhook(contoso.Tenant, r.URL), s.Webhook(contoso.Tenant, r.URL)
		s.round(w)
		s.writes(contoso)
		s.must(w.look(s.ctx, true))
		s.asks(contoso.Admin, "deleteWebhook", "deletedId", map[string]any{"id": gone.ID})
		s.sends(w)
		for _, d := range s.deliveries() {
			if want := map[string]webhookdelivery.Status{gone.ID: webhookdelivery.StatusFailed, stays.ID: webhookdelivery.StatusDelivered}[d.WebhookID]; d.Status != want {
				s.Errorf("a delivery is %s; want %s", d.Status, want)
			}
		}
		s.must(w.sweep(s.ctx))
		if hooks := s.Write.Webhook.Query().AllX(s.ctx); len(hooks) != 1 || hooks[0].ID != stays.ID || s.delivery().WebhookID != stays.ID {
			s.Errorf("there still are %v and %v", hooks, s.deliveries())
		}
		if got := r.types(); len(got) != 1 {
			s.Errorf("sent %v", got)
		}
	})
}

// TestALetterIsShort: it names 500 rows at most, and has less than 20 KB.
func TestALetterIsShort(t *testing.T) {
	t.Parallel()
	id := strings.Repeat("z", 26)
	e := feed.Event{ID: "evt_" + id, Action: strings.Repeat("x", 60), TenantID: "ten_" + id, OtherTenantID: "ten_" + id, ActorTenantID: "ten_" + id, RelationshipID: "rel_" + id,
		Targets: slices.Repeat([]string{"mem_" + id}, 2000)}
	body, err := pairs{e.RelationshipID: {e.TenantID}}.body(e, e.TenantID)
	if err != nil || len(body) >= 20_000 || strings.Count(body, "mem_") != mostTargets {
		t.Errorf("%d bytes with %d rows: %v", len(body), strings.Count(body, "mem_"), err)
	}
}
