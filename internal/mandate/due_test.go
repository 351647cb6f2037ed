package mandate

import (
	"fmt"
	"testing"
	"time"
)

// TestNextDue prints when the clock has something to do with access, day by day.
func TestNextDue(t *testing.T) {
	t.Parallel()
	const day, late = 24 * time.Hour, time.Minute
	begin := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		what   string
		starts time.Duration // from now, as the end
		ends   time.Duration // 0 for none
		moves  bool
		due    time.Duration
	}{
		{"without an end", 0, 0, false, 0},
		{"for 40 days", 0, 40 * day, false, 10 * day},
		{"for 30 days: nobody is told at once what they just decided", 0, 30 * day, false, 23 * day},
		{"for 30 days and a minute", 0, 30*day + late, false, late},
		{"8 days before the end", -90 * day, 8 * day, false, day},
		{"for 7 days", 0, 7 * day, false, 6 * day},
		{"2 days before the end", -90 * day, 2 * day, false, day},
		{"for a day", 0, day, false, day},
		{"an hour before the end", -90 * day, time.Hour, false, time.Hour},
		{"at the end", -90 * day, -1, false, -1},
		{"long after the end", -90 * day, -30 * day, false, -30 * day},
		{"10 days from in 50 days on: not announced before it begins", 50 * day, 60 * day, false, 53 * day},
		{"2 days from in 50 days on", 50 * day, 52 * day, false, 51 * day},
		{"a day from in 50 days on", 50 * day, 51 * day, false, 51 * day},
		{"for 40 days, and then moved: it does not end soon", 0, 40 * day, true, 39 * day},
		{"moved, an hour before the end: late already", -90 * day, time.Hour, true, time.Hour - day},
		{"moved, long after the end: it stays", -90 * day, -30 * day, true, -30 * day},
	} {
		var ends *time.Time
		if c.ends != 0 {
			ends = new(begin.Add(c.ends))
		}
		var every *int
		if c.moves {
			every = new(30)
		}
		got := "never"
		if due := NextDue(begin.Add(c.starts), ends, every, begin); due != nil {
			got = due.Sub(begin).String()
		}
		want := "never"
		if c.ends != 0 {
			want = c.due.String()
		}
		t.Logf("%-60s %10s", c.what, got)
		if got != want {
			t.Errorf("%s: in %s; want %s", c.what, got, want)
		}
	}
}

// TestEveryAnnouncementIsDueOnce follows the clock from one moment that is due to the next one.
func TestEveryAnnouncementIsDueOnce(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	starts, ends := now, now.AddDate(0, 0, 400)
	var days []int
	for {
		due := *NextDue(starts, &ends, nil, now)
		if !due.After(now) {
			t.Fatalf("due at %v, when it is that already", due)
		}
		now = due.Add(10 * time.Second) // a sweep comes a little late
		if !isAnnounced(starts, ends, due, now) {
			break
		}
		days = append(days, daysUntil(ends, now))
	}
	if fmt.Sprint(days) != "[30 7 1]" {
		t.Errorf("announced %v days before; want 30, 7 and 1", days)
	}
	if !now.After(ends) {
		t.Errorf("it is not recorded at the end, but at %v", now)
	}
}
