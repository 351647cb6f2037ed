package server

import (
	"context"
	"reflect"
	"testing"
	"time"
)

func TestPassword(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	status, body := w.get("/password?token=T1")
	holds(t, status, body, 200, "Set your password", `name="token" value="T1"`, `autocomplete="new-password"`)
	if got := w.api.names(); got != "" {
		t.Errorf("looking asked %s", got)
	}
	w.api.on("SetPassword", `{"resetPassword": {"userErrors": [`+one("PASSWORD_TOO_WEAK", "Too many people have it.", `"input", "newPassword"`)+`]}}`)
	status, body = w.submit("/password", "token", "T1", "new_password", "password1234")
	holds(t, status, body, 422, `id="new_password-error">Too many people have it.`, `name="token" value="T1"`, "!password1234")
	w.api.on("SetPassword", `{"resetPassword": {"userErrors": []}}`)
	status, body = w.submit("/password", "token", "T1", "new_password", "quiet river stone")
	holds(t, status, body, 200, "Your password is set")
	if o := w.api.last(t, "SetPassword"); o.viewer.SignedIn() || !reflect.DeepEqual(o.Input, map[string]any{"token": "T1", "newPassword": "quiet river stone"}) {
		t.Errorf("set with %v", o.Input)
	}
}

func TestForgottenPassword(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.api.on("RequestLink", `{"requestPasswordReset": {"ok": true}}`)
	status, body := w.get("/password")
	holds(t, status, body, 200, "Forgot your password?", `type="email"`, "!"+`type="password"`)
	status, body = w.submit("/password", "email", "kim@contoso.example")
	holds(t, status, body, 200, "Look into your mailbox", "!kim@")
	if o := w.api.last(t, "RequestLink"); o.Input["email"] != "kim@contoso.example" {
		t.Errorf("asked for %v", o.Input)
	}
}

func TestJoin(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.api.on("Join", `{"partnerByCode": {"name": "Acme", "type": "RESELLER", "code": "MND-7K2M-93QD"}, "systemRoles": [
		{"key": "READ_ONLY", "name": "Read-Only", "permissions": `+permissionsJSON+`}, {"key": "ADMINISTRATOR", "name": "Administrator", "permissions": []}]}`)
	w.api.on("Homes", `{"viewer": {"tenants": {"nodes": [{"tenant": {"id": "ten_1", "name": "Contoso", "kind": "CUSTOMER"}}]}}}`)
	status, body := w.get("/join?partner=MND-7K2M-93QD&link=K%26EY")
	holds(t, status, body, 200, "MND-7K2M-93QD", `name="link" value="K&amp;EY"`, "!Acme")
	link := []string{"partner", "MND-7K2M-93QD", "link", "K&EY"}
	status, body = w.submit("/join", append(link, "email", "kim@contoso.example", "password", "x", "action", "show")...)
	holds(t, status, body, 200, "Acme", "Reseller", "Contoso", `value="READ_ONLY"`, "Invoices", `name="session" value="`+w.session+`"`)
	if got := w.api.names(); got != "SignIn Join Homes" {
		t.Errorf("asked %s", got)
	}

	w.api.on("InvitePartner", `{"invitePartner": {"userErrors": [`+one("CUSTOMER_ALREADY_LINKED", "The associated account is already linked to another tenant.", "")+`]}}`)
	chosen := append(link, "session", w.session, "role", "READ_ONLY", "message", "Hi", "action", "invite")
	status, body = w.submit("/join", chosen...)
	holds(t, status, body, 422, "already linked", `value="READ_ONLY" required checked`, `name="session"`)
	w.api.names()
	w.api.on("InvitePartner", `{"invitePartner": {"userErrors": []}}`)
	status, body = w.submit("/join", chosen...)
	holds(t, status, body, 200, "Invitation sent", "Acme", "!"+w.session)
	want := map[string]any{"inviteLink": "https://mandate.example/join?link=K%26EY&partner=MND-7K2M-93QD", "roleKey": "READ_ONLY", "message": "Hi"}
	if o := w.api.last(t, "InvitePartner"); o.viewer.UserID != w.user || !reflect.DeepEqual(o.Input, want) {
		t.Errorf("invited with %v", o.Input)
	}
	if got := w.api.names(); got != "Join Homes InvitePartner SignOut" {
		t.Errorf("asked %s", got)
	}
}

func TestMailbox(t *testing.T) {
	t.Parallel()
	letters := []Letter{{ID: "out_1", At: time.Date(2026, 11, 21, 9, 30, 0, 0, time.UTC), To: "kim@contoso.example", Subject: "Invitation <1>",
		Text: "Accept:\nhttps://x/invitation?token=T", HTML: `<html><head></head><body><a href="https://x/?a=1&amp;b">Accept</a></body></html>`}}
	w := newWorld(t, func(c *Config) {
		c.Mailbox = func(context.Context) ([]Letter, error) { return letters, nil }
	})
	local := []string{"Host", "localhost:8080", "From-Address", "127.0.0.1:4711"}
	status, body := read(t, w.ask("GET", "/mailbox", "", local...))
	holds(t, status, body, 200, "Invitation &lt;1&gt;", "/mailbox/out_1", "kim@contoso.example")
	r := w.ask("GET", "/mailbox/out_1", "", local...)
	status, body = read(t, r)
	holds(t, status, body, 200, `sandbox="allow-popups allow-popups-to-escape-sandbox"`, `srcdoc="&lt;html&gt;&lt;head&gt;&lt;base target=`, "token=T", "!<a href=\"https://x")
	if r.Header.Get("Content-Security-Policy") != letterPolicy {
		t.Error("the mail's styles do not apply")
	}
	for name, headers := range map[string][]string{
		"another machine":        {"Host", "localhost:8080", "From-Address", "192.0.2.7:4711"},
		"another site's name":    {"Host", "evil.example", "From-Address", "127.0.0.1:4711"},
		"a proxy on the machine": {"Host", "mandate.example", "From-Address", "127.0.0.1:4711"},
	} {
		if r := w.ask("GET", "/mailbox", "", headers...); r.StatusCode != 404 {
			t.Errorf("%s: %d", name, r.StatusCode)
		}
	}
	if r := w.ask("GET", "/mailbox", "", "Host", "[::1]:8080", "From-Address", "[::1]:4711"); r.StatusCode != 200 {
		t.Errorf("over IPv6: %d", r.StatusCode)
	}
}
