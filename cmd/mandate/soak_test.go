//go:build soak

package main

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"testing"
	"text/tabwriter"
	"time"

	"mandate/internal/doctor"
	"mandate/internal/testdb"
	"mandate/internal/testworld"
)

var soakFor = flag.Duration("soak", 10*time.Minute, "how long the soak lasts")

// The course of the soak. Each round ends with a jump of the clock, so that what is kept for days is let go of within minutes.
const (
	rounds  = 10
	jump    = 8 * 24 * time.Hour // of the clock, after every round: in four of them everything is over that is kept for a time
	steady  = 5                  // rounds after which nothing grows any more
	growth  = 1.3                // of what is measured in the rounds from there on, at most
	streams = 40                 // subscriptions that are open
)

// TestSoak lets two servers and two workers work under mixed load for a while, kills workers now and then, and sees that nothing
// grows: goroutines, descriptors, memory, and the tables that hold what passes.
func TestSoak(t *testing.T) {
	s := newSoak(t)
	ctx, stop := context.WithCancel(t.Context())
	var load sync.WaitGroup
	load.Go(func() { s.prepareCalls(ctx) })
	for range 4 {
		load.Go(func() { s.write(ctx) })
	}
	for range 2 {
		load.Go(func() { s.read(ctx) })
	}
	load.Go(func() { s.signIn(ctx) })
	load.Go(func() { s.invite(ctx) })
	for range streams {
		load.Go(func() { s.listen(ctx) })
	}
	load.Go(func() { s.killWorkers(ctx) })
	for round := range rounds {
		time.Sleep(*soakFor / rounds)
		s.sample(round + 1)
		s.advance(jump)
	}
	stop()
	load.Wait()
	s.drain()
	s.report()
	s.holds()
}

// soak is an installation under load.
type soak struct {
	*testing.T
	*testworld.World
	url       string
	clockFile string
	ahead     time.Duration // of the programs' clocks
	calls     chan testworld.Call
	servers   []*timed
	mails     *postOffice
	hooks     *receiver
	mu        sync.Mutex
	workers   []*timed
	tally     map[string]int // of answers, by what came
	killed    int
	samples   []sample
	partner   *testworld.Company
}

func newSoak(t *testing.T) *soak {
	url := testdb.New(t, testdb.MariaDB)
	w := testworld.New(t, url)
	w.Later(time.Since(w.Now())) // to the machine's clock, which the programs' clocks begin with
	s := &soak{T: t, World: w, url: url, calls: make(chan testworld.Call, 16), mails: openPostOffice(t), hooks: openReceiver(t), tally: make(map[string]int)}
	s.startClock()
	s.settle()
	for range 2 {
		for group, worker := range map[*[]*timed]bool{&s.servers: false, &s.workers: true} {
			p, err := s.begin(worker)
			if err != nil {
				t.Fatal(err)
			}
			*group = append(*group, p)
		}
	}
	return s
}

// killWorkers kills a worker as a power cut would, now and then, and lets another one take its place.
func (s *soak) killWorkers(ctx context.Context) {
	for i := 0; pause(ctx, time.Duration(3+rand.IntN(12))*time.Second); i++ { // the only one who changes them
		at := i % len(s.workers)
		s.workers[at].kill()
		p, err := s.begin(true)
		if err != nil {
			s.Error(err)
			return
		}
		s.mu.Lock()
		s.workers[at] = p
		s.killed++
		s.mu.Unlock()
	}
}

// drain waits until nothing is left to be sent.
func (s *soak) drain() {
	const waits = `SELECT (SELECT COUNT(*) FROM outbox_messages WHERE status='PENDING')+
(SELECT COUNT(*) FROM webhook_deliveries d JOIN webhooks h ON h.id=d.webhook_id WHERE d.status='PENDING' AND h.url LIKE 'http://127.0.0.1:%')`
	for end := time.Now().Add(3 * time.Minute); ; time.Sleep(time.Second) {
		n := s.number(waits)
		if n == 0 {
			return
		}
		if time.Now().After(end) {
			s.Errorf("%d mails and deliveries still wait", n)
			return
		}
	}
}

// report prints what was measured, a row a round.
func (s *soak) report() {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "round\t")
	for _, name := range s.samples[0].names() {
		fmt.Fprintf(w, "%s\t", name)
	}
	fmt.Fprintln(w)
	for _, m := range s.samples {
		fmt.Fprintf(w, "%d\t", m.round)
		for _, name := range m.names() {
			fmt.Fprintf(w, "%.0f\t", m.values[name])
		}
		fmt.Fprintln(w)
	}
	_ = w.Flush()
	for _, deliveries := range s.column(`SELECT CONCAT(d.status, ' ', COUNT(*), ', to here ', SUM(h.url LIKE 'http://127.0.0.1:%'), ', oldest ', MIN(d.next_attempt_at)) FROM webhook_deliveries d JOIN webhooks h ON h.id=d.webhook_id GROUP BY d.status`) {
		fmt.Println("deliveries:", deliveries)
	}
	for _, mails := range s.column(`SELECT CONCAT(status, ' ', kind, ' ', COUNT(*), ', oldest ', MIN(next_attempt_at), ', made ', MIN(created_at), ' to ', MAX(created_at), ', attempts ', MAX(attempts)) FROM outbox_messages GROUP BY status, kind ORDER BY status, kind`) {
		fmt.Println("mails:", mails)
	}
	fmt.Printf("answers: %v\nworkers killed: %d; mails: %d, twice: %d; webhook messages: %d, twice: %d\n", s.tally, s.killed,
		s.mails.messages(), s.mails.again(), s.hooks.messages(), s.hooks.again())
}

// ours are checks that find what the soak did to the database and the clocks by itself.
var ours = map[string]bool{"clocks": true, "relationships come from an invitation or with the customer": true, "writes have their audit event": true, "order of times": true, "references": true}

// holds sees that nothing grows, that nothing was lost, and that what the database promises is true.
func (s *soak) holds() {
	for _, name := range s.samples[0].names() {
		var least, most float64
		for i, m := range s.samples[steady-1:] {
			v := m.values[name]
			if i == 0 || v < least {
				least = v
			}
			most = max(most, v)
		}
		first, last := s.samples[steady-1].values[name], s.samples[rounds-1].values[name]
		if last > first*growth+slack[name] {
			s.Errorf("%s grew from %.0f to %.0f (%.0f to %.0f in between)", name, first, last, least, most)
		}
	}
	for what, n := range s.tally {
		if !expected[what] {
			s.Errorf("%d answers were %s", n, what)
		}
	}
	for _, why := range s.column(`SELECT CONCAT(kind, ', ', COALESCE(last_error, '')) FROM outbox_messages WHERE status='DEAD'`) {
		s.Errorf("a mail was given up: %s", why)
	}
	for _, id := range s.column(`SELECT id FROM outbox_messages WHERE status='SENT'`) {
		if !s.mails.has(id) {
			s.Errorf("mail %s is noted as sent, and never came", id)
		}
	}
	findings, err := doctor.Examine(s.Context(), s.DB, s.Now)
	if err != nil {
		s.Fatal(err)
	}
	for _, f := range findings {
		if f.Level == doctor.Fail && !ours[f.Check] {
			s.Errorf("%s: %v", f.Check, f.Faults)
		}
	}
}
