// Command bench measures the API against a floor, the same answers by hand-written SQL, in worlds of two sizes, on databases
// of its own:
//
//	go run ./internal/bench            measures all; takes a while
//	go run ./internal/bench -check     holds the small world against its bounds, in less than two minutes
//
// It starts what it needs, prints tables, and leaves nothing behind. -help lists the flags.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var err error
	if len(os.Args) == 2 && os.Args[1] == floorArgument {
		err = serveFloor(ctx)
	} else {
		err = run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	}
	switch {
	case errors.Is(err, flag.ErrHelp):
		os.Exit(2)
	case err != nil && ctx.Err() != nil:
		fmt.Fprintln(os.Stderr, "bench: interrupted")
		os.Exit(1)
	case err != nil:
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// run carries a command line out. It fails when something cannot be measured, and with -check when a bound is missed.
func run(ctx context.Context, args []string, out, progress io.Writer) (err error) {
	c, err := configure(args, progress)
	if err != nil {
		return err
	}
	root, err := moduleRoot(ctx)
	if err != nil {
		return err
	}
	binary, err := build(ctx, root, progress)
	if err != nil {
		return err
	}
	b, err := newBench(binary, progress)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	if c.check {
		return b.check(ctx, c, out)
	}
	r, err := b.measure(ctx, c)
	if err != nil {
		return err
	}
	fmt.Fprint(out, r.full())
	if !c.write {
		return nil
	}
	return publish(root, r)
}
