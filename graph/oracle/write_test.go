package oracle_test

import (
	"database/sql"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
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
	do("DELETE FROM outbox_messages")
	for _, table := range slices.Backward(append(slices.Clone(tables), "one_time_tokens")) {
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

// read returns what the database has made of the world.
func (w *world) read(t testing.TB, db *sql.DB) *world {
	t.Helper()
	c := &world{now: w.now, serial: w.serial, used: w.used, r: w.r, tables: make(map[string][]row), byID: make(map[string]row)}
	for n := range 6 {
		c.byID[systemRole(n+1)] = w.byID[systemRole(n+1)]
	}
	for _, table := range append(slices.Clone(tables), "one_time_tokens") {
		where := ""
		if table == "roles" {
			where = " WHERE tenant_id IS NOT NULL"
		}
		c.tables[table] = readRows(t, db, "SELECT * FROM "+table+where+" ORDER BY id")
		for _, x := range c.tables[table] {
			c.byID[x.s("id")] = x
		}
	}
	return c
}

// readRows asks a database for rows, with values as a world has them.
func readRows(t testing.TB, db *sql.DB, query string) (list []row) {
	t.Helper()
	rows, err := db.Query(query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer func() { _ = rows.Close() }() // what went wrong, Err tells
	columns, err := rows.ColumnTypes()
	if err != nil {
		t.Fatal(err)
	}
	values, places := make([]any, len(columns)), make([]any, len(columns))
	for i := range values {
		places[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(places...); err != nil {
			t.Fatal(err)
		}
		x := make(row)
		for i, c := range columns {
			switch v := values[i].(type) {
			case nil:
			case []byte:
				x[c.Name()] = string(v)
			case time.Time:
				x[c.Name()] = v.UTC()
			case int64:
				x[c.Name()] = int(v)
				if kind := strings.ToUpper(c.DatabaseTypeName()); kind == "BOOL" || kind == "TINYINT" && c.Name() != "level" {
					x[c.Name()] = v == 1
				}
			default:
				x[c.Name()] = v
			}
		}
		list = append(list, x)
	}
	if err := rows.Err(); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return list
}
