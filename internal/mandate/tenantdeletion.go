package mandate

import (
	"context"
	"fmt"
	"slices"

	"mandate/ent"
	"mandate/ent/assignment"
	"mandate/ent/invitation"
	"mandate/ent/member"
	"mandate/ent/predicate"
	"mandate/ent/relationship"
	"mandate/ent/rule"
	"mandate/ent/servicesubscription"
	"mandate/ent/session"
	"mandate/ent/tenant"
	"mandate/ent/webhook"
)

// mostEnded is how many relationships end with a tenant at most.
const mostEnded = 100

// DeleteTenant deletes a tenant for good, and ends what rests on it: relationships, of which the other side is told,
// invitations from and to it, assignments, memberships, and sessions entered into it or from it. Its name stays in the
// history of others. For those who may suspend it, and for its own administrators; in a session of their own.
//
// NOT_FOUND, TENANT_HAS_ACTIVE_SUBSCRIPTIONS, CONFLICT for an MSP that manages tech partners, LIMIT_EXCEEDED for a partner
// with more than 100 customers, INVALID for the operator's own tenant.
func (s *Service) DeleteTenant(ctx context.Context, cmd DeleteTenant) (deleted *string, err error) {
	reason, fault := paragraph(cmd.Reason, 500, "reason")
	if fault != nil {
		return nil, fault
	}
	err = s.tx(ctx, func(ctx context.Context, t *tx) error {
		deleted = nil
		k, bonds, err := t.deletable(ctx, cmd.ID)
		if err != nil {
			return err
		}
		e := k.about(event{action: "tenant.deleted", reason: reason}, tenant.StatusDeleted)
		if e.other, err = t.witness(ctx, k, bonds); err != nil {
			return err
		}
		if err := t.tellState(ctx, k, tenant.StatusDeleted, reason); err != nil {
			return err
		}
		if err := t.emptyTenant(ctx, k); err != nil {
			return err
		}
		for _, rel := range bonds { // of which those who were members until now are not told
			if err := t.endWith(ctx, k, rel, reason); err != nil {
				return err
			}
		}
		err = t.Tenant.UpdateOneID(k.ID).SetStatus(tenant.StatusDeleted).SetSignUpPolicy(tenant.SignUpPolicyClosed).ClearSignUpCode().
			AddVersion(1).Exec(ctx)
		if err != nil {
			return fmt.Errorf("delete the tenant: %w", err)
		}
		deleted = &k.ID
		return t.record(ctx, e)
	}, &deleted)
	return deleted, err
}

// deletable reads and locks a tenant that the viewer may delete, and the relationships that end with it, both sides of
// which it locks. Who may is asked before as well, so that nobody locks that many for others.
func (t *tx) deletable(ctx context.Context, id string) (*keeping, []*ent.Relationship, error) {
	k, err := t.keeping(ctx, id, true)
	if err != nil {
		return nil, nil, err
	}
	bonds, err := t.bonds(ctx, k)
	if err != nil {
		return nil, nil, err
	}
	sides := []string{id}
	for _, rel := range bonds {
		sides = append(sides, rel.PartnerID, rel.CustomerID)
	}
	if err := t.lock(ctx, sides...); err != nil {
		return nil, nil, err
	}
	if k, err = t.keeping(ctx, id, true); err != nil {
		return nil, nil, err
	}
	if err := t.settle(ctx, id); err != nil {
		return nil, nil, err
	}
	if bonds, err = t.bonds(ctx, k); err != nil {
		return nil, nil, err
	}
	for _, rel := range bonds {
		if !slices.Contains(sides, rel.PartnerID) || !slices.Contains(sides, rel.CustomerID) {
			return nil, nil, errAgain // begun since
		}
	}
	keeps, err := t.keepsTechPartners(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	if keeps {
		return nil, nil, broken(Conflict, "The MSP manages tech partners: they are deleted before.", "id")
	}
	running, err := t.ServiceSubscription.Query().Where(servicesubscription.TenantID(id), RunningAt(t.now)).Count(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("count subscriptions: %w", err)
	}
	if running > 0 {
		return nil, nil, broken(TenantHasSubscriptions, fmt.Sprintf("Active subscriptions: %d. The tenant can be deleted once they have ended.", running), "id")
	}
	return k, bonds, nil
}

// bonds reads the live relationships of a tenant.
func (t *tx) bonds(ctx context.Context, k *keeping) ([]*ent.Relationship, error) {
	rows, err := t.Relationship.Query().Where(ofSide(k.Tenant, relationship.PartnerID, relationship.CustomerID), liveAt(t.now)).
		Order(relationship.ByID()).Limit(mostEnded + 1).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the tenant's relationships: %w", err)
	}
	if len(rows) > mostEnded {
		return nil, broken(LimitExceeded, fmt.Sprintf("At most %d relationships end with a tenant: end some before.", mostEnded), "id")
	}
	return rows, nil
}

// ofSide matches the rows of pairs in which a tenant stands on its side.
func ofSide[P any](tn *ent.Tenant, partner, customer func(string) P) P {
	if tn.Kind == tenant.KindPartner {
		return partner(tn.ID)
	}
	return customer(tn.ID)
}

// witness is the other tenant that reads of a deletion, because nobody reads the trail of what is deleted: the customer's
// partner, a tech partner's MSP, else the operator. Whoever comes from outside is read of in their own tenant anyway.
func (t *tx) witness(ctx context.Context, k *keeping, bonds []*ent.Relationship) (string, error) {
	if k.path.Via != rule.Own {
		return "", nil
	}
	if k.Kind == tenant.KindCustomer && len(bonds) == 1 {
		return bonds[0].PartnerID, nil
	}
	if k.ManagedByID != nil {
		return *k.ManagedByID, nil
	}
	operator, err := t.Tenant.Query().Where(tenant.KindEQ(tenant.KindOperator)).FirstID(ctx)
	if err != nil && !ent.IsNotFound(err) {
		return "", fmt.Errorf("find the operator: %w", err)
	}
	return operator, nil
}

// emptyTenant ends all of a tenant but its relationships: memberships, assignments by it, to it and into it, entered sessions,
// invitations and webhooks.
func (t *tx) emptyTenant(ctx context.Context, k *keeping) error {
	members, err := t.Member.Query().Where(member.TenantID(k.ID), member.StatusNEQ(member.StatusRemoved)).All(ctx)
	if err != nil {
		return fmt.Errorf("read the tenant's members: %w", err)
	}
	if err := t.endMemberships(ctx, k.ID, members, NameOf(k.actor)); err != nil {
		return err
	}
	if err := t.endAssignmentsOf(ctx, k.Tenant); err != nil {
		return err
	}
	if err := t.Session.Update().Where(session.EnteredTenantID(k.ID), session.EndedAtIsNil()).SetEndedAt(t.now).Exec(ctx); err != nil {
		return fmt.Errorf("end entered sessions: %w", err)
	}
	if err := t.deleteWebhooks(ctx, webhook.TenantID(k.ID)); err != nil {
		return err
	}
	own := ofSide(k.Tenant, invitation.PartnerID, invitation.CustomerID)
	if err := t.expireInvitations(ctx, own); err != nil {
		return err
	}
	return t.voidInvitationsOf(ctx, k, own)
}

// voidInvitationsOf revokes the pending invitations of a tenant. Those between it and another tenant have an audit event of their
// own each, as relationships have.
func (t *tx) voidInvitationsOf(ctx context.Context, k *keeping, own predicate.Invitation) error {
	rows, err := t.voidInvitations(ctx, own)
	if err != nil {
		return err
	}
	for _, inv := range rows {
		if inv.CustomerID == nil || inv.RelationshipID != nil {
			continue // nobody's but its own, or ended with the relationship
		}
		e := t.about(inv, "invitation.revoked")
		e.actor = k.actor
		if err := t.record(ctx, e); err != nil {
			return err
		}
	}
	return nil
}

// endAssignmentsOf ends the assignments that a tenant granted, those that reach it, and a tech partner's own.
func (t *tx) endAssignmentsOf(ctx context.Context, tn *ent.Tenant) error {
	of := []predicate.Assignment{assignment.TenantID(tn.ID), assignment.GranterID(tn.ID)}
	if tn.ManagedByID != nil {
		p, err := t.partnerOf(ctx, tn.ID)
		if err != nil {
			return err
		}
		of = append(of, assignment.GranteeID(p.ID))
	}
	for _, those := range of { // one by one: each has an index
		if err := t.endAssignments(ctx, those, assignment.OpenKeyNotNil()); err != nil {
			return err
		}
	}
	return nil
}

// endWith ends a relationship together with the tenant on one of its sides. It has an audit event of its own: no customer of a
// partner learns of the others.
func (t *tx) endWith(ctx context.Context, k *keeping, rel *ent.Relationship, reason *string) error {
	by := relationship.EndedByCustomer
	switch {
	case k.path.Via == rule.Operator:
		by = relationship.EndedByOperator
	case k.path.Via == rule.Relationship, k.Kind == tenant.KindPartner:
		by = relationship.EndedByPartner
	}
	ended, err := t.end(ctx, rel, relationship.StatusTerminated, &by, reason)
	if err != nil {
		return err
	}
	if err := t.tellEnd(ctx, ended, by, reason); err != nil {
		return err
	}
	e := t.between(standing{Relationship: rel, side: by}, "relationship.terminated")
	e.actor, e.reason = k.actor, reason
	e.changes = change("status", string(rel.Status), string(ended.Status))
	return t.record(ctx, e)
}
