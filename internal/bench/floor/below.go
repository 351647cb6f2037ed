package floor

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// shownMembers is how many members of a customer are listed with it.
const shownMembers = 5

// below are the columns of a walk with what hangs below its tenant t: the tags, the counts, and the ids of the first members.
// Each is a look along an index from there; the moment is given once.
func (w words) below() string {
	return "(SELECT GROUP_CONCAT(g.tag) FROM tenant_tags g WHERE g.tenant_id=t.id), (SELECT COUNT(*) FROM devices d WHERE d.tenant_id=t.id), " +
		"(SELECT COUNT(*) FROM service_subscriptions s WHERE s.tenant_id=t.id AND s.active=1 AND (s.ends_at IS NULL OR s.ends_at>?)), " +
		fmt.Sprintf(w.firstMembers, w.along("members m", "members_page"), shownMembers)
}

// The number of a tenant's members with the ids of the first, all divided by commas. In MariaDB no query in FROM knows the tenant,
// and in SQLite GROUP_CONCAT knows no LIMIT.
const (
	firstMembersMaria  = "(SELECT CONCAT_WS(',', COUNT(*), GROUP_CONCAT(m.id ORDER BY m.sort_name, m.id LIMIT %[2]d)) FROM %[1]s WHERE m.tenant_id=t.id AND m.status<>'REMOVED')"
	firstMembersSQLite = "(SELECT COUNT(*) FROM %[1]s WHERE m.tenant_id=t.id AND m.status<>'REMOVED') || COALESCE(',' || (SELECT GROUP_CONCAT(f.id) FROM " +
		"(SELECT m.id FROM %[1]s WHERE m.tenant_id=t.id AND m.status<>'REMOVED' ORDER BY m.sort_name, m.id LIMIT %[2]d) f), '')"
)

// counted takes the number of a customer's members apart from the ids of the first.
func (c *row) counted(members string) (err error) {
	size, ids, _ := strings.Cut(members, ",")
	if ids != "" {
		c.members = strings.Split(ids, ",")
	}
	c.size, err = strconv.Atoi(size)
	return err
}

// membersByIDOf finds members by a list of ids as JSON: one statement, however many they are, and a look by the key for each.
func (w words) membersByIDOf() string {
	return w.inOrder("SELECT %s m.id, m.first_name, m.last_name, u.email, m.status, m.administrator FROM ") + w.listed +
		w.join("members m", "m.id=l.value") + w.join("users u", "u.id=m.user_id")
}

// list writes the customers of a page, each with its first members, which are read meanwhile: they come in the order in which
// they are asked for.
func (r *request) list(ctx context.Context, page []*row) error {
	n, ids := 0, answer("[")
	for _, c := range page {
		for _, id := range c.members {
			ids.begin(n)
			ids.string(id)
			n++
		}
	}
	ids.raw("]")
	l := lister{r, page, -1, 0}
	if n > 0 {
		if err := r.conn.query(ctx, r.floor.sql.membersByID, []any{string(ids)}, l.member()); err != nil {
			return err
		}
	}
	for l.next() {
		continue
	}
	return nil
}

// lister writes a list of customers.
type lister struct {
	*request
	page []*row
	at   int // the customer that is being written
	done int // its members that were
}

// next goes on to the next customer, and reports whether there is one.
func (l *lister) next() bool {
	if l.at >= 0 && l.at < len(l.page) {
		l.raw("]}}")
	}
	l.at++
	l.done = 0
	if l.at >= len(l.page) {
		return false
	}
	l.begin(l.at)
	l.row(l.page[l.at])
	return true
}

// member returns what writes the members.
func (l *lister) member() func(*sql.Rows) error {
	var id, firstName, lastName, email, status sql.RawBytes
	var administrator bool
	to := []any{&id, &firstName, &lastName, &email, &status, &administrator}
	return func(rows *sql.Rows) error {
		if err := rows.Scan(to...); err != nil {
			return err
		}
		for l.at < 0 || l.done == len(l.page[l.at].members) {
			if !l.next() {
				return errDisorder
			}
		}
		if string(id) != l.page[l.at].members[l.done] {
			return errDisorder
		}
		l.begin(l.done)
		l.done++
		l.raw(`{"id":`)
		l.text(id)
		l.raw(`,"name":`)
		l.name(firstName, lastName)
		l.raw(`,"email":`)
		l.text(email)
		l.raw(`,"status":`)
		l.text(status)
		l.raw(`,"administrator":`)
		l.bool(administrator)
		l.raw("}")
		return nil
	}
}

// errDisorder says that a database did not go along the list of members that it was given. Both do, and neither promises it.
var errDisorder = errors.New("members do not come in order")
