package mandate

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"mandate/ent"
	"mandate/ent/rule"
	"mandate/internal/access"
	"mandate/internal/viewer"
)

// event is what an operation says of itself for the audit trail. The rest, who and from where, is found out.
type event struct {
	action       string
	tenant       string // in whose affairs it happened; "" for what concerns a person only
	other        string // the other side of a pair
	relationship string
	target       string
	targetName   string
	targets      []string // what was acted on besides the target and the rows that were touched
	changes      []access.Change
	reason       *string
	actor        *ent.Member // as whom the viewer acted, when that does not follow from the tenant
	clock        bool        // that it came to pass by itself: whoever is about to do something is not who did it
}

// Actions lists what events can tell of.
var Actions = []string{
	"access_request.approved", "access_request.expired", "access_request.rejected", "api_token.created", "api_token.revoked",
	"assigned_customers.saved", "assignment.created", "assignment.ending", "assignment.expired", "assignment.extended",
	"assignment.revoked", "customer.created", "delegation.saved", "email.change_requested", "email.changed", "email.verified",
	"feature.retired", "feature.upserted", "inventory.synced", "invitation.accepted", "invitation.declined",
	"invitation.delivered", "invitation.expired", "invitation.resent", "invitation.revoked", "invitation.sent",
	"invitation.undeliverable", "member.added", "member.left", "member.removed", "member.role_changed", "member.signed_up",
	"member.signed_up_again", "member.status_changed", "member.updated", "operator.administrator_created", "outbox.dropped",
	"outbox.retried", "partner.invite_link_rotated", "partner.recognized", "partner.registered", "password.changed",
	"password.links_sent", "password.reset", "password.reset_requested", "privilege_group.created", "privilege_group.deleted",
	"privilege_group.updated", "relationship.ending", "relationship.expired", "relationship.extended",
	"relationship.extension_offered", "relationship.narrowed", "relationship.resumed", "relationship.suspended",
	"relationship.terminated", "relationship.widened", "relationship.widening_offered", "role.created", "role.deleted",
	"role.updated", "service.activated", "session.ended", "session.reauthenticated", "session.started",
	"table_preference.reset", "table_preference.set", "tech_partner.created", "tenant.deleted", "tenant.entered",
	"tenant.reactivated", "tenant.suspended", "tenant.updated", "webhook.created", "webhook.deleted", "webhook.disabled",
	"webhook.redelivered", "webhook.secret_rotated", "webhook.updated",
}

// about makes members what the event is about: the one it names, if it is one.
func (e event) about(members []*ent.Member) event {
	if len(members) == 1 {
		e.target, e.targetName = members[0].ID, NameOf(members[0])
	}
	for _, m := range members {
		e.targets = append(e.targets, m.ID)
	}
	return e
}

// mostTargets is how many rows one event names.
const mostTargets = 2000

// targets lists all that an event is about, where that is more than its target, and so all rows touched since the last event that
// are its own.
func (t *tx) targets(e event) []string {
	all := slices.Clone(e.targets)
	t.touched = slices.DeleteFunc(t.touched, func(r touched) bool {
		if e.owns(r) {
			all = append(all, r.id)
			return true
		}
		return false
	})
	all = distinct(append(all, e.target))
	if len(all) == 0 || len(all) == 1 && all[0] == e.target {
		return nil
	}
	return all[:min(len(all), mostTargets)]
}

// owns reports whether a row that was touched belongs to the tenants of an event: neither side learns of what belongs to another
// pair, nor from what happened between the two of what is the other's alone.
func (e event) owns(r touched) bool {
	if len(r.tenants) == 1 {
		return r.tenants[0] == e.tenant && (e.relationship == "" || e.target != e.relationship)
	}
	return len(without(r.tenants, []string{e.tenant, e.other})) == 0
}

// record writes an audit event: that of the operation, or one of what the transaction found ended by the clock.
func (t *tx) record(ctx context.Context, e event) error {
	by := t.viewer
	if e.clock {
		by = viewer.Viewer{}
	}
	create := t.AuditEvent.Create().SetAt(t.now).SetAction(e.action).SetNillableReason(e.reason).
		SetNillableTenantID(some(e.tenant)).SetNillableRelationshipID(some(e.relationship)).
		SetNillableTargetID(some(e.target)).SetNillableTargetName(some(e.targetName)).
		SetNillableRequestID(some(by.RequestID)).SetNillableAddress(some(by.Address))
	if !slices.Contains(Actions, e.action) {
		return fmt.Errorf("record %s: clients do not know of this action", e.action)
	}
	create.SetChanges(bounded(e.changes))
	as, err := t.actor(ctx, e)
	if err != nil {
		return fmt.Errorf("record %s: %w", e.action, err)
	}
	create.SetNillableActorID(some(by.UserID))
	if token := by.Token; token != nil {
		create.SetAPIToken(token.Prefix)
	}
	if as != nil {
		create.SetActorID(as.userID).SetActorName(as.name).
			SetActorTenantID(as.tenantID).SetActorTenantName(as.tenantName).SetActorTenantKind(as.tenantKind)
		if e.tenant != "" && as.tenantID != e.tenant {
			if err := t.onBehalfOf(ctx, create, e.tenant); err != nil {
				return fmt.Errorf("record %s: %w", e.action, err)
			}
			e.other = cmp.Or(e.other, as.tenantID)
		}
	}
	if all := t.targets(e); len(all) > 0 {
		create.SetTargetIds(all)
	}
	if err := create.SetNillableOtherTenantID(some(e.other)).Exec(ctx); err != nil {
		return fmt.Errorf("record %s: %w", e.action, err)
	}
	return nil
}

func (t *tx) onBehalfOf(ctx context.Context, create *ent.AuditEventCreate, tenantID string) error {
	tn, err := t.tenant(ctx, tenantID)
	if err != nil {
		return err
	}
	create.SetOnBehalfOfName(tn.Name).SetOnBehalfOfKind(string(tn.Kind))
	return nil
}

// actor is as whom somebody acts: a person, by a membership in a tenant.
type actor struct{ userID, name, tenantID, tenantName, tenantKind string }

// actor finds the membership that the viewer acts by: the own one in the tenant, else the one where the best path to it
// begins, else, for what concerns no tenant or one that is out of reach, the oldest. It is nil without any.
func (t *tx) actor(ctx context.Context, e event) (*actor, error) {
	if m := e.actor; m != nil {
		tn, err := t.tenant(ctx, m.TenantID)
		if err != nil {
			return nil, err
		}
		return &actor{m.UserID, NameOf(m), tn.ID, tn.Name, string(tn.Kind)}, nil
	}
	if e.clock {
		return nil, nil
	}
	home, err := t.home(ctx, e.tenant)
	if err != nil || home == nil {
		return nil, err
	}
	return &actor{t.viewer.UserID, fullName(home.FirstName, home.LastName), home.TenantID, home.Name, home.Kind}, nil
}

func (t *tx) home(ctx context.Context, tenantID string) (*rule.Membership, error) {
	if !t.viewer.SignedIn() {
		return nil, nil
	}
	reach, err := t.access.To(ctx, tenantID)
	if err != nil {
		return nil, err
	}
	if reach != nil {
		return best(reach, t.needed...).Home, nil
	}
	homes, err := t.access.Homes(ctx)
	if err != nil || len(homes) == 0 {
		return nil, err
	}
	return homes[0], nil
}

// best returns the path that a viewer acts by: the own one if it has MANAGE on what was needed, else the highest, then
// the one whose home is the oldest.
func best(r *rule.Reach, needed ...access.Feature) rule.Path {
	b := r.Paths[0]
	for _, p := range r.Paths {
		lacks := func(f access.Feature) bool { return p.Levels.At(f) < access.Manage }
		switch {
		case p.Via == rule.Own && !slices.ContainsFunc(needed, lacks):
			return p
		case !p.Levels.Within(b.Levels) && b.Levels.Within(p.Levels), p.Levels.Equal(b.Levels) && p.Home.ID < b.Home.ID:
			b = p
		}
	}
	return b
}

// mostChanged is how many bytes the fields and values have that one event tells of: a request may change more, and whoever
// reads events reads many.
const mostChanged = 128 << 10

// bounded returns the first changes, as many as an event tells of, and a last one that says how many are left out.
func bounded(list []access.Change) []access.Change {
	size := 0
	for i, c := range list {
		size += len(c.Field) + len(orZero(c.Before)) + len(orZero(c.After))
		if size > mostChanged {
			return append(slices.Clone(list[:i]), change("…", "", fmt.Sprintf("%d more", len(list)-i))...)
		}
	}
	return list
}

// change describes one changed field; the same before and after is no change.
func change(field, before, after string) []access.Change {
	if before == after {
		return nil
	}
	return []access.Change{{Field: field, Before: some(before), After: some(after)}}
}

// some returns nil for "".
func some(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// orZero returns what p points at, or the zero value.
func orZero[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}
