package main

import (
	"context"
	"errors"
	"fmt"
)

// migrate is the subcommand about the database's schema.
type migrate struct {
	Up     migrateUp     `cmd:"" help:"Apply the migrations that are missing."`
	Status migrateStatus `cmd:"" help:"List the migrations. Exit status 1 when some are missing."`
}

type migrateUp struct {
	databaseConfig `embed:""`
}

// Run applies the migrations that are missing.
func (c *migrateUp) Run(ctx context.Context, t terminal) (err error) {
	db, err := c.connect(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	pending, err := db.Pending(ctx)
	if err != nil {
		return err
	}
	if err := db.Migrate(ctx); err != nil {
		return err
	}
	for _, name := range pending {
		fmt.Fprintln(t.out, "applied", name)
	}
	fmt.Fprintln(t.out, "The schema is up to date.")
	return nil
}

type migrateStatus struct {
	databaseConfig `embed:""`
}

// Run lists the migrations.
func (c *migrateStatus) Run(ctx context.Context, t terminal) (err error) {
	db, err := c.inspect(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	status, err := db.Status(ctx)
	if err != nil {
		return err
	}
	if len(status.Applied) == 0 {
		return errors.New("the database is empty: run mandate migrate up")
	}
	for _, name := range status.Applied {
		fmt.Fprintln(t.out, "applied", name)
	}
	for _, name := range status.Pending {
		fmt.Fprintln(t.out, "missing", name)
	}
	if n := len(status.Pending); n > 0 {
		return fmt.Errorf("%d migrations are missing: apply them with mandate migrate up", n)
	}
	return nil
}
