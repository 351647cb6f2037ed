package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"text/tabwriter"

	"mandate/ent"
	"mandate/ent/outboxmessage"
	"mandate/internal/clock"
	"mandate/internal/database"
	"mandate/internal/server"
	"mandate/internal/viewer"
)

// demo is the subcommand that shows the product with example data.
type demo struct {
	serverConfig  `embed:""`
	apiConfig     `embed:""`
	webhookConfig `embed:""`
}

// Run makes a world in a throw-away database and serves it until it is told to stop.
func (c *demo) Run(ctx context.Context, t terminal) (err error) {
	e, err := c.exposure(c.apiConfig)
	if err != nil {
		return err
	}
	allowed, err := c.allowed()
	if err != nil {
		return err
	}
	if e.listener, err = c.listen(); err != nil {
		return err
	}
	defer e.listener.Close()
	if e.operations, err = c.listenOperations(); err != nil {
		return err
	}
	public, err := c.public(e.listener.Addr().String())
	if err != nil {
		return err
	}
	log, err := c.logger(t, slog.LevelWarn)
	if err != nil {
		return err
	}
	slog.SetDefault(log)
	db, remove, err := throwAway(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, remove()) }()
	i := install(db, public, e.brand, nil, allowed, clock.System, log)
	w := &world{installation: i}
	if err := w.build(ctx); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return fmt.Errorf("make the demo's world: %w", err)
	}
	w.explain(t)
	e.mailbox = i.mailbox
	return i.serve(ctx, e)
}

// throwAway makes an empty database, which remove closes and deletes.
func throwAway(ctx context.Context) (db *database.DB, remove func() error, err error) {
	dir, err := os.MkdirTemp("", "mandate-demo-")
	if err != nil {
		return nil, nil, fmt.Errorf("make a directory for the demo: %w", err)
	}
	db, err = database.Open(ctx, "sqlite:"+filepath.Join(dir, "demo.db"))
	if err != nil {
		return nil, nil, errors.Join(err, os.RemoveAll(dir))
	}
	remove = func() error { return errors.Join(db.Close(), os.RemoveAll(dir)) }
	if err := db.Migrate(ctx); err != nil {
		return nil, nil, errors.Join(err, remove())
	}
	return db, remove, nil
}

// otherPorts is how many ports after the usual one are tried when that is taken.
const otherPorts = 20

// listen takes the address that was asked for, or the first free one from the usual one on.
func (c *demo) listen() (net.Listener, error) {
	address, err := c.address()
	if err != nil {
		return nil, err
	}
	host, first, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	port, err := strconv.Atoi(first)
	if err != nil {
		return nil, err
	}
	for n := port; ; n++ {
		l, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(n)))
		if err == nil {
			return l, nil
		}
		if c.Listen != "" || n == port+otherPorts {
			return nil, fmt.Errorf("MANDATE_LISTEN: %w", err)
		}
	}
}

// mostLetters is how many mails the mailbox shows.
const mostLetters = 200

// mailbox reads the mails that the demo did not send.
func (i *installation) mailbox(ctx context.Context) ([]server.Letter, error) {
	rows, err := i.read.OutboxMessage.Query().Order(ent.Desc(outboxmessage.FieldCreatedAt, outboxmessage.FieldID)).
		Limit(mostLetters).All(viewer.System(ctx, "mailbox"))
	if err != nil {
		return nil, fmt.Errorf("read the outbox: %w", err)
	}
	letters := make([]server.Letter, len(rows))
	for n, m := range rows {
		letters[n] = server.Letter{ID: m.ID, At: m.CreatedAt, To: m.Recipient, Subject: m.Subject, Text: m.Text, HTML: m.HTML}
	}
	return letters, nil
}

// explain prints how to explore the world.
func (w *world) explain(t terminal) {
	url := w.public.String()
	fmt.Fprintf(t.out, "Mandate %s, a demo. Everything in it is made up, and gone when you stop it with Ctrl+C.\n\n", version)
	table := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
	for _, row := range [][2]string{
		{"Try the API", url + "/graphiql"}, {"Mails, with links that work", url + "/mailbox"},
		{"API", url + "/graphql"}, {"Schema", url + "/schema.graphql"},
	} {
		fmt.Fprintf(table, "  %s\t%s\n", row[0], row[1])
	}
	fmt.Fprint(table, "\nSign-ins:\n")
	for _, p := range w.shown {
		fmt.Fprintf(table, "  %s\t%s\t%s\n", p.who, p.email, p.password)
	}
	_ = table.Flush() // to a terminal that is gone nobody looks
	fmt.Fprintf(t.out, `
A first query, as the managed service provider. In GraphiQL, open a new tab and paste it there, and this token into
the field at the top:

  %s

  %s

The same from a shell:

  curl -s %s/graphql -H 'Content-Type: application/json' -H 'Authorization: Bearer %s' \
    -d '{"query":"%s"}'

To walk through an invitation, open the mail to %s in the mailbox.
`, w.token, firstQuery, url, w.token, strings.ReplaceAll(firstQuery, `"`, `\"`), invitedAddress)
}

const firstQuery = `{ customers(first: 20) { totalCount nodes { name tags relationship { status role { name } } } } }`
