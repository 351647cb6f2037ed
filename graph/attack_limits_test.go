package graph_test

import (
	"fmt"
	"strings"
	"testing"

	"mandate/graph"
	"mandate/internal/testworld"
)

// TestT15ManyGuessesInOneRequest: neither aliases nor fragments nor a list of operations try more than one secret at once.
func TestT15ManyGuessesInOneRequest(t *testing.T) {
	eachScene(t, func(s scene) {
		c := s.Customer("Contoso")
		const guess = `signIn(input: {email: "contoso@example.com", password: "wrong #"}) { token }`
		for name, document := range map[string]string{
			"a hundred aliases": "mutation { " + repeat(100, "a#: "+guess) + "}",
			"two aliases":       "mutation { " + repeat(2, "a#: "+guess) + "}",
			"a fragment":        "mutation { a: " + guess + " ...f } fragment f on Mutation { b: " + guess + " }",
			"fragments alone":   "mutation { ...f ...g } fragment f on Mutation { a: " + guess + " } fragment g on Mutation { ... { b: " + guess + " } }",
			"one of each": `mutation { signIn(input: {email: "contoso@example.com", password: "wrong"}) { token }
				resetPassword(input: {token: "x", newPassword: "a staple that nobody has"}) { ok } }`,
			"left out, and then not": "mutation($no: Boolean = false) { a: " + guess + " ... @skip(if: $no) { b: " + guess + " } }",
			"mails":                  "mutation { " + repeat(2, `a#: requestPasswordReset(input: {email: "contoso@example.com"}) { ok } `) + "}",
			"offers":                 "{ " + repeat(2, `a#: invitationByToken(token: "x") { expiresAt } `) + "}",
			"offers declined":        "mutation { " + repeat(2, `a#: declineInvitation(input: {token: "x"}) { userErrors { code } } `) + "}",
		} {
			s.then(name+" is refused whole", func(s scene) {
				a := s.Stranger().Do(document, nil)
				expectRefusal(s.T, a, "QUERY_TOO_COMPLEX")
				s.is("statements", a.Statements, 0)
				s.is("mails", len(s.Mails("contoso@example.com")), 0)
			})
		}
		s.then("a list of operations is refused whole", func(s scene) {
			a := s.Stranger().Post([]byte("["+strings.Repeat(`{"query": "mutation { signIn(input: {email: \"contoso@example.com\", password: \"wrong\"}) { token } }"},`, 9)+`{"query": "{ features { key } }"}]`), "application/json")
			s.is("status", a.Status, 400)
			expectRefusal(s.T, a, "BAD_USER_INPUT")
		})
		s.then("one is answered, and so is one beside other mutations", func(s scene) {
			s.is("errors", s.Stranger().Do("mutation { "+guess+" signOut { ok } }", nil).Errors(), []string{"UNAUTHENTICATED at signOut"})
			s.is("token", c.Admin.Do(`mutation { signIn(input: {email: "contoso@example.com", password: "`+testworld.Password+`"}) { token } }`, nil).OK().String("signIn.token") != "", true)
		})
		s.then("several operations may each have one: one of them is executed", func(s scene) {
			s.Stranger().Do("mutation A { "+guess+" }", nil).OK()
		})
	})
}

// TestT16MoreThanOneMayAsk: what goes deep, wide or round is refused before anything is done.
func TestT16MoreThanOneMayAsk(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso := s.NewPartner("Acme"), s.Customer("Contoso")
		s.Manages(acme, contoso)
		for name, document := range map[string]string{
			"a circle of twenty":      "{ customers(first: 1) { nodes { " + nested(20, "relationship { customer", "id") + strings.Repeat(" }", 20) + " } } }",
			"lists of 100, four deep": "{ customers(first: 100) { nodes { " + nested(3, "members(first: 100) { nodes { tenant", "id") + strings.Repeat(" } }", 3) + " } } }",
			"500 times a field":       "{ viewer { user { " + strings.Repeat("id ", 500) + "} } }",
			"450 that overlap":        "{ " + strings.Repeat("viewer { user { id } } ", 150) + "}",
			"overlaps in fragments":   "{ viewer { user { " + strings.Repeat("...f ", 100) + "} } } fragment f on User { id email }",
			"many operations of one":  repeat(20, "query q# { features { "+strings.Repeat("key ", 20)+"} } "),
		} {
			s.then(name+" is refused", func(s scene) {
				a := acme.Admin.Do(document, nil)
				expectRefusal(s.T, a, "QUERY_TOO_COMPLEX")
				s.is("statements", a.Statements, 0)
			})
		}
	})
}

// TestT17FragmentBombs: fragments that spread others twice are looked at once each, and those that spread themselves are
// refused.
func TestT17FragmentBombs(t *testing.T) {
	eachScene(t, func(s scene) {
		p := s.NewPartner("Acme").Admin
		bomb := func(levels int, on, spreads, end string) string {
			var b strings.Builder
			for i := range levels {
				fmt.Fprintf(&b, " fragment f%d on %s { %s }", i, on, strings.ReplaceAll(spreads, "#", fmt.Sprint(i+1)))
			}
			return b.String() + fmt.Sprintf(" fragment f%d on %s { %s }", levels, on, end)
		}
		for name, c := range map[string]struct{ document, code string }{
			"thirty levels":            {"{ ...f0 }" + bomb(30, "Query", "...f# ...f#", "features { key }"), "QUERY_TOO_COMPLEX"},
			"thirty levels in a field": {"{ viewer { ...f0 } }" + bomb(30, "Viewer", "user { id } ...f# ... { ...f# }", "tenants(first: 1) { totalCount }"), "QUERY_TOO_COMPLEX"},
			"fields that multiply":     {"{ customers(first: 1) { nodes { ...f0 } } }" + bomb(9, "Tenant", "a: relationship { customer { ...f# } }", "id"), "QUERY_TOO_COMPLEX"},
			"a spread of itself":       {"{ viewer { ...f } } fragment f on Viewer { ...f }", "GRAPHQL_VALIDATION_FAILED"},
			"a circle":                 {"{ viewer { ...a } } fragment a on Viewer { user { id } ...b } fragment b on Viewer { ...c } fragment c on Viewer { ...a }", "GRAPHQL_VALIDATION_FAILED"},
			"a circle with a field":    {"{ customers(first: 1) { nodes { ...a } } } fragment a on Tenant { relationship { customer { ...a } } }", "GRAPHQL_VALIDATION_FAILED"},
			"a circle nobody spreads":  {"{ viewer { user { id } } } fragment a on Viewer { ...b } fragment b on Viewer { ...a }", "GRAPHQL_VALIDATION_FAILED"},
			"inline fragments, nested": {"{ " + nested(400, "...", "features { key }") + " }", "QUERY_TOO_COMPLEX"},
			"inline fragments, beside": {"{ viewer { " + strings.Repeat("... { __typename ", 175) + strings.Repeat("} ", 175) + "} }", "QUERY_TOO_COMPLEX"},
			"a circle of the schema":   {`{ __schema { types { fields { type { fields { type { fields { type { name } } } } } } } } }`, "GRAPHQL_VALIDATION_FAILED"},
		} {
			s.then(name+" is refused", func(s scene) {
				a := p.Do(c.document, nil)
				expectRefusal(s.T, a, c.code)
				s.is("statements", a.Statements, 0)
			})
		}
	})
}

// TestT18DirectivesAndErrors: what asks for many errors is told a few.
func TestT18DirectivesAndErrors(t *testing.T) {
	eachScene(t, func(s scene) {
		p := s.NewPartner("Acme").Admin
		long := strings.Repeat("n", 15_000)
		for name, c := range map[string]struct {
			document string
			code     string
		}{
			"100,000 directives":    {"{ __typename " + strings.Repeat("@a", 100_000) + " }", "QUERY_TOO_COMPLEX"},
			"400 directives":        {"{ __typename " + strings.Repeat("@aa", 400) + " }", "QUERY_TOO_COMPLEX"},
			"20 unknown directives": {"{ __typename " + repeat(20, "@a# ") + " }", "GRAPHQL_VALIDATION_FAILED"},
			"300 unknown fields":    {"{ " + repeat(8, "a#: viewer { "+repeat(25, "no# ")+"} ") + "}", "GRAPHQL_VALIDATION_FAILED"},
			"a name of 15,000":      {"{ " + long + " }", "GRAPHQL_VALIDATION_FAILED"},
			"names of 1,000":        {"{ " + repeat(10, strings.Repeat("n", 1000)+"# ") + "}", "GRAPHQL_VALIDATION_FAILED"},
			"a type of 15,000":      {"query($v: " + long + ") { viewer { user { id } } }", "GRAPHQL_VALIDATION_FAILED"},
			"300 unknown variables": {"{ customers(first: 1, filter: {tags: [" + repeat(300, "$v# ") + "]}) { totalCount } }", "GRAPHQL_VALIDATION_FAILED"},
			"300 unused variables":  {"query(" + repeat(150, "$v#: Int ") + ") { viewer { user { id } } }", "GRAPHQL_VALIDATION_FAILED"},
		} {
			s.then(name+" make few errors", func(s scene) {
				for _, who := range []*testworld.Person{p, s.Stranger()} {
					a := who.Do(c.document, nil)
					expectRefusal(s.T, a, c.code)
					if len(a.Body) > 16<<10 {
						s.Errorf("the answer has %d bytes", len(a.Body))
					}
				}
			})
		}
	})
}

// TestT19SchemaLeakage: where the schema is not to be asked for, nothing tells of it.
func TestT19SchemaLeakage(t *testing.T) {
	eachScene(t, func(s scene) {
		p := s.NewPartner("Acme").Admin
		questions := map[string]string{
			"the schema":             "{ __schema { types { name } } }",
			"a type":                 `{ __type(name: "User") { fields { name } } }`,
			"under another name":     `{ a: __type(name: "User") { name } }`,
			"in a fragment":          `{ ...f } fragment f on Query { ... { __schema { queryType { name } } } }`,
			"beside something else":  "{ viewer { user { id } } __schema { queryType { name } } }",
			"in a fragment not used": "{ features { key } } fragment f on Query { __schema { queryType { name } } }",
			"in a mutation":          "mutation { __schema { queryType { name } } }",
		}
		s.then("with introspection on, the schema is told: it is public", func(s scene) {
			s.Stranger().Do(questions["the schema"], nil).OK()
			s.Stranger().Do(questions["a type"], nil).OK()
		})
		s.API = graph.New(graph.Config{Client: s.Read, Dialect: s.DB.Dialect, Service: s.Service, Clock: s.Now, NoIntrospection: true})
		for name, document := range questions {
			s.then("with introspection off, not "+name, func(s scene) {
				expectRefusal(s.T, p.Do(document, nil), "GRAPHQL_VALIDATION_FAILED")
			})
		}
		s.then("the names of types stay: clients need them", func(s scene) {
			s.is("type", p.Do("{ __typename viewer { __typename } }", nil).OK().String("viewer.__typename"), "Viewer")
		})
		for misspelled, told := range map[string]string{
			"{ viewr { user { id } } }":                                       "viewer",
			"{ viewer { usr { id } } }":                                       "user",
			"{ customers(frist: 1) { totalCount } }":                          "first",
			"{ customers(first: 1, orderBy: {feild: NAME}) { totalCount } }":  "direction",
			"{ customers(first: 1, orderBy: {field: NAMES}) { totalCount } }": "NAME ",
			"{ customers(first: 1, filter: {serch: \"aa\"}) { totalCount } }": "search",
			`{ node(id: "x") { ... on Tenants { id } } }`:                     "Tenant\"",
			`{ node(id: "x") { ...f } } fragment f on Membr { id }`:           "Member",
			"query($i: SignInInputs) { viewer { user { id } } }":              "SignInInput\"",
			"{ viewer @inclde(if: true) { user { id } } }":                    "include",
			"{ viewer }":                       "{",
			"{ viewer { user { id { x } } } }": "Did",
			`{ node(id: "x") { name } }`:       "Tenant",
			"mutation { signIn(input: {emial: \"a\", password: \"b\"}) { token } }": "email ",
			"mutation { sigIn(input: {email: \"a\", password: \"b\"}) { token } }":  "signIn",
			"mutation { signIn(inptu: {email: \"a\", password: \"b\"}) { token } }": "signUp",
		} {
			s.then("nothing is suggested for "+misspelled, func(s scene) {
				a := p.Do(misspelled, nil)
				expectRefusal(s.T, a, "GRAPHQL_VALIDATION_FAILED")
				for _, word := range []string{"Did you mean", "did you mean", "suggest", told} {
					if strings.Contains(strings.Join(a.Messages(), "\n"), word) {
						s.Errorf("it tells %q: %s", word, a.Body)
					}
				}
			})
		}
		for variables, told := range map[string]string{`{"o": {"field": "NAMES"}}`: "NAME ", `{"o": {"feild": "NAME"}}`: "direction"} {
			a := p.Post([]byte(`{"query": "query($o: TenantOrder) { customers(first: 1, orderBy: $o) { totalCount } }", "variables": `+variables+`}`), "application/json")
			expectRefusal(s.T, a, "GRAPHQL_VALIDATION_FAILED")
			if strings.Contains(strings.Join(a.Messages(), "\n"), told) {
				s.Errorf("it tells %q: %s", told, a.Body)
			}
		}
	})
}
