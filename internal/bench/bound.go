package main

import (
	"time"

	"mandate/internal/bench/operation"
)

// What is promised.
const (
	leastRead   = 0.45 // of the floor's speed, at judged connections
	leastWrite  = 0.65 // on MariaDB: what is wanted, but for as much as one measurement differs from the next
	leastAlone  = 0.4  // of a write on SQLite, where one writes at a time and the floor needs no lock
	wantedWrite = 0.7  // which tables hold writes against
	judged      = 16
	mostSlower  = 1.3 // as the data grows, and on a page far behind
	mostMemory  = 150_000_000
	mostStart   = 100 * time.Millisecond
	mostProgram = 45_000_000
)

// wanted is the share of the floor's speed that an operation should have.
func wanted(o operation.Operation) float64 {
	if o.Mutation {
		return wantedWrite
	}
	return leastRead
}

// least is the share of the floor's speed that an operation has to have on an engine.
func least(engine string, o operation.Operation) float64 {
	switch {
	case !o.Mutation:
		return leastRead
	case engine == maria:
		return leastWrite
	}
	return leastAlone
}
