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
	var b strings.Builder
	formatter.NewFormatter(&b, formatter.WithIndent("  ")).FormatSchema(schema())
	return definition.ReplaceAllString(b.String(), "$1\n\n")
})

// definition ends with a brace, or with where a directive goes.
var definition = regexp.MustCompile(`(?m)(^}|^scalar .*|^union .*|^directive @\w+ on .*|^\) on .*)\n`)

// schema is what requests are held against. It has no @defer: an answer comes whole.
var schema = sync.OnceValue(func() *ast.Schema {
	names, _ := fs.Glob(files, "schema/*.graphql") // the pattern is well-formed
	var sources []*ast.Source
	for _, name := range names {
		b, _ := files.ReadFile(name) // it was embedded
		sources = append(sources, &ast.Source{Name: name, Input: binding.ReplaceAllString(string(b), "")})
	}
	s := gqlparser.MustLoadSchema(sources...)
	delete(s.Directives, "defer")
	return s
})
