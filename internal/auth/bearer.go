package auth

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"mandate/ent/rule"
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

// Owner returns a context in which the owner of a token asks, from where and with what the request of ctx came; without a token,
// nobody. What memberships the owner has is read at once and brought along. It is ErrNoSession for a token that belongs to no
// live session, and is no API token that works.
func (s *Sessions) Owner(ctx context.Context, token string) (context.Context, error) {
	var v viewer.Viewer
	if token != "" {
		var ms rule.Memberships
		var err error
		at := s.Clock()
		if v, err = s.find(ctx, token, at, &ms); err != nil {
			return nil, err
		}
		ctx = rule.Bring(ctx, v.UserID, &ms, at)
	}
	request := viewer.From(ctx)
	v.RequestID, v.Address, v.UserAgent = request.RequestID, request.Address, request.UserAgent
	return viewer.With(ctx, v), nil
}

// find returns whose live session the token belongs to, or for whom a program asks with it, and reads that one's memberships.
func (s *Sessions) find(ctx context.Context, token string, now time.Time, ms *rule.Memberships) (viewer.Viewer, error) {
	if hash, ok := APITokenHash(token); ok {
		return s.apiToken(ctx, hash, now, ms)
	}
	hash, ok := TokenHash(token)
	if !ok {
		return viewer.Viewer{}, ErrNoSession
	}
	return s.session(ctx, hash, now, ms)
}

// session finds a live session; one that entered a tenant lives no longer than the session it was entered from, nor than that
// one is idle.
func (s *Sessions) session(ctx context.Context, hash string, now time.Time, ms *rule.Memberships) (v viewer.Viewer, err error) {
	var parent string
	var seen time.Time
	idle := now.Add(-SessionIdle)
	err = s.read(ctx, ms, `SELECT s.id, s.user_id, u.email_canonical, s.authenticated_at, s.last_seen_at, COALESCE(s.entered_tenant_id,''), COALESCE(s.parent_id,''), `+rule.MembershipColumns+`
		FROM sessions s JOIN users u ON u.id=s.user_id
		LEFT JOIN members m ON m.user_id=s.user_id AND m.status='ACTIVE'`+rule.MembershipTables+`
		WHERE s.token_hash=? AND s.ended_at IS NULL AND s.expires_at>? AND s.last_seen_at>?`, []any{hash, now, idle},
		&v.SessionID, &v.UserID, &v.Email, &v.AuthenticatedAt, &seen, &v.EnteredTenantID, &parent)
	if err == nil && parent != "" {
		err = s.alive(ctx, parent, now, idle)
	}
	if err != nil {
		return viewer.Viewer{}, fmt.Errorf("look the session up: %w", err)
	}
	if now.Sub(seen) >= seenEvery {
		err = s.touch(ctx, v.SessionID, parent, now)
	}
	return v, err
}

// alive is ErrNoSession for a session that is over.
func (s *Sessions) alive(ctx context.Context, id string, now, idle time.Time) error {
	var found int
	err := s.Read.QueryRowContext(ctx, "SELECT 1 FROM sessions WHERE id=? AND ended_at IS NULL AND expires_at>? AND last_seen_at>?", id, now, idle).Scan(&found)
	if errors.Is(err, sql.ErrNoRows) {
		return ErrNoSession
	}
	return err
}

// read finds who asks: what the statement reads before memberships goes into the given destinations. It is ErrNoSession for
// nobody.
func (s *Sessions) read(ctx context.Context, ms *rule.Memberships, query string, args []any, into ...any) error {
	rows, err := s.Read.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	found := ErrNoSession
	for rows.Next() {
		if err := ms.Scan(rows, into...); err != nil {
			return err
		}
		found = nil
	}
	return cmp.Or(rows.Err(), rows.Close(), found)
}

// touch notes that a session was used, and with it the one that it was entered from.
func (s *Sessions) touch(ctx context.Context, id, parent string, now time.Time) error {
	if _, err := s.Write.ExecContext(ctx, "UPDATE sessions SET last_seen_at=? WHERE id IN (?,?)", now, id, parent); err != nil {
		return fmt.Errorf("note the session's use: %w", err)
	}
	return nil
}

// Seat returns the context of a request in which its sender asks: the owner of the session or of the API token that the
// Authorization header bears, or nobody when there is no such header. It is ErrNoSession for a header that cannot be used.
func (s *Sessions) Seat(r *http.Request) (context.Context, error) {
	header := r.Header.Get("Authorization")
	scheme, token, _ := strings.Cut(header, " ")
	token = strings.TrimSpace(token)
	if header != "" && (token == "" || !strings.EqualFold(scheme, "Bearer")) {
		return nil, ErrNoSession
	}
	return s.Owner(r.Context(), token)
}

// Bearer seats the sender of a request. A header that cannot be used is answered by refuse.
func (s *Sessions) Bearer(next http.Handler, refuse func(http.ResponseWriter, *http.Request, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, err := s.Seat(r)
		if err != nil {
			refuse(w, r, err)
			return
		}
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}
