package floor

import (
	"fmt"

	"entgo.io/ent/dialect"
)

// words are in what the statements of an engine, MariaDB or SQLite, differ from those of the other, and the statements that are
// made of them.
type words struct {
	setUp     string // of a connection
	begin     string
	ordered   string // behind SELECT: that tables are visited in the order in which they are written
	then      string // joins tables that are visited one after the other
	hint      string // behind a table: by which index it is walked
	bond      string // the relationships r, one of which is found by its live customer
	branch    string // one of several statements side by side
	forUpdate string
	upsert    string // of levels of members

	listed string // a list, given as JSON, as a table l of values

	firstMembers string
	walks
	whoAsks, membersByID, techPartners, members, events, findSender, findGrounds string
}

func wordsOf(d string) words {
	w := words{setUp: "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED", begin: "START TRANSACTION", ordered: "STRAIGHT_JOIN",
		then: "STRAIGHT_JOIN", hint: "FORCE INDEX (%s)", bond: "relationships r FORCE INDEX (active_customer_id)",
		branch: "(%s)", forUpdate: " FOR UPDATE", upsert: "ON DUPLICATE KEY UPDATE level=VALUES(level)",
		listed: "JSON_TABLE(?, '$[*]' COLUMNS (value CHAR(30) CHARACTER SET ascii COLLATE ascii_bin PATH '$')) l", firstMembers: firstMembersMaria}
	if d == dialect.SQLite {
		w = words{begin: "BEGIN IMMEDIATE", then: "CROSS JOIN", hint: "INDEXED BY %s", bond: "relationships r", branch: "SELECT * FROM (%s)",
			upsert: "ON CONFLICT (member_id, feature) DO UPDATE SET level=excluded.level", listed: "json_each(?) l", firstMembers: firstMembersSQLite}
	}
	w.walks, w.membersByID, w.techPartners, w.members, w.events = w.walksOf(), w.membersByIDOf(), w.techPartnersOf(), w.membersOf(), w.eventsOf()
	w.whoAsks, w.findSender, w.findGrounds = w.inOrder(whoAsks), w.inOrder(findSender)+w.forUpdate, w.inOrder(findGrounds)+w.forUpdate
	return w
}

// inOrder completes a statement that begins with SELECT %s.
func (w words) inOrder(statement string) string { return fmt.Sprintf(statement, w.ordered) }

// along is a table that is walked by an index.
func (w words) along(table, index string) string { return table + " " + fmt.Sprintf(w.hint, index) }

// join is a table that is visited after those before it.
func (w words) join(table, on string) string { return " " + w.then + " " + table + " ON " + on }

// live is the condition that a relationship or an assignment counts at a moment, which is given twice.
func live(alias string) string {
	return fmt.Sprintf("%[1]s.status='ACTIVE' AND %[1]s.starts_at<=? AND (%[1]s.ends_at IS NULL OR %[1]s.ends_at>?)", alias)
}
