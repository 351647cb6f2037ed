package mandate

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"mandate/ent"
	"mandate/ent/assignment"
	"mandate/ent/member"
	"mandate/ent/relationship"
	"mandate/ent/tenant"
	"mandate/internal/access"
)

// Assign gives one of a partner's people a role in a customer of the partner, for a time. An assignment that was there
// is replaced.
//
// NOT_FOUND, RELATIONSHIP_NOT_ACTIVE; ROLE_EXCEEDS_GRANT for more than the relationship's ceiling, or than the viewer
// holds in the customer; SELF_APPROVAL_FORBIDDEN, ACCESS_PERIOD_OUT_OF_RANGE.
func (s *Service) Assign(ctx context.Context, cmd Assign) (a *ent.Assignment, err error) {
	err = s.tx(ctx, func(ctx context.Context, t *tx) error {
		if err := t.person(); err != nil {
			return err
		}
		grantee, p, err := t.grantee(ctx, cmd.GranteeID)
		if err != nil {
			return err
		}
		if err := t.lock(ctx, cmd.TenantID); err != nil {
			return err
		}
		given, rel, err := t.assignable(ctx, cmd, p)
		if err != nil {
			return err
		}
		starts, ends, err := t.period(cmd.AccessPeriod)
		if err != nil {
			return err
		}
		customer, err := t.Tenant.Get(ctx, cmd.TenantID)
		if err != nil {
			return err
		}
		key := grantee.ID + ":" + customer.ID
		if err := t.Assignment.Update().Where(assignment.OpenKey(key)).SetStatus(assignment.StatusRevoked).SetEndedAt(t.now).
			ClearOpenKey().AddVersion(1).Exec(ctx); err != nil {
			return fmt.Errorf("replace the assignment: %w", err)
		}
		name := grantee.FirstName + " " + grantee.LastName
		a, err = t.Assignment.Create().SetGranterID(p.tenant.ID).SetTenantID(customer.ID).SetTenantSortName(customer.SortName).
			SetGranteeID(grantee.ID).SetRelationshipID(rel.ID).SetGranteeName(name).SetRoleID(given.id).SetStartsAt(starts).SetNillableEndsAt(ends).SetOpenKey(key).
			SetPartnerName(p.tenant.Name).SetPartnerType(string(p.Type)).SetPartnerCode(p.Code).
			SetCustomerName(customer.Name).SetNillableCustomerAccountNumber(customer.AccountNumber).Save(ctx)
		if err != nil {
			return fmt.Errorf("make the assignment: %w", err)
		}
		return t.record(ctx, event{action: "assignment.created", tenant: customer.ID, other: p.tenant.ID, relationship: rel.ID,
			target: a.ID, targetName: name, changes: append(change("role", "", given.name), change("endsAt", "", stamp(ends))...)})
	})
	return a, err
}

// grantee reads the member to be assigned and the partner it belongs to, where the viewer manages assignments.
func (t *tx) grantee(ctx context.Context, memberID string) (*ent.Member, *partnerSide, error) {
	m, err := t.Member.Query().Where(member.ID(memberID), member.HasTenantWith(tenant.KindEQ(tenant.KindPartner))).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, nil, notFound("granteeId")
	}
	if err != nil {
		return nil, nil, err
	}
	if err := t.hold(ctx, m.TenantID); err != nil {
		return nil, nil, err
	}
	if err := t.sees(ctx, m.TenantID, []string{"granteeId"}, access.Users, access.Assignments); err != nil {
		return nil, nil, err
	}
	if _, err := t.needOwn(ctx, m.TenantID, []string{"granteeId"}, access.Assignments); err != nil {
		return nil, nil, err
	}
	if m, err = t.Member.Get(ctx, memberID); err != nil {
		return nil, nil, err
	}
	switch {
	case m.Status != member.StatusActive:
		return nil, nil, notFound("granteeId")
	case m.UserID == t.viewer.UserID:
		return nil, nil, broken(SelfApprovalForbidden, "Nobody assigns themselves.", "granteeId")
	case m.Administrator:
		return nil, nil, broken(Invalid, "An administrator reaches every customer already.", "granteeId")
	case m.Guest:
		return nil, nil, broken(Invalid, "A guest is not assigned to customers.", "granteeId")
	}
	p, err := t.partnerOf(ctx, m.TenantID)
	return m, p, err
}

// assignable finds the role to give and the relationship that it rests on, and holds the role against both ceiling and
// giver.
func (t *tx) assignable(ctx context.Context, cmd Assign, p *partnerSide) (namedRole, *ent.Relationship, error) {
	rel, err := t.liveRelationship(ctx, cmd.TenantID)
	if err != nil {
		return namedRole{}, nil, err
	}
	if rel == nil || rel.PartnerID != p.tenant.ID || !IsLive(rel, t.now) {
		return namedRole{}, nil, notFound("tenantId")
	}
	if rel.Status == relationship.StatusSuspended { // told to those who see the relationship
		if err := t.sees(ctx, p.tenant.ID, []string{"tenantId"}, access.Partners); err != nil {
			return namedRole{}, nil, err
		}
		return namedRole{}, nil, broken(RelationshipNotActive, "The relationship with this customer is paused.", "tenantId")
	}
	reach, err := t.reach(ctx, cmd.TenantID, []string{"tenantId"})
	if err != nil {
		return namedRole{}, nil, err
	}
	given, err := t.role(ctx, p.tenant.ID, cmd.RoleID, cmd.RoleKey)
	if err != nil {
		return namedRole{}, nil, err
	}
	ceiling, err := t.roleOf(ctx, rel.RoleID)
	if err != nil {
		return namedRole{}, nil, err
	}
	if !given.levels.Within(ceiling.levels) {
		return namedRole{}, nil, broken(RoleExceedsGrant, "The role is more than the customer allows: "+ceiling.name+".", "roleKey")
	}
	if !given.levels.Within(reach.Levels) {
		return namedRole{}, nil, broken(RoleExceedsGrant, "You can give no more than you hold yourself.", "roleKey")
	}
	return given, rel, nil
}

// period reads an access period.
func (t *tx) period(p *AccessPeriod) (starts time.Time, ends *time.Time, err error) {
	starts = t.now
	if p == nil {
		return starts, nil, nil
	}
	if p.StartsAt != nil && p.StartsAt.After(starts) {
		starts = p.StartsAt.UTC().Truncate(time.Microsecond)
	}
	outOfRange := broken(AccessPeriodOutOfRange, fmt.Sprintf("Access ends after it begins, at most %d days later.", mostAccessDays), "accessPeriod")
	switch {
	case p.Days != nil && p.EndsAt != nil:
		return starts, nil, broken(Invalid, "Name the days or the end, not both.", "accessPeriod")
	case p.Days != nil:
		if *p.Days < 1 || *p.Days > mostAccessDays {
			return starts, nil, outOfRange
		}
		end := starts.AddDate(0, 0, *p.Days)
		ends = &end
	case p.EndsAt != nil:
		end := p.EndsAt.UTC().Truncate(time.Microsecond)
		ends = &end
	}
	if ends != nil && (!ends.After(starts) || ends.After(starts.AddDate(0, 0, mostAccessDays))) {
		return starts, nil, outOfRange
	}
	return starts, ends, nil
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

// RevokeAssignments takes assignments back, all or none: by the partner that granted them, or by the customer, which may
// send one person home.
//
// Errors name the row. NOT_FOUND, CONFLICT for one that is over, LIMIT_EXCEEDED, INVALID for rows of several pairs.
func (s *Service) RevokeAssignments(ctx context.Context, cmd RevokeAssignments) (revoked []*ent.Assignment, err error) {
	if n := len(cmd.IDs); n == 0 || n > mostAtOnce {
		return nil, broken(LimitExceeded, fmt.Sprintf("Name 1 to %d assignments.", mostAtOnce), "ids")
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
			a, err := t.Assignment.UpdateOne(row).SetStatus(assignment.StatusRevoked).SetEndedAt(t.now).ClearOpenKey().AddVersion(1).Save(ctx)
			if err != nil {
				return fmt.Errorf("revoke the assignment: %w", err)
			}
			revoked = append(revoked, a)
			changes = append(changes, change("assignment", a.GranteeName+" – "+orZero(a.CustomerName), "")...)
			e.tenant, e.other = a.TenantID, a.GranterID
		}
		if e.changes = changes; len(revoked) == 1 {
			e.target, e.targetName = revoked[0].ID, revoked[0].GranteeName
		}
		return t.record(ctx, e)
	})
	return revoked, err
}

// revocable reads and locks assignments that the viewer may take back. They belong to one pair of tenants, so that one
// event tells both.
func (t *tx) revocable(ctx context.Context, ids []string) ([]*ent.Assignment, error) {
	rows := make([]*ent.Assignment, len(ids))
	var faults Errors
	for i, id := range ids {
		at := []string{"ids", strconv.Itoa(i)}
		a, err := t.Assignment.Get(ctx, id)
		if ent.IsNotFound(err) {
			faults = append(faults, notFound(at...))
			continue
		}
		if err != nil {
			return nil, err
		}
		if err := t.lock(ctx, a.TenantID); err != nil {
			return nil, err
		}
		if a, err = t.Assignment.Get(ctx, id); err != nil {
			return nil, err
		}
		fault, err := t.mayRevoke(ctx, a, at)
		if err != nil {
			return nil, err
		}
		if fault != nil {
			faults = append(faults, fault)
			continue
		}
		if i > 0 && rows[0] != nil && (rows[0].TenantID != a.TenantID || rows[0].GranterID != a.GranterID) {
			faults = append(faults, broken(Invalid, "Take back assignments of one partner in one customer at a time.", at...))
			continue
		}
		rows[i] = a
	}
	if faults != nil {
		return nil, faults
	}
	return rows, nil
}

func (t *tx) mayRevoke(ctx context.Context, a *ent.Assignment, at []string) (*Error, error) {
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
