package endtoend

import (
	"strings"
	"testing"
	"time"

	"mandate/internal/database"
	"mandate/internal/testdb"
)

func TestEmptyMariaDBIsRefusedUntilItIsMigrated(t *testing.T) {
	t.Parallel()
	env := []string{"MANDATE_DATABASE_URL=" + testdb.Empty(t, testdb.MariaDB)}
	for _, args := range [][]string{{"serve"}, {"admin", "create", "--email", operatorAddress}} {
		printed := runs(t, 1, env, password+"\n", args...)
		if !strings.HasPrefix(printed, "mandate: ") || !strings.Contains(printed, "mandate migrate up") || strings.Count(printed, "\n") != 1 {
			t.Errorf("%v printed:\n%s", args, printed)
		}
	}
	runs(t, 0, env, "", "migrate", "up")
	s := serve(t, env)
	if r := s.send(t, "GET", "/readyz", ""); r.StatusCode != 200 {
		t.Errorf("it is not ready: %s", text(t, r))
	}
	s.stop()
}

func TestEmptySQLiteMigratesItself(t *testing.T) {
	t.Parallel()
	s := serve(t, []string{"MANDATE_DATABASE_URL=" + testdb.Empty(t, testdb.SQLite)})
	if r := s.send(t, "GET", "/readyz", ""); r.StatusCode != 200 {
		t.Errorf("it is not ready: %s", text(t, r))
	}
	s.stop()
}

func TestF15AMigrationThatIsKilledGoesOn(t *testing.T) {
	t.Parallel()
	url := testdb.Empty(t, testdb.MariaDB)
	env := []string{"MANDATE_DATABASE_URL=" + url}
	db, err := database.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	p := start(t, env, "", "migrate", "up")
	for end := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		var applied int
		if err := db.Read.QueryRow("SELECT COALESCE(SUM(applied), 0) FROM schema_revisions").Scan(&applied); err == nil && applied > 3 {
			break // until then there is no table
		}
		if time.Now().After(end) {
			t.Fatalf("it does not migrate:\n%s", p.printed())
		}
	}
	p.kill()
	runs(t, 1, env, "", "migrate", "status") // it was killed in the middle
	runs(t, 0, env, "", "migrate", "up")
	s := serve(t, env)
	if r := s.send(t, "GET", "/readyz", ""); r.StatusCode != 200 {
		t.Errorf("it is not ready: %s", text(t, r))
	}
	s.stop()
}

func TestF15TwoThatMigrateAtOnceBothServe(t *testing.T) {
	t.Parallel()
	for _, engine := range []string{testdb.SQLite, testdb.MariaDB} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			env := []string{"MANDATE_DATABASE_URL=" + testdb.Empty(t, engine), "MANDATE_LISTEN=127.0.0.1:0"}
			one, two := start(t, env, "", "serve", "--migrate"), start(t, env, "", "serve", "--migrate")
			for _, p := range []*process{one, two} {
				p.awaits("msg=serving")
			}
			runs(t, 0, env, password+"\n", "admin", "create", "--email", operatorAddress)
			for _, p := range []*process{one, two} {
				p.stop()
			}
			if status := runs(t, 0, env, "", "migrate", "status"); strings.Contains(status, "missing") {
				t.Errorf("migrations are missing:\n%s", status)
			}
		})
	}
}
