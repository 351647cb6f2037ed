package main

import (
	"flag"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"mandate/internal/bench/operation"
	"mandate/internal/bench/world"
)

// config says what is measured, and how well.
type config struct {
	sizes       []world.Size
	engines     []string
	operations  []operation.Operation
	connections []int
	effort      effort
	check       bool // hold the small world against its bounds, and no more
	write       bool // the tables into the tree
}

// The engines.
const (
	maria  = "MariaDB"
	sqlite = "SQLite"
)

var (
	sizes   = map[string][]world.Size{"tiny": {world.Tiny}, "small": {world.Small}, "large": {world.Large}, "all": {world.Small, world.Large}}
	engines = map[string][]string{"mariadb": {maria}, "sqlite": {sqlite}, "all": {maria, sqlite}}
)

// configure reads a command line.
func configure(args []string, out io.Writer) (c config, err error) {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(out)
	flags.BoolVar(&c.check, "check", false, "fail when an operation is below its bound; by default a short run, of the small world")
	flags.BoolVar(&c.write, "write", false, "write the tables into README.md and internal/bench/RESULTS.md")
	size := flags.String("world", "", "size of the world: small, large, all, or tiny to try this program (default all)")
	engine := flags.String("engine", "all", "database: mariadb, sqlite or all; the large world is measured on MariaDB only")
	titles := flags.String("run", "", "measure operations whose titles match this regular expression, and nothing else")
	connections := flags.String("connections", "", "numbers of connections, separated by commas (default 1,16,64; 16 with -check)")
	flags.IntVar(&c.effort.rounds, "rounds", 0, "rounds of each measurement (default 5; 3 with -check)")
	flags.DurationVar(&c.effort.round, "round", 0, "how long a round is (default 1s; 500ms with -check)")
	if err := flags.Parse(args); err != nil {
		return c, err
	}
	if flags.NArg() > 0 {
		return c, fmt.Errorf("unknown argument %q", flags.Arg(0))
	}
	c.complete(size, connections)
	if c.sizes = sizes[*size]; c.sizes == nil {
		return c, fmt.Errorf("-world: there is no world %q", *size)
	}
	if c.engines = engines[*engine]; c.engines == nil {
		return c, fmt.Errorf("-engine: there is no engine %q", *engine)
	}
	if c.connections, err = numbers(*connections); err != nil {
		return c, fmt.Errorf("-connections: %w", err)
	}
	c.operations, err = matching(*titles)
	return c, err
}

// complete sets what was not given.
func (c *config) complete(size, connections *string) {
	usual := struct {
		size, connections string
		rounds            int
		round             time.Duration
	}{"all", "1,16,64", 5, time.Second}
	if c.check {
		usual.size, usual.connections, usual.rounds, usual.round = "small", strconv.Itoa(judged), 3, 500*time.Millisecond
	}
	if *size == "" {
		*size = usual.size
	}
	if *connections == "" {
		*connections = usual.connections
	}
	if c.effort.rounds <= 0 {
		c.effort.rounds = usual.rounds
	}
	if c.effort.round <= 0 {
		c.effort.round = usual.round
	}
	c.effort.warm = c.effort.round / 2
}

func numbers(text string) (list []int, err error) {
	for part := range strings.SplitSeq(text, ",") {
		n, err := strconv.Atoi(part)
		if err != nil || n < 1 {
			return nil, fmt.Errorf("%q is not a number from 1 on", part)
		}
		list = append(list, n)
	}
	return list, nil
}

// matching returns the operations whose titles match.
func matching(pattern string) ([]operation.Operation, error) {
	r, err := regexp.Compile(pattern)
	if err != nil {
		return nil, fmt.Errorf("-run: %w", err)
	}
	list := slices.DeleteFunc(slices.Clone(operation.Operations), func(o operation.Operation) bool { return !r.MatchString(o.Title) })
	if len(list) == 0 {
		return nil, fmt.Errorf("-run: no operation's title matches %q", pattern)
	}
	return list, nil
}

// whole reports whether all operations are measured, and so what is beyond them.
func (c config) whole() bool { return len(c.operations) == len(operation.Operations) }
