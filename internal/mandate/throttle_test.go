package mandate

import (
	"testing"
	"time"
)

func TestDelaysDoubleAndEnd(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		pace
		want map[int]time.Duration
	}{
		"one account from one network": {pacePair, map[int]time.Duration{
			1: 0, 5: 0, 6: time.Second, 7: 2 * time.Second, 8: 4 * time.Second, 15: 512 * time.Second, 16: 15 * time.Minute, 1000: 15 * time.Minute, 1 << 40: 15 * time.Minute,
		}},
		"one account from everywhere": {paceAccount, map[int]time.Duration{1: 0, 50: 0, 51: time.Second, 56: 32 * time.Second, 57: time.Minute, 1 << 40: time.Minute}},
		"one network":                 {paceNetwork, map[int]time.Duration{20: 0, 21: 3 * time.Second, 1000: 3 * time.Second}},
		"sign-ups from one network":   {paceSignUp, map[int]time.Duration{20: 0, 21: 3 * time.Minute, 1000: 3 * time.Minute}},
	} {
		for n, want := range c.want {
			if got := c.delay(n); got != want {
				t.Errorf("%s: after %d failures %v, want %v", name, n, got, want)
			}
		}
		if c.memory <= c.longest || c.memory > longestMemory {
			t.Errorf("%s: whoever sits a delay out begins anew, or is never forgotten", name)
		}
	}
}
