package mail

import (
	"strings"
	"testing"
)

func TestOpenReadsItsURL(t *testing.T) {
	t.Parallel()
	for rawURL, want := range map[string]server{
		"smtp://localhost:1025":                         {host: "localhost", port: "1025", encryption: optional},
		"smtp://127.0.0.1:25?starttls=off":              {host: "127.0.0.1", port: "25", encryption: off},
		"smtp://[::1]:25":                               {host: "::1", port: "25", encryption: optional},
		"smtp://localhost:25?starttls=required":         {host: "localhost", port: "25", encryption: required},
		"smtp://mail.example:587":                       {host: "mail.example", port: "587", encryption: required},
		"smtp://mail.example:587/":                      {host: "mail.example", port: "587", encryption: required},
		"smtp://mail.example:25?starttls=optional":      {host: "mail.example", port: "25", encryption: optional},
		"smtp://mail.example:25?starttls=off":           {host: "mail.example", port: "25", encryption: off},
		"smtps://mail.example:465":                      {host: "mail.example", port: "465", encryption: implicit},
		"smtp://u%40x:p%3A%2F%23@mail.example:587":      {host: "mail.example", port: "587", user: "u@x", password: "p:/#", encryption: required},
		"smtp://u:p@localhost:25?starttls=off":          {host: "localhost", port: "25", user: "u", password: "p", encryption: off},
		"smtp://u:p@mail.example:587?starttls=required": {host: "mail.example", port: "587", user: "u", password: "p", encryption: required},
	} {
		s, err := Open(rawURL, "no-reply@mandate.example")
		if err != nil {
			t.Errorf("%s: %v", rawURL, err)
			continue
		}
		if s.server != want {
			t.Errorf("%s = %+v", rawURL, s.server)
		}
	}
}

func TestOpenRefusesBadURLs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ rawURL, want string }{
		{"", "must start with smtp://"},
		{"mail.example:25", "must start with smtp://"},
		{"http://user:hunter2@mail.example:25", "must start with smtp://"},
		{"smtp://user:hunter2@mail.example", "no port"},
		{"smtp://user:hunter2@mail.example:0", "no port"},
		{"smtp://user:hunter2@mail.example:65536", "no port"},
		{"smtp://user:hunter2@:25", "no host"},
		{"smtp://user@mail.example:25", "both a user and a password"},
		{"smtp://:hunter2@mail.example:25", "both a user and a password"},
		{"smtp://user:%zzhunter2@mail.example:25", "percent-encoded"},
		{"smtp://user:hunter2/x@mail.example:25", "percent-encoded"},
		{"smtp://user:25/hunter2@mail.example:25", "percent-encoded"},
		{"smtp://user:25#hunter2@mail.example:25", "percent-encoded"},
		{"smtp://user:25?hunter2@mail.example:25", "other than starttls"},
		{"smtp://user:hunter2@mail.example:25/inbox", "must end after the port"},
		{"smtp://user:hunter2@mail.example:25?tls=on", "other than starttls"},
		{"smtp://user:hunter2@mail.example:25?starttls=required&tls=on", "other than starttls"},
		{"smtp://user:hunter2@mail.example:25?starttls=hunter2", "required, optional or off"},
		{"smtp://user:hunter2@mail.example:25?starttls=off&starttls=required", "required, optional or off"},
		{"smtp://user:hunter2@mail.example:25?starttls=%zz", "options"},
		{"smtps://user:hunter2@mail.example:465?starttls=required", "encrypted already"},
		{"smtp://user:hunter2@mail.example:25?starttls=optional", "could send the password unencrypted"},
		{"smtp://user:hunter2@mail.example:25?starttls=off", "could send the password unencrypted"},
	} {
		_, err := Open(c.rawURL, "no-reply@mandate.example")
		if err == nil {
			t.Errorf("%s is accepted", c.rawURL)
			continue
		}
		if !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %q does not say %q", c.rawURL, err, c.want)
		}
		if strings.Contains(err.Error(), "hunter") {
			t.Errorf("%s: error %q repeats the password", c.rawURL, err)
		}
	}
}

func TestOpenRefusesABadSender(t *testing.T) {
	t.Parallel()
	for _, from := range []string{"", "Mandate", "a@x.example\r\nBcc: b@x.example"} {
		if _, err := Open("smtp://localhost:25", from); err == nil || !strings.Contains(err.Error(), "sender's address") {
			t.Errorf("%q: error %v", from, err)
		}
	}
}

func TestServerIsNamedWithoutItsPassword(t *testing.T) {
	t.Parallel()
	if got := open(t, "smtps://user:hunter2@mail.example:465").String(); got != "smtps://mail.example:465" {
		t.Errorf("String() = %q", got)
	}
}
