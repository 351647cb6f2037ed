package main

import (
	"runtime"
	"testing"
)

// TestBallast: garbage may grow by as much as the ballast before it is collected, unless the operator says when.
func TestBallast(t *testing.T) {
	defer func() { ballast = nil }()
	for _, c := range []struct {
		name, percent, limit string
		want                 int
	}{
		{"nothing set", "", "", ballastSize},
		{"GOGC", "100", "", 0},
		{"GOGC off", "off", "", 0},
		{"GOMEMLIMIT", "", "64MiB", 0},
		{"both", "50", "64MiB", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv("GOGC", c.percent)
			t.Setenv("GOMEMLIMIT", c.limit)
			ballast = nil
			holdBallast()
			if len(ballast) != c.want {
				t.Errorf("a ballast of %d bytes; want %d", len(ballast), c.want)
			}
			runtime.GC()
			var m runtime.MemStats
			if runtime.ReadMemStats(&m); m.NextGC < 2*uint64(c.want) {
				t.Errorf("garbage is collected from %d bytes on; want %d at least", m.NextGC, 2*c.want)
			}
		})
	}
}
