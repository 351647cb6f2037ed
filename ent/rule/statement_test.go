package rule

import "testing"

func TestAStatementGrowsInPlace(t *testing.T) {
	allocations := testing.AllocsPerRun(10, func() {
		var s statement
		for range 1000 {
			s.add("SELECT 1")
		}
	})
	if allocations > 50 {
		t.Errorf("1,000 additions took %v allocations", allocations)
	}
}
