package database

import (
	"bytes"
	"database/sql"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"
)

// kinds are values as they are stored.
type kinds struct {
	text  sql.NullString
	bytes []byte
	at    sql.NullTime
	is    sql.NullBool
	n     sql.NullInt64
	real  sql.NullFloat64
	json  sql.NullString
}

func kindsOf(text string, b []byte, at time.Time, is bool, n int64, fraction float64, json string) kinds {
	return kinds{sql.NullString{String: text, Valid: true}, b, sql.NullTime{Time: at, Valid: true}, sql.NullBool{Bool: is, Valid: true},
		sql.NullInt64{Int64: n, Valid: true}, sql.NullFloat64{Float64: fraction, Valid: true}, sql.NullString{String: json, Valid: true}}
}

func (k kinds) equal(o kinds) bool {
	same := k.text == o.text && k.at == o.at && k.is == o.is && k.n == o.n && k.real == o.real && k.json == o.json
	return same && bytes.Equal(k.bytes, o.bytes) // SQLite's driver reads no bytes as nil; that they are not NULL, finding them shows
}

// TestValuesAreTheSamePreparedOrNot writes, finds and reads values with statements that were not prepared yet, and are.
func TestValuesAreTheSamePreparedOrNot(t *testing.T) {
	t.Parallel()
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	at := time.Date(2026, 3, 1, 12, 0, 0, 123_456_000, time.UTC)
	rows := []kinds{
		kindsOf(`it's "quoted" by \ and \' and \\`, all, at, true, math.MaxInt64, math.Pi, `{"a": "it's \"quoted\" \\ \u0000"}`),
		kindsOf("NUL \x00, \x1a, \r\n, %_?, `", []byte(`'\"`), at.Add(time.Microsecond), false, math.MinInt64, -math.MaxFloat64, `[]`),
		kindsOf("emoji 😀 in Zoë's ﷽ text -- ; /* */", []byte{0}, time.Date(9999, 12, 31, 23, 59, 59, 999_999_000, time.UTC), true, 0, 5e-300, `"😀"`),
		kindsOf("", []byte{}, time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC), false, -1, 0, `null`),
		kindsOf(strings.Repeat("long 'n' ", 1000), bytes.Repeat(all, 100), at, true, 1<<53+1, 0.1, `{"k": 9007199254740993}`),
		{}, // NULL
	}
	each(t, func(t *testing.T, url string) {
		db, conn := openOne(t, url)
		create := "CREATE TABLE kinds (id bigint, text longtext, bytes longblob, at datetime(6), yes boolean, n bigint, number double, json json) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
		if db.isSQLite() {
			create = "CREATE TABLE kinds (id bigint, text text, bytes blob, at datetime, yes bool, n bigint, number real, json json)"
		}
		if _, err := conn.ExecContext(t.Context(), create); err != nil {
			t.Fatal(err)
		}
		const times = 3
		for i, row := range rows {
			values := []any{row.text, row.bytes, row.at, row.is, row.n, row.real, row.json}
			once := func(text string) string { return fmt.Sprint(text, " -- ", i) }
			for n := range times {
				if _, err := conn.ExecContext(t.Context(), once("INSERT INTO kinds VALUES (?, ?, ?, ?, ?, ?, ?, ?)"), append([]any{i*times + n}, values...)...); err != nil {
					t.Fatalf("row %d: %v", i, err)
				}
			}
			for n := range times {
				for column, name := range []string{"text", "bytes", "at", "yes", "n", "number"} {
					is := " = ?"
					if !row.text.Valid {
						is = " IS NOT DISTINCT FROM ?"
						if !db.isSQLite() {
							is = " <=> ?"
						}
					}
					var found int
					err := conn.QueryRowContext(t.Context(), once("SELECT COUNT(*) FROM kinds WHERE id BETWEEN ? AND ? AND "+name+is), i*times, i*times+times-1, values[column]).Scan(&found)
					if err != nil || found != times {
						t.Errorf("row %d, time %d: %d have that %s, %v; want %d", i, n, found, name, err, times)
					}
				}
				var read []kinds
				list, err := conn.QueryContext(t.Context(), once("SELECT text, bytes, at, yes, n, number, json FROM kinds WHERE id BETWEEN ? AND ? ORDER BY id"), i*times, i*times+times-1)
				if err != nil {
					t.Fatal(err)
				}
				for list.Next() {
					var k kinds
					if err := list.Scan(&k.text, &k.bytes, &k.at, &k.is, &k.n, &k.real, &k.json); err != nil {
						t.Fatal(err)
					}
					read = append(read, k)
				}
				if err := list.Close(); err != nil || len(read) != times || slices.ContainsFunc(read, func(k kinds) bool { return !k.equal(row) }) {
					t.Errorf("row %d, time %d: %+v, %v; want each %+v", i, n, read, err, row)
				}
			}
			if got := kept(t, conn, once("INSERT INTO kinds VALUES (?, ?, ?, ?, ?, ?, ?, ?)")); got != "prepared" {
				t.Errorf("the statement that writes is %s", got)
			}
		}
	})
}
