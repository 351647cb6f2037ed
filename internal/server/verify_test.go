package server

import (
	"reflect"
	"strings"
	"testing"
)

func TestVerify(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range 2 {
		status, body := w.get("/verify?token=T%221")
		holds(t, status, body, 200, "<h1>Verify your address</h1>", `method="post" action="/verify"`, `name="token" value="T&#34;1"`,
			"<button>Verify address</button>", "!"+`type="password"`, "!<script", "!style=")
	}
	if got := w.api.names(); got != "" {
		t.Errorf("looking asked %s", got)
	}
	w.api.on("Verify", `{"verifyEmail": {"userErrors": []}}`)
	status, body := w.submit("/verify", "token", "T1")
	holds(t, status, body, 200, "Your address is verified", "!T1")
	if o := w.api.last(t, "Verify"); o.viewer.SignedIn() || !reflect.DeepEqual(o.Input, map[string]any{"token": "T1"}) {
		t.Errorf("verified with %v as %+v", o.Input, o.viewer)
	}
}

func TestVerifyAsksForAPasswordWhereThereIsNone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.api.on("Verify", `{"verifyEmail": {"userErrors": [`+one("REQUIRED", "You have no password yet.", `"input", "newPassword"`)+`]}}`)
	status, body := w.submit("/verify", "token", "T1")
	holds(t, status, body, 200, "<h1>Choose a password</h1>", `name="token" value="T1"`, `<label for="new_password">New password</label>`,
		`id="new_password" name="new_password" type="password"`, `autocomplete="new-password" required aria-describedby="new_password-hint"`, `id="new_password-hint"`,
		"!aria-invalid", "!You have no password yet.", "!(optional)")
	status, body = w.submit("/verify", "token", "T1", "new_password", "")
	holds(t, status, body, 422, "Choose a password", `aria-invalid="true" autofocus aria-describedby="new_password-error new_password-hint"`,
		`id="new_password-error">You have no password yet.`)
	if o := w.api.last(t, "Verify"); len(o.Input) != 1 {
		t.Errorf("asked with %v", o.Input)
	}
	w.api.on("Verify", `{"verifyEmail": {"userErrors": [`+one("PASSWORD_TOO_WEAK", "Too many people have it.", `"input", "newPassword"`)+`]}}`)
	status, body = w.submit("/verify", "token", "T1", "new_password", "password1234")
	holds(t, status, body, 422, `id="new_password-error">Too many people have it.`, `name="token" value="T1"`, "!password1234")
	w.api.on("Verify", `{"verifyEmail": {"userErrors": []}}`)
	status, body = w.submit("/verify", "token", "T1", "new_password", "quiet river stone")
	holds(t, status, body, 200, "Your address is verified", "!quiet")
	if o := w.api.last(t, "Verify"); !reflect.DeepEqual(o.Input, map[string]any{"token": "T1", "newPassword": "quiet river stone"}) {
		t.Errorf("verified with %v", o.Input)
	}
}

func TestVerifyKeepsItsSecrets(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.api.on("Verify", `{"verifyEmail": {"userErrors": []}}`)
	w.get("/verify?token=SECRET1")
	w.submit("/verify", "token", "SECRET2", "new_password", "SECRET3")
	if log := w.log.String(); strings.Contains(log, "SECRET") || strings.Count(log, "route=/verify status=200") != 2 {
		t.Errorf("the log is:\n%s", log)
	}
	h := w.ask("GET", "/verify?token=x", "").Header
	if h.Get("Cache-Control") != "no-store" || h.Get("Content-Security-Policy") != pagePolicy || h.Get("Referrer-Policy") != "no-referrer" || len(h.Values("Set-Cookie")) > 0 {
		t.Errorf("headers: %v", h)
	}
	w.api.names()
	for _, headers := range []string{"Sec-Fetch-Site cross-site", "Origin https://other.example", "Sec-Fetch-Site cross-site Origin null"} {
		r := w.ask("POST", "/verify", "token=x", append(strings.Fields(headers), "Content-Type", "application/x-www-form-urlencoded")...)
		if r.StatusCode != 403 {
			t.Errorf("%s: %d", headers, r.StatusCode)
		}
	}
	if got := w.api.names(); got != "" {
		t.Errorf("forms of other sites asked %s", got)
	}
}
