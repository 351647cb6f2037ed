package mail

import (
	"fmt"
	"time"
)

// AccessEnding tells one side that a relationship, or an assignment within one, is about to end.
type AccessEnding struct {
	// Who is the name of whoever has the access: a partner, a tech partner, a group or a person.
	Who string
	// Tenant is the name of the tenant that they have it to.
	Tenant string
	EndsAt time.Time
	// Days is in how many days that is.
	Days int
}

// Letter renders the notice.
func (a AccessEnding) Letter(b Brand) (Letter, error) {
	return b.render(content{
		Subject: fmt.Sprintf("Access of %s to %s ends in %s", a.Who, a.Tenant, count(a.Days, "day")),
		Heading: fmt.Sprintf("Access ends in %s", count(a.Days, "day")),
		Paragraphs: []string{
			fmt.Sprintf("The access of %s to %s ends on %s, and with it all that rests on it.", a.Who, a.Tenant, moment(a.EndsAt)),
			"If the work is to go on, have the end moved before then. If it is not, there is nothing to do.",
		},
		Facts: []fact{
			{"Access of", a.Who},
			{"To", a.Tenant},
			{"Ends", moment(a.EndsAt)},
		},
	})
}

// AccessEnded tells one side that an assignment came to its agreed end. For a relationship that is RelationshipEnded.
type AccessEnded struct {
	// Who is the name of whoever had the access, Tenant that of the tenant they had it to.
	Who     string
	Tenant  string
	EndedAt time.Time
}

// Letter renders the notice.
func (a AccessEnded) Letter(b Brand) (Letter, error) {
	return b.render(content{
		Subject: fmt.Sprintf("Access of %s to %s has ended", a.Who, a.Tenant),
		Heading: "Access has ended",
		Paragraphs: []string{
			fmt.Sprintf("The access of %s to %s has come to its agreed end, and with it all that rested on it.", a.Who, a.Tenant),
		},
		Facts: []fact{
			{"Access of", a.Who},
			{"To", a.Tenant},
			{"Ended", moment(a.EndedAt)},
		},
	})
}
