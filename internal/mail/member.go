package mail

import (
	"fmt"
	"time"
)

// Welcome lets a new person set a first password, which also proves their address.
type Welcome struct {
	// Tenant is the name of the tenant the person was added to, Inviter the name of the member who did.
	Tenant  string
	Inviter string
	// ValidFor is the link's life as people say it, ExpiresAt the moment it ends.
	ValidFor  time.Duration
	ExpiresAt time.Time
	// Link sets the password; it carries a secret.
	Link string
}

// Letter renders the welcome. It fails when the link is missing or not an absolute web address.
func (w Welcome) Letter(b Brand) (Letter, error) {
	return b.render(content{
		Subject: fmt.Sprintf("You were added to %s", w.Tenant),
		Heading: fmt.Sprintf("You were added to %s", w.Tenant),
		Paragraphs: []string{
			fmt.Sprintf("You were added to %s by %s. Set a password to log in.", w.Tenant, w.Inviter),
			fmt.Sprintf("The link works once and is valid for %s, until %s.", span(w.ValidFor), moment(w.ExpiresAt)),
		},
		Action: action{Label: "Set your password", Link: w.Link},
		SmallPrint: []string{
			fmt.Sprintf("If you do not know %s, ignore this e-mail.", w.Tenant),
			"The link is meant for you alone. Please do not forward it.",
		},
	})
}

// AddedToTenant tells a person who can log in already that one more tenant has them as a member. It carries no secret.
type AddedToTenant struct {
	// Tenant is the name of the tenant the person was added to, Inviter the name of the member who did.
	Tenant  string
	Inviter string
	// Link leads to the portal; empty for none.
	Link string
}

// Letter renders the notice. It fails when there is a link and it is not an absolute web address.
func (a AddedToTenant) Letter(b Brand) (Letter, error) {
	return b.render(content{
		Subject: fmt.Sprintf("You were added to %s", a.Tenant),
		Heading: fmt.Sprintf("You were added to %s", a.Tenant),
		Paragraphs: []string{
			fmt.Sprintf("You were added to %s by %s. Log in with your usual e-mail and password to find it among your tenants.", a.Tenant, a.Inviter),
		},
		Action: action{Label: "Log in", Link: a.Link, Optional: true},
		SmallPrint: []string{
			fmt.Sprintf("If you do not know %s, ignore this e-mail.", a.Tenant),
		},
	})
}
