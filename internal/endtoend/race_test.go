package endtoend

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mandate/internal/clock"
	"mandate/internal/doctor"
	"mandate/internal/testdb"
	"mandate/internal/testworld"
)

// race is two servers on one database, which the test looks at by itself.
type race struct {
	*testing.T
	*testworld.World
	servers [2]*site
	mail    *mailServer
}

func newRace(t *testing.T) *race {
	t.Helper()
	url := testdb.New(t, testdb.MariaDB)
	w := testworld.New(t, url)
	w.Later(time.Since(w.Now())) // the servers have the clock of the machine
	r := &race{T: t, World: w, mail: newMailServer(t)}
	env := append(r.mail.settings(), "MANDATE_DATABASE_URL="+url, "MANDATE_PUBLIC_URL="+publicURL)
	for i := range r.servers {
		r.servers[i] = serve(t, env)
	}
	return r
}

// entry is a mutation that takes part in a race.
type entry struct {
	token, mutation string
	input           in
}

// by is an entry of somebody's, in a session of its own.
func by(p *testworld.Person, mutation string, input in) entry {
	_, token := p.Token()
	return entry{token, mutation, input}
}

// run sends all entries at once, to the servers by turns, and counts the outcomes.
func (r *race) run(entries []entry) map[string]int {
	r.Helper()
	var mu sync.Mutex
	outcomes := make(map[string]int)
	start := make(chan struct{})
	var all sync.WaitGroup
	for i, e := range entries {
		all.Go(func() {
			<-start
			outcome := r.outcome(r.servers[i%len(r.servers)], e)
			mu.Lock()
			defer mu.Unlock()
			outcomes[outcome]++
		})
	}
	close(start)
	all.Wait()
	return outcomes
}

// outcome is OK, or what came in an entry's way. Who is told to come back, for the machine has other work, does.
func (r *race) outcome(server *site, e entry) string {
	r.Helper()
	for end := time.Now().Add(patience); ; {
		a := server.ask(r.T, e.token, testworld.Call{Mutation: e.mutation, Input: e.input}.Document(""), in{"in": e.input})
		if a.Status == http.StatusServiceUnavailable && time.Now().Before(end) {
			time.Sleep(100 * time.Millisecond)
			continue
		}
		said := a.Errors()
		if said == nil {
			said = a.UserErrors(e.mutation)
		}
		if said == nil {
			return "OK"
		}
		return strings.Join(said, ", ")
	}
}

// one is the single number that a statement yields.
func (r *race) one(query string, args ...any) (n int) {
	r.Helper()
	if err := r.DB.Read.QueryRow(query, args...).Scan(&n); err != nil {
		r.Fatalf("%s: %v", query, err)
	}
	return n
}

// expects checks the outcomes, and that each that was carried out has its event.
func (r *race) expects(entries []entry, want map[string]int) {
	r.Helper()
	before := r.one("SELECT COUNT(*) FROM audit_events")
	r.is("outcomes", r.run(entries), want)
	r.is("events", r.one("SELECT COUNT(*) FROM audit_events")-before, want["OK"])
}

// is checks one thing.
func (r *race) is(what string, got, want any) {
	r.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		r.Errorf("%s (- want, + got):\n%s", what, diff)
	}
}

// TestF05TwoServersRace has two servers carry out what excludes each other, 64 requests at a time, and send the mails of it.
func TestF05TwoServersRace(t *testing.T) {
	t.Parallel()
	const requests, each = 64, 8
	r := newRace(t)
	contoso := r.Customer("contoso")
	partners := make(map[string]*testworld.Company)

	var invites, accepts []entry
	for i := range requests / each {
		p := r.NewPartner(fmt.Sprint("partner ", i))
		partners[p.ID] = p
		invites = append(invites, slices.Repeat([]entry{by(p.Admin, "inviteCustomer", in{"email": contoso.Admin.Email})}, each)...)
	}
	r.expects(invites, map[string]int{"OK": len(partners), "INVITATION_ALREADY_EXISTS at input.email": requests - len(partners)})

	for _, id := range r.texts("SELECT id FROM invitations") {
		accepts = append(accepts, slices.Repeat([]entry{by(contoso.Admin, "acceptInvitation", in{"id": id})}, each)...)
	}
	r.expects(accepts, map[string]int{"OK": 1, "INVITATION_NOT_PENDING at input.id": each - 1, "CUSTOMER_ALREADY_LINKED at input": requests - each})
	r.is("relationships", r.one("SELECT COUNT(*) FROM relationships"), 1)

	winner := partners[r.texts("SELECT partner_id FROM relationships")[0]]
	var revokes []entry
	for i := range requests / 2 {
		clerk := r.Staff(winner, fmt.Sprint("clerk ", i), testworld.Nothing)
		revokes = append(revokes,
			by(winner.Admin, "assign", in{"granteeId": clerk.Member(winner.Tenant).ID, "tenantId": contoso.ID, "roleKey": "READ_ONLY"}),
			by(contoso.Admin, "terminateRelationship", in{"id": r.texts("SELECT id FROM relationships")[0]}))
	}
	came := r.run(revokes)
	assigned := r.one("SELECT COUNT(*) FROM assignments")
	want := map[string]int{"OK": 1 + assigned, "RELATIONSHIP_NOT_ACTIVE at input.id": requests/2 - 1}
	if late := requests/2 - assigned; late > 0 {
		want["NOT_FOUND at input.tenantId"] = late
	}
	r.is("outcomes", came, want)
	r.is("assignments that outlive the relationship", r.one("SELECT COUNT(*) FROM assignments WHERE open_key IS NOT NULL OR status<>'REVOKED'"), 0)

	demotions := []entry{by(contoso.Admin, "changeRole", in{"memberId": contoso.Admin.Member(contoso.Tenant).ID, "roleKey": "DECISION_MAKER"})}
	for i := range requests - 1 {
		p := r.Staff(contoso, fmt.Sprint("admin ", i), testworld.Administrator)
		demotions = append(demotions, by(p, "changeRole", in{"memberId": p.Member(contoso.Tenant).ID, "roleKey": "DECISION_MAKER"}))
	}
	r.expects(demotions, map[string]int{"OK": requests - 1, "LAST_ADMINISTRATOR at input.memberId": 1})
	r.is("administrators", r.one("SELECT COUNT(*) FROM members WHERE tenant_id=? AND administrator", contoso.ID), 1)

	r.sentOnce(len(partners))
	list, err := doctor.Examine(t.Context(), r.DB, clock.System)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range list {
		if f.Level == doctor.Fail && f.Check != "writes have their audit event" { // what the test began with has none
			t.Errorf("%s: %v", f.Check, f.Faults)
		}
	}
}

// texts are what a query yields.
func (r *race) texts(query string) (list []string) {
	r.Helper()
	rows, err := r.DB.Read.Query(query)
	if err != nil {
		r.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			r.Fatal(err)
		}
		list = append(list, text)
	}
	return list
}

// sentOnce waits until no mail is pending, and sees that both servers together sent each once.
func (r *race) sentOnce(least int) {
	r.Helper()
	for end := time.Now().Add(patience); r.one("SELECT COUNT(*) FROM outbox_messages WHERE status='PENDING'") > 0; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			r.Fatal("mails are pending still")
		}
	}
	r.mail.mu.Lock()
	defer r.mail.mu.Unlock()
	ids := make(map[string]int)
	for _, l := range r.mail.letters {
		ids[l.id]++
	}
	r.is("mails that arrived", len(r.mail.letters), len(ids))
	r.is("mails that were sent at the first attempt", r.one("SELECT COUNT(*) FROM outbox_messages WHERE status='SENT' AND attempts=1"), len(ids))
	if len(ids) < least {
		r.Errorf("%d mails; want %d at least", len(ids), least)
	}
}
