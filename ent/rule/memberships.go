package rule

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"slices"
	"sync/atomic"
	"time"

	"mandate/internal/access"
)

// MembershipColumns are the columns that Memberships.Scan reads after others; t.id is NULL where there is no membership. Scan takes
// NULLs: COALESCE costs more.
const MembershipColumns = `m.user_id, m.id, m.first_name, m.last_name, t.id, t.kind, t.name, m.administrator, m.guest, m.administrator OR m.all_sites, m.role_id,
	x.id, x.type, t.managed_by_id, p.feature, p.level`

// MembershipTables joins what MembershipColumns are of to memberships m, and MembershipTablesIfAny to those who may have none; both
// leave out what is not in an active tenant. A membership stands in a row for each level of its own; an administrator, who holds
// everything without, has one row.
const (
	MembershipTables      = " JOIN " + membershipTables
	MembershipTablesIfAny = " LEFT JOIN " + membershipTables
	membershipTables      = `tenants t ON t.id=m.tenant_id AND t.status='ACTIVE' LEFT JOIN partners x ON x.tenant_id=t.id
	LEFT JOIN member_permissions p ON p.member_id=m.id AND NOT m.administrator`
)

// Memberships are active memberships of people in active tenants, as they were at one moment.
type Memberships struct {
	of  map[string][]*Membership // by person
	met map[string]*Membership   // by their ids
	at  time.Time

	claimed atomic.Bool // by Once
}

// Scan reads a row: into the given destinations first, and then a membership, if there is one.
func (ms *Memberships) Scan(rows *sql.Rows, before ...any) error {
	var m Membership
	var user string
	var feature sql.NullString
	var level sql.NullInt16
	if err := rows.Scan(append(before, orEmpty{&user}, orEmpty{&m.ID}, orEmpty{&m.FirstName}, orEmpty{&m.LastName}, orEmpty{&m.TenantID}, orEmpty{&m.Kind},
		orEmpty{&m.Name}, orFalse{&m.Administrator}, orFalse{&m.Guest}, orFalse{&m.AllSites}, orEmpty{&m.RoleID},
		orEmpty{&m.partnerID}, orEmpty{&m.partnerType}, orEmpty{&m.managerID}, &feature, &level)...); err != nil || m.TenantID == "" {
		return err
	}
	at := ms.row(user, &m)
	if feature.Valid {
		at.direct[access.Feature(feature.String)] = access.Level(level.Int16)
	}
	return nil
}

// orEmpty takes a text that may be NULL.
type orEmpty struct{ text *string }

// Scan takes what the driver read.
func (o orEmpty) Scan(value any) error {
	var s sql.NullString
	err := s.Scan(value)
	*o.text = s.String
	return err
}

// orFalse takes a condition that may be NULL.
type orFalse struct{ is *bool }

// Scan takes what the driver read.
func (o orFalse) Scan(value any) error {
	var b sql.NullBool
	err := b.Scan(value)
	*o.is = b.Bool
	return err
}

// row returns the membership that a row is about, which may have been met before.
func (ms *Memberships) row(user string, m *Membership) *Membership {
	if met := ms.met[m.ID]; met != nil {
		return met
	}
	if ms.of == nil {
		ms.of, ms.met = make(map[string][]*Membership), make(map[string]*Membership)
	}
	m.direct = make(map[access.Feature]access.Level)
	ms.of[user], ms.met[m.ID] = append(ms.of[user], m), m
	return m
}

// sorted puts everything in the order of ids, in whichever order it was read.
func (ms *Memberships) sorted() map[string][]*Membership {
	for _, of := range ms.of {
		slices.SortFunc(of, func(m, n *Membership) int { return cmp.Compare(m.ID, n.ID) })
	}
	return ms.of
}

// readMemberships reads the active memberships of people in active tenants, by person.
func readMemberships(ctx context.Context, db DB, also *Presence, userIDs ...string) (map[string][]*Membership, error) {
	var s statement
	s.add("SELECT ")
	answer := also.ask(&s)
	s.add(MembershipColumns+" FROM members m"+MembershipTables+" WHERE ").in("m.user_id", userIDs).add(" AND m.status='ACTIVE'")
	rows, err := s.query(ctx, db)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var ms Memberships
	for rows.Next() {
		if err := ms.Scan(rows, answer...); err != nil {
			return nil, err
		}
	}
	return ms.sorted(), errors.Join(rows.Err(), rows.Close())
}

type broughtKey struct{}

// Bring returns a context that brings along the memberships by which a person asks, read at a moment together with who asks:
// all of the person's, or the one that an API token rests on. Continue begins with them.
func Bring(ctx context.Context, userID string, ms *Memberships, at time.Time) context.Context {
	brought := &Memberships{of: map[string][]*Membership{userID: ms.sorted()[userID]}, at: at}
	return context.WithValue(ctx, broughtKey{}, brought)
}

// freshFor is how long memberships that were brought along count. A request that waited longer reads them anew.
const freshFor = time.Second

// fresh returns a copy of the memberships of a person, if they were read just now.
func (ms *Memberships) fresh(userID string, now time.Time) (list []*Membership, ok bool) {
	if ms == nil || now.Before(ms.at) || now.Sub(ms.at) > freshFor {
		return nil, false
	}
	of, ok := ms.of[userID]
	for _, m := range of {
		own := *m // others begin with the same
		list = append(list, &own)
	}
	return list, ok
}
