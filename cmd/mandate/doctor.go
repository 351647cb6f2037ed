package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"mandate/internal/clock"
	"mandate/internal/doctor"
)

// doctorCommand is the subcommand that examines the database.
type doctorCommand struct {
	databaseConfig `embed:""`
}

// Run prints a line for each check: ok, WARN or FAIL, what is wrong, and what to do. It changes nothing.
func (c *doctorCommand) Run(ctx context.Context, t terminal) (err error) {
	db, err := c.inspect(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	findings, err := doctor.Examine(ctx, db, clock.System)
	if err != nil {
		return fmt.Errorf("examine the database: %w", err)
	}
	failed := 0
	for _, f := range findings {
		switch f.Level {
		case doctor.OK:
			fmt.Fprintln(t.out, "ok   ", f.Check)
			continue
		case doctor.Warn:
			fmt.Fprint(t.out, "WARN  ")
		case doctor.Fail:
			failed++
			fmt.Fprint(t.out, "FAIL  ")
		}
		fmt.Fprintf(t.out, "%s: %s. %s\n", f.Check, strings.Join(f.Faults, "; "), f.Advice)
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d checks failed", failed, len(findings))
	}
	return nil
}
