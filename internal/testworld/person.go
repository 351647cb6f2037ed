package testworld

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"mandate/ent"
	"mandate/ent/outboxmessage"
	"mandate/internal/access"
	"mandate/internal/mandate"
	"mandate/internal/viewer"
)

// Person is somebody who can ask the API; the zero ID is a stranger.
type Person struct {
	w *World
	*ent.User
	viewer viewer.Viewer
	name   string
	token  string // of a bearer
}

// Person makes an account; its address is made of the name.
func (w *World) Person(name string) *Person {
	w.t.Helper()
	address := strings.ReplaceAll(name, " ", ".") + "@" + "example.com"
	u, err := w.Write.User.Create().SetEmail(address).SetEmailCanonical(address).SetPasswordHash(passwordHash()).Save(w.System())
	w.must(err)
	s, err := w.Write.Session.Create().SetUserID(u.ID).SetTokenHash(fmt.Sprintf("%064d", w.next())).SetStartedAt(w.Now()).
		SetAuthenticatedAt(w.Now()).SetLastSeenAt(w.Now()).SetExpiresAt(w.Now().Add(1000 * time.Hour)).Save(w.System())
	w.must(err)
	return &Person{w: w, User: u, name: name, viewer: viewer.Viewer{UserID: u.ID, Email: address, SessionID: s.ID, AuthenticatedAt: w.Now(), RequestID: "req"}}
}

// Stranger is nobody.
func (w *World) Stranger() *Person {
	return &Person{w: w, User: &ent.User{}, name: "stranger", viewer: viewer.Viewer{RequestID: "req"}}
}

// Grant is what a membership gives: a role, direct levels, or everything.
type Grant func(*ent.MemberCreate)

// Administrator gives everything.
func Administrator(c *ent.MemberCreate) { c.SetAdministrator(true) }

// Nothing gives nothing.
func Nothing(*ent.MemberCreate) {}

// Role gives a system role.
func Role(key access.RoleKey) Grant {
	r, _ := access.SystemRoleByKey(key)
	return func(c *ent.MemberCreate) { c.SetRoleID(r.ID) }
}

// Custom gives a custom role.
func Custom(r *ent.Role) Grant { return func(c *ent.MemberCreate) { c.SetRoleID(r.ID) } }

// Guest makes a guest.
func Guest(c *ent.MemberCreate) { c.SetGuest(true) }

// Join makes the person a member of a tenant.
func (p *Person) Join(t *ent.Tenant, grant Grant) *Person {
	p.w.t.Helper()
	create := p.w.Write.Member.Create().SetTenantID(t.ID).SetUserID(p.ID).SetFirstName(strings.Title(p.name)).SetLastName("Smith"). //nolint:staticcheck // names in tests are ASCII
																	SetSortName(mandate.SortName(p.name + " smith")).SetHandle(p.name).SetPresentHandle(mandate.SortName(p.name)).SetPresentUserID(p.ID).SetLabel(p.name)
	grant(create)
	p.w.must(create.Exec(p.w.System()))
	return p
}

// Staff makes a member of a company.
func (w *World) Staff(c *Company, name string, grant Grant) *Person {
	w.t.Helper()
	return w.Person(name).Join(c.Tenant, grant)
}

// Entered returns the person in a session that entered a tenant, made through the API.
func (p *Person) Entered(tenantID string) *Person {
	p.w.t.Helper()
	a := p.Do(`mutation($t: ID!) { enterTenant(input: {tenantId: $t}) { session { id } userErrors { code } } }`, Vars{"t": tenantID})
	in := *p
	in.viewer.SessionID = a.String("enterTenant.session.id")
	in.viewer.EnteredTenantID = tenantID
	return &in
}

// At returns the person as one who asks another server of the world.
func (p *Person) At(server *World) *Person {
	there := *p
	there.w = server
	return &there
}

// From returns the person as one whose requests come from an address.
func (p *Person) From(address string) *Person {
	there := *p
	there.viewer.Address = address
	return &there
}

// Context returns a context in which the person asks, who has just entered the password. A bearer entered it when the
// session says.
func (p *Person) Context() context.Context {
	v := p.viewer
	if v.SignedIn() {
		v.AuthenticatedAt = p.w.moment()
	}
	return viewer.With(context.Background(), v)
}

// Vars are the variables of an operation.
type Vars map[string]any

// Do asks the API, through its handler.
func (p *Person) Do(query string, vars Vars) *Answer {
	p.w.t.Helper()
	body, err := json.Marshal(map[string]any{"query": query, "variables": vars})
	p.w.must(err)
	return p.Post(body, "application/json")
}

// Post sends a body to the API.
func (p *Person) Post(body []byte, contentType string) *Answer {
	p.w.t.Helper()
	return p.Send(http.MethodPost, "/graphql", string(body), "Content-Type", contentType)
}

// Send sends a request to the API; headers are pairs of name and value.
func (p *Person) Send(method, target, body string, headers ...string) *Answer {
	p.w.t.Helper()
	r := httptest.NewRequest(method, target, strings.NewReader(body)).WithContext(p.Context())
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	if p.token != "" {
		r.Header.Set("Authorization", "Bearer "+p.token)
	}
	rec := httptest.NewRecorder()
	before := p.w.Statements()
	p.api().ServeHTTP(rec, r)
	a := &Answer{w: p.w, Status: rec.Code, Body: rec.Body.String(), Statements: p.w.Statements() - before, Header: rec.Header()}
	if err := json.Unmarshal(rec.Body.Bytes(), &a.parsed); err != nil {
		p.w.t.Fatalf("the answer is not JSON: %v\n%s", err, a.Body)
	}
	return a
}

// Mails returns the mails in the outbox to an address, oldest first.
func (w *World) Mails(to string) []*ent.OutboxMessage {
	w.t.Helper()
	list, err := w.Write.OutboxMessage.Query().Where(outboxmessage.RecipientCanonical(to)).Order(outboxmessage.ByID()).All(w.System())
	w.must(err)
	return list
}

// DeadMail leaves a mail in the outbox that was given up.
func (w *World) DeadMail(to string) *ent.OutboxMessage {
	w.t.Helper()
	m, err := w.Write.OutboxMessage.Create().SetKind("password.reset").SetRecipient(to).SetRecipientCanonical(to).SetSubject("Set a new password").
		SetText("Set a new password").SetHTML("<p>Set a new password</p>").SetSecret(true).SetNextAttemptAt(w.Now()).
		SetStatus(outboxmessage.StatusDead).SetAttempts(11).SetLastError("550 no such user").Save(w.System())
	w.must(err)
	return m
}

// Token returns the token in the link of a mail.
func Token(m *ent.OutboxMessage) string {
	_, rest, _ := strings.Cut(m.Text, "token=")
	return strings.Fields(rest)[0]
}
