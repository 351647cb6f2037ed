package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"time"

	"mandate/internal/bench/load"
)

// effort is how long something is measured: a while to warm up, then rounds.
type effort struct {
	warm, round time.Duration
	rounds      int
}

// subject is what is measured: servers over one database that are asked alike.
type subject struct {
	servers  []*server
	database *source
	request  func() (token string, body []byte)
}

// figures are what measuring a subject gave. What is spent is an answer's share.
type figures struct {
	Rate                     float64 // answers a second: the median of the rounds
	P50, P99                 time.Duration
	Server, Database, Client time.Duration // of a processor
	Allocations              float64       // objects
	Statements               float64       // that the database executed
}

// contest measures subjects in turn, round by round, so that what disturbs the machine disturbs them alike.
func contest(ctx context.Context, e effort, connections int, subjects ...subject) ([]figures, error) {
	sums := make([]sum, len(subjects))
	for _, s := range subjects {
		if _, err := s.run(ctx, connections, e.warm); err != nil {
			return nil, err
		}
	}
	for range e.rounds {
		for i, s := range subjects {
			if err := sums[i].add(ctx, s, connections, e.round); err != nil {
				return nil, err
			}
		}
	}
	list := make([]figures, len(sums))
	for i, s := range sums {
		list[i] = s.figures()
	}
	return list, nil
}

func (s subject) run(ctx context.Context, connections int, d time.Duration) (load.Result, error) {
	var addresses []string
	for _, server := range s.servers {
		addresses = append(addresses, server.address)
	}
	result, err := load.Run(ctx, load.Plan{Addresses: addresses, Connections: connections, Duration: d, Request: s.request})
	if err != nil && ctx.Err() == nil {
		for _, server := range s.servers {
			err = fmt.Errorf("%w\n%s", err, server.complaints())
		}
	}
	return result, err
}

// spent is what was used up to some time.
type spent struct {
	server, database, client time.Duration
	statements               float64
}

func (s subject) spent(ctx context.Context) (now spent, err error) {
	if now.statements, err = s.database.statements(ctx); err != nil {
		return spent{}, err
	}
	for _, server := range s.servers {
		now.server += server.CPU()
	}
	now.database = s.database.process.CPU()
	now.client = load.Process(os.Getpid()).CPU()
	return now, nil
}

func (s subject) allocations(ctx context.Context) (sum float64, err error) {
	for _, server := range s.servers {
		n, err := server.allocations(ctx)
		if err != nil {
			return 0, err
		}
		sum += n
	}
	return sum, nil
}

// sum is what the rounds of a subject gave so far.
type sum struct {
	rates       []float64
	latencies   []time.Duration
	spent       spent
	allocations float64
}

// add measures one round. Allocations are asked for farthest from it, for the answer takes work and statements.
func (s *sum) add(ctx context.Context, of subject, connections int, d time.Duration) error {
	allocated, err := of.allocations(ctx)
	if err != nil {
		return err
	}
	before, err := of.spent(ctx)
	if err != nil {
		return err
	}
	result, err := of.run(ctx, connections, d)
	if err != nil {
		return err
	}
	after, err := of.spent(ctx)
	if err != nil {
		return err
	}
	s.allocations -= allocated
	if allocated, err = of.allocations(ctx); err != nil {
		return err
	}
	s.allocations += allocated
	s.rates = append(s.rates, result.Rate())
	s.latencies = append(s.latencies, result.Latencies...)
	s.spent.server += after.server - before.server
	s.spent.database += after.database - before.database
	s.spent.client += after.client - before.client
	s.spent.statements += after.statements - before.statements
	return nil
}

func (s *sum) figures() figures {
	slices.Sort(s.latencies)
	n := max(1, len(s.latencies))
	share := func(d time.Duration) time.Duration { return d / time.Duration(n) }
	return figures{
		Rate: median(s.rates),
		P50:  load.Percentile(s.latencies, .5), P99: load.Percentile(s.latencies, .99),
		Server: share(s.spent.server), Database: share(s.spent.database), Client: share(s.spent.client),
		Allocations: s.allocations / float64(n), Statements: s.spent.statements / float64(n),
	}
}

// median is the one in the middle, the lower one of two.
func median[T float64 | time.Duration](list []T) T {
	return slices.Sorted(slices.Values(list))[(len(list)-1)/2]
}
