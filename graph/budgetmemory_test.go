package graph

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"mandate/internal/viewer"
)

// TestBudgetsTakeBoundedMemory: the one that was used longest ago is forgotten, and begins anew.
func TestBudgetsTakeBoundedMemory(t *testing.T) {
	t.Parallel()
	now := time.Now()
	b := NewBudgets(60, func() time.Time { return now })
	refused := func(address string) bool {
		_, err := b.enter(viewer.With(t.Context(), viewer.Viewer{Address: address}), http.Header{})
		return err != nil
	}
	for range 6 {
		if refused("192.0.2.1") || refused("192.0.2.2") {
			t.Fatal("refused too early")
		}
	}
	for i := range mostBudgets - 1 {
		refused(fmt.Sprintf("10.0.%d.%d", i/250, i%250))
		if i == mostBudgets/2 && !refused("192.0.2.2") {
			t.Error("what is used is forgotten")
		}
	}
	if refused("192.0.2.1") {
		t.Error("what is not used is kept")
	}
	if !refused("192.0.2.2") {
		t.Error("what was used lately is forgotten")
	}
}
