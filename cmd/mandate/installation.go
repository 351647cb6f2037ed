package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"sync"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"go.opentelemetry.io/otel/trace"

	"mandate/ent"
	_ "mandate/ent/runtime" // policies, hooks and defaults: without it there are silently none
	"mandate/graph"
	"mandate/internal/auth"
	"mandate/internal/clock"
	"mandate/internal/database"
	"mandate/internal/egress"
	"mandate/internal/feed"
	"mandate/internal/mail"
	"mandate/internal/mandate"
	"mandate/internal/metrics"
	"mandate/internal/outbox"
	"mandate/internal/server"
	"mandate/internal/webhook"
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
	return c.connectBy(ctx, database.Open)
}

// inspect opens the database to look only: it makes no file. It fails as connect does.
func (c databaseConfig) inspect(ctx context.Context) (*database.DB, error) {
	return c.connectBy(ctx, database.Inspect)
}

func (c databaseConfig) connectBy(ctx context.Context, open func(context.Context, string) (*database.DB, error)) (*database.DB, error) {
	raw, err := c.database()
	if err != nil {
		return nil, err
	}
	db, err := open(ctx, raw)
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
	brand       mail.Brand
	service     *mandate.Service
	clock       clock.Clock
	sweeper     *mandate.Sweeper
	background  []runner
	connections *graph.Connections
	log         *slog.Logger
	tracer      trace.Tracer // nil for none
}

// runner is work in the background. It goes on until its context is done, and then finishes what is in hand.
type runner interface{ Run(ctx context.Context) }

// install puts the product together. Without a sender mails stay in the outbox; webhooks reach public addresses, and the networks
// that are allowed.
func install(db *database.DB, public *url.URL, brand mail.Brand, sender *mail.SMTP, allowed egress.Allowed, now clock.Clock, log *slog.Logger) *installation {
	i := &installation{db: db, public: public, brand: brand, clock: now, connections: graph.NewConnections(), log: log,
		read:  ent.NewClient(ent.Driver(entsql.OpenDB(db.Dialect, db.Read))),
		write: ent.NewClient(ent.Driver(entsql.OpenDB(db.Dialect, db.Write))),
	}
	wake := func() {}
	if sender != nil {
		mails := outbox.New(outbox.Config{Client: i.write, Sender: sender, PublicURL: public, Clock: now, Log: log,
			Delivery: func(ctx context.Context, tx *ent.Tx, invitationID string, delivered bool) error {
				return i.service.NoteDelivery(ctx, tx, invitationID, delivered)
			}})
		wake = mails.Wake
		i.background = append(i.background, mails)
	}
	i.service = mandate.New(mandate.Config{
		Client: i.write, Dialect: db.Dialect, Clock: now, PublicURL: public,
		Brand: brand, Passwords: auth.NewPasswords(), Wake: wake, Receivers: allowed,
	})
	i.sweeper = &mandate.Sweeper{Service: i.service, Log: log, Pause: mandate.SweepPause}
	hooks := webhook.New(webhook.Config{Client: i.write, Read: db.Read, Allowed: allowed, Clock: now, Log: log, Disable: i.service.DisableWebhook})
	i.background = append(i.background, i.sweeper, hooks)
	return i
}

// work does the background work until ctx is done.
func (i *installation) work(ctx context.Context) {
	var all sync.WaitGroup
	for _, r := range i.background {
		all.Go(func() { r.Run(ctx) })
	}
	all.Wait()
}

// counted is what the program counts of itself.
func (i *installation) counted() *metrics.Metrics {
	return metrics.New(metrics.Config{Version: version, Read: i.db.Read, Write: i.db.Write, Retried: i.service.Retried, Outbox: i.outbox,
		Swept: i.sweeper.Done, Connections: i.connections.Open, Log: i.log})
}

// exposure is how an installation is reached.
type exposure struct {
	brand      mail.Brand
	listener   net.Listener
	operations net.Listener // for operators; nil for none
	idle       bool         // leaves the background work to others
	origins    []string
	proxies    []netip.Prefix // that are trusted
	limits     apiLimits
	mailbox    func(context.Context) ([]server.Letter, error) // nil for none
}

// apiLimits is what the API lets clients do.
type apiLimits struct {
	noIntrospection bool
	rate            int                    // requests a minute; 0 for no limit
	trusted         graph.TrustedDocuments // nil for all documents
}

// apis returns the API for clients, the one that the account pages ask, whose documents are our own, and the export of audit
// trails. All draw on the same budgets.
func (i *installation) apis(l apiLimits, sessions *auth.Sessions) (clients, pages, export http.Handler) {
	c := graph.Config{Client: i.read, Dialect: i.db.Dialect, Service: i.service, Clock: i.clock, Tracer: i.tracer, NoIntrospection: l.noIntrospection}
	if l.rate > 0 {
		c.Budgets = graph.NewBudgets(l.rate, i.clock)
	}
	pages = graph.New(c)
	c.Trusted, c.Connections = l.trusted, i.connections
	c.Feed, c.Sessions = feed.NewFollower(i.db.Read, i.log), sessions
	return graph.New(c), pages, graph.NewExport(c, sessions.Seat)
}

// serve answers requests, and does the background work unless others do, until ctx is done.
func (i *installation) serve(ctx context.Context, e exposure) error {
	holdBallast()
	counted := i.counted()
	ready := &readiness{db: i.db, clock: i.clock}
	sessions := &auth.Sessions{Read: i.db.Read, Write: i.db.Write, Clock: i.clock}
	clients, pages, export := i.apis(e.limits, sessions)
	sdl := graph.SDL
	if e.limits.noIntrospection {
		sdl = nil
	}
	s, err := server.New(server.Config{
		API: clients, Export: export, Pages: pages, SDL: sdl, Sessions: sessions,
		PublicURL: i.public, Name: i.brand.Name, Origins: e.origins, Proxies: e.proxies, Ready: ready.check, Admit: i.db.Admit, Mailbox: e.mailbox, Log: i.log,
		GraphiQL: !e.limits.noIntrospection && e.limits.trusted == nil,
		Observer: counted, Tracer: i.tracer,
	})
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	beside, finish := context.WithCancel(context.WithoutCancel(ctx)) // operators look until the last request is answered
	defer finish()
	var others sync.WaitGroup
	if !e.idle {
		others.Go(func() { i.work(ctx) })
	}
	if e.operations != nil {
		others.Go(func() {
			if err := s.ServeOperations(beside, e.operations, counted.Handler()); err != nil {
				i.log.Error("operations", "error", err)
			}
		})
	}
	err = s.Serve(ctx, e.listener)
	stop()
	finish()
	others.Wait()
	if err == nil {
		i.log.Info("stopped")
	}
	return err
}

// outbox says how the outbox stands.
func (i *installation) outbox(ctx context.Context) (outbox.Depth, error) {
	return outbox.Measure(ctx, i.db.Read, i.clock())
}
