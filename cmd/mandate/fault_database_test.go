package main

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"mandate/internal/database"
	"mandate/internal/testdb"
	"mandate/internal/testdb/mariadb"
	"mandate/internal/testworld"
)

// roleOf is a request for a role with a name of its own.
func roleOf(token, tenantID, name string) request {
	call := testworld.Call{Mutation: "createRole", Input: map[string]any{"tenantId": tenantID, "name": name,
		"permissions": []any{map[string]any{"feature": "TENANT", "level": "VIEW"}}}}
	return request{token, "key-of-" + name, call.Document("role { id }"), call.Input}
}

func TestAFullDiskLeavesReadersAloneAndNothingHalfDone(t *testing.T) {
	t.Parallel()
	r := newRig(t, testdb.New(t, testdb.SQLite))
	cu := r.Customer("contoso")
	_, token := cu.Admin.Token()
	r.child.statement("PRAGMA max_page_count=1") // as many as there are: there is no room for another
	var refused *request
	var before tally
	for i := 0; refused == nil; i++ {
		if i == 10_000 {
			t.Fatal("the disk does not fill up")
		}
		before = r.count()
		q := roleOf(token, cu.ID, fmt.Sprint("role-", i))
		if errs := r.child.answers(q).Errors(); errs != nil {
			r.is("errors", errs, []string{"UNAVAILABLE at createRole"})
			refused = &q
		}
	}
	r.is("written", r.count().since(before), tally{})
	a := r.child.answers(request{token: token, document: `{ tenant(id: "` + cu.ID + `") { name } }`}).OK()
	r.is("read", a.At("tenant.name"), any("contoso"))
	r.is("errors once more", r.child.answers(*refused).Errors(), []string{"UNAVAILABLE at createRole"})

	r.child.statement("PRAGMA max_page_count=1073741823")
	r.retries(*refused, false, before, tally{"roles": 1, "role_permissions": 1, "audit_events": 1, "idempotency_records": 1})
	r.examine()
}

// recovery is how soon the program writes again after the database came back.
const recovery = 5 * time.Second

// insists sends a request until it is carried out, and reports whether it was, and how often it was refused before.
func (r *rig) insists(q request) (refused int64, done bool) {
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		a, err := r.child.sends(q)
		switch {
		case err != nil:
			r.Error(err)
			return refused, false
		case a.Status == http.StatusOK && a.Errors() == nil:
			return refused, true
		case len(a.Errors()) != 1 || !strings.HasPrefix(a.Errors()[0], "UNAVAILABLE at"):
			r.Errorf("it answers %d: %s", a.Status, a.Body)
		}
		refused++
	}
	r.Error("it does not recover")
	return refused, false
}

// ownServer starts a database server that keeps what it acknowledged, with a database.
func ownServer(t *testing.T) (server *mariadb.Server, url string) {
	t.Helper()
	server, err := mariadb.Start("--innodb-flush-log-at-trx-commit=1")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	admin, err := database.Open(t.Context(), server.URL("information_schema"))
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	if _, err = admin.Write.Exec("CREATE DATABASE mandate"); err != nil {
		t.Fatal(err)
	}
	url = server.URL("mandate")
	runs(t, []string{"MANDATE_DATABASE_URL=" + url}, "", []string{"migrate", "up"}, 0)
	return server, url
}

func TestADatabaseThatIsKilledUnderLoadLosesNothing(t *testing.T) {
	t.Parallel()
	server, url := ownServer(t)
	r := newRig(t, url)
	cu := r.Customer("contoso")
	_, token := cu.Admin.Token()
	before := r.count()

	const writers, each = 8, 25
	var done, refused atomic.Int64
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for i := range each {
				n, ok := r.insists(roleOf(token, cu.ID, fmt.Sprintf("role-%d-%d", w, i)))
				if refused.Add(n); !ok {
					return
				}
				done.Add(1)
			}
		})
	}
	awaits := func(n int64) {
		for end := time.Now().Add(time.Minute); done.Load() < n; time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("%d are written; want %d", done.Load(), n)
			}
		}
	}
	awaits(writers * each / 4)
	if err := server.Crash(); err != nil {
		t.Fatal(err)
	}
	known := done.Load()
	if err := server.Resume(); err != nil {
		t.Fatal(err)
	}
	back := time.Now()
	awaits(known + writers) // more than were on their way
	if took := time.Since(back); took > recovery {
		t.Errorf("it writes again after %v", took)
	}
	all.Wait()
	r.is("acknowledged", done.Load(), int64(writers*each))
	r.is("noticed", refused.Load() > 0, true)
	written := r.count().since(before)
	r.is("roles", written["roles"], writers*each)
	r.is("events", written["audit_events"], writers*each)
	r.is("keys", written["idempotency_records"], writers*each)
	r.examine()
}
