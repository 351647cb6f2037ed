// Package mail writes the letters the product sends and hands them to a mail server.
//
// Every letter is one plain struct (InvitationToCustomer, PasswordReset, …) whose Letter method gives subject, text
// and HTML. All of them go through one layout, which cleans whatever people typed: a name or a personal message can
// neither add a header, nor markup, nor a line that looks like the letter's own link.
package mail

import (
	"bytes"
	_ "embed"
	"fmt"
	htmltemplate "html/template"
	"net/url"
	"strings"
	texttemplate "text/template"
	"unicode"
)

// Template is one kind of letter, with what it tells.
type Template interface {
	// Letter renders it. It fails when a link is missing that the letter is for, or is not an absolute web address.
	Letter(Brand) (Letter, error)
}

// Letter is a rendered message: what its reader sees, the same in plain text and in HTML.
type Letter struct {
	Subject string
	Text    string
	HTML    string
}

// content is what one letter says, before any layout. The layouts treat all of it as hostile, so sentences may be built
// with Sprintf from what people typed. Only one rule is left to their author: no sentence starts with such words,
// because in the text part a line that starts with an address is the letter's link.
type content struct {
	Subject    string
	Heading    string
	Paragraphs []string
	Quote      quote
	Facts      []fact
	Action     action
	SmallPrint []string
}

// quote is a person's own text, shown with its line breaks and always marked as quoted. Without text there is none.
type quote struct {
	Label string
	Text  string
}

// Lines are the quoted lines, cleaned for display.
func (q quote) Lines() []string { return lines(q.Text) }

type fact struct {
	Label string
	Value string
}

// action is the one thing a letter asks for: a button in HTML, a link on a line of its own in text. A letter without a
// Label for it asks for nothing; an Optional one is left out when there is no link.
type action struct {
	Label    string
	Link     string
	Optional bool
}

// check wants a link wherever one is needed, and only absolute web addresses. Its error never repeats the link, which
// may hold a secret.
func (a action) check() error {
	if a.Label == "" || (a.Optional && a.Link == "") {
		return nil
	}
	u, err := url.Parse(a.Link)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") || strings.ContainsFunc(a.Link, unicode.IsSpace) {
		return fmt.Errorf("write letter: the link to %q is not an absolute web address", a.Label)
	}
	return nil
}

var (
	//go:embed layout.txt
	textSource string
	//go:embed layout.html
	htmlSource string

	textLayout = texttemplate.Must(texttemplate.New("text").Parse(textSource))
	htmlLayout = htmltemplate.Must(htmltemplate.New("html").Parse(htmlSource))
)

// render puts c into the two layouts. It fails when the action needs a link and has none, or one that is not an
// absolute web address.
func (b Brand) render(c content) (Letter, error) {
	if err := c.Action.check(); err != nil {
		return Letter{}, err
	}
	page := struct {
		frame
		content
	}{b.frame(), c.clean()}

	var text, html bytes.Buffer
	if err := textLayout.Execute(&text, page); err != nil {
		return Letter{}, fmt.Errorf("write letter as text: %w", err)
	}
	if err := htmlLayout.Execute(&html, page); err != nil {
		return Letter{}, fmt.Errorf("write letter as HTML: %w", err)
	}
	return Letter{Subject: page.Subject, Text: text.String(), HTML: html.String()}, nil
}

// clean gives c with every text in it reduced to one harmless line; a quote cleans its own lines.
func (c content) clean() content {
	c.Subject = subject(c.Subject)
	c.Heading = line(c.Heading)
	c.Paragraphs = each(c.Paragraphs, line)
	c.SmallPrint = each(c.SmallPrint, line)
	c.Quote.Label = line(c.Quote.Label)
	c.Facts = each(c.Facts, func(f fact) fact { return fact{line(f.Label), line(f.Value)} })
	return c
}

func each[T any](in []T, f func(T) T) []T {
	out := make([]T, len(in))
	for i, v := range in {
		out[i] = f(v)
	}
	return out
}
