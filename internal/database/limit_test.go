package database

import (
	"context"
	"strings"
	"testing"
	"time"
)

// TestF12TheServerEndsLongStatements: it does so by itself, even when nobody waits for the answer any more.
func TestF12TheServerEndsLongStatements(t *testing.T) {
	t.Parallel()
	db := openEmpty(t, emptyMariaDB(t))
	began := time.Now()
	var slept int
	err := db.Read.QueryRow("SELECT SLEEP(30)").Scan(&slept)
	if took := time.Since(began); took < statementLimit || took > statementLimit+4*time.Second {
		t.Errorf("it took %v", took)
	}
	if err == nil && slept == 0 {
		t.Error("it was not interrupted")
	}
}

// TestF12ADeadlineEndsAStatement: on both engines a statement ends with the request that it serves.
func TestF12ADeadlineEndsAStatement(t *testing.T) {
	t.Parallel()
	for url, endless := range map[string]string{
		emptySQLite(t):  "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM c) SELECT COUNT(*) FROM c",
		emptyMariaDB(t): "SELECT SLEEP(30)",
	} {
		engine, _, _ := strings.Cut(url, ":")
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			db := openEmpty(t, url)
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer cancel()
			began := time.Now()
			var n int
			if err := db.Read.QueryRowContext(ctx, endless).Scan(&n); err == nil {
				t.Error("it ended by itself")
			}
			if took := time.Since(began); took > 3*time.Second {
				t.Errorf("it took %v", took)
			}
			if n := value[int](t, db, "SELECT 1"); n != 1 {
				t.Errorf("the next statement answers %d", n)
			}
		})
	}
}
