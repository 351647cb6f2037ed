package mandate

import (
	"context"
	"fmt"

	"mandate/ent"
	"mandate/ent/member"
	"mandate/internal/access"
)

// RemoveMembers ends memberships, all or none, with the assignments and entered sessions that rest on them. Whoever is
// added again begins anew. A dry run returns who would be removed, and writes nothing.
//
// Errors name the row. NOT_FOUND, CONFLICT for a member named twice, ROLE_EXCEEDS_GRANT, LAST_ADMINISTRATOR,
// LIMIT_EXCEEDED.
func (s *Service) RemoveMembers(ctx context.Context, cmd RemoveMembers) (removed []string, err error) {
	if fault := oneTo(len(cmd.IDs), mostAtOnce, "members", "ids"); fault != nil {
		return nil, fault
	}
	err = s.tx(ctx, func(ctx context.Context, t *tx) error {
		removed = nil
		g, err := t.giver(ctx, cmd.TenantID, []string{"tenantId"}, access.Guests)
		if err != nil {
			return err
		}
		rows, err := t.dispensable(ctx, g, cmd.IDs, func(*ent.Member) bool { return true })
		if err != nil {
			return err
		}
		for _, m := range rows {
			removed = append(removed, m.ID)
		}
		if orZero(cmd.DryRun) {
			return nil
		}
		by, err := t.actorName(ctx, g.tn.ID)
		if err != nil {
			return err
		}
		e := event{action: "member.removed", tenant: g.tn.ID}
		for _, m := range rows {
			held, err := t.entitlementOf(ctx, m)
			if err != nil {
				return err
			}
			e.changes = append(e.changes, change(NameOf(m), held.title(), "")...)
		}
		if err := t.closeRequests(ctx, rows, by); err != nil {
			return err
		}
		if err := t.record(ctx, e.about(rows)); err != nil { // while whoever removes themselves still acts as a member
			return err
		}
		return t.endMemberships(ctx, g.tn.ID, rows, by)
	}, &removed)
	if err != nil {
		return nil, err
	}
	return removed, nil
}

// dispensable reads members whom the viewer may manage, and fails when those that the tenant is to lose leave it without
// an active administrator.
func (t *tx) dispensable(ctx context.Context, g *giver, ids []string, lost func(*ent.Member) bool) ([]*ent.Member, error) {
	rows, faults, err := t.managed(ctx, g, ids, "")
	if err != nil {
		return nil, err
	}
	if err := inRows("ids", faults); err != nil {
		return nil, err
	}
	var losing []string
	for i, m := range rows {
		if m.Administrator && m.Status == member.StatusActive && lost(m) {
			losing = append(losing, m.ID)
			faults[i] = Errors{lastAdministrator()}
		}
	}
	if losing == nil {
		return rows, nil
	}
	kept, err := t.keepsAdministrator(ctx, g.tn.ID, losing...)
	if err != nil || kept {
		return rows, err
	}
	return nil, inRows("ids", faults)
}

// SetMemberStatus suspends members or takes that back, all or none, and returns those whose status changed. Who is
// suspended loses what the membership gives with their next request, and all sessions if active nowhere else.
//
// Errors name the row. NOT_FOUND, CONFLICT for a member named twice or one that waits for approval, ROLE_EXCEEDS_GRANT,
// LAST_ADMINISTRATOR, SELF_APPROVAL_FORBIDDEN, LIMIT_EXCEEDED; INVALID for another status.
func (s *Service) SetMemberStatus(ctx context.Context, cmd SetMemberStatus) (changed []*ent.Member, err error) {
	if fault := oneTo(len(cmd.IDs), mostAtOnce, "members", "ids"); fault != nil {
		return nil, fault
	}
	if cmd.Status != member.StatusActive && cmd.Status != member.StatusSuspended {
		return nil, broken(Invalid, "A member is set to ACTIVE or to SUSPENDED.", "status")
	}
	reason, fault := paragraph(cmd.Reason, 500, "reason")
	if fault != nil {
		return nil, fault
	}
	err = s.tx(ctx, func(ctx context.Context, t *tx) error {
		changed = nil
		g, err := t.giver(ctx, cmd.TenantID, []string{"tenantId"}, access.Guests)
		if err != nil {
			return err
		}
		rows, err := t.dispensable(ctx, g, cmd.IDs, func(*ent.Member) bool { return cmd.Status == member.StatusSuspended })
		if err != nil {
			return err
		}
		e := event{action: "member.status_changed", tenant: g.tn.ID, reason: reason}
		faults := make([]Errors, len(rows))
		for i, m := range rows {
			if m.Status == cmd.Status {
				continue
			}
			if faults[i], err = collect(t.changeableStatus(ctx, g, m, cmd.Status)); err != nil {
				return err
			}
			changed = append(changed, m)
			e.changes = append(e.changes, change(NameOf(m), string(m.Status), string(cmd.Status))...)
		}
		if err := inRows("ids", faults); err != nil || len(changed) == 0 {
			return err
		}
		if err := t.record(ctx, e.about(changed)); err != nil { // while whoever suspends themselves still acts as a member
			return err
		}
		return t.setStatus(ctx, g.tn.ID, changed, cmd.Status)
	}, &changed)
	return changed, err
}

// changeableStatus says why the viewer may not give a member another status, or nil.
func (t *tx) changeableStatus(ctx context.Context, g *giver, m *ent.Member, to member.Status) error {
	switch {
	case m.Status == member.StatusSuspended && m.UserID == t.viewer.UserID: // who got here as somebody else's staff
		return broken(SelfApprovalForbidden, "Nobody reactivates themselves.")
	case m.Status == member.StatusActive, m.Status == member.StatusSuspended:
		return t.mayReadmit(ctx, g, m, to)
	}
	return broken(Conflict, "The person has not been let in yet: approve or reject the request.")
}

// mayReadmit says why the viewer may not reactivate a member, or nil. Somebody from outside reactivates nobody with more than
// they could give.
func (t *tx) mayReadmit(ctx context.Context, g *giver, m *ent.Member, to member.Status) error {
	if to != member.StatusActive || g.reach.Own().At(access.Guests) == access.Manage {
		return nil
	}
	held, err := t.entitlementOf(ctx, m)
	if err != nil {
		return err
	}
	return t.mayEntitle(ctx, g, held)
}

func (t *tx) setStatus(ctx context.Context, tenantID string, rows []*ent.Member, status member.Status) error {
	var ids, people []string
	for _, m := range rows {
		ids, people = append(ids, m.ID), append(people, m.UserID)
	}
	if err := t.Member.Update().Where(member.IDIn(ids...)).SetStatus(status).AddVersion(1).Exec(ctx); err != nil {
		return fmt.Errorf("set the status of members: %w", err)
	}
	for _, m := range rows {
		m.Status, m.Version, m.UpdatedAt = status, m.Version+1, t.now
	}
	if status == member.StatusSuspended {
		return t.endSessions(ctx, tenantID, people)
	}
	return nil
}

// SendPasswordLinks mails members a link to set a password, all or none. Links that the tenant had sent them before die.
// Whoever has no password yet gets a welcome link. One address gets no more than mostResets a day.
//
// Errors name the row. NOT_FOUND, CONFLICT for a member named twice or one that is not active, ROLE_EXCEEDS_GRANT,
// LIMIT_EXCEEDED.
func (s *Service) SendPasswordLinks(ctx context.Context, cmd SendPasswordLinks) (rows []*ent.Member, err error) {
	if fault := oneTo(len(cmd.IDs), mostAtOnce, "members", "ids"); fault != nil {
		return nil, fault
	}
	err = s.tx(ctx, func(ctx context.Context, t *tx) error {
		g, err := t.giver(ctx, cmd.TenantID, []string{"tenantId"}, access.Guests)
		if err != nil {
			return err
		}
		var faults []Errors
		if rows, faults, err = t.managed(ctx, g, cmd.IDs, ""); err != nil {
			return err
		}
		e := event{action: "password.links_sent", tenant: g.tn.ID}
		for i, m := range rows {
			if m != nil && m.Status != member.StatusActive {
				faults[i] = Errors{broken(Conflict, "The member is not active.")}
			}
		}
		if err := inRows("ids", faults); err != nil {
			return err
		}
		sender, err := t.actorName(ctx, g.tn.ID)
		if err != nil {
			return err
		}
		for _, m := range rows {
			if err := t.sendPasswordLink(ctx, g.tn, m.UserID, sender); err != nil {
				return err
			}
			e.changes = append(e.changes, change(NameOf(m), "", "a link")...)
		}
		return t.record(ctx, e.about(rows))
	}, &rows)
	return rows, err
}
