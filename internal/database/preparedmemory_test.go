package database

import (
	"fmt"
	"strings"
	"testing"
)

// TestLongStatementsMakeRoom: what a connection keeps is bounded by the length of the statements too, and the last ones are kept.
func TestLongStatementsMakeRoom(t *testing.T) {
	t.Parallel()
	const long = mostText / 8
	text := func(n int) string {
		head := fmt.Sprintf("SELECT ? + 0 -- %d ", n)
		return head + strings.Repeat("x", long-len(head))
	}
	each(t, func(t *testing.T, url string) {
		_, conn := openOne(t, url)
		holds := func(statements, size int) {
			t.Helper()
			look(t, conn, func(c *preparedConn) {
				if c.kept.Len() != statements || c.size != size {
					t.Errorf("%d statements of %d bytes are kept; want %d of %d", c.kept.Len(), c.size, statements, size)
				}
			})
		}
		twice := func(query string) {
			echo(t, conn, query, 1)
			echo(t, conn, query, 2)
		}
		for n := range 20 {
			twice(text(n))
		}
		holds(8, mostText)
		for n, want := range map[int]string{11: "new", 12: "prepared", 19: "prepared"} {
			if got := kept(t, conn, text(n)); got != want {
				t.Errorf("statement %d is %s; want it %s", n, got, want)
			}
		}
		const short = "SELECT ? + 0"
		twice(short)
		holds(8, 7*long+len(short))
		look(t, conn, func(c *preparedConn) { c.kept.Purge() })
		holds(0, 0)
	})
}
