package graph_test

import (
	"context"
	"database/sql"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"entgo.io/ent/dialect"
	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"mandate/ent/auditevent"
	"mandate/ent/invitation"
	"mandate/ent/relationship"
	"mandate/graph"
	"mandate/internal/access"
	"mandate/internal/testdb"
	"mandate/internal/testworld"
)

// in is the input of a mutation.
type in = map[string]any

// Shorter names for what custom roles hold.
type (
	feature     = access.Feature
	accessLevel = access.Level
)

const (
	view   = access.View
	manage = access.Manage
)

// scene is where a story plays: a world, and checks that hold for every mutation in it.
type scene struct {
	*testing.T
	*testworld.World
}

// eachScene tells a story on every engine.
func eachScene(t *testing.T, tell func(s scene)) {
	t.Helper()
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) { tell(scene{t, testworld.New(t, url)}) })
}

// then tells one part of the story; its name is the outcome.
func (s scene) then(outcome string, tell func(s scene)) {
	s.Helper()
	if !s.Run(outcome, func(t *testing.T) { tell(scene{t, s.World}) }) {
		s.FailNow() // what follows rests on it
	}
}

const (
	showInvitation = `invitation { id status direction channel email declineReason sendCount customerProfile { name accountNumber }
		customer { id } role { id key name } partner { name code } relationship { id } viewerCanAccept viewerCanRevoke viewerCanResend }`
	showRelationship = `relationship { id kind status version endsAt endedBy endReason suspendedBy partner { name } customerProfile { name }
		customer { id } role { id key name } viewerCanTerminate viewerCanSuspend viewerCanResume viewerCanNarrow }`
)

// payloads says what is read of the answers to mutations.
var payloads = map[string]string{
	"signIn":                "token session { id } viewer { user { id } }",
	"resetPassword":         "ok",
	"requestPasswordReset":  "ok",
	"enterTenant":           "token session { id enteredTenant { id } }",
	"inviteCustomer":        showInvitation,
	"invitePartner":         showInvitation,
	"resendInvitation":      showInvitation,
	"revokeInvitation":      showInvitation,
	"acceptInvitation":      showInvitation + showRelationship + "token session { id }",
	"declineInvitation":     showInvitation,
	"rotateInviteLink":      "partner { id inviteLink }",
	"narrowRelationship":    showRelationship,
	"widenRelationship":     showRelationship + showInvitation,
	"suspendRelationship":   showRelationship,
	"resumeRelationship":    showRelationship,
	"terminateRelationship": showRelationship + "ended { people groups techPartners sessions }",
	"registerPartner":       "partner { id code name recognized tenant { id } }",
	"recognizePartner":      "partner { id recognized }",
	"createCustomer":        "tenant { id name }" + showRelationship,
	"activateService":       "tenant { id serviceActivatedAt }",
	"addMembers":            "members { id administrator role { key } }",
	"updateMembers":         "members { id version userId label firstName lastName administrator role { key } }",
	"removeMembers":         "removedIds",
	"setMemberStatus":       "members { id status }",
	"sendPasswordLinks":     "members { id }",
	"signUp":                "ok",
	"verifyEmail":           "ok",
	"approveAccessRequests": "accessRequests { id status decidedBy { name } member { id status } }",
	"rejectAccessRequests":  "accessRequests { id status reason decidedBy { name } }",
	"changePassword":        "ok",
	"changeEmail":           "ok",
	"reauthenticate":        "session { id current authenticatedAt }",
	"revokeSession":         "session { id }",
	"leaveTenant":           "ok",
	"createApiToken":        "token apiToken { id name prefix expiresAt owner { name } tenants { name } }",
	"revokeApiToken":        "apiToken { id revokedAt }",
	"createWebhook":         "secret webhook { id url events status version failingSince }",
	"updateWebhook":         "webhook { id url events status version failingSince }",
	"rotateWebhookSecret":   "secret webhook { id version }",
	"deleteWebhook":         "deletedId",
	"redeliverWebhook":      "deliveries { id status attempts eventId }",
	"updateTenant":          "tenant { id name version }",
	"suspendTenant":         "tenant { id status }",
	"reactivateTenant":      "tenant { id status }",
	"deleteTenant":          "deletedId",
	"syncInventory":         "tenant { id } created updated unchanged",
	"upsertFeature":         "feature { key name retired levels { level label } }",
	"retireFeature":         "feature { key retired }",
	"createTechPartner":     "partner { id name type tenant { id } managedBy { name } }",
	"setAssignedCustomers":  "partner { id assignedCustomersCount } assigned unassigned",
	"setMspDelegations":     "partner { id mspAdminCount } assignments { id status granteeName role { key } }",
	"extendAssignment":      "assignment { id status version accessPeriod { limited startsAt endsAt } }",
	"createPrivilegeGroup":  "privilegeGroup { id name scope memberCount version role { key } }",
	"updatePrivilegeGroup":  "privilegeGroup { id name scope memberCount version role { key } }",
	"deletePrivilegeGroup":  "deletedId",
	"deleteRole":            "deletedId",
	"extendRelationship":    showRelationship + showInvitation,
	"setTablePreference":    "tablePreference { table columns isDefault }",
	"resetTablePreference":  "tablePreference { table columns isDefault }",
	"changeRole":            "member { id administrator role { key } }",
	"createRole":            "role { id name }",
	"updateRole":            "role { id name }",
	"assign":                "assignment { id status role { key } }",
	"revokeAssignments":     "assignments { id status }",
	"retryOutboxMessages":   "outboxMessages { id status }",
	"dropOutboxMessages":    "droppedIds",
}

// asks sends a mutation.
func (s scene) asks(p *testworld.Person, mutation string, input in) *testworld.Answer {
	s.Helper()
	payload, known := payloads[mutation]
	if !known {
		s.Fatalf("what is read of %s?", mutation)
	}
	return p.Do(fmt.Sprintf("mutation($in: %s%sInput!) { %s(input: $in) { %s userErrors { message field code } } }",
		strings.ToUpper(mutation[:1]), mutation[1:], mutation, payload), testworld.Vars{"in": input})
}

// does sends a mutation that succeeds, and checks that it left exactly one event in the audit trail: two for a hand-over,
// which ends one pair and begins another, and tells neither partner of the other; for a deletion one more for every pair,
// connected or invited, that ends with the tenant, which tells no customer of another. These events name all rows that subscriptions tell of and that
// it changed.
func (s scene) does(p *testworld.Person, mutation string, input in) *testworld.Answer {
	s.Helper()
	before, want := s.events(), 1
	switch {
	case input["replaceCurrent"] == true:
		want = 2
	case mutation == "deleteTenant":
		want += s.pairs(input["id"].(string)) + s.asked(input["id"].(string))
	}
	rows, last := s.hearable(), s.latestEvent()
	a := s.asks(p, mutation, input).OK()
	s.names(mutation, rows, last)
	if n := s.events() - before; n != want {
		s.Errorf("%s wrote %d audit events; want %d", mutation, n, want)
	}
	return a
}

// rehearses sends a dry run that succeeds, and checks that it wrote nothing.
func (s scene) rehearses(p *testworld.Person, mutation string, input in) *testworld.Answer {
	s.Helper()
	before := s.rows()
	a := s.asks(p, mutation, input).OK()
	s.unchanged(before, "a dry run of "+mutation)
	return a
}

// repeats sends a mutation that succeeds and changes nothing, and checks that nothing was written.
func (s scene) repeats(p *testworld.Person, mutation string, input in) *testworld.Answer {
	s.Helper()
	before := s.rows()
	a := s.asks(p, mutation, input).OK()
	s.unchanged(before, mutation+", which changes nothing,")
	return a
}

// refused sends a mutation that breaks rules, each "CODE at input.path", and checks that nothing was written and that
// nothing but the rules is answered.
func (s scene) refused(p *testworld.Person, mutation string, input in, rules ...string) *testworld.Answer {
	s.Helper()
	before := s.rows()
	a := s.asks(p, mutation, input)
	s.unchanged(before, mutation)
	if errs := a.Errors(); errs != nil {
		s.Fatalf("%s has errors: %v\n%s", mutation, errs, a.Body)
	}
	if diff := cmp.Diff(rules, a.UserErrors(mutation)); diff != "" {
		s.Errorf("%s broke other rules (- want, + got):\n%s\n%s", mutation, diff, a.Body)
	}
	for _, rule := range rules {
		code, _, _ := strings.Cut(rule, " ")
		if told := promised(mutation); !slices.Contains(told, code) {
			s.Errorf("%s answers %s, and its payload tells of %v only", mutation, code, told)
		}
	}
	payload, _ := a.At(mutation).(map[string]any)
	for field, v := range payload {
		if list, ok := v.([]any); field != "userErrors" && v != nil && v != false && v != 0. && (!ok || len(list) > 0) {
			s.Errorf("%s was refused, and answers %s: %v", mutation, field, v)
		}
	}
	return a
}

// api is the schema as clients read it.
var api = sync.OnceValue(func() *ast.Schema {
	return gqlparser.MustLoadSchema(&ast.Source{Name: "schema.graphql", Input: graph.SDL()})
})

var codes = regexp.MustCompile(`[A-Z]{2,}(_[A-Z]+)*`)

// promised lists the codes that the schema says a mutation can answer.
func promised(mutation string) []string {
	payload := api().Types[api().Mutation.Fields.ForName(mutation).Type.Name()]
	return append(codes.FindAllString(payload.Fields.ForName("userErrors").Description, -1), codes.FindAllString(api().Mutation.Description, -1)...)
}

// forbidden sends a mutation that the person has no right to, and checks that nothing was written.
func (s scene) forbidden(p *testworld.Person, mutation string, input in) {
	s.Helper()
	before := s.rows()
	a := s.asks(p, mutation, input)
	s.unchanged(before, mutation)
	if diff := cmp.Diff([]string{"FORBIDDEN at " + mutation}, a.Errors()); diff != "" {
		s.Errorf("%s (- want, + got):\n%s\n%s", mutation, diff, a.Body)
	}
}

// sees checks a list of strings that a query answers.
func (s scene) sees(got []string, want ...string) {
	s.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		s.Errorf("(- want, + got):\n%s", diff)
	}
}

// has checks that a list holds some strings.
func (s scene) has(got []string, want ...string) {
	s.Helper()
	for _, w := range want {
		if !slices.Contains(got, w) {
			s.Errorf("%v lacks %s", got, w)
		}
	}
}

// is checks one thing.
func (s scene) is(what string, got, want any) {
	s.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		s.Errorf("%s (- want, + got):\n%s", what, diff)
	}
}

func (s scene) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// pairs counts the live relationships of a tenant, on either side.
func (s scene) pairs(tenantID string) int {
	s.Helper()
	n, err := s.Write.Relationship.Query().Where(relationship.Or(relationship.PartnerID(tenantID), relationship.CustomerID(tenantID)),
		relationship.ActiveCustomerIDNotNil(), relationship.Or(relationship.EndsAtIsNil(), relationship.EndsAtGT(s.Now()))).Count(s.System())
	s.must(err)
	return n
}

// asked counts the pending invitations between a tenant and others to which it is not connected.
func (s scene) asked(tenantID string) int {
	s.Helper()
	n, err := s.Write.Invitation.Query().Where(invitation.Or(invitation.PartnerID(tenantID), invitation.CustomerID(tenantID)), invitation.CustomerIDNotNil(),
		invitation.RelationshipIDIsNil(), invitation.StatusEQ(invitation.StatusPending), invitation.ExpiresAtGT(s.Now())).Count(s.System())
	s.must(err)
	return n
}

// events counts the events of the audit trail, without those of what only the clock ended.
func (s scene) events() int {
	s.Helper()
	n, err := s.Write.AuditEvent.Query().Where(auditevent.Not(auditevent.ActionHasSuffix(".expired"))).Count(s.System())
	if err != nil {
		s.Fatal(err)
	}
	return n
}

// rows reads the whole database: every row of every table but the one that counts what was refused.
func (s scene) rows() map[string][]string {
	s.Helper()
	tables := "SELECT name FROM sqlite_master WHERE type='table' AND name NOT LIKE 'sqlite_%'"
	if s.DB.Dialect == dialect.MySQL {
		tables = "SELECT table_name FROM information_schema.tables WHERE table_schema=DATABASE() AND table_type='BASE TABLE'"
	}
	all := make(map[string][]string)
	for _, table := range s.read(tables) {
		all[table] = s.read("SELECT * FROM " + table)
	}
	delete(all, "sign_in_throttles")
	return all
}

// read answers a query with a string for every row.
func (s scene) read(query string) []string {
	s.Helper()
	rows, err := s.DB.Read.QueryContext(context.Background(), query)
	if err != nil {
		s.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		s.Fatal(err)
	}
	var found []string
	for rows.Next() {
		values, to := make([]sql.NullString, len(columns)), make([]any, len(columns))
		for i := range values {
			to[i] = &values[i]
		}
		if err := rows.Scan(to...); err != nil {
			s.Fatal(err)
		}
		text := make([]string, len(values))
		for i, v := range values {
			text[i] = v.String
		}
		found = append(found, strings.Join(text, " | "))
	}
	if err := rows.Err(); err != nil {
		s.Fatal(err)
	}
	slices.Sort(found)
	return found
}

func (s scene) unchanged(before map[string][]string, by string) {
	s.Helper()
	if diff := cmp.Diff(before, s.rows()); diff != "" {
		s.Errorf("%s wrote (- before, + after):\n%s", by, diff)
	}
}

// invites lets a partner invite an address, and returns the invitation's id and the token that was mailed.
func (s scene) invites(p *testworld.Company, email string) (id, token string) {
	s.Helper()
	id = s.does(p.Admin, "inviteCustomer", in{"email": email}).String("inviteCustomer.invitation.id")
	return id, s.lastToken(email)
}

// lastToken is the one in the mail that went to an address last.
func (s scene) lastToken(email string) string {
	s.Helper()
	mails := s.Mails(email)
	if len(mails) == 0 {
		s.Fatalf("there is no mail to %s", email)
	}
	return testworld.Token(mails[len(mails)-1])
}

// signsIn signs somebody in, and returns the session's token.
func (s scene) signsIn(email string) string {
	s.Helper()
	return s.signsInWith(email, testworld.Password)
}

func (s scene) signsInWith(email, password string) string {
	s.Helper()
	return s.does(s.Stranger(), "signIn", in{"email": email, "password": password}).String("signIn.token")
}

// person is somebody who was made before, in a session of their own.
func (s scene) person(email string) *testworld.Person {
	s.Helper()
	return s.Bearer(s.signsIn(email))
}

// customersOf lists the customers that somebody reaches, by name.
func customersOf(p *testworld.Person) []string {
	return p.Do("{ customers(first: 100) { nodes { name } } }", nil).OK().Column("customers.nodes", "name")
}

// reaches tells whether a node is there for somebody.
func reaches(p *testworld.Person, id string) bool {
	return p.Do("query($id: ID!) { node(id: $id) { id } }", testworld.Vars{"id": id}).OK().At("node") != nil
}

// level is what somebody may do with a feature of a tenant; "" for a tenant that they do not reach.
func level(s scene, p *testworld.Person, tenantID, feature string) string {
	s.Helper()
	a := p.Do("query($id: ID!) { tenant(id: $id) { viewerPermissions { feature { key } level } } }", testworld.Vars{"id": tenantID}).OK()
	if a.At("tenant") == nil {
		return ""
	}
	for i, key := range a.Column("tenant.viewerPermissions", "feature.key") {
		if key == feature {
			return a.String(fmt.Sprintf("tenant.viewerPermissions.%d.level", i))
		}
	}
	s.Fatalf("there is no feature %s", feature)
	return ""
}
