package retry

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestPausesDoubleUpToSixHours(t *testing.T) {
	t.Parallel()
	for failures, want := range map[int]time.Duration{
		0: time.Minute, 1: time.Minute, 2: 2 * time.Minute, 5: 16 * time.Minute, 9: 256 * time.Minute, 10: 6 * time.Hour, 1000: 6 * time.Hour,
	} {
		if got := Pause(failures); got != want {
			t.Errorf("after %d failures %v; want %v", failures, got, want)
		}
	}
}

// TestAnOutcomeIsNotedFiveTimesAtMost, within a second.
func TestAnOutcomeIsNotedFiveTimesAtMost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		away := errors.New("the database is away")
		for failures, want := range []int{1, 2, 3, 4, 5, 5, 5} {
			began, tries := time.Now(), 0
			err := Note(func() error {
				if tries++; tries <= failures {
					return away
				}
				return nil
			})
			if tries != want || (err != nil) != (failures >= notes) || time.Since(began) > time.Second {
				t.Errorf("after %d failures: %d tries in %v, %v", failures, tries, time.Since(began), err)
			}
		}
	})
}
