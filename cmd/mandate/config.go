package main

import (
	"errors"
	"fmt"
	"net"
	netmail "net/mail"
	"net/netip"
	"net/url"
	"os"
	"strconv"
	"strings"

	"mandate/graph"
	"mandate/internal/egress"
	"mandate/internal/mail"
)

// databaseConfig says where the data is.
type databaseConfig struct {
	DatabaseURL     string `env:"MANDATE_DATABASE_URL" placeholder:"URL" help:"The database: sqlite:PATH, or mysql://user:password@host:port/name. Default: sqlite:mandate.db."`
	DatabaseURLFile string `env:"MANDATE_DATABASE_URL_FILE" placeholder:"PATH" help:"A file that holds the database's URL instead."`
}

// brandConfig says whose installation it is.
type brandConfig struct {
	Name    string `env:"MANDATE_NAME" placeholder:"NAME" help:"Name of this installation, in mails and above pages. Default: Mandate."`
	Color   string `env:"MANDATE_COLOR" placeholder:"#RRGGBB" help:"Colour of the buttons in mails. Default: blue."`
	Address string `env:"MANDATE_ADDRESS" placeholder:"TEXT" help:"Where the operator can be reached, by post or otherwise, below every mail; \\n begins a new line. Default: none."`
}

// siteConfig says where an installation is reached, and how its operators look at a program of it.
type siteConfig struct {
	brandConfig `embed:""`
	PublicURL   string `env:"MANDATE_PUBLIC_URL" placeholder:"URL" help:"Where people reach the server; links in mails begin so. Default: http:// and where it listens."`
	OpsListen   string `env:"MANDATE_OPS_LISTEN" placeholder:"HOST:PORT" help:"Where operators look: /metrics, /debug/pprof, /healthz, /readyz. Keep it to the loopback interface or a network of your own. Default: nowhere."`
	Log         string `env:"MANDATE_LOG" placeholder:"text|json" help:"Form of the log, on standard error. Default: text."`
	LogLevel    string `env:"MANDATE_LOG_LEVEL" placeholder:"LEVEL" help:"From which level on the log is written: debug, info, warn or error. Default: info; warn for the demo."`
}

// serverConfig says how the server presents itself.
type serverConfig struct {
	siteConfig  `embed:""`
	Listen      string `env:"MANDATE_LISTEN" placeholder:"HOST:PORT" help:"Where to listen. Default: 127.0.0.1:8080."`
	CORSOrigins string `env:"MANDATE_CORS_ORIGINS" name:"cors-origins" placeholder:"URL,..." help:"Origins whose pages may call the API from a browser, separated by commas. Default: none."`
	Proxies     string `env:"MANDATE_TRUSTED_PROXIES" name:"trusted-proxies" placeholder:"CIDR,..." help:"Addresses or networks of the proxies in front, separated by commas: where a request comes from is what they say in X-Forwarded-For. Default: none."`
}

// workerConfig says who does the background work.
type workerConfig struct {
	Worker string `env:"MANDATE_WORKER" placeholder:"on|off" help:"Whether the server does the background work too: off when mandate worker runs apart. Default: on."`
}

// apiConfig says what the API lets clients do.
type apiConfig struct {
	Introspection    string `env:"MANDATE_INTROSPECTION" placeholder:"on|off" help:"Whether clients may ask for the schema, at /schema.graphql too. Default: on."`
	RateLimit        string `env:"MANDATE_RATE_LIMIT" placeholder:"N|off" help:"How many requests a minute a person has. What they may cost, and what strangers have, is in proportion. Default: 600."`
	TrustedDocuments string `env:"MANDATE_TRUSTED_DOCUMENTS" placeholder:"PATH" help:"A manifest of the only documents that are executed: a JSON object of documents by their hashes, or Apollo's. Default: none; all are."`
}

// tracesConfig says where traces go. What else OpenTelemetry defines, such as OTEL_TRACES_SAMPLER and OTEL_SERVICE_NAME,
// its library reads itself.
type tracesConfig struct {
	Exporter       string `env:"OTEL_TRACES_EXPORTER" name:"otel-traces-exporter" placeholder:"otlp|none" help:"Whether traces are sent. Default: otlp with an endpoint, else none."`
	Endpoint       string `env:"OTEL_EXPORTER_OTLP_ENDPOINT" name:"otel-exporter-otlp-endpoint" placeholder:"URL" help:"An OpenTelemetry collector that speaks OTLP over HTTP. Default: http://localhost:4318 when traces are sent."`
	TracesEndpoint string `env:"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT" name:"otel-exporter-otlp-traces-endpoint" placeholder:"URL" help:"The same, with the path for traces."`
	Protocol       string `env:"OTEL_EXPORTER_OTLP_PROTOCOL" name:"otel-exporter-otlp-protocol" placeholder:"http/json" help:"Has to be http/json, if it is given."`
	Headers        string `env:"OTEL_EXPORTER_OTLP_HEADERS" name:"otel-exporter-otlp-headers" placeholder:"NAME=VALUE,..." help:"Headers that the collector wants, such as a key."`
}

// mailConfig says who sends the mails.
type mailConfig struct {
	SMTPURL     string `env:"MANDATE_SMTP_URL" name:"smtp-url" placeholder:"URL" help:"The mail server: smtp://[user:password@]host:port or smtps://... Default: none; mails stay in the outbox."`
	SMTPURLFile string `env:"MANDATE_SMTP_URL_FILE" name:"smtp-url-file" placeholder:"PATH" help:"A file that holds the mail server's URL instead."`
	MailFrom    string `env:"MANDATE_MAIL_FROM" placeholder:"ADDRESS" help:"The sender of mails, such as 'Mandate <no-reply@example.org>'. Needed with a mail server."`
}

// webhookConfig says where webhooks may lead.
type webhookConfig struct {
	WebhookAllow string `env:"MANDATE_WEBHOOK_ALLOW" placeholder:"CIDR,..." help:"Addresses or networks of your own that webhooks may reach, in clear text too, separated by commas. Whoever makes webhooks reaches them, too. Default: none; webhooks reach public addresses only."`
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
	return hostPort("MANDATE_LISTEN", c.Listen)
}

// operations returns where operators look; "" for nowhere.
func (c siteConfig) operations() (string, error) {
	if c.OpsListen == "" {
		return "", nil
	}
	return hostPort("MANDATE_OPS_LISTEN", c.OpsListen)
}

func hostPort(variable, value string) (string, error) {
	_, port, err := net.SplitHostPort(value)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		return "", bad(variable, "%q is not of the form host:port, such as %s", value, defaultListen)
	}
	return value, nil
}

// public returns where people reach a server that listens at the address.
func (c siteConfig) public(listening string) (*url.URL, error) {
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

// proxies returns whose word on where requests come from counts.
func (c serverConfig) proxies() ([]netip.Prefix, error) {
	list, err := networks("MANDATE_TRUSTED_PROXIES", c.Proxies)
	for _, p := range list {
		if p.Bits() == 0 {
			return nil, bad("MANDATE_TRUSTED_PROXIES", "%q is everybody: any client could say that it comes from anywhere", p)
		}
	}
	return list, err
}

// allowed returns where webhooks may lead besides public addresses.
func (c webhookConfig) allowed() (egress.Allowed, error) {
	return networks("MANDATE_WEBHOOK_ALLOW", c.WebhookAllow)
}

// networks reads a list of addresses and networks.
func networks(variable, value string) ([]netip.Prefix, error) {
	var list []netip.Prefix
	for entry := range strings.SplitSeq(value, ",") {
		if entry = strings.TrimSpace(entry); entry == "" {
			continue
		}
		p, err := netip.ParsePrefix(entry)
		if address, alone := netip.ParseAddr(entry); alone == nil {
			p, err = address.Unmap().Prefix(address.Unmap().BitLen())
		}
		if err != nil {
			return nil, bad(variable, "%q is neither an address nor a network such as 10.0.0.0/8", entry)
		}
		list = append(list, p.Masked())
	}
	return list, nil
}

// idle reports whether the background work is done elsewhere.
func (c workerConfig) idle() (bool, error) {
	switch c.Worker {
	case "", "on":
		return false, nil
	case "off":
		return true, nil
	}
	return false, bad("MANDATE_WORKER", "%q is neither on nor off", c.Worker)
}

// leastRate is the smallest rate limit: with less, the dearest operation would never come through.
const leastRate = 60

// limits returns what the API lets clients do.
func (c apiConfig) limits() (apiLimits, error) {
	l := apiLimits{rate: graph.DefaultRate}
	switch c.Introspection {
	case "", "on":
	case "off":
		l.noIntrospection = true
	default:
		return l, bad("MANDATE_INTROSPECTION", "%q is neither on nor off", c.Introspection)
	}
	switch c.RateLimit {
	case "":
	case "off":
		l.rate = 0
	default:
		n, err := strconv.Atoi(c.RateLimit)
		if err != nil || n < leastRate {
			return l, bad("MANDATE_RATE_LIMIT", "%q is neither off nor a number of requests a minute from %d on", c.RateLimit, leastRate)
		}
		l.rate = n
	}
	if c.TrustedDocuments == "" {
		return l, nil
	}
	manifest, err := os.ReadFile(c.TrustedDocuments)
	if err == nil {
		l.trusted, err = graph.ReadTrustedDocuments(manifest)
	}
	if err != nil {
		return l, bad("MANDATE_TRUSTED_DOCUMENTS", "%w", err)
	}
	return l, nil
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

// brand is whose installation it is, as mails and pages show it.
func (c brandConfig) brand() (b mail.Brand, err error) {
	if b.Name = strings.TrimSpace(c.Name); b.Name == "" {
		b.Name = defaultName
	}
	if c.Color != "" {
		if b.Color, err = mail.ParseColor(c.Color); err != nil {
			return b, bad("MANDATE_COLOR", "%w", err)
		}
	}
	b.Address = strings.ReplaceAll(c.Address, `\n`, "\n")
	return b, nil
}
