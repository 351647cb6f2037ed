package server

import (
	"net/http"
	"time"
)

// invitationView is an invitation and the form to answer it.
type invitationView struct {
	*offer  // nil: to be seen after signing in
	answer  // so far
	Session string
	Fault   string // what is wrong and belongs to no field
	Fields  []field
	Reason  field
	Homes   []home // to choose from
	// HandOver asks whether to end the relationship with the present partner.
	HandOver bool
}

// Shown reports whether the invitation can be seen yet.
func (i *invitationView) Shown() bool { return i.offer != nil }

// Accept is what accepting is called.
func (i *invitationView) Accept() string {
	switch {
	case i.HandOver:
		return "End the present relationship and accept"
	case i.Session == "":
		return "Accept and log in"
	default:
		return "Accept"
	}
}

// places are the fields of the form by where the API names them.
var places = map[string]string{
	"tenantName": "organization", "firstName": "first_name", "lastName": "last_name",
	"password": "password", "email": "email", "reason": "reason",
}

// about reports whether one of the faults is about the part of the input.
func (f faults) about(part string) bool {
	for _, one := range f {
		for _, step := range one.Field {
			if step == part {
				return true
			}
		}
	}
	return false
}

// place shares the faults out among the fields; what belongs to none of them is returned.
func (f faults) place(fields ...*field) (rest string) {
	for _, one := range f {
		placed := false
		for _, at := range fields {
			if n := len(one.Field); n > 0 && places[one.Field[n-1]] == at.Name {
				at.Error, placed = one.Message, true
			}
		}
		if !placed && rest == "" {
			rest = one.Message
		}
	}
	return rest
}

// invitationPage is the page of an invitation, with what is wrong with the answer so far.
func (v *visit) invitationPage(a answer, o *offer, f faults) page {
	i := &invitationView{offer: o, answer: a}
	if v.carry {
		i.Session = v.token
	}
	i.Fields = i.asks(f)
	i.Reason = field{Name: "reason", Label: "Reason, for the sender to read", Type: "textarea", Value: a.reason, Most: 500, Optional: true}
	pointers := []*field{&i.Reason}
	for n := range i.Fields {
		pointers = append(pointers, &i.Fields[n])
	}
	i.Fault = f.place(pointers...)
	p := page{name: "invitation", title: "Log in to see the invitation", data: i}
	if o != nil {
		p.title = "Invitation from " + o.Partner.Name
		if o.ToPartner() {
			p.title = "Invitation from " + o.CustomerName()
		}
		if o.PresentRole != "" {
			p.title = "Change asked for by " + o.Partner.Name
		}
	}
	if len(f) > 0 {
		p.status = http.StatusUnprocessableEntity
	}
	return p
}

// asks says what the form asks for: the account to be, or the person, or what only a newcomer to the product lacks.
func (i *invitationView) asks(f faults) []field {
	organization := field{Name: "organization", Label: "Name of your organisation", Type: "text", Value: i.organization,
		Autocomplete: "organization", Most: 200}
	switch {
	case i.offer != nil && i.AccountNeeded:
		return []field{
			organization,
			{Name: "first_name", Label: "First name", Type: "text", Value: i.firstName, Autocomplete: "given-name", Most: 100},
			{Name: "last_name", Label: "Last name", Type: "text", Value: i.lastName, Autocomplete: "family-name", Most: 100},
			newPassword("password"),
		}
	case i.Session != "" && f.about("newAccount"):
		return []field{organization}
	case i.Session != "":
		return nil
	}
	fields := credentials(i.email)
	if i.offer != nil && !i.ToPartner() && i.Token != "" {
		organization.Label, organization.Optional = "New organisation", true
		organization.Hint = "Only if yours is not here yet. Leave it empty to accept for an organisation that you belong to."
		fields = append(fields, organization)
	}
	return fields
}

// credentials are the fields to sign in with.
func credentials(email string) []field {
	return []field{
		{Name: "email", Label: "E-mail", Type: "email", Value: email, Autocomplete: "username", Most: 320},
		{Name: "password", Label: "Password", Type: "password", Autocomplete: "current-password", Most: 128},
	}
}

func newPassword(name string) field {
	return field{Name: name, Label: "Password", Type: "password", Autocomplete: "new-password", Most: 128,
		Hint: "At least 12 characters. A few words that nobody would guess are good."}
}

// connectedView says what is true after an acceptance.
type connectedView struct {
	ID, Partner, Customer, Role string
	EndsAt                      *time.Time
	ToPartner                   bool
}

func connectedPage(c *connection, o *offer) page {
	v := connectedView{Partner: o.Partner.Name, Customer: o.CustomerName(), Role: o.Role.Name, EndsAt: o.AccessEndsAt, ToPartner: o.ToPartner()}
	if c != nil {
		v = connectedView{c.ID, c.Partner.Name, c.CustomerProfile.Name, c.Role.Name, c.EndsAt, v.ToPartner}
	}
	return page{name: "connected", title: "Connected", data: v}
}
