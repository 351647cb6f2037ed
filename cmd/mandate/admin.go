package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"strings"

	"mandate/internal/clock"
	"mandate/internal/mail"
	"mandate/internal/mandate"
	"mandate/internal/viewer"
)

// admin is the subcommand about administrators of the installation.
type admin struct {
	Create adminCreate `cmd:"" help:"Create the operator's first administrator, or one more. The password comes from standard input; on a terminal, and with /dev/null, one is made up and printed."`
}

type adminCreate struct {
	databaseConfig `embed:""`
	Email          string `required:"" placeholder:"ADDRESS" help:"Address of the administrator."`
	FirstName      string `default:"System" help:"First name (${default})."`
	LastName       string `default:"Administrator" help:"Last name (${default})."`
	Tenant         string `default:"Operator" help:"Name of the operator's tenant, if there is none yet (${default})."`
}

// Run creates the administrator.
func (c *adminCreate) Run(ctx context.Context, t terminal) (err error) {
	password, made, err := readPassword(t.in)
	if err != nil {
		return err
	}
	db, err := c.open(ctx, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	service := install(db, &url.URL{}, mail.Brand{Name: defaultName}, nil, nil, clock.System, slog.New(slog.DiscardHandler)).service
	err = service.CreateOperator(viewer.System(ctx, "admin create"), mandate.CreateOperator{
		TenantName: c.Tenant, Email: c.Email, FirstName: c.FirstName, LastName: c.LastName, Password: password,
	})
	if err != nil {
		return fmt.Errorf("create the administrator: %w", err)
	}
	fmt.Fprintln(t.out, "Created the administrator", c.Email)
	if made {
		fmt.Fprintln(t.out, "Password:", password)
		fmt.Fprintln(t.out, "It is shown only here.")
	}
	return nil
}

// readPassword reads the first line of standard input, or makes a password up when nobody could have written one there.
func readPassword(in *os.File) (password string, made bool, err error) {
	info, err := in.Stat()
	if err != nil {
		return "", false, fmt.Errorf("look at standard input: %w", err)
	}
	if info.Mode()&os.ModeCharDevice != 0 {
		return newPassword(), true, nil
	}
	line, err := bufio.NewReader(io.LimitReader(in, 4096)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", false, fmt.Errorf("read the password: %w", err)
	}
	line = strings.TrimRight(line, "\r\n")
	if line == "" {
		return "", false, errors.New("there is no password on standard input")
	}
	return line, false, nil
}

// newPassword makes up a password that can be typed: twenty letters and digits in groups.
func newPassword() string {
	s := strings.ToLower(rand.Text())
	return s[:5] + "-" + s[5:10] + "-" + s[10:15] + "-" + s[15:20]
}
