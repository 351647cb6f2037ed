package graph_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"mandate/internal/testdb"
	"mandate/internal/testworld"
)

// What an operation may answer is bounded before anything is done, however it is written.
func TestAnOperationAnswersTenThousandRowsAtMost(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		w := testworld.New(t, url)
		p, c := w.NewPartner("Acme"), w.Customer("Contoso")
		w.Manages(p, c)
		const nested = `{ customers(first: %d) { nodes { members(first: %d) { nodes { tenant { members(%s) { nodes { id } } } } } } } }`
		bomb := "{ ...f0 }"
		for i := range 40 {
			bomb += fmt.Sprintf(" fragment f%d on Query { ...f%d ...f%d }", i, i+1, i+1)
		}
		for name, q := range map[string]struct {
			query   string
			vars    testworld.Vars
			refused bool
		}{
			"three lists deep":          {query: fmt.Sprintf(nested, 10, 10, "first: 97")},
			"one row too many":          {query: fmt.Sprintf(nested, 10, 10, "first: 99"), refused: true},
			"all bounds at their most":  {query: fmt.Sprintf(nested, 100, 100, "first: 100"), refused: true},
			"bounds in variables":       {query: "query($n: Int!) " + fmt.Sprintf(nested, 100, 100, "last: $n"), vars: testworld.Vars{"n": 100}, refused: true},
			"in fragments":              {query: `{ customers(first: 100) { nodes { ...m } } } fragment m on Tenant { members(first: 100) { nodes { id } } }`, refused: true},
			"under many names":          {query: "{ " + strings.Join(aliases(120), " ") + " }", refused: true},
			"fragments of fragments":    {query: bomb + " fragment f40 on Query { customers(first: 1) { nodes { id } } }", refused: true},
			"a page of a hundred, flat": {query: `{ customers(first: 100) { nodes { id members(first: 50) { nodes { id } } relationship { id } } } }`},
		} {
			t.Run(name, func(t *testing.T) {
				began := time.Now()
				a := p.Admin.Do(q.query, q.vars)
				if took := time.Since(began); took > 5*time.Second {
					t.Errorf("it took %s", took)
				}
				got, want := strings.Join(a.Errors(), ", "), ""
				if q.refused {
					want = "QUERY_TOO_COMPLEX at"
				}
				if got != want {
					t.Errorf("errors: %q; want %q", got, want)
				}
				if q.refused && a.Statements > 0 {
					t.Errorf("%d statements for what is refused", a.Statements)
				}
			})
		}
	})
}

func aliases(n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("a%d: customers(first: 100) { nodes { id } }", i)
	}
	return list
}
