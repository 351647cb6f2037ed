package oracle_test

import (
	"database/sql"
	"maps"
	"slices"
	"strings"
	"testing"
)

// write makes the world that of the database.
func (w *world) write(t testing.TB, db *sql.DB) {
	t.Helper()
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }() // after Commit nothing is left to roll back
	do := func(query string, args ...any) {
		t.Helper()
		if _, err := tx.Exec(query, args...); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
	}
	for _, table := range slices.Backward(tables) {
		where := ""
		if table == "roles" {
			where = " WHERE tenant_id IS NOT NULL"
		}
		do("DELETE FROM " + table + where)
	}
	for _, table := range tables {
		columns := make(map[string]bool)
		for _, x := range w.tables[table] {
			for c := range x {
				columns[c] = true
			}
		}
		names := slices.Sorted(maps.Keys(columns))
		for rows := range slices.Chunk(w.tables[table], 100) {
			var args []any
			for _, x := range rows {
				for _, c := range names {
					args = append(args, x[c])
				}
			}
			one := "(?" + strings.Repeat(",?", len(names)-1) + ")"
			do("INSERT INTO "+table+" (`"+strings.Join(names, "`,`")+"`) VALUES "+one+strings.Repeat(","+one, len(rows)-1), args...)
		}
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
}
