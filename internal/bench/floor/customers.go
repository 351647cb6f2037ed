package floor

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
)

// row is a customer of a page, with what is shown of it.
type row struct {
	sortName, id, name, status   string
	levels                       levels // over all routes
	allSites                     bool   // whether a route shows all of its sites
	tags                         string // divided by commas
	devices, subscriptions, size int
	members                      []string // ids of the first
}

// assignedCustomers lists what the viewer reaches otherwise than by a membership of their own: a walk along the names for each
// route, then what hangs below the customers found.
func (r *request) assignedCustomers(ctx context.Context, b *body) error {
	first, err := b.window()
	if err != nil {
		return err
	}
	page, err := r.customerPage(ctx, b, first+1)
	if err != nil {
		return err
	}
	more := len(page) > first
	page = page[:min(len(page), first)]
	for _, c := range page {
		if !c.levels.sees(tenantLevel, usersLevel, sitesLevel, servicesLevel) || !c.allSites {
			return errNotMeasured
		}
	}
	r.raw(`{"data":{"customers":{`)
	if n := len(page); n > 0 {
		r.pageInfo(more, "t", page[n-1].sortName, page[n-1].id)
	} else {
		r.pageInfo(false)
	}
	r.raw(`,"nodes":[`)
	if err := r.list(ctx, page); err != nil {
		return err
	}
	r.end("]}}", 1+7*first)
	return nil
}

// row writes a customer up to the list of its members.
func (r *request) row(c *row) {
	r.raw(`{"id":`)
	r.string(c.id)
	r.raw(`,"name":`)
	r.string(c.name)
	r.raw(`,"status":`)
	r.string(c.status)
	r.raw(`,"tags":`)
	r.tags(c.tags)
	r.raw(`,"deviceCount":`)
	r.int(c.devices)
	r.raw(`,"subscriptionCount":`)
	r.int(c.subscriptions)
	r.raw(`,"members":{"totalCount":`)
	r.int(min(c.size, mostCounted+1))
	r.raw(`,"nodes":[`)
}

// route is one way to customers: its walk, and what its beginning lets through.
type route struct {
	walk   string // without SELECT
	args   []any
	levels levels
}

// routes lists the ways to customers out of the viewer's memberships.
func (r *request) routes(after *cursor, limit int) ([]route, error) {
	w, now := r.floor.sql, r.now
	var list []route
	add := func(l levels, walk, name, id string, args ...any) {
		args = append([]any{now}, args...)
		if after != nil {
			walk += " AND " + name + ">=? AND (" + name + ">? OR " + id + ">?)"
			args = append(args, after.sortName, after.sortName, after.id)
		}
		list = append(list, route{walk + " ORDER BY " + name + ", " + id + " LIMIT ?", append(args, limit), l})
	}
	for _, h := range r.viewer.homes {
		p := h.tenantID
		switch {
		case h.kind == customerKind:
			continue
		case h.kind != partnerKind || h.managed:
			return nil, errNotMeasured
		case h.administrator:
			add(everything, w.allCustomers, "t.sort_name", "t.id", p, p, now, now)
			continue
		}
		add(everything, w.assigned, "a.tenant_sort_name", "a.tenant_id", h.memberID, p, now, now, p, now, now)
		for _, g := range h.groups {
			if g.all {
				add(r.role(g.roleID), w.allActive, "t.sort_name", "t.id", p, p, now, now)
			} else {
				add(r.role(g.roleID), w.grouped, "g.customer_sort_name", "g.customer_id", g.id, p, now, now)
			}
		}
	}
	return list, nil
}

// walks are the ways to customers, each along an index that has the order of names. Their rows are customers, with the roles of
// the links that they are reached by, and what hangs below them.
type walks struct{ allCustomers, allActive, assigned, grouped string }

func (w words) walksOf() walks {
	row := func(given string) string {
		return "t.sort_name, t.id, t.name, t.status, r.role_id, " + given + ", " + w.below() + " FROM "
	}
	byPartner := row("''") + w.along("tenants t", "tenants_partner_page") + w.join(w.bond, "r.active_customer_id=t.id") +
		" WHERE t.partner_id=? AND r.partner_id=? AND " + live("r")
	const active = " AND t.status='ACTIVE'"
	return walks{
		allCustomers: byPartner + " AND (t.status='ACTIVE' OR t.status='SUSPENDED' AND r.kind='PARTNER_OF_RECORD')",
		allActive:    byPartner + active,
		assigned: row("a.role_id") + w.along("assignments a", "assignments_page") + w.join("tenants t", "t.id=a.tenant_id") + w.join(w.bond, "r.active_customer_id=a.tenant_id") +
			" WHERE a.grantee_id=? AND a.granter_id=? AND " + live("a") + " AND r.partner_id=? AND " + live("r") + active,
		grouped: row("''") + w.along("group_customers g", "group_customers_page") + w.join("tenants t", "t.id=g.customer_id") + w.join(w.bond, "r.active_customer_id=g.customer_id") +
			" WHERE g.group_id=? AND r.partner_id=? AND " + live("r") + active,
	}
}

// customerPage finds the first customers along all routes. Those of a page are among the first of every route that leads to
// them, and so what the routes found gives all of the levels.
func (r *request) customerPage(ctx context.Context, b *body, limit int) ([]*row, error) {
	after, err := b.after()
	if err != nil {
		return nil, err
	}
	routes, err := r.routes(after, limit)
	if err != nil || len(routes) == 0 {
		return nil, err
	}
	query, args := "SELECT 0, "+routes[0].walk, routes[0].args
	if len(routes) > 1 {
		query, args = r.floor.sql.side(routes)
	}
	found := make([]way, 0, len(routes)*limit)
	err = r.conn.query(ctx, query, args, func(rows *sql.Rows) error {
		f := way{row: new(row)}
		var tags sql.NullString
		var members string
		if err := rows.Scan(&f.route, &f.sortName, &f.id, &f.name, &f.status, &f.ceiling, &f.given, &tags, &f.devices, &f.subscriptions, &members); err != nil {
			return err
		}
		f.tags = tags.String
		found = append(found, f)
		return f.counted(members)
	})
	if err != nil {
		return nil, err
	}
	return r.merge(ctx, routes, found, limit)
}

// side writes the walks of several routes side by side.
func (w words) side(routes []route) (query string, args []any) {
	var b strings.Builder
	for i, one := range routes {
		if i > 0 {
			b.WriteString(" UNION ALL ")
		}
		fmt.Fprintf(&b, w.branch, fmt.Sprintf("SELECT %d, %s", i, one.walk))
		args = append(args, one.args...)
	}
	return b.String(), args
}

// way is a customer found along a route.
type way struct {
	*row
	route          int
	ceiling, given string // roles; given is "" where no assignment lies on the way
}

// merge takes the ways to a customer together: the levels are the maximum of theirs, and of a membership there.
func (r *request) merge(ctx context.Context, routes []route, found []way, limit int) ([]*row, error) {
	roles := make([]string, 0, 2*len(found))
	for _, f := range found {
		roles = append(roles, f.ceiling, f.given)
	}
	if err := r.loadRoles(ctx, roles...); err != nil {
		return nil, err
	}
	if len(routes) > 1 {
		slices.SortFunc(found, func(x, y way) int {
			return cmp.Or(strings.Compare(x.sortName, y.sortName), strings.Compare(x.id, y.id))
		})
	}
	page := make([]*row, 0, limit)
	for _, f := range found {
		n := len(page)
		if n == 0 || page[n-1].id != f.id {
			if n == limit {
				break
			}
			page = append(page, f.row)
			n++
			if h := r.viewer.home(f.id); h != nil {
				f.levels, f.allSites = h.levels, h.allSites
			}
		}
		l := routes[f.route].levels.min(r.role(f.ceiling))
		if f.given != "" {
			l = l.min(r.role(f.given))
		}
		c := page[n-1]
		c.levels, c.allSites = c.levels.max(l), c.allSites || l.sees(sitesLevel)
	}
	return page, nil
}
