package mandate

import (
	"context"
	"fmt"

	"mandate/ent"
	"mandate/ent/assignment"
	"mandate/ent/groupcustomer"
	"mandate/ent/partner"
	"mandate/ent/privilegegroup"
	"mandate/ent/relationship"
	"mandate/ent/session"
	"mandate/internal/mail"
)

// mayEnd says why a side may not end or suspend the relationship.
func (t *tx) mayEnd(ctx context.Context, rel *ent.Relationship, side relationship.EndedBy) error {
	stands, err := t.Partner.Query().Where(partner.TenantID(rel.PartnerID), PartnerStands()).Exist(ctx)
	if err != nil {
		return err
	}
	if !MayEnd(rel, side, stands) {
		return broken(RelationshipNotTerminable, "The customer cannot end or suspend the relationship with its partner of record.", "id")
	}
	return nil
}

// TerminateRelationship ends a relationship and all that rests on it. A dry run tells what would end, and writes nothing.
//
// NOT_FOUND, RELATIONSHIP_NOT_ACTIVE, RELATIONSHIP_NOT_TERMINABLE for a customer and its partner of record, STALE_VERSION.
func (s *Service) TerminateRelationship(ctx context.Context, cmd TerminateRelationship) (rel *ent.Relationship, ended *EndedAccess, err error) {
	reason, fault := paragraph(cmd.Reason, 500, "reason")
	if fault != nil {
		return nil, nil, fault
	}
	err = s.tx(ctx, func(ctx context.Context, t *tx) error {
		at, err := t.relationship(ctx, cmd.ID, cmd.Version)
		if err != nil {
			return err
		}
		if err := t.mayEnd(ctx, at.Relationship, at.side); err != nil {
			return err
		}
		if ended, err = t.resting(ctx, at.Relationship); err != nil {
			return err
		}
		rel = at.Relationship
		if orZero(cmd.DryRun) {
			return nil
		}
		if rel, err = t.end(ctx, at.Relationship, relationship.StatusTerminated, &at.side, reason); err != nil {
			return err
		}
		if err := t.tellEnd(ctx, rel, at.side, reason); err != nil {
			return err
		}
		e := t.between(at, "relationship.terminated")
		e.reason = reason
		e.changes = change("status", string(at.Status), string(rel.Status))
		return t.record(ctx, e)
	}, &rel, &ended)
	return rel, ended, err
}

// mostPeople is up to how many people are counted.
const mostPeople = 100_000

// resting counts what rests on a relationship now.
func (t *tx) resting(ctx context.Context, rel *ent.Relationship) (*EndedAccess, error) {
	people, err := t.access.CountThrough(ctx, rel.CustomerID, mostPeople)
	if err != nil {
		return nil, err
	}
	groups, err := t.PrivilegeGroup.Query().Where(privilegegroup.TenantID(rel.PartnerID), privilegegroup.Or(privilegegroup.ScopeEQ(privilegegroup.ScopeAllCustomers),
		privilegegroup.HasGroupCustomersWith(groupcustomer.CustomerID(rel.CustomerID)))).Count(ctx)
	if err != nil {
		return nil, fmt.Errorf("count privilege groups: %w", err)
	}
	partners, err := t.Assignment.Query().Where(assignment.RelationshipID(rel.ID), assignment.GranteeIDHasPrefix("prt_"), assignment.StatusEQ(assignment.StatusActive),
		assignment.StartsAtLTE(t.now), OpenAt(t.now)).Count(ctx)
	if err != nil {
		return nil, fmt.Errorf("count tech partners: %w", err)
	}
	sessions, err := t.Session.Query().Where(session.RelationshipID(rel.ID),
		session.EndedAtIsNil(), session.ExpiresAtGT(t.now)).Count(ctx)
	if err != nil {
		return nil, fmt.Errorf("count sessions: %w", err)
	}
	return &EndedAccess{People: people, Groups: groups, TechPartners: partners, Sessions: sessions}, nil
}

// tellEnd tells the administrators of whoever did not end it.
func (t *tx) tellEnd(ctx context.Context, rel *ent.Relationship, side relationship.EndedBy, reason *string) error {
	names := map[relationship.EndedBy]string{
		relationship.EndedByPartner: rel.PartnerName, relationship.EndedByCustomer: orZero(rel.CustomerName), relationship.EndedByOperator: t.s.brandName(),
	}
	l := mail.RelationshipEnded{EndedBy: names[side], Reason: orZero(reason), EndedAt: t.now}
	if side != relationship.EndedByPartner {
		l.With = orZero(rel.CustomerName)
		if err := t.notifyAdministrators(ctx, rel.PartnerID, "relationship.ended", l); err != nil {
			return err
		}
	}
	if side != relationship.EndedByCustomer {
		l.With = rel.PartnerName
		return t.notifyAdministrators(ctx, rel.CustomerID, "relationship.ended", l)
	}
	return nil
}
