package migrate_test

import (
	"context"
	"io/fs"
	"strings"
	"testing"

	atlas "ariga.io/atlas/sql/migrate"
	"entgo.io/ent/dialect/sql"
	"entgo.io/ent/dialect/sql/schema"

	"mandate/ent"
	"mandate/ent/feature"
	"mandate/ent/migrate"
	"mandate/ent/migrate/migrations"
	"mandate/ent/role"
	"mandate/ent/rule"
	_ "mandate/ent/runtime" // policies and hooks
	"mandate/internal/access"
	"mandate/internal/database"
	"mandate/internal/testdb"
	"mandate/internal/viewer"
)

func open(t *testing.T, url string) *database.DB {
	t.Helper()
	db, err := database.Open(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func client(db *database.DB) (context.Context, *ent.Client) {
	return rule.Unscoped(viewer.System(context.Background(), "test")), ent.NewClient(ent.Driver(sql.OpenDB(db.Dialect, db.Write)))
}

// pending returns the statements that would lead from the database to the Ent schema.
func pending(t *testing.T, db *database.DB) string {
	t.Helper()
	var b strings.Builder
	err := migrate.NewSchema(sql.OpenDB(db.Dialect, db.Write)).WriteTo(context.Background(), &b, schema.WithDropColumn(true), schema.WithDropIndex(true))
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(b.String())
}

func TestMigrationsMakeTheSchema(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		db := open(t, url)
		if s := pending(t, db); s != "" {
			t.Errorf("the Ent schema wants more than the migrations make; write the missing one with go run ./ent/migrate/diff NAME:\n%s", s)
		}
		for _, drift := range []string{
			"CREATE INDEX drift ON members (label)",
			"ALTER TABLE tenants ADD COLUMN drift int",
			"DROP INDEX relationship_partner_id_status_id" + map[string]string{"mysql": " ON relationships"}[db.Dialect],
		} {
			before := pending(t, db)
			if _, err := db.Write.Exec(drift); err != nil {
				t.Fatal(err)
			}
			if pending(t, db) == before {
				t.Errorf("%s goes unnoticed", drift)
			}
		}
	})
}

func TestMigrationsAreSummed(t *testing.T) {
	t.Parallel()
	for _, engine := range []string{"mysql", "sqlite"} {
		files, err := fs.Sub(migrations.Files, engine)
		if err != nil {
			t.Fatal(err)
		}
		var dir atlas.MemDir
		names, err := fs.Glob(files, "*")
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			content, err := fs.ReadFile(files, name)
			if err != nil {
				t.Fatal(err)
			}
			if err := dir.WriteFile(name, content); err != nil {
				t.Fatal(err)
			}
		}
		if err := atlas.Validate(&dir); err != nil {
			t.Errorf("%s: %v", engine, err)
		}
	}
}

func TestMigrationsOfBothEnginesGoTogether(t *testing.T) {
	t.Parallel()
	names := make(map[string]string)
	for _, engine := range []string{"mysql", "sqlite"} {
		list, err := fs.Glob(migrations.Files, engine+"/*.sql")
		if err != nil {
			t.Fatal(err)
		}
		names[engine] = strings.ReplaceAll(strings.Join(list, " "), engine+"/", "")
	}
	if names["mysql"] != names["sqlite"] {
		t.Errorf("mysql has %s;\nsqlite has %s", names["mysql"], names["sqlite"])
	}
}

func TestSystemRolesAreInTheDatabase(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		ctx, db := client(open(t, url))
		rows := db.Role.Query().Order(role.ByID()).WithPermissions().AllX(ctx)
		if len(rows) != len(access.SystemRoles) {
			t.Fatalf("%d roles; want %d", len(rows), len(access.SystemRoles))
		}
		for i, want := range access.SystemRoles {
			row := rows[i]
			if row.ID != want.ID || row.Key == nil || string(*row.Key) != string(want.Key) || row.Name != want.Name || row.TenantID != nil || row.Version != 1 {
				t.Errorf("%v; want %s, %s, %s, of no tenant", row, want.ID, want.Key, want.Name)
			}
			if n := len(row.Edges.Permissions); n != 0 {
				t.Errorf("%s has %d levels in the database: those of a system role are the program's", want.Key, n)
			}
		}
	})
}

func TestTheCatalogueIsShipped(t *testing.T) {
	t.Parallel()
	shipped := []string{
		"invoices Hide/View/Pay", "orders Hide/View/Order", "services Hide/View/Manage", "tickets Hide/View/Manage",
		"sso.fortinet Off/Read only/Full", "sso.meraki Off/Read only/Full", "sso.velo Off/Read only/Full",
	}
	testdb.Each(t, func(t *testing.T, url string) {
		ctx, db := client(open(t, url))
		var got []string
		for _, f := range db.Feature.Query().Order(feature.ByPosition()).AllX(ctx) {
			got = append(got, f.Key+" "+f.NoneLabel+"/"+f.ViewLabel+"/"+f.ManageLabel)
			if f.Retired || f.Name == "" || access.Feature(f.Key).Platform() {
				t.Errorf("%v is retired, has no name or is a platform feature's", f)
			}
		}
		if strings.Join(got, ", ") != strings.Join(shipped, ", ") {
			t.Errorf("the catalogue is\n%v; want\n%v", got, shipped)
		}
	})
}
