package rule

import (
	"time"

	"mandate/internal/access"
)

// Reach is how the viewer reaches one tenant.
type Reach struct {
	TenantID string
	Levels   access.Levels // over all paths
	Paths    []Path
}

// Path is one way in which the viewer reaches a tenant.
type Path struct {
	Via            Via
	Home           *Membership // where it begins
	Levels         access.Levels
	EndsAt         *time.Time // when its first link ends; nil if none does
	RelationshipID string     // the relationship that it rests on, if any
	Links          []Link     // beyond the membership
}

// LinkKind names what a link of a path is.
type LinkKind string

// The kinds of link beyond the membership.
const (
	GroupLink        LinkKind = "PRIVILEGE_GROUP"
	RelationshipLink LinkKind = "RELATIONSHIP"
	AssignmentLink   LinkKind = "ASSIGNMENT"
)

// Link is one link of a path: the row that it is, and the role in it.
type Link struct {
	Kind       LinkKind
	ID, RoleID string
}

// own returns the path that is the viewer's own membership in the tenant; the zero Path without one.
func (r *Reach) own() Path {
	for _, p := range r.Paths {
		if p.Via == Own {
			return p
		}
	}
	return Path{}
}

// Own returns the levels of the viewer's own membership in the tenant, whatever else leads there.
func (r *Reach) Own() access.Levels { return r.own().Levels }

// Administers reports whether the viewer is an administrator of the tenant by a membership of their own.
func (r *Reach) Administers() bool {
	own := r.own()
	return own.Home != nil && own.Home.Administrator
}

// AllSites reports whether the viewer holds VIEW on SITES by a path that does not narrow it to listed sites: any but a
// membership that lists some.
func (r *Reach) AllSites() bool {
	for _, p := range r.Paths {
		if p.Levels.At(access.Sites) >= access.View && (p.Via != Own || p.Home.AllSites) {
			return true
		}
	}
	return false
}

// EndsAt returns when the last of the paths ends; nil if one never does.
func (r *Reach) EndsAt() *time.Time { return LastEnd(r.Paths) }

// LastEnd returns when the last of the paths ends; nil if one never does.
func LastEnd(paths []Path) *time.Time {
	var last *time.Time
	for _, p := range paths {
		if p.EndsAt == nil {
			return nil
		}
		if last == nil || p.EndsAt.After(*last) {
			last = p.EndsAt
		}
	}
	return last
}
