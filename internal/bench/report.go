package main

import (
	"fmt"
	"strings"
	"time"

	"mandate/internal/bench/operation"
	"mandate/internal/bench/world"
)

// report is all that was measured.
type report struct {
	Machine   machine
	Sites     []siteReport
	Shapes    []shape
	Scales    []scale
	Footprint footprint
}

// siteReport is what was measured at a site.
type siteReport struct {
	Engine, Version string
	Size            world.Size
	Operations      []operationReport
	SignIns         []signIns
	Memory          int64 // bytes that the server had at most while the operations were measured
	WithSignIns     int64 // and then
}

// operationReport is what was measured of an operation.
type operationReport struct {
	operation.Operation
	Pairs []pair
}

// at returns the pair at a number of connections.
func (o operationReport) at(connections int) (pair, bool) {
	for _, p := range o.Pairs {
		if p.Connections == connections {
			return p, true
		}
	}
	return pair{}, false
}

func (s siteReport) title() string {
	return fmt.Sprintf("%s, %s customers, %s users, %s assignments", s.Engine, thousands(s.Size.Customers), thousands(s.Size.Users), thousands(s.Size.Assignments))
}

// where is a sentence about the machine and the versions.
func (r *report) where() string {
	parts := []string{fmt.Sprintf("%d cores of %s", r.Machine.Cores, r.Machine.Processor), r.Machine.System, strings.Replace(r.Machine.Go, "go", "Go ", 1)}
	seen := map[string]bool{}
	for _, s := range r.Sites {
		if !seen[s.Engine] {
			seen[s.Engine] = true
			parts = append(parts, s.Engine+" "+s.Version)
		}
	}
	return fmt.Sprintf("Measured on %s: %s.", r.Machine.Date.Format("2 January 2006"), strings.Join(parts, ", "))
}

const howToRead = "The floor is a net/http handler with SQL written by hand for one operation, which answers the same bytes under the same rules; " +
	"*of the floor* is the API's share of its speed. Servers, database and clients share the machine: CPU per answer tells more than answers per second."

// brief is what the README shows.
func (r *report) brief() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %d connections. %s\n\n", r.where(), judged, howToRead)
	for _, s := range r.Sites {
		if s.Engine != sqlite {
			fmt.Fprintf(&b, "%s:\n\n%s", s.title(), r.summary(s))
		}
	}
	b.WriteString(r.growth() + r.points())
	return strings.TrimSpace(b.String()) + "\n"
}

// summary is a site's table for the README. SQLite's share stands beside that of the server's database of the same size.
func (r *report) summary(s siteReport) string {
	beside, both := r.site(sqlite, s.Size)
	t := table{head: []string{"operation", "of the floor", "req/s", "p50 ms", "p99 ms", "CPU ms: server", "database", "allocations", "statements", "floor: req/s", "CPU ms"}}
	if both {
		t.head = append(t.head, "on SQLite: of the floor", "req/s")
	}
	for i, o := range s.Operations {
		p, ok := o.at(judged)
		if !ok {
			continue
		}
		a := p.Product
		row := []string{o.Title, ratio(o.Operation, p), digits(a.Rate), milliseconds(a.P50), milliseconds(a.P99), milliseconds(a.Server), milliseconds(a.Database),
			thousands(int(a.Allocations)), digits(a.Statements), digits(p.Floor.Rate), milliseconds(p.Floor.Server)}
		if both {
			q, _ := beside.Operations[i].at(judged)
			row = append(row, ratio(o.Operation, q), digits(q.Product.Rate))
		}
		t.add(row...)
	}
	return t.String()
}

func (r *report) site(engine string, size world.Size) (siteReport, bool) {
	for _, s := range r.Sites {
		if s.Engine == engine && s.Size == size {
			return s, true
		}
	}
	return siteReport{}, false
}

// ratio is the share of the floor's speed, in bold below its bound.
func ratio(o operation.Operation, p pair) string {
	return verdict(fmt.Sprintf("%.2f", p.Ratio()), p.Ratio() >= wanted(o))
}

// full is all of it.
func (r *report) full() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Results\n\nWritten by `make bench`. %s %s\n\n%s\n\n", r.where(), howToRead, legend)
	for _, s := range r.Sites {
		fmt.Fprintf(&b, "## %s\n\n", s.title())
		for _, connections := range connectionsOf(s) {
			fmt.Fprintf(&b, "API / floor, connections: %d\n\n%s", connections, s.table(connections))
		}
		b.WriteString(s.signIns())
	}
	if more := r.growth() + r.together() + r.points(); more != "" {
		b.WriteString("## Beyond single operations\n\n" + more)
	}
	return strings.TrimSpace(b.String()) + "\n"
}

const legend = "In bold: what misses its bound or, for writes, 0.7. **CPU**: processor time per answer, of the server and of the database; on SQLite, the database is part of the server. " +
	"**Allocations**: objects per answer. **Statements**: those that MariaDB executed per answer, BEGIN and COMMIT among them; a prepared one counts once, when it is executed. " +
	"**req/s** is the median of the rounds, in which API and floor take turns; p50 and p99 are over all of them."

func connectionsOf(s siteReport) (list []int) {
	if len(s.Operations) > 0 {
		for _, p := range s.Operations[0].Pairs {
			list = append(list, p.Connections)
		}
	}
	return list
}

// table is a site's table at a number of connections.
func (s siteReport) table(connections int) string {
	t := table{head: []string{"operation", "of the floor", "req/s", "p50 ms", "p99 ms", "CPU ms: server", "database", "allocations", "statements"}}
	for _, o := range s.Operations {
		p, ok := o.at(connections)
		if !ok {
			continue
		}
		both := func(of func(f figures) string) string { return of(p.Product) + " / " + of(p.Floor) }
		span := func(of func(f figures) time.Duration) string {
			return both(func(f figures) string { return milliseconds(of(f)) })
		}
		t.add(o.Title, verdict(fmt.Sprintf("%.2f", p.Ratio()), connections != judged || p.Ratio() >= wanted(o.Operation)),
			both(func(f figures) string { return digits(f.Rate) }),
			span(func(f figures) time.Duration { return f.P50 }), span(func(f figures) time.Duration { return f.P99 }),
			span(func(f figures) time.Duration { return f.Server }), both(func(f figures) string { return dash(f.Database > 0, milliseconds(f.Database)) }),
			both(func(f figures) string { return thousands(int(f.Allocations)) }), both(func(f figures) string { return dash(f.Statements > 0, digits(f.Statements)) }))
	}
	return t.String()
}
