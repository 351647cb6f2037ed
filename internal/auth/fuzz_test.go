package auth_test

import (
	"regexp"
	"testing"

	"mandate/internal/auth"
)

var (
	sessionToken = regexp.MustCompile(`^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$`) // the last letter has no bits to spare
	apiToken     = regexp.MustCompile(`^mnd_[0-9A-Za-z]{49}$`)
	sum          = regexp.MustCompile(`^[0-9a-f]{64}$`)
)

// FuzzToken: nothing but a token as it is handed out is looked for, and no text is two kinds of token.
func FuzzToken(f *testing.F) {
	f.Fuzz(func(t *testing.T, token string) {
		hash, session := auth.TokenHash(token)
		if session != sessionToken.MatchString(token) {
			t.Errorf("%q is a session's token: %v", token, session)
		}
		apiHash, api := auth.APITokenHash(token)
		if api && (session || !apiToken.MatchString(token)) {
			t.Errorf("%q is an API token", token)
		}
		for h, ok := range map[string]bool{hash: session, apiHash: api} {
			if ok != sum.MatchString(h) {
				t.Errorf("the hash of %q is %q", token, h)
			}
		}
	})
}
