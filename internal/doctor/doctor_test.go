package doctor

import (
	"strings"
	"testing"
)

func TestEveryReferenceOfTheSchemaIsKnown(t *testing.T) {
	t.Parallel()
	known, unknown := references()
	if len(unknown) > 0 {
		t.Errorf("nobody says what these columns refer to: %v", unknown)
	}
	if len(known) < 50 {
		t.Errorf("only %d references", len(known))
	}
	all := map[string]bool{}
	for _, r := range known {
		all[r.String()] = true
	}
	for column := range elsewhere {
		if all[column] || !strings.Contains(column, ".") {
			t.Errorf("%s is in both lists", column)
		}
	}
}

func TestVersionsOfServers(t *testing.T) {
	t.Parallel()
	for version, fine := range map[string]bool{
		"8.0.36": true, "8.4.3": true, "9.1.0": true, "5.7.44-log": false, "10.6.16-MariaDB": true, "11.4.2-MariaDB-log": true,
		"10.5.23-MariaDB": false, "nonsense": false, "8.0.11-TiDB-v8.5.0": true,
	} {
		fault := outdated(&examination{settings: map[string]string{"version": version}})
		if (fault == "") != fine {
			t.Errorf("%s: %q", version, fault)
		}
	}
}

func TestDurabilityOfAServer(t *testing.T) {
	t.Parallel()
	for _, c := range serverChecks() {
		if c.name != "durable commits" {
			continue
		}
		for value, faults := range map[string]int{"0": 1, "1": 0, "2": 1} {
			found, err := c.look(t.Context(), &examination{settings: map[string]string{"innodb_flush_log_at_trx_commit": value}})
			if err != nil || len(found) != faults || c.level != Warn {
				t.Errorf("%s: %v, %v", value, found, err)
			}
		}
	}
}

func TestFaultsAreShortened(t *testing.T) {
	t.Parallel()
	if got := shorten([]string{"1", "2", "3", "4", "5", "6", "7"}); strings.Join(got, " ") != "1 2 3 4 5 2 more" {
		t.Errorf("got %v", got)
	}
}
