package mandate

import (
	"cmp"
	"context"
	"fmt"

	"mandate/ent"
	"mandate/ent/invitation"
	"mandate/ent/member"
	"mandate/ent/relationship"
	"mandate/ent/rule"
	"mandate/ent/tenant"
	"mandate/internal/access"
	"mandate/internal/auth"
	"mandate/internal/mail"
	"mandate/internal/viewer"
)

// Accepted is what accepting an invitation led to. SignedIn is there for a new account.
type Accepted struct {
	Invitation   *ent.Invitation
	Relationship *ent.Relationship
	SignedIn     *SignedIn
}

var errInvitationInvalid = broken(InvitationInvalid, "This invitation is not for you, or there is none.")

// AcceptInvitation accepts an invitation, by the token from its mail or by its id, and connects its two sides, or widens
// or lengthens what they have. It is checked in this order: token, address, state, tenant, link.
//
// To anyone but the person it was sent to, every faulty token is INVITATION_INVALID, indistinguishably; to that person
// an ended one is INVITATION_NOT_PENDING. SIGN_IN_REQUIRED for an address that has an account. CUSTOMER_ALREADY_LINKED
// when the customer has a partner: the invitation stays pending. PARTNER_CANNOT_INVITE_PARTNER, TENANT_SUSPENDED,
// PARTNER_PERMISSION_REQUIRED, ROLE_EXCEEDS_GRANT, RELATIONSHIP_NOT_TERMINABLE for a hand-over that may not be.
func (s *Service) AcceptInvitation(ctx context.Context, cmd AcceptInvitation) (*Accepted, error) {
	phc, err := s.newcomersPassword(ctx, cmd)
	if err != nil {
		return nil, err
	}
	var done *Accepted
	var person *ent.User
	err = s.tx(ctx, func(ctx context.Context, t *tx) error {
		done, person = &Accepted{}, nil
		inv, err := t.answerable(ctx, cmd.Token, cmd.ID)
		if err != nil {
			return err
		}
		if err := t.hold(ctx, inv.PartnerID); err != nil {
			return err
		}
		switch {
		case inv.RelationshipID != nil:
			return t.acceptOffer(ctx, inv, done)
		case inv.Direction == invitation.DirectionCustomerToPartner:
			return t.acceptAsPartner(ctx, inv, done)
		case t.viewer.SignedIn():
			return t.acceptAsCustomer(ctx, inv, cmd, done)
		}
		person, err = t.acceptAsNewcomer(ctx, inv, cmd, phc, done)
		return err
	}, &done)
	if err != nil {
		return nil, err
	}
	if person != nil {
		s.seat(ctx, person, done.SignedIn.Session)
	}
	return done, nil
}

// newcomersPassword returns the hash of the password that a newcomer chose, "" for anybody else. For a token that does not work
// nothing is hashed: that would take others' turn.
func (s *Service) newcomersPassword(ctx context.Context, cmd AcceptInvitation) (string, error) {
	if cmd.NewAccount == nil || cmd.NewAccount.Password == nil {
		return "", nil
	}
	if fault := checkPassword(*cmd.NewAccount.Password, "newAccount", "password"); fault != nil {
		return "", fault
	}
	if viewer.From(ctx).SignedIn() || cmd.Token == nil {
		return "", nil
	}
	hash, ok := auth.TokenHash(*cmd.Token)
	if !ok {
		return "", errInvitationInvalid
	}
	known, err := s.Client.Invitation.Query().
		Where(invitation.TokenHash(hash), pendingAt(s.Clock())).Exist(rule.Unscoped(ctx))
	if err != nil {
		return "", fmt.Errorf("look an invitation up: %w", err)
	}
	if !known {
		return "", errInvitationInvalid
	}
	return s.hash(ctx, *cmd.NewAccount.Password)
}

// answerable finds the pending invitation that the viewer may answer: by its token whoever reads the mail, by its id
// whoever it was sent to, and whoever decides about partners on the side that was asked.
func (t *tx) answerable(ctx context.Context, token, id *string) (*ent.Invitation, error) {
	if t.viewer.SignedIn() && !t.viewer.InPerson() {
		return nil, ErrForbidden
	}
	if (token == nil) == (id == nil) {
		return nil, broken(Required, "Name the invitation by its token or by its id.", "token")
	}
	if id != nil {
		return t.answerableByID(ctx, *id)
	}
	hash, ok := auth.TokenHash(*token)
	if !ok {
		return nil, errInvitationInvalid
	}
	inv, err := t.Invitation.Query().Where(invitation.TokenHash(hash)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, errInvitationInvalid
	}
	if err != nil {
		return nil, fmt.Errorf("look an invitation up: %w", err)
	}
	if t.viewer.SignedIn() && !addressed(t.viewer, inv) {
		return nil, errInvitationInvalid
	}
	if err := t.pending(inv); err != nil {
		if !t.viewer.SignedIn() {
			return nil, errInvitationInvalid
		}
		return nil, err
	}
	return inv, nil
}

func (t *tx) answerableByID(ctx context.Context, id string) (*ent.Invitation, error) {
	if !t.viewer.SignedIn() {
		return nil, ErrUnauthenticated
	}
	inv, err := t.invitation(ctx, id)
	if err != nil {
		return nil, err
	}
	if inv.Direction == invitation.DirectionCustomerToPartner {
		err = t.hold(ctx, inv.PartnerID)
	} else if inv.CustomerID != nil {
		err = t.lock(ctx, *inv.CustomerID)
	}
	if err != nil {
		return nil, err
	}
	if inv, err = t.invitation(ctx, id); err != nil {
		return nil, err
	}
	may, err := MayAnswer(ctx, t.access, inv)
	if err != nil {
		return nil, err
	}
	if !may {
		return nil, ErrForbidden
	}
	return inv, t.pending(inv)
}

// acceptAsCustomer accepts a partner's invitation for a customer of the viewer's, or for one made now.
func (t *tx) acceptAsCustomer(ctx context.Context, inv *ent.Invitation, cmd AcceptInvitation, done *Accepted) error {
	customer, levels, actor, err := t.accepting(ctx, cmd)
	if err != nil {
		return err
	}
	ceiling, err := t.narrowed(ctx, inv, customer.ID, cmd, levels)
	if err != nil {
		return err
	}
	return t.accept(ctx, inv, customer, ceiling, orZero(cmd.ReplaceCurrent), actor, done)
}

// accepting finds and locks the customer that accepts, with what the viewer holds there.
func (t *tx) accepting(ctx context.Context, cmd AcceptInvitation) (*ent.Tenant, access.Levels, *ent.Member, error) {
	if cmd.TenantID == nil && cmd.NewAccount != nil {
		tn, m, err := t.ownNewTenant(ctx, cmd.NewAccount)
		return tn, access.Everything, m, err
	}
	if cmd.TenantID == nil {
		homes, err := t.access.Homes(ctx)
		if err != nil {
			return nil, access.Levels{}, nil, err
		}
		if len(homes) == 0 {
			return nil, access.Levels{}, nil, broken(Required, "You belong to no customer yet: name the new one.", "newAccount")
		}
	}
	tn, levels, err := t.ownCustomer(ctx, cmd.TenantID)
	return tn, levels, nil, err
}

// narrowed is the ceiling that the customer consents to: what was offered, or less, and never more than the person who
// consents holds.
func (t *tx) narrowed(ctx context.Context, inv *ent.Invitation, customerID string, cmd AcceptInvitation, levels access.Levels) (namedRole, error) {
	offer, err := t.roleOf(ctx, inv.RoleID)
	if err != nil {
		return namedRole{}, err
	}
	ceiling := offer
	if cmd.RoleID != nil || cmd.RoleKey != nil {
		if ceiling, err = t.role(ctx, customerID, cmd.RoleID, cmd.RoleKey); err != nil {
			return namedRole{}, err
		}
		if !ceiling.levels.Within(offer.levels) {
			return namedRole{}, broken(RoleExceedsGrant, "An acceptance can narrow what was offered, and not widen it.", "roleKey")
		}
	}
	if !ceiling.levels.Within(levels) {
		return namedRole{}, broken(RoleExceedsGrant, "You can allow a partner no more than you hold yourself.", "roleKey")
	}
	return ceiling, nil
}

// acceptAsPartner accepts a customer's invitation. Whoever sent it must still hold what it allows.
func (t *tx) acceptAsPartner(ctx context.Context, inv *ent.Invitation, done *Accepted) error {
	if err := t.lock(ctx, *inv.CustomerID); err != nil {
		return err
	}
	customer, err := t.tenant(ctx, *inv.CustomerID)
	if err != nil {
		return err
	}
	if customer.Status != tenant.StatusActive {
		return broken(TenantSuspended, "The customer is suspended.")
	}
	ceiling, err := t.roleOf(ctx, inv.RoleID)
	if err != nil {
		return err
	}
	holds, err := t.senderHolds(ctx, inv, ceiling.levels)
	if err != nil {
		return err
	}
	if !holds {
		return broken(RoleExceedsGrant, "Whoever sent this invitation may no longer allow what it offers.")
	}
	return t.accept(ctx, inv, customer, ceiling, false, nil, done)
}

// sender reads whoever sent the invitation, with what they hold in the tenant that it belongs to; nil if they are no longer at work
// there.
func (t *tx) sender(ctx context.Context, inv *ent.Invitation) (*ent.Member, access.Levels, error) {
	if inv.SenderID == nil {
		return nil, access.Levels{}, nil
	}
	m, err := t.Member.Query().Where(member.ID(*inv.SenderID), member.StatusEQ(member.StatusActive),
		member.HasTenantWith(tenant.StatusEQ(tenant.StatusActive))).WithUser().WithPermissions().Only(ctx)
	if ent.IsNotFound(err) {
		return nil, access.Levels{}, nil
	}
	if err != nil {
		return nil, access.Levels{}, fmt.Errorf("find the sender: %w", err)
	}
	e, err := t.entitlementOf(ctx, m)
	return m, e.levels(), err
}

// senderHolds reports whether the sender may still decide about partners, and still holds the levels.
func (t *tx) senderHolds(ctx context.Context, inv *ent.Invitation, levels access.Levels) (bool, error) {
	m, held, err := t.sender(ctx, inv)
	return m != nil && held.At(access.Partners) == access.Manage && levels.Within(held), err
}

// accept closes the invitation, connects the two sides, and tells the side that asked.
func (t *tx) accept(ctx context.Context, inv *ent.Invitation, customer *ent.Tenant, ceiling namedRole, replace bool, actor *ent.Member, done *Accepted) error {
	p, err := t.partnerOf(ctx, inv.PartnerID)
	if err != nil {
		return err
	}
	if err := p.mayConnect(); err != nil {
		return err
	}
	if inv, err = t.close(ctx, inv, invitation.StatusAccepted, nil); err != nil {
		return err
	}
	b := bond{partner: p, customer: customer, kind: relationship.KindCustomerDesignated, role: ceiling, endsAt: inv.AccessEndsAt, replace: replace}
	if b.endsAt != nil && !b.endsAt.After(t.now) {
		return broken(AccessPeriodOutOfRange, "The access that was offered would have ended already.")
	}
	if done.Relationship, err = t.connect(ctx, b); err != nil {
		return err
	}
	done.Invitation, err = t.Invitation.UpdateOne(inv).SetCustomerID(customer.ID).SetCustomerName(customer.Name).
		SetNillableCustomerAccountNumber(customer.AccountNumber).SetRelationshipID(done.Relationship.ID).Save(ctx)
	if err != nil {
		return fmt.Errorf("note what the invitation led to: %w", err)
	}
	if err := t.tellSender(ctx, done.Invitation, "invitation.accepted", mail.InvitationAccepted{
		By: answering(done.Invitation), Role: ceiling.name, AccessEndsAt: orZero(inv.AccessEndsAt),
	}); err != nil {
		return err
	}
	e := t.about(done.Invitation, "invitation.accepted")
	e.tenant, e.other, e.actor = customer.ID, p.tenant.ID, actor
	e.changes = change("role", "", ceiling.name)
	if inv.Direction == invitation.DirectionCustomerToPartner {
		e.tenant, e.other = p.tenant.ID, customer.ID
	}
	return t.record(ctx, e)
}

// answering is the name of the side that answers an invitation.
func answering(inv *ent.Invitation) string {
	if inv.Direction == invitation.DirectionCustomerToPartner {
		return inv.PartnerName
	}
	return orZero(inv.CustomerName)
}

// tellSender mails whoever sent the invitation, if they still see it: it belongs to the tenant, and not to them.
func (t *tx) tellSender(ctx context.Context, inv *ent.Invitation, kind string, l mail.Template) error {
	m, held, err := t.sender(ctx, inv)
	if err != nil || m == nil || held.At(access.Partners) < access.View {
		return err
	}
	return t.send(ctx, mailing{kind: kind, to: m.Edges.User, letter: l})
}

// DeclineInvitation declines an invitation, by the token from its mail or by its id. For 30 days that partner sends no
// further mail to the address.
//
// INVITATION_INVALID, INVITATION_NOT_PENDING, NOT_FOUND, as for accepting.
func (s *Service) DeclineInvitation(ctx context.Context, cmd DeclineInvitation) (inv *ent.Invitation, err error) {
	reason, fault := paragraph(cmd.Reason, 500, "reason")
	if fault != nil {
		return nil, fault
	}
	err = s.tx(ctx, func(ctx context.Context, t *tx) error {
		if inv, err = t.answerable(ctx, cmd.Token, cmd.ID); err != nil {
			return err
		}
		if inv, err = t.close(ctx, inv, invitation.StatusDeclined, reason); err != nil {
			return err
		}
		l := mail.InvitationDeclined{By: cmp.Or(answering(inv), orZero(inv.Email)), Reason: orZero(reason)}
		if err := t.tellSender(ctx, inv, "invitation.declined", l); err != nil {
			return err
		}
		e := t.about(inv, "invitation.declined")
		e.reason = reason
		return t.record(ctx, e)
	}, &inv)
	return inv, err
}
