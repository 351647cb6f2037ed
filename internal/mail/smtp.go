package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	netmail "net/mail"
	"slices"
	"strings"
	"time"
	"unicode"

	gomail "github.com/wneessen/go-mail"
)

const (
	// sendLimit bounds one Send even when its context does not.
	sendLimit = time.Minute
	// quitLimit is how long to wait for a goodbye once the message is accepted.
	quitLimit = 5 * time.Second
)

// SMTP is a mail server that takes messages. It holds no connection between two of them and is safe for concurrent use.
type SMTP struct {
	server server
	from   *netmail.Address
	roots  *x509.CertPool // nil for the system's
}

// Open reads where and how to reach the mail server from rawURL; it does not connect yet. Messages without a sender of
// their own are sent as from, an address with or without a name.
//
//	smtp://[user:password@]host:port[?starttls=required|optional|off]
//	smtps://[user:password@]host:port
//
// With smtps the connection is encrypted from its first byte. With smtp it is by STARTTLS: required, the default, sends
// nothing to a server that does not offer it; optional, the default for a loopback host, uses it when offered; off
// never does. Certificates are verified always. A password is never sent unencrypted, except to a loopback host: any
// other setting is refused here.
//
// The error says what is wrong with rawURL or from and never contains the password.
func Open(rawURL, from string) (*SMTP, error) {
	srv, err := parseServer(rawURL)
	if err != nil {
		return nil, err
	}
	addr, err := netmail.ParseAddress(from)
	if err != nil {
		return nil, fmt.Errorf("the sender's address %q is not valid: %w", from, err)
	}
	return &SMTP{server: srv, from: addr}, nil
}

// String names the server as scheme://host:port, without user and password.
func (s *SMTP) String() string { return s.server.String() }

// Send hands m to the mail server and returns once the server has accepted it, refused it, or ctx is done; without a
// deadline in ctx it gives up after a minute. A nil error means accepted, whatever happens to the connection afterwards.
//
// A final refusal is a PermanentError, and so is a message whose addresses or Message-ID cannot be used. Every other
// error is temporary, an ended ctx included; the message may then have been accepted without our hearing of it, so
// the next try needs the same MessageID.
func (s *SMTP) Send(ctx context.Context, m Message) error {
	msg, err := m.compose(s.from)
	if err != nil {
		return fmt.Errorf("send mail: %w", &PermanentError{Err: err})
	}
	ctx, cancel := context.WithTimeout(ctx, sendLimit)
	defer cancel()

	err = s.deliver(ctx, msg)
	if err != nil && ctx.Err() != nil && !IsPermanent(err) {
		err = context.Cause(ctx)
	}
	if err != nil {
		return fmt.Errorf("send mail through %s: %w", s, err)
	}
	return nil
}

// deliver carries msg over a connection of its own, which is cut when ctx is done.
func (s *SMTP) deliver(ctx context.Context, msg *gomail.Msg) error {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", net.JoinHostPort(s.server.host, s.server.port))
	if err != nil {
		return err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()

	client, err := gomail.NewClient(s.server.host, s.options(conn, msg)...)
	if err != nil {
		return err
	}
	session, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return err
	}
	err = client.SendWithSMTPClient(session, msg)
	if err != nil && !msg.IsDelivered() {
		return classify(err)
	}
	if session.UpdateDeadline(quitLimit) == nil {
		_ = session.Quit() // the message is accepted: a lost goodbye changes nothing
	}
	return nil
}

// options tell the SMTP client how to talk over conn, which is open already.
func (s *SMTP) options(conn net.Conn, msg *gomail.Msg) []gomail.Option {
	config := &tls.Config{ServerName: s.server.host, RootCAs: s.roots, MinVersion: tls.VersionTLS12}
	policy := gomail.NoTLS // as far as STARTTLS is concerned
	switch s.server.encryption {
	case implicit:
		conn = tls.Client(conn, config)
	case required:
		policy = gomail.TLSMandatory
	case optional:
		policy = gomail.TLSOpportunistic
	}
	opts := []gomail.Option{
		gomail.WithDialContextFunc(func(context.Context, string, string) (net.Conn, error) { return conn, nil }),
		gomail.WithTLSConfig(config),
		gomail.WithTLSPolicy(policy),
		gomail.WithTimeout(sendLimit),
		gomail.WithoutNoop(),
		gomail.WithoutRset(),
	}
	if s.server.user != "" {
		opts = append(opts, gomail.WithUsername(s.server.user), gomail.WithPassword(s.server.password), s.server.auth())
	}
	if plainAddresses(msg) {
		// Mail marked as SMTPUTF8 is returned by servers further on that do not know it.
		opts = append(opts, gomail.WithoutSMTPUTF8())
	}
	return opts
}

func plainAddresses(msg *gomail.Msg) bool {
	for _, a := range slices.Concat(msg.GetFrom(), msg.GetTo()) {
		if strings.ContainsFunc(a.Address, func(r rune) bool { return r > unicode.MaxASCII }) {
			return false
		}
	}
	return true
}
