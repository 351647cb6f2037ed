package mandate

import (
	"context"
	"fmt"

	"mandate/ent"
	"mandate/ent/accessrequest"
	"mandate/ent/assignment"
	"mandate/ent/invitation"
	"mandate/ent/predicate"
	"mandate/ent/relationship"
	"mandate/ent/session"
)

// invitations records which ones nobody answered in time.
func (w *sweep) invitations() {
	for at, now := (position{}), w.s.Clock(); !w.over(); {
		rows, err := w.s.Client.Invitation.Query().Where(invitation.StatusEQ(invitation.StatusPending), at.due(invitation.FieldExpiresAt, now)).All(w.ctx)
		if !w.succeeded("look for expired invitations", err) || len(rows) == 0 {
			return
		}
		for _, inv := range rows {
			if w.over() {
				return
			}
			w.try("invitation "+inv.ID, func(ctx context.Context, t *tx) error { return t.expire(ctx, inv) })
			at = position{inv.ExpiresAt, inv.ID}
		}
	}
}

func (t *tx) expire(ctx context.Context, inv *ent.Invitation) error {
	if err := t.lock(ctx, Sender(inv)); err != nil {
		return err
	}
	return t.expireInvitations(ctx, invitation.ID(inv.ID))
}

// requests records which ones nobody decided about in time, with one event for each tenant.
func (w *sweep) requests() {
	for at, now := (position{}), w.s.Clock(); !w.over(); {
		rows, err := w.s.Client.AccessRequest.Query().Where(accessrequest.StatusEQ(accessrequest.StatusPending), at.due(accessrequest.FieldExpiresAt, now)).All(w.ctx)
		if !w.succeeded("look for expired requests", err) || len(rows) == 0 {
			return
		}
		at = position{rows[len(rows)-1].ExpiresAt, rows[len(rows)-1].ID}
		for _, g := range grouped(rows, func(r *ent.AccessRequest) string { return r.TenantID }) {
			if w.over() {
				return
			}
			w.try("requests of "+g.key, func(ctx context.Context, t *tx) error { return t.expireRequestsOf(ctx, g.key) })
		}
	}
}

func (t *tx) expireRequestsOf(ctx context.Context, tenantID string) error {
	if err := t.lock(ctx, tenantID); err != nil {
		return err
	}
	rows, err := t.AccessRequest.Query().Where(accessrequest.TenantID(tenantID), accessrequest.StatusEQ(accessrequest.StatusPending),
		accessrequest.ExpiresAtLTE(t.now)).WithMember().All(ctx)
	if err != nil || len(rows) == 0 {
		return err
	}
	if err := t.expireRequests(ctx, tenantID); err != nil {
		return err
	}
	e := event{action: "access_request.expired", tenant: tenantID}
	var members []*ent.Member
	for _, r := range rows {
		m := r.Edges.Member
		members, e.targets = append(members, m), append(e.targets, r.ID)
		e.changes = append(e.changes, change(NameOf(m), string(accessrequest.StatusPending), string(accessrequest.StatusExpired))...)
	}
	return t.record(ctx, e.about(members))
}

// relationships records which ones ended, each in a transaction of its own, and then announces what there is to announce,
// together for each partner: so nobody gets a thousand mails of which one would do.
func (w *sweep) relationships() {
	for at, now := (position{}), w.s.Clock(); !w.over(); {
		rows, err := w.s.Client.Relationship.Query().Where(relationship.EndsAtNotNil(), at.due(relationship.FieldDueAt, now)).All(w.ctx)
		if !w.succeeded("look for relationships that are due", err) || len(rows) == 0 {
			return
		}
		at = position{*rows[len(rows)-1].DueAt, rows[len(rows)-1].ID}
		for _, rel := range rows {
			if rel.ActiveCustomerID != nil && !now.Before(*rel.EndsAt) && !w.over() {
				w.try("relationship "+rel.ID, func(ctx context.Context, t *tx) error {
					if err := t.lock(ctx, rel.CustomerID); err != nil {
						return err
					}
					return t.settle(ctx, rel.CustomerID)
				})
			}
		}
		for _, g := range grouped(rows, func(rel *ent.Relationship) string { return rel.PartnerID }) {
			if w.over() {
				return
			}
			ids := g.ids(func(rel *ent.Relationship) string { return rel.ID })
			w.inParts("announce relationships from", ids, func(ctx context.Context, t *tx, ids []string) error { return t.announceRelationships(ctx, ids) })
		}
	}
}

// assignments does the same with assignments: records those that ended tenant by tenant, and announces together what one
// partner granted.
func (w *sweep) assignments() {
	for at, now := (position{}), w.s.Clock(); !w.over(); {
		rows, err := w.s.Client.Assignment.Query().Where(assignment.EndsAtNotNil(), at.due(assignment.FieldDueAt, now)).All(w.ctx)
		if !w.succeeded("look for assignments that are due", err) || len(rows) == 0 {
			return
		}
		at = position{*rows[len(rows)-1].DueAt, rows[len(rows)-1].ID}
		var over []*ent.Assignment
		for _, a := range rows {
			if a.OpenKey != nil && !now.Before(*a.EndsAt) {
				over = append(over, a)
			}
		}
		for _, g := range grouped(over, func(a *ent.Assignment) string { return a.TenantID }) {
			if w.over() {
				return
			}
			w.try("assignments in "+g.key, func(ctx context.Context, t *tx) error { return t.expireAssignments(ctx, g.key) })
		}
		for _, g := range grouped(rows, func(a *ent.Assignment) string { return a.GranterID }) {
			if w.over() {
				return
			}
			ids := g.ids(func(a *ent.Assignment) string { return a.ID })
			w.inParts("announce assignments from", ids, func(ctx context.Context, t *tx, ids []string) error { return t.announceAssignments(ctx, ids) })
		}
	}
}

// expireAssignments records which assignments in a tenant ended, and ends what rested on them.
func (t *tx) expireAssignments(ctx context.Context, tenantID string) error {
	if err := t.lock(ctx, tenantID); err != nil {
		return err
	}
	over := []predicate.Assignment{assignment.TenantID(tenantID), assignment.OpenKeyNotNil(), assignment.EndsAtLTE(t.now)}
	rows, err := t.Assignment.Query().Where(over...).All(ctx)
	if err != nil {
		return fmt.Errorf("read assignments: %w", err)
	}
	for _, a := range rows {
		if _, err := t.endWithPartner(ctx, a); err != nil {
			return err
		}
	}
	if err := t.endAssignments(ctx, over...); err != nil {
		return err
	}
	return t.endUnreached(ctx, session.EnteredTenantID(tenantID))
}
