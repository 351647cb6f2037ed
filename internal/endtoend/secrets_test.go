package endtoend

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"entgo.io/ent/dialect"

	"mandate/internal/database"
	"mandate/internal/testdb"
	"mandate/internal/testworld"
)

// secrets is what a site issued and was told that nobody else may learn, and all that it ever answered.
type secrets struct {
	stage
	outbox    outbox
	passwords []string
	shown     []string // session and API tokens: each in the answer that issued it
	mailed    []string // tokens in links: each in the mail that it was sent in

	next    http.RoundTripper
	mu      sync.Mutex
	answers []string // what was answered that is no page: headers and body
}

// RoundTrip keeps what is answered.
func (s *secrets) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := s.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(answer.Body)
	answer.Body = io.NopCloser(bytes.NewReader(body))
	if !strings.HasPrefix(answer.Header.Get("Content-Type"), "text/html") {
		s.mu.Lock()
		s.answers = append(s.answers, fmt.Sprint(answer.Header, string(body)))
		s.mu.Unlock()
	}
	return answer, err
}

// TestT13SecretsAreWhereTheyBelong goes through everything that issues or takes a secret, and then searches for each of them in
// all tables of the database, in the log down to its finest level, in answers, exports and mails.
func TestT13SecretsAreWhereTheyBelong(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		db, err := database.Open(context.Background(), url)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { db.Close() })
		st := newStage(t, "MANDATE_DATABASE_URL="+url, "MANDATE_PUBLIC_URL="+publicURL, "MANDATE_LOG_LEVEL=debug")
		s := &secrets{stage: st, outbox: outbox{t: t, db: db}, passwords: []string{password}, shown: []string{st.operator}, next: st.client.Transport}
		st.client.Transport = s
		s.people()
		s.passwordsChange()
		s.programs()
		s.outbox.empties()
		waiting := s.waits()
		s.deadLinks()
		s.stop()
		s.search(waiting)
	})
}

// TestT13LinksLeadToThePublicURL, whatever host whoever asks for them names; and so do the pages that they open.
func TestT13LinksLeadToThePublicURL(t *testing.T) {
	t.Parallel()
	s := newStage(t, "MANDATE_DATABASE_URL="+testdb.New(t, testdb.SQLite), "MANDATE_PUBLIC_URL="+publicURL)
	forged := []string{"Content-Type", "application/json", "Forwarded", "host=evil.example;proto=https", "X-Forwarded-Host", "evil.example", "X-Forwarded-Proto", "https",
		"X-Forwarded-Server", "evil.example", "X-Forwarded-Prefix", "/evil.example", "X-Host", "evil.example", "X-Original-URL", "//evil.example/", "X-Forwarded-Port", "666"}
	ask := func(token, mutation string) *testworld.Answer {
		body, err := json.Marshal(in{"query": "mutation { " + mutation + " { userErrors { code } } }"})
		s.must(err)
		return testworld.Read(t, s.send(t, "POST", "http://evil.example/graphql", string(body), append(forged, "Authorization", "Bearer "+token)...)).OK()
	}
	acme := s.newPartner("Acme", "anna@acme.example")
	ask(acme.token, `inviteCustomer(input: {email: "`+invited+`"})`)
	ask(acme.token, `requestPasswordReset(input: {email: "anna@acme.example"})`)
	for to, subject := range map[string]string{invited: "Invitation from Acme", acme.email: "Set a new password"} {
		l := s.mail.await(to, subject)
		if link := l.link(t); !strings.HasPrefix(link, publicURL+"/") || strings.Contains(fmt.Sprint(l), "evil") {
			s.Errorf("the link is %s in\n%s", link, l.html)
		}
		_, path, _ := strings.Cut(l.link(t), publicURL)
		r := s.send(t, "GET", "http://evil.example"+path, "", forged...)
		page := text(t, r)
		if r.StatusCode != 200 || strings.Contains(page, "evil") || strings.Contains(fmt.Sprint(r.Header), "evil") {
			s.Errorf("the page is %d %v\n%s", r.StatusCode, r.Header, page)
		}
		s.is("referrers", r.Header.Get("Referrer-Policy"), "no-referrer")
		s.is("caches", r.Header.Get("Cache-Control"), "no-store")
	}
}

// follows waits for a mail and keeps the token of its link.
func (s *secrets) follows(to, subject string) (link, token string) {
	s.Helper()
	link = s.mail.await(to, subject).link(s.T)
	_, token, found := strings.Cut(link, "token=")
	if !found {
		s.Fatalf("the mail %q has no token: %s", subject, link)
	}
	s.mailed = append(s.mailed, token)
	return link, token
}

// signs signs somebody in with a password.
func (s *secrets) signs(email, with string) string {
	s.Helper()
	token := s.signIn(s.T, email, with)
	s.shown, s.passwords = append(s.shown, token), append(s.passwords, with)
	return token
}

// people come by welcome mails, invitations that are sent twice, declined and accepted, and sign-ups.
func (s *secrets) people() {
	s.Helper()
	acme := s.newPartner("Acme", "anna@acme.example")
	s.shown = append(s.shown, acme.token)
	s.follows(acme.email, "You were added to Acme")

	id, _ := s.invites(acme, invited)
	s.sends(acme.token, "resendInvitation { invitation { id } }", in{"id": id})
	s.outbox.empties()
	var link string
	for _, l := range s.mail.all(invited) {
		link = l.link(s.T)
		_, token, _ := strings.Cut(link, "token=")
		s.mailed = append(s.mailed, token)
	}
	s.passwords = append(s.passwords, "amber window 5150")
	s.open(link).press("Accept", "Name of your organisation", "Lovelace Ltd", "First name", "Ada", "Last name", "Lovelace",
		"Password", "amber window 5150").shows("Connected")
	_, declined := s.invites(acme, "cleo@chapel.example")
	_, token, _ := strings.Cut(declined, "token=")
	s.mailed = append(s.mailed, token)
	s.open(declined).press("Decline", "Reason, for the sender to read", "No.").shows("You declined")

	ada := s.signs(invited, "amber window 5150")
	tenant := s.asks(ada, "{ viewer { tenants(first: 1) { nodes { tenant { id } } } } }", "").String("viewer.tenants.nodes.0.tenant.id")
	s.sends(ada, "updateTenant { tenant { id } }", in{"id": tenant, "signUpPolicy": "VALIDATE_EMAIL"})
	code := s.asks(ada, "query($id: ID!) { tenant(id: $id) { signUpCode } }", tenant).String("tenant.signUpCode")
	s.sends("", "signUp { ok }", in{"tenantCode": code, "firstName": "Nora", "lastName": "New", "email": "nora@newcomer.example", "phone": "+49 431 1234567"})
	_, token = s.follows("nora@newcomer.example", "Verify your e-mail address")
	s.sends("", "verifyEmail { ok }", in{"token": token, "newPassword": "copper lantern 808"})
	s.signs("nora@newcomer.example", "copper lantern 808")
	s.keyed(acme.token, "enterTenant", "token session { id }", in{"tenantId": tenant, "reason": "Ticket"})
}

// passwordsChange by links that were asked for, by links that were sent, and by who knows the present one; addresses too.
func (s *secrets) passwordsChange() {
	s.Helper()
	s.sends("", "requestPasswordReset { ok }", in{"email": invited})
	_, token := s.follows(invited, "Set a new password")
	s.sends("", "resetPassword { ok }", in{"token": token, "newPassword": "velvet harbour 31"})
	ada := s.signs(invited, "velvet harbour 31")
	s.keyed(ada, "changePassword", "ok", in{"currentPassword": "velvet harbour 31", "newPassword": "silver meadow 62"})
	ada = s.signs(invited, "silver meadow 62")
	s.keyed(ada, "reauthenticate", "session { id }", in{"password": "silver meadow 62"})
	s.keyed(ada, "changeEmail", "ok", in{"currentPassword": "silver meadow 62", "newEmail": "ada@novak.example"})
	link, _ := s.follows("ada@novak.example", "Verify your new e-mail address")
	s.open(link).shows("Verify your address").press("Verify address").shows("Your address is verified")

	tenant := s.asks(ada, `{ viewer { tenants(first: 1) { nodes { tenant { id members(first: 9, filter: {search: "Nora"}) { nodes { id } } } } } } }`, "")
	s.sends(ada, "sendPasswordLinks { members { id } }", in{"tenantId": tenant.String("viewer.tenants.nodes.0.tenant.id"),
		"ids": []string{tenant.String("viewer.tenants.nodes.0.tenant.members.nodes.0.id")}})
	s.follows("nora@newcomer.example", "Set a new password")
	for _, guess := range []string{"wrong umbrella 17", "wrong umbrella 18"} {
		s.passwords = append(s.passwords, guess)
		s.ask(s.T, "", `mutation($e: String!, $p: String!) { signIn(input: {email: $e, password: $p}) { token userErrors { message code field } } }`, in{"e": "ada@novak.example", "p": guess})
	}
}

// programs get tokens, and lose one; the trail in which that stands is exported.
func (s *secrets) programs() {
	s.Helper()
	ada := s.signs("ada@novak.example", "silver meadow 62")
	scopes := []in{{"feature": "TENANT", "level": "VIEW"}}
	id := s.keyed(ada, "createApiToken", "token apiToken { id }", in{"name": "Nightly", "scopes": scopes}).String("createApiToken.apiToken.id")
	s.keyed(ada, "createApiToken", "token apiToken { id }", in{"name": "Weekly", "scopes": scopes})
	s.keyed(ada, "revokeApiToken", "apiToken { id }", in{"id": id})
	for _, token := range s.shown {
		s.ask(s.T, token, "{ viewer { user { id } apiTokens(first: 9) { nodes { id name prefix } } sessions(first: 9) { nodes { id userAgent } } } }", nil)
	}
	tenant := s.asks(ada, "{ viewer { tenants(first: 1) { nodes { tenant { id } } } } }", "").String("viewer.tenants.nodes.0.tenant.id")
	for _, format := range []string{"ndjson", "csv"} {
		export := text(s.T, s.send(s.T, "GET", "/audit/"+tenant+"?format="+format, "", "Authorization", "Bearer "+ada))
		if !strings.Contains(export, "api_token.created") {
			s.Errorf("the export lacks the tokens:\n%s", export)
		}
	}
}

// deadLinks are tried again, and so is what never was one.
func (s *secrets) deadLinks() {
	s.Helper()
	for _, token := range append(s.mailed, s.shown...) {
		for _, mutation := range []string{
			`resetPassword(input: {token: $t, newPassword: "copper lantern 808"})`, `verifyEmail(input: {token: $t})`, `declineInvitation(input: {token: $t})`,
		} {
			s.ask(s.T, "", "mutation($t: String!) { "+mutation+" { userErrors { message code field } } }", in{"t": token})
			s.ask(s.T, "", "mutation($t: Int!) { "+mutation+" { userErrors { message code field } } }", in{"t": token})
		}
		s.ask(s.T, token+"x", "{ viewer { user { id } } }", nil)
		s.ask(s.T, "", `query($t: String!) { invitationByToken(token: $t) { __typename } }`, in{"t": token})
	}
}

// keyed sends a mutation twice under one key, and keeps the token that the first answer shows, if any.
func (s *secrets) keyed(token, mutation, payload string, input in) (first *testworld.Answer) {
	s.Helper()
	body, err := json.Marshal(in{"variables": in{"in": input}, "query": "mutation($in: " + strings.ToUpper(mutation[:1]) + mutation[1:] + "Input!) { " +
		mutation + "(input: $in) { " + payload + " userErrors { message code field } } }"})
	s.must(err)
	if next, is := input["newPassword"].(string); is {
		s.passwords = append(s.passwords, next)
	}
	key := fmt.Sprintf("%s-%d", mutation, len(s.shown))
	for _, replayed := range []string{"", "true"} {
		r := s.send(s.T, "POST", "/graphql", string(body), "Content-Type", "application/json", "Authorization", "Bearer "+token, "Idempotency-Key", key)
		s.is("replayed", r.Header.Get("Idempotency-Replayed"), replayed)
		a := testworld.Read(s.T, r).OK()
		if issued, is := a.At(mutation + ".token").(string); is && first == nil {
			s.shown = append(s.shown, issued)
		}
		if first == nil {
			first = a
		}
	}
	return first
}

// waits leaves a mail with a token in the outbox, whose server is away, and returns the token.
func (s *secrets) waits() string {
	s.Helper()
	s.mail.down.Store(true)
	s.sends("", "requestPasswordReset { ok }", in{"email": "anna@acme.example"})
	var body string
	s.must(s.outbox.db.Read.QueryRow("SELECT text FROM outbox_messages WHERE status='PENDING'").Scan(&body))
	_, token, _ := strings.Cut(letter{text: body}.link(s.T), "token=")
	return token
}

// search looks for every secret wherever somebody might find it.
func (s *secrets) search(waiting string) {
	s.Helper()
	tables, log := dump(s.T, s.outbox.db), s.printed()
	if hash := sha256.Sum256([]byte(s.shown[0])); !strings.Contains(tables["sessions"], hex.EncodeToString(hash[:])) {
		s.Error("the dump lacks the hash of a session's token")
	}
	if !strings.Contains(tables["outbox_messages"], waiting) {
		s.Error("the dump lacks the mail that waits")
	}
	tables["outbox_messages"] = strings.ReplaceAll(tables["outbox_messages"], waiting, "")
	if least := [...]int{len(s.passwords), len(s.shown), len(s.mailed)}; least[0] < 8 || least[1] < 9 || least[2] < 8 {
		s.Errorf("there are %v passwords, tokens that were shown and tokens that were mailed: too few", least)
	}
	if holding(s.answers, "TOKEN_INVALID") == 0 || holding(s.answers, "CREDENTIALS_INVALID") == 0 {
		s.Error("no answer tells of a wrong token or password")
	}
	for n, all := range [][]string{s.passwords, s.shown, append(s.mailed, waiting)} {
		for _, secret := range all {
			for table, rows := range tables {
				if strings.Contains(rows, secret) {
					s.Errorf("%s holds the secret %s", table, secret)
				}
			}
			if strings.Contains(log, secret) {
				s.Errorf("the log holds the secret %s", secret)
			}
			answers, mails := [...]int{0, 1, 0}[n], [...]int{0, 0, 1}[n]
			if secret == s.operator || secret == waiting {
				answers, mails = 0, 0 // shown before anybody kept what was answered; not sent yet
			}
			s.is("answers with the secret "+secret, holding(s.answers, secret), answers)
			s.is("mails with the secret "+secret, holding(s.letters(), secret), mails)
		}
	}
}

// holding counts the texts that hold a secret.
func holding(texts []string, secret string) (n int) {
	for _, text := range texts {
		if strings.Contains(text, secret) {
			n++
		}
	}
	return n
}

// letters are all mails that arrived.
func (s *secrets) letters() (list []string) {
	s.mail.mu.Lock()
	defer s.mail.mu.Unlock()
	for _, l := range s.mail.letters {
		list = append(list, fmt.Sprint(l))
	}
	return list
}

// dump reads every table of a database as text.
func dump(t *testing.T, db *database.DB) map[string]string {
	t.Helper()
	names := "SELECT name FROM sqlite_master WHERE type='table'"
	if db.Dialect == dialect.MySQL {
		names = "SELECT table_name FROM information_schema.tables WHERE table_schema=DATABASE() AND table_type='BASE TABLE'"
	}
	tables := make(map[string]string)
	for _, name := range rows(t, db, names) {
		tables[name] = strings.Join(rows(t, db, "SELECT * FROM "+name), "\n")
	}
	return tables
}

// rows reads what a query finds, each row as a text.
func rows(t *testing.T, db *database.DB, query string) (list []string) {
	t.Helper()
	found, err := db.Read.Query(query)
	if err != nil {
		t.Fatal(err)
	}
	defer found.Close()
	columns, err := found.Columns()
	if err != nil {
		t.Fatal(err)
	}
	for found.Next() {
		values, to := make([]sql.NullString, len(columns)), make([]any, len(columns))
		for i := range values {
			to[i] = &values[i]
		}
		if err := found.Scan(to...); err != nil {
			t.Fatal(err)
		}
		cells := make([]string, len(values))
		for i, v := range values {
			cells[i] = v.String
		}
		list = append(list, strings.Join(cells, " | "))
	}
	if err := found.Err(); err != nil {
		t.Fatal(err)
	}
	return list
}
