package mail

import (
	"fmt"
	"time"
)

// WebhookDisabled tells a tenant's administrators that a webhook was switched off, because nobody took its events.
type WebhookDisabled struct {
	// Tenant is the name of the tenant, Host where the webhook's events go: the rest of its URL may be secret.
	Tenant string
	Host   string
	// Reason is why the last delivery failed.
	Reason string
	// FailingSince is when the first delivery failed of those that failed in a row.
	FailingSince time.Time
	DisabledAt   time.Time
}

// Letter renders the notice.
func (w WebhookDisabled) Letter(b Brand) (Letter, error) {
	return b.render(content{
		Subject: fmt.Sprintf("A webhook of %s was switched off", w.Tenant),
		Heading: "A webhook was switched off",
		Paragraphs: []string{
			fmt.Sprintf("The webhook below, of %s, gets no more events, because they could not be delivered.", w.Tenant),
			"When its receiver answers again, switch the webhook on. What was not delivered is in its list of deliveries.",
		},
		Facts: []fact{
			{"Receiver", w.Host},
			{"Failing since", moment(w.FailingSince)},
			{"Switched off", moment(w.DisabledAt)},
			{"Last failure", w.Reason},
		},
		SmallPrint: []string{fmt.Sprintf("You receive this because you are an administrator of %s.", w.Tenant)},
	})
}
