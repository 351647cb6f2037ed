package graph

import (
	"context"
	stdsql "database/sql"
	"maps"
	"slices"

	"mandate/ent"
	"mandate/ent/assignment"
	"mandate/ent/rule"
	"mandate/ent/tenant"
	"mandate/graph/model"
	"mandate/internal/access"
	"mandate/internal/batch"
	"mandate/internal/mandate"
)

// techPartners lists the tech partners of an MSP, as far as the viewer reaches them as one of its people.
func (r *Resolver) techPartners(ctx context.Context, managerID *string, filter *model.PartnerFilter, orderBy *model.PartnerOrder, w window) (*model.Page[*ent.Partner], error) {
	l, err := r.techPartnerList(ctx, managerID, filter)
	if err != nil {
		return nil, err
	}
	order := orZero(orderBy)
	if m, measured := measures[order.Field]; measured {
		return r.techPartnersBy(ctx, l, m, order, w)
	}
	places, more, err := tenantPlaces(ctx, l, order.Direction, w)
	if err != nil {
		return nil, err
	}
	at := make([]model.Cursor, len(places))
	for i, p := range places {
		at[i] = tenantCursor(p)
	}
	nodes, cursors, err := r.partnersAt(ctx, ids(places, placed), at)
	if err != nil {
		return nil, err
	}
	page := newPage(nodes, cursors, w, more)
	page.Count = func(ctx context.Context) (int, error) { return rule.From(ctx).Count(ctx, l, model.MostCounted) }
	return page, nil
}

func (r *Resolver) techPartnerList(ctx context.Context, managerID *string, filter *model.PartnerFilter) (l rule.List, err error) {
	l = rule.List{Via: []rule.Via{rule.MSP}, Kinds: []string{string(tenant.KindPartner)}, Needs: []access.Feature{access.Partners}}
	if filter != nil {
		if l.Prefix, err = searched(filter.Search); err != nil {
			return l, err
		}
		for _, t := range distinct(filter.Type) {
			l.PartnerTypes = append(l.PartnerTypes, string(t))
		}
	}
	if managerID != nil {
		err = r.throughPartner(ctx, &l, managerID)
		return l, err
	}
	homes, err := rule.From(ctx).Homes(ctx)
	if len(slices.DeleteFunc(slices.Clone(homes), func(m *rule.Membership) bool { return !m.InMSP() })) > 1 {
		return l, badInput("You work for several MSPs: name one, as managerId.")
	}
	return l, err
}

// partnersAt loads the partners of a page by their tenants, with their cursors.
func (r *Resolver) partnersAt(ctx context.Context, tenantIDs []string, at []model.Cursor) (nodes []*ent.Partner, cursors []model.Cursor, err error) {
	nodes = []*ent.Partner{}
	if len(tenantIDs) == 0 {
		return nodes, nil, nil
	}
	if err := rule.From(ctx).Resolve(ctx, tenantIDs...); err != nil {
		return nil, nil, err
	}
	loaded, err := r.partnersOf(ctx, tenantIDs)
	if err != nil {
		return nil, nil, err
	}
	byTenant := keyed(loaded, tenantOfPartner)
	for i, id := range tenantIDs {
		if p := byTenant[id]; p != nil {
			nodes, cursors = append(nodes, p), append(cursors, at[i])
		}
	}
	return batch.Siblings(nodes), cursors, nil
}

// managers finds the MSPs that manage partners.
func (r *Resolver) managers(ctx context.Context, partners []*ent.Partner) ([]*model.PartnerProfile, error) {
	given, args := tenantIn(ids(partners, tenantOfPartner))
	byTenant := make(map[string]*model.PartnerProfile)
	err := r.each(ctx, "SELECT t.id, y.name, x.type, x.code FROM tenants t JOIN tenants y ON y.id=t.managed_by_id JOIN partners x ON x.tenant_id=y.id WHERE "+
		given, args, func(rows *stdsql.Rows) error {
		var id, name, kind, code string
		err := rows.Scan(&id, &name, &kind, &code)
		byTenant[id] = partnerProfile(name, kind, code)
		return err
	})
	profiles := make([]*model.PartnerProfile, len(partners))
	for i, p := range partners {
		profiles[i] = byTenant[p.TenantID]
	}
	return profiles, err
}

// techPartnerAssignments lists the assignments of tech partners to customers.
func (r *Resolver) techPartnerAssignments() list[*ent.Assignment] {
	l := r.assignmentList()
	l.owners, l.order = []string{"grantee_id"}, by("", "assignment_%s_id")
	return l
}

type assignedKey struct{}

// resolveAssigned finds out how the viewer reaches what decides about assignments to tech partners: their MSPs; and where
// the viewer does not read an MSP's assignments, the customers, those of the newest 10,000 assignments.
func (r *Resolver) resolveAssigned(ctx context.Context, p *ent.Partner) error {
	_, err := batch.Load(ctx, p, assignedKey{}, func(ctx context.Context, partners []*ent.Partner) ([]struct{}, error) {
		done := make([]struct{}, len(partners))
		tenants, err := r.Client.Tenant.Query().Where(tenant.IDIn(ids(partners, tenantOfPartner)...), tenant.ManagedByIDNotNil()).All(rule.Unscoped(ctx))
		if err != nil {
			return nil, err
		}
		managers := make(map[string]string, len(tenants))
		for _, t := range tenants {
			managers[t.ID] = *t.ManagedByID
		}
		if err := rule.From(ctx).Resolve(ctx, slices.Collect(maps.Values(managers))...); err != nil {
			return nil, err
		}
		var unread []string
		for _, p := range partners {
			reach := rule.From(ctx).Known(ctx, managers[p.TenantID])
			if reach == nil || reach.Levels.At(access.Assignments) < access.View {
				unread = append(unread, p.ID)
			}
		}
		if len(unread) == 0 {
			return done, nil
		}
		customers, err := r.Client.Assignment.Query().Where(assignment.GranteeIDIn(unread...)).Order(ent.Desc(assignment.FieldID)).Limit(model.MostCounted).
			Select(assignment.FieldTenantID).Strings(rule.Unscoped(ctx))
		if err != nil {
			return nil, err
		}
		return done, rule.From(ctx).Resolve(ctx, distinct(customers)...)
	})
	return err
}

// inviteLink is a partner's link for customers; none for a tech partner, which customers do not ask.
func (r *Resolver) inviteLink(p *ent.Partner) *string {
	if mandate.IsTechPartner(p.Type) {
		return nil
	}
	link := r.Service.InviteLink(p)
	return &link
}
