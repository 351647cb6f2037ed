package graph

import (
	"context"
	stdsql "database/sql"
	"fmt"
	"slices"
	"strconv"

	"entgo.io/ent/dialect/sql"

	"mandate/ent"
	"mandate/ent/rule"
	"mandate/graph/model"
	"mandate/internal/access"
	"mandate/internal/batch"
	"mandate/internal/clock"
)

// measure is a number that a partner is shown with, or ordered by.
type measure struct {
	sql    string         // of p, with its tenant t
	name   string         // by what equals are ordered, before their ids
	needs  access.Feature // what the viewer reads it with; "" for nothing more than the partner takes
	moment bool           // whether it depends on the time
}

const assignedNow = "a.status='ACTIVE' AND a.starts_at<=? AND (a.ends_at IS NULL OR a.ends_at>?)"

// measures are what partners are ordered by other than by name.
var measures = map[model.PartnerOrderField]measure{
	model.PartnerOrderFieldTenantID: {sql: "0", name: "''"},
	model.PartnerOrderFieldType: {name: "t.sort_name",
		sql: "CASE p.type WHEN 'MSP' THEN 1 WHEN 'RESELLER' THEN 2 WHEN 'SUPPORT' THEN 3 WHEN 'INTEGRATOR' THEN 4 ELSE 5 END"},
	model.PartnerOrderFieldMspAdminCount: {name: "t.sort_name", needs: access.Assignments, moment: true,
		sql: "(SELECT COUNT(*) FROM assignments a LEFT JOIN members m ON m.id=a.grantee_id WHERE a.tenant_id=t.id AND a.granter_id=t.managed_by_id AND " +
			assignedNow + " AND (m.id IS NULL OR m.status='ACTIVE' AND m.administrator=0))"},
	model.PartnerOrderFieldAssignedCustomersCount: {name: "t.sort_name", needs: access.Assignments, moment: true,
		sql: "(SELECT COUNT(*) FROM assignments a WHERE a.grantee_id=p.id AND a.granter_id=t.managed_by_id AND " + assignedNow + ")"},
	model.PartnerOrderFieldAccountAdminCount: {name: "t.sort_name", needs: access.Users,
		sql: "(SELECT COUNT(*) FROM members m WHERE m.tenant_id=t.id AND m.administrator=1 AND m.status='ACTIVE')"},
}

// of writes the statement of the measure of given partners' tenants: t.id, place and name.
func (m measure) of(ctx context.Context, tenantIDs []string) (query string, args []any) {
	given, tenants := tenantIn(tenantIDs)
	return fmt.Sprintf("SELECT t.id AS id, %s AS place, %s AS name%s%s", m.sql, m.name, measured, given), append(m.args(ctx), tenants...)
}

const measured = " FROM tenants t JOIN partners p ON p.tenant_id=t.id WHERE "

// args are the arguments of the measure itself.
func (m measure) args(ctx context.Context) []any {
	if !m.moment {
		return nil
	}
	now := clock.Now(ctx)
	return []any{now, now}
}

// tenantIn writes the condition that t is one of the tenants; none matches none.
func tenantIn(ids []string) (condition string, args []any) {
	for _, id := range ids {
		args = append(args, id)
	}
	return sql.In(sql.Table("tenants").As("t").C("id"), args...).Query()
}

// counts are the fields of partners that are counted by a measure.
var counts = []struct {
	field string
	by    model.PartnerOrderField
}{
	{"mspAdminCount", model.PartnerOrderFieldMspAdminCount},
	{"assignedCustomersCount", model.PartnerOrderFieldAssignedCustomersCount},
	{"accountAdminCount", model.PartnerOrderFieldAccountAdminCount},
}

// counted is the key under which counts are loaded: which ones.
type counted [3]bool

// count counts a partner by a measure, and at once by those of the fields that are selected beside the one that is being
// resolved.
func (r *Resolver) count(ctx context.Context, p *ent.Partner, by model.PartnerOrderField) (*int, error) {
	var together counted
	at := 0
	for i, c := range counts {
		together[i] = c.by == by || selectedBeside(ctx, c.field)
		if c.by == by {
			at = i
		}
	}
	n, err := batch.Load(ctx, p, together, func(ctx context.Context, partners []*ent.Partner) ([][3]int, error) {
		return r.countAll(ctx, together, partners)
	})
	return &n[at], err
}

// countAll counts partners by some of the measures.
func (r *Resolver) countAll(ctx context.Context, some counted, partners []*ent.Partner) ([][3]int, error) {
	query, args := "SELECT t.id", []any(nil)
	for i, c := range counts {
		if m := measures[c.by]; some[i] {
			query, args = query+", "+m.sql, append(args, m.args(ctx)...)
		} else {
			query += ", 0"
		}
	}
	given, tenants := tenantIn(ids(partners, tenantOfPartner))
	byTenant := make(map[string][3]int, len(partners))
	err := r.each(ctx, query+measured+given, append(args, tenants...), func(rows *stdsql.Rows) error {
		var id string
		var n [3]int
		err := rows.Scan(&id, &n[0], &n[1], &n[2])
		byTenant[id] = n
		return err
	})
	list := make([][3]int, len(partners))
	for i, p := range partners {
		list[i] = byTenant[p.TenantID]
	}
	return list, err
}

func tenantOfPartner(p *ent.Partner) string { return p.TenantID }

// each runs a statement of its own making, and hands its rows to scan.
func (r *Resolver) each(ctx context.Context, query string, args []any, scan func(*stdsql.Rows) error) error {
	rows, err := r.Client.QueryContext(ctx, query, args...)
	if err != nil {
		return fmt.Errorf("read rows: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return fmt.Errorf("read rows: %w", err)
		}
	}
	return rows.Err()
}

// techPartnersBy lists tech partners by a measure, of those in reach the first 10,000 by name.
func (r *Resolver) techPartnersBy(ctx context.Context, l rule.List, m measure, order model.PartnerOrder, w window) (*model.Page[*ent.Partner], error) {
	in, err := r.measurable(ctx, l, m)
	if err != nil {
		return nil, err
	}
	kind := "p" + string(order.Field)
	places, err := r.measured(ctx, in, m, kind, w, w.backward != (order.Direction == model.OrderDirectionDesc))
	if err != nil {
		return nil, err
	}
	more := len(places) > w.limit
	places = places[:min(len(places), w.limit)]
	if w.backward {
		slices.Reverse(places)
	}
	at, cursors := make([]string, len(places)), make([]model.Cursor, len(places))
	for i, p := range places {
		at[i], cursors[i] = p.id, model.Cursor{Kind: kind, By: [2]any{strconv.Itoa(p.n), p.name}, ID: p.id}
	}
	nodes, cursors, err := r.partnersAt(ctx, at, cursors)
	if err != nil {
		return nil, err
	}
	page := newPage(nodes, cursors, w, more)
	page.Count = func(context.Context) (int, error) { return len(in), nil }
	return page, nil
}

// measurable finds the tenants of a list in which the viewer reads a measure too: an order tells as much as the field does.
func (r *Resolver) measurable(ctx context.Context, l rule.List, m measure) ([]string, error) {
	l.Limit = model.MostCounted + 1
	places, err := rule.From(ctx).Page(ctx, l)
	if err != nil || m.needs == "" {
		return ids(places, placed), err
	}
	l.Needs = []access.Feature{m.needs}
	readable, err := rule.From(ctx).Page(ctx, l)
	if err != nil {
		return nil, err
	}
	reads := make(map[string]bool, len(readable))
	for _, c := range readable {
		reads[c.ID] = true
	}
	return ids(slices.DeleteFunc(places, func(c rule.Cursor) bool { return !reads[c.ID] }), placed), nil
}

// rank is where a tech partner stands in the order of a measure.
type rank struct {
	n        int
	name, id string
}

// measured finds the first tech partners of a page in the order of a measure, and one more.
func (r *Resolver) measured(ctx context.Context, in []string, m measure, kind string, w window, descending bool) (places []rank, err error) {
	than, direction := ">", ""
	if descending {
		than, direction = "<", " DESC"
	}
	var beyond string
	var from []any
	if w.cursor != nil {
		at, err := decodeCursor(kind, 3, false, *w.cursor)
		if err != nil {
			return nil, err
		}
		n, err := strconv.Atoi(at[0].(string))
		if err != nil {
			return nil, badInput("This is not a cursor of this list.")
		}
		beyond = fmt.Sprintf(" WHERE place%[1]s? OR place=? AND (name%[1]s? OR name=? AND id%[1]s?)", than)
		from = []any{n, n, at[1], at[1], at[2]}
	}
	if len(in) == 0 {
		return nil, nil
	}
	query, args := m.of(ctx, in)
	query = fmt.Sprintf("SELECT id, place, name FROM (%s) x%s ORDER BY place%[3]s, name%[3]s, id%[3]s LIMIT %[4]d", query, beyond, direction, w.limit+1)
	err = r.each(ctx, query, append(args, from...), func(rows *stdsql.Rows) error {
		var p rank
		err := rows.Scan(&p.id, &p.n, &p.name)
		places = append(places, p)
		return err
	})
	return places, err
}
