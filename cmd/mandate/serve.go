package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
)

// serve is the subcommand that serves the API.
type serve struct {
	databaseConfig `embed:""`
	serverConfig   `embed:""`
	mailConfig     `embed:""`
	Migrate        bool `help:"Bring the database's schema up to date first. On SQLite that is done always."`
}

// Run serves until it is told to stop.
func (c *serve) Run(ctx context.Context, t terminal) (err error) {
	log, err := c.logger(t, slog.LevelInfo)
	if err != nil {
		return err
	}
	slog.SetDefault(log)
	address, err := c.address()
	if err != nil {
		return err
	}
	if _, err := c.public(address); err != nil {
		return err
	}
	origins, err := c.origins()
	if err != nil {
		return err
	}
	sender, err := c.sender()
	if err != nil {
		return err
	}
	db, err := c.open(ctx, c.Migrate)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	l, err := net.Listen("tcp", address)
	if err != nil {
		return fmt.Errorf("MANDATE_LISTEN: %w", err)
	}
	public, err := c.public(l.Addr().String())
	if err != nil {
		return err
	}
	log.Info("serving", "version", version, "address", l.Addr().String(), "url", public.String(), "mail", sender != nil)
	return install(db, public, c.brand(), sender, log).serve(ctx, l, origins, nil)
}
