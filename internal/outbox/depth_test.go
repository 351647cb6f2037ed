package outbox

import (
	"testing"
	"time"

	"mandate/internal/database"
	"mandate/internal/testdb"
)

func TestDepth(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		db, err := database.Open(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		measure := func() Depth {
			t.Helper()
			d, err := Measure(t.Context(), db.Read, w.now)
			if err != nil {
				t.Fatal(err)
			}
			return d
		}
		if d := measure(); d != (Depth{}) {
			t.Errorf("an empty outbox: %+v", d)
		}
		w.letter()
		w.pass(time.Hour)
		w.letter()
		if d := measure(); d != (Depth{Pending: 2, Oldest: time.Hour}) {
			t.Errorf("two mails wait, one for an hour: %+v", d)
		}
		w.office.answers(refusal(550))
		w.round(w.worker())
		if d := measure(); d != (Depth{Dead: 2}) {
			t.Errorf("two mails were given up: %+v", d)
		}
	})
}
