package main

import (
	"fmt"

	"mandate/graph"
)

// schema is the subcommand that prints the schema of the API.
type schema struct{}

// Run prints it.
func (schema) Run(t terminal) error {
	fmt.Fprint(t.out, graph.SDL())
	return nil
}
