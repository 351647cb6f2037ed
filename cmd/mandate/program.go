package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/alecthomas/kong"
)

// program lists the subcommands.
type program struct {
	Serve   serve          `cmd:"" help:"Serve the API, and do the background work, unless workers do it apart."`
	Worker  worker         `cmd:"" help:"Do the background work apart from the servers: send mails and webhooks, announce and record what ends, delete what is kept no longer."`
	Demo    demo           `cmd:"" help:"Serve a throw-away database with example data, and print how to explore it."`
	Migrate migrate        `cmd:"" help:"Bring the database's schema up to date, or see whether it is."`
	Admin   admin          `cmd:"" help:"Create the administrators of this installation."`
	Doctor  doctorCommand  `cmd:"" help:"Examine the database: its settings, its schema, and whether what the product promises holds in its rows. Exit status 1 when something is wrong."`
	Mail    mailCommand    `cmd:"" help:"Show the mails of the product."`
	Schema  schema         `cmd:"" help:"Print the schema of the API."`
	Version versionCommand `cmd:"" help:"Print the version."`
}

const about = `Mandate is a GraphQL API for delegated administration: partners run their customers' tenants with the customers' consent.

Every setting is a flag or an environment variable; the flag wins. To try it: mandate demo.`

// terminal is where the program reads and writes.
type terminal struct {
	in       *os.File
	out, err io.Writer
}

// run carries a command line out and returns the exit status: 1 when it failed, 2 when it was not understood.
func run(ctx context.Context, args []string, t terminal) int {
	parser, err := kong.New(&program{}, kong.Name("mandate"), kong.Description(about), kong.Writers(t.out, t.err),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 120}),
		kong.BindTo(ctx, (*context.Context)(nil)), kong.Bind(t))
	if err != nil {
		panic(err) // the declarations above are wrong
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	command, err := parser.Parse(args)
	if err != nil {
		fmt.Fprintf(t.err, "mandate: %v. See mandate --help.\n", err)
		return 2
	}
	if err := command.Run(); err != nil {
		fmt.Fprintf(t.err, "mandate: %v\n", err)
		var bad *badValue
		if errors.As(err, &bad) {
			return 2
		}
		return 1
	}
	return 0
}
