package testworld

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// Answer is what the API answered.
type Answer struct {
	w          *World
	Status     int
	Header     http.Header
	Body       string
	Statements int // that reading took
	parsed     struct {
		Data   any
		Errors []struct {
			Message    string
			Path       []any
			Extensions map[string]any
		}
		Extensions map[string]any
	}
}

// Extension returns an extension of the answer; nil for none.
func (a *Answer) Extension(name string) any { return a.parsed.Extensions[name] }

// Data returns all that was answered.
func (a *Answer) Data() any { return a.parsed.Data }

// At returns what stands at a path of the data, such as customers.nodes.0.name; nil for nothing.
func (a *Answer) At(path string) any {
	v := a.parsed.Data
	for step := range strings.SplitSeq(path, ".") {
		switch x := v.(type) {
		case map[string]any:
			v = x[step]
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i >= len(x) {
				return nil
			}
			v = x[i]
		default:
			return nil
		}
	}
	return v
}

// Fields names the root fields that were answered.
func (a *Answer) Fields() []string {
	data, _ := a.parsed.Data.(map[string]any)
	return slices.Sorted(maps.Keys(data))
}

// String returns the string at a path; it fails the test when there is none.
func (a *Answer) String(path string) string {
	a.w.t.Helper()
	s, ok := a.At(path).(string)
	if !ok {
		a.w.t.Fatalf("there is no string at %s:\n%s", path, a.Body)
	}
	return s
}

// List returns the list at a path.
func (a *Answer) List(path string) []any {
	a.w.t.Helper()
	l, ok := a.At(path).([]any)
	if !ok {
		a.w.t.Fatalf("there is no list at %s:\n%s", path, a.Body)
	}
	return l
}

// Column returns one field of every row of a list.
func (a *Answer) Column(path, field string) []string {
	a.w.t.Helper()
	var column []string
	for i := range a.List(path) {
		column = append(column, fmt.Sprint(a.At(fmt.Sprintf("%s.%d.%s", path, i, field))))
	}
	return column
}

// Errors lists the top-level errors as "CODE at path".
func (a *Answer) Errors() []string {
	var list []string
	for _, e := range a.parsed.Errors {
		var path []string
		for _, step := range e.Path {
			path = append(path, fmt.Sprint(step))
		}
		list = append(list, strings.TrimSpace(fmt.Sprintf("%v at %s", e.Extensions["code"], strings.Join(path, "."))))
	}
	return list
}

// Messages lists the sentences of the top-level errors.
func (a *Answer) Messages() []string {
	var list []string
	for _, e := range a.parsed.Errors {
		list = append(list, e.Message)
	}
	return list
}

// UserErrors lists the broken rules of a mutation as "CODE at input.field".
func (a *Answer) UserErrors(mutation string) []string {
	a.w.t.Helper()
	var list []string
	for i := range a.List(mutation + ".userErrors") {
		at := fmt.Sprintf("%s.userErrors.%d", mutation, i)
		var field []string
		if l, ok := a.At(at + ".field").([]any); ok {
			for _, f := range l {
				field = append(field, fmt.Sprint(f))
			}
		}
		list = append(list, strings.TrimSuffix(a.String(at+".code")+" at "+strings.Join(field, "."), " at "))
	}
	return list
}

// OK fails the test unless the answer has neither errors nor broken rules.
func (a *Answer) OK() *Answer {
	a.w.t.Helper()
	if len(a.parsed.Errors) > 0 {
		a.w.t.Fatalf("the answer has errors:\n%s", a.Body)
	}
	if m, ok := a.parsed.Data.(map[string]any); ok {
		for name, v := range m {
			if payload, ok := v.(map[string]any); ok {
				if list, ok := payload["userErrors"].([]any); ok && len(list) > 0 {
					a.w.t.Fatalf("%s broke a rule:\n%s", name, a.Body)
				}
			}
		}
	}
	return a
}

// Pretty returns the answer's body, indented.
func (a *Answer) Pretty() string {
	var v any
	if err := json.Unmarshal([]byte(a.Body), &v); err != nil {
		return a.Body
	}
	b, _ := json.MarshalIndent(v, "", "  ")
	return string(b)
}
