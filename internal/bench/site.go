package main

import (
	"context"
	"fmt"
	"sync/atomic"

	"mandate/internal/bench/operation"
)

// site is a world with the two that answer for it.
type site struct {
	*source
	product, floor *server
	asked          map[string]*atomic.Int64 // requests of each operation so far, by title
}

// site starts the servers over a world. The caller closes the site.
func (b *bench) site(s *source) (*site, error) {
	product, err := b.product(s.url)
	if err != nil {
		return nil, err
	}
	floor, err := b.floor(s.url)
	if err != nil {
		product.stop()
		return nil, err
	}
	return &site{source: s, product: product, floor: floor, asked: make(map[string]*atomic.Int64)}, nil
}

func (s *site) close() {
	s.product.stop()
	s.floor.stop()
}

// requests returns what makes the requests of an operation. Those before are gone on from: what was written once is not
// written again.
func (s *site) requests(o operation.Operation) func() (string, []byte) {
	n := s.asked[o.Title]
	if n == nil {
		n = new(atomic.Int64)
		s.asked[o.Title] = n
	}
	return func() (string, []byte) { return o.Request(s.world, int(n.Add(1)-1)) }
}

// pair is what an operation gave at a number of connections.
type pair struct {
	Connections    int
	Product, Floor figures
}

// Ratio is the product's share of the floor's speed.
func (p pair) Ratio() float64 { return p.Product.Rate / p.Floor.Rate }

func (s *site) contest(ctx context.Context, e effort, connections int, o operation.Operation) (pair, error) {
	next := s.requests(o)
	f, err := contest(ctx, e, connections, subject{[]*server{s.product}, s.source, next}, subject{[]*server{s.floor}, s.source, next})
	if err != nil {
		return pair{}, fmt.Errorf("%s, %s: %w", s, o.Title, err)
	}
	return pair{connections, f[0], f[1]}, nil
}

// String names the site.
func (s *site) String() string {
	return fmt.Sprintf("%s, %s customers", s.name, thousands(s.world.Size.Customers))
}
