package floor

import (
	"context"
	"database/sql"
	"net/http"
	"strings"
	"time"

	"mandate/internal/access"
	"mandate/internal/auth"
)

// viewer is who asks: a person in a session of their own, with the memberships.
type viewer struct {
	sessionID, userID, email string
	homes                    []*home
}

// home is an active membership in an active tenant.
type home struct {
	memberID, tenantID, kind, partnerType, roleID string
	managed                                       bool // whether it is in a tech partner
	administrator, guest, allSites                bool
	direct                                        map[access.Feature]access.Level
	groups                                        []group
	levels                                        levels
}

// group is a privilege group that holds the membership.
type group struct {
	id, roleID string
	all        bool
}

const (
	partnerKind  = "PARTNER"
	customerKind = "CUSTOMER"
	mspType      = "MSP"
)

// seenEvery is how exactly the last use of a session is kept.
const seenEvery = time.Minute

// whoAsks finds a live session, its owner's memberships, and what these give by themselves: one walk from key to key, in the
// order in which it is written. %s says so to MariaDB.
const whoAsks = `SELECT %s s.id, s.user_id, u.email_canonical, s.last_seen_at, s.parent_id IS NOT NULL OR s.entered_tenant_id IS NOT NULL,
	m.id, t.id, t.kind, m.administrator, m.guest, m.all_sites, COALESCE(m.role_id,''), COALESCE(x.type,''), t.managed_by_id IS NOT NULL,
	p.feature, p.level, g.id, g.role_id, g.scope='ALL_CUSTOMERS'
FROM sessions s JOIN users u ON u.id=s.user_id LEFT JOIN sessions e ON e.id=s.parent_id
LEFT JOIN members m ON m.user_id=s.user_id AND m.status='ACTIVE' LEFT JOIN tenants t ON t.id=m.tenant_id AND t.status='ACTIVE'
LEFT JOIN partners x ON x.tenant_id=t.id LEFT JOIN member_permissions p ON p.member_id=m.id
LEFT JOIN group_members gm ON gm.member_id=m.id AND m.administrator=0 LEFT JOIN privilege_groups g ON g.id=gm.group_id
WHERE s.token_hash=? AND s.ended_at IS NULL AND s.expires_at>? AND s.last_seen_at>?
AND (s.parent_id IS NULL OR (e.ended_at IS NULL AND e.expires_at>? AND e.last_seen_at>?))`

// seat finds out who asks.
func (r *request) seat(ctx context.Context, header http.Header) error {
	scheme, token, _ := strings.Cut(header.Get("Authorization"), " ")
	if _, ok := auth.APITokenHash(token); ok {
		return errNotMeasured
	}
	hash, ok := auth.TokenHash(token)
	if !ok || !strings.EqualFold(scheme, "Bearer") {
		return auth.ErrNoSession
	}
	idle := r.now.Add(-auth.SessionIdle)
	var seen time.Time
	var entered bool
	err := r.conn.query(ctx, r.floor.sql.whoAsks, []any{hash, r.now, idle, r.now, idle}, func(rows *sql.Rows) error {
		return r.viewer.scan(rows, &seen, &entered)
	})
	switch {
	case err != nil:
		return err
	case r.viewer.sessionID == "":
		return auth.ErrNoSession
	case entered:
		return errNotMeasured
	}
	if r.now.Sub(seen) >= seenEvery {
		if err := r.touch(ctx); err != nil {
			return err
		}
	}
	return r.settle(ctx)
}

// scan reads a row: a membership stands in as many rows as it has levels of its own, times the groups that hold it.
func (v *viewer) scan(rows *sql.Rows, seen *time.Time, entered *bool) error {
	var h home
	var memberID, tenantID, kind, feature, groupID, groupRole sql.NullString
	var administrator, guest, allSites, all sql.NullBool
	var level sql.NullInt16
	if err := rows.Scan(&v.sessionID, &v.userID, &v.email, seen, entered, &memberID, &tenantID, &kind, &administrator, &guest, &allSites,
		&h.roleID, &h.partnerType, &h.managed, &feature, &level, &groupID, &groupRole, &all); err != nil || !tenantID.Valid {
		return err
	}
	at := v.home(tenantID.String)
	if at == nil {
		h.memberID, h.tenantID, h.kind = memberID.String, tenantID.String, kind.String
		h.administrator, h.guest, h.allSites = administrator.Bool, guest.Bool, allSites.Bool || administrator.Bool
		at = &h
		v.homes = append(v.homes, at)
	}
	if feature.Valid {
		if at.direct == nil {
			at.direct = make(map[access.Feature]access.Level)
		}
		at.direct[access.Feature(feature.String)] = access.Level(level.Int16)
	}
	if groupID.Valid && at.kind == partnerKind && !at.managed && !at.held(groupID.String) {
		at.groups = append(at.groups, group{groupID.String, groupRole.String, all.Bool})
	}
	return nil
}

func (h *home) held(groupID string) bool {
	for _, g := range h.groups {
		if g.id == groupID {
			return true
		}
	}
	return false
}

// home returns the membership in a tenant, nil without one.
func (v *viewer) home(tenantID string) *home {
	for _, h := range v.homes {
		if h.tenantID == tenantID {
			return h
		}
	}
	return nil
}

// stays reports whether no way leads out of the memberships: all of them are in customers.
func (v *viewer) stays() bool {
	for _, h := range v.homes {
		if h.kind != customerKind {
			return false
		}
	}
	return true
}

// settle finds out what the memberships give by themselves.
func (r *request) settle(ctx context.Context) error {
	var roles []string
	for _, h := range r.viewer.homes {
		roles = append(roles, h.roleID)
		for _, g := range h.groups {
			roles = append(roles, g.roleID)
		}
	}
	if err := r.loadRoles(ctx, roles...); err != nil {
		return err
	}
	for _, h := range r.viewer.homes {
		switch {
		case h.administrator:
			h.levels = everything
		case !h.guest: // who holds nothing of the platform's
			h.levels = r.role(h.roleID).max(levelsOf(access.Of(h.direct)))
		}
	}
	return nil
}

// touch notes that the session was used.
func (r *request) touch(ctx context.Context) error {
	return r.write(ctx, func(c *conn) error {
		return c.exec(ctx, "UPDATE sessions SET last_seen_at=? WHERE id=?", r.now, r.viewer.sessionID)
	})
}
