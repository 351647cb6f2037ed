package server

import "net/http"

// verifyView is the form to prove an address, and to choose the first password once it is known that there is none.
type verifyView struct {
	Token  string
	Fields []field
}

// showVerification shows the form behind a mailed link. Whether the link works is seen when it is used.
func showVerification(_ *visit, r *http.Request) (page, error) {
	token := r.URL.Query().Get("token")
	if token == "" {
		return gone(), nil
	}
	return page{name: "verify", title: "Verify your address", data: verifyView{Token: token}}, nil
}

// verify proves the address, or asks for a first password before.
func verify(v *visit, r *http.Request) (page, error) {
	token := r.PostForm.Get("token")
	var answer struct {
		VerifyEmail struct{ UserErrors faults }
	}
	err := v.api.do(v.ctx, "", `mutation Verify($input: VerifyEmailInput!) {
		verifyEmail(input: $input) { userErrors { message field code } }
	}`, input{"token": token}.put("newPassword", r.PostForm.Get("new_password")).variables(), &answer)
	f := answer.VerifyEmail.UserErrors
	switch {
	case err != nil:
		return page{}, err
	case f.has("TOKEN_INVALID"):
		return gone(), nil
	case len(f) == 0:
		return page{name: "message", title: "Your address is verified",
			data: "You can log in with it now. Where newcomers are approved, wait for the e-mail that says so."}, nil
	}
	asked := newPassword("new_password")
	asked.Label = "New password"
	p := page{name: "verify", title: "Choose a password"}
	if r.PostForm.Has("new_password") { // it was asked for before
		asked.Error, p.status = f[0].Message, http.StatusUnprocessableEntity
	}
	p.data = verifyView{token, []field{asked}}
	return p, nil
}
