package oracle_test

import (
	"fmt"
	"slices"
	"strings"
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

// byNode answers a node. Of people, and of roles that others carry, the API finds those that it needs no further look for.
func (o *oracle) byNode(id string) outcome {
	x := o.byID[id]
	if x == nil || typeOf[x.table()] == "" || !o.sees(x) {
		return known(nil)
	}
	return outcome{value: node(x), nullable: x.table() == "users" && x["id"] != o.v.user || x.table() == "roles" && x["key"] == nil && !o.views(x.s("tenant_id"), "ROLES")}
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
	if len(tags) > 0 {
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
	l := o.list("Tenant", "NAME", rows, by["direction"] == "DESC", byName)
	l.vague = f["assignable"] != nil || f["relationshipStatus"] != nil || f["expiringBefore"] != nil
	return l
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
		if further != "" && len(o.along(t.s("id"), []string{"MSP"}, []string{"PARTNERS", further})) == 0 {
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
	if !slices.Contains(features, f) || !o.reaches(t) || user != o.v.user && !o.views(t, "AUDIT") {
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
