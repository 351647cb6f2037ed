package server

import (
	"context"
	"errors"

	"mandate/internal/auth"
	"mandate/internal/viewer"
)

// signIn begins a session for the owner of an address. The faults say that there is none.
func (a api) signIn(ctx context.Context, email, password string) (token string, f faults, err error) {
	var answer struct {
		SignIn struct {
			Token      string
			UserErrors faults
		}
	}
	err = a.do(ctx, "", `mutation SignIn($input: SignInInput!) {
		signIn(input: $input) { token userErrors { message field code } }
	}`, input{"email": email, "password": password}.variables(), &answer)
	return answer.SignIn.Token, answer.SignIn.UserErrors, err
}

// signOut ends a session.
func (a api) signOut(ctx context.Context, token string) error {
	var answer struct{}
	return a.do(ctx, token, `mutation SignOut { signOut { ok } }`, nil, &answer)
}

// input is the input of a mutation.
type input map[string]any

// variables are what the mutation's operation takes.
func (i input) variables() map[string]any { return map[string]any{"input": i} }

// put adds a value, unless it is empty.
func (i input) put(name, value string) input {
	if value != "" {
		i[name] = value
	}
	return i
}

// visit is one person's way through a page. The session that the person signed in to lasts as long as a page carries
// it; the pages have no cookies.
type visit struct {
	*Server
	ctx   context.Context
	token string
	carry bool // the page that is answered with goes on with the session
}

// leave ends the session when nothing follows.
func (v *visit) leave() {
	if v.token == "" || v.carry {
		return
	}
	if err := v.api.signOut(context.WithoutCancel(v.ctx), v.token); err != nil && !errors.Is(err, auth.ErrNoSession) {
		v.Log.WarnContext(v.ctx, "a page's session was not ended", "error", err, "requestId", viewer.From(v.ctx).RequestID)
	}
}

// home is a customer that the signed-in person is a member of.
type home struct{ ID, Name string }

// homes lists the customers that the owner of the session is a member of.
func (a api) homes(ctx context.Context, token string) ([]home, error) {
	var answer struct {
		Viewer struct {
			Tenants struct {
				Nodes []struct {
					Tenant struct{ ID, Name, Kind string }
				}
			}
		}
	}
	err := a.do(ctx, token, `query Homes {
		viewer { tenants(via: [OWN], first: 100) { nodes { tenant { id name kind } } } }
	}`, nil, &answer)
	var list []home
	for _, n := range answer.Viewer.Tenants.Nodes {
		if n.Tenant.Kind == "CUSTOMER" {
			list = append(list, home{n.Tenant.ID, n.Tenant.Name})
		}
	}
	return list, err
}
