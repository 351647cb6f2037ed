package graph_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"mandate/ent"
	"mandate/ent/member"
	"mandate/internal/testworld"
)

// TestWhoDecides is the queue as everybody sees it who has to do with the tenant, and as those do who have not.
func TestWhoDecides(t *testing.T) {
	eachScene(t, func(s scene) {
		contoso, acme, record := s.Customer("Contoso"), s.NewPartner("Acme"), s.NewPartner("Record")
		s.connected(acme, contoso, "ADMINISTRATOR")
		code := s.invitesAll(contoso, "VALIDATE_AND_APPROVE")
		const all = "Nora New: PENDING PENDING_APPROVAL"
		s.proves(s.signsUp(code, "nora@example.com"))
		request := s.requestOf(contoso, "nora@example.com")
		approve, reject := in{"ids": []string{request}}, in{"ids": []string{request}, "reason": "Unknown to us."}

		s.then("who manages members there", func(s scene) {
			s.sees(s.requests(contoso.Admin, contoso), all+" to decide")
			s.sees(s.requests(s.Staff(contoso, "clerk", testworld.Custom(s.CustomRole(contoso.Tenant, "Clerk", map[feature]accessLevel{"USERS": manage}))), contoso), all+" to decide")
			s.sees(s.requests(acme.Admin, contoso), all+" to decide")
			s.sees(s.requests(acme.Admin.Entered(contoso.ID), contoso), all+" to decide")
		})
		s.then("who sees members only sees the queue, and decides about nobody", func(s scene) {
			reader := s.Staff(contoso, "reader", testworld.Role("READ_ONLY"))
			s.sees(s.requests(reader, contoso), all)
			s.forbidden(reader, "approveAccessRequests", approve)
			s.forbidden(reader, "rejectAccessRequests", reject)
		})
		s.then("who sees guests only, or nothing, knows of no request", func(s scene) {
			for _, p := range []*testworld.Person{s.Staff(contoso, "desk", testworld.Role("GUEST_MANAGER")), s.Staff(contoso, "nobody", testworld.Nothing)} {
				a := p.Do("query($t: ID!, $r: ID!) { node(id: $r) { id } tenant(id: $t) { accessRequests(first: 1) { totalCount } } }", vars{"t": contoso.ID, "r": request})
				s.sees(a.Errors(), "FORBIDDEN at tenant.accessRequests")
				s.is("node", a.At("node"), nil)
				s.refused(p, "approveAccessRequests", approve, "NOT_FOUND at input.ids.0")
				s.refused(p, "rejectAccessRequests", reject, "NOT_FOUND at input.ids.0")
			}
		})
		s.then("who reaches the tenant in no way, or is nobody, as if there were none", func(s scene) {
			for _, p := range []*testworld.Person{s.Customer("Fabrikam").Admin, record.Admin, s.Operator().Admin, s.Staff(acme, "helper", testworld.Nothing)} {
				s.is("node", reaches(p, request), false)
				s.refused(p, "approveAccessRequests", approve, "NOT_FOUND at input.ids.0")
				s.refused(p, "rejectAccessRequests", reject, "NOT_FOUND at input.ids.0")
			}
			s.sees(s.asks(s.Stranger(), "approveAccessRequests", approve).Errors(), "UNAUTHENTICATED at approveAccessRequests")
			s.sees(s.asks(s.Stranger(), "rejectAccessRequests", reject).Errors(), "UNAUTHENTICATED at rejectAccessRequests")
		})
		s.then("levels are given by who gives levels", func(s scene) {
			clerk := s.Staff(contoso, "registrar", testworld.Custom(s.CustomRole(contoso.Tenant, "Registrar", map[feature]accessLevel{"USERS": manage, "invoices": view})))
			s.forbidden(clerk, "approveAccessRequests", in{"ids": []string{request}, "roleKey": "PHONE_MANAGER"})
			s.does(clerk, "approveAccessRequests", approve)
			s.is("what she may do", level(s, s.person("nora@example.com"), contoso.ID, "invoices"), "NONE")
		})
	})
}

// TestAResellerAdmits is the queue of a customer as its reseller's people work it off.
func TestAResellerAdmits(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso := s.NewPartner("Acme"), s.Customer("Contoso")
		s.connected(acme, contoso, "ADMINISTRATOR")
		code := s.invitesAll(contoso, "VALIDATE_AND_APPROVE")
		for _, name := range []string{"ada", "bea", "cleo"} {
			s.proves(s.signsUp(code, name+"@example.com"))
		}
		var ids []string
		for _, name := range []string{"ada", "bea", "cleo"} {
			ids = append(ids, s.requestOf(contoso, name+"@example.com"))
		}
		s.then("gives no access that lasts", func(s scene) {
			for input, field := range map[string]string{"PRIME_ADMIN": "roleKey", "ADMINISTRATOR": "roleKey"} {
				s.refused(acme.Admin, "approveAccessRequests", in{"ids": ids, "roleKey": input}, "ROLE_EXCEEDS_GRANT at input."+field)
			}
			s.refused(acme.Admin, "approveAccessRequests", in{"ids": ids, "administrator": true}, "ROLE_EXCEEDS_GRANT at input.administrator")
		})
		s.then("lets in several at once, in one event, and each is told", func(s scene) {
			a := s.does(acme.Admin, "approveAccessRequests", in{"ids": ids[:2], "roleKey": "PHONE_MANAGER"})
			s.sees(a.Column("approveAccessRequests.accessRequests", "status"), "APPROVED", "APPROVED")
			s.sees(a.Column("approveAccessRequests.accessRequests", "decidedBy.name"), "Acme Smith", "Acme Smith")
			s.is("tickets", level(s, s.person("bea@example.com"), contoso.ID, "tickets"), "MANAGE")
			s.sees(s.kinds("ada@example.com"), "signup.verify", "request.approved")
		})
		s.then("turns one away, who is told why, and is gone", func(s scene) {
			a := s.does(acme.Admin.Entered(contoso.ID), "rejectAccessRequests", in{"ids": ids[2:], "reason": "You left the company."})
			s.is("request", a.At("rejectAccessRequests.accessRequests.0"), any(map[string]any{
				"id": ids[2], "status": "REJECTED", "reason": "You left the company.", "decidedBy": map[string]any{"name": "Acme Smith"}}))
			mails := s.Mails("cleo@example.com")
			if last := mails[len(mails)-1]; last.Kind != "request.rejected" || !strings.Contains(last.Text, "You left the company.") {
				t.Errorf("mail: %v", last)
			}
			s.refused(s.Stranger(), "signIn", in{"email": "cleo@example.com", "password": testworld.Password}, "CREDENTIALS_INVALID at input")
			s.sees(s.requests(contoso.Admin, contoso), "Cleo New: REJECTED REMOVED", "Bea New: APPROVED ACTIVE", "Ada New: APPROVED ACTIVE")
		})
		s.then("and both sides read it", func(s scene) {
			const trail = `query($id: ID!) { tenant(id: $id) { auditEvents(first: 10, filter: {action: ["access_request.approved", "access_request.rejected"]}) {
				nodes { action reason actor { name } actorTenant { name } onBehalfOf { name } changes { field after } } } } }`
			seen := func(p *testworld.Person, tenantID string) any {
				return p.Do(trail, vars{"id": tenantID}).OK().At("tenant.auditEvents.nodes")
			}
			by := func(action string, reason any, changes ...any) any {
				return map[string]any{"action": action, "reason": reason, "actor": map[string]any{"name": "Acme Smith"},
					"actorTenant": map[string]any{"name": "Acme"}, "onBehalfOf": map[string]any{"name": "Contoso"}, "changes": changes}
			}
			became := func(name, what string) any { return map[string]any{"field": name, "after": what} }
			want := any([]any{
				by("access_request.rejected", "You left the company.", became("Cleo New", "REJECTED")),
				by("access_request.approved", nil, became("Ada New", "APPROVED: Phone Manager"), became("Bea New", "APPROVED: Phone Manager")),
			})
			s.is("the customer's trail", seen(contoso.Admin, contoso.ID), want)
			s.is("the reseller's trail", seen(acme.Admin, acme.ID), want)
		})
		s.then("whoever was turned away may sign up again, and begins anew", func(s scene) {
			s.signsUp(code, "cleo@example.com")
			s.sees(s.requests(contoso.Admin, contoso, "PENDING"), "Cleo New: PENDING PENDING_EMAIL_VALIDATION to decide")
		})
	})
}

// TestTheResellerOfRecordAdmits: a partner of record gives access that lasts too.
func TestTheResellerOfRecordAdmits(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso := s.NewPartner("Acme"), s.Customer("Contoso")
		s.Connect(acme, contoso, "PRIME_ADMIN", "PARTNER_OF_RECORD")
		s.proves(s.signsUp(s.invitesAll(contoso, "VALIDATE_AND_APPROVE"), "ada@example.com"))
		s.does(acme.Admin, "approveAccessRequests", in{"ids": []string{s.requestOf(contoso, "ada@example.com")}, "administrator": true})
		s.is("tokens", level(s, s.person("ada@example.com"), contoso.ID, "TOKENS"), "MANAGE")
	})
}

// TestRequestsExpire: the clock decides what nobody else does.
func TestRequestsExpire(t *testing.T) {
	eachScene(t, func(s scene) {
		contoso := s.Customer("Contoso")
		code := s.invitesAll(contoso, "VALIDATE_AND_APPROVE")
		s.proves(s.signsUp(code, "ada@example.com"))
		request := s.requestOf(contoso, "ada@example.com")
		s.Later(29 * 24 * time.Hour)
		s.signsUp(code, "bea@example.com")
		s.Later(24*time.Hour - time.Second)
		s.sees(s.requests(contoso.Admin, contoso, "PENDING"), "Bea New: PENDING PENDING_EMAIL_VALIDATION to decide", "Ada New: PENDING PENDING_APPROVAL to decide")
		s.Later(time.Second)

		s.then("after thirty days nobody decides any more", func(s scene) {
			s.sees(s.requests(contoso.Admin, contoso, "EXPIRED"), "Ada New: EXPIRED PENDING_APPROVAL")
			s.sees(s.requests(contoso.Admin, contoso, "PENDING"), "Bea New: PENDING PENDING_EMAIL_VALIDATION to decide")
			s.refused(contoso.Admin, "approveAccessRequests", in{"ids": []string{request}}, "REQUEST_ALREADY_DECIDED at input.ids.0")
			s.refused(contoso.Admin, "rejectAccessRequests", in{"ids": []string{request}, "reason": "No."}, "REQUEST_ALREADY_DECIDED at input.ids.0")
		})
		s.then("the link works a day", func(s scene) {
			s.refused(s.Stranger(), "verifyEmail", in{"token": s.lastToken("bea@example.com"), "newPassword": testworld.Password}, "TOKEN_INVALID at input.token")
			s.proves(s.signsUp(code, "bea@example.com"))
			s.sees(s.requests(contoso.Admin, contoso, "PENDING"), "Bea New: PENDING PENDING_APPROVAL to decide")
		})
		s.then("a link that is younger than the request proves nothing any more either", func(s scene) {
			token := s.signsUp(code, "cleo@example.com")
			s.Later(30*24*time.Hour - time.Hour)
			young := s.signsUp(code, "cleo@example.com")
			s.Later(time.Hour)
			for _, dead := range []string{token, young} {
				s.refused(s.Stranger(), "verifyEmail", in{"token": dead, "newPassword": testworld.Password}, "TOKEN_INVALID at input.token")
			}
		})
		s.then("whoever signs up again begins anew, with the User ID that they had", func(s scene) {
			token := s.signsUp(code, "ada@example.com")
			s.sees(s.requests(contoso.Admin, contoso, "EXPIRED"), "Cleo New: EXPIRED REMOVED", "Bea New: EXPIRED REMOVED", "Ada New: EXPIRED REMOVED")
			s.sees(s.requests(contoso.Admin, contoso, "PENDING"), "Ada New: PENDING PENDING_EMAIL_VALIDATION to decide")
			s.is("recorded", s.read("SELECT status FROM access_requests WHERE id='"+request+"'"), []string{"EXPIRED"})
			s.does(s.Stranger(), "verifyEmail", in{"token": token})
			s.does(contoso.Admin, "approveAccessRequests", in{"ids": []string{s.requestOf(contoso, "ada@example.com")}})
			s.is("User ID", s.read("SELECT handle FROM members WHERE present_handle='ada'"), []string{"ada"})
		})
	})
}

// TestTheQueueInPages: newest first, page by page, in a fixed number of statements.
func TestTheQueueInPages(t *testing.T) {
	eachScene(t, func(s scene) {
		contoso := s.Customer("Contoso")
		const n = 12
		var newest []string
		for i := range n {
			p := s.Person(fmt.Sprint("nora", i)).Join(contoso.Tenant, func(c *ent.MemberCreate) { c.SetStatus(member.StatusPendingApproval) })
			r, err := s.Write.AccessRequest.Create().SetTenantID(contoso.ID).SetMemberID(p.Member(contoso.Tenant).ID).SetEmailValidated(true).
				SetExpiresAt(s.Now().AddDate(0, 0, 1+i%2)).Save(s.System())
			s.must(err)
			newest = append([]string{r.ID}, newest...)
		}
		page := func(first int, after any, status ...string) *testworld.Answer {
			return contoso.Admin.Do(`query($id: ID!, $n: Int!, $a: String, $s: [AccessRequestStatus!]) { tenant(id: $id) { accessRequests(first: $n, after: $a, status: $s) {
				totalCount pageInfo { hasNextPage endCursor } nodes { id status tenant { name } member { name email permissions { level } } decidedBy { name } viewerCanDecide } } } }`,
				vars{"id": contoso.ID, "n": first, "a": after, "s": status}).OK()
		}
		walk := func(status ...string) []string {
			var ids []string
			for after := any(nil); ; {
				a := page(5, after, status...)
				ids = append(ids, a.Column("tenant.accessRequests.nodes", "id")...)
				if after = a.At("tenant.accessRequests.pageInfo.endCursor"); a.At("tenant.accessRequests.pageInfo.hasNextPage") == false {
					s.is("totalCount", a.At("tenant.accessRequests.totalCount"), any(float64(len(ids))))
					return ids
				}
			}
		}
		s.sees(walk(), newest...)
		s.is("statements for many", page(n, nil).Statements, page(1, nil).Statements)
		s.Later(24 * time.Hour)
		var odd, even []string
		for i, id := range newest {
			if i%2 == 0 {
				odd = append(odd, id)
			} else {
				even = append(even, id)
			}
		}
		s.sees(walk("EXPIRED"), even...)
		s.sees(walk("PENDING"), odd...)
		s.sees(walk("PENDING", "EXPIRED", "APPROVED"), newest...)
		s.sees(contoso.Admin.Do("query($id: ID!) { tenant(id: $id) { accessRequests { totalCount } } }", vars{"id": contoso.ID}).Errors(), "BAD_USER_INPUT at tenant.accessRequests")
	})
}
