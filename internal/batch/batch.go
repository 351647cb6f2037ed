// Package batch loads what hangs below the rows of a list for all of them at once.
//
// Rows that were loaded together are siblings: they stand at the same place in the answer and are asked for the same
// fields with the same arguments. The first of them to be asked for a field loads it for all; the others wait for that
// and take their share. The rows loaded so are siblings again, whoever their parents are, so that the number of
// statements depends on the depth of the query and never on the length of its lists.
package batch

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// Place is where a row stands among its siblings. Rows embed it; the zero Place is that of an only child.
type Place struct {
	group *group
	index int
}

// Row is a row that knows its place.
type Row interface{ BatchPlace() *Place }

// BatchPlace makes every type that embeds a Place a Row.
func (p *Place) BatchPlace() *Place { return p }

type group struct {
	rows any // []P, in which a row's index is its place
	mu   sync.Mutex
	done map[any]*loaded
}

type loaded struct {
	once sync.Once
	rows any // []C, aligned with the group
	err  error
}

// Siblings makes rows siblings. A row belongs to the group that it was put into last.
func Siblings[P Row](rows []P) []P {
	g := &group{rows: rows, done: make(map[any]*loaded)}
	for i, r := range rows {
		*r.BatchPlace() = Place{g, i}
	}
	return rows
}

// alone guards rows without siblings: they get their group from the first of their fields, and many may ask at once.
var alone sync.Mutex

func placeOf[P Row](row P) Place {
	alone.Lock()
	defer alone.Unlock()
	if row.BatchPlace().group == nil {
		Siblings([]P{row})
	}
	return *row.BatchPlace()
}

// Load returns parent's share of what fetch loads for parent and all its siblings. fetch runs once for every key: it is
// given the parents and answers a slice of the same length, in the same order.
func Load[P Row, C any](ctx context.Context, parent P, key any, fetch func(context.Context, []P) ([]C, error)) (C, error) {
	var none C
	place := placeOf(parent)
	g, parents := place.group, place.group.rows.([]P)
	g.mu.Lock()
	l := g.done[key]
	if l == nil {
		l = new(loaded)
		g.done[key] = l
	}
	g.mu.Unlock()
	l.once.Do(func() {
		l.err = errors.New("load siblings: interrupted") // stands only if fetch panics
		rows, err := fetch(ctx, parents)
		if err == nil && len(rows) != len(parents) {
			err = fmt.Errorf("load siblings: %d results for %d rows", len(rows), len(parents))
		}
		l.rows, l.err = rows, err
	})
	if l.err != nil {
		return none, l.err
	}
	return l.rows.([]C)[place.index], nil
}
