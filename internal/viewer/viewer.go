// Package viewer says who asks. The viewer of a request is put into its context once, by internal/auth, and read
// everywhere else; a mutation that signs somebody in may replace it for the rest of its own answer.
package viewer

import (
	"context"
	"time"
)

// Viewer is who asks: a person with a session, a part of the program itself, or nobody.
type Viewer struct {
	UserID          string
	Email           string // canonical
	SessionID       string
	AuthenticatedAt time.Time
	EnteredTenantID string // the one tenant that an entered session reaches; "" for a person's own session
	RequestID       string
	Address         string // the client's address, for the audit trail
	UserAgent       string
	system          string
}

// SignedIn reports whether a person asks.
func (v Viewer) SignedIn() bool { return v.UserID != "" }

// Entered reports whether the session was narrowed to one tenant. Such a session cannot consent, enter further, or
// touch credentials and sessions.
func (v Viewer) Entered() bool { return v.EnteredTenantID != "" }

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
