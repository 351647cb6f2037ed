package graph_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"mandate/ent"
	"mandate/ent/invitation"
	"mandate/ent/relationship"
	"mandate/internal/access"
	"mandate/internal/auth"
	"mandate/internal/testworld"
)

// landscape is a world in which every tenant has something of everything, and every word of it is marked: who sees the
// mark has seen the word.
type landscape struct {
	*testing.T
	*testworld.World
	operator, acme, globex                    *testworld.Company
	contoso, fabri, initech, umbra, hooli     *testworld.Company
	people                                    map[string]*testworld.Person
	relationships, offers, assignments, roles map[string]string // ids, by customer, customer, grantee and tenant
}

// newLandscape builds the world: Acme manages Contoso, and Fabri within a role of Fabri's own; its time with Umbra is
// over. Globex is partner of record of Hooli, was suspended by Initech, and makes Contoso an offer.
func newLandscape(t *testing.T, url string) *landscape {
	t.Helper()
	w := testworld.New(t, url)
	l := &landscape{
		T: t, World: w, people: make(map[string]*testworld.Person), relationships: make(map[string]string),
		offers: make(map[string]string), assignments: make(map[string]string), roles: make(map[string]string),
	}
	l.operator, l.acme, l.globex = w.Operator(), w.NewPartner("acme"), w.NewPartner("globex")
	l.contoso, l.fabri, l.initech, l.umbra, l.hooli = w.Customer("contoso"), w.Customer("fabri"), w.Customer("initech"), w.Customer("umbra"), w.Customer("hooli")
	for name, c := range l.companies() {
		l.furnish(name, c)
	}
	l.connect()
	l.staff()
	for name, c := range l.companies() {
		l.token(name+" token", c, nil, l.hooli)
	}
	l.people["acme program"] = l.token("acme program", l.acme, map[access.Feature]access.Level{access.Tenant: access.View, access.Tokens: access.View}, l.contoso)
	return l
}

// token gives a company's administrator an API token that is limited to one tenant, and returns the program that bears it.
func (l *landscape) token(name string, c *testworld.Company, scopes map[access.Feature]access.Level, only *testworld.Company) *testworld.Person {
	l.Helper()
	tenant, what, _ := strings.Cut(name, " ")
	secret, _, hash := auth.NewAPIToken()
	m := c.Admin.Member(c.Tenant)
	row, err := l.Write.ApiToken.Create().SetTenantID(c.ID).SetMemberID(m.ID).SetUserID(m.UserID).SetName(mark(tenant, what)).SetPrefix("mnd_").
		SetTokenHash(hash).SetScopes(scopes).SetAllTenants(false).SetExpiresAt(l.Now().AddDate(1, 0, 0)).Save(l.System())
	l.must(err)
	l.must(l.Write.ApiTokenTenant.Create().SetTokenID(row.ID).SetTenantID(only.ID).Exec(l.System()))
	program := l.Bearer(secret)
	program.ID = m.UserID
	return program
}

func (l *landscape) companies() map[string]*testworld.Company {
	return map[string]*testworld.Company{
		"oper": l.operator, "acme": l.acme, "globex": l.globex,
		"contoso": l.contoso, "fabri": l.fabri, "initech": l.initech, "umbra": l.umbra, "hooli": l.hooli,
	}
}

// mark is a word that stands at one place only.
func mark(tenant, what string) string { return "canary-" + tenant + "-" + what }

// furnish marks a tenant, its people, an access request, a role, an entry of its audit trail, a site and a subscription.
func (l *landscape) furnish(name string, c *testworld.Company) {
	l.Helper()
	var err error
	c.Tenant, err = l.Write.Tenant.UpdateOne(c.Tenant).SetName(mark(name, "name")).SetAccountNumber(mark(name, "account")).SetEmail(mark(name, "email")).
		SetStreet(mark(name, "street")).SetCity(mark(name, "city")).SetRegion(mark(name, "region")).SetPostalCode(mark(name, "zip")).
		SetServiceActivatedAt(l.Now()).Save(l.System())
	l.must(err)
	l.must(l.Write.TenantTag.Create().SetTenantID(c.ID).SetTag(mark(name, "tag")).Exec(l.System()))
	l.person(name, "admin", c, c.Admin)
	l.person(name, "staff", c, l.Person(name+" staff").Join(c.Tenant, testworld.Nothing))
	l.person(name, "guest", c, l.Person(name+" guest").Join(c.Tenant, testworld.Guest))
	l.must(l.Write.Member.UpdateOne(l.people[name+" staff"].Member(c.Tenant)).SetPhone(mark(name, "phone")).Exec(l.System()))
	l.must(l.Write.AccessRequest.Create().SetTenantID(c.ID).SetMemberID(l.people[name+" staff"].Member(c.Tenant).ID).SetStatus("REJECTED").
		SetReason(mark(name, "request")).SetDecidedByName(mark(name, "decider")).SetExpiresAt(l.Now()).Exec(l.System()))
	role := l.CustomRole(c.Tenant, mark(name, "role"), map[access.Feature]access.Level{access.Tenant: access.View})
	l.roles[name] = role.ID
	l.event(name, c, nil, c.ID)
	hook, err := l.Write.Webhook.Create().SetTenantID(c.ID).SetURL("https://hooks.example/" + mark(name, "webhook")).SetEvents([]string{}).SetSecret("whsec_" + mark(name, "secret")).SetActiveSince(l.Now()).
		SetPreviousSecret("whsec_" + mark(name, "secret")).Save(l.System())
	l.must(err)
	l.must(l.Write.WebhookDelivery.Create().SetTenantID(c.ID).SetWebhookID(hook.ID).SetEventID("evt_" + c.ID[4:]).SetEvent("tested").SetPayload(mark(name, "delivery")).
		SetNextAttemptAt(l.Now()).SetGiveUpAt(l.Now()).Exec(l.System()))
	l.Device(c.Tenant, "device", l.Site(c.Tenant, mark(name, "site")))
	l.Subscription(c.Tenant, mark(name, "subscription"), nil)
}

// person marks somebody's name and address.
func (l *landscape) person(tenant, who string, c *testworld.Company, p *testworld.Person) {
	l.Helper()
	l.people[tenant+" "+who] = p
	name := mark(tenant, who)
	l.must(l.Write.Member.UpdateOne(p.Member(c.Tenant)).SetFirstName(name).SetLastName(name).SetHandle(name).SetLabel(name).Exec(l.System()))
	l.must(l.Write.User.UpdateOneID(p.ID).SetEmail(mark(tenant, who+"mail")).Exec(l.System()))
}

// event marks an entry of an audit trail: what everybody who reads the trail sees, and what only those do who see what
// it is about.
func (l *landscape) event(name string, of, other *testworld.Company, target string) {
	l.Helper()
	after := mark(name, "change")
	create := l.Write.AuditEvent.Create().SetAt(l.Now()).SetAction("tested").SetTenantID(of.ID).SetTargetID(target).SetTargetName(mark(name, "target")).
		SetReason(mark(name, "reason")).SetActorName(mark(name, "actor")).SetAddress(mark(name, "address")).
		SetChanges([]access.Change{{Field: "name", After: &after}})
	if other != nil {
		create.SetOtherTenantID(other.ID)
	}
	l.must(create.Exec(l.System()))
}

func (l *landscape) connect() {
	l.Helper()
	l.relationships["contoso"] = l.Manages(l.acme, l.contoso).ID
	fabri := l.Manages(l.acme, l.fabri)
	l.must(l.Write.Relationship.UpdateOne(fabri).SetRoleID(l.roles["fabri"]).Exec(l.System()))
	l.relationships["fabri"] = fabri.ID
	l.relationships["hooli"] = l.Connect(l.globex, l.hooli, access.Administrator, relationship.KindPartnerOfRecord).ID
	initech := l.Manages(l.globex, l.initech)
	l.must(l.Write.Relationship.UpdateOne(initech).SetStatus(relationship.StatusSuspended).SetSuspendedByCustomer(true).Exec(l.System()))
	l.relationships["initech"] = initech.ID
	umbra := l.Manages(l.acme, l.umbra)
	l.must(l.Write.Relationship.UpdateOne(umbra).SetEndsAt(l.Now()).SetEndReason(mark("umbra", "end")).Exec(l.System()))
	l.relationships["umbra"] = umbra.ID
	l.event("umbra", l.umbra, l.acme, l.umbra.ID)

	offer, err := l.Write.Invitation.Create().SetDirection(invitation.DirectionPartnerToCustomer).SetChannel(invitation.ChannelEmail).
		SetPartnerID(l.globex.ID).SetPartnerName(l.globex.Name).SetPartnerType("MSP").SetPartnerCode(l.globex.Partner.Code).
		SetCustomerID(l.contoso.ID).SetCustomerName(l.contoso.Name).SetEmail(mark("contoso", "invited")).SetEmailCanonical("else@example.com").
		SetRoleID(l.roles["contoso"]).SetMessage(mark("contoso", "offer")).SetDeclineReason(mark("contoso", "declined")).
		SetExpiresAt(l.Now().Add(time.Hour)).SetValidHours(1).Save(l.System())
	l.must(err)
	l.offers["contoso"] = offer.ID
}

// staff puts people into their places: two of Acme's are assigned, one of them from tomorrow on, and some have few levels.
func (l *landscape) staff() {
	l.Helper()
	assign := func(who string) {
		p := l.Staff(l.acme, "acme "+who, testworld.Nothing)
		l.person("acme", who, l.acme, p)
		a := l.Assign(l.acme, l.contoso, p, access.GuestManager)
		l.assignments[who] = a.ID
	}
	assign("assigned")
	assign("scheduled")
	l.must(l.Write.Assignment.UpdateOneID(l.assignments["assigned"]).SetRoleID(l.guestsOnly().ID).Exec(l.System()))
	l.must(l.Write.Assignment.UpdateOneID(l.assignments["scheduled"]).SetStartsAt(l.Now().Add(24 * time.Hour)).Exec(l.System()))

	partnersOnly := l.CustomRole(l.operator.Tenant, "partners", map[access.Feature]access.Level{access.Partners: access.View})
	keys := l.CustomRole(l.contoso.Tenant, "keys", map[access.Feature]access.Level{access.Tokens: access.View})
	for name, place := range map[string]struct {
		c     *testworld.Company
		grant testworld.Grant
	}{
		"contoso keeper":       {l.contoso, testworld.Custom(keys)},
		"contoso receptionist": {l.contoso, testworld.Role(access.GuestManager)},
		"oper reader":          {l.operator, testworld.Role(access.ReadOnly)},
		"oper clerk":           {l.operator, testworld.Custom(partnersOnly)},
		"globex reader":        {l.globex, testworld.Role(access.ReadOnly)},
	} {
		tenant, who, _ := strings.Cut(name, " ")
		l.person(tenant, who, place.c, l.Staff(place.c, name, place.grant))
	}
	for name, p := range l.people {
		tenant, who, _ := strings.Cut(name, " ")
		l.exec("UPDATE sessions SET user_agent=? WHERE user_id=?", mark(tenant, who+"session"), p.ID)
	}
	l.people["stranger"] = l.Stranger()
	l.people["acme entered contoso"] = l.acme.Admin.Entered(l.contoso.ID)
	l.exec("UPDATE sessions SET user_agent=? WHERE entered_tenant_id IS NOT NULL", mark("acme", "enteredsession"))
}

func (l *landscape) guestsOnly() *ent.Role {
	l.Helper()
	return l.CustomRole(l.acme.Tenant, mark("acme", "assignedrole"), map[access.Feature]access.Level{access.Guests: access.View})
}

func (l *landscape) exec(statement string, args ...any) {
	l.Helper()
	_, err := l.DB.Write.ExecContext(l.System(), statement, args...)
	l.must(err)
}

func (l *landscape) must(err error) {
	l.Helper()
	if err != nil {
		l.Fatal(err)
	}
}

// kinds are the prefixes of ids, with what they name.
var kinds = map[string]struct{ table, fragment string }{
	"ten": {"tenants", "T"}, "prt": {"partners", "P"}, "usr": {"users", "U"}, "mem": {"members", "M"}, "rol": {"roles", "R"},
	"rel": {"relationships", "L"}, "inv": {"invitations", "I"}, "asg": {"assignments", "A"}, "ses": {"sessions", "V"}, "evt": {"audit_events", "E"},
	"sit": {"sites", "W"}, "sub": {"service_subscriptions", "X"}, "req": {"access_requests", "Q"},
	"tok": {"api_tokens", "K"}, "whk": {"webhooks", "H"}, "whd": {"webhook_deliveries", "D"},
}

// everyID lists the ids of everything there is, by kind.
func (l *landscape) everyID() map[string][]string {
	l.Helper()
	ids := make(map[string][]string)
	for kind, of := range kinds {
		rows, err := l.DB.Read.QueryContext(l.System(), "SELECT id FROM "+of.table+" ORDER BY id")
		l.must(err)
		for rows.Next() {
			var id string
			l.must(rows.Scan(&id))
			ids[kind] = append(ids[kind], id)
		}
		l.must(rows.Err())
		l.must(rows.Close())
	}
	return ids
}

// fragments are all that can be read of a node, and of what hangs below it; S is a shorter T.
var fragments = map[string]string{
	"T": `Tenant { id kind name status viewerPermissions { level feature { key } } accountNumber email address { street city region postalCode country }
		tags serviceActivatedAt version createdAt updatedAt
		members(first: 20) { totalCount nodes { ...M } } roles(first: 20) { totalCount nodes { ...R } }
		partner { ...P } relationship { ...L } relationships(first: 20) { totalCount nodes { ...L } }
		invitations(first: 20) { totalCount nodes { ...I } } assignments(first: 20) { totalCount nodes { ...A } }
		apiTokens(first: 8) { totalCount nodes { ...K } } webhooks(first: 2) { totalCount nodes { ...H } }
		auditEvents(first: 20) { totalCount nodes { ...E } } accessRequests(first: 20) { totalCount nodes { ...Q } }
		siteSummary { total } deviceCount subscriptionCount sites(first: 2) { totalCount nodes { ...W } } serviceSubscriptions(first: 2) { totalCount nodes { ...X } } }`,
	"S": `Tenant { id name accountNumber email tags address { city } members(first: 8) { totalCount nodes { name email phone } } }`,
	"M": `Member { id tenant { name } user { ...U } firstName lastName name userId label email phone status guest administrator lastSignedInAt version
		role { ...R } permissions { level feature { key } } }`,
	"R": `Role { id key name permissions { level feature { key } } version }`,
	"P": `Partner { id tenant { ...S } name type code recognized inviteLink }`,
	"L": `Relationship { id kind status startsAt endsAt autoExtendDays endedAt endedBy endReason version partner { name type code }
		customerProfile { name kind accountNumber } customer { ...S } role { ...R } suspendedBy staffCount
		viewerCanTerminate viewerCanSuspend viewerCanResume viewerCanNarrow }`,
	"I": `Invitation { id direction channel status email message declineReason expiresAt accessEndsAt sendCount lastSentAt undeliverable version
		partner { name } customerProfile { name accountNumber } customer { ...S } role { ...R } relationship { ...L }
		viewerCanAccept viewerCanRevoke viewerCanResend }`,
	"A": `Assignment { id granteeName status version grantee { ... on Member { ...M } } grantedBy { name } tenant { ...S }
		tenantProfile { name accountNumber } role { ...R } accessPeriod { limited startsAt endsAt } }`,
	"E": `AuditEvent { id at action targetName reason actor { name } actorTenant { name } onBehalfOf { name } requestId
		target { id } changes { field before after } address }`,
	"U": `User { id email name }`,
	"Q": `AccessRequest { id status emailValidated reason decidedAt expiresAt tenant { ...S } member { ...M } decidedBy { name } viewerCanDecide }`,
	"W": `Site { id name accountNumber city region status }`,
	"X": `ServiceSubscription { id name externalId active endsAt }`,
	"K": `ApiToken { id name prefix expiresAt lastUsedAt revokedAt owner { name } tenant { name kind accountNumber } tenants { name kind accountNumber } scopes { level feature { key } } }`,
	"H": `Webhook { id url events status failingSince version createdAt updatedAt deliveries(first: 2) { totalCount nodes { ...D } } }`,
	"D": `WebhookDelivery { id eventId event payload status attempts lastAttemptAt responseStatus lastError }`,
	"V": `Session { id startedAt address userAgent enteredTenant { ...S } current }`,
}

var spread = regexp.MustCompile(`\.\.\.([A-Z])`)

// withFragments adds to a query the fragments that it spreads.
func withFragments(query string) string {
	added := make(map[string]bool)
	for missing := true; missing; {
		missing = false
		for _, m := range spread.FindAllStringSubmatch(query, -1) {
			if name := m[1]; !added[name] {
				added[name], missing = true, true
				query += "\nfragment " + name + " on " + fragments[name]
			}
		}
	}
	return query
}

// reads asks for everything there is by every way there is, and returns the answers.
func (l *landscape) reads(p *testworld.Person) []*testworld.Answer {
	l.Helper()
	ask := func(query string, vars testworld.Vars) *testworld.Answer {
		query = withFragments(query)
		if !strings.Contains(query, "tenant(id: $id) { ...T }") { // a list of tenants: with all that they have, it would cost too much
			query = strings.ReplaceAll(query, "first: 20", "first: 5")
			if strings.Contains(query, "fragment T on") {
				query = strings.NewReplacer(" tenants { name kind accountNumber }", "", " changes { field before after }", "").Replace(query)
			}
		}
		a := p.Do(query, vars)
		for _, e := range a.Errors() {
			code, _, _ := strings.Cut(e, " ")
			tooMuch := code == "QUERY_TOO_COMPLEX" && p.ID == "" // a stranger may ask for little
			if code != "FORBIDDEN" && code != "UNAUTHENTICATED" && !tooMuch {
				l.Fatalf("%s:\n%s", e, a.Body)
			}
		}
		return a
	}
	answers := []*testworld.Answer{
		ask(`{ viewer { user { ...U } session { ...V } tenants(first: 10) { totalCount nodes { tenant { ...T } via permissions { level } } } } }`, nil),
		ask(`{ viewer { sessions(first: 10) { totalCount nodes { ...V } } invitations(first: 10) { totalCount nodes { ...I } } } }`, nil),
		ask(`{ viewer { apiToken { ...K } apiTokens(first: 10) { totalCount nodes { ...K } } } }`, nil),
		ask(`{ customers(first: 10) { totalCount nodes { ...T } } }`, nil),
		ask(`{ tenants(first: 10) { totalCount nodes { ...T } } }`, nil),
		ask(`{ systemRoles { ...R } features { key name } }`, nil),
	}
	for kind, ids := range l.everyID() {
		for chunk := range slices.Chunk(ids, 8) {
			answers = append(answers, ask(`query($ids: [ID!]!) { nodes(ids: $ids) { id ...`+kinds[kind].fragment+` } }`, testworld.Vars{"ids": chunk}))
		}
		if kind == "ten" {
			for _, id := range ids {
				answers = append(answers, ask(`query($id: ID!) { tenant(id: $id) { ...T } }`, testworld.Vars{"id": id}))
			}
		}
	}
	return answers
}

var marks = regexp.MustCompile(`canary-([a-z]+)-([a-z]+)`)

// seen lists the marks in answers as "tenant: word word".
func seen(answers []*testworld.Answer) []string {
	words := make(map[string][]string)
	for _, a := range answers {
		for _, m := range marks.FindAllStringSubmatch(a.Body, -1) {
			if !slices.Contains(words[m[1]], m[2]) {
				words[m[1]] = append(words[m[1]], m[2])
			}
		}
	}
	var list []string
	for tenant, w := range words {
		slices.Sort(w)
		list = append(list, fmt.Sprintf("%s: %s", tenant, strings.Join(w, " ")))
	}
	slices.Sort(list)
	return list
}
