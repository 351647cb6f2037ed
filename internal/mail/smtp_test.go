package mail

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	netmail "net/mail"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
)

func open(t *testing.T, rawURL string) *SMTP {
	t.Helper()
	s, err := Open(rawURL, "Mandate <no-reply@mandate.example>")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func testMessage(t *testing.T) Message {
	t.Helper()
	l, err := InvitationToCustomer{
		Partner: "Söhne & Co", PartnerType: "MSP", Role: "Administrator", Message: "Grüße\n.\nEnde", ExpiresAt: testTime, Link: testLink,
	}.Letter(Brand{})
	if err != nil {
		t.Fatal(err)
	}
	return Message{MessageID: "01JD-abc.1@mandate.example", To: "kim@contoso.example", Letter: l}
}

func TestSendDeliversBothParts(t *testing.T) {
	t.Parallel()
	srv := &testServer{}
	s := open(t, "smtp://"+start(t, srv, nil))
	m := testMessage(t)
	for range 2 { // a second try keeps its Message-ID
		if err := s.Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	mails := srv.mails()
	if len(mails) != 2 {
		t.Fatalf("%d mails received, want 2", len(mails))
	}
	for _, raw := range mails {
		got, err := netmail.ReadMessage(bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]string{
			"Message-Id":     "<01JD-abc.1@mandate.example>",
			"From":           `"Mandate" <no-reply@mandate.example>`,
			"To":             "<kim@contoso.example>",
			"Auto-Submitted": "auto-generated",
			"Mime-Version":   "1.0",
		} {
			if v := got.Header[name]; len(v) != 1 || v[0] != want {
				t.Errorf("%s = %q, want %q", name, v, want)
			}
		}
		if subject, err := new(mime.WordDecoder).DecodeHeader(got.Header.Get("Subject")); err != nil || subject != m.Subject {
			t.Errorf("Subject = %q (%v), want %q", subject, err, m.Subject)
		}
		if date, err := got.Header.Date(); err != nil || time.Since(date).Abs() > time.Minute {
			t.Errorf("Date = %v (%v), want now", date, err)
		}
		checkParts(t, got, m.Letter)
	}
}

func checkParts(t *testing.T, m *netmail.Message, want Letter) {
	t.Helper()
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		t.Fatalf("Content-Type = %q (%v)", kind, err)
	}
	parts := multipart.NewReader(m.Body, params["boundary"])
	for _, want := range []struct{ kind, body string }{
		{"text/plain; charset=UTF-8", want.Text}, {"text/html; charset=UTF-8", want.HTML},
	} {
		p, err := parts.NextRawPart()
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(quotedprintable.NewReader(p))
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Header.Get("Content-Type"); got != want.kind {
			t.Errorf("part is %q, want %q", got, want.kind)
		}
		if got := strings.ReplaceAll(string(body), "\r\n", "\n"); strings.TrimSpace(got) != strings.TrimSpace(want.body) {
			t.Errorf("%s part differs:\n%s", want.kind, got)
		}
	}
	if _, err := parts.NextRawPart(); err != io.EOF {
		t.Errorf("more than two parts: %v", err)
	}
}

func TestSendAddsNoHeaderFromItsInput(t *testing.T) {
	t.Parallel()
	srv := &testServer{}
	s := open(t, "smtp://"+start(t, srv, nil))
	m := testMessage(t)
	m.Subject = "Hello\r\nBcc: victim@example.org\u202e =?utf-8?q?=0D=0A?="
	if err := s.Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	got, err := netmail.ReadMessage(bytes.NewReader(srv.mails()[0]))
	if err != nil {
		t.Fatal(err)
	}
	if got.Header.Get("Bcc") != "" {
		t.Error("a header was injected")
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(got.Header.Get("Subject"))
	if want := "Hello Bcc: victim@example.org = ?utf-8?q?=0D=0A?="; err != nil || subject != want {
		t.Errorf("Subject = %q (%v), want %q", subject, err, want)
	}
}

func TestSendRefusesUnusableMessages(t *testing.T) {
	t.Parallel()
	srv := &testServer{}
	s := open(t, "smtp://"+start(t, srv, nil))
	for name, spoil := range map[string]func(*Message){
		"no receiver":          func(m *Message) { m.To = "" },
		"two receivers":        func(m *Message) { m.To = "a@x.example, b@x.example" },
		"receiver with break":  func(m *Message) { m.To = "a@x.example\r\nBcc: b@x.example" },
		"sender with break":    func(m *Message) { m.From = "a@x.example\r\nBcc: b@x.example" },
		"no Message-ID":        func(m *Message) { m.MessageID = "" },
		"Message-ID of a word": func(m *Message) { m.MessageID = "abc" },
		"Message-ID break":     func(m *Message) { m.MessageID = "a@b>\r\nBcc: c@x.example" },
	} {
		m := testMessage(t)
		spoil(&m)
		if err := s.Send(t.Context(), m); !IsPermanent(err) {
			t.Errorf("%s: error %v is not permanent", name, err)
		}
	}
	if srv.log() != "" {
		t.Errorf("the server was asked: %s", srv.log())
	}
}

func TestF06RefusalsAreClassified(t *testing.T) {
	t.Parallel()
	answer := func(code int) error {
		return &smtp.SMTPError{Code: code, EnhancedCode: smtp.NoEnhancedCode, Message: "because"}
	}
	for name, c := range map[string]struct {
		server    *testServer
		permanent int
	}{
		"421 on MAIL": {&testServer{onMail: answer(421)}, 0},
		"450 on RCPT": {&testServer{onRcpt: answer(450)}, 0},
		"451 on DATA": {&testServer{onData: answer(451)}, 0},
		"530 on MAIL": {&testServer{onMail: answer(530)}, 0},
		"553 on MAIL": {&testServer{onMail: answer(553)}, 553},
		"550 on RCPT": {&testServer{onRcpt: answer(550)}, 550},
		"554 on DATA": {&testServer{onData: answer(554)}, 554},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := open(t, "smtp://"+start(t, c.server, nil)).Send(t.Context(), testMessage(t))
			if err == nil || !strings.Contains(err.Error(), "because") {
				t.Fatalf("error %v does not repeat the server's answer", err)
			}
			if IsPermanent(err) != (c.permanent != 0) {
				t.Errorf("permanent = %t: %v", IsPermanent(err), err)
			}
			var p *PermanentError
			if errors.As(err, &p) && p.Code != c.permanent {
				t.Errorf("code = %d, want %d", p.Code, c.permanent)
			}
			if n := len(c.server.mails()); n != 0 {
				t.Errorf("%d mails received", n)
			}
		})
	}
}

func TestF06SendEndsWithItsContext(t *testing.T) {
	t.Parallel()
	silent := listen(t) // takes connections, and never says a word
	for name, rawURL := range map[string]string{
		"silent server":                  "smtp://" + silent.Addr().String(),
		"silent server, encrypted":       "smtps://" + silent.Addr().String(),
		"server that never takes a mail": "smtp://" + start(t, &testServer{hangOnData: true}, nil),
		"server without TLS":             "smtps://" + start(t, &testServer{}, nil),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
			defer cancel()
			began := time.Now()
			err := open(t, rawURL).Send(ctx, testMessage(t))
			if err == nil || IsPermanent(err) {
				t.Errorf("error %v is not temporary", err)
			}
			if name != "server without TLS" && !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("error %v does not name the deadline", err)
			}
			if d := time.Since(began); d > 5*time.Second {
				t.Errorf("returned after %s", d)
			}
		})
	}
}

func TestSendStopsWhenCancelled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	err := open(t, "smtp://"+listen(t).Addr().String()).Send(ctx, testMessage(t))
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v does not name the cancellation", err)
	}
}

func TestAcceptedIsAcceptedWithoutGoodbye(t *testing.T) {
	t.Parallel()
	l := listen(t)
	go func() { // accepts one mail and hangs up at QUIT
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		fmt.Fprint(conn, "220 hello\r\n")
		in := bufio.NewScanner(conn)
		for inData := false; in.Scan(); {
			switch verb := strings.ToUpper(in.Text()); {
			case inData && verb == ".":
				inData = false
				fmt.Fprint(conn, "250 queued\r\n")
			case inData:
			case verb == "DATA":
				inData = true
				fmt.Fprint(conn, "354 go on\r\n")
			case verb == "QUIT":
				return
			default:
				fmt.Fprint(conn, "250 ok\r\n")
			}
		}
	}()
	if err := open(t, "smtp://"+l.Addr().String()).Send(t.Context(), testMessage(t)); err != nil {
		t.Error(err)
	}
}

func TestF06RequiredEncryptionIsNeverGivenUp(t *testing.T) {
	t.Parallel()
	srv := &testServer{password: "pw"}
	s := open(t, "smtp://user:pw@"+start(t, srv, nil)+"?starttls=required")
	err := s.Send(t.Context(), testMessage(t))
	if err == nil || IsPermanent(err) || !strings.Contains(err.Error(), "STARTTLS") {
		t.Errorf("error %v does not name STARTTLS", err)
	}
	if srv.log() != "" {
		t.Errorf("sent in clear text: %s", srv.log())
	}
}

func TestUntrustedCertificatesAreRefused(t *testing.T) {
	t.Parallel()
	config, _ := certificate(t)
	srv := &testServer{password: "pw"}
	addr := start(t, srv, config)
	for _, option := range []string{"required", "optional"} {
		err := open(t, "smtp://user:pw@"+addr+"?starttls="+option).Send(t.Context(), testMessage(t))
		if err == nil || IsPermanent(err) {
			t.Errorf("%s: error %v is not temporary", option, err)
		}
	}
	if srv.log() != "" {
		t.Errorf("sent to an untrusted server: %s", srv.log())
	}
}

func TestEncryptionAndPassword(t *testing.T) {
	t.Parallel()
	config, pool := certificate(t)
	inTheClear := func(t *testing.T, s *testServer) string { return start(t, s, nil) }
	withSTARTTLS := func(t *testing.T, s *testServer) string { return start(t, s, config) }
	implicitTLS := func(t *testing.T, s *testServer) string { return startTLS(t, s, config) }
	const mail = "MAIL no-reply@mandate.example tls=%t utf8=false; RCPT kim@contoso.example"
	for name, c := range map[string]struct {
		serve      func(*testing.T, *testServer) string
		begin, end string
		want       string
	}{
		"optional, offered":     {withSTARTTLS, "smtp://", "", fmt.Sprintf(mail, true)},
		"optional, not offered": {inTheClear, "smtp://", "", fmt.Sprintf(mail, false)},
		"required":              {withSTARTTLS, "smtp://", "?starttls=required", fmt.Sprintf(mail, true)},
		"off":                   {withSTARTTLS, "smtp://", "?starttls=off", fmt.Sprintf(mail, false)},
		"implicit":              {implicitTLS, "smtps://", "", fmt.Sprintf(mail, true)},
		"password, required":    {withSTARTTLS, "smtp://user:p%40ss@", "?starttls=required", "AUTH user; " + fmt.Sprintf(mail, true)},
		"password, implicit":    {implicitTLS, "smtps://user:p%40ss@", "", "AUTH user; " + fmt.Sprintf(mail, true)},
		"password, loopback":    {inTheClear, "smtp://user:p%40ss@", "", "AUTH user; " + fmt.Sprintf(mail, false)},
		"wrong password":        {inTheClear, "smtp://user:wrong@", "", "AUTH user"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := &testServer{}
			if strings.Contains(c.begin, "@") {
				srv.password = "p@ss"
			}
			s := open(t, c.begin+c.serve(t, srv)+c.end)
			s.roots = pool
			err := s.Send(t.Context(), testMessage(t))
			if failed := name == "wrong password"; failed != (err != nil) || IsPermanent(err) {
				t.Errorf("error %v", err)
			}
			if err != nil && strings.Contains(err.Error(), "wrong") {
				t.Errorf("error repeats the password: %v", err)
			}
			if got := srv.log(); got != c.want {
				t.Errorf("server saw %q, want %q", got, c.want)
			}
		})
	}
}

func TestAddressBeyondASCIIAsksForSMTPUTF8(t *testing.T) {
	t.Parallel()
	srv := &testServer{}
	s := open(t, "smtp://"+start(t, srv, nil))
	m := testMessage(t)
	m.To = "kim@bücher.example"
	if err := s.Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	if want := "utf8=true; RCPT kim@bücher.example"; !strings.HasSuffix(srv.log(), want) {
		t.Errorf("server saw %q, want %q", srv.log(), want)
	}
}
