package server

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
)

const permissionsJSON = `[{"feature": {"name": "Users", "kind": "PLATFORM"}, "level": "VIEW", "label": "View"},
	{"feature": {"name": "Invoices", "kind": "CATALOGUE"}, "level": "MANAGE", "label": "Pay"}]`

// preview is what the fake says about an invitation.
func preview(accountNeeded bool) string {
	return fmt.Sprintf(`{"invitationByToken": {
		"direction": "PARTNER_TO_CUSTOMER", "message": "Hello\n<b>Kim</b>", "expiresAt": "2026-11-28T14:05:00Z", "accessEndsAt": null, "accountNeeded": %t,
		"partner": {"name": "Acme <MSP>", "type": "MSP", "code": "MND-7K2M-93QD"}, "customer": null, "role": {"key": "ADMINISTRATOR", "name": "Administrator"},
		"permissions": %s}}`, accountNeeded, permissionsJSON)
}

func accepted(token string, faults string) string {
	relationship := `{"id": "rel_1", "endsAt": null, "partner": {"name": "Acme <MSP>"}, "customerProfile": {"name": "Contoso"}, "role": {"name": "Administrator"}}`
	if faults != "" {
		relationship = "null"
	}
	return `{"acceptInvitation": {"token": ` + token + `, "relationship": ` + relationship + `, "userErrors": [` + faults + `]}}`
}

func one(code, sentence, field string) string {
	return fmt.Sprintf(`{"code": %q, "message": %q, "field": [%s]}`, code, sentence, field)
}

func TestInvitationIsShownAndNotConsumed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.api.on("Preview", preview(false))
	for range 2 {
		status, body := w.get("/invitation?token=T1")
		holds(t, status, body, 200, "Invitation from Acme &lt;MSP&gt;", "Managed service provider", "MND-7K2M-93QD", "Administrator",
			"Hello<br>&lt;b&gt;Kim&lt;/b&gt;", "28 November 2026, 14:05 UTC", "no end date", "Users", "Invoices", "Pay",
			"Accept", "Decline", `name="token" value="T1"`, `autocomplete="current-password"`, "Administrator, as asked for", `value="READ_ONLY"`, "!"+`value="PRIME_ADMIN"`, "!kim@", "!<b>Kim", "!first_name", "!<script", "!style=")
	}
	if got := w.api.names(); got != "Preview Preview" {
		t.Errorf("asked %s", got)
	}
	w.api.on("Preview", preview(true))
	status, body := w.get("/invitation?token=T1")
	holds(t, status, body, 200, `name="organization"`, `name="first_name"`, `name="last_name"`, `autocomplete="new-password"`, "!"+`name="email"`)
}

func TestLinksThatDoNotWorkLookAlike(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.api.on("Preview", `{"invitationByToken": null}`)
	w.api.on("Invitation", `{"node": null}`)
	w.api.on("SetPassword", `{"resetPassword": {"userErrors": [`+one("TOKEN_INVALID", "This link does not work.", `"input", "token"`)+`]}}`)
	w.api.on("Verify", `{"verifyEmail": {"userErrors": [`+one("TOKEN_INVALID", "This link does not work.", `"input", "token"`)+`]}}`)
	_, want := w.get("/invitation?token=unknown")
	pages := map[string]func() (int, string){
		"garbled":     func() (int, string) { return w.get("/invitation?token=%ff%00%22") },
		"none":        func() (int, string) { return w.get("/invitation") },
		"accepting":   func() (int, string) { return w.submit("/invitation", "token", "x", "action", "accept") },
		"declining":   func() (int, string) { return w.submit("/invitation", "token", "x", "action", "decline") },
		"foreign id":  func() (int, string) { return w.submit("/invitation", "id", "inv_1", "email", "a", "password", "b") },
		"password":    func() (int, string) { return w.submit("/password", "token", "x", "new_password", "long enough 123") },
		"address":     func() (int, string) { return w.submit("/verify", "token", "x") },
		"no address":  func() (int, string) { return w.get("/verify") },
		"invite link": func() (int, string) { return w.get("/join?partner=MND-7K2M-93QD") },
	}
	for name, open := range pages {
		status, body := open()
		if status != 404 || body != want {
			t.Errorf("%s: %d\n%s", name, status, body)
		}
	}
}

func TestAcceptSignsInAndOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.api.on("Preview", preview(false))
	w.api.on("Accept", accepted("null", ""))
	status, body := w.submit("/invitation", "token", "T1", "email", "kim@contoso.example", "password", "secret words", "action", "accept")
	holds(t, status, body, 200, "Connected", "Acme &lt;MSP&gt; may now work in Contoso", "rel_1", "terminateRelationship", "!"+w.session)
	if o := w.api.last(t, "SignIn"); o.viewer.SignedIn() || o.Input["email"] != "kim@contoso.example" {
		t.Errorf("signed in with %v as %+v", o.Input, o.viewer)
	}
	o := w.api.last(t, "Accept")
	if o.viewer.UserID != w.user || !reflect.DeepEqual(o.Input, map[string]any{"token": "T1"}) {
		t.Errorf("accepted with %v as %+v", o.Input, o.viewer)
	}
	if o := w.api.last(t, "SignOut"); o.viewer.UserID != w.user {
		t.Errorf("signed out as %+v", o.viewer)
	}
	if got := w.api.names(); got != "Preview SignIn Accept SignOut" {
		t.Errorf("asked %s", got)
	}
}

func TestWrongPassword(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.api.on("Preview", preview(false))
	w.api.on("SignIn", `{"signIn": {"token": null, "userErrors": [`+one("CREDENTIALS_INVALID", "The address or the password is wrong.", "")+`]}}`)
	status, body := w.submit("/invitation", "token", "T1", "email", "kim@contoso.example", "password", "secret words", "organization", "Kim Ltd", "action", "accept")
	holds(t, status, body, 422, "The address or the password is wrong.", `role="alert"`, `value="kim@contoso.example"`, `value="Kim Ltd"`, "!secret words")
	if got := w.api.names(); got != "Preview SignIn" {
		t.Errorf("asked %s", got)
	}
}

func TestAcceptWithANewAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.api.on("Preview", preview(true))
	w.api.on("Accept", accepted("null", one("PASSWORD_TOO_WEAK", "A password has 12 to 128 characters.", `"input", "newAccount", "password"`)))
	form := []string{"token", "T1", "organization", "Kim Ltd", "first_name", "Kim", "last_name", "Lee", "password", "short", "action", "accept"}
	status, body := w.submit("/invitation", form...)
	holds(t, status, body, 422, `id="password-error">A password has 12 to 128 characters.`, `aria-describedby="password-error password-hint"`, `aria-invalid="true"`,
		`value="Kim Ltd"`, `value="Lee"`, "!short", "!"+`role="alert"`)

	w.api.on("Accept", accepted(`"`+w.session+`"`, ""))
	status, body = w.submit("/invitation", form...)
	holds(t, status, body, 200, "Connected", "!"+w.session)
	want := map[string]any{"token": "T1", "newAccount": map[string]any{"tenantName": "Kim Ltd", "firstName": "Kim", "lastName": "Lee", "password": "short"}}
	if o := w.api.last(t, "Accept"); o.viewer.SignedIn() || !reflect.DeepEqual(o.Input, want) {
		t.Errorf("accepted with %v as %+v", o.Input, o.viewer)
	}
	if o := w.api.last(t, "SignOut"); o.viewer.UserID != w.user {
		t.Error("the new account's session lives on")
	}
}

func TestAcceptForOneOfSeveralAndHandOver(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.api.on("Preview", preview(false))
	w.api.on("Accept", accepted("null", one("REQUIRED", "You belong to several customers: name one.", `"input", "tenantId"`)))
	w.api.on("Homes", `{"viewer": {"tenants": {"nodes": [{"tenant": {"id": "ten_1", "name": "Contoso", "kind": "CUSTOMER"}},
		{"tenant": {"id": "ten_2", "name": "Acme", "kind": "PARTNER"}}, {"tenant": {"id": "ten_3", "name": "Fabrikam", "kind": "CUSTOMER"}}]}}}`)
	status, body := w.submit("/invitation", "token", "T1", "email", "kim@contoso.example", "password", "secret words", "action", "accept")
	holds(t, status, body, 200, "name one", `value="ten_1"`, "Fabrikam", "!ten_2", `name="session" value="`+w.session+`"`, "!"+`type="password"`, "!<select")
	if got := w.api.names(); got != "Preview SignIn Accept Homes" {
		t.Errorf("asked %s", got)
	}

	w.api.on("Accept", accepted("null", one("CUSTOMER_ALREADY_LINKED", "The associated account is already linked to another tenant.", "")))
	status, body = w.submit("/invitation", "token", "T1", "session", w.session, "role", "READ_ONLY", "tenant", "ten_3", "action", "accept")
	holds(t, status, body, 200, "The associated account is already linked to another tenant.", "End the present relationship and accept",
		`name="replace" value="yes"`, `name="tenant" value="ten_3"`, `name="session" value="`+w.session+`"`, `name="role" value="READ_ONLY"`, "!Decline")
	if o := w.api.last(t, "Accept"); !reflect.DeepEqual(o.Input, map[string]any{"token": "T1", "tenantId": "ten_3", "roleKey": "READ_ONLY"}) {
		t.Errorf("accepted with %v", o.Input)
	}
	if got := w.api.names(); got != "Preview Accept" {
		t.Errorf("asked %s", got)
	}

	w.api.on("Accept", accepted("null", ""))
	status, body = w.submit("/invitation", "token", "T1", "session", w.session, "tenant", "ten_3", "replace", "yes", "action", "accept")
	holds(t, status, body, 200, "Connected")
	if o := w.api.last(t, "Accept"); !reflect.DeepEqual(o.Input, map[string]any{"token": "T1", "tenantId": "ten_3", "replaceCurrent": true}) {
		t.Errorf("accepted with %v", o.Input)
	}
	if got := w.api.names(); got != "Preview Accept SignOut" {
		t.Errorf("asked %s", got)
	}
}

func TestOtherRefusalsEndTheSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.api.on("Preview", preview(false))
	for code, want := range map[string]int{"INVITATION_INVALID": 422, "ROLE_EXCEEDS_GRANT": 422, "RELATIONSHIP_NOT_TERMINABLE": 422, "INVITATION_NOT_PENDING": 404} {
		w.api.on("Accept", accepted("null", one(code, "It is so.", "")))
		status, body := w.submit("/invitation", "token", "T1", "email", "kim@contoso.example", "password", "secret words", "action", "accept")
		holds(t, status, body, want, "It is so.", "!"+w.session)
		if got := w.api.names(); !strings.HasSuffix(got, "Accept SignOut") {
			t.Errorf("%s: asked %s", code, got)
		}
	}
	w.api.answers["Accept"] = `{"errors": [{"message": "no", "path": ["acceptInvitation"], "extensions": {"code": "FORBIDDEN"}}]}`
	status, body := w.submit("/invitation", "token", "T1", "email", "kim@contoso.example", "password", "secret words", "action", "accept")
	holds(t, status, body, 403, "You may not do that", "!"+w.session)
	if got := w.api.names(); got != "Preview SignIn Accept SignOut" {
		t.Errorf("asked %s", got)
	}
	status, body = w.submit("/invitation", "token", "T1", "session", "over", "action", "accept")
	holds(t, status, body, 401, "You were signed out")
}

func TestDecline(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.api.on("Preview", preview(true))
	w.api.on("Decline", `{"declineInvitation": {"userErrors": []}}`)
	status, body := w.submit("/invitation", "token", "T1", "reason", "No, thanks", "action", "decline")
	holds(t, status, body, 200, "You declined", "Acme &lt;MSP&gt;")
	if o := w.api.last(t, "Decline"); !reflect.DeepEqual(o.Input, map[string]any{"token": "T1", "reason": "No, thanks"}) {
		t.Errorf("declined with %v", o.Input)
	}
	if got := w.api.names(); got != "Preview Decline" {
		t.Errorf("asked %s", got)
	}
}

func TestInvitationWithoutASecretIsSeenAfterSigningIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	node := `{"node": {"direction": "%s", "status": "%s", "message": null, "expiresAt": "2026-11-28T14:05:00Z", "accessEndsAt": null, "viewerCanAccept": %t,
		"partner": {"name": "Acme", "type": "MSP", "code": "MND-7K2M-93QD"}, "customerProfile": {"name": "Contoso"},
		"role": {"key": null, "name": "Helpdesk", "permissions": ` + permissionsJSON + `}, "relationship": %s}}`
	w.api.on("Invitation", fmt.Sprintf(node, "PARTNER_TO_CUSTOMER", "PENDING", true, `{"role": {"name": "Read-Only"}}`))
	status, body := w.get("/invitation?id=inv_1")
	holds(t, status, body, 200, "Log in to see the invitation", `name="id" value="inv_1"`, "!Acme")
	if got := w.api.names(); got != "" {
		t.Errorf("asked %s", got)
	}
	status, body = w.submit("/invitation", "id", "inv_1", "email", "kim@contoso.example", "password", "x", "action", "show")
	holds(t, status, body, 200, "Change asked for by Acme", "Role today", "Read-Only", "Helpdesk", `name="session" value="`+w.session+`"`, `value="accept"`)
	if got := w.api.names(); got != "SignIn Invitation" {
		t.Errorf("asked %s", got)
	}
	w.api.on("Accept", accepted("null", ""))
	status, body = w.submit("/invitation", "id", "inv_1", "session", w.session, "action", "accept")
	holds(t, status, body, 200, "Changed")
	if got := w.api.names(); got != "Invitation Accept SignOut" {
		t.Errorf("asked %s", got)
	}

	w.api.on("Invitation", fmt.Sprintf(node, "CUSTOMER_TO_PARTNER", "DECLINED", false, "null"))
	status, body = w.submit("/invitation", "id", "inv_1", "email", "kim@contoso.example", "password", "x", "action", "show")
	holds(t, status, body, 200, "Invitation from Contoso", "This invitation was declined.", "!<form", "!"+w.session)
	if got := w.api.names(); got != "SignIn Invitation SignOut" {
		t.Errorf("asked %s", got)
	}
}
