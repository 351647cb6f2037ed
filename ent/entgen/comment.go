package entgen

import (
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
)

// Comments returns the first sentence of the doc comment of every type in the Go files of dir, without "X is ".
func Comments(dir string) (map[string]string, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, err
	}
	comments := make(map[string]string)
	for _, file := range files {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments)
		if err != nil {
			return nil, err
		}
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
	return comments, nil
}
