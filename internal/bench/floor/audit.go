package floor

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// event is a row of an audit trail.
type event struct {
	id, action, tenantID, targetID string
	actorName, targetName, reason  sql.NullString
	at                             time.Time
}

// audit lists the newest events that concern a tenant of the viewer's own: two walks, along what happened there and along
// what happened elsewhere and concerns it, and a look at what the events are about.
func (r *request) audit(ctx context.Context, b *body) error {
	first, err := b.window()
	if err != nil {
		return err
	}
	if !r.viewer.stays() { // what leads elsewhere shows more of what events are about
		return errNotMeasured
	}
	home, err := r.ownTenant(b.Variables.Tenant, auditLevel, usersLevel, partnersLevel)
	switch {
	case err != nil:
		return err
	case home == nil:
		r.raw(`{"data":{"tenant":null}`)
		r.end("", 2+first)
		return nil
	}
	events := make([]event, 0, 2*(first+1))
	err = r.conn.query(ctx, r.floor.sql.events, []any{home.tenantID, first + 1, home.tenantID, first + 1}, func(rows *sql.Rows) error {
		var e event
		err := rows.Scan(&e.id, &e.at, &e.action, &e.tenantID, &e.actorName, &e.targetID, &e.targetName, &e.reason)
		events = append(events, e)
		return err
	})
	if err != nil {
		return err
	}
	slices.SortFunc(events, func(x, y event) int { return cmp.Or(y.at.Compare(x.at), strings.Compare(y.id, x.id)) })
	events = slices.CompactFunc(events, func(x, y event) bool { return x.id == y.id })
	more := len(events) > first
	events = events[:min(len(events), first)]
	visible, err := r.targets(ctx, events)
	if err != nil {
		return err
	}
	r.raw(`{"data":{"tenant":{"auditEvents":{`)
	if n := len(events); n > 0 {
		r.pageInfo(more, "e", events[n-1].at.UnixMicro(), events[n-1].id)
	} else {
		r.pageInfo(false)
	}
	r.raw(`,"nodes":[`)
	for i := range events {
		r.begin(i)
		r.event(&events[i], r.whole(&events[i], visible))
	}
	r.end("]}}}", 2+first)
	return nil
}

func (w words) eventsOf() string {
	of := func(owner string) string {
		return fmt.Sprintf(w.branch, "SELECT e.id, e.at, e.action, COALESCE(e.tenant_id,''), e.actor_name, COALESCE(e.target_id,''), e.target_name, e.reason FROM "+
			w.along("audit_events e", "auditevent_"+owner+"_at_id")+" WHERE e."+owner+"=? ORDER BY e.at DESC, e.id DESC LIMIT ?")
	}
	return of("tenant_id") + " UNION ALL " + of("other_tenant_id")
}

func (r *request) event(e *event, whole bool) {
	r.raw(`{"id":`)
	r.string(e.id)
	r.raw(`,"at":`)
	r.time(e.at)
	r.raw(`,"action":`)
	r.string(e.action)
	r.raw(`,"actor":`)
	if e.actorName.Valid {
		r.raw(`{"name":`)
		r.string(e.actorName.String)
		r.raw("}")
	} else {
		r.raw("null")
	}
	r.raw(`,"targetName":`)
	r.nullable(sql.NullString{String: e.targetName.String, Valid: e.targetName.Valid && whole})
	r.raw(`,"reason":`)
	r.nullable(e.reason)
	r.raw("}")
}

// whole reports whether the viewer sees what an event was about.
func (r *request) whole(e *event, visible map[string]bool) bool {
	at := levels{}
	if h := r.viewer.home(e.tenantID); h != nil {
		at = h.levels
	}
	switch {
	case e.action == "tenant.updated":
		return at.sees(tenantLevel)
	case e.targetID != "":
		return visible[e.targetID]
	}
	if !at.sees(auditLevel) {
		return false
	}
	switch noun, _, _ := strings.Cut(e.action, "."); noun {
	case "member", "password", "access_request":
		return at.sees(usersLevel)
	case "inventory":
		return at.sees(sitesLevel, servicesLevel) && r.viewer.home(e.tenantID).allSites
	case "privilege_group", "assignment":
		return at.sees(assignmentsLevel)
	case "role":
		return at.sees(rolesLevel)
	}
	return true
}

// source is where to look for what events are about: a table, the columns that name the tenants in which the viewer sees its rows
// by a level, and the one by which a row is the viewer's own.
type source struct {
	table   string
	tenants []string
	feature int
	own     string
	owner   func(*viewer) string
}

// sources by the prefixes of ids. A tenant of one's own is seen without a look.
var sources = map[string]source{
	"mem": {"members", []string{"tenant_id"}, usersLevel, "user_id", func(v *viewer) string { return v.userID }},
	"inv": {"invitations", []string{"partner_id", "customer_id"}, partnersLevel, "email_canonical", func(v *viewer) string { return v.email }},
	"rel": {"relationships", []string{"partner_id", "customer_id"}, partnersLevel, "", nil},
}

// targets finds out which of the things that events are about the viewer sees.
func (r *request) targets(ctx context.Context, events []event) (map[string]bool, error) {
	visible := make(map[string]bool, len(events))
	wanted := make(map[string]*answer) // ids as JSON, by kind
	for _, e := range events {
		kind, _, _ := strings.Cut(e.targetID, "_")
		_, asked := visible[e.targetID]
		switch _, known := sources[kind]; {
		case e.targetID == "" || e.action == "tenant.updated" || asked:
			continue
		case kind == "ten":
			visible[e.targetID] = r.viewer.home(e.targetID) != nil
			continue
		case !known || assigns(e.action):
			return nil, errNotMeasured
		}
		visible[e.targetID] = false
		list := wanted[kind]
		if list == nil {
			list = new(answer)
			wanted[kind] = list
		}
		list.begin(len(*list))
		list.string(e.targetID)
	}
	var query strings.Builder
	var args []any
	for _, kind := range slices.Sorted(maps.Keys(wanted)) {
		if query.Len() > 0 {
			query.WriteString(" UNION ALL ")
		}
		args = append(args, r.look(&query, sources[kind], "["+string(*wanted[kind])+"]")...)
	}
	if query.Len() == 0 {
		return visible, nil
	}
	return visible, r.conn.query(ctx, query.String(), args, func(rows *sql.Rows) error {
		var id string
		err := rows.Scan(&id)
		visible[id] = true
		return err
	})
}

// look writes the statement of those of some rows that the viewer sees.
func (r *request) look(query *strings.Builder, from source, ids string) []any {
	args := []any{ids}
	fmt.Fprintf(query, r.floor.sql.inOrder("SELECT %s x.id FROM ")+"%s%s WHERE 1=0", r.floor.sql.listed, r.floor.sql.join(from.table+" x", "x.id=l.value"))
	for _, column := range from.tenants {
		for _, h := range r.viewer.homes {
			if h.levels.sees(from.feature) {
				fmt.Fprintf(query, " OR x.%s=?", column)
				args = append(args, h.tenantID)
			}
		}
	}
	if from.own != "" {
		fmt.Fprintf(query, " OR x.%s=?", from.own)
		args = append(args, from.owner(&r.viewer))
	}
	return args
}

// assigns reports whether an action tells of assignments of tech partners, which takes more to see.
func assigns(action string) bool {
	return action == "assigned_customers.saved" || action == "delegation.saved"
}
