// Package testworld builds small worlds for tests: partners, customers, people, and an API that each of them can ask, on a
// real database and with a clock that the test moves.
package testworld

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"entgo.io/ent/dialect/sql"

	"mandate/ent"
	"mandate/ent/feature"
	"mandate/ent/member"
	"mandate/ent/partner"
	"mandate/ent/relationship"
	"mandate/ent/rule"
	_ "mandate/ent/runtime" // policies and hooks
	"mandate/ent/tenant"
	"mandate/graph"
	"mandate/internal/access"
	"mandate/internal/auth"
	"mandate/internal/clock"
	"mandate/internal/database"
	"mandate/internal/feed"
	"mandate/internal/mandate"
	"mandate/internal/viewer"
)

// PublicURL is where links in the world's mails lead.
const PublicURL = "https://portal.example"

// Password is everybody's password.
const Password = "correct horse battery"

var passwordHash = sync.OnceValue(func() string {
	h, err := auth.NewPasswords().Hash(context.Background(), Password)
	if err != nil {
		panic(err)
	}
	return h
})

// World is a database with a program around it.
type World struct {
	t       testing.TB
	DB      *database.DB
	Read    *ent.Client // within the row scope
	Write   *ent.Client
	Service *mandate.Service
	API     http.Handler
	reads   *counter
	*shared
}

// shared is what all servers of a world have in common, besides the database.
type shared struct {
	mu     sync.Mutex
	now    time.Time
	tick   time.Duration
	serial int
}

// New opens a world on the database at rawURL, which is migrated and empty. Its clock stands at noon of 21 November 2026.
func New(t testing.TB, rawURL string) *World {
	t.Helper()
	return open(t, rawURL, &shared{now: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)})
}

// Another opens another server of the world, on the same database at rawURL and by the same clock.
func (w *World) Another(rawURL string) *World {
	w.t.Helper()
	return open(w.t, rawURL, w.shared)
}

// narrow is how many connections a world has, where SQLite has not even so many to write: whatever holds one of them while it
// waits for another one hangs here, and not one day under load.
const narrow = 2

// Widen gives the world as many connections as it would have in service, for what happens at the same moment.
func (p *Person) Widen() { p.w.DB.Read.SetMaxOpenConns(20) }

func open(t testing.TB, rawURL string, all *shared) *World {
	t.Helper()
	db, err := database.Open(context.Background(), rawURL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	db.Read.SetMaxOpenConns(narrow)
	w := &World{t: t, DB: db, shared: all}
	w.reads = &counter{Driver: sql.OpenDB(db.Dialect, db.Read)}
	w.Read = ent.NewClient(ent.Driver(w.reads))
	w.Write = ent.NewClient(ent.Driver(sql.OpenDB(db.Dialect, db.Write)))
	public, err := url.Parse(PublicURL)
	if err != nil {
		t.Fatal(err)
	}
	w.Service = mandate.New(mandate.Config{
		Client: w.Write, Dialect: db.Dialect, Clock: w.Now, PublicURL: public, Passwords: auth.NewPasswords(),
	})
	w.API = graph.New(graph.Config{Client: w.Read, Dialect: db.Dialect, Service: w.Service, Clock: w.Now,
		Feed: feed.NewFollower(db.Read, slog.Default()), Sessions: &auth.Sessions{Read: db.Read, Write: db.Write, Clock: w.Now}})
	return w
}

// Now is the world's clock.
func (w *World) Now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(w.tick)
	return w.now
}

// moment is what the clock shows, without reading it.
func (w *World) moment() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

// Ticks makes every reading of the clock later than the one before.
func (w *World) Ticks(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.tick = d
}

// Later moves the clock on.
func (w *World) Later(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

// System returns a context in which everything can be read and written.
func (w *World) System() context.Context {
	return rule.Unscoped(clock.With(viewer.System(context.Background(), "test"), w.Now()))
}

// Statements returns how many statements reads took so far.
func (w *World) Statements() int { return int(w.reads.n.Load()) }

func (w *World) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *World) next() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.serial++
	return w.serial
}

// Tenant makes a tenant.
func (w *World) Tenant(kind tenant.Kind, name string) *ent.Tenant {
	w.t.Helper()
	row, err := w.Write.Tenant.Create().SetKind(kind).SetName(name).SetSortName(mandate.SortName(name)).Save(w.System())
	w.must(err)
	return row
}

// Company is a tenant with its first administrator.
type Company struct {
	*ent.Tenant
	Admin   *Person
	Partner *ent.Partner // for a partner
}

// Operator makes the operator's tenant.
func (w *World) Operator() *Company {
	w.t.Helper()
	t := w.Tenant(tenant.KindOperator, "Operator")
	return &Company{Tenant: t, Admin: w.Person("root").Join(t, Administrator)}
}

// Customer makes a customer; its administrator is named after it.
func (w *World) Customer(name string) *Company {
	w.t.Helper()
	t := w.Tenant(tenant.KindCustomer, name)
	return &Company{Tenant: t, Admin: w.Person(mandate.SortName(name)).Join(t, Administrator)}
}

// NewPartner makes a recognised partner.
func (w *World) NewPartner(name string) *Company {
	w.t.Helper()
	t := w.Tenant(tenant.KindPartner, name)
	p, err := w.Write.Partner.Create().SetTenantID(t.ID).SetType(partner.TypeMSP).SetRecognized(true).
		SetCode(strings.ToUpper("MND-" + t.ID[len(t.ID)-4:] + "-" + t.ID[len(t.ID)-8:len(t.ID)-4])).SetLinkKey("key" + t.ID[4:]).Save(w.System())
	w.must(err)
	return &Company{Tenant: t, Admin: w.Person(mandate.SortName(name)).Join(t, Administrator), Partner: p}
}

// Connect makes a live relationship with a system role as its ceiling.
func (w *World) Connect(p, c *Company, ceiling access.RoleKey, kind relationship.Kind) *ent.Relationship {
	w.t.Helper()
	r, _ := access.SystemRoleByKey(ceiling)
	rel, err := w.Write.Relationship.Create().SetKind(kind).SetPartnerID(p.ID).SetCustomerID(c.ID).SetActiveCustomerID(c.ID).
		SetRoleID(r.ID).SetStartsAt(w.Now()).SetPartnerName(p.Name).SetPartnerType(string(p.Partner.Type)).SetPartnerCode(p.Partner.Code).
		SetCustomerName(c.Name).Save(w.System())
	w.must(err)
	w.must(w.Write.Tenant.UpdateOneID(c.ID).SetPartnerID(p.ID).Exec(w.System()))
	return rel
}

// Manages connects the partner to a customer, as designated by it, with Administrator as the ceiling.
func (w *World) Manages(p, c *Company) *ent.Relationship {
	w.t.Helper()
	return w.Connect(p, c, access.Administrator, relationship.KindCustomerDesignated)
}

// Assign gives a partner's member a system role in a customer, without an end.
func (w *World) Assign(p, c *Company, to *Person, role access.RoleKey) *ent.Assignment {
	w.t.Helper()
	r, _ := access.SystemRoleByKey(role)
	m := to.Member(p.Tenant)
	rel, err := w.Write.Relationship.Query().Where(relationship.PartnerID(p.ID), relationship.ActiveCustomerID(c.ID)).Only(w.System())
	w.must(err)
	a, err := w.Write.Assignment.Create().SetRelationshipID(rel.ID).SetGranterID(p.ID).SetTenantID(c.ID).SetTenantSortName(c.SortName).SetGranteeID(m.ID).
		SetGranteeName(m.FirstName + " " + m.LastName).SetRoleID(r.ID).SetStartsAt(w.Now()).SetOpenKey(m.ID + ":" + c.ID + ":" + p.ID).
		SetPartnerName(p.Name).SetPartnerType(string(p.Partner.Type)).SetPartnerCode(p.Partner.Code).SetCustomerName(c.Name).Save(w.System())
	w.must(err)
	return a
}

// CustomRole makes a role of a tenant's own.
func (w *World) CustomRole(t *ent.Tenant, name string, levels map[access.Feature]access.Level) *ent.Role {
	w.t.Helper()
	row, err := w.Write.Role.Create().SetTenantID(t.ID).SetName(name).Save(w.System())
	w.must(err)
	for f, level := range levels {
		w.must(w.Write.RolePermission.Create().SetTenantID(t.ID).SetRoleID(row.ID).SetFeature(string(f)).SetLevel(level).Exec(w.System()))
	}
	return row
}

// Catalogue lists the keys of the catalogue.
func (w *World) Catalogue() []string {
	keys, err := w.Write.Feature.Query().Order(feature.ByPosition()).Select(feature.FieldKey).Strings(w.System())
	w.must(err)
	return keys
}

// Member returns the person's membership in a tenant.
func (p *Person) Member(t *ent.Tenant) *ent.Member {
	p.w.t.Helper()
	m, err := p.w.Write.Member.Query().Where(member.TenantID(t.ID), member.PresentUserID(p.ID)).Only(p.w.System())
	p.w.must(err)
	return m
}
