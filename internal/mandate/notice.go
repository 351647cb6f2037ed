package mandate

import (
	"context"
	"fmt"

	"mandate/ent"
	"mandate/ent/invitation"
	"mandate/ent/outboxmessage"
	"mandate/ent/rule"
	"mandate/ent/tenant"
	"mandate/internal/mail"
)

const (
	kindRevoked     = "invitation.revoked"
	kindSuspended   = "tenant.suspended"
	kindReactivated = "tenant.reactivated"
)

// tellRevoked tells whoever was invited that the invitation was taken back; not an address that it was never mailed to.
func (t *tx) tellRevoked(ctx context.Context, inv *ent.Invitation) error {
	if inv.Direction == invitation.DirectionCustomerToPartner {
		return t.notifyAdministrators(ctx, inv.PartnerID, kindRevoked, mail.InvitationRevoked{By: orZero(inv.CustomerName)})
	}
	l := mail.InvitationRevoked{By: inv.PartnerName}
	if inv.EmailCanonical == nil {
		return t.notifyAdministrators(ctx, orZero(inv.CustomerID), kindRevoked, l)
	}
	mailed, err := t.OutboxMessage.Query().Where(outboxmessage.InvitationID(inv.ID), outboxmessage.StatusNEQ(outboxmessage.StatusDead)).Exist(ctx)
	if err != nil {
		return fmt.Errorf("look whether the invitation was mailed: %w", err)
	}
	if !mailed {
		return nil
	}
	return t.send(ctx, mailing{kind: kindRevoked, address: *inv.Email, canonical: *inv.EmailCanonical, letter: l})
}

// tellState tells the administrators of a tenant that it was suspended, reactivated or deleted. Whoever deletes is to tell them
// while they are its administrators still.
func (t *tx) tellState(ctx context.Context, k *keeping, to tenant.Status, reason *string) error {
	by := k.path.Home.Name
	switch k.path.Via {
	case rule.Operator:
		by = t.s.brandName()
	case rule.Own:
		by = NameOf(k.actor)
	}
	switch to {
	case tenant.StatusSuspended:
		return t.notifyAdministrators(ctx, k.ID, kindSuspended, mail.TenantSuspended{Tenant: k.Name, By: by, Reason: orZero(reason), SuspendedAt: t.now})
	case tenant.StatusActive:
		return t.notifyAdministrators(ctx, k.ID, kindReactivated, mail.TenantReactivated{Tenant: k.Name, By: by})
	}
	return t.notifyAdministrators(ctx, k.ID, "tenant.deleted", mail.TenantDeleted{Tenant: k.Name, By: by, Reason: orZero(reason), DeletedAt: t.now})
}
