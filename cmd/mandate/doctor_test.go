package main

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	"github.com/go-sql-driver/mysql"
	"github.com/google/go-cmp/cmp"

	"mandate/internal/clock"
	"mandate/internal/database"
	"mandate/internal/doctor"
	"mandate/internal/mail"
	"mandate/internal/testdb"
)

// patient is a database with the demo's world in it, and a connection to spoil it with, which no foreign key stops.
type patient struct {
	*testing.T
	db  *database.DB
	url string
	by  *sql.Conn
}

func newPatient(t *testing.T, rawURL string) *patient {
	t.Helper()
	ctx := t.Context()
	db, err := database.Open(ctx, rawURL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	w := &world{installation: install(db, &url.URL{Scheme: "http", Host: "mandate.example"}, mail.Brand{Name: defaultName}, nil, nil, clock.System, slog.New(slog.DiscardHandler))}
	if err := w.build(ctx); err != nil {
		t.Fatal(err)
	}
	pool, err := db.Patient()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { pool.Close() })
	p := &patient{T: t, db: db, url: rawURL}
	if p.by, err = pool.Conn(ctx); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.by.Close() })
	if db.Dialect == dialect.MySQL {
		p.do("SET foreign_key_checks = 0")
	}
	return p
}

func (p *patient) do(statement string, args ...any) {
	p.Helper()
	if _, err := p.by.ExecContext(p.Context(), statement, args...); err != nil {
		p.Fatalf("%s: %v", statement, err)
	}
}

// one returns the first value that a statement yields.
func (p *patient) one(query string) (value any) {
	p.Helper()
	if err := p.by.QueryRowContext(p.Context(), query).Scan(&value); err != nil {
		p.Fatalf("%s: %v", query, err)
	}
	if b, ok := value.([]byte); ok {
		return string(b)
	}
	return value
}

// fails lists the checks that fail or warn. That the test's own server is quick and not durable is known, and that its user
// may do everything.
func (p *patient) fails(db *database.DB, c clock.Clock) []string {
	p.Helper()
	findings, err := doctor.Examine(p.Context(), db, c)
	if err != nil {
		p.Fatal(err)
	}
	names := []string{}
	for _, f := range findings {
		known := (f.Check == "durable commits" || f.Check == "append-only audit trail") && f.Level == doctor.Warn
		if f.Level != doctor.OK && !known {
			names = append(names, f.Check)
			p.Logf("%s: %v. %s", f.Check, f.Faults, f.Advice)
		}
	}
	slices.Sort(names)
	return names
}

// spoils changes one value of one row, sees which checks find that, if any, and changes it back.
func (p *patient) spoils(table, column string, row, value any, checks ...string) {
	p.Helper()
	before := p.one(fmt.Sprintf("SELECT %s FROM %s WHERE id = '%s'", column, table, row))
	set := fmt.Sprintf("UPDATE %s SET %s = ? WHERE id = ?", table, column)
	p.do(set, value, row)
	if diff := cmp.Diff(append([]string{}, checks...), p.fails(p.db, clock.System)); diff != "" {
		p.Errorf("%s.%s (- want, + got):\n%s", table, column, diff)
	}
	p.do(set, before, row)
}

func TestDoctorFindsWhatIsWrongInRows(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		p := newPatient(t, url)
		if found := p.fails(p.db, clock.System); len(found) > 0 {
			t.Fatalf("a healthy world fails: %v", found)
		}
		live := p.one("SELECT id FROM relationships WHERE kind = 'CUSTOMER_DESIGNATED' AND status = 'ACTIVE'")
		recorded := p.one("SELECT id FROM relationships WHERE kind = 'PARTNER_OF_RECORD' AND status = 'ACTIVE'")
		customer := p.one(fmt.Sprintf("SELECT customer_id FROM relationships WHERE id = '%s'", live))
		other := p.one("SELECT id FROM tenants WHERE name = 'Harbour Books'")
		accepted := p.one("SELECT id FROM invitations WHERE status = 'ACCEPTED'")
		pending := p.one("SELECT id FROM invitations WHERE status = 'PENDING'")
		mail := p.one(fmt.Sprintf("SELECT id FROM outbox_messages WHERE invitation_id = '%s'", pending))
		secret := p.one("SELECT id FROM outbox_messages WHERE secret AND status = 'PENDING' AND invitation_id IS NULL")
		session := p.one("SELECT id FROM sessions")
		event := p.one(fmt.Sprintf("SELECT id FROM audit_events WHERE target_id = '%s'", pending))
		assignment := p.one("SELECT id FROM assignments")
		admin := p.one(fmt.Sprintf("SELECT id FROM members WHERE tenant_id = '%s' AND administrator", other))
		nobody := func(prefix string) string { return prefix + "_" + strings.Repeat("0", 26) }
		early := time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC)

		p.spoils("relationships", "customer_id", recorded, customer, "one partner a customer", "the key of the one partner")
		p.spoils("relationships", "active_customer_id", live, nil, "the key of the one partner")
		p.spoils("members", "administrator", admin, false, "one administrator at least")
		p.spoils("invitations", "relationship_id", accepted, nil, "accepted invitations have a relationship", "relationships come from an invitation or with the customer")
		p.spoils("invitations", "status", accepted, "DECLINED", "relationships come from an invitation or with the customer")
		p.spoils("audit_events", "target_id", event, nil, "writes have their audit event")
		p.spoils("outbox_messages", "invitation_id", mail, nil, "sent invitations have their mail")
		p.spoils("outbox_messages", "sent_at", mail, clock.System().Add(time.Hour), "mails are sent or not")
		p.spoils("sessions", "token_hash", session, "mnd_in_clear", "hashes")
		p.spoils("audit_events", "changes", event, `[{"field":"link","after":"https://mandate.example/x?token=abc"}]`, "the audit trail holds no secret")
		p.spoils("assignments", "grantee_id", assignment, nobody("mem"), "assignments have their grantee")
		p.spoils("assignments", "due_at", assignment, nil, "the clock knows what ends")
		p.spoils("assignments", "due_at", assignment, clock.System().AddDate(1, 0, 0), "the clock knows what ends")
		p.spoils("assignments", "due_at", assignment, clock.System().Add(-11*time.Minute), "background work is done")
		p.spoils("relationships", "due_at", live, clock.System(), "the clock knows what ends")
		p.spoils("tenants", "status", other, "DELETED", "access ends with what it rests on")
		at := clock.System()
		p.do("UPDATE tenants SET created_at = ?, updated_at = ? WHERE id = ?", at, at, other)
		p.spoils("tenants", "updated_at", other, at.Add(-9*time.Second)) // as two programs' clocks differ, and one waited for the other
		p.spoils("tenants", "updated_at", other, at.Add(-11*time.Second), "order of times")
		p.spoils("tenant_tags", "tenant_id", p.one("SELECT id FROM tenant_tags"), nobody("ten"), "references")
		p.spoils("sessions", "home_tenant_id", session, nobody("ten"), "references")
		p.spoils("sites", "tenant_id", p.one("SELECT site_id FROM devices"), other, "one tenant")

		p.do("UPDATE outbox_messages SET sent_at = created_at WHERE id = ?", secret)
		p.spoils("outbox_messages", "status", secret, "SENT", "sent mails hold no secret")
		p.do("UPDATE outbox_messages SET sent_at = NULL WHERE id = ?", secret)

		member := fmt.Sprintf("FROM members WHERE id = '%s'", admin)
		p.do(`INSERT INTO api_tokens (id, created_at, updated_at, name, prefix, token_hash, scopes, all_tenants, expires_at, tenant_id, member_id, user_id)
			SELECT ?, ?, ?, 'CI', 'mnd_1', ?, '{}', ?, ?, tenant_id, id, user_id `+member,
			nobody("tok"), early, early, strings.Repeat("0", 64), true, early.AddDate(1, 0, 0))
		p.spoils("api_tokens", "user_id", nobody("tok"), p.one("SELECT id FROM users WHERE id <> (SELECT user_id "+member+")"), "API tokens end with what they rest on")
		p.spoils("api_tokens", "expires_at", nobody("tok"), early.AddDate(-1, 0, 0), "order of times")

		role := nobody("rol")
		p.do("INSERT INTO roles (id, version, created_at, updated_at, tenant_id, name) VALUES (?, 1, ?, ?, ?, 'Stray')", role, early, early, other)
		p.spoils("relationships", "role_id", live, role, "roles are known where they are given")
		p.do("DELETE FROM roles WHERE id = ?", role)

		if found := p.fails(p.db, clock.System); len(found) > 0 {
			t.Errorf("what was mended fails: %v", found)
		}
	})
}

func TestDoctorFindsWhatIsWrongInTheSchemaAndTheClocks(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		p := newPatient(t, url)
		for drift, want := range map[time.Duration][]string{-3 * time.Second: {"clocks"}, 3 * time.Second: {"clocks"}, time.Second: {}} {
			if diff := cmp.Diff(want, p.fails(p.db, func() time.Time { return clock.System().Add(drift) })); diff != "" {
				t.Errorf("clock off by %v (- want, + got):\n%s", drift, diff)
			}
		}
		if p.db.Dialect == dialect.MySQL {
			p.do("ALTER TABLE users MODIFY email_canonical varchar(320) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci NOT NULL")
			if diff := cmp.Diff([]string{"collations"}, p.fails(p.db, clock.System)); diff != "" {
				t.Errorf("another collation (- want, + got):\n%s", diff)
			}
			p.do("ALTER TABLE users MODIFY email_canonical varchar(320) CHARACTER SET ascii COLLATE ascii_bin NOT NULL")
		}
		env := []string{"MANDATE_DATABASE_URL=" + url}
		runs(t, env, "", []string{"doctor"}, 0, "ok    one partner a customer\n", "ok    schema revision\n", "ok    references\n")
		p.do("UPDATE members SET administrator = ?", false)
		runs(t, env, "", []string{"doctor"}, 1, "FAIL  one administrator at least: ten_", "Make an active member", "checks failed")
		p.do(fmt.Sprintf("DELETE FROM schema_revisions WHERE version = '%s'", p.one("SELECT MAX(version) FROM schema_revisions")))
		if diff := cmp.Diff([]string{"schema revision"}, p.fails(p.db, clock.System)); diff != "" {
			t.Errorf("a missing migration (- want, + got):\n%s", diff)
		}
	})
}

func TestDoctorMakesNoDatabase(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	absent, empty := filepath.Join(dir, "none.db"), filepath.Join(dir, "empty.db")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, command := range [][]string{{"doctor"}, {"migrate", "status"}} {
		runs(t, []string{"MANDATE_DATABASE_URL=sqlite:" + absent}, "", command, 2, "there is no database at "+absent)
		printed := runs(t, []string{"MANDATE_DATABASE_URL=sqlite:" + empty}, "", command, 1, "the database is empty", "mandate migrate up")
		if strings.Contains(printed, ".sql") {
			t.Errorf("it lists what every migration would do:\n%s", printed)
		}
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 1 {
		t.Errorf("%v, %v: only empty.db was there", files, err)
	}
	whole := testdb.New(t, testdb.SQLite)
	path := strings.TrimPrefix(whole, "sqlite:")
	before, err := filepath.Glob(path + "*")
	if err != nil {
		t.Fatal(err)
	}
	runs(t, []string{"MANDATE_DATABASE_URL=" + whole}, "", []string{"migrate", "status"}, 0, "applied ")
	if after, err := filepath.Glob(path + "*"); err != nil || len(after) != len(before) {
		t.Errorf("it left files behind: %v, %v; there were %v", after, err, before)
	}
	if info, err := os.Stat(empty); err != nil || info.Size() != 0 {
		t.Errorf("it wrote into the file: %v, %v", info, err)
	}
}

func TestDoctorTellsWhetherTheTrailCanBeRewritten(t *testing.T) {
	t.Parallel()
	p := newPatient(t, testdb.New(t, testdb.MariaDB))
	u, err := url.Parse(p.url)
	if err != nil {
		t.Fatal(err)
	}
	name := strings.TrimPrefix(u.Path, "/")
	user := name[max(0, len(name)-30):]
	p.do("CREATE USER " + user + " IDENTIFIED BY 'password'")
	t.Cleanup(func() {
		if _, err := p.db.Write.Exec("DROP USER " + user); err != nil {
			t.Error(err)
		}
	})
	u.User = url.UserPassword(user, "password")
	env := []string{"MANDATE_DATABASE_URL=" + u.String()}
	p.do("GRANT SELECT, INSERT ON " + name + ".* TO " + user)
	runs(t, env, "", []string{"doctor"}, 0, "ok    append-only audit trail\n")
	p.do("GRANT UPDATE ON " + name + ".audit_events TO " + user)
	runs(t, env, "", []string{"doctor"}, 0, "WARN  append-only audit trail: the program's user may UPDATE audit_events. ")
	p.do("GRANT DELETE ON " + name + ".audit_events TO " + user)
	runs(t, env, "", []string{"doctor"}, 0, "may UPDATE audit_events; the program's user may DELETE audit_events. ")
}

func TestDoctorFindsWrongSettingsOfAServer(t *testing.T) {
	t.Parallel()
	p := newPatient(t, testdb.New(t, testdb.MariaDB))
	for setting, check := range map[string]string{
		"sql_mode=%27%27":                     "strict SQL mode",
		"time_zone=%27%2B02%3A00%27":          "time zone",
		"foreign_key_checks=0":                "foreign keys",
		"tx_isolation=%27READ-UNCOMMITTED%27": "isolation",
		"tx_isolation=%27SERIALIZABLE%27":     "isolation",
		"":                                    "connections",
	} {
		own := map[string]string{"sql_mode": "'STRICT_ALL_TABLES'", "time_zone": "'+00:00'"}
		name, value, _ := strings.Cut(setting, "=")
		if name != "" {
			own[name], _ = url.QueryUnescape(value)
		}
		pool := p.serverPool(own)
		pool.SetMaxOpenConns(20)
		if name == "" {
			pool.SetMaxOpenConns(100_000)
		}
		odd := *p.db
		odd.Write, odd.Read = pool, pool
		if diff := cmp.Diff([]string{check}, p.fails(&odd, clock.System)); diff != "" {
			t.Errorf("%s (- want, + got):\n%s", setting, diff)
		}
	}
}

// serverPool opens the database with settings of its own.
func (p *patient) serverPool(settings map[string]string) *sql.DB {
	p.Helper()
	u, err := url.Parse(p.url)
	if err != nil {
		p.Fatal(err)
	}
	c := mysql.NewConfig()
	c.User, c.DBName, c.Net, c.Addr, c.ParseTime, c.Params = u.User.Username(), strings.TrimPrefix(u.Path, "/"), "tcp", u.Host, true, settings
	c.Passwd, _ = u.User.Password()
	if socket := u.Query().Get("socket"); socket != "" {
		c.Net, c.Addr = "unix", socket
	}
	connector, err := mysql.NewConnector(c)
	if err != nil {
		p.Fatal(err)
	}
	pool := sql.OpenDB(connector)
	p.Cleanup(func() { pool.Close() })
	return pool
}

func TestDoctorFindsWrongSettingsAndDamageOfAFile(t *testing.T) {
	t.Parallel()
	p := newPatient(t, testdb.New(t, testdb.SQLite))
	open := func(path, pragmas string) *sql.DB {
		pool, err := sql.Open("sqlite", "file:"+path+pragmas)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { pool.Close() })
		return pool
	}
	path := strings.TrimPrefix(p.url, "sqlite:")
	copied := filepath.Join(t.TempDir(), "copy.db")
	p.do("VACUUM INTO '" + copied + "'")
	index := p.one("SELECT rootpage FROM sqlite_master WHERE name = 'tenants_page'").(int64)
	damaged := filepath.Join(t.TempDir(), "damaged.db")
	content, err := os.ReadFile(copied)
	if err != nil {
		t.Fatal(err)
	}
	pool := open(copied, "?_time_integer_format=unix_micro&_inttotime=1")
	if err := pool.QueryRow("SELECT rootpage FROM sqlite_master WHERE name = 'tenants_page'").Scan(&index); err != nil {
		t.Fatal(err)
	}
	clear(content[(index-1)*4096 : index*4096])
	if err := os.WriteFile(damaged, content, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		write, read *sql.DB
		check       string
	}{
		{open(path, "?_pragma=synchronous(2)"), p.db.Read, "foreign keys"},
		{open(path, "?_pragma=foreign_keys(1)&_pragma=synchronous(1)"), p.db.Read, "durable commits"},
		{p.db.Write, pool, "write-ahead log"},
	} {
		odd := *p.db
		odd.Write, odd.Read = c.write, c.read
		if diff := cmp.Diff([]string{c.check}, p.fails(&odd, clock.System)); diff != "" {
			t.Errorf("(- want, + got):\n%s", diff)
		}
	}
	sick, err := database.Open(context.Background(), "sqlite:"+damaged)
	if err != nil {
		t.Fatal(err)
	}
	defer sick.Close()
	if found := p.fails(sick, clock.System); !slices.Contains(found, "integrity of the file") {
		t.Errorf("a damaged file: %v", found)
	}
}
