package main

import (
	"context"
	"errors"
	"fmt"
	"regexp"

	"mandate/ent"
	"mandate/ent/outboxmessage"
	"mandate/ent/tenant"
	"mandate/internal/mandate"
	"mandate/internal/viewer"
)

// as lets a person do something in a session of their own.
func (w *world) as(ctx context.Context, p person, do func(context.Context) error) error {
	ctx, _, err := w.signIn(ctx, p)
	if err != nil {
		return err
	}
	return errors.Join(do(ctx), w.service.SignOut(ctx))
}

// signIn returns a context in which the person asks, and their session's token.
func (w *world) signIn(ctx context.Context, p person) (context.Context, string, error) {
	ctx = nobody(ctx)
	in, err := w.service.SignIn(ctx, mandate.SignIn{Email: p.email, Password: p.password}) // seats the person
	if err != nil {
		return nil, "", fmt.Errorf("sign %s in: %w", p.email, err)
	}
	return ctx, in.Token, nil
}

func nobody(ctx context.Context) context.Context { return viewer.With(ctx, viewer.Viewer{}) }

// person finds somebody who can sign in by their address.
func (w *world) person(email string) person {
	for _, p := range w.shown {
		if p.email == email {
			return p
		}
	}
	return person{email: email}
}

// welcome lets somebody set a password by the link in their welcome mail.
func (w *world) welcome(ctx context.Context, who, email string) error {
	token, err := w.mailedToken(ctx, email)
	if err != nil {
		return err
	}
	p := person{who, email, newPassword()}
	if err := w.service.ResetPassword(nobody(ctx), mandate.ResetPassword{Token: token, NewPassword: p.password}); err != nil {
		return fmt.Errorf("set the password of %s: %w", email, err)
	}
	w.shown = append(w.shown, p)
	return nil
}

var tokenInMail = regexp.MustCompile(`[?&]token=([A-Za-z0-9_-]+)`)

// mailedToken reads the token from the newest mail to an address that carries one.
func (w *world) mailedToken(ctx context.Context, email string) (string, error) {
	m, err := w.read.OutboxMessage.Query().Where(outboxmessage.RecipientCanonical(email), outboxmessage.Secret(true)).
		Order(ent.Desc(outboxmessage.FieldCreatedAt, outboxmessage.FieldID)).First(viewer.System(ctx, "demo"))
	if err != nil {
		return "", fmt.Errorf("open the mail to %s: %w", email, err)
	}
	found := tokenInMail.FindStringSubmatch(m.Text)
	if found == nil {
		return "", fmt.Errorf("the mail to %s has no link", email)
	}
	return found[1], nil
}

// customer finds a customer by its name.
func (w *world) customer(ctx context.Context, name string) (string, error) {
	id, err := w.read.Tenant.Query().Where(tenant.Name(name)).OnlyID(viewer.System(ctx, "demo"))
	if err != nil {
		return "", fmt.Errorf("find %s: %w", name, err)
	}
	return id, nil
}

// leaveToken leaves a session of the managed service provider's administrator behind, for the first query.
func (w *world) leaveToken(ctx context.Context) (err error) {
	_, w.token, err = w.signIn(ctx, w.person(mspAddress))
	return err
}
