package rule

import "testing"

func TestACopiedStatementGrowsByItself(t *testing.T) {
	t.Parallel()
	var one statement
	one.add("SELECT ")
	other := one
	one.add("1")
	other.add("2")
	if one.sql != "SELECT 1" || other.sql != "SELECT 2" {
		t.Errorf("%q and %q", one.sql, other.sql)
	}
}
