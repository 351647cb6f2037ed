package graph_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"mandate/ent/role"
	"mandate/internal/testdb"
	"mandate/internal/testworld"
)

// shipped is the catalogue that every installation begins with.
var shipped = []string{
	"invoices: Hide/View/Pay", "orders: Hide/View/Order", "services: Hide/View/Manage", "tickets: Hide/View/Manage",
	"sso.fortinet: Off/Read only/Full", "sso.meraki: Off/Read only/Full", "sso.velo: Off/Read only/Full",
}

// catalogueOf lists the catalogue as somebody reads it, with what the levels are called.
func catalogueOf(p *testworld.Person) []string {
	a := p.Do(`{ features { key kind retired levels { level label } } }`, nil).OK()
	var list []string
	for i, kind := range a.Column("features", "kind") {
		at := fmt.Sprintf("features.%d.", i)
		if kind == "CATALOGUE" && a.At(at+"retired") == false {
			list = append(list, a.String(at+"key")+": "+strings.Join(a.Column(at+"levels", "label"), "/"))
		}
	}
	return list
}

// levelsOf lists what somebody may do with the catalogue in a tenant, by what it is called.
func levelsOf(p *testworld.Person, tenantID string, keys ...string) []string {
	a := p.Do(`query($id: ID!) { tenant(id: $id) { viewerPermissions { feature { key } label } } }`, vars{"id": tenantID}).OK()
	var list []string
	labels := a.Column("tenant.viewerPermissions", "label")
	for i, key := range a.Column("tenant.viewerPermissions", "feature.key") {
		for _, k := range keys {
			if k == key {
				list = append(list, key+" "+labels[i])
			}
		}
	}
	return list
}

// TestCatalogue is the story of features that come and go: data of the operator's, and no code.
func TestCatalogue(t *testing.T) {
	eachScene(t, func(s scene) {
		operator, contoso := s.Operator(), s.Customer("Contoso")
		payer := s.Staff(contoso, "payer", testworld.Custom(s.CustomRole(contoso.Tenant, "Payer", map[feature]accessLevel{"invoices": manage})))
		phones := s.Staff(contoso, "phones", testworld.Role("PHONE_MANAGER"))
		trail := func(s scene, want any) {
			s.Helper()
			a := operator.Admin.Do(`query($id: ID!) { tenant(id: $id) { auditEvents(first: 1) { nodes { action targetName actor { name } changes { field before after } } } } }`, vars{"id": operator.ID}).OK()
			s.is("event", a.At("tenant.auditEvents.nodes.0"), want)
		}

		s.then("it begins as shipped, for everybody alike", func(s scene) {
			for _, p := range []*testworld.Person{operator.Admin, payer} {
				s.sees(catalogueOf(p), shipped...)
			}
			s.sees(levelsOf(payer, contoso.ID, "invoices", "orders", "sso.velo"), "invoices Pay", "orders Hide", "sso.velo Off")
		})
		s.then("a new feature stands at the end, and its levels have names", func(s scene) {
			a := s.does(operator.Admin, "upsertFeature", in{"key": "backup", "name": " Cloud  backup "})
			s.is("feature", a.At("upsertFeature.feature"), any(in{"key": "backup", "name": "Cloud backup", "retired": false, "levels": []any{
				in{"level": "NONE", "label": "Hide"}, in{"level": "VIEW", "label": "View"}, in{"level": "MANAGE", "label": "Manage"}}}))
			s.does(operator.Admin, "upsertFeature", in{"key": "sso.acme-1", "name": "Acme sign-on", "noneLabel": "Off", "viewLabel": "Read only", "manageLabel": "Full"})
			s.sees(catalogueOf(payer), append(append([]string{}, shipped...), "backup: Hide/View/Manage", "sso.acme-1: Off/Read only/Full")...)
			trail(s, any(in{"action": "feature.upserted", "targetName": "sso.acme-1", "actor": in{"name": "Root Smith"}, "changes": []any{
				in{"field": "name", "before": nil, "after": "Acme sign-on"}, in{"field": "noneLabel", "before": nil, "after": "Off"},
				in{"field": "viewLabel", "before": nil, "after": "Read only"}, in{"field": "manageLabel", "before": nil, "after": "Full"}}}))
		})
		s.then("everybody has NONE on it but those who hold all of the catalogue", func(s scene) {
			s.sees(levelsOf(payer, contoso.ID, "backup"), "backup Hide")
			s.sees(levelsOf(phones, contoso.ID, "backup"), "backup Manage")
			s.sees(levelsOf(contoso.Admin, contoso.ID, "backup", "sso.acme-1"), "backup Manage", "sso.acme-1 Full")
		})
		s.then("it is given like the others, and asked for where all are", func(s scene) {
			row := newMember(0, in{"roleKey": nil, "permissions": []in{{"feature": "invoices", "level": "VIEW"}, {"feature": "orders", "level": "VIEW"},
				{"feature": "services", "level": "VIEW"}, {"feature": "tickets", "level": "VIEW"}}})
			s.refused(contoso.Admin, "addMembers", in{"tenantId": contoso.ID, "members": []in{row}}, "PERMISSION_REQUIRED_FOR_EACH_FEATURE at input.members.0.permissions")
			row["permissions"] = append(row["permissions"].([]in), in{"feature": "backup", "level": "VIEW"}, in{"feature": "sso.acme-1", "level": "MANAGE"})
			s.does(contoso.Admin, "addMembers", in{"tenantId": contoso.ID, "members": []in{row}})
			s.does(s.Stranger(), "resetPassword", in{"token": s.lastToken("new0@example.com"), "newPassword": testworld.Password})
			s.sees(levelsOf(s.person("new0@example.com"), contoso.ID, "backup", "sso.acme-1"), "backup View", "sso.acme-1 Full")
			a := s.does(contoso.Admin, "createRole", in{"tenantId": contoso.ID, "name": "Backups", "permissions": []in{{"feature": "backup", "level": "MANAGE"}}})
			s.is("role", a.At("createRole.role.name"), "Backups")
		})
		s.then("another name or label changes only that", func(s scene) {
			s.does(operator.Admin, "upsertFeature", in{"key": "invoices", "name": "Bills", "viewLabel": "Read"})
			trail(s, any(in{"action": "feature.upserted", "targetName": "invoices", "actor": in{"name": "Root Smith"}, "changes": []any{
				in{"field": "name", "before": "Invoices", "after": "Bills"}, in{"field": "viewLabel", "before": "View", "after": "Read"}}}))
			s.sees(catalogueOf(payer)[:2], "invoices: Hide/Read/Pay", "orders: Hide/View/Order")
			s.sees(levelsOf(payer, contoso.ID, "invoices"), "invoices Pay")
		})
		s.then("the same again writes nothing", func(s scene) {
			before := s.rows()
			a := s.asks(operator.Admin, "upsertFeature", in{"key": "invoices", "name": "Bills"}).OK()
			s.is("name", a.At("upsertFeature.feature.name"), "Bills")
			s.unchanged(before, "the same again")
		})
		s.then("a retired feature is neither shown nor given", func(s scene) {
			a := s.does(operator.Admin, "retireFeature", in{"key": "backup"})
			s.is("feature", a.At("retireFeature.feature"), any(in{"key": "backup", "retired": true}))
			trail(s, any(in{"action": "feature.retired", "targetName": "backup", "actor": in{"name": "Root Smith"}, "changes": []any{
				in{"field": "retired", "before": "false", "after": "true"}}}))
			keys := payer.Do(`{ features { key } }`, nil).OK().Column("features", "key")
			s.sees(keys[10:], "invoices", "orders", "services", "tickets", "sso.fortinet", "sso.meraki", "sso.velo", "sso.acme-1")
			s.sees(levelsOf(contoso.Admin, contoso.ID, "backup"))
			s.sees(levelsOf(s.person("new0@example.com"), contoso.ID, "backup", "orders"), "orders View")
			s.refused(contoso.Admin, "createRole", in{"tenantId": contoso.ID, "name": "More", "permissions": []in{{"feature": "backup", "level": "VIEW"}}},
				"INVALID at input.permissions.0.feature")
			s.does(contoso.Admin, "addMembers", in{"tenantId": contoso.ID, "members": []in{newMember(1, in{"roleKey": nil, "permissions": []in{
				{"feature": "invoices", "level": "VIEW"}, {"feature": "orders", "level": "VIEW"}, {"feature": "services", "level": "VIEW"}, {"feature": "tickets", "level": "VIEW"}}})}})
		})
		s.then("its key is not used again", func(s scene) {
			s.refused(operator.Admin, "upsertFeature", in{"key": "backup", "name": "Backup"}, "CONFLICT at input.key")
			s.refused(operator.Admin, "upsertFeature", in{"key": "backup", "name": "Cloud backup"}, "CONFLICT at input.key")
			s.refused(operator.Admin, "retireFeature", in{"key": "backup"}, "CONFLICT at input.key")
		})
		s.then("two in one document show what each of them did", func(s scene) {
			a := operator.Admin.Do(`mutation { one: upsertFeature(input: {key: "orders", name: "One"}) { feature { name } userErrors { code } }
				two: upsertFeature(input: {key: "orders", name: "Two"}) { feature { name } userErrors { code } } }`, nil).OK()
			s.is("one", a.At("one.feature.name"), "One")
			s.is("two", a.At("two.feature.name"), "Two")
		})
	})
}

func TestFeaturesThatAreRefused(t *testing.T) {
	eachScene(t, func(s scene) {
		operator, acme, contoso := s.Operator(), s.NewPartner("Acme"), s.Customer("Contoso")
		long := func(n int) string { return strings.Repeat("a", n) }
		for _, c := range []struct {
			outcome, key string
			changed      in
			rules        []string
		}{
			{"no key", "", nil, []string{"INVALID at input.key"}},
			{"the key of a platform's feature", "TENANT", nil, []string{"INVALID at input.key"}},
			{"a key in upper case", "Backup", nil, []string{"INVALID at input.key"}},
			{"a key that begins with a digit", "1st", nil, []string{"INVALID at input.key"}},
			{"a key with a blank", "a b", nil, []string{"INVALID at input.key"}},
			{"a key with a line break", "a\n", nil, []string{"INVALID at input.key"}},
			{"a key in other letters", "bäckup", nil, []string{"INVALID at input.key"}},
			{"a key that is too long", long(65), nil, []string{"INVALID at input.key"}},
			{"no name", "a", in{"name": " "}, []string{"REQUIRED at input.name"}},
			{"a long name", "a", in{"name": long(101)}, []string{"TOO_LONG at input.name"}},
			{"a name that cannot be shown", "a", in{"name": "a\u202eb"}, []string{"INVALID at input.name"}},
			{"long and strange labels, all at once", "A", in{"noneLabel": long(41), "viewLabel": "a\u200bb", "manageLabel": "x://y"},
				[]string{"INVALID at input.key", "TOO_LONG at input.noneLabel", "INVALID at input.viewLabel", "INVALID at input.manageLabel"}},
		} {
			s.then(c.outcome, func(s scene) {
				input := in{"key": c.key, "name": "Name"}
				for k, v := range c.changed {
					input[k] = v
				}
				s.refused(operator.Admin, "upsertFeature", input, c.rules...)
			})
		}
		s.then("a key that there is not is not retired", func(s scene) {
			for _, key := range []string{"backup", "TENANT", "INVOICES", "", "bäckup"} {
				s.refused(operator.Admin, "retireFeature", in{"key": key}, "NOT_FOUND at input.key")
			}
		})
		s.then("nobody but the operator's administrators, in sessions of their own", func(s scene) {
			s.Manages(acme, contoso)
			both := s.Staff(operator, "both", testworld.Administrator).Join(acme.Tenant, testworld.Administrator)
			for _, p := range []*testworld.Person{s.Staff(operator, "clerk", testworld.Role("PRIME_ADMIN")), acme.Admin, contoso.Admin, both.Entered(contoso.ID)} {
				s.forbidden(p, "upsertFeature", in{"key": "", "name": ""})
				s.forbidden(p, "retireFeature", in{"key": "invoices"})
			}
			s.sees(s.asks(s.Stranger(), "upsertFeature", in{"key": "a", "name": "A"}).Errors(), "UNAUTHENTICATED at upsertFeature")
			s.sees(s.asks(s.Stranger(), "retireFeature", in{"key": "invoices"}).Errors(), "UNAUTHENTICATED at retireFeature")
			s.does(both, "upsertFeature", in{"key": long(64), "name": "Longest"})
		})
		s.then("no more than two hundred at a time", func(s scene) {
			for i := len(s.Catalogue()); i < 200; i++ {
				s.must(s.Write.Feature.Create().SetKey(fmt.Sprint("f", i)).SetName("F").SetNoneLabel("N").SetViewLabel("V").SetManageLabel("M").SetPosition(i + 1).Exec(s.System()))
			}
			s.refused(operator.Admin, "upsertFeature", in{"key": "one-more", "name": "One more"}, "LIMIT_EXCEEDED at input.key")
			s.does(operator.Admin, "upsertFeature", in{"key": "f100", "name": "Renamed"})
			s.does(operator.Admin, "retireFeature", in{"key": "f101"})
			s.does(operator.Admin, "upsertFeature", in{"key": "one-more", "name": "One more"})
			s.refused(operator.Admin, "upsertFeature", in{"key": "two-more", "name": "Two more"}, "LIMIT_EXCEEDED at input.key")
		})
	})
}

// TestTheCatalogueAtOnce sees that what many write to the catalogue at the same moment is written one after the other.
func TestTheCatalogueAtOnce(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		w := testworld.New(t, url)
		root := w.Operator()
		second := w.Staff(root, "second", testworld.Administrator)
		const upsert = `mutation($k: String!) { upsertFeature(input: {key: $k, name: "New"}) { feature { key } userErrors { code field } } }`
		const retire = `mutation { retireFeature(input: {key: "invoices"}) { feature { key } userErrors { code field } } }`
		var asks []ask
		for i := range 4 {
			asks = append(asks, ask{root.Admin, upsert, vars{"k": fmt.Sprint("new-", i)}}, ask{second, upsert, vars{"k": "same"}}, ask{root.Admin, retire, nil})
		}
		before := events(t, w)
		expectTally(t, race(asks...), map[string]int{"OK": 9, "CONFLICT at input.key": 3})
		if n := events(t, w) - before; n != 6 {
			t.Errorf("%d audit events; want 6: four features, the fifth once, and the one retired", n)
		}
		if n := one(t, w, "SELECT COUNT(*) FROM features"); n != 12 {
			t.Errorf("%d features; want 12", n)
		}
		if n := one(t, w, "SELECT COUNT(DISTINCT position) FROM features"); n != 12 {
			t.Errorf("%d positions for 12 features", n)
		}
	})
}

const (
	upsertKey = `mutation($k: String!) { upsertFeature(input: {key: $k, name: "New"}) { userErrors { code field } } }`
	retireKey = `mutation($k: String!) { retireFeature(input: {key: $k}) { userErrors { code field } } }`
	giveKey   = `mutation($t: ID!, $m: ID!, $k: String!) { updateMembers(input: {tenantId: $t, members: [{id: $m, roleKey: READ_ONLY, permissions: [{feature: $k, level: VIEW}]}]}) { userErrors { code field } } }`
	addKey    = `mutation($t: ID!, $m: NewMemberInput!) { addMembers(input: {tenantId: $t, members: [$m]}) { userErrors { code field } } }`
	roleKey   = `mutation($t: ID!, $k: String!) { createRole(input: {tenantId: $t, name: $k, permissions: [{feature: $k, level: VIEW}]}) { userErrors { code field } } }`
	reroleKey = `mutation($r: ID!, $k: String!) { updateRole(input: {id: $r, permissions: [{feature: $k, level: VIEW}]}) { userErrors { code field } } }`
)

// holding is how many roles and members hold a feature.
func holding(t *testing.T, w *testworld.World, key string) int {
	t.Helper()
	return one(t, w, "SELECT COUNT(*) FROM member_permissions WHERE feature=?", key) + one(t, w, "SELECT COUNT(*) FROM role_permissions WHERE feature=?", key)
}

// TestNobodyIsGivenWhatIsRetired sees that a feature that is retired while others give it is either refused, or taken back, and that
// nobody stands in another one's way for that.
func TestNobodyIsGivenWhatIsRetired(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		w := testworld.New(t, url)
		operator := w.Operator()
		places := []*testworld.Company{operator, w.Customer("Contoso"), w.NewPartner("Acme"), w.Customer("Fabrikam")}
		var clerks, roles []string
		for i, c := range places {
			clerks = append(clerks, w.Staff(c, fmt.Sprint("clerk", i), testworld.Role("READ_ONLY")).Member(c.Tenant).ID)
			a := c.Admin.Do(`mutation($t: ID!) { createRole(input: {tenantId: $t, name: "Some", permissions: []}) { role { id } } }`, vars{"t": c.ID}).OK()
			roles = append(roles, a.At("createRole.role.id").(string))
		}
		given := 0
		for i := range 12 {
			key := fmt.Sprint("new-", i)
			operator.Admin.Do(upsertKey, vars{"k": key}).OK()
			asks := []ask{{operator.Admin, retireKey, vars{"k": key}}}
			for n, c := range places {
				asks = append(asks, ask{c.Admin, giveKey, vars{"t": c.ID, "m": clerks[n], "k": key}}, ask{c.Admin, roleKey, vars{"t": c.ID, "k": key}},
					ask{c.Admin, addKey, vars{"t": c.ID, "m": newMember(4*i+n, in{"permissions": levels(key, "VIEW")})}}, ask{c.Admin, reroleKey, vars{"r": roles[n], "k": key}})
			}
			outcomes := race(asks...)
			for _, o := range outcomes[1:] {
				if o == "OK" {
					given++
				} else if !strings.HasPrefix(o, "INVALID at input.") {
					t.Errorf("to give it: %s", o)
				}
			}
			if held := holding(t, w, key); outcomes[0] != "OK" || held > 0 {
				t.Fatalf("round %d: retired: %s; %d hold it still", i, outcomes[0], held)
			}
		}
		if given == 0 {
			t.Error("none was given before it was retired")
		}
		if n := w.Service.Retried(); n > 0 {
			t.Errorf("%d transactions were begun anew", n)
		}
	})
}

// TestRetiringWaitsForWhoGives: what is being given is retired when that is done, and then taken back.
func TestRetiringWaitsForWhoGives(t *testing.T) {
	t.Parallel()
	w := testworld.New(t, testdb.New(t, testdb.MariaDB)) // on SQLite, one writes at a time
	operator, contoso := w.Operator(), w.Customer("Contoso")
	clerk := w.Staff(contoso, "clerk", testworld.Role("READ_ONLY")).Member(contoso.Tenant).ID
	other, err := w.DB.Write.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Rollback() }()
	if _, err := other.ExecContext(t.Context(), "UPDATE tenants SET version=version WHERE id=?", contoso.ID); err != nil {
		t.Fatal(err)
	}
	outcomes := make(chan []string, 2)
	for n, a := range []ask{{contoso.Admin, giveKey, vars{"t": contoso.ID, "m": clerk, "k": "invoices"}}, {operator.Admin, retireKey, vars{"k": "invoices"}}} {
		go func() { outcomes <- race(a) }()
		awaitWaiting(t, w, n+1)
	}
	if err := other.Rollback(); err != nil {
		t.Fatal(err)
	}
	expectTally(t, append(<-outcomes, <-outcomes...), map[string]int{"OK": 2})
	if held, again := holding(t, w, "invoices"), w.Service.Retried(); held > 0 || again > 0 {
		t.Errorf("%d hold it still; %d transactions were begun anew", held, again)
	}
}

// TestSystemRolesAreTheirRows: the program knows the system's roles by heart, and its database holds the same.
func TestSystemRolesAreTheirRows(t *testing.T) {
	eachScene(t, func(s scene) {
		rows, err := s.Read.Role.Query().Where(role.TenantIDIsNil()).Order(role.ByID()).All(s.System())
		s.must(err)
		var want []any
		for _, r := range rows {
			want = append(want, in{"id": r.ID, "key": string(*r.Key), "name": r.Name, "version": float64(r.Version),
				"createdAt": r.CreatedAt.Format(time.RFC3339), "updatedAt": r.UpdatedAt.Format(time.RFC3339)})
		}
		a := s.Customer("Contoso").Admin.Do(`{ systemRoles { id key name version createdAt updatedAt } }`, nil).OK()
		s.is("roles", a.At("systemRoles"), any(want))
		s.is("statements", a.Statements, 0)
	})
}
