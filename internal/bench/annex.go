package main

import (
	"fmt"
	"strings"
)

// What is measured besides single operations. What was not measured is left out.

// growth is the table of what should not slow the API down.
func (r *report) growth() string {
	if len(r.Shapes) == 0 {
		return ""
	}
	t := table{head: []string{"the API against itself", fmt.Sprintf("longer, at 1 connection (bound %.1f)", mostSlower), fmt.Sprintf("fewer req/s, at %d", judged), "p50 ms", "req/s"}}
	times := func(f float64) string { return verdict(fmt.Sprintf("%.2f times", f), f <= mostSlower) }
	for _, s := range r.Shapes {
		t.add(s.Title, times(s.Latency()), times(s.Rate()), milliseconds(s.Plain[0].P50)+" → "+milliseconds(s.Hard[0].P50), digits(s.Plain[1].Rate)+" → "+digits(s.Hard[1].Rate))
	}
	return t.String()
}

// together is the table of several servers on one database.
func (r *report) together() string {
	if len(r.Scales) == 0 {
		return ""
	}
	t := table{head: []string{"servers on one database", "req/s", "p50 ms", "p99 ms", "cores busy: servers", "database", "clients"}}
	for _, s := range r.Scales {
		cores := func(perAnswer float64) string { return digits(s.Rate * perAnswer) }
		t.add(fmt.Sprint(s.Servers), digits(s.Rate), milliseconds(s.P50), milliseconds(s.P99), cores(s.Server.Seconds()), cores(s.Database.Seconds()), cores(s.Client.Seconds()))
	}
	return t.String()
}

// points is a list of what takes no table.
func (r *report) points() string {
	var b strings.Builder
	if len(r.Scales) > 0 {
		var each []string
		for _, s := range r.Scales {
			each = append(each, fmt.Sprintf("%d: %s req/s", s.Servers, digits(s.Rate)))
		}
		fmt.Fprintf(&b, "- Servers on one database, assigned customers, %d connections: %s. %s\n", scaleConnections, strings.Join(each, ", "), limit(r.Scales, r.Machine.Cores))
	}
	if text := r.memory(); text != "" {
		fmt.Fprintf(&b, "- Memory of the server, the most (bound %s): %s.\n", megabytes(mostMemory), text)
	}
	if f := r.Footprint; f.Program > 0 {
		fmt.Fprintf(&b, "- From the start on an empty SQLite database to the first answer: %s ms (bound %s).\n", verdict(milliseconds(f.Start), f.Start < mostStart), milliseconds(mostStart))
		fmt.Fprintf(&b, "- The program: %s (bound %s).\n", verdict(megabytes(f.Program), f.Program < mostProgram), megabytes(mostProgram))
	}
	if len(r.Sites) > 0 && len(r.Sites[0].SignIns) > 0 {
		most := r.Sites[0].SignIns[len(r.Sites[0].SignIns)-1]
		fmt.Fprintf(&b, "- Signing in, %d at once: %s a second. Comparing passwords alone, which takes long on purpose: %s.\n", most.Connections, digits(most.Product.Rate), digits(most.Compared))
	}
	return b.String()
}

// memory tells of each site, and of sign-ins there, each of which takes 19 MiB for a moment.
func (r *report) memory() string {
	var each []string
	for _, s := range r.Sites {
		if s.Memory == 0 {
			continue
		}
		text := fmt.Sprintf("%s, %s customers %s", s.Engine, thousands(s.Size.Customers), verdict(megabytes(s.Memory), s.Memory < mostMemory))
		if s.WithSignIns > 0 {
			text += ", with sign-ins " + megabytes(s.WithSignIns)
		}
		each = append(each, text)
	}
	return strings.Join(each, "; ")
}

// signIns is the table of signing in.
func (s siteReport) signIns() string {
	if len(s.SignIns) == 0 {
		return ""
	}
	t := table{head: []string{"sign-in: connections", "req/s", "p50 ms", "p99 ms", "passwords compared a second by themselves", "share"}}
	for _, n := range s.SignIns {
		t.add(fmt.Sprint(n.Connections), digits(n.Product.Rate), milliseconds(n.Product.P50), milliseconds(n.Product.P99), digits(n.Compared), fmt.Sprintf("%.2f", n.Ratio()))
	}
	return t.String()
}
