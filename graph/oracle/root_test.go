package oracle_test

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// root answers a query.
func (o *oracle) root(name string, args map[string]any) outcome {
	if o.v.user == "" && name != "viewer" && name != "invitationByToken" {
		return refused("UNAUTHENTICATED")
	}
	switch name {
	case "viewer":
		return known(orNil(thing("Viewer", nil), o.v.user != ""))
	case "node":
		return o.byNode(args["id"].(string))
	case "nodes":
		var list []any
		for _, id := range args["ids"].([]any) {
			list = append(list, o.byNode(id.(string)))
		}
		return known(list)
	case "tenant":
		t := o.byID[args["id"].(string)]
		return known(orNil(node(t), t != nil && t.table() == "tenants" && o.sees(t)))
	case "customers", "tenants":
		return known(o.tenantList(name, args))
	case "techPartners":
		return o.techPartners(args)
	case "partnerByCode":
		for _, p := range o.tables["partners"] {
			if t := o.byID[p.s("tenant_id")]; p["code"] == args["code"] && t.s("status") != "DELETED" {
				return known(partnerProfile(t["name"], p["type"], p["code"]))
			}
		}
		return known(nil)
	case "systemRoles":
		var list []any
		for n := range 6 {
			list = append(list, node(o.byID[systemRole(n+1)]))
		}
		return known(list)
	case "checkAccess":
		return o.decision(args["input"].(map[string]any))
	case "invitationByToken":
		return known(nil)
	}
	return unknown
}

// byNode answers a node.
func (o *oracle) byNode(id string) outcome {
	x := o.byID[id]
	return known(orNil(node(x), x != nil && typeOf[x.table()] != "" && o.sees(x)))
}

// along lists the ways to a tenant of some kinds that give VIEW on some features each.
func (o *oracle) along(tenantID string, via, needs []string) []path {
	return slices.DeleteFunc(slices.Clone(o.ways[tenantID]), func(p path) bool {
		return !slices.Contains(via, p.via) || slices.ContainsFunc(needs, func(f string) bool { return p.levels[f] < 1 })
	})
}

// through reports whether a way leads through a partner's tenant.
func (o *oracle) through(p path, partner string) bool {
	home := o.byID[p.home.s("tenant_id")]
	return p.via != "OPERATOR" && p.via != "OWN" && (home["id"] == partner || home["managed_by_id"] == partner)
}

func (o *oracle) tenantList(name string, args map[string]any) *listing {
	f, _ := args["filter"].(map[string]any)
	by, _ := args["orderBy"].(map[string]any)
	via, kinds, needs := []string{"OPERATOR", "OWN"}, f["kind"], []string(nil)
	if name == "customers" {
		via, kinds = []string{"RELATIONSHIP", "ASSIGNMENT", "PRIVILEGE_GROUP", "TECH_PARTNER", "OPERATOR"}, []any{"CUSTOMER"}
	}
	tags, _ := f["tags"].([]any)
	if len(tags) > 0 && o.minds("who searches by tags") {
		needs = append(needs, "TENANT")
	}
	if f["partnerType"] != nil || f["recognized"] != nil {
		needs = append(needs, "PARTNERS")
	}
	grantee, byGrantee := f["assignedTo"].(string)
	given := o.find("assignments", func(a row) bool { return a["grantee_id"] == grantee })
	if byGrantee && len(given) > 0 && !o.views(given[0].s("granter_id"), "ASSIGNMENTS") {
		needs = append(needs, "ASSIGNMENTS")
	}
	rows := o.find("tenants", func(t row) bool {
		id := t.s("id")
		ways := o.along(id, via, needs)
		if partnerID, through := f["partnerId"].(string); through {
			p := o.byID[partnerID]
			ways = slices.DeleteFunc(ways, func(w path) bool {
				return p == nil || p.table() != "partners" || !o.sees(p) || !o.through(w, p.s("tenant_id"))
			})
		}
		ways = o.narrowed(ways, t, f)
		if len(ways) == 0 || !among(kinds, t.s("kind")) || !among(f["status"], t.s("status")) || !prefixed(t, f) {
			return false
		}
		for _, tag := range tags {
			if len(o.find("tenant_tags", func(x row) bool { return x["tenant_id"] == id && x["tag"] == tag })) == 0 {
				return false
			}
		}
		if byGrantee && !slices.ContainsFunc(given, func(a row) bool { return a["tenant_id"] == id && a.s("status") == "ACTIVE" && !o.over(a) }) {
			return false
		}
		p := o.partnerOf(id)
		return (f["partnerType"] == nil || p != nil && among(f["partnerType"], p.s("type"))) && (f["recognized"] == nil || p != nil && f["recognized"] == p.b("recognized"))
	})
	if name == "tenants" && !slices.ContainsFunc(o.tenants("OPERATOR"), func(t row) bool {
		return slices.ContainsFunc(o.ways[t.s("id")], func(p path) bool { return p.via == "OWN" && p.levels["TENANT"] >= 1 })
	}) {
		rows = nil
	}
	return o.list("Tenant", "NAME", rows, by["direction"] == "DESC", byName)
}

// narrowed leaves the ways to a customer that a filter about its relationships leaves.
func (o *oracle) narrowed(ways []path, c row, f map[string]any) []path {
	own := func(tenantID, feature string, level int) bool {
		return o.v.entered == "" && slices.ContainsFunc(o.ways[tenantID], func(p path) bool { return p.via == "OWN" && p.levels[feature] >= level })
	}
	if asked, is := f["assignable"].(bool); is && (!o.v.inPerson() || asked != slices.ContainsFunc(o.tables["relationships"], func(r row) bool {
		if r["active_customer_id"] != c["id"] || !o.counts(r) {
			return false
		}
		if own(r.s("partner_id"), "ASSIGNMENTS", 2) {
			return true
		}
		return slices.ContainsFunc(o.tables["partners"], func(p row) bool {
			t := o.byID[p.s("tenant_id")]
			return t["managed_by_id"] == r["partner_id"] && o.active(r.s("partner_id")) && own(t.s("id"), "ASSIGNMENTS", 2) && len(o.given(p.s("id"), r.s("partner_id"), c.s("id"))) > 0
		})
	})) {
		return nil
	}
	before, limited := f["expiringBefore"].(time.Time)
	if status, is := f["relationshipStatus"].([]any); is || limited {
		if len(status) == 0 {
			status = []any{"ACTIVE", "SUSPENDED"}
		}
		return slices.DeleteFunc(ways, func(w path) bool {
			return !slices.ContainsFunc(o.tables["relationships"], func(r row) bool {
				return r["customer_id"] == c["id"] && among(status, o.stands(r)) && (!limited || !r.at("ends_at").IsZero() && r.at("ends_at").Before(before)) &&
					(own(r.s("partner_id"), "PARTNERS", 1) || own(c.s("id"), "PARTNERS", 1) || w.levels["PARTNERS"] >= 1)
			})
		})
	}
	return ways
}

func (o *oracle) techPartners(args map[string]any) outcome {
	f, _ := args["filter"].(map[string]any)
	by, _ := args["orderBy"].(map[string]any)
	measure := map[any]string{"MSP_ADMIN_COUNT": "mspAdminCount", "ASSIGNED_CUSTOMERS_COUNT": "assignedCustomersCount", "ACCOUNT_ADMIN_COUNT": "accountAdminCount"}[by["field"]]
	further := map[string]string{"mspAdminCount": "ASSIGNMENTS", "assignedCustomersCount": "ASSIGNMENTS", "accountAdminCount": "USERS"}[measure]
	manager, named := args["managerId"].(string)
	msps := 0
	for _, p := range o.tables["partners"] {
		if p.s("type") == "MSP" && o.v.entered == "" && len(o.along(p.s("tenant_id"), []string{"OWN"}, nil)) > 0 {
			msps++
		}
	}
	if !named && msps > 1 {
		return refused("BAD_USER_INPUT")
	}
	var rows []row
	for _, p := range o.tables["partners"] {
		t := o.byID[p.s("tenant_id")]
		ways := o.along(t.s("id"), []string{"MSP"}, []string{"PARTNERS"})
		if named {
			m := o.byID[manager]
			ways = slices.DeleteFunc(ways, func(w path) bool {
				return m == nil || m.table() != "partners" || !o.sees(m) || !o.through(w, m.s("tenant_id"))
			})
		}
		if further != "" && len(o.along(t.s("id"), []string{"MSP"}, []string{"PARTNERS", further})) == 0 && o.minds("that an order tells as much as its field") {
			continue
		}
		if len(ways) > 0 && prefixed(t, f) && among(f["type"], p.s("type")) {
			rows = append(rows, p)
		}
	}
	place := func(p row) string {
		t := o.byID[p.s("tenant_id")]
		switch {
		case measure != "":
			return fmt.Sprintf("%06d", o.measure(p, measure)) + byName(t)
		case by["field"] == "TENANT_ID":
			return t.s("id")
		case by["field"] == "TYPE":
			return fmt.Sprint(slices.Index([]string{"MSP", "RESELLER", "SUPPORT", "INTEGRATOR", "INSTALLER"}, p.s("type"))) + byName(t)
		}
		return byName(t)
	}
	return known(o.list("techPartners", fmt.Sprint(by["field"]), rows, by["direction"] == "DESC", place))
}

func (o *oracle) decision(in map[string]any) outcome {
	none := known(thing("AccessDecision", map[string]any{"allowed": false, "level": "NONE", "paths": []any{}}))
	t, user, f := in["tenantId"].(string), in["userId"].(string), in["feature"].(string)
	if !slices.Contains(features, f) || !o.reaches(t) || (user != o.v.user || o.v.token != nil) && !o.views(t, "AUDIT") && o.minds("who asks about others") {
		return none
	}
	paths := o.paths(user, t)
	if len(paths) == 0 {
		return none
	}
	level := 0
	var written []any
	for _, p := range paths {
		level = max(level, p.levels[f])
		written = append(written, o.writtenPath(p, p.levels[f]))
	}
	return known(thing("AccessDecision", map[string]any{"level": levelNames[level], "allowed": level >= slices.Index(levelNames, in["level"].(string)),
		"paths": outcome{value: written, unordered: true}}))
}

// canaries finds the texts of an answer that occur nowhere else.
func canaries(s string) (found []string) {
	for i := range s {
		if (s[i] == 'c' || s[i] == 'C') && i+7 <= len(s) && (s[i+6] == 'q' || s[i+6] == 'Q') && strings.Trim(s[i+1:i+6], "0123456789") == "" {
			found = append(found, s[i:i+7])
		}
	}
	return found
}
