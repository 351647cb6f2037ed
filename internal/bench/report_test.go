package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mandate/internal/bench/world"
)

// measured is a report with figures that can be told apart.
func measured() *report {
	f := func(rate, ms float64) figures {
		at := time.Duration(ms * float64(time.Millisecond))
		return figures{Rate: rate, P50: at, P99: 3 * at, Server: at / 8, Database: at / 16, Client: at / 100, Allocations: 1000 * ms, Statements: 4}
	}
	operations := func(scale float64) []operationReport {
		return []operationReport{
			{find("assigned customers, administrator"), []pair{{1, f(100*scale, 10), f(200*scale, 5)}, {16, f(300*scale, 50), f(1000*scale, 15)}}},
			{find("invite a customer"), []pair{{1, f(50*scale, 20), f(60*scale, 16)}, {16, f(80*scale, 200), f(100*scale, 160)}}},
		}
	}
	lite := operations(2)
	for i := range lite {
		for j := range lite[i].Pairs {
			p := &lite[i].Pairs[j]
			p.Product.Database, p.Product.Statements, p.Floor.Database, p.Floor.Statements = 0, 0, 0, 0
		}
	}
	signIns := []signIns{{1, f(30, 33), 40}, {4, f(60, 66), 62}}
	return &report{
		Machine: machine{time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), 2, "Abacus", "Debian GNU/Linux 12", "go1.26.4"},
		Sites: []siteReport{
			{maria, "10.11.14", world.Small, operations(1), signIns, 90_000_000, 140_000_000},
			{maria, "10.11.14", world.Large, operations(.9), signIns, 160_000_000, 170_000_000},
			{sqlite, "3.50.1", world.Small, lite, signIns, 80_000_000, 0},
		},
		Shapes:    []shape{{"a page, near and far", []figures{f(100, 10), f(400, 40)}, []figures{f(90, 11), f(300, 45)}}},
		Scales:    []scale{{1, f(300, 40)}, {2, f(310, 41)}, {4, f(320, 42)}},
		Footprint: footprint{44_000_000, 90 * time.Millisecond},
	}
}

func TestReport(t *testing.T) {
	t.Parallel()
	r := measured()
	for name, got := range map[string]string{"brief.md": r.brief(), "full.md": r.full()} {
		want, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Error(err)
		}
		if got != string(want) {
			t.Errorf("testdata/%s has something else than\n%s", name, got)
		}
	}
}

func TestReportOfOneOperation(t *testing.T) {
	t.Parallel()
	r := measured()
	r.Sites = []siteReport{{maria, "10.11.14", world.Small, r.Sites[0].Operations[:1], nil, 0, 0}}
	r.Sites[0].Operations[0].Pairs = r.Sites[0].Operations[0].Pairs[:1]
	r.Shapes, r.Scales, r.Footprint = nil, nil, footprint{}
	text := r.full()
	for _, other := range []string{"sign-in", "16", "servers", "Memory", "The program", "Beyond"} {
		if strings.Contains(text, other) {
			t.Errorf("%q was not measured:\n%s", other, text)
		}
	}
}

func TestLimitOfSeveralServers(t *testing.T) {
	t.Parallel()
	at := func(n int, rate float64) scale {
		return scale{n, figures{Rate: rate, Server: time.Millisecond, Database: 500 * time.Microsecond, Client: 100 * time.Microsecond}}
	}
	db := figures{Rate: 1000, Database: 1500 * time.Microsecond}
	for want, c := range map[string]struct {
		list  []scale
		cores int
	}{
		"The limit is the machine: servers, database and clients share its 2 cores, and keep 1.9 busy.": {[]scale{at(1, 1100), at(4, 1200)}, 2},
		"4 servers answer 3.5 times what one does.":                                                     {[]scale{at(1, 1000), at(4, 3500)}, 64},
		"They wait: only 1.9 of 64 cores are busy with it.":                                             {[]scale{at(1, 1000), at(4, 1200)}, 64},
		"The limit is the database, which keeps 1.5 of 2 cores busy.":                                   {[]scale{{1, db}, {4, db}}, 2},
	} {
		if got := limit(c.list, c.cores); got != want+fmt.Sprintf(" A core of the database carries %.0f of these pages a second, however many servers ask.", 1/c.list[0].Database.Seconds()) {
			t.Errorf("got %s", got)
		}
	}
}

func TestTablesGoBetweenTheMarks(t *testing.T) {
	t.Parallel()
	got, err := between("before\n"+begin+"old\n"+end+"after\n", "new\n")
	if want := "before\n" + begin + "\nnew\n\n" + end + "after\n"; err != nil || got != want {
		t.Errorf("got %s, %v", got, err)
	}
	if _, err := between("before\n"+begin+"old\n", "new\n"); err == nil {
		t.Error("the end is missing")
	}
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := between(string(readme), "new\n"); err != nil {
		t.Errorf("README.md: %v", err)
	}
}

func TestPublishedTables(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	if err := os.MkdirAll(filepath.Join(root, "internal", "bench"), 0o700); err != nil {
		t.Fatal(err)
	}
	readme := filepath.Join(root, "README.md")
	if err := os.WriteFile(readme, []byte("before\n"+begin+end+"after\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := measured()
	if err := publish(root, r); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{readme: "before\n" + begin + "\n" + r.brief() + "\n" + end + "after\n", filepath.Join(root, "internal", "bench", "RESULTS.md"): r.full()} {
		if got, err := os.ReadFile(path); err != nil || string(got) != want {
			t.Errorf("%s: %s, %v", path, got, err)
		}
	}
}

func TestNumbersAreShort(t *testing.T) {
	t.Parallel()
	for want, got := range map[string]string{"0.12": digits(.123), "9.99": digits(9.99), "12.3": digits(12.34), "1235": digits(1234.6), "1,234,567": thousands(1_234_567), "999": thousands(999), "1,000": thousands(1000), "1.50": milliseconds(1500 * time.Microsecond), "44.1 MB": megabytes(44_123_456)} {
		if got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
