package server

import (
	"net/http"
)

// answer is what a person filled in on an invitation's page.
type answer struct {
	Token, ID           string // of the invitation
	Action              string // accept, decline or show
	email, password     string
	organization        string
	firstName, lastName string
	Tenant, Lesser      string
	reason              string
	replace             bool
}

func readAnswer(r *http.Request) answer {
	f := r.PostForm
	return answer{
		Token: f.Get("token"), ID: f.Get("id"), Action: f.Get("action"),
		email: f.Get("email"), password: f.Get("password"), organization: f.Get("organization"),
		firstName: f.Get("first_name"), lastName: f.Get("last_name"),
		Tenant: f.Get("tenant"), Lesser: f.Get("role"), reason: f.Get("reason"), replace: f.Get("replace") == "yes",
	}
}

// named says which invitation it is, for a mutation.
func (a answer) named() input {
	if a.Token != "" {
		return input{"token": a.Token}
	}
	return input{"id": a.ID}
}

// showInvitation shows what a link from a mail offers. Looking consumes nothing. A link without a secret shows it after
// signing in.
func showInvitation(v *visit, r *http.Request) (page, error) {
	a := answer{Token: r.URL.Query().Get("token"), ID: r.URL.Query().Get("id")}
	switch {
	case a.Token != "":
		o, err := v.api.preview(v.ctx, a.Token)
		if err != nil || o == nil {
			return gone(), err
		}
		return v.invitationPage(a, o, nil), nil
	case a.ID != "":
		return v.invitationPage(a, nil, nil), nil
	default:
		return gone(), nil
	}
}

// answerInvitation carries out what a person answers.
func answerInvitation(v *visit, r *http.Request) (page, error) {
	a := readAnswer(r)
	o, p, err := v.offer(a)
	if err != nil || p != nil {
		return deref(p), err
	}
	switch {
	case o == nil:
		return gone(), nil
	case a.Action == "decline":
		return v.decline(a, o)
	case a.Action == "show":
		v.carry = o.Answerable
		return v.invitationPage(a, o, nil), nil
	case v.token == "" && !o.AccountNeeded:
		if f, err := v.signIn(a.email, a.password); err != nil || len(f) > 0 {
			return v.invitationPage(a, o, f), err
		}
	}
	return v.accept(a, o)
}

// offer finds what is answered; a page instead when the person must sign in to see it, and cannot.
func (v *visit) offer(a answer) (*offer, *page, error) {
	if a.Token != "" {
		o, err := v.api.preview(v.ctx, a.Token)
		return o, nil, err
	}
	if v.token == "" {
		f, err := v.signIn(a.email, a.password)
		if err != nil {
			return nil, nil, err
		}
		if len(f) > 0 {
			p := v.invitationPage(a, nil, f)
			return nil, &p, nil
		}
	}
	o, err := v.api.invitation(v.ctx, v.token, a.ID)
	return o, nil, err
}

// signIn makes the visit that of the owner of an address. The faults say that it did not.
func (v *visit) signIn(email, password string) (f faults, err error) {
	v.token, f, err = v.api.signIn(v.ctx, email, password)
	return f, err
}

// accept accepts, and shows what is now true.
func (v *visit) accept(a answer, o *offer) (page, error) {
	in := a.named().put("tenantId", a.Tenant).put("roleKey", a.Lesser)
	if a.replace {
		in["replaceCurrent"] = true
	}
	switch {
	case v.token == "": // only an address without an account accepts without signing in
		in["newAccount"] = input{"tenantName": a.organization, "firstName": a.firstName, "lastName": a.lastName, "password": a.password}
	case a.organization != "":
		in["newAccount"] = input{"tenantName": a.organization}
	}
	c, token, f, err := v.api.accept(v.ctx, v.token, in)
	if err != nil {
		return page{}, err
	}
	if token != "" {
		v.token = token
	}
	if len(f) == 0 {
		return connectedPage(c, o), nil
	}
	return v.refused(a, o, f)
}

// refused says why an acceptance did nothing, and asks for what it takes.
func (v *visit) refused(a answer, o *offer, f faults) (page, error) {
	switch {
	case f.has("INVITATION_NOT_PENDING"):
		return page{status: http.StatusNotFound, name: "message", title: "This invitation has ended", data: f[0].Message}, nil
	case f.has("SIGN_IN_REQUIRED"):
		o.AccountNeeded = false
	case o.ToPartner() && f.has("CUSTOMER_ALREADY_LINKED"):
		return page{status: http.StatusConflict, name: "message", title: o.CustomerName() + " has a partner",
			data: "Only the customer can hand over from one partner to the next. Ask it to end the present relationship first."}, nil
	case v.token != "" && f.has("CUSTOMER_ALREADY_LINKED"):
		v.carry = true
		p := v.invitationPage(a, o, f)
		p.status, p.data.(*invitationView).HandOver = http.StatusOK, true
		return p, nil
	case v.token != "" && f.about("tenantId"):
		homes, err := v.api.homes(v.ctx, v.token)
		if err != nil {
			return page{}, err
		}
		v.carry = true
		p := v.invitationPage(a, o, f)
		p.status, p.data.(*invitationView).Homes = http.StatusOK, homes
		return p, nil
	case v.token != "" && f.about("newAccount"):
		v.carry = true
	}
	return v.invitationPage(a, o, f), nil
}

// decline declines, and says so.
func (v *visit) decline(a answer, o *offer) (page, error) {
	f, err := v.api.decline(v.ctx, v.token, a.named().put("reason", a.reason))
	if err != nil {
		return page{}, err
	}
	if len(f) > 0 {
		v.carry = v.token != "" && !f.has("INVITATION_NOT_PENDING")
		return v.invitationPage(a, o, f), nil
	}
	sender := o.Partner.Name
	if o.ToPartner() {
		sender = o.CustomerName()
	}
	return page{name: "message", title: "You declined", data: "Nobody got access. " + sender + " is told that the invitation was declined."}, nil
}

func deref(p *page) page {
	if p == nil {
		return page{}
	}
	return *p
}
