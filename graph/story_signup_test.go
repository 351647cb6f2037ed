package graph_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"mandate/internal/testworld"
)

// invitesAll lets people sign up in a company, and returns its code.
func (s scene) invitesAll(c *testworld.Company, policy string) (code string) {
	s.Helper()
	s.does(c.Admin, "updateTenant", in{"id": c.ID, "signUpPolicy": policy})
	return c.Admin.Do("query($id: ID!) { tenant(id: $id) { signUpCode } }", vars{"id": c.ID}).OK().String("tenant.signUpCode")
}

// signsUp signs somebody up whose name is made of the address, and returns the link's token.
func (s scene) signsUp(code, email string) (token string) {
	s.Helper()
	s.does(s.Stranger(), "signUp", applicant(code, email))
	return s.lastToken(email)
}

func applicant(code, email string) in {
	local, _, _ := strings.Cut(email, "@")
	return in{"tenantCode": code, "firstName": strings.ToUpper(local[:1]) + local[1:], "lastName": "New", "email": email, "phone": "+49 431 1234567"}
}

// proves opens the link of somebody who signed up, with a first password.
func (s scene) proves(token string) {
	s.Helper()
	s.does(s.Stranger(), "verifyEmail", in{"token": token, "newPassword": testworld.Password})
}

// requests is the queue of a company as somebody sees it: "id name status-of-request status-of-member may decide".
func (s scene) requests(p *testworld.Person, c *testworld.Company, status ...string) []string {
	s.Helper()
	a := p.Do(`query($id: ID!, $s: [AccessRequestStatus!]) { tenant(id: $id) { accessRequests(first: 100, status: $s) { totalCount nodes { id status viewerCanDecide member { name status } } } } }`,
		vars{"id": c.ID, "s": status}).OK()
	var list []string
	for i := range a.List("tenant.accessRequests.nodes") {
		at := func(field string) any { return a.At(fmt.Sprintf("tenant.accessRequests.nodes.%d.%s", i, field)) }
		row := fmt.Sprint(at("member.name"), ": ", at("status"), " ", at("member.status"))
		if at("viewerCanDecide") == true {
			row += " to decide"
		}
		list = append(list, row)
	}
	s.is("totalCount", a.At("tenant.accessRequests.totalCount"), any(float64(len(list))))
	return list
}

// requestOf is the id of the last request of a person in a company.
func (s scene) requestOf(c *testworld.Company, email string) string {
	s.Helper()
	found := s.read(fmt.Sprintf(`SELECT r.id FROM access_requests r JOIN members m ON m.id=r.member_id JOIN users u ON u.id=m.user_id
		WHERE r.tenant_id='%s' AND u.email_canonical='%s' ORDER BY r.id`, c.ID, email))
	if len(found) == 0 {
		s.Fatalf("%s asks for nothing", email)
	}
	return found[len(found)-1]
}

// TestSignUpThatIsApproved is the story of a newcomer whom an administrator lets in.
func TestSignUpThatIsApproved(t *testing.T) {
	eachScene(t, func(s scene) {
		contoso := s.Customer("Contoso")
		const email = "nora@example.com"
		var code, token, request string

		s.then("a tenant that is closed has no code, and opens", func(s scene) {
			a := contoso.Admin.Do("query($id: ID!) { tenant(id: $id) { signUpPolicy signUpCode } }", vars{"id": contoso.ID}).OK()
			s.is("policy", a.At("tenant.signUpPolicy"), "CLOSED")
			s.is("code", a.At("tenant.signUpCode"), nil)
			code = s.invitesAll(contoso, "VALIDATE_AND_APPROVE")
		})
		s.then("somebody signs up, and gets a link to prove the address", func(s scene) {
			a := s.does(s.Stranger(), "signUp", in{"tenantCode": " " + strings.ToLower(code), "firstName": " Nora ", "lastName": "New", "email": "Nora@Example.com", "phone": "+49 431 1234567"})
			s.is("ok", a.At("signUp.ok"), true)
			mails := s.Mails(email)
			if len(mails) != 1 || mails[0].Kind != "signup.verify" || !mails[0].Secret || !strings.Contains(mails[0].Text, testworld.PublicURL+"/verify?token=") ||
				!strings.Contains(mails[0].Text, "Contoso") || strings.Contains(mails[0].Text, "Nora") {
				t.Errorf("mails: %v", mails)
			}
			s.is("mails to others", len(s.read("SELECT id FROM outbox_messages")), 1)
			token = s.lastToken(email)
		})
		s.then("which is in the queue, with what was typed", func(s scene) {
			a := contoso.Admin.Do(`query($id: ID!) { tenant(id: $id) { accessRequests(first: 10) { nodes { id status emailValidated reason decidedAt expiresAt viewerCanDecide
				decidedBy { name } tenant { name } member { name userId label email phone status administrator allSites role { id } } } } } }`, vars{"id": contoso.ID}).OK()
			request = a.String("tenant.accessRequests.nodes.0.id")
			s.is("request", a.At("tenant.accessRequests.nodes.0"), any(map[string]any{
				"id": request, "status": "PENDING", "emailValidated": false, "reason": nil, "decidedAt": nil, "decidedBy": nil,
				"expiresAt": s.Now().AddDate(0, 0, 30).Format(time.RFC3339), "viewerCanDecide": true, "tenant": map[string]any{"name": "Contoso"},
				"member": map[string]any{"name": "Nora New", "userId": "nora", "label": "Nora New", "email": email, "phone": "+494311234567",
					"status": "PENDING_EMAIL_VALIDATION", "administrator": false, "allSites": true, "role": nil},
			}))
		})
		s.then("and has no password, whatever is tried", func(s scene) {
			s.is("passwords", s.read("SELECT COUNT(*) FROM users WHERE password_hash IS NOT NULL AND email_canonical='"+email+"'"), []string{"0"})
			s.refused(s.Stranger(), "signIn", in{"email": email, "password": testworld.Password}, "CREDENTIALS_INVALID at input")
		})
		s.then("the link takes a password, and works once", func(s scene) {
			s.refused(s.Stranger(), "verifyEmail", in{"token": token}, "REQUIRED at input.newPassword")
			s.refused(s.Stranger(), "verifyEmail", in{"token": token, "newPassword": "short"}, "PASSWORD_TOO_WEAK at input.newPassword")
			s.refused(s.Stranger(), "verifyEmail", in{"token": flipped(token), "newPassword": testworld.Password}, "TOKEN_INVALID at input.token")
			s.refused(s.Stranger(), "resetPassword", in{"token": token, "newPassword": testworld.Password}, "TOKEN_INVALID at input.token")
			s.proves(token)
			s.refused(s.Stranger(), "verifyEmail", in{"token": token, "newPassword": testworld.Password}, "TOKEN_INVALID at input.token")
		})
		s.then("then an administrator is told, and the newcomer waits", func(s scene) {
			s.sees(s.requests(contoso.Admin, contoso), "Nora New: PENDING PENDING_APPROVAL to decide")
			s.refused(s.Stranger(), "signIn", in{"email": email, "password": testworld.Password}, "CREDENTIALS_INVALID at input")
			mails := s.Mails("contoso@example.com")
			if len(mails) != 1 || mails[0].Kind != "request.waiting" || !strings.Contains(mails[0].Text, "Nora New") || !strings.Contains(mails[0].Text, email) {
				t.Errorf("mails: %v", mails)
			}
		})
		s.then("the administrator approves, and says what the newcomer may do", func(s scene) {
			a := s.does(contoso.Admin, "approveAccessRequests", in{"ids": []string{request}, "roleKey": "READ_ONLY"})
			s.is("request", a.At("approveAccessRequests.accessRequests.0"), any(map[string]any{
				"id": request, "status": "APPROVED", "decidedBy": map[string]any{"name": "Contoso Smith"},
				"member": map[string]any{"id": a.At("approveAccessRequests.accessRequests.0.member.id"), "status": "ACTIVE"},
			}))
			s.sees(s.kinds(email), "signup.verify", "request.approved")
			s.sees(s.requests(contoso.Admin, contoso, "APPROVED"), "Nora New: APPROVED ACTIVE")
			s.sees(s.requests(contoso.Admin, contoso, "PENDING", "REJECTED", "EXPIRED"))
		})
		s.then("so that she signs in, and may do that", func(s scene) {
			s.is("invoices", level(s, s.person(email), contoso.ID, "invoices"), "VIEW")
		})
		s.then("and it is decided once", func(s scene) {
			ids := []string{request}
			s.refused(contoso.Admin, "approveAccessRequests", in{"ids": ids}, "REQUEST_ALREADY_DECIDED at input.ids.0")
			s.refused(contoso.Admin, "rejectAccessRequests", in{"ids": ids, "reason": "No."}, "REQUEST_ALREADY_DECIDED at input.ids.0")
		})
		s.then("the audit trail tells who did what", func(s scene) {
			a := contoso.Admin.Do(`query($id: ID!) { tenant(id: $id) { auditEvents(first: 10, filter: {action: ["member.signed_up", "email.verified", "access_request.approved"]}) {
				nodes { action actor { name } targetName changes { field before after } } } } }`, vars{"id": contoso.ID}).OK()
			s.is("events", a.At("tenant.auditEvents.nodes"), any([]any{
				map[string]any{"action": "access_request.approved", "actor": map[string]any{"name": "Contoso Smith"}, "targetName": "Nora New",
					"changes": []any{map[string]any{"field": "Nora New", "before": "PENDING", "after": "APPROVED: Read-Only"}}},
				map[string]any{"action": "email.verified", "actor": map[string]any{"name": "Nora New"}, "targetName": "Nora New", "changes": []any{}},
				map[string]any{"action": "member.signed_up", "actor": nil, "targetName": "Nora New",
					"changes": []any{map[string]any{"field": "status", "before": nil, "after": "PENDING_EMAIL_VALIDATION"}}},
			}))
		})
	})
}

// TestSignUpByAddressAlone: a tenant that asks for no more than the proof of the address.
func TestSignUpByAddressAlone(t *testing.T) {
	eachScene(t, func(s scene) {
		contoso := s.Customer("Contoso")
		code := s.invitesAll(contoso, "VALIDATE_EMAIL")
		s.then("whoever proves the address is in, and may do nothing yet", func(s scene) {
			s.proves(s.signsUp(code, "ada@example.com"))
			s.sees(s.requests(contoso.Admin, contoso), "Ada New: APPROVED ACTIVE")
			a := contoso.Admin.Do("query($r: ID!) { node(id: $r) { ... on AccessRequest { emailValidated decidedAt decidedBy { name } } } }", vars{"r": s.requestOf(contoso, "ada@example.com")}).OK()
			s.is("decided", a.At("node"), any(map[string]any{"emailValidated": true, "decidedAt": s.Now().Format(time.RFC3339), "decidedBy": nil}))
			s.is("invoices", level(s, s.person("ada@example.com"), contoso.ID, "invoices"), "NONE")
			s.sees(s.kinds("contoso@example.com"))
		})
		s.then("an administrator approves before the address is proven: nobody is told until it is", func(s scene) {
			token := s.signsUp(code, "bea@example.com")
			a := s.does(contoso.Admin, "approveAccessRequests", in{"ids": []string{s.requestOf(contoso, "bea@example.com")}, "roleKey": "READ_ONLY"})
			s.is("member", a.At("approveAccessRequests.accessRequests.0.member.status"), "PENDING_EMAIL_VALIDATION")
			s.sees(s.kinds("bea@example.com"), "signup.verify")
			s.proves(token)
			s.sees(s.requests(contoso.Admin, contoso, "APPROVED"), "Bea New: APPROVED ACTIVE", "Ada New: APPROVED ACTIVE")
			s.sees(s.kinds("bea@example.com"), "signup.verify", "request.approved")
			s.is("invoices", level(s, s.person("bea@example.com"), contoso.ID, "invoices"), "VIEW")
		})
		s.then("an administrator rejects before the address is proven: the link is dead, and nobody is told", func(s scene) {
			token := s.signsUp(code, "cleo@example.com")
			s.does(contoso.Admin, "rejectAccessRequests", in{"ids": []string{s.requestOf(contoso, "cleo@example.com")}, "reason": "Unknown to us."})
			s.refused(s.Stranger(), "verifyEmail", in{"token": token, "newPassword": testworld.Password}, "TOKEN_INVALID at input.token")
			s.sees(s.kinds("cleo@example.com"), "signup.verify")
		})
		s.then("a tenant that is suspended takes nobody in until it is back", func(s scene) {
			token := s.signsUp(code, "emma@example.com")
			s.must(s.Write.Tenant.UpdateOneID(contoso.ID).SetStatus("SUSPENDED").Exec(s.System()))
			s.refused(s.Stranger(), "verifyEmail", in{"token": token, "newPassword": testworld.Password}, "TOKEN_INVALID at input.token")
			s.must(s.Write.Tenant.UpdateOneID(contoso.ID).SetStatus("ACTIVE").Exec(s.System()))
			s.proves(token)
		})
		s.then("what the tenant asks for is what it asks for when the address is proven", func(s scene) {
			token := s.signsUp(code, "dora@example.com")
			s.does(contoso.Admin, "updateTenant", in{"id": contoso.ID, "signUpPolicy": "CLOSED"})
			s.proves(token)
			s.sees(s.requests(contoso.Admin, contoso, "PENDING"), "Dora New: PENDING PENDING_APPROVAL to decide")
		})
	})
}

// TestSignUpOfSomebodyKnown: a person with an account elsewhere keeps their password, and names and phone are the tenant's.
func TestSignUpOfSomebodyKnown(t *testing.T) {
	eachScene(t, func(s scene) {
		contoso, fabrikam := s.Customer("Contoso"), s.Customer("Fabrikam")
		token := s.signsUp(s.invitesAll(contoso, "VALIDATE_EMAIL"), "fabrikam@example.com")
		s.does(s.Stranger(), "verifyEmail", in{"token": token, "newPassword": "a staple that nobody has"})
		s.refused(s.Stranger(), "signIn", in{"email": "fabrikam@example.com", "password": "a staple that nobody has"}, "CREDENTIALS_INVALID at input")
		p := s.person("fabrikam@example.com")
		a := p.Do("{ viewer { tenants(first: 10) { nodes { tenant { name } } } } }", nil).OK()
		s.sees(a.Column("viewer.tenants.nodes", "tenant.name"), "Contoso", "Fabrikam")
		s.is("the name at home", fabrikam.Admin.Member(fabrikam.Tenant).LastName, "Smith")
		s.is("the name there", fabrikam.Admin.Member(contoso.Tenant).LastName, "New")
	})
}

// TestAnExpiredSignUpKeepsNobodyOut: whoever signed up and was never let in can be added once the request is over.
func TestAnExpiredSignUpKeepsNobodyOut(t *testing.T) {
	eachScene(t, func(s scene) {
		contoso := s.Customer("Contoso")
		s.signsUp(s.invitesAll(contoso, "VALIDATE_AND_APPROVE"), "new0@example.com")
		add := in{"tenantId": contoso.ID, "members": []in{newMember(0, nil)}}

		s.refused(contoso.Admin, "addMembers", add, "ALREADY_MEMBER at input.members.0.email")
		s.Later(31 * 24 * time.Hour)
		add["dryRun"] = true
		s.rehearses(contoso.Admin, "addMembers", add)
		delete(add, "dryRun")
		s.does(contoso.Admin, "addMembers", add)
	})
}
