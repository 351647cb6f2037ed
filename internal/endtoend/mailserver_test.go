package endtoend

import (
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
)

// mailServer takes mails by SMTP and keeps them.
type mailServer struct {
	t       *testing.T
	address string
	down    atomic.Bool // hangs up on whoever calls
	mute    atomic.Bool // takes a mail, and never says that it has it
	refuses atomic.Bool // knows no receiver

	mu      sync.Mutex
	letters []letter
}

// letter is a mail that arrived.
type letter struct{ to, from, id, subject, text, html string }

func newMailServer(t *testing.T) *mailServer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m := &mailServer{t: t, address: l.Addr().String()}
	s := smtp.NewServer(m)
	s.Domain, s.ErrorLog = "mail.example", quiet{}
	go func() { _ = s.Serve(doorkeeper{l, &m.down}) }() // until it is closed
	t.Cleanup(func() { s.Close() })
	return m
}

// settings make the program use the mail server.
func (m *mailServer) settings() []string {
	return []string{"MANDATE_SMTP_URL=smtp://" + m.address, "MANDATE_MAIL_FROM=Mandate <no-reply@mandate.example>"}
}

// doorkeeper is a listener that hangs up while the server is down.
type doorkeeper struct {
	net.Listener
	down *atomic.Bool
}

func (d doorkeeper) Accept() (net.Conn, error) {
	for {
		c, err := d.Listener.Accept()
		if err != nil || !d.down.Load() {
			return c, err
		}
		c.Close()
	}
}

type quiet struct{}

func (quiet) Printf(string, ...any) {}
func (quiet) Println(...any)        {}

func (m *mailServer) NewSession(*smtp.Conn) (smtp.Session, error) { return &delivery{server: m}, nil }

// delivery is one conversation with the mail server.
type delivery struct {
	server *mailServer
	to     []string
}

func (d *delivery) Reset()                               { d.to = nil }
func (d *delivery) Logout() error                        { return nil }
func (d *delivery) Mail(string, *smtp.MailOptions) error { return nil }

func (d *delivery) Rcpt(to string, _ *smtp.RcptOptions) error {
	if d.server.refuses.Load() {
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such user"}
	}
	d.to = append(d.to, to)
	return nil
}

func (d *delivery) Data(r io.Reader) error {
	got, err := parse(r)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return err // the sender was cut off: nothing was delivered
	}
	if err != nil {
		d.server.t.Errorf("a mail that cannot be read: %v", err)
		return err
	}
	got.to = strings.Join(d.to, ",")
	d.server.mu.Lock()
	d.server.letters = append(d.server.letters, got)
	d.server.mu.Unlock()
	if d.server.mute.Load() {
		time.Sleep(patience)
	}
	return nil
}

// parse reads a mail, which has a text and an HTML part.
func parse(r io.Reader) (letter, error) {
	m, err := mail.ReadMessage(r)
	if err != nil {
		return letter{}, err
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil {
		return letter{}, err
	}
	got := letter{id: m.Header.Get("Message-Id"), from: m.Header.Get("From"), subject: subject}
	_, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		return letter{}, err
	}
	for parts := multipart.NewReader(m.Body, params["boundary"]); ; {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return got, nil
		}
		if err != nil {
			return letter{}, err
		}
		body := io.Reader(part)
		if part.Header.Get("Content-Transfer-Encoding") == "quoted-printable" {
			body = quotedprintable.NewReader(part)
		}
		text, err := io.ReadAll(body)
		if err != nil {
			return letter{}, err
		}
		switch kind, _, _ := mime.ParseMediaType(part.Header.Get("Content-Type")); kind {
		case "text/plain":
			got.text = string(text)
		case "text/html":
			got.html = string(text)
		}
	}
}

// all returns the mails to an address so far, oldest first.
func (m *mailServer) all(to string) []letter {
	m.mu.Lock()
	defer m.mu.Unlock()
	var found []letter
	for _, l := range m.letters {
		if l.to == to {
			found = append(found, l)
		}
	}
	return found
}

// await waits for the mail to an address with a subject.
func (m *mailServer) await(to, subject string) letter {
	m.t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		for _, l := range m.all(to) {
			if l.subject == subject {
				return l
			}
		}
		if time.Now().After(end) {
			m.t.Fatalf("no mail %q to %s; there are %v", subject, to, m.subjects(to))
		}
	}
}

// subjects lists the subjects of the mails to an address.
func (m *mailServer) subjects(to string) []string {
	var list []string
	for _, l := range m.all(to) {
		list = append(list, l.subject)
	}
	return list
}

var links = regexp.MustCompile(`https?://[^\s"<>]+`)

// link returns the one link in the text of a mail.
func (l letter) link(t *testing.T) string {
	t.Helper()
	found := links.FindAllString(l.text, -1)
	if len(found) != 1 {
		t.Fatalf("the mail has the links %v; want one:\n%s", found, l.text)
	}
	return found[0]
}
