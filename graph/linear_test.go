package graph

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"
)

// TestReadingADocumentTakesAsLongAsItIs: the work of the limits and of the cost grows with the length of a document, and not
// with what it spreads. The test runs alone, as it measures time; a millisecond is too little to tell.
func TestReadingADocumentTakesAsLongAsItIs(t *testing.T) {
	for name, document := range map[string]func(n int) string{
		"fragments twice in each other": func(n int) string {
			var b strings.Builder
			b.WriteString("{ viewer { ...f0 } }")
			for i := range n {
				fmt.Fprintf(&b, " fragment f%d on Viewer { ...f%d ...f%d }", i, i+1, i+1)
			}
			fmt.Fprintf(&b, " fragment f%d on Viewer { user { id } }", n)
			return b.String()
		},
		"each in all that follow": func(n int) string {
			var b strings.Builder
			b.WriteString("{ viewer { ...f0 } }")
			for i := range n {
				fmt.Fprintf(&b, " fragment f%d on Viewer { ...f%d ...f%d user { id } }", i, i+1, n)
			}
			fmt.Fprintf(&b, " fragment f%d on Viewer { user { id } }", n)
			return b.String()
		},
		"fields": func(n int) string { return "{ viewer { " + strings.Repeat("user { id } ", 20*n) + "} }" },
		"levels": func(n int) string {
			return strings.Repeat("{ ... ", 20*n) + "{ __typename }" + strings.Repeat(" }", 20*n)
		},
	} {
		t.Run(name, func(t *testing.T) {
			short, long := work(t, document(6)), work(t, document(24))
			if long > max(12*short, time.Millisecond) { // four times as long, and twice that for the machine
				t.Errorf("a document four times as long takes %v instead of %v", long, short)
			}
		})
	}
}

// work is the least time, of many goes, in which a document is held against the limits and priced.
func work(t *testing.T, text string) time.Duration {
	t.Helper()
	doc, err := parser.ParseQuery(&ast.Source{Input: text})
	if err != nil {
		t.Fatal(err)
	}
	if faults := validator.ValidateWithRules(schema(), doc, validationRules()); len(faults) > 0 {
		t.Fatal(faults)
	}
	least := time.Hour
	for range 50 {
		began := time.Now()
		_ = withinLimits(doc, true) // some are beyond them, which is found at the end
		costing{fragments: make(map[string]price)}.set(doc.Operations[0].SelectionSet)
		least = min(least, time.Since(began))
	}
	return least
}
