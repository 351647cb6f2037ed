package mandate

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestFirstFree(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ taken, want, steps int }{{0, 1, 1}, {1, 2, 2}, {2, 3, 4}, {3, 4, 4}, {7, 8, 6}, {1000, 1001, 20}, {100_000, 100_001, 34}} {
		steps := 0
		got, err := firstFree(func(n int) (bool, error) {
			steps++
			return n <= c.taken, nil
		})
		if got != c.want || err != nil || steps != c.steps {
			t.Errorf("with %d taken: %d in %d steps (%v); want %d in %d", c.taken, got, steps, err, c.want, c.steps)
		}
	}
	failed := errors.New("failed")
	for at := 1; at <= 4; at++ {
		_, err := firstFree(func(n int) (bool, error) {
			if n == at {
				return false, failed
			}
			return n < 3, nil
		})
		if !errors.Is(err, failed) {
			t.Errorf("an error at %d is lost: %v", at, err)
		}
	}
}

func TestNumbered(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		handle string
		n      int
		want   string
	}{
		{"nora", 1, "nora"}, {"nora", 2, "nora2"}, {"nora", 1001, "nora1001"},
		{strings.Repeat("ä", 100), 2, strings.Repeat("ä", 99) + "2"},
		{strings.Repeat("ﷺ", 11) + "xy", 3, strings.Repeat("ﷺ", 11) + "x3"}, // 198 characters, and two, once it is folded
	} {
		got := numbered(c.handle, c.n)
		if got != c.want {
			t.Errorf("numbered(%q, %d) = %q; want %q", c.handle, c.n, got, c.want)
		}
		if utf8.RuneCountInString(got) > mostHandle || utf8.RuneCountInString(SortName(got)) > 2*mostHandle {
			t.Errorf("%q is too long", got)
		}
	}
}
