package graph

import (
	"embed"
	"io/fs"
	"slices"
	"strings"
)

//go:embed schema/*.graphql
var files embed.FS

// SDL is the schema of the API.
func SDL() string {
	names, _ := fs.Glob(files, "schema/*.graphql") // the pattern is well-formed
	slices.Sort(names)
	var parts []string
	for _, name := range names {
		b, _ := files.ReadFile(name) // it was embedded
		parts = append(parts, strings.TrimSpace(string(b)))
	}
	return strings.Join(parts, "\n\n") + "\n"
}
