package mandate

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"time"

	"mandate/ent"
	"mandate/ent/invitation"
	"mandate/ent/predicate"
	"mandate/ent/rule"
	"mandate/internal/access"
	"mandate/internal/auth"
)

// The bounds of invitations.
const (
	defaultValidHours = 7 * 24
	mostValidHours    = 30 * 24
	mostSends         = 5
	mostFromCustomer  = 10 // pending ones of one customer
	mostMailsPartner  = 5  // to one address from one partner, within mailWindow
	mostMailsAll      = 20 // to one address from all partners, within mailWindow
	mailWindow        = 24 * time.Hour
	declineMutes      = 30 * 24 * time.Hour // no mail from that partner to that address
	mostAccessDays    = 730
)

const kindInvitation = "invitation"

// InviteCustomer offers a partner's services to whoever reads the address. What it answers and mails is the same
// whatever the address is or has: that a customer has a partner already is decided, and told, when it accepts.
//
// PARTNER_PERMISSION_REQUIRED unless the viewer's partner is recognised, INVITATION_ALREADY_EXISTS, CANNOT_INVITE_SELF,
// ACCESS_PERIOD_OUT_OF_RANGE, INVALID, TOO_LONG.
func (s *Service) InviteCustomer(ctx context.Context, cmd InviteCustomer) (inv *ent.Invitation, err error) {
	err = s.tx(ctx, func(ctx context.Context, t *tx) error {
		if err := t.person(); err != nil {
			return err
		}
		p, err := t.ownPartner(ctx, cmd.PartnerID, "partnerId")
		if err != nil {
			return err
		}
		typed, canonical, fault := email(cmd.Email, "email")
		if fault != nil {
			return fault
		}
		if canonical == t.viewer.Email {
			return broken(CannotInviteSelf, "This is your own address.", "email")
		}
		message, fault := paragraph(cmd.Message, 1000, "message")
		if fault != nil {
			return fault
		}
		hours, fault := validHours(cmd.ExpiresInHours)
		if fault != nil {
			return fault
		}
		if fault := t.accessEnd(cmd.AccessEndsAt, "accessEndsAt"); fault != nil {
			return fault
		}
		before, err := t.askedBefore(ctx, p.tenant.ID, canonical)
		if err != nil {
			return err
		}
		if err := t.notPending(ctx, before); err != nil {
			return err
		}
		sender, err := t.senderID(ctx, p.tenant.ID)
		if err != nil {
			return err
		}
		offer := systemRole(roleKeyOr(cmd.RoleKey, access.Administrator))
		token, hash := auth.NewToken()
		inv, err = t.draft(p).SetDirection(invitation.DirectionPartnerToCustomer).SetChannel(invitation.ChannelEmail).
			SetEmail(typed).SetEmailCanonical(canonical).SetPendingEmailKey(before.key).SetRoleID(offer.id).
			SetNillableMessage(message).SetNillableAccessEndsAt(cmd.AccessEndsAt).SetValidHours(hours).
			SetExpiresAt(t.now.Add(time.Duration(hours) * time.Hour)).SetSenderID(sender).
			SetTokenHash(hash).SetSendCount(1).SetLastSentAt(t.now).Save(ctx)
		if err != nil {
			return fmt.Errorf("write the invitation: %w", err)
		}
		if !before.enough() {
			if err := t.mailInvitation(ctx, inv, token); err != nil {
				return err
			}
		}
		return t.record(ctx, event{action: "invitation.sent", tenant: p.tenant.ID, target: inv.ID, targetName: typed,
			changes: change("role", "", offer.name)})
	}, &inv)
	return inv, err
}

// asked is what an address was asked before.
type asked struct {
	key      string      // of a pending invitation by the partner
	until    rule.Moment // until when there is one; none without
	declined int         // of the partner's, of late
	mails    int         // of invitations, within mailWindow
	own      int         // of these the partner's
}

// askedBefore looks at what a partner, and others, asked an address before.
func (t *tx) askedBefore(ctx context.Context, partnerTenantID, canonical string) (asked, error) {
	a, since := asked{key: partnerTenantID + ":" + canonical}, t.now.Add(-mailWindow)
	err := t.each(ctx, `SELECT (SELECT expires_at FROM invitations WHERE pending_email_key=?),
(SELECT COUNT(*) FROM invitations WHERE email_canonical=? AND partner_id=? AND status=? AND updated_at>?),
(SELECT COUNT(*) FROM outbox_messages WHERE recipient_canonical=? AND kind=? AND created_at>?),
(SELECT COUNT(*) FROM outbox_messages WHERE recipient_canonical=? AND kind=? AND created_at>? AND partner_id=?)`,
		[]any{a.key, canonical, partnerTenantID, invitation.StatusDeclined, t.now.Add(-declineMutes),
			canonical, kindInvitation, since, canonical, kindInvitation, since, partnerTenantID},
		func(rows *sql.Rows) error { return rows.Scan(&a.until, &a.declined, &a.mails, &a.own) })
	if err != nil {
		return a, fmt.Errorf("look for earlier invitations: %w", err)
	}
	return a, nil
}

// enough reports whether the address gets no more mails now: it declined the partner, or had more than anybody should get. Nobody
// but the address sees the difference.
func (a asked) enough() bool {
	return a.declined > 0 || a.mails >= mostMailsAll || a.own >= mostMailsPartner
}

// notPending fails while the partner's invitation to an address is pending.
func (t *tx) notPending(ctx context.Context, a asked) error {
	switch until := a.until.Time; {
	case until == nil:
		return nil
	case t.now.Before(*until):
		return broken(InvitationAlreadyExists, "There is a pending invitation to this address already.", "email")
	}
	return t.expireInvitations(ctx, invitation.PendingEmailKey(a.key))
}

// draft begins an invitation from or to a partner.
func (t *tx) draft(p *partnerSide) *ent.InvitationCreate {
	return t.Invitation.Create().SetPartnerID(p.tenant.ID).
		SetPartnerName(p.tenant.Name).SetPartnerType(string(p.Type)).SetPartnerCode(p.Code)
}

// senderID is the viewer's own membership in the tenant that sends.
func (t *tx) senderID(ctx context.Context, tenantID string) (string, error) {
	home, err := t.access.Home(ctx, tenantID)
	if err != nil || home == nil {
		return "", cmp.Or(err, ErrForbidden)
	}
	return home.ID, nil
}

func validHours(hours *int) (int, *Error) {
	switch {
	case hours == nil:
		return defaultValidHours, nil
	case *hours < 1 || *hours > mostValidHours:
		return 0, broken(Invalid, fmt.Sprintf("An invitation is valid for 1 to %d hours.", mostValidHours), "expiresInHours")
	}
	return *hours, nil
}

func (t *tx) accessEnd(end *time.Time, field string) *Error {
	if end != nil && (!end.After(t.now) || end.After(t.now.AddDate(0, 0, mostAccessDays))) {
		return broken(AccessPeriodOutOfRange, fmt.Sprintf("Access ends in the future, at most %d days ahead.", mostAccessDays), field)
	}
	return nil
}

// expireInvitations records what the clock has ended already, so that it is no longer in the way of a unique key. Each has an event
// of its own.
func (t *tx) expireInvitations(ctx context.Context, which ...predicate.Invitation) error {
	rows, err := t.Invitation.Query().Where(invitation.StatusEQ(invitation.StatusPending), invitation.ExpiresAtLTE(t.now)).Where(which...).All(ctx)
	if err != nil {
		return fmt.Errorf("find expired invitations: %w", err)
	}
	for _, inv := range rows {
		n, err := closeInvitations(t.Invitation.Update().Where(invitation.ID(inv.ID), invitation.StatusEQ(invitation.StatusPending)), invitation.StatusExpired).Save(ctx)
		if err != nil {
			return fmt.Errorf("record an expired invitation: %w", err)
		}
		if n == 0 {
			continue // the sweeper has done it meanwhile
		}
		e := t.about(inv, "invitation.expired")
		e.clock = true
		if err := t.record(ctx, e); err != nil {
			return err
		}
	}
	return nil
}

// voidInvitations revokes pending invitations with what they rested on.
func (t *tx) voidInvitations(ctx context.Context, which predicate.Invitation) ([]*ent.Invitation, error) {
	rows, err := t.Invitation.Query().Where(which, invitation.StatusEQ(invitation.StatusPending)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("find pending invitations: %w", err)
	}
	var ids []string
	for _, inv := range rows {
		ids = append(ids, inv.ID)
		t.touch(inv.ID, inv.PartnerID, orZero(inv.CustomerID))
	}
	for _, part := range split(ids) {
		if err := closeInvitations(t.Invitation.Update().Where(invitation.IDIn(part...)), invitation.StatusRevoked).Exec(ctx); err != nil {
			return nil, fmt.Errorf("void invitations: %w", err)
		}
	}
	return rows, nil
}

// closeInvitations takes rows out of PENDING, and frees the keys that they held.
func closeInvitations(rows *ent.InvitationUpdate, status invitation.Status) *ent.InvitationUpdate {
	return rows.SetStatus(status).ClearPendingEmailKey().ClearPendingCustomerKey().AddVersion(1)
}

// ResendInvitation sends an invitation again: its old link is dead, and it is valid anew.
//
// NOT_FOUND, INVITATION_NOT_PENDING, INVITATION_RESEND_LIMIT, PARTNER_PERMISSION_REQUIRED.
func (s *Service) ResendInvitation(ctx context.Context, cmd ResendInvitation) (inv *ent.Invitation, err error) {
	err = s.tx(ctx, func(ctx context.Context, t *tx) error {
		if inv, err = t.sentByOwn(ctx, cmd.ID); err != nil {
			return err
		}
		p, err := t.partnerOf(ctx, inv.PartnerID)
		if err != nil {
			return err
		}
		if err := p.mayConnect(); err != nil {
			return err
		}
		if !MayResend(inv) {
			return broken(InvitationResendLimit, fmt.Sprintf("An invitation is sent %d times at most.", mostSends), "id")
		}
		valid := t.Invitation.UpdateOne(inv).SetExpiresAt(t.now.Add(time.Duration(inv.ValidHours) * time.Hour)).
			AddSendCount(1).SetLastSentAt(t.now).AddVersion(1)
		if inv.EmailCanonical == nil {
			if inv, err = valid.Save(ctx); err == nil {
				err = t.remind(ctx, inv)
			}
		} else {
			inv, err = t.mailAgain(ctx, valid)
		}
		if err != nil {
			return fmt.Errorf("send the invitation again: %w", err)
		}
		return t.record(ctx, t.about(inv, "invitation.resent"))
	}, &inv)
	return inv, err
}

// RevokeInvitation takes an invitation back.
//
// NOT_FOUND, INVITATION_NOT_PENDING.
func (s *Service) RevokeInvitation(ctx context.Context, cmd RevokeInvitation) (inv *ent.Invitation, err error) {
	err = s.tx(ctx, func(ctx context.Context, t *tx) error {
		if inv, err = t.sentByOwn(ctx, cmd.ID); err != nil {
			return err
		}
		if inv, err = t.close(ctx, inv, invitation.StatusRevoked, nil); err != nil {
			return err
		}
		if err := t.tellRevoked(ctx, inv); err != nil {
			return err
		}
		return t.record(ctx, t.about(inv, "invitation.revoked"))
	}, &inv)
	return inv, err
}

// sentByOwn reads and locks a pending invitation that the viewer's own side sent: PARTNERS MANAGE there by a membership
// of their own is needed.
func (t *tx) sentByOwn(ctx context.Context, id string) (*ent.Invitation, error) {
	if err := t.person(); err != nil {
		return nil, err
	}
	inv, err := t.invitation(ctx, id)
	if err != nil {
		return nil, err
	}
	if err := t.lock(ctx, Sender(inv)); err != nil {
		return nil, err
	}
	if inv, err = t.invitation(ctx, id); err != nil {
		return nil, err
	}
	may, err := MayWithdraw(ctx, t.access, inv)
	if err != nil {
		return nil, err
	}
	if !may {
		return nil, ErrForbidden
	}
	return inv, t.pending(inv)
}

// invitation reads an invitation that the viewer may see; any other is NOT_FOUND.
func (t *tx) invitation(ctx context.Context, id string) (*ent.Invitation, error) {
	inv, err := t.Invitation.Get(ctx, id)
	if ent.IsNotFound(err) {
		return nil, notFound("id")
	}
	if err != nil {
		return nil, fmt.Errorf("read the invitation: %w", err)
	}
	if err := t.access.Resolve(ctx, inv.PartnerID, orZero(inv.CustomerID)); err != nil {
		return nil, err
	}
	if !rule.SeesInvitation(ctx, t.access, inv) {
		return nil, notFound("id")
	}
	return inv, nil
}

// seesPair reports whether the viewer holds VIEW on feature in one of two tenants: what seeing a row of the pair takes.
func (t *tx) seesPair(ctx context.Context, feature access.Feature, tenantIDs ...string) (bool, error) {
	if err := t.access.Resolve(ctx, tenantIDs...); err != nil {
		return false, err
	}
	for _, id := range tenantIDs {
		if r := t.access.Known(ctx, id); r != nil && r.Levels.At(feature) >= access.View {
			return true, nil
		}
	}
	return false, nil
}

// pending says that an invitation can no longer be answered, if so.
func (t *tx) pending(inv *ent.Invitation) error {
	if !IsPending(inv, t.now) {
		return broken(InvitationNotPending, "This invitation was accepted, declined or revoked, or it expired.", "id")
	}
	return nil
}

// InvitationStatus is where an invitation stands at a moment: one past its expiry is EXPIRED, recorded or not.
func InvitationStatus(inv *ent.Invitation, now time.Time) invitation.Status {
	if inv.Status == invitation.StatusPending && !now.Before(inv.ExpiresAt) {
		return invitation.StatusExpired
	}
	return inv.Status
}

// close takes a pending invitation out of PENDING. Of two who try at once, one finds it closed.
func (t *tx) close(ctx context.Context, inv *ent.Invitation, status invitation.Status, reason *string) (*ent.Invitation, error) {
	rows := t.Invitation.Update().Where(invitation.ID(inv.ID), invitation.StatusEQ(invitation.StatusPending), invitation.ExpiresAtGT(t.now))
	n, err := closeInvitations(rows, status).SetNillableDeclineReason(reason).Save(ctx)
	if err != nil {
		return nil, fmt.Errorf("close the invitation: %w", err)
	}
	if n == 0 {
		return nil, broken(InvitationNotPending, "This invitation was accepted, declined or revoked, or it expired.", "id")
	}
	t.touch(inv.ID, inv.PartnerID, orZero(inv.CustomerID))
	return t.Invitation.Get(ctx, inv.ID)
}

// about is an audit event about an invitation, seen by its sender's side and, once it is known, by the other.
func (t *tx) about(inv *ent.Invitation, action string) event {
	e := event{action: action, tenant: inv.PartnerID, other: orZero(inv.CustomerID), relationship: orZero(inv.RelationshipID), target: inv.ID, targetName: orZero(inv.Email)}
	if inv.Direction == invitation.DirectionCustomerToPartner {
		e.tenant, e.other, e.targetName = orZero(inv.CustomerID), inv.PartnerID, inv.PartnerName
	}
	return e
}
