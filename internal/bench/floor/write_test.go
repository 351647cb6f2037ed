package floor_test

import (
	"database/sql"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"entgo.io/ent/dialect"

	"mandate/internal/auth"
	"mandate/internal/bench/operation"
	"mandate/internal/bench/world"
	"mandate/internal/testdb"
)

// contents are the rows of all tables, as texts, by table.
type contents map[string][]string

func (s *stage) contents() contents {
	s.t.Helper()
	query := "SELECT table_name FROM information_schema.tables WHERE table_schema=DATABASE()"
	if s.db.Dialect == dialect.SQLite {
		query = "SELECT name FROM sqlite_master WHERE type='table'"
	}
	all := make(contents)
	for _, table := range s.rows(query) {
		all[table[0]] = nil
		for _, row := range s.rows("SELECT * FROM `" + table[0] + "`") {
			all[table[0]] = append(all[table[0]], strings.Join(row, "|"))
		}
	}
	return all
}

// rows reads rows, each as texts of the form column=value.
func (s *stage) rows(query string) (list [][]string) {
	s.t.Helper()
	rows, err := s.db.Read.Query(query)
	if err != nil {
		s.t.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		s.t.Fatal(err)
	}
	for rows.Next() {
		values, to := make([]sql.NullString, len(columns)), make([]any, len(columns))
		for i := range values {
			to[i] = &values[i]
		}
		if err := rows.Scan(to...); err != nil {
			s.t.Fatal(err)
		}
		row := make([]string, len(columns))
		for i, v := range values {
			if row[i] = v.String; len(columns) > 1 {
				row[i] = fmt.Sprintf("%s=%v %s", columns[i], v.Valid, v.String)
			}
		}
		list = append(list, row)
	}
	if err := rows.Err(); err != nil {
		s.t.Fatal(err)
	}
	return list
}

// written are the rows that are not as they were before, with what is chance in them left out.
func (now contents) written(before contents) contents {
	ids := regexp.MustCompile(`\b(inv|out|evt|mpm)_[0-9a-z]{26}\b`)
	chance := regexp.MustCompile(`token_hash=true [0-9a-f]{64}|token=[0-9A-Za-z_-]{43}`)
	added := make(contents)
	for table, rows := range now {
		for _, row := range rows {
			if !slices.Contains(before[table], row) {
				added[table] = append(added[table], chance.ReplaceAllString(ids.ReplaceAllString(row, "${1}_new"), "chance"))
			}
		}
		slices.Sort(added[table])
		if n := len(rows) - len(before[table]); n != 0 {
			added[table] = append(added[table], fmt.Sprintf("%d rows more", n))
		}
	}
	return added
}

func (now contents) String() string {
	var b strings.Builder
	for _, table := range slices.Sorted(func(yield func(string) bool) {
		for t := range now {
			if !yield(t) {
				return
			}
		}
	}) {
		if len(now[table]) > 0 {
			fmt.Fprintf(&b, "%s:\n\t%s\n", table, strings.Join(now[table], "\n\t"))
		}
	}
	return b.String()
}

// TestTheFloorWritesWhatTheAPIWrites sends the same mutations to the API in one world, and to the floor in its twin.
func TestTheFloorWritesWhatTheAPIWrites(t *testing.T) {
	t.Parallel()
	for _, engine := range []string{testdb.SQLite, testdb.MariaDB} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			one, twin := newStage(t, testdb.New(t, engine)), newStage(t, testdb.New(t, engine))
			for _, s := range []*stage{one, twin} { // somebody with a role of the tenant's own, and levels that are taken back
				s.exec("INSERT INTO roles (id, version, created_at, updated_at, tenant_id, name) VALUES ('rol_limited000000000000000000a', 1, ?, ?, ?, 'Limited')", s.now, s.now, s.Customer)
				s.exec("UPDATE members SET role_id='rol_limited000000000000000000a' WHERE id=?", s.Members[1])
				s.exec("INSERT INTO member_permissions (id, tenant_id, member_id, feature, level) VALUES ('mpm_limited000000000000000000a', ?, ?, 'tickets', 2)", s.Customer, s.Members[1])
			}
			for _, o := range operation.Operations {
				if !o.Mutation {
					continue
				}
				requests := []int{0, 1}
				if o.Name == "SetPermissions" { // the other level, the first one again, and what is there already
					requests = append(requests, len(one.Members), 2*len(one.Members), 1)
				}
				for _, i := range requests {
					written, answer := one.write(one.api, o, i)
					also, answerAlso := twin.write(twin.floor, o, i)
					if written.String() != also.String() {
						t.Errorf("%s, %d: the floor writes\n%s\nand the API\n%s", o.Title, i, also, written)
					}
					if answerAlso != answer {
						t.Errorf("%s, %d: the floor answers\n%s\nand the API\n%s", o.Title, i, answerAlso, answer)
					}
					if i == 0 && len(written["audit_events"]) == 0 {
						t.Errorf("%s: nothing was written: %s", o.Title, answer)
					}
					one.now, twin.now = one.now.Add(time.Second), twin.now.Add(time.Second)
				}
			}
		})
	}
}

// write sends a mutation, and returns what it wrote and what is answered.
func (s *stage) write(h http.Handler, o operation.Operation, i int) (contents, string) {
	s.t.Helper()
	before := s.contents()
	token, body := o.Request(s.World, i)
	a := s.ask(h, token, body)
	return s.contents().written(before), regexp.MustCompile(`inv_[0-9a-z]{26}`).ReplaceAllString(fmt.Sprint(a.status, a.contentType, a.body), "inv_new")
}

// TestTheFloorDecidesUnderLock: what an operation rests on, and is gone, stops the floor like the API. Nothing is written.
func TestTheFloorDecidesUnderLock(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		s := newStage(t, url)
		invite := body("InviteCustomer", map[string]any{"input": map[string]any{"email": "someone@example.org", "roleKey": "READ_ONLY"}})
		token := s.Tokens[world.PartnerAdmin][0]
		give := body("SetPermissions", map[string]any{"input": map[string]any{"tenantId": s.Customer, "members": []any{map[string]any{
			"id": s.Members[0], "roleKey": "READ_ONLY", "permissions": []any{map[string]any{"feature": "invoices", "level": "MANAGE"}}}}}})
		refused := func(what, token string, request []byte) {
			t.Helper()
			before := s.contents()
			for name, h := range map[string]http.Handler{"the floor": s.floor, "the API": s.api} {
				if a := s.ask(h, token, request); a.status == 200 && !strings.Contains(a.body, `"errors":[{`) && !strings.Contains(a.body, `"userErrors":[{`) {
					t.Errorf("%s: %s carries it out: %s", what, name, a.body)
				}
			}
			if w := s.contents().written(before).String(); w != "" {
				t.Errorf("%s: written is\n%s", what, w)
			}
		}
		refused("an invitation by staff", s.Tokens[world.PartnerStaff][0], invite)
		refused("levels given by a stranger to the tenant", s.Tokens[world.SmallPartner][0], give)
		refused("levels of somebody elsewhere", s.Tokens[world.CustomerAdmin][0], []byte(strings.Replace(string(give), s.Members[0],
			s.look("SELECT MIN(id) FROM members WHERE tenant_id=?", s.Points[0]), 1)))
		s.exec("UPDATE partners SET recognized=? WHERE tenant_id=?", false, s.Partner)
		refused("an invitation by a partner that is not recognised", token, invite)
		s.exec("UPDATE partners SET recognized=? WHERE tenant_id=?", true, s.Partner)
		if a := s.ask(s.floor, token, invite); a.status != 200 {
			t.Fatalf("%+v", a)
		}
		refused("a second invitation to the same address", s.Tokens[world.PartnerAdmin][1], invite)
		s.exec("UPDATE members SET status='REMOVED' WHERE id=?", s.Members[0])
		refused("levels of somebody who left", s.Tokens[world.CustomerAdmin][0], give)
	})
}

// TestTheFloorLooksAgainUnderLock takes away what an operation rests on after the floor found out who asks.
func TestTheFloorLooksAgainUnderLock(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		s := newStage(t, url)
		input := func(name string, in map[string]any) []byte { return body(name, map[string]any{"input": in}) }
		for _, o := range []struct {
			tenant, token string
			request       []byte
			also          map[string]string
		}{
			{s.Partner, s.Tokens[world.PartnerAdmin][0], input("InviteCustomer", map[string]any{"email": "someone@example.org"}),
				map[string]string{"partner": "UPDATE partners SET recognized=%s WHERE tenant_id='" + s.Partner + "'"}},
			{s.Customer, s.Tokens[world.CustomerAdmin][0], input("SetPermissions", map[string]any{"tenantId": s.Customer, "members": []any{map[string]any{
				"id": s.Members[0], "roleKey": "GUEST_MANAGER", "permissions": []any{}}}}),
				map[string]string{"member": "UPDATE members SET administrator=NOT %s WHERE id='" + s.Members[0] + "'"}},
		} {
			hash, _ := auth.TokenHash(o.token)
			own := fmt.Sprintf(" WHERE tenant_id='%s' AND user_id='%s'", o.tenant, s.owner(o.token))
			lost := map[string][2]string{
				"session":    {"UPDATE sessions SET ended_at=started_at WHERE token_hash='" + hash + "'", "UPDATE sessions SET ended_at=NULL WHERE token_hash='" + hash + "'"},
				"membership": {"UPDATE members SET status='SUSPENDED'" + own, "UPDATE members SET status='ACTIVE'" + own},
				"flag":       {"UPDATE members SET administrator=FALSE" + own, "UPDATE members SET administrator=TRUE" + own},
				"tenant":     {"UPDATE tenants SET status='SUSPENDED' WHERE id='" + o.tenant + "'", "UPDATE tenants SET status='ACTIVE' WHERE id='" + o.tenant + "'"},
			}
			for what, query := range o.also {
				lost[what] = [2]string{fmt.Sprintf(query, "FALSE"), fmt.Sprintf(query, "TRUE")}
			}
			for what, query := range lost {
				var before contents
				s.meanwhile = func() { s.exec(query[0]); before = s.contents() }
				if a := s.ask(s.floor, o.token, o.request); a.status != 500 || s.meanwhile != nil {
					t.Errorf("without the %s: %+v", what, a)
				}
				if w := s.contents().written(before).String(); w != "" {
					t.Errorf("without the %s there is written\n%s", what, w)
				}
				s.exec(query[1])
			}
			if a := s.ask(s.floor, o.token, o.request); a.status != 200 {
				t.Errorf("with all of it: %+v", a)
			}
		}
	})
}
