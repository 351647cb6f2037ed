package main

import (
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"mandate/internal/testdb"
)

// postbox is a mail server that hands on what it gets.
type postbox chan string

func (b postbox) NewSession(*smtp.Conn) (smtp.Session, error) { return letterSlot{b}, nil }

type letterSlot struct{ postbox }

func (letterSlot) Reset()                               {}
func (letterSlot) Logout() error                        { return nil }
func (letterSlot) Mail(string, *smtp.MailOptions) error { return nil }
func (letterSlot) Rcpt(string, *smtp.RcptOptions) error { return nil }
func (s letterSlot) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	s.postbox <- string(text)
	return err
}

func TestServeSendsMail(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	box := make(postbox, 10)
	srv := smtp.NewServer(box)
	go func() { _ = srv.Serve(l) }()
	t.Cleanup(func() { _ = srv.Close() })

	env := []string{
		"MANDATE_DATABASE_URL=" + testdb.New(t, testdb.SQLite), "MANDATE_LISTEN=127.0.0.1:0", "MANDATE_PUBLIC_URL=https://mandate.example",
		"MANDATE_SMTP_URL=smtp://" + l.Addr().String(), "MANDATE_MAIL_FROM=Mandate <no-reply@mandate.example>", "MANDATE_NAME=Contoso Cloud",
	}
	runs(t, env, "quiet river stone 77", []string{"admin", "create", "--email=olivia@operator.example"}, 0)
	p := start(t, env, "", "serve")
	base := "http://" + p.awaits(`address=(\S+)`)
	query(t, base, "", `mutation { requestPasswordReset(input: {email: "olivia@operator.example"}) { ok } }`)
	select {
	case text := <-box:
		for _, want := range []string{"To: <olivia@operator.example>", "@mandate.example>", "https://mandate.example/password?token=3D", "Contoso Cloud"} {
			if !strings.Contains(text, want) {
				t.Errorf("the mail lacks %q:\n%s", want, text)
			}
		}
	case <-time.After(20 * time.Second):
		t.Fatalf("no mail came:\n%s", p.printed())
	}
	p.awaits("mail sent")
	p.stop()
}
