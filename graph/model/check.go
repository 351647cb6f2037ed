package model

import (
	"time"

	"mandate/internal/access"
)

// AccessPath is one way in which a person reaches a tenant.
type AccessPath struct {
	Via    AccessVia
	Level  access.Level
	Links  []*AccessLink
	EndsAt *time.Time
}

// AccessLink is one link of a path.
type AccessLink struct {
	Kind  string
	Label string
	Role  *string
}

// AccessListEntry is somebody from outside who can reach a tenant.
type AccessListEntry struct {
	Person     *PersonProfile
	Company    *TenantProfile
	Paths      []*AccessPath
	Levels     access.Levels
	EndsAt     *time.Time
	LastUsedAt *time.Time
}
