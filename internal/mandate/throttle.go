package mandate

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"entgo.io/ent/dialect"

	"mandate/ent"
	"mandate/ent/signinthrottle"
	"mandate/internal/database"
)

// pace is how fast something may be tried: freely at first, and then with a delay after each failure that doubles up to
// the longest. Every delay ends by itself: nobody is locked out. Some time after the last failure it begins anew.
type pace struct {
	free           int
	first, longest time.Duration
	memory         time.Duration
}

// delay is how long nothing is looked at after the n-th failure in a row.
func (p pace) delay(n int) time.Duration {
	if n <= p.free {
		return 0
	}
	d := p.first
	for i := p.free + 1; i < n && d < p.longest; i++ {
		d *= 2
	}
	return min(d, p.longest)
}

// most is how long a delay can last by the clock of another server: each is a drift off the database's at most.
func (p pace) most() time.Duration { return p.longest + 2*database.MostDrift }

const (
	longestMemory = time.Hour
	mostSwept     = 8 // forgotten rows that go when some are made, three at most: so there are no more than one hour leaves
)

// subject is what failures are counted of.
type subject struct {
	key string // as the table has it, which names nobody
	pace
}

func newSubject(p pace, parts ...string) subject {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return subject{hex.EncodeToString(sum[:]), p}
}

// tally is what was counted of a subject; without a row nothing was.
type tally struct {
	subject
	row *ent.SignInThrottle
}

// tallies reads and locks what was counted of some subjects, in the order of their keys.
func (t *tx) tallies(ctx context.Context, subjects []subject) ([]tally, error) {
	list := make([]tally, len(subjects))
	for i, one := range subjects {
		list[i].subject = one
	}
	slices.SortFunc(list, func(a, b tally) int { return strings.Compare(a.key, b.key) })
	these := keys(subjects)
	if t.s.Dialect == dialect.MySQL && len(these) > 0 {
		if err := t.readIn(ctx, "sign_in_throttles", "subject", these, "FOR UPDATE"); err != nil {
			return nil, err
		}
	}
	rows, err := t.SignInThrottle.Query().Where(signinthrottle.SubjectIn(these...)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read what failed before: %w", err)
	}
	for i := range list {
		if at := slices.IndexFunc(rows, func(row *ent.SignInThrottle) bool { return row.Subject == list[i].key }); at >= 0 {
			list[i].row = rows[at]
		}
	}
	return list, nil
}

func keys(subjects []subject) []string {
	list := make([]string, len(subjects))
	for i, one := range subjects {
		list[i] = one.key
	}
	return list
}

// inTime fails with a *Throttled while any of the subjects has to wait. A failure without a delay delays nobody, even if it was
// counted by a later reading of the clock. A delay that would last longer than any can was set before the clock was set back,
// and is over.
func (t *tx) inTime(list []tally) error {
	var wait time.Duration
	for _, one := range list {
		if one.row == nil || one.delay(one.row.Failures) == 0 {
			continue
		}
		if left := one.row.Until.Sub(t.now); left <= one.most() {
			wait = max(wait, left)
		}
	}
	if wait > 0 {
		return &Throttled{wait}
	}
	return nil
}

// count counts a failure of each subject.
func (t *tx) count(ctx context.Context, list []tally) error {
	var made []*ent.SignInThrottleCreate
	for _, one := range list {
		n := 1
		if one.row != nil && one.row.FailedAt.After(t.now.Add(-one.memory)) {
			n += one.row.Failures
		}
		until := t.now.Add(one.delay(n))
		if one.row == nil {
			made = append(made, t.SignInThrottle.Create().SetSubject(one.key).SetFailures(n).SetFailedAt(t.now).SetUntil(until))
			continue
		}
		done, err := t.SignInThrottle.Update().Where(signinthrottle.ID(one.row.ID), signinthrottle.Failures(one.row.Failures)).
			SetFailures(n).SetFailedAt(t.now).SetUntil(until).Save(ctx)
		if err != nil {
			return fmt.Errorf("count a failure: %w", err)
		}
		if done == 0 { // it was made after the lock was taken, and so is none of ours
			return errAgain
		}
	}
	if made == nil {
		return nil
	}
	err := t.SignInThrottle.CreateBulk(made...).Exec(ctx)
	if database.IsDuplicate(err) {
		return errAgain // another one was counted meanwhile
	}
	if err != nil {
		return fmt.Errorf("count a failure: %w", err)
	}
	return t.sweep(ctx)
}

// sweep deletes some of the rows that are forgotten.
func (t *tx) sweep(ctx context.Context) error {
	old := signinthrottle.FailedAtLT(t.now.Add(-longestMemory))
	ids, err := t.SignInThrottle.Query().Where(old).Order(signinthrottle.ByFailedAt()).Limit(mostSwept).IDs(ctx)
	if err == nil && len(ids) > 0 {
		_, err = t.SignInThrottle.Delete().Where(signinthrottle.IDIn(ids...), old).Exec(ctx)
	}
	if err != nil {
		return fmt.Errorf("sweep what is forgotten: %w", err)
	}
	return nil
}

// uncount takes back that something was counted.
func (t *tx) uncount(ctx context.Context, subjects []subject) error {
	if _, err := t.tallies(ctx, subjects); err != nil {
		return err
	}
	these := signinthrottle.SubjectIn(keys(subjects)...)
	err := t.SignInThrottle.Update().Where(these).AddFailures(-1).SetUntil(t.now).Exec(ctx)
	if err == nil {
		_, err = t.SignInThrottle.Delete().Where(these, signinthrottle.FailuresLTE(0)).Exec(ctx)
	}
	if err != nil {
		return fmt.Errorf("take back what was counted: %w", err)
	}
	return nil
}

// try counts something that may be done so fast only, unless it comes too soon.
func (s *Service) try(ctx context.Context, subjects []subject) error {
	if len(subjects) == 0 {
		return nil
	}
	return s.aside(ctx, func(ctx context.Context, t *tx) error {
		list, err := t.tallies(ctx, subjects)
		if err != nil {
			return err
		}
		if err := t.inTime(list); err != nil {
			return err
		}
		return t.count(ctx, list)
	})
}

// aside runs f in a short transaction of its own, beside that of the operation: what was counted counts, whatever becomes
// of the operation, and however often the client sends it.
func (s *Service) aside(ctx context.Context, f func(context.Context, *tx) error) error {
	return s.tx(WithAttempt(ctx, nil), f)
}
