package main

import (
	"fmt"
	"runtime"
)

// versionCommand is the subcommand that prints the version.
type versionCommand struct{}

// Run prints it.
func (versionCommand) Run(t terminal) error {
	fmt.Fprintln(t.out, "mandate", version, runtime.Version(), runtime.GOOS+"/"+runtime.GOARCH)
	return nil
}
