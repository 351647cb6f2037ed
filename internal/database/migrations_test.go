package database

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
)

var (
	first  = map[string]string{"20260101000000_first.sql": "CREATE TABLE a (id int PRIMARY KEY, at datetime);\n"}
	second = map[string]string{
		"20260101000000_first.sql":  first["20260101000000_first.sql"],
		"20260102000000_second.sql": "CREATE TABLE b (id int PRIMARY KEY);\nINSERT INTO b VALUES (1);\n",
	}
)

func TestMigrate(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, url string) {
		db := openWith(t, url, first)
		expectStatus(t, db, nil, []string{"20260101000000_first.sql"})
		migrateOK(t, db)
		expectStatus(t, db, []string{"20260101000000_first.sql"}, nil)
		migrateOK(t, db)

		db = openWith(t, url, second)
		expectStatus(t, db, []string{"20260101000000_first.sql"}, []string{"20260102000000_second.sql"})
		migrateOK(t, db)
		expectStatus(t, db, []string{"20260101000000_first.sql", "20260102000000_second.sql"}, nil)
		if n := value[int](t, db, "SELECT COUNT(*) FROM b"); n != 1 {
			t.Errorf("%d rows in b; want 1", n)
		}
	})
}

// TestF15AnOlderProgramGoesOn: the previous version of the program runs on the
// new schema, for as long as not all servers are replaced, and leaves it alone.
func TestF15AnOlderProgramGoesOn(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, url string) {
		migrateOK(t, openWith(t, url, second))
		older := openWith(t, url, first)
		both := []string{"20260101000000_first.sql", "20260102000000_second.sql"}
		expectStatus(t, older, both, nil)
		migrateOK(t, older)
		expectStatus(t, older, both, nil)
		if n := value[int](t, older, "SELECT COUNT(*) FROM b"); n != 1 {
			t.Errorf("%d rows in b; want 1", n)
		}
	})
}

// TestF15ManyMigrateAtOnce opens and migrates a new database many times at once;
// were a file applied twice, its CREATE TABLE would fail.
func TestF15ManyMigrateAtOnce(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, url string) {
		files := migrationFiles(t, second)
		var group sync.WaitGroup
		for range 8 {
			group.Go(func() {
				db, err := open(context.Background(), url, openSQLite)
				if err != nil {
					t.Error(err)
					return
				}
				defer db.Close()
				db.migrations = files
				if err := db.Migrate(context.Background()); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		if n := value[int](t, openEmpty(t, url), "SELECT COUNT(*) FROM b"); n != 1 {
			t.Errorf("%d rows in b; want 1", n)
		}
	})
}

func TestF15AFailedMigrationGoesOn(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, url string) {
		files := map[string]string{"1_all.sql": "CREATE TABLE a (id int);\nCREATE TABLE b (id int);\nINSERT INTO c VALUES (1);\n"}
		db := openWith(t, url, files)
		expectError(t, db.Migrate(context.Background()), "1_all.sql")
		expectStatus(t, db, nil, []string{"1_all.sql"})
		tables := "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name IN ('a', 'b')"
		want := 2
		if db.isSQLite() {
			tables, want = "SELECT COUNT(*) FROM sqlite_master WHERE name IN ('a', 'b')", 0
		}
		if n := value[int](t, db, tables); n != want {
			t.Errorf("the failed file left %d tables; want %d", n, want)
		}
		if db.isSQLite() {
			files["1_all.sql"] = "CREATE TABLE c (id int);\n" + files["1_all.sql"]
			db = openWith(t, url, files)
		} else {
			run(t, db, "CREATE TABLE c (id int)")
		}
		migrateOK(t, db)
		if n := value[int](t, db, "SELECT COUNT(*) FROM c"); n != 1 {
			t.Errorf("%d rows in c; want 1", n)
		}
	})
}

func TestMigrateRefuses(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, url string) {
		ctx := context.Background()
		db := openWith(t, url, first)

		run(t, db, "CREATE TABLE foreigner (id int)")
		expectError(t, db.Migrate(ctx), "neither empty nor ours")
		run(t, db, "DROP TABLE foreigner")

		files := migrationFiles(t, first)
		for name, file := range files {
			if strings.HasSuffix(name, ".sql") {
				files[name] = &fstest.MapFile{Data: append(slices.Clone(file.Data), '\n')}
			}
		}
		db.migrations = files
		expectError(t, db.Migrate(ctx), "checksum")

		db = openWith(t, url, first)
		migrateOK(t, db)
		db = openWith(t, url, map[string]string{"20260101000000_first.sql": "CREATE TABLE other (id int);\n"})
		expectError(t, db.Migrate(ctx), "not the file that was applied")
		_, err := db.Pending(ctx)
		expectError(t, err, "not the file that was applied")

		db = openWith(t, url, map[string]string{
			"20250101000000_late.sql":  "CREATE TABLE late (id int);\n",
			"20260101000000_first.sql": first["20260101000000_first.sql"],
		})
		expectError(t, db.Migrate(ctx), "")
	})
}

// TestStatementsEndWhereTheEngineEndsThem: not at a semicolon in a string, a
// comment or the body of a trigger.
func TestStatementsEndWhereTheEngineEndsThem(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, url string) {
		db := openEmpty(t, url)
		insert := "INSERT INTO a VALUES ('it\\'s; one'); # isn't it; two\n"
		if db.isSQLite() {
			insert = "INSERT INTO a VALUES ('c:\\'); -- isn't it; two\n"
		}
		db.migrations = migrationFiles(t, map[string]string{"1_all.sql": "CREATE TABLE a (t varchar(20));\nCREATE TABLE b (t varchar(20));\n" +
			"CREATE TRIGGER copies AFTER INSERT ON a FOR EACH ROW BEGIN INSERT INTO b VALUES (new.t); INSERT INTO b VALUES (new.t); END;\n" +
			insert + "INSERT INTO a VALUES ('two');\n"})
		migrateOK(t, db)
		if n := value[int](t, db, "SELECT COUNT(*) FROM b"); n != 4 {
			t.Errorf("%d rows in b; want 4", n)
		}
	})
}

// TestMigrateRebuildsTables sees that rebuilding a table on SQLite keeps the
// rows that refer to it, and that a lost reference is not committed.
func TestMigrateRebuildsTables(t *testing.T) {
	t.Parallel()
	url := emptySQLite(t)
	files := map[string]string{"1_first.sql": `
		CREATE TABLE owners (id int PRIMARY KEY, name text NOT NULL);
		CREATE TABLE pets (id int PRIMARY KEY, owner int NOT NULL REFERENCES owners (id) ON DELETE CASCADE);
		INSERT INTO owners VALUES (1, 'a'); INSERT INTO pets VALUES (1, 1);`}
	migrateOK(t, openWith(t, url, files))
	files["2_rebuild.sql"] = `
		PRAGMA foreign_keys = off;
		CREATE TABLE new_owners (id int PRIMARY KEY, name text NULL);
		INSERT INTO new_owners SELECT * FROM owners;
		DROP TABLE owners;
		ALTER TABLE new_owners RENAME TO owners;
		PRAGMA foreign_keys = on;`
	db := openWith(t, url, files)
	migrateOK(t, db)
	if n := value[int](t, db, "SELECT COUNT(*) FROM pets"); n != 1 {
		t.Errorf("%d pets after their owners' table was rebuilt; want 1", n)
	}
	files["3_bad.sql"] = "DELETE FROM owners;"
	db = openWith(t, url, files)
	expectError(t, db.Migrate(context.Background()), "rows in pets that refer to missing rows")
	if n := value[int](t, db, "SELECT COUNT(*) FROM owners"); n != 1 {
		t.Errorf("%d owners after a refused migration; want 1", n)
	}
}

func migrateOK(t *testing.T, db *DB) {
	t.Helper()
	if err := db.Migrate(context.Background()); err != nil {
		t.Fatal(err)
	}
}

func expectStatus(t *testing.T, db *DB, applied, pending []string) {
	t.Helper()
	got, err := db.Status(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got.Applied, applied) || !slices.Equal(got.Pending, pending) {
		t.Errorf("status %v; want applied %v, pending %v", got, applied, pending)
	}
}

func expectError(t *testing.T, err error, part string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), part) {
		t.Errorf("error %v; want one with %q", err, part)
	}
}
