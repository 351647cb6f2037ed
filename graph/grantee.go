package graph

import (
	"context"

	"mandate/ent"
	"mandate/ent/tenant"
	"mandate/graph/model"
)

// grantees reads whom assignments are given to: members, privilege groups and tech partners, as far as the viewer sees them.
func (r *Resolver) grantees(ctx context.Context, assignments []*ent.Assignment) ([]model.AssignmentGrantee, error) {
	found, err := r.nodesByID(ctx, distinct(ids(assignments, func(a *ent.Assignment) string { return a.GranteeID })))
	list := make([]model.AssignmentGrantee, len(assignments))
	for i, a := range assignments {
		if node := found[a.GranteeID]; node != nil {
			list[i] = node
		}
	}
	return list, err
}

// reachedProfile is the tenant that an assignment reaches: a customer, or a tech partner, towards which it rests on no
// relationship.
func reachedProfile(a *ent.Assignment) *model.TenantProfile {
	p := customerProfile(a.CustomerName, a.CustomerAccountNumber)
	if a.RelationshipID == nil {
		p.Kind = tenant.KindPartner
	}
	return p
}
