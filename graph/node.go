package graph

import (
	"context"
	"strings"

	"entgo.io/ent/dialect/sql"

	"mandate/ent/rule"
	"mandate/graph/model"
	"mandate/internal/batch"
)

// noun is how nodes of one kind are found: their prefix, and where the columns are that name the tenants which decide about
// them: in the rows of a table that have the id in a column.
type noun struct {
	table   string
	by      string
	tenants []string
	load    func(*Resolver, context.Context, []string) (map[string]model.Node, error)
}

var nouns = map[string]noun{
	"ten": {"tenants", "id", []string{"id"}, nodes((*Resolver).tenantsByID, tenantID)},
	"prt": {"partners", "id", []string{"tenant_id"}, nodes((*Resolver).partners, partnerID)},
	"usr": {"members", "user_id", []string{"tenant_id"}, nodes((*Resolver).users, userID)},
	"mem": {"members", "id", []string{"tenant_id"}, nodes((*Resolver).members, memberID)},
	"rol": {"roles", "id", []string{"tenant_id"}, nodes((*Resolver).visibleRoles, roleID)},
	"rel": {"relationships", "id", []string{"partner_id", "customer_id"}, nodes((*Resolver).relationships, relationshipID)},
	"inv": {"invitations", "id", []string{"partner_id", "customer_id"}, nodes((*Resolver).invitations, invitationID)},
	"asg": {"assignments", "id", []string{"granter_id", "tenant_id"}, nodes((*Resolver).assignments, assignmentID)},
	"ses": {"sessions", "id", nil, nodes((*Resolver).sessions, sessionID)},
	"sit": {"sites", "id", []string{"tenant_id"}, nodes((*Resolver).sites, siteID)},
	"sub": {"service_subscriptions", "id", []string{"tenant_id"}, nodes((*Resolver).serviceSubscriptions, serviceSubscriptionID)},
	"req": {"access_requests", "id", []string{"tenant_id"}, nodes((*Resolver).accessRequests, accessRequestID)},
	"grp": {"privilege_groups", "id", []string{"tenant_id"}, nodes((*Resolver).privilegeGroups, privilegeGroupID)},
	"tok": {"api_tokens", "id", []string{"tenant_id"}, nodes((*Resolver).apiTokens, apiTokenID)},
	"whk": {"webhooks", "id", []string{"tenant_id"}, nodes((*Resolver).webhooks, webhookID)},
	"whd": {"webhook_deliveries", "id", []string{"tenant_id"}, nodes((*Resolver).webhookDeliveries, webhookDeliveryID)},
	"evt": {"audit_events", "id", []string{"tenant_id", "other_tenant_id"}, nodes((*Resolver).auditEvents, auditEventID)},
}

func nodes[T batch.Row](load func(*Resolver, context.Context, []string) ([]T, error), id func(T) string) func(*Resolver, context.Context, []string) (map[string]model.Node, error) {
	return func(r *Resolver, ctx context.Context, ids []string) (map[string]model.Node, error) {
		rows, err := load(r, ctx, ids)
		if err != nil {
			return nil, err
		}
		found := make(map[string]model.Node, len(rows))
		for _, row := range batch.Siblings(rows) {
			found[id(row)] = row
		}
		return found, nil
	}
}

// nodesByID reads rows of any kinds, in a fixed number of statements a kind. Ids of rows that do not exist, that are out
// of scope, and that never were ids are left out alike.
func (r *Resolver) nodesByID(ctx context.Context, ids []string) (map[string]model.Node, error) {
	byKind := make(map[string][]string)
	seen := make(map[string]bool)
	for _, id := range ids {
		kind, _, _ := strings.Cut(id, "_")
		if _, known := nouns[kind]; known && len(id) == 30 && !seen[id] {
			seen[id] = true
			byKind[kind] = append(byKind[kind], id)
		}
	}
	found := make(map[string]model.Node, len(ids))
	for kind, ids := range byKind {
		n := nouns[kind]
		if err := r.resolveTenantsOf(ctx, n, ids); err != nil {
			return nil, err
		}
		rows, err := n.load(r, ctx, ids)
		if err != nil {
			return nil, err
		}
		for id, row := range rows {
			found[id] = row
		}
	}
	return found, nil
}

// resolveTenantsOf finds out how the viewer reaches the tenants that decide about rows, of at most 10,000; beyond that it
// hides, and never shows. The scope of the rows rests on it.
func (r *Resolver) resolveTenantsOf(ctx context.Context, n noun, ids []string) error {
	if len(ids) == 0 || len(n.tenants) == 0 || n.tenants[0] == "id" { // a tenant's own id is resolved when it is loaded
		return nil
	}
	if stays, err := rule.From(ctx).Stays(ctx); stays || err != nil {
		return err
	}
	values := make([]any, len(ids))
	for i, id := range ids {
		values[i] = id
	}
	query, args := sql.Dialect(r.Dialect).Select(n.tenants...).Distinct().From(sql.Table(n.table)).Where(sql.In(n.by, values...)).Limit(model.MostCounted).Query()
	rows, err := r.Client.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	var tenants []string
	for rows.Next() {
		var found [2]*string
		if err := rows.Scan([]any{&found[0], &found[1]}[:len(n.tenants)]...); err != nil {
			return err
		}
		tenants = append(tenants, orZero(found[0]), orZero(found[1]))
	}
	if err := rows.Err(); err != nil {
		return err
	}
	return rule.From(ctx).Resolve(ctx, tenants...)
}
