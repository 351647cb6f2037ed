package graph

import (
	"context"
	stdsql "database/sql"

	"entgo.io/ent/dialect/sql"

	"mandate/ent"
	"mandate/ent/device"
	"mandate/ent/predicate"
	"mandate/ent/rule"
	"mandate/ent/servicesubscription"
	"mandate/ent/site"
	"mandate/graph/model"
	"mandate/internal/access"
	"mandate/internal/batch"
	"mandate/internal/clock"
	"mandate/internal/mandate"
)

func (r *Resolver) siteList() list[*ent.Site] {
	return list[*ent.Site]{kind: "sit", table: "sites", owners: []string{"tenant_id"}, order: by("sort_name", "site_%s_sort_name_id"),
		scope: rule.Sites("id"), load: r.sites, id: siteID}
}

// listedSites lists the sites that are listed for a member.
func (r *Resolver) listedSites() list[*ent.Site] {
	return list[*ent.Site]{kind: "mst", table: "member_sites", owners: []string{"member_id"}, key: "site_id", order: by("", "membersite_%s_site_id"),
		scope: rule.Sites("site_id"), load: r.sites, id: siteID}
}

// listing names the member whose listed sites a member sees: nobody for one who sees all.
func listing(m *ent.Member) string {
	if m.AllSites || m.Administrator {
		return ""
	}
	return m.ID
}

func (r *Resolver) subscriptionList() list[*ent.ServiceSubscription] {
	return list[*ent.ServiceSubscription]{kind: "sub", dense: true, table: "service_subscriptions", owners: []string{"tenant_id"}, order: by("", "servicesubscription_%s_id"), newest: true,
		scope: rule.OfTenant(access.ServicesAdmin), load: r.serviceSubscriptions, id: serviceSubscriptionID}
}

func siteFilter(search *string) (func(*sql.Selector), error) {
	prefix, err := searched(search)
	if err != nil || prefix == "" {
		return nil, err
	}
	return func(s *sql.Selector) {
		s.Where(sql.And(sql.GTE(s.C(site.FieldSortName), prefix), sql.LT(s.C(site.FieldSortName), prefix+"\U0010FFFF")))
	}, nil
}

// belongings are what is counted of tenants: rows of a table, of those in scope.
var belongings = [2]struct {
	field, table string
	scope        rule.Scope
	where        func(ctx context.Context, s *sql.Selector)
}{
	{"deviceCount", device.Table, rule.Sites(device.FieldSiteID), func(context.Context, *sql.Selector) {}},
	{"subscriptionCount", servicesubscription.Table, rule.OfTenant(access.ServicesAdmin),
		func(ctx context.Context, s *sql.Selector) { mandate.RunningAt(clock.Now(ctx))(s) }},
}

// belongingsKey is the key under which belongings are counted: which ones.
type belongingsKey [len(belongings)]bool

// owns counts what belongs to a tenant, by the field that is being resolved, and at once by those that are selected beside it.
func (r *Resolver) owns(ctx context.Context, t *ent.Tenant, field string) (*int, error) {
	var together belongingsKey
	at := 0
	for i, b := range belongings {
		if together[i] = b.field == field || selectedBeside(ctx, b.field); b.field == field {
			at = i
		}
	}
	n, err := batch.Load(ctx, t, together, func(ctx context.Context, tenants []*ent.Tenant) ([][len(belongings)]int, error) {
		return r.ownAll(ctx, together, tenants)
	})
	return &n[at], err
}

// ownAll counts some of what belongs to tenants: tenant by tenant along an index, which is quicker than grouped.
func (r *Resolver) ownAll(ctx context.Context, some belongingsKey, tenants []*ent.Tenant) ([][len(belongings)]int, error) {
	of, build := ids(tenants, tenantID), sql.Dialect(r.Dialect)
	t := build.Table("tenants").As("t")
	q := build.Select(t.C("id")).From(t).Where(oneOf(t.C("id"), of))
	for i, b := range belongings {
		rows := build.Select(sql.Count("*")).From(build.Table(b.table).As("x"))
		if !some[i] {
			rows.Where(sql.False())
		} else {
			narrow, err := b.scope(ctx, rule.From(ctx))
			if err != nil {
				return nil, err
			}
			rows.Where(sql.ColumnsEQ(rows.C("tenant_id"), t.C("id")))
			rule.OfOwners(rows, "tenant_id", of)
			narrow(rows)
			b.where(ctx, rows)
		}
		q.AppendSelectExprAs(rows, b.table)
	}
	query, args := q.Query()
	byTenant := make(map[string][len(belongings)]int, len(tenants))
	err := r.each(ctx, query, args, func(rows *stdsql.Rows) error {
		var id string
		var n [len(belongings)]int
		err := rows.Scan(&id, &n[0], &n[1])
		byTenant[id] = n
		return err
	})
	counts := make([][len(belongings)]int, len(tenants))
	for i, t := range tenants {
		counts[i] = byTenant[t.ID]
	}
	return counts, err
}

// count is how many rows of a kind one tenant has.
type count struct {
	TenantID string      `json:"tenant_id"`
	Status   site.Status `json:"status"`
	Count    int         `json:"count"`
}

// siteSummaries counts the sites of tenants by how they are doing, as far as the viewer sees them.
func (r *Resolver) siteSummaries(ctx context.Context, tenants []*ent.Tenant) ([]*model.SiteSummary, error) {
	var rows []count
	err := r.Client.Site.Query().Where(rule.Below[predicate.Site](site.FieldTenantID, ids(tenants, tenantID))).
		GroupBy(site.FieldTenantID, site.FieldStatus).Aggregate(ent.Count()).Scan(ctx, &rows)
	if err != nil {
		return nil, err
	}
	byTenant := make(map[string]map[site.Status]int)
	for _, row := range rows {
		if byTenant[row.TenantID] == nil {
			byTenant[row.TenantID] = make(map[site.Status]int)
		}
		byTenant[row.TenantID][row.Status] = row.Count
	}
	summaries := make([]*model.SiteSummary, len(tenants))
	for i, t := range tenants {
		n := byTenant[t.ID]
		s := &model.SiteSummary{Up: n[site.StatusUp], Down: n[site.StatusDown], Alarm: n[site.StatusAlarm], Off: n[site.StatusOff], Inactive: n[site.StatusInactive]}
		s.Total = s.Up + s.Down + s.Alarm + s.Off + s.Inactive
		summaries[i] = s
	}
	return summaries, nil
}

// synced is what syncInventory answers.
func (r *Resolver) synced(ctx context.Context, done *mandate.Synced, err error) (*model.SyncInventoryPayload, error) {
	faults, err := userErrors(err)
	if err != nil || len(faults) > 0 {
		return &model.SyncInventoryPayload{UserErrors: faults}, err
	}
	p := &model.SyncInventoryPayload{Created: done.Created, Updated: done.Updated, Unchanged: done.Unchanged, UserErrors: faults}
	p.Tenant, _, err = answer[ent.Tenant](ctx, r, done.Tenant, tenantID, nil)
	return p, err
}
