package graph

import (
	"sync"
	"time"

	"mandate/internal/mandate"
	"mandate/internal/telemetry"
	"mandate/internal/viewer"
)

// How many connections for subscriptions are open at once, WebSockets and event streams together.
const (
	mostConnections = 5000
	mostOfPerson    = 20               // by all sessions and API tokens together
	mostUnnamed     = 100              // of one network, whose owners have not said yet who they are
	connectionRetry = 10 * time.Second // until whoever has as many may try again
)

// Connections bounds and counts the connections for subscriptions that are open. Every process has its own.
type Connections struct {
	mu   sync.Mutex
	open telemetry.Connections
	held map[string]int // by principal
}

// NewConnections returns the connections of a process that has none.
func NewConnections() *Connections { return &Connections{held: make(map[string]int)} }

// Open says how many connections are open now.
func (c *Connections) Open() telemetry.Connections {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.open
}

// slot is what one connection takes of what there is.
type slot struct {
	of   *Connections
	kind *int // which connections it is counted with
	by   string
	held bool // by that principal
}

// enter takes a slot for a connection of v, which counts as one of a kind. It fails when the process has as many as it holds, and
// with a *mandate.Throttled when v has as many as one may have. Whoever gets a slot leaves it in the end.
func (c *Connections) enter(v viewer.Viewer, kind func(*telemetry.Connections) *int) (*slot, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open.WebSockets+c.open.EventStreams >= mostConnections {
		return nil, errUnavailable
	}
	p := &slot{of: c, kind: kind(&c.open)}
	if err := p.hold(v); err != nil {
		return nil, err
	}
	*p.kind++
	return p, nil
}

func webSocket(c *telemetry.Connections) *int   { return &c.WebSockets }
func eventStream(c *telemetry.Connections) *int { return &c.EventStreams }

// hold counts the slot as one of v's.
func (p *slot) hold(v viewer.Viewer) error {
	by, most := principal(v), mostUnnamed
	if v.SignedIn() {
		most = mostOfPerson
	}
	if p.of.held[by] >= most {
		return &mandate.Throttled{RetryAfter: connectionRetry}
	}
	p.release()
	p.by, p.held = by, true
	p.of.held[by]++
	return nil
}

// release has the slot be nobody's.
func (p *slot) release() {
	if !p.held {
		return
	}
	p.held = false
	if p.of.held[p.by]--; p.of.held[p.by] == 0 {
		delete(p.of.held, p.by)
	}
}

// become counts a slot, which was a stranger's, as one of the person's who turned out to ask. It fails as enter does.
func (p *slot) become(v viewer.Viewer) error {
	p.of.mu.Lock()
	defer p.of.mu.Unlock()
	if principal(v) == p.by {
		return nil
	}
	return p.hold(v)
}

// subscribed counts subscriptions that begin on the connection, or, less than none, that end.
func (p *slot) subscribed(n int) {
	p.of.mu.Lock()
	defer p.of.mu.Unlock()
	p.of.open.Subscriptions += n
}

// leave gives the slot back.
func (p *slot) leave() {
	p.of.mu.Lock()
	defer p.of.mu.Unlock()
	*p.kind--
	p.release()
}
