package mandate

import (
	"context"
	"fmt"
	"time"

	"mandate/ent"
	"mandate/ent/assignment"
	"mandate/ent/groupcustomer"
	"mandate/ent/invitation"
	"mandate/ent/relationship"
	"mandate/ent/session"
	"mandate/internal/access"
	"mandate/internal/database"
)

// bond is a relationship to be.
type bond struct {
	partner  *partnerSide
	customer *ent.Tenant
	kind     relationship.Kind
	role     namedRole
	endsAt   *time.Time
	replace  bool // ends the customer's present relationship first, if the customer may end it
}

func alreadyLinked(field ...string) *Error {
	return broken(CustomerAlreadyLinked, "The associated account is already linked to another tenant.", field...)
}

// connect makes a relationship. The customer is locked; a unique key in the database holds all the same.
func (t *tx) connect(ctx context.Context, b bond) (*ent.Relationship, error) {
	if err := t.settle(ctx, b.customer.ID); err != nil {
		return nil, err
	}
	present, err := t.liveRelationship(ctx, b.customer.ID)
	if err != nil {
		return nil, err
	}
	if present != nil {
		if err := t.handOver(ctx, present, b); err != nil {
			return nil, err
		}
	}
	rel, err := t.Relationship.Create().SetKind(b.kind).SetPartnerID(b.partner.tenant.ID).SetCustomerID(b.customer.ID).
		SetActiveCustomerID(b.customer.ID).SetRoleID(b.role.id).SetStartsAt(t.now).SetNillableEndsAt(b.endsAt).SetNillableDueAt(NextDue(t.now, b.endsAt, nil, t.now)).
		SetPartnerName(b.partner.tenant.Name).SetPartnerType(string(b.partner.Type)).SetPartnerCode(b.partner.Code).
		SetCustomerName(b.customer.Name).SetNillableCustomerAccountNumber(b.customer.AccountNumber).Save(ctx)
	if database.IsDuplicate(err) {
		return nil, alreadyLinked()
	}
	if err != nil {
		return nil, fmt.Errorf("make the relationship: %w", err)
	}
	if err := t.Tenant.UpdateOneID(b.customer.ID).SetPartnerID(b.partner.tenant.ID).Exec(ctx); err != nil {
		return nil, fmt.Errorf("note the customer's partner: %w", err)
	}
	return rel, nil
}

// handOver ends the present relationship in favour of another partner, if that was asked for and may be. It has an audit
// event of its own: the new partner learns nothing of the old one, nor the old of the new.
func (t *tx) handOver(ctx context.Context, present *ent.Relationship, b bond) error {
	if !b.replace || present.PartnerID == b.partner.tenant.ID {
		return alreadyLinked()
	}
	if err := t.mayEnd(ctx, present, relationship.EndedByCustomer); err != nil {
		return err
	}
	by := relationship.EndedByCustomer
	ended, err := t.end(ctx, present, relationship.StatusTerminated, &by, nil)
	if err != nil {
		return err
	}
	e := t.between(standing{Relationship: present, side: by}, "relationship.terminated")
	e.changes = change("status", string(present.Status), string(ended.Status))
	if err := t.record(ctx, e); err != nil {
		return err
	}
	return t.tellEnd(ctx, ended, relationship.EndedByCustomer, nil)
}

// liveRelationship reads the customer's relationship, active or suspended; nil without one.
func (t *tx) liveRelationship(ctx context.Context, customerID string) (*ent.Relationship, error) {
	rel, err := t.Relationship.Query().Where(relationship.ActiveCustomerID(customerID)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the customer's relationship: %w", err)
	}
	return rel, nil
}

// settle records what the clock has ended already for a customer: a relationship past its end. That has an event of its own.
func (t *tx) settle(ctx context.Context, customerID string) error {
	rel, err := t.liveRelationship(ctx, customerID)
	if err != nil || rel == nil || rel.EndsAt == nil || rel.EndsAt.After(t.now) {
		return err
	}
	ended, err := t.end(ctx, rel, relationship.StatusExpired, nil, nil)
	if err != nil {
		return err
	}
	e := t.between(standing{Relationship: ended}, "relationship.expired")
	e.clock, e.changes = true, change("status", string(rel.Status), string(ended.Status))
	return t.record(ctx, e)
}

// end ends a relationship, and in the same moment everything that rests on it: assignments, entered sessions, offers.
func (t *tx) end(ctx context.Context, rel *ent.Relationship, status relationship.Status, by *relationship.EndedBy, reason *string) (*ent.Relationship, error) {
	update := t.Relationship.UpdateOne(rel).SetStatus(status).SetEndedAt(t.now).SetNillableEndedBy(by).SetNillableEndReason(reason).
		ClearActiveCustomerID().AddVersion(1)
	if status == relationship.StatusExpired { // which is to be announced still
		update.Where(relationship.EndsAt(*rel.EndsAt)).SetEndedAt(*rel.EndsAt)
	} else {
		update.ClearDueAt()
	}
	ended, err := update.Save(ctx)
	if ent.IsNotFound(err) { // the sweeper has moved its end meanwhile
		return nil, errAgain
	}
	if err != nil {
		return nil, fmt.Errorf("end the relationship: %w", err)
	}
	if err := t.Tenant.UpdateOneID(rel.CustomerID).ClearPartnerID().Exec(ctx); err != nil {
		return nil, fmt.Errorf("forget the customer's partner: %w", err)
	}
	if err := t.endAssignments(ctx, assignment.RelationshipID(rel.ID)); err != nil {
		return nil, err
	}
	if _, err := t.GroupCustomer.Delete().Where(groupcustomer.TenantID(rel.PartnerID), groupcustomer.CustomerID(rel.CustomerID)).Exec(ctx); err != nil {
		return nil, fmt.Errorf("take the customer out of groups: %w", err)
	}
	err = t.Session.Update().Where(session.RelationshipID(rel.ID), session.EndedAtIsNil()).
		SetEndedAt(t.now).Exec(ctx)
	if err != nil {
		return nil, fmt.Errorf("end entered sessions: %w", err)
	}
	_, err = t.voidInvitations(ctx, invitation.RelationshipID(rel.ID))
	return ended, err
}

// standing is a relationship as one of its sides acts on it.
type standing struct {
	*ent.Relationship
	side   relationship.EndedBy
	levels access.Levels // of the viewer's own membership on that side
}

// relationship reads and locks a relationship, and finds the side for which the viewer may act on it: PARTNERS MANAGE
// there by a membership of their own, or for the operator an administrator of it. A relationship that the viewer does
// not see is NOT_FOUND, one that has ended RELATIONSHIP_NOT_ACTIVE.
func (t *tx) relationship(ctx context.Context, id string, version *int) (standing, error) {
	if err := t.person(); err != nil {
		return standing{}, err
	}
	rel, err := t.Relationship.Get(ctx, id)
	if ent.IsNotFound(err) {
		return standing{}, notFound("id")
	}
	if err != nil {
		return standing{}, fmt.Errorf("read the relationship: %w", err)
	}
	if err := t.lock(ctx, rel.CustomerID); err != nil {
		return standing{}, err
	}
	if err := t.hold(ctx, rel.PartnerID); err != nil {
		return standing{}, err
	}
	if rel, err = t.Relationship.Get(ctx, id); err != nil {
		return standing{}, fmt.Errorf("read the relationship: %w", err)
	}
	visible, err := t.seesPair(ctx, access.Partners, rel.PartnerID, rel.CustomerID)
	if err != nil {
		return standing{}, err
	}
	if !visible {
		return standing{}, notFound("id")
	}
	side, levels, err := t.side(ctx, rel)
	if err != nil {
		return standing{}, err
	}
	if !IsLive(rel, t.now) {
		return standing{}, broken(RelationshipNotActive, "The relationship has ended.", "id")
	}
	return standing{rel, side, levels}, fresh(version, rel.Version)
}

// side finds the side for which the viewer acts, and what the viewer holds there.
func (t *tx) side(ctx context.Context, rel *ent.Relationship) (relationship.EndedBy, access.Levels, error) {
	side, err := SideOf(ctx, t.access, rel)
	if err != nil {
		return "", access.Levels{}, err
	}
	levels := access.Everything
	switch side {
	case "":
		return "", access.Levels{}, ErrForbidden
	case relationship.EndedByCustomer:
		levels, err = t.owns(ctx, rel.CustomerID)
	case relationship.EndedByPartner:
		levels, err = t.owns(ctx, rel.PartnerID)
	}
	return side, levels, err
}

// between is an audit event about a relationship: in the affairs of the side that acts, and seen by the other.
func (t *tx) between(at standing, action string) event {
	e := event{action: action, tenant: at.CustomerID, other: at.PartnerID, relationship: at.ID, target: at.ID, targetName: orZero(at.CustomerName) + " – " + at.PartnerName}
	if at.side == relationship.EndedByPartner {
		e.tenant, e.other = at.PartnerID, at.CustomerID
	}
	return e
}

// SuspendRelationship suspends a relationship for one's side: nothing is reachable through it, and nothing is lost.
//
// NOT_FOUND, CONFLICT when that side has suspended it already, RELATIONSHIP_NOT_ACTIVE, RELATIONSHIP_NOT_TERMINABLE for a
// customer and its partner of record.
func (s *Service) SuspendRelationship(ctx context.Context, cmd SuspendRelationship) (*ent.Relationship, error) {
	reason, fault := paragraph(cmd.Reason, 500, "reason")
	if fault != nil {
		return nil, fault
	}
	return s.setSuspended(ctx, cmd.ID, true, "relationship.suspended", reason)
}

// ResumeRelationship takes back that one's own side suspended it; what others suspended stays so.
//
// NOT_FOUND, CONFLICT when that side has not suspended it, RELATIONSHIP_NOT_ACTIVE.
func (s *Service) ResumeRelationship(ctx context.Context, cmd ResumeRelationship) (*ent.Relationship, error) {
	return s.setSuspended(ctx, cmd.ID, false, "relationship.resumed", nil)
}

// setSuspended suspends a relationship for one's side, or takes that back.
func (s *Service) setSuspended(ctx context.Context, id string, suspended bool, action string, reason *string) (rel *ent.Relationship, err error) {
	err = s.tx(ctx, func(ctx context.Context, t *tx) error {
		at, err := t.relationship(ctx, id, nil)
		if err != nil {
			return err
		}
		if suspended {
			if err := t.mayEnd(ctx, at.Relationship, at.side); err != nil {
				return err
			}
		}
		if SuspendedBy(at.Relationship, at.side) == suspended {
			sentence := map[bool]string{true: "Your side has suspended it already.", false: "Your side has not suspended it."}[suspended]
			return broken(Conflict, sentence, "id")
		}
		by := func(side relationship.EndedBy) bool {
			if side == at.side {
				return suspended
			}
			return SuspendedBy(at.Relationship, side)
		}
		byPartner, byCustomer, byOperator := by(relationship.EndedByPartner), by(relationship.EndedByCustomer), by(relationship.EndedByOperator)
		status := relationship.StatusActive
		if byPartner || byCustomer || byOperator {
			status = relationship.StatusSuspended
		}
		rel, err = t.Relationship.UpdateOne(at.Relationship).SetStatus(status).SetSuspendedByPartner(byPartner).
			SetSuspendedByCustomer(byCustomer).SetSuspendedByOperator(byOperator).AddVersion(1).Save(ctx)
		if err != nil {
			return fmt.Errorf("suspend or resume the relationship: %w", err)
		}
		e := t.between(at, action)
		e.reason, e.changes = reason, change("status", string(at.Status), string(rel.Status))
		return t.record(ctx, e)
	}, &rel)
	return rel, err
}

// IsLive reports whether a relationship is active or suspended at a moment, and has not ended.
func IsLive(rel *ent.Relationship, now time.Time) bool {
	s := RelationshipStatus(rel, now)
	return s == relationship.StatusActive || s == relationship.StatusSuspended
}

// RelationshipStatus is where a relationship stands at a moment: one past its end is EXPIRED, recorded or not.
func RelationshipStatus(rel *ent.Relationship, now time.Time) relationship.Status {
	if rel.ActiveCustomerID != nil && rel.EndsAt != nil && !now.Before(*rel.EndsAt) {
		return relationship.StatusExpired
	}
	return rel.Status
}
