package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	netmail "net/mail"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/google/go-cmp/cmp"

	"mandate/ent/assignment"
	"mandate/ent/auditevent"
	"mandate/ent/invitation"
	"mandate/ent/outboxmessage"
	"mandate/ent/relationship"
	"mandate/internal/clock"
	"mandate/internal/database"
	"mandate/internal/doctor"
	"mandate/internal/mail"
	"mandate/internal/mandate"
	"mandate/internal/testdb"
	"mandate/internal/testworld"
)

// The environment of a program that goes by a clock of the test's, which this test binary is then.
const (
	clockVariable    = "MANDATE_TEST_CLOCK" // the path of a file that says how many seconds the clock is ahead
	clockDatabase    = "MANDATE_TEST_CLOCK_DATABASE"
	clockMailServer  = "MANDATE_TEST_CLOCK_MAIL_SERVER"
	sweepersTogether = 3 // in one program
)

// clockAt is a clock that is ahead of the machine's by as many seconds as a file says.
func clockAt(path string) clock.Clock {
	return func() time.Time {
		text, err := os.ReadFile(path)
		if err != nil {
			panic(err)
		}
		ahead, err := strconv.ParseInt(string(text), 10, 64)
		if err != nil {
			panic(err)
		}
		return clock.System().Add(time.Duration(ahead) * time.Second)
	}
}

// programByClock serves as mandate serve does, but by the clock of the test, and with several hasty sweepers. It prints its address.
func programByClock(path string) error {
	ctx := context.Background()
	db, err := database.Open(ctx, os.Getenv(clockDatabase))
	if err != nil {
		return err
	}
	sender, err := mail.Open(os.Getenv(clockMailServer), "Mandate <no-reply@mandate.example>")
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	i := install(db, &url.URL{Scheme: "https", Host: "portal.example"}, mail.Brand{}, sender, nil, clockAt(path), log)
	i.sweeper.Pause = 100 * time.Millisecond
	for range sweepersTogether - 1 {
		i.background = append(i.background, &mandate.Sweeper{Service: i.service, Log: log, Pause: i.sweeper.Pause})
	}
	fmt.Println("address=" + l.Addr().String())
	return i.serve(ctx, exposure{listener: l})
}

// letterbox is a mail server that keeps what it gets: by Message-ID, to whom and what about.
type letterbox struct {
	mu      sync.Mutex
	letters map[string]string
}

func (b *letterbox) NewSession(*smtp.Conn) (smtp.Session, error) { return &letterTo{b, ""}, nil }

type letterTo struct {
	*letterbox
	to string
}

func (l *letterTo) Reset()                               {}
func (l *letterTo) Logout() error                        { return nil }
func (l *letterTo) Mail(string, *smtp.MailOptions) error { return nil }
func (l *letterTo) Rcpt(to string, _ *smtp.RcptOptions) error {
	l.to = to
	return nil
}

func (l *letterTo) Data(r io.Reader) error {
	body, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	m, err := netmail.ReadMessage(bytes.NewReader(body))
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.letters[m.Header.Get("Message-Id")] = l.to + ": " + m.Header.Get("Subject")
	return nil
}

// taken lists the letters so far, each Message-ID once, sorted.
func (b *letterbox) taken() (list []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, text := range b.letters {
		list = append(list, text)
	}
	slices.Sort(list)
	return list
}

// era is a world whose programs go by a clock that the test moves.
type era struct {
	*testing.T
	*testworld.World
	box      *letterbox
	path     string // of the clock
	ahead    time.Duration
	env      []string
	programs []*process
}

func newEra(t *testing.T, url string, programs int) *era {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	e := &era{T: t, World: testworld.New(t, url), box: &letterbox{letters: make(map[string]string)}, path: filepath.Join(t.TempDir(), "clock")}
	srv := smtp.NewServer(e.box)
	go func() { _ = srv.Serve(l) }()
	t.Cleanup(func() { _ = srv.Close() })
	e.Later(time.Since(e.Now()))
	e.passes(0)
	e.env = []string{clockVariable + "=" + e.path, clockDatabase + "=" + url, clockMailServer + "=smtp://" + l.Addr().String()}
	for range programs {
		e.programs = append(e.programs, e.program())
	}
	return e
}

func (e *era) program() *process {
	e.Helper()
	p := start(e.T, e.env, "")
	p.awaits(`address=(\S+)`)
	return p
}

// passes moves the clocks on.
func (e *era) passes(d time.Duration) {
	e.Helper()
	e.ahead += d
	e.Later(d)
	next := e.path + ".next"
	if err := os.WriteFile(next, fmt.Append(nil, int64(e.ahead/time.Second)), 0o600); err != nil {
		e.Fatal(err)
	}
	if err := os.Rename(next, e.path); err != nil {
		e.Fatal(err)
	}
}

// crash ends one of the programs as a power cut would, and starts another one. A mail that it had in hand is tried again when the
// lease is over.
func (e *era) crash(n int) {
	e.Helper()
	if err := e.programs[n].cmd.Process.Kill(); err != nil {
		e.Fatal(err)
	}
	e.programs[n].status()
	e.programs[n] = e.program()
	e.passes(3 * time.Minute)
}

// settles waits until the programs have done all that is due, and a while longer, in which they could do it twice.
func (e *era) settles() {
	e.Helper()
	now := e.Now()
	for end := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		left := 0
		for _, count := range []func(context.Context) (int, error){
			e.Write.Relationship.Query().Where(relationship.DueAtLTE(now)).Count,
			e.Write.Assignment.Query().Where(assignment.DueAtLTE(now)).Count,
			e.Write.Invitation.Query().Where(invitation.StatusEQ(invitation.StatusPending), invitation.ExpiresAtLTE(now)).Count,
			e.Write.OutboxMessage.Query().Where(outboxmessage.StatusEQ(outboxmessage.StatusPending)).Count,
		} {
			n, err := count(e.System())
			if err != nil {
				e.Fatal(err)
			}
			left += n
		}
		if left == 0 {
			break
		}
		if time.Now().After(end) {
			e.Fatalf("%d rows are not dealt with:\n%s", left, e.programs[0].printed())
		}
	}
	time.Sleep(300 * time.Millisecond)
}

// reached lists the customers that somebody reaches.
func (e *era) reached(p *testworld.Person) []string {
	e.Helper()
	return p.Do("{ customers(first: 10) { nodes { name } } }", nil).OK().Column("customers.nodes", "name")
}

// does sends a mutation that succeeds.
func (e *era) does(p *testworld.Person, mutation string, input testworld.Vars) {
	e.Helper()
	a := p.Do(fmt.Sprintf("mutation($in: %s%sInput!) { %s(input: $in) { userErrors { message } } }",
		strings.ToUpper(mutation[:1]), mutation[1:], mutation), testworld.Vars{"in": input}).OK()
	e.is("errors of "+mutation, len(a.List(mutation+".userErrors")), 0)
}

// is checks one thing.
func (e *era) is(what string, got, want any) {
	e.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		e.Errorf("%s (- want, + got):\n%s", what, diff)
	}
}

// TestEveryEndIsAnnouncedOnce moves the clock past announcements and ends, over programs of which one is killed each time: on one
// MariaDB two, and on SQLite, whose file has one server, one; with several sweepers each.
func TestEveryEndIsAnnouncedOnce(t *testing.T) {
	t.Parallel()
	for engine, programs := range map[string]int{testdb.MariaDB: 2, testdb.SQLite: 1} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			e := newEra(t, testdb.New(t, engine), programs)
			const day = 24 * time.Hour
			acme, contoso, fabrikam := e.NewPartner("Acme"), e.Customer("Contoso"), e.Customer("Fabrikam")
			helper := e.Staff(acme, "helper", testworld.Nothing)
			ends := func(c *testworld.Company, days int) (relationship string) {
				id := e.Manages(acme, c).ID
				e.does(acme.Admin, "narrowRelationship", testworld.Vars{"id": id, "endsAt": e.Now().AddDate(0, 0, days)})
				return id
			}
			ends(contoso, 40)
			e.does(fabrikam.Admin, "extendRelationship", testworld.Vars{"id": ends(fabrikam, 38), "autoExtendDays": 30})
			e.does(acme.Admin, "assign", testworld.Vars{"granteeId": helper.Member(acme.Tenant).ID, "tenantId": contoso.ID, "roleKey": "READ_ONLY", "accessPeriod": testworld.Vars{"days": 7}})
			e.does(acme.Admin, "inviteCustomer", testworld.Vars{"email": "late@example.com"})

			both := func(subject string) []string {
				return []string{"acme@example.com: " + subject, "contoso@example.com: " + subject}
			}
			want := []string{"late@example.com: Invitation from Acme"}
			for i, step := range []struct {
				passes time.Duration
				mails  []string
			}{
				{time.Minute, nil},
				{6*day + time.Hour, []string{"acme@example.com: Access of Helper Smith to Contoso ends in 1 day", "helper@example.com: Access of Helper Smith to Contoso ends in 1 day"}},
				{day, []string{"acme@example.com: Access of Helper Smith to Contoso has ended", "helper@example.com: Access of Helper Smith to Contoso has ended"}},
				{3 * day, both("Access of Acme to Contoso ends in 30 days")},
				{23 * day, both("Access of Acme to Contoso ends in 7 days")},
				{4 * day, []string{"acme@example.com: Relationship with Fabrikam extended", "fabrikam@example.com: Relationship with Acme extended"}},
				{2 * day, both("Access of Acme to Contoso ends in 1 day")},
				{day, []string{"acme@example.com: Relationship with Contoso ended", "contoso@example.com: Relationship with Acme ended"}},
			} {
				e.passes(step.passes)
				e.crash(i % programs)
				e.settles()
				want = append(want, step.mails...)
				slices.Sort(want)
				e.is(fmt.Sprint("mails of step ", i), e.box.taken(), want)
			}
			actions, err := e.Write.AuditEvent.Query().Where(auditevent.RequestIDIsNil()).Select(auditevent.FieldAction).Strings(e.System())
			if err != nil {
				t.Fatal(err)
			}
			slices.Sort(actions)
			e.is("events", actions, []string{"assignment.ending", "assignment.expired", "invitation.expired", "relationship.ending", "relationship.ending",
				"relationship.ending", "relationship.expired", "relationship.extended"})
			e.is("reached", e.reached(acme.Admin), []string{"Fabrikam"})
			findings, err := doctor.Examine(t.Context(), e.DB, e.Now)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range findings {
				if f.Level == doctor.Fail && f.Check != "clocks" && !slices.Contains(ofHistory, f.Check) || f.Check == "background work is done" && f.Level != doctor.OK {
					t.Errorf("%s: %v", f.Check, f.Faults)
				}
			}
		})
	}
}
