package endtoend

import (
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"

	"mandate/internal/testdb"
)

// TestGraphQLOverHTTPAudits lets the audits of the npm package graphql-http judge the server: what the GraphQL-over-HTTP
// specification says that servers must, should and may do.
func TestGraphQLOverHTTPAudits(t *testing.T) {
	t.Parallel()
	s := newStage(t, "MANDATE_DATABASE_URL="+testdb.New(t, testdb.SQLite), "MANDATE_RATE_LIMIT=off")
	audits := npm(t, "audits")
	out := command(t, audits, "node", "audits.mjs", s.public+"/graphql")
	count := 0
	for line := range strings.Lines(out) {
		var audit struct{ ID, Name, Status, Reason string }
		if err := json.Unmarshal([]byte(line), &audit); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		count++
		t.Run(audit.ID, func(t *testing.T) {
			if audit.Status != "ok" {
				t.Errorf("%s: %s", audit.Name, audit.Reason)
			}
		})
	}
	if count != 61 {
		t.Errorf("%d audits", count)
	}
}

// npm copies a package out of the tree and installs what it needs, and returns where.
func npm(t *testing.T, name string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(name)); err != nil {
		t.Fatal(err)
	}
	command(t, dir, "npm", "ci", "--no-audit", "--no-fund")
	return dir
}

// command runs a program of this machine in a directory and returns what it prints.
func command(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Fatalf("no %s: install Node.js 18 or later with npm (on Debian: apt-get install nodejs npm)", name)
	}
	c := exec.Command(path, args...)
	c.Dir, c.Stderr = dir, &strings.Builder{}
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s%s", c, err, out, c.Stderr)
	}
	return string(out)
}
