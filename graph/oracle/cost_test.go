package oracle_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"

	"mandate/internal/testdb"
)

// TestNoAnswerHasMoreRowsThanItsOperationCosts: the cost is known before anything is read, and bounds what is.
func TestNoAnswerHasMoreRowsThanItsOperationCosts(t *testing.T) {
	t.Parallel()
	const worlds, queries = 4, 60
	b := newBench(t, testdb.SQLite)
	refused, tight := 0, 0
	for seed := range worlds {
		w := worldOf(50_000+seed, b.tw.Now())
		w.write(t, b.tw.DB.Write)
		for n, v := range w.principals() {
			a := newAsker(rand.New(rand.NewPCG(uint64(seed), uint64(n))), b.schema, w)
			for range queries {
				q := a.query()
				answer := b.ask(v, q)
				if answer.Data == nil {
					if strings.Contains(answer.body, "QUERY_TOO_COMPLEX") && v.user != "" {
						refused++
					}
					continue
				}
				rows := count{b.schema}.rows(b.schema.Query, q, answer.Data[q.name])
				if cost := answer.Extensions.Cost.Requested; rows > cost {
					t.Fatalf("seed %d, principal %d: %d rows for %d\n{%s}\n%s", 50_000+seed, n, rows, cost, q, answer.body)
				} else if rows*2 > cost && cost > 5 {
					tight++
				}
			}
		}
	}
	asked := int(b.asked.Load())
	t.Logf("%d requests, %d refused, %d that cost less than twice their rows", asked, refused, tight)
	if refused > asked/10 || tight == 0 {
		t.Errorf("%d of %d are refused, and %d answers come near their cost", refused, asked, tight)
	}
}

// count counts the rows and the lists of answers. A list that is not a page's, and that its field gives no bound, holds the
// values of one row, and counts once.
type count struct{ schema *ast.Schema }

func (c count) rows(parent *ast.Definition, s *selection, value any) int {
	f := parent.Fields.ForName(s.name)
	if value == nil || f == nil || !c.schema.Types[f.Type.Name()].IsCompositeType() {
		return 0
	}
	values, isList := value.([]any)
	if !isList {
		return c.object(f, s, value)
	}
	if f.Arguments.ForName("ids") == nil && !strings.HasSuffix(parent.Name, "Connection") {
		return 1
	}
	n := 0
	for _, v := range values {
		if v != nil {
			n += c.object(f, s, v)
		}
	}
	return n
}

// object counts an object, if it is a row or a page, and what is in it.
func (c count) object(f *ast.FieldDefinition, s *selection, value any) int {
	fields, n := value.(map[string]any), 0
	if d := c.schema.Types[f.Type.Name()]; d.Kind != ast.Object || d.Fields.ForName("id") != nil || strings.HasSuffix(d.Name, "Connection") {
		n = 1
	}
	var inside func(d *ast.Definition, kids []*selection)
	inside = func(d *ast.Definition, kids []*selection) {
		for _, k := range kids {
			if k.on != "" {
				if fields["__typename"] == k.on {
					inside(c.schema.Types[k.on], k.kids)
				}
				continue
			}
			n += c.rows(d, k, fields[k.key()])
		}
	}
	inside(c.schema.Types[f.Type.Name()], s.kids)
	return n
}
