package oracle_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"mandate/internal/auth"
	"mandate/internal/testdb"
	"mandate/internal/testworld"
)

// mailWorld makes the world of a seed, with what mails take besides: passwords, codes that people sign up by, who sent an
// invitation. Tenants have administrators, of whom some are suspended, and there is more to answer, to decide and to extend.
func mailWorld(seed int, now time.Time, password string) *world {
	w := worldOf(seed, now)
	for _, u := range w.tables["users"] {
		if w.chance(70) {
			u["password_hash"] = password
		}
	}
	for _, t := range w.tables["tenants"] {
		if t["sign_up_code"] != nil {
			t["sign_up_code"] = strings.ToUpper(t.s("sign_up_code"))
			t["sign_up_policy"] = pick(w.r, "VALIDATE_EMAIL", "VALIDATE_AND_APPROVE", "VALIDATE_AND_APPROVE", "VALIDATE_AND_APPROVE")
		}
		if t.s("kind") == "CUSTOMER" && w.chance(25) {
			t["status"] = "SUSPENDED"
		}
	}
	for _, t := range w.tables["tenants"] {
		people := w.find("members", func(m row) bool { return m["tenant_id"] == t["id"] && m.s("status") == "ACTIVE" })
		for i, status := range []string{"ACTIVE", "SUSPENDED"}[:min(2, len(people))] {
			m := people[i]
			m["administrator"], m["guest"], m["status"] = true, false, status
			delete(m, "role_id")
		}
	}
	for _, x := range w.tables["access_requests"] {
		if m := w.byID[x.s("member_id")]; !strings.HasPrefix(m.s("status"), "PENDING") {
			x["status"] = "APPROVED"
		} else {
			x["status"], x["email_validated"] = "PENDING", m.s("status") == "PENDING_APPROVAL"
		}
	}
	for _, r := range w.tables["relationships"] {
		if r["ends_at"] == nil && w.chance(50) {
			r["ends_at"] = w.moment(100 * time.Hour)
		}
	}
	for _, x := range w.tables["invitations"] {
		sender, _ := sides(x)
		if w.chance(60) {
			x["status"], x["expires_at"] = "PENDING", w.moment(time.Hour)
		}
		if x["email"] == nil && x["relationship_id"] == nil && sender == x["partner_id"] {
			x["status"] = "REVOKED" // a partner names customers by their address, or those that it has
		}
		if people := w.find("members", func(m row) bool { return m["tenant_id"] == sender }); len(people) > 0 {
			x["sender_id"] = pick(w.r, people...)["id"]
		}
	}
	return w
}

// post reads the mails in the outbox, and empties it; but those that carry invitations count as sent.
func (b *bench) post() (mails []message) {
	b.Helper()
	for _, x := range readRows(b, b.tw.DB.Write, "SELECT * FROM outbox_messages WHERE status='PENDING' ORDER BY id") {
		mails = append(mails, message{x.s("kind"), x.s("recipient"), x.s("recipient_canonical"), x.s("subject"), x.s("text"), x.s("html")})
	}
	if len(mails) > 0 {
		for _, done := range []string{"DELETE FROM outbox_messages WHERE invitation_id IS NULL", "UPDATE outbox_messages SET status='SENT'"} {
			if _, err := b.tw.DB.Write.Exec(done); err != nil {
				b.Fatal(err)
			}
		}
	}
	return mails
}

// does does a deed, and returns it with what was answered and mailed.
func (b *bench) does(a *doer, name string) (*deed, *answer, []message) {
	b.Helper()
	by, in := deeds[name](a)
	d := &deed{by: by, name: name, input: in, before: a.w, schema: b.schema, readable: make(map[who]map[string]bool)}
	b.asked.Add(1)
	said, err := ask(b.tw.API, by, a.mutation(name, by, in))
	if err != nil {
		b.Fatalf("the answer is not JSON: %v", err)
	}
	for _, e := range said.Errors {
		if e.Extensions["code"] == "GRAPHQL_VALIDATION_FAILED" {
			b.Fatalf("%s\n%s", a.mutation(name, by, in), said.body)
		}
	}
	payload, done := said.Data[name].(map[string]any)
	d.refused = !done || len(list(payload["userErrors"])) > 0 || in["dryRun"] == true
	mails := b.post()
	d.after = a.w
	if !d.refused || len(mails) > 0 {
		d.after = a.w.read(b, b.tw.DB.Write)
	}
	return d, said, mails
}

// says says what an answer to a mutation tells that its viewer neither reads after it nor said.
func (d *deed) says(a *answer) (faults []string) {
	told := make(map[string]bool)
	note(told, fmt.Sprint(d.input))
	for _, word := range words(a.body) {
		if !told[word] && !d.reads(d.by)[word] {
			faults = append(faults, fmt.Sprintf("%s answers with %s", d.name, word))
		}
	}
	return faults
}

// mails does deeds by chance in the world of a seed, and holds every answer and every mail against the oracle.
func (b *bench) mails(seed int, password string, each func(*deed, []message)) {
	b.Helper()
	a := &doer{Rand: rand.New(rand.NewPCG(uint64(seed), 9)), schema: b.schema, tokens: make(map[string][]string)}
	w := mailWorld(seed, b.tw.Now(), password)
	w.write(b, b.tw.DB.Write)
	a.turn(w.read(b, b.tw.DB.Write))
	for _, name := range a.turns() {
		d, said, mails := b.does(a, name)
		if faults := append(d.holds(mails...), d.says(said)...); len(faults) > 0 {
			b.Fatalf("seed %d, %+v: %s %v\n%s\n%s", seed, d.by, name, d.input, said.body, strings.Join(faults, "\n"))
		}
		for _, m := range mails {
			a.reads(m)
		}
		each(d, mails)
		a.turn(d.after)
	}
}

func newPassword(t *testing.T) string {
	t.Helper()
	hash, err := auth.NewPasswords().Hash(t.Context(), testworld.Password)
	if err != nil {
		t.Fatal(err)
	}
	return hash
}

// TestMailsAgainstTheOracle lets people do what mails follow, whether they may or not. It plants faults into the mails and takes
// rules away, and goes on until each of these made a difference, every kind of mail was sent, and every mutation was done and
// refused.
func TestMailsAgainstTheOracle(t *testing.T) {
	t.Parallel()
	const fewest, most = 8, 60
	b, password := newBench(t, testdb.SQLite), newPassword(t)
	left := append(slices.Sorted(maps.Keys(forgeries)), refusal)
	var named []string
	for kind, l := range letters {
		named, left = append(named, l.name), append(left, kind)
		if l.tells != "" {
			left = append(left, "what "+kind+" tells")
		}
	}
	for name := range deeds {
		left = append(left, name)
		if !slices.Contains(alike, name) {
			left = append(left, name+" refused")
		}
	}
	named = append(named, byItself...)
	slices.Sort(named)
	if there := lettersOf(t); !slices.Equal(slices.Compact(named), there) {
		t.Errorf("there are rules for %v; the product has %v", named, there)
	}
	worlds, mails := 0, 0
	for worlds < fewest || worlds < most && len(left) > 0 {
		b.mails(40_000+worlds, password, func(d *deed, sent []message) {
			left = slices.DeleteFunc(left, func(what string) bool {
				return !d.refused && what == d.name || d.refused && what == d.name+" refused" || slices.ContainsFunc(sent, func(m message) bool { return what == m.kind || d.notices(what, m) })
			})
			mails += len(sent)
		})
		worlds++
	}
	if len(left) > 0 {
		t.Errorf("never met or noticed: %s", strings.Join(left, ", "))
	}
	t.Logf("%d mutations in %d worlds, %d mails", b.asked.Load(), worlds, mails)
}

// alike are the mutations that answer alike whatever comes of them.
var alike = []string{"signUp", "requestPasswordReset"}

func TestMailsOfTheOtherDatabase(t *testing.T) {
	t.Parallel()
	const worlds = 2
	b, password := newBench(t, testdb.MariaDB), newPassword(t)
	total := 0
	for seed := range worlds {
		b.mails(40_000+seed, password, func(_ *deed, mails []message) { total += len(mails) })
	}
	if total < 10 {
		t.Errorf("%d mails in %d mutations: too few to tell anything", total, b.asked.Load())
	}
	t.Logf("%d mutations, %d mails", b.asked.Load(), total)
}

// refusal is the fault of a product that mails what it did not do.
const refusal = "a mail of a mutation that was refused"

// notices plants a fault and tells if it is noticed.
func (d *deed) notices(fault string, m message) bool {
	planted := *d
	if forge, forged := forgeries[fault]; forged {
		m, fit := forge(d, m)
		return fit && len(d.holds(m)) > 0
	}
	if fault == refusal {
		planted.refused = true
	} else {
		after := *d.after
		after.skip, planted.after = fault, &after
	}
	return len(planted.holds(m)) > 0
}

// lettersOf lists the types of letters that the package of mails has.
func lettersOf(t *testing.T) (names []string) {
	t.Helper()
	files, err := filepath.Glob("../../internal/mail/*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range parsed.Decls {
			if f, is := d.(*ast.FuncDecl); is && f.Recv != nil && f.Name.Name == "Letter" {
				names = append(names, f.Recv.List[0].Type.(*ast.Ident).Name)
			}
		}
	}
	slices.Sort(names)
	return names
}
