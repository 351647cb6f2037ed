package main

import (
	"bytes"
	netmail "net/mail"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mandate/internal/mail"
)

// TestMailPreview: every mail of the product is there, in the operator's dress, and nothing else is needed to see it.
func TestMailPreview(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "mails", "of today")
	env := []string{"MANDATE_NAME=Contoso Cloud", "MANDATE_COLOR=#0B7A4B", `MANDATE_ADDRESS=Contoso Cloud Ltd\n1 Harbour Street`, "MANDATE_MAIL_FROM=Contoso <mail@contoso.example>"}
	runs(t, env, "", []string{"mail", "preview", "--dir", dir}, 0, filepath.Join(dir, "index.html"))
	read := func(name string) string {
		t.Helper()
		content, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(content)
	}
	listed, index := runs(t, nil, "", []string{"mail", "preview"}, 0), read("index.html")
	files := 1
	for _, s := range mail.Samples() {
		l, err := s.Template.Letter(mail.Brand{Name: "Contoso Cloud", Color: "#0b7a4b", Address: "Contoso Cloud Ltd\n1 Harbour Street"})
		if err != nil {
			t.Fatal(err)
		}
		if read(s.Name+".txt") != l.Text || read(s.Name+".html") != l.HTML {
			t.Errorf("%s is written otherwise", s.Name)
		}
		sent, err := netmail.ReadMessage(bytes.NewReader([]byte(read(s.Name + ".eml"))))
		if err != nil || sent.Header.Get("From") != `"Contoso" <mail@contoso.example>` {
			t.Errorf("%s as sent: %v, %v", s.Name, sent, err)
		}
		if !strings.Contains(listed, s.Name+" ") || !strings.Contains(listed, l.Subject) {
			t.Errorf("%s is not listed", s.Name)
		}
		for _, end := range []string{".html", ".txt", ".eml"} {
			files++
			if !strings.Contains(index, `"`+s.Name+end+`"`) {
				t.Errorf("the index does not lead to %s%s", s.Name, end)
			}
		}
	}
	there, err := os.ReadDir(dir)
	if err != nil || len(there) != files {
		t.Errorf("%d files (%v); want %d", len(there), err, files)
	}
}

func TestMailPreviewRefusesBadValues(t *testing.T) {
	t.Parallel()
	runs(t, []string{"MANDATE_COLOR=red"}, "", []string{"mail", "preview"}, 2, "mandate: MANDATE_COLOR: ")
	runs(t, []string{"MANDATE_MAIL_FROM=nonsense"}, "", []string{"mail", "preview", "--dir", t.TempDir()}, 2, "mandate: MANDATE_MAIL_FROM: ")
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	runs(t, nil, "", []string{"mail", "preview", "--dir", file}, 1, "file")
}
