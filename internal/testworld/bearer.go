package testworld

import (
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
