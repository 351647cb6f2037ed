package mandate

import (
	"context"
	"fmt"
	"time"

	"mandate/ent"
	"mandate/ent/invitation"
	"mandate/ent/outboxmessage"
	"mandate/ent/partner"
	"mandate/ent/predicate"
	"mandate/internal/auth"
	"mandate/internal/mail"
)

// mailAgain gives an invitation a new token, and mails it unless the address has declined this partner of late.
func (t *tx) mailAgain(ctx context.Context, update *ent.InvitationUpdateOne) (*ent.Invitation, error) {
	token, hash := auth.NewToken()
	inv, err := update.SetTokenHash(hash).Save(ctx)
	if err != nil {
		return nil, fmt.Errorf("give the invitation a token: %w", err)
	}
	declined, err := t.Invitation.Query().Where(invitation.EmailCanonical(*inv.EmailCanonical), invitation.PartnerID(inv.PartnerID),
		declinedLately(t.now)).Exist(ctx)
	if err != nil {
		return nil, fmt.Errorf("look for refusals: %w", err)
	}
	if declined {
		return inv, nil
	}
	return inv, t.mailInvitation(ctx, inv, token)
}

// declinedLately matches invitations to addresses that want no more mails of the partner for now.
func declinedLately(now time.Time) predicate.Invitation {
	return invitation.And(invitation.StatusEQ(invitation.StatusDeclined), invitation.UpdatedAtGT(now.Add(-declineMutes)))
}

// mailInvitation mails an invitation, unless the address had more mails than anybody should get. Nobody but the address sees the
// difference.
func (t *tx) mailInvitation(ctx context.Context, inv *ent.Invitation, token string) error {
	enough, err := t.mailedEnough(ctx, inv.PartnerID, *inv.EmailCanonical)
	if err != nil || enough {
		return err
	}
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

// mailedEnough reports whether no further invitation is mailed to the address now.
func (t *tx) mailedEnough(ctx context.Context, partnerTenantID, canonical string) (bool, error) {
	var sent []struct {
		PartnerID *string `sql:"partner_id"`
		Count     int
	}
	err := t.OutboxMessage.Query().Where(outboxmessage.RecipientCanonical(canonical), outboxmessage.Kind(kindInvitation),
		outboxmessage.CreatedAtGT(t.now.Add(-mailWindow))).GroupBy(outboxmessage.FieldPartnerID).Aggregate(ent.Count()).Scan(ctx, &sent)
	if err != nil {
		return false, fmt.Errorf("count mails: %w", err)
	}
	all, own := 0, 0
	for _, from := range sent {
		all += from.Count
		if orZero(from.PartnerID) == partnerTenantID {
			own = from.Count
		}
	}
	return all >= mostMailsAll || own >= mostMailsPartner, nil
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
