package mail

import (
	"bufio"
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

// wiretap is a mail server, or somebody in between, that keeps every byte which it can read.
type wiretap struct {
	hides  bool   // does not offer STARTTLS
	answer string // to STARTTLS
	after  func(net.Conn)

	mu   sync.Mutex
	read bytes.Buffer
}

// Write keeps what was said in the clear.
func (w *wiretap) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.read.Write(p)
}

func (w *wiretap) heard() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.read.String()
}

func (w *wiretap) listen(t *testing.T) string {
	t.Helper()
	l := listen(t)
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return // the test is over
			}
			go w.talk(conn)
		}
	}()
	return l.Addr().String()
}

func (w *wiretap) talk(conn net.Conn) {
	defer conn.Close()
	fmt.Fprint(conn, "220 mail.test ESMTP\r\n")
	in := bufio.NewScanner(io.TeeReader(conn, w))
	for in.Scan() {
		switch verb, _, _ := strings.Cut(strings.ToUpper(in.Text()), " "); verb {
		case "EHLO":
			fmt.Fprint(conn, "250-mail.test\r\n")
			if !w.hides {
				fmt.Fprint(conn, "250-STARTTLS\r\n")
			}
			fmt.Fprint(conn, "250 AUTH PLAIN\r\n")
		case "STARTTLS":
			fmt.Fprint(conn, w.answer)
			if w.after != nil {
				w.after(conn)
				return
			}
		case "QUIT":
			return
		case "DATA":
			fmt.Fprint(conn, "354 go on\r\n")
		default:
			fmt.Fprint(conn, "250 ok\r\n")
		}
	}
}

// certified is a TLS configuration with a certificate for a name, between two moments, and the pool that trusts it.
func certified(t *testing.T, name string, from, until time.Time) (*tls.Config, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: from, NotAfter: until, IsCA: true, BasicConstraintsValid: true}
	if ip := net.ParseIP(name); ip != nil {
		c.IPAddresses = []net.IP{ip}
	} else {
		c.DNSNames = []string{name}
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, pool
}

// TestF06STARTTLSNeverFallsBack: once encryption is asked for, or begun, nothing of a mail is said in the clear, and no
// password, whatever the server or somebody in between does. Only what is optional is done without, and only when it is
// not offered.
func TestF06STARTTLSNeverFallsBack(t *testing.T) {
	t.Parallel()
	now := time.Now()
	shake := func(config *tls.Config) func(net.Conn) {
		return func(conn net.Conn) { _ = tls.Server(conn, config).Handshake() }
	}
	good, pool := certified(t, "127.0.0.1", now.Add(-time.Hour), now.Add(time.Hour))
	strangers, _ := certified(t, "127.0.0.1", now.Add(-time.Hour), now.Add(time.Hour))
	others, othersPool := certified(t, "mail.test", now.Add(-time.Hour), now.Add(time.Hour))
	old, oldPool := certified(t, "127.0.0.1", now.Add(-2*time.Hour), now.Add(-time.Hour))
	outdated := good.Clone()
	outdated.MaxVersion = tls.VersionTLS11
	const ready = "220 ready\r\n"
	for name, c := range map[string]struct {
		tap   *wiretap
		roots *x509.CertPool
	}{
		"not offered":                       {&wiretap{hides: true}, pool},
		"refused for now":                   {&wiretap{answer: "454 TLS is not available\r\n"}, pool},
		"refused for good":                  {&wiretap{answer: "502 what?\r\n"}, pool},
		"garbage instead of a handshake":    {&wiretap{answer: ready, after: func(c net.Conn) { fmt.Fprint(c, "250 let us go on\r\n250 ok\r\n250 ok\r\n") }}, pool},
		"hung up instead of a handshake":    {&wiretap{answer: ready, after: func(net.Conn) {}}, pool},
		"a certificate nobody trusts":       {&wiretap{answer: ready, after: shake(strangers)}, pool},
		"a certificate for another name":    {&wiretap{answer: ready, after: shake(others)}, othersPool},
		"a certificate that is over":        {&wiretap{answer: ready, after: shake(old)}, oldPool},
		"a version of TLS that is outdated": {&wiretap{answer: ready, after: shake(outdated)}, pool},
		"hung up after the handshake":       {&wiretap{answer: ready, after: shake(good)}, pool},
	} {
		for _, option := range []string{"required", "optional"} {
			if c.tap.hides && option == "optional" {
				continue // what is optional goes in the clear then: TestEncryptionAndPassword
			}
			for _, user := range []string{"", "user:pw@"} {
				t.Run(name+", "+option+", "+user, func(t *testing.T) {
					t.Parallel()
					tap := &wiretap{hides: c.tap.hides, answer: c.tap.answer, after: c.tap.after}
					s := open(t, "smtp://"+user+tap.listen(t)+"?starttls="+option)
					s.roots = c.roots
					if err := s.Send(t.Context(), testMessage(t)); err == nil || IsPermanent(err) {
						t.Errorf("error %v is not temporary", err)
					}
					for verb := range strings.Lines(tap.heard()) {
						switch word, _, _ := strings.Cut(strings.TrimSpace(verb), " "); strings.ToUpper(word) {
						case "MAIL", "RCPT", "DATA", "AUTH":
							t.Errorf("said in the clear: %s", verb)
						}
					}
				})
			}
		}
	}
}
