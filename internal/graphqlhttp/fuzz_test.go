package graphqlhttp

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"
)

// FuzzRead: whatever is sent is read or refused, and what is read is within the bounds.
func FuzzRead(f *testing.F) {
	for _, body := range []string{
		`{"query": "{ a }", "variables": {"a": [1, {"b": "\\\"[,"}]}, "extensions": null}`,
		`[{"query": "{ a }"}]`, `{"query": 1}`, `{"query": "\ud800"}`, "{\"query\": \"\xff\"}", `"`, `{"a":`, "]", ",", "",
		`{"variables": {"a": ` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + `}}`,
		`{"variables": {"a": [` + strings.Repeat("1,", 2000) + `1]}}`,
	} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		request, refusal := Read(httptest.NewRecorder(), post(body))
		if refusal != nil {
			if refusal.Status < 400 || refusal.Status > 499 {
				t.Errorf("refused with %+v", *refusal)
			}
			return
		}
		if request.Variables != nil {
			if depth, items := extent(request.Variables); depth >= mostDepth || items > mostItems {
				t.Errorf("variables %d deep, of %d items", depth, items)
			}
		}
		if b, err := json.Marshal(request); err != nil {
			t.Errorf("%v: %s", err, b)
		}
	})
}

// extent tells how deep a value is, and how many items the longest list or object in it has.
func extent(value any) (depth, items int) {
	add := func(v any) {
		d, n := extent(v)
		depth, items = max(depth, d), max(items, n)
	}
	switch x := value.(type) {
	case map[string]any:
		for _, v := range x {
			add(v)
		}
		return depth + 1, max(items, len(x))
	case []any:
		for _, v := range x {
			add(v)
		}
		return depth + 1, max(items, len(x))
	}
	return 0, 0
}
