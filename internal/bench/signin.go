package main

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"mandate/internal/auth"
	"mandate/internal/bench/operation"
)

// signIns is what signing in gave at a number of connections. It costs what comparing a password costs, on purpose.
type signIns struct {
	Connections int
	Product     figures
	Compared    float64 // passwords a second, as many at once, by this program alone
}

// signInsAtOnce is how many sign-ins of one person there are at once: a sixth would be told to come back.
const signInsAtOnce = 4

// Ratio is the share of the time that goes into passwords.
func (s signIns) Ratio() float64 { return s.Product.Rate / s.Compared }

// signIn measures signing in. There is no floor: with a password, all is as slow as that is.
func (s *site) signIn(ctx context.Context, e effort, connections int) (signIns, error) {
	body := operation.Body("SignIn", map[string]any{"input": map[string]any{"email": s.world.Email, "password": s.world.Password}})
	f, err := contest(ctx, e, connections, subject{[]*server{s.product}, s.source, func() (string, []byte) { return "", body }})
	if err != nil {
		return signIns{}, fmt.Errorf("%s, sign-in: %w", s, err)
	}
	compared, err := comparePasswords(ctx, connections, e.round)
	return signIns{connections, f[0], compared}, err
}

// comparePasswords compares passwords for a time, and returns how many it did a second.
func comparePasswords(ctx context.Context, atOnce int, d time.Duration) (float64, error) {
	passwords := auth.NewPasswords()
	hash, err := passwords.Hash(ctx, "quiet river stone 77")
	if err != nil {
		return 0, err
	}
	var done atomic.Int64
	start := time.Now()
	var all sync.WaitGroup
	for range atOnce {
		all.Go(func() {
			for ctx.Err() == nil && time.Since(start) < d {
				if ok, err := passwords.Verify(ctx, hash, "quiet river stone 77"); ok && err == nil {
					done.Add(1)
				}
			}
		})
	}
	all.Wait()
	return float64(done.Load()) / time.Since(start).Seconds(), ctx.Err()
}
