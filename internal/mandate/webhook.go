package mandate

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"mandate/ent"
	"mandate/ent/predicate"
	"mandate/ent/webhook"
	"mandate/internal/access"
)

const (
	mostWebhooks  = 20 // of one tenant
	signingPrefix = "whsec_"
	signingBytes  = 32
)

// NewWebhook is a webhook with the secret that signs its deliveries from now on, which is shown once.
type NewWebhook struct {
	Secret  string `shown:"once"`
	Webhook *ent.Webhook
}

// CreateWebhook makes a webhook: from now on a tenant's events, or those that are named, are sent to a URL. It hears no more than
// the tenant's audit trail tells, and outlives whoever made it. For those who hold TOKENS MANAGE and AUDIT VIEW by a membership
// of their own, in a session of their own, shortly after the password was entered.
//
// REAUTHENTICATION_REQUIRED, NOT_FOUND, LIMIT_EXCEEDED for more than 20 webhooks of a tenant; REQUIRED, INVALID, TOO_LONG.
func (s *Service) CreateWebhook(ctx context.Context, cmd CreateWebhook) (made *NewWebhook, err error) {
	to, fault := s.receiver(cmd.URL, "url")
	events, unknown := toldActions(cmd.Events)
	faults := append(those(fault), unknown...)
	err = s.tx(ctx, func(ctx context.Context, t *tx) error {
		if err := t.mayMakeWebhooks(ctx, cmd.TenantID); err != nil {
			return err
		}
		if len(faults) > 0 {
			return faults
		}
		there, err := t.Webhook.Query().Where(webhook.TenantID(cmd.TenantID), notDeleted()).Count(ctx)
		if err != nil {
			return fmt.Errorf("count webhooks: %w", err)
		}
		if there >= mostWebhooks {
			return broken(LimitExceeded, fmt.Sprintf("A tenant has at most %d webhooks: delete one that is not needed any more.", mostWebhooks), "tenantId")
		}
		secret := newSigningSecret()
		row, err := t.Webhook.Create().SetTenantID(cmd.TenantID).SetURL(to.String()).SetEvents(events).SetSecret(secret).SetActiveSince(t.now).Save(ctx)
		if err != nil {
			return fmt.Errorf("make a webhook: %w", err)
		}
		made = &NewWebhook{secret, row}
		e := aboutWebhook("webhook.created", row)
		e.changes = slices.Concat(change("host", "", to.Host), change("events", "", describeEvents(events)))
		return t.record(ctx, e)
	}, &made)
	return made, err
}

// mayMakeWebhooks locks a tenant, and fails unless the viewer may make webhooks there.
func (t *tx) mayMakeWebhooks(ctx context.Context, tenantID string) error {
	if err := t.person(); err != nil {
		return err
	}
	if err := t.lock(ctx, tenantID); err != nil {
		return err
	}
	reach, err := t.needOwn(ctx, tenantID, []string{"tenantId"}, access.Tokens)
	if err != nil {
		return err
	}
	if !managesWebhooks(reach.Own()) {
		return ErrForbidden
	}
	if fault := t.recent(); fault != nil {
		return fault
	}
	return nil
}

// managesWebhooks reports whether somebody with levels of their own manages webhooks: what they send is what the audit trail
// tells.
func managesWebhooks(own access.Levels) bool {
	return own.At(access.Tokens) == access.Manage && own.At(access.Audit) >= access.View
}

// ownWebhook reads a webhook that the viewer may manage, and locks its tenant.
func (t *tx) ownWebhook(ctx context.Context, id string) (*ent.Webhook, error) {
	if err := t.person(); err != nil {
		return nil, err
	}
	row, err := t.webhook(ctx, id)
	if err != nil {
		return nil, err
	}
	if row == nil {
		return nil, notFound("id")
	}
	if err := t.lock(ctx, row.TenantID); err != nil {
		return nil, err
	}
	own, err := t.owns(ctx, row.TenantID)
	switch {
	case err != nil:
		return nil, err
	case own.At(access.Tokens) < access.View:
		return nil, notFound("id")
	case !managesWebhooks(own):
		return nil, ErrForbidden
	}
	if row, err = t.webhook(ctx, id); err == nil && row == nil { // deleted while the lock was awaited
		return nil, notFound("id")
	}
	return row, err
}

// webhook reads a webhook, nil for none, or for one that was deleted.
func (t *tx) webhook(ctx context.Context, id string) (*ent.Webhook, error) {
	row, err := t.Webhook.Query().Where(webhook.ID(id), notDeleted()).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read a webhook: %w", err)
	}
	return row, nil
}

// newSigningSecret makes a secret as Standard Webhooks has it.
func newSigningSecret() string {
	key := make([]byte, signingBytes)
	_, _ = rand.Read(key) // it never fails
	return signingPrefix + base64.StdEncoding.EncodeToString(key)
}

// aboutWebhook is an event about a webhook, named by its host: the rest of a URL may be secret.
func aboutWebhook(action string, row *ent.Webhook) event {
	return event{action: action, tenant: row.TenantID, target: row.ID, targetName: hostOf(row.URL)}
}

func describeEvents(events []string) string {
	if len(events) == 0 {
		return "all"
	}
	return strings.Join(events, ", ")
}

// DeleteWebhook deletes a webhook, at once and for good: nothing is sent to it any more, and its deliveries go with it. For those
// who may make one, in a session of their own.
//
// NOT_FOUND.
func (s *Service) DeleteWebhook(ctx context.Context, cmd DeleteWebhook) (deleted *string, err error) {
	err = s.tx(ctx, func(ctx context.Context, t *tx) error {
		row, err := t.ownWebhook(ctx, cmd.ID)
		if err != nil {
			return err
		}
		if err := t.deleteWebhooks(ctx, webhook.ID(row.ID)); err != nil {
			return err
		}
		deleted = &row.ID
		return t.record(ctx, aboutWebhook("webhook.deleted", row))
	}, &deleted)
	return deleted, err
}

// deleteWebhooks marks webhooks as deleted and forgets their secrets. The rows go later, with their deliveries: there may be too
// many of these for one transaction.
func (t *tx) deleteWebhooks(ctx context.Context, those predicate.Webhook) error {
	err := t.Webhook.Update().Where(those, notDeleted()).SetStatus(webhook.StatusDeleted).SetURL("").SetSecret("").ClearPreviousSecret().
		ClearPreviousUntil().AddVersion(1).Exec(ctx)
	if err != nil {
		return fmt.Errorf("delete webhooks: %w", err)
	}
	return nil
}

func notDeleted() predicate.Webhook { return webhook.StatusNEQ(webhook.StatusDeleted) }
