package mandate

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// faultOf names what is wrong: "" for nothing.
func faultOf(e *Error) string {
	if e == nil {
		return ""
	}
	return string(e.Code) + " at " + strings.Join(e.Field, ".")
}

func TestEmailsAreComparedByTheirCanonicalForm(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{
		"mike@example.com":               "mike@example.com",
		"  Mike@Example.COM ":            "mike@example.com",
		"MIKE+tag@example.com":           "mike+tag@example.com",
		"m.i.k.e@example.com":            "m.i.k.e@example.com",
		"o'neil!#$%&*/=?^_`{|}~@x.org":   "o'neil!#$%&*/=?^_`{|}~@x.org",
		"anna@bücher.example":            "anna@xn--bcher-kva.example",
		"anna@BÜCHER.example":            "anna@xn--bcher-kva.example",
		"anna@XN--BCHER-KVA.example":     "anna@xn--bcher-kva.example",
		"anna@ｂｏｏｋ.example":              "anna@book.example",
		"anna@book。example":              "anna@book.example",
		strings.Repeat("m", 64) + "@x.y": strings.Repeat("m", 64) + "@x.y",
	} {
		kept, got, fault := email(typed, "email")
		if fault != nil || got != want {
			t.Errorf("%q is compared as %q (%s), want %q", typed, got, faultOf(fault), want)
		}
		shown := strings.Replace(want, "xn--bcher-kva", "bücher", 1) // nothing of how it was typed is left
		if kept != shown {
			t.Errorf("%q is kept as %q, want %q", typed, kept, shown)
		}
		if _, again, _ := email(want, "email"); again != want {
			t.Errorf("%q is not stable: %q", want, again)
		}
	}
	for _, typed := range []string{
		"", "@", "mike", "mike@", "@x.org", "mike@x", "mike@.org", "mike@x..org", "mike@-x.org", "mike@x-.org", "mike@x.org.", ".mike@x.org", "mike.@x.org",
		"mi..ke@x.org", "mi ke@x.org", "mike@x .org", "mike@x.org\n", "\nmike@x.org", "mike@x.org\r\nBcc: a@b.org", "mi\x00ke@x.org", "mi\u200bke@x.org",
		"mike@x\u200d.org", "mike@x\u00ad.org", "mike\u202e@x.org", "mıke@x.org", "ｍike@x.org", "mаrk@x.org", "mi\u212ae@x.org", "mike@\u212aelvin.org",
		`"mike"@x.org`, "<mike@x.org>", "mike@x.org,a@b.org", "mike@x.org;a@b.org", "mike(at)@x.org", "mike\\@x.org", "mike@[1.2.3.4]", "mike@x_y.org", "mike\xff@x.org",
		"mike@xn--.org", "mike@xn--a.org", strings.Repeat("m", 65) + "@x.org", "mike@" + strings.Repeat("x", 64) + ".org",
	} {
		if kept, canonical, fault := email(typed, "email"); faultOf(fault) != "INVALID at input.email" || kept != "" || canonical != "" {
			t.Errorf("%q is taken for %q (%s)", typed, canonical, faultOf(fault))
		}
	}
	long := "m@" + strings.Repeat("x.", 159) + "y"
	if _, _, fault := email(long+"z", "email"); faultOf(fault) != "TOO_LONG at input.email" {
		t.Errorf("%d characters: %s", len(long)+1, faultOf(fault))
	}
}

func TestTextsAreCleaned(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{
		" Ada \t\n Lovelace ": "Ada Lovelace",
		"Cafe\u0301":          "Café",
		"👩\u200d🚀":            "👩\u200d🚀",
		"a\u2028b":            "a b", // nothing but a blank
		"twelve chars":        "twelve chars",
	} {
		if got, fault := oneLine(typed, 12, "name"); fault != nil || got != want {
			t.Errorf("%q becomes %q (%s), want %q", typed, got, faultOf(fault), want)
		}
	}
	for typed, want := range map[string]string{
		"": "REQUIRED", " \n ": "REQUIRED", "thirteen char": "TOO_LONG", "a\x00b": "INVALID", "a\u202eb": "INVALID", "a\u200bb": "INVALID",
		"\ufeffa": "INVALID", "a\xffb": "INVALID", "a\ufffdb": "INVALID", "ftp://a": "INVALID", "a\x1bb": "INVALID", "a\u0085b\u0086": "INVALID",
	} {
		if _, fault := oneLine(typed, 12, "name"); faultOf(fault) != want+" at input.name" {
			t.Errorf("%q: %s, want %s", typed, faultOf(fault), want)
		}
	}
	text := func(s string) *string { return &s }
	for typed, want := range map[string]string{"a\r\n\tb\n": "a\n\tb", " see https://example.com ": "see https://example.com", "e\u0301": "é"} {
		if got, fault := paragraph(text(typed), 30, "message"); fault != nil || *got != want {
			t.Errorf("%q: %v (%s), want %q", typed, got, faultOf(fault), want)
		}
	}
	for typed, want := range map[string]string{strings.Repeat("x", 31): "TOO_LONG", "a\x00": "INVALID", "a\u202e": "INVALID", "a\rb": "INVALID", "a\u2029b": "INVALID"} {
		if _, fault := paragraph(text(typed), 30, "message"); faultOf(fault) != want+" at input.message" {
			t.Errorf("%q: %s, want %s", typed, faultOf(fault), want)
		}
	}
	for _, nothing := range []*string{nil, text(""), text(" \n\t")} {
		if got, fault := paragraph(nothing, 10, "message"); got != nil || fault != nil {
			t.Errorf("nothing becomes %q (%s)", *got, faultOf(fault))
		}
		if got, fault := optionalLine(nothing, 10, "name"); got != nil || fault != nil {
			t.Errorf("nothing becomes %q (%s)", *got, faultOf(fault))
		}
	}
}

func TestNamesAreFoldedForSorting(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"  Contoso  GmbH": "contoso gmbh", "ＡＣＭＥ": "acme", "ﬁsh": "fish", "ÉCLAIR": "éclair", "E\u0301clair": "éclair", "Ωmega": "ωmega", "": "",
	} {
		if got := SortName(name); got != want {
			t.Errorf("%q sorts as %q, want %q", name, got, want)
		}
		if again := SortName(want); again != want {
			t.Errorf("%q is not stable: %q", want, again)
		}
	}
}

func TestTagsAreChecked(t *testing.T) {
	t.Parallel()
	sixty := "a" + strings.Repeat("1", 59)
	got, fault := tags([]string{"vip", "VIP", "a-b#c:d.e$f*g_h1", sixty, "vip"}, "tags")
	if fault != nil || !slices.Equal(got, []string{"vip", "VIP", "a-b#c:d.e$f*g_h1", sixty}) {
		t.Errorf("%v (%s)", got, faultOf(fault))
	}
	for _, tag := range []string{"", "1a", "-a", "a b", "ä", "aä", "a\n", "a,b", "a/b", "a\u200b", sixty + "1", "'; DROP TABLE tenants; --"} {
		if _, fault := tags([]string{"fine", tag}, "tags"); faultOf(fault) != "INVALID_TAG at input.tags.1" {
			t.Errorf("%q: %s", tag, faultOf(fault))
		}
	}
	many := make([]string, 21)
	for i := range many {
		many[i] = fmt.Sprintf("t%d", i)
	}
	if _, fault := tags(many, "tags"); faultOf(fault) != "TOO_MANY_TAGS at input.tags" {
		t.Errorf("21 tags: %s", faultOf(fault))
	}
	if _, fault := tags(many[:20], "tags"); fault != nil {
		t.Errorf("20 tags: %s", faultOf(fault))
	}
}

func TestPhonesNeedTheirCountryCode(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{
		"+41 44 668 18 00": "+41446681800", " +1 (202) 555-0123 ": "+12025550123", "+49/30/123456": "+4930123456", "+１２０２５５５０１２３": "",
	} {
		got, fault := phone(typed)
		if want != "" && (fault != nil || got != want) {
			t.Errorf("%q is %q (%s), want %q", typed, got, faultOf(fault), want)
		}
		if fault == nil && strings.Trim(got, "+0123456789") != "" {
			t.Errorf("%q is kept as %q", typed, got)
		}
	}
	for typed, want := range map[string]string{
		"": "PHONE_COUNTRY_CODE_REQUIRED", "044 668 18 00": "PHONE_COUNTRY_CODE_REQUIRED", "0041446681800": "PHONE_COUNTRY_CODE_REQUIRED", "phone": "PHONE_COUNTRY_CODE_REQUIRED",
		"+": "INVALID", "+41": "INVALID", "+41 1": "INVALID", "+999 123456789": "INVALID", "+41 44 668 18 00 44 668 18 00": "INVALID", "+" + strings.Repeat("1", 10_000): "INVALID",
	} {
		if _, fault := phone(typed); faultOf(fault) != want+" at input.phone" {
			t.Errorf("%.40q: %s, want %s", typed, faultOf(fault), want)
		}
	}
}

func TestPasswordsAreLongAndOnesOwn(t *testing.T) {
	t.Parallel()
	for _, fine := range []string{"correct horse battery", "twelve chars", strings.Repeat("ab", 64), "пароль на двенадцать", "日本語のとても長い合言葉です", "            x"} {
		if fault := checkPassword(fine, "password"); fault != nil {
			t.Errorf("%q: %s", fine, fault)
		}
	}
	for name, weak := range map[string]string{
		"empty": "", "eleven": "elevenchars", "129": strings.Repeat("ab", 65)[:129], "one letter": "aaaaaaaaaaaa", "one letter, mixed case": "AaAaAaAaAaAa",
		"one accented letter": "éééééééééééé", "one full-width letter": "ａａａａａａａａａａａａ", "one letter in two widths": "aａaａaａaａaａaａ", "blanks": "            ", "no text": "\xff\xfe\xff\xfe\xff\xfe\xff\xfe\xff\xfe\xff\xfe",
	} {
		if fault := checkPassword(weak, "password"); faultOf(fault) != "PASSWORD_TOO_WEAK at input.password" {
			t.Errorf("%s: %s", name, faultOf(fault))
		}
	}
	n := 0
	for known := range common() {
		if len([]rune(known)) < leastPassword {
			continue
		}
		n++
		for _, form := range []string{known, strings.ToUpper(known)} {
			if fault := checkPassword(form, "password"); faultOf(fault) != "PASSWORD_TOO_WEAK at input.password" {
				t.Errorf("%q: %s", form, faultOf(fault))
			}
		}
	}
	if n < 100 {
		t.Errorf("%d common passwords are known", n)
	}
}

func TestErrorsNameTheirPlace(t *testing.T) {
	t.Parallel()
	e := broken(Invalid, "No.", "email")
	if got := faultOf(e.under("members", "3")); got != "INVALID at input.members.3.email" {
		t.Error(got)
	}
	if got := faultOf(e); got != "INVALID at input.email" {
		t.Errorf("the error was changed: %s", got)
	}
	if got := (Errors{e, notFound("id")}).Error(); got != "No. There is nothing with this id, or you may not see it." {
		t.Error(got)
	}
}

func TestPartnerIDsAreEasyToRead(t *testing.T) {
	t.Parallel()
	seen := make(map[string]bool)
	for range 1000 {
		id := newPartnerID()
		if len(id) != 13 || id[:4] != "MND-" || id[8] != '-' || strings.ContainsAny(id[4:], "01ILOU") {
			t.Fatalf("%q is no Partner ID", id)
		}
		seen[id] = true
	}
	if len(seen) != 1000 {
		t.Errorf("%d of 1000 Partner IDs differ", len(seen))
	}
	for link, want := range map[string]string{
		"https://portal.example/join?partner=MND-1&link=KEY":   "MND-1 KEY true",
		"https://portal.example/join?partner=MND-1&link=KEY#x": "MND-1 KEY true",
		" KEY ":                                " KEY true",
		"https://portal.example/join":          " https://portal.example/join true",
		"https://portal.example/join?link=KEY": " KEY false",
		"https://portal.example/join?Partner=MND-1&link=KEY":    " KEY false",
		"https://portal.example/join?partner%20=MND-1&link=KEY": " KEY false",
		"https://portal.example/join?partner=MND-1;&link=KEY":   " KEY false",
	} {
		code, key, ok := linkOf(link)
		if got := fmt.Sprint(code, " ", key, " ", ok); got != want {
			t.Errorf("%q is taken apart to %q, want %q", link, got, want)
		}
	}
}
