package server

import (
	"net/http"
	"time"
)

// invitationView is an invitation and the form to answer it.
type invitationView struct {
	*offer   // nil: to be seen after signing in
	answer   // so far
	Session  string
	Tried    bool   // and refused
	Fault    string // what is wrong and belongs to no field
	Fields   []field
	Reason   field
	Homes    []home // to choose from
	HandOver bool   // asks whether to end the relationship with the present partner
}

// Shown reports whether the invitation can be seen yet.
func (i *invitationView) Shown() bool { return i.offer != nil }

// Accept is what accepting is called.
func (i *invitationView) Accept() string {
	if i.HandOver {
		return "End the present relationship and accept"
	}
	return "Accept"
}

// places are the fields of the form by where the API names them.
var places = map[string]string{
	"tenantName": "organization", "firstName": "first_name", "lastName": "last_name",
	"password": "password", "email": "email", "reason": "reason", "roleKey": "role",
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
	if i.Tried = len(f) > 0; i.Tried {
		p.status = http.StatusUnprocessableEntity
	}
	return p
}

// asks says what the form asks for: the account to be, or the person, or what only a newcomer to the product lacks.
func (i *invitationView) asks(f faults) []field {
	organization := field{Name: "organization", Label: "Name of your organisation", Type: "text", Value: i.organization,
		Autocomplete: "organization", Most: 200}
	switch {
	case i.Session != "" && f.about("newAccount"):
		return []field{organization}
	case i.Session != "":
		return nil
	case i.offer == nil || i.Token == "":
		return credentials(i.email)
	case i.AccountNeeded:
		return append(i.narrower(), organization,
			field{Name: "first_name", Label: "First name", Type: "text", Value: i.firstName, Autocomplete: "given-name", Most: 100},
			field{Name: "last_name", Label: "Last name", Type: "text", Value: i.lastName, Autocomplete: "family-name", Most: 100},
			newPassword("password"))
	}
	organization.Label, organization.Optional = "New organisation", true
	organization.Hint = "Only if yours is not here yet. Leave it empty to accept for an organisation that you belong to."
	return append(append(i.narrower(), credentials(i.email)...), organization)
}

// lesser are roles that allow less than those that administrate everything.
var lesser = []option{
	{"ADMINISTRATOR", "Administrator: everything, but passing access on"},
	{"READ_ONLY", "Read-Only: sees everything and changes nothing"},
	{"PHONE_MANAGER", "Phone Manager: the services, without invoices"},
	{"GUEST_MANAGER", "Guest Manager: guests only"},
}

// narrower asks for a lesser role than the one that was asked for, where there is one.
func (i *invitationView) narrower() []field {
	less := lesser
	switch i.Role.Key {
	case "PRIME_ADMIN", "DECISION_MAKER":
	case "ADMINISTRATOR":
		less = lesser[1:]
	default:
		return nil
	}
	return []field{{Name: "role", Label: "Role", Type: "select", Value: i.Lesser, Hint: "You can allow less than was asked for, now or later.",
		Options: append([]option{{"", i.Role.Name + ", as asked for"}}, less...)}}
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
	OfRecord                    bool // the customer cannot end it
}

func connectedPage(c *connection, o *offer) page {
	v := connectedView{Partner: o.Partner.Name, Customer: o.CustomerName(), Role: o.Role.Name, EndsAt: o.AccessEndsAt, ToPartner: o.ToPartner()}
	if c != nil {
		v = connectedView{c.ID, c.Partner.Name, c.CustomerProfile.Name, c.Role.Name, c.EndsAt, v.ToPartner, c.Kind == "PARTNER_OF_RECORD"}
	}
	p := page{name: "connected", title: "Connected", data: v}
	if o.PresentRole != "" {
		p.title = "Changed"
	}
	return p
}
