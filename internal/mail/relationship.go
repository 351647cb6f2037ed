package mail

import (
	"fmt"
	"time"
)

// RelationshipEnded tells one side that its relationship with the other is over.
type RelationshipEnded struct {
	// With is the name of the tenant on the other side.
	With string
	// EndedBy is the name of who ended it; empty when its agreed end passed.
	EndedBy string
	// Reason is the ending side's own text; empty for none.
	Reason  string
	EndedAt time.Time
}

// Letter renders the notice.
func (r RelationshipEnded) Letter(b Brand) (Letter, error) {
	cause := "The agreed end of the relationship has passed."
	facts := []fact{{"Ended", moment(r.EndedAt)}}
	if r.EndedBy != "" {
		cause = fmt.Sprintf("The relationship was ended by %s.", r.EndedBy)
		facts = []fact{{"Ended by", r.EndedBy}, facts[0]}
	}
	return b.render(content{
		Subject: fmt.Sprintf("Relationship with %s ended", r.With),
		Heading: fmt.Sprintf("Your relationship with %s has ended", r.With),
		Paragraphs: []string{
			cause,
			"All access that rested on it ended at the same moment. To work together again, a new invitation is needed.",
		},
		Quote: quote{"Reason given:", r.Reason},
		Facts: facts,
	})
}

// RelationshipOffer asks a customer to give its partner more than it agreed to: a wider role, a later end, or both.
type RelationshipOffer struct {
	// Partner is the name of the tenant that asks.
	Partner string
	// CurrentRole is the name of the role the partner has, Role of the one it asks for. They are equal when only the
	// end is to change.
	CurrentRole string
	Role        string
	// AccessEndsAt is when the access would end; zero for access without an end.
	AccessEndsAt time.Time
	// Message is the sender's own text; empty for none.
	Message   string
	ExpiresAt time.Time
	// Link opens the offer.
	Link string
	// AutoExtendDays is by how many days the end is to move by itself; 0 when that is not asked for.
	AutoExtendDays int
}

// Letter renders the offer. It fails when the link is missing or not an absolute web address.
func (r RelationshipOffer) Letter(b Brand) (Letter, error) {
	facts := []fact{
		{"Partner", r.Partner},
		{"Role today", r.CurrentRole},
		{"Role asked for", r.Role},
		{"Access would end", end(r.AccessEndsAt)},
	}
	if r.AutoExtendDays > 0 {
		facts = append(facts, fact{"The end would move by itself, each time by", count(r.AutoExtendDays, "day")})
	}
	return b.render(content{
		Subject: fmt.Sprintf("Change asked for by %s", r.Partner),
		Heading: fmt.Sprintf("Your partner %s asks for a change", r.Partner),
		Paragraphs: []string{
			fmt.Sprintf("Your partner %s asks you to change what it may do in your tenant, or for how long. Nothing changes unless you accept.", r.Partner),
		},
		Quote:  quote{fmt.Sprintf("Message from %s:", r.Partner), r.Message},
		Facts:  append(facts, fact{"Accept by", moment(r.ExpiresAt)}),
		Action: action{Label: "Review the change", Link: r.Link},
		SmallPrint: []string{
			"If you do not agree, ignore this e-mail or open the link and decline. Everything then stays as it is.",
		},
	})
}

// RelationshipExtended tells one side that the end of its relationship with the other has moved by itself, as agreed.
type RelationshipExtended struct {
	// With is the name of the tenant on the other side.
	With string
	// Days is by how many days the end has moved, EndsAt where it is now.
	Days   int
	EndsAt time.Time
}

// Letter renders the notice.
func (r RelationshipExtended) Letter(b Brand) (Letter, error) {
	return b.render(content{
		Subject: fmt.Sprintf("Relationship with %s extended", r.With),
		Heading: fmt.Sprintf("Your relationship with %s was extended", r.With),
		Paragraphs: []string{
			fmt.Sprintf("As agreed, the end of your relationship with %s has moved by %s.", r.With, count(r.Days, "day")),
			"You can end the relationship at any time.",
		},
		Facts: []fact{{"Relationship with", r.With}, {"Ends", moment(r.EndsAt)}},
	})
}
