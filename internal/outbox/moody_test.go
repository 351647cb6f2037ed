package outbox

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	netmail "net/mail"
	"strings"
	"sync"
	"testing"
	"time"
)

// mood is how the mail server treats one connection.
type mood struct {
	name   string
	at     string // the verb at which it shows; "" for the greeting, "." for the end of the mail
	answer string // "" for none: it falls silent
	cut    bool   // and hangs up
	taken  bool   // though it has the mail
	slow   bool   // and says everything one byte at a time
}

var fine = mood{name: "fine", at: "never"}

// moods are all that a mail server may do to us.
var moods = []mood{
	{name: "hangs up on whoever calls", at: "", cut: true},
	{name: "greets with 421", at: "", answer: "421 come back later", cut: true},
	{name: "says nothing", at: ""},
	{name: "says one byte at a time", at: "never", slow: true},
	{name: "hangs at EHLO", at: "EHLO"},
	{name: "offers STARTTLS and hangs at it", at: "STARTTLS"},
	{name: "refuses STARTTLS", at: "STARTTLS", answer: "454 not now"},
	{name: "fails the handshake", at: "STARTTLS", answer: "220 go on\r\n250 what handshake?", cut: true},
	{name: "hangs at MAIL", at: "MAIL"},
	{name: "421 at MAIL", at: "MAIL", answer: "421 come back later", cut: true},
	{name: "hangs at RCPT", at: "RCPT"},
	{name: "450 at RCPT", at: "RCPT", answer: "450 come back later"},
	{name: "550 at RCPT", at: "RCPT", answer: "550 no such user"},
	{name: "hangs at DATA", at: "DATA"},
	{name: "554 at DATA", at: "DATA", answer: "554 not from you"},
	{name: "cut before the end was read", at: ".", cut: true},
	{name: "cut after the mail was taken", at: ".", cut: true, taken: true},
	{name: "hangs though the mail was taken", at: ".", taken: true},
	{name: "452 after the mail", at: ".", answer: "452 no room"},
	{name: "hangs at QUIT", at: "QUIT"},
	{name: "hangs up at QUIT", at: "QUIT", cut: true},
}

// moodyOffice is a mail server, down to the bytes, that is in another mood for every connection.
type moodyOffice struct {
	t       *testing.T
	address string
	// asked is called for every receiver that is named, before anything else is answered.
	asked func(to string)

	mu      sync.Mutex
	rand    *rand.Rand
	calm    bool
	met     map[string]int
	arrived map[string][]string // the Message-IDs of the mails that were taken, by receiver
}

func newMoodyOffice(t *testing.T, seed uint64, asked func(to string)) *moodyOffice {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	o := &moodyOffice{t: t, address: l.Addr().String(), asked: asked, rand: rand.New(rand.NewPCG(seed, 1)),
		met: make(map[string]int), arrived: make(map[string][]string)}
	ctx, closing := context.WithCancel(context.Background())
	var open sync.WaitGroup
	open.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return // the test is over
			}
			open.Go(func() {
				defer conn.Close()
				defer context.AfterFunc(ctx, func() { conn.Close() })()
				o.talk(conn, o.mood())
			})
		}
	})
	t.Cleanup(func() { l.Close(); closing(); open.Wait() })
	return o
}

// mood picks how to treat a connection: fine every third time, and always once it is calm; else by chance, with a preference
// for moods that showed less than others.
func (o *moodyOffice) mood() mood {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.calm || o.rand.IntN(3) == 0 {
		return fine
	}
	m := moods[o.rand.IntN(len(moods))]
	for range 3 {
		if other := moods[o.rand.IntN(len(moods))]; o.met[other.name] < o.met[m.name] {
			m = other
		}
	}
	return m
}

// calms down for good.
func (o *moodyOffice) calms() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.calm = true
}

// meets notes that a mood showed.
func (o *moodyOffice) meets(m mood) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.met[m.name]++
}

// talk is one conversation.
func (o *moodyOffice) talk(conn net.Conn, m mood) {
	in, out := bufio.NewReader(conn), io.Writer(conn)
	if m.slow {
		out = dripping{conn}
		o.meets(m)
	}
	say := func(line string) { fmt.Fprint(out, line+"\r\n") }
	// shows answers as the mood has it, and reports whether the conversation goes on
	shows := func() bool {
		o.meets(m)
		if m.answer != "" {
			say(m.answer)
		}
		if m.answer == "" && !m.cut {
			_, _ = io.Copy(io.Discard, in) // until the other side gives up
		}
		return m.answer != "" && !m.cut
	}
	if m.at == "" {
		shows()
		return
	}
	say("220 mail.test ESMTP")
	to := ""
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		verb, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		if verb == "RCPT" {
			to = strings.Trim(strings.TrimPrefix(rest, "TO:"), "<>")
			o.asked(to)
		}
		if verb == m.at {
			if !shows() {
				return
			}
			continue
		}
		switch verb {
		case "EHLO":
			if m.at == "STARTTLS" {
				say("250-mail.test\r\n250 STARTTLS")
			} else {
				say("250 mail.test")
			}
		case "DATA":
			say("354 go on")
			body, err := readMail(in)
			if err != nil {
				return
			}
			if m.at != "." || m.taken {
				o.takes(to, body)
			}
			if m.at == "." && !shows() {
				return
			}
			if m.at != "." {
				say("250 taken")
			}
		case "QUIT":
			say("221 bye")
			return
		default:
			say("250 ok")
		}
	}
}

// readMail reads up to the line that holds nothing but a dot.
func readMail(in *bufio.Reader) ([]byte, error) {
	var body bytes.Buffer
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return nil, err
		}
		if line == ".\r\n" {
			return body.Bytes(), nil
		}
		body.WriteString(strings.TrimPrefix(line, "."))
	}
}

func (o *moodyOffice) takes(to string, body []byte) {
	m, err := netmail.ReadMessage(bytes.NewReader(body))
	if err != nil {
		o.t.Errorf("a mail that cannot be read: %v", err)
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.arrived[to] = append(o.arrived[to], m.Header.Get("Message-Id"))
}

// dripping writes one byte at a time.
type dripping struct{ net.Conn }

func (d dripping) Write(p []byte) (n int, err error) {
	for ; n < len(p) && err == nil; n++ {
		time.Sleep(20 * time.Millisecond)
		_, err = d.Conn.Write(p[n : n+1])
	}
	return n, err
}
