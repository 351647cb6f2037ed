package graph_test

import (
	"context"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"

	"mandate/ent"
	"mandate/ent/auditevent"
	"mandate/internal/testdb"
	"mandate/internal/testworld"
)

// rewriting matches what would change or delete events, in Go and in SQL.
var rewriting = regexp.MustCompile("AuditEvent(Update|Delete)|AuditEvent\\.(Update|Delete|MapUpdate)|(?i:\\b(update|replace into|delete from|truncate( table)?)\\s+[`\"']?audit_events\\b)")

// explained are statements that are not carried out: they show what a database's user may do.
var explained = regexp.MustCompile("EXPLAIN (UPDATE|DELETE FROM) audit_events")

// TestNothingRewritesTheTrail: no code of the program, and no migration, changes or deletes an event.
func TestNothingRewritesTheTrail(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"t.AuditEvent.UpdateOneID(id)": true, "c.AuditEvent.Delete()": true, "var u *ent.AuditEventUpdate": true, "DELETE FROM `audit_events`": true,
		"update audit_events set": true, "t.AuditEvent.Create()": false, "ALTER TABLE `audit_events`": false,
	} {
		if rewriting.MatchString(text) != want {
			t.Errorf("%s: want %v", text, want)
		}
	}
	read := 0
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, ".sql") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if strings.HasPrefix(string(text), "// Code generated") {
			return nil
		}
		read++
		if found := rewriting.Find(explained.ReplaceAll(text, nil)); found != nil {
			t.Errorf("%s: %s", path, found)
		}
		return nil
	})
	if err != nil || read < 200 {
		t.Errorf("%d files read (%v)", read, err)
	}
}

// TestTheTrailIsAppendOnly: not even the program itself, past all policies, changes or deletes an event.
func TestTheTrailIsAppendOnly(t *testing.T) {
	eachScene(t, func(s scene) {
		_, contoso := busy(s)
		before := s.rows()
		e := s.lastEvent()
		all := auditevent.IDNEQ("")
		for name, write := range map[string]func(context.Context) error{
			"change all":           s.Write.AuditEvent.Update().Where(all).Exec,
			"change one":           s.Write.AuditEvent.UpdateOne(e).Exec,
			"change one by its id": s.Write.AuditEvent.UpdateOneID(e.ID).Exec,
			"change one by itself": e.Update().Exec,
			"delete one":           s.Write.AuditEvent.DeleteOne(e).Exec,
			"delete one by its id": s.Write.AuditEvent.DeleteOneID(e.ID).Exec,
			"delete all": func(ctx context.Context) error {
				_, err := s.Write.AuditEvent.Delete().Where(all).Exec(ctx)
				return err
			},
			"write one over another": s.Write.AuditEvent.Create().SetID(e.ID).SetAt(s.Now()).SetAction("tenant.updated").Exec,
			"within a transaction": func(ctx context.Context) error {
				tx, err := s.Write.Tx(ctx)
				s.must(err)
				defer func() { _ = tx.Rollback() }()
				return tx.AuditEvent.DeleteOneID(e.ID).Exec(ctx)
			},
		} {
			if err := write(s.System()); err == nil || !ent.IsConstraintError(err) && !strings.Contains(err.Error(), "written once") {
				t.Errorf("%s: %v", name, err)
			}
		}
		s.unchanged(before, "somebody")
		if _, upserts := reflect.TypeFor[*ent.AuditEventCreate]().MethodByName("OnConflict"); upserts {
			t.Error("events can be written over")
		}

		events := s.read("SELECT * FROM audit_events")
		root := s.Operator()
		s.does(root.Admin, "deleteTenant", in{"id": contoso.ID})
		after := s.read("SELECT * FROM audit_events")
		for _, e := range events {
			if !slices.Contains(after, e) {
				t.Errorf("an event is there no longer, or not as it was: %s", e)
			}
		}
	})
}

// TestNoMutationTakesEvents: what mutations take, at any depth, names no event.
func TestNoMutationTakesEvents(t *testing.T) {
	t.Parallel()
	s := publicSchema(t)
	seen := make(map[string]bool)
	actions := []string{"CreateWebhookInput.events", "UpdateWebhookInput.events"} // of which a webhook is told
	var walk func(d *ast.Definition)
	walk = func(d *ast.Definition) {
		if seen[d.Name] {
			return
		}
		seen[d.Name] = true
		for _, f := range d.Fields {
			if name := strings.ToLower(f.Name + " " + f.Type.Name()); (strings.Contains(name, "audit") || strings.Contains(name, "event")) && !slices.Contains(actions, d.Name+"."+f.Name) {
				t.Errorf("%s.%s", d.Name, f.Name)
			}
			walk(s.Types[f.Type.Name()])
		}
	}
	for _, m := range s.Mutation.Fields {
		if strings.Contains(strings.ToLower(m.Name), "audit") || strings.Contains(strings.ToLower(m.Name), "event") {
			t.Errorf("there is a mutation %s", m.Name)
		}
		for _, a := range m.Arguments {
			walk(s.Types[a.Type.Name()])
		}
	}
	if len(seen) < 60 {
		t.Errorf("%d types walked", len(seen))
	}
}

// secretField matches the fields of mutations that hold secrets.
var secretField = regexp.MustCompile(`(?i)^(token|.*password)$`)

// mutationsWithSecrets lists those whose input or payload holds one.
func mutationsWithSecrets() (list []string) {
	holds := func(d *ast.Definition) bool {
		return slices.ContainsFunc(d.Fields, func(f *ast.FieldDefinition) bool {
			of := api().Types[f.Type.Name()]
			return secretField.MatchString(f.Name) && f.Type.Name() == "String" ||
				of.Kind == ast.InputObject && slices.ContainsFunc(of.Fields, func(g *ast.FieldDefinition) bool { return secretField.MatchString(g.Name) })
		})
	}
	for _, m := range ownFields(api().Mutation) {
		if holds(api().Types[m.Type.Name()]) || slices.ContainsFunc(m.Arguments, func(a *ast.ArgumentDefinition) bool { return holds(api().Types[a.Type.Name()]) }) {
			list = append(list, m.Name)
		}
	}
	return list
}

// TestEventsHoldNoSecrets: of passwords, tokens, links and what is kept of them nothing comes into the trail, whatever
// mutation they go through.
func TestEventsHoldNoSecrets(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso := s.NewPartner("Acme"), s.Customer("Contoso")
		secrets, did := []string{testworld.Password, another, "a second staple of nobody"}, make(map[string]bool)
		does := func(p *testworld.Person, mutation string, input in) *testworld.Answer {
			s.Helper()
			did[mutation] = true
			a := s.asks(p, mutation, input).OK()
			if token, ok := a.At(mutation + ".token").(string); ok {
				secrets = append(secrets, token)
			}
			return a
		}
		mailed := func(email string) string {
			s.Helper()
			token := s.lastToken(email)
			secrets = append(secrets, token)
			return token
		}

		does(acme.Admin, "inviteCustomer", in{"email": "new@example.com"})
		does(s.Stranger(), "acceptInvitation", in{"token": mailed("new@example.com"), "newAccount": in{"tenantName": "Newcomers", "firstName": "Nora", "lastName": "New", "password": another}})
		does(acme.Admin, "inviteCustomer", in{"email": "no@example.com"})
		does(s.Stranger(), "declineInvitation", in{"token": mailed("no@example.com")})
		s.connected(acme, contoso, "PRIME_ADMIN")
		does(acme.Admin, "enterTenant", in{"tenantId": contoso.ID})
		does(s.Stranger(), "requestPasswordReset", in{"email": "contoso@example.com"})
		does(s.Stranger(), "resetPassword", in{"token": mailed("contoso@example.com"), "newPassword": another})
		own := s.Bearer(does(s.Stranger(), "signIn", in{"email": "contoso@example.com", "password": another}).String("signIn.token"))
		does(own, "changePassword", in{"currentPassword": another, "newPassword": "a second staple of nobody"})
		does(own, "changeEmail", in{"newEmail": "anna@example.com", "currentPassword": "a second staple of nobody"})
		does(s.Stranger(), "verifyEmail", in{"token": mailed("anna@example.com")})
		does(own, "addMembers", in{"tenantId": contoso.ID, "members": []in{newMember(1, nil)}})
		mailed("new1@example.com")
		if api().Mutation.Fields.ForName("reauthenticate") != nil {
			does(own, "reauthenticate", in{"password": "a second staple of nobody"})
		}
		if api().Mutation.Fields.ForName("createApiToken") != nil {
			does(own, "createApiToken", in{"tenantId": contoso.ID, "name": "CI", "scopes": levels("AUDIT", "VIEW")})
		}

		for _, m := range mutationsWithSecrets() {
			s.is("tried: "+m, did[m], true)
		}
		for _, kept := range []string{"SELECT token_hash FROM sessions", "SELECT password_hash FROM users WHERE password_hash IS NOT NULL", "SELECT hash FROM one_time_tokens", "SELECT token_hash FROM invitations WHERE token_hash IS NOT NULL", "SELECT link_key FROM partners"} {
			secrets = append(secrets, s.read(kept)...)
		}
		events := strings.Join(s.read("SELECT * FROM audit_events"), "\n")
		s.is("there are events", strings.Contains(events, "password.changed"), true)
		if len(secrets) < 20 {
			t.Errorf("%d secrets", len(secrets))
		}
		for _, secret := range secrets {
			if strings.Contains(events, secret) {
				t.Errorf("the trail holds %q", secret)
			}
		}
	})
}

// TestGrantsKeepTheTrail: the program works as a database user that can only add to the trail, with the rights that the
// README gives it.
func TestGrantsKeepTheTrail(t *testing.T) {
	t.Parallel()
	raw := testdb.New(t, testdb.MariaDB)
	owner := scene{t, testworld.New(t, raw)}
	of, err := url.Parse(raw)
	owner.must(err)
	name := strings.TrimPrefix(of.Path, "/")
	run := func(statement string) {
		t.Helper()
		_, err := owner.DB.Write.Exec(statement)
		owner.must(err)
	}
	user := name[max(0, len(name)-30):]
	run("CREATE USER " + user + " IDENTIFIED BY 'password'")
	t.Cleanup(func() { run("DROP USER " + user) })
	run("GRANT SELECT, INSERT ON " + name + ".* TO " + user)
	for _, grant := range owner.read("SELECT CONCAT('GRANT UPDATE, DELETE ON " + name + ".', table_name, ' TO " + user + ";') FROM information_schema.tables WHERE table_schema='" + name + "' AND table_name NOT IN ('audit_events', 'schema_revisions')") {
		run(grant)
	}
	of.User = url.UserPassword(user, "password")
	s := scene{t, owner.Another(of.String())}
	s.must(s.DB.Migrate(t.Context()))
	_, contoso := busy(s)
	s.does(s.Operator().Admin, "deleteTenant", in{"id": contoso.ID})
	for _, statement := range []string{"DELETE FROM audit_events", "UPDATE audit_events SET reason='x'", "TRUNCATE TABLE audit_events", "DROP TABLE audit_events", "DELETE FROM schema_revisions", "UPDATE schema_revisions SET hash=''"} {
		if _, err := s.DB.Write.Exec(statement); err == nil || !strings.Contains(err.Error(), "denied") {
			t.Errorf("%s: %v", statement, err)
		}
	}
	run("DELETE FROM schema_revisions ORDER BY version DESC LIMIT 1")
	if err := s.DB.Migrate(t.Context()); err == nil || !strings.Contains(err.Error(), "may not change the schema, migrate as another one") {
		t.Errorf("migrating: %v", err)
	}
}
