package mail

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// testServer is a mail server that keeps what it is given and answers as it is told.
type testServer struct {
	onMail, onRcpt, onData error
	hangOnData             bool
	password               string

	mu       sync.Mutex
	commands []string
	received [][]byte
}

func (s *testServer) NewSession(c *smtp.Conn) (smtp.Session, error) {
	return &testSession{server: s, conn: c}, nil
}

func (s *testServer) note(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.commands = append(s.commands, fmt.Sprintf(format, args...))
}

func (s *testServer) log() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.commands, "; ")
}

func (s *testServer) mails() [][]byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.received
}

type testSession struct {
	server *testServer
	conn   *smtp.Conn
}

func (s *testSession) Reset()        {}
func (s *testSession) Logout() error { return nil }

func (s *testSession) Mail(from string, o *smtp.MailOptions) error {
	_, encrypted := s.conn.TLSConnectionState()
	s.server.note("MAIL %s tls=%t utf8=%t", from, encrypted, o.UTF8)
	return s.server.onMail
}

func (s *testSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.server.note("RCPT %s", to)
	return s.server.onRcpt
}

func (s *testSession) Data(r io.Reader) error {
	if s.server.hangOnData {
		time.Sleep(30 * time.Second)
	}
	body, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if s.server.onData != nil {
		return s.server.onData
	}
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	s.server.received = append(s.server.received, body)
	return nil
}

func (s *testSession) AuthMechanisms() []string {
	if s.server.password == "" {
		return nil
	}
	return []string{sasl.Plain}
}

func (s *testSession) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		s.server.note("AUTH %s", user)
		if password != s.server.password {
			return smtp.ErrAuthFailed
		}
		return nil
	}), nil
}

// start serves s on a free loopback port, with STARTTLS when there is a TLS configuration, and gives its address.
func start(t *testing.T, s *testServer, config *tls.Config) string {
	t.Helper()
	return serve(t, listen(t), s, config)
}

// startTLS is start for a server that is encrypted from the first byte.
func startTLS(t *testing.T, s *testServer, config *tls.Config) string {
	t.Helper()
	return serve(t, tls.NewListener(listen(t), config), s, nil)
}

func serve(t *testing.T, l net.Listener, s *testServer, config *tls.Config) string {
	t.Helper()
	srv := smtp.NewServer(s)
	srv.Domain = "mail.test"
	srv.TLSConfig = config
	srv.EnableSMTPUTF8 = true
	srv.AllowInsecureAuth = true
	srv.ErrorLog = quiet{}
	go func() { _ = srv.Serve(l) }() // ends when the server is closed
	t.Cleanup(func() { srv.Close() })
	return l.Addr().String()
}

type quiet struct{}

func (quiet) Printf(string, ...any) {}
func (quiet) Println(...any)        {}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// certificate gives a server's TLS configuration for 127.0.0.1 and the pool that trusts it.
func certificate(t *testing.T) (*tls.Config, *x509.CertPool) {
	t.Helper()
	srv := httptest.NewTLSServer(nil)
	defer srv.Close()
	pool := x509.NewCertPool()
	pool.AddCert(srv.Certificate())
	return &tls.Config{Certificates: srv.TLS.Certificates}, pool
}
