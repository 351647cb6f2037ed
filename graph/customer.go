package graph

import (
	"context"

	"mandate/ent"
	"mandate/ent/assignment"
	"mandate/ent/rule"
	"mandate/ent/tenant"
	"mandate/graph/model"
	"mandate/internal/access"
	"mandate/internal/batch"
	"mandate/internal/clock"
	"mandate/internal/mandate"
)

// customers lists what the viewer reaches in any way but by a membership of their own.
func (r *Resolver) customers(ctx context.Context, filter *model.CustomerFilter, orderBy *model.TenantOrder, w window) (*model.Page[*ent.Tenant], error) {
	l := rule.List{
		Via:   []rule.Via{rule.Relationship, rule.Assignment, rule.PrivilegeGroup, rule.TechPartner, rule.Operator},
		Kinds: []string{string(tenant.KindCustomer)},
	}
	if filter != nil {
		var err error
		if l.Prefix, err = searched(filter.Search); err != nil {
			return nil, err
		}
		for _, s := range distinct(filter.Status) {
			l.Status = append(l.Status, string(s))
		}
		for _, tag := range filter.Tags {
			l.Tags = append(l.Tags, model.Comparable(tag))
		}
		if len(l.Tags) > 0 {
			l.Needs = append(l.Needs, access.Tenant) // a filter tells as much as the field does
		}
		if len(l.Tags) > 20 {
			return nil, badInput("A filter names at most 20 tags.")
		}
		l.Assignable = filter.Assignable
		l.Standing = standingOf(filter)
		if err := r.throughPartner(ctx, &l, filter.PartnerID); err != nil {
			return nil, err
		}
		if err := r.assignedTo(ctx, &l, filter.AssignedTo); err != nil {
			return nil, err
		}
	}
	return r.tenantPage(ctx, l, orderBy, w)
}

// standingOf is how a filter wants relationships to stand; nil when it does not matter.
func standingOf(f *model.CustomerFilter) *rule.Standing {
	if f.RelationshipStatus == nil && f.ExpiringBefore == nil {
		return nil
	}
	s := &rule.Standing{EndsBefore: f.ExpiringBefore}
	for _, status := range distinct(f.RelationshipStatus) {
		s.Status = append(s.Status, string(status))
	}
	return s
}

// throughPartner narrows a list to what is reached through a partner; to nothing for one that the viewer does not see.
func (r *Resolver) throughPartner(ctx context.Context, l *rule.List, id *string) error {
	if id == nil {
		return nil
	}
	found, err := r.nodesByID(ctx, []string{*id})
	if p, ok := found[*id].(*ent.Partner); ok {
		l.PartnerID = p.TenantID
	} else {
		l.Nothing = true
	}
	return err
}

// assignedTo narrows a list to what a grantee is assigned to, as far as the viewer sees the assignments: with ASSIGNMENTS VIEW
// in the tenant that grants them all of them, else those to tenants in which the viewer has that.
func (r *Resolver) assignedTo(ctx context.Context, l *rule.List, granteeID *string) error {
	if granteeID == nil {
		return nil
	}
	l.AssignedTo = *granteeID
	granter, err := r.granterOf(ctx, *granteeID)
	if err != nil {
		return err
	}
	reach, err := rule.From(ctx).To(ctx, granter)
	if reach == nil || reach.Levels.At(access.Assignments) < access.View {
		l.Needs = append(l.Needs, access.Assignments)
	}
	if granter == "" {
		l.Nothing = true
	}
	return err
}

// granterOf names the tenant that grants a grantee's assignments: there is one.
func (r *Resolver) granterOf(ctx context.Context, granteeID string) (string, error) {
	a, err := r.Client.Assignment.Query().Where(assignment.GranteeID(granteeID)).Select(assignment.FieldGranterID).First(rule.Unscoped(ctx))
	if ent.IsNotFound(err) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return a.GranterID, nil
}

func (r *Resolver) assigned(ctx context.Context, done *mandate.AssignedCustomers, err error) (*model.SetAssignedCustomersPayload, error) {
	faults, err := userErrors(err)
	if err != nil || len(faults) > 0 {
		return &model.SetAssignedCustomersPayload{UserErrors: faults}, err
	}
	p, _, err := answer[ent.Partner](ctx, r, done.Partner, partnerID, nil)
	return &model.SetAssignedCustomersPayload{Partner: p, Assigned: done.Assigned, Unassigned: done.Unassigned, UserErrors: faults}, err
}

// openAssignments reads what a grantee is assigned to of tenants, now or later.
func (r *Resolver) openAssignments(granteeID string) func(context.Context, []*ent.Tenant) ([]*ent.Assignment, error) {
	return func(ctx context.Context, tenants []*ent.Tenant) ([]*ent.Assignment, error) {
		rows, err := r.Client.Assignment.Query().Where(assignment.GranteeID(granteeID), assignment.TenantIDIn(ids(tenants, tenantID)...),
			mandate.OpenAt(clock.Now(ctx))).All(ctx)
		if err != nil {
			return nil, err
		}
		byTenant := keyed(batch.Siblings(rows), func(a *ent.Assignment) string { return a.TenantID })
		list := make([]*ent.Assignment, len(tenants))
		for i, t := range tenants {
			list[i] = byTenant[t.ID]
		}
		return list, nil
	}
}
