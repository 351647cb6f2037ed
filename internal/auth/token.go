package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
)

// tokenBytes is the strength of every token: 256 random bits.
const tokenBytes = 32

var tokenEncoding = base64.RawURLEncoding.Strict()

// NewToken returns a token, to be shown once, and its hash, to be kept.
func NewToken() (token, hash string) {
	b := make([]byte, tokenBytes)
	_, _ = rand.Read(b) // never fails
	token = tokenEncoding.EncodeToString(b)
	return token, digest(token)
}

// TokenHash returns the hash of a token as it was handed out. Anything that cannot be one, such as a shortened or
// re-encoded token, is refused before it is looked for.
func TokenHash(token string) (hash string, ok bool) {
	if len(token) != tokenEncoding.EncodedLen(tokenBytes) { // a decoder overlooks line breaks
		return "", false
	}
	if b, err := tokenEncoding.DecodeString(token); err != nil || len(b) != tokenBytes {
		return "", false
	}
	return digest(token), true
}

func digest(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}
