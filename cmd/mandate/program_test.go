package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mandate/internal/testdb"
)

// query asks the API, and returns the answer as text.
func query(t *testing.T, url, token, document string) string {
	t.Helper()
	body, err := json.Marshal(map[string]string{"query": document})
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequest(http.MethodPost, url+"/graphql", strings.NewReader(string(body)))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	answer, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

func TestServeFromNothingToSignedIn(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		env := []string{"MANDATE_DATABASE_URL=" + url, "MANDATE_LISTEN=127.0.0.1:0", "MANDATE_LOG=json"}
		create := []string{"admin", "create", "--email", "olivia@operator.example"}
		runs(t, env, "quiet river stone 77\n", create, 0, "Created the administrator olivia@operator.example")
		runs(t, env, "quiet river stone 77\n", create, 1, "is a member of the operator already")
		runs(t, env, "short", create, 1, "12 to 128 characters")
		runs(t, env, "", create, 1, "no password on standard input")

		p := start(t, env, "", "serve")
		base := p.awaits(`"url":"([^"]+)"`)
		if status, text := get(t, base+"/readyz"); status != 200 {
			t.Errorf("not ready: %d %s", status, text)
		}
		if status, _ := get(t, base+"/mailbox"); status != 404 {
			t.Errorf("a mailbox outside of the demo: %d", status)
		}
		answer := query(t, base, "", `mutation { signIn(input: {email: "olivia@operator.example", password: "quiet river stone 77"}) { token viewer { user { email } } } }`)
		if !strings.Contains(answer, `"email":"olivia@operator.example"`) {
			t.Errorf("signing in: %s", answer)
		}
		p.stop()
		if strings.Contains(p.printed(), "olivia") || strings.Contains(p.printed(), "quiet river") {
			t.Errorf("the log holds secrets:\n%s", p.printed())
		}
	})
}

func TestOutdatedSchemaIsRefusedOnMySQL(t *testing.T) {
	t.Parallel()
	url := testdb.Empty(t, testdb.MariaDB)
	env := []string{"MANDATE_DATABASE_URL=" + url, "MANDATE_LISTEN=127.0.0.1:0"}
	runs(t, env, "", []string{"serve"}, 1, "outdated", "mandate migrate up", "mandate serve --migrate")
	runs(t, env, "", []string{"migrate", "status"}, 1, "the database is empty", "mandate migrate up")
	p := start(t, env, "", "serve", "--migrate")
	p.awaits("msg=serving")
	p.awaits("msg=\"there is no mail server: mails stay in the outbox\"")
	p.stop()
	p.awaits("msg=stopping(?s:.*)msg=stopped")
	runs(t, env, "", []string{"migrate", "status"}, 0, "applied ")
	runs(t, env, "", []string{"migrate", "up"}, 0, "The schema is up to date.")
}

func TestDatabaseThatIsAwayIsNoBadValue(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	printed := runs(t, []string{fmt.Sprintf("MANDATE_DATABASE_URL=mysql://user:SECRET@%s/name", address)}, "", []string{"serve"}, 1, "MANDATE_DATABASE_URL", "refused")
	if strings.Contains(printed, "SECRET") {
		t.Errorf("printed %s", printed)
	}
}

func TestDemo(t *testing.T) {
	t.Parallel()
	p := start(t, []string{"MANDATE_WEBHOOK_ALLOW=127.0.0.1"}, "", "demo", "--listen=127.0.0.1:0")
	base := p.awaits(`(http://\S+)/graphiql`)
	token := p.awaits(`Bearer ([A-Za-z0-9_-]+)'`)
	answer := query(t, base, token, p.awaits(`\n  (\{ customers.*)\n`))
	for _, text := range []string{`"totalCount":11`, "Alder Dental Practice", "Old Mill Bakery", `"priority:high"`, `"Read-Only"`} {
		if !strings.Contains(answer, text) {
			t.Errorf("the first query lacks %s: %s", text, answer)
		}
	}
	_, rest, _ := strings.Cut(query(t, base, token, `{ viewer { tenants(via: [OWN], first: 1) { nodes { tenant { id } } } } }`), `"id":"`)
	tenant, _, _ := strings.Cut(rest, `"`)
	answer = query(t, base, token, fmt.Sprintf(`mutation { createWebhook(input: {tenantId: %q, url: "http://127.0.0.1:1/"}) { userErrors { message } } }`, tenant))
	if !strings.Contains(answer, `"userErrors":[]`) {
		t.Errorf("a webhook that leads where it may: %s", answer)
	}
	password := p.awaits(`sam@brightnet\.example +(\S+)`)
	answer = query(t, base, "", fmt.Sprintf(`mutation { signIn(input: {email: "sam@brightnet.example", password: %q}) { token } }`, password))
	_, rest, _ = strings.Cut(answer, `"token":"`)
	token, _, _ = strings.Cut(rest, `"`)
	if answer = query(t, base, token, `{ customers(first: 20) { totalCount } }`); !strings.Contains(answer, `"totalCount":3`) {
		t.Errorf("the support staff sees %s", answer)
	}
	if status, text := get(t, base+"/mailbox"); status != 200 || !strings.Contains(text, invitedAddress) {
		t.Errorf("the mailbox: %d %s", status, text)
	}
	p.stop()
	left, err := filepath.Glob(filepath.Join(p.cmd.Dir, "mandate-demo-*"))
	if err != nil {
		t.Fatal(err)
	}
	if len(left) > 0 {
		t.Errorf("the demo left %v behind", left)
	}
}

func TestDemoTakesTheNextFreePort(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", defaultListen)
	if err == nil { // else it is taken already, which will do
		defer l.Close()
	}
	got, err := (&demo{}).listen()
	if err != nil {
		t.Fatal(err)
	}
	defer got.Close()
	if got.Addr().String() == defaultListen {
		t.Error("it took a port that was taken")
	}
	if again, err := (&demo{serverConfig: serverConfig{Listen: got.Addr().String()}}).listen(); err == nil {
		again.Close()
		t.Error("it moved away from the port that was asked for")
	}
}

func TestPasswordIsReadOrMadeUp(t *testing.T) {
	t.Parallel()
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	password, made, err := readPassword(null)
	if err != nil || !made || len(password) != 23 {
		t.Errorf("%q, %t, %v", password, made, err)
	}
}
