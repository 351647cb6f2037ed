package webhook

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"mandate/ent"
	"mandate/ent/webhook"
	"mandate/ent/webhookdelivery"
	"mandate/internal/testworld"
)

// hooked is a customer with a webhook, of which every message waits that one event brings about.
func (s stage) hooked(r *receiver) (*testworld.Company, *ent.Webhook, *Worker) {
	s.Helper()
	c := s.Customer("Contoso")
	hook := s.Webhook(c.Tenant, r.URL, "role.created")
	w := s.worker()
	s.must(w.look(s.ctx, true))
	s.writes(c)
	s.must(w.look(s.ctx, true))
	return c, hook, w
}

func TestAReceiverThatFailsForAWhileHearsInTheEnd(t *testing.T) {
	each(t, func(s stage) {
		r := newReceiver(s.T)
		r.then(status(http.StatusInternalServerError))
		_, hook, w := s.hooked(r)
		since := s.Now()
		for attempt, wait := range []time.Duration{time.Minute, 2 * time.Minute, 4 * time.Minute, 8 * time.Minute} {
			s.sends(w)
			s.stands(webhookdelivery.StatusPending, attempt+1, 500, "The receiver answered 500.")
			d := s.delivery()
			if next := d.NextAttemptAt.Sub(s.Now()); next > wait || next < wait*4/5 {
				s.Errorf("after %d attempts it waits for %s; want about %s", attempt+1, next, wait)
			}
			if !d.LastAttemptAt.Equal(s.Now()) {
				s.Errorf("the last attempt was at %s", d.LastAttemptAt)
			}
			s.Later(wait/2 + time.Second)
			s.sends(w)
			if n := len(r.taken()); n != attempt+1 {
				s.Fatalf("%d attempts before it was time; want %d", n, attempt+1)
			}
			s.Later(wait / 2)
		}
		if at := s.Write.Webhook.GetX(s.ctx, hook.ID).FailingSince; at == nil || !at.Equal(since) {
			s.Errorf("it fails since %v; want %s", at, since)
		}
		r.then(status(http.StatusOK))
		s.sends(w)
		s.stands(webhookdelivery.StatusDelivered, 5, 200, "")
		if row := s.Write.Webhook.GetX(s.ctx, hook.ID); row.FailingSince != nil || row.Version != hook.Version {
			s.Errorf("it fails since %v, version %d", row.FailingSince, row.Version)
		}
		first := r.taken()[0]
		for _, m := range r.taken() {
			if m.id != s.delivery().EventID || m.body != first.body || !m.signed(testworld.SigningSecret) {
				s.Errorf("%s: %s", m.id, m.body)
			}
		}
		if last := r.taken()[4]; last.at == first.at || last.signature == first.signature {
			s.Error("a later try is not signed for its own moment")
		}
	})
}

func TestPausesDoubleUpToSixHours(t *testing.T) {
	t.Parallel()
	for failures, want := range map[int]time.Duration{0: time.Minute, 1: time.Minute, 2: 2 * time.Minute, 9: 256 * time.Minute, 10: 6 * time.Hour, 1000: 6 * time.Hour} {
		for range 100 {
			if got := pause(failures); got > want || got < want*4/5 {
				t.Fatalf("after %d failures: %s; want about %s", failures, got, want)
			}
		}
	}
}

func TestWhatIsRefusedForADayIsGivenUpAndSentAgainByHand(t *testing.T) {
	each(t, func(s stage) {
		r := newReceiver(s.T)
		r.then(status(http.StatusServiceUnavailable))
		contoso, hook, w := s.hooked(r)
		end := s.Now().Add(24 * time.Hour)
		for s.sends(w); s.delivery().Status == webhookdelivery.StatusPending; s.sends(w) {
			if s.Now().After(end) {
				s.Fatalf("it is still tried at %s", s.Now())
			}
			s.Later(s.delivery().NextAttemptAt.Sub(s.Now()))
		}
		if !s.Now().Equal(end) {
			s.Errorf("the last try was at %s; want %s", s.Now(), end)
		}
		tried := len(r.taken())
		s.stands(webhookdelivery.StatusFailed, tried, 503, "The receiver answered 503.")
		if row := s.Write.Webhook.GetX(s.ctx, hook.ID); row.Status != webhook.StatusActive {
			s.Error("a day of failures switched the webhook off")
		}
		r.then(status(http.StatusOK))
		s.asks(contoso.Admin, "redeliverWebhook", "deliveries { id }", map[string]any{"ids": []string{s.delivery().ID}})
		s.sends(w)
		s.stands(webhookdelivery.StatusDelivered, 1, 200, "")
		if got := r.taken(); len(got) != tried+1 || got[tried].id != got[0].id || got[tried].body != got[0].body {
			s.Errorf("sent again: %v", got[tried:])
		}
	})
}

func TestAWebhookForWhichTooMuchWaitsIsSwitchedOff(t *testing.T) {
	each(t, func(s stage) {
		r := newReceiver(s.T)
		contoso, hook, w := s.hooked(r)
		w.mostWaiting = 3
		choosy := s.Webhook(contoso.Tenant, r.URL+"/choosy", "role.deleted")
		for range 2 {
			s.writes(contoso)
		}
		s.must(w.look(s.ctx, true))
		if now := s.Write.Webhook.GetX(s.ctx, hook.ID); now.Status != webhook.StatusActive {
			s.Errorf("%s with three messages that wait", now.Status)
		}
		s.writes(contoso)
		s.must(w.look(s.ctx, true))
		if now := s.Write.Webhook.GetX(s.ctx, hook.ID); now.Status != webhook.StatusDisabled {
			s.Errorf("%s with four messages that wait", now.Status)
		}
		if now := s.Write.Webhook.GetX(s.ctx, choosy.ID); now.Status != webhook.StatusActive {
			s.Errorf("%s, for which nothing waits", now.Status)
		}
		mails := s.Mails(contoso.Admin.Email)
		if len(mails) != 1 || mails[0].Kind != "webhook.disabled" || !strings.Contains(mails[0].Text, "More than 3 messages waited") {
			s.Errorf("mails: %v", mails)
		}
		s.round(w)
		if n := len(r.taken()); n != 0 {
			s.Errorf("%d messages were sent", n)
		}
	})
}

func TestAfterThreeDaysOfFailuresAWebhookIsSwitchedOff(t *testing.T) {
	each(t, func(s stage) {
		r := newReceiver(s.T)
		r.then(status(http.StatusBadGateway))
		contoso, hook, w := s.hooked(r)
		start := s.Now()
		status := func() webhook.Status { return s.Write.Webhook.GetX(s.ctx, hook.ID).Status }
		for ; status() == webhook.StatusActive; s.Later(6 * time.Hour) {
			if s.Now().Sub(start) > 5*24*time.Hour {
				s.Fatal("it is still on after five days")
			}
			s.writes(contoso)
			s.round(w)
		}
		if after := s.Now().Sub(start); after < 3*24*time.Hour || after > 4*24*time.Hour {
			s.Errorf("it was switched off after %s", after)
		}
		s.round(w)
		for _, d := range s.deliveries() {
			if d.Status != webhookdelivery.StatusFailed {
				s.Errorf("a delivery is %s", d.Status)
			}
		}
		tried := len(r.taken())
		s.writes(contoso)
		s.Later(48 * time.Hour)
		s.round(w)
		if len(r.taken()) != tried {
			s.Error("it is sent more while it is off")
		}
		mails := s.Mails(contoso.Admin.Email)
		if len(mails) != 1 || mails[0].Kind != "webhook.disabled" || !strings.Contains(mails[0].Text, "127.0.0.1") || !strings.Contains(mails[0].Text, "502") {
			s.Errorf("mails: %v", mails)
		}
		if got := s.actions("webhook."); len(got) != 1 || got[0].Action != "webhook.disabled" || *got[0].TargetID != hook.ID || got[0].ActorID != nil {
			s.Errorf("events: %v", got)
		}
		s.asks(contoso.Admin, "updateWebhook", "webhook { id }", map[string]any{"id": hook.ID, "status": "ACTIVE"})
		r.then(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
		s.writes(contoso)
		s.round(w)
		if n := len(r.taken()); n != tried+1 {
			s.Errorf("%d messages once it is on again; want one more than %d", n, tried)
		}
	})
}

// actions lists the events of a kind.
func (s stage) actions(prefix string) (list []*ent.AuditEvent) {
	for _, e := range s.Write.AuditEvent.Query().AllX(s.ctx) {
		if strings.HasPrefix(e.Action, prefix) {
			list = append(list, e)
		}
	}
	return list
}

func TestAReceiverThatIsGoneIsSwitchedOffAtOnce(t *testing.T) {
	each(t, func(s stage) {
		r := newReceiver(s.T)
		r.then(status(http.StatusGone))
		contoso, hook, w := s.hooked(r)
		s.sends(w)
		s.stands(webhookdelivery.StatusFailed, 1, 410, "The receiver answered 410.")
		if row := s.Write.Webhook.GetX(s.ctx, hook.ID); row.Status != webhook.StatusDisabled || len(s.Mails(contoso.Admin.Email)) != 1 || len(s.actions("webhook.disabled")) != 1 {
			s.Errorf("%v, mails: %v", row, s.Mails(contoso.Admin.Email))
		}
		s.must(s.Service.DisableWebhook(s.ctx, hook, nil, "again"))
		if n := len(s.actions("webhook.disabled")); n != 1 {
			s.Errorf("it was switched off %d times", n)
		}
	})
}

// TestAReceiverThatIsGoneTakesNoOtherAlong: what answers at the URL of before says nothing about the one of now.
func TestAReceiverThatIsGoneTakesNoOtherAlong(t *testing.T) {
	each(t, func(s stage) {
		before, now := newReceiver(s.T), newReceiver(s.T)
		contoso, hook, w := s.hooked(before)
		before.then(func(w http.ResponseWriter, _ *http.Request) {
			if err := s.Write.Webhook.UpdateOneID(hook.ID).SetURL(now.URL).Exec(s.ctx); err != nil {
				s.Error(err)
			}
			w.WriteHeader(http.StatusGone)
		})
		s.sends(w)
		if row := s.Write.Webhook.GetX(s.ctx, hook.ID); row.Status != webhook.StatusActive || len(s.Mails(contoso.Admin.Email)) != 0 {
			s.Errorf("%v, mails: %v", row, s.Mails(contoso.Admin.Email))
		}
		s.writes(contoso)
		s.round(w)
		if n := len(now.taken()); n != 1 {
			s.Errorf("%d messages came to the new URL; want one", n)
		}
	})
}

// TestDisablingLooksAgain: a delivery that succeeded meanwhile keeps a webhook on.
func TestDisablingLooksAgain(t *testing.T) {
	each(t, func(s stage) {
		hook := s.Webhook(s.Customer("Contoso").Tenant, "http://127.0.0.1/")
		last := s.Now().Add(-patience)
		for _, failing := range []*time.Time{nil, new(last.Add(time.Second))} {
			s.must(s.Write.Webhook.UpdateOneID(hook.ID).ClearFailingSince().SetNillableFailingSince(failing).Exec(s.ctx))
			s.must(s.Service.DisableWebhook(s.ctx, hook, &last, "The receiver answered 500."))
			if s.Write.Webhook.GetX(s.ctx, hook.ID).Status != webhook.StatusActive {
				s.Fatalf("failing since %v, it was switched off", failing)
			}
		}
		s.must(s.Write.Webhook.UpdateOneID(hook.ID).SetFailingSince(last).Exec(s.ctx))
		s.must(s.Service.DisableWebhook(s.ctx, hook, &last, "The receiver answered 500."))
		if s.Write.Webhook.GetX(s.ctx, hook.ID).Status != webhook.StatusDisabled {
			s.Error("it is still on")
		}
	})
}

func TestASuspendedTenantsWebhooksHearNothing(t *testing.T) {
	each(t, func(s stage) {
		r := newReceiver(s.T)
		contoso, _, w := s.hooked(r)
		root := s.Operator().Admin
		s.asks(root, "suspendTenant", "tenant { id }", map[string]any{"id": contoso.ID})
		s.round(w)
		s.stands(webhookdelivery.StatusFailed, 0, 0, "The tenant was suspended.")
		s.asks(root, "reactivateTenant", "tenant { id }", map[string]any{"id": contoso.ID})
		s.asks(contoso.Admin, "redeliverWebhook", "deliveries { id }", map[string]any{"ids": []string{s.delivery().ID}})
		s.sends(w)
		s.stands(webhookdelivery.StatusDelivered, 1, 204, "")
	})
}

// TestAWorkerDiesBetweenSendingAndNoting: the message comes twice, under one id.
func TestAWorkerDiesBetweenSendingAndNoting(t *testing.T) {
	each(t, func(s stage) {
		r := newReceiver(s.T)
		_, _, w := s.hooked(r)
		dying := s.worker()
		due, err := dying.due(s.ctx)
		s.must(err)
		if ours, err := dying.claim(s.ctx, due[0]); err != nil || !ours {
			s.Fatal(ours, err)
		}
		dying.sender.send(s.ctx, due[0], s.Now())
		s.sends(w)
		if n := len(r.taken()); n != 1 {
			s.Fatalf("%d messages while the lease holds; want one", n)
		}
		s.Later(lease)
		s.sends(w)
		got := r.taken()
		if len(got) != 2 || got[0].id != got[1].id || got[0].body != got[1].body {
			s.Fatalf("%v; want one message twice", got)
		}
		s.stands(webhookdelivery.StatusDelivered, 2, 204, "")

		// The one that was only slow notes nothing that is not so.
		s.must(dying.note(s.ctx, due[0], answer{refusal: "late"}))
		s.stands(webhookdelivery.StatusDelivered, 2, 204, "")
	})
}

func TestTwoWorkersDeliverEverythingOnce(t *testing.T) {
	each(t, func(s stage) {
		contoso := s.Customer("Contoso")
		r := newReceiver(s.T)
		const writes, hooks = 10, 3
		for range hooks {
			s.Webhook(contoso.Tenant, r.URL, "role.created")
		}
		s.must(s.worker().look(s.ctx, true))
		ctx, stop := context.WithCancel(t.Context())
		var workers sync.WaitGroup
		for range 2 {
			w := s.worker()
			workers.Go(func() { w.Run(ctx) })
		}
		for range writes {
			s.writes(contoso)
		}
		eventually(s.T, "everything is delivered", func() bool {
			return s.Write.WebhookDelivery.Query().Where(webhookdelivery.StatusEQ(webhookdelivery.StatusDelivered)).CountX(s.ctx) == writes*hooks
		})
		stop()
		workers.Wait()
		came := make(map[string]int)
		for _, m := range r.taken() {
			came[m.id]++
		}
		if len(came) != writes || len(r.taken()) != writes*hooks {
			s.Errorf("%d events came %d times; want %d and %d", len(came), len(r.taken()), writes, writes*hooks)
		}
	})
}

// TestSlowReceiversHoldUpNobodyElse: neither many webhooks of one tenant that never answer, nor those of many tenants that failed
// before.
func TestSlowReceiversHoldUpNobodyElse(t *testing.T) {
	each(t, func(s stage) {
		slow, quick := newReceiver(s.T), newReceiver(s.T)
		release := make(chan struct{})
		slow.then(func(_ http.ResponseWriter, r *http.Request) {
			select {
			case <-release:
			case <-r.Context().Done():
			}
		})
		w := s.worker()
		s.must(w.look(s.ctx, true))
		var failing []*testworld.Company
		for i := range 8 {
			c := s.Customer("Slow " + strings.Repeat("x", i))
			failing = append(failing, c)
			for range max(1, 4-i) {
				hook := s.Webhook(c.Tenant, slow.URL, "role.created")
				if i > 0 {
					s.must(s.Write.Webhook.UpdateOne(hook).SetFailingSince(s.Now()).Exec(s.ctx))
				}
			}
		}
		for _, c := range failing {
			s.writes(c)
		}
		s.must(w.look(s.ctx, true))
		s.must(w.dispatch(s.ctx))
		eventually(s.T, "two of the first tenant, and four of those that failed, are under way", func() bool { return len(slow.taken()) == mostOfOne+mostFailing })
		contoso := s.Customer("Contoso")
		s.Webhook(contoso.Tenant, quick.URL, "role.created")
		s.Later(time.Second)
		s.writes(contoso)
		s.must(w.look(s.ctx, false))
		s.must(w.dispatch(s.ctx))
		eventually(s.T, "the quick one hears", func() bool { return len(quick.taken()) == 1 })
		if n := len(slow.taken()); n != mostOfOne+mostFailing {
			s.Errorf("%d deliveries to slow receivers are under way", n)
		}
		close(release)
		w.group.Wait()
		if w.slots.all != 0 || w.slots.failing != 0 || len(w.slots.tenants) != 0 {
			s.Errorf("slots are taken still: %+v", &w.slots)
		}
	})
}
