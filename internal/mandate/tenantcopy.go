package mandate

import (
	"context"
	"fmt"
	"time"

	"mandate/ent"
	"mandate/ent/assignment"
	"mandate/ent/groupcustomer"
	"mandate/ent/invitation"
	"mandate/ent/partner"
	"mandate/ent/predicate"
	"mandate/ent/relationship"
	"mandate/ent/tenant"
)

// Rows that stand between two tenants keep each side's profile, for the other side to read, and some of them names by
// which lists are ordered. While such a row is open its copies follow the tenant; once it is over they stay.

// liveAt matches relationships that have not ended at a moment.
func liveAt(now time.Time) predicate.Relationship {
	return relationship.And(relationship.ActiveCustomerIDNotNil(), relationship.Or(relationship.EndsAtIsNil(), relationship.EndsAtGT(now)))
}

// pendingAt matches invitations that can still be answered at a moment.
func pendingAt(now time.Time) predicate.Invitation {
	return invitation.And(invitation.StatusEQ(invitation.StatusPending), invitation.ExpiresAtGT(now))
}

// copyProfile brings the copies of a tenant's name and account number up to date.
func (t *tx) copyProfile(ctx context.Context, tn *ent.Tenant) error {
	var err error
	switch tn.Kind {
	case tenant.KindPartner:
		err = t.copyPartner(ctx, tn)
	case tenant.KindCustomer:
		err = t.copyCustomer(ctx, tn)
	}
	if err != nil {
		return fmt.Errorf("copy the tenant's profile: %w", err)
	}
	return nil
}

func (t *tx) copyPartner(ctx context.Context, tn *ent.Tenant) error {
	if err := t.Relationship.Update().Where(relationship.PartnerID(tn.ID), liveAt(t.now)).SetPartnerName(tn.Name).Exec(ctx); err != nil {
		return err
	}
	if err := t.Invitation.Update().Where(invitation.PartnerID(tn.ID), pendingAt(t.now)).SetPartnerName(tn.Name).Exec(ctx); err != nil {
		return err
	}
	if err := t.Assignment.Update().Where(assignment.GranterID(tn.ID), OpenAt(t.now)).SetPartnerName(tn.Name).Exec(ctx); err != nil {
		return err
	}
	if tn.ManagedByID == nil {
		return nil
	}
	p, err := t.Partner.Query().Where(partner.TenantID(tn.ID)).Only(ctx)
	if err != nil {
		return err
	}
	if err := t.Assignment.Update().Where(assignment.GranteeID(p.ID), OpenAt(t.now)).SetGranteeName(tn.Name).Exec(ctx); err != nil {
		return err
	}
	return t.copyReached(ctx, tn)
}

func (t *tx) copyCustomer(ctx context.Context, tn *ent.Tenant) error {
	relationships := t.Relationship.Update().Where(relationship.CustomerID(tn.ID), liveAt(t.now)).SetCustomerName(tn.Name)
	copyAccount(relationships.Mutation(), tn)
	if err := relationships.Exec(ctx); err != nil {
		return err
	}
	if err := t.Invitation.Update().Where(invitation.CustomerID(tn.ID), pendingAt(t.now)).SetCustomerName(tn.Name).Exec(ctx); err != nil {
		return err
	}
	// Only whoever is connected already is told the account number.
	offers := t.Invitation.Update().Where(invitation.CustomerID(tn.ID), invitation.RelationshipIDNotNil(), pendingAt(t.now))
	copyAccount(offers.Mutation(), tn)
	if err := offers.Exec(ctx); err != nil {
		return err
	}
	if err := t.GroupCustomer.Update().Where(groupcustomer.CustomerID(tn.ID)).SetCustomerSortName(tn.SortName).Exec(ctx); err != nil {
		return err
	}
	return t.copyReached(ctx, tn)
}

// copyReached brings the assignments up to date that reach a tenant: a customer, or a tech partner.
func (t *tx) copyReached(ctx context.Context, tn *ent.Tenant) error {
	assignments := t.Assignment.Update().Where(assignment.TenantID(tn.ID), OpenAt(t.now)).SetCustomerName(tn.Name).SetTenantSortName(tn.SortName)
	copyAccount(assignments.Mutation(), tn)
	return assignments.Exec(ctx)
}

// copyAccount writes a customer's account number, if it has one.
func copyAccount(row interface {
	SetCustomerAccountNumber(string)
	ClearCustomerAccountNumber()
}, tn *ent.Tenant) {
	if tn.AccountNumber == nil {
		row.ClearCustomerAccountNumber()
		return
	}
	row.SetCustomerAccountNumber(*tn.AccountNumber)
}
