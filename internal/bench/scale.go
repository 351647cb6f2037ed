package main

import (
	"context"
	"fmt"
)

// scale is what several servers over one database gave together.
type scale struct {
	Servers int
	figures
}

// Busy is how many processors all were busy with it: servers, database and the clients.
func (s scale) Busy() float64 {
	return s.Rate * (s.Server + s.Database + s.Client).Seconds()
}

const scaleConnections = 64

// scales measures reading at one, two and four servers over one database.
func (b *bench) scales(ctx context.Context, e effort, s *site) (list []scale, err error) {
	servers := []*server{s.product}
	defer func() {
		for _, more := range servers[1:] {
			more.stop()
		}
	}()
	next := s.requests(find("assigned customers, administrator"))
	numbers := []int{1, 2, 4}
	var subjects []subject
	for _, n := range numbers {
		for len(servers) < n {
			more, err := b.product(s.url)
			if err != nil {
				return nil, err
			}
			servers = append(servers, more)
		}
		subjects = append(subjects, subject{servers[:n:n], s.source, next})
	}
	f, err := contest(ctx, e, scaleConnections, subjects...)
	if err != nil {
		return nil, fmt.Errorf("several servers: %w", err)
	}
	for i, n := range numbers {
		list = append(list, scale{n, f[i]})
	}
	return list, nil
}

// limit says what keeps several servers on a machine from answering more.
func limit(list []scale, cores int) string {
	one, most := list[0], list[len(list)-1]
	carries := fmt.Sprintf("A core of the database carries %.0f of these pages a second, however many servers ask.", 1/most.Database.Seconds())
	base := most.Rate * most.Database.Seconds()
	switch {
	case most.Busy() > 0.9*float64(cores):
		return fmt.Sprintf("The limit is the machine: servers, database and clients share its %d cores, and keep %.1f busy. ", cores, most.Busy()) + carries
	case most.Rate > 1.5*one.Rate:
		return fmt.Sprintf("%d servers answer %.1f times what one does. ", most.Servers, most.Rate/one.Rate) + carries
	case base > 0.7*float64(cores):
		return fmt.Sprintf("The limit is the database, which keeps %.1f of %d cores busy. ", base, cores) + carries
	default:
		return fmt.Sprintf("They wait: only %.1f of %d cores are busy with it. ", most.Busy(), cores) + carries
	}
}
