package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// publish writes the tables where readers look: all in a file beside this program, those that tell most into the README.
func publish(root string, r *report) error {
	if err := os.WriteFile(filepath.Join(root, "internal", "bench", "RESULTS.md"), []byte(r.full()), 0o644); err != nil {
		return err
	}
	path := filepath.Join(root, "README.md")
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	changed, err := between(string(text), r.brief())
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return os.WriteFile(path, []byte(changed), 0o644)
}

// The marks around the tables in the README.
const begin, end = "<!-- bench -->\n", "<!-- /bench -->\n"

// between puts tables between the marks of a text.
func between(text, tables string) (string, error) {
	before, rest, found := strings.Cut(text, begin)
	_, after, closed := strings.Cut(rest, end)
	if !found || !closed {
		return "", fmt.Errorf("there are no lines %q and %q", strings.TrimSpace(begin), strings.TrimSpace(end))
	}
	return before + begin + "\n" + tables + "\n" + end + after, nil
}
