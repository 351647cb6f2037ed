package main

import (
	"context"
	"errors"
	"log/slog"
	"net"

	"mandate/internal/clock"
	"mandate/internal/server"
)

// worker is the subcommand that does the background work of an installation whose servers do not (MANDATE_WORKER=off), or
// beside them: any number may run.
type worker struct {
	databaseConfig `embed:""`
	siteConfig     `embed:""`
	mailConfig     `embed:""`
	webhookConfig  `embed:""`
}

// Run works until it is told to stop.
func (c *worker) Run(ctx context.Context, t terminal) (err error) {
	log, err := c.logger(t, slog.LevelInfo)
	if err != nil {
		return err
	}
	slog.SetDefault(log)
	if c.PublicURL == "" {
		return bad("MANDATE_PUBLIC_URL", "is needed by a worker, as the servers have it: mails are made of it")
	}
	public, err := c.public("")
	if err != nil {
		return err
	}
	brand, err := c.brand()
	if err != nil {
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
	db, err := c.open(ctx, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	operations, err := c.listenOperations()
	if err != nil {
		return err
	}
	log.Info("working", "version", version, "url", public.String(), "mail", sender != nil)
	if sender == nil {
		log.Warn("there is no mail server: mails stay in the outbox", "variable", "MANDATE_SMTP_URL")
	}
	install(db, public, brand, sender, allowed, clock.System, log).workAlone(ctx, operations)
	return nil
}

// workAlone does the background work until ctx is done, and lets operators look; at nil they do not.
func (i *installation) workAlone(ctx context.Context, operations net.Listener) {
	looking, finish := context.WithCancel(context.WithoutCancel(ctx)) // until the last work is done
	done := make(chan struct{})
	go func() {
		defer close(done)
		if operations == nil {
			return
		}
		i.log.Info("operations", "address", operations.Addr().String())
		ready := &readiness{db: i.db, clock: i.clock}
		s := &server.Server{Config: server.Config{Ready: ready.check, Log: i.log}}
		if err := s.ServeOperations(looking, operations, i.counted().Handler()); err != nil {
			i.log.Error("operations", "error", err)
		}
	}()
	i.work(ctx)
	finish()
	<-done
	i.log.Info("stopped")
}
