package graph_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mandate/internal/testdb"
	"mandate/internal/testworld"
)

// secret stands for whatever must not come back.
const secret = "hunter2-hunter2-hunter2"

func TestABodyThatIsNoOperationIsRefused(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		w := testworld.New(t, url)
		p := w.NewPartner("acme").Admin
		deep := strings.Repeat(`{"a":`, 20_000) + "1" + strings.Repeat("}", 20_000)
		for name, c := range map[string]struct {
			body   string
			status int
			code   string
		}{
			"an empty body":              {"", 400, "BAD_USER_INPUT"},
			"not JSON":                   {`{"query": "{ viewer { user { id } } }", "variables": {"password": "` + secret + `"`, 400, "BAD_USER_INPUT"},
			"words":                      {secret, 400, "BAD_USER_INPUT"},
			"a list of operations":       {`[{"query": "{ viewer { user { id } } }"}, {"query": "` + secret + `"}]`, 400, "BAD_USER_INPUT"},
			"null":                       {"null", 400, "BAD_USER_INPUT"},
			"a string":                   {`"` + secret + `"`, 400, "BAD_USER_INPUT"},
			"two objects":                {`{"query": "{ viewer { user { id } } }"} {"password": "` + secret + `"}`, 400, "BAD_USER_INPUT"},
			"no query":                   {`{"variables": {"password": "` + secret + `"}}`, 400, "BAD_USER_INPUT"},
			"a query that is no string":  {`{"query": {"password": "` + secret + `"}}`, 400, "BAD_USER_INPUT"},
			"variables that are no map":  {`{"query": "{ viewer { user { id } } }", "variables": "` + secret + `"}`, 400, "BAD_USER_INPUT"},
			"an object 20,000 deep":      {`{"query": "{ viewer { user { id } } }", "variables": ` + deep + `}`, 400, "BAD_USER_INPUT"},
			"more than 256 KiB":          {`{"query": "{ viewer { user { id } } }", "variables": {"password": "` + strings.Repeat(secret, 12_000) + `"}}`, 413, "BAD_USER_INPUT"},
			"a document of words":        {`{"query": "` + secret + `"}`, 200, "GRAPHQL_PARSE_FAILED"},
			"a document cut off":         {`{"query": "mutation { signIn(input: {email: \"a@example.com\", password: \"` + secret + `\"}"}`, 200, "GRAPHQL_PARSE_FAILED"},
			"a document of 3,000 tokens": {`{"query": "{ ` + strings.Repeat("a ", 3000) + `}"}`, 200, "QUERY_TOO_COMPLEX"},
			"a document 300 deep":        {`{"query": "` + strings.Repeat("{ a ", 300) + strings.Repeat("} ", 300) + `"}`, 200, "QUERY_TOO_COMPLEX"},
			"a list 400 deep":            {`{"query": "{ nodes(ids: ` + strings.Repeat("[", 400) + strings.Repeat("]", 400) + `) { id } }"}`, 200, "GRAPHQL_VALIDATION_FAILED"},
			"no operation":               {`{"query": "fragment F on User { id }"}`, 200, "GRAPHQL_VALIDATION_FAILED"},
			"an operation not there":     {`{"query": "query A { viewer { user { id } } }", "operationName": "` + secret + `"}`, 200, "GRAPHQL_VALIDATION_FAILED"},
		} {
			t.Run(name, func(t *testing.T) {
				a := p.Post([]byte(c.body), "application/json")
				if a.Status != c.status {
					t.Errorf("status %d, want %d", a.Status, c.status)
				}
				expectRefusal(t, a, c.code)
			})
		}
		for _, contentType := range []string{"", "text/plain", "application/graphql", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded", "application/json/x"} {
			a := p.Post([]byte(`{"query": "{ viewer { user { id } } }"}`), contentType)
			if a.Status != http.StatusUnsupportedMediaType {
				t.Errorf("%q: status %d", contentType, a.Status)
			}
			expectRefusal(t, a, "BAD_USER_INPUT")
		}
		for _, contentType := range []string{"application/json", "application/json; charset=utf-8"} {
			p.Post([]byte(`{"query": "{ viewer { user { id } } }", "extensions": {"persistedQuery": {"sha256Hash": "x"}}}`), contentType).OK()
		}
		for _, method := range []string{http.MethodPut, http.MethodDelete} {
			r := httptest.NewRequest(method, "/graphql?query={viewer{user{id}}}", nil).WithContext(p.Context())
			rec := httptest.NewRecorder()
			w.API.ServeHTTP(rec, r)
			if rec.Code != http.StatusMethodNotAllowed || rec.Header().Get("Allow") != "GET, HEAD, OPTIONS, POST" || strings.Contains(rec.Body.String(), p.ID) {
				t.Errorf("%s: %d %s", method, rec.Code, rec.Body)
			}
		}
	})
}

// expectRefusal checks that an answer holds nothing but errors with the code, with a request id, and without anything secret.
func expectRefusal(t *testing.T, a *testworld.Answer, code string) {
	t.Helper()
	errs := a.Errors()
	if len(errs) == 0 || len(errs) > 10 {
		t.Errorf("%d errors: %.300s", len(errs), a.Body)
	}
	for _, e := range errs {
		if got, _, _ := strings.Cut(e, " "); got != code {
			t.Errorf("%s, want %s: %.300s", got, code, a.Body)
		}
	}
	if strings.Count(a.Body, `"requestId":"req"`) != len(errs) {
		t.Errorf("not every error tells the request id: %.300s", a.Body)
	}
	if strings.Contains(a.Body, secret[:12]) {
		t.Errorf("the secret is echoed: %.300s", a.Body)
	}
	if strings.Contains(a.Body, "Did you mean") {
		t.Errorf("the answer helps to guess: %.300s", a.Body)
	}
	if a.At("viewer") != nil {
		t.Errorf("it was answered: %.300s", a.Body)
	}
}

func TestADocumentThatIsNotOfTheSchemaIsRefused(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		w := testworld.New(t, url)
		p := w.NewPartner("acme").Admin
		for name, c := range map[string]struct {
			query string
			vars  testworld.Vars
		}{
			"a misspelled field":             {`{ viewer { usr { id } } }`, nil},
			"a misspelled root field":        {`{ viewr { user { id } } }`, nil},
			"a misspelled mutation":          {`mutation { signInn(input: {}) { token } }`, nil},
			"a misspelled argument":          {`{ customers(frst: 1) { totalCount } }`, nil},
			"a misspelled type":              {`{ node(id: "x") { ... on Tennant { id } } }`, nil},
			"a misspelled type of variables": {`query($i: SignInInputt!) { viewer { user { id } } }`, nil},
			"a misspelled enum value":        {`{ customers(first: 1, orderBy: {field: NAMEE}) { totalCount } }`, nil},
			"a misspelled input field":       {`{ customers(first: 1, filter: {serch: "aa"}) { totalCount } }`, nil},
			"a misspelled directive":         {`{ viewer @skipp(if: true) { user { id } } }`, nil},
			"a misspelled input in a variable": {`mutation($i: SignInInput!) { signIn(input: $i) { token } }`,
				testworld.Vars{"i": map[string]any{"email": "a@example.com", "pasword": secret}}},
			"a misspelled enum in a variable": {`query($o: TenantOrder) { customers(first: 1, orderBy: $o) { totalCount } }`,
				testworld.Vars{"o": map[string]any{"field": secret}}},
			"a variable missing":           {`mutation($i: SignInInput!) { signIn(input: $i) { token } }`, nil},
			"a part of a variable missing": {`mutation($i: SignInInput!) { signIn(input: $i) { token } }`, testworld.Vars{"i": map[string]any{"password": secret}}},
			"an object for a string":       {`mutation($i: SignInInput!) { signIn(input: $i) { token } }`, testworld.Vars{"i": map[string]any{"email": map[string]any{"a": 1}, "password": secret}}},
			"a list for a string":          {`mutation($i: SignInInput!) { signIn(input: $i) { token } }`, testworld.Vars{"i": map[string]any{"email": "a", "password": []string{secret}}}},
			"a string for an input":        {`mutation($i: SignInInput!) { signIn(input: $i) { token } }`, testworld.Vars{"i": secret}},
			"a string for a number":        {`query($n: Int) { customers(first: $n) { totalCount } }`, testworld.Vars{"n": secret}},
			"a number too large":           {`query($n: Int) { customers(first: $n) { totalCount } }`, testworld.Vars{"n": 1e30}},
			"a fraction for a number":      {`query($n: Int) { customers(first: $n) { totalCount } }`, testworld.Vars{"n": 1.5}},
			"a string for a flag":          {`mutation($i: TerminateRelationshipInput!) { terminateRelationship(input: $i) { userErrors { code } } }`, testworld.Vars{"i": map[string]any{"id": "x", "dryRun": secret}}},
			"a literal of another type":    {`mutation { signIn(input: {email: 5, password: ["` + secret + `"]}) { token } }`, nil},
			"a literal for an input":       {`mutation { signIn(input: "` + secret + `") { token } }`, nil},
			"a literal for an enum":        {`{ customers(first: 1, orderBy: {field: "` + secret + `"}) { totalCount } }`, nil},
			"a literal with no such field": {`mutation { signIn(input: {email: "a", password: "b", other: "` + secret + `"}) { token } }`, nil},
			"a default of another type":    {`query($n: Int = "` + secret + `") { customers(first: $n) { totalCount } }`, nil},
			"a variable of another type":   {`query($s: String) { customers(first: $s) { totalCount } }`, testworld.Vars{"s": secret}},
			"no selection":                 {`{ viewer }`, nil},
			"a circle of fragments":        {`{ viewer { ...A } } fragment A on Viewer { ...B } fragment B on Viewer { ...A }`, nil},
			"a hundred faults":             {"{ viewer { " + manyFields(100) + " } }", nil},
		} {
			t.Run(name, func(t *testing.T) { expectRefusal(t, p.Do(c.query, c.vars), "GRAPHQL_VALIDATION_FAILED") })
		}
	})
}

func manyFields(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "no%d ", i)
	}
	return b.String()
}

func TestAnInstantThatIsNoneIsBadInput(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		w := testworld.New(t, url)
		acme := w.NewPartner("acme")
		p := acme.Admin
		for _, bad := range []any{secret, "2026-11-21", "2026-02-30T00:00:00Z", "0000-01-01T00:00:00Z", "10000-01-01T00:00:00Z", "9999-12-31T23:59:59-01:00", "0001-01-01T00:00:00+01:00", "2026-11-21T12:00:00", "2026-11-21 12:00:00Z", "", 5, true, []string{secret}, map[string]any{"x": secret}} {
			a := p.Do(`mutation($i: InviteCustomerInput!) { inviteCustomer(input: $i) { userErrors { code } } }`, testworld.Vars{"i": map[string]any{"email": "a@example.com", "accessEndsAt": bad}})
			expectRefusal(t, a, "BAD_USER_INPUT")
			a = p.Do(`query($d: DateTime, $t: ID!) { tenant(id: $t) { assignments(first: 1, expiringBefore: $d) { totalCount } } }`, testworld.Vars{"d": bad, "t": acme.ID})
			expectRefusal(t, a, "BAD_USER_INPUT")
		}
		expectRefusal(t, p.Do(`mutation { inviteCustomer(input: {email: "a@example.com", accessEndsAt: "`+secret+`"}) { userErrors { code } } }`, nil), "BAD_USER_INPUT")
		expectRefusal(t, p.Do(`mutation { inviteCustomer(input: {email: "a@example.com", accessEndsAt: 5}) { userErrors { code } } }`, nil), "BAD_USER_INPUT")
		p.Do(`mutation { inviteCustomer(input: {email: "a@example.com", accessEndsAt: "2027-01-01T01:00:00.123456789+01:00"}) { invitation { accessEndsAt } userErrors { code } } }`, nil).OK()
	})
}

func TestAnAddressThatIsNoneIsInvalid(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		w := testworld.New(t, url)
		p := w.NewPartner("acme").Admin
		invite := func(email string) *testworld.Answer {
			t.Helper()
			return p.Do(`mutation($i: InviteCustomerInput!) { inviteCustomer(input: $i) { invitation { email } userErrors { message code field } } }`,
				testworld.Vars{"i": map[string]any{"email": email}})
		}
		for name, c := range map[string]struct{ email, code string }{
			"empty":                          {"", "INVALID"},
			"no at sign":                     {"mike.example.com", "INVALID"},
			"no local part":                  {"@example.com", "INVALID"},
			"no domain":                      {"mike@", "INVALID"},
			"a domain of one label":          {"mike@localhost", "INVALID"},
			"two at signs":                   {"mike@home@example.com", "INVALID"},
			"a line break":                   {"mike@example.com\nBcc: all@example.com", "INVALID"},
			"a line break at the end":        {"mike@example.com\n", "INVALID"},
			"a line break in front":          {"\r\nmike@example.com", "INVALID"},
			"a line break in the local part": {"mi\r\nke@example.com", "INVALID"},
			"a zero-width space":             {"mi\u200bke@example.com", "INVALID"},
			"a zero-width joiner":            {"mike@exam\u200dple.com", "INVALID"},
			"a zero-width space at the end":  {"mike@example.com\u200b", "INVALID"},
			"a soft hyphen":                  {"mi\u00adke@example.com", "INVALID"},
			"a bidi override":                {"mike\u202e@example.com", "INVALID"},
			"a dotless i":                    {"mıke@example.com", "INVALID"},
			"full width":                     {"ｍｉｋｅ@example.com", "INVALID"},
			"a Cyrillic a":                   {"mаrk@example.com", "INVALID"},
			"a combining accent":             {"mike@exa\u0301mple.com", "INVALID"},
			"a Kelvin sign":                  {"mi\u212ae@example.com", "INVALID"},
			"a NUL":                          {"mike\x00@example.com", "INVALID"},
			"a blank":                        {"mi ke@example.com", "INVALID"},
			"a quoted local part":            {`"mike smith"@example.com`, "INVALID"},
			"a display name":                 {"Mike <mike@example.com>", "INVALID"},
			"a comma":                        {"mike@example.com,all@example.com", "INVALID"},
			"two dots":                       {"mi..ke@example.com", "INVALID"},
			"a dot at the end":               {"mike@example.com.", "INVALID"},
			"a local part of 65":             {strings.Repeat("m", 65) + "@example.com", "INVALID"},
			"more than 320":                  {strings.Repeat("m", 64) + "@" + strings.Repeat("example.", 32) + "com", "TOO_LONG"},
			"bytes that are no text":         {"mike\xff@example.com", "INVALID"},
			"a domain that is an address":    {"mike@[127.0.0.1]", "INVALID"},
			"an underscore in the domain":    {"mike@exa_mple.com", "INVALID"},
		} {
			t.Run(name, func(t *testing.T) {
				a := invite(c.email)
				if diff := cmp.Diff([]string{c.code + " at input.email"}, a.UserErrors("inviteCustomer")); diff != "" {
					t.Errorf("(- want, + got):\n%s", diff)
				}
				if c.email != "" && strings.Contains(a.String("inviteCustomer.userErrors.0.message"), c.email) {
					t.Errorf("the address is echoed: %s", a.Body)
				}
			})
		}
		t.Run("nothing was invited", func(t *testing.T) {
			if n, err := w.Write.Invitation.Query().Count(w.System()); err != nil || n != 0 {
				t.Errorf("%d invitations (%v)", n, err)
			}
			if n, err := w.Write.OutboxMessage.Query().Count(w.System()); err != nil || n != 0 {
				t.Errorf("%d mails (%v)", n, err)
			}
		})
		t.Run("one address in two forms is one address", func(t *testing.T) {
			for typed, again := range map[string][]string{
				"Anna@bücher.example":           {"anna@bücher.example", "ANNA@XN--BCHER-KVA.EXAMPLE", "anna@BÜCHER.example", " anna@xn--bcher-kva.example "},
				"carl.o'neil+x@SUB.example.com": {"Carl.O'Neil+X@sub.example.com", "carl.o'neil+x@ｓｕｂ.example.com"},
			} {
				if got := invite(typed).OK().String("inviteCustomer.invitation.email"); got != strings.ToLower(typed) {
					t.Errorf("%s became %s", typed, got)
				}
				for _, other := range again {
					if diff := cmp.Diff([]string{"INVITATION_ALREADY_EXISTS at input.email"}, invite(other).UserErrors("inviteCustomer")); diff != "" {
						t.Errorf("%s (- want, + got):\n%s", other, diff)
					}
				}
			}
			invite("carl.oneil+x@sub.example.com").OK() // dots, quotes and tags are the receiving server's business
			invite("carl.o'neil@sub.example.com").OK()
		})
	})
}

func TestANameThatHidesSomethingIsInvalid(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		w := testworld.New(t, url)
		p := w.NewPartner("acme").Admin
		serial := 0
		create := func(name string) *testworld.Answer {
			t.Helper()
			serial++
			return p.Do(`mutation($i: CreateCustomerInput!) { createCustomer(input: $i) { tenant { name } userErrors { code field } } }`, testworld.Vars{"i": map[string]any{
				"name": name, "adminEmail": fmt.Sprintf("admin%d@example.com", serial), "adminFirstName": "Ada", "adminLastName": "Smith"}})
		}
		for name, c := range map[string]struct{ name, code string }{
			"empty":                  {"", "REQUIRED"},
			"blanks":                 {" \t\n ", "REQUIRED"},
			"a bell":                 {"Con\atoso", "INVALID"},
			"a NUL":                  {"Con\x00toso", "INVALID"},
			"a bidi override":        {"Contoso \u202eosotnoC", "INVALID"},
			"a bidi isolate":         {"Contoso \u2066x\u2069", "INVALID"},
			"a zero-width space":     {"Con\u200btoso", "INVALID"},
			"a byte order mark":      {"\ufeffContoso", "INVALID"},
			"a tag character":        {"Contoso\U000E0041", "INVALID"},
			"an escape":              {"Con\x1b[31mtoso", "INVALID"},
			"bytes that are no text": {"Con\xfftoso", "INVALID"},
			"an address on the web":  {"Contoso https://evil.example", "INVALID"},
			"201 characters":         {strings.Repeat("é", 201), "TOO_LONG"},
			"10,000 characters":      {strings.Repeat("x", 10_000), "TOO_LONG"},
		} {
			t.Run(name, func(t *testing.T) {
				if diff := cmp.Diff([]string{c.code + " at input.name"}, create(c.name).UserErrors("createCustomer")); diff != "" {
					t.Errorf("(- want, + got):\n%s", diff)
				}
			})
		}
		for typed, kept := range map[string]string{
			"  Contoso \n GmbH ":                "Contoso GmbH",
			"Cafe\u0301":                        "Café",
			"नमस्\u200dते":                      "नमस्\u200dते",
			"👩\u200d🚀 & Söhne":                  "👩\u200d🚀 & Söhne",
			strings.Repeat("é", 200):            strings.Repeat("é", 200),
			`<script>alert("x")</script> & Co.`: `<script>alert("x")</script> & Co.`,
		} {
			if got := create(typed).OK().String("createCustomer.tenant.name"); got != kept {
				t.Errorf("%q is kept as %q, want %q", typed, got, kept)
			}
		}
	})
}

func TestEveryFaultOfAnInputIsToldAtOnce(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		w := testworld.New(t, url)
		c := w.Customer("contoso")
		a := c.Admin.Do(`mutation($i: AddMembersInput!) { addMembers(input: $i) { members { id } userErrors { code field } } }`, testworld.Vars{"i": map[string]any{"tenantId": c.ID, "members": []any{
			map[string]any{"userId": "", "label": "x", "firstName": "A\u202e", "lastName": "B", "email": "a@b@example.com", "phone": "0123", "roleKey": "READ_ONLY"},
			map[string]any{"userId": "ok", "label": "x", "firstName": "A", "lastName": "B", "email": "ok@example.com", "phone": "+41446681800", "roleKey": "READ_ONLY"},
		}}})
		got := a.UserErrors("addMembers")
		slices.Sort(got)
		want := []string{"INVALID at input.members.0.email", "INVALID at input.members.0.firstName", "PHONE_COUNTRY_CODE_REQUIRED at input.members.0.phone", "REQUIRED at input.members.0.userId"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(- want, + got):\n%s", diff)
		}
		if len(a.List("addMembers.members")) > 0 {
			t.Error("some were added")
		}
	})
}
