package testworld

import (
	"context"
	"net/http"

	"mandate/ent"
	"mandate/internal/auth"
	"mandate/internal/viewer"
)

// Bearer is whoever bears a session's token, or an API token. Unlike people, who are seated in their sessions, a bearer is looked up by
// the token for every request, and gets 401 without a live session.
func (w *World) Bearer(token string) *Person {
	return &Person{w: w, User: &ent.User{}, name: "bearer", viewer: viewer.Viewer{RequestID: "req"}, token: token}
}

// Server is the server that the person asks.
func (p *Person) Server() *World { return p.w }

// Seated returns a context in which the person asks, as far as they may: a bearer is looked up by the token, and is nobody when it
// does not work.
func (p *Person) Seated() context.Context {
	if p.token == "" {
		return p.Context()
	}
	sessions := &auth.Sessions{Read: p.w.DB.Read, Write: p.w.DB.Write, Clock: p.w.Now}
	ctx, err := sessions.Owner(p.Context(), p.token)
	if err != nil {
		return p.Context()
	}
	return ctx
}

// api is the API behind whatever tells who the person is.
func (p *Person) api() http.Handler {
	if p.token == "" {
		return p.w.API
	}
	sessions := &auth.Sessions{Read: p.w.DB.Read, Write: p.w.DB.Write, Clock: p.w.Now}
	return sessions.Bearer(p.w.API, func(w http.ResponseWriter, _ *http.Request, _ error) {
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = w.Write([]byte(`{"errors":[{"message":"Sign in.","extensions":{"code":"UNAUTHENTICATED"}}]}`))
	})
}
