package mandate

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"mandate/ent"
	"mandate/ent/accessrequest"
	"mandate/ent/member"
	"mandate/ent/tenant"
	"mandate/internal/access"
	"mandate/internal/mail"
)

// RequestStatus is where a request stands at a moment: one that nobody decided about in time is EXPIRED, recorded or not.
func RequestStatus(r *ent.AccessRequest, now time.Time) accessrequest.Status {
	if r.Status == accessrequest.StatusPending && !now.Before(r.ExpiresAt) {
		return accessrequest.StatusExpired
	}
	return r.Status
}

// expireRequests records what the clock has decided already in a tenant: requests past their expiry, and the memberships
// that waited for them. What these held is free again: their persons, their User IDs.
func (t *tx) expireRequests(ctx context.Context, tenantID string) error {
	rows, err := t.AccessRequest.Query().Where(accessrequest.TenantID(tenantID), accessrequest.StatusEQ(accessrequest.StatusPending),
		accessrequest.ExpiresAtLTE(t.now)).WithMember().All(ctx)
	if err != nil {
		return fmt.Errorf("find expired requests: %w", err)
	}
	if len(rows) == 0 {
		return nil
	}
	var ids []string
	var members []*ent.Member
	for _, r := range rows {
		ids, members = append(ids, r.ID), append(members, r.Edges.Member)
	}
	for _, part := range split(ids) {
		if err := t.AccessRequest.Update().Where(accessrequest.IDIn(part...)).SetStatus(accessrequest.StatusExpired).Exec(ctx); err != nil {
			return fmt.Errorf("record expired requests: %w", err)
		}
	}
	return t.endMemberships(ctx, tenantID, members, "")
}

// provenSignUp lets a sign-up go on whose person has proven the address: to a membership, if the tenant asks for no more
// or has approved it already, else to its administrators, who are told.
//
// TOKEN_INVALID when there is nothing to go on with: the tenant is closed, or the request was decided or expired.
func (t *tx) provenSignUp(ctx context.Context, link *ent.OneTimeToken) (*ent.Member, error) {
	r, err := t.AccessRequest.Query().Where(accessrequest.MemberID(orZero(link.MemberID))).WithMember().WithTenant().Only(ctx)
	if ent.IsNotFound(err) {
		return nil, invalidLink()
	}
	if err != nil {
		return nil, fmt.Errorf("read the request: %w", err)
	}
	if err := t.lock(ctx, r.TenantID); err != nil {
		return nil, err
	}
	if r, err = t.AccessRequest.Query().Where(accessrequest.ID(r.ID)).WithMember(asRequested).WithTenant().Only(ctx); err != nil {
		return nil, fmt.Errorf("read the request: %w", err)
	}
	m, tn, status := r.Edges.Member, r.Edges.Tenant, RequestStatus(r, t.now)
	if m.Status != member.StatusPendingEmailValidation || tn.Status != tenant.StatusActive ||
		status != accessrequest.StatusPending && status != accessrequest.StatusApproved {
		return nil, invalidLink()
	}
	update, to := t.AccessRequest.UpdateOne(r).SetEmailValidated(true), member.StatusActive
	switch {
	case status == accessrequest.StatusApproved:
		err = t.tellApproved(ctx, tn, m)
	case tn.SignUpPolicy == tenant.SignUpPolicyValidateEmail:
		update.SetStatus(accessrequest.StatusApproved).SetDecidedAt(t.now)
	default:
		to = member.StatusPendingApproval
		err = t.notifyAdministrators(ctx, tn.ID, kindWaiting, mail.RequestWaiting{
			Tenant: tn.Name, Person: m.FirstName + " " + m.LastName, Address: m.Edges.User.Email, DecideBy: r.ExpiresAt,
		})
	}
	if err != nil {
		return nil, err
	}
	if err := update.Exec(ctx); err != nil {
		return nil, fmt.Errorf("note that an address is proven: %w", err)
	}
	if m, err = t.Member.UpdateOne(m).SetStatus(to).AddVersion(1).Save(ctx); err != nil {
		return nil, fmt.Errorf("note that an address is proven: %w", err)
	}
	return m, nil
}

// asRequested reads with a member all that a decision rests on.
func asRequested(q *ent.MemberQuery) { q.WithUser().WithPermissions().WithMemberSites(withSite) }

// ApproveAccessRequests lets people in who signed up, all or none, and gives them what the command says; nothing, if it
// says nothing. Whoever has yet to prove the address is in once that is done; the others are told.
//
// Errors name the row. NOT_FOUND, CONFLICT, SELF_APPROVAL_FORBIDDEN, REQUEST_ALREADY_DECIDED, INVALID for requests of
// several tenants, ROLE_EXCEEDS_GRANT for somebody who was given more meanwhile than the viewer may give. And
// PERMISSION_REQUIRED_FOR_EACH_FEATURE, SSO_LEVEL_REQUIRED and ROLE_EXCEEDS_GRANT for what the command gives;
// LIMIT_EXCEEDED.
func (s *Service) ApproveAccessRequests(ctx context.Context, cmd ApproveAccessRequests) (approved []*ent.AccessRequest, err error) {
	if err := fewRequests(cmd.IDs); err != nil {
		return nil, err
	}
	grant := grantInput{cmd.Administrator, cmd.RoleID, cmd.RoleKey, cmd.Permissions}
	takes := []access.Feature{access.Users}
	if grant.gives() {
		takes = append(takes, access.Roles)
	}
	err = s.tx(ctx, func(ctx context.Context, t *tx) error {
		g, err := t.decider(ctx, cmd.IDs, takes...)
		if err != nil {
			return err
		}
		rows, faults, err := t.decidable(ctx, g, cmd.IDs, t.mayEntitle)
		if err != nil {
			return err
		}
		a, more, err := split2(t.admission(ctx, g, grant))
		if err != nil {
			return err
		}
		if faults = append(faults, more...); len(faults) > 0 {
			return faults
		}
		for _, r := range rows {
			if err := t.admit(ctx, g, r, a); err != nil {
				return err
			}
		}
		approved = rows
		return t.decide(ctx, g, rows, verdict{"access_request.approved", accessrequest.StatusApproved, a.title(), nil})
	})
	return approved, err
}

// RejectAccessRequests turns people away who signed up, all or none. Their memberships end before they began; those who
// have proven their address are told why.
//
// Errors name the row. NOT_FOUND, CONFLICT, SELF_APPROVAL_FORBIDDEN, REQUEST_ALREADY_DECIDED, INVALID for requests of
// several tenants, ROLE_EXCEEDS_GRANT for somebody who was given more meanwhile than the viewer holds. REQUIRED, TOO_LONG
// and INVALID for the reason; LIMIT_EXCEEDED.
func (s *Service) RejectAccessRequests(ctx context.Context, cmd RejectAccessRequests) (rejected []*ent.AccessRequest, err error) {
	if err := fewRequests(cmd.IDs); err != nil {
		return nil, err
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
	})
	return rejected, err
}

func fewRequests(ids []string) error {
	if n := len(ids); n == 0 || n > mostAtOnce {
		return broken(LimitExceeded, fmt.Sprintf("Name 1 to %d requests.", mostAtOnce), "ids")
	}
	return nil
}

// decider finds the tenant whose requests a command names, that of the first one that the viewer sees, and locks it.
func (t *tx) decider(ctx context.Context, ids []string, takes ...access.Feature) (*giver, error) {
	if !t.viewer.SignedIn() {
		return nil, ErrUnauthenticated
	}
	rows, err := t.AccessRequest.Query().Where(accessrequest.IDIn(distinct(ids)...)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read requests: %w", err)
	}
	tenantOf, tenants := make(map[string]string), []string{}
	for _, r := range rows {
		tenantOf[r.ID], tenants = r.TenantID, append(tenants, r.TenantID)
	}
	if err := t.access.Resolve(ctx, tenants...); err != nil {
		return nil, err
	}
	faults := make([]Errors, len(ids))
	for i, id := range ids {
		if faults[i], err = collect(t.sees(ctx, tenantOf[id], nil, access.Users)); err != nil {
			return nil, err
		}
		if faults[i] == nil {
			return t.giver(ctx, tenantOf[id], []string{"ids", strconv.Itoa(i)}, takes...)
		}
	}
	return nil, inRows("ids", faults)
}

// decidable reads requests, each at its position, that the viewer may decide about, and tells what is wrong with the
// others. may holds what somebody was given already against the viewer.
func (t *tx) decidable(ctx context.Context, g *giver, ids []string, may func(context.Context, *giver, entitlement, ...string) error) ([]*ent.AccessRequest, Errors, error) {
	found, err := t.AccessRequest.Query().Where(accessrequest.IDIn(distinct(ids)...)).WithMember(asRequested).All(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("read requests: %w", err)
	}
	byID := make(map[string]*ent.AccessRequest, len(found))
	for _, r := range found {
		byID[r.ID] = r
	}
	rows, faults := make([]*ent.AccessRequest, len(ids)), make([]Errors, len(ids))
	for i, id := range ids {
		rows[i] = byID[id]
		err := t.mayDecide(ctx, g, rows[i], may)
		if err == nil && slices.Contains(ids[:i], id) {
			err = broken(Conflict, "The request is named twice.")
		}
		if faults[i], err = collect(err); err != nil {
			return nil, nil, err
		}
	}
	all, err := collect(inRows("ids", faults))
	return rows, all, err
}

// mayDecide says why the viewer may not decide about a request, or nil; without a request, that there is none.
func (t *tx) mayDecide(ctx context.Context, g *giver, r *ent.AccessRequest, may func(context.Context, *giver, entitlement, ...string) error) error {
	if r == nil {
		return notFound()
	}
	if err := t.sees(ctx, r.TenantID, nil, access.Users); err != nil {
		return err
	}
	if r.TenantID != g.tn.ID {
		return broken(Invalid, "Decide about the requests of one tenant at a time.")
	}
	if fault := undecidable(r, r.Edges.Member.UserID, t.viewer.UserID, t.now); fault != nil {
		return fault
	}
	held, err := t.entitlementOf(ctx, r.Edges.Member)
	if err != nil {
		return err
	}
	return may(ctx, g, held)
}

// undecidable says why a person cannot decide about a request of another at a moment, whatever they hold, or nil.
func undecidable(r *ent.AccessRequest, about, by string, now time.Time) *Error {
	switch {
	case about == by:
		return broken(SelfApprovalForbidden, "Nobody decides about themselves.")
	case RequestStatus(r, now) != accessrequest.StatusPending:
		return broken(RequestAlreadyDecided, "The request was approved or rejected, or it expired.")
	}
	return nil
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
		e.changes = append(e.changes, change(m.FirstName+" "+m.LastName, string(accessrequest.StatusPending), string(v.status)+v.given)...)
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
		a.given.set(update)
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
