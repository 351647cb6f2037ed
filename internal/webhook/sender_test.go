package webhook

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"mandate/ent"
	"mandate/internal/egress"
	"mandate/internal/testworld"
)

const nowhere = "The URL's host leads to no address that is allowed."

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// toSend is a delivery to a URL.
func toSend(url string) *ent.WebhookDelivery {
	d := &ent.WebhookDelivery{ID: "whd_1", EventID: "evt_1", Payload: `{"type":"member.added"}`}
	d.Edges.Webhook = &ent.Webhook{URL: url, Secret: testworld.SigningSecret}
	return d
}

// TestSignature is what the npm package standardwebhooks 1.1.1 makes of the same message.
func TestSignature(t *testing.T) {
	t.Parallel()
	got, err := sign("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", `{"test": 2432232314}`)
	if want := "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="; err != nil || got != want {
		t.Errorf("%s, %v; want %s", got, err, want)
	}
}

func TestTheSecretBeforeSignsToo(t *testing.T) {
	t.Parallel()
	r := newReceiver(t)
	previous := "whsec_" + strings.Repeat("A", 43) + "="
	until := noon.Add(time.Hour)
	for _, c := range []struct {
		now  time.Time
		both bool
	}{{noon, true}, {until.Add(-time.Second), true}, {until, false}} {
		d := toSend(r.URL)
		d.Edges.Webhook.PreviousSecret, d.Edges.Webhook.PreviousUntil = &previous, &until
		if a := newSender(loopback, nil).send(t.Context(), d, c.now); a.refusal != "" {
			t.Fatal(a)
		}
		all := r.taken()
		if m := all[len(all)-1]; !m.signed(testworld.SigningSecret) || m.signed(previous) != c.both {
			t.Errorf("at %s: %s", c.now, m.signature)
		}
	}
}

func TestWhatComesOfSending(t *testing.T) {
	t.Parallel()
	r := newReceiver(t)
	elsewhere := newReceiver(t)
	never := make(chan struct{})
	t.Cleanup(func() { close(never) })
	for name, c := range map[string]struct {
		answers http.HandlerFunc
		want    answer
	}{
		"accepted":  {status(http.StatusAccepted), answer{status: 202}},
		"not found": {status(http.StatusNotFound), answer{404, "The receiver answered 404."}},
		"redirect to what is inside": {func(w http.ResponseWriter, q *http.Request) {
			http.Redirect(w, q, elsewhere.URL, http.StatusTemporaryRedirect)
		}, answer{307, "The receiver answered 307: redirects are not followed."}},
		"moved for good": {func(w http.ResponseWriter, q *http.Request) {
			http.Redirect(w, q, "https://169.254.169.254/", http.StatusMovedPermanently)
		}, answer{301, "The receiver answered 301: redirects are not followed."}},
		"a body without an end": {func(w http.ResponseWriter, _ *http.Request) {
			for {
				if _, err := w.Write(make([]byte, 4096)); err != nil {
					return
				}
			}
		}, answer{status: 200}},
		"a broken connection": {func(w http.ResponseWriter, _ *http.Request) {
			c, _, _ := w.(http.Hijacker).Hijack()
			_ = c.Close()
		}, answer{refusal: "The connection broke before there was an answer."}},
		"headers without an end": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Long", strings.Repeat("x", 2*mostHeaders))
		}, answer{refusal: "The connection broke before there was an answer."}},
	} {
		t.Run(name, func(t *testing.T) {
			r.then(c.answers)
			if got := newSender(loopback, nil).send(t.Context(), toSend(r.URL), noon); got != c.want {
				t.Errorf("%+v; want %+v", got, c.want)
			}
		})
	}
	if len(elsewhere.taken()) != 0 {
		t.Error("a redirect was followed")
	}
	t.Run("no answer in time", func(t *testing.T) {
		r.then(func(_ http.ResponseWriter, q *http.Request) {
			select {
			case <-never:
			case <-q.Context().Done():
			}
		})
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond) // as sendLimit ends it
		defer cancel()
		if got := newSender(loopback, nil).send(ctx, toSend(r.URL), noon); got.refusal != "There was no answer within 15 seconds." {
			t.Errorf("%+v", got)
		}
	})
	t.Run("nobody listens", func(t *testing.T) {
		gone := httptest.NewServer(nil)
		gone.Close()
		if got := newSender(loopback, nil).send(t.Context(), toSend(gone.URL), noon); got.refusal != "The receiver did not accept the connection." {
			t.Errorf("%+v", got)
		}
	})
}

func TestTLSIsVerified(t *testing.T) {
	t.Parallel()
	r := newReceiver(t)
	secure := httptest.NewUnstartedServer(r)
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	t.Cleanup(secure.Close)
	s := newSender(loopback, nil)
	const untrusted = "The receiver did not prove who it is: its TLS certificate cannot be trusted."
	if got := s.send(t.Context(), toSend(secure.URL), noon); got.refusal != untrusted {
		t.Errorf("an unknown certificate: %+v", got)
	}
	if got := s.send(t.Context(), toSend(strings.Replace(r.URL, "http:", "https:", 1)), noon); got.refusal != "The connection broke before there was an answer." {
		t.Errorf("no TLS at all: %+v", got)
	}
	trusted := x509.NewCertPool()
	trusted.AddCert(secure.Certificate())
	s.secure.Transport.(*http.Transport).TLSClientConfig = &tls.Config{RootCAs: trusted}
	if got := s.send(t.Context(), toSend(secure.URL), noon); got != (answer{status: 204}) {
		t.Errorf("a known one: %+v", got)
	}
}

// TestT26NothingIsSentInside: not by an address, not by a name, and not in the clear to what is public.
func TestT26NothingIsSentInside(t *testing.T) {
	t.Setenv("HTTPS_PROXY", "http://127.0.0.1:1") // is not asked
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
	r := newReceiver(t)
	for _, host := range []string{"127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "[::]", "169.254.169.254", "10.255.255.1"} {
		for _, scheme := range []string{"http", "https"} {
			u := scheme + "://" + host + ":" + portOf(r.URL) + "/"
			began := time.Now()
			if got := newSender(nil, nil).send(t.Context(), toSend(u), noon); got != (answer{refusal: nowhere}) {
				t.Errorf("%s: %+v", u, got)
			}
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("%s took %s", u, took)
			}
		}
	}
	if got := newSender(loopback, nil).send(t.Context(), toSend("http://8.8.8.8/"), noon); got != (answer{refusal: nowhere}) {
		t.Errorf("in the clear to the public: %+v", got)
	}
	if len(r.taken()) != 0 {
		t.Error("something was sent")
	}
}

func portOf(raw string) string {
	u, _ := url.Parse(raw)
	return u.Port()
}

// TestT26ANameIsBoundAnew: what a name stood for before does not matter, nor what else it stands for; what is connected to does.
func TestT26ANameIsBoundAnew(t *testing.T) {
	t.Parallel()
	inside := newReceiver(t)
	public := &receiver{answers: status(http.StatusNoContent)}
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.2", portOf(inside.URL))) // the same port at another address
	if err != nil {
		t.Fatal(err)
	}
	public.Server = httptest.NewUnstartedServer(public)
	public.Listener = l
	public.Config.SetKeepAlivesEnabled(false)
	public.Start()
	t.Cleanup(public.Close)
	names := newNames(t)
	s := newSender(egress.Allowed{netip.MustParsePrefix("127.0.0.2/32")}, names.resolver())
	d := toSend("http://hook.example:" + portOf(inside.URL) + "/")

	for _, c := range []struct {
		addresses []string
		want      answer
	}{
		{[]string{"127.0.0.2"}, answer{status: 204}},
		{[]string{"127.0.0.1"}, answer{refusal: nowhere}},
		{[]string{"169.254.169.254"}, answer{refusal: nowhere}},
		{[]string{"127.0.0.1", "127.0.0.2"}, answer{status: 204}}, // goes to the second
		{nil, answer{refusal: nowhere}},
	} {
		names.bind(c.addresses...)
		if got := s.send(t.Context(), d, noon); got != c.want {
			t.Errorf("the name stands for %v: %+v; want %+v", c.addresses, got, c.want)
		}
	}
	if len(public.taken()) != 2 || len(inside.taken()) != 0 {
		t.Errorf("%d messages came to what is allowed, and %d inside", len(public.taken()), len(inside.taken()))
	}
}

// names is a name server of which every name stands for the same.
type names struct {
	conn      net.PacketConn
	mu        sync.Mutex
	addresses []string
}

func newNames(t *testing.T) *names {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	n := &names{conn: conn}
	t.Cleanup(func() { _ = conn.Close() })
	go n.serve()
	return n
}

func (n *names) bind(addresses ...string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.addresses = addresses
}

func (n *names) resolver() *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", n.conn.LocalAddr().String())
	}}
}

func (n *names) serve() {
	buffer := make([]byte, 4096)
	for {
		size, from, err := n.conn.ReadFrom(buffer)
		if err != nil {
			return
		}
		var m dnsmessage.Message
		if m.Unpack(buffer[:size]) != nil {
			continue
		}
		n.mu.Lock()
		m.Response, m.Authoritative, m.Additionals = true, true, nil
		if len(n.addresses) == 0 {
			m.RCode = dnsmessage.RCodeNameError
		}
		for _, a := range n.addresses {
			if q := m.Questions[0]; q.Type == dnsmessage.TypeA {
				m.Answers = append(m.Answers, dnsmessage.Resource{Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class},
					Body: &dnsmessage.AResource{A: netip.MustParseAddr(a).As4()}})
			}
		}
		n.mu.Unlock()
		if b, err := m.Pack(); err == nil {
			_, _ = n.conn.WriteTo(b, from)
		}
	}
}
