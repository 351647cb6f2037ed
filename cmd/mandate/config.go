package main

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	netmail "net/mail"
	"net/url"
	"os"
	"strconv"
	"strings"

	"mandate/internal/mail"
)

// databaseConfig says where the data is.
type databaseConfig struct {
	DatabaseURL     string `env:"MANDATE_DATABASE_URL" placeholder:"URL" help:"The database: sqlite:PATH, or mysql://user:password@host:port/name. Default: sqlite:mandate.db."`
	DatabaseURLFile string `env:"MANDATE_DATABASE_URL_FILE" placeholder:"PATH" help:"A file that holds the database's URL instead."`
}

// serverConfig says how the server presents itself.
type serverConfig struct {
	Listen      string `env:"MANDATE_LISTEN" placeholder:"HOST:PORT" help:"Where to listen. Default: 127.0.0.1:8080."`
	PublicURL   string `env:"MANDATE_PUBLIC_URL" placeholder:"URL" help:"Where people reach the server; links in mails begin so. Default: http:// and where it listens."`
	CORSOrigins string `env:"MANDATE_CORS_ORIGINS" name:"cors-origins" placeholder:"URL,..." help:"Origins whose pages may call the API from a browser, separated by commas. Default: none."`
	Name        string `env:"MANDATE_NAME" placeholder:"NAME" help:"Name of this installation, in mails and above pages. Default: Mandate."`
	Log         string `env:"MANDATE_LOG" placeholder:"text|json" help:"Form of the log, on standard error. Default: text."`
}

// mailConfig says who sends the mails.
type mailConfig struct {
	SMTPURL     string `env:"MANDATE_SMTP_URL" name:"smtp-url" placeholder:"URL" help:"The mail server: smtp://[user:password@]host:port or smtps://... Default: none; mails stay in the outbox."`
	SMTPURLFile string `env:"MANDATE_SMTP_URL_FILE" name:"smtp-url-file" placeholder:"PATH" help:"A file that holds the mail server's URL instead."`
	MailFrom    string `env:"MANDATE_MAIL_FROM" placeholder:"ADDRESS" help:"The sender of mails, such as 'Mandate <no-reply@example.org>'. Needed with a mail server."`
}

const (
	defaultDatabase = "sqlite:mandate.db"
	defaultListen   = "127.0.0.1:8080"
	defaultName     = "Mandate"
)

// badValue is a setting that cannot be used.
type badValue struct {
	variable string
	err      error
}

// Error names the variable. It never repeats a secret.
func (b *badValue) Error() string { return b.variable + ": " + b.err.Error() }

// Unwrap returns what is wrong with the value.
func (b *badValue) Unwrap() error { return b.err }

func bad(variable, format string, args ...any) error {
	return &badValue{variable, fmt.Errorf(format, args...)}
}

// database returns the database's URL.
func (c databaseConfig) database() (string, error) {
	secret, err := secret("MANDATE_DATABASE_URL", c.DatabaseURL, c.DatabaseURLFile)
	if err == nil && secret == "" {
		secret = defaultDatabase
	}
	return secret, err
}

// secret returns a value that is given itself or in a file.
func secret(variable, value, path string) (string, error) {
	switch {
	case path == "":
		return value, nil
	case value != "":
		return "", bad(variable, "is set, and so is %s_FILE: which of them counts?", variable)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return "", bad(variable+"_FILE", "%w", err)
	}
	value = strings.TrimSpace(string(content))
	if value == "" {
		return "", bad(variable+"_FILE", "%s is empty", path)
	}
	return value, nil
}

// sender returns the mail server; nil when there is none.
func (c mailConfig) sender() (*mail.SMTP, error) {
	server, err := secret("MANDATE_SMTP_URL", c.SMTPURL, c.SMTPURLFile)
	if err != nil || server == "" {
		return nil, err
	}
	if c.MailFrom == "" {
		return nil, bad("MANDATE_MAIL_FROM", "is needed with MANDATE_SMTP_URL: the address that mails come from")
	}
	if _, err := netmail.ParseAddress(c.MailFrom); err != nil {
		return nil, bad("MANDATE_MAIL_FROM", "%q is not an address such as 'Mandate <no-reply@example.org>'", c.MailFrom)
	}
	sender, err := mail.Open(server, c.MailFrom)
	if err != nil {
		return nil, bad("MANDATE_SMTP_URL", "%w", err)
	}
	return sender, nil
}

// address returns where to listen.
func (c serverConfig) address() (string, error) {
	if c.Listen == "" {
		return defaultListen, nil
	}
	_, port, err := net.SplitHostPort(c.Listen)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		return "", bad("MANDATE_LISTEN", "%q is not of the form host:port, such as %s", c.Listen, defaultListen)
	}
	return c.Listen, nil
}

// public returns where people reach a server that listens at the address.
func (c serverConfig) public(listening string) (*url.URL, error) {
	if c.PublicURL == "" {
		host, port, err := net.SplitHostPort(listening)
		if ip := net.ParseIP(host); err == nil && (host == "" || ip != nil && ip.IsUnspecified()) {
			listening = net.JoinHostPort("localhost", port)
		}
		return &url.URL{Scheme: "http", Host: listening}, nil
	}
	u, err := origin(c.PublicURL)
	if err != nil {
		return nil, bad("MANDATE_PUBLIC_URL", "%w", err)
	}
	return u, nil
}

// origins returns whose pages may call the API.
func (c serverConfig) origins() ([]string, error) {
	var list []string
	for entry := range strings.SplitSeq(c.CORSOrigins, ",") {
		if entry = strings.TrimSpace(entry); entry == "" {
			continue
		}
		u, err := origin(entry)
		if err != nil {
			return nil, bad("MANDATE_CORS_ORIGINS", "%w", err)
		}
		list = append(list, u.String())
	}
	return list, nil
}

// origin reads a URL that consists of scheme, host and perhaps port.
func origin(raw string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimSuffix(raw, "/"))
	odd := func(r rune) bool { return r <= ' ' || r > '~' }
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" || strings.ContainsFunc(u.Host, odd) || strings.Contains(u.Host, "*") {
		return nil, fmt.Errorf("%q is not of the form https://host or https://host:port", raw)
	}
	if u.User != nil || u.Path != "" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		return nil, errors.New("it must end after host and port")
	}
	u.Host = strings.ToLower(u.Host)
	return u, nil
}

// brand is the name of the installation.
func (c serverConfig) brand() string {
	if name := strings.TrimSpace(c.Name); name != "" {
		return name
	}
	return defaultName
}

// logger returns the log, from a level on.
func (c serverConfig) logger(t terminal, from slog.Level) (*slog.Logger, error) {
	options := &slog.HandlerOptions{Level: from}
	switch c.Log {
	case "", "text":
		return slog.New(slog.NewTextHandler(t.err, options)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(t.err, options)), nil
	default:
		return nil, bad("MANDATE_LOG", "%q is neither text nor json", c.Log)
	}
}
