package feed_test

import (
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"time"

	"mandate/internal/feed"
	"mandate/internal/testdb"
)

func TestEveryEventIsHeardOnceInWhicheverOrderItIsCommitted(t *testing.T) {
	eachTrail(t, func(t *trail) {
		first, second := t.follower(), t.follower() // of two processes
		ears := make(map[string][]*ear)
		for n := range 3 {
			ears[tenant(n)] = []*ear{t.listen(first, tenant(n)), t.listen(first, tenant(n)), t.listen(second, tenant(n))}
		}
		var mu sync.Mutex
		want := make(map[string][]string)
		var writers sync.WaitGroup
		for range 8 {
			writers.Go(func() {
				for range 25 {
					id, a, b := idAt(time.Now().Add(-rand.N(2*time.Second))), tenant(rand.N(3)), tenant(rand.N(3)) // clocks differ
					time.Sleep(rand.N(40 * time.Millisecond))
					t.write(id, a, b, rand.N(20*time.Millisecond))
					mu.Lock()
					if want[a] = append(want[a], id); a != b {
						want[b] = append(want[b], id)
					}
					mu.Unlock()
				}
			})
		}
		writers.Wait()
		for id, of := range ears {
			for _, e := range of {
				e.hears(want[id]...)
			}
		}
	})
}

func TestAnEventOverAMinuteOldIsNobodysNews(t *testing.T) {
	eachTrail(t, func(t *trail) {
		t.happens(tenant(1))
		f := t.follower()
		e := t.listen(f, tenant(1))
		e.hears()
		late, news := idAt(time.Now().Add(-10*time.Second)), t.happens(tenant(1))
		t.write(late, tenant(1), "", 0)
		t.write(idAt(time.Now().Add(-time.Minute)), tenant(1), "", 0)
		e.hears(late, news)
		other := t.listen(f, tenant(1))
		other.hears()
		e.stop()
		other.stop()
		t.happens(tenant(1)) // while nobody listens
		t.listen(f, tenant(1)).hears()
	})
}

func TestAnOutageLosesNothing(t *testing.T) {
	eachTrail(t, func(t *trail) {
		f := t.follower()
		f.Narrow(time.Second)
		e := t.listen(f, tenant(1))
		before := t.happens(tenant(1))
		e.hears(before)
		t.away.Store(true)
		if _, _, err := t.follower().Subscribe(t.Context(), tenant(1)); err == nil {
			t.Error("somebody subscribes to what cannot be read")
		}
		var during []string
		for range 30 {
			during = append(during, t.happens(tenant(1)))
			time.Sleep(100 * time.Millisecond) // three windows in all
		}
		t.away.Store(false)
		e.hears(during...)
		e.hears()
	})
}

func TestManyEventsAtOnceAreHeard(t *testing.T) {
	eachTrail(t, func(t *trail) {
		e := t.listen(t.follower(), tenant(1))
		t.away.Store(true)
		var want []string
		tx, err := t.db.Write.Begin()
		if err != nil {
			t.Fatal(err)
		}
		for n := range 2500 { // more than are read by one statement
			id, of := idAt(time.Now()), tenant(n%20)
			if n%20 == 1 {
				want = append(want, id)
			}
			if _, err := tx.Exec("INSERT INTO audit_events (id, at, action, tenant_id) VALUES (?,?,?,?)", id, time.Now().UTC(), "tested", of); err != nil {
				t.Fatal(err)
			}
		}
		if err := tx.Commit(); err != nil {
			t.Fatal(err)
		}
		t.away.Store(false)
		e.hears(want...)
	})
}

func TestWhoDoesNotReadIsTold(t *testing.T) {
	eachTrail(t, func(t *trail) {
		f := t.follower()
		deaf, e := t.listen(f, tenant(1)), t.listen(f, tenant(1))
		var want []string
		for range 2 {
			var half []string
			for range 150 {
				half = append(half, t.happens(tenant(1)))
			}
			e.hears(half...)
			want = append(want, half...)
		}
		for n := range want {
			event, more := <-deaf.events
			if !more {
				if n != 256 {
					t.Errorf("%d events were kept", n)
				}
				break
			}
			if event.ID != want[n] {
				t.Errorf("event %d is %s, want %s", n, event.ID, want[n])
			}
		}
		if f.Subscribers() != 1 {
			t.Errorf("%d subscribers are left", f.Subscribers())
		}
		deaf.stop() // which it was already
		e.hears()
		e.hears(t.happens(tenant(1)))
	})
}

func TestAThousandSubscribersTakeOneGoroutineAndOneStatement(t *testing.T) {
	// Not parallel: it counts what the process has.
	for _, engine := range []string{testdb.SQLite, testdb.MariaDB} {
		t.Run(engine, func(test *testing.T) {
			t := newTrail(test, testdb.New(test, engine))
			f := t.follower()
			before, memory := runtime.NumGoroutine(), allocated()
			ears := make([]*ear, 1000)
			for n := range ears {
				ears[n] = t.listen(f, tenant(n/10))
			}
			if more := runtime.NumGoroutine() - before; more > 3 { // with those of the connection
				t.Errorf("%d goroutines", more)
			}
			took := allocated() - memory
			t.Logf("1,000 subscribers take %d KB", took>>10)
			if took > 8<<20 {
				t.Errorf("1,000 subscribers take %d KB", took>>10)
			}
			t.looks.Store(0)
			time.Sleep(2 * time.Second)
			if n := t.looks.Load(); n < 4 || n > 10 {
				t.Errorf("%d looks in 2 s", n)
			}
			began := time.Now()
			want := t.happens(tenant(7))
			for n, e := range ears {
				if n/10 == 7 {
					if event := <-e.events; event.ID != want {
						t.Errorf("subscriber %d hears %s", n, event.ID)
					}
				}
			}
			if took := time.Since(began); took > time.Second {
				t.Errorf("the last one heard of it after %v", took)
			}
			for n, e := range ears {
				if len(e.events) > 0 {
					t.Errorf("subscriber %d hears of another tenant", n)
				}
				e.stop()
				e.stop()
			}
			time.Sleep(poll)
			t.looks.Store(0)
			time.Sleep(3 * poll)
			if n := t.looks.Load(); n > 0 {
				t.Errorf("%d looks while nobody listens", n)
			}
			t.listen(f, tenant(7)).hears()
		})
	}
}

const poll = 250 * time.Millisecond

func allocated() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

var _ feed.Source = (*feed.Follower)(nil)
