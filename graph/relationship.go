package graph

import (
	"context"

	"mandate/ent"
	"mandate/ent/assignment"
	"mandate/ent/partner"
	"mandate/ent/relationship"
	"mandate/ent/rule"
	"mandate/ent/tenant"
	"mandate/graph/model"
	"mandate/internal/access"
	"mandate/internal/batch"
	"mandate/internal/clock"
	"mandate/internal/mandate"
)

// liveRelationshipsOf reads the live relationships of customers.
func (r *Resolver) liveRelationshipsOf(ctx context.Context, customerIDs []string) ([]*ent.Relationship, error) {
	now := clock.Now(ctx)
	rows, err := r.Client.Relationship.Query().Where(relationship.ActiveCustomerIDIn(customerIDs...),
		relationship.Or(relationship.EndsAtIsNil(), relationship.EndsAtGT(now))).All(ctx)
	if err != nil {
		return nil, err
	}
	return rows, rule.From(ctx).Resolve(ctx, ids(rows, func(l *ent.Relationship) string { return l.PartnerID })...)
}

// bonds reads relationships by their ids, wherever the viewer sees them from.
func (r *Resolver) bonds(ctx context.Context, ids []string) ([]*ent.Relationship, error) {
	if err := r.resolveTenantsOf(ctx, nouns["rel"], ids); err != nil {
		return nil, err
	}
	return r.relationships(ctx, ids)
}

type bondsKey struct{}

// resolveBonds finds out how the viewer reaches the customers of partners whose relationships the viewer does not read in the
// partner: those of the newest 10,000. What is seen of the list then never depends on what else was asked for.
func (r *Resolver) resolveBonds(ctx context.Context, t *ent.Tenant) error {
	_, err := batch.Load(ctx, t, bondsKey{}, func(ctx context.Context, tenants []*ent.Tenant) ([]struct{}, error) {
		done := make([]struct{}, len(tenants))
		var unread []string
		for _, t := range tenants {
			if reach := rule.From(ctx).Known(ctx, t.ID); t.Kind == tenant.KindPartner && (reach == nil || reach.Levels.At(access.Partners) < access.View) {
				unread = append(unread, t.ID)
			}
		}
		if len(unread) == 0 {
			return done, nil
		}
		customers, err := r.Client.Relationship.Query().Where(relationship.PartnerIDIn(unread...)).Order(ent.Desc(relationship.FieldID)).Limit(model.MostCounted).
			Select(relationship.FieldCustomerID).Strings(rule.Unscoped(ctx))
		if err != nil {
			return nil, err
		}
		return done, rule.From(ctx).Resolve(ctx, distinct(customers)...)
	})
	return err
}

func suspendedBy(rel *ent.Relationship) []relationship.EndedBy {
	sides := []relationship.EndedBy{}
	for _, s := range []relationship.EndedBy{relationship.EndedByPartner, relationship.EndedByCustomer, relationship.EndedByOperator} {
		if mandate.SuspendedBy(rel, s) {
			sides = append(sides, s)
		}
	}
	return sides
}

// staffCounts counts the people assigned now, for each relationship.
func (r *Resolver) staffCounts(ctx context.Context, rels []*ent.Relationship) ([]*int, error) {
	var rows []struct {
		ID    string `json:"relationship_id"`
		Count int    `json:"count"`
	}
	err := r.Client.Assignment.Query().Where(assignment.RelationshipIDIn(ids(rels, relationshipID)...),
		assignment.GranterIDIn(ids(rels, func(l *ent.Relationship) string { return l.PartnerID })...), mandate.AssignedNow(clock.Now(ctx))).
		GroupBy(assignment.FieldRelationshipID).Aggregate(ent.Count()).Scan(rule.Unscoped(ctx), &rows)
	if err != nil {
		return nil, err
	}
	counts := make(map[string]int, len(rows))
	for _, row := range rows {
		counts[row.ID] = row.Count
	}
	list := make([]*int, len(rels))
	for i, l := range rels {
		n := counts[l.ID]
		list[i] = &n
	}
	return list, nil
}

// ability is what the viewer may do with a relationship.
type ability struct{ end, suspend, resume, narrow bool }

type abilityKey struct{}

// abilities tells what the viewer may do with a relationship, by the rules that the operations decide by.
func (r *Resolver) abilities(ctx context.Context, rel *ent.Relationship) (ability, error) {
	return batch.Load(ctx, rel, abilityKey{}, func(ctx context.Context, rels []*ent.Relationship) ([]ability, error) {
		standing, err := r.Client.Partner.Query().Where(partner.TenantIDIn(ids(rels, func(l *ent.Relationship) string { return l.PartnerID })...), mandate.PartnerStands()).
			Select(partner.FieldTenantID).Strings(rule.Unscoped(ctx))
		if err != nil {
			return nil, err
		}
		stands := make(map[string]bool, len(standing))
		for _, id := range standing {
			stands[id] = true
		}
		list := make([]ability, len(rels))
		for i, l := range rels {
			side, err := mandate.SideOf(ctx, rule.From(ctx), l)
			if err != nil {
				return nil, err
			}
			if side == "" || !mandate.IsLive(l, clock.Now(ctx)) {
				continue
			}
			may := mandate.MayEnd(l, side, stands[l.PartnerID])
			suspended := mandate.SuspendedBy(l, side)
			list[i] = ability{end: may, suspend: may && !suspended, resume: suspended, narrow: side != relationship.EndedByOperator}
		}
		return list, nil
	})
}
