package entgen

import (
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"strings"
)

// Comments returns the first sentence of the doc comment of every type in the Go files of dir, without "X is ".
func Comments(dir string) (map[string]string, error) {
	packages, err := parser.ParseDir(token.NewFileSet(), dir, nil, parser.ParseComments)
	if err != nil {
		return nil, err
	}
	comments := make(map[string]string)
	for _, p := range packages {
		for _, f := range p.Files {
			for _, d := range f.Decls {
				g, ok := d.(*ast.GenDecl)
				if !ok || g.Tok != token.TYPE || g.Doc == nil {
					continue
				}
				name := g.Specs[0].(*ast.TypeSpec).Name.Name
				sentence := strings.TrimPrefix(new(doc.Package).Synopsis(g.Doc.Text()), name+" is ")
				sentence = strings.TrimPrefix(sentence, name+" ")
				comments[name] = strings.ToUpper(sentence[:1]) + sentence[1:]
			}
		}
	}
	return comments, nil
}
