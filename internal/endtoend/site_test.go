package endtoend

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"mandate/internal/testworld"
)

// publicURL is where people reach a site that is told so.
const publicURL = "http://mandate.example:8080"

// site is the program, serving.
type site struct {
	*process
	address string
	public  string       // where people reach it
	client  *http.Client // for which every name leads to the site
}

// serve starts the program on a free port, and waits until it serves.
func serve(t *testing.T, env []string, args ...string) *site {
	t.Helper()
	env = append([]string{"MANDATE_LISTEN=127.0.0.1:0", "MANDATE_LOG=json"}, env...)
	p := start(t, env, "", append([]string{"serve"}, args...)...)
	s := p.site(p.awaits(`"msg":"serving".*"url":"([^"]+)"`))
	s.address = p.awaits(`"msg":"serving".*"address":"([^"]+)"`)
	return s
}

// site is what the process serves.
func (p *process) site(public string) *site {
	s := &site{process: p, public: public, address: strings.TrimPrefix(public, "http://")}
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", s.address)
	}}
	p.t.Cleanup(transport.CloseIdleConnections)
	s.client = &http.Client{Transport: transport}
	return s
}

// send sends a request; headers are pairs of name and value.
func (s *site) send(t *testing.T, method, url, body string, headers ...string) *http.Response {
	t.Helper()
	if strings.HasPrefix(url, "/") {
		url = s.public + url
	}
	r, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for pair := range slices.Chunk(headers, 2) {
		r.Header.Set(pair[0], pair[1])
	}
	answer, err := s.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body = io.NopCloser(bytes.NewReader(content))
	return answer
}

// text returns the body of an answer.
func text(t *testing.T, r *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// in is the input of a mutation.
type in = map[string]any

// ask sends an operation in the session of a token, or in none.
func (s *site) ask(t *testing.T, token, query string, variables map[string]any) *testworld.Answer {
	t.Helper()
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		t.Fatal(err)
	}
	headers := []string{"Content-Type", "application/json"}
	if token != "" {
		headers = append(headers, "Authorization", "Bearer "+token)
	}
	return testworld.Read(t, s.send(t, "POST", "/graphql", string(body), headers...))
}

var mutationName = regexp.MustCompile(`^\w+`)

// does carries a mutation out, such as "signOut { ok }", which breaks no rule.
func (s *site) does(t *testing.T, token, mutation string, input in) *testworld.Answer {
	t.Helper()
	name := mutationName.FindString(mutation)
	payload := strings.TrimSuffix(strings.TrimPrefix(mutation, name+" {"), "}")
	return s.ask(t, token, "mutation($in: "+strings.ToUpper(name[:1])+name[1:]+"Input!) { "+name+"(input: $in) {"+payload+
		" userErrors { message field code } } }", map[string]any{"in": input}).OK()
}

// signIn returns the token of a new session.
func (s *site) signIn(t *testing.T, email, password string) string {
	t.Helper()
	return s.does(t, "", "signIn { token }", in{"email": email, "password": password}).String("signIn.token")
}

// customers lists the customers that somebody reaches.
func (s *site) customers(t *testing.T, token string) []string {
	t.Helper()
	return s.ask(t, token, `{ customers(first: 100) { nodes { name } } }`, nil).OK().Column("customers.nodes", "name")
}
