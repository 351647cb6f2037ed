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
		t.touch(r.ID, tenantID)
	}
	for _, part := range split(ids) {
		if err := t.AccessRequest.Update().Where(accessrequest.IDIn(part...)).SetStatus(accessrequest.StatusExpired).Exec(ctx); err != nil {
			return fmt.Errorf("record expired requests: %w", err)
		}
	}
	return t.endMemberships(ctx, tenantID, members, "")
}

// closeRequests closes the requests of members that wait. by names who decided; "" for nobody.
func (t *tx) closeRequests(ctx context.Context, members []*ent.Member, by string) error {
	var waiting []string
	for _, m := range members {
		if m.Status == member.StatusPendingApproval || m.Status == member.StatusPendingEmailValidation {
			waiting = append(waiting, m.ID)
		}
	}
	for _, part := range split(waiting) {
		rows, err := t.AccessRequest.Query().Where(accessrequest.MemberIDIn(part...), accessrequest.StatusEQ(accessrequest.StatusPending)).All(ctx)
		if err != nil {
			return fmt.Errorf("find requests that wait: %w", err)
		}
		var ids []string
		for _, r := range rows {
			ids = append(ids, r.ID)
			t.touch(r.ID, r.TenantID)
		}
		err = t.AccessRequest.Update().Where(accessrequest.IDIn(ids...)).SetStatus(accessrequest.StatusRejected).SetDecidedAt(t.now).
			SetNillableDecidedByName(some(by)).Exec(ctx)
		if err != nil {
			return fmt.Errorf("close requests: %w", err)
		}
	}
	return nil
}

// continueSignUp lets a sign-up go on whose person has proven the address, under the lock of its tenant: to a membership, if the tenant asks for no more
// or has approved it already, else to its administrators, who are told.
//
// TOKEN_INVALID when there is nothing to go on with: the tenant is closed, or the request was decided or expired.
func (t *tx) continueSignUp(ctx context.Context, link *ent.OneTimeToken) (*ent.Member, error) {
	r, err := t.AccessRequest.Query().Where(accessrequest.MemberID(orZero(link.MemberID))).WithMember(asRequested).WithTenant().Only(ctx)
	if ent.IsNotFound(err) {
		return nil, invalidLink()
	}
	if err != nil {
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
			Tenant: tn.Name, Person: NameOf(m), Address: m.Edges.User.Email, DecideBy: r.ExpiresAt,
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
	byID := keyed(found, func(r *ent.AccessRequest) string { return r.ID })
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
