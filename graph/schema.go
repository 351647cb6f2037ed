package graph

import (
	"embed"
	"io/fs"
	"regexp"
	"strings"
	"sync"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"
)

//go:embed schema/*.graphql
var files embed.FS

// binding is what the schema's files say to the code generator only.
var binding = regexp.MustCompile(`(?m) @go(Model|Field)\([^)]*\)|^directive @go.*\n`)

// SDL is the schema of the API: every type once, with its sentences and guards.
var SDL = sync.OnceValue(func() string {
	names, _ := fs.Glob(files, "schema/*.graphql") // the pattern is well-formed
	var sources []*ast.Source
	for _, name := range names {
		b, _ := files.ReadFile(name) // it was embedded
		sources = append(sources, &ast.Source{Name: name, Input: binding.ReplaceAllString(string(b), "")})
	}
	var b strings.Builder
	formatter.NewFormatter(&b, formatter.WithIndent("  ")).FormatSchema(gqlparser.MustLoadSchema(sources...))
	return b.String()
})
