package mandate

import (
	"context"
	"fmt"

	"mandate/ent"
	"mandate/ent/invitation"
	"mandate/ent/partner"
	"mandate/ent/rule"
	"mandate/internal/auth"
	"mandate/internal/clock"
	"mandate/internal/mail"
	"mandate/internal/viewer"
)

// mailAgain gives an invitation a new token, and mails it unless the address had enough.
func (t *tx) mailAgain(ctx context.Context, update *ent.InvitationUpdateOne) (*ent.Invitation, error) {
	token, hash := auth.NewToken()
	inv, err := update.SetTokenHash(hash).Save(ctx)
	if err != nil {
		return nil, fmt.Errorf("give the invitation a token: %w", err)
	}
	before, err := t.askedBefore(ctx, inv.PartnerID, *inv.EmailCanonical)
	if err != nil || before.enough() {
		return inv, err
	}
	return inv, t.mailInvitation(ctx, inv, token)
}

// mailInvitation mails an invitation.
func (t *tx) mailInvitation(ctx context.Context, inv *ent.Invitation, token string) error {
	offer, err := t.roleOf(ctx, inv.RoleID)
	if err != nil {
		return err
	}
	return t.send(ctx, mailing{
		kind: kindInvitation, address: *inv.Email, canonical: *inv.EmailCanonical, secret: true,
		partnerID: inv.PartnerID, invitationID: inv.ID,
		letter: mail.InvitationToCustomer{
			Partner: inv.PartnerName, PartnerType: partnerTypes[partner.Type(inv.PartnerType)], Role: offer.name,
			Message: orZero(inv.Message), ExpiresAt: inv.ExpiresAt, AccessEndsAt: orZero(inv.AccessEndsAt),
			Link: t.s.link("invitation", "token", token),
		},
	})
}

var partnerTypes = map[partner.Type]string{
	partner.TypeMSP: "managed service provider", partner.TypeReseller: "reseller", partner.TypeSupport: "support partner",
}

// remind tells the administrators of the side that was asked once more.
func (t *tx) remind(ctx context.Context, inv *ent.Invitation) error {
	offer, err := t.roleOf(ctx, inv.RoleID)
	if err != nil {
		return err
	}
	if inv.Direction == invitation.DirectionCustomerToPartner {
		return t.notifyPartner(ctx, inv, offer.name)
	}
	return t.notifyOffer(ctx, inv, offer.name)
}

// NoteDelivery notes, in a transaction of the outbox, whether the mail of an invitation got to its mail server or was given
// up. What is new is recorded.
func (s *Service) NoteDelivery(ctx context.Context, etx *ent.Tx, invitationID string, delivered bool) error {
	t := &tx{Tx: etx, s: s, now: s.Clock(), viewer: viewer.From(ctx)}
	ctx = rule.Unscoped(rule.With(clock.With(ctx, t.now), etx.Client(), s.Dialect))
	t.access = rule.From(ctx)
	n, err := t.Invitation.Update().Where(invitation.ID(invitationID), invitation.Undeliverable(delivered)).
		SetUndeliverable(!delivered).AddVersion(1).Save(ctx)
	if err != nil || n == 0 {
		return err
	}
	inv, err := t.Invitation.Get(ctx, invitationID)
	if err != nil {
		return fmt.Errorf("read the invitation: %w", err)
	}
	action := map[bool]string{true: "invitation.delivered", false: "invitation.undeliverable"}[delivered]
	e := t.about(inv, action)
	e.changes = change("undeliverable", fmt.Sprint(delivered), fmt.Sprint(!delivered))
	return t.record(ctx, e)
}
