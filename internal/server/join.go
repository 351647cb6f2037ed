package server

import (
	"context"
	"net/http"
	"net/url"
)

// joinView is the way from a partner's invite link to an invitation.
type joinView struct {
	Code, Link string // from the invite link
	Session    string
	Fault      string
	Fields     []field
	Partner    *partnerProfile // after signing in
	Roles      []role
	Role       string
	Homes      []home
	Home       string
}

// showJoin asks whoever opens a partner's invite link to sign in: a Partner ID is shown to people with an account only.
func showJoin(_ *visit, r *http.Request) (page, error) {
	j := &joinView{Code: r.URL.Query().Get("partner"), Link: r.URL.Query().Get("link")}
	if j.Code == "" || j.Link == "" {
		return gone(), nil
	}
	return j.page(nil), nil
}

// page shows the form, with what is wrong with it.
func (j *joinView) page(f faults) page {
	if j.Session == "" {
		j.Fields = credentials("")
	}
	p := page{name: "join", title: "Invite a partner", data: j}
	if len(f) > 0 {
		j.Fault, p.status = f[0].Message, http.StatusUnprocessableEntity
	}
	return p
}

// join signs in and shows the partner, or sends the invitation.
func join(v *visit, r *http.Request) (page, error) {
	j := &joinView{Code: r.PostForm.Get("partner"), Link: r.PostForm.Get("link"), Role: r.PostForm.Get("role"), Home: r.PostForm.Get("tenant")}
	if v.token == "" {
		if f, err := v.signIn(r.PostForm.Get("email"), r.PostForm.Get("password")); err != nil || len(f) > 0 {
			return j.page(f), err
		}
	}
	if err := v.api.join(v.ctx, v.token, j); err != nil {
		return page{}, err
	}
	if j.Partner == nil {
		return gone(), nil
	}
	if len(j.Homes) == 0 {
		return page{name: "message", title: "You have no customer organisation", data: "Only an administrator of a customer can invite a partner."}, nil
	}
	if r.PostForm.Get("action") == "invite" {
		f, err := v.invitePartner(j, r.PostForm.Get("message"))
		if err != nil {
			return page{}, err
		}
		if len(f) == 0 {
			return page{name: "message", title: "Invitation sent", data: j.Partner.Name + " is told about it, and can work for you once it accepts. Until then you can take the invitation back."}, nil
		}
		v.carry, j.Session = true, v.token
		return j.page(f), nil
	}
	v.carry, j.Session = true, v.token
	return j.page(nil), nil
}

// join reads what the form shows after signing in.
func (a api) join(ctx context.Context, token string, j *joinView) error {
	var answer struct {
		PartnerByCode *partnerProfile
		SystemRoles   []role
	}
	err := a.do(ctx, token, `query Join($code: String!) {
		partnerByCode(code: $code) { name type code }
		systemRoles { key name permissions { feature { name kind } level label } }
	}`, map[string]any{"code": j.Code}, &answer)
	if err != nil {
		return err
	}
	j.Partner, j.Roles = answer.PartnerByCode, answer.SystemRoles
	j.Homes, err = a.homes(ctx, token)
	return err
}

// invitePartner invites the partner by its link, as the domain wrote it.
func (v *visit) invitePartner(j *joinView, message string) (faults, error) {
	link := v.PublicURL.JoinPath("join")
	link.RawQuery = url.Values{"partner": {j.Code}, "link": {j.Link}}.Encode()
	in := input{"inviteLink": link.String()}.put("roleKey", j.Role).put("tenantId", j.Home).put("message", message)
	var answer struct {
		InvitePartner struct{ UserErrors faults }
	}
	err := v.api.do(v.ctx, v.token, `mutation InvitePartner($input: InvitePartnerInput!) {
		invitePartner(input: $input) { userErrors { message field code } }
	}`, in.variables(), &answer)
	return answer.InvitePartner.UserErrors, err
}
