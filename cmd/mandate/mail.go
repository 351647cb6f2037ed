package main

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"os"
	"path/filepath"
	"strings"

	"mandate/internal/mail"
)

// mailCommand holds what is to be done with mails.
type mailCommand struct {
	Preview preview `cmd:"" help:"Show every mail of the product with made-up values: list them, or write them to a directory."`
}

// preview is the subcommand that shows the mails.
type preview struct {
	brandConfig `embed:""`
	From        string `env:"MANDATE_MAIL_FROM" name:"mail-from" placeholder:"ADDRESS" help:"The sender of the mails."`
	Dir         string `placeholder:"DIR" help:"Where to write them: as text, HTML and .eml, with an index.html. Default: they are listed only."`
}

const (
	previewFrom     = "no-reply@mandate.example"
	previewReceiver = "kim@contoso.example"
)

// shown is a mail of the preview.
type shown struct {
	Name string
	mail.Letter
}

// Run renders the mails.
func (c *preview) Run(t terminal) error {
	brand, err := c.brand()
	if err != nil {
		return err
	}
	var list []shown
	for _, s := range mail.Samples() {
		l, err := s.Template.Letter(brand)
		if err != nil {
			return fmt.Errorf("%s: %w", s.Name, err)
		}
		list = append(list, shown{s.Name, l})
	}
	if c.Dir != "" {
		return c.write(t, brand, list)
	}
	for _, l := range list {
		fmt.Fprintf(t.out, "%-36s %s\n", l.Name, l.Subject)
	}
	return nil
}

//go:embed preview.html
var previewSource string

var previewPage = template.Must(template.New("preview").Parse(previewSource))

// write puts the mails into the directory.
func (c *preview) write(t terminal, brand mail.Brand, list []shown) error {
	if err := os.MkdirAll(c.Dir, 0o755); err != nil {
		return err
	}
	put := func(name, content string) error {
		return os.WriteFile(filepath.Join(c.Dir, name), []byte(content), 0o644)
	}
	from := strings.TrimSpace(c.From)
	if from == "" {
		from = previewFrom
	}
	for _, l := range list {
		var wire bytes.Buffer
		if _, err := (mail.Message{MessageID: l.Name + "@mandate.example", From: from, To: previewReceiver, Letter: l.Letter}).WriteTo(&wire); err != nil {
			return bad("MANDATE_MAIL_FROM", "%w", err)
		}
		for end, content := range map[string]string{".txt": l.Text, ".html": l.HTML, ".eml": wire.String()} {
			if err := put(l.Name+end, content); err != nil {
				return err
			}
		}
	}
	var index strings.Builder
	if err := previewPage.Execute(&index, struct {
		Brand string
		Mails []shown
	}{brand.Name, list}); err != nil {
		return err
	}
	if err := put("index.html", index.String()); err != nil {
		return err
	}
	fmt.Fprintln(t.out, filepath.Join(c.Dir, "index.html"))
	return nil
}
