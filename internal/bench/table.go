package main

import (
	"fmt"
	"strings"
	"time"
)

// table is written as Markdown. The first column is text, the others are numbers.
type table struct {
	head []string
	rows [][]string
}

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

// String returns the table, with an empty line behind it.
func (t *table) String() string {
	var b strings.Builder
	line := func(cells []string) { fmt.Fprintf(&b, "| %s |\n", strings.Join(cells, " | ")) }
	line(t.head)
	line(append([]string{"---"}, strings.Fields(strings.Repeat("---: ", len(t.head)-1))...))
	for _, row := range t.rows {
		line(row)
	}
	return b.String() + "\n"
}

// milliseconds has three digits that count.
func milliseconds(d time.Duration) string { return digits(d.Seconds() * 1e3) }

// digits returns a number with two digits behind the point, or less, the more there are before it.
func digits(f float64) string {
	switch {
	case f >= 100:
		return fmt.Sprintf("%.0f", f)
	case f >= 10:
		return fmt.Sprintf("%.1f", f)
	default:
		return fmt.Sprintf("%.2f", f)
	}
}

// thousands returns a number with commas.
func thousands(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%s,%03d", thousands(n/1000), n%1000)
}

// megabytes are millions of bytes.
func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }

// dash stands for what is not known.
func dash(known bool, text string) string {
	if !known {
		return "–"
	}
	return text
}

// verdict is a value with its bound, in bold when it misses that.
func verdict(value string, kept bool) string {
	if kept {
		return value
	}
	return "**" + value + "**"
}
