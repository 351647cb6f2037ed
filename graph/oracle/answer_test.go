package oracle_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"mandate/internal/testworld"
)

// object is a row as the API shows it: of a type, a row of the database or values by field.
type object struct {
	kind string // the type's name
	row  row
	is   map[string]any // fields of what is no row
}

// outcome is what a field answers.
type outcome struct {
	value     any    // nil, a scalar, an object, a []any, or a *listing
	code      string // of an error: then the value is null
	unknown   bool   // the oracle has no opinion but that nothing secret is in it
	nullable  bool   // it may be null too, with or without an error
	perhaps   string // the code of that error; FORBIDDEN if it does not say
	unordered bool   // the order of the list is not said
}

// listing is a list that is paged: its rows in order, each with the place by which it is ordered.
type listing struct {
	of     string
	order  string // cursors of lists with the same order fit
	places []string
	rows   []any
}

func known(v any) outcome         { return outcome{value: v} }
func refused(code string) outcome { return outcome{code: code} }

var unknown = outcome{unknown: true}

// guards are the fields that take a level.
var guards = map[string]string{
	"Tenant.accountNumber": "TENANT", "Tenant.email": "TENANT", "Tenant.address": "TENANT", "Tenant.tags": "TENANT",
	"Tenant.serviceActivatedAt": "SERVICES_ADMIN", "Tenant.subscriptionCount": "SERVICES_ADMIN", "Tenant.serviceSubscriptions": "SERVICES_ADMIN",
	"Tenant.apiTokens": "TOKENS", "Tenant.webhooks": "TOKENS", "Webhook.deliveries": "AUDIT", "Tenant.assignment": "ASSIGNMENTS", "Tenant.privilegeGroups": "ASSIGNMENTS", "Tenant.accessList": "AUDIT", "Tenant.assignments": "ASSIGNMENTS",
	"Partner.mspAdminCount": "ASSIGNMENTS", "Partner.assignedCustomersCount": "ASSIGNMENTS", "Partner.accountAdminCount": "USERS",
	"Partner.assignedCustomers": "ASSIGNMENTS", "Partner.mspDelegations": "ASSIGNMENTS", "Partner.inviteLink": "PARTNERS MANAGE",
	"Tenant.signUpPolicy": "USERS", "Tenant.signUpCode": "USERS MANAGE", "Tenant.accessRequests": "USERS", "Tenant.deviceCount": "SITES",
	"Tenant.siteSummary": "SITES", "Tenant.sites": "SITES", "Tenant.members": "GUESTS", "Tenant.roles": "ROLES", "Tenant.partner": "PARTNERS",
	"Tenant.invitations": "PARTNERS", "Tenant.auditEvents": "AUDIT",
	"Member.email": "USERS", "Member.phone": "USERS", "Member.permissions": "ROLES", "Member.lastSignedInAt": "USERS",
	"Relationship.staffCount": "ASSIGNMENTS",
}

var typeOf = map[string]string{
	"tenants": "Tenant", "partners": "Partner", "users": "User", "members": "Member", "roles": "Role", "relationships": "Relationship", "invitations": "Invitation",
	"assignments": "Assignment", "sessions": "Session", "sites": "Site", "service_subscriptions": "ServiceSubscription", "access_requests": "AccessRequest",
	"privilege_groups": "PrivilegeGroup", "audit_events": "AuditEvent", "api_tokens": "ApiToken", "webhooks": "Webhook", "webhook_deliveries": "WebhookDelivery",
}

// node is a row as an object; nil for none.
func node(x row) any {
	if x == nil || typeOf[x.table()] == "" {
		return nil
	}
	return object{kind: typeOf[x.table()], row: x}
}

func thing(kind string, is map[string]any) object { return object{kind: kind, is: is} }

func orNil(v any, ok bool) any {
	if !ok {
		return nil
	}
	return v
}

func instant(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format("2006-01-02T15:04:05.999999Z07:00")
}

// column spells a field's name as that of a column.
func column(field string) string {
	var b strings.Builder
	for _, r := range field {
		if r >= 'A' && r <= 'Z' {
			b.WriteByte('_')
			r += 'a' - 'A'
		}
		b.WriteRune(r)
	}
	return b.String()
}

func (o *oracle) allowed(x object, field string) bool {
	guard, level := guards[x.kind+"."+field], 1
	if guard == "" || !o.minds("the guard of "+x.kind+"."+field) {
		return true
	}
	if rest, manage := strings.CutSuffix(guard, " MANAGE"); manage {
		guard, level = rest, 2
	}
	switch x.kind {
	case "Tenant":
		return o.has(x.row.s("id"), guard, level)
	case "Relationship":
		return o.has(x.row.s("partner_id"), guard, level) || o.has(x.row.s("customer_id"), guard, level)
	}
	return o.has(x.row.s("tenant_id"), guard, level)
}

// field answers a field of an object.
func (o *oracle) field(x object, name string, args map[string]any) outcome {
	if name == "__typename" {
		return known(x.kind)
	}
	if x.row == nil && x.kind != "Viewer" {
		if v, is := x.is[name]; is {
			if out, ready := v.(outcome); ready {
				return out
			}
			return known(v)
		}
		return unknown
	}
	if !o.allowed(x, name) {
		return refused("FORBIDDEN")
	}
	if out, special := o.special(x, name, args); special {
		return out
	}
	switch v := x.row[column(name)].(type) {
	case time.Time:
		return known(instant(v))
	case int:
		return known(float64(v))
	case nil:
		if x.kind == "Role" && x.row["created_at"] == nil && name != "key" {
			return unknown // of the system's
		}
		return known(nil)
	default:
		return known(v)
	}
}

func (o *oracle) special(x object, name string, args map[string]any) (outcome, bool) {
	switch x.kind {
	case "Tenant":
		return o.tenantField(x.row, name, args)
	case "Partner":
		return o.partnerField(x.row, name)
	case "Member":
		return o.memberField(x.row, name)
	case "Relationship", "Invitation", "Assignment":
		return o.pairField(x, name)
	case "PrivilegeGroup":
		return o.groupField(x.row, name)
	case "AuditEvent":
		return o.eventField(x.row, name)
	case "Viewer":
		return o.viewerField(name, args)
	}
	r := x.row
	switch x.kind + "." + name {
	case "User.email":
		if r["id"] == o.v.user && o.v.token == nil {
			return known(r["email"]), true
		}
		for _, m := range o.tables["members"] {
			if m["user_id"] == r["id"] && m.s("status") != "REMOVED" && o.views(m.s("tenant_id"), "USERS") {
				return known(r["email"]), true
			}
		}
		return refused("FORBIDDEN"), true
	case "User.name":
		if r["id"] != o.v.user {
			return refused("FORBIDDEN"), true
		}
		for _, m := range o.tables["members"] {
			if o.rests(m) && m.s("status") == "ACTIVE" {
				return known(fullName(m)), true
			}
		}
		return known(nil), true
	case "ApiToken.owner":
		return known(person(fullName(o.byID[r.s("member_id")]))), true
	case "ApiToken.tenant":
		t := o.byID[r.s("tenant_id")]
		return known(orNil(profile(t["name"], t["kind"], nil), o.reaches(t.s("id")))), true
	case "ApiToken.scopes":
		return known(permissions(o.scopes(r))), true
	case "ApiToken.tenants":
		return known(o.tokenTenants(r)), true
	case "Webhook.events":
		return known(told(r)), true
	case "Webhook.deliveries":
		return known(o.list(name, "", o.find("webhook_deliveries", func(x row) bool {
			return x["webhook_id"] == r["id"] && o.sees(x) && (args["status"] == nil || args["status"] == x["status"])
		}), true, byID)), true
	case "Role.permissions":
		return known(permissions(o.roleLevels(r.s("id")))), true
	case "AccessRequest.status":
		return known(o.lapsed(r)), true
	case "AccessRequest.tenant", "Session.enteredTenant":
		t := o.byID[r.s(map[string]string{"AccessRequest": "tenant_id", "Session": "entered_tenant_id"}[x.kind])]
		return known(orNil(node(t), o.sees(t))), true
	case "AccessRequest.member":
		m := o.byID[r.s("member_id")]
		return known(orNil(node(m), o.sees(m))), true
	case "AccessRequest.decidedBy":
		return known(person(r["decided_by_name"])), true
	case "AccessRequest.viewerCanDecide":
		return known(o.has(r.s("tenant_id"), "USERS", 2) && o.byID[r.s("member_id")]["user_id"] != o.v.user && o.lapsed(r) == "PENDING"), true
	case "Session.current":
		return known(r["id"] == o.v.session), true
	case "ServiceSubscription.active":
		return known(r.b("active") && !o.over(r)), true
	}
	return outcome{}, false
}

// lapsed is how a request or an invitation stands.
func (w *world) lapsed(x row) string {
	if x.s("status") == "PENDING" && !w.now.Before(x.at("expires_at")) && w.minds("that what nobody answers expires") {
		return "EXPIRED"
	}
	return x.s("status")
}

// stands is how a row stands at this moment.
func (w *world) stands(x row) string {
	switch x.table() {
	case "relationships":
		if x["active_customer_id"] != nil && w.over(x) {
			return "EXPIRED"
		}
	case "assignments":
		switch {
		case x.s("status") == "REVOKED":
		case w.over(x):
			return "EXPIRED"
		case w.now.Before(x.at("starts_at")):
			return "SCHEDULED"
		}
	default:
		return w.lapsed(x)
	}
	return x.s("status")
}

func fullName(m row) string { return m.s("first_name") + " " + m.s("last_name") }

func person(name any) any {
	if name == nil {
		return nil
	}
	return thing("PersonProfile", map[string]any{"name": name})
}

func profile(name, kind, account any) any {
	if name == nil {
		return nil
	}
	return thing("TenantProfile", map[string]any{"name": name, "kind": kind, "accountNumber": account})
}

func partnerProfile(name, kind, code any) any {
	return thing("PartnerProfile", map[string]any{"name": name, "type": kind, "code": code})
}

var levelNames = []string{"NONE", "VIEW", "MANAGE"}

func permissions(l levels) any {
	var list []any
	for _, f := range features {
		kind := "CATALOGUE"
		if isPlatform(f) {
			kind = "PLATFORM"
		}
		list = append(list, thing("FeaturePermission", map[string]any{"level": levelNames[l[f]],
			"feature": thing("Feature", map[string]any{"key": f, "kind": kind, "retired": false})}))
	}
	return list
}

// list makes a listing of rows that are seen, ordered by columns.
func (o *oracle) list(of, order string, rows []row, descending bool, by func(row) string) *listing {
	l := &listing{of: of, order: of + "/" + order}
	slices.SortFunc(rows, func(a, b row) int { return cmp.Compare(by(a), by(b)) })
	if descending {
		slices.Reverse(rows)
	}
	for _, x := range rows {
		l.rows, l.places = append(l.rows, node(x)), append(l.places, by(x))
	}
	return l
}

func byID(x row) string   { return x.s("id") }
func byName(x row) string { return x.s("sort_name") + "\x00" + x.s("id") }

func among(list any, v string) bool {
	values, _ := list.([]any)
	return len(values) == 0 || slices.Contains(values, any(v))
}

func prefixed(x row, f map[string]any) bool {
	search, _ := f["search"].(string)
	return strings.HasPrefix(x.s("sort_name"), strings.ToLower(search))
}

func (o *oracle) tenantField(t row, name string, args map[string]any) (outcome, bool) {
	id := t.s("id")
	mine := func(x row) bool { return x["tenant_id"] == id && o.sees(x) }
	asked := func(x row) bool { return among(args["status"], o.stands(x)) }
	switch name {
	case "viewerPermissions":
		return known(permissions(o.levels[id])), true
	case "address":
		is, some := make(map[string]any), false
		for _, f := range []string{"street", "city", "region", "postalCode", "country"} {
			is[f] = t[column(f)]
			some = some || is[f] != nil
		}
		return known(orNil(thing("Address", is), some)), true
	case "tags":
		list := []any{}
		for _, x := range o.tables["tenant_tags"] {
			if x["tenant_id"] == id {
				list = append(list, x.s("tag"))
			}
		}
		slices.SortFunc(list, func(a, b any) int { return cmp.Compare(a.(string), b.(string)) })
		return known(list), true
	case "members":
		return o.members(t, args), true
	case "roles":
		return known(o.list(name, "", o.find("roles", func(x row) bool { return x["tenant_id"] == id }), false, byID)), true
	case "partner":
		p := o.partnerOf(id)
		return known(orNil(node(p), o.sees(p))), true
	case "relationship":
		for _, x := range o.tables["relationships"] {
			if x["active_customer_id"] == id && !o.over(x) && o.sees(x) {
				return known(node(x)), true
			}
		}
		return known(nil), true
	case "relationships", "invitations":
		return known(o.list(name, "", o.find(name, func(x row) bool {
			return (x["partner_id"] == id || x["customer_id"] == id) && o.sees(x) && asked(x) && (args["direction"] == nil || args["direction"] == x["direction"])
		}), true, byID)), true
	case "apiTokens":
		return known(o.list(name, "", o.find("api_tokens", mine), true, byID)), true
	case "webhooks":
		return known(o.list(name, "", o.find("webhooks", mine), true, byID)), true
	case "assignments":
		return known(o.list(name, "", o.find(name, func(x row) bool {
			before, limited := args["expiringBefore"].(time.Time)
			return mine(x) && asked(x) && (!limited || !x.at("ends_at").IsZero() && x.at("ends_at").Before(before))
		}), true, byID)), true
	case "assignment":
		for _, x := range o.tables["assignments"] {
			if x["tenant_id"] == id && x["grantee_id"] == args["granteeId"] && x["open_key"] != nil && !o.over(x) {
				return known(node(x)), true
			}
		}
		return known(nil), true
	case "accessRequests":
		return known(o.list(name, "", o.find("access_requests", func(x row) bool { return mine(x) && asked(x) }), true, byID)), true
	case "privilegeGroups":
		return known(o.list(name, "", o.find("privilege_groups", mine), false, byID)), true
	case "sites":
		return known(o.list(name, "", o.find("sites", func(x row) bool { return mine(x) && prefixed(x, args) }), false, byName)), true
	case "serviceSubscriptions":
		return known(o.list(name, "", o.find("service_subscriptions", mine), true, byID)), true
	case "auditEvents":
		f, _ := args["filter"].(map[string]any)
		return known(o.list(name, "", o.find("audit_events", func(x row) bool {
			return (x["tenant_id"] == id || x["other_tenant_id"] == id) && o.sees(x) && among(f["action"], x.s("action")) &&
				(f["otherTenantId"] == nil || x["tenant_id"] == id && x["other_tenant_id"] == f["otherTenantId"] || x["other_tenant_id"] == id && x["tenant_id"] == f["otherTenantId"]) &&
				(f["actorId"] == nil || f["actorId"] == x["actor_id"]) && (f["delegatedOnly"] != true || x["on_behalf_of_name"] != nil) &&
				(f["from"] == nil || !x.at("at").Before(f["from"].(time.Time))) && (f["to"] == nil || x.at("at").Before(f["to"].(time.Time)))
		}), true, func(x row) string { return fmt.Sprintf("%020d", x.at("at").UnixMicro()) + x.s("id") })), true
	case "deviceCount":
		return known(float64(len(o.find("devices", func(x row) bool { return mine(x) || !o.minds("which devices are seen") && x["tenant_id"] == id })))), true
	case "subscriptionCount":
		return known(float64(len(o.find("service_subscriptions", func(x row) bool {
			return mine(x) && x.b("active") && (!o.over(x) || !o.minds("that subscriptions end"))
		})))), true
	case "siteSummary":
		is := map[string]any{"total": 0.0, "up": 0.0, "down": 0.0, "alarm": 0.0, "off": 0.0, "inactive": 0.0}
		for _, x := range o.find("sites", mine) {
			is["total"] = is["total"].(float64) + 1
			is[strings.ToLower(x.s("status"))] = is[strings.ToLower(x.s("status"))].(float64) + 1
		}
		return known(thing("SiteSummary", is)), true
	case "accessList":
		return outcome{value: o.accessList(t), nullable: true, perhaps: "QUERY_TOO_COMPLEX"}, true // asked of several tenants
	}
	return outcome{}, false
}

func (o *oracle) members(t row, args map[string]any) outcome {
	f, _ := args["filter"].(map[string]any)
	by, _ := args["orderBy"].(map[string]any)
	place := byName
	switch by["field"] {
	case "STATUS":
		place = func(x row) string {
			return fmt.Sprint(slices.Index([]string{"PENDING_EMAIL_VALIDATION", "PENDING_APPROVAL", "ACTIVE", "SUSPENDED", "REMOVED"}, x.s("status"))) + byName(x)
		}
	case "LAST_SIGNED_IN_AT":
		if !o.views(t.s("id"), "USERS") {
			return refused("FORBIDDEN")
		}
		place = func(x row) string {
			if x["last_signed_in_at"] == nil {
				return "0" + x.s("id")
			}
			return fmt.Sprintf("1%020d", x.at("last_signed_in_at").UnixMicro()) + x.s("id")
		}
	}
	rows := o.find("members", func(x row) bool {
		return x["tenant_id"] == t["id"] && o.sees(x) && prefixed(x, f) && among(f["status"], x.s("status")) && (f["status"] != nil || x.s("status") != "REMOVED" || !o.minds("that the removed are listed on demand")) &&
			(f["administrator"] == nil || f["administrator"] == x.b("administrator")) && (f["guest"] == nil || f["guest"] == x.b("guest"))
	})
	return known(o.list("members", fmt.Sprint(by["field"]), rows, by["direction"] == "DESC", place))
}

// writtenPath is a path as the API tells it.
func (o *oracle) writtenPath(p path, level int) any {
	name := func(role string) any {
		if role == "" {
			return nil
		}
		return o.byID[role].s("name")
	}
	kind := "MEMBERSHIP"
	if p.via == "OPERATOR" {
		kind = "OPERATOR"
	}
	links := []any{thing("AccessLink", map[string]any{"kind": kind, "label": o.byID[p.home.s("tenant_id")].s("name"), "role": name(p.home.s("role_id"))})}
	for _, l := range p.links {
		is := map[string]any{"role": name(l.s("role_id"))}
		switch l.table() {
		case "privilege_groups":
			is["kind"], is["label"] = "PRIVILEGE_GROUP", l.s("name")
		case "relationships":
			is["kind"], is["label"] = "RELATIONSHIP", l.s("partner_name")+" – "+l.s("customer_name")
		case "assignments":
			is["kind"], is["label"] = "ASSIGNMENT", l.s("partner_name")+" – "+l.s("grantee_name")
		}
		links = append(links, thing("AccessLink", is))
	}
	return thing("AccessPath", map[string]any{"via": p.via, "level": levelNames[level], "links": links, "endsAt": instant(p.ends())})
}

func lastEnd(paths []path) any {
	var last time.Time
	for _, p := range paths {
		if p.ends().IsZero() {
			return nil
		}
		if p.ends().After(last) {
			last = p.ends()
		}
	}
	return instant(last)
}

func (o *oracle) accessList(t row) *listing {
	l := &listing{of: "accessList", order: "accessList"}
	for _, m := range o.tables["members"] {
		paths := o.memberPaths(m, t.s("id"))
		if len(paths) == 0 || paths[0].via == "OWN" {
			continue
		}
		var all []levels
		var written []any
		for _, p := range paths {
			all = append(all, p.levels)
			most := 0
			for _, n := range p.levels {
				most = max(most, n)
			}
			written = append(written, o.writtenPath(p, most))
		}
		home := o.byID[m.s("tenant_id")]
		var used time.Time
		for _, e := range o.tables["audit_events"] {
			if e["actor_id"] == m["user_id"] && e["actor_tenant_id"] == home["id"] && e["tenant_id"] == t["id"] && e.at("at").After(used) {
				used = e.at("at")
			}
		}
		l.places = append(l.places, m.s("id"))
		l.rows = append(l.rows, thing("AccessListEntry", map[string]any{
			"person": person(fullName(m)), "company": profile(home["name"], home["kind"], nil), "paths": outcome{value: written, unordered: true},
			"permissions": permissions(highest(all...)), "endsAt": lastEnd(paths), "lastUsedAt": instant(used.Truncate(24 * time.Hour)),
		}))
	}
	return l
}

func (o *oracle) partnerField(p row, name string) (outcome, bool) {
	t := o.byID[p.s("tenant_id")]
	manager := t["managed_by_id"]
	seen := func(holds func(row) bool) []row {
		return o.find("assignments", func(x row) bool { return holds(x) && o.sees(x) })
	}
	switch name {
	case "tenant":
		return known(node(t)), true
	case "name":
		return known(t["name"]), true
	case "inviteLink":
		if manager != nil {
			return known(nil), true
		}
		return known(testworld.PublicURL + "/join?link=" + p.s("link_key") + "&partner=" + p.s("code")), true
	case "managedBy":
		if manager == nil {
			return known(nil), true
		}
		m := o.partnerOf(manager.(string))
		return known(partnerProfile(o.byID[manager.(string)]["name"], m["type"], m["code"])), true
	case "mspAdminCount", "assignedCustomersCount", "accountAdminCount":
		return known(float64(o.measure(p, name))), true
	case "assignedCustomers":
		return known(o.list(name, "", seen(func(x row) bool { return x["grantee_id"] == p["id"] }), true, byID)), true
	case "mspDelegations":
		return known(o.list(name, "", seen(func(x row) bool { return x["tenant_id"] == t["id"] }), true, byID)), true
	}
	return outcome{}, false
}

func (o *oracle) measure(p row, name string) int {
	t := o.byID[p.s("tenant_id")]
	switch name {
	case "mspAdminCount":
		return len(o.find("assignments", func(x row) bool {
			m := o.byID[x.s("grantee_id")]
			return x["tenant_id"] == t["id"] && x["granter_id"] == t["managed_by_id"] && o.counts(x) && (m.table() != "members" || m.s("status") == "ACTIVE" && !m.b("administrator"))
		}))
	case "assignedCustomersCount":
		return len(o.find("assignments", func(x row) bool {
			return x["grantee_id"] == p["id"] && x["granter_id"] == t["managed_by_id"] && o.counts(x)
		}))
	}
	return len(o.find("members", func(m row) bool {
		return m["tenant_id"] == t["id"] && m.b("administrator") && m.s("status") == "ACTIVE"
	}))
}

func (o *oracle) memberField(m row, name string) (outcome, bool) {
	switch name {
	case "tenant":
		t := o.byID[m.s("tenant_id")]
		return known(orNil(node(t), o.sees(t))), true
	case "user":
		u := o.byID[m.s("user_id")]
		// Whoever has left is gone there, though a membership elsewhere may still show the person.
		return outcome{value: orNil(node(u), o.sees(u)), nullable: m.s("status") == "REMOVED" && o.minds("that who has left is gone")}, true
	case "name":
		return known(fullName(m)), true
	case "userId":
		return known(m["handle"]), true
	case "email":
		return known(orNil(o.byID[m.s("user_id")]["email"], m.s("status") != "REMOVED" || !o.minds("that who has left is gone"))), true
	case "role":
		return known(node(o.byID[m.s("role_id")])), true
	case "permissions":
		return known(permissions(o.memberLevels(m))), true
	case "sites":
		var rows []row
		for _, x := range o.tables["member_sites"] {
			if x["member_id"] == m["id"] && !m.b("all_sites") && !m.b("administrator") && o.sees(o.byID[x.s("site_id")]) {
				rows = append(rows, o.byID[x.s("site_id")])
			}
		}
		return known(o.list("Member.sites", "", rows, false, byID)), true
	}
	return outcome{}, false
}

// pairField answers fields of what stands between two tenants.
func (o *oracle) pairField(x object, name string) (outcome, bool) {
	r := x.row
	reached := func(id string) outcome { return known(orNil(node(o.byID[id]), o.reaches(id))) }
	switch name {
	case "partner", "grantedBy":
		return known(partnerProfile(r["partner_name"], r["partner_type"], r["partner_code"])), true
	case "customerProfile":
		return known(profile(r["customer_name"], "CUSTOMER", r["customer_account_number"])), true
	case "tenantProfile":
		kind := "CUSTOMER"
		if r["relationship_id"] == nil {
			kind = "PARTNER"
		}
		return known(profile(r["customer_name"], kind, r["customer_account_number"])), true
	case "customer":
		return reached(r.s("customer_id")), true
	case "tenant":
		return reached(r.s("tenant_id")), true
	case "role":
		return known(node(o.byID[r.s("role_id")])), true
	case "relationship":
		rel := o.byID[r.s("relationship_id")]
		return known(orNil(node(rel), o.sees(rel))), true
	case "grantee":
		g := o.byID[r.s("grantee_id")]
		return known(orNil(node(g), o.sees(g))), true
	case "status":
		return known(o.stands(r)), true
	case "suspendedBy":
		list := []any{}
		for _, side := range []string{"PARTNER", "CUSTOMER", "OPERATOR"} {
			if r.b("suspended_by_" + strings.ToLower(side)) {
				list = append(list, side)
			}
		}
		return known(list), true
	case "staffCount":
		return known(float64(len(o.find("assignments", func(a row) bool {
			m := o.byID[a.s("grantee_id")]
			return a["relationship_id"] == r["id"] && (a["granter_id"] == r["partner_id"] || !o.minds("whose staff is counted")) && o.counts(a) && m.table() == "members" && m.s("status") == "ACTIVE" && !m.b("administrator")
		})))), true
	case "accessPeriod":
		return known(thing("AccessPeriod", map[string]any{"limited": r["ends_at"] != nil, "startsAt": instant(r.at("starts_at")), "endsAt": instant(r.at("ends_at"))})), true
	}
	if strings.HasPrefix(name, "viewerCan") {
		return o.able(x, name), true
	}
	return outcome{}, false
}

// able says what the principal may do with a relationship or an invitation.
func (o *oracle) able(x object, name string) outcome {
	r := x.row
	decides := func(tenantID string) bool {
		return o.v.inPerson() && slices.ContainsFunc(o.ways[tenantID], func(p path) bool { return p.via == "OWN" && p.levels["PARTNERS"] == 2 })
	}
	if x.kind == "Invitation" {
		asked, sender := r.s("partner_id"), r.s("customer_id")
		if r.s("direction") == "PARTNER_TO_CUSTOMER" {
			asked, sender = sender, asked
		}
		may := decides(sender)
		switch name {
		case "viewerCanAccept":
			may = decides(asked) || r.s("email_canonical") == o.v.email && o.v.inPerson()
		case "viewerCanResend":
			may = may && r["send_count"].(int) < 5
		}
		return known(may && o.lapsed(r) == "PENDING")
	}
	side := ""
	switch {
	case decides(r.s("customer_id")):
		side = "customer"
	case decides(r.s("partner_id")):
		side = "partner"
	case (o.v.inPerson() || o.v.token != nil && !o.minds("that a token is no administrator")) && slices.ContainsFunc(o.tables["members"], func(m row) bool {
		home := o.byID[m.s("tenant_id")]
		return m["user_id"] == o.v.user && home.s("kind") == "OPERATOR" && m.b("administrator") && m.s("status") == "ACTIVE" && o.active(home.s("id"))
	}):
		side = "operator"
	}
	if stands := o.stands(r); side == "" || stands != "ACTIVE" && stands != "SUSPENDED" {
		return known(false)
	}
	partner := o.partnerOf(r.s("partner_id"))
	ends := side != "customer" || r.s("kind") == "CUSTOMER_DESIGNATED" || !partner.b("recognized") || !o.active(r.s("partner_id"))
	paused := r.b("suspended_by_" + side)
	return known(map[string]bool{"viewerCanTerminate": ends, "viewerCanSuspend": ends && !paused, "viewerCanResume": paused, "viewerCanNarrow": side != "operator"}[name])
}

func (o *oracle) groupField(g row, name string) (outcome, bool) {
	var members []row
	for _, x := range o.tables["group_members"] {
		if x["group_id"] == g["id"] {
			members = append(members, o.byID[x.s("member_id")])
		}
	}
	switch name {
	case "role":
		return known(node(o.byID[g.s("role_id")])), true
	case "memberCount":
		return known(float64(len(slices.DeleteFunc(members, func(m row) bool { return m.s("status") != "ACTIVE" && o.minds("that a group counts who is active") })))), true
	case "members":
		return known(o.list("PrivilegeGroup.members", "", slices.DeleteFunc(members, func(m row) bool { return !o.sees(m) }), false, byID)), true
	case "customers":
		var rows []row
		for _, x := range o.tables["group_customers"] {
			if c := x.s("customer_id"); x["group_id"] == g["id"] && o.reaches(c) {
				rows = append(rows, o.byID[c])
			}
		}
		return known(o.list("PrivilegeGroup.customers", "", rows, false, byName)), true
	}
	return outcome{}, false
}

func (o *oracle) eventField(e row, name string) (outcome, bool) {
	whole := o.whole(e)
	switch name {
	case "actor":
		return known(person(e["actor_name"])), true
	case "actorTenant":
		return known(profile(e["actor_tenant_name"], e["actor_tenant_kind"], nil)), true
	case "onBehalfOf":
		return known(profile(e["on_behalf_of_name"], e["on_behalf_of_kind"], nil)), true
	case "target":
		t := o.byID[e.s("target_id")]
		return known(orNil(node(t), t != nil && o.sees(t))), true
	case "targetName", "address":
		return known(orNil(e[column(name)], whole)), true
	case "changes":
		if !whole {
			return known(nil), true
		}
		var told []map[string]any
		if err := json.Unmarshal([]byte(cmp.Or(e.s("changes"), "null")), &told); err != nil {
			return known(err.Error()), true
		}
		list := []any{}
		for _, is := range told {
			list = append(list, thing("AuditChange", is))
		}
		return known(list), true
	}
	return outcome{}, false
}

func (o *oracle) viewerField(name string, args map[string]any) (outcome, bool) {
	switch name {
	case "user":
		return known(node(o.byID[o.v.user])), true
	case "session":
		return known(node(o.byID[o.v.session])), true
	case "apiToken":
		return known(node(o.asking())), true
	case "apiTokens":
		return known(o.list("Viewer.apiTokens", "", o.find("api_tokens", func(x row) bool { return o.ownToken(x) }), true, byID)), true
	case "sessions":
		return known(o.list("sessions", "", o.find("sessions", func(x row) bool {
			return o.sees(x) && (x["ended_at"] == nil && o.now.Before(x.at("expires_at")) || !o.minds("that sessions end"))
		}), true, byID)), true
	case "invitations":
		return known(o.list("Viewer.invitations", "", o.find("invitations", func(x row) bool {
			return o.v.inPerson() && x.s("email_canonical") == o.v.email && among(args["status"], o.lapsed(x))
		}), true, byID)), true
	case "tenants":
		l := o.list("Tenant", "NAME", o.find("tenants", func(t row) bool {
			return prefixed(t, args) && slices.ContainsFunc(o.ways[t.s("id")], func(p path) bool { return among(args["via"], p.via) })
		}), false, byName)
		for i := range l.rows {
			t := l.rows[i].(object).row
			var via []any
			for _, v := range []string{"ASSIGNMENT", "MSP", "OPERATOR", "OWN", "PRIVILEGE_GROUP", "RELATIONSHIP", "TECH_PARTNER"} {
				if slices.ContainsFunc(o.ways[t.s("id")], func(p path) bool { return p.via == v }) {
					via = append(via, v)
				}
			}
			l.rows[i] = thing("Reach", map[string]any{"tenant": node(t), "via": via, "permissions": permissions(o.levels[t.s("id")]), "endsAt": lastEnd(o.ways[t.s("id")])})
		}
		return known(l), true
	case "tablePreference":
		stored := o.find("table_preferences", func(x row) bool { return x["user_id"] == o.v.user && x["table"] == args["table"] })
		if !o.v.inPerson() || len(stored) == 0 {
			return unknown, true
		}
		return known(thing("TablePreference", map[string]any{"table": args["table"], "isDefault": false, "columns": []any{strings.Split(stored[0].s("columns"), `"`)[1]}})), true
	}
	return outcome{}, false
}
