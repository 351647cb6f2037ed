package mandate

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"mandate/ent"
	"mandate/ent/assignment"
	"mandate/ent/partner"
	"mandate/ent/predicate"
	"mandate/ent/session"
	"mandate/internal/access"
)

// RevokeAssignments takes assignments back, all or none: by the partner that granted them, or by the tenant reached, which
// may send one person or a tech partner home. What a tech partner gave its own people there ends with its own.
//
// Errors name the row. NOT_FOUND, CONFLICT for one that is over or named twice, LIMIT_EXCEEDED, INVALID for rows of several pairs.
func (s *Service) RevokeAssignments(ctx context.Context, cmd RevokeAssignments) (revoked []*ent.Assignment, err error) {
	if fault := oneTo(len(cmd.IDs), mostAtOnce, "assignments", "ids"); fault != nil {
		return nil, fault
	}
	reason, fault := paragraph(cmd.Reason, 500, "reason")
	if fault != nil {
		return nil, fault
	}
	err = s.tx(ctx, func(ctx context.Context, t *tx) error {
		revoked = nil
		if err := t.person(); err != nil {
			return err
		}
		rows, err := t.revocable(ctx, cmd.IDs)
		if err != nil {
			return err
		}
		var changes []access.Change
		e := event{action: "assignment.revoked", reason: reason}
		for _, row := range rows {
			a, err := t.Assignment.UpdateOne(row).SetStatus(assignment.StatusRevoked).SetEndedAt(t.now).ClearOpenKey().ClearDueAt().AddVersion(1).Save(ctx)
			if err != nil {
				return fmt.Errorf("revoke the assignment: %w", err)
			}
			revoked = append(revoked, a)
			changes = append(changes, change("assignment", a.GranteeName+" – "+orZero(a.CustomerName), "")...)
			resting, err := t.endWithPartner(ctx, a)
			if err != nil {
				return err
			}
			changes = append(changes, resting...)
			e.tenant, e.other = a.TenantID, a.GranterID
		}
		if e.changes = changes; len(revoked) == 1 {
			e.target, e.targetName = revoked[0].ID, revoked[0].GranteeName
		}
		if err := t.endUnreached(ctx, session.EnteredTenantID(e.tenant)); err != nil {
			return err
		}
		return t.record(ctx, e)
	}, &revoked)
	return revoked, err
}

// revocable reads and locks assignments that the viewer may take back. They belong to one pair of tenants, so that one
// event tells both.
func (t *tx) revocable(ctx context.Context, ids []string) ([]*ent.Assignment, error) {
	found, err := t.lockAssignments(ctx, ids)
	if err != nil {
		return nil, err
	}
	rows := make([]*ent.Assignment, len(ids))
	var faults Errors
	for i, id := range ids {
		at := []string{"ids", strconv.Itoa(i)}
		if slices.Contains(ids[:i], id) {
			faults = append(faults, broken(Conflict, "The assignment is named twice.", at...))
			continue
		}
		a := found[id]
		fault, err := t.mayRevoke(ctx, a, at)
		if err != nil {
			return nil, err
		}
		if fault != nil {
			faults = append(faults, fault)
			continue
		}
		if i > 0 && rows[0] != nil && (rows[0].TenantID != a.TenantID || rows[0].GranterID != a.GranterID) {
			faults = append(faults, broken(Invalid, "Revoke assignments of one partner in one tenant at a time.", at...))
			continue
		}
		rows[i] = a
	}
	if faults != nil {
		return nil, faults
	}
	return rows, nil
}

// lockAssignments locks the tenant of the first one that the viewer sees, and reads them under that lock, by id; none when
// there is none that the viewer sees.
func (t *tx) lockAssignments(ctx context.Context, ids []string) (map[string]*ent.Assignment, error) {
	found, err := t.assignments(ctx, ids)
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		a := found[id]
		if a == nil {
			continue
		}
		visible, err := t.seesPair(ctx, access.Assignments, a.GranterID, a.TenantID)
		if err != nil {
			return nil, err
		}
		if !visible {
			continue
		}
		if err := t.lock(ctx, a.TenantID); err != nil {
			return nil, err
		}
		return t.assignments(ctx, ids)
	}
	return nil, nil
}

// assignments reads assignments by id, and finds out how the viewer reaches both tenants of each.
func (t *tx) assignments(ctx context.Context, ids []string) (map[string]*ent.Assignment, error) {
	rows, err := t.Assignment.Query().Where(assignment.IDIn(distinct(ids)...)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read assignments: %w", err)
	}
	var tenants []string
	for _, a := range rows {
		tenants = append(tenants, a.GranterID, a.TenantID)
	}
	return keyed(rows, func(a *ent.Assignment) string { return a.ID }), t.access.Resolve(ctx, tenants...)
}

// mayRevoke says why the viewer may not take an assignment back, or nil; without one, that there is none.
func (t *tx) mayRevoke(ctx context.Context, a *ent.Assignment, at []string) (*Error, error) {
	if a == nil {
		return notFound(at...), nil
	}
	visible, err := t.seesPair(ctx, access.Assignments, a.GranterID, a.TenantID)
	if err != nil {
		return nil, err
	}
	if !visible {
		return notFound(at...), nil
	}
	granter, err := t.owns(ctx, a.GranterID)
	if err != nil {
		return nil, err
	}
	reached, err := t.owns(ctx, a.TenantID)
	if err != nil {
		return nil, err
	}
	if granter.Max(reached).At(access.Assignments) < access.Manage {
		return nil, ErrForbidden
	}
	if s := AssignmentStatus(a, t.now); s != assignment.StatusActive && s != assignment.StatusScheduled {
		return broken(Conflict, "The assignment is over already.", at...), nil
	}
	return nil, nil
}

// endWithPartner ends what rests on an assignment, if that was a tech partner's. How many people it was is told, and not who:
// their names are not the MSP's to read.
func (t *tx) endWithPartner(ctx context.Context, a *ent.Assignment) ([]access.Change, error) {
	p, err := t.Partner.Query().Where(partner.ID(a.GranteeID)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the tech partner: %w", err)
	}
	n, err := t.endResting(ctx, p.TenantID, []string{a.TenantID})
	if err != nil || n == 0 {
		return nil, err
	}
	return change(a.GranteeName+", its own people", strconv.Itoa(n), "0"), nil
}

// endResting ends what a tech partner gave its own people in tenants, and tells how many assignments that were.
func (t *tx) endResting(ctx context.Context, techPartner string, tenantIDs []string) (n int, err error) {
	for _, part := range split(tenantIDs) {
		there := assignment.And(assignment.GranterID(techPartner), assignment.TenantIDIn(part...))
		live, err := t.Assignment.Query().Where(there, OpenAt(t.now)).Count(ctx)
		if err != nil {
			return 0, fmt.Errorf("count assignments: %w", err)
		}
		if err := t.endAssignments(ctx, there); err != nil {
			return 0, err
		}
		n += live
	}
	return n, nil
}

// endAssignments ends those of some assignments that hold their place: those past their end are expired, which is to be
// announced still, all others are taken back.
func (t *tx) endAssignments(ctx context.Context, which ...predicate.Assignment) error {
	which = append(slices.Clip(which), assignment.OpenKeyNotNil())
	err := t.Assignment.Update().Where(assignment.And(which...), assignment.EndsAtLTE(t.now)).SetStatus(assignment.StatusExpired).
		ClearOpenKey().AddVersion(1).Exec(ctx)
	if err != nil {
		return fmt.Errorf("note that assignments expired: %w", err)
	}
	err = t.Assignment.Update().Where(which...).SetStatus(assignment.StatusRevoked).SetEndedAt(t.now).ClearOpenKey().ClearDueAt().AddVersion(1).Exec(ctx)
	if err != nil {
		return fmt.Errorf("end assignments: %w", err)
	}
	return nil
}
