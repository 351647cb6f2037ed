package auth_test

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strings"
	"testing"

	"mandate/internal/auth"
)

func TestAnAPITokenIsItselfOrNothing(t *testing.T) {
	t.Parallel()
	token, prefix, hash := auth.NewAPIToken()
	if got, ok := auth.APITokenHash(token); !ok || got != hash {
		t.Fatalf("the token is not its own: %q", got)
	}
	if !regexp.MustCompile(`^mnd_[0-9A-Za-z]{49}$`).MatchString(token) || prefix != token[:12] {
		t.Errorf("%s begins with %s", token, prefix)
	}
	if sum := sha256.Sum256([]byte(token)); hash != hex.EncodeToString(sum[:]) {
		t.Errorf("the hash is %s", hash)
	}
	if another, _, _ := auth.NewAPIToken(); another == token {
		t.Error("two tokens are one")
	}
	session, _ := auth.NewToken()
	for name, other := range map[string]string{
		"empty": "", "shortened": token[:52], "shortened at the front": token[1:], "lengthened": token + "0", "with a line break": token[:52] + "\n",
		"with another beginning": "MND_" + token[4:], "a session's": session, "a session's, made to look so": "mnd_" + session + "000000",
		"with a hyphen": token[:20] + "-" + token[21:], "with a letter of another script": token[:20] + "а" + token[22:], "in upper case": strings.ToUpper(token),
	} {
		if got, ok := auth.APITokenHash(other); ok {
			t.Errorf("%s: %q is taken for a token (%s)", name, other, got)
		}
	}
	if _, ok := auth.TokenHash(token); ok {
		t.Error("it is taken for a session's token")
	}
	for i := 4; i < len(token); i++ { // the checksum tells every slip of the keyboard
		for _, c := range "0Az9" {
			if slip := token[:i] + string(c) + token[i+1:]; slip != token {
				if _, ok := auth.APITokenHash(slip); ok {
					t.Errorf("%s is taken for %s", slip, token)
				}
			}
		}
	}
}

// TestTheChecksumIsWhatScannersCompute holds the form against one that was computed elsewhere: base 62, digits first, then
// capitals, over the CRC-32 of all before it.
func TestTheChecksumIsWhatScannersCompute(t *testing.T) {
	t.Parallel()
	const token = "mnd_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg3MYn46"
	if _, ok := auth.APITokenHash(token); !ok {
		t.Errorf("%s is not taken for a token", token)
	}
}

func FuzzAPITokenHash(f *testing.F) {
	token, _, _ := auth.NewAPIToken()
	for _, seed := range []string{"", token, token[:52], "mnd_", strings.Repeat("0", 53), "mnd_" + strings.Repeat("\xff", 49)} {
		f.Add(seed)
	}
	form := regexp.MustCompile(`^mnd_[0-9A-Za-z]{49}$`)
	f.Fuzz(func(t *testing.T, text string) {
		hash, ok := auth.APITokenHash(text)
		if ok != (hash != "") || ok && !form.MatchString(text) {
			t.Errorf("%q: %q, %v", text, hash, ok)
		}
	})
}
