package auth

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"mandate/internal/clock"
	"mandate/internal/viewer"
)

// How long sessions last.
const (
	SessionLife = 8 * time.Hour    // from signing in
	SessionIdle = 30 * time.Minute // since the last request
	EntryLife   = time.Hour        // of a session that entered a tenant
)

// seenEvery is how exactly the last use of a session is kept.
const seenEvery = time.Minute

// Sessions turns the tokens of sessions, and API tokens, into viewers.
type Sessions struct {
	Read, Write *sql.DB
	Clock       clock.Clock
}

// ErrNoSession says that a token belongs to no live session, and is no API token that works.
var ErrNoSession = errors.New("the session has ended, or never was")

// Viewer returns whose live session the token belongs to, or for whom a program asks with it, or ErrNoSession.
func (s *Sessions) Viewer(ctx context.Context, token string) (viewer.Viewer, error) {
	if hash, ok := APITokenHash(token); ok {
		return s.apiToken(ctx, hash)
	}
	hash, ok := TokenHash(token)
	if !ok {
		return viewer.Viewer{}, ErrNoSession
	}
	now := s.Clock()
	v, parent, seen, err := s.find(ctx, hash, now)
	if errors.Is(err, sql.ErrNoRows) {
		return viewer.Viewer{}, ErrNoSession
	}
	if err != nil {
		return viewer.Viewer{}, fmt.Errorf("look the session up: %w", err)
	}
	if now.Sub(seen) >= seenEvery {
		if err := s.touch(ctx, v.SessionID, parent, now); err != nil {
			return viewer.Viewer{}, err
		}
	}
	return v, nil
}

// find reads a live session; one that entered a tenant lives no longer than the session it was entered from, nor than that one is idle.
func (s *Sessions) find(ctx context.Context, hash string, now time.Time) (v viewer.Viewer, parent string, seen time.Time, err error) {
	idle := now.Add(-SessionIdle)
	err = s.Read.QueryRowContext(ctx, `SELECT s.id, s.user_id, u.email_canonical, s.authenticated_at, s.last_seen_at, COALESCE(s.entered_tenant_id, ''), COALESCE(s.parent_id, '')
		FROM sessions s JOIN users u ON u.id=s.user_id LEFT JOIN sessions p ON p.id=s.parent_id
		WHERE s.token_hash=? AND s.ended_at IS NULL AND s.expires_at>? AND s.last_seen_at>?
		AND (s.parent_id IS NULL OR (p.ended_at IS NULL AND p.expires_at>? AND p.last_seen_at>?))`, hash, now, idle, now, idle).
		Scan(&v.SessionID, &v.UserID, &v.Email, &v.AuthenticatedAt, &seen, &v.EnteredTenantID, &parent)
	return v, parent, seen, err
}

// touch notes that a session was used, and with it the one that it was entered from.
func (s *Sessions) touch(ctx context.Context, id, parent string, now time.Time) error {
	if _, err := s.Write.ExecContext(ctx, "UPDATE sessions SET last_seen_at=? WHERE id IN (?,?)", now, id, parent); err != nil {
		return fmt.Errorf("note the session's use: %w", err)
	}
	return nil
}

// Seat returns who sends a request: the owner of the session or of the API token that the Authorization header bears, or nobody when
// there is no such header. It is ErrNoSession for a header that cannot be used.
func (s *Sessions) Seat(r *http.Request) (viewer.Viewer, error) {
	v := viewer.Viewer{}
	if header := r.Header.Get("Authorization"); header != "" {
		scheme, token, _ := strings.Cut(header, " ")
		if !strings.EqualFold(scheme, "Bearer") {
			return v, ErrNoSession
		}
		var err error
		if v, err = s.Viewer(r.Context(), strings.TrimSpace(token)); err != nil {
			return v, err
		}
	}
	before := viewer.From(r.Context())
	v.RequestID, v.Address, v.UserAgent = before.RequestID, before.Address, before.UserAgent
	return v, nil
}

// Bearer seats the viewer of a request. A header that cannot be used is answered by refuse.
func (s *Sessions) Bearer(next http.Handler, refuse func(http.ResponseWriter, *http.Request, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v, err := s.Seat(r)
		if err != nil {
			refuse(w, r, err)
			return
		}
		next.ServeHTTP(w, r.WithContext(viewer.With(r.Context(), v)))
	})
}
