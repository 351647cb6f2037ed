package mandate

import (
	"context"
	"fmt"

	"mandate/ent"
	"mandate/ent/member"
	"mandate/ent/rule"
	"mandate/ent/session"
	"mandate/internal/viewer"
)

// ChangePassword sets another password for whoever knows the present one, in a session of their own, which stays. The
// person's other sessions end, mailed links die, and a notice is mailed.
//
// CREDENTIALS_INVALID, PASSWORD_TOO_WEAK.
func (s *Service) ChangePassword(ctx context.Context, cmd ChangePassword) error {
	if done, err := s.replay(ctx); done || err != nil {
		return err
	}
	hash, wrong, err := s.compare(ctx, cmd.CurrentPassword, "currentPassword")
	if err != nil {
		return err
	}
	faults := those(wrong, checkPassword(cmd.NewPassword, "newPassword"))
	var phc string
	if faults == nil {
		if phc, err = s.hash(ctx, cmd.NewPassword); err != nil {
			return err
		}
	}
	return s.tx(ctx, func(ctx context.Context, t *tx) error {
		if faults != nil { // told only here, where it is sure that the same attempt did not succeed meanwhile
			return faults
		}
		u, err := t.knows(ctx, hash, "currentPassword")
		if err != nil {
			return err
		}
		if err := t.setPassword(ctx, u, phc, t.viewer.SessionID); err != nil {
			return err
		}
		return t.record(ctx, event{action: "password.changed", target: u.ID})
	})
}

// compare holds a password against that of the viewer, who asks in a session of their own, and says what is wrong with
// it. That takes a while, and so is done outside of a transaction; the hash is for knows to see that it still counts.
func (s *Service) compare(ctx context.Context, password, field string) (hash string, wrong *Error, err error) {
	v := viewer.From(ctx)
	if err := inPerson(v); err != nil {
		return "", nil, err
	}
	u, err := s.Client.User.Get(rule.Unscoped(ctx), v.UserID)
	if err != nil {
		return "", nil, fmt.Errorf("read one's own account: %w", err)
	}
	hash = orZero(u.PasswordHash)
	ok, err := s.verify(ctx, u.EmailCanonical, hash, password)
	if err != nil {
		return "", nil, err
	}
	if !ok {
		return hash, wrongPassword(field), nil
	}
	return hash, nil, s.aside(ctx, func(ctx context.Context, t *tx) error { return t.forgive(ctx, u.EmailCanonical) })
}

// knows locks the viewer's account and returns it, unless its password is not the one any more that was compared.
func (t *tx) knows(ctx context.Context, hash, field string) (*ent.User, error) {
	if err := t.lockPerson(ctx, t.viewer.UserID); err != nil {
		return nil, err
	}
	u, err := t.User.Get(ctx, t.viewer.UserID)
	if err != nil {
		return nil, fmt.Errorf("read one's own account: %w", err)
	}
	if orZero(u.PasswordHash) != hash {
		return nil, wrongPassword(field)
	}
	return u, nil
}

func wrongPassword(field string) *Error {
	return broken(CredentialsInvalid, "This is not your present password.", field)
}

// RevokeSession ends a session of the viewer's, and what was entered from it, and returns it, unless it is the one that
// asks, in which nothing can be read any more.
//
// NOT_FOUND for a session that has ended and for another person's.
func (s *Service) RevokeSession(ctx context.Context, cmd RevokeSession) (ended *ent.Session, err error) {
	err = s.tx(ctx, func(ctx context.Context, t *tx) error {
		ended = nil
		if err := t.person(); err != nil {
			return err
		}
		n, err := t.Session.Update().Where(session.ID(cmd.ID), session.UserID(t.viewer.UserID),
			session.EndedAtIsNil(), session.ExpiresAtGT(t.now)).SetEndedAt(t.now).Save(ctx)
		if err != nil {
			return fmt.Errorf("end a session: %w", err)
		}
		if n == 0 {
			return notFound("id")
		}
		if err := t.Session.Update().Where(session.ParentID(cmd.ID), session.EndedAtIsNil()).SetEndedAt(t.now).Exec(ctx); err != nil {
			return fmt.Errorf("end what was entered from a session: %w", err)
		}
		row, err := t.Session.Get(ctx, cmd.ID)
		if err != nil {
			return fmt.Errorf("read the session: %w", err)
		}
		if row.ID != t.viewer.SessionID {
			ended = row
		}
		return t.record(ctx, event{action: "session.ended", target: row.ID, tenant: orZero(row.EnteredTenantID)})
	}, &ended)
	return ended, err
}

// LeaveTenant ends the viewer's own active membership in a tenant, with all that hangs on it. Whoever has no other one is
// signed out by it.
//
// NOT_FOUND for a tenant of which the viewer is no active member, LAST_ADMINISTRATOR.
func (s *Service) LeaveTenant(ctx context.Context, cmd LeaveTenant) error {
	return s.tx(ctx, func(ctx context.Context, t *tx) error {
		if err := t.person(); err != nil {
			return err
		}
		if err := t.lock(ctx, cmd.TenantID); err != nil {
			return err
		}
		m, err := t.Member.Query().Where(member.TenantID(cmd.TenantID), member.UserID(t.viewer.UserID), member.StatusEQ(member.StatusActive)).Only(ctx)
		if ent.IsNotFound(err) {
			return notFound("tenantId")
		}
		if err != nil {
			return fmt.Errorf("find one's own membership: %w", err)
		}
		if m.Administrator {
			kept, err := t.keepsAdministrator(ctx, m.TenantID, m.ID)
			if err != nil {
				return err
			}
			if !kept {
				return lastAdministrator("tenantId")
			}
		}
		name := NameOf(m)
		if err := t.record(ctx, event{action: "member.left", tenant: m.TenantID, target: m.ID, targetName: name, actor: m}); err != nil {
			return err
		}
		return t.endMemberships(ctx, m.TenantID, []*ent.Member{m}, "")
	})
}
