package graph_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mandate/internal/testdb"
	"mandate/internal/testworld"
)

// What there is to see in a tenant, by what shows it.
const (
	papers  = "account city email region street tag zip"              // TENANT VIEW
	people  = "admin adminmail staff staffmail phone guest guestmail" // USERS VIEW; with GUESTS VIEW alone: guest
	queue   = "request decider"                                       // USERS VIEW
	trail   = "actor reason target"                                   // AUDIT VIEW
	details = "address change"                                        // the same, of what can be seen itself
	offer   = "declined invited offer"                                // PARTNERS VIEW on either side
	ledger  = "site subscription"                                     // SITES and SERVICES_ADMIN VIEW
	tokens  = "token"                                                 // TOKENS VIEW
	all     = "name role " + tokens + " " + papers + " " + people + " " + queue + " " + trail + " " + details + " " + ledger
	hooks   = "delivery webhook" // TOKENS VIEW and AUDIT VIEW, by a membership only
	atDesk  = "receptionist receptionistmail"
	atSafe  = "keeper keepermail"
)

// visible says who sees what, by tenant.
var visible = map[string]map[string]string{
	"stranger": {},

	"contoso admin":        {"contoso": all + " " + hooks + " " + offer + " " + atDesk + " " + atSafe, "acme": "name admin assigned scheduled assignedrole", "globex": "name"},
	"contoso staff":        {"contoso": "name staff staffmail"},
	"contoso guest":        {"contoso": "name guest guestmail"},
	"contoso receptionist": {"contoso": "name guest " + papers + " " + atDesk},
	"contoso keeper":       {"contoso": "name admin webhook " + tokens + " " + atSafe},
	"fabri admin":          {"fabri": all + " " + hooks, "acme": "name"},
	"initech admin":        {"initech": all + " " + hooks, "globex": "name"},
	"hooli admin":          {"hooli": all + " " + hooks, "globex": "name"},
	"umbra admin":          {"umbra": all + " " + hooks + " end", "acme": "name"},

	"acme admin": {
		"acme":    all + " " + hooks + " assigned assignedmail assignedrole scheduled scheduledmail enteredsession program",
		"contoso": all + " " + offer + " " + atDesk + " " + atSafe, // within the ceiling ADMINISTRATOR
		"fabri":   "name role " + papers,                           // within a ceiling of TENANT VIEW
		"umbra":   "name end actor reason",                         // what was between the two; nothing of today
		"globex":  "name",
	},
	"acme program":   {"acme": "admin program", "contoso": "name admin " + papers + " " + tokens}, // of its owner the name
	"acme staff":     {"acme": "name staff staffmail"},
	"acme assigned":  {"acme": "name assigned assignedmail", "contoso": "name guest"},
	"acme scheduled": {"acme": "name scheduled scheduledmail"},
	"acme entered contoso": {
		"contoso": all + " " + offer + " " + atDesk + " " + atSafe,
		"acme":    "name admin adminmail enteredsession assigned scheduled assignedrole", // the person, and what Contoso's own see
		"globex":  "name",
	},
	"globex admin": {
		"globex": all + " " + hooks + " reader readermail", "hooli": all,
		"initech": "name", "contoso": "name role " + offer,
	},
	"globex reader": {
		"globex": all + " " + hooks + " reader readermail",
		"hooli":  "name", "initech": "name", "contoso": "name role " + offer,
	},

	"oper admin":  operatorSees(papers+" subscription", map[string]string{"oper": all + " " + hooks + " reader readermail clerk clerkmail"}),
	"oper reader": operatorSees(papers+" subscription", map[string]string{"oper": all + " " + hooks + " reader readermail clerk clerkmail"}),
	"oper clerk":  operatorSees("", map[string]string{"oper": "name clerk clerkmail"}),
}

// operatorSees is what the operator's people see of others: names, papers if they may, and what stands between two.
func operatorSees(papers string, own map[string]string) map[string]string {
	of := map[string]string{
		"acme": "name", "globex": "name", "hooli": "name", "initech": "name",
		"contoso": "name role " + offer, "fabri": "name role", "umbra": "name end",
	}
	for tenant := range of {
		of[tenant] += " " + papers
	}
	maps.Copy(of, own)
	return of
}

// allowed writes what somebody sees in the form of seen.
func allowed(who string) []string {
	tenants, listed := visible[who]
	if !listed { // somebody without any level
		tenant, what, _ := strings.Cut(who, " ")
		tenants = map[string]string{tenant: "name " + what + " " + what + "mail"}
	}
	var list []string
	home, what, _ := strings.Cut(who, " ")
	for tenant, words := range tenants {
		if tenant == home && who != "acme entered contoso" && who != "acme program" {
			words += " " + what + "session" // one's own
		}
		sorted := strings.Fields(words)
		slices.Sort(sorted)
		list = append(list, tenant+": "+strings.Join(sorted, " "))
	}
	slices.Sort(list)
	return list
}

func TestEverybodySeesWhatTheyReachAndNothingElse(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		l := newLandscape(t, url)
		for who, p := range l.people {
			t.Run(who, func(t *testing.T) {
				answers := l.reads(p)
				if diff := cmp.Diff(allowed(who), seen(answers)); diff != "" {
					t.Errorf("(- allowed, + seen):\n%s", diff)
				}
				for _, a := range answers {
					for _, fault := range miscounted(t, a) {
						t.Error(fault)
					}
				}
			})
		}
		l.Later(24 * time.Hour)
		t.Run("a scheduled assignment counts from its moment on", func(t *testing.T) {
			visible := []string{"acme: name scheduled scheduledmail scheduledsession", "contoso: account city email guest name region street tag zip"}
			if diff := cmp.Diff(visible, seen(l.reads(l.people["acme scheduled"]))); diff != "" {
				t.Errorf("(- allowed, + seen):\n%s", diff)
			}
		})
	})
}

// miscounted lists the lists of an answer whose total is not the number of their rows. All fit on their page.
func miscounted(t *testing.T, a *testworld.Answer) []string {
	t.Helper()
	var faults []string
	var walk func(at string, v any)
	walk = func(at string, v any) {
		switch v := v.(type) {
		case map[string]any:
			if n, counted := v["totalCount"].(float64); counted && n != float64(len(v["nodes"].([]any))) {
				faults = append(faults, fmt.Sprintf("%s has %d rows and counts %v", at, len(v["nodes"].([]any)), n))
			}
			for name, child := range v {
				walk(at+"."+name, child)
			}
		case []any:
			for i, child := range v {
				walk(fmt.Sprintf("%s.%d", at, i), child)
			}
		}
	}
	var body any
	if err := json.Unmarshal([]byte(a.Body), &body); err != nil {
		t.Fatal(err)
	}
	walk("answer", body)
	return faults
}

// lookups are the queries that take any id.
var lookups = []string{
	`query($id: ID!) { node(id: $id) { id } }`, `query($id: ID!) { nodes(ids: [$id, $id]) { id } }`, `query($id: ID!) { tenant(id: $id) { id } }`,
}

// attempts are the operations that name something by its id, by the kind of the id.
var attempts = map[string][]string{
	"ten": {
		`query($id: ID!) { tenant(id: $id) { id name } }`,
		`query($id: ID!) { customers(first: 100, filter: {partnerId: $id}) { totalCount nodes { id } } }`,
		`mutation($id: ID!) { enterTenant(input: {tenantId: $id}) { token userErrors { message field code } } }`,
		`mutation($id: ID!) { createRole(input: {tenantId: $id, name: "x", permissions: []}) { role { id } userErrors { message field code } } }`,
		`mutation($id: ID!) { activateService(input: {tenantId: $id}) { tenant { id } userErrors { message field code } } }`,
		`mutation($id: ID!) { syncInventory(input: {tenantId: $id, sites: [{accountNumber: "x", name: "x", status: UP}]}) { created userErrors { message field code } } }`,
		`mutation($id: ID!) { invitePartner(input: {tenantId: $id, code: "MND-0000-0000", roleKey: READ_ONLY}) { invitation { id } userErrors { message field code } } }`,
		`mutation($id: ID!) { addMembers(input: {tenantId: $id, dryRun: true, members: [{userId: "x", label: "x", firstName: "x", lastName: "x", email: "x@example.com", phone: "+12025550123", roleKey: READ_ONLY}]}) { userErrors { message field code } } }`,
	},
	"prt": {
		`query($id: ID!) { customers(first: 100, filter: {partnerId: $id}) { totalCount nodes { id } } }`,
		`mutation($id: ID!) { inviteCustomer(input: {partnerId: $id, email: "x@example.com"}) { invitation { id } userErrors { message field code } } }`,
		`mutation($id: ID!) { rotateInviteLink(input: {partnerId: $id}) { partner { id } userErrors { message field code } } }`,
		`mutation($id: ID!) { recognizePartner(input: {id: $id, recognized: false}) { partner { id } userErrors { message field code } } }`,
	},
	"mem": {
		`mutation($id: ID!) { changeRole(input: {memberId: $id, roleKey: READ_ONLY}) { member { id } userErrors { message field code } } }`,
		`mutation($id: ID!) { assign(input: {granteeId: $id, tenantId: "x", roleKey: READ_ONLY}) { assignment { id } userErrors { message field code } } }`,
	},
	"rol": {
		`mutation($id: ID!) { updateRole(input: {id: $id, name: "x"}) { role { id } userErrors { message field code } } }`,
	},
	"rel": {
		`mutation($id: ID!) { narrowRelationship(input: {id: $id, roleKey: READ_ONLY}) { relationship { id } userErrors { message field code } } }`,
		`mutation($id: ID!) { widenRelationship(input: {id: $id, roleKey: PRIME_ADMIN}) { relationship { id } userErrors { message field code } } }`,
		`mutation($id: ID!) { suspendRelationship(input: {id: $id}) { relationship { id } userErrors { message field code } } }`,
		`mutation($id: ID!) { resumeRelationship(input: {id: $id}) { relationship { id } userErrors { message field code } } }`,
		`mutation($id: ID!) { terminateRelationship(input: {id: $id, dryRun: true}) { relationship { id } ended { people } userErrors { message field code } } }`,
	},
	"inv": {
		`mutation($id: ID!) { resendInvitation(input: {id: $id}) { invitation { id } userErrors { message field code } } }`,
		`mutation($id: ID!) { revokeInvitation(input: {id: $id}) { invitation { id } userErrors { message field code } } }`,
		`mutation($id: ID!) { acceptInvitation(input: {id: $id}) { invitation { id } userErrors { message field code } } }`,
		`mutation($id: ID!) { declineInvitation(input: {id: $id}) { invitation { id } userErrors { message field code } } }`,
	},
	"asg": {
		`mutation($id: ID!) { revokeAssignments(input: {ids: [$id]}) { assignments { id } userErrors { message field code } } }`,
	},
	"tok": {
		`mutation($id: ID!) { revokeApiToken(input: {id: $id}) { apiToken { id } userErrors { message field code } } }`,
	},
	"whk": {
		`mutation($id: ID!) { updateWebhook(input: {id: $id, events: []}) { webhook { id } userErrors { message field code } } }`,
		`mutation($id: ID!) { rotateWebhookSecret(input: {id: $id}) { secret webhook { id } userErrors { message field code } } }`,
		`mutation($id: ID!) { deleteWebhook(input: {id: $id}) { deletedId userErrors { message field code } } }`,
	},
	"whd": {
		`mutation($id: ID!) { redeliverWebhook(input: {ids: [$id]}) { deliveries { id } userErrors { message field code } } }`,
	},
	"req": {
		`mutation($id: ID!) { approveAccessRequests(input: {ids: [$id]}) { accessRequests { id } userErrors { message field code } } }`,
		`mutation($id: ID!) { rejectAccessRequests(input: {ids: [$id], reason: "x"}) { accessRequests { id } userErrors { message field code } } }`,
	},
}

func TestT01WhatIsOutOfReachIsLikeWhatNeverWas(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		l := newLandscape(t, url)
		for who, p := range l.people {
			t.Run(who, func(t *testing.T) {
				for kind, ids := range l.everyID() {
					never := kind + "_" + strings.Repeat("z", 26)
					hidden := l.hidden(p, ids)
					for _, id := range hidden[:min(len(hidden), 2)] {
						for _, operation := range slices.Concat(lookups, attempts[kind]) {
							got, want := p.Do(operation, testworld.Vars{"id": id}), p.Do(operation, testworld.Vars{"id": never})
							if diff := cmp.Diff(strings.ReplaceAll(want.Body, never, id), got.Body); diff != "" {
								t.Errorf("%s\n(- never was, + out of reach):\n%s", operation, diff)
							}
						}
					}
				}
			})
		}
	})
}

// hidden lists those of some nodes that somebody does not see.
func (l *landscape) hidden(p *testworld.Person, ids []string) []string {
	l.Helper()
	if p.ID == "" {
		return ids
	}
	var hidden []string
	for chunk := range slices.Chunk(ids, 100) {
		nodes := p.Do(`query($ids: [ID!]!) { nodes(ids: $ids) { id } }`, testworld.Vars{"ids": chunk}).OK().List("nodes")
		for i, id := range chunk {
			if nodes[i] == nil {
				hidden = append(hidden, id)
			}
		}
	}
	return hidden
}

func TestNodesKeepTheirPositions(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		l := newLandscape(t, url)
		p := l.people["contoso admin"]
		asked := []string{l.fabri.ID, l.contoso.ID, "nonsense", l.relationships["contoso"], l.fabri.ID, l.contoso.ID, "ten_" + strings.Repeat("z", 26), strings.ToUpper(l.contoso.ID), l.contoso.ID + " "}
		a := p.Do(`query($ids: [ID!]!) { nodes(ids: $ids) { id } }`, testworld.Vars{"ids": asked}).OK()
		var got []string
		for i := range asked {
			id, _ := a.At(fmt.Sprintf("nodes.%d.id", i)).(string)
			got = append(got, id)
		}
		if diff := cmp.Diff([]string{"", l.contoso.ID, "", l.relationships["contoso"], "", l.contoso.ID, "", "", ""}, got); diff != "" {
			t.Errorf("(- want, + got):\n%s", diff)
		}
		for _, garbled := range []string{strings.ToUpper(l.contoso.ID), l.contoso.ID + " ", l.contoso.ID + "\x00", ""} {
			if a := p.Do(`query($id: ID!) { tenant(id: $id) { id } node(id: $id) { id } }`, testworld.Vars{"id": garbled}).OK(); a.At("tenant") != nil || a.At("node") != nil {
				t.Errorf("%q is answered: %s", garbled, a.Body)
			}
		}
		many := slices.Repeat([]string{l.contoso.ID}, 101)
		if diff := cmp.Diff([]string{"BAD_USER_INPUT at nodes"}, p.Do(`query($ids: [ID!]!) { nodes(ids: $ids) { id } }`, testworld.Vars{"ids": many}).Errors()); diff != "" {
			t.Errorf("101 nodes (- want, + got):\n%s", diff)
		}
	})
}

// guarded are the fields that somebody with a path to a tenant, and no level there, does not read.
var guarded = map[string]string{
	"accountNumber": "", "email": "", "address": "{ city }", "tags": "", "serviceActivatedAt": "", "partner": "{ id }",
	"members": "(first: 1) { totalCount }", "roles": "(first: 1) { totalCount }", "invitations": "(first: 1) { totalCount }",
	"assignments": "(first: 1) { totalCount }", "apiTokens": "(first: 1) { totalCount }", "webhooks": "(first: 1) { totalCount }", "auditEvents": "(first: 1) { totalCount }", "accessRequests": "(first: 1) { totalCount }",
	"sites": "(first: 1) { totalCount }", "siteSummary": "{ total }", "deviceCount": "",
	"serviceSubscriptions": "(first: 1) { totalCount }", "subscriptionCount": "",
}

func TestAGuardedFieldIsNullWithAnErrorAtItsPath(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		l := newLandscape(t, url)
		t.Run("every field of a tenant without a level", func(t *testing.T) {
			for field, rest := range guarded {
				a := l.people["contoso staff"].Do(fmt.Sprintf(`query($id: ID!) { tenant(id: $id) { name %s%s } }`, field, rest), testworld.Vars{"id": l.contoso.ID})
				if diff := cmp.Diff([]string{"FORBIDDEN at tenant." + field}, a.Errors()); diff != "" || a.At("tenant."+field) != nil {
					t.Errorf("%s (- want, + got):\n%s\n%s", field, diff, a.Body)
				}
				if a.String("tenant.name") != l.contoso.Name {
					t.Errorf("%s takes its siblings with it: %s", field, a.Body)
				}
			}
		})
		t.Run("guests and oneself, without their papers, with GUESTS VIEW", func(t *testing.T) {
			a := l.people["contoso receptionist"].Do(`query($id: ID!) { tenant(id: $id) { members(first: 10) { totalCount nodes { guest label email phone lastSignedInAt permissions { level } user { email name } } } } }`, testworld.Vars{"id": l.contoso.ID})
			var want []string
			for _, field := range []string{"email", "lastSignedInAt", "permissions", "phone"} {
				want = append(want, "FORBIDDEN at tenant.members.nodes.0."+field, "FORBIDDEN at tenant.members.nodes.1."+field)
			}
			want = append(want, "FORBIDDEN at tenant.members.nodes.0.user.email", "FORBIDDEN at tenant.members.nodes.0.user.name")
			got := a.Errors()
			slices.Sort(got)
			slices.Sort(want)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(- want, + got):\n%s", diff)
			}
			if diff := cmp.Diff([]string{mark("contoso", "guest"), mark("contoso", "receptionist")}, a.Column("tenant.members.nodes", "label")); diff != "" || a.At("tenant.members.totalCount") != 2.0 {
				t.Errorf("others are listed (- want, + got):\n%s", diff)
			}
		})
		t.Run("filters of members tell nothing of those out of sight", func(t *testing.T) {
			a := l.people["contoso receptionist"].Do(`query($id: ID!) { tenant(id: $id) {
				administrators: members(filter: {administrator: true}, first: 1) { totalCount nodes { id } pageInfo { hasNextPage endCursor } }
				named: members(filter: {search: "contoso"}, first: 2) { totalCount pageInfo { hasNextPage } } } }`, testworld.Vars{"id": l.contoso.ID}).OK()
			if a.At("tenant.administrators.totalCount") != 0.0 || a.At("tenant.administrators.pageInfo.endCursor") != nil || a.At("tenant.named.totalCount") != 2.0 || a.At("tenant.named.pageInfo.hasNextPage") != false {
				t.Error(a.Body)
			}
		})
		t.Run("the invite link takes MANAGE", func(t *testing.T) {
			a := l.people["globex reader"].Do(`query($id: ID!) { tenant(id: $id) { partner { code inviteLink } } }`, testworld.Vars{"id": l.globex.ID})
			if diff := cmp.Diff([]string{"FORBIDDEN at tenant.partner.inviteLink"}, a.Errors()); diff != "" {
				t.Errorf("(- want, + got):\n%s", diff)
			}
		})
		t.Run("staffCount takes ASSIGNMENTS VIEW", func(t *testing.T) {
			a := l.people["oper clerk"].Do(`query($id: ID!) { tenant(id: $id) { relationship { id staffCount } } }`, testworld.Vars{"id": l.contoso.ID})
			if diff := cmp.Diff([]string{"FORBIDDEN at tenant.relationship.staffCount"}, a.Errors()); diff != "" || a.String("tenant.relationship.id") == "" {
				t.Errorf("(- want, + got):\n%s", diff)
			}
		})
		t.Run("a root field takes a sign-in", func(t *testing.T) {
			for _, query := range []string{`{ node(id: "x") { id } }`, `{ nodes(ids: []) { id } }`, `{ tenant(id: "x") { id } }`, `{ customers(first: 1) { totalCount } }`,
				`{ tenants(first: 1) { totalCount } }`, `{ features { key } }`, `{ systemRoles { id } }`, `{ partnerByCode(code: "x") { name } }`} {
				field := strings.FieldsFunc(query, func(r rune) bool { return r == '{' || r == '(' || r == ' ' })[0]
				if diff := cmp.Diff([]string{"UNAUTHENTICATED at " + field}, l.people["stranger"].Do(query, nil).Errors()); diff != "" {
					t.Errorf("%s (- want, + got):\n%s", query, diff)
				}
			}
			if a := l.people["stranger"].Do(`{ viewer { user { id } } }`, nil).OK(); a.At("viewer") != nil {
				t.Error(a.Body)
			}
		})
	})
}

func TestACustomRoleIsReadThroughWhatCarriesIt(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		l := newLandscape(t, url)
		for who, want := range map[string]bool{"acme admin": true, "oper clerk": true, "acme staff": false, "globex admin": false, "contoso admin": false} {
			if got := reaches(l.people[who], l.roles["fabri"]); got != want {
				t.Errorf("%s reads the role that is Acme's ceiling in Fabri: %v", who, got)
			}
		}
		if reaches(l.people["acme admin"], l.roles["initech"]) {
			t.Error("a role that nothing carries is read from outside")
		}
	})
}

func TestAMembershipOutlivesTheReachOfItsTenant(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		l := newLandscape(t, url)
		p := l.people["contoso staff"]
		m := p.Member(l.contoso.Tenant)
		l.must(l.Write.Tenant.UpdateOneID(l.contoso.ID).SetStatus("SUSPENDED").Exec(l.System()))
		a := p.Do(`query($id: ID!) { node(id: $id) { ... on Member { id status tenant { id } } } }`, testworld.Vars{"id": m.ID}).OK()
		want := any(map[string]any{"id": m.ID, "status": "ACTIVE", "tenant": nil})
		if diff := cmp.Diff(want, a.At("node")); diff != "" {
			t.Errorf("(- want, + got):\n%s", diff)
		}
	})
}
