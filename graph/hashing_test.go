package graph

import (
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"
)

// takesPassword reports whether an input has a field for a password, however deep.
func takesPassword(d *ast.Definition) bool {
	for _, f := range d.Fields {
		if strings.HasSuffix(strings.ToLower(f.Name), "password") {
			return true
		}
		if below := schema().Types[f.Type.Name()]; below.Kind == ast.InputObject && takesPassword(below) {
			return true
		}
	}
	return false
}

// TestWhatTakesAPasswordCostsIt: every mutation that takes one is priced as one that hashes, and no other.
func TestWhatTakesAPasswordCostsIt(t *testing.T) {
	t.Parallel()
	for _, f := range schema().Mutation.Fields {
		takes := false
		for _, a := range f.Arguments {
			takes = takes || takesPassword(schema().Types[a.Type.Name()])
		}
		if takes != hashing[f.Name] {
			t.Errorf("%s takes a password: %v; priced so: %v", f.Name, takes, hashing[f.Name])
		}
	}
}
