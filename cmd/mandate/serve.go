package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"

	"mandate/internal/clock"
)

// serve is the subcommand that serves the API.
type serve struct {
	databaseConfig `embed:""`
	serverConfig   `embed:""`
	mailConfig     `embed:""`
	webhookConfig  `embed:""`
	apiConfig      `embed:""`
	tracesConfig   `embed:""`
	workerConfig   `embed:""`
	Migrate        bool `help:"Bring the database's schema up to date first. On SQLite that is done always."`
}

// Run serves until it is told to stop.
func (c *serve) Run(ctx context.Context, t terminal) (err error) {
	log, err := c.logger(t, slog.LevelInfo)
	if err != nil {
		return err
	}
	slog.SetDefault(log)
	e, err := c.exposure(c.apiConfig)
	if err != nil {
		return err
	}
	if e.idle, err = c.idle(); err != nil {
		return err
	}
	sender, err := c.sender()
	if err != nil {
		return err
	}
	allowed, err := c.allowed()
	if err != nil {
		return err
	}
	tracer, stop, err := c.tracer(ctx, log)
	if err != nil {
		return err
	}
	defer stop()
	db, err := c.open(ctx, c.Migrate)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := c.listen(&e); err != nil {
		return err
	}
	at := e.listener.Addr().String()
	public, err := c.public(at)
	if err != nil {
		return err
	}
	log.Info("serving", "version", version, "address", at, "url", public.String(), "mail", sender != nil && !e.idle)
	if sender == nil && !e.idle {
		log.Warn("there is no mail server: mails stay in the outbox", "variable", "MANDATE_SMTP_URL")
	}
	if e.operations != nil {
		log.Info("operations", "address", e.operations.Addr().String())
	}
	i := install(db, public, e.brand, sender, allowed, clock.System, log)
	i.tracer = tracer
	return i.serve(ctx, e)
}

// exposure is how the server will be reached, without its listeners: so what cannot be used is found before anything is done.
func (c serverConfig) exposure(api apiConfig) (e exposure, err error) {
	address, err := c.address()
	if err != nil {
		return exposure{}, err
	}
	if _, err := c.public(address); err != nil {
		return exposure{}, err
	}
	if e.brand, err = c.brand(); err != nil {
		return exposure{}, err
	}
	if e.origins, err = c.origins(); err != nil {
		return exposure{}, err
	}
	if e.proxies, err = c.proxies(); err != nil {
		return exposure{}, err
	}
	e.limits, err = api.limits()
	return e, err
}

// listen takes the addresses.
func (c *serve) listen(e *exposure) error {
	address, err := c.address()
	if err != nil {
		return err
	}
	if e.listener, err = net.Listen("tcp", address); err != nil {
		return fmt.Errorf("MANDATE_LISTEN: %w", err)
	}
	e.operations, err = c.listenOperations()
	return err
}

// listenOperations takes the address where operators look; nil for none.
func (c siteConfig) listenOperations() (net.Listener, error) {
	address, err := c.operations()
	if err != nil || address == "" {
		return nil, err
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("MANDATE_OPS_LISTEN: %w", err)
	}
	return l, nil
}
