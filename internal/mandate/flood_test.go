package mandate_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"mandate/internal/mandate"
	"mandate/internal/testdb"
	"mandate/internal/testworld"
)

// TestT23AFloodOfNames: whoever tries ten thousand names, from as many networks, neither has the program forget what a
// victim failed nor fills the database: it holds what was counted within an hour.
func TestT23AFloodOfNames(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		w := testworld.New(t, url)
		guess := func(account string, n int) error {
			return w.Service.CountGuess(w.Stranger().From(fmt.Sprintf("10.%d.%d.7", n/250, n%250)).Context(), account)
		}
		rows := func() (n int) {
			if err := w.DB.Read.QueryRow("SELECT COUNT(*) FROM sign_in_throttles").Scan(&n); err != nil {
				t.Fatal(err)
			}
			return n
		}
		for range 6 {
			if err := guess("victim@example.com", 0); err != nil {
				t.Fatal(err)
			}
		}
		const names, pause = 10_000, 2 * time.Second
		var remembered *mandate.Throttled
		most := 0
		for n := range names {
			if err := guess(fmt.Sprintf("name%d@example.com", n), n+1); err != nil {
				t.Fatal(err)
			}
			w.Later(pause)
			if n == 1000 { // half an hour later
				if err := guess("victim@example.com", 0); err != nil {
					t.Fatal(err)
				}
				if err := guess("victim@example.com", 0); !errors.As(err, &remembered) || remembered.RetryAfter != 2*time.Second {
					t.Errorf("the victim's seventh failure: %v", err)
				}
			}
			if n%500 == 0 {
				most = max(most, rows())
			}
		}
		if hour := int(time.Hour / pause); most > 3*hour+20 || most < hour {
			t.Errorf("%d rows; want three for each of the %d names of an hour", most, hour)
		}
	})
}
