package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"time"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"

	"mandate/ent"
	_ "mandate/ent/runtime" // policies, hooks and defaults: without it there are silently none
	"mandate/graph"
	"mandate/internal/auth"
	"mandate/internal/clock"
	"mandate/internal/database"
	"mandate/internal/mail"
	"mandate/internal/mandate"
	"mandate/internal/outbox"
	"mandate/internal/server"
)

// open opens the database, and sees to it that its schema is that of this program. On SQLite it migrates; elsewhere
// only when told to, as other replicas may be at work.
func (c databaseConfig) open(ctx context.Context, migrate bool) (*database.DB, error) {
	db, err := c.connect(ctx)
	if err != nil {
		return nil, err
	}
	if migrate || db.Dialect == dialect.SQLite {
		err = db.Migrate(ctx)
	} else {
		var pending []string
		pending, err = db.Pending(ctx)
		if len(pending) > 0 {
			err = fmt.Errorf("the database's schema is outdated (%d migrations are missing): bring it up to date with mandate migrate up, or with mandate serve --migrate", len(pending))
		}
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// connect opens the database as it is. A URL that cannot be used is a bad value; a database that is away is not.
func (c databaseConfig) connect(ctx context.Context) (*database.DB, error) {
	raw, err := c.database()
	if err != nil {
		return nil, err
	}
	db, err := database.Open(ctx, raw)
	var away net.Error
	switch {
	case errors.As(err, &away):
		return nil, fmt.Errorf("MANDATE_DATABASE_URL: %w", err)
	case err != nil:
		return nil, bad("MANDATE_DATABASE_URL", "%w", err)
	}
	return db, nil
}

// installation is the product over one database.
type installation struct {
	db          *database.DB
	read, write *ent.Client
	public      *url.URL
	brand       string
	service     *mandate.Service
	worker      *outbox.Worker // nil without a mail server
	log         *slog.Logger
}

// install puts the product together.
func install(db *database.DB, public *url.URL, brand string, sender *mail.SMTP, log *slog.Logger) *installation {
	i := &installation{db: db, public: public, brand: brand, log: log,
		read:  ent.NewClient(ent.Driver(entsql.OpenDB(db.Dialect, db.Read))),
		write: ent.NewClient(ent.Driver(entsql.OpenDB(db.Dialect, db.Write))),
	}
	wake := func() {}
	if sender != nil {
		i.worker = outbox.New(outbox.Config{Client: i.write, Sender: sender, PublicURL: public, Clock: clock.System, Log: log})
		wake = i.worker.Wake
	}
	i.service = mandate.New(mandate.Config{
		Client: i.write, Dialect: db.Dialect, Clock: clock.System, PublicURL: public,
		Brand: mail.Brand{Name: brand}, Passwords: auth.NewPasswords(), Wake: wake,
	})
	return i
}

// serve answers requests and sends mails until ctx is done.
func (i *installation) serve(ctx context.Context, l net.Listener, origins []string, mailbox func(context.Context) ([]server.Letter, error)) error {
	s, err := server.New(server.Config{
		API: graph.New(graph.Config{Client: i.read, Dialect: i.db.Dialect, Service: i.service, Clock: clock.System}),
		SDL: graph.SDL(), Sessions: &auth.Sessions{Read: i.db.Read, Write: i.db.Write, Clock: clock.System},
		PublicURL: i.public, Name: i.brand, Origins: origins, Ready: i.ready, Mailbox: mailbox, Log: i.log,
	})
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	idle := make(chan struct{})
	go func() {
		defer close(idle)
		if i.worker != nil {
			i.worker.Run(ctx)
		}
	}()
	err = s.Serve(ctx, l)
	stop()
	<-idle
	return err
}

// mostDrift is how far apart the clocks of the program and of the database may be: access ends by the program's.
const mostDrift = 2 * time.Second

// ready says why the program cannot work, or nil.
func (i *installation) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	if i.db.Dialect == dialect.SQLite { // on this machine, by its clock
		if err := i.db.Read.PingContext(ctx); err != nil {
			return fmt.Errorf("ask the database: %w", err)
		}
		return nil
	}
	var theirs time.Time
	before := clock.System()
	if err := i.db.Read.QueryRowContext(ctx, "SELECT UTC_TIMESTAMP(6)").Scan(&theirs); err != nil {
		return fmt.Errorf("ask the database: %w", err)
	}
	if theirs.Before(before.Add(-mostDrift)) || theirs.After(clock.System().Add(mostDrift)) {
		return fmt.Errorf("the database's clock is %v off ours", theirs.Sub(before).Round(time.Millisecond))
	}
	return nil
}
