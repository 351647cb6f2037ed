package mail

import (
	"fmt"
	"time"
)

// VerifyAddress asks the reader of a new address to prove that it is theirs.
type VerifyAddress struct {
	// Present is the address that the account has until then: by it the reader sees whose account it is.
	Present string
	// ValidFor is the link's life as people say it, ExpiresAt the moment it ends.
	ValidFor  time.Duration
	ExpiresAt time.Time
	// Link verifies the address; it carries a secret.
	Link string
}

// Letter renders the request. It fails when the link is missing or not an absolute web address.
func (v VerifyAddress) Letter(b Brand) (Letter, error) {
	return b.render(content{
		Subject: "Verify your new e-mail address",
		Heading: "Verify your new e-mail address",
		Paragraphs: []string{
			"Someone, hopefully you, asked to log in with this e-mail address from now on.",
			fmt.Sprintf("The link works once and is valid for %s, until %s.", span(v.ValidFor), moment(v.ExpiresAt)),
		},
		Facts:  []fact{{"Present address of the account", v.Present}},
		Action: action{Label: "Verify this address", Link: v.Link},
		SmallPrint: []string{
			"If the account is not yours, ignore this e-mail: then nothing changes. Whoever verifies this address gives it to that account.",
			"The link is meant for you alone. Please do not forward it.",
		},
	})
}

// AddressTaken tells the owner of an account that somebody wanted to give its address to another one. It has no link:
// there is nothing to do.
type AddressTaken struct{}

// Letter renders the note.
func (AddressTaken) Letter(b Brand) (Letter, error) {
	return b.render(content{
		Subject: "Your e-mail address has an account already",
		Heading: "Your e-mail address has an account already",
		Paragraphs: []string{
			"Someone, perhaps you, asked to log in to another account with this e-mail address. It has an account of its own, so nothing was changed.",
			"If that was you, log in with this address, or ask for a new password at the log-in page. If it was not, there is nothing to do.",
		},
	})
}

// AddressChanged warns a person, at the address that they had, that it is not theirs to log in with any more. It has no
// link, so that nobody learns to expect one in such a warning.
type AddressChanged struct {
	ChangedAt time.Time
}

// Letter renders the notice.
func (a AddressChanged) Letter(b Brand) (Letter, error) {
	return b.render(content{
		Subject: "Your e-mail address was changed",
		Heading: "Your e-mail address was changed",
		Paragraphs: []string{
			fmt.Sprintf("On %s another e-mail address took the place of this one, with which you log in no longer. If that was you, there is nothing to do.", moment(a.ChangedAt)),
			"If it was not you, tell your administrator at once.",
		},
	})
}
