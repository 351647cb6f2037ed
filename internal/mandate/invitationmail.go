package mandate

import (
	"context"
	"fmt"

	"mandate/ent"
	"mandate/ent/invitation"
	"mandate/ent/outboxmessage"
	"mandate/ent/partner"
	"mandate/internal/auth"
	"mandate/internal/mail"
)

// mailInvitation gives the invitation a new token, and mails it unless the address had more mails than anybody should
// get, or has declined this partner of late. Nobody but the address sees the difference.
func (t *tx) mailInvitation(ctx context.Context, inv *ent.Invitation) (*ent.Invitation, error) {
	token, hash := auth.NewToken()
	inv, err := t.Invitation.UpdateOne(inv).SetTokenHash(hash).AddSendCount(1).SetLastSentAt(t.now).Save(ctx)
	if err != nil {
		return nil, fmt.Errorf("give the invitation a token: %w", err)
	}
	muted, err := t.muted(ctx, inv.PartnerID, *inv.EmailCanonical)
	if err != nil || muted {
		return inv, err
	}
	offer, err := t.roleOf(ctx, inv.RoleID)
	if err != nil {
		return nil, err
	}
	return inv, t.send(ctx, mailing{
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

// muted reports whether no further invitation is mailed to the address now.
func (t *tx) muted(ctx context.Context, partnerTenantID, canonical string) (bool, error) {
	window := t.OutboxMessage.Query().Where(outboxmessage.RecipientCanonical(canonical), outboxmessage.Kind(kindInvitation),
		outboxmessage.CreatedAtGT(t.now.Add(-mailWindow)))
	all, err := window.Clone().Count(ctx)
	if err != nil {
		return false, fmt.Errorf("count mails: %w", err)
	}
	own, err := window.Where(outboxmessage.PartnerID(partnerTenantID)).Count(ctx)
	if err != nil {
		return false, fmt.Errorf("count mails: %w", err)
	}
	if all >= mostMailsAll || own >= mostMailsPartner {
		return true, nil
	}
	declined, err := t.Invitation.Query().Where(invitation.EmailCanonical(canonical), invitation.PartnerID(partnerTenantID),
		invitation.StatusEQ(invitation.StatusDeclined), invitation.UpdatedAtGT(t.now.Add(-declineMutes))).Exist(ctx)
	if err != nil {
		return false, fmt.Errorf("look for refusals: %w", err)
	}
	return declined, nil
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
