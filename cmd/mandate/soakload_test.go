//go:build soak

package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"time"

	"mandate/internal/testworld"
)

// apart are the mutations that change what everybody has, a thousand features more are no steady state, and those for which there has
// to be a mail that was given up.
var apart = []string{"upsertFeature", "retireFeature", "retryOutboxMessages", "dropOutboxMessages"}

// expected is what answers may be: things change under way, and sessions end when the clock jumps.
var expected = map[string]bool{"OK": true, "401": true, "RATE_LIMITED": true, "userErrors": true, "UNAUTHENTICATED": true, "UNAVAILABLE": true, "event": true, "stream ended": true}

const customersOfReader = 30

// settle makes what is there from the beginning: a partner with customers, who read; a person who signs in; webhooks.
func (s *soak) settle() {
	p := s.NewPartner("Soak")
	for i := range customersOfReader {
		s.Manages(p, s.Customer(fmt.Sprintf("Reader's %d", i)))
	}
	for i := range 3 {
		s.Webhook(p.Tenant, fmt.Sprint(s.hooks.url, "/", i))
	}
	s.partner = p
}

// catchUp moves the world's clock to where the programs' is.
func (s *soak) catchUp() {
	s.Later(max(0, s.clock().Sub(s.Now())))
}

// prepareCalls makes calls of mutations, for others to send. Every call has a corner of the world of its own.
func (s *soak) prepareCalls(ctx context.Context) {
	calls := s.Calls()
	names := slices.DeleteFunc(calls.Mutations(), func(name string) bool { return slices.Contains(apart, name) })
	for ctx.Err() == nil {
		s.catchUp()
		call := calls.Make(names[rand.IntN(len(names))])
		select {
		case s.calls <- call:
		case <-ctx.Done():
		}
	}
}

// write sends calls of mutations, half of them under a key and twice.
func (s *soak) write(ctx context.Context) {
	for pause(ctx, 40*time.Millisecond) { // everybody who writes signs in: faster, nothing but sessions would pass
		select {
		case <-ctx.Done():
			return
		case call := <-s.calls:
			s.catchUp()
			_, token := call.By.Token()
			key := ""
			if rand.IntN(2) == 0 {
				key = "soak-" + token[:12]
			}
			vars := map[string]any{"in": call.Input}
			s.ask(ctx, token, key, call.Document("__typename"), vars)
			if key != "" {
				s.ask(ctx, token, key, call.Document("__typename"), vars)
			}
		}
	}
}

// invite invites customers for the partner who has webhooks, and of whose invitations the streams tell.
func (s *soak) invite(ctx context.Context) {
	for i := 0; pause(ctx, 500*time.Millisecond); i++ {
		s.catchUp()
		_, token := s.partner.Admin.Token()
		s.ask(ctx, token, "", `mutation($in: InviteCustomerInput!) { inviteCustomer(input: $in) { userErrors { code } } }`,
			map[string]any{"in": map[string]any{"email": fmt.Sprintf("guest%d@guests.example", i)}})
	}
}

// read reads what portals do.
func (s *soak) read(ctx context.Context) {
	token := ""
	for ctx.Err() == nil {
		if token == "" || rand.IntN(50) == 0 {
			s.catchUp()
			_, token = s.partner.Admin.Token()
		}
		if status := s.ask(ctx, token, "", `{ viewer { user { email } } customers(first: 20) { totalCount nodes { id name members(first: 5) { totalCount nodes { firstName } } } } }`, nil); status == "401" {
			token = ""
		}
		pause(ctx, 20*time.Millisecond)
	}
}

// signIn signs a person in and out, and somebody in who does not know the password.
func (s *soak) signIn(ctx context.Context) {
	const document = `mutation($in: SignInInput!) { signIn(input: $in) { token userErrors { code } } }`
	for pause(ctx, time.Second) {
		email := s.partner.Admin.Email
		s.ask(ctx, "", "", document, map[string]any{"in": map[string]any{"email": email, "password": testworld.Password}})
		s.ask(ctx, "", "", document, map[string]any{"in": map[string]any{"email": fmt.Sprintf("n%d@nobody.example", rand.IntN(1000)), "password": "a wrong password"}})
	}
}

// listen subscribes, and subscribes again when the stream ends.
func (s *soak) listen(ctx context.Context) {
	for pause(ctx, time.Duration(rand.IntN(3000))*time.Millisecond) {
		s.catchUp()
		_, token := s.partner.Admin.Token()
		body, _ := json.Marshal(map[string]any{"query": `subscription($id: ID!) { invitationChanged(tenantId: $id) { id status } }`, "variables": map[string]any{"id": s.partner.ID}})
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+s.any().address+"/graphql", bytes.NewReader(body))
		if err != nil {
			s.Error(err)
			return
		}
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Accept", "text/event-stream")
		r.Header.Set("Authorization", "Bearer "+token)
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			continue
		}
		lines := bufio.NewScanner(answer.Body)
		for lines.Scan() {
			if strings.HasPrefix(lines.Text(), "event: next") {
				s.note("event")
			}
		}
		answer.Body.Close()
		s.note("stream ended")
	}
}

func (s *soak) any() *timed { return s.servers[rand.IntN(len(s.servers))] }

// ask sends an operation to one of the servers and notes what came.
func (s *soak) ask(ctx context.Context, token, key, document string, variables map[string]any) string {
	body, err := json.Marshal(map[string]any{"query": document, "variables": variables})
	if err != nil {
		s.Error(err)
		return ""
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+s.any().address+"/graphql", bytes.NewReader(body))
	if err != nil {
		s.Error(err)
		return ""
	}
	r.Header.Set("Content-Type", "application/json")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	if key != "" {
		r.Header.Set("Idempotency-Key", key)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		if ctx.Err() == nil {
			s.note("no answer")
		}
		return ""
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil && ctx.Err() != nil {
		return ""
	}
	what := outcome(answer.StatusCode, text)
	if s.note(what) == 1 && !expected[what] {
		s.Logf("%s: %s", document, text)
	}
	return what
}

// outcome names an answer in a word.
func outcome(status int, body []byte) string {
	var a struct {
		Data   map[string]struct{ UserErrors []struct{ Code string } }
		Errors []struct{ Extensions struct{ Code string } }
	}
	switch err := json.Unmarshal(body, &a); {
	case status == http.StatusUnauthorized:
		return "401"
	case len(a.Errors) > 0:
		return a.Errors[0].Extensions.Code
	case status != http.StatusOK:
		return fmt.Sprint(status)
	case err != nil && len(a.Data) == 0:
		return "no JSON"
	}
	for _, field := range a.Data {
		if len(field.UserErrors) > 0 {
			return "userErrors"
		}
	}
	return "OK"
}

// note counts what came, and returns how often it did so far.
func (s *soak) note(what string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tally[what]++
	return s.tally[what]
}

// pause waits, and reports whether the soak goes on.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}
