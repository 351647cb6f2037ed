package graph

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// responses are of every form: with and without data, errors and extensions.
func responses() map[string]*graphql.Response {
	data := json.RawMessage(`{"a":"A \"quoted\" \\ 😀 ü\n","list":[1,2.5,null,true,{}],"b":null}`)
	faults := gqlerror.List{
		{Message: `it's "wrong" \ ü 😀`, Path: ast.Path{ast.PathName("rows"), ast.PathIndex(2), ast.PathName("a")}, Locations: []gqlerror.Location{{Line: 3, Column: 4}},
			Extensions: map[string]any{"code": "FORBIDDEN", "requestId": "req", "details": map[string]any{"b": []int{1}, "a": nil}}},
		gqlerror.Wrap(errors.New("plain")),
	}
	extensions := map[string]any{"cost": map[string]any{"requested": 12, "limit": 5000}, "about": `"x"`}
	return map[string]*graphql.Response{
		"nothing":               {},
		"null":                  {Data: json.RawMessage("null")},
		"data":                  {Data: data},
		"data and extensions":   {Data: data, Extensions: extensions},
		"data and errors":       {Data: data, Errors: faults},
		"all":                   {Data: data, Errors: faults, Extensions: extensions},
		"errors":                {Errors: faults},
		"errors and extensions": {Errors: faults[:1], Extensions: extensions},
		"null and errors":       {Data: json.RawMessage("null"), Errors: faults},
		"empty":                 {Data: json.RawMessage("{}"), Errors: gqlerror.List{}, Extensions: map[string]any{}},
	}
}

func TestAnswersAreWrittenAsJSON(t *testing.T) {
	t.Parallel()
	for name, a := range responses() {
		want, err := json.Marshal(a)
		if err != nil {
			t.Fatal(err)
		}
		if got := written(a); string(got) != string(want) {
			t.Errorf("%s is written\n%s; want\n%s", name, got, want)
		}
	}
}

// TestCharactersOfHTMLNeedNoEscapes: data are written as they are; no browser takes an answer for HTML. What is read is the
// same everywhere.
func TestCharactersOfHTMLNeedNoEscapes(t *testing.T) {
	t.Parallel()
	const said = "<b> & \"co\" \u2028 </b>"
	data := json.RawMessage(`{"a":"<b> & \"co\" ` + "\u2028" + ` </b>"}`)
	b := written(&graphql.Response{Data: data, Errors: gqlerror.List{{Message: said}}, Extensions: map[string]any{"x": said}})
	if !strings.Contains(string(b), `"data":`+string(data)) {
		t.Errorf("%s; want in it\n%s", b, data)
	}
	var got struct {
		Data       map[string]string
		Errors     []struct{ Message string }
		Extensions map[string]string
	}
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatalf("%s: %v", b, err)
	}
	if got.Errors[0].Message != said || !reflect.DeepEqual(got.Data, map[string]string{"a": said}) || !reflect.DeepEqual(got.Extensions, map[string]string{"x": said}) {
		t.Errorf("%s is read as %+v", b, got)
	}
}
