package graph_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"mandate/ent/webhookdelivery"
	"mandate/internal/access"
	"mandate/internal/testworld"
)

const hookURL = "https://hooks.contoso.example/mandate?key=a1b2c3"

// makesWebhook makes a webhook for somebody, and returns its id and its secret.
func (s scene) makesWebhook(p *testworld.Person, of *testworld.Company, events ...string) (id, secret string) {
	s.Helper()
	a := s.does(p, "createWebhook", in{"tenantId": of.ID, "url": hookURL, "events": events})
	return a.String("createWebhook.webhook.id"), a.String("createWebhook.secret")
}

func ptr(s string) *string { return &s }

// webhooksOf lists the webhooks of a tenant that somebody sees, by their URLs.
func webhooksOf(p *testworld.Person, tenantID string) []string {
	return p.Do("query($id: ID!) { tenant(id: $id) { webhooks(first: 100) { nodes { url } } } }", vars{"id": tenantID}).OK().Column("tenant.webhooks.nodes", "url")
}

func TestAWebhooksLife(t *testing.T) {
	eachScene(t, func(s scene) {
		contoso := s.Customer("Contoso")
		id, secret := s.makesWebhook(contoso.Admin, contoso, "member.removed", "member.added", "member.removed")
		show := func() map[string]any {
			s.Helper()
			row, _ := contoso.Admin.Do("query($id: ID!) { node(id: $id) { ... on Webhook { url events status version failingSince } } }", vars{"id": id}).OK().At("node").(map[string]any)
			return row
		}
		s.then("the secret is shown once, and kept where deliveries are signed only", func(s scene) {
			if !regexp.MustCompile(`^whsec_[0-9A-Za-z+/]{43}=$`).MatchString(secret) {
				s.Errorf("the secret is %s", secret)
			}
			for table, rows := range s.rows() {
				if strings.Contains(fmt.Sprint(rows), secret) != (table == "webhooks") {
					s.Errorf("%s has the secret, or lacks it", table)
				}
			}
			s.is("webhook", show(), map[string]any{"url": hookURL, "events": []any{"member.added", "member.removed"}, "status": "ACTIVE", "version": 1., "failingSince": nil})
		})
		s.then("the trail names its host, and no more of the URL", func(s scene) {
			s.sees(s.read("SELECT action, tenant_id, target_id, target_name, changes FROM audit_events"), strings.Join([]string{"webhook.created", contoso.ID, id, "hooks.contoso.example",
				`[{"field":"host","after":"hooks.contoso.example"},{"field":"events","after":"member.added, member.removed"}]`}, " | "))
		})
		s.then("what it is told of is changed, and what it was is not overwritten", func(s scene) {
			s.does(contoso.Admin, "updateWebhook", in{"id": id, "events": []string{"role.created"}, "version": 1})
			s.refused(contoso.Admin, "updateWebhook", in{"id": id, "events": []string{}, "version": 1}, "STALE_VERSION at input.version")
			s.is("changes", s.lastEvent().Changes, []access.Change{{Field: "events", Before: ptr("member.added, member.removed"), After: ptr("role.created")}})
			s.is("events", show()["events"], []any{"role.created"})
		})
		s.then("so is where it sends to: the trail tells that, and not the path", func(s scene) {
			s.must(s.Write.Webhook.UpdateOneID(id).SetFailingSince(s.Now()).Exec(s.System()))
			s.does(contoso.Admin, "updateWebhook", in{"id": id, "url": " https://hooks.contoso.example/other?key=d4e5f6 "})
			s.is("since when it fails there", show()["failingSince"], nil)
			s.is("changes", s.lastEvent().Changes, []access.Change{{Field: "url"}})
			s.is("url", show()["url"], "https://hooks.contoso.example/other?key=d4e5f6")
		})
		s.then("what changes nothing writes nothing", func(s scene) {
			s.repeats(contoso.Admin, "updateWebhook", in{"id": id, "url": "https://hooks.contoso.example/other?key=d4e5f6", "events": []string{"role.created", "role.created"}, "status": "ACTIVE"})
			s.repeats(contoso.Admin, "updateWebhook", in{"id": id})
		})
		s.then("it is switched off, and on again as if nothing had failed", func(s scene) {
			s.must(s.Write.Webhook.UpdateOneID(id).SetFailingSince(s.Now()).Exec(s.System()))
			s.does(contoso.Admin, "updateWebhook", in{"id": id, "status": "DISABLED"})
			s.is("status", show()["status"], "DISABLED")
			s.must(s.Write.Webhook.UpdateOneID(id).SetFailingSince(s.Now()).Exec(s.System()))
			s.does(contoso.Admin, "updateWebhook", in{"id": id, "status": "ACTIVE"})
			s.is("since when it fails", show()["failingSince"], nil)
		})
		s.then("another secret takes the place of the first, which signs for a day more", func(s scene) {
			other := s.does(contoso.Admin, "rotateWebhookSecret", in{"id": id}).String("rotateWebhookSecret.secret")
			row := s.Write.Webhook.GetX(s.System(), id)
			if other == secret || row.Secret != other || *row.PreviousSecret != secret || !row.PreviousUntil.Equal(s.Now().Add(24*time.Hour)) {
				s.Errorf("secrets %s and %s until %v", row.Secret, *row.PreviousSecret, row.PreviousUntil)
			}
			if strings.Contains(fmt.Sprint(s.read("SELECT * FROM audit_events")), "whsec_") {
				s.Error("the trail has a secret")
			}
		})
		s.then("it is deleted, with its secrets", func(s scene) {
			s.Delivery(s.Write.Webhook.GetX(s.System(), id), webhookdelivery.StatusDelivered)
			s.is("deleted", s.does(contoso.Admin, "deleteWebhook", in{"id": id}).At("deleteWebhook.deletedId"), id)
			s.is("reachable", reaches(contoso.Admin, id), false)
			s.sees(webhooksOf(contoso.Admin, contoso.ID))
			s.sees(s.read("SELECT status, url, secret, previous_secret FROM webhooks"), "DELETED |  |  | ")
			for _, mutation := range []string{"updateWebhook", "rotateWebhookSecret", "deleteWebhook"} {
				s.refused(contoso.Admin, mutation, in{"id": id}, "NOT_FOUND at input.id")
			}
		})
		s.then("the trail still tells of it", func(s scene) {
			a := contoso.Admin.Do(`query($id: ID!) { tenant(id: $id) { auditEvents(first: 1, filter: {action: ["webhook.deleted"]}) { nodes { targetName target { id } } } } }`, vars{"id": contoso.ID}).OK()
			s.is("event", a.At("tenant.auditEvents.nodes.0"), map[string]any{"targetName": "hooks.contoso.example", "target": nil})
		})
	})
}

func TestWhoMakesWebhooksAndWhoSeesThem(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso, fabri := s.NewPartner("Acme"), s.Customer("Contoso"), s.Customer("Fabri")
		s.connected(acme, contoso, "ADMINISTRATOR")
		staff := func(name string, levels map[access.Feature]access.Level) *testworld.Person {
			return s.Staff(contoso, name, testworld.Custom(s.CustomRole(contoso.Tenant, name, levels)))
		}
		keeper := staff("keeper", map[access.Feature]access.Level{access.Tokens: manage, access.Audit: view})
		deaf := staff("deaf", map[access.Feature]access.Level{access.Tokens: manage})
		reader := staff("reader", map[access.Feature]access.Level{access.Tokens: view, access.Audit: view})
		auditor := staff("auditor", map[access.Feature]access.Level{access.Audit: manage})
		input := in{"tenantId": contoso.ID, "url": hookURL}

		id, _ := s.makesWebhook(keeper, contoso)
		failed := s.Delivery(s.Write.Webhook.GetX(s.System(), id), webhookdelivery.StatusFailed).ID
		acts := map[string]in{"updateWebhook": {"id": id, "events": []string{"role.created"}}, "rotateWebhookSecret": {"id": id}, "deleteWebhook": {"id": id}, "redeliverWebhook": {"ids": []string{failed}}}
		at := func(mutation string) string {
			if mutation == "redeliverWebhook" {
				return "NOT_FOUND at input.ids.0"
			}
			return "NOT_FOUND at input.id"
		}
		s.then("TOKENS MANAGE and AUDIT VIEW make and manage them, less does not", func(s scene) {
			for _, p := range []*testworld.Person{deaf, reader, auditor, s.Staff(contoso, "clerk", testworld.Nothing)} {
				s.forbidden(p, "createWebhook", input)
			}
			for mutation, input := range acts {
				s.forbidden(reader, mutation, input)
				s.refused(auditor, mutation, input, at(mutation))
				if mutation == "redeliverWebhook" {
					s.refused(deaf, mutation, input, at(mutation))
				} else {
					s.forbidden(deaf, mutation, input)
				}
			}
		})
		s.then("who reads tokens and the trail reads what was sent, and who reads one of them less", func(s scene) {
			const query = "query($id: ID!) { node(id: $id) { ... on Webhook { url deliveries(first: 1) { nodes { payload } } } } }"
			s.is("reader", reader.Do(query, vars{"id": id}).OK().At("node"), map[string]any{"url": hookURL, "deliveries": map[string]any{"nodes": []any{map[string]any{"payload": "{}"}}}})
			a := deaf.Do(query, vars{"id": id})
			s.sees(a.Errors(), "FORBIDDEN at node.deliveries")
			s.is("url", a.At("node.url"), hookURL)
			s.is("the delivery", reaches(deaf, failed), false)
			s.is("the webhook, by the trail alone", reaches(auditor, id), false)
		})
		s.then("a partner's people neither make a customer's nor see any, however much else they may there", func(s scene) {
			s.is("level", level(s, acme.Admin, contoso.ID, "TOKENS"), "MANAGE")
			entered := acme.Admin.Entered(contoso.ID)
			for who, p := range map[string]*testworld.Person{"from outside": acme.Admin, "entered": entered} {
				s.forbidden(p, "createWebhook", input)
				s.sees(webhooksOf(p, contoso.ID))
				s.is(who+": the webhook", reaches(p, id), false)
				s.is(who+": the delivery", reaches(p, failed), false)
			}
			for mutation, input := range acts {
				s.refused(acme.Admin, mutation, input, at(mutation))
				s.forbidden(entered, mutation, input)
			}
			a := acme.Admin.Do(`query($id: ID!) { tenant(id: $id) { auditEvents(first: 1, filter: {action: ["webhook.created"]}) { nodes { action targetName changes { field } } } } }`, vars{"id": contoso.ID}).OK()
			s.is("the trail", a.At("tenant.auditEvents.nodes.0"), map[string]any{"action": "webhook.created", "targetName": nil, "changes": nil})
		})
		s.then("to others they are like what never was", func(s scene) {
			s.refused(fabri.Admin, "createWebhook", input, "NOT_FOUND at input.tenantId")
			for mutation, input := range acts {
				s.refused(fabri.Admin, mutation, input, at(mutation))
				s.sees(s.asks(s.Stranger(), mutation, input).Errors(), "UNAUTHENTICATED at "+mutation)
			}
			s.is("the webhook", reaches(fabri.Admin, id), false)
		})
		s.then("a program reads them, and changes nothing", func(s scene) {
			program := s.makes(keeper, in{"scopes": append(levels("TOKENS", "MANAGE"), levels("AUDIT", "MANAGE")...)})
			s.is("the delivery", reaches(program, failed), true)
			s.forbidden(program, "createWebhook", input)
			for mutation, input := range acts {
				s.forbidden(program, mutation, input)
			}
		})
		s.then("they outlive whoever made them", func(s scene) {
			s.does(contoso.Admin, "removeMembers", in{"tenantId": contoso.ID, "ids": []string{keeper.Member(contoso.Tenant).ID}})
			s.sees(webhooksOf(reader, contoso.ID), hookURL)
		})
		s.then("with the tenant they go", func(s scene) {
			s.does(contoso.Admin, "deleteTenant", in{"id": contoso.ID})
			s.sees(s.read("SELECT status, url, secret FROM webhooks"), "DELETED |  | ")
		})
	})
}

func TestAWebhookTakesThePassword(t *testing.T) {
	eachScene(t, func(s scene) {
		contoso := s.Customer("Contoso")
		id, _ := s.makesWebhook(contoso.Admin, contoso)
		boss := s.person(contoso.Admin.Email)
		s.Later(5*time.Minute + time.Second)
		boss.Do("{ __typename }", nil).OK() // that the session is used is noted once a minute
		s.refused(boss, "createWebhook", in{"tenantId": contoso.ID, "url": "nonsense"}, "REAUTHENTICATION_REQUIRED at input")
		s.refused(boss, "rotateWebhookSecret", in{"id": id}, "REAUTHENTICATION_REQUIRED at input")
		s.refused(boss, "updateWebhook", in{"id": id, "url": hookURL + "0"}, "REAUTHENTICATION_REQUIRED at input")
		s.does(boss, "updateWebhook", in{"id": id, "url": hookURL, "events": []string{"role.created"}})
		s.does(boss, "reauthenticate", in{"password": testworld.Password})
		s.does(boss, "updateWebhook", in{"id": id, "url": hookURL + "0"})
		s.does(boss, "rotateWebhookSecret", in{"id": id})
		s.does(boss, "createWebhook", in{"tenantId": contoso.ID, "url": hookURL})
		s.Later(6 * time.Minute)
		s.does(boss, "deleteWebhook", in{"id": id})
	})
}

func TestWhatAWebhookMayBe(t *testing.T) {
	eachScene(t, func(s scene) {
		contoso := s.Customer("Contoso")
		for url, code := range map[string]string{
			"": "REQUIRED", "  ": "REQUIRED", "https://x.example/" + strings.Repeat("a", 2000): "TOO_LONG",
			"http://x.example/": "INVALID", "ftp://x.example/": "INVALID", "file:///etc/passwd": "INVALID", "x.example": "INVALID", "//x.example/": "INVALID", "https:x.example": "INVALID",
			"https://": "INVALID", "https:///path": "INVALID", "https://:443/": "INVALID", "https://x.example:/": "INVALID", "https://x.example:0/": "INVALID", "https://x.example:65536/": "INVALID",
			"https://user@x.example/": "INVALID", "https://user:password@x.example/": "INVALID", "https://x.example/#part": "INVALID", "https://x.example/#": "INVALID",
			"https://x.example/a b": "INVALID", "https://x.example/\n": "", "https://x.example/\r\nHost: y": "INVALID", "https://bücher.example/": "INVALID", "https://x.example/%zz": "INVALID",
			"https://127.0.0.1/": "INVALID", "https://[::1]/": "INVALID", "https://10.0.0.1:8443/": "INVALID", "https://169.254.169.254/latest/meta-data/": "INVALID", "https://[::ffff:192.168.1.1]/": "INVALID",
			"https://[fe80::1%25eth0]/": "INVALID", "https://[64:ff9b::7f00:1]/": "INVALID", "https://0.0.0.0/": "INVALID", "https://8.8.8.8/hook": "",
		} {
			input := in{"tenantId": contoso.ID, "url": url}
			if code == "" {
				s.does(contoso.Admin, "createWebhook", input)
				continue
			}
			s.refused(contoso.Admin, "createWebhook", input, code+" at input.url")
		}
		s.then("it is told of actions that there are", func(s scene) {
			s.refused(contoso.Admin, "createWebhook", in{"tenantId": contoso.ID, "url": "http://x.example", "events": []string{"member.added", "member.Added", "*"}},
				"INVALID at input.url", "INVALID at input.events.1", "INVALID at input.events.2")
			id, _ := s.makesWebhook(contoso.Admin, contoso)
			s.refused(contoso.Admin, "updateWebhook", in{"id": id, "url": "", "events": []string{""}}, "REQUIRED at input.url", "INVALID at input.events.0")
			many := make([]string, 101)
			s.refused(contoso.Admin, "updateWebhook", in{"id": id, "events": many}, "LIMIT_EXCEEDED at input.events")
		})
		s.then("a tenant has twenty of them, and as many again once they are deleted", func(s scene) {
			for range 17 {
				s.makesWebhook(contoso.Admin, contoso)
			}
			s.refused(contoso.Admin, "createWebhook", in{"tenantId": contoso.ID, "url": hookURL}, "LIMIT_EXCEEDED at input.tenantId")
			s.does(contoso.Admin, "deleteWebhook", in{"id": s.read("SELECT id FROM webhooks")[0]})
			s.makesWebhook(contoso.Admin, contoso)
		})
	})
}

func TestDeliveriesAreSentAgain(t *testing.T) {
	eachScene(t, func(s scene) {
		contoso := s.Customer("Contoso")
		hook := s.Webhook(contoso.Tenant, "https://one.example")
		other := s.Webhook(contoso.Tenant, "https://two.example")
		failed := s.Delivery(hook, webhookdelivery.StatusFailed)
		s.must(s.Write.WebhookDelivery.UpdateOne(failed).SetAttempts(12).SetResponseStatus(500).SetLastError("The receiver answered 500.").Exec(s.System()))
		elsewhere := s.Delivery(other, webhookdelivery.StatusDelivered)

		s.then("deliveries are listed by how they stand, with what came of them", func(s scene) {
			a := contoso.Admin.Do(`query($id: ID!) { node(id: $id) { ... on Webhook { failed: deliveries(first: 5, status: FAILED) { totalCount nodes { event eventId attempts responseStatus lastError } }
				delivered: deliveries(first: 5, status: DELIVERED) { totalCount } } } }`, vars{"id": hook.ID}).OK()
			s.is("failed", a.At("node.failed"), map[string]any{"totalCount": 1., "nodes": []any{map[string]any{"event": "member.added", "eventId": failed.EventID, "attempts": 12., "responseStatus": 500.,
				"lastError": "The receiver answered 500."}}})
			s.is("delivered", a.At("node.delivered.totalCount"), 0.)
		})
		s.then("of one webhook, each once, and at most a hundred", func(s scene) {
			s.refused(contoso.Admin, "redeliverWebhook", in{"ids": []string{}}, "LIMIT_EXCEEDED at input.ids")
			s.refused(contoso.Admin, "redeliverWebhook", in{"ids": make([]string, 101)}, "LIMIT_EXCEEDED at input.ids")
			s.refused(contoso.Admin, "redeliverWebhook", in{"ids": []string{failed.ID, elsewhere.ID, failed.ID, "whd_x"}},
				"INVALID at input.ids.1", "CONFLICT at input.ids.2", "NOT_FOUND at input.ids.3")
		})
		s.then("what failed waits again, for a day, under the same id", func(s scene) {
			s.does(contoso.Admin, "redeliverWebhook", in{"ids": []string{failed.ID}})
			row := s.Write.WebhookDelivery.GetX(s.System(), failed.ID)
			if row.Status != webhookdelivery.StatusPending || row.Attempts != 0 || row.EventID != failed.EventID || !row.NextAttemptAt.Equal(s.Now()) || !row.GiveUpAt.Equal(s.Now().Add(24*time.Hour)) {
				s.Errorf("it stands so: %v", row)
			}
			s.refused(contoso.Admin, "redeliverWebhook", in{"ids": []string{failed.ID}}, "CONFLICT at input.ids.0")
		})
		s.then("so does what was delivered, but not to a webhook that is switched off", func(s scene) {
			s.does(contoso.Admin, "updateWebhook", in{"id": other.ID, "status": "DISABLED"})
			s.refused(contoso.Admin, "redeliverWebhook", in{"ids": []string{elsewhere.ID}}, "CONFLICT at input.ids")
			s.does(contoso.Admin, "updateWebhook", in{"id": other.ID, "status": "ACTIVE"})
			s.does(contoso.Admin, "redeliverWebhook", in{"ids": []string{elsewhere.ID}})
			s.does(contoso.Admin, "deleteWebhook", in{"id": hook.ID})
		})
	})
}
