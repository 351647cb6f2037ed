package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"mandate/internal/clock"
	"mandate/internal/database"
)

const (
	readyLimit = 3 * time.Second // for finding out
	readyKept  = 2 * time.Second // for which the outcome stands, so that being asked often costs nothing
)

// readiness finds out whether the program can work.
type readiness struct {
	db    *database.DB
	clock clock.Clock
	mu    sync.Mutex
	asked time.Time
	err   error
}

// check says why the program cannot work, or nil.
func (r *readiness) check(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if time.Since(r.asked) > readyKept {
		limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), readyLimit) // who asks may go, the outcome stays
		defer cancel()
		r.err = r.find(limited)
		r.asked = time.Now()
	}
	return r.err
}

func (r *readiness) find(ctx context.Context) error {
	if err := r.db.Admit(ctx); err != nil {
		return err
	}
	drift, err := r.db.Drift(ctx, r.clock)
	if err == nil && drift.Abs() > database.MostDrift {
		err = fmt.Errorf("the database's clock is %v off ours", drift.Round(time.Millisecond))
	}
	return err
}
