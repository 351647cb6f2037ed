// Package auth knows who asks: passwords, the tokens of sessions and links, and the step from a request's
// Authorization header to its viewer.
package auth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"runtime"
	"strings"

	"golang.org/x/crypto/argon2"
)

// The cost of a password hash: argon2id with 19 MiB, two passes, one lane (OWASP's minimum).
const (
	memory  = 19456 // KiB
	passes  = 2
	lanes   = 1
	saltLen = 16
	hashLen = 32
)

// mostWaiting is how many passwords wait while others are hashed and compared.
const mostWaiting = 32

// Passwords hashes and compares passwords, as many at once as there are processors: each takes 19 MiB, and a processor for
// a while.
type Passwords struct {
	places chan struct{} // of those at work and of those who wait
	slots  chan struct{} // of those at work
	dummy  string        // has the form of a hash, and is that of no password
}

// NewPasswords returns a Passwords.
func NewPasswords() *Passwords {
	atOnce := runtime.GOMAXPROCS(0)
	p := &Passwords{places: make(chan struct{}, atOnce+mostWaiting), slots: make(chan struct{}, atOnce)}
	p.dummy = format(random(saltLen), random(hashLen))
	return p
}

// Hash returns the password's hash in PHC form.
func (p *Passwords) Hash(ctx context.Context, password string) (string, error) {
	if err := p.enter(ctx); err != nil {
		return "", err
	}
	defer p.leave()
	return hash(password, random(saltLen)), nil
}

// Verify reports whether password belongs to hash. An empty hash, that of somebody unknown or without a password, takes
// as long as any other and belongs to nothing.
func (p *Passwords) Verify(ctx context.Context, phc, password string) (bool, error) {
	if err := p.enter(ctx); err != nil {
		return false, err
	}
	defer p.leave()
	against := phc
	if against == "" {
		against = p.dummy
	}
	s, want, err := parse(against)
	if err != nil {
		return false, err
	}
	got := argon2.IDKey([]byte(password), s, passes, memory, lanes, uint32(len(want)))
	return subtle.ConstantTimeCompare(got, want) == 1 && phc != "", nil
}

// Queue takes a place for a password of somebody who can be told to come back: false when mostWaiting wait already. leave
// gives the place back.
func (p *Passwords) Queue() (leave func(), ok bool) {
	select {
	case p.places <- struct{}{}:
		return func() { <-p.places }, true
	default:
		return nil, false
	}
}

func (p *Passwords) enter(ctx context.Context) error {
	select {
	case p.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (p *Passwords) leave() { <-p.slots }

func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return b
}

var encoding = base64.RawStdEncoding

var parameters = fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$", argon2.Version, memory, passes, lanes)

func hash(password string, salt []byte) string {
	return format(salt, argon2.IDKey([]byte(password), salt, passes, memory, lanes, hashLen))
}

func format(salt, hash []byte) string {
	return parameters + encoding.EncodeToString(salt) + "$" + encoding.EncodeToString(hash)
}

func parse(phc string) (salt, hash []byte, err error) {
	rest, ok := strings.CutPrefix(phc, parameters)
	s, h, found := strings.Cut(rest, "$")
	if !ok || !found {
		return nil, nil, fmt.Errorf("a password hash has an unknown form")
	}
	if salt, err = encoding.DecodeString(s); err != nil {
		return nil, nil, fmt.Errorf("salt of a password hash: %w", err)
	}
	if hash, err = encoding.DecodeString(h); err != nil {
		return nil, nil, fmt.Errorf("a password hash: %w", err)
	}
	return salt, hash, nil
}
