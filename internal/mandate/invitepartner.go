package mandate

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode"

	"mandate/ent"
	"mandate/ent/invitation"
	"mandate/ent/member"
	"mandate/ent/partner"
	"mandate/ent/predicate"
	"mandate/ent/tenant"
	"mandate/internal/access"
	"mandate/internal/mail"
)

// InvitePartner asks a partner, named by its Partner ID or by its invite link, to work for a customer.
//
// PARTNER_NOT_FOUND, CUSTOMER_ALREADY_LINKED, INVITATION_ALREADY_EXISTS, INVITATION_LIMIT_REACHED, ROLE_EXCEEDS_GRANT
// for a ceiling above what the viewer holds, PARTNER_CANNOT_INVITE_PARTNER, TENANT_SUSPENDED.
func (s *Service) InvitePartner(ctx context.Context, cmd InvitePartner) (inv *ent.Invitation, err error) {
	err = s.tx(ctx, func(ctx context.Context, t *tx) error {
		if err := t.person(); err != nil {
			return err
		}
		customer, levels, err := t.ownCustomer(ctx, cmd.TenantID)
		if err != nil {
			return err
		}
		p, channel, err := t.namedPartner(ctx, cmd)
		if err != nil {
			return err
		}
		ceiling, err := t.role(ctx, customer.ID, cmd.RoleID, cmd.RoleKey)
		if err != nil {
			return err
		}
		if !ceiling.levels.Within(levels) {
			return broken(RoleExceedsGrant, "You can allow a partner no more than you hold yourself.", "roleKey")
		}
		message, fault := paragraph(cmd.Message, 1000, "message")
		if fault != nil {
			return fault
		}
		if fault := t.accessEnd(cmd.AccessEndsAt, "accessEndsAt"); fault != nil {
			return fault
		}
		if err := t.mayAsk(ctx, customer, p); err != nil {
			return err
		}
		sender, err := t.senderID(ctx, customer.ID)
		if err != nil {
			return err
		}
		inv, err = t.draft(p).SetDirection(invitation.DirectionCustomerToPartner).SetChannel(channel).
			SetCustomerID(customer.ID).SetCustomerName(customer.Name).SetRoleID(ceiling.id).
			SetPendingCustomerKey(p.tenant.ID + ":" + customer.ID).SetNillableMessage(message).
			SetNillableAccessEndsAt(cmd.AccessEndsAt).SetValidHours(defaultValidHours).
			SetExpiresAt(t.now.Add(defaultValidHours * time.Hour)).SetSendCount(1).SetLastSentAt(t.now).
			SetSenderID(sender).Save(ctx)
		if err != nil {
			return fmt.Errorf("write the invitation: %w", err)
		}
		if err := t.notifyPartner(ctx, inv, ceiling.name); err != nil {
			return err
		}
		return t.record(ctx, event{action: "invitation.sent", tenant: customer.ID, other: p.tenant.ID, target: inv.ID,
			targetName: p.tenant.Name, changes: change("role", "", ceiling.name)})
	}, &inv)
	return inv, err
}

// ownCustomer finds and locks the customer on whose behalf the viewer consents, and returns what the viewer holds
// there: PARTNERS MANAGE by a membership of their own is needed.
func (t *tx) ownCustomer(ctx context.Context, tenantID *string) (*ent.Tenant, access.Levels, error) {
	id := orZero(tenantID)
	if tenantID == nil {
		only, err := t.onlyHome(ctx, tenant.KindCustomer)
		switch {
		case err != nil:
			return nil, access.Levels{}, err
		case only == "":
			return nil, access.Levels{}, broken(PartnerCannotInvite, "Only a customer can do this; you belong to none.", "tenantId")
		case only == several:
			return nil, access.Levels{}, broken(Required, "You belong to several customers: name one.", "tenantId")
		}
		id = only
	}
	if err := t.lock(ctx, id); err != nil {
		return nil, access.Levels{}, err
	}
	if err := t.notSuspended(ctx, id); err != nil {
		return nil, access.Levels{}, err
	}
	reach, err := t.needOwn(ctx, id, []string{"tenantId"}, access.Partners)
	if err != nil {
		return nil, access.Levels{}, err
	}
	tn, err := t.tenant(ctx, id)
	if err != nil {
		return nil, access.Levels{}, err
	}
	if tn.Kind != tenant.KindCustomer {
		return nil, access.Levels{}, broken(PartnerCannotInvite, "A partner's tenant is never a customer.", "tenantId")
	}
	return tn, reach.Own(), nil
}

// notSuspended tells members that their own tenant is suspended; to everybody else it is out of reach.
func (t *tx) notSuspended(ctx context.Context, tenantID string) error {
	suspended, err := t.Member.Query().Where(member.TenantID(tenantID), member.UserID(t.viewer.UserID), member.StatusEQ(member.StatusActive),
		member.HasTenantWith(tenant.StatusEQ(tenant.StatusSuspended))).Exist(ctx)
	if err != nil {
		return err
	}
	if suspended {
		return broken(TenantSuspended, "The tenant is suspended.", "tenantId")
	}
	return nil
}

// namedPartner finds the partner that a command names by its Partner ID or by its invite link.
func (t *tx) namedPartner(ctx context.Context, cmd InvitePartner) (*partnerSide, invitation.Channel, error) {
	by, channel, field := partner.Code(strings.ToUpper(strings.TrimSpace(orZero(cmd.Code)))), invitation.ChannelPartnerID, "code"
	switch {
	case (cmd.Code == nil) == (cmd.InviteLink == nil):
		return nil, "", broken(Required, "Name the partner by its Partner ID or by its invite link.", "code")
	case cmd.InviteLink != nil:
		// A link that was put together from two partners' would show one of them and invite the other.
		code, key, ok := linkOf(*cmd.InviteLink)
		by, channel, field = partner.LinkKey(key), invitation.ChannelInviteLink, "inviteLink"
		switch {
		case !ok, strings.ContainsFunc(key, func(r rune) bool { return r > unicode.MaxASCII }): // which no key has, nor a column of ASCII compares
			return nil, "", broken(PartnerNotFound, "There is no partner with this Partner ID or invite link.", field)
		case code != "":
			by = partner.And(by, partner.Code(strings.ToUpper(code)))
		}
	}
	p, err := t.holdPartner(ctx, partner.And(by, partner.TypeNotIn(partner.TypeIntegrator, partner.TypeInstaller)))
	if ent.IsNotFound(err) {
		return nil, "", broken(PartnerNotFound, "There is no partner with this Partner ID or invite link.", field)
	}
	if err != nil {
		return nil, "", fmt.Errorf("find the partner: %w", err)
	}
	return p, channel, p.mayConnect()
}

// holdPartner finds a partner that was not deleted, and holds it: its name is copied, and it is not deleted meanwhile.
func (t *tx) holdPartner(ctx context.Context, by predicate.Partner) (*partnerSide, error) {
	by = partner.And(by, partner.HasTenantWith(tenant.StatusNEQ(tenant.StatusDeleted)))
	row, err := t.Partner.Query().Where(by).Only(ctx)
	if err != nil {
		return nil, err
	}
	if err := t.hold(ctx, row.TenantID); err != nil {
		return nil, err
	}
	if row, err = t.Partner.Query().Where(by).WithTenant().Only(ctx); err != nil {
		return nil, err
	}
	return &partnerSide{row, row.Edges.Tenant}, nil
}

// mayAsk says why the customer may not invite the partner now.
func (t *tx) mayAsk(ctx context.Context, customer *ent.Tenant, p *partnerSide) error {
	if err := t.settle(ctx, customer.ID); err != nil {
		return err
	}
	if rel, err := t.liveRelationship(ctx, customer.ID); err != nil {
		return err
	} else if rel != nil {
		return alreadyLinked("tenantId")
	}
	if err := t.expireInvitations(ctx, invitation.CustomerID(customer.ID)); err != nil {
		return err
	}
	pending, err := t.Invitation.Query().Where(invitation.CustomerID(customer.ID), invitation.StatusEQ(invitation.StatusPending),
		invitation.DirectionEQ(invitation.DirectionCustomerToPartner)).All(ctx)
	if err != nil {
		return err
	}
	for _, other := range pending {
		if other.PartnerID == p.tenant.ID {
			return broken(InvitationAlreadyExists, "There is a pending invitation to this partner already.")
		}
	}
	if len(pending) >= mostFromCustomer {
		return broken(InvitationLimitReached, fmt.Sprintf("At most %d invitations can be pending.", mostFromCustomer))
	}
	return nil
}

func (t *tx) notifyPartner(ctx context.Context, inv *ent.Invitation, roleName string) error {
	return t.notifyAdministrators(ctx, inv.PartnerID, "invitation.received", mail.InvitationToPartner{
		Customer: orZero(inv.CustomerName), Role: roleName, Message: orZero(inv.Message), ExpiresAt: inv.ExpiresAt,
		Link: t.s.link("invitation", "id", inv.ID),
	})
}
