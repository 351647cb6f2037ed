package oracle_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// row is a row of the database by its columns; a column without a value is absent.
type row map[string]any

func (x row) s(column string) string {
	s, _ := x[column].(string)
	return s
}

func (x row) b(column string) bool {
	b, _ := x[column].(bool)
	return b
}

// at returns an instant; the zero time for none.
func (x row) at(column string) time.Time {
	t, _ := x[column].(time.Time)
	return t
}

// table names the table that a row is of.
func (x row) table() string { return tableOf[x.s("id")[:3]] }

var tableOf = map[string]string{
	"ten": "tenants", "prt": "partners", "usr": "users", "mem": "members", "rol": "roles", "rel": "relationships", "inv": "invitations",
	"asg": "assignments", "ses": "sessions", "sit": "sites", "sub": "service_subscriptions", "req": "access_requests", "grp": "privilege_groups",
	"evt": "audit_events", "dev": "devices", "tag": "tenant_tags", "rpm": "role_permissions", "mpm": "member_permissions", "mst": "member_sites",
	"gme": "group_members", "gcu": "group_customers", "tpr": "table_preferences", "ott": "one_time_tokens",
	"tok": "api_tokens", "tte": "api_token_tenants", "whk": "webhooks", "whd": "webhook_deliveries",
}

// tables in the order in which they are written: a table comes after those that it refers to.
var tables = []string{
	"users", "tenants", "partners", "roles", "role_permissions", "members", "member_permissions", "sites", "member_sites", "devices",
	"service_subscriptions", "access_requests", "tenant_tags", "relationships", "privilege_groups", "group_members", "group_customers",
	"assignments", "invitations", "sessions", "audit_events", "table_preferences", "api_tokens", "api_token_tenants",
	"webhooks", "webhook_deliveries",
}

// world is what a database holds: every table's rows by id, and nothing else.
type world struct {
	now    time.Time
	tables map[string][]row
	byID   map[string]row
	serial int
	used   map[int]bool
	r      *rand.Rand
	skip   string // a rule that the oracle does not mind, to see that this is noticed
}

// minds reports whether the oracle minds a rule.
func (w *world) minds(rule string) bool { return w.skip != rule }

func pick[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }

func (w *world) chance(percent int) bool { return w.r.IntN(100) < percent }

// word is a canary: a text that occurs nowhere else.
func (w *world) word() string {
	for {
		if n := w.r.IntN(100_000); !w.used[n] {
			w.used[n] = true
			return fmt.Sprintf("c%05dq", n)
		}
	}
}

// address is a canary that mails go to.
func (w *world) address() string { return w.word() + "@mail.example" }

// moment is an instant that occurs nowhere else, near the present.
func (w *world) moment(d time.Duration) time.Time {
	w.serial++
	return w.now.Add(d + time.Duration(w.serial)*time.Microsecond)
}

func (w *world) add(kind string, x row) row {
	w.serial++
	x["id"] = fmt.Sprintf("%s_%026d", kind, w.serial)
	table := x.table()
	for _, column := range timed[table] {
		x[column] = w.moment(-1000 * time.Hour)
	}
	if versioned[table] {
		x["version"] = 1000 + w.serial
	}
	w.tables[table] = append(w.tables[table], x)
	w.byID[x.s("id")] = x
	return x
}

func (w *world) find(table string, holds func(row) bool) (list []row) {
	for _, x := range w.tables[table] {
		if holds(x) {
			list = append(list, x)
		}
	}
	return list
}

// clone copies a world, to change the copy.
func (w *world) clone() *world {
	c := &world{now: w.now, serial: w.serial, used: maps.Clone(w.used), r: w.r, tables: make(map[string][]row), byID: maps.Clone(w.byID)}
	for table, rows := range w.tables {
		for _, x := range rows {
			y := maps.Clone(x)
			c.tables[table] = append(c.tables[table], y)
			c.byID[y.s("id")] = y
		}
	}
	return c
}

var timed = map[string][]string{}
var versioned = map[string]bool{"tenants": true, "members": true, "roles": true, "relationships": true, "invitations": true, "assignments": true, "privilege_groups": true, "webhooks": true}

func init() {
	for _, t := range tables {
		if !slices.Contains([]string{"audit_events", "role_permissions", "member_permissions", "member_sites", "tenant_tags", "group_members", "group_customers", "api_token_tenants"}, t) {
			timed[t] = []string{"created_at", "updated_at"}
		}
	}
}

var platform = []string{"TENANT", "USERS", "GUESTS", "ROLES", "PARTNERS", "ASSIGNMENTS", "SITES", "SERVICES_ADMIN", "AUDIT", "TOKENS"}
var catalogue = []string{"invoices", "orders", "services", "tickets", "sso.fortinet", "sso.meraki", "sso.velo"}
var features = slices.Concat(platform, catalogue)

func systemRole(n int) string { return fmt.Sprintf("rol_%026d", n) }

// newWorld makes a world by chance.
func newWorld(r *rand.Rand, now time.Time) *world {
	w := &world{now: now, r: r, serial: 1000, used: make(map[int]bool), tables: make(map[string][]row), byID: make(map[string]row)}
	for n, name := range []string{"Prime Admin", "Administrator", "Guest Manager", "Read-Only", "Decision Maker", "Phone Manager"} {
		key := []string{"PRIME_ADMIN", "ADMINISTRATOR", "GUEST_MANAGER", "READ_ONLY", "DECISION_MAKER", "PHONE_MANAGER"}[n]
		w.byID[systemRole(n+1)] = row{"id": systemRole(n + 1), "key": key, "name": name}
	}
	w.addTenants()
	w.addPeople()
	w.addBooks()
	w.addBonds()
	w.addTokens()
	w.addWebhooks()
	w.addHistory()
	return w
}

func (w *world) role(tenant row) string {
	own := w.find("roles", func(x row) bool { return x["tenant_id"] == tenant["id"] })
	if len(own) > 0 && w.chance(45) {
		return pick(w.r, own...).s("id")
	}
	return systemRole(1 + w.r.IntN(6))
}

func (w *world) addTenants() {
	kinds := []string{"OPERATOR", "MSP", pick(w.r, "MSP", "RESELLER", "SUPPORT"), "TECH", "TECH"}
	for range 3 + w.r.IntN(4) {
		kinds = append(kinds, "CUSTOMER")
	}
	var managers []row
	for _, kind := range kinds {
		t := row{"kind": kind, "name": "C" + w.word()[1:], "sign_up_policy": pick(w.r, "CLOSED", "VALIDATE_EMAIL", "VALIDATE_AND_APPROVE"),
			"status": pick(w.r, "ACTIVE", "ACTIVE", "ACTIVE", "ACTIVE", "ACTIVE", "ACTIVE", "ACTIVE", "ACTIVE", "SUSPENDED", "DELETED")}
		t["sort_name"] = strings.ToLower(t.s("name"))
		for _, column := range []string{"account_number", "email", "street", "city", "region", "postal_code", "sign_up_code"} {
			if w.chance(80) {
				t[column] = w.word()
			}
		}
		if w.chance(50) {
			t["country"] = "AT"
		}
		if w.chance(50) {
			t["service_activated_at"] = w.moment(-time.Hour)
		}
		if kind != "OPERATOR" && kind != "CUSTOMER" {
			t["kind"] = "PARTNER"
		} else if kind == "OPERATOR" {
			t["status"] = "ACTIVE"
		}
		if kind == "TECH" {
			t["managed_by_id"] = pick(w.r, managers...).s("id")
		}
		w.add("ten", t)
		if t.s("kind") == "PARTNER" {
			p := row{"tenant_id": t["id"], "type": kind, "code": strings.ToUpper(w.word()), "link_key": w.word(), "recognized": w.chance(80)}
			if kind == "TECH" {
				p["type"] = pick(w.r, "INTEGRATOR", "INSTALLER")
			}
			w.add("prt", p)
			if kind == "MSP" {
				managers = append(managers, t)
			}
		}
		for range w.r.IntN(3) {
			w.add("tag", row{"tenant_id": t["id"], "tag": w.word()})
		}
		for range w.r.IntN(3) {
			role := w.add("rol", row{"tenant_id": t["id"], "name": w.word()})
			for _, f := range features {
				if level := pick(w.r, 0, 0, 1, 1, 2); level > 0 {
					w.add("rpm", row{"tenant_id": t["id"], "role_id": role["id"], "feature": f, "level": level})
				}
			}
		}
	}
}

func (w *world) tenants(kind string) []row {
	return w.find("tenants", func(t row) bool { return t.s("kind") == kind })
}

func (w *world) addPeople() {
	for range 5 {
		email := w.address()
		u := w.add("usr", row{"email": strings.ToUpper(email), "email_canonical": email})
		for _, entered := range []bool{false, false, true} {
			s := row{"user_id": u["id"], "token_hash": w.word(), "started_at": w.moment(-time.Hour), "authenticated_at": w.moment(-time.Hour),
				"last_seen_at": w.moment(-time.Minute), "expires_at": w.moment(pick(w.r, time.Hour, time.Hour, time.Hour, -time.Hour)), "address": w.word(), "user_agent": w.word()}
			if entered {
				s["entered_tenant_id"] = pick(w.r, w.tables["tenants"]...)["id"]
			} else if w.chance(20) {
				s["ended_at"] = w.moment(-time.Minute)
			}
			w.add("ses", s)
		}
		if w.chance(50) {
			w.add("tpr", row{"user_id": u["id"], "table": "members", "columns": `["` + w.word() + `"]`})
		}
		for _, t := range w.tables["tenants"] {
			if w.chance(map[string]int{"CUSTOMER": 35, "PARTNER": 45, "OPERATOR": 25}[t.s("kind")]) {
				w.addMember(u, t, pick(w.r, "ACTIVE", "ACTIVE", "ACTIVE", "ACTIVE", "ACTIVE", "ACTIVE", "SUSPENDED", "PENDING_APPROVAL", "PENDING_EMAIL_VALIDATION"))
			}
			if w.chance(8) {
				w.addMember(u, t, "REMOVED")
			}
		}
	}
}

func (w *world) addMember(u, t row, status string) {
	m := row{"user_id": u["id"], "tenant_id": t["id"], "first_name": w.word(), "last_name": w.word(), "sort_name": w.word(), "handle": w.word(), "label": w.word(),
		"status": status, "guest": false, "administrator": false, "all_sites": w.chance(60)}
	if status != "REMOVED" {
		m["present_user_id"], m["present_handle"] = u["id"], m["handle"]
	}
	if w.chance(70) {
		m["phone"] = w.word()
	}
	if w.chance(70) {
		m["last_signed_in_at"] = w.moment(-time.Hour)
	}
	direct := make(map[string]int)
	switch w.r.IntN(4) {
	case 0:
		m["administrator"] = true
	case 1, 2:
		m["role_id"] = w.role(t)
		m["guest"] = w.chance(20)
	default:
		for range 3 {
			direct[pick(w.r, features...)] = 1 + w.r.IntN(2)
		}
	}
	w.add("mem", m)
	for f, level := range direct {
		w.add("mpm", row{"tenant_id": t["id"], "member_id": m["id"], "feature": f, "level": level})
	}
	if status == "PENDING_APPROVAL" || status == "PENDING_EMAIL_VALIDATION" || w.chance(20) {
		q := row{"tenant_id": t["id"], "member_id": m["id"], "status": pick(w.r, "PENDING", "PENDING", "APPROVED", "REJECTED", "EXPIRED"), "email_validated": w.chance(50),
			"expires_at": w.moment(pick(w.r, time.Hour, -time.Hour))}
		if w.chance(50) {
			q["reason"], q["decided_by_name"], q["decided_at"] = w.word(), w.word(), w.moment(-time.Hour)
		}
		w.add("req", q)
	}
}

// addBooks adds what the operator's books have of tenants.
func (w *world) addBooks() {
	for _, t := range w.tables["tenants"] {
		var sites []row
		for range w.r.IntN(4) {
			name := w.word()
			sites = append(sites, w.add("sit", row{"tenant_id": t["id"], "account_number": w.word(), "name": strings.ToUpper(name), "sort_name": name, "city": w.word(), "region": w.word(),
				"status": pick(w.r, "UP", "DOWN", "ALARM", "OFF", "INACTIVE")}))
		}
		for range w.r.IntN(5) {
			d := row{"tenant_id": t["id"], "serial_number": w.word(), "name": w.word()}
			if len(sites) > 0 && w.chance(80) {
				d["site_id"] = pick(w.r, sites...)["id"]
			}
			w.add("dev", d)
		}
		for range w.r.IntN(3) {
			s := row{"tenant_id": t["id"], "external_id": w.word(), "name": w.word(), "active": w.chance(70)}
			if w.chance(50) {
				s["ends_at"] = w.moment(pick(w.r, time.Hour, -time.Hour))
			}
			w.add("sub", s)
		}
		for _, m := range w.find("members", func(m row) bool { return m["tenant_id"] == t["id"] && !m.b("all_sites") }) {
			for _, s := range sites {
				if w.chance(50) {
					w.add("mst", row{"tenant_id": t["id"], "member_id": m["id"], "site_id": s["id"]})
				}
			}
		}
	}
}

// profiles are the values that a row of a pair keeps of its two sides.
func (w *world) profiles(x row) row {
	x["partner_name"], x["partner_type"], x["partner_code"] = w.word(), "MSP", w.word()
	x["customer_name"] = w.word()
	if w.chance(70) {
		x["customer_account_number"] = w.word()
	}
	return x
}

func (w *world) period(x row) row {
	x["starts_at"] = w.moment(-100 * time.Hour)
	if w.chance(10) {
		x["starts_at"] = pick(w.r, w.moment(time.Hour), w.now.Add(time.Microsecond), w.now)
	}
	if w.chance(30) {
		x["ends_at"] = pick(w.r, w.moment(100*time.Hour), w.moment(100*time.Hour), w.moment(-time.Hour), w.now, w.now.Add(time.Microsecond))
	}
	return x
}

func (w *world) addBonds() {
	var partners, techs []row
	for _, t := range w.tenants("PARTNER") {
		if t["managed_by_id"] == nil {
			partners = append(partners, t)
		} else {
			techs = append(techs, t)
		}
	}
	for _, c := range w.tenants("CUSTOMER") {
		for i := range pick(w.r, 0, 1, 1, 1, 1, 1, 2) {
			p := pick(w.r, partners...)
			x := w.period(w.profiles(row{"partner_id": p["id"], "customer_id": c["id"], "role_id": w.role(c), "kind": pick(w.r, "CUSTOMER_DESIGNATED", "PARTNER_OF_RECORD"),
				"status": pick(w.r, "ACTIVE", "ACTIVE", "ACTIVE", "ACTIVE", "ACTIVE", "SUSPENDED"), "suspended_by_partner": false, "suspended_by_customer": false, "suspended_by_operator": false}))
			switch {
			case i > 0:
				x["status"], x["ended_at"], x["ended_by"], x["end_reason"] = pick(w.r, "TERMINATED", "EXPIRED"), w.moment(-time.Hour), pick(w.r, "PARTNER", "CUSTOMER", "OPERATOR"), w.word()
			default:
				x["active_customer_id"], c["partner_id"] = c["id"], p["id"]
			}
			if x.s("status") == "SUSPENDED" {
				x[pick(w.r, "suspended_by_partner", "suspended_by_customer", "suspended_by_operator")] = true
			}
			if w.chance(20) {
				x["auto_extend_days"] = 1 + w.r.IntN(90)
			}
			w.add("rel", x)
		}
		for range w.r.IntN(4) {
			w.addInvitation(pick(w.r, partners...), c)
		}
	}
	for _, p := range partners {
		for range w.r.IntN(3) {
			g := w.add("grp", row{"tenant_id": p["id"], "name": w.word(), "description": w.word(), "scope": pick(w.r, "ALL_CUSTOMERS", "SPECIFIC_CUSTOMERS"), "role_id": w.role(p)})
			for _, m := range w.tables["members"] {
				if m["tenant_id"] == p["id"] && w.chance(60) {
					w.add("gme", row{"tenant_id": p["id"], "group_id": g["id"], "member_id": m["id"]})
				}
			}
			for _, c := range w.tenants("CUSTOMER") {
				if g.s("scope") == "SPECIFIC_CUSTOMERS" && w.chance(50) {
					w.add("gcu", row{"tenant_id": p["id"], "group_id": g["id"], "customer_id": c["id"], "customer_sort_name": c["sort_name"]})
				}
			}
			for _, t := range techs {
				if t["managed_by_id"] == p["id"] && w.chance(40) {
					w.assign(g, p, t)
				}
			}
		}
	}
	for _, m := range w.tables["members"] {
		home := w.byID[m.s("tenant_id")]
		for _, t := range slices.Concat(techs, w.tenants("CUSTOMER")) {
			if home.s("kind") == "PARTNER" && home.s("id") != t.s("id") && !m.b("administrator") && w.chance(45) {
				w.assign(m, home, t)
			}
		}
	}
	for _, t := range techs {
		p := w.find("partners", func(p row) bool { return p["tenant_id"] == t["id"] })[0]
		for _, c := range w.tenants("CUSTOMER") {
			if w.chance(60) {
				w.assign(p, w.byID[t.s("managed_by_id")], c)
			}
		}
	}
}

func (w *world) assign(to, granter, reached row) {
	for _, open := range []bool{true, false} {
		if !open && w.chance(80) {
			continue
		}
		x := w.period(w.profiles(row{"granter_id": granter["id"], "tenant_id": reached["id"], "tenant_sort_name": reached["sort_name"], "grantee_id": to["id"],
			"grantee_name": w.word(), "role_id": w.role(granter), "status": "REVOKED"}))
		if reached.s("kind") == "CUSTOMER" { // it rests on the relationship of whoever grants it, or of the MSP
			for _, r := range w.tables["relationships"] {
				if r["customer_id"] == reached["id"] && (r["partner_id"] == granter["id"] || r["partner_id"] == granter["managed_by_id"]) {
					x["relationship_id"] = r["id"]
				}
			}
			if x["relationship_id"] == nil {
				return
			}
		}
		if open {
			x["status"], x["open_key"] = "ACTIVE", to.s("id")+":"+reached.s("id")+":"+granter.s("id")
		} else {
			x["ended_at"] = w.moment(-time.Hour)
		}
		w.add("asg", x)
	}
}

func (w *world) addInvitation(p, c row) {
	x := w.profiles(row{"partner_id": p["id"], "role_id": w.role(c), "direction": pick(w.r, "PARTNER_TO_CUSTOMER", "CUSTOMER_TO_PARTNER"), "channel": "EMAIL",
		"status": pick(w.r, "PENDING", "PENDING", "ACCEPTED", "DECLINED", "REVOKED", "EXPIRED"), "message": w.word(), "expires_at": w.moment(pick(w.r, time.Hour, -time.Hour)),
		"valid_hours": 168, "send_count": w.r.IntN(6), "undeliverable": w.chance(20)})
	if w.chance(60) {
		x["customer_id"] = c["id"]
	} else {
		delete(x, "customer_name")
		delete(x, "customer_account_number")
		x["direction"] = "PARTNER_TO_CUSTOMER"
	}
	if w.chance(60) {
		x["email"] = w.address()
		x["email_canonical"] = pick(w.r, pick(w.r, w.tables["users"]...).s("email_canonical"), w.address())
	} else {
		x["channel"] = pick(w.r, "PARTNER_ID", "INVITE_LINK")
	}
	if w.chance(40) {
		x["auto_extend_days"] = 1 + w.r.IntN(90)
		x["decline_reason"], x["last_sent_at"], x["access_ends_at"] = w.word(), w.moment(-time.Hour), w.moment(50*time.Hour)
	}
	if x["customer_id"] != nil {
		for _, r := range w.find("relationships", func(r row) bool { return r["customer_id"] == c["id"] && w.chance(50) }) {
			x["relationship_id"] = r["id"]
		}
	}
	w.add("inv", x)
}

func (w *world) addHistory() {
	targets := slices.Concat(w.tables["members"], w.tables["relationships"], w.tables["invitations"], w.tables["assignments"], w.tables["privilege_groups"], w.tables["sites"], w.tables["tenants"], w.tables["access_requests"], w.tables["api_tokens"], w.tables["webhooks"])
	for range 40 {
		x := row{"at": w.moment(-time.Hour * time.Duration(w.r.IntN(100))), "action": pick(w.r, "member.updated", "member.added", "privilege_group.updated", "role.deleted", "inventory.synced", "relationship.terminated", "tenant.updated", "access_request.approved", "session.started", "webhook.updated"),
			"reason": w.word(), "request_id": w.word(), "api_token": w.word(), "address": w.word(), "target_name": w.word(),
			"changes": fmt.Sprintf(`[{"field":"%s","before":"%s","after":"%s"}]`, w.word(), w.word(), w.word())}
		if w.chance(90) {
			x["tenant_id"] = pick(w.r, w.tables["tenants"]...)["id"]
			if w.chance(50) {
				x["other_tenant_id"] = pick(w.r, w.tables["tenants"]...)["id"]
			}
		}
		if m := pick(w.r, w.tables["members"]...); w.chance(90) {
			home := w.byID[m.s("tenant_id")]
			x["actor_id"], x["actor_name"], x["actor_tenant_id"], x["actor_tenant_name"], x["actor_tenant_kind"] = m["user_id"], w.word(), home["id"], w.word(), home["kind"]
		}
		if w.chance(40) {
			x["on_behalf_of_name"], x["on_behalf_of_kind"] = w.word(), "CUSTOMER"
		}
		switch {
		case x.s("action") == "role.deleted":
			x["target_id"] = fmt.Sprintf("rol_%026d", 99)
		case x.s("action") == "tenant.updated":
			if x["tenant_id"] != nil {
				x["target_id"] = x["tenant_id"]
			}
		case w.chance(70):
			x["target_id"] = pick(w.r, targets...)["id"]
		}
		w.add("evt", x)
	}
}
