package graph

import (
	"strings"
	"testing"
)

// TestLongDocumentsAreNotKept: the memory that parsed documents take is bounded by their number and their length.
func TestLongDocumentsAreNotKept(t *testing.T) {
	t.Parallel()
	d := newDocuments(true)
	for length, want := range map[int]bool{20: true, mostCached: true, mostCached + 1: false, mostDocument: false} {
		text := "{ features { key } }" + strings.Repeat(" ", length-20)
		if _, faults := d.read(t.Context(), text); faults != nil {
			t.Fatal(faults)
		}
		if _, kept := d.Get(t.Context(), text); kept != want {
			t.Errorf("a document of %d bytes is kept: %v; want %v", length, kept, want)
		}
	}
}

// TestDocumentsThatAreRefusedAreNotKept: what is kept is executed without being looked at again.
func TestDocumentsThatAreRefusedAreNotKept(t *testing.T) {
	t.Parallel()
	d := newDocuments(false)
	for _, text := range []string{"{ nothing }", "{ " + strings.Repeat("features { key } ", 17) + "}", "{ __schema { description } }", "{"} {
		for range 2 {
			if _, faults := d.read(t.Context(), text); len(faults) == 0 {
				t.Errorf("%s is read", text)
			}
		}
	}
}
