package webhook

import (
	"sync"

	"mandate/ent"
)

// How many deliveries are under way at once in one process.
const (
	mostAtOnce  = 8
	mostOfOne   = 2 // tenant: its webhooks, however slow, leave room for those of others
	mostFailing = 4 // to webhooks of which the last delivery failed: what is away must not hold up what is not
)

// slots are the deliveries that are under way.
type slots struct {
	mu      sync.Mutex
	all     int
	failing int
	tenants map[string]int
}

// take takes a slot for a delivery, if there is one.
func (s *slots) take(d *ent.WebhookDelivery) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all == mostAtOnce || s.tenants[d.TenantID] == mostOfOne || fails(d) && s.failing == mostFailing {
		return false
	}
	if s.tenants == nil {
		s.tenants = make(map[string]int)
	}
	s.all++
	s.tenants[d.TenantID]++
	if fails(d) {
		s.failing++
	}
	return true
}

// give gives the slot of a delivery back.
func (s *slots) give(d *ent.WebhookDelivery) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all--
	if s.tenants[d.TenantID]--; s.tenants[d.TenantID] == 0 {
		delete(s.tenants, d.TenantID)
	}
	if fails(d) {
		s.failing--
	}
}

// free tells how many slots there are, the tenants for which there is none, and whether there is none for webhooks that fail.
func (s *slots) free() (n int, tenants []string, noFailing bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, n := range s.tenants {
		if n == mostOfOne {
			tenants = append(tenants, id)
		}
	}
	return mostAtOnce - s.all, tenants, s.failing == mostFailing
}

// fails reports whether the last delivery to a webhook failed, as far as was known when this one was read.
func fails(d *ent.WebhookDelivery) bool { return d.Edges.Webhook.FailingSince != nil }
