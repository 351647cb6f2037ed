package endtoend

import (
	"strings"
	"testing"
)

func TestBadSettingIsOneLineThatNamesIt(t *testing.T) {
	t.Parallel()
	for name, settings := range map[string][]string{
		"MANDATE_LISTEN":         {"MANDATE_LISTEN=8080"},
		"MANDATE_DATABASE_URL":   {"MANDATE_DATABASE_URL=postgres://mandate:SECRET@db/mandate"},
		"MANDATE_PUBLIC_URL":     {"MANDATE_PUBLIC_URL=mandate.example"},
		"MANDATE_SMTP_URL":       {"MANDATE_SMTP_URL=https://user:SECRET@mail.example", "MANDATE_MAIL_FROM=no-reply@mandate.example"},
		"MANDATE_MAIL_FROM":      {"MANDATE_SMTP_URL=smtp://mail.example:25", "MANDATE_MAIL_FROM=nobody in particular"},
		"MANDATE_CORS_ORIGINS":   {"MANDATE_CORS_ORIGINS=https://portal.example, *"},
		"MANDATE_LOG":            {"MANDATE_LOG=xml"},
		"MANDATE_SMTP_URL_FILE":  {"MANDATE_SMTP_URL_FILE=missing"},
		"--listen":               {},
		"MANDATE_DATABASE_URL: ": {"MANDATE_DATABASE_URL=sqlite:"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			args := []string{"serve"}
			if len(settings) == 0 {
				args = append(args, name)
			}
			printed := runs(t, 2, settings, "", args...)
			if !strings.HasPrefix(printed, "mandate: ") || !strings.Contains(printed, name) || strings.Count(printed, "\n") != 1 {
				t.Errorf("it printed:\n%s", printed)
			}
			if strings.Contains(printed, "SECRET") {
				t.Errorf("it printed a secret:\n%s", printed)
			}
		})
	}
}
