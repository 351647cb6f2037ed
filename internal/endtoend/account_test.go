package endtoend

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"mandate/internal/testdb"
)

const newPassword = "broad willow lantern 9"

// barriers lists what would keep somebody from using the page: what a screen reader cannot name, what is too faint to be
// read (WCAG 2.1, AA), and controls that do not show that they have the focus.
const barriers = `(() => {
	const found = [];
	if (!document.documentElement.lang) found.push("the page has no language");
	if (!document.title || document.querySelectorAll("h1").length !== 1 || !document.querySelector("main")) found.push("the page has no title, heading or main part");
	const channel = c => (c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
	const colour = s => s.match(/[\d.]+/g).map(Number);
	const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
	const contrast = (a, b) => { const [x, y] = [light(a), light(b)].sort((p, q) => q - p); return (x + 0.05) / (y + 0.05) };
	const behind = e => { for (; e; e = e.parentElement) { const c = colour(getComputedStyle(e).backgroundColor); if (c[3] !== 0) return c } return [255, 255, 255] };
	for (const e of document.querySelectorAll("body *")) {
		const own = [...e.childNodes].some(n => n.nodeType === Node.TEXT_NODE && n.data.trim());
		if (own && e.checkVisibility() && contrast(colour(getComputedStyle(e).color), behind(e)) < 4.5) found.push("too faint: " + e.textContent);
	}
	for (const e of document.querySelectorAll("input:not([type=hidden]), select, textarea")) {
		if (!e.labels.length) found.push("without a label: " + e.name);
		for (const id of (e.getAttribute("aria-describedby") || "").split(" ").filter(Boolean)) if (!document.getElementById(id)) found.push("nothing describes " + e.name);
		if (contrast(colour(getComputedStyle(e).borderTopColor), behind(e.parentElement)) < 3) found.push("the border is too faint: " + e.name);
	}
	return found;
})()`

// opened sees that a page with a title has no barriers, and takes its picture.
func (b *browser) opened(title, name string) {
	b.Helper()
	b.read("h1", title)
	var found []string
	b.do(chromedp.Evaluate(barriers, &found))
	for _, f := range found {
		b.Errorf("%s: %s", title, f)
	}
	b.shows(name)
}

// tabs goes with the keyboard to a control, which has to show that it has the focus.
func (b *browser) tabs(to string) {
	b.Helper()
	var at, outline string
	for range 5 {
		b.do(chromedp.KeyEvent(kb.Tab), chromedp.Evaluate(`document.activeElement.id || document.activeElement.innerText`, &at),
			chromedp.Evaluate(`getComputedStyle(document.activeElement).outlineStyle`, &outline))
		if at != "" && outline != "solid" {
			b.Errorf("%s does not show that it has the focus", at)
		}
		if at == to {
			return
		}
	}
	b.Fatalf("the keyboard does not reach %s, it is at %s", to, at)
}

// types fills a control in, and presses Enter.
func (b *browser) types(to, text string) {
	b.Helper()
	b.tabs(to)
	b.do(input.InsertText(text), chromedp.KeyEvent(kb.Enter))
}

// usedUp sees that a link which was used says why it does not work.
func (b *browser) usedUp(link string, press func()) {
	b.Helper()
	b.do(chromedp.Navigate(link))
	press()
	b.opened("This link does not work any more", "used")
	b.read("main", "It is wrong, used up or too old: a link works once, and for a limited time.")
	b.tabs("ask for a new link")
}

func TestBrowserResetsAPassword(t *testing.T) {
	t.Parallel()
	s := newStage(t, "MANDATE_DATABASE_URL="+testdb.New(t, testdb.SQLite))
	const email = "bea@bakery.example"
	s.newCustomer("Bakery", email)
	open := s.welcome("Bakery", email)

	b := newBrowser(t)
	b.do(chromedp.Navigate(s.public + "/password"))
	b.opened("Forgot your password?", "forgotten")
	b.types("email", email)
	b.opened("Look into your mailbox", "asked")
	link := s.mail.await(email, "Set a new password").link(t)
	for range 2 { // opening it does nothing
		b.do(chromedp.Navigate(link))
		b.opened("Set your password", "reset")
	}
	b.types("new_password", newPassword)
	b.opened("Your password is set", "set")
	b.wasQuiet(s.public)

	s.is("session from before", s.ask(t, open, "{ viewer { user { id } } }", nil).Status, 401)
	s.mail.await(email, "Your password was changed")
	s.signIn(t, email, newPassword)
	b.usedUp(link, func() { b.types("new_password", "another one than that") })
	s.signIn(t, email, newPassword)
	b.wasQuiet(s.public, 404)
}

func TestBrowserSetsAFirstPassword(t *testing.T) {
	t.Parallel()
	s := newStage(t, "MANDATE_DATABASE_URL="+testdb.New(t, testdb.SQLite))
	const email = "bea@bakery.example"
	s.newCustomer("Bakery", email)
	link := s.mail.await(email, "You were added to Bakery").link(t)

	b := newBrowser(t)
	b.do(chromedp.Navigate(link))
	b.opened("Set your password", "first")
	b.types("new_password", "password1234")
	b.read(".error", "Too many people have this password.")
	b.opened("Set your password", "weak")
	var focused string
	b.do(chromedp.Evaluate(`document.activeElement.id + " " + getComputedStyle(document.activeElement).outlineStyle + " " + document.activeElement.value`, &focused))
	s.is("focus, its outline, and what was typed", focused, "new_password solid ")
	b.do(input.InsertText(newPassword), chromedp.KeyEvent(kb.Enter))
	b.opened("Your password is set", "set")
	s.signIn(t, email, newPassword)
	s.is("mails", s.mail.subjects(email), []string{"You were added to Bakery"})
	b.usedUp(link, func() { b.types("new_password", "another one than that") })
	b.wasQuiet(s.public, 404, 422)
}

func TestBrowserVerifiesAnAddress(t *testing.T) {
	t.Parallel()
	s := newStage(t, "MANDATE_DATABASE_URL="+testdb.New(t, testdb.MariaDB))
	const before, after = "bea@bakery.example", "bea@novak.example"
	s.newCustomer("Bakery", before)
	open := s.welcome("Bakery", before)
	s.sends(open, "changeEmail { ok }", in{"newEmail": after, "currentPassword": password})
	link := s.mail.await(after, "Verify your new e-mail address").link(t)
	address := func() any {
		return s.ask(t, open, "{ viewer { user { email } } }", nil).OK().At("viewer.user.email")
	}

	b := newBrowser(t)
	for range 2 {
		b.do(chromedp.Navigate(link))
		b.opened("Verify your address", "verify")
		s.is("address", address(), any(before))
	}
	b.tabs("Verify address")
	b.do(chromedp.KeyEvent(kb.Enter))
	b.opened("Your address is verified", "verified")
	b.wasQuiet(s.public)

	s.is("address", address(), any(after))
	s.signIn(t, after, password)
	s.mail.await(before, "Your e-mail address was changed")
	b.usedUp(link, func() { b.tabs("Verify address"); b.do(chromedp.KeyEvent(kb.Enter)) })
	b.wasQuiet(s.public, 404)
}

func TestBrowserVerifiesASignUp(t *testing.T) {
	t.Parallel()
	s := newStage(t, "MANDATE_DATABASE_URL="+testdb.New(t, testdb.SQLite))
	s.newCustomer("Bakery", "bea@bakery.example")
	bea := s.welcome("Bakery", "bea@bakery.example")
	id := s.asks(bea, "{ viewer { tenants(first: 1) { nodes { tenant { id } } } } }", "").String("viewer.tenants.nodes.0.tenant.id")
	s.sends(bea, "updateTenant { tenant { id } }", in{"id": id, "signUpPolicy": "VALIDATE_EMAIL"})
	code := s.asks(bea, "query($id: ID!) { tenant(id: $id) { signUpCode } }", id).String("tenant.signUpCode")
	const email = "nora@newcomer.example"
	s.sends("", "signUp { ok }", in{"tenantCode": code, "firstName": "Nora", "lastName": "New", "email": email, "phone": "+49 431 1234567"})
	link := s.mail.await(email, "Verify your e-mail address").link(t)

	b := newBrowser(t)
	b.do(chromedp.Navigate(link))
	b.opened("Verify your address", "verify")
	b.tabs("Verify address")
	b.do(chromedp.KeyEvent(kb.Enter))
	b.opened("Choose a password", "choose")
	b.types("new_password", newPassword)
	b.opened("Your address is verified", "verified")
	b.wasQuiet(s.public)
	token := s.signIn(t, email, newPassword)
	names := s.ask(t, token, "{ viewer { tenants(first: 9) { nodes { tenant { name } } } } }", nil).OK().Column("viewer.tenants.nodes", "tenant.name")
	if !slices.Equal(names, []string{"Bakery"}) {
		t.Errorf("reached: %v", names)
	}
	b.usedUp(link, func() { b.tabs("Verify address"); b.do(chromedp.KeyEvent(kb.Enter)) })
	b.wasQuiet(s.public, 404)
}

func TestBarriersAreFound(t *testing.T) {
	t.Parallel()
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, `<link rel=icon href="data:,"><p style="color: #999">faint</p><input name=nameless style="border-color: #eee" aria-describedby=nothing>`)
	}))
	defer page.Close()
	b := newBrowser(t)
	var found []string
	b.do(chromedp.Navigate(page.URL), chromedp.Evaluate(barriers, &found))
	want := []string{"the page has no language", "the page has no title, heading or main part", "too faint: faint",
		"without a label: nameless", "nothing describes nameless", "the border is too faint: nameless"}
	if !slices.Equal(found, want) {
		t.Errorf("found %q; want %q", found, want)
	}
}
