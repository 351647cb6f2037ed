package mail

import (
	"fmt"
	"time"
)

// PasswordReset lets a person who forgot their password set a new one.
type PasswordReset struct {
	// Sender is the name of the administrator who had the link sent, and Tenant the name of their tenant; both are empty
	// when the link was asked for at the log-in page.
	Sender string
	Tenant string
	// ValidFor is the link's life as people say it, ExpiresAt the moment it ends.
	ValidFor  time.Duration
	ExpiresAt time.Time
	// Link sets the password; it carries a secret.
	Link string
}

// Letter renders the reset link. It fails when the link is missing or not an absolute web address.
func (p PasswordReset) Letter(b Brand) (Letter, error) {
	why := "Someone, hopefully you, asked to set a new password for your e-mail address."
	if p.Sender != "" {
		why = fmt.Sprintf("You get this link to set a new password from %s of %s.", p.Sender, p.Tenant)
	}
	return b.render(content{
		Subject: "Set a new password",
		Heading: "Set a new password",
		Paragraphs: []string{
			why,
			fmt.Sprintf("The link works once and is valid for %s, until %s.", span(p.ValidFor), moment(p.ExpiresAt)),
		},
		Action: action{Label: "Set a new password", Link: p.Link},
		SmallPrint: []string{
			"If you do not want a new password, ignore this e-mail: your password stays as it is.",
			"The link is meant for you alone. Please do not forward it.",
		},
	})
}

// PasswordChanged warns a person that their password is a new one. It has no link, so that nobody learns to expect
// one in such a warning.
type PasswordChanged struct {
	ChangedAt time.Time
	APITokens int // that act for the person still
}

// Letter renders the notice.
func (p PasswordChanged) Letter(b Brand) (Letter, error) {
	paragraphs := []string{
		fmt.Sprintf("Your password was changed on %s. If that was you, there is nothing to do.", moment(p.ChangedAt)),
		"If it was not you, go to the log-in page as you usually do, ask for a new password there, and tell your administrator.",
	}
	if p.APITokens > 0 {
		paragraphs = append(paragraphs, fmt.Sprintf("You have %s, which no change of a password ends. Revoke what you do not know.", count(p.APITokens, "API token")))
	}
	return b.render(content{Subject: "Your password was changed", Heading: "Your password was changed", Paragraphs: paragraphs})
}
