package main

import (
	"fmt"
	"runtime"
)

// versionFlag is the subcommand that prints the version.
type versionFlag struct{}

// Run prints it.
func (versionFlag) Run(t terminal) error {
	fmt.Fprintln(t.out, "mandate", version, runtime.Version(), runtime.GOOS+"/"+runtime.GOARCH)
	return nil
}
