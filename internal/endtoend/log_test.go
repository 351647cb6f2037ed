package endtoend

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"mandate/internal/database"
	"mandate/internal/testdb"
)

// TestLogHoldsNothingAboutPeople does what people and attackers do, and searches the log, down to its finest level, for
// every secret, address and name that was in it.
func TestLogHoldsNothingAboutPeople(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		s := newStage(t, "MANDATE_DATABASE_URL="+url, "MANDATE_PUBLIC_URL="+publicURL, "MANDATE_LOG_LEVEL=debug")
		json := []string{"Content-Type", "application/json"}
		secrets := []string{s.operator, password, "WRONG-password-1", "SECRET", "olivia", "@operator", "@acme", "@lovelace", "Anna", "Archer", "Acme",
			"Ada", "Lovelace", "Browser/9", "203.0.113.9", "127.0.0.1:", "old friend", "token="}

		acme := s.newPartner("Acme", "anna@acme.example")
		_, link := s.invites(acme, invited)
		_, token, _ := strings.Cut(link, "token=")
		secrets = append(secrets, acme.token, token)
		s.open(link).press("Accept", "Name of your organisation", "Lovelace Ltd",
			"First name", "Ada", "Last name", "Lovelace", "Password", password).shows("Connected")
		s.send(t, "GET", link, "", "User-Agent", "Browser/9", "Referer", link, "X-Forwarded-For", "203.0.113.9")
		s.send(t, "GET", "/SECRET/path?SECRET", "")
		s.send(t, "SECRET", "/graphql", "")
		s.send(t, "POST", "/password", "token=SECRET&new_password=SECRET", "Content-Type", "application/x-www-form-urlencoded")
		s.send(t, "POST", "/password", "email="+invited+strings.Repeat("x", 70<<10), "Content-Type", "application/x-www-form-urlencoded")

		const signIn = `mutation($e: String!, $p: String!) { signIn(input: {email: $e, password: $p}) { userErrors { code } } }`
		s.ask(t, "", signIn, in{"e": invited, "p": "WRONG-password-1"})
		ada := s.signIn(t, invited, password)
		secrets = append(secrets, ada)
		s.ask(t, ada, "query Mine($s: String) { customers(first: 1, filter: {search: $s}) { totalCount } }", in{"s": "SECRET"})
		s.ask(t, ada, "mutation { deleteTenant(input: {id: \"SECRET\", reason: \"old friend\"}) { userErrors { code } } }", nil)
		s.ask(t, ada+"x", "{ viewer { user { email } } }", nil)
		for _, body := range []string{`{"query": "SECRET`, `{"query": "{ SECRET"}`, `{"query": "{ SECRET(a: \"SECRET\") }"}`, `SECRET`, `{"query": "` + strings.Repeat("SECRET ", 50_000) + `"}`,
			`{"query": "query A { __typename }", "operationName": "SECRET"}`, `{"query": "query A($a: Int!) { __typename }", "variables": {"a": "SECRET"}}`} {
			s.send(t, "POST", "/graphql", body, json...)
			s.send(t, "POST", "/graphql", body, append(json, "Authorization", "Bearer SECRET")...)
		}
		spoil(t, url)
		s.ask(t, ada, "{ customers(first: 1) { nodes { tags } } viewer { user { email } tenants(first: 9) { nodes { tenant { name tags } } } } }", nil)
		s.ask(t, s.operator, `query Named { tenants(first: 9, filter: {search: "Bakery"}) { nodes { name tags } } }`, nil)

		s.awaits(`"operation":"Named"`)
		s.stop()
		log := s.printed()
		for _, text := range []string{`"route":"/invitation","status":404`, `"route":"none","status":404`, `"method":"OTHER"`, `"code":"UNAUTHENTICATED"`,
			`"code":"GRAPHQL_PARSE_FAILED"`, `"operation":"Mine"`, `"code":"INTERNAL"`, `"msg":"request failed"`} {
			if !strings.Contains(log, text) {
				t.Errorf("the log lacks %s", text)
			}
		}
		for line := range strings.Lines(log) {
			if strings.Contains(line, `"msg":"serving"`) {
				continue // says where the program listens
			}
			for _, secret := range secrets {
				if strings.Contains(line, secret) {
					t.Errorf("the log holds %q: %s", secret, line)
				}
			}
		}
	})
}

// spoil makes reading tags an error of the program.
func spoil(t *testing.T, url string) {
	t.Helper()
	db, err := database.Open(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Write.Exec("DROP TABLE tenant_tags"); err != nil {
		t.Fatal(fmt.Errorf("spoil the database: %w", err))
	}
}
