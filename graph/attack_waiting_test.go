package graph_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"mandate/internal/auth"
	"mandate/internal/testworld"
)

// patient is what is sent by the bearer of a token, and what happens while it waits after the session was looked up.
type patient struct {
	scene
	token     string
	meanwhile func()
}

// answers tells what is answered, and how many statements that took.
func (w patient) answers(document string) (body string, statements int) {
	w.Helper()
	sessions := &auth.Sessions{Read: w.DB.Read, Write: w.DB.Write, Clock: w.Now}
	h := sessions.Bearer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if w.meanwhile != nil {
			w.meanwhile()
		}
		statements = w.Statements()
		w.API.ServeHTTP(rw, r)
		statements = w.Statements() - statements
	}), func(http.ResponseWriter, *http.Request, error) { w.Fatal("the token is refused") })
	r := httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader(fmt.Sprintf(`{"query":%q}`, document)))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+w.token)
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	body, _, _ = strings.Cut(rec.Body.String(), `,"extensions"`)
	return body, statements
}

// TestT09ARequestThatWaits: memberships are read together with the session. A request that waited for more than a second after
// that reads them again, and one that changes something always does.
func TestT09ARequestThatWaits(t *testing.T) {
	eachScene(t, func(s scene) {
		contoso := s.Customer("Contoso")
		clerk := s.Staff(contoso, "clerk", testworld.Role("PRIME_ADMIN"))
		program := s.makesToken(clerk, in{"scopes": levels("TENANT", "MANAGE")}).String("createApiToken.token")
		sets := func(status string) {
			s.does(contoso.Admin, "setMemberStatus", in{"tenantId": contoso.ID, "ids": []string{clerk.Member(contoso.Tenant).ID}, "status": status})
		}
		reads := fmt.Sprintf(`{ tenant(id: %q) { name } again: tenant(id: %[1]q) { email } }`, contoso.ID)
		renames := fmt.Sprintf(`mutation { updateTenant(input: { id: %q, email: "office@contoso.example" }) { tenant { id } userErrors { code } } }`, contoso.ID)
		for name, bears := range map[string]func() string{
			"a session":    func() string { return s.signsIn("clerk@example.com") }, // one ends with the last membership
			"an API token": func() string { return program },
		} {
			s.then(name+" that does not wait takes no statement for its memberships", func(s scene) {
				body, n := patient{s, bears(), nil}.answers(fmt.Sprintf(`{ tenant(id: %q) { name } }`, contoso.ID))
				s.is("statements", n, 0)
				s.is("answer", body, `{"data":{"tenant":{"name":"Contoso"}}`)
			})
			s.then(name+" that waits reads them again", func(s scene) {
				body, _ := patient{s, bears(), func() { sets("SUSPENDED"); s.Later(1001 * time.Millisecond) }}.answers(reads)
				s.is("answer", body, `{"data":{"tenant":null,"again":null}`)
				sets("ACTIVE")
			})
			s.then(name+" that changes something reads them again at once", func(s scene) {
				body, _ := patient{s, bears(), func() { sets("SUSPENDED") }}.answers(renames)
				s.is("refused", strings.Contains(body, `"NOT_FOUND"`), true)
				sets("ACTIVE")
				body, _ = patient{s, bears(), nil}.answers(renames)
				s.is("answer", body, fmt.Sprintf(`{"data":{"updateTenant":{"tenant":{"id":%q},"userErrors":[]}}`, contoso.ID))
			})
		}
	})
}
