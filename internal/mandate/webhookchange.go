package mandate

import (
	"context"
	"fmt"
	"slices"
	"time"

	"mandate/ent"
	"mandate/ent/webhook"
	"mandate/internal/access"
	"mandate/internal/mail"
)

// rotationGrace is for how long a secret signs beside the one that took its place.
const rotationGrace = 24 * time.Hour

// UpdateWebhook changes where a webhook sends to and what it is told of, switches it off, or on again. What waits is sent to the
// new URL. For those who may make one, in a session of their own; another URL takes a password that was entered shortly before.
//
// REAUTHENTICATION_REQUIRED, NOT_FOUND, STALE_VERSION; REQUIRED, INVALID, TOO_LONG, LIMIT_EXCEEDED.
func (s *Service) UpdateWebhook(ctx context.Context, cmd UpdateWebhook) (row *ent.Webhook, err error) {
	var faults Errors
	if cmd.URL != nil {
		u, fault := s.receiver(*cmd.URL, "url")
		if faults = those(fault); fault == nil {
			to := u.String()
			cmd.URL = &to
		}
	}
	if cmd.Events != nil {
		events, unknown := toldActions(cmd.Events)
		cmd.Events, faults = events, append(faults, unknown...)
	}
	err = s.tx(ctx, func(ctx context.Context, t *tx) error {
		if row, err = t.ownWebhook(ctx, cmd.ID); err != nil {
			return err
		}
		if cmd.URL != nil && *cmd.URL != row.URL {
			if fault := t.recent(); fault != nil {
				return fault
			}
		}
		if len(faults) > 0 {
			return faults
		}
		if err := fresh(cmd.Version, row.Version); err != nil {
			return err
		}
		row, err = t.changeWebhook(ctx, row, cmd)
		return err
	}, &row)
	return row, err
}

// changeWebhook writes what of a webhook is to be another, if anything is.
func (t *tx) changeWebhook(ctx context.Context, row *ent.Webhook, cmd UpdateWebhook) (*ent.Webhook, error) {
	update := t.Webhook.UpdateOne(row).AddVersion(1)
	var changes []access.Change
	if cmd.URL != nil && *cmd.URL != row.URL {
		update.SetURL(*cmd.URL).ClearFailingSince()
		changes = append(changes, access.Change{Field: "url"}) // a path may hold a secret
		changes = append(changes, change("host", hostOf(row.URL), hostOf(*cmd.URL))...)
	}
	if cmd.Events != nil && !slices.Equal(cmd.Events, row.Events) {
		update.SetEvents(cmd.Events)
		changes = append(changes, change("events", describeEvents(row.Events), describeEvents(cmd.Events))...)
	}
	if cmd.Status != nil && *cmd.Status != row.Status {
		update.SetStatus(*cmd.Status).SetActiveSince(t.now).ClearFailingSince()
		changes = append(changes, change("status", string(row.Status), string(*cmd.Status))...)
	}
	if changes == nil {
		return row, nil
	}
	row, err := update.Save(ctx)
	if err != nil {
		return nil, fmt.Errorf("change a webhook: %w", err)
	}
	e := aboutWebhook("webhook.updated", row)
	e.changes = changes
	return row, t.record(ctx, e)
}

// RotateWebhookSecret gives a webhook another secret. The one before signs beside it for 24 hours, so that the receiver need not
// change at the same moment; the one before that no longer. For those who may make one, in a session of their own, shortly after
// the password was entered.
//
// REAUTHENTICATION_REQUIRED, NOT_FOUND.
func (s *Service) RotateWebhookSecret(ctx context.Context, cmd RotateWebhookSecret) (made *NewWebhook, err error) {
	err = s.tx(ctx, func(ctx context.Context, t *tx) error {
		row, err := t.ownWebhook(ctx, cmd.ID)
		if err != nil {
			return err
		}
		if fault := t.recent(); fault != nil {
			return fault
		}
		until, secret := t.now.Add(rotationGrace), newSigningSecret()
		row, err = t.Webhook.UpdateOne(row).SetPreviousSecret(row.Secret).SetPreviousUntil(until).SetSecret(secret).AddVersion(1).Save(ctx)
		if err != nil {
			return fmt.Errorf("rotate a webhook's secret: %w", err)
		}
		made = &NewWebhook{secret, row}
		e := aboutWebhook("webhook.secret_rotated", row)
		e.changes = change("previousSecretUntil", "", until.Format(time.RFC3339))
		return t.record(ctx, e)
	}, &made)
	return made, err
}

// DisableWebhook switches a webhook off because nothing can be delivered to it, and tells its tenant's administrators. With since,
// only as long as nothing was delivered since then. For the program itself; one that is off already, that was deleted, or that
// leads elsewhere than when it was tried, stays as it is.
func (s *Service) DisableWebhook(ctx context.Context, tried *ent.Webhook, since *time.Time, reason string) error {
	return s.tx(ctx, func(ctx context.Context, t *tx) error {
		if err := t.lock(ctx, tried.TenantID); err != nil {
			return err
		}
		row, err := t.webhook(ctx, tried.ID)
		if err != nil || row == nil || row.Status != webhook.StatusActive || row.URL != tried.URL {
			return err
		}
		if since != nil && (row.FailingSince == nil || row.FailingSince.After(*since)) {
			return nil
		}
		if err := t.Webhook.UpdateOne(row).SetStatus(webhook.StatusDisabled).AddVersion(1).Exec(ctx); err != nil {
			return fmt.Errorf("switch a webhook off: %w", err)
		}
		tn, err := t.tenant(ctx, row.TenantID)
		if err != nil {
			return fmt.Errorf("read a webhook's tenant: %w", err)
		}
		failing := t.now
		if row.FailingSince != nil {
			failing = *row.FailingSince
		}
		err = t.notifyAdministrators(ctx, row.TenantID, "webhook.disabled", mail.WebhookDisabled{
			Tenant: tn.Name, Host: hostOf(row.URL), Reason: reason, FailingSince: failing, DisabledAt: t.now})
		if err != nil {
			return err
		}
		e := aboutWebhook("webhook.disabled", row)
		e.changes = change("status", string(row.Status), string(webhook.StatusDisabled))
		e.reason = some(reason)
		return t.record(ctx, e)
	})
}
