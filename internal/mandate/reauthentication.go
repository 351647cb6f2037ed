package mandate

import (
	"context"
	"fmt"
	"time"

	"mandate/ent"
	"mandate/ent/session"
	"mandate/internal/viewer"
)

// recentFor is how long a password entry is good for grave operations.
const recentFor = 5 * time.Minute

// recent says that the viewer has to enter the password again, or nil when that was done not long ago. Operations ask once
// they would be allowed otherwise: whoever may not do something learns nothing from it.
func (t *tx) recent() *Error {
	if t.now.Sub(t.viewer.AuthenticatedAt) <= recentFor {
		return nil
	}
	return broken(ReauthenticationRequired, "Enter your password again: this takes one that was entered within five minutes.")
}

// Reauthenticate enters the viewer's password again, in a session of their own, and returns the session.
//
// CREDENTIALS_INVALID for a wrong one; tries that come too soon are a *Throttled.
func (s *Service) Reauthenticate(ctx context.Context, cmd Reauthenticate) (*ent.Session, error) {
	var row *ent.Session
	if done, err := s.replay(ctx, &row); done || err != nil {
		return row, err
	}
	hash, wrong, err := s.compare(ctx, cmd.Password, "password")
	if err != nil {
		return nil, err
	}
	if wrong != nil {
		return nil, wrong
	}
	err = s.tx(ctx, func(ctx context.Context, t *tx) error {
		if _, err := t.knows(ctx, hash, "password"); err != nil {
			return err
		}
		id := t.viewer.SessionID
		n, err := t.Session.Update().Where(session.ID(id), session.EndedAtIsNil(), session.ExpiresAtGT(t.now)).SetAuthenticatedAt(t.now).Save(ctx)
		if err != nil {
			return fmt.Errorf("note that the password was entered: %w", err)
		}
		if n == 0 { // it ended while the password was compared
			return ErrUnauthenticated
		}
		if row, err = t.Session.Get(ctx, id); err != nil {
			return fmt.Errorf("read the session: %w", err)
		}
		return t.record(ctx, event{action: "session.reauthenticated", target: id})
	}, &row)
	if err != nil || replayed(ctx) {
		return row, err
	}
	v := viewer.From(ctx)
	v.AuthenticatedAt = row.AuthenticatedAt
	viewer.Become(ctx, v)
	return row, nil
}
