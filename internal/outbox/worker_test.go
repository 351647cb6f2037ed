package outbox

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"mandate/ent"
	"mandate/ent/outboxmessage"
	"mandate/internal/mail"
	"mandate/internal/retry"
	"mandate/internal/testdb"
)

func secret(c *ent.OutboxMessageCreate) { c.SetSecret(true) }

func TestMailIsSentAndItsSecretForgotten(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		withSecret, without := w.letter(secret), w.letter()
		later := w.letter(func(c *ent.OutboxMessageCreate) { c.SetNextAttemptAt(w.clock().Add(time.Microsecond)) })
		w.round(w.worker())

		for _, id := range []string{withSecret, without} {
			m := w.wants(id, outboxmessage.StatusSent, 1)
			if m.SentAt == nil || !m.SentAt.Equal(w.now) || !m.UpdatedAt.Equal(w.now) {
				t.Errorf("sent at %v, changed at %v; want %v", m.SentAt, m.UpdatedAt, w.now)
			}
		}
		if m := w.read(withSecret); m.Text != "" || m.HTML != "" {
			t.Errorf("the secret stayed: %q %q", m.Text, m.HTML)
		}
		if m := w.read(without); m.Text == "" || m.HTML == "" {
			t.Error("a mail without a secret was blanked")
		}
		w.wants(later, outboxmessage.StatusPending, 0)
		w.round(w.worker())
		taken := w.office.taken()
		if len(taken) != 2 {
			t.Fatalf("%d mails sent; want 2", len(taken))
		}
		got := []string{taken[0].Header.Get("Message-Id"), taken[1].Header.Get("Message-Id")}
		for _, id := range []string{withSecret, without} {
			if want := "<" + id + "@mandate.example>"; !slices.Contains(got, want) {
				t.Errorf("Message-IDs %q; want %s", got, want)
			}
		}
	})
}

func TestF05TwoWorkersSendEachMailOnce(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		const mails = 2*batch + 5
		for range mails {
			w.letter()
		}
		ctx, stop := context.WithCancel(t.Context())
		var workers sync.WaitGroup
		for range 2 {
			worker := w.worker()
			workers.Go(func() { worker.Run(ctx) })
		}
		eventually(t, "all mails are sent", func() bool {
			return w.client.OutboxMessage.Query().Where(outboxmessage.StatusEQ(outboxmessage.StatusSent)).CountX(w.ctx) == mails
		})
		stop()
		workers.Wait()
		ids := map[string]int{}
		for _, m := range w.office.taken() {
			ids[m.Header.Get("Message-Id")]++
		}
		if len(ids) != mails || len(w.office.taken()) != mails {
			t.Errorf("%d mails were sent %d times", len(ids), len(w.office.taken()))
		}
	})
}

func TestF06RefusedForGoodIsDeadAndTheInvitationUndeliverable(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		invitation := w.invitation()
		id := w.letter(secret, func(c *ent.OutboxMessageCreate) { c.SetInvitationID(invitation) })
		w.office.answers(refusal(550))
		w.round(w.worker())
		m := w.wants(id, outboxmessage.StatusDead, 1)
		if m.Text == "" || m.HTML == "" {
			t.Error("what it says is gone: nobody can have it tried anew")
		}
		if m.LastError == nil || !strings.Contains(*m.LastError, "550") || strings.Contains(*m.LastError, "kim@") {
			t.Errorf("last error %v; want the answer, without the address", m.LastError)
		}
		inv := w.client.Invitation.GetX(w.ctx, invitation)
		if !inv.Undeliverable || inv.Version != 2 {
			t.Errorf("the invitation does not know: %v", inv)
		}
		e := w.client.AuditEvent.Query().OnlyX(w.ctx)
		if e.Action != "invitation.undeliverable" || e.ActorID != nil || *e.TargetID != invitation || *e.TenantID != inv.PartnerID || !e.At.Equal(w.now) {
			t.Errorf("recorded: %v", e)
		}
		w.pass(48 * time.Hour)
		w.round(w.worker())
		if w.office.offered != 1 {
			t.Errorf("offered %d times; want once", w.office.offered)
		}
	})
}

// TestF06RetriedMailHasADayAnew: an operator mends what was wrong, and has dead mails tried again.
func TestF06RetriedMailHasADayAnew(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		invitation := w.invitation()
		id := w.letter(secret, func(c *ent.OutboxMessageCreate) { c.SetInvitationID(invitation) })
		w.office.answers(refusal(550))
		w.round(w.worker())
		w.pass(5 * 24 * time.Hour)
		w.retries(id)
		w.office.answers(refusal(451))
		w.round(w.worker())
		if m := w.wants(id, outboxmessage.StatusPending, 1); !m.NextAttemptAt.Equal(w.now.Add(time.Minute)) {
			t.Errorf("next attempt at %v; want it a minute later", m.NextAttemptAt)
		}
		w.pass(retry.Life)
		w.round(w.worker())
		w.wants(id, outboxmessage.StatusDead, 2)

		w.retries(id)
		w.office.answers(nil)
		w.round(w.worker())
		if m := w.wants(id, outboxmessage.StatusSent, 1); m.Text != "" || m.HTML != "" || m.LastError != nil {
			t.Errorf("the secret stayed: %q %q, or the error: %v", m.Text, m.HTML, m.LastError)
		}
		if inv := w.client.Invitation.GetX(w.ctx, invitation); inv.Undeliverable || inv.Version != 3 {
			t.Errorf("the invitation counts as undeliverable still: %v", inv)
		}
		if got := w.events(); !slices.Equal(got, []string{"invitation.undeliverable", "invitation.delivered"}) {
			t.Errorf("recorded: %v", got)
		}
	})
}

func TestAnInvitationThatWasSentAgainHearsOfItsLastMailOnly(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		invitation := w.invitation()
		carries := func(c *ent.OutboxMessageCreate) { c.SetInvitationID(invitation) }
		old := w.letter(carries)
		w.office.answers(refusal(451))
		w.round(w.worker())
		last := w.letter(carries)
		w.office.answers(nil)
		w.round(w.worker())
		w.wants(last, outboxmessage.StatusSent, 1)
		w.pass(time.Minute)
		w.office.answers(refusal(550))
		w.round(w.worker())
		w.wants(old, outboxmessage.StatusDead, 2)
		if inv := w.client.Invitation.GetX(w.ctx, invitation); inv.Undeliverable || inv.Version != 1 {
			t.Errorf("its last mail arrived, and it is undeliverable: %v", inv)
		}
	})
}

// TestF06AMailThatHangsHoldsUpNoOther: one receiver's mail gets no answer; the others' arrive meanwhile.
func TestF06AMailThatHangsHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testdb.New(t, testdb.SQLite))
	hanging := make(chan struct{})
	w.sender = &hanger{Sender: w.sender, to: "hung@contoso.example", until: hanging}
	hung := w.letter(func(c *ent.OutboxMessageCreate) { c.SetRecipient("hung@contoso.example") })
	const others = 2 * batch
	for range others {
		w.letter()
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { w.worker().Run(ctx); close(done) }()
	eventually(t, "the others are sent", func() bool { return len(w.office.taken()) == others })
	w.wants(hung, outboxmessage.StatusPending, 1)
	close(hanging)
	eventually(t, "it is sent too", func() bool { return w.read(hung).Status == outboxmessage.StatusSent })
	stop()
	<-done
}

// hanger keeps the mails to an address waiting.
type hanger struct {
	Sender
	to    string
	until <-chan struct{}
}

func (h *hanger) Send(ctx context.Context, m mail.Message) error {
	if m.To == h.to {
		<-h.until
	}
	return h.Sender.Send(ctx, m)
}

func TestF06PutOffIsTriedAgainUnderTheSameMessageID(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		sender := &eavesdropper{Sender: w.sender}
		w.sender = sender
		id := w.letter(secret)
		w.office.answers(refusal(421))
		w.round(w.worker())
		m := w.wants(id, outboxmessage.StatusPending, 1)
		if m.LastError == nil || !m.NextAttemptAt.Equal(w.now.Add(time.Minute)) || m.Text == "" {
			t.Errorf("last error %v, next attempt at %v, text %q", m.LastError, m.NextAttemptAt, m.Text)
		}
		w.pass(59 * time.Second)
		w.round(w.worker())
		w.wants(id, outboxmessage.StatusPending, 1)

		w.pass(time.Second)
		w.office.answers(nil)
		w.round(w.worker())
		if m = w.wants(id, outboxmessage.StatusSent, 2); m.LastError != nil {
			t.Errorf("sent, and yet it has the error %q", *m.LastError)
		}
		if len(sender.heard) != 2 || sender.heard[0] != sender.heard[1] {
			t.Errorf("Message-IDs %q; want the same one twice", sender.heard)
		}
	})
}

// eavesdropper notes the Message-IDs of what passes.
type eavesdropper struct {
	Sender
	heard []string
}

func (e *eavesdropper) Send(ctx context.Context, m mail.Message) error {
	e.heard = append(e.heard, m.MessageID)
	return e.Sender.Send(ctx, m)
}

func TestF06GivenUpAfterADay(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testdb.New(t, testdb.SQLite))
	id := w.letter()
	w.office.answers(refusal(451))
	start, tries := w.now, 0
	for ; w.read(id).Status == outboxmessage.StatusPending; tries++ {
		w.now = w.read(id).NextAttemptAt
		w.round(w.worker())
	}
	w.wants(id, outboxmessage.StatusDead, tries)
	if after := w.now.Sub(start); after != 24*time.Hour || tries < 10 || tries > 15 {
		t.Errorf("given up after %v and %d tries", after, tries)
	}
}

func TestF07MailOfADeadWorkerIsTakenOver(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		id := w.letter()
		dead, heir := w.worker(), w.worker()
		m, seen := w.read(id), w.read(id)
		if claimed, err := dead.claim(w.ctx, m); !claimed || err != nil {
			t.Fatalf("claimed %t, %v", claimed, err)
		}
		if claimed, err := heir.claim(w.ctx, seen); claimed || err != nil {
			t.Fatalf("two have it: claimed %t, %v", claimed, err)
		}
		w.pass(lease - time.Microsecond)
		w.round(heir)
		w.wants(id, outboxmessage.StatusPending, 1)
		w.pass(time.Microsecond)
		w.round(heir)
		w.wants(id, outboxmessage.StatusSent, 2)
		if err := dead.note(w.ctx, m, errors.New("too late")); err != nil {
			t.Fatal(err)
		}
		w.wants(id, outboxmessage.StatusSent, 2)
	})
}

func TestF17StopFinishesTheMailInHand(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testdb.New(t, testdb.SQLite))
	w.office.delay = 300 * time.Millisecond
	first := w.letter()
	w.pass(time.Microsecond)
	second := w.letter()
	worker := w.worker()
	worker.slots = make(chan struct{}, 1)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { worker.Run(ctx); close(done) }()
	eventually(t, "a mail is on its way", func() bool {
		w.office.mu.Lock()
		defer w.office.mu.Unlock()
		return w.office.offered == 1
	})
	stop()
	<-done
	w.wants(first, outboxmessage.StatusSent, 1)
	w.wants(second, outboxmessage.StatusPending, 0)
}

func TestWakeMakesTheWorkerLook(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testdb.New(t, testdb.SQLite))
	worker := w.worker()
	worker.poll = time.Hour
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { worker.Run(ctx); close(done) }()
	for n := range 3 {
		w.letter()
		for range 3 {
			worker.Wake()
		}
		eventually(t, "the mail is sent", func() bool { return len(w.office.taken()) == n+1 })
	}
	stop()
	<-done
}
