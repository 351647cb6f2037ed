package floor

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"slices"
	"strings"

	"mandate/internal/access"
)

// holding is a member, with what it has been given.
type holding struct {
	id, first, last string
	version         int
	guest           bool
	roleID, role    string // "" for none
	direct          map[access.Feature]access.Level
}

// grounds are what giving levels rests on, as it is found under lock: the tenant, who gives them, and to whom.
type grounds struct {
	tenantName, first, last string
	catalogue               []string // keys, in the order in which they are shown
	holding
}

// setPermissions gives one member of a tenant, which the viewer is an administrator of, a system role and levels.
func (r *request) setPermissions(ctx context.Context, b *body) error {
	var in struct {
		TenantID string
		Members  []struct {
			ID          string
			RoleKey     access.RoleKey
			Permissions []struct{ Feature, Level string }
		}
	}
	strict := json.NewDecoder(strings.NewReader(string(b.Variables.Input)))
	strict.DisallowUnknownFields()
	if err := strict.Decode(&in); err != nil || len(in.Members) != 1 {
		return errNotMeasured
	}
	home, change := r.viewer.home(in.TenantID), in.Members[0]
	role, known := access.SystemRoleByKey(change.RoleKey)
	if home == nil || !home.administrator || !known {
		return errNotMeasured
	}
	var g grounds
	given := holding{roleID: role.ID, role: role.Name, direct: make(map[access.Feature]access.Level)}
	changed := false
	err := r.transact(ctx, func(c *conn) error {
		var err error
		if g, err = r.grounds(ctx, c, home, change.ID); err != nil {
			return err
		}
		for _, p := range change.Permissions {
			level, err := access.ParseLevel(p.Level)
			f := access.Feature(p.Feature)
			if _, twice := given.direct[f]; err != nil || twice || level == access.None || !f.Platform() && !slices.Contains(g.catalogue, p.Feature) {
				return errNotMeasured
			}
			given.direct[f] = level
		}
		given.guest = g.guest
		before, after := g.title(), given.title()
		if changed = before != after; !changed {
			return nil
		}
		if err := r.give(ctx, c, home, &g, &given); err != nil {
			return err
		}
		return r.record(ctx, c, "member.updated", home, g.first+" "+g.last, g.tenantName, g.id, g.holding.first+" "+g.holding.last,
			access.Change{Field: "access", Before: &before, After: &after})
	})
	if err != nil {
		return err
	}
	r.raw(`{"data":{"updateMembers":{"members":[`)
	if changed {
		r.permissions(&g, &given, role.Levels)
	}
	r.end(`],"userErrors":[]}}`, 10+3*(len(in.Members)+len(change.Permissions)))
	return nil
}

// grounds locks a tenant, and looks again at everything that the change rests on.
func (r *request) grounds(ctx context.Context, c *conn, h *home, memberID string) (g grounds, err error) {
	g.direct = make(map[access.Feature]access.Level)
	var catalogue string
	args := []any{r.viewer.sessionID, h.memberID, memberID, h.tenantID}
	err = c.query(ctx, r.floor.sql.findGrounds, args, func(rows *sql.Rows) error {
		var feature sql.NullString
		var level sql.NullInt16
		if err := rows.Scan(&g.tenantName, &g.first, &g.last, &catalogue, &g.id, &g.holding.first, &g.holding.last, &g.version, &g.guest,
			&g.roleID, &feature, &level); err != nil {
			return err
		}
		if feature.Valid {
			g.direct[access.Feature(feature.String)] = access.Level(level.Int16)
		}
		return nil
	})
	if err == nil && g.id == "" {
		err = errNotMeasured
	}
	if err != nil {
		return g, err
	}
	g.catalogue = strings.Split(catalogue, ",")
	g.role, err = roleName(ctx, c, g.roleID)
	return g, err
}

// roleName is what a role is called, "" for none. It is not read together with what is locked: the system's roles are everybody's.
func roleName(ctx context.Context, c *conn, id string) (name string, err error) {
	if id == "" {
		return "", nil
	}
	if r, system := access.SystemRoleByID(id); system {
		return r.Name, nil
	}
	err = c.query(ctx, "SELECT name FROM roles WHERE id=?", []any{id}, func(rows *sql.Rows) error { return rows.Scan(&name) })
	return name, err
}

// findGrounds begins with the tenant, whose lock keeps all else of it as it is.
const findGrounds = "SELECT %s t.name, m.first_name, m.last_name, (SELECT COALESCE(GROUP_CONCAT(f.`key` ORDER BY f.position, f.id),'') FROM features f WHERE f.retired=0)," + `
x.id, x.first_name, x.last_name, x.version, x.guest, COALESCE(x.role_id,''), p.feature, p.level
FROM tenants t JOIN sessions s ON s.id=? AND s.ended_at IS NULL
JOIN members m ON m.id=? AND m.tenant_id=t.id AND m.user_id=s.user_id AND m.status='ACTIVE' AND m.administrator=1
JOIN members x ON x.id=? AND x.tenant_id=t.id AND x.status<>'REMOVED' AND x.administrator=0
LEFT JOIN member_permissions p ON p.member_id=x.id
WHERE t.id=? AND t.status='ACTIVE'`

// give writes what a member is given in the place of what it holds.
func (r *request) give(ctx context.Context, c *conn, h *home, held *grounds, given *holding) error {
	if err := c.exec(ctx, "UPDATE members SET role_id=?, version=version+1, updated_at=? WHERE id=?", given.roleID, r.now, held.id); err != nil {
		return err
	}
	for f := range held.direct {
		if _, kept := given.direct[f]; kept {
			continue
		}
		if err := c.exec(ctx, "DELETE FROM member_permissions WHERE member_id=? AND feature=?", held.id, f); err != nil {
			return err
		}
	}
	if len(given.direct) == 0 {
		return nil
	}
	var args []any
	for f, level := range given.direct {
		args = append(args, newID("mpm"), h.tenantID, held.id, string(f), int8(level))
	}
	values := strings.Repeat(",(?,?,?,?,?)", len(given.direct))[1:]
	return c.exec(ctx, "INSERT INTO member_permissions (id, tenant_id, member_id, feature, level) VALUES "+values+" "+r.floor.sql.upsert, args...)
}

// title names what is given, for the audit trail.
func (h *holding) title() string {
	parts := make([]string, 0, len(h.direct))
	for f, level := range h.direct {
		parts = append(parts, string(f)+" "+level.String())
	}
	slices.Sort(parts)
	given := strings.Join(parts, ", ")
	if h.role != "" && given != "" {
		given = h.role + ", " + given
	} else if h.role != "" {
		given = h.role
	}
	given = cmp.Or(given, "nothing")
	if h.guest {
		return "guest: " + given
	}
	return given
}

// permissions writes the member with what it may do now.
func (r *request) permissions(g *grounds, given *holding, role access.Levels) {
	l := role.Max(access.Of(given.direct))
	if given.guest {
		l = l.CatalogueOnly()
	}
	r.raw(`{"id":`)
	r.string(g.id)
	r.raw(`,"version":`)
	r.int(g.version + 1)
	r.raw(`,"permissions":[`)
	for i, f := range access.PlatformFeatures {
		r.begin(i)
		r.level(f, l)
	}
	for _, key := range g.catalogue {
		r.begin(1)
		r.level(access.Feature(key), l)
	}
	r.raw("]}")
}

func (r *request) level(f access.Feature, l access.Levels) {
	r.raw(`{"level":"`)
	r.raw(l.At(f).String())
	r.raw(`","feature":{"key":`)
	r.string(string(f))
	r.raw("}}")
}
