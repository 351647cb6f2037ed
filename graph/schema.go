package graph

import (
	"embed"
	"io/fs"
	"regexp"
	"slices"
	"strings"
)

//go:embed schema/*.graphql
var files embed.FS

// binding is what the schema's files say to the code generator only.
var binding = regexp.MustCompile(`(?m) @go(Model|Field)\([^)]*\)|^directive @go.*\n`)

// SDL is the schema of the API.
func SDL() string {
	names, _ := fs.Glob(files, "schema/*.graphql") // the pattern is well-formed
	slices.Sort(names)
	var parts []string
	for _, name := range names {
		b, _ := files.ReadFile(name) // it was embedded
		parts = append(parts, strings.TrimSpace(string(b)))
	}
	return binding.ReplaceAllString(strings.Join(parts, "\n\n")+"\n", "")
}
