package mail

import (
	"fmt"
	"time"
)

// InvitationToCustomer asks a customer's administrator to let a partner work in the customer's tenant. It reads the
// same whatever the address is or has, so it tells its sender nothing.
type InvitationToCustomer struct {
	// Partner is the inviting tenant's name and PartnerType the label of its type.
	Partner     string
	PartnerType string
	// Role is the name of the role the partner asks for.
	Role string
	// Message is the sender's own text; empty for none.
	Message string
	// ExpiresAt is when the invitation ends, AccessEndsAt when the access does; zero for access without an end.
	ExpiresAt    time.Time
	AccessEndsAt time.Time
	// Link opens the invitation; it carries its secret.
	Link string
}

// Letter renders the invitation. It fails when the link is missing or not an absolute web address.
func (i InvitationToCustomer) Letter(b Brand) (Letter, error) {
	return b.render(content{
		Subject: fmt.Sprintf("Invitation from %s", i.Partner),
		Heading: fmt.Sprintf("Invitation from %s", i.Partner),
		Paragraphs: []string{
			fmt.Sprintf("The partner %s would like to work in your tenant with the role %s. Nothing happens unless you accept.", i.Partner, i.Role),
			"You can narrow the role before you accept, and you can end the relationship at any time.",
		},
		Quote: quote{fmt.Sprintf("Message from %s:", i.Partner), i.Message},
		Facts: []fact{
			{"Partner", i.Partner},
			{"Partner type", i.PartnerType},
			{"Role", i.Role},
			{"Access ends", end(i.AccessEndsAt)},
			{"Accept by", moment(i.ExpiresAt)},
		},
		Action: action{Label: "Accept and log in", Link: i.Link},
		SmallPrint: []string{
			"If you did not expect this invitation, ignore it or open the link and decline. Either way, nobody gets access.",
			"The link is meant for you alone. Please do not forward it.",
		},
	})
}

// InvitationToPartner tells a partner's administrators that a customer invited them. It carries no secret: they
// answer it signed in.
type InvitationToPartner struct {
	// Customer is the inviting tenant's name.
	Customer string
	// Role is the name of the role the customer offers.
	Role string
	// Message is the sender's own text; empty for none.
	Message   string
	ExpiresAt time.Time
	// Link leads to the portal; empty for none.
	Link string
}

// Letter renders the notice. It fails when there is a link and it is not an absolute web address.
func (i InvitationToPartner) Letter(b Brand) (Letter, error) {
	return b.render(content{
		Subject: fmt.Sprintf("Invitation from customer %s", i.Customer),
		Heading: fmt.Sprintf("Invitation from customer %s", i.Customer),
		Paragraphs: []string{
			fmt.Sprintf("The customer %s invites you to become its partner and offers you the role %s in its tenant.", i.Customer, i.Role),
			"You can work there once one of your administrators accepts. You can also decline and give a reason.",
		},
		Quote: quote{fmt.Sprintf("Message from %s:", i.Customer), i.Message},
		Facts: []fact{
			{"Customer", i.Customer},
			{"Role", i.Role},
			{"Accept by", moment(i.ExpiresAt)},
		},
		Action:     action{Label: "Review the invitation", Link: i.Link, Optional: true},
		SmallPrint: []string{"You receive this because you are an administrator of the invited partner."},
	})
}

// InvitationAccepted tells the inviting side, partner or customer, that the other one accepted.
type InvitationAccepted struct {
	// By is the name of the tenant that accepted.
	By string
	// Role is the name of the role as it was accepted, which may be narrower than the one in the invitation.
	Role string
	// AccessEndsAt is zero for access without an end.
	AccessEndsAt time.Time
	// Link leads to the portal; empty for none.
	Link string
}

// Letter renders the notice. It fails when there is a link and it is not an absolute web address.
func (i InvitationAccepted) Letter(b Brand) (Letter, error) {
	return b.render(content{
		Subject: fmt.Sprintf("Invitation accepted by %s", i.By),
		Heading: "Your invitation was accepted",
		Paragraphs: []string{
			fmt.Sprintf("Your invitation was accepted by %s. The relationship is active from now on.", i.By),
		},
		Facts: []fact{
			{"Accepted by", i.By},
			{"Role", i.Role},
			{"Access ends", end(i.AccessEndsAt)},
		},
		Action: action{Label: "Open the portal", Link: i.Link, Optional: true},
	})
}

// InvitationDeclined tells the inviting side that the other one declined.
type InvitationDeclined struct {
	// By is the name or the address that was invited.
	By string
	// Reason is the other side's own text; empty for none.
	Reason string
}

// Letter renders the notice.
func (i InvitationDeclined) Letter(b Brand) (Letter, error) {
	return b.render(content{
		Subject: fmt.Sprintf("Invitation declined by %s", i.By),
		Heading: "Your invitation was declined",
		Paragraphs: []string{
			fmt.Sprintf("Your invitation was declined by %s. No access was given.", i.By),
		},
		Quote: quote{"Reason given:", i.Reason},
	})
}

// InvitationRevoked tells whoever was invited that the invitation was taken back.
type InvitationRevoked struct {
	// By is the name of the tenant that had invited.
	By string
}

// Letter renders the notice.
func (i InvitationRevoked) Letter(b Brand) (Letter, error) {
	return b.render(content{
		Subject: fmt.Sprintf("Invitation from %s withdrawn", i.By),
		Heading: "The invitation was withdrawn",
		Paragraphs: []string{
			fmt.Sprintf("The invitation that you got from %s was withdrawn. It can no longer be accepted, and there is nothing to do.", i.By),
		},
	})
}

// end prints when access ends; zero means that only people end it.
func end(t time.Time) string {
	if t.IsZero() {
		return "no end date"
	}
	return moment(t)
}
