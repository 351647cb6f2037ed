package load

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// stub returns the address of a server that answers by the handler.
func stub(t *testing.T, answer http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(answer)
	t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

// numbered returns requests numbered from 1 on, as three askers make them in turn.
func numbered() func() (string, []byte) {
	var n atomic.Int64
	return func() (string, []byte) {
		i := n.Add(1)
		return fmt.Sprint("asker", i%3), fmt.Appendf(nil, `{"n":%d}`, i)
	}
}

func TestEveryAnswerIsCountedOnce(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	bodies, tokens, connections := map[string]bool{}, map[string]int{}, map[string]bool{}
	answer := func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		if bodies[string(body)] {
			t.Errorf("%s came twice", body)
		}
		bodies[string(body)] = true
		tokens[r.Header.Get("Authorization")]++
		connections[r.RemoteAddr] = true
		fmt.Fprint(w, `{"data":`+strings.Repeat(" ", 20_000*(len(bodies)%2))+`{}}`) // long ones come in chunks
	}
	addresses := []string{stub(t, answer), stub(t, answer)}
	got, err := Run(t.Context(), Plan{addresses, 4, 100 * time.Millisecond, numbered()})
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Latencies) != len(bodies) || len(bodies) < 8 {
		t.Errorf("%d answers counted of %d", len(got.Latencies), len(bodies))
	}
	if len(connections) != 4 {
		t.Errorf("%d connections, not 4 that are kept", len(connections))
	}
	for i := range 3 {
		if n := tokens[fmt.Sprint("Bearer asker", i)]; n < len(bodies)/3-1 || n > len(bodies)/3+1 {
			t.Errorf("asker %d asked %d of %d times", i, n, len(bodies))
		}
	}
	if got.Elapsed < 100*time.Millisecond || got.Rate() != float64(len(bodies))/got.Elapsed.Seconds() {
		t.Errorf("%v, %v answers a second", got.Elapsed, got.Rate())
	}
}

func TestLatencyIsThatOfTheServer(t *testing.T) {
	t.Parallel()
	var n atomic.Int64
	address := stub(t, func(w http.ResponseWriter, _ *http.Request) {
		if n.Add(1)%5 == 0 {
			time.Sleep(60 * time.Millisecond)
		} else {
			time.Sleep(10 * time.Millisecond)
		}
		fmt.Fprint(w, `{"data":{}}`)
	})
	got, err := Run(t.Context(), Plan{[]string{address}, 1, 300 * time.Millisecond, numbered()})
	if err != nil {
		t.Fatal(err)
	}
	if p := Percentile(got.Latencies, .5); p < 10*time.Millisecond || p > 50*time.Millisecond {
		t.Errorf("the median is %v", p)
	}
	if p := Percentile(got.Latencies, .99); p < 60*time.Millisecond {
		t.Errorf("the 99th percentile is %v", p)
	}
}

func TestPercentilesAreTheNearestRank(t *testing.T) {
	t.Parallel()
	to := func(n int) (list []time.Duration) {
		for i := range n {
			list = append(list, time.Duration(i+1))
		}
		return list
	}
	for _, c := range []struct {
		of    int
		share float64
		want  time.Duration
	}{
		{0, .5, 0}, {1, .5, 1}, {1, .99, 1}, {2, .5, 1}, {3, .5, 2}, {100, .5, 50}, {100, .99, 99}, {101, .99, 100}, {1000, .99, 990}, {10, 1, 10}, {10, 0, 1},
	} {
		if got := Percentile(to(c.of), c.share); got != c.want {
			t.Errorf("%v of 1 to %d: %d, want %d", c.share, c.of, got, c.want)
		}
	}
}

func TestBadAnswersEndTheRun(t *testing.T) {
	t.Parallel()
	for name, bad := range map[string]http.HandlerFunc{
		"500 Internal Server Error": func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", 500) },
		`"errors":[{"message":"busy"}]`: func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, `{"errors":[{"message":"busy"}],"data":null}`)
		},
		`"userErrors":[{"code":"BROKEN"}`: func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, `{"data":{"do":{"userErrors":[{"code":"BROKEN"}]}}}`)
		},
		"EOF": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var n atomic.Int64
			address := stub(t, func(w http.ResponseWriter, r *http.Request) {
				if n.Add(1) == 20 {
					bad(w, r)
					return
				}
				fmt.Fprint(w, `{"data":{"do":{"userErrors":[]}}}`)
			})
			start := time.Now()
			_, err := Run(t.Context(), Plan{[]string{address}, 4, time.Minute, numbered()})
			if err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("got %v", err)
			}
			if time.Since(start) > 30*time.Second {
				t.Error("it went on")
			}
		})
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	hang := make(chan struct{})
	address := stub(t, func(http.ResponseWriter, *http.Request) { cancel(); <-hang })
	defer close(hang)
	if _, err := Run(ctx, Plan{[]string{address}, 2, time.Minute, numbered()}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestProcessTellsWhatItUses(t *testing.T) {
	t.Parallel()
	// Taken from a process named "a) (b": 7 ticks in its own code and 5 in the kernel.
	if got := cpu([]byte("17 (a) (b) S 1 17 17 0 -1 4194560 100 0 0 0 7 5 0 0 20 0 1 0 99 1000 10")); got != 120*time.Millisecond {
		t.Errorf("CPU: %v", got)
	}
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		return // there is nothing to read
	}
	self := Process(os.Getpid())
	before := self.CPU()
	for start := time.Now(); time.Since(start) < 10*time.Second && self.CPU() == before; {
		_ = strings.Repeat("x", 1000)
	}
	if self.CPU() == before {
		t.Error("working takes no CPU")
	}
	if peak, now := self.Memory(); peak < now || now < 1<<20 {
		t.Errorf("memory: %d at most, %d now", peak, now)
	}
}
