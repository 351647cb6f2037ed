package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestBadValuesAreOneLineAndStatus2(t *testing.T) {
	t.Parallel()
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	const smtp = "MANDATE_SMTP_URL=smtp://localhost:25"
	for _, env := range []string{
		"MANDATE_LISTEN=8080",
		"MANDATE_LISTEN=localhost:http!",
		"MANDATE_LISTEN=localhost:65536",
		"MANDATE_PUBLIC_URL=mandate.example",
		"MANDATE_PUBLIC_URL=ftp://mandate.example",
		"MANDATE_PUBLIC_URL=https://mandate.example/portal",
		"MANDATE_PUBLIC_URL=https://müsli.example",
		"MANDATE_CORS_ORIGINS=*",
		"MANDATE_CORS_ORIGINS=https://a.example,https://*.example",
		"MANDATE_CORS_ORIGINS=a.example",
		"MANDATE_TRUSTED_PROXIES=proxy.example",
		"MANDATE_TRUSTED_PROXIES=10.0.0.0/8,10.0.0.0/33",
		"MANDATE_TRUSTED_PROXIES=0.0.0.0/0",
		"MANDATE_TRUSTED_PROXIES=::/0",
		"MANDATE_WEBHOOK_ALLOW=hooks.example",
		"MANDATE_WEBHOOK_ALLOW=10.0.0.0/8,10.0.0.0/33",
		"MANDATE_INTROSPECTION=yes",
		"MANDATE_RATE_LIMIT=59",
		"MANDATE_RATE_LIMIT=fast",
		"MANDATE_TRUSTED_DOCUMENTS=missing.json",
		"MANDATE_COLOR=blue",
		"MANDATE_COLOR=#1d4ed8;color:red",
		"MANDATE_LOG=xml",
		"MANDATE_LOG_LEVEL=loud",
		"MANDATE_OPS_LISTEN=9090 MANDATE_LISTEN=127.0.0.1:0",
		"OTEL_TRACES_EXPORTER=zipkin",
		"OTEL_EXPORTER_OTLP_ENDPOINT=collector:4318",
		"OTEL_EXPORTER_OTLP_PROTOCOL=grpc OTEL_TRACES_EXPORTER=otlp",
		"OTEL_EXPORTER_OTLP_HEADERS=SECRET OTEL_TRACES_EXPORTER=otlp",
		"MANDATE_DATABASE_URL=postgres://user:SECRET@host/name",
		"MANDATE_DATABASE_URL=mysql://user:SECRET@host",
		"MANDATE_DATABASE_URL=sqlite:/no/such/directory/x.db",
		"MANDATE_DATABASE_URL_FILE=/no/such/file",
		"MANDATE_DATABASE_URL_FILE=" + empty,
		"MANDATE_DATABASE_URL=sqlite:a.db MANDATE_DATABASE_URL_FILE=" + empty,
		"MANDATE_SMTP_URL=http://user:SECRET@host:25 MANDATE_MAIL_FROM=a@b.example",
		"MANDATE_SMTP_URL_FILE=/no/such/file",
		"MANDATE_MAIL_FROM=nonsense " + smtp,
		"MANDATE_MAIL_FROM= " + smtp,
	} {
		name, _, _ := strings.Cut(env, "=")
		printed := runs(t, strings.Fields(env), "", []string{"serve"}, 2, "mandate: "+name+": ")
		if strings.Count(printed, "\n") != 1 || strings.Contains(printed, "SECRET") {
			t.Errorf("%s: printed %s", env, printed)
		}
	}
}

func TestCommandLine(t *testing.T) {
	t.Parallel()
	runs(t, nil, "", nil, 0, "serve", "demo", "migrate up", "admin create", "mail preview")
	runs(t, nil, "", []string{"serve", "--help"}, 0, "MANDATE_DATABASE_URL", "MANDATE_SMTP_URL_FILE", "--migrate", "127.0.0.1:8080")
	runs(t, nil, "", []string{"version"}, 0, "mandate dev go")
	runs(t, nil, "", []string{"schema"}, 0, "type Mutation")
	runs(t, nil, "", []string{"surve"}, 2, "surve", "See mandate --help")
	runs(t, nil, "", []string{"serve", "--listne=x"}, 2, "listne")
	runs(t, nil, "", []string{"admin", "create"}, 2, "--email")
}

func TestPublicURLFollowsWhereItListens(t *testing.T) {
	t.Parallel()
	for listening, want := range map[string]string{
		"127.0.0.1:8080": "http://127.0.0.1:8080", "[::]:80": "http://localhost:80", "0.0.0.0:80": "http://localhost:80", "[::1]:80": "http://[::1]:80",
	} {
		u, err := siteConfig{}.public(listening)
		if err != nil || u.String() != want {
			t.Errorf("%s: %v, %v; want %s", listening, u, err, want)
		}
	}
	u, err := siteConfig{PublicURL: "https://Mandate.Example/"}.public("127.0.0.1:8080")
	if err != nil || u.String() != "https://mandate.example" {
		t.Errorf("%v, %v", u, err)
	}
}

func TestProxiesAreAddressesAndNetworks(t *testing.T) {
	t.Parallel()
	got, err := serverConfig{Proxies: " 10.1.2.3/8, 192.0.2.7,::1 , ::ffff:192.0.2.8,"}.proxies()
	if want := "[10.0.0.0/8 192.0.2.7/32 ::1/128 192.0.2.8/32]"; err != nil || fmt.Sprint(got) != want {
		t.Errorf("%v (%v); want %s", got, err, want)
	}
}

func TestSecretsComeFromFiles(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte("mysql://user:secret@host/name\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := databaseConfig{DatabaseURLFile: path}.database()
	if err != nil || got != "mysql://user:secret@host/name" {
		t.Errorf("%q, %v", got, err)
	}
}
