package graph

import (
	"context"
	"strings"

	"mandate/ent"
	"mandate/ent/rule"
	"mandate/graph/model"
	"mandate/internal/access"
	"mandate/internal/batch"
)

// sight is how much of an audit event the viewer sees: what it was about only while that can be read itself.
type sight struct {
	target model.Node
	whole  bool
	sites  bool // which ones are named too
}

// sightKey is the key under which sights are loaded: with what events were about, or only whether that is there to be seen.
type sightKey struct{ target bool }

// seen tells how much of an audit event the viewer sees.
func (r *Resolver) seen(ctx context.Context, e *ent.AuditEvent) (sight, error) {
	shown := selectedBeside(ctx, "target")
	return batch.Load(ctx, e, sightKey{shown}, func(ctx context.Context, events []*ent.AuditEvent) ([]sight, error) {
		if !shown {
			ctx = selectingNone(ctx)
		}
		targets, err := r.nodesByID(ctx, ids(events, func(e *ent.AuditEvent) string { return orZero(e.TargetID) }))
		if err != nil {
			return nil, err
		}
		var tenants []string // of events about several things
		for _, e := range events {
			if e.TargetID == nil || deletable(e.Action) {
				tenants = append(tenants, orZero(e.TenantID))
			}
			if assigns(e.Action) {
				tenants = append(tenants, orZero(e.TenantID), orZero(e.OtherTenantID))
			}
		}
		if err := rule.From(ctx).Resolve(ctx, tenants...); err != nil {
			return nil, err
		}
		list := make([]sight, len(events))
		for i, e := range events {
			list[i].target = targets[orZero(e.TargetID)]
			reach := rule.From(ctx).Known(ctx, orZero(e.TenantID))
			list[i].sites = reach != nil && reach.AllSites()
			list[i].whole = list[i].target != nil
			if e.Action == "tenant.updated" { // every row of a tenant is seen by whoever gets there, and not what it says
				list[i].whole = reach != nil && reach.Levels.At(access.Tenant) >= access.View
			}
			if assigns(e.Action) {
				list[i].whole = list[i].whole && (readsAssignments(reach) || readsAssignments(rule.From(ctx).Known(ctx, orZero(e.OtherTenantID))))
			}
			if e.TenantID != nil && (e.TargetID == nil || targets[*e.TargetID] == nil && deletable(e.Action)) { // about several things of a tenant, or one that is gone
				list[i].whole = readsAll(rule.From(ctx).Known(ctx, *e.TenantID), e.Action)
			}
		}
		return list, nil
	})
}

// readsAll reports whether somebody who reaches a tenant so reads all rows there of the kind that an action is about.
func readsAll(reach *rule.Reach, action string) bool {
	if reach == nil || reach.Levels.At(access.Audit) < access.View {
		return false
	}
	switch noun, _, _ := strings.Cut(action, "."); noun {
	case "member", "password", "access_request":
		return reach.Levels.At(access.Users) >= access.View
	case "privilege_group", "assignment":
		return readsAssignments(reach)
	case "role":
		return reach.Levels.At(access.Roles) >= access.View
	case "webhook":
		return reach.Own().At(access.Tokens) >= access.View
	case "inventory":
		return reach.AllSites() && reach.Levels.At(access.ServicesAdmin) >= access.View
	}
	return true
}

// assigns reports whether an action is about a tech partner, and tells of assignments to it or by it.
func assigns(action string) bool {
	return action == "assigned_customers.saved" || action == "delegation.saved"
}

// readsAssignments reports whether somebody who reaches a tenant so reads the assignments there.
func readsAssignments(reach *rule.Reach) bool {
	return reach != nil && reach.Levels.At(access.Assignments) >= access.View
}

// deletable reports whether an action is about a row that may be gone, and that whoever may read all of its kind in its
// tenant would read.
func deletable(action string) bool {
	return strings.HasPrefix(action, "privilege_group.") || strings.HasPrefix(action, "role.") || strings.HasPrefix(action, "webhook.")
}

func (s sight) changes(e *ent.AuditEvent) []*access.Change {
	if !s.whole {
		return nil
	}
	list := make([]*access.Change, len(e.Changes))
	for i := range e.Changes {
		list[i] = &e.Changes[i]
		if f := e.Changes[i].Field; !s.sites && (f == "sites" || strings.HasSuffix(f, ": sites")) {
			list[i] = &access.Change{Field: f}
		}
	}
	return list
}

func (s sight) targetName(e *ent.AuditEvent) *string {
	if !s.whole {
		return nil
	}
	return e.TargetName
}

func (s sight) address(e *ent.AuditEvent) *string {
	if !s.whole {
		return nil
	}
	return e.Address
}
