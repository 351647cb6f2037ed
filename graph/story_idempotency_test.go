package graph_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"mandate/internal/testworld"
)

// keyed sends a mutation under a key.
func (s scene) keyed(p *testworld.Person, key, document string, input in) *testworld.Answer {
	s.Helper()
	body, err := json.Marshal(in{"query": document, "variables": in{"in": input}})
	s.must(err)
	return p.Send(http.MethodPost, "/graphql", string(body), "Content-Type", "application/json", "Idempotency-Key", key)
}

// documentOf is the document of a mutation with all that stories read of its payload.
func documentOf(mutation string, input in) string {
	payload := payloads[mutation]
	if mutation == "signOut" {
		payload = "ok"
	}
	return testworld.Call{Mutation: mutation, Input: input}.Document(payload)
}

// attempts sends a mutation under a key, with all that stories read of its payload.
func (s scene) attempts(p *testworld.Person, key, mutation string, input in) *testworld.Answer {
	s.Helper()
	return s.keyed(p, key, documentOf(mutation, input), input)
}

// replays checks that an answer says whether the mutation had been carried out before.
func (s scene) replays(a *testworld.Answer, replayed bool) {
	s.Helper()
	if got := a.Header.Get("Idempotency-Replayed") == "true"; got != replayed {
		s.Errorf("it was carried out before: %v; want %v\n%s", got, replayed, a.Body)
	}
}

// remembers counts the keys that are remembered.
func (s scene) remembers() int {
	s.Helper()
	n, err := s.Write.IdempotencyRecord.Query().Count(s.System())
	s.must(err)
	return n
}

// underKey lists the mutations that heed a key: those for which somebody is signed in.
func underKey() []string {
	list := []string{"acceptInvitation", "declineInvitation"}
	for _, f := range api().Mutation.Fields {
		if f.Directives.ForName("signedIn") != nil {
			list = append(list, f.Name)
		}
	}
	slices.Sort(list)
	return list
}

// open lists the mutations that anybody may send.
func open() (list []string) {
	for _, f := range api().Mutation.Fields {
		if f.Directives.ForName("public") != nil {
			list = append(list, f.Name)
		}
	}
	slices.Sort(list)
	return list
}

// othersSay are inputs that differ from those of the calls, where the calls' own do not differ from each other.
var othersSay = map[string]in{
	"setTablePreference":   {"table": "members", "columns": []string{"label"}},
	"resetTablePreference": {"table": "customers"},
}

// saysNothing lists the mutations that have no input but passwords, which are not compared: nothing is kept of them.
var saysNothing = []string{"changePassword", "reauthenticate", "signOut"}

// secrets lists the fields of payloads that are shown once.
var secrets = []string{"token", "secret"}

func TestEveryMutationIsCarriedOutOnceUnderAKey(t *testing.T) {
	eachScene(t, func(s scene) {
		calls := s.Calls()
		s.is("mutations that are called", calls.Mutations(), underKey())
		s.is("mutations that strangers call", calls.OpenMutations(), open())
		var told []string
		for _, mutation := range underKey() {
			s.then(mutation, func(s scene) {
				call, other := calls.Make(mutation), calls.Make(mutation)
				if input, known := othersSay[mutation]; known {
					other.Input = input
				}
				key, events := "key of "+mutation, s.events()
				key = strings.ReplaceAll(key, " ", "-")
				first := s.attempts(call.By, key, mutation, call.Input).OK()
				s.replays(first, false)
				s.is("events", s.events()-events, 1)
				told = append(told, secretsOf(first, mutation)...)

				before := s.rows()
				again := s.attempts(call.By, key, mutation, call.Input).OK()
				s.replays(again, true)
				s.unchanged(before, mutation+" once more")
				s.is("the answer once more", again.At(mutation), withoutSecrets(first.At(mutation)))

				if slices.Contains(saysNothing, mutation) {
					return
				}
				conflict := s.attempts(call.By, key, mutation, other.Input)
				s.replays(conflict, false)
				s.is("with another input", conflict.Errors(), []string{"CONFLICT at " + mutation})
				s.is("data", conflict.At(mutation), nil)
				s.unchanged(before, mutation+" with another input")
			})
		}
		s.then("of which ids, numbers and names of columns are kept, and no secret", func(s scene) {
			s.is("secrets told", len(told), 4) // enterTenant, createApiToken, createWebhook, rotateWebhookSecret
			s.is("records", s.remembers(), len(underKey()))
			for _, row := range s.Write.IdempotencyRecord.Query().AllX(s.System()) {
				for _, kept := range row.Result {
					if !keepable.MatchString(kept) {
						s.Errorf("%q is kept", kept)
					}
				}
				if !fingerprint.MatchString(row.PrincipalKey) || !fingerprint.MatchString(row.BodyHash) {
					s.Errorf("no fingerprints: %s, %s", row.PrincipalKey, row.BodyHash)
				}
			}
			for _, row := range s.rows()["idempotency_records"] {
				for _, secret := range append(told, testworld.Password, "key-of-") {
					if strings.Contains(row, secret) {
						s.Errorf("%q is in a record: %s", secret, row)
					}
				}
			}
		})
	})
}

var (
	keepable    = regexp.MustCompile(`^([a-z]{3}_[0-9a-z]{26}|\d*|true|false|members|name|label|userId|firstName|lastName|administrator|permissions|role)$`)
	fingerprint = regexp.MustCompile(`^[0-9a-f]{64}$`)
)

// withoutSecrets is a payload as it is answered once more.
func withoutSecrets(payload any) any {
	fields, _ := payload.(map[string]any)
	fields = maps.Clone(fields)
	for _, name := range secrets {
		if _, shown := fields[name]; shown {
			fields[name] = nil
		}
	}
	return any(fields)
}

func secretsOf(a *testworld.Answer, mutation string) (list []string) {
	for _, name := range secrets {
		if secret, _ := a.At(mutation + "." + name).(string); secret != "" {
			list = append(list, secret)
		}
	}
	return list
}

func TestAKeyIsOfWhoMadeItAndOfOneMutation(t *testing.T) {
	eachScene(t, func(s scene) {
		contoso, acme := s.Customer("Contoso"), s.NewPartner("Acme")
		s.connected(acme, contoso, "ADMINISTRATOR")
		boss := s.Person("boss").Join(contoso.Tenant, testworld.Administrator)
		program := s.Bearer(s.makesToken(contoso.Admin, in{"scopes": []in{{"feature": "TENANT", "level": "MANAGE"}}}).String("createApiToken.token"))
		const key = "4711"
		change := in{"id": contoso.ID, "accountNumber": "A-1"}
		at := s.Now()

		for i, p := range []*testworld.Person{contoso.Admin, boss, program, acme.Admin, acme.Admin.Entered(contoso.ID)} {
			s.replays(s.attempts(p, key, "updateTenant", change).OK(), false)
			s.replays(s.attempts(p, key, "updateTenant", change).OK(), true)
			s.is("records", s.remembers(), i+1)
		}
		s.replays(s.attempts(contoso.Admin, key, "activateService", in{"tenantId": contoso.ID}).OK(), false)

		s.then("whatever the session", func(s scene) {
			s.replays(s.attempts(s.person(contoso.Admin.Email), key, "updateTenant", change).OK(), true)
		})
		s.then("whatever is read of the answer, and however the input is written", func(s scene) {
			before := s.rows()
			a := s.keyed(contoso.Admin, key, `mutation { again: updateTenant(input: {accountNumber: "A-1", id: "`+contoso.ID+`"}) { tenant { name } } }`, nil).OK()
			s.replays(a, true)
			s.is("name", a.At("again.tenant.name"), any("Contoso"))
			s.unchanged(before, "the same, written otherwise")
		})
		s.then("for 24 hours", func(s scene) {
			s.Later(at.Add(24*time.Hour - time.Microsecond).Sub(s.Now()))
			s.replays(s.attempts(contoso.Admin, key, "updateTenant", change).OK(), true)
			s.Later(time.Microsecond)
			s.replays(s.attempts(contoso.Admin, key, "updateTenant", in{"id": contoso.ID, "accountNumber": "A-2"}).OK(), false)
			s.replays(s.attempts(contoso.Admin, key, "updateTenant", in{"id": contoso.ID, "accountNumber": "A-2"}).OK(), true)
		})
	})
}

func TestAReplayShowsWhatTheViewerSeesNow(t *testing.T) {
	eachScene(t, func(s scene) {
		contoso, other := s.Customer("Contoso"), s.Customer("Other")
		registrar := s.CustomRole(contoso.Tenant, "Registrar", map[feature]accessLevel{"ROLES": manage, "USERS": manage, "TENANT": view})
		clerk := s.Staff(contoso, "clerk", testworld.Custom(registrar)).Join(other.Tenant, testworld.Nothing)
		create := in{"tenantId": contoso.ID, "name": "Secret project", "permissions": []in{{"feature": "TENANT", "level": "VIEW"}}}
		a := s.attempts(clerk, "a", "createRole", create).OK()
		id := a.String("createRole.role.id")

		s.then("it is renamed", func(s scene) {
			s.does(contoso.Admin, "updateRole", in{"id": id, "name": "Project"})
			a := s.attempts(clerk, "a", "createRole", create).OK()
			s.replays(a, true)
			s.is("role", a.At("createRole.role"), any(map[string]any{"id": id, "name": "Project"}))
		})
		s.then("they see it no more", func(s scene) {
			s.does(contoso.Admin, "removeMembers", in{"tenantId": contoso.ID, "ids": []string{clerk.Member(contoso.Tenant).ID}})
			a := s.attempts(clerk, "a", "createRole", create).OK()
			s.replays(a, true)
			s.is("role", a.At("createRole.role"), nil)
			if strings.Contains(a.Body, "roject") || strings.Contains(a.Body, id) {
				s.Errorf("the answer tells of it: %s", a.Body)
			}
		})
		s.then("whoever is signed out is told nothing", func(s scene) {
			s.sees(s.attempts(s.Stranger(), "a", "createRole", create).Errors(), "UNAUTHENTICATED at createRole")
		})
	})
}

func TestOneKeyManyTimesAtOnceIsCarriedOutOnce(t *testing.T) {
	eachScene(t, func(s scene) {
		const many = 16
		atOnce := func(p *testworld.Person, mutation string, input in) (bodies []string, replays int) {
			answers := make([]*testworld.Answer, many)
			var all sync.WaitGroup
			for i := range answers {
				all.Go(func() { answers[i] = s.attempts(p, "once", mutation, input) })
			}
			all.Wait()
			for _, a := range answers {
				bodies = append(bodies, fmt.Sprint(a.At(mutation), a.Errors()))
				if a.Header.Get("Idempotency-Replayed") == "true" {
					replays++
				}
			}
			slices.Sort(bodies)
			return slices.Compact(bodies), replays
		}
		acme := s.NewPartner("Acme")
		s.then("one invitation", func(s scene) {
			events := s.events()
			bodies, replays := atOnce(acme.Admin, "inviteCustomer", in{"email": "ada@example.com"})
			s.is("answers", len(bodies), 1)
			s.is("invited", strings.Contains(bodies[0], "PENDING"), true)
			s.is("replays", replays, many-1)
			s.is("events", s.events()-events, 1)
			s.is("mails", len(s.Mails("ada@example.com")), 1)
		})
		s.then("a rule that is broken is told to all, and not remembered", func(s scene) {
			before := s.rows()
			bodies, replays := atOnce(acme.Admin, "createCustomer", in{"name": "", "adminEmail": "a@example.com", "adminFirstName": "A", "adminLastName": "B"})
			s.is("answers", len(bodies), 1)
			s.is("told", strings.Contains(bodies[0], "REQUIRED"), true)
			s.is("replays", replays, 0)
			s.unchanged(before, "createCustomer")
		})
		s.then("expired, it is carried out once more", func(s scene) {
			s.Later(24 * time.Hour)
			events := s.events()
			bodies, replays := atOnce(acme.Admin, "rotateInviteLink", in{"partnerId": acme.Partner.ID})
			s.is("answers", len(bodies), 1)
			s.is("replays", replays, many-1)
			s.Later(24 * time.Hour)
			_, replays = atOnce(acme.Admin, "rotateInviteLink", in{"partnerId": acme.Partner.ID})
			s.is("replays", replays, many-1)
			s.is("events", s.events()-events, 2)
		})
	})
}

func TestWhatHeedsNoKey(t *testing.T) {
	eachScene(t, func(s scene) {
		contoso := s.Customer("Contoso")
		sign := in{"email": contoso.Admin.Email, "password": testworld.Password}
		s.then("what anybody may ask", func(s scene) {
			for _, p := range []*testworld.Person{s.Stranger(), contoso.Admin} {
				one, two := s.attempts(p, "k", "signIn", sign).OK(), s.attempts(p, "k", "signIn", sign).OK()
				s.replays(two, false)
				if one.String("signIn.token") == two.String("signIn.token") {
					s.Error("a token is told twice")
				}
				for mutation, input := range map[string]in{
					"requestPasswordReset": {"email": "nobody@example.com"},
					"resetPassword":        {"token": "x", "newPassword": "quite another one"},
					"verifyEmail":          {"token": "x"},
					"signUp": {"tenantCode": "x", "firstName": "A", "lastName": "B", "email": "a@example.com",
						"phone": "+49 30 901820"},
				} {
					s.replays(s.attempts(p, "k", mutation, input), false)
					s.replays(s.attempts(p, "k", mutation, input), false)
				}
			}
			s.is("records", s.remembers(), 0)
		})
		s.then("whoever answers an invitation without an account", func(s scene) {
			_, token := s.invites(s.NewPartner("Acme"), "new@example.com")
			s.replays(s.attempts(s.Stranger(), "k", "declineInvitation", in{"token": token}).OK(), false)
			s.sees(s.attempts(s.Stranger(), "k", "declineInvitation", in{"token": token}).UserErrors("declineInvitation"), "INVITATION_INVALID at input")
			s.is("records", s.remembers(), 0)
		})
		s.then("a dry run", func(s scene) {
			sync := in{"tenantId": contoso.ID, "sites": []in{{"accountNumber": "S-1", "name": "One", "status": "UP"}}, "dryRun": true}
			before := s.rows()
			s.replays(s.attempts(contoso.Admin, "k", "syncInventory", sync).OK(), false)
			s.replays(s.attempts(contoso.Admin, "k", "syncInventory", sync).OK(), false)
			s.unchanged(before, "a dry run")
			sync["dryRun"] = false
			a := s.attempts(contoso.Admin, "k", "syncInventory", sync).OK()
			s.replays(a, false)
			s.is("created", a.At("syncInventory.created"), any(1.))
		})
		s.then("a mutation that was refused", func(s scene) {
			create := in{"tenantId": contoso.ID, "name": "Role", "permissions": []in{{"feature": "TENANT", "level": "VIEW"}}}
			taken := s.does(contoso.Admin, "createRole", create).String("createRole.role.id")
			s.sees(s.attempts(contoso.Admin, "r", "createRole", create).UserErrors("createRole"), "CONFLICT at input.name")
			s.does(contoso.Admin, "deleteRole", in{"id": taken})
			a := s.attempts(contoso.Admin, "r", "createRole", create).OK()
			s.replays(a, false)
			s.is("name", a.At("createRole.role.name"), any("Role"))
		})
		s.then("a key that is none, and several mutations at once", func(s scene) {
			before := s.rows()
			change := `mutation { updateTenant(input: {id: "` + contoso.ID + `", accountNumber: "x"}) { userErrors { code } } }`
			for _, key := range []string{strings.Repeat("k", 256), "two words", "schlüssel"} {
				a := s.keyed(contoso.Admin, key, change, nil)
				s.is(key, a.Errors(), []string{"BAD_USER_INPUT at"})
				s.is("status", a.Status, 400)
			}
			two := `mutation { a: updateTenant(input: {id: "x"}) { userErrors { code } } b: updateTenant(input: {id: "y"}) { userErrors { code } } }`
			s.is("two", s.keyed(contoso.Admin, "k", two, nil).Errors(), []string{"BAD_USER_INPUT at"})
			s.unchanged(before, "what was not understood")
			s.replays(s.keyed(contoso.Admin, strings.Repeat("k", 255), change, nil).OK(), false)
		})
	})
}

func TestExpiredKeysAreForgottenBitByBit(t *testing.T) {
	eachScene(t, func(s scene) {
		contoso := s.Customer("Contoso")
		record := func(n int, age time.Duration) {
			for range n {
				s.must(s.Write.IdempotencyRecord.Create().SetPrincipalKey(fmt.Sprintf("%064d", s.remembers())).SetBodyHash(strings.Repeat("0", 64)).
					SetResult([]string{}).SetAt(s.Now().Add(-age)).Exec(s.System()))
			}
		}
		record(25, 24*time.Hour)
		record(5, 24*time.Hour-time.Second)
		for i, want := range []int{30 - 10 + 1, 30 - 20 + 2, 30 - 25 + 3, 5 + 4} {
			s.attempts(contoso.Admin, fmt.Sprint(i), "updateTenant", in{"id": contoso.ID, "accountNumber": fmt.Sprint(i)}).OK()
			s.is("records", s.remembers(), want)
		}
	})
}

// The second request comes while the first one is under way, and finds another password than it read.
func TestAnAttemptThatWasOvertakenIsReplayed(t *testing.T) {
	eachScene(t, func(s scene) {
		ada := s.Customer("Contoso").Admin
		change := in{"currentPassword": testworld.Password, "newPassword": "quite another one"}
		var all sync.WaitGroup
		answers := make([]*testworld.Answer, 3)
		for i := range answers {
			all.Go(func() { answers[i] = s.attempts(ada, "k", "changePassword", change) })
		}
		all.Wait()
		for _, a := range answers {
			s.is("ok", a.OK().At("changePassword.ok"), any(true))
		}
		for range 10 { // not a guess, though the password is another one now
			s.replays(s.attempts(ada, "k", "changePassword", change).OK(), true)
		}
		s.is("records", s.remembers(), 1)
		s.is("mails", len(s.Mails(ada.Email)), 1)
		s.signsInWith(ada.Email, "quite another one")
	})
}
