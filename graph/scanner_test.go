//go:build unix

package graph_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"

	"mandate/graph"
	"mandate/internal/testdb"
	"mandate/internal/testworld"
)

// The bounds of what a request may take that does nothing useful.
const (
	mostCPU    = 50 * time.Millisecond
	mostAnswer = 16 << 10
)

// probe is a request that scanners for GraphQL send.
type probe struct {
	method      string // POST unless it says otherwise
	contentType string // JSON unless it says otherwise
	body        string // of a POST
	query       string // of a JSON body, or of a URL
	not         string // what the answer must not hold
	answered    bool   // it is a harmless question, which is answered
}

func (p probe) request() *http.Request {
	if p.method == http.MethodGet {
		return httptest.NewRequest(p.method, "/graphql?query="+url.QueryEscape(p.query), nil)
	}
	if p.query != "" {
		b, _ := json.Marshal(map[string]string{"query": p.query, "operationName": "cop"})
		p.body = string(b)
	}
	if p.contentType == "" {
		p.contentType = "application/json"
	}
	r := httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader(p.body))
	r.Header.Set("Content-Type", p.contentType)
	return r
}

// probes are those of graphql-cop, under its names, and the worst that fits into the limits.
var probes = map[string]probe{
	"alias overloading":      {query: "query cop { " + repeat(101, "alias#: __typename ") + "}"},
	"array batching":         {body: "[" + strings.Repeat(`{"query": "query cop { __typename }", "operationName": "cop"},`, 9) + `{"query": "query cop { __typename }"}]`},
	"directive overloading":  {query: "query cop { __typename " + strings.Repeat("@aa", 10) + " }"},
	"directives by thousand": {query: "query cop { __typename " + strings.Repeat("@aa", 5000) + " }"},
	"circular introspection": {query: "query cop { __schema { types { fields { type { fields { type { fields { type { fields { type { name } } } } } } } } } } }"},
	"field duplication":      {query: "query cop { " + strings.Repeat("__typename \n", 500) + "}"},
	"introspection":          {query: "query cop { __schema { types { name fields { name } } } }", not: "acceptInvitation"},
	"field suggestions":      {query: "query cop { __schema { directive } }", not: "directives"},
	"GET":                    {method: http.MethodGet, query: "query cop { __typename }", answered: true},
	"a mutation by GET":      {method: http.MethodGet, query: "mutation cop { __typename }", not: `"Mutation"`},
	"a form":                 {contentType: "application/x-www-form-urlencoded", body: url.Values{"query": {"query cop { __typename }"}}.Encode(), not: `"Query"`},
	"a multipart form":       {contentType: "multipart/form-data; boundary=b", body: "--b\r\nContent-Disposition: form-data; name=\"operations\"\r\n\r\n{\"query\": \"{ __typename }\"}\r\n--b--\r\n", not: `"Query"`},
	"tracing":                {query: "query cop { __typename }", not: "tracing", answered: true},
	"an error unhandled":     {query: "qwerty cop { abc }", not: "exception"},
	"fragment bomb":          {query: "query cop { ...f0 } " + repeat(30, "fragment f# on Query { ...g# ...g# } fragment g# on Query { features { key } } ")},
	"fragments of fragments": {query: fragmentBomb(45, "user { id }")},
	"fragments of nothing":   {query: fragmentBomb(45, "__typename")},
	"overlaps": {query: "query cop { viewer { user { " + repeat(49, "...f# ") + "} } } " +
		repeat(49, "fragment f# on User { id email ... { id email __typename } } ")},
	"operations that spread alike": {query: repeat(40, "query q# { viewer { ...f } } ") + "fragment f on Viewer { " + strings.Repeat("... { __typename ", 175) + strings.Repeat("} ", 175) + "}"},
	"inline fragments, nested":     {query: "query cop { viewer { " + strings.Repeat("... { __typename ", 175) + strings.Repeat("} ", 175) + "} }"},
	"overlaps, nested": {query: "query cop { customers(first: 1) { nodes { " + repeat(24, "...f# ") + "} } } " +
		repeat(24, "fragment f# on Tenant { id name relationship { id status customer { id name kind status } partner { name code } } address { city } } ")},
	"overlaps in a circle of types": {query: "query cop { customers(first: 1) { nodes { " + repeat(15, "...f# ") + "} } } " +
		repeat(15, "fragment f# on Tenant { relationship { customer { relationship { customer { relationship { customer { relationship { customer { name id kind } } } } } } } } } ")},
	"errors": {query: "query cop { " + repeat(9, "a#: viewer { "+repeat(60, "no# ")+"} ") + "}"},
	"lists":  {query: "query cop { nodes(ids: " + strings.Repeat("[", 450) + strings.Repeat("]", 450) + ") { id } }"},
}

func fragmentBomb(levels int, end string) string {
	var b strings.Builder
	b.WriteString("query cop { viewer { ...f0 } } ")
	for i := range levels {
		fmt.Fprintf(&b, "fragment f%d on Viewer { ... { ...f%d } ... { ...f%d } } ", i, i+1, i+1)
	}
	fmt.Fprintf(&b, "fragment f%d on Viewer { %s }", levels, end)
	return b.String()
}

// TestScannersAreAnsweredCheaply: whatever somebody sends takes little, is answered with little and tells nothing.
//
// It runs alone, as it measures what the whole process takes.
func TestScannersAreAnsweredCheaply(t *testing.T) {
	w := testworld.New(t, testdb.New(t, testdb.SQLite))
	person := w.NewPartner("Acme").Admin
	for name, p := range probes {
		for who, asks := range map[string]*testworld.Person{"a stranger": w.Stranger(), "a person": person} {
			t.Run(name+" from "+who, func(t *testing.T) {
				took, rec := leastCPU(t, w, asks, p)
				if took > mostCPU {
					t.Errorf("it took %v of CPU", took)
				}
				body := rec.Body.String()
				if len(body) > mostAnswer {
					t.Errorf("%d bytes are answered", len(body))
				}
				var answer struct{ Errors []struct{ Message string } }
				if err := json.Unmarshal(rec.Body.Bytes(), &answer); err != nil {
					t.Fatalf("the answer is not JSON: %s", body)
				}
				if n := len(answer.Errors); n > 10 || asks != person && (n == 0) != p.answered {
					t.Errorf("%d errors: %.500s", n, body)
				}
				if p.not != "" && strings.Contains(body, p.not) {
					t.Errorf("the answer holds %q: %.500s", p.not, body)
				}
			})
		}
	}
}

// leastCPU is the least processor time that the process took to answer a probe, of three goes at servers that have not
// seen it yet, and the answer.
func leastCPU(t *testing.T, w *testworld.World, who *testworld.Person, p probe) (least time.Duration, rec *httptest.ResponseRecorder) {
	for i := range 3 {
		api := graph.New(graph.Config{Client: w.Read, Dialect: w.DB.Dialect, Service: w.Service, Clock: w.Now, NoIntrospection: true})
		r := p.request().WithContext(who.Context())
		rec = httptest.NewRecorder()
		before := cpu(t)
		api.ServeHTTP(rec, r)
		if took := cpu(t) - before; i == 0 || took < least {
			least = took
		}
	}
	return least, rec
}

func cpu(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
