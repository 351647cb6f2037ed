package oracle_test

import (
	"slices"
	"strings"
	"time"

	"mandate/internal/viewer"
)

// who is a principal: a person in a session, a program with a person's API token, or nobody.
type who struct {
	user, email, session, entered string
	token                         *viewer.Token
}

// inPerson reports whether somebody asks in a session of their own.
func (v who) inPerson() bool { return v.user != "" && v.entered == "" && v.token == nil }

// levels has a level from 0 to 2 for features; what is not there is 0.
type levels map[string]int

func leveled(at func(string) int) levels {
	l := make(levels)
	for _, f := range features {
		l[f] = at(f)
	}
	l["GUESTS"] = max(l["GUESTS"], l["USERS"])
	return l
}

func lowest(list ...levels) levels {
	return leveled(func(f string) int {
		n := 2
		for _, l := range list {
			n = min(n, l[f])
		}
		return n
	})
}

func highest(list ...levels) levels {
	return leveled(func(f string) int {
		n := 0
		for _, l := range list {
			n = max(n, l[f])
		}
		return n
	})
}

var everything = leveled(func(string) int { return 2 })

func isPlatform(f string) bool { return slices.Contains(platform, f) }

// roleLevels is what a role gives.
func (w *world) roleLevels(id string) levels {
	switch w.byID[id].s("key") {
	case "PRIME_ADMIN", "DECISION_MAKER":
		return everything
	case "ADMINISTRATOR":
		return leveled(func(f string) int {
			if !w.minds("that administrators pass no access on") {
				return 2
			}
			if f == "ASSIGNMENTS" || f == "PARTNERS" {
				return 1
			}
			return 2
		})
	case "GUEST_MANAGER":
		return leveled(func(f string) int { return map[string]int{"GUESTS": 2, "TENANT": 1}[f] })
	case "READ_ONLY":
		return leveled(func(string) int { return 1 })
	case "PHONE_MANAGER":
		return leveled(func(f string) int {
			switch {
			case f == "TENANT" || f == "SITES":
				return 1
			case f == "invoices" || isPlatform(f):
				return 0
			}
			return 2
		})
	}
	given := make(map[string]int)
	for _, p := range w.tables["role_permissions"] {
		if p["role_id"] == id {
			given[p.s("feature")] = p["level"].(int)
		}
	}
	return leveled(func(f string) int { return given[f] })
}

// memberLevels is what a membership gives.
func (w *world) memberLevels(m row) levels {
	if m.b("administrator") {
		return everything
	}
	direct := make(map[string]int)
	for _, p := range w.tables["member_permissions"] {
		if p["member_id"] == m["id"] {
			direct[p.s("feature")] = p["level"].(int)
		}
	}
	l := leveled(func(f string) int { return direct[f] })
	if m["role_id"] != nil {
		l = highest(l, w.roleLevels(m.s("role_id")))
	}
	if m.b("guest") && w.minds("that guests hold catalogue levels only") {
		return leveled(func(f string) int {
			if isPlatform(f) {
				return 0
			}
			return l[f]
		})
	}
	return l
}

// path is one way to a tenant.
type path struct {
	via    string
	home   row
	levels levels
	links  []row // groups, relationships, assignments
}

func (p path) ends() (end time.Time) {
	for _, l := range p.links {
		if at := l.at("ends_at"); !at.IsZero() && (end.IsZero() || at.Before(end)) {
			end = at
		}
	}
	return end
}

func (w *world) ceiling(r row) levels {
	if !w.minds("the ceiling") {
		return everything
	}
	return w.roleLevels(r.s("role_id"))
}

func (w *world) last(a row) levels {
	if !w.minds("the role of an assignment") {
		return everything
	}
	return w.roleLevels(a.s("role_id"))
}

func (w *world) ofGroup(g row) levels {
	if !w.minds("the role of a group") {
		return everything
	}
	return w.roleLevels(g.s("role_id"))
}

// counts reports whether a relationship or an assignment counts now.
func (w *world) counts(x row) bool {
	return (x.s("status") == "ACTIVE" || !w.minds("the status of "+x.table())) &&
		(!w.now.Before(x.at("starts_at")) || !w.minds("the beginning of "+x.table())) && (!w.over(x) || !w.minds("the end of "+x.table()))
}

func (w *world) over(x row) bool { return !x.at("ends_at").IsZero() && !w.now.Before(x.at("ends_at")) }

func (w *world) active(tenantID string) bool {
	return w.byID[tenantID].s("status") == "ACTIVE" || !w.minds("that a tenant is suspended") && w.byID[tenantID].s("status") == "SUSPENDED"
}

// bond returns the relationship that counts now between two tenants.
func (w *world) bond(partner, customer string) row {
	for _, r := range w.tables["relationships"] {
		if r["partner_id"] == partner && r["customer_id"] == customer && r["active_customer_id"] == customer && w.counts(r) {
			return r
		}
	}
	return nil
}

// given lists the assignments that count now.
func (w *world) given(to, granter, reached string) []row {
	return w.find("assignments", func(a row) bool {
		return a["grantee_id"] == to && a["granter_id"] == granter && a["tenant_id"] == reached && w.counts(a)
	})
}

func (w *world) partnerOf(tenantID string) row {
	for _, p := range w.tables["partners"] {
		if p["tenant_id"] == tenantID {
			return p
		}
	}
	return nil
}

// paths lists the ways of a person to a tenant, in a session of their own.
func (w *world) paths(user, to string) (list []path) {
	for _, m := range w.tables["members"] {
		if m["user_id"] == user {
			list = append(list, w.memberPaths(m, to)...)
		}
	}
	return list
}

func (w *world) memberPaths(m row, to string) (list []path) {
	home, t := w.byID[m.s("tenant_id")], w.byID[to]
	standing := m.s("status") == "ACTIVE" || !w.minds("that a member is suspended") && m.s("status") == "SUSPENDED"
	if t == nil || !standing || !w.active(home.s("id")) {
		return nil
	}
	if home.s("id") == to {
		return []path{{"OWN", m, w.memberLevels(m), nil}}
	}
	if home.s("kind") == "OPERATOR" && t.s("status") != "DELETED" {
		mine := w.memberLevels(m)
		l := leveled(func(f string) int {
			if f == "TENANT" || f == "PARTNERS" || f == "SERVICES_ADMIN" || !w.minds("that the operator reaches little") {
				return mine[f]
			}
			return 0
		})
		if l["TENANT"]+l["PARTNERS"]+l["SERVICES_ADMIN"] > 0 {
			list = append(list, path{"OPERATOR", m, l, nil})
		}
	}
	if home.s("kind") != "PARTNER" {
		return list
	}
	if home["managed_by_id"] != nil {
		return w.techPaths(m, home, t)
	}
	return w.staffPaths(m, home, t)
}

func (w *world) techPaths(m, home, t row) (list []path) {
	msp := home.s("managed_by_id")
	r := w.bond(msp, t.s("id"))
	if r == nil || !w.active(msp) || !w.active(t.s("id")) {
		return nil
	}
	for _, a := range w.given(w.partnerOf(home.s("id")).s("id"), msp, t.s("id")) {
		both := lowest(w.ceiling(r), w.roleLevels(a.s("role_id")))
		if m.b("administrator") {
			list = append(list, path{"TECH_PARTNER", m, both, []row{r, a}})
			continue
		}
		if !w.minds("that a tech partner's staff is assigned too") {
			list = append(list, path{"TECH_PARTNER", m, both, []row{r, a}})
		}
		for _, b := range w.given(m.s("id"), home.s("id"), t.s("id")) {
			list = append(list, path{"TECH_PARTNER", m, lowest(both, w.last(b)), []row{r, a, b}})
		}
	}
	return list
}

func (w *world) staffPaths(m, home, t row) (list []path) {
	r := w.bond(home.s("id"), t.s("id"))
	manages := t["managed_by_id"] == home["id"] && w.partnerOf(home.s("id")).s("type") == "MSP"
	active := w.active(t.s("id"))
	if m.b("administrator") || !w.minds("that only administrators reach all customers") {
		if r != nil && (active || t.s("status") == "SUSPENDED" && (r.s("kind") == "PARTNER_OF_RECORD" || !w.minds("that designated partners reactivate nobody"))) {
			list = append(list, path{"RELATIONSHIP", m, w.ceiling(r), []row{r}})
		}
		if manages && t.s("status") != "DELETED" {
			list = append(list, path{"MSP", m, everything, nil})
		}
		return list
	}
	if !active {
		return nil
	}
	for _, a := range w.given(m.s("id"), home.s("id"), t.s("id")) {
		l := w.last(a)
		switch {
		case r != nil:
			list = append(list, path{"ASSIGNMENT", m, lowest(l, w.ceiling(r)), []row{r, a}})
		case manages:
			list = append(list, path{"MSP", m, l, []row{a}})
		}
	}
	for _, place := range w.tables["group_members"] {
		if place["member_id"] != m["id"] {
			continue
		}
		g := w.byID[place.s("group_id")]
		listed := len(w.find("group_customers", func(x row) bool { return x["group_id"] == g["id"] && x["customer_id"] == t["id"] })) > 0
		if r != nil && (g.s("scope") == "ALL_CUSTOMERS" || listed || !w.minds("which customers a group lists")) {
			list = append(list, path{"PRIVILEGE_GROUP", m, lowest(w.ceiling(r), w.ofGroup(g)), []row{g, r}})
		}
		for _, a := range w.given(g.s("id"), home.s("id"), t.s("id")) {
			if manages {
				list = append(list, path{"MSP", m, lowest(w.last(a), w.ofGroup(g)), []row{g, a}})
			}
		}
	}
	return list
}

// oracle says what one principal may read of a world.
type oracle struct {
	*world
	v      who
	ways   map[string][]path
	levels map[string]levels
	roles  map[string]bool
	met    map[string]bool // fields of which something was answered that the oracle knew
}

func newOracle(w *world, v who) *oracle {
	o := &oracle{world: w, v: v, ways: make(map[string][]path), levels: make(map[string]levels), met: make(map[string]bool)}
	for _, t := range w.tables["tenants"] {
		id := t.s("id")
		if v.user == "" || v.entered != "" && v.entered != id && w.minds("that an entered session reaches one tenant") {
			continue
		}
		paths := w.paths(v.user, id)
		if v.token != nil {
			paths = w.tokenPaths(o.asking(), id)
		}
		if v.entered != "" && w.minds("that an entered session is not one's own") {
			paths = slices.DeleteFunc(paths, func(p path) bool { return p.via == "OWN" })
		}
		if len(paths) == 0 {
			continue
		}
		o.ways[id] = paths
		var all []levels
		for _, p := range paths {
			all = append(all, p.levels)
		}
		o.levels[id] = highest(all...)
	}
	return o
}

func (o *oracle) reaches(tenantID string) bool { return len(o.ways[tenantID]) > 0 }

func (o *oracle) has(tenantID, feature string, level int) bool {
	return tenantID != "" && o.levels[tenantID][feature] >= level && o.reaches(tenantID)
}

func (o *oracle) views(tenantID, feature string) bool { return o.has(tenantID, feature, 1) }

// allSites reports whether all sites of a tenant are seen.
func (o *oracle) allSites(tenantID string) bool {
	return slices.ContainsFunc(o.ways[tenantID], func(p path) bool {
		return p.levels["SITES"] >= 1 && (!o.minds("which sites are listed") || p.via != "OWN" || p.home.b("all_sites") || p.home.b("administrator"))
	})
}

// seesSite reports whether what stands at a site of a tenant, or at none, is seen.
func (o *oracle) seesSite(tenantID, siteID string) bool {
	if !o.views(tenantID, "SITES") {
		return false
	}
	if o.allSites(tenantID) {
		return true
	}
	return len(o.find("member_sites", func(x row) bool {
		return x["site_id"] == siteID && o.byID[x.s("member_id")]["user_id"] == o.v.user && o.byID[x.s("member_id")].s("status") == "ACTIVE"
	})) > 0
}

// sees reports whether the principal sees a row.
func (o *oracle) sees(x row) bool {
	if x == nil || o.v.user == "" {
		return false
	}
	t := x.s("tenant_id")
	switch x.table() {
	case "tenants":
		return o.reaches(x.s("id"))
	case "partners":
		return o.views(t, "PARTNERS")
	case "users":
		return x["id"] == o.v.user || len(o.find("members", func(m row) bool {
			return m["user_id"] == x["id"] && (m.s("status") != "REMOVED" || !o.minds("that who has left is gone")) && o.sees(m)
		})) > 0
	case "members":
		return o.rests(x) && o.v.entered == "" || o.views(t, "USERS") || (x.b("guest") || !o.minds("that only guests are seen with GUESTS")) && o.views(t, "GUESTS")
	case "roles":
		return x["key"] != nil || o.views(t, "ROLES") || o.carried(x.s("id"))
	case "relationships":
		return o.views(x.s("partner_id"), "PARTNERS") || o.views(x.s("customer_id"), "PARTNERS")
	case "invitations":
		if !o.minds("whom an invitation was sent to") && x["email_canonical"] != nil {
			return true
		}
		return o.views(x.s("partner_id"), "PARTNERS") || o.views(x.s("customer_id"), "PARTNERS") || x.s("email_canonical") == o.v.email && o.v.inPerson()
	case "assignments":
		return o.views(x.s("granter_id"), "ASSIGNMENTS") || o.views(t, "ASSIGNMENTS")
	case "privilege_groups":
		return o.views(t, "ASSIGNMENTS") || !o.minds("who sees groups") && o.reaches(t)
	case "access_requests":
		return o.views(t, "USERS")
	case "sites":
		return o.seesSite(t, x.s("id"))
	case "devices":
		return o.seesSite(t, x.s("site_id"))
	case "service_subscriptions":
		return o.views(t, "SERVICES_ADMIN")
	case "audit_events":
		if !o.minds("that history is seen by one side") && o.reaches(t) {
			return true
		}
		return o.views(t, "AUDIT") || o.views(x.s("other_tenant_id"), "AUDIT")
	case "api_tokens":
		return o.seesToken(x)
	case "webhooks":
		return x.s("status") != "DELETED" && o.ownViews(t, "TOKENS")
	case "webhook_deliveries":
		return o.ownViews(t, "TOKENS") && o.ownViews(t, "AUDIT")
	case "sessions":
		return x["user_id"] == o.v.user && (o.v.inPerson() || x["id"] == o.v.session || !o.minds("that an entered session sees itself only"))
	}
	return false
}

// carried reports whether a visible row carries a role.
func (o *oracle) carried(role string) bool {
	if o.roles == nil {
		o.roles = make(map[string]bool)
		for _, table := range []string{"relationships", "invitations", "assignments", "privilege_groups"} {
			for _, x := range o.tables[table] {
				if o.sees(x) {
					o.roles[x.s("role_id")] = true
				}
			}
		}
	}
	return o.roles[role]
}

// whole reports whether the principal reads what an audit event was about.
func (o *oracle) whole(e row) bool {
	if !o.minds("that who does not see a target does not read what changed") {
		return true
	}
	if e.s("action") == "tenant.updated" {
		return o.views(e.s("tenant_id"), "TENANT")
	}
	target := o.byID[e.s("target_id")]
	if target != nil && o.sees(target) {
		return true
	}
	noun, _, _ := strings.Cut(e.s("action"), ".")
	if e["target_id"] != nil && noun != "privilege_group" && noun != "role" && noun != "webhook" {
		return false
	}
	t := e.s("tenant_id")
	if !o.views(t, "AUDIT") {
		return false
	}
	switch noun {
	case "member", "access_request":
		return o.views(t, "USERS")
	case "privilege_group":
		return o.views(t, "ASSIGNMENTS")
	case "role":
		return o.views(t, "ROLES")
	case "webhook":
		return o.ownViews(t, "TOKENS")
	case "inventory":
		return o.allSites(t) && o.views(t, "SERVICES_ADMIN")
	}
	return true
}
