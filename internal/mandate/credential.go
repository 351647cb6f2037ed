package mandate

import (
	"context"
	_ "embed"
	"fmt"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"mandate/ent"
	"mandate/ent/onetimetoken"
	"mandate/ent/predicate"
	"mandate/ent/rule"
	"mandate/ent/session"
	"mandate/ent/user"
	"mandate/internal/auth"
	"mandate/internal/mail"
	"mandate/internal/viewer"
)

// How long mailed links to set a password work.
const (
	welcomeLife = 7 * 24 * time.Hour
	resetLife   = 30 * time.Minute
)

const (
	kindReset   = "password.reset" // that the person asked for
	kindLink    = "password.link"  // that administrators have sent: these use up none of the person's own
	kindWelcome = "member.welcome"
	mostResets  = 5                      // mails with a reset link of one kind to one address within mailWindow
	resetAnswer = 150 * time.Millisecond // what asking for one takes, whatever the address is
)

// The bounds of a password, in characters.
const (
	leastPassword = 12
	mostPassword  = 128
)

//go:embed passwords.txt
var commonPasswords string

var common = sync.OnceValue(func() map[string]bool {
	list := make(map[string]bool)
	for p := range strings.Lines(commonPasswords) {
		list[strings.TrimSpace(p)] = true
	}
	return list
})

// checkPassword says why a password is not acceptable, or nil. There are no rules of composition: length counts, and
// that nobody else has it.
func checkPassword(password string, field ...string) *Error {
	n := utf8.RuneCountInString(password)
	if n < leastPassword || n > mostPassword || !utf8.ValidString(password) {
		return broken(PasswordTooWeak, fmt.Sprintf("A password has %d to %d characters.", leastPassword, mostPassword), field...)
	}
	folded := strings.ToLower(norm.NFKC.String(password))
	first, _ := utf8.DecodeRuneInString(folded)
	if common()[folded] || strings.Trim(folded, string(first)) == "" {
		return broken(PasswordTooWeak, "Too many people have this password. Take another one.", field...)
	}
	return nil
}

// RequestPasswordReset mails a link to set a new password, if the address has an account and did not get five of them
// within a day. It answers alike, and takes alike, whatever the address is.
func (s *Service) RequestPasswordReset(ctx context.Context, cmd RequestPasswordReset) error {
	_, canonical, _ := email(cmd.Email)
	defer alike(ctx, resetAnswer)()
	g := newGuess(canonical, viewer.From(ctx))
	if err := s.countTry(ctx, g, failing(g.network)); err != nil {
		return err
	}
	return s.keyless(ctx, func(ctx context.Context, t *tx) error {
		u, err := t.User.Query().Where(user.EmailCanonical(canonical)).Only(ctx)
		if ent.IsNotFound(err) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("look an account up: %w", err)
		}
		if err := t.lockPerson(ctx, u.ID); err != nil {
			return err
		}
		sent, err := t.sendReset(ctx, kindReset, u, ticket{}, mail.PasswordReset{})
		if err != nil || !sent {
			return err
		}
		return t.record(ctx, event{action: "password.reset_requested", target: u.ID})
	})
}

// sendReset mails a link to set a new password, unless the address got mostResets of the kind today. The person is locked.
func (t *tx) sendReset(ctx context.Context, kind string, u *ent.User, k ticket, l mail.PasswordReset) (bool, error) {
	sent, err := t.mailed(ctx, u.EmailCanonical, kind)
	if err != nil || sent >= mostResets {
		return false, err
	}
	k.to, k.purpose, k.life = u, onetimetoken.PurposeReset, resetLife
	if sent == mostResets-1 {
		k.life = mailWindow // the last one for now: nobody can use them up for somebody else
	}
	token, err := t.issue(ctx, k)
	if err != nil {
		return false, err
	}
	l.ValidFor, l.ExpiresAt, l.Link = k.life, t.now.Add(k.life), t.s.link("password", "token", token)
	return true, t.send(ctx, mailing{kind: kind, to: u, secret: true, letter: l})
}

// sendPasswordLink mails a link that administrators of a tenant have sent; those that they had sent before die. One by one,
// so that nobody can keep the links of others from being used. When the address got mostResets today, none is mailed, and
// none dies.
func (t *tx) sendPasswordLink(ctx context.Context, tn *ent.Tenant, userID, sender string) error {
	if err := t.lockPerson(ctx, userID); err != nil {
		return err
	}
	u, err := t.User.Get(ctx, userID)
	if err != nil {
		return fmt.Errorf("read a person: %w", err)
	}
	kind := kindLink
	if u.PasswordHash == nil {
		kind = kindWelcome
	}
	sent, err := t.mailed(ctx, u.EmailCanonical, kind)
	if err != nil || sent >= mostResets {
		return err
	}
	err = t.OneTimeToken.Update().Where(onetimetoken.UserID(u.ID), onetimetoken.TenantID(tn.ID), onetimetoken.PurposeIn(setsPassword...),
		onetimetoken.UsedAtIsNil()).SetUsedAt(t.now).Exec(ctx)
	if err != nil {
		return fmt.Errorf("kill links: %w", err)
	}
	if u.PasswordHash == nil {
		return t.welcome(ctx, tn, u, sender)
	}
	_, err = t.sendReset(ctx, kind, u, ticket{tenantID: tn.ID}, mail.PasswordReset{Sender: sender, Tenant: tn.Name})
	return err
}

// ticket is a one-time token to be mailed.
type ticket struct {
	to       *ent.User
	purpose  onetimetoken.Purpose
	life     time.Duration
	tenantID string // whose administrators have it sent
	memberID string // the membership that it is to prove the address for, for SIGN_UP

	email, canonical string // the address that it proves, for EMAIL
}

// issue makes a one-time token. Those there are stay good: otherwise whoever asks for links for somebody else could keep
// them from ever using one. The first that sets a password kills all that could.
func (t *tx) issue(ctx context.Context, k ticket) (string, error) {
	token, hash := auth.NewToken()
	err := t.OneTimeToken.Create().SetUserID(k.to.ID).SetPurpose(k.purpose).SetHash(hash).SetExpiresAt(t.now.Add(k.life)).
		SetNillableTenantID(some(k.tenantID)).SetNillableMemberID(some(k.memberID)).
		SetNillableEmail(some(k.email)).SetNillableEmailCanonical(some(k.canonical)).Exec(ctx)
	if err != nil {
		return "", fmt.Errorf("make a link: %w", err)
	}
	return token, nil
}

// ResetPassword sets a password by the token of a mailed link, welcome or reset alike. The token works once. All
// sessions of the person end, and whoever had a password before gets a notice. Wrong passwords are forgotten.
//
// TOKEN_INVALID for every token that does not work, PASSWORD_TOO_WEAK.
func (s *Service) ResetPassword(ctx context.Context, cmd ResetPassword) error {
	hash, ok := auth.TokenHash(cmd.Token)
	if !ok {
		return invalidLink()
	}
	if fault := checkPassword(cmd.NewPassword, "newPassword"); fault != nil {
		return fault
	}
	known, err := s.Client.OneTimeToken.Query().Where(usable(hash, s.Clock(), setsPassword...)).Exist(rule.Unscoped(ctx))
	if err != nil {
		return fmt.Errorf("look a link up: %w", err)
	}
	if !known {
		return invalidLink()
	}
	phc, err := s.hash(ctx, cmd.NewPassword)
	if err != nil {
		return err
	}
	return s.keyless(ctx, func(ctx context.Context, t *tx) error {
		row, err := t.redeem(ctx, hash, setsPassword...)
		if err != nil {
			return err
		}
		if row == nil {
			return invalidLink()
		}
		u := row.Edges.User
		if err := t.setPassword(ctx, u, phc, ""); err != nil {
			return err
		}
		if err := t.forgive(ctx, u.EmailCanonical); err != nil {
			return err
		}
		oldest, err := t.oldestMembership(ctx, u)
		if err != nil {
			return err
		}
		return t.record(ctx, event{action: "password.reset", target: u.ID, actor: oldest})
	})
}

// invalidLink is the one answer for every token of a link that does not work.
func invalidLink() *Error {
	return broken(TokenInvalid, "This link does not work: it is wrong, used up or too old.", "token")
}

// setsPassword lists the purposes of links by which a password is set, whether there was one or not.
var setsPassword = []onetimetoken.Purpose{onetimetoken.PurposeWelcome, onetimetoken.PurposeReset}

// usable matches the token with a hash, if it works at a moment for one of the purposes.
func usable(hash string, now time.Time, purposes ...onetimetoken.Purpose) predicate.OneTimeToken {
	return onetimetoken.And(onetimetoken.Hash(hash), onetimetoken.PurposeIn(purposes...), onetimetoken.UsedAtIsNil(), onetimetoken.ExpiresAtGT(now))
}

// redeem uses a token up, and returns it with its person; nil when it does not work for any of the purposes.
func (t *tx) redeem(ctx context.Context, hash string, purposes ...onetimetoken.Purpose) (*ent.OneTimeToken, error) {
	n, err := t.OneTimeToken.Update().Where(usable(hash, t.now, purposes...)).SetUsedAt(t.now).Save(ctx)
	if err != nil {
		return nil, fmt.Errorf("use a link: %w", err)
	}
	if n == 0 {
		return nil, nil
	}
	row, err := t.OneTimeToken.Query().Where(onetimetoken.Hash(hash)).WithUser().Only(ctx)
	if err != nil {
		return nil, fmt.Errorf("use a link: %w", err)
	}
	return row, nil
}

// killLinks makes all links of the person dead that set a password, or that were asked for with the one there was. What
// only proves an address stays good.
func (t *tx) killLinks(ctx context.Context, u *ent.User) error {
	err := t.OneTimeToken.Update().Where(onetimetoken.UserID(u.ID), onetimetoken.PurposeNEQ(onetimetoken.PurposeSignUp), onetimetoken.UsedAtIsNil()).
		SetUsedAt(t.now).Exec(ctx)
	if err != nil {
		return fmt.Errorf("kill links: %w", err)
	}
	return nil
}

// setPassword stores a password, kills the person's links, ends their sessions but for the one to keep, "" for none, and
// sends a notice when there was another password before. API tokens, which programs work with, go on: the notice says so.
func (t *tx) setPassword(ctx context.Context, u *ent.User, phc, keep string) error {
	if err := t.User.UpdateOne(u).SetPasswordHash(phc).SetPasswordChangedAt(t.now).Exec(ctx); err != nil {
		return fmt.Errorf("store a password: %w", err)
	}
	if err := t.killLinks(ctx, u); err != nil {
		return err
	}
	err := t.Session.Update().Where(session.UserID(u.ID), session.IDNEQ(keep), session.EndedAtIsNil()).SetEndedAt(t.now).Exec(ctx)
	if err != nil {
		return fmt.Errorf("end sessions: %w", err)
	}
	if u.PasswordHash == nil {
		return nil
	}
	tokens, err := t.tokensOf(ctx, u.ID)
	if err != nil {
		return err
	}
	return t.send(ctx, mailing{kind: "password.changed", to: u, letter: mail.PasswordChanged{ChangedAt: t.now, APITokens: tokens}})
}
