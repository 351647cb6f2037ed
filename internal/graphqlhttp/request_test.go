package graphqlhttp

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// post is a request by POST; headers are pairs of name and value.
func post(body string, headers ...string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader(body))
	r.Header.Set("Content-Type", JSON)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return r
}

func get(params ...string) *http.Request {
	query := url.Values{}
	for i := 0; i < len(params); i += 2 {
		query.Set(params[i], params[i+1])
	}
	return httptest.NewRequest(http.MethodGet, "/graphql?"+query.Encode(), nil)
}

func TestRequestsThatAreRead(t *testing.T) {
	t.Parallel()
	full := Request{Query: "{ a }", DocumentID: "sha256:x", OperationName: "A",
		Variables: map[string]any{"n": json.Number("9007199254740993"), "s": "ä"}, Extensions: map[string]any{"e": true}}
	const body = `{"query": "{ a }", "documentId": "sha256:x", "operationName": "A", "variables": {"n": 9007199254740993, "s": "ä"}, "extensions": {"e": true}}`
	head := get("query", "{ a }")
	head.Method = http.MethodHead
	for name, c := range map[string]struct {
		request *http.Request
		want    Request
	}{
		"by POST":                  {post(body), full},
		"in UTF-8":                 {post(body, "Content-Type", `Application/JSON; Charset="UTF-8"`), full},
		"not compressed":           {post(body, "Content-Encoding", "Identity"), full},
		"of 256 KiB":               {post(body + strings.Repeat(" ", MostBytes-len(body))), full},
		"with nulls":               {post(`{"query": "{ a }", "operationName": null, "variables": null, "extensions": null}`), Request{Query: "{ a }"}},
		"with more than we know":   {post(`{"query": "{ a }", "id": [1]}`), Request{Query: "{ a }"}},
		"with brackets in strings": {post(`{"query": "{ a } \"[[,\\", "operationName": "[{\\\","}`), Request{Query: `{ a } "[[,\`, OperationName: `[{\",`}},
		"without an operation":     {post(`{}`), Request{}},
		"by GET": {get("query", "{ a }", "documentId", "sha256:x", "operationName", "A",
			"variables", `{"n": 9007199254740993, "s": "ä"}`, "extensions", `{"e": true}`), full},
		"by GET with empty parameters": {get("query", "{ a }", "operationName", "", "variables", "", "extensions", "null"), Request{Query: "{ a }"}},
		"by HEAD":                      {head, Request{Query: "{ a }"}},
		"with lists of 2,000":          {post(`{"variables": {"a": [` + strings.Repeat("[],", 1999) + `[]]}}`), Request{Variables: map[string]any{"a": lists(2000)}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, refusal := Read(httptest.NewRecorder(), c.request)
			if refusal != nil {
				t.Fatal(*refusal)
			}
			if diff := cmp.Diff(c.want, *got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func lists(n int) []any {
	l := make([]any, n)
	for i := range l {
		l[i] = []any{}
	}
	return l
}

// broken is a body that ends with an error.
type broken struct{ err error }

func (b broken) Read([]byte) (int, error) { return 0, b.err }

func TestRequestsThatAreRefused(t *testing.T) {
	t.Parallel()
	const operation = `{"query": "{ hunter2 }"}`
	method := func(name string) *http.Request {
		return httptest.NewRequest(name, "/graphql", strings.NewReader(operation))
	}
	body := func(r io.Reader) *http.Request {
		request := httptest.NewRequest(http.MethodPost, "/graphql", r)
		request.Header.Set("Content-Type", JSON)
		return request
	}
	deep := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	for name, c := range map[string]struct {
		request *http.Request
		status  int
		header  string // "Name: value"
	}{
		"by PUT":                           {method("PUT"), 405, "Allow: GET, HEAD, OPTIONS, POST"},
		"by DELETE":                        {method("DELETE"), 405, "Allow: GET, HEAD, OPTIONS, POST"},
		"by a method of one's own":         {method("HUNTER2"), 405, "Allow: GET, HEAD, OPTIONS, POST"},
		"for an answer in HTML":            {post(operation, "Accept", "text/html"), 406, ""},
		"by GET, for an answer in HTML":    {func() *http.Request { r := get("query", "{ a }"); r.Header.Set("Accept", "text/html"); return r }(), 406, ""},
		"as nothing in particular":         {post(operation, "Content-Type", ""), 415, ""},
		"as text":                          {post(operation, "Content-Type", "text/plain"), 415, ""},
		"as a form":                        {post(operation, "Content-Type", "application/x-www-form-urlencoded"), 415, ""},
		"as several parts":                 {post(operation, "Content-Type", "multipart/form-data; boundary=x"), 415, ""},
		"as GraphQL":                       {post(operation, "Content-Type", "application/graphql"), 415, ""},
		"in Latin 1":                       {post(operation, "Content-Type", "application/json; charset=iso-8859-1"), 415, ""},
		"compressed":                       {post(operation, "Content-Encoding", "gzip"), 415, "Accept-Encoding: identity"},
		"compressed twice":                 {post(operation, "Content-Encoding", "identity, br"), 415, "Accept-Encoding: identity"},
		"larger than 256 KiB":              {post(operation + strings.Repeat(" ", MostBytes)), 413, ""},
		"that come too slowly":             {body(broken{os.ErrDeadlineExceeded}), 408, ""},
		"that break off":                   {body(broken{errors.New("hunter2")}), 400, ""},
		"that are empty":                   {post(""), 400, ""},
		"that are no JSON":                 {post("hunter2"), 400, ""},
		"that are cut off":                 {post(operation[:20]), 400, ""},
		"with a bracket too many":          {post(operation + "}"), 400, ""},
		"that are two":                     {post(operation + operation), 400, ""},
		"that are a batch":                 {post("[" + operation + "," + operation + "]"), 400, ""},
		"in broken UTF-8":                  {post("{\"query\": \"\xff\"}"), 400, ""},
		"with a number for the query":      {post(`{"query": 1}`), 400, ""},
		"with a list of variables":         {post(`{"query": "{ a }", "variables": ["hunter2"]}`), 400, ""},
		"with a string of extensions":      {post(`{"query": "{ a }", "extensions": "hunter2"}`), 400, ""},
		"with a list of 2,001":             {post(`{"variables": {"hunter2": [` + strings.Repeat("1,", 2000) + `1]}}`), 400, ""},
		"with a list of 2,001 in another":  {post(`{"variables": {"a": [[1], [` + strings.Repeat("1,", 2000) + `1]]}}`), 400, ""},
		"nested 33 deep":                   {post(`{"variables": {"a": ` + deep(31) + `}}`), 400, ""},
		"nested 10,000 deep":               {post(`{"variables": {"a": ` + deep(10_000) + `}}`), 400, ""},
		"nested 100,000 deep":              {post(`{"variables": {"a": ` + deep(100_000) + `}}`), 400, ""},
		"with half a percentage sign":      {httptest.NewRequest("GET", "/graphql?query=%7Bhunter2%zz", nil), 400, ""},
		"by GET, with a list of variables": {get("query", "{ a }", "variables", `["hunter2"]`), 400, ""},
		"by GET, with no JSON":             {get("query", "{ a }", "extensions", `hunter2`), 400, ""},
		"by GET, with a list of 2,001":     {get("query", "{ a }", "variables", `{"a": [`+strings.Repeat("1,", 2000)+`1]}`), 400, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := httptest.NewRecorder()
			_, refusal := Read(w, c.request)
			if refusal == nil {
				t.Fatal("it is read")
			}
			if refusal.Status != c.status || refusal.Code != "BAD_USER_INPUT" || strings.Contains(refusal.Message, "hunter2") {
				t.Errorf("refused with %+v; want %d", *refusal, c.status)
			}
			if key, value, named := strings.Cut(c.header, ": "); named && w.Header().Get(key) != value {
				t.Errorf("%s is %q; want %q", key, w.Header().Get(key), value)
			}
		})
	}
}
