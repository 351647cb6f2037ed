package graph_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"mandate/ent"
	"mandate/ent/accessrequest"
	"mandate/internal/testworld"
)

// TestSignUpsThatAreWrong: what is wrong with the input is told, and told whatever the code is.
func TestSignUpsThatAreWrong(t *testing.T) {
	eachScene(t, func(s scene) {
		code := s.invitesAll(s.Customer("Contoso"), "VALIDATE_AND_APPROVE")
		domain := strings.Repeat(strings.Repeat("d", 62)+".", 4)
		for _, c := range []struct {
			outcome string
			changed in
			rules   []string
		}{
			{"no names", in{"firstName": " ", "lastName": ""}, []string{"REQUIRED at input.firstName", "REQUIRED at input.lastName"}},
			{"names that turn other text around", in{"firstName": "No\u202era", "lastName": "\u2067New"}, []string{"INVALID at input.firstName", "INVALID at input.lastName"}},
			{"names with what nobody sees", in{"firstName": "Nora\u200b", "lastName": "N\x00ew"}, []string{"INVALID at input.firstName", "INVALID at input.lastName"}},
			{"a name that is an address on the web", in{"lastName": "New www.evil.example"}, []string{"INVALID at input.lastName"}},
			{"long names", in{"firstName": strings.Repeat("n", 101), "lastName": strings.Repeat("ﷺ", 100)}, []string{"TOO_LONG at input.firstName", "TOO_LONG at input.lastName"}},
			{"no address", in{"email": "nora"}, []string{"INVALID at input.email"}},
			{"an address with a look-alike letter", in{"email": "nоra@example.com"}, []string{"INVALID at input.email"}},
			{"an address with what nobody sees", in{"email": "nora@exam\u200dple.com"}, []string{"INVALID at input.email"}},
			{"an address of 320 characters", in{"email": strings.Repeat("n", 64) + "@" + domain + "ddd"}, []string{"INVALID at input.email"}},
			{"an address of 321 characters", in{"email": strings.Repeat("n", 64) + "@" + domain + "dddd"}, []string{"TOO_LONG at input.email"}},
			{"a phone without country code", in{"phone": "0431 1234567"}, []string{"PHONE_COUNTRY_CODE_REQUIRED at input.phone"}},
			{"a phone that is none", in{"phone": "+49 call me"}, []string{"INVALID at input.phone"}},
			{"a User ID that cannot be shown", in{"userId": "no\u202era"}, []string{"INVALID at input.userId"}},
			{"a long User ID and a long label", in{"userId": strings.Repeat("n", 101), "label": strings.Repeat("n", 10_000)},
				[]string{"TOO_LONG at input.userId", "TOO_LONG at input.label"}},
			{"all of it", in{"firstName": "", "lastName": "", "email": "", "phone": "", "userId": "\u200b", "label": "\u2066"},
				[]string{"REQUIRED at input.firstName", "REQUIRED at input.lastName", "INVALID at input.email", "PHONE_COUNTRY_CODE_REQUIRED at input.phone", "INVALID at input.userId", "INVALID at input.label"}},
		} {
			s.then(c.outcome, func(s scene) {
				answers := make(map[string]bool)
				for _, of := range []string{code, "JOIN-0000-0000-0000-0000", ""} {
					input := applicant(of, "nora@example.com")
					maps.Copy(input, c.changed)
					answers[s.refused(s.Stranger(), "signUp", input, c.rules...).Body] = true
				}
				s.is("different answers", len(answers), 1)
			})
		}
		s.then("a phone without country code is told so in the words of C2", func(s scene) {
			input := applicant(code, "nora@example.com")
			input["phone"] = "0431 1234567"
			a := s.asks(s.Stranger(), "signUp", input)
			s.is("message", a.At("signUp.userErrors.0.message"), "Please enter contact phone with country code. E.g. +1")
		})
	})
}

// TestSignUpsThatAreStrange: what looks odd and is right.
func TestSignUpsThatAreStrange(t *testing.T) {
	eachScene(t, func(s scene) {
		contoso := s.Customer("Contoso")
		code := s.invitesAll(contoso, "VALIDATE_AND_APPROVE")
		ids := func() []string { return s.read("SELECT handle FROM members WHERE status='PENDING_EMAIL_VALIDATION'") }
		signUp := func(email string, changed in) {
			input := applicant(code, email)
			maps.Copy(input, changed)
			s.does(s.Stranger(), "signUp", input)
		}
		s.then("the longest names and the longest address", func(s scene) {
			local := strings.Repeat("n", 64)
			email := local + "@" + strings.Repeat(strings.Repeat("d", 62)+".", 4) + "d"
			signUp(email, in{"firstName": strings.Repeat("ä", 100), "lastName": strings.Repeat("ß", 100)})
			s.is("label", s.read("SELECT label FROM members WHERE handle='"+local+"'"), []string{strings.Repeat("ä", 100) + " " + strings.Repeat("ß", 99)})
			s.is("mails", len(s.Mails(email)), 1)
		})
		s.then("a User ID that is taken, in whatever case, gets a number", func(s scene) {
			signUp("one@example.com", in{"userId": "CONTOSO"})
			signUp("two@example.com", in{"userId": "ｃontoso"})
			signUp("contoso@other.example", nil)
			s.has(ids(), "CONTOSO2", "ｃontoso3", "contoso4")
		})
		s.then("also one as long as they may be", func(s scene) {
			long := strings.Repeat("u", 100)
			for i := range 12 {
				signUp(fmt.Sprint("long", i, "@example.com"), in{"userId": long})
			}
			s.has(ids(), long, long[:99]+"2", long[:98]+"12")
			wide := strings.Repeat("㎧", 66) + "uu" // 200 characters once it is folded
			signUp("wide@example.com", in{"userId": wide})
			signUp("wider@example.com", in{"userId": wide})
			s.has(ids(), wide, strings.Repeat("㎧", 66)+"u2")
		})
		s.then("a label and a User ID of one's own choice", func(s scene) {
			signUp("dana@example.com", in{"userId": "D. Miles", "label": "Dana (night shift)"})
			s.sees(s.read("SELECT handle, label FROM members WHERE handle='D. Miles'"), "D. Miles | Dana (night shift)")
		})
		s.then("an address in other case is the same one", func(s scene) {
			signUp("zoe@example.com", nil)
			signUp("ZOE@EXAMPLE.COM", nil)
			s.is("mails", len(s.Mails("zoe@example.com")), 2)
			s.sees(s.read("SELECT email FROM users WHERE email_canonical='zoe@example.com'"), "zoe@example.com")
		})
		s.then("a domain with a look-alike letter is another one", func(s scene) {
			signUp("zoe@exаmple.com", nil)
			s.is("mails", len(s.Mails("zoe@example.com")), 2)
			s.is("mails to the other", len(s.Mails("zoe@xn--exmple-4nf.com")), 1)
		})
	})
}

// TestSignUpTellsNothing: whoever signs somebody up cannot tell what the code and the address are.
func TestSignUpTellsNothing(t *testing.T) {
	eachScene(t, func(s scene) {
		contoso, closed, paused := s.Customer("Contoso"), s.Customer("Closed"), s.Customer("Paused")
		code := s.invitesAll(contoso, "VALIDATE_AND_APPROVE")
		old, late := s.invitesAll(closed, "VALIDATE_EMAIL"), s.invitesAll(paused, "VALIDATE_EMAIL")
		s.does(closed.Admin, "updateTenant", in{"id": closed.ID, "signUpPolicy": "CLOSED"})
		s.must(s.Write.Tenant.UpdateOneID(paused.ID).SetStatus("SUSPENDED").Exec(s.System()))
		s.Staff(contoso, "member", testworld.Nothing)
		s.must(s.Staff(contoso, "suspended", testworld.Nothing).Member(contoso.Tenant).Update().SetStatus("SUSPENDED").Exec(s.System()))
		s.Customer("Fabrikam")
		s.signsUp(code, "pending@example.com")
		s.proves(s.signsUp(code, "waiting@example.com"))
		s.proves(s.signsUp(code, "rejected@example.com"))
		s.does(contoso.Admin, "rejectAccessRequests", in{"ids": []string{s.requestOf(contoso, "rejected@example.com")}, "reason": "No."})

		var answer string
		for _, c := range []struct {
			outcome, code, email string
			mails                []string // that it brings about, all to the address
		}{
			{"an address that nobody knows", code, "nobody@example.com", []string{"signup.verify"}},
			{"somebody known elsewhere", code, "fabrikam@example.com", []string{"signup.verify"}},
			{"somebody who was turned away", code, "rejected@example.com", []string{"signup.verify"}},
			{"a member", code, "member@example.com", []string{"signup.member"}},
			{"an administrator", code, "contoso@example.com", []string{"signup.member"}},
			{"a member who is suspended", code, "suspended@example.com", []string{"signup.member"}},
			{"somebody who has yet to prove the address", code, "pending@example.com", []string{"signup.verify"}},
			{"somebody who waits for approval", code, "waiting@example.com", nil},
			{"a code that nobody has", "JOIN-0000-0000-0000-0000", "new@example.com", nil},
			{"no code", "", "new@example.com", nil},
			{"the code of a tenant that has closed", old, "new@example.com", nil},
			{"the code of a tenant that is suspended", late, "new@example.com", nil},
		} {
			s.then(c.outcome, func(s scene) {
				mails, before := len(s.read("SELECT id FROM outbox_messages")), s.rows()
				input := applicant(c.code, c.email)
				input["firstName"], input["userId"] = "Somebody", "contoso"
				began := time.Now()
				a := s.asks(s.Stranger(), "signUp", input).OK()
				if took := time.Since(began); took < 150*time.Millisecond {
					t.Errorf("answered after %v", took)
				}
				if answer == "" {
					answer = a.Body
				}
				s.is("answer", a.Body, answer)
				s.is("mails", len(s.read("SELECT id FROM outbox_messages"))-mails, len(c.mails))
				if c.mails == nil {
					s.unchanged(before, "a sign-up that leads nowhere")
				} else {
					kinds := s.kinds(c.email)
					s.sees(kinds[len(kinds)-1:], c.mails...)
				}
			})
		}
		s.then("not by their own audit trail either", func(s scene) {
			p := s.person("fabrikam@example.com")
			s.does(p, "signUp", applicant(code, "other@example.com"))
			s.sees(s.read(`SELECT e.action FROM audit_events e JOIN users u ON u.id=e.actor_id WHERE u.email_canonical='fabrikam@example.com'`), "session.started")
			s.sees(s.read(`SELECT action FROM audit_events WHERE action LIKE 'member.%' AND (tenant_id<>'` + contoso.ID + `' OR other_tenant_id IS NOT NULL)`))
		})
		s.then("nobody got a password on the way", func(s scene) {
			s.sees(s.read(`SELECT email FROM users WHERE password_hash IS NOT NULL AND email_canonical IN ('nobody@example.com','pending@example.com','other@example.com','new@example.com')`))
		})
	})
}

// TestSignUpsThatAreTooMany: nobody fills a mailbox or a queue, and nobody is told that it is full.
func TestSignUpsThatAreTooMany(t *testing.T) {
	eachScene(t, func(s scene) {
		contoso := s.Customer("Contoso")
		code := s.invitesAll(contoso, "VALIDATE_AND_APPROVE")
		again := func(code, email string, times int) {
			for range times {
				s.asks(s.Stranger(), "signUp", applicant(code, email)).OK()
			}
		}
		s.then("five links a day from one tenant, and an event for each", func(s scene) {
			events := s.events()
			again(code, "nora@example.com", 7)
			s.is("mails", len(s.Mails("nora@example.com")), 5)
			s.is("events", s.events()-events, 5)
			s.Later(24 * time.Hour)
			again(code, "nora@example.com", 1)
			s.is("mails a day later", len(s.Mails("nora@example.com")), 6)
		})
		s.then("twenty from all, though the request is made", func(s scene) {
			for i := range 5 {
				c := s.Customer(fmt.Sprint("Other ", i))
				again(s.invitesAll(c, "VALIDATE_AND_APPROVE"), "zoe@example.com", 5-i%2)
				s.is("requests", len(s.requests(c.Admin, c)), 1)
			}
			s.is("mails", len(s.Mails("zoe@example.com")), 20)
			last := s.invitesAll(s.Customer("Last"), "VALIDATE_AND_APPROVE")
			again(last, "zoe@example.com", 1)
			before := s.rows()
			again(last, "zoe@example.com", 1)
			s.unchanged(before, "a sign-up after twenty links")
		})
		s.then("five notes a day to a member", func(s scene) {
			again(code, "contoso@example.com", 6)
			s.is("mails", len(s.Mails("contoso@example.com")), 5)
		})
		s.then("twenty notes a day to an administrator about who waits", func(s scene) {
			s.must(s.Write.OutboxMessage.MapCreateBulk(make([]int, 20), func(c *ent.OutboxMessageCreate, _ int) {
				c.SetKind("request.waiting").SetRecipient("contoso@example.com").SetRecipientCanonical("contoso@example.com").
					SetSubject("x").SetText("x").SetHTML("x").SetNextAttemptAt(s.Now())
			}).Exec(s.System()))
			s.proves(s.lastToken("nora@example.com"))
			s.is("mails", len(s.Mails("contoso@example.com")), 25)
			s.sees(s.requests(contoso.Admin, contoso), "Nora New: PENDING PENDING_APPROVAL to decide")
		})
		s.then("a thousand requests wait in a tenant", func(s scene) {
			m, err := s.Write.AccessRequest.Query().Where(accessrequest.TenantID(contoso.ID)).QueryMember().Only(s.System())
			s.must(err)
			s.must(s.Write.AccessRequest.MapCreateBulk(make([]int, 999), func(c *ent.AccessRequestCreate, _ int) {
				c.SetTenantID(contoso.ID).SetMemberID(m.ID).SetExpiresAt(s.Now().Add(time.Hour))
			}).Exec(s.System()))
			before := s.rows()
			again(code, "late@example.com", 1)
			s.unchanged(before, "one too many")
			s.must(s.Write.AccessRequest.Update().Where(accessrequest.ExpiresAt(s.Now().Add(time.Hour))).SetStatus("APPROVED").Exec(s.System()))
			again(code, "late@example.com", 1)
			s.is("mails", len(s.Mails("late@example.com")), 1)
		})
	})
}
