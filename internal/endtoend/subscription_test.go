package endtoend

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"mandate/internal/testdb"
)

// TestSubscriptionsReachEveryServer: what is done on one of two servers is heard on the other one, by the clients that people use, and
// not by those who lost the right to hear it.
func TestSubscriptionsReachEveryServer(t *testing.T) {
	t.Parallel()
	env := []string{"MANDATE_DATABASE_URL=" + testdb.New(t, testdb.MariaDB), "MANDATE_PUBLIC_URL=" + publicURL, "MANDATE_OPS_LISTEN=127.0.0.1:0"}
	s := newStage(t, env...)
	other := serve(t, append(env, s.mail.settings()...))
	programs := npm(t, "subscriptions")

	acme := s.newPartner("Acme", "anna@acme.example")
	s.newCustomer("Lovelace Ltd", "ada@lovelace.example")
	ada := s.welcome("Lovelace Ltd", "ada@lovelace.example")
	hugo := s.sends(acme.token, `addMembers { members { id } }`, in{"tenantId": acme.tenant, "members": []in{{"email": "hugo@acme.example",
		"firstName": "Hugo", "lastName": "Hall", "userId": "hugo", "label": "Hugo", "phone": "+49 30 901820", "roleKey": "ADMINISTRATOR"}}}).String("addMembers.members.0.id")
	hugos, second := s.welcome("Acme", "hugo@acme.example"), s.signIn(t, acme.email, password)
	query := `subscription { invitationChanged(tenantId: "` + acme.tenant + `") { id status } }`

	anna := map[string]*process{
		"graphql-ws":    s.listen(programs, listening{Token: acme.token, Query: query}, other),
		"Apollo Client": s.listen(programs, listening{Token: acme.token, Query: query, Apollo: true}, other),
		"curl":          s.curl(acme.token, query, other),
	}
	other.awaitsSubscriptions(3)
	heard := func(s stage, id, status string, on map[string]*process) (took time.Duration) {
		s.Helper()
		done := time.Now()
		for name, client := range on {
			client.awaits(fmt.Sprintf(`"invitationChanged":\{("__typename":"Invitation",)?"id":"%s","status":"%s"`, id, status))
			took = time.Since(done)
			if took > patience {
				s.Errorf("%s heard of it after %v", name, took)
			}
		}
		return took
	}
	s.then("within a second", func(s stage) {
		invitation, _ := s.invites(acme, "ada@lovelace.example")
		heard(s, invitation, "PENDING", anna)
		s.sends(ada, `acceptInvitation { relationship { id } }`, in{"id": invitation})
		took := []time.Duration{heard(s, invitation, "ACCEPTED", anna)}
		for n := range 6 {
			id := s.sends(acme.token, `inviteCustomer { invitation { id } }`, in{"email": fmt.Sprintf("n%d@contoso.example", n)}).String("inviteCustomer.invitation.id")
			took = append(took, heard(s, id, "PENDING", anna))
		}
		s.Logf("heard by all after %v", took)
		slices.Sort(took)
		if median := took[len(took)/2]; median > time.Second {
			s.Errorf("the median is %v", median)
		}
	})
	revoked := func(s stage, listener *process, code string, revoke func()) {
		s.Helper()
		revoke()
		done := time.Now()
		id := s.sends(acme.token, `inviteCustomer { invitation { id } }`, in{"email": "late" + code + "@contoso.example"}).String("inviteCustomer.invitation.id")
		listener.awaits(`{"closed":` + code + `,`)
		other.awaits(`"stream":"websocket","closed":` + code)
		if took := time.Since(done); took > 5*time.Second {
			s.Errorf("it was closed after %v", took)
		}
		heard(s, id, "PENDING", map[string]*process{"graphql-ws": anna["graphql-ws"]})
		if printed := listener.printed(); strings.Contains(printed, `"next"`) {
			s.Errorf("it heard\n%s", printed)
		}
	}
	s.then("but not by who lost the right", func(s stage) {
		listener := s.listen(programs, listening{Token: hugos, Query: query}, other)
		other.awaitsSubscriptions(4)
		revoked(s, listener, "4403", func() {
			s.sends(acme.token, `changeRole { member { id } }`, in{"memberId": hugo, "roleKey": "PHONE_MANAGER"})
		})
	})
	s.then("nor by whose session ended", func(s stage) {
		listener := s.listen(programs, listening{Token: second, Query: query, Retries: 5}, other) // it does not try in vain
		other.awaitsSubscriptions(4)
		revoked(s, listener, "4401", func() { s.ask(s.T, second, `mutation { signOut { ok } }`, nil).OK() })
		listener.status(patience)
	})
	s.then("and clients come back when their server stops", func(s stage) {
		back := s.listen(programs, listening{Token: acme.token, Query: query, Retries: 5}, other, s.site)
		other.awaitsSubscriptions(4)
		other.signal(syscall.SIGTERM)
		back.awaits(`{"closed":1001,`)
		back.awaits(`{"connected":2}`)
		s.awaitsSubscriptions(1)
		id := s.sends(acme.token, `inviteCustomer { invitation { id } }`, in{"email": "again@contoso.example"}).String("inviteCustomer.invitation.id")
		heard(s, id, "PENDING", map[string]*process{"graphql-ws": back})
		if status := other.status(5 * time.Second); status != 0 {
			s.Errorf("it stopped with status %d:\n%s", status, other.printed())
		}
		anna["curl"].status(patience)
		if printed := anna["curl"].printed(); strings.Contains(printed, "complete") {
			s.Errorf("the stream looks as if it had come to its end:\n%s", printed)
		}
	})
}

// TestConnectionsOutliveTheLimitsOfRequests, those on the time of a request and of its answer; but not a client that does not answer
// when it is asked whether it is there.
func TestConnectionsOutliveTheLimitsOfRequests(t *testing.T) {
	t.Parallel()
	s := newStage(t, "MANDATE_DATABASE_URL="+testdb.New(t, testdb.SQLite), "MANDATE_PUBLIC_URL="+publicURL, "MANDATE_OPS_LISTEN=127.0.0.1:0")
	acme := s.newPartner("Acme", "anna@acme.example")
	stream := s.curl(acme.token, `subscription { invitationChanged(tenantId: "`+acme.tenant+`") { id } }`, s.site)
	query := `subscription { invitationChanged(tenantId: \"` + acme.tenant + `\") { id } }`
	s.listens(t, acme.token, query) // it answers only while it reads
	socket, heard := s.listens(t, acme.token, query), make(chan string, 1)
	go func() {
		_, got, err := socket.Read(t.Context())
		heard <- fmt.Sprint(string(got), err)
	}()
	s.awaitsSubscriptions(3)
	time.Sleep(33 * time.Second) // the longest limit is 30, as long as it takes to see that nobody answers
	s.awaitsSubscriptions(2)
	id := s.sends(acme.token, `inviteCustomer { invitation { id } }`, in{"email": "ada@contoso.example"}).String("inviteCustomer.invitation.id")
	stream.awaits(id)
	if got := <-heard; !strings.Contains(got, id) {
		t.Errorf("the WebSocket tells %s", got)
	}
	s.stop()
}

// listening is what a client subscribes to, and how; listen.mjs says what it means.
type listening struct {
	URLs    []string `json:"urls"`
	Token   string   `json:"token"`
	Query   string   `json:"query"`
	Apollo  bool     `json:"apollo"`
	Retries int      `json:"retries"`
}

// listen starts a client of npm's, which connects to the first of the servers.
func (s stage) listen(programs string, l listening, servers ...*site) *process {
	s.Helper()
	for _, server := range servers {
		l.URLs = append(l.URLs, "ws://"+server.address+"/graphql")
	}
	argument, err := json.Marshal(l)
	s.must(err)
	c := exec.Command("node", "listen.mjs", string(argument))
	c.Dir = programs
	p := launch(s.T, c)
	p.awaits(`{"connected":1}`)
	return p
}

// curl starts a client of server-sent events.
func (s stage) curl(token, query string, server *site) *process {
	s.Helper()
	path, err := exec.LookPath("curl")
	if err != nil {
		s.Fatal("no curl: install it (on Debian: apt-get install curl)")
	}
	body, err := json.Marshal(map[string]string{"query": query})
	s.must(err)
	p := launch(s.T, exec.Command(path, "-sSN", "http://"+server.address+"/graphql", "-H", "Accept: text/event-stream",
		"-H", "Content-Type: application/json", "-H", "Authorization: Bearer "+token, "-d", string(body)))
	p.awaits(`: subscribed`)
	return p
}

// awaitsSubscriptions waits until the server has so many, by its own count.
func (s *site) awaitsSubscriptions(want int) {
	s.t.Helper()
	o := operators{s.t, s.awaits(`"msg":"operations".*"address":"([^"]+)"`)}
	line := fmt.Sprintf("\nmandate_subscriptions %d\n", want)
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		_, body := o.get("/metrics")
		if strings.Contains(body, line) {
			return
		}
		if time.Now().After(end) {
			s.t.Fatalf("it has not %d subscriptions:\n%s", want, body)
		}
	}
}
