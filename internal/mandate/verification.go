package mandate

import (
	"context"
	"fmt"
	"time"

	"mandate/ent"
	"mandate/ent/onetimetoken"
	"mandate/ent/rule"
	"mandate/ent/user"
	"mandate/internal/auth"
	"mandate/internal/database"
	"mandate/internal/mail"
)

const (
	addressLife   = 24 * time.Hour         // of a link that proves a new address
	addressAnswer = 150 * time.Millisecond // what asking for one takes, whatever the address is
	mostChanges   = 5                      // asked for by one person within mailWindow; one address gets twice as many mails
)

// Mails that a person who changes their address brings about elsewhere.
const (
	kindAddress = "email.verify" // the link that proves the address
	kindTaken   = "email.taken"  // that the address has an account already
)

// ChangeEmail mails a link to another address, which becomes the viewer's once it is used. An address that has an account
// gets a note without a link instead: it answers and takes alike, and leaves the same rows.
//
// CREDENTIALS_INVALID, INVALID, TOO_LONG, CONFLICT for the address that the person has, LIMIT_EXCEEDED after mostChanges.
func (s *Service) ChangeEmail(ctx context.Context, cmd ChangeEmail) error {
	if done, err := s.replay(ctx); done || err != nil {
		return err
	}
	hash, wrong, err := s.compare(ctx, cmd.CurrentPassword, "currentPassword")
	if err != nil {
		return err
	}
	address, canonical, fault := email(cmd.NewEmail, "newEmail")
	if faults := those(wrong, fault); faults != nil {
		return faults
	}
	defer alike(ctx, addressAnswer)()
	return s.tx(ctx, func(ctx context.Context, t *tx) error {
		u, err := t.knows(ctx, hash, "currentPassword")
		if err != nil {
			return err
		}
		if u.EmailCanonical == canonical {
			return broken(Conflict, "This is your address already.", "newEmail")
		}
		asked, err := t.OneTimeToken.Query().Where(onetimetoken.UserID(u.ID), onetimetoken.PurposeEQ(onetimetoken.PurposeEmail),
			onetimetoken.CreatedAtGT(t.now.Add(-mailWindow))).Count(ctx)
		if err != nil {
			return fmt.Errorf("count links: %w", err)
		}
		if asked >= mostChanges {
			return broken(LimitExceeded, fmt.Sprintf("You asked for %d addresses within a day: wait, and try again.", mostChanges), "newEmail")
		}
		if err := t.mailAddress(ctx, u, address, canonical); err != nil {
			return err
		}
		return t.record(ctx, event{action: "email.change_requested", target: u.ID})
	})
}

// mailAddress asks an address whether it is to be the person's. The token is made for one that has an account too, and
// goes nowhere then: so nobody can tell the two apart by what may be asked for afterwards.
func (t *tx) mailAddress(ctx context.Context, u *ent.User, address, canonical string) error {
	taken, err := t.User.Query().Where(user.EmailCanonical(canonical)).Exist(ctx)
	if err != nil {
		return fmt.Errorf("look an address up: %w", err)
	}
	token, err := t.issue(ctx, ticket{to: u, purpose: onetimetoken.PurposeEmail, life: addressLife, email: address, canonical: canonical})
	if err != nil {
		return err
	}
	if taken {
		return t.send(ctx, mailing{kind: kindTaken, address: address, canonical: canonical, letter: mail.AddressTaken{}})
	}
	return t.send(ctx, mailing{kind: kindAddress, address: address, canonical: canonical, secret: true, letter: mail.VerifyAddress{
		Present: u.Email, ValidFor: addressLife, ExpiresAt: t.now.Add(addressLife), Link: t.s.link("verify", "token", token),
	}})
}

// VerifyEmail proves an address by the token of a mailed link. A changed address becomes the person's; a sign-up goes on,
// and whoever has no password yet names the first one. One that there is, is never touched. The token works once.
//
// TOKEN_INVALID for every token that does not work; REQUIRED, PASSWORD_TOO_WEAK, which do not use the token up.
func (s *Service) VerifyEmail(ctx context.Context, cmd VerifyEmail) error {
	hash, ok := auth.TokenHash(cmd.Token)
	if !ok {
		return invalidLink()
	}
	link, err := s.Client.OneTimeToken.Query().Where(usable(hash, s.Clock(), onetimetoken.PurposeSignUp, onetimetoken.PurposeEmail)).
		WithUser().Only(rule.Unscoped(ctx))
	if ent.IsNotFound(err) {
		return invalidLink()
	}
	if err != nil {
		return fmt.Errorf("look a link up: %w", err)
	}
	if link.Purpose == onetimetoken.PurposeEmail {
		return s.keyless(ctx, func(ctx context.Context, t *tx) error { return t.takeAddress(ctx, link) })
	}
	phc, err := s.firstPassword(ctx, link.Edges.User, cmd.NewPassword)
	if err != nil {
		return err
	}
	return s.keyless(ctx, func(ctx context.Context, t *tx) error { return t.proveSignUp(ctx, link, phc) })
}

// firstPassword returns the hash of the password that somebody without one chose; "" for whoever has one.
func (s *Service) firstPassword(ctx context.Context, u *ent.User, chosen *string) (string, error) {
	if u.PasswordHash != nil {
		return "", nil
	}
	if chosen == nil {
		return "", broken(Required, "You have no password yet: choose one.", "newPassword")
	}
	if fault := checkPassword(*chosen, "newPassword"); fault != nil {
		return "", fault
	}
	return s.hash(ctx, *chosen)
}

// takeAddress makes an address the person's. All their links die: they went to the address that the person leaves, and
// that one is told.
func (t *tx) takeAddress(ctx context.Context, link *ent.OneTimeToken) error {
	u, err := t.prove(ctx, link)
	if err != nil {
		return err
	}
	err = t.User.UpdateOne(u).SetEmail(*link.Email).SetEmailCanonical(*link.EmailCanonical).Exec(ctx)
	if database.IsDuplicate(err) { // it is somebody else's since it was asked for
		return invalidLink()
	}
	if err != nil {
		return fmt.Errorf("change an address: %w", err)
	}
	if err := t.OneTimeToken.Update().Where(onetimetoken.UserID(u.ID), onetimetoken.UsedAtIsNil()).SetUsedAt(t.now).Exec(ctx); err != nil {
		return fmt.Errorf("kill links: %w", err)
	}
	if err := t.send(ctx, mailing{kind: "email.changed", to: u, letter: mail.AddressChanged{ChangedAt: t.now}}); err != nil {
		return err
	}
	oldest, err := t.oldestMembership(ctx, u)
	if err != nil {
		return err
	}
	return t.record(ctx, event{action: "email.changed", target: u.ID, changes: change("email", u.Email, *link.Email), actor: oldest})
}

// proveSignUp lets a sign-up go on, and stores the first password of somebody who has none.
func (t *tx) proveSignUp(ctx context.Context, link *ent.OneTimeToken, phc string) error {
	m, err := t.Member.Get(ctx, orZero(link.MemberID))
	if err != nil {
		return fmt.Errorf("read who signed up: %w", err)
	}
	if err := t.lock(ctx, m.TenantID); err != nil {
		return err
	}
	u, err := t.prove(ctx, link)
	if err != nil {
		return err
	}
	if u.PasswordHash == nil {
		if err := t.setPassword(ctx, u, phc, ""); err != nil {
			return err
		}
	}
	if m, err = t.continueSignUp(ctx, link); err != nil {
		return err
	}
	return t.record(ctx, event{action: "email.verified", tenant: m.TenantID, target: m.ID, targetName: NameOf(m), actor: m})
}

// prove uses a link up, and returns its person as they were, locked.
func (t *tx) prove(ctx context.Context, link *ent.OneTimeToken) (*ent.User, error) {
	if err := t.lockPerson(ctx, link.UserID); err != nil {
		return nil, err
	}
	row, err := t.redeem(ctx, link.Hash, link.Purpose)
	if err != nil {
		return nil, err
	}
	if row == nil {
		return nil, invalidLink()
	}
	return row.Edges.User, nil
}
