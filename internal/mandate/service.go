package mandate

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"sync/atomic"
	"time"

	"entgo.io/ent/dialect"

	"mandate/ent"
	"mandate/ent/rule"
	"mandate/internal/access"
	"mandate/internal/auth"
	"mandate/internal/clock"
	"mandate/internal/database"
	"mandate/internal/egress"
	"mandate/internal/mail"
	"mandate/internal/viewer"
)

// Config is what a Service works with.
type Config struct {
	Client    *ent.Client // writes
	Dialect   string      // Ent's name of the engine
	Clock     clock.Clock
	PublicURL *url.URL // where people reach this installation; links in mails are built from it and from nothing else
	Brand     mail.Brand
	Passwords *auth.Passwords
	Wake      func()         // called after a commit that left mails in the outbox
	Receivers egress.Allowed // networks where webhooks may be, beside the public internet
}

// Service carries the operations out.
type Service struct {
	Config
	retried atomic.Int64
}

// New returns a service.
func New(c Config) *Service {
	c.Client.Use(noteWrite)
	return &Service{Config: c}
}

// Retried is how many transactions were begun anew so far because another one stood in the way.
func (s *Service) Retried() int64 { return s.retried.Load() }

// tx is one transaction: one reading of the clock, and access computed inside it.
type tx struct {
	*ent.Tx
	s       *Service
	now     time.Time
	viewer  viewer.Viewer
	access  *rule.Access
	before  *rule.Access     // as the request came: by it an operation finds what to lock, and decides nothing
	needed  []access.Feature // on which the operation took MANAGE
	mails   int
	moved   bool // whether it wrote what the viewer's access may rest on
	touched []touched
	known   known
}

// known is what a transaction has read already, and what nobody changes while its locks hold.
type known struct {
	tenants  map[string]partnerSide // locked, by id; some are no partner's
	roles    map[string]namedRole   // by id
	ofRecord map[string]bool        // by relationship: whether it is a partner's of record
}

// errAgain begins a transaction anew: it came upon something that another one made at the same moment.
var errAgain = errors.New("begin the transaction anew")

// errRehearsed takes back what a transaction did: it was a dry run.
var errRehearsed = errors.New("a dry run")

// mostTries is how often a transaction is tried while the database says that it stands in another one's way.
const mostTries = 6

// tx runs f in one transaction, which it commits when f returns nil, and begins anew, after a rollback, when the database is
// busy. f must have no effect but through the transaction, and through results, which point at what the operation answers: a
// mutation that a client sends again under a key of its own is not carried out again, and finds there what it answered.
func (s *Service) tx(ctx context.Context, f func(context.Context, *tx) error, results ...any) error {
	for i := 1; ; i++ {
		err := s.once(ctx, f, results)
		if errors.Is(err, errRehearsed) {
			return nil
		}
		var before *carriedOut
		if errors.As(err, &before) {
			attemptOf(ctx).recall(before.result, results)
			return nil
		}
		again := database.IsBusy(err) || errors.Is(err, errAgain)
		if !again || i == mostTries {
			return err
		}
		s.retried.Add(1)
		pause := time.Duration(1<<i) * 5 * time.Millisecond
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause/2 + rand.N(pause)):
		}
	}
}

// keyless is tx for what anybody may ask, signed in or not: nobody is there in whose name to remember a key.
func (s *Service) keyless(ctx context.Context, f func(context.Context, *tx) error) error {
	return s.tx(WithAttempt(ctx, nil), f)
}

func (s *Service) once(ctx context.Context, f func(context.Context, *tx) error, results []any) (err error) {
	etx, err := s.Client.Tx(ctx)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	committed := false
	defer func() {
		if !committed {
			_ = etx.Rollback() // whatever went wrong is what the caller hears of
		}
	}()
	t := &tx{Tx: etx, s: s, now: s.Clock(), viewer: viewer.From(ctx)}
	outer := ctx
	ctx = rule.Unscoped(rule.With(clock.With(noting(ctx, t), t.now), etx.Client(), s.Dialect))
	t.access, t.before = rule.From(ctx), rule.Once(ctx, etx.Client(), s.Dialect)
	asking := t.session()
	t.access.Watch(asking)
	if err := s.attempt(ctx, t, f, results); err != nil {
		return err
	}
	if err := t.signedInStill(ctx, asking); err != nil {
		return err
	}
	if err := etx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	committed = true
	clock.Move(outer, t.now)
	if t.moved {
		rule.From(outer).Renew()
	} else {
		rule.From(outer).Adopt(t.access)
	}
	if t.mails > 0 && s.Wake != nil {
		s.Wake()
	}
	return nil
}

// session is by what the viewer asks: a session or an API token that was not ended, or is by this transaction itself; nil for
// somebody who asks by neither. Until the transaction is over, nobody else ends what it found.
func (t *tx) session() *rule.Presence {
	query, id := "SELECT COUNT(*) FROM sessions WHERE id=? AND (ended_at IS NULL OR ended_at=?)", t.viewer.SessionID
	if token := t.viewer.Token; token != nil {
		query, id = "SELECT COUNT(*) FROM api_tokens WHERE id=? AND (revoked_at IS NULL OR revoked_at=?)", token.ID
	}
	if id == "" {
		return nil
	}
	if t.s.Dialect == dialect.MySQL {
		query += " " + inShareMode
	}
	return &rule.Presence{Query: query, Args: []any{id, t.now}}
}

// signedInStill fails when the session or the API token that asks was ended while the operation waited for it. An operation that
// looked at the viewer's access has found it already.
func (t *tx) signedInStill(ctx context.Context, asking *rule.Presence) error {
	if asking == nil || asking.Found > 0 {
		return nil
	}
	err := t.each(ctx, asking.Query, asking.Args, func(rows *sql.Rows) error { return rows.Scan(&asking.Found) })
	if err != nil {
		return fmt.Errorf("look at the session again: %w", err)
	}
	if asking.Found == 0 {
		return ErrUnauthenticated
	}
	return nil
}

// attempt runs f, under the key that the client made for it, if any.
func (s *Service) attempt(ctx context.Context, t *tx, f func(context.Context, *tx) error, results []any) error {
	a := attemptOf(ctx)
	if a == nil {
		return f(ctx, t)
	}
	if err := a.begins(ctx, t); err != nil {
		return err
	}
	if err := f(ctx, t); err != nil {
		return err
	}
	return a.ends(ctx, t, results)
}

// fresh fails when a command rests on another version than the present one; without a version it rests on none.
func fresh(given *int, present int) error {
	if given != nil && *given != present {
		return broken(StaleVersion, "Somebody else changed it meanwhile: read it again.", "version")
	}
	return nil
}
