package graph

import (
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/vektah/gqlparser/v2/ast"
)

// TestLongDocumentsAreNotKept: the memory that parsed documents take is bounded by their number and their length.
func TestLongDocumentsAreNotKept(t *testing.T) {
	t.Parallel()
	d := documents{lru.New[*ast.QueryDocument](10)}
	for length, want := range map[int]bool{20: true, mostCached: true, mostCached + 1: false, mostBytes: false} {
		query := "{ features { key } }" + strings.Repeat(" ", length-20)
		d.Add(t.Context(), query, &ast.QueryDocument{})
		if _, kept := d.Get(t.Context(), query); kept != want {
			t.Errorf("a document of %d bytes is kept: %v; want %v", length, kept, want)
		}
	}
}
