package graph

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql/handler/lru"
	"golang.org/x/time/rate"

	"mandate/internal/clock"
	"mandate/internal/mandate"
	"mandate/internal/viewer"
)

// DefaultRate is how many requests a minute a person has, unless the installation says otherwise.
const DefaultRate = 600

// What else there is a minute, for each request a minute that a person has. A person has 50,000 of cost with 600 requests;
// a network that strangers come from has 60 requests and 6,000 of cost, which is 50 sign-ins.
const (
	costPerRate          = 250 / 3.0
	strangersPerRate     = 1 / 10.0
	strangersCostPerRate = 10
)

// How many requests of one principal are answered at once. A further one waits for its turn without a connection to the
// database: else one person would hold them all.
const (
	mostAtOnce      = 6
	strangersAtOnce = 12              // of one network
	turnWait        = 2 * time.Second // then it is refused
	turnRetry       = time.Second     // until it may come back
)

const mostBudgets = 20_000 // that are kept; the one that was used longest ago goes first, and begins anew

// Budgets are token buckets: what every person, in all sessions and by all API tokens, and every network that strangers come
// from, may ask for. They fill by themselves and hold a minute's worth. They bound what is answered at once, too. Every
// process has its own. A nil *Budgets has no bounds.
type Budgets struct {
	rate  float64
	clock clock.Clock
	mu    sync.Mutex
	kept  *lru.LRU[*budget]
}

// NewBudgets returns budgets in which a person has a number of requests a minute.
func NewBudgets(perMinute int, c clock.Clock) *Budgets {
	return &Budgets{rate: float64(perMinute), clock: c, kept: lru.New[*budget](mostBudgets)}
}

// budget is what is left to one principal, and what is being answered.
type budget struct {
	requests, cost *rate.Limiter
	inFlight       chan struct{} // has one for each request
}

func newBudget(requests, cost float64, atOnce int) *budget {
	return &budget{bucket(requests), bucket(cost), make(chan struct{}, atOnce)}
}

func bucket(perMinute float64) *rate.Limiter {
	n := int(math.Round(perMinute))
	return rate.NewLimiter(rate.Limit(float64(n)/time.Minute.Seconds()), n)
}

// of returns the budget of whoever asks.
func (b *Budgets) of(ctx context.Context, v viewer.Viewer) *budget {
	key := principal(v)
	b.mu.Lock()
	defer b.mu.Unlock()
	if found, ok := b.kept.Get(ctx, key); ok {
		return found
	}
	made := newBudget(b.rate, b.rate*costPerRate, mostAtOnce)
	if !v.SignedIn() {
		made = newBudget(b.rate*strangersPerRate, b.rate*strangersCostPerRate, strangersAtOnce)
	}
	b.kept.Add(ctx, key, made)
	return made
}

// principal names who has a budget: a person, in all sessions and by all API tokens, or a network that strangers come from.
func principal(v viewer.Viewer) string {
	if v.SignedIn() {
		return v.UserID
	}
	return viewer.Network(v.Address)
}

// spending is how one request draws on a budget, and tells what is left.
type spending struct {
	*budget
	now     time.Time
	header  http.Header
	entered bool // counts as in flight
}

type spendingKey struct{}

// enter takes a request from the budget of whoever asks, and waits for its turn. What the request costs is taken within the
// context that it returns; leave ends it there, even after a failure. It fails with a *mandate.Throttled.
func (b *Budgets) enter(ctx context.Context, header http.Header) (context.Context, error) {
	return b.begin(ctx, header, 1)
}

// again is enter for one more answer to a request that was taken before.
func (b *Budgets) again(ctx context.Context, header http.Header) (context.Context, error) {
	return b.begin(ctx, header, 0)
}

func (b *Budgets) begin(ctx context.Context, header http.Header, requests int) (context.Context, error) {
	if b == nil {
		return ctx, nil
	}
	s := &spending{budget: b.of(ctx, viewer.From(ctx)), now: b.clock(), header: header}
	err := s.take(s.requests, requests)
	if err == nil {
		err = s.turn(ctx)
	}
	return context.WithValue(ctx, spendingKey{}, s), err
}

// turn waits until few enough requests are in flight.
func (s *spending) turn(ctx context.Context) error {
	select {
	case s.inFlight <- struct{}{}:
		s.entered = true
		return nil
	case <-ctx.Done():
	case <-time.After(turnWait):
	}
	return &mandate.Throttled{RetryAfter: turnRetry}
}

// leave ends a request that entered: the next one has its turn.
func leave(ctx context.Context) {
	if s, bounded := ctx.Value(spendingKey{}).(*spending); bounded && s.entered {
		s.entered = false
		<-s.inFlight
	}
}

// spend takes a cost from the budget of whoever asks and returns what is left, nil without a budget. It fails with a
// *mandate.Throttled.
func spend(ctx context.Context, cost int) (*int, error) {
	s, bounded := ctx.Value(spendingKey{}).(*spending)
	if !bounded {
		return nil, nil
	}
	err := s.take(s.cost, cost)
	left := int(max(s.cost.TokensAt(s.now), 0))
	return &left, err
}

func (s *spending) take(from *rate.Limiter, n int) error {
	defer s.tell()
	r := from.ReserveN(s.now, n)
	wait := r.DelayFrom(s.now)
	if wait == 0 {
		return nil
	}
	r.CancelAt(s.now)
	return &mandate.Throttled{RetryAfter: wait}
}

// tell writes what there is and what is left, as draft-ietf-httpapi-ratelimit-headers has it.
func (s *spending) tell() {
	policy := func(name string, l *rate.Limiter) string {
		return fmt.Sprintf("%q;q=%d;w=%d", name, l.Burst(), int(time.Minute.Seconds()))
	}
	left := func(name string, l *rate.Limiter) string {
		tokens := max(l.TokensAt(s.now), 0)
		full := (float64(l.Burst()) - tokens) / float64(l.Limit())
		return fmt.Sprintf("%q;r=%d;t=%d", name, int(tokens), int(math.Ceil(full)))
	}
	s.header.Set("RateLimit-Policy", policy("requests", s.requests)+", "+policy(costName, s.cost))
	s.header.Set("RateLimit", left("requests", s.requests)+", "+left(costName, s.cost))
}
