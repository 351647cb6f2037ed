package mandate

import (
	"context"
	"fmt"

	"mandate/ent"
	"mandate/ent/accessrequest"
	"mandate/ent/member"
	"mandate/internal/access"
	"mandate/internal/mail"
)

// ApproveAccessRequests lets people in who signed up, all or none, and gives them what the command says; nothing, if it
// says nothing. Whoever has yet to prove the address is in once that is done; the others are told.
//
// Errors name the row. NOT_FOUND, CONFLICT, SELF_APPROVAL_FORBIDDEN, REQUEST_ALREADY_DECIDED, INVALID for requests of
// several tenants, ROLE_EXCEEDS_GRANT for somebody who was given more meanwhile than the viewer may give. And
// PERMISSION_REQUIRED_FOR_EACH_FEATURE, SSO_LEVEL_REQUIRED and ROLE_EXCEEDS_GRANT for what the command gives;
// LIMIT_EXCEEDED; REAUTHENTICATION_REQUIRED to make somebody administrator.
func (s *Service) ApproveAccessRequests(ctx context.Context, cmd ApproveAccessRequests) (approved []*ent.AccessRequest, err error) {
	if fault := oneTo(len(cmd.IDs), mostAtOnce, "requests", "ids"); fault != nil {
		return nil, fault
	}
	grant := grantInput{cmd.Administrator, cmd.RoleID, cmd.RoleKey, cmd.Permissions}
	takes := []access.Feature{access.Users}
	if grant.gives() {
		takes = append(takes, access.Roles)
	}
	err = s.tx(ctx, func(ctx context.Context, t *tx) error {
		if err := t.holdCatalogue(ctx, cmd.Permissions...); err != nil {
			return err
		}
		g, err := t.decider(ctx, cmd.IDs, takes...)
		if err != nil {
			return err
		}
		rows, faults, err := t.decidable(ctx, g, cmd.IDs, t.mayEntitle)
		if err != nil {
			return err
		}
		a, more, err := collected(t.admission(ctx, g, grant))
		if err != nil {
			return err
		}
		if faults = append(faults, more...); len(faults) > 0 {
			return faults
		}
		if a.given != nil && a.given.administrator {
			if fault := t.recent(); fault != nil {
				return fault
			}
		}
		for _, r := range rows {
			if err := t.admit(ctx, g, r, a); err != nil {
				return err
			}
		}
		approved = rows
		return t.decide(ctx, g, rows, verdict{"access_request.approved", accessrequest.StatusApproved, a.title(), nil})
	}, &approved)
	return approved, err
}

// RejectAccessRequests turns people away who signed up, all or none. Their memberships end before they began; those who
// have proven their address are told why.
//
// Errors name the row. NOT_FOUND, CONFLICT, SELF_APPROVAL_FORBIDDEN, REQUEST_ALREADY_DECIDED, INVALID for requests of
// several tenants, ROLE_EXCEEDS_GRANT for somebody who was given more meanwhile than the viewer holds. REQUIRED, TOO_LONG
// and INVALID for the reason; LIMIT_EXCEEDED.
func (s *Service) RejectAccessRequests(ctx context.Context, cmd RejectAccessRequests) (rejected []*ent.AccessRequest, err error) {
	if fault := oneTo(len(cmd.IDs), mostAtOnce, "requests", "ids"); fault != nil {
		return nil, fault
	}
	reason, fault := paragraph(&cmd.Reason, 500, "reason")
	switch {
	case fault != nil:
		return nil, fault
	case reason == nil:
		return nil, broken(Required, "Say why: the person is told.", "reason")
	}
	err = s.tx(ctx, func(ctx context.Context, t *tx) error {
		g, err := t.decider(ctx, cmd.IDs, access.Users)
		if err != nil {
			return err
		}
		rows, faults, err := t.decidable(ctx, g, cmd.IDs, t.mayTouch)
		if err != nil {
			return err
		}
		if len(faults) > 0 {
			return faults
		}
		rejected = rows
		if err := t.decide(ctx, g, rows, verdict{"access_request.rejected", accessrequest.StatusRejected, "", reason}); err != nil {
			return err
		}
		return t.turnAway(ctx, g.tn, rows, *reason)
	}, &rejected)
	return rejected, err
}

// verdict is what a decision comes to.
type verdict struct {
	action string
	status accessrequest.Status
	given  string // for the audit trail
	reason *string
}

// decide records a decision about requests, and who made it.
func (t *tx) decide(ctx context.Context, g *giver, rows []*ent.AccessRequest, v verdict) error {
	by, err := t.actorName(ctx, g.tn.ID)
	if err != nil {
		return err
	}
	e := event{action: v.action, tenant: g.tn.ID, reason: v.reason}
	var ids []string
	var members []*ent.Member
	for _, r := range rows {
		m := r.Edges.Member
		ids, members = append(ids, r.ID), append(members, m)
		t.touch(r.ID, r.TenantID)
		e.changes = append(e.changes, change(NameOf(m), string(accessrequest.StatusPending), string(v.status)+v.given)...)
	}
	err = t.AccessRequest.Update().Where(accessrequest.IDIn(ids...)).SetStatus(v.status).SetNillableReason(v.reason).
		SetDecidedAt(t.now).SetDecidedByName(by).Exec(ctx)
	if err != nil {
		return fmt.Errorf("record a decision: %w", err)
	}
	return t.record(ctx, e.about(members))
}

// admission is what people are given who are let in.
type admission struct {
	given *entitlement // nil for nothing
	sites siteLimit    // those of whoever lets them in: nobody gives more
}

// title says what is given, for the audit trail.
func (a admission) title() string {
	if a.given == nil {
		return ""
	}
	return ": " + a.given.title()
}

// admission reads what a command gives, and holds it against who gives it.
func (t *tx) admission(ctx context.Context, g *giver, grant grantInput) (admission, error) {
	sites, err := t.siteGiver(ctx, g, nil)
	if err != nil {
		return admission{}, err
	}
	if !orZero(grant.administrator) && !grant.namesRole() && len(grant.permissions) == 0 {
		return admission{nil, sites.limit}, nil
	}
	given, err := t.entitle(ctx, g, grant, false)
	return admission{&given, sites.limit}, err
}

// admit lets somebody in, at once or once the address is proven.
func (t *tx) admit(ctx context.Context, g *giver, r *ent.AccessRequest, a admission) error {
	m := r.Edges.Member
	update := t.Member.UpdateOne(m).AddVersion(1)
	if m.Status == member.StatusPendingApproval {
		update.SetStatus(member.StatusActive)
	}
	if a.given != nil {
		a.given.set(update.Mutation())
		if err := t.give(ctx, m, *a.given); err != nil {
			return err
		}
	}
	if a.sites.lacks(siteLimitOf(m)) {
		update.SetAllSites(false)
		if err := t.listSites(ctx, m, a.sites); err != nil {
			return err
		}
	}
	if err := update.Exec(ctx); err != nil {
		return fmt.Errorf("let a member in: %w", err)
	}
	if !r.EmailValidated { // nobody has said yet that the address wants mails
		return nil
	}
	return t.tellApproved(ctx, g.tn, m)
}

func (t *tx) tellApproved(ctx context.Context, tn *ent.Tenant, m *ent.Member) error {
	return t.send(ctx, mailing{kind: "request.approved", to: m.Edges.User, letter: mail.RequestApproved{Tenant: tn.Name}})
}

// turnAway ends the memberships of those whose requests were rejected, and tells them.
func (t *tx) turnAway(ctx context.Context, tn *ent.Tenant, rows []*ent.AccessRequest, reason string) error {
	var members []*ent.Member
	for _, r := range rows {
		members = append(members, r.Edges.Member)
		if !r.EmailValidated {
			continue
		}
		l := mail.RequestRejected{Tenant: tn.Name, Reason: reason}
		if err := t.send(ctx, mailing{kind: "request.rejected", to: r.Edges.Member.Edges.User, letter: l}); err != nil {
			return err
		}
	}
	return t.endMemberships(ctx, tn.ID, members, "")
}
