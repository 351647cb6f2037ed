package mandate

import (
	"context"
	"fmt"
	"time"

	"mandate/ent"
	"mandate/ent/assignment"
	"mandate/ent/predicate"
	"mandate/ent/relationship"
	"mandate/ent/session"
	"mandate/internal/access"
)

// Assign gives somebody a role in a tenant, for a time: one of a partner's people in a customer, or in a tech partner that
// the partner manages; a tech partner in a customer of its MSP; a tech partner's own people where the MSP assigned the tech
// partner; a privilege group in a tech partner. An assignment that was there is replaced.
//
// NOT_FOUND, RELATIONSHIP_NOT_ACTIVE; ROLE_EXCEEDS_GRANT for more than the relationship's ceiling, than the tech partner
// was given, or than the viewer holds in the tenant; SELF_APPROVAL_FORBIDDEN, ACCESS_PERIOD_OUT_OF_RANGE; INVALID for a
// privilege group in a customer.
func (s *Service) Assign(ctx context.Context, cmd Assign) (a *ent.Assignment, err error) {
	err = s.tx(ctx, func(ctx context.Context, t *tx) error {
		if err := t.person(); err != nil {
			return err
		}
		g, err := t.grantee(ctx, cmd.GranteeID, "granteeId")
		if err != nil {
			return err
		}
		if err := t.lock(ctx, cmd.TenantID); err != nil {
			return err
		}
		f, err := t.footing(ctx, g, cmd.TenantID, "tenantId")
		if err != nil {
			return err
		}
		given, err := t.role(ctx, g.from.tenant.ID, cmd.RoleID, cmd.RoleKey)
		if err != nil {
			return err
		}
		if fault := f.bears(given, "roleKey"); fault != nil {
			return fault
		}
		span, err := t.period(cmd.AccessPeriod, limitsOf(g.partner))
		if err != nil {
			return err
		}
		rows, err := t.assignTo(ctx, g, given, span, []*footing{f})
		if err != nil {
			return err
		}
		a = rows[0]
		if err := t.endUnreached(ctx, session.EnteredTenantID(f.to.ID)); err != nil { // it may begin later than the one before it ended
			return err
		}
		return t.record(ctx, f.about(g, event{action: "assignment.created", target: a.ID, changes: append(change("role", "", given.name), t.told(span)...)}))
	}, &a)
	return a, err
}

// told describes an access period for the audit trail.
func (t *tx) told(p period) []access.Change {
	var changes []access.Change
	if p.starts.After(t.now) {
		changes = change("startsAt", "", stamp(&p.starts))
	}
	return append(changes, change("endsAt", "", stamp(p.ends))...)
}

// footing is what an assignment to a tenant stands on, and what bounds its role.
type footing struct {
	to     *ent.Tenant
	rel    *ent.Relationship // nil towards a tech partner's tenant
	bounds []bound

	reached bool // whether the viewer reaches the tenant
}

// bound is levels that a role must stay within, and what is said when it does not.
type bound struct {
	levels   access.Levels
	sentence string
}

const tooMuch = "You can give no more than you hold yourself."

// bears says why the role is too much, or nil.
func (f *footing) bears(r namedRole, field ...string) *Error {
	for _, b := range f.bounds {
		if !r.levels.Within(b.levels) {
			return broken(RoleExceedsGrant, b.sentence, field...)
		}
	}
	return nil
}

// about is an audit event about an assignment: in the affairs of the tenant reached, and seen by who grants it.
func (f *footing) about(g *grantee, e event) event {
	e.tenant, e.other, e.targetName = f.to.ID, g.from.tenant.ID, g.name
	if f.rel != nil {
		e.relationship = f.rel.ID
	}
	return e
}

// footing finds out what an assignment of the grantee to a tenant would stand on. The tenant is locked.
func (t *tx) footing(ctx context.Context, g *grantee, tenantID string, field ...string) (*footing, error) {
	tn, err := t.tenant(ctx, tenantID)
	if ent.IsNotFound(err) {
		return nil, notFound(field...)
	}
	if err != nil {
		return nil, fmt.Errorf("read the tenant: %w", err)
	}
	f := &footing{to: tn}
	if orZero(tn.ManagedByID) != g.from.tenant.ID {
		if err := t.inCustomer(ctx, g, f, field); err != nil {
			return nil, err
		}
	}
	reach, err := t.reach(ctx, tenantID, field)
	if err != nil {
		return nil, err
	}
	switch {
	case f.rel == nil && g.partner != nil:
		return nil, broken(Invalid, "A tech partner is assigned to customers.", field...)
	case f.rel != nil && g.group:
		return nil, broken(Invalid, "A privilege group reaches customers by its own list and role.", field...)
	}
	f.reached, f.bounds = true, append(f.bounds, bound{reach.Levels, tooMuch})
	return f, nil
}

// inCustomer finds the relationship that an assignment to a customer rests on, its ceiling, and for a tech partner's own
// people what the MSP gave the tech partner there, now or later.
func (t *tx) inCustomer(ctx context.Context, g *grantee, f *footing, field []string) error {
	rel, err := t.liveRelationship(ctx, f.to.ID)
	if err != nil {
		return err
	}
	manager := g.from.tenant.ManagedByID
	if rel == nil || !IsLive(rel, t.now) || manager == nil && rel.PartnerID != g.from.tenant.ID || manager != nil && rel.PartnerID != *manager {
		return notFound(field...)
	}
	if rel.Status == relationship.StatusSuspended { // told to those who see the relationship
		visible, err := t.seesPair(ctx, access.Partners, rel.PartnerID, rel.CustomerID)
		switch {
		case err != nil:
			return err
		case !visible:
			return notFound(field...)
		}
		return broken(RelationshipNotActive, "The relationship with this customer is suspended.", field...)
	}
	ceiling, err := t.roleOf(ctx, rel.RoleID)
	if err != nil {
		return err
	}
	f.rel = rel
	f.bounds = append(f.bounds, bound{ceiling.levels, "The role is more than the customer allows: " + ceiling.name + "."})
	if manager == nil {
		return nil
	}
	above, err := t.Assignment.Query().Where(assignment.GranteeID(g.from.ID), assignment.GranterID(*manager), assignment.TenantID(f.to.ID), OpenAt(t.now)).Only(ctx)
	if ent.IsNotFound(err) {
		return notFound(field...)
	}
	if err != nil {
		return fmt.Errorf("read the tech partner's assignment: %w", err)
	}
	most, err := t.roleOf(ctx, above.RoleID)
	if err != nil {
		return err
	}
	f.bounds = append(f.bounds, bound{most.levels, "The role is more than your organisation was given there."})
	return nil
}

// assignTo writes assignments of one grantee in the place of those that were there.
func (t *tx) assignTo(ctx context.Context, g *grantee, r namedRole, p period, to []*footing) ([]*ent.Assignment, error) {
	given := make([]*ent.Assignment, 0, len(to))
	for len(to) > 0 {
		part := to[:min(len(to), mostInStatement)]
		to = to[len(part):]
		ids, rows := make([]string, len(part)), make([]*ent.AssignmentCreate, len(part))
		for i, f := range part {
			ids[i], rows[i] = f.to.ID, t.assignment(g, r, p, f)
		}
		if err := t.makeRoom(ctx, g, ids); err != nil {
			return nil, err
		}
		written, err := t.Assignment.CreateBulk(rows...).Save(ctx)
		if err != nil {
			return nil, fmt.Errorf("make assignments: %w", err)
		}
		given = append(given, written...)
	}
	return given, nil
}

func (t *tx) assignment(g *grantee, r namedRole, p period, f *footing) *ent.AssignmentCreate {
	row := t.Assignment.Create().SetGranterID(g.from.tenant.ID).SetTenantID(f.to.ID).SetTenantSortName(f.to.SortName).
		SetGranteeID(g.id).SetGranteeName(g.name).SetRoleID(r.id).SetStartsAt(p.starts).SetNillableEndsAt(p.ends).SetNillableDueAt(NextDue(p.starts, p.ends, nil, t.now)).
		SetOpenKey(openKey(g.id, f.to.ID, g.from.tenant.ID)).
		SetPartnerName(g.from.tenant.Name).SetPartnerType(string(g.from.Type)).SetPartnerCode(g.from.Code).
		SetCustomerName(f.to.Name).SetNillableCustomerAccountNumber(f.to.AccountNumber)
	if f.rel != nil {
		row.SetRelationshipID(f.rel.ID)
	}
	return row
}

// openKey names the place that a grantee's assignment to a tenant holds while it is open.
func openKey(granteeID, tenantID, granterID string) string {
	return granteeID + ":" + tenantID + ":" + granterID
}

// makeRoom ends the grantee's assignments to tenants, for others to take their place. What rested on one that ran out is
// over with it, and the new one does not revive it.
func (t *tx) makeRoom(ctx context.Context, g *grantee, tenantIDs []string) error {
	there := assignment.And(assignment.GranteeID(g.id), assignment.GranterID(g.from.tenant.ID), assignment.TenantIDIn(tenantIDs...))
	if g.partner != nil {
		over, err := t.Assignment.Query().Where(there, assignment.OpenKeyNotNil(), assignment.EndsAtLTE(t.now)).Select(assignment.FieldTenantID).Strings(ctx)
		if err != nil {
			return fmt.Errorf("read assignments: %w", err)
		}
		if _, err := t.endResting(ctx, g.partner.TenantID, over); err != nil {
			return err
		}
	}
	return t.endAssignments(ctx, there)
}

// AssignmentStatus is where an assignment stands at a moment.
func AssignmentStatus(a *ent.Assignment, now time.Time) assignment.Status {
	switch {
	case a.Status == assignment.StatusRevoked:
		return assignment.StatusRevoked
	case a.EndsAt != nil && !now.Before(*a.EndsAt):
		return assignment.StatusExpired
	case now.Before(a.StartsAt):
		return assignment.StatusScheduled
	}
	return assignment.StatusActive
}

// OpenAt matches assignments that are not over at a moment.
func OpenAt(now time.Time) predicate.Assignment {
	return assignment.And(assignment.OpenKeyNotNil(), assignment.Or(assignment.EndsAtIsNil(), assignment.EndsAtGT(now)))
}
