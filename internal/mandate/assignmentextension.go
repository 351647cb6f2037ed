package mandate

import (
	"context"
	"fmt"

	"mandate/ent"
	"mandate/ent/assignment"
	"mandate/internal/access"
)

// ExtendAssignment gives an assignment another access period, from now on: what giving it anew takes, it takes as well.
//
// NOT_FOUND, CONFLICT for one that is over, STALE_VERSION, RELATIONSHIP_NOT_ACTIVE, ROLE_EXCEEDS_GRANT when the role is more
// than the viewer holds now, SELF_APPROVAL_FORBIDDEN, ACCESS_PERIOD_OUT_OF_RANGE.
func (s *Service) ExtendAssignment(ctx context.Context, cmd ExtendAssignment) (a *ent.Assignment, err error) {
	err = s.tx(ctx, func(ctx context.Context, t *tx) error {
		if err := t.person(); err != nil {
			return err
		}
		if a, err = t.extendable(ctx, cmd); err != nil {
			return err
		}
		g, err := t.grantee(ctx, a.GranteeID, "id")
		if err != nil {
			return err
		}
		f, err := t.footing(ctx, g, a.TenantID, "id")
		if err != nil {
			return err
		}
		given, err := t.roleOf(ctx, a.RoleID)
		if err != nil {
			return err
		}
		if fault := f.bears(given, "id"); fault != nil {
			return fault
		}
		if p := cmd.AccessPeriod; p != nil && p.StartsAt != nil && p.StartsAt.After(t.now) {
			return broken(Invalid, "An extension begins now: leave startsAt out.", "accessPeriod", "startsAt")
		}
		span, err := t.period(cmd.AccessPeriod, limitsOf(g.partner))
		if err != nil {
			return err
		}
		before := stamp(a.EndsAt)
		update := t.Assignment.UpdateOne(a).SetStartsAt(span.starts).ClearEndsAt().ClearDueAt().AddVersion(1)
		if span.ends != nil {
			update.SetEndsAt(*span.ends).SetDueAt(*NextDue(span.starts, span.ends, nil, t.now))
		}
		if a, err = update.Save(ctx); err != nil {
			return fmt.Errorf("extend the assignment: %w", err)
		}
		return t.record(ctx, f.about(g, event{action: "assignment.extended", target: a.ID, changes: change("endsAt", before, stamp(span.ends))}))
	}, &a)
	return a, err
}

// extendable reads and locks an assignment that the viewer sees and that is not over.
func (t *tx) extendable(ctx context.Context, cmd ExtendAssignment) (*ent.Assignment, error) {
	a, err := t.Assignment.Get(ctx, cmd.ID)
	if ent.IsNotFound(err) {
		return nil, notFound("id")
	}
	if err != nil {
		return nil, fmt.Errorf("read the assignment: %w", err)
	}
	if err := t.lock(ctx, a.TenantID); err != nil {
		return nil, err
	}
	if err := t.hold(ctx, a.GranterID); err != nil {
		return nil, err
	}
	if a, err = t.Assignment.Get(ctx, cmd.ID); err != nil {
		return nil, fmt.Errorf("read the assignment: %w", err)
	}
	visible, err := t.seesPair(ctx, access.Assignments, a.GranterID, a.TenantID)
	if err != nil {
		return nil, err
	}
	if !visible {
		return nil, notFound("id")
	}
	granter, err := t.owns(ctx, a.GranterID)
	if err != nil {
		return nil, err
	}
	if granter.At(access.Assignments) < access.Manage {
		return nil, ErrForbidden
	}
	if s := AssignmentStatus(a, t.now); s != assignment.StatusActive && s != assignment.StatusScheduled {
		return nil, broken(Conflict, "The assignment is over already.", "id")
	}
	return a, fresh(cmd.Version, a.Version)
}
