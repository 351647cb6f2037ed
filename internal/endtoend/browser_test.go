package endtoend

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image/color"
	"image/png"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"mandate/internal/testdb"
)

// browser is a tab of a fresh Chromium, and what was noticed in it.
type browser struct {
	*testing.T
	ctx       context.Context
	mu        sync.Mutex
	requested []string // addresses
	complaint []string // errors that a developer would see: of scripts, of the policy, of the network
}

// chromium returns the path of the browser; without one the test fails.
func chromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{os.Getenv("MANDATE_TEST_CHROMIUM"), "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Fatal("no browser: install Chromium (on Debian: apt-get install chromium), or set MANDATE_TEST_CHROMIUM to its path")
	return ""
}

// newBrowser starts a browser for which there is nothing but this machine.
func newBrowser(t *testing.T) *browser {
	t.Helper()
	dir, err := os.MkdirTemp("", "mandate-browser-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { remove(t, dir) })
	ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx, chromedp.ExecPath(chromium(t)), chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck, chromedp.WindowSize(1280, 1000), chromedp.UserDataDir(filepath.Join(dir, "profile")),
		chromedp.Env("TMPDIR="+dir), chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true), chromedp.Flag("disable-dev-shm-usage", true),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"))
	t.Cleanup(cancel)
	b := &browser{T: t}
	b.ctx, _ = chromedp.NewContext(ctx, chromedp.WithErrorf(func(string, ...any) {})) // about events that are newer than it
	t.Cleanup(func() { _ = chromedp.Cancel(b.ctx) })                                  // if it does not close itself, it is killed
	chromedp.ListenTarget(b.ctx, b.watch)
	b.do(network.Enable(), log.Enable(), runtime.Enable(), emulation.SetFocusEmulationEnabled(true))
	return b
}

// remove removes a directory in which the browser's last processes may still write.
func remove(t *testing.T, dir string) {
	for end := time.Now().Add(5 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		err := os.RemoveAll(dir)
		if err == nil {
			return
		}
		if time.Now().After(end) {
			t.Errorf("clean up after the browser: %v", err)
			return
		}
	}
}

// notice notes what must not be.
func (b *browser) notice(format string, args ...any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.complaint = append(b.complaint, fmt.Sprintf(format, args...))
}

func (b *browser) watch(event any) {
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		b.mu.Lock()
		b.requested = append(b.requested, e.Request.URL)
		b.mu.Unlock()
	case *runtime.EventExceptionThrown:
		b.notice("exception: %v", e.ExceptionDetails)
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.APITypeError || e.Type == runtime.APITypeAssert {
			for _, a := range e.Args {
				b.notice("console.%s: %s %s", e.Type, a.Value, a.Description)
			}
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == log.LevelError {
			b.notice("%s: %s %s", e.Entry.Source, e.Entry.Text, e.Entry.URL)
		}
	}
}

// do carries actions out, each as soon as it can be.
func (b *browser) do(actions ...chromedp.Action) {
	b.Helper()
	if err := chromedp.Run(b.ctx, actions...); err != nil {
		b.look("failure")
		b.Fatalf("%v; noticed: %v", err, b.complaint)
	}
}

// read waits until the elements hold a text, and returns all that they hold.
func (b *browser) read(selector, text string) (content string) {
	b.Helper()
	script := fmt.Sprintf(`Array.from(document.querySelectorAll(%q), e => e.innerText).join("\n").replaceAll("\u00a0", " ")`, selector)
	for end := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		b.do(chromedp.Evaluate(script, &content))
		if strings.Contains(content, text) {
			return content
		}
		if time.Now().After(end) {
			b.look("missing")
			b.Fatalf("%s lacks %q:\n%s", selector, text, content)
		}
	}
}

// look takes a picture, which is kept if the test fails, and returns how many colours are in it.
func (b *browser) look(name string) (colours int) {
	b.Helper()
	var picture []byte
	if err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot(&picture)); err != nil {
		b.Errorf("take a picture: %v", err)
		return 0
	}
	b.Cleanup(func() {
		if b.Failed() {
			b.keep(name, picture)
		}
	})
	img, err := png.Decode(bytes.NewReader(picture))
	if err != nil {
		b.Errorf("read a picture: %v", err)
		return 0
	}
	seen := map[color.Color]bool{}
	for y := range img.Bounds().Dy() {
		for x := range img.Bounds().Dx() {
			seen[img.At(x, y)] = true
		}
	}
	return len(seen)
}

func (b *browser) keep(name string, picture []byte) {
	f, err := os.CreateTemp("", "mandate-"+name+"-*.png")
	if err != nil {
		b.Log(err)
		return
	}
	defer f.Close()
	if _, err := f.Write(picture); err != nil {
		b.Log(err)
	}
	b.Log("picture:", f.Name())
}

// fewColours is how many there are in a picture of nearly nothing; letters have dozens of shades.
const fewColours = 16

// shows sees that the page can be seen.
func (b *browser) shows(name string) {
	b.Helper()
	if n := b.look(name); n < fewColours {
		b.Errorf("the picture of %s has %d colours", name, n)
	}
}

// wasQuiet sees that nothing went wrong unseen, but for pages that were answered with a status on purpose, and that
// everything came from one place.
func (b *browser) wasQuiet(origin string, but ...int) {
	b.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range b.complaint {
		meant := func(status int) bool {
			return strings.Contains(c, fmt.Sprintf("responded with a status of %d", status))
		}
		if !slices.ContainsFunc(but, meant) {
			b.Errorf("noticed: %s", c)
		}
	}
	if len(b.requested) == 0 {
		b.Error("the browser requested nothing")
	}
	for _, r := range b.requested {
		if !strings.HasPrefix(r, origin+"/") && !strings.HasPrefix(r, "data:") {
			b.Errorf("the browser requested %s", r)
		}
	}
}

func TestBrowserRunsTheFirstQuery(t *testing.T) {
	t.Parallel()
	s := newStage(t, "MANDATE_DATABASE_URL="+testdb.New(t, testdb.SQLite))
	acme := s.newPartner("Acme", "anna@acme.example")
	s.sends(acme.token, `createCustomer { tenant { id } }`, in{"name": "Corner Bakery", "adminEmail": "bea@bakery.example",
		"adminFirstName": "Bea", "adminLastName": "Novak", "tags": []string{"priority:high"}})

	b := newBrowser(t)
	b.do(chromedp.Navigate(s.public+"/graphiql"), chromedp.Click(`input[name=token]`, chromedp.NodeVisible), input.InsertText(acme.token))
	b.read(".graphiql-query-editor .view-lines", "query Customers")
	b.shows("graphiql")
	b.do(chromedp.Click(".graphiql-execute-button", chromedp.NodeVisible),
		chromedp.Click(`//*[@role="menuitem"][normalize-space()="Customers"]`, chromedp.NodeVisible))
	answer := b.read(".result-window .view-lines", `"name": "Corner Bakery"`)
	for _, want := range []string{`"email": "anna@acme.example"`, `"priority:high"`, `"hasNextPage": false`} {
		if !strings.Contains(answer, want) {
			t.Errorf("the answer lacks %s:\n%s", want, answer)
		}
	}
	b.shows("answer")
	b.wasQuiet(s.public)
}

func TestBrowserSubscribes(t *testing.T) {
	t.Parallel()
	s := newStage(t, "MANDATE_DATABASE_URL="+testdb.New(t, testdb.SQLite), "MANDATE_OPS_LISTEN=127.0.0.1:0")
	acme := s.newPartner("Acme", "anna@acme.example")
	state, err := json.Marshal(in{"activeTabIndex": 0, "tabs": []in{{"id": "1", "hash": "1", "title": "Invitations", "variables": nil, "headers": nil, "operationName": nil, "response": nil,
		"query": `subscription { invitationChanged(tenantId: "` + acme.tenant + `") { email status } }`}}})
	s.must(err)
	b := newBrowser(t)
	b.do(chromedp.Navigate(s.public+"/graphiql"), chromedp.Evaluate(fmt.Sprintf(`localStorage.setItem("graphiql:tabState", %q); sessionStorage.setItem("mandate:token", %q)`, state, acme.token), nil),
		chromedp.Reload())
	b.read(".graphiql-query-editor .view-lines", "invitationChanged")
	b.do(chromedp.Click(".graphiql-execute-button", chromedp.NodeVisible))
	for _, email := range []string{"ada@contoso.example", "bea@contoso.example"} {
		s.awaitsSubscriptions(1)
		s.sends(acme.token, `inviteCustomer { invitation { id } }`, in{"email": email})
		if answer := b.read(".result-window .view-lines", email); !strings.Contains(answer, `"status": "PENDING"`) {
			t.Errorf("the answer is\n%s", answer)
		}
	}
	b.shows("told")
	b.do(chromedp.Click(".graphiql-execute-button", chromedp.NodeVisible))
	s.awaitsSubscriptions(0)
	if answer := b.read(".result-window .view-lines", ""); !strings.Contains(answer, "bea@contoso.example") {
		t.Errorf("after the end, the answer is\n%s", answer)
	}
	b.wasQuiet(s.public)
}

func TestBrowserAcceptsAnInvitation(t *testing.T) {
	t.Parallel()
	s := newStage(t, "MANDATE_DATABASE_URL="+testdb.New(t, testdb.MariaDB))
	acme := s.newPartner("Acme", "anna@acme.example")
	_, link := s.invites(acme, invited)

	b := newBrowser(t)
	b.do(chromedp.Navigate(link))
	b.read("h1", "Invitation from Acme")
	b.shows("invitation")
	b.do(chromedp.SetValue("#role", "READ_ONLY"), chromedp.SendKeys("#organization", "Lovelace Ltd"), chromedp.SendKeys("#first_name", "Ada"),
		chromedp.SendKeys("#last_name", "Lovelace"), chromedp.SendKeys("#password", password), chromedp.Click(`//button[normalize-space()="Accept"]`))
	b.read("h1", "Connected")
	if content := b.read("main", "Acme may now work in Lovelace Ltd."); !strings.Contains(content, "Read-Only") {
		t.Errorf("the narrower role is not shown:\n%s", content)
	}
	b.shows("connected")
	s.sees(acme.token, "Lovelace Ltd")
	b.wasQuiet(s.public)
}

func TestBrowserIsWatched(t *testing.T) {
	t.Parallel()
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Security-Policy", "style-src 'none'")
		fmt.Fprint(w, `<title>x</title><style>p { color: red }</style><img hidden src="http://elsewhere.example/pixel">
			<script>console.error("a complaint"); setTimeout(() => { throw new Error("a failure") })</script>`)
	}))
	defer page.Close()
	b := newBrowser(t)
	b.do(chromedp.Navigate(page.URL))
	if n := b.look("blank"); n >= fewColours {
		t.Errorf("a blank page has %d colours", n)
	}
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		b.mu.Lock()
		noticed := strings.Join(b.complaint, "\n")
		hosts := map[string]bool{}
		for _, r := range b.requested {
			u, err := url.Parse(r)
			if err != nil {
				t.Fatal(err)
			}
			hosts[u.Host] = true
		}
		b.mu.Unlock()
		missing := slices.DeleteFunc([]string{"a complaint", "a failure", "Content Security Policy", "ERR_NAME_NOT_RESOLVED"},
			func(s string) bool { return strings.Contains(noticed, s) })
		if len(missing) == 0 && hosts["elsewhere.example"] {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("nobody noticed %v; noticed:\n%s\nrequests to %v", missing, noticed, hosts)
		}
	}
}
