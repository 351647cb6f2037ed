package mandate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"mandate/ent"
	"mandate/ent/invitation"
	"mandate/ent/relationship"
	"mandate/ent/role"
	"mandate/internal/access"
	"mandate/internal/mail"
)

// NarrowRelationship lowers the ceiling or brings the end nearer, at once, by either side.
//
// NOT_FOUND, RELATIONSHIP_NOT_ACTIVE, STALE_VERSION; ROLE_EXCEEDS_GRANT for a role that is not narrower,
// ACCESS_PERIOD_OUT_OF_RANGE for an end that is not nearer; RELATIONSHIP_NOT_TERMINABLE for a customer that would leave
// its partner of record less than Read-Only, or with an end.
func (s *Service) NarrowRelationship(ctx context.Context, cmd NarrowRelationship) (rel *ent.Relationship, err error) {
	err = s.tx(ctx, func(ctx context.Context, t *tx) error {
		at, err := t.relationship(ctx, cmd.ID, cmd.Version)
		if err != nil {
			return err
		}
		if at.side == relationship.EndedByOperator {
			return ErrForbidden
		}
		update := t.Relationship.UpdateOne(at.Relationship).AddVersion(1)
		var changes []access.Change
		if cmd.RoleID != nil || cmd.RoleKey != nil {
			before, after, err := t.lowered(ctx, at, cmd)
			if err != nil {
				return err
			}
			update.SetRoleID(after.id)
			changes = append(changes, change("role", before.name, after.name)...)
		}
		if cmd.EndsAt != nil {
			if err := t.nearer(ctx, at, *cmd.EndsAt); err != nil {
				return err
			}
			update.SetEndsAt(*cmd.EndsAt).SetDueAt(*NextDue(at.StartsAt, cmd.EndsAt, nil, t.now)).ClearAutoExtendDays() // a nearer end is the end
			changes = append(changes, change("endsAt", stamp(at.EndsAt), stamp(cmd.EndsAt))...)
			changes = append(changes, change("autoExtendDays", days(at.AutoExtendDays), "")...)
		}
		if len(changes) == 0 {
			return broken(Required, "Name a narrower role or a nearer end.", "roleKey")
		}
		if rel, err = update.Save(ctx); err != nil {
			return fmt.Errorf("narrow the relationship: %w", err)
		}
		e := t.between(at, "relationship.narrowed")
		e.changes = changes
		return t.record(ctx, e)
	}, &rel)
	return rel, err
}

// lowered finds the narrower role, and checks that it is one.
func (t *tx) lowered(ctx context.Context, at standing, cmd NarrowRelationship) (before, after namedRole, err error) {
	if before, err = t.roleOf(ctx, at.RoleID); err != nil {
		return before, after, err
	}
	if after, err = t.ceiling(ctx, at, cmd.RoleID, cmd.RoleKey); err != nil {
		return before, after, err
	}
	if !after.levels.Within(before.levels) {
		return before, after, broken(RoleExceedsGrant, "The role is not narrower than the present one.", "roleKey")
	}
	if !systemRole(access.ReadOnly).levels.Within(after.levels) {
		err = t.mayLeave(ctx, at, "roleKey")
	}
	return before, after, err
}

// ceiling finds the role that is to limit the partner: a system role, or for a designated partner one of the customer's
// own. The customer could empty its own role, and so leave its partner of record less than it may.
func (t *tx) ceiling(ctx context.Context, at standing, id *string, key *role.Key) (namedRole, error) {
	r, err := t.role(ctx, at.CustomerID, id, key)
	if err != nil {
		return namedRole{}, err
	}
	if _, system := access.SystemRoleByID(r.id); !system && at.Kind == relationship.KindPartnerOfRecord {
		return namedRole{}, broken(Invalid, "A partner of record is limited by a system role.", "roleId")
	}
	return r, nil
}

// mayLeave fails when a customer would leave its partner of record with nearly nothing, or with an end: that is ending it.
func (t *tx) mayLeave(ctx context.Context, at standing, field string) error {
	var fault *Error
	err := t.mayEnd(ctx, at.Relationship, at.side)
	if errors.As(err, &fault) {
		return broken(RelationshipNotTerminable, "A customer leaves its partner of record Read-Only at least, and without an end.", field)
	}
	return err
}

func (t *tx) nearer(ctx context.Context, at standing, end time.Time) error {
	if err := t.mayLeave(ctx, at, "endsAt"); err != nil {
		return err
	}
	if !end.After(t.now) || at.EndsAt != nil && !end.Before(*at.EndsAt) || end.After(t.now.AddDate(0, 0, mostAccessDays)) {
		return broken(AccessPeriodOutOfRange, "The new end lies in the future, and before the present one.", "endsAt")
	}
	return nil
}

// WidenRelationship raises the ceiling: at once when the customer's side asks, and within what that person holds; as an
// offer that the customer accepts when the partner does.
//
// NOT_FOUND, RELATIONSHIP_NOT_ACTIVE, STALE_VERSION, INVITATION_ALREADY_EXISTS, ROLE_EXCEEDS_GRANT.
func (s *Service) WidenRelationship(ctx context.Context, cmd WidenRelationship) (rel *ent.Relationship, inv *ent.Invitation, err error) {
	message, fault := paragraph(cmd.Message, 1000, "message")
	if fault != nil {
		return nil, nil, fault
	}
	err = s.tx(ctx, func(ctx context.Context, t *tx) error {
		rel, inv = nil, nil
		at, err := t.relationship(ctx, cmd.ID, cmd.Version)
		if err != nil {
			return err
		}
		before, err := t.roleOf(ctx, at.RoleID)
		if err != nil {
			return err
		}
		after, err := t.ceiling(ctx, at, cmd.RoleID, cmd.RoleKey)
		if err != nil {
			return err
		}
		if !before.levels.Within(after.levels) || after.levels.Equal(before.levels) {
			return broken(RoleExceedsGrant, "The role is not wider than the present one.", "roleKey")
		}
		switch at.side {
		case relationship.EndedByCustomer:
			rel, err = t.widen(ctx, at, before, after)
		case relationship.EndedByPartner:
			rel = at.Relationship
			inv, err = t.offer(ctx, at, terms{role: after}, message)
		default:
			err = ErrForbidden
		}
		return err
	}, &rel, &inv)
	return rel, inv, err
}

func (t *tx) widen(ctx context.Context, at standing, before, after namedRole) (*ent.Relationship, error) {
	if !after.levels.Within(at.levels) {
		return nil, broken(RoleExceedsGrant, "You can allow a partner no more than you hold yourself.", "roleKey")
	}
	rel, err := t.Relationship.UpdateOne(at.Relationship).SetRoleID(after.id).AddVersion(1).Save(ctx)
	if err != nil {
		return nil, fmt.Errorf("widen the relationship: %w", err)
	}
	e := t.between(at, "relationship.widened")
	e.changes = change("role", before.name, after.name)
	return rel, t.record(ctx, e)
}

// terms are what a partner asks a customer for: another ceiling, or a later end.
type terms struct {
	role           namedRole
	endsAt         *time.Time
	autoExtendDays *int
}

// extends reports whether an offer is about the end; then it leaves the ceiling as it is.
func extends(inv *ent.Invitation) bool { return inv.AccessEndsAt != nil || inv.AutoExtendDays != nil }

// offer asks the customer for other terms.
func (t *tx) offer(ctx context.Context, at standing, asked terms, message *string) (*ent.Invitation, error) {
	p, err := t.partnerOf(ctx, at.PartnerID)
	if err != nil {
		return nil, err
	}
	if err := p.mayConnect(); err != nil {
		return nil, err
	}
	key := at.PartnerID + ":" + at.CustomerID
	if err := t.expireInvitations(ctx, invitation.PendingCustomerKey(key)); err != nil {
		return nil, err
	}
	exists, err := t.Invitation.Query().Where(invitation.PendingCustomerKey(key)).Exist(ctx)
	if err != nil {
		return nil, err
	}
	if exists {
		return nil, broken(InvitationAlreadyExists, "An offer to this customer is pending already.")
	}
	sender, err := t.senderID(ctx, at.PartnerID)
	if err != nil {
		return nil, err
	}
	inv, err := t.draft(p).SetDirection(invitation.DirectionPartnerToCustomer).SetChannel(invitation.ChannelPartnerID).
		SetCustomerID(at.CustomerID).SetNillableCustomerName(at.CustomerName).SetNillableCustomerAccountNumber(at.CustomerAccountNumber).
		SetRelationshipID(at.ID).SetRoleID(asked.role.id).SetNillableAccessEndsAt(asked.endsAt).SetNillableAutoExtendDays(asked.autoExtendDays).
		SetPendingCustomerKey(key).SetNillableMessage(message).
		SetValidHours(defaultValidHours).SetExpiresAt(t.now.Add(defaultValidHours * time.Hour)).SetSendCount(1).SetLastSentAt(t.now).
		SetSenderID(sender).Save(ctx)
	if err != nil {
		return nil, fmt.Errorf("write the offer: %w", err)
	}
	if err := t.notifyOffer(ctx, inv, asked.role.name); err != nil {
		return nil, err
	}
	before, err := t.roleOf(ctx, at.RoleID)
	if err != nil {
		return nil, err
	}
	e := t.about(inv, "relationship.widening_offered")
	e.changes = change("role", before.name, asked.role.name)
	if extends(inv) {
		e.action, e.changes = "relationship.extension_offered", lengthened(at.Relationship, asked)
	}
	return inv, t.record(ctx, e)
}

// notifyOffer mails an offer to the customer's administrators.
func (t *tx) notifyOffer(ctx context.Context, inv *ent.Invitation, roleName string) error {
	rel, err := t.Relationship.Get(ctx, *inv.RelationshipID)
	if err != nil {
		return fmt.Errorf("read the relationship: %w", err)
	}
	present, err := t.roleOf(ctx, rel.RoleID)
	if err != nil {
		return err
	}
	l := mail.RelationshipOffer{
		Partner: inv.PartnerName, CurrentRole: present.name, Role: roleName, AccessEndsAt: orZero(rel.EndsAt),
		Message: orZero(inv.Message), ExpiresAt: inv.ExpiresAt, Link: t.s.link("invitation", "id", inv.ID),
	}
	if extends(inv) {
		l.Role, l.AutoExtendDays = present.name, orZero(inv.AutoExtendDays)
	}
	if inv.AccessEndsAt != nil {
		l.AccessEndsAt = *inv.AccessEndsAt
	}
	return t.notifyAdministrators(ctx, rel.CustomerID, "relationship.offer", l)
}

// acceptOffer raises the ceiling or moves the end as the partner asked, for the customer's side.
func (t *tx) acceptOffer(ctx context.Context, inv *ent.Invitation, done *Accepted) error {
	at, err := t.relationship(ctx, *inv.RelationshipID, nil)
	if err != nil {
		return err
	}
	if at.side != relationship.EndedByCustomer {
		return ErrForbidden
	}
	p, err := t.partnerOf(ctx, at.PartnerID)
	if err != nil {
		return err
	}
	if err := p.mayConnect(); err != nil {
		return err
	}
	before, err := t.roleOf(ctx, at.RoleID)
	if err != nil {
		return err
	}
	after, err := t.roleOf(ctx, inv.RoleID)
	if err != nil {
		return err
	}
	if done.Invitation, err = t.close(ctx, inv, invitation.StatusAccepted, nil); err != nil {
		return err
	}
	if extends(inv) {
		after = before
		done.Relationship, err = t.extend(ctx, at, terms{before, inv.AccessEndsAt, inv.AutoExtendDays}, "id", "id")
	} else if !before.levels.Within(after.levels) { // raised since
		err = broken(RoleExceedsGrant, "The role is not wider than the present one.", "id")
	} else {
		done.Relationship, err = t.widen(ctx, at, before, after)
	}
	if err != nil {
		return err
	}
	return t.tellSender(ctx, done.Invitation, "invitation.accepted", mail.InvitationAccepted{
		By: orZero(at.CustomerName), Role: after.name, AccessEndsAt: orZero(done.Relationship.EndsAt),
	})
}

// stamp writes an instant for the audit trail; "" for none.
func stamp(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
