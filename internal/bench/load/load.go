// Package load asks servers as many clients at once would, and measures what answering takes.
package load

import (
	"context"
	"slices"
	"sync"
	"time"
)

// Plan says who is asked what, and for how long.
type Plan struct {
	Addresses   []string // of servers; connections are spread over them
	Connections int
	Duration    time.Duration
	Request     func() (token string, body []byte) // the next one; safe for concurrent use
}

// Result is what was measured.
type Result struct {
	Latencies []time.Duration // one an answer, from the shortest on
	Elapsed   time.Duration   // from the first request to the last answer
}

// Rate is how many answers there were a second.
func (r Result) Rate() float64 { return float64(len(r.Latencies)) / r.Elapsed.Seconds() }

// Run asks over each connection, which is opened before, the next request as soon as the last one is answered, until the
// duration is over; those under way are then waited for, so that all work that was begun is counted. The first answer that is
// refused or has errors ends it, and is its error.
func Run(ctx context.Context, p Plan) (Result, error) {
	clients := make([]*Client, p.Connections)
	defer closeAll(clients)
	for i := range clients {
		var err error
		if clients[i], err = Dial(ctx, p.Addresses[i%len(p.Addresses)]); err != nil {
			return Result{}, err
		}
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	defer context.AfterFunc(ctx, func() { closeAll(clients) })()
	latencies := make([][]time.Duration, len(clients))
	start := time.Now()
	var asking sync.WaitGroup
	for i, c := range clients {
		asking.Go(func() {
			var err error
			if latencies[i], err = c.loop(start.Add(p.Duration), p.Request); err != nil {
				stop(err)
			}
		})
	}
	asking.Wait()
	elapsed := time.Since(start)
	if ctx.Err() != nil {
		return Result{}, context.Cause(ctx)
	}
	return Result{slices.Sorted(slices.Values(slices.Concat(latencies...))), elapsed}, nil
}

// loop asks until the end, and returns how long each answer took.
func (c *Client) loop(end time.Time, request func() (string, []byte)) ([]time.Duration, error) {
	var latencies []time.Duration
	for time.Now().Before(end) {
		token, body := request()
		sent := time.Now()
		if _, err := c.Ask(token, body); err != nil {
			return nil, err
		}
		latencies = append(latencies, time.Since(sent))
	}
	return latencies, nil
}

// Percentile returns the duration within which the share of all durations is, which are sorted: 0.5 for the median. It is one
// of them, or 0 when there are none.
func Percentile(sorted []time.Duration, share float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	// The nearest rank: the least one that has the share at or below it.
	rank := int(share * float64(len(sorted)))
	if float64(rank) < share*float64(len(sorted)) {
		rank++
	}
	return sorted[min(max(rank, 1), len(sorted))-1]
}
