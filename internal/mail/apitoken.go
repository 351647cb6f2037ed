package mail

import (
	"fmt"
	"time"
)

// APITokenCreated warns a person that an API token acts for them from now on. It has no link, so that nobody learns to
// expect one in such a warning.
type APITokenCreated struct {
	// Name is what the token is called, Tenant the name of the tenant that it rests on.
	Name, Tenant string
	CreatedAt    time.Time
	ExpiresAt    time.Time
}

// Letter renders the notice.
func (a APITokenCreated) Letter(b Brand) (Letter, error) {
	return b.render(content{
		Subject: "An API token was made",
		Heading: "An API token was made",
		Paragraphs: []string{
			fmt.Sprintf("The API token %s acts for you, as a member of %s, from %s until %s. If you made it, there is nothing to do.",
				a.Name, a.Tenant, moment(a.CreatedAt), moment(a.ExpiresAt)),
			"If you did not, revoke the token, go to the log-in page as you usually do, ask for a new password there, and tell your administrator.",
		},
	})
}
