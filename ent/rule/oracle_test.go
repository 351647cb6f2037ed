package rule_test

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"mandate/ent/rule"
	"mandate/internal/access"
	"mandate/internal/clock"
	"mandate/internal/testdb"
	"mandate/internal/testworld"
	"mandate/internal/viewer"
)

// The oracle is access as one would write it down first: every path of a small world, one after another, in plain Go and
// without SQL. Random worlds are held against it.

var features = append(slices.Clone(access.PlatformFeatures[:]), "invoices", "orders", "services", "tickets", "sso.fortinet", "sso.meraki", "sso.velo", "added.later")

// levels has a level for every feature.
type levels map[access.Feature]access.Level

func leveled(at func(access.Feature) access.Level) levels {
	l := make(levels, len(features))
	for _, f := range features {
		l[f] = at(f)
	}
	l[access.Guests] = max(l[access.Guests], l[access.Users])
	return l
}

func (l levels) and(m levels) levels {
	return leveled(func(f access.Feature) access.Level { return min(l[f], m[f]) })
}

func (l levels) or(m levels) levels {
	return leveled(func(f access.Feature) access.Level { return max(l[f], m[f]) })
}

var everything = leveled(func(access.Feature) access.Level { return access.Manage })

// role is a role, by the id of its row.
type role struct {
	id     string
	levels levels
}

var systemRoles = []role{
	{"rol_00000000000000000000000001", everything},
	{"rol_00000000000000000000000002", leveled(func(f access.Feature) access.Level {
		if f == access.Assignments || f == access.Partners {
			return access.View
		}
		return access.Manage
	})},
	{"rol_00000000000000000000000003", leveled(func(f access.Feature) access.Level {
		return map[access.Feature]access.Level{access.Guests: access.Manage, access.Tenant: access.View}[f]
	})},
	{"rol_00000000000000000000000004", leveled(func(access.Feature) access.Level { return access.View })},
	{"rol_00000000000000000000000005", everything},
	{"rol_00000000000000000000000006", leveled(func(f access.Feature) access.Level {
		switch {
		case f == access.Tenant || f == access.Sites:
			return access.View
		case f == "invoices" || slices.Contains(access.PlatformFeatures[:], f):
			return access.None
		}
		return access.Manage
	})},
}

type tenant struct {
	id, kind, status, name string
	partnerID, partnerType string  // of a partner
	manager                *tenant // of a tech partner
	tags                   []string
}

type membership struct {
	id, user, status string
	of               *tenant
	administrator    bool
	guest            bool
	role             *role
	direct           levels
}

func (m *membership) levels() levels {
	if m.administrator {
		return everything
	}
	l := leveled(func(access.Feature) access.Level { return access.None })
	if m.role != nil {
		l = m.role.levels
	}
	l = l.or(leveled(func(f access.Feature) access.Level { return m.direct[f] }))
	if m.guest {
		return leveled(func(f access.Feature) access.Level {
			if slices.Contains(access.PlatformFeatures[:], f) {
				return access.None
			}
			return l[f]
		})
	}
	return l
}

// span is the status of a relationship or an assignment and when it counts.
type span struct {
	status string
	starts time.Time
	ends   *time.Time
}

func (s span) live(now time.Time) bool {
	return s.status == "ACTIVE" && !now.Before(s.starts) && (s.ends == nil || now.Before(*s.ends))
}

type relationship struct {
	span
	id, kind          string
	partner, customer *tenant
	role              *role
}

type assignment struct {
	span
	to      string // a membership, a group or a tech partner, by its id
	granter *tenant
	reached *tenant
	role    *role
}

// group is a privilege group.
type group struct {
	id        string
	of        *tenant
	role      *role
	all       bool
	members   []*membership
	customers []*tenant
}

type world struct {
	now           time.Time
	roles         []role
	tenants       []*tenant
	members       []*membership
	relationships []*relationship
	assignments   []*assignment
	groups        []*group
}

// path is one way to a tenant.
type path struct {
	via    rule.Via
	levels levels
}

// paths lists the ways of a person to a tenant.
func (w *world) paths(user string, to *tenant) (list []path) {
	for _, m := range w.members {
		if m.user != user || m.status != "ACTIVE" || m.of.status != "ACTIVE" {
			continue
		}
		if m.of == to {
			list = append(list, path{rule.Own, m.levels()})
		}
		if m.of.kind == "OPERATOR" && m.of != to && to.status != "DELETED" {
			office := leveled(func(f access.Feature) access.Level {
				return map[access.Feature]access.Level{access.Tenant: access.Manage, access.Partners: access.Manage, access.ServicesAdmin: access.Manage}[f]
			}).and(m.levels())
			if office[access.Tenant]+office[access.Partners]+office[access.ServicesAdmin] > access.None {
				list = append(list, path{rule.Operator, office})
			}
		}
		list = append(list, w.work(m, to)...)
	}
	return list
}

// work lists the ways of a partner's member to a tenant.
func (w *world) work(m *membership, to *tenant) (list []path) {
	if m.of.kind != "PARTNER" {
		return nil
	}
	active := to.status == "ACTIVE"
	if msp := m.of.manager; msp != nil { // a tech partner's people reach what both the MSP and the tech partner let them
		bond := w.live(msp, to)
		if bond == nil || msp.status != "ACTIVE" || !active {
			return nil
		}
		for _, a := range w.given(m.of.partnerID, msp, to) {
			if m.administrator {
				list = append(list, path{rule.TechPartner, bond.role.levels.and(a.role.levels)})
				continue
			}
			for _, b := range w.given(m.id, m.of, to) {
				list = append(list, path{rule.TechPartner, bond.role.levels.and(a.role.levels).and(b.role.levels)})
			}
		}
		return list
	}
	bond := w.live(m.of, to)
	manages := to.manager == m.of && m.of.partnerType == "MSP"
	if m.administrator {
		if bond != nil && (active || to.status == "SUSPENDED" && bond.kind == "PARTNER_OF_RECORD") {
			list = append(list, path{rule.Relationship, bond.role.levels})
		}
		if manages && to.status != "DELETED" {
			list = append(list, path{rule.MSP, everything})
		}
		return list
	}
	if !active {
		return nil
	}
	for _, a := range w.given(m.id, m.of, to) {
		switch {
		case bond != nil:
			list = append(list, path{rule.Assignment, bond.role.levels.and(a.role.levels)})
		case manages:
			list = append(list, path{rule.MSP, a.role.levels})
		}
	}
	for _, g := range w.groups {
		if g.of != m.of || !slices.Contains(g.members, m) {
			continue
		}
		if bond != nil && (g.all || slices.Contains(g.customers, to)) {
			list = append(list, path{rule.PrivilegeGroup, bond.role.levels.and(g.role.levels)})
		}
		for _, a := range w.given(g.id, m.of, to) {
			if manages {
				list = append(list, path{rule.MSP, a.role.levels.and(g.role.levels)})
			}
		}
	}
	return list
}

// live returns the live relationship between a partner and a customer; nil without one.
func (w *world) live(partner, customer *tenant) *relationship {
	for _, r := range w.relationships {
		if r.partner == partner && r.customer == customer && r.live(w.now) {
			return r
		}
	}
	return nil
}

// given lists the live assignments that one tenant made to a grantee in another.
func (w *world) given(to string, granter, reached *tenant) (list []*assignment) {
	for _, a := range w.assignments {
		if a.to == to && a.granter == granter && a.reached == reached && a.live(w.now) {
			list = append(list, a)
		}
	}
	return list
}

func pick[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }

func newID(prefix string, n int) string { return fmt.Sprintf("%s_%026d", prefix, n) }

func newWorld(r *rand.Rand, now time.Time) *world {
	w := &world{now: now, roles: slices.Clone(systemRoles)}
	moment := func() time.Time {
		return now.Add(pick(r, -time.Hour, -time.Microsecond, 0, time.Microsecond, time.Hour))
	}
	newSpan := func() span {
		s := span{status: pick(r, "ACTIVE", "ACTIVE", "ACTIVE", "ACTIVE", "ACTIVE", "SUSPENDED"), starts: now.Add(-time.Hour)}
		if r.IntN(5) == 0 {
			s.starts = moment()
		}
		if r.IntN(4) == 0 {
			end := moment()
			s.ends = &end
		}
		return s
	}
	for i := range 3 {
		direct := make(levels)
		for _, f := range features[:len(features)-1] {
			direct[f] = access.Level(r.IntN(3))
		}
		w.roles = append(w.roles, role{newID("rol", 100+i), leveled(func(f access.Feature) access.Level { return direct[f] })})
	}
	anyRole := func() *role { return &w.roles[r.IntN(len(w.roles))] }
	kinds := []string{"OPERATOR", "PARTNER", "PARTNER", "PARTNER", "PARTNER"}
	for range 3 + r.IntN(7) {
		kinds = append(kinds, "CUSTOMER")
	}
	for i, kind := range kinds {
		w.tenants = append(w.tenants, &tenant{id: newID("ten", i), kind: kind, partnerID: newID("prt", i), status: pick(r, "ACTIVE", "ACTIVE", "ACTIVE", "ACTIVE", "ACTIVE", "ACTIVE", "ACTIVE", "SUSPENDED", "SUSPENDED", "DELETED"),
			name: pick(r, "alder", "birch", "cedar", "cedar wood", "fir")})
	}
	for _, x := range w.tenants {
		x.tags = pick(r, nil, nil, []string{"common"}, []string{"common"}, []string{"common", "rare"}, []string{"common", "rare"}, []string{"rare"})
	}
	partners, techs, customers := w.tenants[1:3], w.tenants[3:5], w.tenants[5:]
	partners[0].partnerType, partners[1].partnerType = "MSP", pick(r, "MSP", "RESELLER")
	for _, x := range techs {
		x.partnerType, x.manager = pick(r, "INTEGRATOR", "INSTALLER"), pick(r, partners[0], partners[0], partners[1])
	}
	for user := range 4 {
		for i, t := range w.tenants {
			if r.IntN(2) == 0 && (t.kind != "PARTNER" || r.IntN(2) == 0) {
				continue
			}
			m := &membership{id: newID("mem", 100*user+i), user: newID("usr", user), of: t, status: pick(r, "ACTIVE", "ACTIVE", "ACTIVE", "ACTIVE", "ACTIVE", "ACTIVE", "SUSPENDED", "REMOVED", "PENDING_APPROVAL")}
			switch r.IntN(4) {
			case 0:
				m.administrator = true
			case 1:
				m.role = anyRole()
			case 2:
				m.direct = levels{pick(r, features...): access.Level(r.IntN(3)), pick(r, features...): access.View}
			}
			m.guest = !m.administrator && t.kind != "PARTNER" && r.IntN(4) == 0
			w.members = append(w.members, m)
		}
	}
	for i, c := range customers {
		for j := range pick(r, 0, 1, 1, 1, 1, 1, 2) {
			rel := &relationship{span: newSpan(), id: newID("rel", 10*i+j), kind: pick(r, "CUSTOMER_DESIGNATED", "PARTNER_OF_RECORD"), partner: pick(r, partners...), customer: c, role: anyRole()}
			if j > 0 {
				rel.status = "TERMINATED" // one stands, the others are history
			}
			w.relationships = append(w.relationships, rel)
		}
	}
	for i, p := range partners {
		for j := range r.IntN(3) {
			g := &group{id: newID("grp", 10*i+j), of: p, role: anyRole(), all: r.IntN(2) == 0}
			for _, m := range w.members {
				if m.of == p && r.IntN(2) == 0 {
					g.members = append(g.members, m)
				}
			}
			for _, c := range customers {
				if !g.all && r.IntN(2) == 0 {
					g.customers = append(g.customers, c)
				}
			}
			w.groups = append(w.groups, g)
		}
	}
	grant := func(to string, granter, reached *tenant) {
		for j := range pick(r, 0, 1, 1, 1, 2) {
			a := &assignment{span: newSpan(), to: to, granter: granter, reached: reached, role: anyRole()}
			if a.status != "ACTIVE" || j > 0 {
				a.status = "REVOKED" // at most one is open
			}
			if r.IntN(10) == 0 {
				a.granter = pick(r, w.tenants[1:5]...)
			}
			w.assignments = append(w.assignments, a)
		}
	}
	for _, m := range w.members {
		for _, x := range slices.Concat(techs, customers) {
			if m.of.kind == "PARTNER" && m.of != x {
				grant(m.id, m.of, x)
			}
		}
	}
	for _, x := range techs {
		for _, c := range customers {
			grant(x.partnerID, x.manager, c)
		}
		for _, g := range w.groups {
			grant(g.id, g.of, x)
		}
	}
	return w
}

// write makes the world that of the database.
func (w *world) write(t *testing.T, db *sql.DB) {
	t.Helper()
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }() // after Commit nothing is left to roll back
	do := func(query string, args ...any) {
		t.Helper()
		if _, err := tx.Exec(query, args...); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
	}
	insert := func(table, columns string, args ...any) {
		t.Helper()
		do("INSERT INTO "+table+" ("+columns+") VALUES (?"+strings.Repeat(",?", len(args)-1)+")", args...)
	}
	for _, table := range []string{"tenant_tags", "group_members", "group_customers", "privilege_groups", "partners", "assignments", "relationships", "member_permissions", "members", "role_permissions", "users", "tenants"} {
		do("DELETE FROM " + table)
	}
	do("DELETE FROM roles WHERE id>=?", newID("rol", 100))
	for i, r := range w.roles[len(systemRoles):] {
		insert("roles", "id,created_at,updated_at,tenant_id,name", r.id, w.now, w.now, newID("ten", 6), fmt.Sprint("role ", i))
		for j, f := range features[:len(features)-1] {
			if r.levels[f] > access.None {
				insert("role_permissions", "id,tenant_id,role_id,feature,level", newID("rpm", 100*i+j), newID("ten", 6), r.id, string(f), r.levels[f])
			}
		}
	}
	live := make(map[*tenant]*relationship)
	for _, r := range w.relationships {
		if r.status != "TERMINATED" {
			live[r.customer] = r
		}
	}
	for i, x := range w.tenants {
		var partner any
		if r := live[x]; r != nil {
			partner = r.partner.id
		}
		var manager any
		if x.manager != nil {
			manager = x.manager.id
		}
		insert("tenants", "id,created_at,updated_at,kind,status,name,sort_name,partner_id,managed_by_id", x.id, w.now, w.now, x.kind, x.status, x.name, x.name, partner, manager)
		for j, tag := range x.tags {
			insert("tenant_tags", "id,tenant_id,tag", newID("tag", 10*i+j), x.id, tag)
		}
		if x.kind == "PARTNER" {
			insert("partners", "id,created_at,updated_at,tenant_id,type,code,link_key", x.partnerID, w.now, w.now, x.id, x.partnerType, x.id[20:], x.id)
		}
	}
	for user := range 4 {
		insert("users", "id,created_at,updated_at,email,email_canonical", newID("usr", user), w.now, w.now, fmt.Sprint(user), fmt.Sprint(user))
	}
	for i, m := range w.members {
		var role any
		if m.role != nil {
			role = m.role.id
		}
		insert("members", "id,created_at,updated_at,first_name,last_name,sort_name,handle,label,status,guest,administrator,role_id,tenant_id,user_id",
			m.id, w.now, w.now, "", "", "", m.id, "", m.status, m.guest, m.administrator, role, m.of.id, m.user)
		for j, f := range features {
			if level, ok := m.direct[f]; ok {
				insert("member_permissions", "id,tenant_id,member_id,feature,level", newID("mpm", 100*i+j), m.of.id, m.id, string(f), level)
			}
		}
	}
	for _, r := range w.relationships {
		var active any
		if live[r.customer] == r {
			active = r.customer.id
		}
		insert("relationships", "id,created_at,updated_at,partner_name,partner_type,partner_code,kind,status,active_customer_id,starts_at,ends_at,partner_id,customer_id,role_id",
			r.id, w.now, w.now, "", "", "", r.kind, r.status, active, r.starts, r.ends, r.partner.id, r.customer.id, r.role.id)
	}
	for i, a := range w.assignments {
		insert("assignments", "id,created_at,updated_at,partner_name,partner_type,partner_code,tenant_sort_name,grantee_name,status,starts_at,ends_at,granter_id,tenant_id,grantee_id,role_id",
			newID("asg", i), w.now, w.now, "", "", "", a.reached.name, "", a.status, a.starts, a.ends, a.granter.id, a.reached.id, a.to, a.role.id)
	}
	for i, g := range w.groups {
		scope := "SPECIFIC_CUSTOMERS"
		if g.all {
			scope = "ALL_CUSTOMERS"
		}
		insert("privilege_groups", "id,created_at,updated_at,tenant_id,name,scope,role_id", g.id, w.now, w.now, g.of.id, g.id, scope, g.role.id)
		for j, m := range g.members {
			insert("group_members", "id,tenant_id,group_id,member_id", newID("gme", 1000*i+j), g.of.id, g.id, m.id)
		}
		for j, c := range g.customers {
			insert("group_customers", "id,tenant_id,group_id,customer_id,customer_sort_name", newID("gcu", 1000*i+j), g.of.id, g.id, c.id, c.name)
		}
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
}

func TestAccessAgainstTheOracle(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		tw := testworld.New(t, url)
		worlds := map[string]int{"sqlite3": 300, "mysql": 40}[tw.DB.Dialect]
		seen, through, tagged := make(map[rule.Via]int), make(map[rule.Via]int), make(map[bool]int)
		for seed := range worlds {
			r := rand.New(rand.NewPCG(uint64(seed), 2026))
			w := newWorld(r, tw.Now())
			w.write(t, tw.DB.Write)
			for user := range 4 {
				c := &check{T: t, w: w, r: r, tw: tw, seed: seed, tagged: tagged, viewer: viewer.Viewer{UserID: newID("usr", user)}}
				c.reach(seen)
				c.lists()
				c.viewer.EnteredTenantID = pick(r, w.tenants...).id
				c.reach(nil)
				c.lists()
				c.viewer.EnteredTenantID = ""
				for range 3 {
					if c.token(); c.viewer.Token != nil {
						c.reach(through)
					}
				}
				if c.viewer.Token != nil {
					c.lists()
				}
			}
			if t.Failed() {
				t.Fatalf("the world of seed %d differs", seed)
			}
		}
		for _, via := range []rule.Via{rule.Own, rule.Relationship, rule.Assignment, rule.PrivilegeGroup, rule.TechPartner, rule.MSP, rule.Operator} {
			if seen[via] < worlds/3 {
				t.Errorf("the worlds have %d paths by %s: too few to tell anything", seen[via], via)
			}
			if through[via] < worlds/20 {
				t.Errorf("the worlds' API tokens have %d paths by %s: too few to tell anything", through[via], via)
			}
		}
		if tagged[true] < worlds/4 || tagged[false] < worlds/4 {
			t.Errorf("%d lists are of a tag that few bear, %d of others: too few to tell anything", tagged[true], tagged[false])
		}
	})
}

// check holds one viewer's access in a world against the oracle.
type check struct {
	*testing.T
	w      *world
	r      *rand.Rand
	tw     *testworld.World
	seed   int
	viewer viewer.Viewer
	tagged map[bool]int // lists of tags that show anything, by whether few bear one of the tags
	rests  *membership  // on which an API token rests
	scopes levels       // of an API token
}

func (c *check) ctx() context.Context {
	ctx := clock.With(viewer.With(context.Background(), c.viewer), c.w.now)
	return rule.With(ctx, c.tw.Read, c.tw.DB.Dialect)
}

// token lets a program ask with an API token of the viewer's.
func (c *check) token() {
	own := slices.DeleteFunc(slices.Clone(c.w.members), func(m *membership) bool { return m.user != c.viewer.UserID })
	if len(own) == 0 {
		return
	}
	named := make(map[access.Feature]access.Level)
	for range 1 + c.r.IntN(2*len(features)) {
		named[pick(c.r, features...)] = access.Level(c.r.IntN(3))
	}
	c.rests, c.scopes = pick(c.r, own...), leveled(func(f access.Feature) access.Level { return named[f] })
	c.viewer.Token = &viewer.Token{ID: newID("tok", 0), MemberID: c.rests.id, Scopes: access.Of(named)}
	if c.r.IntN(2) == 0 {
		c.viewer.Token.Tenants = []string{}
		for _, x := range c.w.tenants {
			if c.r.IntN(2) == 0 {
				c.viewer.Token.Tenants = append(c.viewer.Token.Tenants, x.id)
			}
		}
	}
}

// through are the paths of an API token: those from the membership that it rests on to the tenants that it is limited to,
// each with its scopes as one more link.
func (c *check) through(to *tenant) (list []path) {
	if only := c.viewer.Token.Tenants; only != nil && !slices.Contains(only, to.id) {
		return nil
	}
	w := *c.w
	w.members = []*membership{c.rests}
	for _, p := range w.paths(c.viewer.UserID, to) {
		p.levels = p.levels.and(c.scopes)
		if p.via == rule.Operator && p.levels[access.Tenant]+p.levels[access.Partners]+p.levels[access.ServicesAdmin] == access.None {
			continue
		}
		list = append(list, p)
	}
	return list
}

// paths are those of the viewer; a session that entered a tenant has only those to it, and not the person's own.
func (c *check) paths(to *tenant) []path {
	if c.viewer.Token != nil {
		return c.through(to)
	}
	entered := c.viewer.EnteredTenantID
	if entered != "" && entered != to.id {
		return nil
	}
	return slices.DeleteFunc(c.w.paths(c.viewer.UserID, to), func(p path) bool { return entered != "" && p.via == rule.Own })
}

func (c *check) reach(seen map[rule.Via]int) {
	ctx := c.ctx()
	for _, to := range c.w.tenants {
		got, err := rule.From(ctx).To(ctx, to.id)
		if err != nil {
			c.Fatal(err)
		}
		if c.viewer.InPerson() && c.r.IntN(4) == 0 {
			c.people(to, got)
		}
		if c.viewer.Token != nil && got != nil {
			c.within(to, got)
		}
		if c.viewer.UserID == newID("usr", 0) && c.r.IntN(4) == 0 {
			c.outsiders(to)
		}
		paths := c.paths(to)
		if got == nil || len(paths) == 0 {
			if (got == nil) != (len(paths) == 0) {
				c.Errorf("seed %d: %+v reaches %+v: %v; want %v", c.seed, c.viewer, *to, got, paths)
			}
			continue
		}
		var want levels
		var wantVia, gotVia []rule.Via
		for _, p := range paths {
			want, wantVia = p.levels.or(want), append(wantVia, p.via)
			if seen != nil {
				seen[p.via]++
			}
		}
		for _, p := range got.Paths {
			gotVia = append(gotVia, p.Via)
		}
		slices.Sort(wantVia)
		slices.Sort(gotVia)
		if !slices.Equal(wantVia, gotVia) {
			c.Errorf("seed %d: %+v reaches %+v by %v; want %v", c.seed, c.viewer, *to, gotVia, wantVia)
		}
		for _, f := range features {
			if got.Levels.At(f) != want[f] {
				c.Errorf("seed %d: %+v has %s on %s in %+v; want %s", c.seed, c.viewer, got.Levels.At(f), f, *to, want[f])
			}
		}
	}
}

// within checks that an API token has nothing that its owner has not, and nothing beyond its scopes.
func (c *check) within(to *tenant, got *rule.Reach) {
	owner := c.viewer
	owner.Token = nil
	ctx := viewer.With(c.ctx(), owner)
	has, err := rule.From(ctx).To(ctx, to.id)
	if err != nil {
		c.Fatal(err)
	}
	if has == nil || !got.Levels.Within(has.Levels) || !got.Levels.Within(c.viewer.Token.Scopes) || got.Administers() {
		c.Errorf("seed %d: %+v has more in %+v than its owner or its scopes", c.seed, *c.viewer.Token, *to)
	}
}

// people asks for all people at once how they reach a tenant, and looks for the viewer among them.
func (c *check) people(to *tenant, want *rule.Reach) {
	ctx := clock.With(viewer.With(context.Background(), viewer.Viewer{}), c.w.now)
	ctx = rule.With(ctx, c.tw.Read, c.tw.DB.Dialect)
	all, err := rule.From(ctx).People(ctx, []string{newID("ten", 9), to.id}, []string{newID("usr", 0), newID("usr", 1), newID("usr", 2), newID("usr", 3), newID("usr", 1)})
	if err != nil {
		c.Fatal(err)
	}
	got := all[c.viewer.UserID][to.id]
	switch {
	case got == nil || want == nil:
		if (got == nil) != (want == nil) {
			c.Errorf("seed %d: %+v reaches %+v: %v; asked about with others: %v", c.seed, c.viewer, *to, want, got)
		}
	case len(got.Paths) != len(want.Paths) || !got.Levels.Equal(want.Levels):
		c.Errorf("seed %d: %+v reaches %+v by %v; asked about with others by %v", c.seed, c.viewer, *to, want.Paths, got.Paths)
	}
}

// outsiders lists who reaches a tenant from elsewhere.
func (c *check) outsiders(to *tenant) {
	var want []rule.Outsider
	for _, m := range c.w.members {
		only := *c.w
		only.members = []*membership{m}
		for _, p := range only.paths(m.user, to) {
			if p.via != rule.Own {
				want = append(want, rule.Outsider{MemberID: m.id, UserID: m.user})
				break
			}
		}
	}
	slices.SortFunc(want, func(a, b rule.Outsider) int { return cmp.Compare(a.MemberID, b.MemberID) })
	ctx := c.ctx()
	var got []rule.Outsider
	for after := ""; ; after = got[len(got)-1].MemberID {
		page, err := rule.From(ctx).Outsiders(ctx, to.id, after, 2)
		if err != nil {
			c.Fatal(err)
		}
		if got = append(got, page...); len(page) < 2 || len(got) > 100 {
			break
		}
	}
	if !slices.Equal(got, want) {
		c.Errorf("seed %d: %+v is reached from outside by %v; want %v", c.seed, *to, got, want)
	}
	if n, err := rule.From(ctx).CountOutsiders(ctx, to.id, 1000); err != nil || n != len(want) {
		c.Errorf("seed %d: %+v is reached from outside by %d (%v); want %d", c.seed, *to, n, err, len(want))
	}
}

// lists pages through lists of tenants, narrowed in all ways, and drawn so that what else is random stays as it is however many
// there are.
func (c *check) lists() {
	defer func(r *rand.Rand) { c.r = r }(c.r)
	c.r = rand.New(rand.NewPCG(c.r.Uint64(), 0))
	never := c.ctx()
	var ids []string
	for _, x := range c.w.tenants {
		ids = append(ids, x.id)
	}
	if err := rule.From(never).Resolve(never, ids...); err != nil {
		c.Fatal(err)
	}
	lists := []rule.List{{}, {Standing: &rule.Standing{}}, {Needs: []access.Feature{access.Partners}}, {Tags: pick(c.r, []string{"common"}, []string{"rare"}, []string{"common", "rare"})}}
	for range 4 {
		l := rule.List{Via: pick(c.r, nil, []rule.Via{rule.Relationship, rule.Assignment, rule.PrivilegeGroup, rule.TechPartner, rule.Operator}, []rule.Via{rule.Own},
			[]rule.Via{rule.Assignment}, []rule.Via{rule.MSP}, []rule.Via{rule.MSP, rule.Assignment}, []rule.Via{rule.PrivilegeGroup, rule.TechPartner})}
		l.Kinds = pick(c.r, nil, []string{"CUSTOMER"}, []string{"PARTNER", "CUSTOMER"})
		l.Status = pick(c.r, nil, []string{"ACTIVE"}, []string{"SUSPENDED"})
		l.Prefix = pick(c.r, "", "", "ce", "cedar")
		l.Tags = pick(c.r, nil, nil, []string{"common"}, []string{"rare"}, []string{"common", "rare"}, []string{"nobody's"})
		if len(l.Via) > 1 {
			l.Needs = pick(c.r, nil, []access.Feature{access.Tenant}, []access.Feature{access.Tenant, access.Partners})
		}
		lists = append(lists, l)
		c.narrow(&l)
		lists = append(lists, l)
	}
	for _, l := range lists {
		want := c.listed(l)
		ctx := c.ctx()
		n, err := rule.From(ctx).Count(ctx, l, 1000)
		if err != nil {
			c.Fatal(err)
		}
		if len(l.Tags) > 0 && len(want) > 1 {
			c.tagged[c.w.rare(l.Tags)]++
		}
		if n != len(want) {
			c.Errorf("seed %d: %+v counts %d in %+v; want %d", c.seed, c.viewer, n, l, len(want))
		}
		l.Limit = 1 + c.r.IntN(4)
		for _, l.Backward = range []bool{false, true} {
			if got := c.walk(never, l); !slices.Equal(got, want) {
				c.Errorf("seed %d: %+v lists %v by %+v; want %v", c.seed, c.viewer, got, l, want)
			}
			slices.Reverse(want)
		}
	}
}

func (c *check) listed(l rule.List) []rule.Cursor {
	want := []rule.Cursor{}
	for _, x := range c.w.tenants {
		by := slices.ContainsFunc(c.paths(x), func(p path) bool {
			return (len(l.Via) == 0 || slices.Contains(l.Via, p.via)) && !slices.ContainsFunc(l.Needs, func(f access.Feature) bool { return p.levels[f] < access.View }) && c.narrowed(l, x, p)
		})
		if by && (len(l.Kinds) == 0 || slices.Contains(l.Kinds, x.kind)) && (len(l.Status) == 0 || slices.Contains(l.Status, x.status)) &&
			strings.HasPrefix(x.name, l.Prefix) && bears(x, l.Tags) {
			want = append(want, rule.Cursor{SortName: x.name, ID: x.id})
		}
	}
	slices.SortFunc(want, func(a, b rule.Cursor) int {
		return cmp.Or(cmp.Compare(a.SortName, b.SortName), cmp.Compare(a.ID, b.ID))
	})
	return want
}

// walk reads a list page by page, and how the viewer reaches the tenants of each.
func (c *check) walk(never context.Context, l rule.List) []rule.Cursor {
	ctx, all := c.ctx(), []rule.Cursor{}
	for {
		page, err := rule.From(ctx).Page(ctx, l)
		if err != nil {
			c.Fatal(err)
		}
		c.reachListed(ctx, never, l, page)
		if all = append(all, page...); len(page) < l.Limit || len(all) > 1000 {
			return all
		}
		l.After = &page[len(page)-1]
	}
}

// reachListed resolves the tenants of a page, now and then only some or others too: however they were listed, the viewer
// reaches them as where they were never listed.
func (c *check) reachListed(ctx, never context.Context, l rule.List, page []rule.Cursor) {
	ids := make([]string, len(page))
	for i, x := range page {
		ids[i] = x.ID
	}
	switch c.r.IntN(8) {
	case 0:
		ids = append(ids, pick(c.r, c.w.tenants...).id)
	case 1:
		ids = ids[:len(ids)/2]
	}
	if err := rule.From(ctx).Resolve(ctx, ids...); err != nil {
		c.Fatal(err)
	}
	for _, id := range ids {
		got, want := rule.From(ctx).Known(ctx, id), rule.From(never).Known(never, id)
		if !reflect.DeepEqual(got, want) {
			c.Errorf("seed %d: %+v reaches %s, listed by %+v, so: %+v; never listed, so: %+v", c.seed, c.viewer, id, l, got, want)
		}
	}
}
