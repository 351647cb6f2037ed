package outbox

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	netmail "net/mail"
	"net/url"
	"sync"
	"testing"
	"time"

	entsql "entgo.io/ent/dialect/sql"
	"github.com/emersion/go-smtp"

	"mandate/ent"
	"mandate/ent/auditevent"
	"mandate/ent/invitation"
	"mandate/ent/outboxmessage"
	_ "mandate/ent/runtime"
	"mandate/ent/tenant"
	"mandate/internal/clock"
	"mandate/internal/database"
	"mandate/internal/mail"
	"mandate/internal/mandate"
	"mandate/internal/viewer"
)

// office is a post office: a real mail server that answers as it is told, and keeps what it takes.
type office struct {
	mu       sync.Mutex
	answer   error // to every receiver
	delay    time.Duration
	messages []*netmail.Message
	offered  int
}

func (o *office) NewSession(*smtp.Conn) (smtp.Session, error) { return counter{o}, nil }

func (o *office) answers(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.answer = err
}

func (o *office) taken() []*netmail.Message {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.messages
}

// counter is where one sender hands its mails in.
type counter struct{ *office }

func (counter) Reset()                               {}
func (counter) Logout() error                        { return nil }
func (counter) Mail(string, *smtp.MailOptions) error { return nil }

func (c counter) Rcpt(string, *smtp.RcptOptions) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offered++
	return c.answer
}

func (c counter) Data(r io.Reader) error {
	body, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	time.Sleep(c.delay)
	m, err := netmail.ReadMessage(bytes.NewReader(body))
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.messages = append(c.messages, m)
	return nil
}

// open gives an office an address and returns a sender to it.
func (o *office) open(t *testing.T) *mail.SMTP {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := smtp.NewServer(o)
	srv.Domain = "mail.test"
	go func() { _ = srv.Serve(l) }()
	t.Cleanup(func() { _ = srv.Close() })
	sender, err := mail.Open("smtp://"+l.Addr().String(), "Mandate <no-reply@mandate.example>")
	if err != nil {
		t.Fatal(err)
	}
	return sender
}

// world is a database, a clock that stands still, and a post office.
type world struct {
	t      *testing.T
	ctx    context.Context
	db     *database.DB
	client *ent.Client
	domain *mandate.Service
	office *office
	sender Sender
	mu     sync.Mutex
	now    time.Time
}

func newWorld(t *testing.T, databaseURL string) *world {
	t.Helper()
	db, err := database.Open(t.Context(), databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	w := &world{
		t: t, db: db, office: &office{}, now: time.Date(2026, 11, 21, 9, 30, 0, 123456000, time.UTC),
		client: ent.NewClient(ent.Driver(entsql.OpenDB(db.Dialect, db.Write))),
	}
	w.ctx = viewer.System(t.Context(), "test")
	w.domain = mandate.New(mandate.Config{Client: w.client, Dialect: db.Dialect, Clock: w.clock})
	w.sender = w.office.open(t)
	return w
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

func (w *world) worker() *Worker {
	return New(Config{
		Client: w.client, Sender: w.sender, Clock: w.clock,
		PublicURL: &url.URL{Scheme: "https", Host: "mandate.example:8443"},
		Log:       slog.New(slog.DiscardHandler),
		Delivery:  w.domain.NoteDelivery,
	})
}

// round lets a worker look for mails once, and send them.
func (w *world) round(worker *Worker) {
	w.t.Helper()
	if _, err := worker.round(w.ctx); err != nil {
		w.t.Fatal(err)
	}
	worker.sending.Wait()
}

// retries is what an operator does who has a mail tried anew.
func (w *world) retries(id string) {
	w.t.Helper()
	w.client.OutboxMessage.UpdateOneID(id).SetStatus(outboxmessage.StatusPending).SetAttempts(0).
		SetRetriedAt(w.clock()).SetNextAttemptAt(w.clock()).ExecX(w.ctx)
}

// events lists what the audit trail tells of, oldest first.
func (w *world) events() []string {
	w.t.Helper()
	return w.client.AuditEvent.Query().Order(auditevent.ByID()).Select(auditevent.FieldAction).StringsX(w.ctx)
}

// letter writes a mail into the outbox and returns its id.
func (w *world) letter(change ...func(*ent.OutboxMessageCreate)) string {
	w.t.Helper()
	c := w.client.OutboxMessage.Create().SetKind("invitation").
		SetRecipient("kim@contoso.example").SetRecipientCanonical("kim@contoso.example").
		SetSubject("Invitation from Acme").SetText("Accept:\nhttps://mandate.example/invitation?token=secret\n").
		SetHTML("<p>secret</p>").SetNextAttemptAt(w.clock())
	for _, f := range change {
		f(c)
	}
	return c.SaveX(clock.With(w.ctx, w.clock())).ID
}

// read returns a mail as the outbox has it now.
func (w *world) read(id string) *ent.OutboxMessage {
	w.t.Helper()
	m, err := w.client.OutboxMessage.Get(w.ctx, id)
	if err != nil {
		w.t.Fatal(err)
	}
	return m
}

func (w *world) wants(id string, status outboxmessage.Status, attempts int) *ent.OutboxMessage {
	w.t.Helper()
	m := w.read(id)
	if m.Status != status || m.Attempts != attempts {
		w.t.Errorf("mail is %s after %d attempts; want %s after %d", m.Status, m.Attempts, status, attempts)
	}
	return m
}

// invitation makes an invitation by a partner and returns its id.
func (w *world) invitation() string { return w.invitationTo("kim@contoso.example") }

func (w *world) invitationTo(email string) string {
	w.t.Helper()
	partner := w.client.Tenant.Create().SetKind(tenant.KindPartner).SetName("Acme").SetSortName("acme").SaveX(w.ctx)
	role := w.client.Role.Query().FirstX(w.ctx)
	return w.client.Invitation.Create().
		SetDirection(invitation.DirectionPartnerToCustomer).SetChannel(invitation.ChannelEmail).
		SetPartnerID(partner.ID).SetPartnerName("Acme").SetPartnerType("MSP").SetPartnerCode("MND-7K2M-93QD").
		SetEmail(email).SetEmailCanonical(email).SetRoleID(role.ID).
		SetExpiresAt(w.clock().Add(time.Hour)).SetValidHours(168).SaveX(w.ctx).ID
}

// eventually waits until done says so.
func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !done(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: not within ten seconds", what)
		}
	}
}

func refusal(code int) error {
	return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{code / 100, 1, 1}, Message: fmt.Sprint("answer ", code)}
}
