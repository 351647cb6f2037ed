package auth_test

import (
	"context"
	"encoding/base64"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"mandate/internal/auth"
)

func TestATokenIsItselfOrNothing(t *testing.T) {
	t.Parallel()
	token, hash := auth.NewToken()
	if got, ok := auth.TokenHash(token); !ok || got != hash {
		t.Fatalf("the token is not its own: %q", got)
	}
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(raw) != 32 {
		t.Fatalf("a token of %d bytes (%v)", len(raw), err)
	}
	last := token[len(token)-1]
	alphabet := "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	twin := token[:len(token)-1] + string(alphabet[strings.IndexByte(alphabet, last)^1]) // decodes to the same bytes, if loosely
	for name, other := range map[string]string{
		"empty":                          "",
		"shortened":                      token[:len(token)-1],
		"shortened at the front":         token[1:],
		"lengthened":                     token + "A",
		"padded":                         token + "=",
		"in the other alphabet":          base64.StdEncoding.EncodeToString(raw),
		"in hexadecimal":                 strings.Repeat("ab", 32),
		"with a line break for a letter": token[:42] + "\n",
		"with a blank":                   token + " ",
		"with a line break":              token + "\n",
		"with a line break inside":       token[:10] + "\r\n" + token[10:],
		"with other last bits":           twin,
		"with a NUL":                     token + "\x00",
		"twice":                          token + token,
	} {
		if got, ok := auth.TokenHash(other); ok {
			t.Errorf("%s: %q is taken for a token (%s)", name, other, got)
		}
	}
	for name, other := range map[string]string{"in upper case": strings.ToUpper(token), "in lower case": strings.ToLower(token)} {
		if got, ok := auth.TokenHash(other); ok && got == hash {
			t.Errorf("%s is the same token", name)
		}
	}
	if another, anotherHash := auth.NewToken(); another == token || anotherHash == hash {
		t.Error("two tokens are one")
	}
	if strings.Contains(hash, token) || len(hash) != 64 {
		t.Errorf("%q is no hash", hash)
	}
}

func TestAPasswordBelongsToItsHashOnly(t *testing.T) {
	t.Parallel()
	ctx, p := t.Context(), auth.NewPasswords()
	hash, err := p.Hash(ctx, "correct horse battery")
	if err != nil || !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Fatalf("%q (%v)", hash, err)
	}
	if again, _ := p.Hash(ctx, "correct horse battery"); again == hash {
		t.Error("two people with one password have one hash")
	}
	for password, want := range map[string]bool{
		"correct horse battery": true, "Correct horse battery": false, "correct horse battery ": false, "": false,
		"correct horse batter": false, "correct horse battery\x00": false, strings.Repeat("x", 100_000): false,
	} {
		if ok, err := p.Verify(ctx, hash, password); ok != want || err != nil {
			t.Errorf("%.30q: %v (%v)", password, ok, err)
		}
	}
	for _, garbled := range []string{"x", "$argon2i$v=19$m=19456,t=2,p=1$a$b", "$argon2id$v=19$m=1,t=1,p=1$AAAA$AAAA", hash[:len(hash)-60], strings.Replace(hash, "$argon2id", "$bcrypt", 1), strings.Replace(hash, "p=1$", "p=1$!", 1)} {
		if ok, err := p.Verify(ctx, garbled, "correct horse battery"); ok || err == nil {
			t.Errorf("%q is taken for a hash: %v", garbled, ok)
		}
	}
}

func TestSomebodyUnknownTakesAsLong(t *testing.T) {
	// Not parallel: it compares times, the quickest of several.
	ctx, p := t.Context(), auth.NewPasswords()
	hash, err := p.Hash(ctx, "correct horse battery")
	if err != nil {
		t.Fatal(err)
	}
	quickest := func(phc string) time.Duration {
		best := time.Hour
		for range 7 {
			start := time.Now()
			if ok, err := p.Verify(ctx, phc, "wrong horse battery"); ok || err != nil {
				t.Fatalf("%v (%v)", ok, err)
			}
			best = min(best, time.Since(start))
		}
		return best
	}
	known, unknown := quickest(hash), quickest("")
	if unknown < known/2 || unknown > known*2 {
		t.Errorf("a wrong password takes %v, somebody unknown %v", known, unknown)
	}
	if ok, err := p.Verify(ctx, "", ""); ok || err != nil {
		t.Errorf("an empty password belongs to nobody: %v (%v)", ok, err)
	}
}

func TestWhoWaitsTooLongGivesUp(t *testing.T) {
	t.Parallel()
	p := auth.NewPasswords()
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() { // more than there are places for at once
			if _, err := p.Hash(t.Context(), "correct horse battery"); err != nil {
				t.Error(err)
			}
		})
	}
	refused := 0
	for range 16 {
		if _, err := p.Verify(gone, "", "x"); err != nil {
			refused++
		}
	}
	all.Wait()
	if refused == 0 {
		t.Error("nobody gave up")
	}
	if _, err := p.Hash(t.Context(), "correct horse battery"); err != nil {
		t.Errorf("places are lost: %v", err)
	}
}

func TestF14WhoComesWhileTooManyWaitIsRefused(t *testing.T) {
	t.Parallel()
	p := auth.NewPasswords()
	var leave []func()
	for {
		one, ok := p.Queue()
		if !ok {
			break
		}
		leave = append(leave, one)
	}
	if want := runtime.GOMAXPROCS(0) + 32; len(leave) != want {
		t.Errorf("%d places, want %d", len(leave), want)
	}
	for _, one := range leave[:2] {
		one()
	}
	for n, want := range []bool{true, true, false} {
		if _, ok := p.Queue(); ok != want {
			t.Errorf("place %d after two were left: %v", n, ok)
		}
	}
}
