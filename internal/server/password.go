package server

import "net/http"

// passwordView is the form to set a password, or, without a token, to be mailed a link for it.
type passwordView struct {
	Token  string
	Fields []field
}

// showPassword shows the form behind a mailed link. Whether the link works is seen when it is used.
func showPassword(_ *visit, r *http.Request) (page, error) {
	return passwordPage(r.URL.Query().Get("token"), ""), nil
}

func passwordPage(token, fault string) page {
	p := page{name: "password"}
	if token == "" {
		p.title = "Forgot your password?"
		p.data = passwordView{Fields: credentials("")[:1]}
		return p
	}
	p.title = "Set your password"
	asked := newPassword("new_password")
	asked.Label, asked.Error = "New password", fault
	if fault != "" {
		p.status = http.StatusUnprocessableEntity
	}
	p.data = passwordView{token, []field{asked}}
	return p
}

// setPassword sets the password, or mails a link for it.
func setPassword(v *visit, r *http.Request) (page, error) {
	token := r.PostForm.Get("token")
	if token == "" {
		return v.requestLink(r.PostForm.Get("email"))
	}
	var answer struct {
		ResetPassword struct{ UserErrors faults }
	}
	err := v.api.do(v.ctx, "", `mutation SetPassword($input: ResetPasswordInput!) {
		resetPassword(input: $input) { userErrors { message field code } }
	}`, input{"token": token, "newPassword": r.PostForm.Get("new_password")}.variables(), &answer)
	f := answer.ResetPassword.UserErrors
	switch {
	case err != nil:
		return page{}, err
	case f.has("TOKEN_INVALID"):
		return gone(), nil
	case len(f) > 0:
		return passwordPage(token, f[0].Message), nil
	}
	return page{name: "message", title: "Your password is set", data: "Log in with it from now on. Sessions that were open before have ended."}, nil
}

// requestLink mails a link. The answer does not tell whether the address has an account.
func (v *visit) requestLink(email string) (page, error) {
	var answer struct{}
	err := v.api.do(v.ctx, "", `mutation RequestLink($input: RequestPasswordResetInput!) {
		requestPasswordReset(input: $input) { ok }
	}`, input{"email": email}.variables(), &answer)
	return page{name: "message", title: "Look into your mailbox", data: "If the address has an account, a link to set a new password is on its way. It works for 30 minutes."}, err
}
