package mandate

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"entgo.io/ent/dialect/sql"

	"mandate/ent/rule"
	"mandate/internal/database"
	"mandate/internal/viewer"
)

// Sweep records what the clock has ended, announces what ends soon and what ended, moves ends that move by themselves, and
// deletes what is kept no longer. Access never depends on it: what is past its end is refused, recorded or not.
//
// Any number of programs may sweep at once, and each may be killed at any moment: everything is done in small transactions, each
// of which finds under its locks what is still to be done. What fails is told in the error, holds nothing else up, and is tried
// again by the next sweep.
func (s *Service) Sweep(ctx context.Context) error {
	w := &sweep{s: s, ctx: rule.Unscoped(viewer.System(WithAttempt(ctx, nil), "sweeper"))}
	for _, do := range []func(){w.relationships, w.assignments, w.invitations, w.requests, w.retention} {
		if w.over() {
			break
		}
		do()
	}
	if w.more > 0 {
		w.faults = append(w.faults, fmt.Errorf("%d more failures", w.more))
	}
	return errors.Join(w.faults...)
}

// mostFaults is how many failures one sweep tells of.
const mostFaults = 10

// sweep is one sweep.
type sweep struct {
	s      *Service
	ctx    context.Context
	faults []error
	more   int  // failures that are not told of
	away   bool // whether the database is
}

// over reports whether there is no use in going on.
func (w *sweep) over() bool { return w.away || w.ctx.Err() != nil }

// tx runs f in a transaction. A panic is a failure like others: it would end the program, and the next one at the same row.
func (w *sweep) tx(f func(context.Context, *tx) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return w.s.tx(w.ctx, f)
}

// try runs f in a transaction, and reports whether it was committed. What failed is called so.
func (w *sweep) try(what string, f func(context.Context, *tx) error) bool {
	return w.succeeded(what, w.tx(f))
}

// succeeded keeps an error, and reports whether there was none.
func (w *sweep) succeeded(what string, err error) bool {
	if err == nil {
		return true
	}
	w.away = w.away || database.IsAway(err)
	if len(w.faults) == mostFaults {
		w.more++
	} else {
		w.faults = append(w.faults, fmt.Errorf("%s: %w", what, err))
	}
	return false
}

// inParts runs f in a transaction for some rows. When that fails it does so for either half of them: a row that cannot be dealt
// with does not keep the others from it.
func (w *sweep) inParts(what string, ids []string, f func(context.Context, *tx, []string) error) {
	err := w.tx(func(ctx context.Context, t *tx) error { return f(ctx, t, ids) })
	if err == nil || len(ids) == 1 || database.IsAway(err) || w.ctx.Err() != nil {
		w.succeeded(what+" "+ids[0], err)
		return
	}
	w.inParts(what, ids[:len(ids)/2], f)
	if !w.over() {
		w.inParts(what, ids[len(ids)/2:], f)
	}
}

// position is where a sweep is in rows that are due, in the order of a moment and their ids: it does not come back to those
// that failed.
type position struct {
	at time.Time
	id string
}

// due matches rows of which the moment in a column has come, after a position, so many as one statement takes.
func (p position) due(column string, now time.Time) func(*sql.Selector) {
	return func(s *sql.Selector) {
		at, id := s.C(column), s.C("id")
		s.Where(sql.And(sql.LTE(at, now), sql.Or(sql.GT(at, p.at), sql.And(sql.EQ(at, p.at), sql.GT(id, p.id))))).
			OrderBy(at, id).Limit(mostInStatement)
	}
}

// group is rows that have something in common.
type group[T any] struct {
	key  string
	rows []T
}

func (g group[T]) ids(id func(T) string) []string {
	list := make([]string, len(g.rows))
	for i, row := range g.rows {
		list[i] = id(row)
	}
	return list
}

// grouped puts rows together that have the same key, in the order in which the keys come first.
func grouped[T any](rows []T, key func(T) string) (list []*group[T]) {
	byKey := make(map[string]*group[T])
	for _, row := range rows {
		k := key(row)
		if byKey[k] == nil {
			byKey[k] = &group[T]{key: k}
			list = append(list, byKey[k])
		}
		byKey[k].rows = append(byKey[k].rows, row)
	}
	return list
}
