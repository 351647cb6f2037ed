package database

import (
	"context"
	"database/sql"
	"slices"
	"testing"
	"time"

	entsql "entgo.io/ent/dialect/sql"
)

// moments are in order, and as near to one another as the databases tell.
var moments = []time.Time{
	time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(1000, 0, 0),
	time.Date(1969, 12, 31, 23, 59, 59, 999_999_000, time.UTC),
	time.Date(2026, 3, 1, 11, 59, 59, 999_999_000, time.UTC),
	time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC),
	time.Date(2026, 3, 1, 12, 0, 0, 1_000, time.UTC),
	time.Date(2026, 3, 1, 12, 0, 0, 2_000, time.UTC),
	time.Date(2026, 3, 1, 12, 0, 0, 10_000, time.UTC),
	time.Date(2026, 3, 1, 12, 0, 0, 500_000_000, time.UTC),
	time.Date(2026, 3, 1, 12, 0, 1, 0, time.UTC),
	time.Date(9999, 12, 31, 23, 59, 59, 999_999_000, time.UTC),
}

// withMoments opens a database and stores the moments last first, each as
// another zone would write it and with nanoseconds that no database keeps.
func withMoments(t *testing.T, url string) *DB {
	t.Helper()
	db := openEmpty(t, url)
	column := "datetime(6)"
	if db.isSQLite() {
		column = "datetime"
	}
	run(t, db, "CREATE TABLE moments (at "+column+" NOT NULL, gone "+column+")")
	zone := time.FixedZone("", 9000)
	for _, at := range slices.Backward(moments) {
		run(t, db, "INSERT INTO moments (at) VALUES (?)", at.Add(999).In(zone))
	}
	return db
}

func TestTimesSortAndComeBack(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, url string) {
		db := withMoments(t, url)
		rows, err := db.Read.Query("SELECT at, gone FROM moments ORDER BY at")
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		for i := 0; rows.Next(); i++ {
			var at time.Time
			var gone sql.NullTime
			if err := rows.Scan(&at, &gone); err != nil {
				t.Fatal(err)
			}
			if at != moments[i] {
				t.Errorf("row %d is %#v; want %#v", i, at, moments[i])
			}
			if gone.Valid {
				t.Errorf("row %d: no time came back as %v", i, gone.Time)
			}
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
	})
}

func TestTimesCompare(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, url string) {
		db := withMoments(t, url)
		for i, at := range moments {
			n := value[int](t, db, "SELECT COUNT(*) FROM moments WHERE at < ?", at)
			if n != i {
				t.Errorf("%d moments are before %v; want %d", n, at, i)
			}
			if n := value[int](t, db, "SELECT COUNT(*) FROM moments WHERE at = ?", at.Local()); n != 1 {
				t.Errorf("%d moments are %v; want 1", n, at)
			}
		}
	})
}

// TestTimesThroughEnt reads as Ent's generated code does: its builder, its
// driver, and sql.NullTime.
func TestTimesThroughEnt(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, url string) {
		db := withMoments(t, url)
		driver := entsql.OpenDB(db.Dialect, db.Read)
		after := moments[3]
		query, args := entsql.Dialect(db.Dialect).Select("at").From(entsql.Table("moments")).
			Where(entsql.GT("at", after)).OrderBy("at").Query()
		var rows entsql.Rows
		if err := driver.Query(context.Background(), query, args, &rows); err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		want := moments[4:]
		for ; rows.Next(); want = want[1:] {
			var at sql.NullTime
			if err := rows.Scan(&at); err != nil {
				t.Fatal(err)
			}
			if at.Time != want[0] {
				t.Errorf("got %#v; want %#v", at.Time, want[0])
			}
		}
		if err := rows.Err(); err != nil || len(want) != 0 {
			t.Errorf("%d moments after %v are missing; error %v", len(want), after, err)
		}
	})
}
