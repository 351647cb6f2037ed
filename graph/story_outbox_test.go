package graph_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"mandate/ent"
	"mandate/ent/outboxmessage"
	"mandate/internal/testworld"
)

const outboxPage = `query($status: OutboxStatus, $first: Int, $after: String) { outbox(status: $status, first: $first, after: $after) {
	nodes { id kind recipient status attempts createdAt nextAttemptAt sentAt lastError retryable } pageInfo { hasNextPage endCursor } totalCount totalCountCapped } }`

// mail leaves a mail in the outbox, and returns its id.
func (s scene) mail(address string, change ...func(*ent.OutboxMessageCreate)) string {
	s.Helper()
	c := s.Write.OutboxMessage.Create().SetKind("password.reset").SetRecipient(address).SetRecipientCanonical(address).
		SetSubject("A secret subject").SetText("a secret text").SetHTML("a secret page").SetSecret(true).SetNextAttemptAt(s.Now())
	for _, f := range change {
		f(c)
	}
	m, err := c.Save(s.System())
	s.must(err)
	return m.ID
}

func dead(c *ent.OutboxMessageCreate) {
	c.SetStatus(outboxmessage.StatusDead).SetAttempts(11).SetLastError("send mail: 550 no such user")
}

// mailOf reads a mail as it is now.
func (s scene) mailOf(id string) *ent.OutboxMessage {
	s.Helper()
	m, err := s.Write.OutboxMessage.Get(s.System(), id)
	s.must(err)
	return m
}

// TestTheOperatorsOutbox: what the operator sees of the mails, page by page.
func TestTheOperatorsOutbox(t *testing.T) {
	eachScene(t, func(s scene) {
		operator := s.Operator()
		var ids []string
		for n := range 5 {
			ids = append(ids, s.mail(fmt.Sprintf("kim%d@contoso.example", n), func(c *ent.OutboxMessageCreate) {
				switch n {
				case 1, 3:
					dead(c)
				case 4:
					c.SetStatus(outboxmessage.StatusSent).SetSentAt(s.Now()).SetAttempts(1).SetText("").SetHTML("")
				}
			}))
		}
		old := s.mail("old@contoso.example", dead, func(c *ent.OutboxMessageCreate) { c.SetText("").SetHTML("") })
		ids = append(ids, old)
		read := func(vars testworld.Vars) *testworld.Answer {
			s.Helper()
			a := operator.Admin.Do(outboxPage, vars).OK()
			if strings.Contains(a.Body, "secret") || strings.Contains(a.Body, "kim0") {
				s.Errorf("it tells too much: %s", a.Body)
			}
			return a
		}
		s.then("newest first, with the address half hidden and nothing of what they say", func(s scene) {
			a := read(testworld.Vars{"first": 9})
			s.is("mails", a.Column("outbox.nodes", "id"), []string{ids[5], ids[4], ids[3], ids[2], ids[1], ids[0]})
			s.is("count", a.At("outbox.totalCount"), any(6.))
			row := a.At("outbox.nodes").([]any)[2].(map[string]any)
			s.is("recipient", row["recipient"], any("k…@contoso.example"))
			s.is("last error", row["lastError"], any("send mail: 550 no such user"))
			s.is("retryable", row["retryable"], any(true))
			s.is("next attempt", row["nextAttemptAt"], nil)
		})
		s.then("by status, page by page", func(s scene) {
			a := read(testworld.Vars{"status": "DEAD", "first": 2})
			s.is("first page", a.Column("outbox.nodes", "id"), []string{ids[5], ids[3]})
			s.is("more", a.At("outbox.pageInfo.hasNextPage"), any(true))
			s.is("count", a.At("outbox.totalCount"), any(3.))
			a = read(testworld.Vars{"status": "DEAD", "first": 2, "after": a.At("outbox.pageInfo.endCursor")})
			s.is("second page", a.Column("outbox.nodes", "id"), []string{ids[1]})
			s.is("more", a.At("outbox.pageInfo.hasNextPage"), any(false))
			s.is("sent", read(testworld.Vars{"status": "SENT", "first": 9}).Column("outbox.nodes", "id"), []string{ids[4]})
		})
		s.then("within bounds only", func(s scene) {
			for _, vars := range []testworld.Vars{{}, {"first": 0}, {"first": 101}, {"first": 1, "after": "x"}} {
				s.is(fmt.Sprint(vars), operator.Admin.Do(outboxPage, vars).Errors(), []string{"BAD_USER_INPUT at outbox"})
			}
		})
	})
}

// TestTheOutboxIsTheOperators: nobody else sees or moves anything there, whatever they are elsewhere.
func TestTheOutboxIsTheOperators(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, operator := s.NewPartner("Acme"), s.Operator()
		id := s.mail("kim@contoso.example", dead)
		clerk := s.Staff(operator, "clerk", testworld.Role("PRIME_ADMIN"))
		token := s.Bearer(s.makesToken(operator.Admin, nil).String("createApiToken.token"))
		for who, c := range map[string]struct {
			p    *testworld.Person
			code string
		}{
			"a stranger": {s.Stranger(), "UNAUTHENTICATED"}, "a partner's administrator": {acme.Admin, "FORBIDDEN"},
			"somebody of the operator's": {clerk, "FORBIDDEN"}, "an API token": {token, "FORBIDDEN"},
		} {
			s.is(who+" reads", c.p.Do(outboxPage, testworld.Vars{"first": 1}).Errors(), []string{c.code + " at outbox"})
			for _, m := range []string{"retryOutboxMessages", "dropOutboxMessages"} {
				s.is(who+" "+m, s.asks(c.p, m, in{"ids": []string{id}}).Errors(), []string{c.code + " at " + m})
			}
		}
		s.is("the mail", s.mailOf(id).Status, outboxmessage.StatusDead)
	})
}

// TestDeadMails: an operator mends the mail server, and has mails tried anew; others are dropped.
func TestDeadMails(t *testing.T) {
	eachScene(t, func(s scene) {
		operator := s.Operator()
		one, two, three := s.mail("kim@contoso.example", dead), s.mail("lee@contoso.example", dead), s.mail("max@contoso.example", dead)
		pending := s.mail("noa@contoso.example")
		gone := s.mail("old@contoso.example", dead, func(c *ent.OutboxMessageCreate) { c.SetText("").SetHTML("") })
		s.Later(48 * time.Hour)
		s.then("all or none", func(s scene) {
			s.refused(operator.Admin, "retryOutboxMessages", in{"ids": []string{one, pending, one, gone, "out_nothing", operator.ID}},
				"CONFLICT at input.ids.1", "CONFLICT at input.ids.2", "CONFLICT at input.ids.3", "NOT_FOUND at input.ids.4", "NOT_FOUND at input.ids.5")
			s.refused(operator.Admin, "dropOutboxMessages", in{"ids": []string{one, pending}}, "CONFLICT at input.ids.1")
			for _, m := range []string{"retryOutboxMessages", "dropOutboxMessages"} {
				s.refused(operator.Admin, m, in{"ids": []string{}}, "LIMIT_EXCEEDED at input.ids")
				s.refused(operator.Admin, m, in{"ids": slices.Repeat([]string{one}, 101)}, "LIMIT_EXCEEDED at input.ids")
			}
		})
		s.then("two are tried anew, at once and as if for the first time", func(s scene) {
			woken := 0
			s.Service.Wake = func() { woken++ }
			a := s.does(operator.Admin, "retryOutboxMessages", in{"ids": []string{one, two}})
			s.sees(a.Column("retryOutboxMessages.outboxMessages", "status"), "PENDING", "PENDING")
			s.is("the worker was woken", woken, 1)
			m := s.mailOf(one)
			s.is("due", m.NextAttemptAt.Equal(s.Now()) && m.RetriedAt.Equal(s.Now()) && m.Attempts == 0, true)
			s.is("text", m.Text, "a secret text")
			s.sees(s.read("SELECT action FROM audit_events WHERE action LIKE 'outbox%'"), "outbox.retried")
			s.refused(operator.Admin, "retryOutboxMessages", in{"ids": []string{one}}, "CONFLICT at input.ids.0")
		})
		s.then("others are dropped", func(s scene) {
			a := s.does(operator.Admin, "dropOutboxMessages", in{"ids": []string{three, gone}})
			s.is("dropped", a.At("dropOutboxMessages.droppedIds"), any([]any{three, gone}))
			s.is("left", len(s.read("SELECT id FROM outbox_messages")), 3)
			changes := s.read("SELECT changes FROM audit_events WHERE action='outbox.dropped'")[0]
			s.is("what was dropped is told", strings.Contains(changes, three) && strings.Contains(changes, "password.reset to m…@contoso.example"), true)
			s.refused(operator.Admin, "dropOutboxMessages", in{"ids": []string{three}}, "NOT_FOUND at input.ids.0")
		})
	})
}
