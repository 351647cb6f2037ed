package main

import (
	"context"
	"strings"
	"testing"
	"time"

	"mandate/internal/clock"
	"mandate/internal/database"
	"mandate/internal/testdb"
)

func TestF08NotReadyWhenTheClocksDiffer(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		db, err := database.Open(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		for drift, ready := range map[time.Duration]bool{0: true, time.Second: true, -time.Second: true, 3 * time.Second: false, -3 * time.Second: false} {
			r := readiness{db: db, clock: func() time.Time { return clock.System().Add(drift) }}
			if err := r.check(t.Context()); (err == nil) != ready || err != nil && !strings.Contains(err.Error(), "clock") {
				t.Errorf("clocks %v apart: %v", drift, err)
			}
		}
	})
}

func TestReadinessIsFoundOutOnceForManyWhoAsk(t *testing.T) {
	t.Parallel()
	db, err := database.Open(t.Context(), testdb.New(t, testdb.SQLite))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	looks := 0
	r := readiness{db: db, clock: func() time.Time { looks++; return clock.System() }}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for range 100 {
		if err := r.check(gone); err != nil { // who asks first may go meanwhile
			t.Fatal(err)
		}
	}
	if looks != 2 {
		t.Errorf("it read the clock %d times", looks)
	}
	r.asked = r.asked.Add(-readyKept - time.Second)
	if err := r.check(t.Context()); err != nil || looks != 4 {
		t.Errorf("after a while: %v, %d", err, looks)
	}
}
