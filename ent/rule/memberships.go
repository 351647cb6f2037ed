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

// MembershipColumns are the columns that Memberships.Scan reads after others; all are empty where there is no membership.
const MembershipColumns = `COALESCE(m.user_id,''), COALESCE(m.id,''), COALESCE(m.first_name,''), COALESCE(m.last_name,''), COALESCE(t.id,''), COALESCE(t.kind,''), COALESCE(t.name,''),
	COALESCE(m.administrator,0), COALESCE(m.guest,0), COALESCE(m.administrator OR m.all_sites,0), COALESCE(m.role_id,''),
	COALESCE(x.id,''), COALESCE(x.type,''), COALESCE(t.managed_by_id,''), p.feature, p.level`

// MembershipTables joins what MembershipColumns are of to memberships m. A membership stands in a row for each level of its own;
// an administrator, who holds everything without, has one row.
const MembershipTables = ` LEFT JOIN tenants t ON t.id=m.tenant_id AND t.status='ACTIVE' LEFT JOIN partners x ON x.tenant_id=t.id
	LEFT JOIN member_permissions p ON p.member_id=m.id AND NOT m.administrator`

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
	if err := rows.Scan(append(before, &user, &m.ID, &m.FirstName, &m.LastName, &m.TenantID, &m.Kind, &m.Name, &m.Administrator, &m.Guest, &m.AllSites, &m.RoleID,
		&m.partnerID, &m.partnerType, &m.managerID, &feature, &level)...); err != nil || m.TenantID == "" {
		return err
	}
	at := ms.row(user, &m)
	if feature.Valid {
		at.direct[access.Feature(feature.String)] = access.Level(level.Int16)
	}
	return nil
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
	s.add(MembershipColumns+" FROM members m"+MembershipTables+" WHERE ").in("m.user_id", userIDs).add(" AND m.status='ACTIVE' AND t.id IS NOT NULL")
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
