package graph_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"mandate/ent"
	"mandate/ent/outboxmessage"
	"mandate/ent/relationship"
	"mandate/internal/testdb"
	"mandate/internal/testworld"
)

var errPulled = errors.New("the plug was pulled")

// due makes a world in which the clock has something of everything to do at once.
func (s scene) due() (acme *testworld.Company) {
	s.Helper()
	acme = s.NewPartner("Acme")
	tech := s.TechPartner(acme, "Wirers", "INTEGRATOR")
	fitter := s.Staff(tech, "fitter", testworld.Nothing)
	for _, name := range []string{"Contoso", "Fabrikam", "Tailspin"} {
		c := s.Customer(name)
		id := s.endsOn(acme, c, "ADMINISTRATOR", map[string]int{"Contoso": 12, "Fabrikam": 20, "Tailspin": 14}[name])
		if name == "Tailspin" {
			s.does(c.Admin, "extendRelationship", in{"id": id, "autoExtendDays": 30})
			s.requestedBy(c, "new@example.com")
			s.given(acme.Admin, tech.Partner.ID, c.ID, "READ_ONLY", in{"days": 3})
			s.given(tech.Admin, fitter.Member(tech.Tenant).ID, c.ID, "READ_ONLY", nil)
		}
	}
	s.invites(acme, "late@example.com")
	for _, name := range []string{"Northwind", "Litware"} {
		c := s.Customer(name)
		s.endsOn(acme, c, "ADMINISTRATOR", 40)
		s.given(acme.Admin, tech.Partner.ID, c.ID, "READ_ONLY", in{"days": 9})
	}
	s.Later(13*day + time.Hour)
	return acme
}

// announced lists all that was told about access, to whomever, and all events of the clock.
func (s scene) announced() (list []string) {
	s.Helper()
	mails, err := s.Write.OutboxMessage.Query().Where(outboxmessage.KindHasPrefix("access.")).All(s.System())
	s.must(err)
	for _, m := range mails {
		list = append(list, m.Recipient+": "+m.Subject)
	}
	list = append(list, s.clockwork()...)
	slices.Sort(list)
	return list
}

// cutOff has every sweep fail from one of its writes on, a later one each time, until one gets through; it returns how many
// did not.
func (s scene) cutOff() (cuts int) {
	s.Helper()
	var at, writes int
	s.Write.Use(func(next ent.Mutator) ent.Mutator {
		return ent.MutateFunc(func(ctx context.Context, m ent.Mutation) (ent.Value, error) {
			if writes++; writes >= at {
				return nil, errPulled
			}
			return next.Mutate(ctx, m)
		})
	})
	for at = 1; ; at++ {
		writes = 0
		err := s.Service.Sweep(context.Background())
		if err == nil {
			at = math.MaxInt
			return cuts
		}
		if !errors.Is(err, errPulled) {
			s.Fatal(err)
		}
		cuts++
	}
}

// TestASweepThatIsCutOffLosesNothing compares what comes of sweeps that are cut off, before every write that they make, with
// what comes of one that is not.
func TestASweepThatIsCutOffLosesNothing(t *testing.T) {
	t.Parallel()
	for _, engine := range []string{testdb.SQLite, testdb.MariaDB} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			whole := scene{t, testworld.New(t, testdb.New(t, engine))}
			whole.due()
			whole.sweeps()
			want := whole.announced()
			whole.is("announced", len(want), 19)

			s := scene{t, testworld.New(t, testdb.New(t, engine))}
			s.due()
			s.is("cut off", s.cutOff() > 10, true)
			s.is("left", s.behind(), []string(nil))
			s.sees(s.announced(), want...)
		})
	}
}

// TestOneRowThatFailsHoldsNobodyUp has one relationship that cannot be written, and one over which the program panics.
func TestOneRowThatFailsHoldsNobodyUp(t *testing.T) {
	eachScene(t, func(s scene) {
		acme := s.NewPartner("Acme")
		var ids []string
		for _, name := range []string{"One", "Two", "Three", "Four", "Five"} {
			ids = append(ids, s.endsOn(acme, s.Customer(name), "ADMINISTRATOR", 10))
		}
		broken := true
		s.Write.Relationship.Use(func(next ent.Mutator) ent.Mutator {
			return ent.MutateFunc(func(ctx context.Context, m ent.Mutation) (ent.Value, error) {
				if id, one := m.(*ent.RelationshipMutation).ID(); broken && one && id == ids[2] {
					return nil, errPulled
				} else if broken && one && id == ids[3] {
					panic("at the disco")
				}
				return next.Mutate(ctx, m)
			})
		})
		fails := func(s scene) {
			s.Helper()
			err := s.Service.Sweep(context.Background())
			if !errors.Is(err, errPulled) || !strings.Contains(err.Error(), ids[2]) || !strings.Contains(err.Error(), "at the disco") || strings.Contains(err.Error(), ids[0]) {
				s.Errorf("the sweep says: %v", err)
			}
		}
		s.then("the others are announced", func(s scene) {
			s.Later(4 * day)
			fails(s)
			s.is("announced", len(s.clockwork()), 3)
			s.sees(s.told("two@example.com"), "Access of Acme to Two ends in 6 days")
			s.sees(s.told("three@example.com"))
		})
		s.then("and recorded", func(s scene) {
			s.Later(6 * day)
			fails(s)
			n, err := s.Write.Relationship.Query().Where(relationship.StatusEQ(relationship.StatusExpired)).Count(s.System())
			s.must(err)
			s.is("recorded", n, 3)
		})
		s.then("and it itself as soon as it can be", func(s scene) {
			broken = false
			s.sweeps()
			s.sees(s.told("three@example.com"), "Relationship with Acme ended")
		})
	})
}

// TestWhatIsKeptNoLonger has one row of everything that is kept for a time.
func TestWhatIsKeptNoLonger(t *testing.T) {
	eachScene(t, func(s scene) {
		acme := s.NewPartner("Acme")
		s.asks(s.Stranger(), "requestPasswordReset", in{"email": "acme@example.com"}).OK()
		s.fails(1, "192.0.2.1", "acme@example.com")
		s.attempts(acme.Admin, "a-key", "createRole", in{"tenantId": acme.ID, "name": "Desk", "permissions": levels("SITES", "VIEW")}).OK()
		s.signsIn("acme@example.com")
		s.must(s.Write.OutboxMessage.Update().SetStatus(outboxmessage.StatusSent).SetSentAt(s.Now()).Exec(s.System()))
		s.must(s.Write.OutboxMessage.Create().SetKind("notice").SetRecipient("gone@example.com").SetRecipientCanonical("gone@example.com").
			SetSubject("").SetText("").SetHTML("").SetStatus(outboxmessage.StatusDead).SetNextAttemptAt(s.Now()).Exec(s.System()))
		queries := map[string]string{
			"throttles": "sign_in_throttles", "keys": "idempotency_records", "dead mails": "outbox_messages WHERE status='DEAD'",
			"sent mails": "outbox_messages WHERE status='SENT'", "links": "one_time_tokens", "sessions": "sessions WHERE token_hash NOT LIKE '0000%'",
			"events": "audit_events",
		}
		left := func() map[string]string {
			counts := make(map[string]string)
			for what, from := range queries {
				counts[what] = s.read("SELECT COUNT(*) FROM " + from)[0]
			}
			return counts
		}
		want := left()
		for _, what := range []string{"keys", "dead mails", "sent mails", "links", "sessions"} {
			s.is(what, want[what], "1")
		}
		for _, step := range []struct {
			passes time.Duration
			goes   []string
		}{
			{time.Hour, nil},
			{time.Minute, []string{"throttles"}},
			{22*time.Hour + 58*time.Minute, nil},
			{2 * time.Minute, []string{"keys"}},
			{6*day - 2*time.Minute, nil},
			{2 * time.Minute, []string{"dead mails"}},
			{23*day - 2*time.Minute, nil},
			{2 * time.Minute, []string{"sent mails"}},
			{time.Hour, []string{"links"}},
			{6 * time.Hour, nil},
			{2 * time.Hour, []string{"sessions"}},
		} {
			s.Later(step.passes)
			s.sweeps()
			for _, what := range step.goes {
				want[what] = "0"
			}
			s.is("left", left(), want)
		}
	})
}
