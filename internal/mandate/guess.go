package mandate

import (
	"context"
	"fmt"
	"slices"
	"time"

	"mandate/ent/session"
	"mandate/ent/signinthrottle"
	"mandate/ent/user"
	"mandate/internal/viewer"
)

// The paces of entering passwords, of asking for reset links and of signing up.
var (
	pacePair    = pace{5, time.Second, 15 * time.Minute, time.Hour}       // for one account from one network
	paceAccount = pace{50, time.Second, time.Minute, time.Hour}           // for one account from everywhere
	paceNetwork = pace{20, 3 * time.Second, 3 * time.Second, time.Minute} // from one network: 20 a minute
	paceSignUp  = pace{20, 3 * time.Minute, 3 * time.Minute, time.Hour}   // from one network: 20 an hour
)

// homeFor is how long an account is at home in a network after it signed in from there.
const homeFor = 30 * 24 * time.Hour

// guess is a password entered for an account, which need not exist, from a network.
type guess struct{ account, network string }

func newGuess(account string, v viewer.Viewer) guess {
	return guess{account, viewer.Network(v.Address)}
}

func (g guess) pair() subject  { return newSubject(pacePair, "pair", g.account, g.network) }
func (g guess) whole() subject { return newSubject(paceAccount, "account", g.account) }

func (g guess) subjects() []subject { return append(failing(g.network), g.pair(), g.whole()) }

// failing counts the wrong passwords, and the reset links asked for, that come from a network.
func failing(network string) []subject { return onNetwork(paceNetwork, "network", network) }

// signingUp counts the sign-ups that come from a network.
func signingUp(network string) []subject { return onNetwork(paceSignUp, "sign-up", network) }

func onNetwork(p pace, what, network string) []subject {
	if network == "" { // nobody can tell whom it would stand for
		return nil
	}
	return []subject{newSubject(p, what, network)}
}

// verify holds a password against the hash of an account, "" for none. Every try is counted before it is looked at, as
// if it failed, so that many at once are no way around it; forgive takes it back. Accounts that there are, and others,
// are counted alike.
//
// A *Throttled answers tries that come too soon, and tries while too many wait: neither are looked at, and neither count.
func (s *Service) verify(ctx context.Context, account, hash, password string) (bool, error) {
	leave, ok := s.Passwords.Queue()
	if !ok {
		return false, errQueueFull
	}
	defer leave()
	g := newGuess(account, viewer.From(ctx))
	if err := s.countTry(ctx, g, g.subjects()); err != nil {
		return false, err
	}
	ok, err := s.Passwords.Verify(ctx, hash, password)
	if err != nil {
		return false, fmt.Errorf("compare a password: %w", err)
	}
	return ok, nil
}

// hash makes the hash of a password to be. A *Throttled answers while too many wait.
func (s *Service) hash(ctx context.Context, password string) (string, error) {
	leave, ok := s.Passwords.Queue()
	if !ok {
		return "", errQueueFull
	}
	defer leave()
	phc, err := s.Passwords.Hash(ctx, password)
	if err != nil {
		return "", fmt.Errorf("hash a password: %w", err)
	}
	return phc, nil
}

// errQueueFull answers before anything is done: what is refused costs next to nothing.
var errQueueFull = &Throttled{time.Second}

// countTry counts something that is tried for an account, unless it comes too soon. Where the account is at home, only wrong
// passwords for it from there delay it, neither those from elsewhere nor those for others: so nobody can keep somebody else
// out.
func (s *Service) countTry(ctx context.Context, g guess, subjects []subject) error {
	return s.aside(ctx, func(ctx context.Context, t *tx) error {
		list, err := t.tallies(ctx, subjects)
		if err != nil {
			return err
		}
		home, err := t.atHome(ctx, g)
		if err != nil {
			return err
		}
		if home {
			pair := g.pair()
			list = slices.DeleteFunc(list, func(one tally) bool { return one.subject != pair })
		}
		if err := t.inTime(list); err != nil {
			return err
		}
		return t.count(ctx, list)
	})
}

// atHome reports whether the account signed in from the network lately, before this moment: who signs in for the first time
// is not at home yet.
func (t *tx) atHome(ctx context.Context, g guess) (bool, error) {
	addresses, err := t.Session.Query().Where(session.HasUserWith(user.EmailCanonical(g.account)), session.ParentIDIsNil(),
		session.AddressNotNil(), session.StartedAtGT(t.now.Add(-homeFor)), session.StartedAtLT(t.now)).Unique(true).Select(session.FieldAddress).Strings(ctx)
	if err != nil {
		return false, fmt.Errorf("read where somebody signed in: %w", err)
	}
	return slices.ContainsFunc(addresses, func(address string) bool { return viewer.Network(address) == g.network }), nil
}

// forgive forgets what went wrong for an account, from everywhere and from where the viewer is: the password was entered,
// or a new one was set.
func (t *tx) forgive(ctx context.Context, account string) error {
	g := newGuess(account, t.viewer)
	if _, err := t.tallies(ctx, g.subjects()); err != nil { // all locks at once, in their order
		return err
	}
	_, err := t.SignInThrottle.Delete().Where(signinthrottle.SubjectIn(g.pair().key, g.whole().key)).Exec(ctx)
	if err != nil {
		return fmt.Errorf("forget wrong passwords: %w", err)
	}
	home, err := t.atHome(ctx, g)
	if err != nil || home { // where nothing was counted but the pair
		return err
	}
	return t.uncount(ctx, failing(g.network))
}
