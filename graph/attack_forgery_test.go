package graph_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"entgo.io/ent/dialect"

	"mandate/internal/testworld"
)

// forging are texts that would begin a new line, colour or hide what stands before, or turn it around.
var forging = map[string]string{
	"CR LF":                 "Contoso\r\nlevel=ERROR msg=forged",
	"LF":                    "Contoso\nevt_1,2026-11-21T12:00:00Z,tenant.deleted",
	"CR":                    "Contoso\rforged",
	"a line separator":      "Contoso\u2028forged",
	"a paragraph separator": "Contoso\u2029forged",
	"a next line":           "Contoso\u0085forged",
	"ANSI colours":          "\x1b[31mContoso\x1b[0m",
	"an ANSI title":         "\x1b]0;forged\x07Contoso",
	"C1 controls":           "Contoso\u009b31m",
	"a backspace":           "Contoso\b\b\b\b\b\b\bFabrikam",
	"NUL":                   "Contoso\x00forged",
	"right to left":         "Contoso \u202edegrof",
	"an isolate":            "Contoso \u2067degrof\u2069",
	"no width":              "Con\u200btoso",
}

// TestT25TextsForgeNoRows: names and reasons are refused, or cleaned of what forges lines; what is kept makes one event, and
// an export has one line for it.
func TestT25TextsForgeNoRows(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso := s.NewPartner("Acme"), s.Customer("Contoso")
		s.connected(acme, contoso, "PRIME_ADMIN")
		clerk := s.Staff(contoso, "clerk", testworld.Role("READ_ONLY")).Member(contoso.Tenant).ID
		for name, text := range forging {
			s.then(name, func(s scene) {
				for mutation, c := range map[string]struct {
					who   *testworld.Person
					input in
				}{
					"updateTenant":    {acme.Admin, in{"id": contoso.ID, "name": text}},
					"createRole":      {contoso.Admin, in{"tenantId": contoso.ID, "name": text, "permissions": levels("SITES", "VIEW")}},
					"addMembers":      {contoso.Admin, in{"tenantId": contoso.ID, "members": []in{newMember(1, in{"firstName": text})}, "dryRun": true}},
					"setMemberStatus": {contoso.Admin, in{"tenantId": contoso.ID, "ids": []string{clerk}, "status": "ACTIVE", "reason": text}},
					"enterTenant":     {acme.Admin, in{"tenantId": contoso.ID, "reason": text}},
					"inviteCustomer":  {acme.Admin, in{"email": "x@example.com", "message": text}},
				} {
					before := s.events()
					faults := s.asks(c.who, mutation, c.input).UserErrors(mutation)
					if wrote := s.events() - before; wrote > 1 || wrote == 1 && faults != nil {
						s.Errorf("%s of %q wrote %d events: %v", mutation, text, wrote, faults)
					}
				}
			})
		}
		kept := s.read("SELECT actor_name, actor_tenant_name, on_behalf_of_name, target_name, changes FROM audit_events")
		reasons := s.read("SELECT reason FROM audit_events")
		for _, text := range append(kept, reasons...) {
			if i := strings.IndexFunc(text, func(r rune) bool {
				return r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r))
			}); i >= 0 {
				s.Errorf("kept: %q", text)
			}
		}
		if strings.Contains(strings.Join(kept, ""), "\n") || !slices.ContainsFunc(reasons, func(r string) bool { return strings.Contains(r, "\nevt_1,") }) {
			s.Errorf("reasons: %q", reasons)
		}
		for _, format := range []string{"csv", "ndjson"} {
			s.Later(time.Second)
			events := len(s.read("SELECT id FROM audit_events WHERE '" + contoso.ID + "' IN (tenant_id, other_tenant_id)"))
			s.is("lines", len(strings.Split(strings.TrimSpace(s.exports(contoso.Admin, contoso.ID, "format="+format).Body), "\n")), events+map[string]int{"csv": 1}[format])
		}
	})
}

// TestT25TablesHoldNoFormulas: what a spreadsheet would calculate is text.
func TestT25TablesHoldNoFormulas(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso := s.NewPartner("Acme"), s.Customer("Contoso")
		s.connected(acme, contoso, "PRIME_ADMIN")
		var want []string
		for _, text := range []string{`=HYPERLINK("http://x","y")`, "+1+1", "-2+3", "@SUM(1)", "a=1", "'=1", "Two\nlines, \"quoted\""} {
			s.Later(time.Second)
			s.does(acme.Admin, "enterTenant", in{"tenantId": contoso.ID, "reason": text})
			if strings.ContainsAny(text[:1], "=+-@") {
				text = "'" + text
			}
			want = append(want, strings.ReplaceAll(text, "\n", " "))
		}
		s.Later(time.Second)
		var got []string
		for _, row := range s.exports(contoso.Admin, contoso.ID, "format=csv&action=tenant.entered").table(s) {
			got = append(got, row["reason"])
		}
		s.sees(got, want...)
	})
}

// breaking makes every insert into a table fail.
func (s scene) breaking(table string) {
	s.Helper()
	trigger := "CREATE TRIGGER broken BEFORE INSERT ON " + table + " FOR EACH ROW SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'broken'"
	if s.DB.Dialect == dialect.SQLite {
		trigger = "CREATE TRIGGER broken BEFORE INSERT ON " + table + " BEGIN SELECT RAISE(ABORT, 'broken'); END"
	}
	_, err := s.DB.Write.Exec(trigger)
	s.must(err)
}

// TestT25NothingIsWrittenWithoutItsEvent: a mutation whose event cannot be written fails and writes nothing, and one that
// fails after its event leaves none.
func TestT25NothingIsWrittenWithoutItsEvent(t *testing.T) {
	for _, table := range []string{"audit_events", "outbox_messages"} {
		t.Run(table, func(t *testing.T) {
			eachScene(t, func(s scene) {
				acme, contoso := s.NewPartner("Acme"), s.Customer("Contoso")
				bond := s.connected(acme, contoso, "PRIME_ADMIN")
				id, _ := s.invites(acme, "new@example.com")
				clerk := s.Staff(contoso, "clerk", testworld.Role("READ_ONLY")).Member(contoso.Tenant).ID
				s.breaking(table)
				before := s.rows()
				for mutation, c := range map[string]struct {
					who   *testworld.Person
					input in
					mails bool
				}{
					"inviteCustomer":        {acme.Admin, in{"email": "other@example.com"}, true},
					"addMembers":            {contoso.Admin, in{"tenantId": contoso.ID, "members": []in{newMember(1, nil)}}, true},
					"sendPasswordLinks":     {contoso.Admin, in{"tenantId": contoso.ID, "ids": []string{clerk}}, true},
					"terminateRelationship": {contoso.Admin, in{"id": bond}, true},
					"changeEmail":           {contoso.Admin, in{"newEmail": "anna@example.com", "currentPassword": testworld.Password}, true},
					"revokeInvitation":      {acme.Admin, in{"id": id}, false},
					"updateTenant":          {contoso.Admin, in{"id": contoso.ID, "name": "Other"}, false},
					"createRole":            {contoso.Admin, in{"tenantId": contoso.ID, "name": "New", "permissions": levels("SITES", "VIEW")}, false},
					"removeMembers":         {contoso.Admin, in{"tenantId": contoso.ID, "ids": []string{clerk}}, false},
					"enterTenant":           {acme.Admin, in{"tenantId": contoso.ID}, false},
					"signIn":                {s.Stranger(), in{"email": "contoso@example.com", "password": testworld.Password}, false},
				} {
					if table != "audit_events" && !c.mails {
						continue
					}
					a := s.asks(c.who, mutation, c.input)
					s.is(mutation, a.Errors(), []string{"INTERNAL at " + mutation})
					s.unchanged(before, mutation)
				}
			})
		})
	}
}

// TestT25WhatIsLeftOutLeavesNoEvent: a mutation that is skipped is not carried out; under several names it is carried out as
// often, and selected in several parts once.
func TestT25WhatIsLeftOutLeavesNoEvent(t *testing.T) {
	eachScene(t, func(s scene) {
		contoso := s.Customer("Contoso")
		names := func(list ...string) vars {
			v := vars{"no": false}
			for i, name := range list {
				v[fmt.Sprint("i", i)] = in{"id": contoso.ID, "accountNumber": name}
			}
			return v
		}
		const i0, i1 = "updateTenant(input: $i0)", "updateTenant(input: $i1)"
		for name, c := range map[string]struct {
			document string
			vars     vars
			accounts []string
		}{
			"skipped":         {"($i0: UpdateTenantInput!, $i1: UpdateTenantInput!, $no: Boolean!) { a: " + i0 + " @include(if: $no) { tenant { id } } b: " + i1 + " @skip(if: $no) { tenant { id } } }", names("s0", "s1"), []string{"s1"}},
			"in a fragment":   {"($i0: UpdateTenantInput!, $i1: UpdateTenantInput!, $no: Boolean!) { ... @include(if: $no) { a: " + i0 + " { tenant { id } } } ...F } fragment F on Mutation { b: " + i1 + " { tenant { id } } }", names("f0", "f1"), []string{"f1"}},
			"under two names": {"($i0: UpdateTenantInput!, $i1: UpdateTenantInput!) { a: " + i0 + " { tenant { id } } b: " + i1 + " { tenant { id } } }", names("n0", "n1"), []string{"n0", "n1"}},
			"in two parts":    {"($i0: UpdateTenantInput!) { " + i0 + " { tenant { id } } " + i0 + " { userErrors { code } } }", names("p0"), []string{"p0"}},
			"nothing of it":   {"($i0: UpdateTenantInput!, $no: Boolean!) { " + i0 + " @include(if: $no) { tenant { id } } }", names("z0"), nil},
		} {
			s.then(name, func(s scene) {
				before := len(changed(contoso.Admin, contoso.ID, "tenant.updated"))
				if errs := contoso.Admin.Do("mutation"+c.document, c.vars).Errors(); errs != nil {
					s.Fatalf("%v", errs)
				}
				told := changed(contoso.Admin, contoso.ID, "tenant.updated")
				told = told[:len(told)-before]
				s.is("events", len(told), len(c.accounts))
				for i, account := range c.accounts {
					if e := told[len(told)-1-i]; !strings.HasSuffix(e, "> "+account) {
						s.Errorf("event %s; want %s", e, account)
					}
				}
			})
		}
	})
}

// TestT25BulkIsOneEvent: what one mutation changes of many rows is one event with all of it.
func TestT25BulkIsOneEvent(t *testing.T) {
	eachScene(t, func(s scene) {
		contoso := s.Customer("Contoso")
		var members []in
		for n := range 30 {
			members = append(members, newMember(n, nil))
		}
		s.does(contoso.Admin, "addMembers", in{"tenantId": contoso.ID, "members": members})
		ids := s.read("SELECT id FROM members WHERE administrator=false")
		s.does(contoso.Admin, "setMemberStatus", in{"tenantId": contoso.ID, "ids": ids, "status": "SUSPENDED"})
		s.does(contoso.Admin, "removeMembers", in{"tenantId": contoso.ID, "ids": ids})
		for _, action := range []string{"member.added", "member.status_changed", "member.removed"} {
			told := changed(contoso.Admin, contoso.ID, action)
			s.is(action, len(told), 1)
			s.is(action+", changes", strings.Count(told[0], "New Person "), 30)
		}
	})
}

// TestT25BothSidesSeeWhoActed: what a partner's person does inside a customer both read alike: who, from where, on whose
// behalf, in which request, from which address.
func TestT25BothSidesSeeWhoActed(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso := s.NewPartner("Acme"), s.Customer("Contoso")
		s.connected(acme, contoso, "PRIME_ADMIN")
		helper := s.Staff(acme, "helper", testworld.Nothing)
		s.Assign(acme, contoso, helper, "ADMINISTRATOR")
		s.does(helper.From("192.0.2.7"), "updateTenant", in{"id": contoso.ID, "accountNumber": "C-1"})
		want := any(in{"action": "tenant.updated", "requestId": "req", "address": "192.0.2.7", "targetName": "Contoso", "reason": nil, "apiToken": nil,
			"actor": in{"name": "Helper Smith"}, "actorTenant": in{"name": "Acme", "kind": "PARTNER"}, "onBehalfOf": in{"name": "Contoso", "kind": "CUSTOMER"},
			"target": in{"id": contoso.ID}, "changes": []any{in{"field": "accountNumber", "before": nil, "after": "C-1"}}})
		var ids []any
		for _, side := range []struct {
			who      *testworld.Person
			tenantID string
		}{{contoso.Admin, contoso.ID}, {acme.Admin, acme.ID}} {
			e := side.who.Do(wholeEvents, vars{"id": side.tenantID, "f": in{"action": []string{"tenant.updated"}}}).OK().List("tenant.auditEvents.nodes")[0].(in)
			ids = append(ids, e["id"], e["at"])
			delete(e, "id")
			delete(e, "at")
			s.is("event", any(e), want)
		}
		s.is("ids and times", ids[:2], ids[2:])
	})
}
