package mandate

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"time"

	"mandate/ent"
	"mandate/ent/relationship"
	"mandate/internal/access"
)

// ExtendRelationship moves the end of a relationship further away, or has it moved by itself from one day before: at once
// when the customer's side asks, and within what that person holds; as an offer that the customer accepts when the partner
// does. To stop moving it takes effect at once by either side.
//
// NOT_FOUND, RELATIONSHIP_NOT_ACTIVE, STALE_VERSION, REQUIRED; ACCESS_PERIOD_OUT_OF_RANGE for an end that is not later, or
// more than 730 days ahead, and for a relationship without an end; ROLE_EXCEEDS_GRANT for a ceiling that is more than the
// customer's person holds; INVITATION_ALREADY_EXISTS, TENANT_SUSPENDED and PARTNER_PERMISSION_REQUIRED for an offer;
// RELATIONSHIP_NOT_TERMINABLE for a customer that would have its partner of record's access end.
func (s *Service) ExtendRelationship(ctx context.Context, cmd ExtendRelationship) (rel *ent.Relationship, inv *ent.Invitation, err error) {
	if cmd.EndsAt == nil && cmd.AutoExtendDays == nil {
		return nil, nil, broken(Required, "Name a later end, or by how many days it moves by itself.", "endsAt")
	}
	err = s.tx(ctx, func(ctx context.Context, t *tx) error {
		rel, inv = nil, nil
		at, err := t.relationship(ctx, cmd.ID, cmd.Version)
		if err != nil {
			return err
		}
		if at.side == relationship.EndedByOperator {
			return ErrForbidden
		}
		role, err := t.roleOf(ctx, at.RoleID)
		if err != nil {
			return err
		}
		asked := terms{role: role, autoExtendDays: cmd.AutoExtendDays}
		if cmd.EndsAt != nil {
			end := cmd.EndsAt.UTC().Truncate(time.Microsecond)
			asked.endsAt = &end
		}
		switch {
		case asked.endsAt == nil && *asked.autoExtendDays == 0:
			rel, err = t.extendNoMore(ctx, at)
		case at.side == relationship.EndedByCustomer:
			rel, err = t.extend(ctx, at, asked, "endsAt", "autoExtendDays")
		default:
			rel = at.Relationship
			inv, err = t.offerLater(ctx, at, asked)
		}
		return err
	}, &rel, &inv)
	return rel, inv, err
}

// extend moves the end, and sets by how many days it moves by itself, for the customer's side. The fields name both in
// what the customer's person sent.
func (t *tx) extend(ctx context.Context, at standing, asked terms, endField, daysField string) (*ent.Relationship, error) {
	if !asked.role.levels.Within(at.levels) {
		return nil, broken(RoleExceedsGrant, "You can allow a partner for longer only what you hold yourself.", asked.field(endField, daysField))
	}
	if fault := t.later(at.Relationship, asked, endField, daysField); fault != nil {
		return nil, fault
	}
	end, every := cmp.Or(asked.endsAt, at.EndsAt), cmp.Or(asked.autoExtendDays, at.AutoExtendDays)
	update := t.Relationship.UpdateOne(at.Relationship).SetNillableEndsAt(asked.endsAt).SetNillableAutoExtendDays(every).AddVersion(1)
	if every != nil && *every == 0 {
		if err := t.mayLeave(ctx, at, daysField); err != nil {
			return nil, err
		}
		every = nil
		update.ClearAutoExtendDays()
	}
	rel, err := update.SetDueAt(*NextDue(at.StartsAt, end, every, t.now)).Save(ctx)
	if err != nil {
		return nil, fmt.Errorf("extend the relationship: %w", err)
	}
	e := t.between(at, "relationship.extended")
	e.changes = lengthened(at.Relationship, asked)
	return rel, t.record(ctx, e)
}

// extendNoMore keeps the end of a relationship from moving by itself.
func (t *tx) extendNoMore(ctx context.Context, at standing) (*ent.Relationship, error) {
	if at.AutoExtendDays == nil {
		return nil, broken(AccessPeriodOutOfRange, "The end does not move by itself.", "autoExtendDays")
	}
	if err := t.mayLeave(ctx, at, "autoExtendDays"); err != nil {
		return nil, err
	}
	rel, err := t.Relationship.UpdateOne(at.Relationship).ClearAutoExtendDays().SetDueAt(*NextDue(at.StartsAt, at.EndsAt, nil, t.now)).AddVersion(1).Save(ctx)
	if err != nil {
		return nil, fmt.Errorf("extend the relationship no more: %w", err)
	}
	e := t.between(at, "relationship.narrowed")
	e.changes = change("autoExtendDays", days(at.AutoExtendDays), "")
	return rel, t.record(ctx, e)
}

// offerLater asks the customer for a later end.
func (t *tx) offerLater(ctx context.Context, at standing, asked terms) (*ent.Invitation, error) {
	if orZero(asked.autoExtendDays) == 0 && asked.autoExtendDays != nil {
		return nil, broken(Invalid, "To stop moving the end takes effect at once: ask for a later end by itself.", "autoExtendDays")
	}
	if fault := t.later(at.Relationship, asked, "endsAt", "autoExtendDays"); fault != nil {
		return nil, fault
	}
	return t.offer(ctx, at, asked, nil)
}

// later says what is wrong with an end that is asked for, held against the present one and the clock.
func (t *tx) later(rel *ent.Relationship, asked terms, endField, daysField string) *Error {
	days := asked.autoExtendDays
	switch {
	case rel.EndsAt == nil:
		return broken(AccessPeriodOutOfRange, "The relationship has no end.", asked.field(endField, daysField))
	case asked.endsAt != nil && (!asked.endsAt.After(*rel.EndsAt) || asked.endsAt.After(t.now.AddDate(0, 0, mostAccessDays))):
		return broken(AccessPeriodOutOfRange, fmt.Sprintf("The new end is later than the present one, and at most %d days ahead.", mostAccessDays), endField)
	case days != nil && (*days < 0 || *days > mostAccessDays):
		return broken(AccessPeriodOutOfRange, fmt.Sprintf("The end moves by 1 to %d days; 0 stops it.", mostAccessDays), daysField)
	}
	return nil
}

// field is the one that names what is asked for first.
func (asked terms) field(endField, daysField string) string {
	if asked.endsAt == nil {
		return daysField
	}
	return endField
}

// lengthened lists what is to change of an end, for the audit trail.
func lengthened(rel *ent.Relationship, asked terms) (list []access.Change) {
	if asked.endsAt != nil {
		list = change("endsAt", stamp(rel.EndsAt), stamp(asked.endsAt))
	}
	if asked.autoExtendDays != nil {
		list = append(list, change("autoExtendDays", days(rel.AutoExtendDays), days(asked.autoExtendDays))...)
	}
	return list
}

// days writes a number of days for the audit trail; "" for none.
func days(n *int) string {
	if orZero(n) == 0 {
		return ""
	}
	return strconv.Itoa(*n)
}

// move moves the end of a relationship that moves by itself: the transaction has locked it, and its end is near.
func (t *tx) move(ctx context.Context, rel *ent.Relationship) (*ent.Relationship, error) {
	end := rel.EndsAt.AddDate(0, 0, *rel.AutoExtendDays)
	if most := t.now.AddDate(0, 0, mostAccessDays); end.After(most) {
		end = most
	}
	moved, err := t.Relationship.UpdateOne(rel).SetEndsAt(end).SetDueAt(*NextDue(rel.StartsAt, &end, rel.AutoExtendDays, t.now)).AddVersion(1).Save(ctx)
	if err != nil {
		return nil, fmt.Errorf("move the relationship's end: %w", err)
	}
	return moved, nil
}
