package mandate

import (
	"net/mail"
	"strings"
	"testing"
)

// FuzzEmail: an address that is taken is in one canonical form, which stays, is ASCII, and is one that mail programs read.
func FuzzEmail(f *testing.F) {
	f.Fuzz(func(t *testing.T, typed string) {
		shown, canonical, fault := email(typed)
		if fault != nil {
			if shown != "" || canonical != "" || strings.Contains(fault.Message, typed) && len(typed) > 20 {
				t.Errorf("%q is refused as %q, %q: %s", typed, shown, canonical, fault.Message)
			}
			return
		}
		for _, form := range []string{shown, canonical} {
			again, same, fault := email(form)
			if fault != nil || again != shown || same != canonical {
				t.Errorf("%q is %q, and that is %q (%s)", typed, form, same, faultOf(fault))
			}
		}
		local, domain, _ := strings.Cut(canonical, "@")
		if strings.ContainsFunc(canonical, func(r rune) bool { return r <= ' ' || r > '~' }) || strings.ToLower(canonical) != canonical ||
			len(local) > 64 || len(domain) > 253 || strings.Contains(domain, "@") {
			t.Errorf("%q is compared as %q", typed, canonical)
		}
		if parsed, err := mail.ParseAddress(canonical); err != nil || parsed.Address != canonical || parsed.Name != "" {
			t.Errorf("%q is %v (%v) to mail programs", canonical, parsed, err)
		}
	})
}
