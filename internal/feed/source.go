package feed

import "context"

// Source tells of events as they happen, to whoever subscribes. Follower is one that reads the database; a broker can be
// another one. It has to guarantee:
//
//   - Every event that concerns the tenant and is committed after Subscribe returned is sent, whichever process wrote it; none
//     before its commit.
//   - Each is sent once. Events committed shortly before Subscribe returned may be sent, older ones are not. Events that were
//     committed at the same time come in any order.
//   - Whoever reads too slowly, or would miss an event for any other reason, is told: the channel is closed without having been
//     stopped, and what the subscriber knows may be out of date from then on. Nothing is ever left out in silence.
//   - A subscriber that does not read delays nobody else.
type Source interface {
	// Subscribe begins to send the events that concern a tenant. All subscribers share them, so nobody changes one. It fails when
	// the source cannot be reached. stop ends it, may be called more than once, and must be called in the end.
	Subscribe(ctx context.Context, tenantID string) (events <-chan *Event, stop func(), err error)
}
