package mail

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"html"
	"maps"
	netmail "net/mail"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
)

const testLink = "https://portal.example/invitation?token=Zm9yIHNob3cgb25seQ-_&x=1"

var testTime = time.Date(2026, 11, 28, 15, 5, 0, 0, time.FixedZone("CET", 3600))

// said is what the reader of a sample must find in it.
type said struct {
	button string
	facts  []string
}

// wants says of every sample what it must say.
func wants() map[string]said {
	const at, end = "28 November 2026, 14:05 UTC", "2 January 2027, 03:04 UTC"
	const acme, contoso, dana, sam = "Acme Cloud & Söhne", "Contoso", "Dana Miles", "Sam Miles"
	return map[string]said{
		"invitation-to-customer":             {"Accept and log in", []string{acme, "managed service provider", "Administrator", at, end, "Message from " + acme, "did not expect", "decline"}},
		"invitation-to-customer-bare":        {"Accept and log in", []string{acme, "reseller", "Administrator", at, "no end date"}},
		"invitation-to-partner":              {"Review the invitation", []string{contoso, "Administrator", at, "Message from Contoso:"}},
		"invitation-to-partner-without-link": {"", []string{contoso, "Administrator", at}},
		"invitation-accepted":                {"Open the portal", []string{contoso, "Prime Admin", end, "accepted"}},
		"invitation-declined":                {"", []string{contoso, "declined", "Reason given:"}},
		"invitation-revoked":                 {"", []string{acme, "withdrawn", "nothing to do"}},
		"relationship-offer":                 {"Review the change", []string{acme, "Read-Only", "Administrator", at, end, "each time by", "30 days"}},
		"relationship-extended":              {"", []string{contoso, "30 days", end, "As agreed"}},
		"relationship-ended":                 {"", []string{contoso, acme, at, "Reason given:", "new invitation"}},
		"relationship-ended-by-its-end":      {"", []string{contoso, at, "agreed end of the relationship has passed"}},
		"access-ending":                      {"", []string{acme, contoso, "30 days", end, "have the end moved"}},
		"access-ending-tomorrow":             {"", []string{sam, contoso, "1 day", end}},
		"access-ended":                       {"", []string{sam, contoso, at, "agreed end"}},
		"accesses-ending":                    {"", []string{sam, contoso, at, "Night shift", "Old Mill Bakery", end, "have the ends moved"}},
		"accesses-ended":                     {"", []string{sam, contoso, at, "Night shift", "Old Mill Bakery", "agreed ends"}},
		"accesses-extended":                  {"", []string{acme, contoso, "Old Mill Bakery", end, "As agreed"}},
		"welcome":                            {"Set your password", []string{"You were added to", contoso, dana, "7 days", at}},
		"added-to-tenant":                    {"Log in", []string{"You were added to", contoso, dana}},
		"password-reset":                     {"Set a new password", []string{"30 minutes", at, "hopefully you", "do not want"}},
		"password-link":                      {"Set a new password", []string{"30 minutes", at, dana, contoso}},
		"password-changed":                   {"", []string{at, "If it was not you"}},
		"password-changed-with-api-tokens":   {"", []string{at, "If it was not you", "2 API tokens"}},
		"address-verification":               {"Verify this address", []string{"hopefully you", "kim@contoso.example", "1 day", at, "not yours"}},
		"address-taken":                      {"", []string{"perhaps you", "nothing was changed"}},
		"address-changed":                    {"", []string{at, "If it was not you"}},
		"sign-up":                            {"Verify your address", []string{"hopefully you", contoso, "1 day", at, "did not sign up"}},
		"signed-up-already":                  {"", []string{"You are a member of", contoso, "nothing has changed"}},
		"request-waiting":                    {"", []string{contoso, dana, "dana@contoso.example", at, "decide by the address"}},
		"request-approved":                   {"", []string{contoso, "was approved", "Log in"}},
		"request-rejected":                   {"", []string{contoso, "was rejected", "Reason given:"}},
		"tenant-suspended":                   {"", []string{contoso, acme, at, "Reason given:", "Two invoices", "Nothing was deleted"}},
		"tenant-reactivated":                 {"", []string{contoso, acme, "as before"}},
		"tenant-deleted":                     {"", []string{contoso, acme, at, "was deleted", "Your account stays"}},
		"api-token-created":                  {"", []string{"Nightly export", contoso, at, end, "If you did not"}},
		"webhook-disabled":                   {"", []string{contoso, "hooks.contoso.example", "answered 500", "25 November 2026, 14:05 UTC", at, "switch the webhook on"}},
	}
}

// TestEveryLetterHasASample: so a new one is in the preview, and is tried with hostile words, from its first day.
func TestEveryLetterHasASample(t *testing.T) {
	t.Parallel()
	sampled := make(map[string]bool)
	names := make(map[string]bool)
	for _, s := range Samples() {
		sampled[reflect.TypeOf(s.Template).Name()] = true
		if names[s.Name] || !regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`).MatchString(s.Name) {
			t.Errorf("the name %q is odd, or there twice", s.Name)
		}
		names[s.Name] = true
		if _, known := wants()[s.Name]; !known {
			t.Errorf("what must %s say?", s.Name)
		}
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	letters := 0
	for _, name := range files {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			if m, ok := d.(*ast.FuncDecl); ok && m.Name.Name == "Letter" && m.Recv != nil {
				letters++
				if of := m.Recv.List[0].Type.(*ast.Ident).Name; !sampled[of] {
					t.Errorf("there is no sample of %s", of)
				}
			}
		}
	}
	if letters != len(sampled) || letters < 20 {
		t.Errorf("%d letters, and samples of %d", letters, len(sampled))
	}
}

func render(t *testing.T, s Sample) Letter {
	t.Helper()
	l, err := s.Template.Letter(Brand{})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// link is where a letter leads; "" for nowhere.
func link(s Sample) string {
	if f := reflect.ValueOf(s.Template).FieldByName("Link"); f.IsValid() {
		return f.String()
	}
	return ""
}

var href = regexp.MustCompile(`href="([^"]*)"`)

func checkLinks(t *testing.T, s Sample, l Letter) {
	t.Helper()
	var links []string
	for _, m := range href.FindAllStringSubmatch(l.HTML, -1) {
		links = append(links, html.UnescapeString(m[1]))
	}
	var lines []string
	for l := range strings.Lines(l.Text) {
		if l = strings.TrimSpace(l); strings.HasPrefix(strings.ToLower(l), "http") {
			lines = append(lines, l)
		}
	}
	want, button := link(s), wants()[s.Name].button
	if (want == "") != (button == "") {
		t.Errorf("the button is %q, and leads to %q", button, want)
	}
	if got := strings.Join(links, " "); got != want {
		t.Errorf("HTML links to %q, want %q", got, want)
	}
	if got := strings.Join(lines, " "); got != want {
		t.Errorf("text has the link lines %q, want %q", got, want)
	}
	if want == "" {
		return
	}
	if !strings.Contains(l.Text, button+":\n"+want+"\n") {
		t.Errorf("text lacks %q before its link", button)
	}
	if strings.Count(html.UnescapeString(l.HTML), want) != 2 {
		t.Error("HTML does not also print its link")
	}
	if !strings.Contains(l.HTML, ">"+button+"</a>") {
		t.Errorf("HTML lacks the button %q", button)
	}
}

func TestLettersSayWhatTheyShould(t *testing.T) {
	t.Parallel()
	for _, s := range Samples() {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			l := render(t, s)
			for _, fact := range append(wants()[s.Name].facts, "Sent by Mandate.") {
				if !strings.Contains(l.Text, fact) {
					t.Errorf("text lacks %q", fact)
				}
				if !strings.Contains(html.UnescapeString(l.HTML), fact) {
					t.Errorf("HTML lacks %q", fact)
				}
			}
			if l.Subject == "" {
				t.Error("no subject")
			}
			if strings.Contains(l.Text, "\n\n\n") || strings.Contains(l.Text, "<no value>") {
				t.Errorf("text is not clean:\n%s", l.Text)
			}
			checkLinks(t, s, l)
		})
	}
}

// hostile returns a sample in which people typed the same everywhere where they can.
func hostile(s Sample, words string) Sample {
	t := reflect.New(reflect.TypeOf(s.Template)).Elem()
	t.Set(reflect.ValueOf(s.Template))
	fill(t, words)
	s.Template = t.Interface().(Template)
	return s
}

func fill(v reflect.Value, words string) {
	switch {
	case v.Kind() == reflect.Slice:
		copied := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		reflect.Copy(copied, v)
		v.Set(copied)
		for i := range v.Len() {
			fill(v.Index(i), words)
		}
	case v.Type() == reflect.TypeFor[string]():
		v.SetString(words)
	case v.Kind() == reflect.Struct && v.Type() != reflect.TypeFor[time.Time]():
		for i := range v.NumField() {
			if v.Type().Field(i).Name != "Link" {
				fill(v.Field(i), words)
			}
		}
	}
}

// hostileWords are what people might type, or an operator set.
var hostileWords = map[string]string{
	"markup":       `<script>alert(1)</script><a href="https://evil.example">x</a>" onclick="x`,
	"style":        `</style><style>*{display:none}</style>;color:red;background:url(https://evil.example/x)`,
	"headers":      "Acme\r\nBcc: victim@example.org\r\n\r\nBody",
	"link line":    "https://evil.example/accept",
	"link on line": "Acme\n\nAccept and log in:\nhttps://evil.example/accept\n\n",
	"other breaks": "Acme\u2028https://evil.example\u0085https://evil.example\vhttps://evil.example\rhttps://evil.example",
	"indented":     "\t https://evil.example",
	"direction":    "Acme \u202egnp.exe\u202c \u2066x\u2069 \u2067y\u2069\u200b\u200d\ufeff",
	"controls":     "Ac\x00me\x1b[31m\x7f",
	"templates":    "{{.Brand}} {{define \"x\"}}",
	"not UTF-8":    "Ac\xffme",
	"encoded word": "=?utf-8?q?=0D=0ABcc:_x?=",
	"dots":         "\r\n.\r\nMAIL FROM:<evil@example.org>\r\n",
	"endless":      strings.Repeat("Acme ", 500),
}

func TestHostileWordsStayWords(t *testing.T) {
	t.Parallel()
	for name, evil := range hostileWords {
		for _, s := range Samples() {
			t.Run(name+"/"+s.Name, func(t *testing.T) {
				t.Parallel()
				s := hostile(s, evil)
				l := render(t, s)
				checkLinks(t, s, l)
				checkHarmless(t, l)
				checkWire(t, l)
			})
		}
	}
}

// TestAHostileBrandStaysWords: an operator may have copied a name or an address from anywhere.
func TestAHostileBrandStaysWords(t *testing.T) {
	t.Parallel()
	for name, evil := range hostileWords {
		for _, s := range Samples() {
			l, err := s.Template.Letter(Brand{Name: evil, Color: Color(evil), Address: evil})
			if err != nil {
				t.Fatal(err)
			}
			t.Run(name+"/"+s.Name, func(t *testing.T) {
				checkHarmless(t, l)
				checkWire(t, l)
				for _, m := range href.FindAllStringSubmatch(l.HTML, -1) {
					if to := html.UnescapeString(m[1]); to != link(s) {
						t.Errorf("HTML links to %q", to)
					}
				}
				if !strings.Contains(l.HTML, "solid "+string(blue)) {
					t.Error("what is not a colour is used as one")
				}
			})
		}
	}
}

// markup lists the tags of a letter, without where its link leads.
func markup(l Letter) string {
	return strings.Join(regexp.MustCompile(`</?[a-zA-Z][^>]*>`).FindAllString(href.ReplaceAllString(l.HTML, ""), -1), "\n")
}

func checkHarmless(t *testing.T, l Letter) {
	t.Helper()
	checkSubject(t, l.Subject)
	if strings.Contains(l.HTML, "<script") || strings.Contains(l.HTML, "<a href=\"https://evil") || strings.Count(l.HTML, "<style") != 1 || strings.Count(l.HTML, "onclick=\"x") > 0 {
		t.Error("HTML contains typed markup")
	}
	for tag := range strings.Lines(markup(l)) {
		if strings.Contains(tag, "evil") || strings.Contains(tag, "Acme") {
			t.Errorf("typed words got into markup: %s", tag)
		}
	}
	for _, part := range []string{l.Text, l.HTML} {
		for _, r := range part {
			if r != '\n' && (unicode.IsControl(r) || strings.ContainsRune("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200b\ufeff\u2028\u2029", r)) {
				t.Fatalf("character %U got through", r)
			}
		}
	}
}

// checkWire looks at a letter as it is sent: it has the headers that every mail has, and no other.
func checkWire(t *testing.T, l Letter) {
	t.Helper()
	var wire bytes.Buffer
	m := Message{MessageID: "out_1@mandate.example", From: "Mandate <no-reply@mandate.example>", To: "kim@contoso.example", Letter: l}
	if _, err := m.WriteTo(&wire); err != nil {
		t.Fatal(err)
	}
	got, err := netmail.ReadMessage(&wire)
	if err != nil {
		t.Fatal(err)
	}
	headers := slices.Sorted(maps.Keys(got.Header))
	if want := []string{"Auto-Submitted", "Content-Type", "Date", "From", "Message-Id", "Mime-Version", "Subject", "To"}; !slices.Equal(headers, want) {
		t.Errorf("headers %q; want %q", headers, want)
	}
	for name, values := range got.Header {
		if len(values) != 1 || strings.Contains(strings.ToLower(values[0]), "bcc:") && name != "Subject" {
			t.Errorf("%s: %q", name, values)
		}
	}
	checkParts(t, got, l)
}

func checkSubject(t *testing.T, s string) {
	t.Helper()
	for _, r := range s {
		if unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp) {
			t.Errorf("subject contains %U", r)
		}
	}
	if strings.Contains(s, "=?") {
		t.Errorf("subject %q can be read as an encoded word", s)
	}
	if n := len([]rune(s)); n > subjectLimit {
		t.Errorf("subject has %d characters", n)
	}
}

func TestPersonalMessageKeepsItsLines(t *testing.T) {
	t.Parallel()
	message := "\r\n  Hello Kim,\r\nas <b>agreed</b>.\n\n\n\nFamily: 👨‍👩‍👧\n"
	l, err := InvitationToCustomer{Partner: "Acme", Message: message, Link: testLink}.Letter(Brand{})
	if err != nil {
		t.Fatal(err)
	}
	if want := "Message from Acme:\n> Hello Kim,\n> as <b>agreed</b>.\n>\n> Family: 👨‍👩‍👧\n\n"; !strings.Contains(l.Text, want) {
		t.Errorf("text lacks %q:\n%s", want, l.Text)
	}
	if want := "Hello Kim,<br>as &lt;b&gt;agreed&lt;/b&gt;.<br><br>Family: 👨‍👩‍👧</blockquote>"; !strings.Contains(l.HTML, want) {
		t.Errorf("HTML lacks %q:\n%s", want, l.HTML)
	}
}

func TestBlankMessageIsNotQuoted(t *testing.T) {
	t.Parallel()
	l, err := InvitationDeclined{By: "Contoso", Reason: " \r\n\u200b\n"}.Letter(Brand{})
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(l.Text, "Reason") || strings.Contains(l.HTML, "blockquote") {
		t.Errorf("a blank reason is quoted:\n%s", l.Text)
	}
}

func TestUnusableLinksAreRefused(t *testing.T) {
	t.Parallel()
	for _, link := range []string{
		"", "/relative?token=s3cr3t", "javascript:alert('s3cr3t')", "https://", "portal.example/s3cr3t", "https://portal.example/ s3cr3t", "https://portal.example/\ns3cr3t",
	} {
		for _, s := range []Sample{
			{"invitation", InvitationToCustomer{Link: link}},
			{"notice", AddedToTenant{Link: link}},
		} {
			_, err := s.Template.Letter(Brand{})
			if optional := s.Name == "notice" && link == ""; optional != (err == nil) {
				t.Errorf("%s with link %q: error %v", s.Name, link, err)
			}
			if err != nil && strings.Contains(err.Error(), "s3cr3t") {
				t.Errorf("error repeats the link: %v", err)
			}
		}
	}
}

func TestSpan(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		7 * 24 * time.Hour: "7 days", 24 * time.Hour: "1 day", 36 * time.Hour: "36 hours", time.Hour: "1 hour",
		30 * time.Minute: "30 minutes", 90 * time.Minute: "90 minutes", time.Minute: "1 minute",
	} {
		if got := span(d); got != want {
			t.Errorf("span(%s) = %q, want %q", d, got, want)
		}
	}
}
