package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"mandate/internal/bench/operation"
	"mandate/internal/bench/world"
)

// TestMain is the floor's server when it is told to be, as the program itself is.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == floorArgument {
		if err := serveFloor(context.Background()); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// TestAllOfItInMiniature measures the program that users run, on a world of 120 customers in a file.
func TestAllOfItInMiniature(t *testing.T) {
	t.Parallel()
	binary := filepath.Join(t.TempDir(), "mandate")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "mandate/cmd/mandate").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var progress bytes.Buffer
	b, err := newBench(binary, &progress)
	if err != nil {
		t.Fatal(err)
	}
	c := config{sizes: []world.Size{world.Tiny}, engines: []string{sqlite}, operations: operation.Operations, connections: []int{2}, effort: effort{round: 50 * time.Millisecond, rounds: 1}}
	r, err := b.measure(t.Context(), c)
	if closing := b.close(); closing != nil {
		t.Error(closing)
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, &progress)
	}
	for _, o := range r.Sites[0].Operations {
		p, f := o.Pairs[0].Product, o.Pairs[0].Floor
		if p.Rate <= 0 || p.P50 <= 0 || p.P99 < p.P50 || p.Allocations <= f.Allocations/10 || f.Rate <= 0 {
			t.Errorf("%s: %+v, the floor %+v", o.Title, p, f)
		}
	}
	if n := r.Sites[0].SignIns; len(n) != 2 || n[0].Product.Rate <= 0 || n[0].Compared <= 0 {
		t.Errorf("signing in: %+v", n)
	}
	if f := r.Footprint; f.Program < 1<<20 || f.Start <= 0 || f.Start > 30*time.Second {
		t.Errorf("footprint: %+v", f)
	}
	for _, s := range b.sites {
		for _, server := range []*server{s.product, s.floor} {
			if err := server.command.Process.Signal(os.Interrupt); err == nil {
				t.Errorf("%s still runs", server.command)
			}
		}
	}
	if _, err := os.Stat(b.dir); !os.IsNotExist(err) {
		t.Errorf("%s is still there: %v", b.dir, err)
	}
}

// stub is a server that answers the same after a delay, and counts three objects a request.
func stub(t *testing.T, delay time.Duration, answer string) *server {
	t.Helper()
	var requests atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/metrics" {
			fmt.Fprintf(w, "# HELP go_memstats_mallocs_total Objects.\ngo_memstats_mallocs_total %d\n", 1_000_000+3*requests.Load())
			return
		}
		time.Sleep(delay)
		requests.Add(1)
		fmt.Fprint(w, answer)
	}))
	t.Cleanup(s.Close)
	at := s.Listener.Addr().String()
	return &server{address: at, operations: at}
}

// stubSite is a site where the product answers after one delay, and the floor after another.
func stubSite(product, floor *server) *site {
	w := &world.World{Size: world.Tiny, Points: []string{"ten_1"}, Tokens: map[world.Part][]string{world.PartnerAdmin: {"one", "two"}, world.SmallPartner: {"three"}}}
	return &site{source: &source{engine: &engine{name: sqlite}, world: w}, product: product, floor: floor, asked: make(map[string]*atomic.Int64)}
}

const answered = `{"data":{"node":{"id":"ten_1"}}}`

func TestBoundsAreHeld(t *testing.T) {
	t.Parallel()
	e := effort{warm: 10 * time.Millisecond, round: 150 * time.Millisecond, rounds: 2}
	for name, c := range map[string]struct {
		product, floor time.Duration
		ok             bool
		printed        string
	}{
		"faster than the floor": {0, 20 * time.Millisecond, true, "ok   "},
		"far slower":            {100 * time.Millisecond, 5 * time.Millisecond, false, "FAIL 0."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := stubSite(stub(t, c.product, answered), stub(t, c.floor, answered))
			o := find("customer by id")
			first, err := s.contest(t.Context(), e, 2, o)
			if err != nil {
				t.Fatal(err)
			}
			if first.Product.Allocations != 3 || first.Floor.Allocations != 3 {
				t.Errorf("allocations: %v and %v, not 3 an answer", first.Product.Allocations, first.Floor.Allocations)
			}
			var out strings.Builder
			ok, err := (&bench{}).judge(t.Context(), e, s, operationReport{Operation: o}, first, &out)
			if err != nil || ok != c.ok {
				t.Errorf("kept: %v, %v", ok, err)
			}
			if !strings.HasPrefix(out.String(), c.printed) || !strings.Contains(out.String(), "bound 0.45: SQLite, customer by id") || strings.Contains(out.String(), "measured again") == c.ok {
				t.Errorf("printed %s", &out)
			}
		})
	}
}

func TestNoiseIsForgivenOnce(t *testing.T) {
	t.Parallel()
	s := stubSite(stub(t, 0, answered), stub(t, 5*time.Millisecond, answered))
	noisy := pair{2, figures{Rate: 10}, figures{Rate: 100}}
	var out strings.Builder
	ok, err := (&bench{}).judge(t.Context(), effort{round: 50 * time.Millisecond, rounds: 1}, s, operationReport{Operation: find("customer by id")}, noisy, &out)
	if err != nil || !ok || !strings.Contains(out.String(), "(measured again after 0.10)") {
		t.Errorf("kept: %v, %v, %s", ok, err, &out)
	}
}

func TestAnswersThatDifferAreShown(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ product, floor, want string }{
		"alike":            {answered, answered, ""},
		"another id":       {answered, strings.Replace(answered, "ten_1", "ten_2", 1), "differ at byte 27\nAPI:   " + answered},
		"one that is more": {answered, answered + "\n", "differ at byte 32"},
		"nothing":          {`{"data":{"node":null}}`, `{"data":{"node":null}}`, "nothing to tell"},
		"an error":         {answered, `{"errors":[{"message":"busy"}]}`, "the floor"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := stubSite(stub(t, 0, c.product), stub(t, 0, c.floor)).equal(t.Context(), find("customer by id"))
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestWritesDifferInWhatIsTheirOwn(t *testing.T) {
	t.Parallel()
	one := `{"id":"inv_01hfxbsvh0dvvggwqrs4yd8gav","email":"invited12@example.org","expiresAt":"2026-01-02T03:04:05.678901Z","version":7,"role":{"name":"Read only"}}`
	other := `{"id":"inv_01hfxbsvh0dvvggwqrs4yd8gaw","email":"invited7@example.org","expiresAt":"2026-02-02T03:04:05Z","version":12,"role":{"name":"Read only"}}`
	if got := blank([]byte(one)); !bytes.Equal(got, blank([]byte(other))) {
		t.Errorf("%s", got)
	}
	if admin := strings.Replace(other, "Read only", "Administrator", 1); bytes.Equal(blank([]byte(one)), blank([]byte(admin))) {
		t.Error("roles are not compared")
	}
}

func TestServerThatDoesNotServe(t *testing.T) {
	t.Parallel()
	b := &bench{dir: t.TempDir()}
	if _, err := b.serve("/bin/sh", "not-a-script"); err == nil || !strings.Contains(err.Error(), "ended:") || !strings.Contains(err.Error(), "not-a-script") {
		t.Errorf("got %v", err)
	}
}
