package floor

import (
	"context"
	"database/sql"

	"mandate/internal/access"
)

// levels are the levels on the platform's features, as access.Levels gives them: GUESTS has what follows from USERS. Nothing
// that is measured asks for others, but for the levels that are given, which are no bound to an administrator.
type levels [10]access.Level

// The platform's features by their places in access.PlatformFeatures.
const (
	tenantLevel = iota
	usersLevel
	guestsLevel
	rolesLevel
	partnersLevel
	assignmentsLevel
	sitesLevel
	servicesLevel
	auditLevel
	tokensLevel
)

var everything = levelsOf(access.Everything)

func levelsOf(l access.Levels) (list levels) {
	for i, f := range access.PlatformFeatures {
		list[i] = l.At(f)
	}
	return list
}

func (l levels) min(m levels) levels {
	for i := range l {
		l[i] = min(l[i], m[i])
	}
	return l
}

func (l levels) max(m levels) levels {
	for i := range l {
		l[i] = max(l[i], m[i])
	}
	return l
}

// sees reports whether the levels are VIEW at least on all of the features.
func (l levels) sees(features ...int) bool {
	for _, f := range features {
		if l[f] < access.View {
			return false
		}
	}
	return true
}

// systemRoles are the levels of the system's roles by their ids, which are compiled in.
var systemRoles = func() map[string]levels {
	byID := make(map[string]levels)
	for _, r := range access.SystemRoles {
		byID[r.ID] = levelsOf(r.Levels)
	}
	return byID
}()

// role returns the levels of a role that was loaded, of none for "".
func (r *request) role(id string) levels {
	if l, system := systemRoles[id]; system {
		return l
	}
	return r.roles[id]
}

// loadRoles reads the levels of custom roles.
func (r *request) loadRoles(ctx context.Context, ids ...string) error {
	var custom []any
	named := make(map[string]map[access.Feature]access.Level)
	for _, id := range ids {
		_, system := systemRoles[id]
		_, known := r.roles[id]
		if id != "" && !system && !known && named[id] == nil {
			named[id] = make(map[access.Feature]access.Level)
			custom = append(custom, id)
		}
	}
	if custom == nil {
		return nil
	}
	err := r.conn.query(ctx, "SELECT role_id, feature, level FROM role_permissions WHERE role_id IN ("+places(len(custom))+")", custom, func(rows *sql.Rows) error {
		var id string
		var feature access.Feature
		var level access.Level
		err := rows.Scan(&id, &feature, &level)
		named[id][feature] = level
		return err
	})
	if r.roles == nil {
		r.roles = make(map[string]levels)
	}
	for id, m := range named {
		r.roles[id] = levelsOf(access.Of(m))
	}
	return err
}
