package graph

import (
	"embed"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"
)

//go:embed schema/*.graphql
var files embed.FS

// SDL is the schema of the API: every type once, with its sentences and guards.
var SDL = sync.OnceValue(func() string {
	var b strings.Builder
	formatter.NewFormatter(&b, formatter.WithIndent("  ")).FormatSchema(schema())
	return definition.ReplaceAllString(b.String(), "$1\n\n")
})

// definition ends with a brace, or with where a directive goes.
var definition = regexp.MustCompile(`(?m)(^}|^scalar .*|^union .*|^directive @\w+ on .*|^\) on .*)\n`)

// schema is what requests are held against. It has no @defer, for an answer comes whole, and nothing that the schema's
// files say to the code generator only.
var schema = sync.OnceValue(func() *ast.Schema {
	names, _ := fs.Glob(files, "schema/*.graphql") // the pattern is well-formed
	var sources []*ast.Source
	for _, name := range names {
		b, _ := files.ReadFile(name) // it was embedded
		sources = append(sources, &ast.Source{Name: name, Input: string(b)})
	}
	s := gqlparser.MustLoadSchema(sources...)
	maps.DeleteFunc(s.Directives, func(name string, _ *ast.DirectiveDefinition) bool { return name == "defer" || isBinding(name) })
	for _, t := range s.Types {
		t.Directives = withoutBindings(t.Directives)
		for _, f := range t.Fields {
			f.Directives = withoutBindings(f.Directives)
		}
	}
	return s
})

func withoutBindings(l ast.DirectiveList) ast.DirectiveList {
	return slices.DeleteFunc(l, func(d *ast.Directive) bool { return isBinding(d.Name) })
}

// isBinding tells the directives that bind the schema to Go.
func isBinding(directive string) bool { return directive == "goField" || directive == "goModel" }
