package endtoend

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// page is what a browser without JavaScript shows.
type page struct {
	t      *testing.T
	site   *site
	url    *url.URL
	status int
	title  string
	text   string // what is read, with single spaces
	root   *html.Node
}

// open opens a link.
func (s *site) open(t *testing.T, link string) *page {
	t.Helper()
	return s.page(t, s.send(t, "GET", link, ""))
}

func (s *site) page(t *testing.T, r *http.Response) *page {
	t.Helper()
	root, err := html.Parse(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	p := &page{t: t, site: s, url: r.Request.URL, status: r.StatusCode, root: root}
	for n := range elements(root, "h1") {
		p.title = words(n)
	}
	p.text = words(root)
	return p
}

// shows sees that the page has a title and holds texts.
func (p *page) shows(title string, texts ...string) *page {
	p.t.Helper()
	if p.title != title {
		p.t.Fatalf("the page is %q; want %q:\n%s", p.title, title, p.text)
	}
	for _, text := range texts {
		if !strings.Contains(p.text, text) {
			p.t.Errorf("the page %q lacks %q:\n%s", title, text, p.text)
		}
	}
	return p
}

// press fills in the form with a button and presses that. What is filled in are pairs of a label and a value; a choice
// is made with its label and "yes".
func (p *page) press(button string, filled ...string) *page {
	p.t.Helper()
	form, values := p.form(button)
	for pair := range slices.Chunk(filled, 2) {
		control := p.labelled(form, pair[0])
		if attribute(control, "type") == "radio" {
			values.Set(attribute(control, "name"), attribute(control, "value"))
		} else {
			values.Set(attribute(control, "name"), pair[1])
		}
	}
	target, err := p.url.Parse(attribute(form, "action"))
	if err != nil {
		p.t.Fatal(err)
	}
	// So do browsers: the pages ask them to tell nobody where somebody comes from.
	return p.site.page(p.t, p.site.send(p.t, strings.ToUpper(attribute(form, "method")), target.String(), values.Encode(),
		"Content-Type", "application/x-www-form-urlencoded", "Origin", "null", "Sec-Fetch-Site", "same-origin"))
}

// form finds the form with a button, and what it sends if nothing is filled in.
func (p *page) form(button string) (form *html.Node, values url.Values) {
	p.t.Helper()
	for form := range elements(p.root, "form") {
		for b := range elements(form, "button") {
			if words(b) != button {
				continue
			}
			values := url.Values{}
			for control := range elements(form, "input", "textarea", "select") {
				if kind := attribute(control, "type"); kind != "radio" && kind != "checkbox" {
					values.Set(attribute(control, "name"), attribute(control, "value"))
				}
			}
			if name := attribute(b, "name"); name != "" {
				values.Set(name, attribute(b, "value"))
			}
			return form, values
		}
	}
	p.t.Fatalf("the page has no button %q:\n%s", button, p.text)
	return nil, nil
}

// labelled finds what a label of the form belongs to.
func (p *page) labelled(form *html.Node, label string) *html.Node {
	p.t.Helper()
	for l := range elements(form, "label") {
		if strings.TrimSuffix(words(l), " (optional)") != label {
			continue
		}
		for control := range elements(form, "input", "textarea", "select") {
			if attribute(control, "id") == attribute(l, "for") {
				return control
			}
		}
	}
	p.t.Fatalf("the form asks for no %q:\n%s", label, words(form))
	return nil
}

// elements returns the elements with one of the names, in the order of the page.
func elements(root *html.Node, names ...string) func(func(*html.Node) bool) {
	return func(yield func(*html.Node) bool) {
		for n := range root.Descendants() {
			if n.Type == html.ElementNode && slices.Contains(names, n.Data) && !yield(n) {
				return
			}
		}
	}
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// words returns the text of an element, with single spaces.
func words(root *html.Node) string {
	var text strings.Builder
	for n := range root.Descendants() {
		switch {
		case n.Type == html.TextNode && n.Parent.Data != "style":
			text.WriteString(n.Data)
		case n.Data == "td":
			text.WriteString(" ")
		}
	}
	return strings.Join(strings.Fields(text.String()), " ")
}
