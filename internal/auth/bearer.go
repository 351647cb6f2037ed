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
	if token == "" {
		return seated(ctx, viewer.Viewer{}), nil
	}
	if hash, ok := APITokenHash(token); ok {
		return s.seat(ctx, s.apiToken, key{column: "k.token_hash", value: hash, used: true})
	}
	hash, ok := TokenHash(token)
	if !ok {
		return nil, ErrNoSession
	}
	return s.seat(ctx, s.session, key{column: "s.token_hash", value: hash, used: true})
}

// Again returns a context in which the viewer of ctx asks once more: whom the session or the API token stands for now, and with
// which memberships. That is no use of it: whoever only listens is idle. It is ErrNoSession when the session is over, or the API
// token does not work any more.
func (s *Sessions) Again(ctx context.Context) (context.Context, error) {
	v := viewer.From(ctx)
	if v.Token != nil {
		return s.seat(ctx, s.apiToken, key{column: "k.id", value: v.Token.ID})
	}
	return s.seat(ctx, s.session, key{column: "s.id", value: v.SessionID})
}

// key is by what a session or an API token is found.
type key struct {
	column, value string
	used          bool // whether it is used by that
}

// seat returns a context in which asks whom find finds, with the memberships that were read with that.
func (s *Sessions) seat(ctx context.Context, find func(context.Context, key, time.Time, *rule.Memberships) (viewer.Viewer, error), by key) (context.Context, error) {
	var ms rule.Memberships
	at := s.Clock()
	v, err := find(ctx, by, at, &ms)
	if err != nil {
		return nil, err
	}
	return seated(rule.Bring(ctx, v.UserID, &ms, at), v), nil
}

// seated returns a context in which v asks, from where and with what the request of ctx came.
func seated(ctx context.Context, v viewer.Viewer) context.Context {
	request := viewer.From(ctx)
	v.RequestID, v.Address, v.UserAgent = request.RequestID, request.Address, request.UserAgent
	return viewer.With(ctx, v)
}

// session finds a live session; one that entered a tenant lives no longer than the session it was entered from, nor than that
// one is idle.
func (s *Sessions) session(ctx context.Context, by key, now time.Time, ms *rule.Memberships) (v viewer.Viewer, err error) {
	var parent string
	var seen time.Time
	idle := now.Add(-SessionIdle)
	err = s.read(ctx, ms, `SELECT s.id, s.user_id, u.email_canonical, s.authenticated_at, s.last_seen_at, COALESCE(s.entered_tenant_id,''), COALESCE(s.parent_id,''), `+rule.MembershipColumns+`
		FROM sessions s JOIN users u ON u.id=s.user_id
		LEFT JOIN members m ON m.user_id=s.user_id AND m.status='ACTIVE'`+rule.MembershipTablesIfAny+`
		WHERE `+by.column+`=? AND s.ended_at IS NULL AND s.expires_at>? AND s.last_seen_at>?`, []any{by.value, now, idle},
		&v.SessionID, &v.UserID, &v.Email, &v.AuthenticatedAt, &seen, &v.EnteredTenantID, &parent)
	if err == nil && parent != "" {
		err = s.alive(ctx, parent, now, idle)
	}
	if err != nil {
		return viewer.Viewer{}, fmt.Errorf("look the session up: %w", err)
	}
	if by.used && now.Sub(seen) >= seenEvery {
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
	return s.Holder(r.Context(), r.Header.Get("Authorization"))
}

// Holder is Owner for the value of an Authorization header, wherever it stands. Without one, nobody asks.
func (s *Sessions) Holder(ctx context.Context, authorization string) (context.Context, error) {
	scheme, token, _ := strings.Cut(authorization, " ")
	token = strings.TrimSpace(token)
	if authorization != "" && (token == "" || !strings.EqualFold(scheme, "Bearer")) {
		return nil, ErrNoSession
	}
	return s.Owner(ctx, token)
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
