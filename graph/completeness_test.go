package graph_test

import (
	"context"
	"errors"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"entgo.io/ent/dialect/sql/schema"
	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"mandate/ent/migrate"
	"mandate/ent/privacy"
	"mandate/ent/rule"
	"mandate/graph"
	"mandate/internal/access"
	"mandate/internal/mandate"
	"mandate/internal/testdb"
	"mandate/internal/testworld"
)

func publicSchema(t *testing.T) *ast.Schema {
	t.Helper()
	s, err := gqlparser.LoadSchema(&ast.Source{Name: "schema.graphql", Input: graph.SDL()})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// ownTypes lists what the schema defines, without what GraphQL itself does.
func ownTypes(s *ast.Schema) []*ast.Definition {
	var list []*ast.Definition
	for _, d := range s.Types {
		if !d.BuiltIn && !strings.HasPrefix(d.Name, "__") {
			list = append(list, d)
		}
	}
	slices.SortFunc(list, func(a, b *ast.Definition) int { return strings.Compare(a.Name, b.Name) })
	return list
}

func ownFields(d *ast.Definition) ast.FieldList {
	return slices.DeleteFunc(slices.Clone(d.Fields), func(f *ast.FieldDefinition) bool { return strings.HasPrefix(f.Name, "__") })
}

// publicFields are the root fields that take no sign-in.
var publicFields = []string{"acceptInvitation", "declineInvitation", "invitationByToken", "requestPasswordReset", "resetPassword", "signIn", "signUp", "verifyEmail", "viewer"}

func TestEveryRootFieldSaysWhoMayAsk(t *testing.T) {
	t.Parallel()
	s := publicSchema(t)
	var public []string
	for _, root := range []*ast.Definition{s.Query, s.Mutation, s.Subscription} {
		for _, f := range ownFields(root) {
			signedIn, open := len(f.Directives.ForNames("signedIn")), len(f.Directives.ForNames("public"))
			if signedIn+open != 1 {
				t.Errorf("%s carries @signedIn %d times and @public %d times; want one of them once", f.Name, signedIn, open)
			}
			if open == 1 {
				public = append(public, f.Name)
			}
		}
	}
	slices.Sort(public)
	if diff := cmp.Diff(publicFields, public); diff != "" {
		t.Errorf("public root fields (- want, + got):\n%s", diff)
	}
}

// sensitiveFields lists the fields that take a level, with the level that they take.
var sensitiveFields = map[string]string{
	"Tenant.accountNumber":           "TENANT VIEW",
	"Tenant.email":                   "TENANT VIEW",
	"Tenant.address":                 "TENANT VIEW",
	"Tenant.tags":                    "TENANT VIEW",
	"Tenant.serviceActivatedAt":      "SERVICES_ADMIN VIEW",
	"Tenant.subscriptionCount":       "SERVICES_ADMIN VIEW",
	"Tenant.serviceSubscriptions":    "SERVICES_ADMIN VIEW",
	"Tenant.assignment":              "ASSIGNMENTS VIEW",
	"Tenant.privilegeGroups":         "ASSIGNMENTS VIEW",
	"Tenant.accessList":              "AUDIT VIEW",
	"Tenant.apiTokens":               "TOKENS VIEW",
	"Tenant.webhooks":                "TOKENS VIEW",
	"Webhook.deliveries":             "AUDIT VIEW",
	"Partner.mspAdminCount":          "ASSIGNMENTS VIEW",
	"Partner.assignedCustomersCount": "ASSIGNMENTS VIEW",
	"Partner.accountAdminCount":      "USERS VIEW",
	"Partner.assignedCustomers":      "ASSIGNMENTS VIEW",
	"Partner.mspDelegations":         "ASSIGNMENTS VIEW",
	"Tenant.signUpPolicy":            "USERS VIEW",
	"Tenant.signUpCode":              "USERS MANAGE",
	"Tenant.accessRequests":          "USERS VIEW",
	"Tenant.deviceCount":             "SITES VIEW",
	"Tenant.siteSummary":             "SITES VIEW",
	"Tenant.sites":                   "SITES VIEW",
	"Tenant.members":                 "GUESTS VIEW",
	"Tenant.roles":                   "ROLES VIEW",
	"Tenant.partner":                 "PARTNERS VIEW",
	"Tenant.invitations":             "PARTNERS VIEW",
	"Tenant.assignments":             "ASSIGNMENTS VIEW",
	"Tenant.auditEvents":             "AUDIT VIEW",
	"Partner.inviteLink":             "PARTNERS MANAGE",
	"Member.email":                   "USERS VIEW",
	"Member.phone":                   "USERS VIEW",
	"Member.permissions":             "ROLES VIEW",
	"Member.lastSignedInAt":          "USERS VIEW",
	"Relationship.staffCount":        "ASSIGNMENTS VIEW",
}

func TestEverySensitiveFieldIsGuarded(t *testing.T) {
	t.Parallel()
	guards := make(map[string]string)
	for _, d := range ownTypes(publicSchema(t)) {
		for _, f := range ownFields(d) {
			for _, can := range f.Directives.ForNames("can") {
				guards[d.Name+"."+f.Name] += can.Arguments.ForName("feature").Value.Raw + " " + can.Arguments.ForName("level").Value.Raw
				if f.Type.NonNull {
					t.Errorf("%s.%s is guarded, and cannot be null", d.Name, f.Name)
				}
				for _, word := range []string{can.Arguments.ForName("feature").Value.Raw, can.Arguments.ForName("level").Value.Raw} {
					if !strings.Contains(f.Description, word) {
						t.Errorf("%s.%s does not say that it needs %s: %s", d.Name, f.Name, word, f.Description)
					}
				}
			}
		}
	}
	if diff := cmp.Diff(sensitiveFields, guards); diff != "" {
		t.Errorf("guards (- want, + got):\n%s", diff)
	}
}

// openToReach lists the fields of a tenant that whoever has any path to it reads; what hangs below relationship and
// relationships is scoped row by row.
var openToReach = []string{"createdAt", "id", "kind", "name", "relationship", "relationships", "status", "updatedAt", "version", "viewerPermissions"}

func TestATenantShowsNothingElseToEverybody(t *testing.T) {
	t.Parallel()
	var got []string
	for _, f := range ownFields(publicSchema(t).Types["Tenant"]) {
		if f.Directives.ForName("can") == nil {
			got = append(got, f.Name)
		}
	}
	slices.Sort(got)
	if diff := cmp.Diff(openToReach, got); diff != "" {
		t.Errorf("(- want, + got):\n%s", diff)
	}
}

func TestEverythingIsDescribed(t *testing.T) {
	t.Parallel()
	s := publicSchema(t)
	sentence := regexp.MustCompile(`(?s)^["A-Z].*[.!?_]$`)
	check := func(what, description string) {
		if !sentence.MatchString(strings.TrimSpace(description)) {
			t.Errorf("%s is not described by a sentence: %q", what, description)
		}
	}
	for _, d := range ownTypes(s) {
		if d != s.Query && d != s.Mutation {
			check(d.Name, d.Description)
		}
		for _, f := range ownFields(d) {
			check(d.Name+"."+f.Name, f.Description)
			for _, a := range f.Arguments {
				check(d.Name+"."+f.Name+"("+a.Name+")", a.Description)
			}
		}
		for _, v := range d.EnumValues {
			check(d.Name+"."+v.Name, v.Description)
		}
	}
	for _, name := range []string{"can", "signedIn", "public"} {
		d := s.Directives[name]
		check("@"+name, d.Description)
		for _, a := range d.Arguments {
			check("@"+name+"("+a.Name+")", a.Description)
		}
	}
}

// rulesOfMutations says what every mutation takes, in words that its description holds.
var rulesOfMutations = map[string]string{
	"signIn":                "Signs a person in",
	"signOut":               "session that asks",
	"reauthenticate":        "Enters the password again",
	"resetPassword":         "by the token from a mailed link",
	"requestPasswordReset":  "if the address has an account",
	"enterTenant":           "under the person's own name",
	"inviteCustomer":        "Needs PARTNERS MANAGE by a membership of one's own in a recognised partner",
	"invitePartner":         "Needs PARTNERS MANAGE by a membership of one's own in the customer",
	"resendInvitation":      "Needs what sending it needs",
	"revokeInvitation":      "Needs PARTNERS MANAGE by a membership of one's own on the side that sent it",
	"acceptInvitation":      "Never through an entered session",
	"declineInvitation":     "by the token from the mail or by its id",
	"rotateInviteLink":      "Needs PARTNERS MANAGE by a membership of one's own",
	"narrowRelationship":    "Needs PARTNERS MANAGE by a membership of one's own",
	"widenRelationship":     "Needs PARTNERS MANAGE by a membership of one's own",
	"suspendRelationship":   "Needs PARTNERS MANAGE by a membership of one's own, or an administrator of the operator",
	"resumeRelationship":    "Needs what suspending needs",
	"terminateRelationship": "Needs PARTNERS MANAGE by a membership of one's own, or an administrator of the operator",
	"registerPartner":       "For administrators of the operator",
	"recognizePartner":      "For administrators of the operator",
	"createCustomer":        "Needs PARTNERS MANAGE by a membership of one's own in a recognised partner; without a partner, an administrator of the operator",
	"activateService":       "Needs SERVICES_ADMIN MANAGE there",
	"addMembers":            "Needs USERS MANAGE (for guests GUESTS MANAGE), with levels, a role or the administrator flag also ROLES MANAGE",
	"updateMembers":         "Needs USERS MANAGE (for guests GUESTS MANAGE), and to change what they may do also ROLES MANAGE",
	"removeMembers":         "Needs USERS MANAGE (for guests GUESTS MANAGE)",
	"setMemberStatus":       "Needs USERS MANAGE (for guests GUESTS MANAGE)",
	"sendPasswordLinks":     "Needs USERS MANAGE (for guests GUESTS MANAGE)",
	"signUp":                "as the tenant's sign-up policy lets",
	"verifyEmail":           "by the token from a mailed link",
	"approveAccessRequests": "Needs USERS MANAGE, with levels, a role or the administrator flag also ROLES MANAGE",
	"rejectAccessRequests":  "Needs USERS MANAGE",
	"changePassword":        "for whoever knows the present one",
	"changeEmail":           "In one's own session only",
	"revokeSession":         "Ends a session of the person's",
	"leaveTenant":           "one's own membership",
	"createApiToken":        "Needs TOKENS MANAGE by a membership of one's own, in one's own session",
	"revokeApiToken":        "Needs TOKENS MANAGE in the tenant for another member's token. In one's own session only",
	"createWebhook":         "Needs TOKENS MANAGE and AUDIT VIEW by a membership of one's own, in one's own session",
	"updateWebhook":         "Needs what making one needs",
	"rotateWebhookSecret":   "Needs what making one needs",
	"deleteWebhook":         "Needs what making one needs",
	"redeliverWebhook":      "Needs what making the webhook needs",
	"updateTenant":          "Needs TENANT MANAGE there; to change the sign-up policy also USERS MANAGE",
	"suspendTenant":         "Needs TENANT MANAGE there as one of the operator's people, as an administrator of its partner of record, or of the MSP for its tech partners",
	"reactivateTenant":      "Needs what suspending needs",
	"deleteTenant":          "Needs what suspending needs, or an administrator of the tenant itself",
	"syncInventory":         "Needs SITES MANAGE for all sites, and SERVICES_ADMIN MANAGE",
	"upsertFeature":         "For administrators of the operator",
	"retireFeature":         "For administrators of the operator",
	"retryOutboxMessages":   "For administrators of the operator",
	"dropOutboxMessages":    "For administrators of the operator",
	"changeRole":            "Needs ROLES MANAGE",
	"extendAssignment":      "Needs ASSIGNMENTS MANAGE by a membership of one's own in the partner that granted it",
	"createPrivilegeGroup":  "Needs ASSIGNMENTS MANAGE by a membership of one's own in the partner",
	"updatePrivilegeGroup":  "Needs ASSIGNMENTS MANAGE by a membership of one's own in the partner",
	"deletePrivilegeGroup":  "Needs ASSIGNMENTS MANAGE by a membership of one's own in the partner",
	"setTablePreference":    "One's own only",
	"resetTablePreference":  "One's own only",
	"extendRelationship":    "Needs PARTNERS MANAGE by a membership of one's own",
	"deleteRole":            "Needs ROLES MANAGE",
	"createTechPartner":     "Needs PARTNERS MANAGE by a membership of one's own in the MSP",
	"setAssignedCustomers":  "Needs ASSIGNMENTS MANAGE by a membership of one's own in the MSP",
	"setMspDelegations":     "Needs ASSIGNMENTS MANAGE by a membership of one's own in the MSP",
	"createRole":            "Needs ROLES MANAGE",
	"updateRole":            "Needs ROLES MANAGE",
	"assign":                "Needs ASSIGNMENTS MANAGE by a membership of one's own in the partner",
	"revokeAssignments":     "Needs ASSIGNMENTS MANAGE by a membership of one's own in the partner, or in the customer",
}

func TestEveryMutationNamesItsRule(t *testing.T) {
	t.Parallel()
	s := publicSchema(t)
	for _, f := range s.Mutation.Fields {
		rule, known := rulesOfMutations[f.Name]
		if !known {
			t.Errorf("which rule does %s go by?", f.Name)
		}
		if !strings.Contains(f.Description, rule) {
			t.Errorf("%s does not name its rule %q: %s", f.Name, rule, f.Description)
		}
	}
	for name := range rulesOfMutations {
		if s.Mutation.Fields.ForName(name) == nil {
			t.Errorf("there is no mutation %s", name)
		}
	}
}

func TestEveryMutationTakesOneInputAndAnswersOnePayload(t *testing.T) {
	t.Parallel()
	s := publicSchema(t)
	for _, f := range s.Mutation.Fields {
		title := strings.ToUpper(f.Name[:1]) + f.Name[1:]
		if f.Name != "signOut" && (len(f.Arguments) != 1 || f.Arguments[0].Name != "input" || f.Arguments[0].Type.String() != title+"Input!") {
			t.Errorf("%s does not take input: %sInput!", f.Name, title)
		}
		if f.Type.String() != title+"Payload!" {
			t.Errorf("%s answers %s", f.Name, f.Type)
		}
		faults := s.Types[f.Type.Name()].Fields.ForName("userErrors")
		if faults == nil || faults.Type.String() != "[UserError!]!" {
			t.Errorf("%s has no userErrors: [UserError!]!", f.Type.Name())
			continue
		}
		for code := range strings.SplitSeq(strings.Join(regexp.MustCompile(`\b[A-Z]+(?:_[A-Z]+)+\b|\b(?:INVALID|REQUIRED|CONFLICT)\b`).FindAllString(faults.Description, -1), " "), " ") {
			if code != "" && s.Types["UserErrorCode"].EnumValues.ForName(code) == nil {
				t.Errorf("%s names a code that there is not: %s", f.Type.Name(), code)
			}
		}
	}
}

func TestEveryListTakesABound(t *testing.T) {
	t.Parallel()
	n := 0
	for _, d := range ownTypes(publicSchema(t)) {
		for _, f := range ownFields(d) {
			if strings.HasSuffix(f.Type.Name(), "Connection") {
				n++
				for _, name := range []string{"first", "after"} {
					if f.Arguments.ForName(name) == nil {
						t.Errorf("%s.%s has no %s", d.Name, f.Name, name)
					}
				}
			}
		}
	}
	if n < 10 {
		t.Errorf("the schema has %d lists", n)
	}
}

func TestActionsOfTheSchemaAreThoseOfTheDomain(t *testing.T) {
	t.Parallel()
	told := regexp.MustCompile(`[a-z_]+\.[a-z_]+`).FindAllString(publicSchema(t).Types["AuditFilter"].Fields.ForName("action").Description, -1)
	if diff := cmp.Diff(mandate.Actions, told); diff != "" {
		t.Errorf("actions (- domain, + schema):\n%s", diff)
	}
}

func TestCodesOfTheSchemaAreThoseOfTheDomain(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("../internal/mandate/errors.go")
	if err != nil {
		t.Fatal(err)
	}
	var code strings.Builder
	files, err := os.ReadDir("../internal/mandate")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if name := file.Name(); strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") && name != "errors.go" {
			text, err := os.ReadFile("../internal/mandate/" + name)
			if err != nil {
				t.Fatal(err)
			}
			code.Write(text)
		}
	}
	var used, shown []string
	for _, m := range regexp.MustCompile(`(?m)^\t(\w+) +Code = "(\w+)"$`).FindAllStringSubmatch(string(source), -1) {
		used = append(used, m[2])
		if m[1] != "NotFound" && !regexp.MustCompile(`\b`+m[1]+`\b`).MatchString(code.String()) {
			t.Errorf("no operation answers %s", m[2])
		}
	}
	for _, v := range publicSchema(t).Types["UserErrorCode"].EnumValues {
		shown = append(shown, v.Name)
	}
	slices.Sort(used)
	slices.Sort(shown)
	if diff := cmp.Diff(used, shown); diff != "" {
		t.Errorf("codes (- domain, + schema):\n%s", diff)
	}
}

// ownerless lists the tables whose rows belong to no tenant, with who reads them.
var ownerless = map[string]string{
	"features":            "everybody who is signed in",
	"users":               "the person, and whoever may list a membership of theirs",
	"sessions":            "the person",
	"table_preferences":   "the person",
	"one_time_tokens":     "nobody",
	"sign_in_throttles":   "nobody",
	"idempotency_records": "nobody",
	"outbox_messages":     "administrators of the operator",
	"bookmarks":           "nobody",
}

func TestEveryTableIsScoped(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		l := newLandscape(t, url)
		clerk := l.Staff(l.Customer("elsewhere"), "clerk", testworld.Nothing)
		l.must(l.Write.OneTimeToken.Create().SetUserID(clerk.ID).SetPurpose("RESET").SetHash(strings.Repeat("0", 64)).SetExpiresAt(l.Now()).Exec(l.System()))
		l.must(l.Write.IdempotencyRecord.Create().SetPrincipalKey(strings.Repeat("0", 64)).SetBodyHash("x").SetResult([]string{}).SetAt(l.Now()).Exec(l.System()))
		l.must(l.Write.SignInThrottle.Create().SetSubject(strings.Repeat("0", 64)).SetFailures(1).SetFailedAt(l.Now()).SetUntil(l.Now()).Exec(l.System()))
		l.must(l.Write.MemberPermission.Create().SetTenantID(l.contoso.ID).SetMemberID(l.contoso.Admin.Member(l.contoso.Tenant).ID).SetFeature("invoices").SetLevel(access.View).Exec(l.System()))
		boss := l.contoso.Admin.Member(l.contoso.Tenant)
		at, err := l.Write.Site.Create().SetTenantID(l.contoso.ID).SetAccountNumber("S-1").SetName("Site").SetSortName("site").SetStatus("UP").Save(l.System())
		l.must(err)
		l.must(l.Write.Device.Create().SetTenantID(l.contoso.ID).SetSerialNumber("D-1").SetSiteID(at.ID).Exec(l.System()))
		l.must(l.Write.MemberSite.Create().SetTenantID(l.contoso.ID).SetMemberID(boss.ID).SetSiteID(at.ID).Exec(l.System()))
		l.must(l.Write.ServiceSubscription.Create().SetTenantID(l.contoso.ID).SetExternalID("X-1").SetName("Service").SetActive(true).Exec(l.System()))
		token, err := l.Write.ApiToken.Create().SetTenantID(l.contoso.ID).SetMemberID(boss.ID).SetUserID(boss.UserID).SetName("Token").SetPrefix("mnd_").SetTokenHash("x").
			SetScopes(nil).SetAllTenants(false).SetExpiresAt(l.Now()).Save(l.System())
		l.must(err)
		l.must(l.Write.ApiTokenTenant.Create().SetTokenID(token.ID).SetTenantID(l.contoso.ID).Exec(l.System()))
		l.must(l.Write.AccessRequest.Create().SetTenantID(l.contoso.ID).SetMemberID(boss.ID).SetExpiresAt(l.Now()).Exec(l.System()))
		g, err := l.Write.PrivilegeGroup.Create().SetTenantID(l.acme.ID).SetName("Group").SetScope("SPECIFIC_CUSTOMERS").SetRoleID(access.SystemRoles[0].ID).Save(l.System())
		l.must(err)
		l.must(l.Write.GroupMember.Create().SetTenantID(l.acme.ID).SetGroupID(g.ID).SetMemberID(l.acme.Admin.Member(l.acme.Tenant).ID).Exec(l.System()))
		l.must(l.Write.GroupCustomer.Create().SetTenantID(l.acme.ID).SetGroupID(g.ID).SetCustomerID(l.contoso.ID).SetCustomerSortName("contoso").Exec(l.System()))
		l.must(l.Write.TablePreference.Create().SetUserID(boss.UserID).SetTable("members").SetColumns([]string{"name"}).Exec(l.System()))
		l.must(l.Write.Bookmark.Create().SetReader("tests").SetEventID("evt_" + strings.Repeat("0", 26)).Exec(l.System()))
		l.acme.Admin.Do(`mutation { inviteCustomer(input: {email: "somebody@example.com"}) { userErrors { code } } }`, nil).OK()
		count := rowCounts(l)

		for _, table := range migrate.Tables {
			if count[table.Name] == nil {
				t.Errorf("who reads %s?", table.Name)
			}
			owned := slices.ContainsFunc(table.Columns, func(c *schema.Column) bool {
				return c.Name == "tenant_id" || c.Name == "partner_id" || c.Name == "granter_id"
			})
			if _, listed := ownerless[table.Name]; !owned && !listed && table.Name != "tenants" {
				t.Errorf("whose are the rows of %s?", table.Name)
			}
		}
		for who, want := range map[*testworld.Person]map[string]int{
			l.Stranger(): {"roles": len(access.SystemRoles)}, // a preview shows them
			clerk:        {"roles": len(access.SystemRoles), "features": len(l.Catalogue()), "tenants": 1, "members": 1, "users": 1, "sessions": 1},
		} {
			ctx := rule.With(who.Context(), l.Read, l.DB.Dialect)
			l.must(rule.From(ctx).Resolve(ctx, l.everyID()["ten"]...))
			for table, of := range count {
				if n, err := of(l.System()); err != nil || n <= want[table] && table != "features" {
					t.Errorf("%s has %d rows (%v): there is nothing to hide", table, n, err)
				}
				if n, err := of(ctx); err != nil && !errors.Is(err, privacy.Deny) || n != want[table] {
					t.Errorf("%s: somebody from elsewhere, signed in: %v, reads %d rows; want %d (%v)", table, who.ID != "", n, want[table], err)
				}
			}
		}
	})
}

// rowCounts counts the rows of every table as far as whoever asks sees them.
func rowCounts(l *landscape) map[string]func(context.Context) (int, error) {
	c := l.Read
	return map[string]func(context.Context) (int, error){
		"privilege_groups":      func(ctx context.Context) (int, error) { return c.PrivilegeGroup.Query().Count(ctx) },
		"group_members":         func(ctx context.Context) (int, error) { return c.GroupMember.Query().Count(ctx) },
		"group_customers":       func(ctx context.Context) (int, error) { return c.GroupCustomer.Query().Count(ctx) },
		"table_preferences":     func(ctx context.Context) (int, error) { return c.TablePreference.Query().Count(ctx) },
		"access_requests":       func(ctx context.Context) (int, error) { return c.AccessRequest.Query().Count(ctx) },
		"devices":               func(ctx context.Context) (int, error) { return c.Device.Query().Count(ctx) },
		"member_sites":          func(ctx context.Context) (int, error) { return c.MemberSite.Query().Count(ctx) },
		"service_subscriptions": func(ctx context.Context) (int, error) { return c.ServiceSubscription.Query().Count(ctx) },
		"idempotency_records":   func(ctx context.Context) (int, error) { return c.IdempotencyRecord.Query().Count(ctx) },
		"sign_in_throttles":     func(ctx context.Context) (int, error) { return c.SignInThrottle.Query().Count(ctx) },
		"sites":                 func(ctx context.Context) (int, error) { return c.Site.Query().Count(ctx) },
		"api_tokens":            func(ctx context.Context) (int, error) { return c.ApiToken.Query().Count(ctx) },
		"api_token_tenants":     func(ctx context.Context) (int, error) { return c.ApiTokenTenant.Query().Count(ctx) },
		"webhooks":              func(ctx context.Context) (int, error) { return c.Webhook.Query().Count(ctx) },
		"webhook_deliveries":    func(ctx context.Context) (int, error) { return c.WebhookDelivery.Query().Count(ctx) },
		"bookmarks":             func(ctx context.Context) (int, error) { return c.Bookmark.Query().Count(ctx) },
		"assignments":           func(ctx context.Context) (int, error) { return c.Assignment.Query().Count(ctx) },
		"audit_events":          func(ctx context.Context) (int, error) { return c.AuditEvent.Query().Count(ctx) },
		"features":              func(ctx context.Context) (int, error) { return c.Feature.Query().Count(ctx) },
		"invitations":           func(ctx context.Context) (int, error) { return c.Invitation.Query().Count(ctx) },
		"members":               func(ctx context.Context) (int, error) { return c.Member.Query().Count(ctx) },
		"member_permissions":    func(ctx context.Context) (int, error) { return c.MemberPermission.Query().Count(ctx) },
		"one_time_tokens":       func(ctx context.Context) (int, error) { return c.OneTimeToken.Query().Count(ctx) },
		"outbox_messages":       func(ctx context.Context) (int, error) { return c.OutboxMessage.Query().Count(ctx) },
		"partners":              func(ctx context.Context) (int, error) { return c.Partner.Query().Count(ctx) },
		"relationships":         func(ctx context.Context) (int, error) { return c.Relationship.Query().Count(ctx) },
		"roles":                 func(ctx context.Context) (int, error) { return c.Role.Query().Count(ctx) },
		"role_permissions":      func(ctx context.Context) (int, error) { return c.RolePermission.Query().Count(ctx) },
		"sessions":              func(ctx context.Context) (int, error) { return c.Session.Query().Count(ctx) },
		"tenants":               func(ctx context.Context) (int, error) { return c.Tenant.Query().Count(ctx) },
		"tenant_tags":           func(ctx context.Context) (int, error) { return c.TenantTag.Query().Count(ctx) },
		"users":                 func(ctx context.Context) (int, error) { return c.User.Query().Count(ctx) },
	}
}

func TestNobodyWritesOutsideOfAnOperation(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		l := newLandscape(t, url)
		ctx := rule.With(l.acme.Admin.Context(), l.Write, l.DB.Dialect)
		for name, write := range map[string]func(context.Context) error{
			"a tenant":       l.Write.Tenant.UpdateOneID(l.acme.ID).SetName("x").Exec,
			"a member":       l.Write.Member.Update().SetAdministrator(true).Exec,
			"a relationship": l.Write.Relationship.DeleteOneID(l.relationships["contoso"]).Exec,
			"a role":         l.Write.Role.Create().SetTenantID(l.acme.ID).SetName("x").Exec,
			"an assignment":  l.Write.Assignment.UpdateOneID(l.assignments["assigned"]).SetGranteeName("x").Exec,
			"a session":      l.Write.Session.Update().SetEndedAt(l.Now()).Exec,
		} {
			if err := write(ctx); err == nil || !strings.Contains(err.Error(), "written outside of a domain operation") {
				t.Errorf("%s was written: %v", name, err)
			}
		}
	})
}
