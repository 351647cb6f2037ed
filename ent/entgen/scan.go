package entgen

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"

	"entgo.io/ent/entc/gen"
)

// Queries scan every row into values of its own. What the rows' fields take from them are copies: one row's values serve for
// all rows of a query.
const (
	ownValues = `	_spec.ScanValues = func(columns []string) ([]any, error) {
		return (*%[1]s).scanValues(nil, columns)
	}
`
	sharedValues = `	var row []any
	_spec.ScanValues = func(columns []string) (_ []any, err error) {
		if row == nil {
			row, err = (*%[1]s).scanValues(nil, columns)
		}
		return row, err
	}
`
)

// ShareScanned makes the rows of a query share what they are scanned into.
func ShareScanned(next gen.Generator) gen.Generator {
	return gen.GenerateFunc(func(g *gen.Graph) error {
		if err := next.Generate(g); err != nil {
			return err
		}
		for _, n := range g.Nodes {
			name := filepath.Join(g.Target, n.PackageDir()+"_query.go")
			text, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			own, shared := fmt.Appendf(nil, ownValues, n.Name), fmt.Appendf(nil, sharedValues, n.Name)
			if bytes.Count(text, own) != 1 {
				return fmt.Errorf("%s does not scan its rows as it used to", name)
			}
			if err := os.WriteFile(name, bytes.Replace(text, own, shared, 1), 0o644); err != nil {
				return err
			}
		}
		return nil
	})
}
