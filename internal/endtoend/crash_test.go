package endtoend

import (
	"context"
	"strings"
	"testing"
	"time"

	"mandate/internal/database"
	"mandate/internal/testdb"
)

// eachOutbox tells a story about mails on every engine: a partner is about to invite an address.
func eachOutbox(t *testing.T, tell func(s stage, acme partner, o outbox)) {
	t.Helper()
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		db, err := database.Open(context.Background(), url)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { db.Close() })
		env := []string{"MANDATE_DATABASE_URL=" + url, "MANDATE_PUBLIC_URL=" + publicURL}
		s := newStage(t, env...)
		tell(s, s.newPartner("Acme", "anna@acme.example"), outbox{t, db, append(env, s.mail.settings()...)})
	})
}

// outbox is where mails wait.
type outbox struct {
	t   *testing.T
	db  *database.DB
	env []string // of a program that empties it
}

// due lets the pause before the next attempt be over.
func (o outbox) due() {
	o.t.Helper()
	if _, err := o.db.Write.Exec("UPDATE outbox_messages SET next_attempt_at=? WHERE status='PENDING'", time.Now().Add(-time.Second).UTC()); err != nil {
		o.t.Fatal(err)
	}
}

// empties waits until no mail is pending.
func (o outbox) empties() {
	o.t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		var n int
		if err := o.db.Read.QueryRow("SELECT COUNT(*) FROM outbox_messages WHERE status='PENDING'").Scan(&n); err != nil {
			o.t.Fatal(err)
		}
		if n == 0 {
			return
		}
	}
	o.t.Fatal("mails are pending still")
}

const invited = "ada@lovelace.example"

// invite lets the partner invite an address.
func (s stage) invite(p partner) {
	s.Helper()
	s.sends(p.token, `inviteCustomer { invitation { status } }`, in{"email": invited})
}

func TestF07MailSurvivesAKill(t *testing.T) {
	eachOutbox(t, func(s stage, acme partner, o outbox) {
		s.invite(acme)
		s.kill()
		o.due()
		again := serve(t, o.env)
		l := s.mail.await(invited, "Invitation from Acme")
		o.empties()
		for _, one := range s.mail.all(invited) { // a second one if the kill came between sending and noting that
			s.is("Message-ID", one.id, l.id)
		}
		again.open(t, l.link(t)).shows("Invitation from Acme")
		again.stop()
	})
}

func TestF07MailThatWasBeingSentInAKillKeepsItsMessageID(t *testing.T) {
	eachOutbox(t, func(s stage, acme partner, o outbox) {
		o.empties()
		s.mail.mute.Store(true)
		s.invite(acme)
		first := s.mail.await(invited, "Invitation from Acme")
		s.kill() // nobody knows whether the mail was taken
		s.mail.mute.Store(false)
		o.due()
		again := serve(t, o.env)
		o.empties()
		mails := s.mail.all(invited)
		s.is("mails", len(mails), 2)
		s.is("Message-ID", mails[1].id, first.id)
		s.is("link", mails[1].link(t), first.link(t))
		again.stop()
	})
}

// TestF06NoMutationWaitsForTheMailServer has one that takes a mail and falls silent.
func TestF06NoMutationWaitsForTheMailServer(t *testing.T) {
	eachOutbox(t, func(s stage, acme partner, o outbox) {
		o.empties()
		s.mail.mute.Store(true)
		began := time.Now()
		s.invite(acme)
		s.mail.await(invited, "Invitation from Acme")
		s.sends(acme.token, `inviteCustomer { invitation { status } }`, in{"email": "grace@hopper.example"})
		if took := time.Since(began); took > patience/2 {
			s.Errorf("it took %v", took)
		}
		s.kill()
	})
}

func TestF06MailWaitsForTheMailServer(t *testing.T) {
	eachOutbox(t, func(s stage, acme partner, o outbox) {
		o.empties()
		s.mail.down.Store(true)
		s.invite(acme)
		s.awaits("mail not sent, to be tried again")
		s.is("mails", len(s.mail.all(invited)), 0)
		s.mail.down.Store(false)
		o.due()
		o.empties()
		s.is("mails", s.mail.subjects(invited), []string{"Invitation from Acme"})
		s.stop()
	})
}

// TestF06TheOperatorRetriesWhatWasGivenUp: the mail server refuses an invitation for good, the partner sees it, the operator mends
// the mail server and has the mail tried anew.
func TestF06TheOperatorRetriesWhatWasGivenUp(t *testing.T) {
	eachOutbox(t, func(s stage, acme partner, o outbox) {
		o.empties()
		s.mail.refuses.Store(true)
		id := s.sends(acme.token, `inviteCustomer { invitation { id } }`, in{"email": invited}).String("inviteCustomer.invitation.id")
		s.awaits("mail given up")
		undeliverable := func() any {
			return s.asks(acme.token, `query($id: ID!) { node(id: $id) { ... on Invitation { undeliverable } } }`, id).At("node.undeliverable")
		}
		s.is("undeliverable", undeliverable(), any(true))
		a := s.asks(s.operator, `{ outbox(status: DEAD, first: 9) { nodes { id kind recipient lastError retryable } } }`, "")
		s.is("dead mails", a.Column("outbox.nodes", "recipient"), []string{"a…@lovelace.example"})
		if last := a.String("outbox.nodes.0.lastError"); !strings.Contains(last, "550") || strings.Contains(last, invited) {
			s.Errorf("the last error is %q", last)
		}
		s.mail.refuses.Store(false)
		s.sends(s.operator, `retryOutboxMessages { outboxMessages { status } }`, in{"ids": a.Column("outbox.nodes", "id")})
		l := s.mail.await(invited, "Invitation from Acme")
		o.empties()
		s.is("undeliverable", undeliverable(), any(false))
		s.open(l.link(t)).shows("Invitation from Acme")
		trail := s.asks(acme.token, `query($id: ID!) { tenant(id: $id) { auditEvents(first: 3) { nodes { action actor { name } target { id } } } } }`, acme.tenant)
		s.is("trail", trail.Column("tenant.auditEvents.nodes", "action"), []string{"invitation.delivered", "invitation.undeliverable", "invitation.sent"})
		s.is("whose doing", trail.At("tenant.auditEvents.nodes.0.actor"), nil)
		s.stop()
	})
}
