package graphqlhttp

import (
	"net/http/httptest"
	"testing"
)

func TestMediaTypeOfTheAnswer(t *testing.T) {
	t.Parallel()
	for accept, want := range map[string]string{
		"":                                  JSON,
		" ":                                 JSON,
		"*/*":                               JSON,
		"application/*":                     JSON,
		"text/html, */*;q=0.8":              JSON,
		"application/json":                  JSON,
		"application/json;charset=UTF-8":    JSON,
		"APPLICATION/JSON":                  JSON,
		"application/graphql-response+json": Response,
		"application/graphql-response+json; charset=utf-8, application/json; charset=utf-8": Response,
		"application/json, application/graphql-response+json":                               Response,
		"application/json, */*": JSON,
		"application/graphql-response+json, application/json;q=0.9":                 Response,
		"application/graphql-response+json;q=0.5, application/json":                 JSON,
		"application/graphql-response+json;q=0.5, */*;q=0.1":                        Response,
		"application/json;q=0, */*":                                                 Response,
		"application/json;q=0, application/*;q=0.2":                                 Response,
		"application/graphql-response+json;q=0, */*":                                JSON,
		"multipart/mixed;boundary=\"graphql\";deferSpec=20220824, application/json": JSON,
		"application/json;q=2, application/graphql-response+json;q=0.1":             Response,
		"nonsense;;, application/json":                                              JSON,
		"text/html":                                                                 "",
		"application/json;q=0":                                                      "",
		"application/*;q=0":                                                         "",
		"application/json;charset=iso-8859-1":                                       "",
		"application/jsonp":                                                         "",
		"nonsense;;":                                                                "",
	} {
		r := httptest.NewRequest("POST", "/graphql", nil)
		if accept != "" {
			r.Header.Set("Accept", accept)
		}
		got, ok := Accepts(r)
		if ok != (want != "") || ok && got != want {
			t.Errorf("Accept: %s is answered as %q, %v; want %q", accept, got, ok, want)
		}
	}
	r := httptest.NewRequest("POST", "/graphql", nil)
	r.Header.Add("Accept", "text/html")
	r.Header.Add("Accept", Response)
	if got, _ := Accepts(r); got != Response {
		t.Errorf("two headers are answered as %q", got)
	}
}
