package mail

import (
	"fmt"
	"time"
)

// Accesses tells one person of several accesses to which the same happened: one mail instead of many.
type Accesses struct {
	Event AccessEvent
	List  []Access
}

// AccessEvent is what happened to accesses.
type AccessEvent string

// What happens to accesses.
const (
	AccessesEnding   AccessEvent = "ending"
	AccessesEnded    AccessEvent = "ended"
	AccessesExtended AccessEvent = "extended"
)

// Access is what somebody has to a tenant.
type Access struct {
	// Who is the name of whoever has it: a partner, a tech partner, a group or a person.
	Who string
	// Tenant is the name of the tenant that they have it to.
	Tenant string
	// At is when it ends, or ended.
	At time.Time
}

// mostListed is how many accesses a mail lists.
const mostListed = 10

// Letter renders the notice.
func (a Accesses) Letter(b Brand) (Letter, error) {
	words := map[AccessEvent]struct{ subject, text string }{
		AccessesEnding:   {"end soon", "If the work is to go on, have the ends moved before then. If it is not, there is nothing to do."},
		AccessesEnded:    {"have ended", "They have come to their agreed ends, and with them all that rested on them."},
		AccessesExtended: {"were extended", "As agreed, their ends have moved by themselves."},
	}[a.Event]
	subject := fmt.Sprintf("%d accesses %s", len(a.List), words.subject)
	c := content{Subject: subject, Heading: subject, Paragraphs: []string{words.text}}
	for i, one := range a.List {
		if i == mostListed {
			c.Paragraphs = append(c.Paragraphs, fmt.Sprintf("These are the first %d of them.", mostListed))
			break
		}
		c.Facts = append(c.Facts, fact{moment(one.At), one.Who + " to " + one.Tenant})
	}
	return b.render(c)
}
