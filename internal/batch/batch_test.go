package batch_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"mandate/internal/batch"
)

type row struct {
	batch.Place
	n int
}

func rows(n int) []*row {
	list := make([]*row, n)
	for i := range list {
		list[i] = &row{n: i}
	}
	return list
}

// doubled doubles the numbers of rows, and counts how often it was asked.
func doubled(asked *atomic.Int32) func(context.Context, []*row) ([]int, error) {
	return func(_ context.Context, parents []*row) ([]int, error) {
		asked.Add(1)
		list := make([]int, len(parents))
		for i, p := range parents {
			list[i] = 2 * p.n
		}
		return list, nil
	}
}

// atOnce runs f many times at once.
func atOnce(times int, f func(i int)) {
	start := make(chan struct{})
	var all sync.WaitGroup
	for i := range times {
		all.Go(func() {
			<-start
			f(i)
		})
	}
	close(start)
	all.Wait()
}

func TestSiblingsLoadOnceForEveryKey(t *testing.T) {
	t.Parallel()
	siblings := batch.Siblings(rows(100))
	var asked atomic.Int32
	atOnce(300, func(i int) {
		parent := siblings[i%100]
		got, err := batch.Load(t.Context(), parent, i%3, doubled(&asked))
		if err != nil || got != 2*parent.n {
			t.Errorf("row %d got %d (%v)", parent.n, got, err)
		}
	})
	if n := asked.Load(); n != 3 {
		t.Errorf("loaded %d times for three keys", n)
	}
}

func TestAnOnlyChildLoadsOnceWhoeverAsks(t *testing.T) {
	t.Parallel()
	for range 200 {
		only := &row{n: 21}
		var asked atomic.Int32
		atOnce(8, func(int) {
			if got, err := batch.Load(t.Context(), only, "key", doubled(&asked)); err != nil || got != 42 {
				t.Errorf("got %d (%v)", got, err)
			}
		})
		if n := asked.Load(); n != 1 {
			t.Fatalf("loaded %d times", n)
		}
	}
}

func TestGroupsLoadForThemselves(t *testing.T) {
	t.Parallel()
	one, other := batch.Siblings(rows(3)), batch.Siblings(rows(5))
	var asked atomic.Int32
	for _, parent := range append(one, other...) {
		if _, err := batch.Load(t.Context(), parent, "key", doubled(&asked)); err != nil {
			t.Fatal(err)
		}
	}
	if n := asked.Load(); n != 2 {
		t.Errorf("loaded %d times for two groups", n)
	}
}

func TestARowBelongsToTheGroupThatItWasPutIntoLast(t *testing.T) {
	t.Parallel()
	list := batch.Siblings(rows(3))
	batch.Siblings(list[1:2])
	var size int
	fetch := func(_ context.Context, parents []*row) ([]int, error) {
		size = len(parents)
		return make([]int, len(parents)), nil
	}
	if _, err := batch.Load(t.Context(), list[1], "key", fetch); err != nil || size != 1 {
		t.Errorf("loaded for %d rows (%v)", size, err)
	}
}

func TestAnErrorIsEverySiblings(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	siblings := batch.Siblings(rows(10))
	var asked atomic.Int32
	atOnce(10, func(i int) {
		_, err := batch.Load(t.Context(), siblings[i], "key", func(context.Context, []*row) ([]int, error) {
			asked.Add(1)
			return nil, broken
		})
		if !errors.Is(err, broken) {
			t.Errorf("row %d: %v", i, err)
		}
	})
	if asked.Load() != 1 {
		t.Errorf("asked %d times", asked.Load())
	}
}

func TestAWrongNumberOfResultsIsAnError(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 3} {
		siblings := batch.Siblings(rows(2))
		_, err := batch.Load(t.Context(), siblings[0], "key", func(context.Context, []*row) ([]int, error) { return make([]int, n), nil })
		if want := fmt.Sprintf("load siblings: %d results for 2 rows", n); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestAPanicLeavesAnErrorToTheSiblings(t *testing.T) {
	t.Parallel()
	siblings := batch.Siblings(rows(2))
	fetch := func(context.Context, []*row) ([]int, error) { panic("boom") }
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic is lost")
			}
		}()
		_, _ = batch.Load(t.Context(), siblings[0], "key", fetch)
	}()
	if _, err := batch.Load(t.Context(), siblings[1], "key", fetch); err == nil {
		t.Error("the other sibling got a result that there is not")
	}
}
