package graph

import (
	"context"
	stdsql "database/sql"
	"slices"
	"strings"

	"entgo.io/ent/dialect/sql"

	"mandate/ent"
	"mandate/ent/partner"
	"mandate/ent/predicate"
	"mandate/ent/rule"
	"mandate/ent/tenant"
	"mandate/ent/tenanttag"
	"mandate/graph/model"
	"mandate/internal/access"
	"mandate/internal/batch"
	"mandate/internal/mandate"
)

func sortName(s string) string { return mandate.SortName(s) }

// tenantMark is what cursors of tenants begin with.
const tenantMark = "t"

// tenantPage lists tenants in the order of their names, along the viewer's routes.
func (r *Resolver) tenantPage(ctx context.Context, l rule.List, orderBy *model.TenantOrder, w window) (*model.Page[*ent.Tenant], error) {
	places, more, err := tenantPlaces(ctx, l, orZero(orderBy).Direction, w)
	if err != nil {
		return nil, err
	}
	nodes, cursors, err := r.tenantsAt(ctx, places)
	if err != nil {
		return nil, err
	}
	page := newPage(nodes, cursors, w, more)
	page.Count = func(ctx context.Context) (int, error) { return rule.From(ctx).Count(ctx, l, model.MostCounted) }
	return page, nil
}

// tenantPlaces finds the places of a page of tenants, and whether there are more.
func tenantPlaces(ctx context.Context, l rule.List, direction model.OrderDirection, w window) (places []rule.Cursor, more bool, err error) {
	l.Limit = w.limit + 1
	l.Backward = w.backward != (direction == model.OrderDirectionDesc)
	if w.cursor != nil {
		at, err := decodeCursor(tenantMark, 2, false, *w.cursor)
		if err != nil {
			return nil, false, err
		}
		l.After = &rule.Cursor{SortName: at[0].(string), ID: at[1].(string)}
	}
	places, err = rule.From(ctx).Page(ctx, l)
	if err != nil {
		return nil, false, err
	}
	more = len(places) > w.limit
	places = places[:min(len(places), w.limit)]
	if w.backward {
		slices.Reverse(places)
	}
	return places, more, nil
}

func placed(c rule.Cursor) string { return c.ID }

func tenantCursor(c rule.Cursor) model.Cursor {
	return model.Cursor{Kind: tenantMark, By: [2]any{c.SortName}, ID: c.ID}
}

// tenantsAt loads the tenants of a page, with their cursors.
func (r *Resolver) tenantsAt(ctx context.Context, places []rule.Cursor) ([]*ent.Tenant, []model.Cursor, error) {
	if len(places) == 0 {
		return []*ent.Tenant{}, nil, nil
	}
	loaded, err := r.tenants(selecting(ctx), ids(places, placed))
	if err != nil {
		return nil, nil, err
	}
	byID := keyed(loaded, tenantID)
	var nodes []*ent.Tenant
	var cursors []model.Cursor
	for _, p := range places {
		if t := byID[p.ID]; t != nil {
			nodes, cursors = append(nodes, t), append(cursors, tenantCursor(p))
		}
	}
	return batch.Siblings(nodes), cursors, nil
}

// allTenants lists all tenants of the installation, for the operator's people with TENANT VIEW.
func (r *Resolver) allTenants(ctx context.Context, filter *model.TenantFilter, orderBy *model.TenantOrder, w window) (*model.Page[*ent.Tenant], error) {
	l := rule.List{Via: []rule.Via{rule.Operator, rule.Own}}
	var err error
	if filter != nil {
		if l.Prefix, err = searched(filter.Search); err != nil {
			return nil, err
		}
		for _, p := range distinct(filter.PartnerType) {
			l.PartnerTypes = append(l.PartnerTypes, string(p))
		}
		if l.Recognized = filter.Recognized; l.Recognized != nil || len(l.PartnerTypes) > 0 {
			l.Needs = []access.Feature{access.Partners} // a filter tells as much as the fields do
		}
		for _, k := range distinct(filter.Kind) {
			l.Kinds = append(l.Kinds, string(k))
		}
		for _, s := range distinct(filter.Status) {
			l.Status = append(l.Status, string(s))
		}
	}
	homes, err := rule.From(ctx).Homes(ctx)
	if err != nil {
		return nil, err
	}
	l.Nothing = !slices.ContainsFunc(homes, func(m *rule.Membership) bool {
		return m.Kind == string(tenant.KindOperator) && m.Levels.At(access.Tenant) >= access.View
	})
	return r.tenantPage(ctx, l, orderBy, w)
}

// reached lists the tenants that the viewer reaches, with how.
func (r *Resolver) reached(ctx context.Context, via []model.AccessVia, search *string, w window) (*model.Page[*model.Reach], error) {
	var l rule.List
	for _, v := range distinct(via) {
		l.Via = append(l.Via, rule.Via(v))
	}
	var err error
	if l.Prefix, err = searched(search); err != nil {
		return nil, err
	}
	tenants, err := r.tenantPage(ctx, l, nil, w)
	if err != nil {
		return nil, err
	}
	page := &model.Page[*model.Reach]{Nodes: make([]*model.Reach, 0, len(tenants.Nodes)), PageInfo: tenants.PageInfo, Cursors: tenants.Cursors, Count: tenants.Count}
	for _, t := range tenants.Nodes {
		page.Nodes = append(page.Nodes, reachOf(t, rule.From(ctx).Known(ctx, t.ID)))
	}
	return page, nil
}

func reachOf(t *ent.Tenant, r *rule.Reach) *model.Reach {
	m := &model.Reach{Tenant: t, Levels: r.Levels, EndsAt: r.EndsAt()}
	for _, p := range r.Paths {
		if !slices.Contains(m.Via, model.AccessVia(p.Via)) {
			m.Via = append(m.Via, model.AccessVia(p.Via))
		}
	}
	slices.Sort(m.Via)
	return m
}

// tags reads the tags of tenants, each by name.
func (r *Resolver) tags(ctx context.Context, tenants []*ent.Tenant) ([][]string, error) {
	narrow, err := rule.OfTenant(access.Tenant)(ctx, rule.From(ctx))
	if err != nil {
		return nil, err
	}
	build, of := sql.Dialect(r.Dialect), ids(tenants, tenantID)
	rows := build.Select(tenanttag.FieldTenantID, tenanttag.FieldTag).From(build.Table(tenanttag.Table))
	rule.OfOwners(rows, tenanttag.FieldTenantID, of)
	narrow(rows.Where(oneOf(rows.C(tenanttag.FieldTenantID), of)))
	query, args := rows.Query()
	byTenant := make(map[string][]string)
	err = r.each(ctx, query, args, func(rows *stdsql.Rows) error {
		var id, tag string
		err := rows.Scan(&id, &tag)
		byTenant[id] = append(byTenant[id], tag)
		return err
	})
	tags := make([][]string, len(tenants))
	for i, t := range tenants {
		tags[i] = append([]string{}, byTenant[t.ID]...)
		slices.SortFunc(tags[i], strings.Compare)
	}
	return tags, err
}

// partnersOf reads the partner profiles of tenants.
func (r *Resolver) partnersOf(ctx context.Context, tenantIDs []string) ([]*ent.Partner, error) {
	return r.Client.Partner.Query().Where(rule.Below[predicate.Partner](partner.FieldTenantID, tenantIDs)).All(ctx)
}
