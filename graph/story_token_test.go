package graph_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"mandate/internal/access"
	"mandate/internal/testworld"
)

// makes makes an API token for somebody, and returns the program that bears it.
func (s scene) makes(p *testworld.Person, more in) *testworld.Person {
	s.Helper()
	program := s.Bearer(s.makesToken(p, more).String("createApiToken.token"))
	program.Do("{ __typename }", nil).OK() // its use is noted once a minute
	return program
}

func (s scene) makesToken(p *testworld.Person, more in) *testworld.Answer {
	s.Helper()
	input := in{"name": "Nightly report", "scopes": levels("TENANT", "VIEW")}
	for k, v := range more {
		input[k] = v
	}
	return s.does(p, "createApiToken", input)
}

// everyLevel is MANAGE on everything that there is.
func (s scene) everyLevel() []in {
	var list []in
	for _, f := range access.PlatformFeatures {
		list = append(list, levels(string(f), "MANAGE")...)
	}
	for _, key := range s.Catalogue() {
		list = append(list, levels(key, "MANAGE")...)
	}
	return list
}

// oneself is all that somebody learns of themselves.
const oneself = `{ viewer { user { id name } session { id } apiToken { name prefix owner { name } tenants { name } scopes { feature { key } level } lastUsedAt revokedAt }
	apiTokens(first: 10) { totalCount nodes { name } } sessions(first: 10) { totalCount } invitations(first: 10) { totalCount }
	tenants(first: 10) { totalCount nodes { tenant { name } via } } } }`

func TestAProgramActsForAPerson(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso, fabri := s.NewPartner("Acme"), s.Customer("Contoso"), s.Customer("Fabri")
		s.connected(acme, contoso, "ADMINISTRATOR")
		s.connected(acme, fabri, "ADMINISTRATOR")
		globex := s.NewPartner("Globex")
		acme.Admin.Join(globex.Tenant, testworld.Administrator)
		s.asks(globex.Admin, "inviteCustomer", in{"email": acme.Admin.Email}).OK()
		made := s.makesToken(acme.Admin, in{"tenantId": acme.ID, "tenantIds": []string{contoso.ID, contoso.ID}, "scopes": append(levels("TENANT", "VIEW"), levels("tickets", "MANAGE")...)})
		secret, id := made.String("createApiToken.token"), made.String("createApiToken.apiToken.id")
		program := s.Bearer(secret)

		s.then("the secret is shown once, and kept nowhere", func(s scene) {
			if !regexp.MustCompile(`^mnd_[0-9A-Za-z]{49}$`).MatchString(secret) {
				s.Errorf("the secret is %s", secret)
			}
			s.is("prefix", made.String("createApiToken.apiToken.prefix"), secret[:12])
			s.is("end", made.At("createApiToken.apiToken.expiresAt"), s.Now().AddDate(0, 0, 90).Format(time.RFC3339))
			for table, rows := range s.rows() {
				if strings.Contains(fmt.Sprint(rows), secret[12:]) {
					s.Errorf("%s has the secret", table)
				}
			}
		})
		s.then("the person is told", func(s scene) {
			mails := s.Mails(acme.Admin.Email)
			last := mails[len(mails)-1]
			s.is("mail", last.Subject, "An API token was made")
			if !strings.Contains(last.Text, "Nightly report") || !strings.Contains(last.Text, "Acme") || strings.Contains(last.Text, secret[:12]) {
				s.Error(last.Text)
			}
		})
		s.then("the trail tells of it, and not where it leads", func(s scene) {
			s.sees(s.read("SELECT action, tenant_id, target_id, target_name, changes FROM audit_events WHERE action='api_token.created'"),
				strings.Join([]string{"api_token.created", acme.ID, id, "Nightly report",
					`[{"field":"scopes","after":"TENANT VIEW, tickets MANAGE"},{"field":"tenants","after":"1"},{"field":"expiresAt","after":"` + s.Now().AddDate(0, 0, 90).Format(time.RFC3339) + `"}]`}, " | "))
		})
		s.then("it sees of its owner the one membership, and no mail, session or offer", func(s scene) {
			a := program.Do(oneself, nil).OK()
			s.is("viewer", a.At("viewer"), map[string]any{
				"user": map[string]any{"id": acme.Admin.ID, "name": "Acme Smith"}, "session": nil,
				"apiToken": map[string]any{"name": "Nightly report", "prefix": secret[:12], "owner": map[string]any{"name": "Acme Smith"}, "lastUsedAt": s.Now().Format(time.RFC3339),
					"revokedAt": nil, "tenants": []any{map[string]any{"name": "Contoso"}}, "scopes": a.At("viewer.apiToken.scopes")},
				"apiTokens":   map[string]any{"totalCount": 1., "nodes": []any{map[string]any{"name": "Nightly report"}}},
				"sessions":    map[string]any{"totalCount": 0.},
				"invitations": map[string]any{"totalCount": 0.},
				"tenants":     map[string]any{"totalCount": 1., "nodes": []any{map[string]any{"tenant": map[string]any{"name": "Contoso"}, "via": []any{"RELATIONSHIP"}}}},
			})
			scopes := make(map[string]string)
			for i, key := range a.Column("viewer.apiToken.scopes", "feature.key") {
				if level := a.String(fmt.Sprintf("viewer.apiToken.scopes.%d.level", i)); level != "NONE" {
					scopes[key] = level
				}
			}
			s.is("scopes", scopes, map[string]string{"TENANT": "VIEW", "tickets": "MANAGE"})
			s.sees(program.Do("{ viewer { user { email } } }", nil).Errors(), "FORBIDDEN at viewer.user.email")
			for what, row := range map[string]string{"the other membership": acme.Admin.Member(globex.Tenant).ID, "the other tenant": globex.ID, "its own tenant, which is not listed": acme.ID, "another customer": fabri.ID} {
				s.is(what, reaches(program, row), false)
			}
			s.is("its membership", reaches(program, acme.Admin.Member(acme.Tenant).ID), true)
			s.is("the tenant listed", reaches(program, contoso.ID), true)
		})
		s.then("no more goes through than the scopes and the person have", func(s scene) {
			s.sees(customersOf(program), "Contoso")
			for feature, want := range map[string]string{"TENANT": "VIEW", "tickets": "MANAGE", "USERS": "NONE", "invoices": "NONE"} {
				s.is(feature, level(s, program, contoso.ID, feature), want)
			}
			s.forbidden(program, "updateTenant", in{"id": contoso.ID, "email": "x@example.com"})
			s.sees(program.Do("query($id: ID!) { tenant(id: $id) { members(first: 1) { totalCount } } }", vars{"id": contoso.ID}).Errors(), "FORBIDDEN at tenant.members")
		})
		s.then("its last use is kept to the minute", func(s scene) {
			used := func() []string { return s.read("SELECT last_used_at FROM api_tokens") }
			first := used()
			s.Later(59 * time.Second)
			program.Do("{ __typename }", nil).OK()
			s.is("within a minute", used(), first)
			s.Later(time.Second)
			program.Do("{ __typename }", nil).OK()
			if now := used(); now[0] <= first[0] {
				s.Errorf("after a minute: %v", now)
			}
		})
		s.then("its owner revokes it, once", func(s scene) {
			s.is("revoked", s.does(acme.Admin, "revokeApiToken", in{"id": id}).At("revokeApiToken.apiToken.revokedAt"), s.Now().Format(time.RFC3339))
			s.refused(acme.Admin, "revokeApiToken", in{"id": id}, "CONFLICT at input.id")
			s.is("status", program.Do(me, nil).Status, 401)
		})
	})
}

func TestWhoSeesAPITokensAndWhoRevokesThem(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso, fabri := s.NewPartner("Acme"), s.Customer("Contoso"), s.Customer("Fabri")
		s.connected(acme, contoso, "ADMINISTRATOR")
		s.connected(acme, fabri, "ADMINISTRATOR")
		clerk := s.Staff(contoso, "clerk", testworld.Role("ADMINISTRATOR"))
		reader := s.Staff(contoso, "reader", testworld.Role("READ_ONLY"))
		nobody := s.Staff(contoso, "nobody", testworld.Nothing)
		clerks := s.makesToken(clerk, in{"name": "Clerk's", "tenantIds": []string{contoso.ID}}).String("createApiToken.apiToken.id")
		partners := s.makesToken(acme.Admin, in{"name": "Acme's", "tenantIds": []string{fabri.ID, contoso.ID}}).String("createApiToken.apiToken.id")
		second := s.makesToken(clerk, in{"name": "Second"}).String("createApiToken.apiToken.id")
		list := func(p *testworld.Person, c *testworld.Company) []string {
			return p.Do("query($id: ID!) { tenant(id: $id) { apiTokens(first: 10) { nodes { name } } } }", vars{"id": c.ID}).OK().Column("tenant.apiTokens.nodes", "name")
		}
		s.then("they are listed in the tenant that they rest on, newest first, for who has TOKENS VIEW there", func(s scene) {
			for who, p := range map[string]*testworld.Person{"contoso": contoso.Admin, "reader": reader, "acme": acme.Admin} {
				s.is(who, list(p, contoso), []string{"Second", "Clerk's"})
			}
			s.sees(list(acme.Admin, acme), "Acme's")
			s.sees(nobody.Do("query($id: ID!) { tenant(id: $id) { apiTokens(first: 10) { nodes { name } } } }", vars{"id": contoso.ID}).Errors(), "FORBIDDEN at tenant.apiTokens")
			s.sees(clerk.Do("{ viewer { apiTokens(first: 1) { nodes { name } pageInfo { hasNextPage } } } }", nil).OK().Column("viewer.apiTokens.nodes", "name"), "Second")
			s.is("Acme's, to Contoso", reaches(contoso.Admin, partners), false)
		})
		s.then("the limit names no tenant to who does not reach it", func(s scene) {
			limit := func(p *testworld.Person) any {
				return p.Do("query($id: ID!) { node(id: $id) { ... on ApiToken { tenants { name kind } } } }", vars{"id": partners}).OK().At("node.tenants")
			}
			profile := func(name string) any { return map[string]any{"name": name, "kind": "CUSTOMER"} }
			s.is("owner", limit(acme.Admin), []any{profile("Contoso"), profile("Fabri")})
			keeper := s.Staff(acme, "keeper", testworld.Custom(s.CustomRole(acme.Tenant, "Keeper", map[feature]accessLevel{"TOKENS": view})))
			s.is("a colleague without customers", limit(keeper), []any{})
			s.is("without a limit", clerk.Do("query($id: ID!) { node(id: $id) { ... on ApiToken { tenants { name } } } }", vars{"id": second}).OK().At("node.tenants"), nil)
		})
		s.then("so is the tenant that it rests on", func(s scene) {
			home := func(p *testworld.Person) any {
				return p.Do("{ viewer { apiTokens(first: 1) { nodes { tenant { name kind } } } } }", nil).OK().At("viewer.apiTokens.nodes.0.tenant")
			}
			s.is("clerk", home(clerk), map[string]any{"name": "Contoso", "kind": "CUSTOMER"})
			s.is("owner", home(acme.Admin), map[string]any{"name": "Acme", "kind": "PARTNER"})
			s.is("a token for other tenants", home(s.makes(acme.Admin, in{"tenantIds": []string{fabri.ID}})), nil)
		})
		s.then("TOKENS MANAGE in the tenant revokes, by whatever path", func(s scene) {
			s.forbidden(reader, "revokeApiToken", in{"id": clerks})
			s.refused(nobody, "revokeApiToken", in{"id": clerks}, "NOT_FOUND at input.id")
			s.refused(contoso.Admin, "revokeApiToken", in{"id": partners}, "NOT_FOUND at input.id")
			s.refused(contoso.Admin, "revokeApiToken", in{"id": "tok_" + strings.Repeat("z", 26)}, "NOT_FOUND at input.id")
			s.does(contoso.Admin, "revokeApiToken", in{"id": clerks})
			s.does(acme.Admin, "revokeApiToken", in{"id": second})
			s.forbidden(acme.Admin.Entered(contoso.ID), "revokeApiToken", in{"id": partners})
		})
	})
}

func TestWhatATokenIsMadeOf(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso, other := s.NewPartner("Acme"), s.Customer("Contoso"), s.Customer("Other")
		s.connected(acme, contoso, "PRIME_ADMIN")
		boss := contoso.Admin
		session := s.person(boss.Email)
		good := func(more in) in {
			input := in{"name": "Report", "scopes": levels("TENANT", "VIEW")}
			for k, v := range more {
				input[k] = v
			}
			return input
		}
		for _, x := range []struct {
			more  in
			rules []string
		}{
			{in{"name": " "}, []string{"REQUIRED at input.name"}},
			{in{"name": strings.Repeat("x", 101), "expiresInDays": 0}, []string{"TOO_LONG at input.name", "INVALID at input.expiresInDays"}},
			{in{"expiresInDays": 366}, []string{"INVALID at input.expiresInDays"}},
			{in{"scopes": []in{}}, []string{"REQUIRED at input.scopes"}},
			{in{"scopes": levels("TENANT", "NONE")}, []string{"REQUIRED at input.scopes"}},
			{in{"scopes": levels("nonsense", "VIEW")}, []string{"INVALID at input.scopes.0.feature"}},
			{in{"scopes": append(levels("TENANT", "VIEW"), levels("TENANT", "MANAGE")...)}, []string{"INVALID at input.scopes.1.feature"}},
			{in{"scopes": []in{{"feature": "sso.meraki"}}}, []string{"SSO_LEVEL_REQUIRED at input.scopes.0.level"}},
			{in{"tenantIds": []string{}}, []string{"REQUIRED at input.tenantIds"}},
			{in{"tenantIds": []string{contoso.ID, other.ID, "nonsense"}}, []string{"NOT_FOUND at input.tenantIds.1", "NOT_FOUND at input.tenantIds.2"}},
			{in{"tenantIds": strings.Split(strings.Repeat(contoso.ID+" ", 101)[:101*31-1], " ")}, []string{"LIMIT_EXCEEDED at input.tenantIds"}},
			{in{"tenantId": other.ID}, []string{"NOT_FOUND at input.tenantId"}},
		} {
			s.refused(boss, "createApiToken", good(x.more), x.rules...)
		}
		s.then("by a membership of one's own, with TOKENS MANAGE", func(s scene) {
			s.forbidden(acme.Admin, "createApiToken", good(in{"tenantId": contoso.ID}))
			s.forbidden(s.Staff(contoso, "reader", testworld.Role("READ_ONLY")), "createApiToken", good(nil))
			s.forbidden(acme.Admin.Entered(contoso.ID), "createApiToken", good(nil))
		})
		s.then("the only membership, or one that is named", func(s scene) {
			boss.Join(other.Tenant, testworld.Administrator)
			s.refused(boss, "createApiToken", good(nil), "REQUIRED at input.tenantId")
			s.refused(boss, "createApiToken", good(in{"tenantId": contoso.ID, "tenantIds": []string{other.ID}}), "NOT_FOUND at input.tenantIds.0")
			s.does(boss, "createApiToken", good(in{"tenantId": other.ID, "expiresInDays": 365}))
		})
		s.then("shortly after the password was entered", func(s scene) {
			s.Later(5 * time.Minute)
			s.does(session, "createApiToken", good(in{"tenantId": contoso.ID}))
			s.Later(time.Microsecond)
			s.refused(session, "createApiToken", good(in{"tenantId": contoso.ID}), "REAUTHENTICATION_REQUIRED at input")
			s.asks(session, "reauthenticate", in{"password": testworld.Password}).OK()
			s.does(session, "createApiToken", good(in{"tenantId": contoso.ID}))
		})
		s.then("fifty at most that work", func(s scene) {
			for range 47 {
				s.asks(boss, "createApiToken", good(in{"tenantId": contoso.ID, "expiresInDays": 1})).OK()
			}
			s.refused(boss, "createApiToken", good(in{"tenantId": contoso.ID}), "LIMIT_EXCEEDED at input")
			s.does(boss, "revokeApiToken", in{"id": boss.Do("{ viewer { apiTokens(first: 1) { nodes { id } } } }", nil).OK().String("viewer.apiTokens.nodes.0.id")})
			s.does(boss, "createApiToken", good(in{"tenantId": contoso.ID}))
			s.Later(24 * time.Hour)
			s.does(boss, "createApiToken", good(in{"tenantId": contoso.ID}))
		})
	})
}

func TestTheTrailTellsWhichTokenActed(t *testing.T) {
	eachScene(t, func(s scene) {
		contoso := s.Customer("Contoso")
		made := s.makesToken(contoso.Admin, in{"scopes": levels("TENANT", "MANAGE")})
		program := s.Bearer(made.String("createApiToken.token"))
		s.does(program, "updateTenant", in{"id": contoso.ID, "tags": []string{"gold"}})
		s.does(contoso.Admin, "updateTenant", in{"id": contoso.ID, "tags": []string{"silver"}})
		a := contoso.Admin.Do(`query($id: ID!) { tenant(id: $id) { auditEvents(first: 2, filter: {action: ["tenant.updated"]}) { nodes { actor { name } apiToken } } } }`,
			vars{"id": contoso.ID}).OK()
		s.is("people", a.Column("tenant.auditEvents.nodes", "actor.name"), []string{"Contoso Smith", "Contoso Smith"})
		s.is("token of the newest", a.At("tenant.auditEvents.nodes.0.apiToken"), nil)
		s.is("token of the one before", a.At("tenant.auditEvents.nodes.1.apiToken"), made.At("createApiToken.apiToken.prefix"))
		s.Later(time.Minute)
		exported := s.exports(contoso.Admin, contoso.ID, "format=ndjson&action=tenant.updated").lines(s)
		s.is("exported", []any{exported[0]["apiToken"], exported[1]["apiToken"]}, []any{made.At("createApiToken.apiToken.prefix"), nil})
	})
}
