// Package viewer says who asks. The viewer of a request is put into its context once, by internal/auth, and read
// everywhere else; a mutation that signs somebody in may replace it for the rest of its own answer.
package viewer

import (
	"context"
	"slices"
	"time"

	"mandate/internal/access"
)

// Viewer is who asks: a person with a session, a program with a person's API token, a part of the program itself, or
// nobody.
type Viewer struct {
	UserID          string
	Email           string // canonical; "" for a token, which nothing was sent to
	SessionID       string // "" for a token
	Token           *Token // nil for a session
	AuthenticatedAt time.Time
	EnteredTenantID string // the one tenant that an entered session reaches; "" for a person's own session
	RequestID       string
	Address         string // the client's address, for the audit trail
	UserAgent       string
	system          string
}

// Token is an API token: one more link of every path. It begins with one membership of its owner, lets no more through than
// its scopes, and leads to no other tenants than those it is limited to.
type Token struct {
	ID       string
	Prefix   string        // how its secret begins
	MemberID string        // the membership that it rests on
	Scopes   access.Levels // the levels that it has at most
	Tenants  []string      // the only ones that it reaches; nil for no limit
}

// SignedIn reports whether a person asks, or a program for a person.
func (v Viewer) SignedIn() bool { return v.UserID != "" }

// Entered reports whether the session was narrowed to one tenant.
func (v Viewer) Entered() bool { return v.EnteredTenantID != "" }

// InPerson reports whether a person asks in a session of their own. No other session and no API token consents, passes
// access on, enters a tenant, or touches credentials, sessions and tokens.
func (v Viewer) InPerson() bool { return v.SignedIn() && !v.Entered() && v.Token == nil }

// Tenants lists the only tenants that the viewer can reach, whatever leads to others; nil for no limit.
func (v Viewer) Tenants() []string {
	switch {
	case v.Entered():
		return []string{v.EnteredTenantID}
	case v.Token != nil:
		return v.Token.Tenants
	}
	return nil
}

// Confined reports whether the viewer cannot reach a tenant, whatever leads there.
func (v Viewer) Confined(tenantID string) bool {
	only := v.Tenants()
	return only != nil && !slices.Contains(only, tenantID)
}

// Holds reports whether a membership is the viewer's own: of a person all of theirs, of an API token the one that it rests on.
func (v Viewer) Holds(memberID, userID string) bool {
	return v.UserID == userID && (v.Token == nil || v.Token.MemberID == memberID)
}

// IsSystem reports whether a part of the program asks. It sees and writes everything.
func (v Viewer) IsSystem() bool { return v.system != "" }

type key struct{}

// seat holds the viewer of one root field, so that a mutation can seat another one for the rest of its answer.
type seat struct{ v Viewer }

// With returns a context in which v asks.
func With(ctx context.Context, v Viewer) context.Context {
	return context.WithValue(ctx, key{}, &seat{v})
}

// From returns who asks; without a viewer, nobody.
func From(ctx context.Context) Viewer {
	if s, ok := ctx.Value(key{}).(*seat); ok {
		return s.v
	}
	return Viewer{}
}

// Become makes v the viewer for the rest of the root field that ctx belongs to: what signing in does to its own payload.
func Become(ctx context.Context, v Viewer) {
	if s, ok := ctx.Value(key{}).(*seat); ok {
		s.v = v
	}
}

// System returns a context in which a named part of the program asks.
func System(ctx context.Context, name string) context.Context {
	return With(ctx, Viewer{system: name})
}
