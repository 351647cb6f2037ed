package mail

import (
	"fmt"
	"time"
)

// SignUp lets a person who signed up prove their address. Whoever typed the address may be somebody else, so nothing that
// they typed stands in it.
type SignUp struct {
	// Tenant is the name of the tenant that the person is to be a member of.
	Tenant string
	// ValidFor is the link's life as people say it, ExpiresAt the moment it ends.
	ValidFor  time.Duration
	ExpiresAt time.Time
	// Link proves the address; it carries a secret.
	Link string
}

// Letter renders the request. It fails when the link is missing or not an absolute web address.
func (s SignUp) Letter(b Brand) (Letter, error) {
	return b.render(content{
		Subject: "Verify your e-mail address",
		Heading: "Verify your e-mail address",
		Paragraphs: []string{
			fmt.Sprintf("Someone, hopefully you, signed up for %s with this e-mail address. Verify it to go on.", s.Tenant),
			fmt.Sprintf("The link works once and is valid for %s, until %s.", span(s.ValidFor), moment(s.ExpiresAt)),
		},
		Action: action{Label: "Verify your address", Link: s.Link},
		SmallPrint: []string{
			"If you did not sign up, ignore this e-mail: nobody becomes a member.",
			"The link is meant for you alone. Please do not forward it.",
		},
	})
}

// SignedUp tells a person who signed up that they are a member already.
type SignedUp struct {
	// Tenant is the name of the tenant.
	Tenant string
}

// Letter renders the notice.
func (s SignedUp) Letter(b Brand) (Letter, error) {
	return b.render(content{
		Subject: fmt.Sprintf("You are a member of %s already", s.Tenant),
		Heading: fmt.Sprintf("You are a member of %s already", s.Tenant),
		Paragraphs: []string{
			fmt.Sprintf("Someone, hopefully you, signed up for %s with this e-mail address. You are a member there already, so nothing has changed.", s.Tenant),
			"Log in with your usual e-mail and password. If you forgot the password, ask for a new one on the log-in page.",
		},
		SmallPrint: []string{"If you did not sign up, ignore this e-mail."},
	})
}

// RequestWaiting tells a tenant's administrators that somebody who signed up waits for their decision.
type RequestWaiting struct {
	// Tenant is the name of the tenant, Person and Address who wants to become a member.
	Tenant  string
	Person  string
	Address string
	// DecideBy is when the request expires.
	DecideBy time.Time
}

// Letter renders the notice.
func (r RequestWaiting) Letter(b Brand) (Letter, error) {
	return b.render(content{
		Subject: fmt.Sprintf("Access request from %s", r.Person),
		Heading: fmt.Sprintf("Access request for %s", r.Tenant),
		Paragraphs: []string{
			fmt.Sprintf("The person %s signed up for %s and has verified the e-mail address. Approve or reject the request in the portal.", r.Person, r.Tenant),
			"Nobody has verified the name: decide by the address.",
		},
		Facts: []fact{
			{"Name", r.Person},
			{"E-mail", r.Address},
			{"Decide by", moment(r.DecideBy)},
		},
		SmallPrint: []string{fmt.Sprintf("You receive this because you are an administrator of %s.", r.Tenant)},
	})
}

// RequestApproved tells a person who signed up that they are a member now.
type RequestApproved struct {
	// Tenant is the name of the tenant.
	Tenant string
}

// Letter renders the notice.
func (r RequestApproved) Letter(b Brand) (Letter, error) {
	return b.render(content{
		Subject: fmt.Sprintf("You are a member of %s now", r.Tenant),
		Heading: fmt.Sprintf("You are a member of %s now", r.Tenant),
		Paragraphs: []string{
			fmt.Sprintf("Your request for access to %s was approved. Log in with your e-mail and password.", r.Tenant),
		},
	})
}

// RequestRejected tells a person who signed up that they do not become a member.
type RequestRejected struct {
	// Tenant is the name of the tenant.
	Tenant string
	// Reason is the text of whoever decided.
	Reason string
}

// Letter renders the notice.
func (r RequestRejected) Letter(b Brand) (Letter, error) {
	return b.render(content{
		Subject: fmt.Sprintf("Your request for access to %s was rejected", r.Tenant),
		Heading: fmt.Sprintf("Your request for access to %s was rejected", r.Tenant),
		Paragraphs: []string{
			fmt.Sprintf("Your request for access to %s was rejected. You do not become a member.", r.Tenant),
		},
		Quote: quote{"Reason given:", r.Reason},
	})
}
