package server

import (
	"net/netip"
	"strings"
	"testing"
)

// TestT23ForwardedHeadersProveNothing: only what trusted proxies say of where a request comes from is believed.
func TestT23ForwardedHeadersProveNothing(t *testing.T) {
	t.Parallel()
	const me, one, two, spoofed = "192.0.2.7", "10.0.0.1", "10.0.0.2", "203.0.113.9"
	behind := func(networks ...string) func(*Config) {
		return func(c *Config) {
			for _, n := range networks {
				c.Proxies = append(c.Proxies, netip.MustParsePrefix(n))
			}
		}
	}
	none, private := newWorld(t), newWorld(t, behind("10.0.0.0/8", "2001:db8::/32"))
	for name, c := range map[string]struct {
		*world
		from      string
		forwarded []string
		want      string
	}{
		"without proxies, the header is nothing":                     {none, me + ":4711", []string{spoofed}, me},
		"without proxies, not even from this machine":                {none, "127.0.0.1:4711", []string{spoofed}, "127.0.0.1"},
		"a client that goes around the proxy":                        {private, me + ":4711", []string{spoofed}, me},
		"through a proxy":                                            {private, one + ":4711", []string{me}, me},
		"through two proxies":                                        {private, one + ":4711", []string{me + ", " + two}, me},
		"through two proxies that write a header each":               {private, one + ":4711", []string{me, two}, me},
		"a client that names somebody else before":                   {private, one + ":4711", []string{spoofed + ", " + me}, me},
		"a client that sends a header of its own":                    {private, one + ":4711", []string{spoofed, me}, me},
		"a client that names a proxy before itself":                  {private, one + ":4711", []string{two + "," + me}, me},
		"a client that sends nonsense":                               {private, one + ":4711", []string{"nonsense, " + me}, me},
		"a proxy that says nothing":                                  {private, one + ":4711", nil, one},
		"a proxy that says nonsense":                                 {private, one + ":4711", []string{me + ", unknown"}, one},
		"a proxy before which there is nonsense":                     {private, one + ":4711", []string{"unknown, " + two}, two},
		"a proxy that asks itself":                                   {private, one + ":4711", []string{two}, two},
		"with a port":                                                {private, one + ":4711", []string{me + ":80"}, me},
		"IPv6":                                                       {private, "[2001:db8::1]:4711", []string{"2001:470::7"}, "2001:470::7"},
		"IPv6 with a port":                                           {private, "[2001:db8::1]:4711", []string{"[2001:470::7]:80"}, "2001:470::7"},
		"IPv4 that is written as IPv6, at both ends":                 {private, "[::ffff:10.0.0.1]:4711", []string{"::ffff:" + me}, me},
		"a connection that has no address, as on a socket of Unix's": {private, "@", []string{spoofed}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			c.api.on("RequestLink", `{"requestPasswordReset": {"ok": true}}`)
			headers := []string{"Content-Type", "application/x-www-form-urlencoded", "Sec-Fetch-Site", "same-origin", "From-Address", c.from}
			r := c.request("POST", "/password", "email=kim%40contoso.example", headers...)
			for _, f := range c.forwarded {
				r.Header.Add(forwardedHeader, f)
			}
			c.answer(r)
			if got := c.api.last(t, "RequestLink").viewer.Address; got != c.want {
				t.Errorf("the request comes from %q, want %q", got, c.want)
			}
		})
	}
	if n := strings.Count(none.log.String(), "MANDATE_TRUSTED_PROXIES"); n != 1 {
		t.Errorf("%d warnings about a proxy that is not trusted, want 1:\n%s", n, none.log)
	}
}

// TestPagesSayWhenToComeBack: somebody who tries too much is told so, and it is no fault of the program's.
func TestPagesSayWhenToComeBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for seconds, want := range map[string]string{"1": "in a second", "90": "in 90 seconds", "180": "in 3 minutes", "181": "in 4 minutes"} {
		w.api.refuse("RequestLink", `{"code": "RATE_LIMITED", "retryAfter": `+seconds+`}`)
		r := w.ask("POST", "/password", "email=kim%40contoso.example", "Content-Type", "application/x-www-form-urlencoded", "Sec-Fetch-Site", "same-origin")
		if got := r.Header.Get("Retry-After"); got != seconds {
			t.Errorf("Retry-After: %q, want %s", got, seconds)
		}
		status, body := read(t, r)
		holds(t, status, body, 429, "Too many tries", want+".", "!number")
	}
}
