// Package doctor examines a database by plain SQL, and not through the product's own code: how it is set up, whether its
// schema is that of this program, and whether what the product promises holds in the rows.
package doctor

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"entgo.io/ent/dialect"

	"mandate/internal/clock"
	"mandate/internal/database"
)

// Level is how bad a finding is.
type Level int

// The levels of findings.
const (
	OK   Level = iota
	Warn       // works, and should be looked at
	Fail       // promises are broken, or will be
)

// Finding is what came of one check.
type Finding struct {
	Check  string
	Level  Level
	Faults []string // what is wrong; none when it is OK
	Advice string   // what to do about it
}

// mostFaults is how many faults of a kind are told; a hundred more would tell no more.
const mostFaults = 5

// check is one thing that is looked at. Its faults are of the given level.
type check struct {
	name   string
	level  Level
	advice string
	look   func(context.Context, *examination) (faults []string, err error)
}

// examination is what checks work with.
type examination struct {
	db       *database.DB
	rows     *sql.DB // without limits of time, for statements over whole tables
	clock    clock.Clock
	settings map[string]string // of the server, by variable; of MySQL's kind only
}

// Examine looks at everything and changes nothing. It fails only when it cannot begin: what goes wrong later is a finding.
func Examine(ctx context.Context, db *database.DB, c clock.Clock) (list []Finding, err error) {
	rows, err := db.Patient()
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	defer rows.Close()
	x := &examination{db: db, rows: rows, clock: c}
	checks, err := x.checks(ctx)
	if err != nil {
		return nil, err
	}
	for _, c := range checks {
		list = append(list, x.carryOut(ctx, c))
		if c.name == schemaCheck && list[len(list)-1].Level == Fail {
			break // the tables are not those that the statements below know
		}
	}
	return list, nil
}

func (x *examination) checks(ctx context.Context) ([]check, error) {
	var list []check
	if x.sqlite() {
		list = sqliteChecks()
	} else {
		var err error
		if x.settings, err = readSettings(ctx, x.db.Write); err != nil {
			return nil, err
		}
		list = serverChecks()
	}
	list = append(list, clockCheck, revisionCheck)
	if !x.sqlite() {
		list = append(list, columnsCheck, trailCheck)
	}
	return append(append(list, referenceChecks...), invariants...), nil
}

func (x *examination) sqlite() bool { return x.db.Dialect == dialect.SQLite }

func (x *examination) carryOut(ctx context.Context, c check) Finding {
	f := Finding{Check: c.name, Advice: c.advice}
	faults, err := c.look(ctx, x)
	if err != nil {
		return Finding{Check: c.name, Level: Fail, Faults: []string{database.Wording(err)}, Advice: "Find out why it could not be looked at."}
	}
	if len(faults) > 0 {
		f.Level, f.Faults = c.level, shorten(faults)
	}
	return f
}

// shorten keeps the first faults, and says how many more there are.
func shorten(faults []string) []string {
	if len(faults) <= mostFaults {
		return faults
	}
	return append(faults[:mostFaults:mostFaults], fmt.Sprintf("%d more", len(faults)-mostFaults))
}

// mostRows is how many offending rows a statement looks for.
const mostRows = 1000

// offenders is a check by one statement that yields the ids of the rows which break a rule.
func offenders(name, advice, query string) check {
	return check{name, Fail, advice, func(ctx context.Context, x *examination) ([]string, error) {
		return x.texts(ctx, query)
	}}
}

// texts returns the first values of a statement that yields one column of text.
func (x *examination) texts(ctx context.Context, query string, args ...any) (list []string, err error) {
	rows, err := x.rows.QueryContext(ctx, fmt.Sprintf("SELECT * FROM (%s) found LIMIT %d", query, mostRows), args...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", strings.Join(strings.Fields(query), " "), err)
	}
	defer rows.Close()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		list = append(list, text)
	}
	return list, rows.Err()
}
