package mail

import (
	"html"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"
)

const testLink = "https://portal.example/invitations?token=s3cr3t-_&x=1"

var (
	testTime = time.Date(2026, 11, 28, 15, 5, 0, 0, time.FixedZone("CET", 3600))
	testEnd  = time.Date(2027, 1, 2, 3, 4, 0, 0, time.UTC)
)

// typed is everything people can type into a letter.
type typed struct {
	partner, partnerType, customer, person, role, role2, text string
}

var friendly = typed{
	partner: "Acme Cloud & Söhne", partnerType: "MSP", customer: "Contoso", person: "Dana Miles",
	role: "Administrator", role2: "Prime Admin", text: "Hello Kim,\nas agreed on the phone.\n\nDana",
}

// sample is one letter of the product and what its reader must find in it.
type sample struct {
	name   string
	letter interface{ Letter(Brand) (Letter, error) }
	link   bool
	button string
	facts  []string
}

func samples(in typed) []sample {
	const at, end = "28 November 2026, 14:05 UTC", "2 January 2027, 03:04 UTC"
	return []sample{
		{
			"invitation to customer",
			InvitationToCustomer{in.partner, in.partnerType, in.role, in.text, testTime, testEnd, testLink},
			true, "Accept and log in", []string{in.partner, in.partnerType, in.role, at, end, "did not expect", "decline"},
		}, {
			"invitation to customer without message and end",
			InvitationToCustomer{in.partner, in.partnerType, in.role, "", testTime, time.Time{}, testLink},
			true, "Accept and log in", []string{in.partner, in.role, at, "no end date"},
		}, {
			"invitation to partner",
			InvitationToPartner{in.customer, in.role, in.text, testTime, testLink},
			true, "Review the invitation", []string{in.customer, in.role, at},
		}, {
			"invitation to partner without link",
			InvitationToPartner{in.customer, in.role, in.text, testTime, ""},
			false, "", []string{in.customer, in.role, at},
		}, {
			"invitation accepted",
			InvitationAccepted{in.customer, in.role, testEnd, testLink},
			true, "Open the portal", []string{in.customer, in.role, end, "accepted"},
		}, {
			"invitation declined",
			InvitationDeclined{in.customer, in.text},
			false, "", []string{in.customer, "declined", "Reason given:"},
		}, {
			"relationship ended",
			RelationshipEnded{in.customer, in.partner, in.text, testTime},
			false, "", []string{in.customer, in.partner, at, "Reason given:", "new invitation"},
		}, {
			"relationship ended by its end",
			RelationshipEnded{in.customer, "", "", testTime},
			false, "", []string{in.customer, at, "agreed end of the relationship has passed"},
		}, {
			"relationship offer",
			RelationshipOffer{in.partner, in.role, in.role2, testEnd, in.text, testTime, testLink, 30},
			true, "Review the change", []string{in.partner, in.role, in.role2, at, end, "each time by", "30 days"},
		}, {
			"welcome",
			Welcome{in.customer, in.person, 7 * 24 * time.Hour, testTime, testLink},
			true, "Set your password", []string{"You were added to", in.customer, in.person, "7 days", at},
		}, {
			"added to tenant",
			AddedToTenant{in.customer, in.person, testLink},
			true, "Log in", []string{"You were added to", in.customer, in.person},
		}, {
			"password reset",
			PasswordReset{ValidFor: 30 * time.Minute, ExpiresAt: testTime, Link: testLink},
			true, "Set a new password", []string{"30 minutes", at, "hopefully you", "do not want"},
		}, {
			"password link from an administrator",
			PasswordReset{Sender: in.person, Tenant: in.customer, ValidFor: 30 * time.Minute, ExpiresAt: testTime, Link: testLink},
			true, "Set a new password", []string{"30 minutes", at, in.person, in.customer},
		}, {
			"password changed",
			PasswordChanged{ChangedAt: testTime},
			false, "", []string{at, "If it was not you"},
		}, {
			"password changed by somebody with API tokens",
			PasswordChanged{testTime, 2},
			false, "", []string{at, "If it was not you", "2 API tokens"},
		}, {
			"API token created",
			APITokenCreated{in.text[:5], in.customer, testTime, testEnd},
			false, "", []string{in.text[:5], in.customer, at, end, "If you did not"},
		}, {
			"verify address",
			VerifyAddress{in.person, 24 * time.Hour, testTime, testLink},
			true, "Verify this address", []string{"hopefully you", in.person, "1 day", at, "not yours"},
		}, {
			"address taken",
			AddressTaken{},
			false, "", []string{"perhaps you", "nothing was changed"},
		}, {
			"address changed",
			AddressChanged{testTime},
			false, "", []string{at, "If it was not you"},
		}, {
			"sign-up",
			SignUp{in.customer, 24 * time.Hour, testTime, testLink},
			true, "Verify your address", []string{"hopefully you", in.customer, "1 day", at, "did not sign up"},
		}, {
			"signed up as a member",
			SignedUp{in.customer},
			false, "", []string{"You are a member of", in.customer, "nothing has changed"},
		}, {
			"request waiting",
			RequestWaiting{in.customer, in.person, in.text, testTime},
			false, "", []string{in.customer, in.person, at, "decide by the address"},
		}, {
			"request approved",
			RequestApproved{in.customer},
			false, "", []string{in.customer, "was approved", "Log in"},
		}, {
			"request rejected",
			RequestRejected{in.customer, in.text},
			false, "", []string{in.customer, "was rejected", "Reason given:"},
		},
	}
}

func render(t *testing.T, s sample) Letter {
	t.Helper()
	l, err := s.letter.Letter(Brand{})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

var href = regexp.MustCompile(`href="([^"]*)"`)

func checkLinks(t *testing.T, s sample, l Letter) {
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
	want := ""
	if s.link {
		want = testLink
	}
	if got := strings.Join(links, " "); got != want {
		t.Errorf("HTML links to %q, want %q", got, want)
	}
	if got := strings.Join(lines, " "); got != want {
		t.Errorf("text has the link lines %q, want %q", got, want)
	}
	if s.link && !strings.Contains(l.Text, s.button+":\n"+testLink+"\n") {
		t.Errorf("text lacks %q before its link", s.button)
	}
	if s.link && strings.Count(html.UnescapeString(l.HTML), testLink) != 2 {
		t.Error("HTML does not also print its link")
	}
	if s.link && !strings.Contains(l.HTML, ">"+s.button+"</a>") {
		t.Errorf("HTML lacks the button %q", s.button)
	}
}

func TestLettersSayWhatTheyShould(t *testing.T) {
	t.Parallel()
	for _, s := range samples(friendly) {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			l := render(t, s)
			for _, fact := range append(s.facts, "Sent by Mandate.") {
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

func TestHostileWordsStayWords(t *testing.T) {
	t.Parallel()
	for name, evil := range map[string]string{
		"markup":       `<script>alert(1)</script><a href="https://evil.example">x</a>" onclick="x`,
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
		"endless":      strings.Repeat("Acme ", 500),
	} {
		in := typed{evil, evil, evil, evil, evil, evil, evil}
		for _, s := range samples(in) {
			t.Run(name+"/"+s.name, func(t *testing.T) {
				t.Parallel()
				l := render(t, s)
				checkLinks(t, s, l)
				checkSubject(t, l.Subject)
				if strings.Contains(l.HTML, "<script") || strings.Contains(l.HTML, "<a href=\"https://evil") {
					t.Error("HTML contains typed markup")
				}
				for _, part := range []string{l.Text, l.HTML} {
					for _, r := range part {
						if r != '\n' && (unicode.IsControl(r) || strings.ContainsRune("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200b\ufeff\u2028\u2029", r)) {
							t.Fatalf("character %U got through", r)
						}
					}
				}
			})
		}
	}
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

func TestBrandIsShown(t *testing.T) {
	t.Parallel()
	l, err := PasswordChanged{ChangedAt: testTime}.Letter(Brand{Name: "Northwind <IT>\r\n"})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(l.Text, "Sent by Northwind <IT>.\n") || strings.Count(l.HTML, "Northwind &lt;IT&gt;") != 2 {
		t.Errorf("brand is not shown:\n%s", l.Text)
	}
}

func TestUnusableLinksAreRefused(t *testing.T) {
	t.Parallel()
	for _, link := range []string{
		"", "/relative?token=s3cr3t", "javascript:alert('s3cr3t')", "https://", "portal.example/s3cr3t", "https://portal.example/ s3cr3t", "https://portal.example/\ns3cr3t",
	} {
		for _, s := range []sample{
			{name: "invitation", letter: InvitationToCustomer{Link: link}},
			{name: "notice", letter: AddedToTenant{Link: link}},
		} {
			_, err := s.letter.Letter(Brand{})
			if optional := s.name == "notice" && link == ""; optional != (err == nil) {
				t.Errorf("%s with link %q: error %v", s.name, link, err)
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
