package graph

import (
	"context"

	"entgo.io/ent/dialect/sql"

	"mandate/ent"
	"mandate/ent/device"
	"mandate/ent/rule"
	"mandate/ent/servicesubscription"
	"mandate/ent/site"
	"mandate/graph/model"
	"mandate/internal/access"
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
	return list[*ent.ServiceSubscription]{kind: "sub", table: "service_subscriptions", owners: []string{"tenant_id"}, order: by("", "servicesubscription_%s_id"), newest: true,
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

// count is how many rows of one tenant there are, of one kind where there are several.
type count struct {
	TenantID string      `json:"tenant_id"`
	Status   site.Status `json:"status"`
	Count    int         `json:"count"`
}

// perTenant gives every tenant the number of its rows.
func perTenant(tenants []*ent.Tenant, rows []count) []*int {
	byTenant := make(map[string]int, len(rows))
	for _, row := range rows {
		byTenant[row.TenantID] = row.Count
	}
	counts := make([]*int, len(tenants))
	for i, t := range tenants {
		n := byTenant[t.ID]
		counts[i] = &n
	}
	return counts
}

// deviceCounts counts the devices of tenants, as far as the viewer sees them.
func (r *Resolver) deviceCounts(ctx context.Context, tenants []*ent.Tenant) ([]*int, error) {
	var rows []count
	err := r.Client.Device.Query().Where(device.TenantIDIn(ids(tenants, tenantID)...)).
		GroupBy(device.FieldTenantID).Aggregate(ent.Count()).Scan(ctx, &rows)
	return perTenant(tenants, rows), err
}

// subscriptionCounts counts the subscriptions of tenants that run.
func (r *Resolver) subscriptionCounts(ctx context.Context, tenants []*ent.Tenant) ([]*int, error) {
	var rows []count
	err := r.Client.ServiceSubscription.Query().
		Where(servicesubscription.TenantIDIn(ids(tenants, tenantID)...), mandate.RunningAt(clock.Now(ctx))).
		GroupBy(servicesubscription.FieldTenantID).Aggregate(ent.Count()).Scan(ctx, &rows)
	return perTenant(tenants, rows), err
}

// siteSummaries counts the sites of tenants by how they are doing, as far as the viewer sees them.
func (r *Resolver) siteSummaries(ctx context.Context, tenants []*ent.Tenant) ([]*model.SiteSummary, error) {
	var rows []count
	err := r.Client.Site.Query().Where(site.TenantIDIn(ids(tenants, tenantID)...)).
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
