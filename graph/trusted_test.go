package graph_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"mandate/graph"
)

const (
	trustedQuery    = "query Features { features { key } }"
	trustedMutation = "mutation Leave { signOut { ok } }"
)

func sum(document string) string {
	h := sha256.Sum256([]byte(document))
	return hex.EncodeToString(h[:])
}

// manifest is a list of documents, as Relay's compiler writes it.
func manifest(documents ...string) []byte {
	list := make(map[string]string)
	for _, d := range documents {
		list[sum(d)] = d
	}
	b, _ := json.Marshal(list)
	return b
}

// TestTrustedDocumentsOnly: a server that is told so executes what its operator listed, and nothing else.
func TestTrustedDocumentsOnly(t *testing.T) {
	eachScene(t, func(s scene) {
		trusted, err := graph.ReadTrustedDocuments(manifest(trustedQuery, trustedMutation))
		s.must(err)
		s.API = graph.New(graph.Config{Client: s.Read, Dialect: s.DB.Dialect, Service: s.Service, Clock: s.Now, Trusted: trusted})
		anna := s.Customer("Anna").Admin
		id := sum(trustedQuery)
		for how, body := range map[string]string{
			"by its hash":                 `{"documentId": "` + id + `"}`,
			"by its hash with a prefix":   `{"documentId": "sha256:` + id + `"}`,
			"as a persisted query":        `{"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "` + id + `"}}}`,
			"by its hash and its text":    `{"documentId": "` + id + `", "query": "` + trustedQuery + `"}`,
			"a mutation":                  `{"documentId": "` + sum(trustedMutation) + `"}`,
			"by its hash, an operation":   `{"documentId": "` + id + `", "operationName": "Features"}`,
			"by its hash, with variables": `{"documentId": "` + id + `", "variables": {"x": 1}}`,
		} {
			s.then("a listed document is executed, named "+how, func(scene) {
				anna.Post([]byte(body), "application/json").OK()
			})
		}
		s.then("and by GET", func(s scene) {
			r := httptest.NewRequest(http.MethodGet, "/graphql?documentId="+url.QueryEscape("sha256:"+id), nil).WithContext(anna.Context())
			rec := httptest.NewRecorder()
			s.API.ServeHTTP(rec, r)
			s.is("status", rec.Code, 200)
			s.is("answered", strings.Contains(rec.Body.String(), `"features":`), true)
		})
		for what, body := range map[string]string{
			"another document":              `{"query": "{ viewer { user { id } } }"}`,
			"a listed text without its id":  `{"query": "` + trustedQuery + `"}`,
			"an unknown hash":               `{"documentId": "` + sum("x") + `"}`,
			"another text under a hash":     `{"documentId": "` + id + `", "query": "{ viewer { user { id } } }"}`,
			"a new text as persisted query": `{"query": "{ __typename }", "extensions": {"persistedQuery": {"version": 1, "sha256Hash": "` + sum("{ __typename }") + `"}}}`,
			"an id that is none":            `{"documentId": ""}`,
			"an extension of another form":  `{"extensions": {"persistedQuery": "` + id + `"}}`,
			"nothing":                       `{}`,
		} {
			s.then(what+" is refused", func(s scene) {
				a := anna.Post([]byte(body), "application/json")
				s.is("status", a.Status, 400)
				expectRefusal(s.T, a, "BAD_USER_INPUT")
				if strings.Contains(a.Body, "PersistedQueryNotFound") {
					s.Errorf("it asks for the text: %s", a.Body)
				}
			})
		}
	})
}

// TestManifestsOfTrustedDocuments: the two forms that compilers write are read, and a document that could not be executed
// is named.
func TestManifestsOfTrustedDocuments(t *testing.T) {
	t.Parallel()
	apollo := `{"format": "apollo-persisted-query-manifest", "version": 1, "operations": [{"id": "a1", "name": "Features", "type": "query", "body": "` + trustedQuery + `"}]}`
	for name, c := range map[string]struct{ manifest, fault string }{
		"Relay's":              {`{"a1": "` + trustedQuery + `"}`, ""},
		"Apollo's":             {apollo, ""},
		"with prefixes":        {`{"sha256:a1": "` + trustedQuery + `"}`, ""},
		"another version":      {strings.Replace(apollo, `"version": 1`, `"version": 2`, 1), "version 2"},
		"another format":       {strings.Replace(apollo, "apollo-", "other-", 1), "other-persisted"},
		"an empty one":         {`{}`, "lists no document"},
		"not JSON":             {`query { features { key } }`, "neither"},
		"a list":               {`["` + trustedQuery + `"]`, "neither"},
		"an unknown field":     {`{"a1": "{ features { key } }", "b2": "{ nothing }"}`, `"b2" is not valid: Cannot query field "nothing"`},
		"a text that is none":  {`{"b2": "{ features"}`, `"b2" is not valid`},
		"beyond the limits":    {`{"b2": "{ ` + repeat(11, "a#: features { key } ") + `}"}`, `"b2" is not valid: An operation has more than 10 root fields`},
		"a value of no string": {`{"b2": 5}`, "neither"},
	} {
		t.Run(name, func(t *testing.T) {
			trusted, err := graph.ReadTrustedDocuments([]byte(c.manifest))
			switch {
			case c.fault == "" && (err != nil || trusted["a1"] != trustedQuery):
				t.Errorf("%v (%v)", trusted, err)
			case c.fault != "" && (err == nil || !strings.Contains(err.Error(), c.fault)):
				t.Errorf("the error %v does not say %q", err, c.fault)
			}
		})
	}
}
