package graph_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"mandate/internal/testworld"
)

const responseType = "application/graphql-response+json"

// target is the URL of an operation by GET.
func target(query string, variables testworld.Vars) string {
	params := url.Values{"query": {query}}
	if variables != nil {
		b, _ := json.Marshal(variables) // strings
		params.Set("variables", string(b))
	}
	return "/graphql?" + params.Encode()
}

func operation(query string) string {
	b, _ := json.Marshal(map[string]string{"query": query}) // a string
	return string(b)
}

// TestT20RequestsOfOtherSites: what any page can make a browser send without asking first is never carried out, whoever is
// signed in.
func TestT20RequestsOfOtherSites(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso, operator := s.NewPartner("Acme"), s.Customer("Contoso"), s.Operator()
		s.connected(acme, contoso, "ADMINISTRATOR")
		entered := acme.Admin.Entered(contoso.ID)
		rename := `mutation Rename { updateTenant(input: {id: "` + contoso.ID + `", name: "%s"}) { tenant { name } userErrors { code } } }`
		attack := fmt.Sprintf(rename, "Taken over")
		form := url.Values{"query": {attack}, "operations": {operation(attack)}, "map": {"{}"}}.Encode()
		parts := "--x\r\nContent-Disposition: form-data; name=\"operations\"\r\n\r\n" + operation(attack) +
			"\r\n--x\r\nContent-Disposition: form-data; name=\"map\"\r\n\r\n{}\r\n--x--\r\n"
		for what, c := range map[string]struct {
			method, target, body, contentType string
			status                            int
		}{
			"a form":                    {"POST", "/graphql", form, "application/x-www-form-urlencoded", 415},
			"a form with files":         {"POST", "/graphql", parts, "multipart/form-data; boundary=x", 415},
			"text":                      {"POST", "/graphql", operation(attack), "text/plain", 415},
			"text that says it is JSON": {"POST", "/graphql", operation(attack), "text/plain; application/json", 415},
			"a beacon":                  {"POST", "/graphql", operation(attack), "", 415},
			"a batch":                   {"POST", "/graphql", "[" + operation(attack) + "," + operation(attack) + "]", "application/json", 400},
			"a form to a URL":           {"POST", target(attack, nil), "", "application/x-www-form-urlencoded", 415},
			"JSON to a URL":             {"POST", target(attack, nil), "{}", "application/json", 400},
			"an image":                  {"GET", target(attack, nil), "", "", 405},
			"an image as JSON":          {"GET", target(attack, nil), operation(attack), "application/json", 405},
			"an image among queries":    {"GET", target("query Q { features { key } } "+attack, nil) + "&operationName=Rename", "", "", 405},
			"the head of an image":      {"HEAD", target(attack, nil), "", "", 405},
			"another method":            {"PUT", target(attack, nil), operation(attack), "application/json", 405},
		} {
			s.then(what, func(s scene) {
				for who, p := range map[string]*testworld.Person{"a stranger": s.Stranger(), "the administrator": contoso.Admin, "the partner": acme.Admin, "who entered": entered, "the operator": operator.Admin} {
					before := s.rows()
					a := p.Send(c.method, c.target, c.body, "Content-Type", c.contentType)
					s.is("status for "+who, a.Status, c.status)
					s.is("errors for "+who, a.Errors(), []string{"BAD_USER_INPUT at"})
					s.is("statements for "+who, a.Statements, 0)
					if strings.Contains(a.Body, `"data"`) || strings.Contains(a.Body, "Taken over") {
						s.Errorf("%s is answered %s", who, a.Body)
					}
					if c.status == 405 && c.method != "PUT" {
						s.is("methods for "+who, a.Header.Get("Allow"), "POST")
					}
					s.unchanged(before, what)
				}
			})
		}
		s.then("the same as JSON is carried out", func(s scene) {
			a := contoso.Admin.Send("POST", "/graphql", operation(fmt.Sprintf(rename, "Fabrikam")), "Content-Type", "application/json").OK()
			s.is("name", a.At("updateTenant.tenant.name"), any("Fabrikam"))
		})
	})
}

// TestT24RefusalsTellNothing: a request that cannot be carried out is answered with a code and the request id, in few words
// of the server's own.
func TestT24RefusalsTellNothing(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso := s.NewPartner("Acme"), s.Customer("Contoso")
		s.connected(acme, contoso, "ADMINISTRATOR")
		const viewer = `{ viewer { user { id } } }`
		long := strings.Repeat("hunter2", 1000)
		json := []string{"Content-Type", "application/json"}
		for what, c := range map[string]struct {
			method, target, body string
			headers              []string
			status               int
			code                 string
		}{
			"no query":                     {"POST", "/graphql", `{"qeury": "` + long + `"}`, json, 400, "BAD_USER_INPUT"},
			"no JSON":                      {"POST", "/graphql", `{"query": "` + long, json, 400, "BAD_USER_INPUT"},
			"variables that are a list":    {"POST", "/graphql", `{"query": "` + viewer + `", "variables": ["` + long + `"]}`, json, 400, "BAD_USER_INPUT"},
			"a list of 100,000":            {"POST", "/graphql", `{"query": "` + viewer + `", "variables": {"hunter2": [` + strings.Repeat("1,", 100_000) + `1]}}`, json, 400, "BAD_USER_INPUT"},
			"more than 256 KiB":            {"POST", "/graphql", `{"query": "` + strings.Repeat(long, 40) + `"}`, json, 413, "BAD_USER_INPUT"},
			"an answer nobody can give":    {"POST", "/graphql", operation(viewer), append(json, "Accept", "text/hunter2"), 406, "BAD_USER_INPUT"},
			"a language nobody speaks":     {"POST", "/graphql", operation(viewer), []string{"Content-Type", "application/json; charset=hunter2"}, 415, "BAD_USER_INPUT"},
			"a compressed body":            {"POST", "/graphql", operation(viewer), append(json, "Content-Encoding", "hunter2"), 415, "BAD_USER_INPUT"},
			"a method of one's own":        {"HUNTER2", "/graphql", operation(viewer), json, 405, "BAD_USER_INPUT"},
			"GET without a query":          {"GET", "/graphql?hunter2=" + long, "", nil, 400, "BAD_USER_INPUT"},
			"GET with variables cut off":   {"GET", "/graphql?query=" + url.QueryEscape(viewer) + "&variables=%7B%22hunter2", "", nil, 400, "BAD_USER_INPUT"},
			"no GraphQL":                   {"POST", "/graphql", operation("{ viewer(" + long), append(json, "Accept", responseType), 400, "GRAPHQL_PARSE_FAILED"},
			"no GraphQL, in JSON":          {"POST", "/graphql", operation("{ viewer(" + long), json, 200, "GRAPHQL_PARSE_FAILED"},
			"a value of the wrong type":    {"POST", "/graphql", operation(`{ customers(first: "` + long + `") { nodes { id } } }`), append(json, "Accept", responseType), 400, "GRAPHQL_VALIDATION_FAILED"},
			"a variable of the wrong type": {"POST", "/graphql", `{"query": "query($n: Int!) { customers(first: $n) { nodes { id } } }", "variables": {"n": "` + long + `"}}`, append(json, "Accept", responseType), 400, "GRAPHQL_VALIDATION_FAILED"},
		} {
			s.then(what, func(s scene) {
				for who, p := range map[string]*testworld.Person{"a stranger": s.Stranger(), "a customer": contoso.Admin, "a partner": acme.Admin} {
					a := p.Send(c.method, c.target, c.body, c.headers...)
					s.is("status for "+who, a.Status, c.status)
					s.is("errors for "+who, a.Errors(), []string{c.code + " at"})
					s.is("statements for "+who, a.Statements, 0)
					for _, told := range []string{"hunter2", "HUNTER2", `"data"`} {
						if strings.Contains(a.Body, told) {
							s.Errorf("%s is told %s: %.300s", who, told, a.Body)
						}
					}
					if !strings.Contains(a.Body, `"requestId":"req"`) || len(a.Body) > 1000 {
						s.Errorf("%s is answered %.300s", who, a.Body)
					}
				}
			})
		}
		s.then("time that is over before anything is done", func(s scene) {
			ctx, cancel := context.WithDeadline(contoso.Admin.Context(), time.Now().Add(-time.Second))
			defer cancel()
			r := httptest.NewRequest("POST", "/graphql", strings.NewReader(operation(viewer))).WithContext(ctx)
			r.Header.Set("Content-Type", "application/json")
			w := httptest.NewRecorder()
			s.API.ServeHTTP(w, r)
			a := testworld.Read(s.T, w.Result())
			s.is("status", a.Status, http.StatusServiceUnavailable)
			s.is("errors", a.Errors(), []string{"UNAVAILABLE at"})
			s.is("has a request id", strings.Contains(a.Body, `"requestId":"req"`), true)
		})
	})
}

// TestAnswersOverHTTP: the status and the media type of an answer are what the GraphQL-over-HTTP specification says.
func TestAnswersOverHTTP(t *testing.T) {
	eachScene(t, func(s scene) {
		contoso := s.Customer("Contoso")
		const viewer, forbidden, invalid = `query V($id: ID) { viewer { user { id } } node(id: $id) { id } }`, `{ tenants(first: 1) { nodes { id } } }`, `{ nothing }`
		for what, c := range map[string]struct {
			query, accept string
			status        int
			mediaType     string
			data          bool
		}{
			"data, for whoever says nothing": {forbidden, "", 200, "application/json", true},
			"errors beside data":             {forbidden, responseType, 200, responseType, true},
			"a refusal, in JSON":             {invalid, "application/json", 200, "application/json", false},
			"a refusal":                      {invalid, responseType + ", application/json;q=0.9", 400, responseType, false},
		} {
			s.then(what, func(s scene) {
				for _, method := range []string{"POST", "GET"} {
					a := contoso.Admin.Send(method, target(c.query, nil), operation(c.query), "Content-Type", "application/json", "Accept", c.accept)
					s.is("status", a.Status, c.status)
					s.is("media type", a.Header.Get("Content-Type"), c.mediaType+"; charset=utf-8")
					s.is("to keep", a.Header.Get("Cache-Control"), "no-store")
					s.is("data", strings.Contains(a.Body, `"data":`), c.data)
				}
			})
		}
		s.then("queries by GET, with variables", func(s scene) {
			a := contoso.Admin.Send("GET", target(strings.Replace(viewer, "$id: ID)", "$id: ID!)", 1), testworld.Vars{"id": contoso.ID})+"&operationName=V", "").OK()
			s.is("node", a.At("node.id"), any(contoso.ID))
		})
		s.then("OPTIONS tells the methods", func(s scene) {
			w := httptest.NewRecorder()
			s.API.ServeHTTP(w, httptest.NewRequest("OPTIONS", "/graphql", nil))
			s.is("status", w.Code, http.StatusNoContent)
			s.is("methods", w.Header().Get("Allow"), "GET, HEAD, OPTIONS, POST")
		})
	})
}

// TestErrorsStandInOneOrder: fields are resolved side by side, and yet the same question is answered alike, byte by byte.
func TestErrorsStandInOneOrder(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso := s.NewPartner("Acme"), s.Customer("Contoso")
		s.connected(acme, contoso, "ADMINISTRATOR")
		clerk := s.Staff(contoso, "clerk", testworld.Nothing)
		const query = `query($id: ID!) { tenant(id: $id) { signUpCode email accountNumber deviceCount subscriptionCount
			sites(first: 1) { totalCount } siteSummary { total } serviceActivatedAt signUpPolicy } }`
		first := clerk.Do(query, testworld.Vars{"id": contoso.ID})
		s.is("errors", first.Errors(), []string{"FORBIDDEN at tenant.accountNumber", "FORBIDDEN at tenant.deviceCount", "FORBIDDEN at tenant.email",
			"FORBIDDEN at tenant.serviceActivatedAt", "FORBIDDEN at tenant.signUpCode", "FORBIDDEN at tenant.signUpPolicy",
			"FORBIDDEN at tenant.siteSummary", "FORBIDDEN at tenant.sites", "FORBIDDEN at tenant.subscriptionCount"})
		for range 50 {
			if a := clerk.Do(query, testworld.Vars{"id": contoso.ID}); a.Body != first.Body {
				s.Fatalf("once it is answered\n%s\nand once\n%s", first.Body, a.Body)
			}
		}
	})
}
