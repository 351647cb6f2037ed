package mail

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"

	gomail "github.com/wneessen/go-mail"
)

// encryption is how a connection to a mail server is protected.
type encryption string

const (
	implicit encryption = "implicit" // TLS from the first byte
	required encryption = "required" // STARTTLS or nothing
	optional encryption = "optional" // STARTTLS when offered
	off      encryption = "off"      // clear text
)

// server is what a mail server's URL says.
type server struct {
	host, port     string
	user, password string
	encryption     encryption
}

// parseServer reads a mail server's URL. Its errors repeat no part that may belong to the password: an unescaped
// special character in a password can make it look like any part of a URL.
func parseServer(raw string) (server, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return server{}, errors.New("the mail server's URL is not of the form smtp://[user:password@]host:port; special characters in its user name and password must be percent-encoded")
	}
	s := server{host: u.Hostname(), port: u.Port(), user: u.User.Username()}
	s.password, _ = u.User.Password()

	switch {
	case u.Scheme != "smtp" && u.Scheme != "smtps":
		return server{}, errors.New("the mail server's URL must start with smtp:// or smtps://")
	case u.Opaque != "" || u.Fragment != "" || (u.Path != "" && u.Path != "/"):
		return server{}, errors.New("the mail server's URL must end after the port and an option; special characters in its user name and password must be percent-encoded")
	case s.host == "":
		return server{}, errors.New("the mail server's URL names no host")
	case !validPort(s.port):
		return server{}, errors.New("the mail server's URL names no port between 1 and 65535")
	case u.User != nil && (s.user == "" || s.password == ""):
		return server{}, errors.New("the mail server's URL must name both a user and a password, or neither")
	}
	if s.encryption, err = s.parseEncryption(u); err != nil {
		return server{}, err
	}
	if s.user != "" && !s.loopback() && s.encryption != required && s.encryption != implicit {
		return server{}, fmt.Errorf("the mail server's URL has starttls=%s, which could send the password unencrypted; use starttls=required or smtps://", s.encryption)
	}
	return s, nil
}

func (s server) parseEncryption(u *url.URL) (encryption, error) {
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return "", errors.New("the options in the mail server's URL are not valid")
	}
	values, given := query["starttls"]
	switch {
	case len(query) > 1 || (len(query) == 1 && !given):
		return "", errors.New("the mail server's URL has an option other than starttls")
	case u.Scheme == "smtps" && given:
		return "", errors.New("the mail server's URL has both smtps and starttls; smtps is encrypted already")
	case u.Scheme == "smtps":
		return implicit, nil
	case !given && s.loopback():
		return optional, nil
	case !given:
		return required, nil
	}
	switch e := encryption(values[0]); e {
	case required, optional, off:
		if len(values) == 1 {
			return e, nil
		}
	}
	return "", errors.New("the option starttls in the mail server's URL must be required, optional or off")
}

func validPort(port string) bool {
	n, err := strconv.ParseUint(port, 10, 16)
	return err == nil && n > 0
}

// loopback tells whether the server is on this machine, so that nobody else can listen.
func (s server) loopback() bool {
	return strings.EqualFold(s.host, "localhost") || net.ParseIP(s.host).IsLoopback()
}

// auth prefers mechanisms that do not show the password even to the server. Those that do are for encrypted
// connections, or for this machine.
func (s server) auth() gomail.Option {
	if s.loopback() {
		return gomail.WithOpportunisticSMTPAuth(gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthPlainNoEnc, gomail.SMTPAuthLoginNoEnc)
	}
	return gomail.WithOpportunisticSMTPAuth(gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthPlain, gomail.SMTPAuthLogin)
}

func (s server) String() string {
	scheme := "smtp"
	if s.encryption == implicit {
		scheme = "smtps"
	}
	return scheme + "://" + net.JoinHostPort(s.host, s.port)
}
